//! A package that the model proposes: the owner is asked, with what npm says of it; what was approved is added and called, with
//! its real schema, in the next step. All through real parts: a server's process, the sandbox, and an npm registry on loopback.

use super::*;
use crate::harness::{
    MODELS, Omega, message,
    process::{Process, command_cached},
    users::another_user,
    within,
};
use omega_core::{
    api::{
        AddPackage, Approval, ApprovalReason, CreateConversation, Decide, Decision, Remember, RequiredAction, Run,
        RunStatus, SendMessage, ToolRun, ToolRunStatus,
    },
    id::{ConversationId, RunId},
    registry::meta::ADD,
    testing::{Reply, Script, StandIn},
};

const TRIPLE: &str = r#"
    export const triple = { description: "Triples a number.",
        inputSchema: { jsonSchema: { type: "object", properties: { n: { type: "number" } }, required: ["n"] } },
        execute: ({ n }) => ({ tripled: 3 * n }) };"#;

/// A server's process that comes and goes, the model's provider and the npm registry.
pub(super) struct World {
    pub(super) sandbox: Sandbox,
    pub(super) provider: StandIn,
    folder: TempDir,
    key: Option<String>,
    pub(super) server: Option<Process>,
}

impl World {
    /// None where Deno can't be had.
    pub(super) async fn new(script: Script) -> Option<Self> {
        let sandbox = Sandbox::start().await?;
        let about = json!({ "description": "Triples\u{1b}[2J numbers", "_npmUser": { "name": "ada" } });
        sandbox.registry.publish("acme-triple", "1.2.3", about, TRIPLE);
        let time = json!({ "created": "2020-01-02T03:04:05.000Z", "1.2.3": "2021-01-02T03:04:05.000Z" });
        sandbox.registry.tell("acme-triple", time, 4321);
        let provider = StandIn::start(script).await;
        Some(Self { sandbox, provider, folder: crate::harness::folder(), key: None, server: None })
    }

    pub(super) async fn start(&mut self, env: &[(&str, &str)]) {
        let mut command = command_cached(self.folder.path(), self.sandbox.cache.path(), &self.provider, &[]);
        command.env("NPM_CONFIG_REGISTRY", &self.sandbox.registry.url).envs(env.iter().copied());
        let server = Process::start(command, self.key.take()).await;
        self.key = server.key.clone();
        self.server = Some(server);
    }

    pub(super) fn server(&self) -> &Process {
        self.server.as_ref().unwrap()
    }

    pub(super) async fn send(&self, text: &str) -> (ConversationId, RunId) {
        let client = &self.server().client;
        let body = CreateConversation { title: Some("t".into()), model: Some(MODELS[0].into()), ..<_>::default() };
        let conversation = client.create_conversation(&body).await.unwrap().id;
        (conversation, self.say(conversation, &message(text)).await)
    }

    pub(super) async fn say(&self, conversation: ConversationId, message: &SendMessage) -> RunId {
        let key = uuid::Uuid::new_v4().to_string();
        self.server().client.send_message(conversation, message, &key).await.unwrap().run_id
    }

    /// Waits until a run is paused or has ended.
    pub(super) async fn rests(&self, run: RunId) -> Run {
        rests(&self.server().client, run).await
    }

    pub(super) async fn calls(&self, conversation: ConversationId) -> Vec<ToolRun> {
        self.server().client.tool_runs(conversation, <_>::default()).await.unwrap().rows
    }
}

async fn rests(client: &omega_core::client::Client, run: RunId) -> Run {
    within("the run", async {
        loop {
            let known = client.run(run).await.unwrap();
            if known.status == RunStatus::Paused || known.status.is_terminal() {
                return known;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
}

pub(super) fn asked(run: &Run) -> &Approval {
    match &run.requires_action {
        Some(RequiredAction::Approval { approvals, .. }) if approvals.len() == 1 => &approvals[0],
        _ => panic!("{run:?}"),
    }
}

fn triple() -> ToolId {
    "acme-triple::triple".parse().unwrap()
}

pub(super) fn decide(decision: Decision) -> Decide {
    Decide { decision, remember: Remember::Once, reason: None, args_digest: None, input: None }
}

fn propose(package: &str) -> Reply {
    Reply::call(ADD, json!({ "package": package, "why": "to triple" }))
}

/// The model proposes it, calls what it brought by its name, and answers.
fn triples() -> Script {
    let call = Reply::call("acme-triple__triple", json!({ "n": 14 }));
    Script::new().turn(propose("acme-triple")).turn(call).turn(Reply::text("42."))
}

/// The run went to its end, and the tool was called once.
async fn is_done(world: &World, conversation: ConversationId, run: RunId) {
    assert_eq!(world.rests(run).await.status, RunStatus::Completed);
    let calls = world.calls(conversation).await;
    let ends: Vec<_> = calls.iter().rev().map(|call| (call.tool_id.as_str(), call.status)).collect();
    let done = ToolRunStatus::Succeeded;
    assert!(
        ends == [(ADD, done), ("acme-triple::triple", done)] || ends == [("acme-triple::triple", done), (ADD, done)],
        "{calls:?}"
    );
    let triple = calls.iter().find(|call| call.tool_id != ADD).unwrap();
    assert_eq!(triple.output, Some(json!({ "tripled": 42 })));
    assert_eq!(world.provider.requests().last().unwrap().problems, Vec::<String>::new());
}

#[tokio::test]
async fn a_package_is_proposed_with_what_npm_says_of_it_and_called_when_it_was_approved() {
    let Some(mut world) = World::new(triples()).await else { return };
    world.start(&[]).await;
    let (conversation, run) = world.send("triple 14").await;
    let paused = world.rests(run).await;
    let approval = asked(&paused);
    assert_eq!((approval.reason, approval.owner_only), (ApprovalReason::AddPackage, true));
    let facts = approval.package.as_ref().unwrap();
    assert_eq!(
        (facts.name.as_str(), facts.version.as_str(), approval.version.as_str()),
        ("acme-triple", "1.2.3", "1.2.3")
    );
    assert_eq!(
        (facts.publisher.as_deref(), facts.weekly_downloads, &facts.deprecated),
        (Some("ada"), Some(4321), &None)
    );
    assert_eq!(facts.created_at.unwrap().to_string(), "2020-01-02T03:04:05.000Z");
    assert_eq!(facts.published_at.unwrap().to_string(), "2021-01-02T03:04:05.000Z");
    assert!(!facts.description.as_ref().unwrap().contains('\u{1b}'), "{facts:?}");
    assert!(approval.integrity.is_some());
    assert!(
        !world.sandbox.registry.downloads().contains(&"acme-triple@1.2.3".to_owned()),
        "nothing of it is fetched before"
    );
    let client = &world.server().client;

    // What was shown is said of this package alone, and no answer lasts.
    let other = Decide { input: Some(json!({ "package": "evil" })), ..decide(Decision::Approve) };
    assert!(client.decide(approval.id, &other).await.unwrap_err().to_string().contains("this package alone"));
    let always = Decide { remember: Remember::Always, ..decide(Decision::Approve) };
    client.decide(approval.id, &always).await.unwrap();
    is_done(&world, conversation, run).await;
    assert_eq!(client.stored_approvals().await.unwrap(), []);

    // In the step after, the tool has its real schema; it is the owner's own.
    let requests = world.provider.requests();
    assert!(
        requests[0].tools.contains(&ADD.to_owned()) && !requests[0].tools.contains(&"acme-triple__triple".to_owned())
    );
    assert!(requests[1].tools.contains(&"acme-triple__triple".to_owned()));
    let declared = requests[1].body["tools"].to_string();
    assert!(declared.contains(r#""n":{"type":"number"}"#), "{declared}");
    assert!(client.tool(&triple()).await.unwrap().own);
    // Another proposal is another question.
    let again = world.say(conversation, &message("again")).await;
    assert_eq!(asked(&world.rests(again).await).reason, ApprovalReason::AddPackage);
}

#[tokio::test]
async fn a_no_adds_nothing_and_the_model_is_told() {
    let script = Script::new().turn(propose("acme-triple@1.2.3")).turn(Reply::text("I can't."));
    let Some(mut world) = World::new(script).await else { return };
    world.start(&[]).await;
    let (conversation, run) = world.send("triple 14").await;
    let paused = world.rests(run).await;
    let no = Decide { reason: Some("not this one".into()), ..decide(Decision::Deny) };
    world.server().client.decide(asked(&paused).id, &no).await.unwrap();
    assert_eq!(world.rests(run).await.status, RunStatus::Completed);
    let calls = world.calls(conversation).await;
    assert_eq!(calls[0].status, ToolRunStatus::Denied);
    let told = world.provider.requests().pop().unwrap().results.pop().unwrap();
    assert!(told.content.to_string().contains("not this one"), "{told:?}");
    assert!(world.server().client.tool(&triple()).await.is_err());
    assert!(!world.sandbox.registry.downloads().contains(&"acme-triple@1.2.3".to_owned()));
}

#[tokio::test]
async fn what_can_not_be_added_is_a_failed_call_that_says_why() {
    let script = Script::new()
        .turn(propose("acme-gone"))
        .turn(propose("acme-triple@9.9.9"))
        .turn(propose("../../etc/passwd"))
        .turn(propose("https://evil.test/x"))
        .turn(Reply::call(ADD, json!({ "name": "x" })))
        .turn(propose("acme-triple"))
        .turn(Reply::text("No."));
    let Some(mut world) = World::new(script).await else { return };
    world.start(&[]).await;
    let (conversation, run) = world.send("triple 14").await;
    let paused = world.rests(run).await;
    let codes = |calls: &[ToolRun]| calls.iter().filter_map(|call| Some(call.error.as_ref()?.code)).collect::<Vec<_>>();
    let (none, wrong) = (ToolErrorCode::PackageNotFound, ToolErrorCode::InvalidInput);
    let mut before = codes(&world.calls(conversation).await);
    before.sort_by_key(|code| *code == wrong);
    assert_eq!(before, [none, none, none, none, wrong]);
    // It goes away between the question and the answer.
    world.sandbox.registry.withdraw("acme-triple");
    world.server().client.decide(asked(&paused).id, &decide(Decision::Approve)).await.unwrap();
    assert_eq!(world.rests(run).await.status, RunStatus::Completed);
    assert_eq!(codes(&world.calls(conversation).await).len(), 6);
    let told = world.provider.requests().pop().unwrap().results.pop().unwrap();
    assert!(told.content.to_string().contains("there is no npm package acme-triple"), "{told:?}");
}

#[tokio::test]
async fn other_contents_under_the_same_version_are_asked_about_again() {
    let Some(mut world) = World::new(triples()).await else { return };
    world.start(&[]).await;
    let (conversation, run) = world.send("triple 14").await;
    let paused = world.rests(run).await;
    let first = asked(&paused).clone();
    world.sandbox.registry.withdraw("acme-triple");
    world.sandbox.registry.publish("acme-triple", "1.2.3", json!({}), &format!("{TRIPLE}// other"));
    world.server().client.decide(first.id, &decide(Decision::Approve)).await.unwrap();
    let paused = within("the second question", async {
        loop {
            let run = world.rests(run).await;
            if run.requires_action.as_ref().is_some_and(|_| asked(&run).id != first.id) {
                return run;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let second = asked(&paused);
    assert_ne!((&second.integrity, &second.args_digest), (&first.integrity, &first.args_digest));
    // A later version changes nothing: the one that was approved is added.
    world.sandbox.registry.publish("acme-triple", "2.0.0", json!({}), "throw new Error('not this one')");
    world.server().client.decide(second.id, &decide(Decision::Approve)).await.unwrap();
    is_done(&world, conversation, run).await;
}

#[tokio::test]
async fn an_npm_registry_that_is_slow_holds_up_no_other_call_of_the_step() {
    let both = propose("acme-triple").and_call(ADD, json!({ "package": "acme-slow", "why": "to triple" }));
    let Some(mut world) = World::new(Script::new().turn(both).turn(Reply::text("No."))).await else { return };
    world.sandbox.registry.publish("acme-slow", "1.0.0", json!({}), TRIPLE);
    let held = world.sandbox.registry.hold("acme-slow");
    world.sandbox.registry.withdraw("acme-triple");
    world.start(&[]).await;
    let (conversation, run) = world.send("triple 14").await;
    let first = within("the other call's outcome", async {
        loop {
            let calls = world.calls(conversation).await;
            if let Some(call) = calls.into_iter().find(|call| call.status.is_terminal()) {
                return call;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert_eq!(first.error.unwrap().code, ToolErrorCode::PackageNotFound);
    assert_eq!(world.server().client.run(run).await.unwrap().status, RunStatus::Running, "it still waits for npm");
    drop(held);
    let paused = world.rests(run).await;
    assert_eq!(asked(&paused).package.as_ref().unwrap().name, "acme-slow");
}

#[tokio::test]
async fn packages_that_are_added_at_once_wait_for_each_other_and_are_all_there() {
    let Some(mut world) = World::new(Script::new()).await else { return };
    for name in ["acme-other", "acme-third"] {
        world.sandbox.registry.publish(name, "1.0.0", json!({}), TRIPLE);
    }
    world.start(&[]).await;
    let client = &world.server().client;
    let add = async |package: &str| {
        let package = AddPackage { package: package.to_owned(), ..AddPackage::default() };
        client.add_package(&package).await.unwrap().tools.len()
    };
    let added = tokio::join!(add("acme-triple"), add("acme-other"), add("acme-triple"), add("acme-third"));
    assert_eq!(added, (1, 1, 1, 1));
    for package in ["acme-triple", "acme-other", "acme-third"] {
        let tool = client.tool(&ToolId::new(package, "triple")).await.unwrap();
        assert!(tool.input_schema.is_some(), "{package}");
    }
    // Who came second found what the first one had fetched.
    let fetched = world.sandbox.registry.downloads();
    assert_eq!(fetched.iter().filter(|name| name.starts_with("acme-triple@")).count(), 1, "{fetched:?}");
}

/// The server dies when the answer is written, before it adds, and when it has added and recorded nothing.
#[tokio::test]
async fn an_approval_outlives_the_death_of_its_server_and_adds_once() {
    for failpoint in ["answer.after", "tool.call", "tool.answered"] {
        let Some(mut world) = World::new(triples()).await else { return };
        world.start(&[("OMEGA_FAILPOINT", failpoint)]).await;
        let (conversation, run) = world.send("triple 14").await;
        let paused = world.rests(run).await;
        // The answer may be lost with the server; that it was written is what counts.
        let _ = world.server().client.decide(asked(&paused).id, &decide(Decision::Approve)).await;
        within("its death", world.server.take().unwrap().exit()).await;
        world.start(&[]).await;
        is_done(&world, conversation, run).await;
    }
}

#[tokio::test]
async fn where_an_administrator_forbids_it_the_model_is_not_told_of_it_and_nobody_is_asked() {
    let Some(mut world) = World::new(triples()).await else { return };
    world.start(&[("OMEGA_NO_AGENT_ADDS", "true")]).await;
    let (conversation, run) = world.send("triple 14").await;
    assert_eq!(world.rests(run).await.status, RunStatus::Completed);
    assert!(!world.provider.requests()[0].tools.contains(&ADD.to_owned()));
    let calls = world.calls(conversation).await;
    let refused = calls.iter().find(|call| call.tool_id == ADD).unwrap();
    assert_eq!((refused.status, refused.error.as_ref().unwrap().code), (ToolRunStatus::Denied, ToolErrorCode::Denied));
}

#[tokio::test]
async fn a_guests_message_proposes_nothing() {
    let script = Script::new().turn(propose("acme-triple")).turn(Reply::text("No."));
    let omega = Omega::start(script).await;
    let guest = another_user(&omega).await.client;
    let conversation = omega.conversation(MODELS[0]).await;
    let run = guest.send_message(conversation, &message("triple"), "one").await.unwrap().run_id;
    assert_eq!(rests(&omega.client, run).await.status, RunStatus::Completed);
    assert!(!omega.provider.requests()[0].tools.contains(&ADD.to_owned()));
    let calls = omega.client.tool_runs(conversation, <_>::default()).await.unwrap().rows;
    assert_eq!((calls[0].tool_id.as_str(), calls[0].status), (ADD, ToolRunStatus::Denied));
}
