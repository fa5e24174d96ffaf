//! What a server really answers.

use super::{DOCUMENT, faults, operations, reader};
use crate::harness::{MODELS, Omega, execute, executor::id, message, within};
use omega_core::{
    api::{CreateConversation, PutCredential},
    registry::meta::EXECUTE,
    testing::{Reply, Script},
};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Sends a request of the operation at the path, and holds the answer to what is described for its status.
async fn held(omega: &Omega, seen: &mut BTreeSet<String>, operation: &str, path: &str, body: Option<Value>) -> Value {
    let (template, method) = place(operation);
    let segments: Vec<&str> = path.split('?').next().unwrap().split('/').collect();
    assert_eq!(segments.len(), template.split('/').count(), "{path} is one of {template}");
    let mut request: RequestBuilder = omega.request(method.parse().unwrap(), path);
    if operation == "putSettings" {
        request = request.header("if-match", omega.client.settings().await.unwrap().version);
    }
    if let Some(body) = &body {
        request = request.json(body);
    }
    let response = within(path, request.send()).await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let answer: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default();
    let (_, described) = operations().find(|(known, _)| known == operation).unwrap();
    let responses = &described["responses"];
    let said = responses.get(status.to_string()).unwrap_or(&responses["default"]);
    let schema = &said["content"]["application/json"]["schema"];
    if schema.is_null() {
        assert!(answer.is_null(), "{operation}: {status} has no body");
    } else {
        assert_eq!(faults(&reader(schema), &answer), [""; 0], "{operation} {status}: {answer}");
    }
    for name in headers
        .keys()
        .filter(|name| ["etag", "location", "retry-after", "idempotency-replayed"].contains(&name.as_str()))
    {
        let known = said["headers"].as_object().unwrap().keys().any(|known| known.eq_ignore_ascii_case(name.as_str()));
        assert!(known, "{operation} {status}: {name} is described");
    }
    seen.insert(format!("{operation} {}", if status < 400 { "done" } else { "refused" }));
    answer
}

/// Path and method of an operation.
fn place(operation: &str) -> (&'static str, String) {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let mut all = paths.iter().flat_map(|(path, item)| {
        item.as_object().unwrap().iter().map(move |(method, known)| (path.as_str(), method.as_str(), known))
    });
    let (path, method, _) = all.find(|(_, _, known)| known["operationId"] == operation).unwrap();
    (path, method.to_uppercase())
}

#[tokio::test]
async fn what_a_server_answers_is_what_the_schemas_say() {
    let weather = || Reply::call(EXECUTE, execute(&id("acmeWeather"), json!({ "city": "Oslo" })));
    let account = Reply::call(EXECUTE, execute(&id("acmeKeyed"), json!({})));
    let script = Script::new()
        .when(
            |seen| seen.users.last().is_some_and(|last| last == "weather"),
            [weather(), Reply::text("21 degrees."), weather(), Reply::text("Still 21 degrees.")],
        )
        .when(|seen| seen.users.last().is_some_and(|last| last == "account"), [account, Reply::text("No.")]);
    let omega = Omega::start(script).await;
    let seen = &mut BTreeSet::new();
    let body = CreateConversation { model: Some(MODELS[0].into()), ..<_>::default() };
    let made =
        held(&omega, seen, "createConversation", "/api/omega/conversations", serde_json::to_value(&body).ok()).await;
    let conversation = made["data"]["id"].as_str().unwrap().to_owned();
    let of = |rest: &str| format!("/api/omega/conversations/{conversation}{rest}");
    let sent = held(&omega, seen, "sendMessage", &of("/messages"), Some(json!({ "message": "weather" }))).await;
    let run = sent["data"]["run"]["id"].as_str().unwrap_or_else(|| panic!("it has ended: {sent}")).to_owned();
    let tool_run = sent["data"]["toolRuns"][0]["id"].as_str().unwrap().to_owned();
    // A question that is open, so that what a paused run waits for is in the answers.
    held(&omega, seen, "sendMessage", &of("/messages"), Some(json!({ "message": "account" }))).await;
    let put = PutCredential { value: "a value of words".into(), tool_id: None, scope: None, kept_in: None };
    held(&omega, seen, "putCredential", "/api/omega/settings/credentials/KEY", serde_json::to_value(&put).ok()).await;
    held(
        &omega,
        seen,
        "putSettings",
        "/api/omega/settings",
        Some(json!({ "model": MODELS[1], "prompt": { "text": "Be brief." } })),
    )
    .await;
    let said = json!({ "rating": "good", "feltReal": true, "comment": "Right." });
    held(&omega, seen, "putFeedback", &format!("/api/omega/runs/{run}/feedback"), Some(said)).await;
    held(&omega, seen, "createKey", "/api/omega/keys", Some(json!({ "name": "another" }))).await;
    held(&omega, seen, "createUser", "/api/omega/users", Some(json!({ "name": "Somebody" }))).await;
    held(&omega, seen, "createSignInLink", "/api/omega/session/link", None).await;
    held(&omega, seen, "createPlan", &of("/plan"), Some(json!({ "message": "weather" }))).await;
    held(
        &omega,
        seen,
        "executeTool",
        "/api/registry/execute",
        Some(json!({ "toolId": id("acmeWeather"), "params": { "city": "Oslo" } })),
    )
    .await;
    held(&omega, seen, "executeTool", "/api/registry/execute", Some(json!({ "toolId": id("acmeKeyed") }))).await;
    let reads = [
        ("getConversation", of("")),
        ("listMessages", of("/messages?limit=1")),
        ("listToolRuns", of("/tool-runs")),
        ("getRun", format!("/api/omega/runs/{run}")),
        ("listFeedback", of("/feedback")),
        ("getToolRun", format!("/api/omega/tool-runs/{tool_run}")),
        ("getToolOutput", format!("/api/omega/tool-runs/{tool_run}/output?limit=4")),
        ("getSettings", "/api/omega/settings".into()),
        ("getPrompt", "/api/omega/settings/prompt".into()),
        ("listCredentials", "/api/omega/settings/credentials".into()),
        ("listGrants", "/api/omega/settings/grants".into()),
        ("listApprovals", "/api/omega/settings/approvals".into()),
        ("listAudit", "/api/omega/audit?limit=200".into()),
        ("verifyAudit", "/api/omega/audit/verify".into()),
        ("listKeys", "/api/omega/keys".into()),
        ("listUsers", "/api/omega/users".into()),
        ("getSession", "/api/omega/session".into()),
        ("listModels", "/api/omega/models".into()),
        ("getStatus", "/api/omega/status".into()),
        ("getStats", "/api/omega/stats".into()),
        ("listTools", "/api/tools?limit=1000".into()),
        ("searchTools", "/api/tools/search?q=weather".into()),
        ("getTool", format!("/api/tools/{}", id("acmeWeather"))),
    ];
    for (operation, path) in &reads {
        held(&omega, seen, operation, path, None).await;
    }
    held(&omega, seen, "getRun", "/api/omega/runs/01890a5d-ac96-774b-bcce-b302099a8057", None).await;
    held(&omega, seen, "cancelRuns", &of("/cancel"), None).await;
    let done = seen.iter().filter(|seen| seen.ends_with(" done")).count();
    assert!(done >= 30 && seen.len() - done >= 3, "{seen:?}");
    let events = omega.request(Method::GET, &of("/events?after=0")).send().await.unwrap();
    let kinds = each_event(events, "run.cancelled").await;
    for kind in ["message.created", "run.step.tool.completed", "run.completed", "run.requires_action", "run.cancelled"]
    {
        assert!(kinds.contains(kind), "{kind}: {kinds:?}");
    }
    let stream =
        omega.request(Method::POST, &of("/messages")).header("accept", "text/event-stream").json(&message("weather"));
    assert!(each_event(stream.send().await.unwrap(), "run.completed").await.contains("message.delta"));
}

/// Holds each event to the schemas as it came, until one of this kind; gives the kinds.
async fn each_event(mut response: reqwest::Response, last: &str) -> BTreeSet<String> {
    let schema = reader(&json!({ "$ref": "#/components/schemas/Envelope" }));
    let (mut text, mut kinds) = (String::new(), BTreeSet::new());
    while let Some(piece) = within("an event", response.chunk()).await.unwrap() {
        text.push_str(&String::from_utf8_lossy(&piece));
        while let Some((frame, rest)) = text.clone().split_once("\n\n") {
            text = rest.to_owned();
            let Some(data) = frame.lines().find_map(|line| line.strip_prefix("data:")) else { continue };
            let event: Value = serde_json::from_str(data).unwrap();
            assert_eq!(faults(&schema, &event), [""; 0], "{event}");
            let kind = event["type"].as_str().unwrap().to_owned();
            let is_last = kind == last;
            kinds.insert(kind);
            if is_last {
                return kinds;
            }
        }
    }
    kinds
}
