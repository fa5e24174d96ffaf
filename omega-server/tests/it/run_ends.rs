//! The order of messages, and the ends that people choose: wait, refuse, interrupt, cancel.

use crate::harness::{MODELS, Omega, execute, executor::id, message, within};
use omega_core::{
    api::{OnActive, RunStatus, SendMessage, ToolRunStatus},
    client::ClientError,
    event::Event,
    registry::meta::EXECUTE,
    testing::{Fault, Outcome, Reply, Script},
};
use serde_json::json;
use std::time::{Duration, Instant};

const LONG: &str = "One two three four five six seven eight nine ten.";

fn held() -> Reply {
    Reply::text(LONG).fault(Fault::Hold { after: 6 }, 1)
}

#[tokio::test]
async fn ten_messages_at_once_are_answered_one_by_one_in_the_order_of_their_numbers() {
    // Every answer repeats its message.
    let omega = Omega::start(Script::new()).await;
    let conversation = omega.conversation(MODELS[0]).await;
    let texts: Vec<String> = (0..10).map(|n| format!("message {n}")).collect();
    let mut sent = futures_util::future::join_all(texts.iter().map(async |text| {
        let accepted = omega.send(conversation, text).await;
        (accepted.seq, accepted.run_id, text)
    }))
    .await;
    sent.sort_unstable_by_key(|(seq, ..)| *seq);
    for (_, run, text) in &sent {
        assert_eq!(omega.told(conversation, *run).await.log.answer(), format!("echo: {text}"));
    }
    let order = |kind: &str, log: &[omega_core::event::Envelope]| -> Vec<_> {
        log.iter().filter(|e| e.event.kind() == kind).filter_map(|e| e.run_id).collect()
    };
    let log = omega.committed(conversation).await;
    let expected: Vec<_> = sent.iter().map(|(_, run, _)| *run).collect();
    assert_eq!(order("run.started", &log), expected);
    assert_eq!(order("run.completed", &log), expected);
    let last = omega.provider.requests().pop().unwrap();
    assert_eq!(last.users, sent.iter().map(|(_, _, text)| text.as_str()).collect::<Vec<_>>());
    assert_eq!(last.assistants.len(), 9);
}

#[tokio::test]
async fn a_busy_conversation_takes_sixteen_more_messages_refuses_or_is_interrupted() {
    let omega = Omega::start(Script::new().when(|seen| seen.users == ["first"], [held()])).await;
    let conversation = omega.conversation(MODELS[0]).await;
    let first = omega.send(conversation, "first").await;
    omega.provider.wait_for_requests(1).await;
    let on_active = async |text: &str, on_active| {
        let body = SendMessage { on_active: Some(on_active), ..message(text) };
        omega.client.send_message(conversation, &body, text).await
    };
    match on_active("no", OnActive::Reject).await {
        Err(ClientError::Refused { status: 409, code, details, .. }) => {
            assert_eq!(code.as_deref(), Some("RUN_ACTIVE"));
            assert_eq!(details["runId"], first.run_id.to_string());
        }
        other => panic!("{other:?}"),
    }
    let mut waiting = Vec::new();
    for n in 0..16 {
        waiting.push(omega.send(conversation, &format!("waiting {n}")).await.run_id);
    }
    match on_active("too many", OnActive::Enqueue).await {
        Err(ClientError::RateLimited { retry_after: Some(_), .. }) => {}
        other => panic!("{other:?}"),
    }
    // One of the waiting ones is taken back before the next one comes.
    omega.client.cancel_run(waiting[0]).await.unwrap();
    let new = on_active("stop that", OnActive::Interrupt).await.unwrap();
    assert_eq!(omega.told(conversation, new.run_id).await.log.answer(), "echo: stop that");
    let runs = omega.client.conversation(conversation).await.unwrap().runs;
    let cancelled = runs.iter().filter(|run| run.status == RunStatus::Cancelled).count();
    assert_eq!((cancelled, runs.len()), (17, 18), "everything before the interruption ended");
}

#[tokio::test]
async fn a_run_that_is_cancelled_in_the_middle_of_an_answer_ends_within_a_second_and_keeps_the_text() {
    for model in MODELS {
        let omega = Omega::start(Script::new().when(|seen| seen.users == ["go"], [held()])).await;
        let conversation = omega.conversation(model).await;
        let accepted = omega.send(conversation, "go").await;
        let mut frames = omega.events(conversation, "?after=0").await;
        within("text", frames.until(|envelope| matches!(envelope.event, Event::MessageDelta { .. }))).await;
        let asked = Instant::now();
        omega.client.cancel_run(accepted.run_id).await.unwrap();
        within("the end", frames.until(|envelope| envelope.event.is_terminal())).await;
        assert!(asked.elapsed() < Duration::from_secs(1), "{model}: {:?}", asked.elapsed());

        let told = omega.told(conversation, accepted.run_id).await;
        assert!(matches!(told.log.end(), Event::RunCancelled { .. }), "{model}");
        let detail = omega.client.conversation(conversation).await.unwrap();
        let kept = &detail.messages[1].content;
        assert!(kept.starts_with("One") && LONG.starts_with(kept.as_str()) && kept.len() < LONG.len(), "{kept:?}");
        within("the provider sees it", omega.provider.wait_until(|seen| seen[0].outcome == Outcome::HungUp)).await;

        // Cancelling again changes nothing, and the conversation goes on with what was kept.
        omega.client.cancel_run(accepted.run_id).await.unwrap();
        omega.client.cancel_conversation(conversation).await.unwrap();
        assert_eq!(omega.ask_in(conversation, "more").await.log.answer(), "echo: more");
        let last = omega.provider.requests().pop().unwrap();
        assert_eq!((last.problems.len(), last.assistants.as_slice()), (0, &[kept.clone()][..]), "{model}");
        let ends = omega.committed(conversation).await.iter().filter(|e| e.event.is_terminal()).count();
        assert_eq!(ends, 2);
    }
}

#[tokio::test]
async fn a_run_that_is_cancelled_while_tools_work_ends_within_a_second_with_a_result_for_every_call() {
    let hang = || execute(&id("acmeHang"), json!({}));
    for model in MODELS {
        // Nine calls: eight work side by side, and one waits for its turn.
        let calls = (1..9).fold(Reply::call(EXECUTE, hang()), |reply, _| reply.and_call(EXECUTE, hang()));
        let omega = Omega::start(Script::new().when(|seen| seen.users == ["go"], [calls])).await;
        let conversation = omega.conversation(model).await;
        let accepted = omega.send(conversation, "go").await;
        within("the tools", omega.tools.wait_until(|calls| calls.len() == 8)).await;
        let asked = Instant::now();
        omega.client.cancel_conversation(conversation).await.unwrap();
        let told = omega.told(conversation, accepted.run_id).await;
        assert!(asked.elapsed() < Duration::from_secs(1), "{model}: {:?}", asked.elapsed());
        assert!(matches!(told.log.end(), Event::RunCancelled { .. }));
        let ended: Vec<_> = told.log.calls().into_iter().map(|call| (call.name, call.status)).collect();
        assert_eq!(ended, vec![(String::from("acmeHang"), ToolRunStatus::Cancelled); 9]);
        let hung_up = |calls: &[crate::harness::executor::Call]| calls.iter().all(|call| call.hung_up);
        within("the executor sees it", omega.tools.wait_until(hung_up)).await;
        assert_eq!(omega.tools.count("acmeHang"), 8, "the one that waited was never run");

        assert_eq!(omega.ask_in(conversation, "more").await.log.answer(), "echo: more");
        let last = omega.provider.requests().pop().unwrap();
        assert_eq!((last.problems.len(), last.results.len()), (0, 9), "{model}: {:?}", last.problems);
    }
}

#[tokio::test]
async fn one_call_can_be_cancelled_alone() {
    let weather = execute(&id("acmeWeather"), json!({ "city": "Oslo" }));
    let script = Script::new()
        .turn(Reply::call(EXECUTE, execute(&id("acmeHang"), json!({}))).and_call(EXECUTE, weather))
        .turn(Reply::text("One of two."));
    let omega = Omega::start(script).await;
    let conversation = omega.conversation(MODELS[0]).await;
    let accepted = omega.send(conversation, "go").await;
    let mut frames = omega.events(conversation, "?after=0").await;
    within("the other call", frames.until(|e| matches!(e.event, Event::ToolCompleted { .. }))).await;
    within("the hanging call", omega.tools.wait_until(|calls| calls.iter().any(|call| call.name == "acmeHang"))).await;
    let rows = omega.client.tool_runs(conversation, <_>::default()).await.unwrap().rows;
    let hanging = rows.iter().find(|row| row.tool_name == "acmeHang").unwrap();
    assert_eq!(hanging.status, ToolRunStatus::Started);
    omega.client.cancel_tool_run(hanging.id).await.unwrap();

    let told = omega.told(conversation, accepted.run_id).await;
    assert_eq!(told.log.answer(), "One of two.");
    let seen = omega.provider.requests().pop().unwrap();
    assert_eq!(seen.results[0].content["error"]["code"], "CANCELLED");
    assert_eq!(seen.results[1].content["celsius"], 21);
    omega.client.cancel_tool_run(hanging.id).await.unwrap();
    let row = omega.client.tool_run(hanging.id).await.unwrap();
    assert_eq!((row.status, row.version.as_str()), (ToolRunStatus::Cancelled, "1.2.3"));
}

#[tokio::test]
async fn variables_of_a_message_reach_only_the_tools_that_declare_them_and_are_written_nowhere() {
    let secret = "s3cr3t-of-this-message";
    let call = |name: &str, input| execute(&id(name), input);
    let script = Script::new()
        .turn(
            Reply::call(EXECUTE, call("acmeKeyed", json!({})))
                .and_call(EXECUTE, call("acmeWeather", json!({ "city": "Oslo" }))),
        )
        .turn(Reply::text("Done."));
    let omega = Omega::start(script).await;
    let conversation = omega.conversation(MODELS[0]).await;
    let env = [("ACME_API_KEY".into(), secret.into()), ("OTHER".into(), "x".into())].into();
    let body = SendMessage { env, ..message("go") };
    let accepted = omega.client.send_message(conversation, &body, "k").await.unwrap();
    assert_eq!(omega.told(conversation, accepted.run_id).await.log.answer(), "Done.");
    for call in omega.tools.calls() {
        let expected = if call.name == "acmeKeyed" { json!({ "ACME_API_KEY": secret }) } else { json!({}) };
        assert_eq!(call.env, expected, "{}", call.name);
    }
    let log = serde_json::to_string(&omega.committed(conversation).await).unwrap();
    assert!(log.contains("ACME_API_KEY") && !log.contains(secret));
    let asked = format!("{:?}", omega.provider.requests());
    assert!(!asked.contains(secret));
    let file = omega.database.trim_start_matches("sqlite:");
    for path in [file.to_owned(), format!("{file}-wal")] {
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{path} holds the secret");
    }
}
