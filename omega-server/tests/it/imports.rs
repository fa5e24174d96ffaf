//! A conversation goes out as a document and comes back as another conversation (M7): nothing of it is lost, nothing of it
//! gives rights, and a document that is none leaves nothing behind.

use crate::harness::{
    MODELS, Omega, execute,
    executor::id,
    folder,
    postgres::Postgres,
    refusals::{answer, refused},
    within,
};
use omega_core::{
    api::{
        ConversationDetail, Decide, Decision, GiveFeedback, PutCredential, Rating, Remember, RequiredAction, RunStatus,
    },
    client::ExportFormat,
    event::Event,
    id::ConversationId,
    registry::meta::EXECUTE,
    testing::{Reply, Script},
    view::{Applied, View},
};
use reqwest::Method;
use serde_json::{Map, Value, json};
use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};
use std::collections::HashMap;

/// Everything that a conversation can have: calls that work, fail, give much, were allowed and refused, plans, and a run
/// that still waits.
async fn rich(omega: &Omega) -> ConversationId {
    let conversation = omega.conversation(MODELS[0]).await;
    omega.ask_in(conversation, "A *first* one, with <b>markup</b> and a \u{202e} turn").await;
    let patch = json!({ "safeMode": true, "title": "A `title` of ours" });
    let path = format!("/api/omega/conversations/{conversation}");
    assert_eq!(answer(omega.request(Method::PATCH, &path).json(&patch)).await.0, 200);
    for (decision, reason) in [(Decision::Approve, None), (Decision::Deny, Some("not that one".to_owned()))] {
        let run = omega.send(conversation, "Ask me first").await.run_id;
        let paused = waits(omega, conversation).await;
        let Some(RequiredAction::Approval { approvals, .. }) = paused else { panic!("{paused:?}") };
        let decide = Decide { decision, reason, remember: Remember::Once, args_digest: None, input: None };
        omega.client.decide(approvals[0].id, &decide).await.unwrap();
        omega.told(conversation, run).await;
        for (rating, comment) in [(Rating::Bad, "too `long`"), (Rating::Good, "on second thought, # fine")] {
            let given = GiveFeedback { rating, felt_real: Some(true), comment: Some(comment.into()) };
            omega.client.give_feedback(run, &given).await.unwrap();
        }
    }
    // The last one is taken back.
    let runs = omega.client.conversation(conversation).await.unwrap().runs;
    omega.client.remove_feedback(runs.last().unwrap().id).await.unwrap();
    conversation
}

async fn waits(omega: &Omega, conversation: ConversationId) -> Option<RequiredAction> {
    within("the question", async {
        loop {
            let detail = omega.client.conversation(conversation).await.unwrap();
            if let Some(run) = detail.runs.iter().find(|run| run.status == RunStatus::Paused) {
                break run.requires_action.clone();
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await
}

fn script() -> Script {
    let weather = |city: &str| Reply::call(EXECUTE, execute(&id("acmeWeather"), json!({ "city": city })));
    let first = weather("Oslo")
        .and_call(EXECUTE, execute(&id("acmeBroken"), json!({})))
        .and_call(EXECUTE, execute(&id("acmeLarge"), json!({ "bytes": 200_000 })))
        .and_text("Looking.")
        .reasoning("Three things to do.");
    Script::new()
        .when(
            |seen| seen.users.last().is_some_and(|said| said.contains("*first*")),
            [first, Reply::text("It is **21**.")],
        )
        .when(
            |seen| seen.users.last().is_some_and(|said| said.contains("Ask me")),
            [weather("Rome"), Reply::text("So be it.")],
        )
        .when(
            |seen| seen.users.last().is_some_and(|said| said.contains("keyed")),
            [Reply::call(EXECUTE, execute(&id("acmeKeyed"), json!({}))), Reply::text("Seven.")],
        )
        .turn(Reply::text("Nothing."))
}

async fn exported(omega: &Omega, conversation: ConversationId) -> Value {
    let text = omega.client.export(conversation, ExportFormat::Json).await.unwrap();
    serde_json::from_str(&text).unwrap()
}

async fn imported(omega: &Omega, document: &Value) -> ConversationId {
    omega.client.import_conversation(serde_json::to_vec(document).unwrap()).await.unwrap().id
}

/// The document without what has to be another: ids by the order in which they come, no address, no people's rights.
fn same_but_for_ids(document: &Value) -> Value {
    fn walk(value: &Value, ids: &mut HashMap<String, String>) -> Value {
        match value {
            Value::String(text) if uuid::Uuid::try_parse(text).is_ok() => {
                let next = format!("id {}", ids.len());
                ids.entry(text.clone()).or_insert(next).clone().into()
            }
            Value::Array(items) => items.iter().map(|item| walk(item, ids)).collect(),
            Value::Object(members) => Value::Object(
                members.iter().map(|(name, member)| (name.clone(), walk(member, ids))).collect::<Map<_, _>>(),
            ),
            other => other.clone(),
        }
    }
    let mut document = document.clone();
    let members = document.as_object_mut().unwrap();
    for name in ["url", "participants", "isOwner", "updatedAt", "visibility", "guestCredentials"] {
        members.remove(name);
    }
    walk(&document, &mut HashMap::new())
}

#[tokio::test]
async fn a_conversation_that_was_exported_and_imported_exports_to_the_same_document() {
    let cluster = Postgres::start();
    let mut omegas = vec![Omega::start(script()).await];
    if let Some(cluster) = &cluster {
        omegas.push(Omega::start_on(cluster.url.clone(), folder(), script()).await);
    }
    for omega in &omegas {
        let conversation = rich(omega).await;
        let first = exported(omega, conversation).await;
        let kinds: Vec<&str> = first["events"].as_array().unwrap().iter().filter_map(|e| e["type"].as_str()).collect();
        let told = ["approval.decided", "run.step.tool.completed", "run.completed", "conversation.updated"];
        for kind in told.into_iter().chain(["feedback.given", "feedback.removed"]) {
            assert!(kinds.contains(&kind), "{kind}: the document has everything: {kinds:?}");
        }
        let large = |document: &Value| {
            let outputs = document["toolRuns"].as_array().unwrap().iter();
            outputs.map(|run| run["output"].to_string().len()).max().unwrap()
        };
        assert!(large(&first) > 150_000, "whole outputs, also of large ones");
        let copy = imported(omega, &first).await;
        assert_ne!(copy, conversation);
        let second = exported(omega, copy).await;
        assert_eq!(same_but_for_ids(&first), same_but_for_ids(&second));
        assert_eq!(large(&second), large(&first));
        // None of the first one's ids is in the second one, the people's neither.
        let ids = |document: &Value| -> Vec<String> {
            let mut ids = Vec::new();
            let text = document["events"].to_string();
            for part in text.split('"').filter(|part| uuid::Uuid::try_parse(part).is_ok()) {
                ids.push(part.to_owned());
            }
            ids
        };
        let old = ids(&first);
        assert!(old.len() > 50 && ids(&second).iter().all(|new| !old.contains(new)));

        // Events, rows and a reader say the same.
        let detail: ConversationDetail = omega.client.conversation(copy).await.unwrap();
        let mut view = View::begun(Some(detail.conversation.clone()), 0);
        let mut frames = omega.events(copy, "?after=0").await;
        let log = within("the events", frames.until(|envelope| envelope.seq == Some(detail.last_seq))).await;
        log.iter().for_each(|envelope| assert_ne!(view.apply(envelope), Applied::Gap));
        assert_eq!((view.messages, view.tool_runs), (detail.messages, detail.tool_runs));
        assert_eq!(view.runs, detail.runs);
        assert_eq!(detail.participants.len(), 1, "names in a document take no part");
    }
}

#[tokio::test]
async fn an_imported_conversation_goes_on_with_what_was_said_and_done() {
    let omega = Omega::start(script()).await;
    let conversation = rich(&omega).await;
    let copy = imported(&omega, &exported(&omega, conversation).await).await;
    let told = omega.ask_in(copy, "And now?").await;
    assert_eq!(told.log.answer(), "Nothing.");
    let last = omega.provider.requests().pop().unwrap();
    assert_eq!(last.users.len(), 4, "{:?}", last.users);
    assert!(last.problems.is_empty() && last.results.len() == 5, "calls and results are paired: {:?}", last.problems);
    assert!(last.results[0].content.to_string().contains("Oslo"), "{:?}", last.results[0]);
}

#[tokio::test]
async fn a_run_that_waited_has_ended_in_the_copy_and_gives_nobody_anything() {
    let omega = Omega::start(script()).await;
    let conversation = omega.conversation(MODELS[0]).await;
    omega.send(conversation, "Something keyed").await;
    waits(&omega, conversation).await.expect("it waits for its key");
    let document = exported(&omega, conversation).await;
    let copy = imported(&omega, &document).await;
    let detail = omega.client.conversation(copy).await.unwrap();
    assert_eq!((detail.runs[0].status, &detail.runs[0].requires_action), (RunStatus::Cancelled, &None));
    assert!(detail.tool_runs.iter().all(|run| run.status.is_terminal()));
    let path = format!("/api/omega/conversations/{copy}/credentials");
    let given = json!({ "env": { "ACME_API_KEY": "k" } });
    assert_eq!(refused(omega.request(Method::POST, &path).json(&given)).await.0, 409, "nobody waits for it there");
    assert_eq!(omega.tools.count("acmeKeyed"), 0);
    // From here on it is a document like any other.
    let second = exported(&omega, copy).await;
    let third = exported(&omega, imported(&omega, &second).await).await;
    assert_eq!(same_but_for_ids(&second), same_but_for_ids(&third));
}

#[tokio::test]
async fn people_in_a_document_are_names_and_secrets_in_it_are_not_stored() {
    let omega = Omega::start(script()).await;
    let stored =
        PutCredential { value: "a-stored-secret-0123456789".into(), tool_id: None, scope: None, kept_in: None };
    omega.client.put_credential("STORED_KEY", &stored).await.unwrap();
    let conversation = rich(&omega).await;
    let mut document = exported(&omega, conversation).await;
    let owner = omega.client.conversation(conversation).await.unwrap().participants[0].user_id;
    let joined = json!({
        "v": 1, "seq": 1, "conversationId": conversation, "at": "2026-11-22T18:00:00.000Z", "type": "participant.joined",
        "userId": owner, "role": "owner", "displayName": "Mal\u{202e}lory\nthe second", "gravatarHash": "0123456789abcdef",
    });
    let events = document["events"].as_array_mut().unwrap();
    for event in events.iter_mut() {
        event["seq"] = json!(event["seq"].as_u64().unwrap() + 1);
        if let Some(seq) = event["message"]["seq"].as_u64() {
            event["message"]["seq"] = json!(seq + 1);
        }
    }
    events.insert(0, joined);
    let key = format!("sk-ant-{}", "a1B2c3D4e5F6".repeat(4));
    for event in events.iter_mut().filter(|event| event["type"] == "message.created").take(1) {
        event["message"]["parts"][0]["text"] = json!(format!("it is a-stored-secret-0123456789 or {key}"));
    }
    let copy = imported(&omega, &document).await;
    let detail = omega.client.conversation(copy).await.unwrap();
    assert_eq!(detail.messages[0].content, "it is «redacted:STORED_KEY» or «redacted:anthropic-key»");
    assert_eq!((detail.participants.len(), detail.participants[0].user_id), (1, owner));
    for message in &detail.messages {
        if let Some(author) = &message.author {
            assert_ne!(author.user_id, owner, "who imports a conversation has not written it");
            assert_eq!(author.gravatar_hash, "");
        }
    }
    let said = omega.client.feedback(copy).await.unwrap();
    assert!(!said.is_empty());
    for feedback in said {
        assert_ne!(feedback.author.user_id, owner, "nor has said what it is said to have");
    }
    let log = omega.committed(copy).await;
    let Event::Notice { message, .. } = &log[0].event else { panic!("{:?}", log[0]) };
    assert!(message.ends_with("the second took part") && !message.contains(['\u{202e}', '\n']), "{message}");
}

#[tokio::test]
async fn a_document_that_is_none_is_refused_with_its_place_and_nothing_is_stored() {
    let omega = Omega::start(script()).await;
    let conversation = rich(&omega).await;
    let good = exported(&omega, conversation).await;
    let conversations = async || {
        let path = omega.database.strip_prefix("sqlite:").unwrap();
        let mut database = SqliteConnectOptions::new().filename(path).read_only(true).connect().await.unwrap();
        let (count,): (i64,) =
            sqlx::query_as("SELECT COUNT(*) FROM conversations").fetch_one(&mut database).await.unwrap();
        database.close().await.unwrap();
        count
    };
    let before = conversations().await;
    let with = |change: &dyn Fn(&mut Value)| {
        let mut document = good.clone();
        change(&mut document);
        document.to_string()
    };
    let first = |kind: &str| good["events"].as_array().unwrap().iter().position(|event| event["type"] == kind).unwrap();
    let (created, proposed) = (first("message.created"), first("run.step.tool.proposed"));
    let said = first("feedback.given");
    let cases = [
        (String::from("{\"format\": "), "document"),
        (String::from("[1, 2]"), "document"),
        (String::from("{}"), "format"),
        (with(&|d| d["format"] = json!("omega.conversation/99")), "omega.conversation/99"),
        (with(&|d| d["events"] = json!("none")), "events"),
        (with(&|d| d["events"] = json!([1])), "events.0"),
        (with(&|d| d["model"] = json!("")), "model"),
        (with(&|d| d["title"] = json!("x".repeat(201))), "title"),
        (with(&|d| d["title"] = json!(7)), "title"),
        (with(&|d| drop(d["events"].as_array_mut().unwrap().remove(2))), "events.2"),
        (with(&|d| d["events"][3]["seq"] = json!(1)), "events.3"),
        (with(&|d| d["events"][1]["conversationId"] = json!(uuid::Uuid::new_v4())), "events.1"),
        (with(&|d| d["events"][1]["type"] = json!("run.teleported")), "events.1"),
        (with(&|d| d["events"][created]["message"]["role"] = json!("assistant")), "events."),
        (with(&|d| d["events"][created]["message"]["seq"] = json!(5)), "another number"),
        (with(&|d| d["events"][created]["message"]["runId"] = json!(uuid::Uuid::new_v4())), "a run that there is not"),
        (with(&|d| d["events"][proposed]["messageId"] = json!(uuid::Uuid::new_v4())), "a message that there is not"),
        (with(&|d| d["events"][said]["feedback"]["runId"] = json!(uuid::Uuid::new_v4())), "another run"),
        (with(&|d| d["events"][said]["feedback"]["comment"] = json!("x".repeat(4097))), "4096"),
        (
            with(&|d| {
                let unknown = json!(uuid::Uuid::new_v4());
                d["events"][said]["feedback"]["runId"] = unknown.clone();
                d["events"][said]["runId"] = unknown;
            }),
            "the answer of a run that there is not",
        ),
        (with(&|d| d["toolRuns"][0]["id"] = json!(uuid::Uuid::new_v4())), "toolRuns.0"),
        (with(&|d| d["messages"][0]["id"] = json!("x")), "messages.0"),
        (format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)), "document"),
    ];
    for (document, says) in &cases {
        let importing = omega.request(Method::POST, "/api/omega/conversations/import");
        let (status, body) = answer(importing.header("content-type", "application/json").body(document.clone())).await;
        let said = body["error"].as_str().unwrap_or_default();
        assert_eq!(status, 422, "{says}: {body}");
        assert!(said.contains(says), "{says:?} is not in {said:?}");
    }
    assert_eq!(conversations().await, before);
    imported(&omega, &good).await;
    assert_eq!(conversations().await, before + 1, "and the good one can be read");
}
