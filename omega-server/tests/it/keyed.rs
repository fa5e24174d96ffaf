//! Real packages of npm that need a key, in the real sandbox, against a loopback stand-in of their services: a missing key is
//! asked for, a refused one is asked for again, and the same step goes on with what was given, however it was given.

use crate::harness::{
    MODELS, execute, folder,
    log::Log,
    message,
    process::{Process, command_sandboxed},
    skip, within,
};
use futures_util::StreamExt;
use omega_core::{
    api::{
        CreateConversation, ExecuteRequest, ProvideCredentials, PutCredential, RequiredAction, Save, SendMessage,
        ToolRunStatus,
    },
    event::{Envelope, Event},
    id::{ConversationId, RunId},
    registry::meta::EXECUTE,
    testing::{POWERLESS_KEY, Reply, SERVICE_KEY, Script, Service, StandIn},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tempfile::TempDir;

/// A keyed tool as its package publishes it.
#[derive(Clone)]
struct Keyed {
    tool: &'static str,
    version: &'static str,
    key: &'static str,
    /// Where it takes the address of its service from.
    url: &'static str,
    input: Value,
    /// What a good output has.
    gives: &'static str,
}

fn firecrawl() -> Keyed {
    Keyed {
        tool: "firecrawl-aisdk::scrape",
        version: "0.12.0",
        key: "FIRECRAWL_API_KEY",
        url: "FIRECRAWL_API_URL",
        input: json!({ "url": "https://example.com" }),
        gives: "markdown",
    }
}

fn parallel() -> Keyed {
    Keyed {
        tool: "@parallel-web/ai-sdk-tools::searchTool",
        version: "0.2.1",
        key: "PARALLEL_API_KEY",
        url: "PARALLEL_BASE_URL",
        input: json!({ "objective": "x", "search_queries": ["y"], "mode": "agentic" }),
        gives: "example.com",
    }
}

/// A server's process that comes and goes, the model's provider, and the tools' service.
struct World {
    folder: TempDir,
    provider: StandIn,
    service: Service,
    key: Option<String>,
    server: Option<Process>,
}

impl World {
    /// One whose model calls the tool once and then answers. None where packages can't be had.
    async fn start(keyed: &Keyed) -> Option<Self> {
        let call = Reply::call(EXECUTE, execute(keyed.tool, keyed.input.clone()));
        let provider = StandIn::start(Script::new().turn(call).turn(Reply::text("There it is."))).await;
        let service = Service::start().await;
        let mut world = Self { folder: folder(), provider, service, key: None, server: None };
        world.restart().await;
        let client = &world.server().client;
        // Deno and the package are fetched by a call that asks nobody's service.
        let env = [(keyed.key, "of-nobody"), (keyed.url, "http://127.0.0.1:1")];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let call = ExecuteRequest { tool_id: keyed.tool.into(), params: keyed.input.clone(), env };
        let tried = client.execute_tool(&call).await.unwrap();
        let why = tried.error.unwrap_or_default();
        if matches!(tried.code.as_deref(), Some("RUNTIME_UNAVAILABLE" | "INSTALL_FAILED" | "PACKAGE_NOT_FOUND")) {
            skip(&why);
            return None;
        }
        assert_eq!(world.counts(), (0, 0, 0));
        Some(world)
    }

    fn server(&self) -> &Process {
        self.server.as_ref().unwrap()
    }

    /// SIGKILL and a new start; or the first start.
    async fn restart(&mut self) {
        if let Some(server) = self.server.take() {
            server.kill().await;
        }
        let command = command_sandboxed(self.folder.path(), &self.provider, &[self.service.host()]);
        let server = Process::start(command, self.key.clone()).await;
        self.key = server.key.clone().or(self.key.take());
        self.server = Some(server);
    }

    /// The tool finds its service here, in every run.
    async fn lead(&self, keyed: &Keyed) {
        let body = PutCredential {
            value: self.service.url(),
            tool_id: Some(keyed.tool.parse().unwrap()),
            scope: None,
            kept_in: None,
        };
        self.server().client.put_credential(keyed.url, &body).await.unwrap();
    }

    async fn conversation(&self) -> ConversationId {
        let body = CreateConversation {
            title: Some("a test".into()),
            model: Some(MODELS[0].into()),
            ..CreateConversation::default()
        };
        self.server().client.create_conversation(&body).await.unwrap().id
    }

    async fn send(&self, conversation: ConversationId, body: &SendMessage) -> RunId {
        let key = uuid::Uuid::new_v4().to_string();
        self.server().client.send_message(conversation, body, &key).await.unwrap().run_id
    }

    /// Frames up to the `questions`th question or the end.
    async fn frames(&self, conversation: ConversationId, questions: usize) -> Vec<Envelope> {
        let mut frames = Box::pin(self.server().client.follow(conversation, Some(0)));
        let (mut seen, mut asked) = (Vec::new(), 0);
        loop {
            let frame = within("a frame", frames.next()).await.unwrap().unwrap();
            asked += usize::from(matches!(frame.event, Event::RunRequiresAction { .. }));
            let last = frame.event.is_terminal() || asked == questions;
            if frame.seq.is_some() && frame.run_id.is_some() {
                seen.push(frame);
            }
            if last {
                return seen;
            }
        }
    }

    /// What the run asks for, when it has asked so often.
    async fn asks(&self, conversation: ConversationId, questions: usize) -> Vec<(String, bool)> {
        let frames = self.frames(conversation, questions).await;
        match &frames.last().unwrap().event {
            Event::RunRequiresAction { action: RequiredAction::Credentials { missing_vars, .. } } => {
                missing_vars.iter().map(|var| (var.name.clone(), var.rejected)).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    async fn give(&self, conversation: ConversationId, name: &str, value: &str) {
        let env: BTreeMap<_, _> = [(name.to_owned(), value.to_owned())].into();
        let body = ProvideCredentials { env, save: Save::Once, decline: false };
        self.server().client.provide_credentials(conversation, &body).await.unwrap();
    }

    /// The run ended well, its one call too, and no trace of the keys is in what was committed or asked of the model.
    async fn went_well(&self, conversation: ConversationId, keyed: &Keyed) -> Log {
        let log = Log(self.frames(conversation, usize::MAX).await);
        assert_eq!(log.answer(), "There it is.");
        let calls = log.calls();
        let [call] = &calls[..] else { panic!("{calls:?}") };
        assert_eq!(call.status, ToolRunStatus::Succeeded);
        assert!(call.output.as_ref().unwrap().to_string().contains(keyed.gives), "{call:?}");
        let rows = self.server().client.tool_runs(conversation, <_>::default()).await.unwrap().rows;
        assert_eq!((rows.len(), rows[0].version.as_str()), (1, keyed.version));
        let told = serde_json::to_string(&log.0).unwrap();
        let asked: Vec<String> = self.provider.requests().iter().map(|request| request.body.to_string()).collect();
        for key in [SERVICE_KEY, POWERLESS_KEY] {
            assert!(!told.contains(key) && !asked.concat().contains(key), "{key} came out");
        }
        log
    }

    /// Model calls, requests that the service granted, and those that it refused.
    fn counts(&self) -> (usize, usize, usize) {
        let refused = self.service.count(401) + self.service.count(403);
        (self.provider.requests().len(), self.service.count(200), refused)
    }
}

fn missing(name: &str) -> Vec<(String, bool)> {
    vec![(name.to_owned(), false)]
}

fn rejected(name: &str) -> Vec<(String, bool)> {
    vec![(name.to_owned(), true)]
}

#[tokio::test]
async fn a_real_package_waits_for_its_key_and_the_same_step_goes_on() {
    for keyed in [firecrawl(), parallel()] {
        let Some(world) = World::start(&keyed).await else { return };
        world.lead(&keyed).await;
        let conversation = world.conversation().await;
        world.send(conversation, &message("go")).await;
        assert_eq!(world.asks(conversation, 1).await, missing(keyed.key), "{}", keyed.tool);
        assert_eq!(world.counts(), (1, 0, 0), "a declared key is missed before anything runs");
        world.give(conversation, keyed.key, SERVICE_KEY).await;
        let log = world.went_well(conversation, &keyed).await;
        assert_eq!(world.counts(), (2, 1, 0), "two model calls, one successful tool call");
        for kind in ["run.started", "run.requires_action", "credentials.provided", "run.resumed", "run.completed"] {
            assert_eq!(log.count(kind), 1, "{kind} in {:?}", log.kinds());
        }
    }
}

#[tokio::test]
async fn a_real_package_waits_for_its_key_over_a_kill_of_the_server() {
    for keyed in [firecrawl(), parallel()] {
        let Some(mut world) = World::start(&keyed).await else { return };
        world.lead(&keyed).await;
        let conversation = world.conversation().await;
        world.send(conversation, &message("go")).await;
        assert_eq!(world.asks(conversation, 1).await, missing(keyed.key));
        world.restart().await;
        assert_eq!(world.asks(conversation, 1).await, missing(keyed.key));
        assert_eq!(world.counts(), (1, 0, 0));
        world.give(conversation, keyed.key, SERVICE_KEY).await;
        world.went_well(conversation, &keyed).await;
        assert_eq!(world.counts(), (2, 1, 0));
    }
}

#[tokio::test]
async fn a_real_package_gets_its_key_from_the_request_without_a_question() {
    for keyed in [firecrawl(), parallel()] {
        let Some(world) = World::start(&keyed).await else { return };
        let conversation = world.conversation().await;
        let url = world.service.url();
        let env = [(keyed.key.to_owned(), SERVICE_KEY.to_owned()), (keyed.url.to_owned(), url)].into();
        world.send(conversation, &SendMessage { env, ..message("go") }).await;
        let log = world.went_well(conversation, &keyed).await;
        assert_eq!((log.count("run.requires_action"), world.counts()), (0, (2, 1, 0)));
        // It held for that run alone: the next one asks.
        world.lead(&keyed).await;
        world.send(conversation, &message("again")).await;
        let asked = within("the question", async {
            loop {
                let detail = world.server().client.conversation(conversation).await.unwrap();
                if let Some(action) = detail.runs.last().and_then(|run| run.requires_action.clone()) {
                    break action;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        })
        .await;
        assert!(matches!(asked, RequiredAction::Credentials { missing_vars, .. } if missing_vars[0].name == keyed.key));
        assert_eq!(world.counts().1, 1);
    }
}

#[tokio::test]
async fn a_key_that_a_real_service_refuses_is_asked_for_again_as_a_refused_one() {
    for keyed in [firecrawl(), parallel()] {
        let Some(mut world) = World::start(&keyed).await else { return };
        world.lead(&keyed).await;
        let conversation = world.conversation().await;
        world.send(conversation, &message("go")).await;
        assert_eq!(world.asks(conversation, 1).await, missing(keyed.key), "missing is not refused");
        world.give(conversation, keyed.key, "sk-a-wrong-key-0000").await;
        assert_eq!(world.asks(conversation, 2).await, rejected(keyed.key), "401 of {}", keyed.tool);
        let after_401 = world.service.count(401);
        assert!(after_401 >= 1);
        world.restart().await;
        world.give(conversation, keyed.key, POWERLESS_KEY).await;
        assert_eq!(world.asks(conversation, 3).await, rejected(keyed.key), "403 of {}", keyed.tool);
        assert!(world.service.count(403) >= 1);
        assert_eq!(world.service.count(401), after_401, "the wrong key was not sent again");
        world.give(conversation, keyed.key, SERVICE_KEY).await;
        let log = world.went_well(conversation, &keyed).await;
        let (models, granted, _) = world.counts();
        assert_eq!((models, granted, log.count("run.requires_action")), (2, 1, 3));
    }
}

/// Rows that say nothing of a key.
async fn undeclared(world: &World, keyed: &Keyed) {
    let (package, export) = keyed.tool.split_once("::").unwrap();
    let row = json!({
        "toolId": keyed.tool, "name": export, "package": package, "version": keyed.version, "category": "web",
        "description": "x", "inputSchema": { "type": "object" }, "env": [],
    });
    world.server().client.import_tools(row.to_string().into_bytes()).await.unwrap();
}

#[tokio::test]
async fn a_key_that_no_row_declares_is_found_out_by_the_tools_failure() {
    for keyed in [firecrawl(), parallel()] {
        let Some(world) = World::start(&keyed).await else { return };
        undeclared(&world, &keyed).await;
        world.lead(&keyed).await;
        let conversation = world.conversation().await;
        world.send(conversation, &message("go")).await;
        assert_eq!(world.asks(conversation, 1).await, missing(keyed.key));
        assert_eq!(world.counts(), (1, 0, 0), "it was tried, and asked nobody");
        world.give(conversation, keyed.key, SERVICE_KEY).await;
        world.went_well(conversation, &keyed).await;
        assert_eq!(world.counts(), (2, 1, 0));
    }
}

#[tokio::test]
async fn a_tool_that_succeeds_with_words_about_a_missing_key_has_not_succeeded() {
    // Both give `{ error: ... }` or a sentence back instead of failing.
    let browser =
        Keyed { tool: "firecrawl-aisdk::browser", input: json!({ "command": "echo hi" }), gives: "", ..firecrawl() };
    let unsandbox = Keyed {
        tool: "@thomasdavis/unsandbox::executeCode",
        version: "0.0.3",
        key: "UNSANDBOX_API_KEY",
        url: "UNSANDBOX_URL",
        input: json!({ "language": "python", "code": "1" }),
        gives: "",
    };
    for keyed in [browser, unsandbox] {
        let Some(world) = World::start(&keyed).await else { return };
        undeclared(&world, &keyed).await;
        let conversation = world.conversation().await;
        world.send(conversation, &message("go")).await;
        assert_eq!(world.asks(conversation, 1).await, missing(keyed.key), "{}", keyed.tool);
        let rows = world.server().client.tool_runs(conversation, <_>::default()).await.unwrap().rows;
        assert_eq!((rows.len(), rows[0].status), (1, ToolRunStatus::AwaitingCredentials));
        assert_eq!(world.counts(), (1, 0, 0));
    }
}
