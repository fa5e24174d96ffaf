//! A server that ends in the middle of its work, killed or told to: the next one takes up what is recorded, and nothing
//! happens twice.

use crate::harness::{
    MODELS, Omega, config, execute,
    executor::{self, Tools, id},
    folder,
    log::{Log, committed},
    message,
    process::{Process, command},
    providers, within,
};
use futures_util::StreamExt;
use omega_core::{
    api::{Accepted, ApprovalReason, CreateConversation, Decide, Decision, Remember, RequiredAction, ToolRunStatus},
    client::Client,
    event::{Envelope, Event},
    id::ConversationId,
    registry::meta::EXECUTE,
    testing::{Fault, Reply, Script, StandIn},
};
use omega_server::Server;
use serde_json::json;
use std::time::Duration;
use tempfile::TempDir;

const ANSWER: &str = "One two three four five six seven.";

struct World {
    folder: TempDir,
    provider: StandIn,
    tools: Tools,
    key: Option<String>,
}

impl World {
    async fn new(script: Script) -> Self {
        Self { folder: folder(), provider: StandIn::start(script).await, tools: Tools::start().await, key: None }
    }

    async fn start(&mut self) -> Process {
        let process = Process::start(command(self.folder.path(), &self.provider, &self.tools), self.key.clone()).await;
        match self.key {
            Some(_) => assert_eq!(process.key, None, "a key is made once"),
            None => self.key.clone_from(&process.key),
        }
        process
    }

    async fn log(&self, conversation: ConversationId) -> Vec<Envelope> {
        committed(&format!("sqlite:{}", self.folder.path().join("omega.db").display()), conversation).await
    }
}

async fn begin(client: &Client, model: &str) -> ConversationId {
    client.import_tools(executor::rows()).await.unwrap();
    let body = CreateConversation { title: Some("a test".into()), model: Some(model.into()), ..<_>::default() };
    client.create_conversation(&body).await.unwrap().id
}

async fn send(client: &Client, conversation: ConversationId, text: &str) -> Accepted {
    client.send_message(conversation, &message(text), text).await.unwrap()
}

/// Everything up to an event, as a reader gets it.
async fn until(client: &Client, id: ConversationId, last: impl Fn(&Envelope) -> bool) -> Vec<Envelope> {
    let mut frames = Box::pin(client.follow(id, Some(0)));
    let mut seen = Vec::new();
    while !seen.last().is_some_and(&last) {
        seen.push(within("a frame", frames.next()).await.unwrap().unwrap());
    }
    seen
}

fn kinds(log: &[Envelope]) -> Vec<&'static str> {
    log.iter().map(|envelope| envelope.event.kind()).collect()
}

/// What was seen before the end of the process stands in the log, in its place; the log has no gaps.
fn assert_kept(before: &[Envelope], log: &[Envelope]) {
    let stored: Vec<&Envelope> = before.iter().filter(|envelope| envelope.seq.is_some()).collect();
    assert!(stored.len() >= 3, "{:?}", kinds(before));
    assert_eq!(stored, log.iter().take(stored.len()).collect::<Vec<_>>());
    let numbers: Vec<u64> = log.iter().filter_map(|envelope| envelope.seq).collect();
    assert_eq!(numbers, (1..=log.len() as u64).collect::<Vec<_>>());
}

#[tokio::test]
async fn killed_in_the_middle_of_an_answer_the_model_is_asked_again_and_the_answer_stands_once() {
    let mut world = World::new(Script::new().turn(Reply::text(ANSWER).fault(Fault::Hold { after: 6 }, 1))).await;
    let server = world.start().await;
    let conversation = begin(&server.client, MODELS[0]).await;
    let accepted = send(&server.client, conversation, "go").await;
    let text = |envelope: &Envelope| matches!(envelope.event, Event::MessageDelta { .. });
    let before = until(&server.client, conversation, text).await;
    server.kill().await;

    let server = world.start().await;
    until(&server.client, conversation, |envelope| envelope.event.is_terminal()).await;
    let log = world.log(conversation).await;
    assert_kept(&before, &log);
    let log = Log(log);
    assert_eq!(log.answer(), ANSWER);
    for kind in ["message.created", "run.recovered", "message.reset", "message.completed"] {
        assert_eq!(log.count(kind), 1, "{kind} in {:?}", log.kinds());
    }
    assert_eq!(world.provider.requests().len(), 2);
    let detail = server.client.conversation(conversation).await.unwrap();
    assert_eq!(detail.messages.iter().map(|m| m.content.as_str()).collect::<Vec<_>>(), ["go", ANSWER]);
    // The answer to the message was lost with the connection; asked again with the same key, it is the same.
    assert_eq!(send(&server.client, conversation, "go").await, accepted);
    assert_eq!(server.client.conversation(conversation).await.unwrap().last_seq, detail.last_seq);
}

#[tokio::test]
async fn killed_in_the_middle_of_a_call_the_tool_is_not_run_again_and_the_model_is_told() {
    for model in MODELS {
        let calls = Reply::call(EXECUTE, execute(&id("acmeHang"), json!({})))
            .and_call(EXECUTE, execute(&id("acmeWeather"), json!({ "city": "Oslo" })));
        let mut world = World::new(Script::new().turn(calls).turn(Reply::text(ANSWER))).await;
        let server = world.start().await;
        let conversation = begin(&server.client, model).await;
        send(&server.client, conversation, "go").await;
        let done = |envelope: &Envelope| matches!(envelope.event, Event::ToolCompleted { .. });
        let before = until(&server.client, conversation, done).await;
        within("the call", world.tools.wait_until(|calls| calls.iter().any(|call| call.name == "acmeHang"))).await;
        server.kill().await;

        let server = world.start().await;
        until(&server.client, conversation, |envelope| envelope.event.is_terminal()).await;
        let log = world.log(conversation).await;
        assert_kept(&before, &log);
        let log = Log(log);
        assert_eq!(log.answer(), ANSWER, "{model}");
        assert_eq!((log.count("run.step.tool.unknown"), log.count("run.step.tool.completed")), (1, 1), "{model}");
        assert_eq!((world.tools.count("acmeHang"), world.tools.count("acmeWeather")), (1, 1), "nothing ran twice");
        let rows = server.client.tool_runs(conversation, <_>::default()).await.unwrap().rows;
        let states: Vec<_> = rows.iter().map(|row| (row.status, row.version.as_str())).collect();
        assert_eq!(states, [(ToolRunStatus::Unknown, "1.2.3"), (ToolRunStatus::Succeeded, "1.2.3")], "{model}");
        let last = world.provider.requests().pop().unwrap();
        assert_eq!(last.problems, Vec::<String>::new(), "{model}");
        assert_eq!(last.results[0].content["error"]["code"], "UNKNOWN", "{model}");
        assert_eq!(last.results[1].content["celsius"], 21, "{model}");
        // Who read along sees of the calls what is stored of them.
        let mut view = omega_core::view::View::default();
        log.0.iter().for_each(|envelope| assert_ne!(view.apply(envelope), omega_core::view::Applied::Gap));
        assert_eq!(view.tool_runs, rows, "{model}");
    }
}

#[tokio::test]
async fn a_call_that_may_have_taken_effect_is_not_repeated_without_a_yes() {
    let hang = || Reply::call(EXECUTE, execute(&id("acmeHang"), json!({})));
    let script = Script::new().turn(hang()).turn(hang()).turn(Reply::text(ANSWER));
    let mut world = World::new(script).await;
    let server = world.start().await;
    let conversation = begin(&server.client, MODELS[0]).await;
    let run = send(&server.client, conversation, "go").await.run_id;
    within("the call", world.tools.wait_until(|calls| !calls.is_empty())).await;
    server.kill().await;

    let server = world.start().await;
    until(&server.client, conversation, |envelope| matches!(envelope.event, Event::RunRequiresAction { .. })).await;
    let paused = server.client.run(run).await.unwrap();
    let Some(RequiredAction::Approval { approvals, .. }) = paused.requires_action else { panic!("{paused:?}") };
    assert_eq!(approvals[0].reason, ApprovalReason::UnknownOutcome);
    assert_eq!(world.tools.count("acmeHang"), 1);
    let no = Decide {
        decision: Decision::Deny,
        remember: Remember::Once,
        reason: None,
        args_digest: Some(approvals[0].args_digest.clone()),
        input: None,
    };
    server.client.decide(approvals[0].id, &no).await.unwrap();
    until(&server.client, conversation, |envelope| envelope.event.is_terminal()).await;
    let log = Log(world.log(conversation).await);
    assert_eq!((log.answer(), log.count("run.step.tool.unknown")), (ANSWER, 1));
    assert_eq!(world.tools.count("acmeHang"), 1);
}

#[tokio::test]
async fn what_was_acknowledged_survives_any_number_of_kills_and_is_answered_in_order() {
    let script = (0..4).fold(Script::new(), |script, n| {
        let name = format!("message {n}");
        let reply = Reply::text(&format!("answer {n}")).fault(Fault::Hold { after: 2 }, 1);
        script.when(move |seen| seen.users.last() == Some(&name), [reply])
    });
    let mut world = World::new(script).await;
    let server = world.start().await;
    let conversation = begin(&server.client, MODELS[0]).await;
    let mut runs = Vec::new();
    for n in 0..4 {
        runs.push(send(&server.client, conversation, &format!("message {n}")).await.run_id);
    }
    // Each answer is held at its first try; each time the server is killed while the model waits.
    let mut server = server;
    for n in 1..=4 {
        let asked = |seen: &[omega_core::testing::Seen]| seen.iter().filter(|seen| seen.users.len() == n).count() == 1;
        within("the model is asked", world.provider.wait_until(asked)).await;
        server.kill().await;
        server = world.start().await;
    }
    let last = |envelope: &Envelope| envelope.run_id == runs.last().copied() && envelope.event.is_terminal();
    until(&server.client, conversation, last).await;
    let log = world.log(conversation).await;
    let ended: Vec<_> = log
        .iter()
        .filter_map(|envelope| match &envelope.event {
            Event::RunCompleted { answer, .. } => Some((envelope.run_id.unwrap(), answer.as_str())),
            _ => None,
        })
        .collect();
    let expected: Vec<_> = runs.iter().copied().zip(["answer 0", "answer 1", "answer 2", "answer 3"]).collect();
    assert_eq!(ended, expected, "{:?}", kinds(&log));
    assert_eq!(log.iter().filter(|envelope| envelope.event.is_terminal()).count(), 4);
    assert_eq!(Log(log).count("run.recovered"), 4);
}

#[tokio::test]
async fn killed_after_any_event_a_run_ends_once_and_no_call_is_made_twice() {
    let weather = |city: &str| execute(&id("acmeWeather"), json!({ "city": city }));
    let script = Script::new()
        .turn(Reply::call(EXECUTE, weather("A")).and_call(EXECUTE, weather("B")).and_call(EXECUTE, weather("C")))
        .turn(Reply::call(EXECUTE, weather("D")).and_call(EXECUTE, weather("E")).and_text("Two more."))
        .turn(Reply::text(ANSWER).delay(Duration::from_millis(1)));
    let mut world = World::new(script).await;
    let mut server = world.start().await;
    let (mut made, mut killed) = (0, 0);
    for (cursor, model) in (2..30).step_by(3).zip(MODELS.iter().cycle()) {
        let conversation = begin(&server.client, model).await;
        send(&server.client, conversation, "go").await;
        let ends = |envelope: &Envelope| envelope.event.is_terminal();
        let before = until(&server.client, conversation, |e| e.seq >= Some(cursor) || ends(e)).await;
        server.kill().await;
        server = world.start().await;
        until(&server.client, conversation, ends).await;
        let log = world.log(conversation).await;
        let stored = before.iter().filter(|envelope| envelope.seq.is_some()).count();
        assert_eq!(
            before.iter().filter(|e| e.seq.is_some()).collect::<Vec<_>>(),
            log.iter().take(stored).collect::<Vec<_>>()
        );
        let log = Log(log);
        let at = format!("{model}, killed after event {cursor}: {:?}", log.kinds());
        assert!(log.answer().ends_with(ANSWER), "{at}");
        killed += log.count("run.recovered");
        let rows = server.client.tool_runs(conversation, <_>::default()).await.unwrap().rows;
        assert_eq!(rows.len(), 5, "{at}");
        let calls = world.tools.calls().split_off(made);
        made += calls.len();
        for row in rows {
            let times = calls.iter().filter(|call| call.params == row.input).count();
            let allowed = match row.status {
                ToolRunStatus::Succeeded => 1..=1,
                // Between the record of the intent and the answer: it was made, or it was not.
                ToolRunStatus::Unknown => 0..=1,
                other => panic!("{other:?}: {at}"),
            };
            assert!(allowed.contains(&times), "{} was made {times} times: {at}", row.input);
        }
    }
    assert!(killed >= 5, "only {killed} runs were in the middle of their work");
    for seen in world.provider.requests() {
        assert_eq!(seen.problems, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_cancellation_that_was_asked_for_before_the_kill_holds_after_it() {
    let hang = Reply::call(EXECUTE, execute(&id("acmeHang"), json!({})));
    let mut world = World::new(Script::new().turn(hang).turn(Reply::text("never"))).await;
    let server = world.start().await;
    let conversation = begin(&server.client, MODELS[0]).await;
    send(&server.client, conversation, "go").await;
    within("the call", world.tools.wait_until(|calls| !calls.is_empty())).await;
    server.client.cancel_conversation(conversation).await.unwrap();
    server.kill().await;
    let server = world.start().await;
    until(&server.client, conversation, |envelope| envelope.event.is_terminal()).await;
    let log = Log(world.log(conversation).await);
    assert!(matches!(log.end(), Event::RunCancelled { .. }), "{:?}", log.kinds());
    assert_eq!((world.provider.requests().len(), world.tools.count("acmeHang")), (1, 1));
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_ends_the_step_at_work_and_the_next_one_goes_on_from_there() {
    let weather = execute(&id("acmeWeather"), json!({ "city": "Oslo" }));
    let first = Reply::call(EXECUTE, weather).and_text("I look it up.").fault(Fault::Hold { after: 2 }, 1);
    let omega = Omega::start(Script::new().turn(first).turn(Reply::text(ANSWER))).await;
    let conversation = omega.conversation(MODELS[2]).await;
    omega.send(conversation, "go").await;
    omega.provider.wait_for_requests(1).await;
    let mut frames = omega.events(conversation, "?after=0").await;
    let stopping = tokio::spawn(omega.server.stop());
    let seen = within("the end of the stream", frames.until(|_| false)).await;
    assert_eq!(seen.last().unwrap().event.kind(), "draining", "{:?}", kinds(&seen));
    omega.provider.release();
    within("the stop", stopping).await.unwrap();
    let stopped = committed(&omega.database, conversation).await;
    assert!(kinds(&stopped).contains(&"message.completed"), "the step was ended: {:?}", kinds(&stopped));
    assert!(!stopped.iter().any(|envelope| envelope.event.is_terminal()));

    // The old server's lock goes with its last task.
    let config = config(&omega.database, omega.folder.path(), &omega.tools, providers(&omega.provider));
    let next = within("the lock", async {
        loop {
            match Server::start(config.clone()).await {
                Ok(server) => break server,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    })
    .await;
    let client = Client::new(&next.url, secrecy::SecretString::from(omega.key.clone())).unwrap();
    until(&client, conversation, |envelope| envelope.event.is_terminal()).await;
    let log = committed(&omega.database, conversation).await;
    assert_kept(&seen, &log);
    let log = Log(log);
    assert_eq!(log.answer(), ANSWER);
    assert_eq!((omega.provider.requests().len(), omega.tools.count("acmeWeather")), (2, 1), "{:?}", log.kinds());
    assert_eq!(log.count("message.reset") + log.count("run.step.tool.unknown"), 0, "{:?}", log.kinds());
}
