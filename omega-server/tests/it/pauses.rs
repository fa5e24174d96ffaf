//! A run that waits for a person: for variables, a yes, or a plan. Whatever happens in between (a restart, a month), it goes
//! on from the same step, and nothing is asked or run twice.

use crate::harness::{
    MODELS, Omega, config, execute,
    executor::{self, Tools, id},
    folder,
    log::Log,
    message,
    postgres::Postgres,
    providers,
    refusals::{answer, code, refused},
    within,
};
use futures_util::StreamExt;
use omega_core::{
    api::{
        Approval, ApprovalReason, CreateConversation, Decide, Decision, OnActive, PlanMode, ProvideCredentials,
        Remember, RequiredAction, Run, RunStatus, Save, SelectPlan, SendMessage, ToolRunStatus,
    },
    client::Client,
    event::{Envelope, Event},
    executor::ToolErrorCode,
    id::{ConversationId, RunId},
    registry::meta::EXECUTE,
    testing::{Reply, Script, StandIn},
};
use omega_engine::process::clock::Clock;
use omega_server::Server;
use reqwest::Method;
use secrecy::SecretString;
use serde_json::json;
use std::{collections::BTreeMap, time::Duration};
use tempfile::TempDir;

pub const DAY: Duration = Duration::from_secs(24 * 3600);

/// A database whose server comes and goes.
pub struct World {
    database: String,
    folder: TempDir,
    pub provider: StandIn,
    pub tools: Tools,
    clock: Clock,
    key: Option<String>,
    server: Option<Server>,
}

impl World {
    pub async fn new(database: Option<String>, script: Script) -> Self {
        let folder = folder();
        let database = database.unwrap_or_else(|| format!("sqlite:{}", folder.path().join("omega.db").display()));
        let (provider, tools) = (StandIn::start(script).await, Tools::start().await);
        let mut world = Self { database, folder, provider, tools, clock: Clock::default(), key: None, server: None };
        world.start().await;
        world.client().import_tools(executor::rows()).await.unwrap();
        world
    }

    pub async fn start(&mut self) {
        let mut config = config(&self.database, self.folder.path(), &self.tools, providers(&self.provider));
        config.clock = self.clock.clone();
        // The old server's lock goes with its last task.
        let server = within("the lock", async {
            loop {
                match Server::start(config.clone()).await {
                    Ok(server) => break server,
                    Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            }
        })
        .await;
        self.key = server.new_key.clone().or(self.key.take());
        self.server = Some(server);
    }

    /// The server ends, days pass, and another one begins.
    pub async fn restart_after(&mut self, time: Duration) {
        within("the stop", self.server.take().unwrap().stop()).await;
        self.clock.advance(time);
        self.start().await;
    }

    pub fn client(&self) -> Client {
        let key = SecretString::from(self.key.clone().unwrap());
        Client::new(&self.server.as_ref().unwrap().url, key).unwrap()
    }

    pub async fn conversation(&self, safe_mode: bool) -> ConversationId {
        let body = CreateConversation {
            title: Some("a test".into()),
            model: Some(MODELS[0].into()),
            safe_mode: safe_mode.then_some(true),
            ..<_>::default()
        };
        self.client().create_conversation(&body).await.unwrap().id
    }

    pub async fn send(&self, conversation: ConversationId, body: &SendMessage) -> RunId {
        let key = uuid::Uuid::new_v4().to_string();
        self.client().send_message(conversation, body, &key).await.unwrap().run_id
    }

    /// Waits until a run has asked so many questions.
    pub async fn rests(&self, conversation: ConversationId, run: RunId, questions: usize) -> Run {
        let client = self.client();
        let mut frames = Box::pin(client.follow(conversation, Some(0)));
        let mut asked = 0;
        loop {
            let frame = within("a frame", frames.next()).await.unwrap().unwrap();
            if frame.run_id == Some(run) {
                asked += usize::from(matches!(frame.event, Event::RunRequiresAction { .. }));
                assert!(!frame.event.is_terminal(), "{:?}", frame.event);
                if asked >= questions {
                    return client.run(run).await.unwrap();
                }
            }
        }
    }

    pub async fn ends(&self, conversation: ConversationId, run: RunId) -> Log {
        let client = self.client();
        let mut frames = Box::pin(client.follow(conversation, Some(0)));
        let mut log: Vec<Envelope> = Vec::new();
        while !log.last().is_some_and(|envelope| envelope.event.is_terminal()) {
            let frame = within("a frame", frames.next()).await.unwrap().unwrap();
            if frame.run_id == Some(run) && frame.seq.is_some() {
                log.push(frame);
            }
        }
        Log(log)
    }

    /// Model calls and tool calls so far.
    pub fn counts(&self) -> (usize, usize) {
        (self.provider.requests().len(), self.tools.calls().len())
    }
}

fn approvals(run: &Run) -> &[Approval] {
    match &run.requires_action {
        Some(RequiredAction::Approval { approvals, .. }) => approvals,
        other => panic!("{other:?}"),
    }
}

pub fn missing(run: &Run) -> Vec<(&str, bool)> {
    match &run.requires_action {
        Some(RequiredAction::Credentials { missing_vars, .. }) => {
            missing_vars.iter().map(|var| (var.name.as_str(), var.rejected)).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn yes() -> Decide {
    Decide { decision: Decision::Approve, remember: Remember::Once, reason: None, args_digest: None, input: None }
}

pub fn give(values: &[(&str, &str)], save: Save) -> ProvideCredentials {
    let env: BTreeMap<_, _> = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    ProvideCredentials { env, save, decline: false }
}

pub fn weather(city: &str) -> serde_json::Value {
    execute(&id("acmeWeather"), json!({ "city": city }))
}

pub fn keyed() -> serde_json::Value {
    execute(&id("acmeKeyed"), json!({}))
}

/// Both engines, where there are both.
pub async fn worlds(script: impl Fn() -> Script) -> (Vec<World>, Option<Postgres>) {
    let cluster = Postgres::start();
    let mut worlds = vec![World::new(None, script()).await];
    if let Some(cluster) = &cluster {
        worlds.push(World::new(Some(cluster.url.clone()), script()).await);
    }
    (worlds, cluster)
}

#[tokio::test]
async fn a_run_waits_a_month_for_a_key_and_goes_on_from_the_same_step() {
    let script = || {
        let calls = Reply::call(EXECUTE, keyed()).and_call(EXECUTE, weather("Oslo")).and_text("Looking.");
        Script::new().turn(calls).turn(Reply::text("Seven."))
    };
    let (mut worlds, _cluster) = worlds(script).await;
    for world in &mut worlds {
        let conversation = world.conversation(false).await;
        let run = world.send(conversation, &message("go")).await;
        let paused = world.rests(conversation, run, 1).await;
        assert_eq!(paused.status, RunStatus::Paused);
        assert_eq!(missing(&paused), [("ACME_API_KEY", false)]);
        assert_eq!(world.counts(), (1, 1), "the call that lacks nothing did not wait");
        let rows = world.client().tool_runs(conversation, <_>::default()).await.unwrap().rows;
        let states: Vec<_> = rows.iter().map(|row| row.status).collect();
        assert_eq!(states, [ToolRunStatus::AwaitingCredentials, ToolRunStatus::Succeeded]);

        world.restart_after(DAY * 30).await;
        let client = world.client();
        assert_eq!(client.run(run).await.unwrap(), paused, "a restart changes nothing");
        assert_eq!(world.counts(), (1, 1));

        // What does not fit is refused, and changes nothing.
        for (body, says) in [
            (give(&[("OTHER_KEY", "x")], Save::Once), "OTHER_KEY was not asked for"),
            (give(&[("LD_PRELOAD", "x")], Save::Once), "reserved"),
            (give(&[("ACME_API_KEY", "")], Save::Once), "must have 1 to"),
            (give(&[], Save::Once), "give the variables that are missing"),
        ] {
            let error = client.provide_credentials(conversation, &body).await.unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
        assert_eq!(client.run(run).await.unwrap(), paused);

        let body = give(&[("ACME_API_KEY", "key-of-the-test")], Save::Once);
        let queued = client.provide_credentials(conversation, &body).await.unwrap();
        assert!(queued.requires_action.is_none() && queued.status != RunStatus::Paused);
        let log = world.ends(conversation, run).await;
        assert_eq!(log.answer(), "Seven.");
        assert_eq!(world.counts(), (2, 2), "no model call and no tool call more than without the pause");
        assert_eq!(world.tools.calls()[1].env, json!({ "ACME_API_KEY": "key-of-the-test" }));
        for kind in ["run.started", "run.requires_action", "credentials.provided", "run.resumed", "run.completed"] {
            assert_eq!(log.count(kind), 1, "{kind} in {:?}", log.kinds());
        }
        let whole = serde_json::to_string(&log.0).unwrap();
        assert!(whole.contains("ACME_API_KEY") && !whole.contains("key-of-the-test"), "names only");
        let error = client.provide_credentials(conversation, &body).await.unwrap_err().to_string();
        assert!(error.contains("no run of this conversation waits"), "{error}");
        // Given once, it is gone.
        let run = world.send(conversation, &message("again")).await;
        assert_eq!(missing(&world.rests(conversation, run, 1).await), [("ACME_API_KEY", false)]);
    }
}

#[tokio::test]
async fn what_a_tool_asks_for_itself_is_asked_for_and_a_refused_key_is_asked_for_again() {
    let call = || Reply::call(EXECUTE, execute(&id("acmeSecret"), json!({})));
    let script = Script::new().turn(call()).turn(Reply::text("In."));
    let mut world = World::new(None, script).await;
    let conversation = world.conversation(false).await;
    let run = world.send(conversation, &message("go")).await;
    let paused = world.rests(conversation, run, 1).await;
    assert_eq!(missing(&paused), [("ACME_SECRET", false)], "found out by running it");
    let wrong = give(&[("ACME_SECRET", "wrong-key-1234")], Save::Tool);
    world.client().provide_credentials(conversation, &wrong).await.unwrap();
    let paused = world.rests(conversation, run, 2).await;
    assert_eq!(missing(&paused), [("ACME_SECRET", true)], "the service refused it");
    world.restart_after(Duration::ZERO).await;
    let right = give(&[("ACME_SECRET", "right-key-1234")], Save::Tool);
    world.client().provide_credentials(conversation, &right).await.unwrap();
    let log = world.ends(conversation, run).await;
    assert_eq!((log.answer(), world.counts()), ("In.", (2, 3)));
    let ends: Vec<_> = log.calls().iter().map(|call| call.status).collect();
    assert_eq!(ends, [ToolRunStatus::Succeeded], "one call, however often it was tried");
    // Kept for the tool: the next message need not ask.
    let run = world.send(conversation, &message("again")).await;
    assert_eq!(world.ends(conversation, run).await.answer(), "In.");
    assert_eq!(world.tools.calls().last().unwrap().env, json!({ "ACME_SECRET": "right-key-1234" }));
}

#[tokio::test]
async fn a_run_goes_on_without_a_key_that_nobody_gives() {
    let script = Script::new().turn(Reply::call(EXECUTE, keyed())).turn(Reply::text("Without it, then."));
    let world = World::new(None, script).await;
    let conversation = world.conversation(false).await;
    let run = world.send(conversation, &message("go")).await;
    world.rests(conversation, run, 1).await;
    let decline = ProvideCredentials { decline: true, ..<_>::default() };
    world.client().provide_credentials(conversation, &decline).await.unwrap();
    let log = world.ends(conversation, run).await;
    assert_eq!((log.answer(), world.counts()), ("Without it, then.", (2, 0)));
    assert_eq!(log.calls()[0].code, Some(ToolErrorCode::MissingEnvVars));
    let told = &world.provider.requests()[1].results[0].content;
    assert!(told.to_string().contains("ACME_API_KEY"), "{told}");
}

#[tokio::test]
async fn a_call_that_waits_for_the_end_is_told_which_variables_are_missing() {
    let script = Script::new().turn(Reply::call(EXECUTE, keyed())).turn(Reply::text("Seven."));
    let omega = Omega::start(script).await;
    let conversation = omega.conversation(MODELS[0]).await;
    let path = format!("/api/omega/conversations/{conversation}");
    let sending = omega.request(Method::POST, &format!("{path}/messages")).json(&json!({ "message": "go" }));
    let (status, body) = answer(sending).await;
    assert_eq!((status, &body["success"], &body["details"]["code"]), (400, &json!(false), &json!("MISSING_ENV_VARS")));
    assert_eq!(body["error"], "Missing required environment variables");
    let var = json!([{ "name": "ACME_API_KEY", "description": "the key of Acme" }]);
    assert_eq!(body["details"]["missingVars"], var);
    assert_eq!(body["details"]["hint"], "Provide these variables in the 'env' field of your request");
    assert_eq!(body["details"]["resumeUrl"], format!("{path}/credentials"));
    // A stream of the run ends where it waits.
    let mut frames = omega.events(conversation, "?after=0").await;
    let seen = within("the pause", frames.until(|e| matches!(e.event, Event::RunRequiresAction { .. }))).await;
    let run = seen.last().unwrap().run_id.unwrap();
    assert_eq!(body["details"]["runId"], run.to_string());
    let given = json!({ "env": { "ACME_API_KEY": "k" } });
    let (status, _) = answer(omega.request(Method::POST, &format!("{path}/credentials")).json(&given)).await;
    assert_eq!(status, 200);
    assert_eq!(omega.told(conversation, run).await.log.answer(), "Seven.");
}

#[tokio::test]
async fn in_safe_mode_each_call_waits_for_a_yes_that_holds_for_its_input_alone() {
    let script = || {
        let two = Reply::call(EXECUTE, weather("Oslo")).and_call(EXECUTE, weather("Rome"));
        Script::new().turn(two).turn(Reply::call(EXECUTE, weather("Lima"))).turn(Reply::text("Done."))
    };
    let (mut worlds, _cluster) = worlds(script).await;
    for world in &mut worlds {
        let conversation = world.conversation(true).await;
        let run = world.send(conversation, &message("go")).await;
        let paused = world.rests(conversation, run, 1).await;
        let [oslo, rome] = approvals(&paused) else { panic!("{paused:?}") };
        assert_eq!((oslo.reason, &oslo.input), (ApprovalReason::SafeMode, &json!({ "city": "Oslo" })));
        assert_eq!(world.counts(), (1, 0));
        let client = world.client();
        let other = Decide { args_digest: Some(rome.args_digest.clone()), ..yes() };
        let error = client.decide(oslo.id, &other).await.unwrap_err().to_string();
        assert!(error.contains("another one than you decided about"), "{error}");
        let still =
            client.decide(oslo.id, &Decide { args_digest: Some(oslo.args_digest.clone()), ..yes() }).await.unwrap();
        assert_eq!((still.status, approvals(&still).len()), (RunStatus::Paused, 1), "the other one waits on");
        let error = client.decide(oslo.id, &yes()).await.unwrap_err().to_string();
        assert!(error.contains("decided already"), "{error}");

        world.restart_after(DAY * 30).await;
        let client = world.client();
        let no = Decide { decision: Decision::Deny, reason: Some("not Rome".into()), ..yes() };
        client.decide(rome.id, &no).await.unwrap();
        let paused = world.rests(conversation, run, 2).await;
        assert_eq!(world.counts(), (2, 1), "Oslo alone was asked");
        let told = &world.provider.requests()[1].results;
        assert_eq!(told[0].content["celsius"], 21);
        assert!(told[1].content.to_string().contains("not Rome"), "{}", told[1].content);
        // Another input than the model's, and a standing approval.
        let [lima] = approvals(&paused) else { panic!("{paused:?}") };
        let edited = Decide { input: Some(json!({ "city": "Quito" })), remember: Remember::Conversation, ..yes() };
        client.decide(lima.id, &edited).await.unwrap();
        let log = world.ends(conversation, run).await;
        assert_eq!((log.answer(), world.counts()), ("Done.", (3, 2)));
        assert_eq!(world.tools.calls()[1].params, json!({ "city": "Quito" }));
        let states: Vec<_> = log.calls().iter().map(|call| call.status).collect();
        assert!(states.contains(&ToolRunStatus::Denied) && states.len() == 3, "{states:?}");
    }
}

#[tokio::test]
async fn a_yes_for_the_conversation_is_asked_for_once() {
    let one = || Reply::call(EXECUTE, weather("Oslo"));
    let script =
        Script::new().turn(one()).turn(one()).turn(Reply::text("Done.")).turn(one()).turn(Reply::text("More."));
    let world = World::new(None, script).await;
    let conversation = world.conversation(true).await;
    let run = world.send(conversation, &message("go")).await;
    let paused = world.rests(conversation, run, 1).await;
    let always = Decide { remember: Remember::Conversation, ..yes() };
    world.client().decide(approvals(&paused)[0].id, &always).await.unwrap();
    let log = world.ends(conversation, run).await;
    assert_eq!((log.answer(), log.count("run.requires_action"), world.tools.count("acmeWeather")), ("Done.", 1, 2));
    let run = world.send(conversation, &message("more")).await;
    assert_eq!(world.ends(conversation, run).await.count("run.requires_action"), 0);
}

#[tokio::test]
async fn a_plan_is_chosen_before_anything_runs_and_the_run_follows_it() {
    let plans = |reasoning: &str| {
        let step = json!({ "stepNumber": 1, "toolName": id("acmeWeather"), "purpose": "look it up" });
        let plan = json!({ "steps": [step], "confidence": 0.7, "reasoning": reasoning });
        Reply::text(&json!({ "plans": [plan] }).to_string())
    };
    let script = || {
        // A request for plans has one search behind it.
        let planned = |reasoning| [Reply::text("never"), plans(reasoning)];
        Script::new()
            .when(|seen| seen.system.contains("use fewer steps"), planned("second"))
            .when(|seen| seen.system.starts_with("You plan"), planned("first"))
            .turn(Reply::call(EXECUTE, weather("Oslo")))
            .turn(Reply::text("Done."))
    };
    let (mut worlds, _cluster) = worlds(script).await;
    for world in &mut worlds {
        let conversation = world.conversation(false).await;
        let body = SendMessage { plan: Some(PlanMode::Always), ..message("the weather") };
        let run = world.send(conversation, &body).await;
        let paused = world.rests(conversation, run, 1).await;
        let Some(RequiredAction::Plan { plans, .. }) = &paused.requires_action else { panic!("{paused:?}") };
        assert_eq!((plans[0].reasoning.as_str(), world.counts()), ("first", (1, 0)));
        let another = SelectPlan { another: true, note: Some("use fewer steps".into()) };
        world.client().select_plan(conversation, plans[0].id, &another).await.unwrap();
        let paused = world.rests(conversation, run, 2).await;
        let Some(RequiredAction::Plan { plans: better, .. }) = &paused.requires_action else { panic!("{paused:?}") };
        assert_eq!((better[0].reasoning.as_str(), world.counts()), ("second", (2, 0)));
        assert!(world.provider.requests()[1].system.contains("use fewer steps"));

        world.restart_after(DAY * 30).await;
        let client = world.client();
        let gone = client.select_plan(conversation, plans[0].id, &SelectPlan::default()).await.unwrap_err();
        assert!(gone.to_string().contains("decided already"), "{gone}");
        let elsewhere = world.conversation(false).await;
        let strange = client.select_plan(elsewhere, better[0].id, &SelectPlan::default()).await.unwrap_err();
        assert!(strange.to_string().contains("nothing was found"), "{strange}");
        client.select_plan(conversation, better[0].id, &SelectPlan::default()).await.unwrap();
        let log = world.ends(conversation, run).await;
        assert_eq!((log.answer(), world.counts()), ("Done.", (4, 1)));
        assert!(world.provider.requests()[2].body.to_string().contains("look it up"), "the plan steers the run");
        assert_eq!((log.count("plan.proposed"), log.count("plan.selected")), (2, 2));
    }
}

#[tokio::test]
async fn what_nobody_answers_is_given_up_after_a_month_and_the_next_message_takes_its_turn() {
    let keyed_then = |text: &str| [Reply::call(EXECUTE, keyed()), Reply::text(text)];
    let script = Script::new()
        .when(|seen| seen.users.last().is_some_and(|text| text == "wait"), keyed_then("never"))
        .when(|seen| seen.users.last().is_some_and(|text| text == "next"), [Reply::text("Next.")]);
    let mut world = World::new(None, script).await;
    let conversation = world.conversation(false).await;
    let run = world.send(conversation, &message("wait")).await;
    world.rests(conversation, run, 1).await;
    let enqueue = SendMessage { on_active: Some(OnActive::Enqueue), ..message("next") };
    let next = world.send(conversation, &enqueue).await;
    assert_eq!(world.client().run(next).await.unwrap().status, RunStatus::Queued, "it waits behind the pause");
    world.restart_after(DAY * 31 + Duration::from_secs(60)).await;
    let log = world.ends(conversation, run).await;
    assert!(matches!(log.end(), Event::RunCancelled { reason } if reason.contains("30 days")), "{:?}", log.end());
    assert_eq!(world.ends(conversation, next).await.answer(), "Next.");
    let late = give(&[("ACME_API_KEY", "k")], Save::Once);
    assert!(world.client().provide_credentials(conversation, &late).await.is_err());
    assert_eq!(world.tools.calls().len(), 0);
}

#[tokio::test]
async fn a_new_message_of_the_owner_takes_the_place_of_a_question() {
    let script = Script::new()
        .when(|seen| seen.users.last().is_some_and(|text| text == "wait"), [Reply::call(EXECUTE, keyed())])
        .when(|seen| seen.users.last().is_some_and(|text| text == "else"), [Reply::text("Something else.")]);
    let world = World::new(None, script).await;
    let conversation = world.conversation(false).await;
    let run = world.send(conversation, &message("wait")).await;
    world.rests(conversation, run, 1).await;
    let next = world.send(conversation, &message("else")).await;
    assert_eq!(world.ends(conversation, next).await.answer(), "Something else.");
    let log = world.ends(conversation, run).await;
    assert!(matches!(log.end(), Event::RunCancelled { reason } if reason.contains("new message")), "{:?}", log.end());
    assert_eq!(log.calls()[0].code, Some(ToolErrorCode::Cancelled), "the open call has its result");
}

#[tokio::test]
async fn any_post_may_be_sent_again_under_its_key() {
    let omega = Omega::start(Script::new()).await;
    let make = |key: &str, title: &str| {
        let request = omega.request(Method::POST, "/api/omega/conversations");
        request.header("idempotency-key", key).json(&json!({ "title": title }))
    };
    let first = make("k1", "one").send().await.unwrap();
    assert_eq!((first.status().as_u16(), first.headers().get("idempotency-replayed")), (201, None));
    let first: serde_json::Value = first.json().await.unwrap();
    let again = make("k1", "one").send().await.unwrap();
    assert_eq!((again.status().as_u16(), &again.headers()["idempotency-replayed"]), (201, &"true".parse().unwrap()));
    assert_eq!(again.headers()["content-type"], "application/json");
    assert_eq!(again.json::<serde_json::Value>().await.unwrap(), first, "the same answer, to the letter");
    assert_eq!(refused(make("k1", "two")).await, code(422, "IDEMPOTENCY_MISMATCH"));
    assert_eq!(refused(make(&"k".repeat(256), "one")).await, code(400, "BAD_REQUEST"));
    // A refusal is an answer too.
    let wrong = || omega.request(Method::POST, "/api/omega/conversations").header("idempotency-key", "k2");
    for _ in 0..2 {
        assert_eq!(wrong().json(&json!({ "title": 5 })).send().await.unwrap().status(), 422);
    }
    // Many at once: one is done, the others are told to wait or get its answer.
    let same = futures_util::future::join_all((0..20).map(|_| async {
        let response = make("k3", "many").send().await.unwrap();
        (response.status().as_u16(), response.json::<serde_json::Value>().await.unwrap())
    }))
    .await;
    let mut ids: Vec<_> =
        same.iter().filter(|(status, _)| *status == 201).map(|(_, body)| &body["data"]["id"]).collect();
    ids.dedup();
    assert_eq!(ids.len(), 1, "{same:?}");
    assert!(same.iter().all(|(status, _)| matches!(status, 201 | 409)), "{same:?}");
}
