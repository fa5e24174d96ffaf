//! The API's edges: what is refused and how, what is answered twice the same, and reading by pieces.

use crate::harness::{
    MODELS, Omega, execute,
    executor::id,
    frames::Frames,
    message,
    refusals::{answer, code, refused},
    within,
};
use omega_core::{
    api::UpdateConversation,
    client::ExportFormat,
    registry::meta::EXECUTE,
    testing::{Fault, Reply, Script},
};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

#[tokio::test]
async fn a_wrong_request_is_told_which_part_of_it_is_wrong() {
    let omega = Omega::start(Script::new()).await;
    let conversation = omega.conversation(MODELS[0]).await;
    let messages = format!("/api/omega/conversations/{conversation}/messages");
    let post = |body: &Value| omega.request(Method::POST, &messages).json(body);
    let raw = |kind: &str, body: &str| {
        omega.request(Method::POST, &messages).header("content-type", kind).body(body.to_owned())
    };

    let wrong_method = omega.request(Method::PUT, &messages).send().await.unwrap();
    assert!(wrong_method.headers()[header::ALLOW].to_str().unwrap().contains("POST"));
    assert_eq!(refused(omega.request(Method::PUT, &messages)).await, code(405, "METHOD_NOT_ALLOWED"));
    assert_eq!(refused(raw("text/plain", "{\"message\":\"hi\"}")).await, code(415, "UNSUPPORTED_MEDIA_TYPE"));
    assert_eq!(refused(raw("application/json", "{\"message\":")).await, code(400, "BAD_REQUEST"));
    let large = json!({ "message": "x".repeat(2 << 20) });
    assert_eq!(refused(post(&large)).await, code(413, "PAYLOAD_TOO_LARGE"));

    let fields = [
        (json!({ "message": "  " }), "message"),
        (json!({ "message": 5 }), "message"),
        (json!({}), "message"),
        (json!({ "message": "hi", "onActive": "explode" }), "onActive"),
        (json!({ "message": "hi", "surprise": 1 }), "surprise"),
        (json!({ "message": "hi", "env": { "NODE_OPTIONS": "--inspect" } }), "env"),
        (json!({ "message": "hi", "env": { "A B": "x" } }), "env"),
        (json!({ "message": "hi", "pins": ["no separator"] }), "pins"),
    ];
    for (body, field) in fields {
        let (status, answer) = answer(post(&body)).await;
        assert_eq!((status, &answer["details"]["code"]), (422, &json!("INVALID_INPUT")), "{body}");
        let named = answer["details"]["fields"][0]["field"].as_str().unwrap_or_default();
        assert!(named.starts_with(field), "{body}: {answer}");
    }
    for (query, field) in
        [("limit=0", "limit"), ("limit=201", "limit"), ("limit=abc", "limit"), ("before=-1", "before")]
    {
        let (status, answer) = answer(omega.request(Method::GET, &format!("{messages}?{query}"))).await;
        assert_eq!((status, &answer["details"]["fields"][0]["field"]), (422, &json!(field)), "{query}: {answer}");
    }
    assert!(omega.committed(conversation).await.is_empty(), "nothing of it was stored");
}

#[tokio::test]
async fn the_same_request_is_done_once_however_often_and_at_once_it_comes() {
    let omega = Omega::start(Script::new()).await;
    let conversation = omega.conversation(MODELS[0]).await;
    let send = |text: &str, key: &str| {
        let path = format!("/api/omega/conversations/{conversation}/messages");
        let request = omega.request(Method::POST, &path).header("idempotency-key", key);
        request.header("prefer", "respond-async").json(&message(text))
    };
    let answers = futures_util::future::join_all((0..8).map(|_| answer(send("hi", "key 1")))).await;
    assert!(
        answers.iter().all(|(status, body)| (*status, &body["data"]) == (202, &answers[0].1["data"])),
        "{answers:?}"
    );
    let replayed = send("hi", "key 1").send().await.unwrap();
    assert_eq!(replayed.headers()["idempotency-replayed"], "true");
    assert_eq!(refused(send("something else", "key 1")).await, code(422, "IDEMPOTENCY_MISMATCH"));
    assert_eq!(refused(send("hi", &"k".repeat(256))).await, code(400, "BAD_REQUEST"));
    assert_eq!(answer(send("hi", "key 2")).await.0, 202);
    let created = omega.committed(conversation).await.iter().filter(|e| e.event.kind() == "message.created").count();
    assert_eq!(created, 2);

    // A client's own id of the message does the same without the header.
    let path = format!("/api/omega/conversations/{conversation}/messages");
    let own = || {
        let request = omega.request(Method::POST, &path).header("prefer", "respond-async");
        answer(request.json(&json!({ "message": "once", "clientMessageId": "mine" })))
    };
    assert_eq!(own().await.1["data"], own().await.1["data"]);

    // A streaming request that comes again gets the whole stream of the same run.
    let stream = async || {
        let request = omega.request(Method::POST, &path).header("accept", "text/event-stream");
        let request = request.header("idempotency-key", "stream").json(&message("stream it"));
        let mut frames = Frames::of(request.send().await.unwrap());
        let all = within("the end", frames.until(|_| false)).await;
        all.into_iter().filter(|envelope| envelope.seq.is_some()).collect::<Vec<_>>()
    };
    let first = stream().await;
    assert_eq!(
        (first.first().unwrap().event.kind(), first.last().unwrap().event.kind()),
        ("message.created", "run.completed")
    );
    assert_eq!(stream().await, first);
}

#[tokio::test]
async fn a_message_can_be_waited_for_for_as_long_as_the_caller_likes() {
    let held = Reply::text("One two three four.").fault(Fault::Hold { after: 3 }, 1);
    let omega = Omega::start(Script::new().turn(held)).await;
    let conversation = omega.conversation(MODELS[0]).await;
    let path = format!("/api/omega/conversations/{conversation}/messages");
    let post = |prefer: &'static str| omega.request(Method::POST, &path).header("prefer", prefer).json(&message("hi"));
    let response = post("wait=1").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    let location = response.headers()[header::LOCATION].to_str().unwrap().to_owned();
    assert_eq!(answer(omega.request(Method::GET, &location)).await.1["data"]["status"], "running");
    omega.provider.release();
    let (status, body) = within("the answer", answer(post("wait=60"))).await;
    assert_eq!((status, &body["data"]["answer"]), (200, &json!("One two three four.")));
    assert_eq!(body["data"]["run"]["status"], "completed");
    assert_eq!(answer(omega.request(Method::GET, &location)).await.1["data"]["status"], "completed");
}

#[tokio::test]
async fn settings_are_changed_only_by_whoever_read_them_last() {
    let omega = Omega::start(Script::new()).await;
    let put = |version: Option<&str>, body: Value| {
        let request = omega.request(Method::PUT, "/api/omega/settings").json(&body);
        version.map_or(request.try_clone().unwrap(), |version| request.header("if-match", version))
    };
    let model = json!({ "model": "anthropic/test", "pins": [id("acmeWeather")] });
    assert_eq!(refused(put(None, model.clone())).await, code(428, "PRECONDITION_REQUIRED"));
    assert_eq!(refused(put(Some("\"7\""), model.clone())).await, code(412, "PRECONDITION_FAILED"));
    assert_eq!(refused(put(Some("\"0\""), json!({ "model": "nobody/x" }))).await, code(422, "INVALID_INPUT"));
    let known = omega.client.settings().await.unwrap();
    let stored = put(Some(&known.version), model.clone()).send().await.unwrap();
    assert_eq!(
        (stored.status(), &stored.headers()["etag"]),
        (StatusCode::OK, &header::HeaderValue::from_static("\"1\""))
    );
    assert_eq!(refused(put(Some(&known.version), model)).await, code(412, "PRECONDITION_FAILED"));
    // They hold for the next conversation: the model, and the pinned tool by its name.
    let created = omega.client.create_conversation(&<_>::default()).await.unwrap();
    assert_eq!(created.model, "anthropic/test");
    omega.ask_in(created.id, "hi").await;
    assert!(omega.provider.requests()[0].tools.contains(&"acme-tools__acmeWeather".into()));
}

#[tokio::test]
async fn a_conversation_is_read_changed_paged_and_exported() {
    let call = Reply::call(EXECUTE, execute(&id("acmeLarge"), json!({ "bytes": 200_000 })));
    let omega = Omega::start(Script::new().when(|seen| seen.users[0] == "large", [call, Reply::text("Large.")])).await;
    let told = omega.ask(MODELS[0], "large").await;
    let conversation = told.conversation;
    let change = UpdateConversation { title: Some("Renamed".into()), model: Some(MODELS[2].into()), ..<_>::default() };
    let changed = omega.client.update_conversation(conversation, &change).await.unwrap();
    assert_eq!((changed.title.as_deref(), changed.model.as_str()), (Some("Renamed"), MODELS[2]));

    // A large output is not in lists and events; it is read by pieces that never cut a character.
    let row = omega.client.tool_runs(conversation, <_>::default()).await.unwrap().rows.remove(0);
    assert_eq!((row.output.is_none(), row.output_bytes), (true, 200_002));
    assert_eq!(told.log.calls()[0].output, None);
    let (mut text, mut offset) = (String::new(), Some(0));
    while let Some(at) = offset {
        let piece = omega.client.tool_output(row.id, at, 65_537).await.unwrap();
        text.push_str(&piece.content);
        offset = piece.next_offset;
    }
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), json!("é".repeat(100_000)));
    assert_eq!(omega.client.tool_run(row.id).await.unwrap().output, Some(json!("é".repeat(100_000))));

    let json = omega.client.export(conversation, ExportFormat::Json).await.unwrap();
    assert!(json.contains(&"é".repeat(100_000)), "an export is whole");
    serde_json::from_str::<Value>(&json).unwrap();
    let markdown = omega.client.export(conversation, ExportFormat::Markdown).await.unwrap();
    assert!(markdown.contains("Renamed") && markdown.contains("large") && markdown.contains("acmeLarge"));
    let path = format!("/api/omega/conversations/{conversation}");
    assert_eq!(
        refused(omega.request(Method::GET, &format!("{path}/export?format=pdf"))).await,
        code(422, "INVALID_INPUT")
    );

    // Unchanged since it was read: 304.
    let read = omega.request(Method::GET, &path).send().await.unwrap();
    let etag = read.headers()["etag"].clone();
    let again = omega.request(Method::GET, &path).header("if-none-match", &etag).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    for n in 0..3 {
        omega.ask_in(conversation, &format!("more {n}")).await;
    }
    let mut all = Vec::new();
    let mut query = omega_core::client::PageQuery { limit: Some(2), ..<_>::default() };
    loop {
        let page = omega.client.messages(conversation, query).await.unwrap();
        all.splice(0..0, page.rows.iter().map(|message| message.content.clone()));
        match page.pagination.unwrap().next_cursor {
            Some(cursor) => query.before = Some(cursor.parse().unwrap()),
            None => break,
        }
    }
    let whole = omega.client.conversation(conversation).await.unwrap();
    assert_eq!(all, whole.messages.into_iter().map(|message| message.content).collect::<Vec<_>>());
    assert_eq!(all.len(), 12);
}
