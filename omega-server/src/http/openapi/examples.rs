//! Examples of the main operations, each a request that works and what it is answered.

use serde_json::{Map, Value, json};

const CONVERSATION: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const MESSAGE: &str = "01890a5d-ac96-774b-bcce-b302099a8058";
const RUN: &str = "01890a5d-ac96-774b-bcce-b302099a8059";
const AT: &str = "2026-01-31T09:30:00.000Z";
const QUESTION: &str = "What is the determinant of [[2,1],[1,3]]?";

/// Puts the examples of an operation into it, where it has some.
pub fn put(id: &str, operation: &mut Map<String, Value>) {
    let Some((request, status, answer)) = example(id) else { return };
    if let Some(body) = operation.get_mut("requestBody") {
        body["content"]["application/json"]["example"] = request;
    }
    if let Some(response) = operation.get_mut("responses").and_then(|responses| responses.get_mut(status)) {
        for (kind, example) in answer.as_object().into_iter().flatten() {
            response["content"][kind]["example"] = example.clone();
        }
    }
}

fn enveloped(data: &Value) -> Value {
    let meta = json!({ "version": "1.0.0", "timestamp": AT, "requestId": "01890a5d-ac96-774b-bcce-b302099a8060" });
    json!({ "application/json": { "success": true, "data": data, "meta": meta } })
}

fn example(id: &str) -> Option<(Value, &'static str, Value)> {
    let delta = json!({
        "v": 1, "conversationId": CONVERSATION, "runId": RUN, "at": AT,
        "type": "message.delta", "messageId": MESSAGE, "part": 0, "offset": 0, "content": "The determinant is 5.",
    });
    let conversation = json!({
        "id": CONVERSATION, "title": null, "model": "omega/offline", "guestCredentials": "approve",
        "executionState": "idle", "url": format!("/omega/c/{CONVERSATION}"), "visibility": "link",
        "createdAt": AT, "updatedAt": AT,
    });
    let tool = json!({ "toolId": "mathjs::evaluate", "params": { "expression": "det([[2,1],[1,3]])" } });
    let called = json!({
        "success": true, "toolId": "mathjs::evaluate", "result": 5, "executionTimeMs": 12,
        "meta": { "package": "mathjs", "version": "15.2.0", "authenticated": true },
    });
    Some(match id {
        "createConversation" => (json!({ "model": "omega/offline" }), "201", enveloped(&conversation)),
        "sendMessage" => {
            let accepted = json!({ "runId": RUN, "messageId": MESSAGE, "seq": 1 });
            (json!({ "message": QUESTION }), "202", enveloped(&accepted))
        }
        "streamEvents" => (Value::Null, "200", json!({ "text/event-stream": delta })),
        "executeTool" => (tool, "200", json!({ "application/json": called })),
        "decideApproval" => (json!({ "decision": "approve", "remember": "once" }), "200", json!({})),
        "provideCredentials" => (json!({ "env": { "ACME_API_KEY": "..." }, "save": "tool" }), "200", json!({})),
        "putCredential" => {
            let stored = json!({
                "name": "ACME_API_KEY", "scope": "global", "keptIn": "vault", "createdAt": AT, "updatedAt": AT, "lastUsedAt": null,
            });
            (json!({ "value": "..." }), "200", enveloped(&stored))
        }
        _ => return None,
    })
}
