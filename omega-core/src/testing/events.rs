//! One event of every kind that is stored or sent, with a text wherever somebody else's text can stand.

use crate::event::Event;
use serde_json::{Value, json};

/// Events that say something in each of their texts.
///
/// # Panics
/// When an event is not what the API calls it.
pub fn events_saying(text: &str) -> Vec<Event> {
    const ID: &str = "019a0000-0000-7000-8000-000000000001";
    const AT: &str = "2026-01-01T00:00:00Z";
    let value = json!({ text: [text, { "deep": text }] });
    let arguments = json!({ "a": text }).to_string();
    let error = json!({ "code": "TOOL_ERROR", "message": text, "details": value });
    let call = json!({ "type": "tool-call", "toolCallId": text, "toolName": "t", "arguments": arguments });
    let parts = json!([{ "type": "text", "text": text }, { "type": "reasoning", "text": text }, call]);
    let author = json!({ "userId": ID, "displayName": text, "gravatarHash": "" });
    let message = json!({ "id": ID, "seq": 1, "runId": ID, "role": "assistant", "status": "complete", "content": text,
        "parts": parts, "author": author, "createdAt": AT });
    let plan = json!({ "id": ID, "steps": [{ "stepNumber": 1, "toolName": "t", "purpose": text, "expectedOutput": text,
        "missingEnv": [] }], "confidence": 0.5, "reasoning": text, "missingVars": [{ "name": "A", "description": text, "toolIds": [] }],
        "pins": [] });
    let choice = json!({ "toolRunId": ID, "toolId": "p::t", "toolName": "t", "reason": "unavailable", "detail": text,
        "alternatives": [{ "toolId": "p::u", "toolName": "u", "version": "1.0.0", "why": text, "requiredEnv": [], "youHave": ["HELD_KEY"] }] });
    let variable = json!({ "name": "A", "description": text, "rejected": true });
    let request =
        json!({ "id": ID, "toolRunId": ID, "toolId": "p::t", "requiredKeys": [variable], "missingKeys": [variable] });
    let approval = json!({ "id": ID, "toolRunId": ID, "toolId": "p::t", "toolName": "t", "version": "1", "reason": "first_use",
        "because": text, "input": value, "credentials": ["HELD_KEY"], "ownerOnly": true, "argsDigest": "" });
    let actions = [
        json!({ "kind": "credentials", "missingVars": [variable], "requests": [request], "hint": text, "alternatives": [choice], "expiresAt": AT }),
        json!({ "kind": "approval", "approvals": [approval], "expiresAt": AT }),
        json!({ "kind": "plan", "planSetId": ID, "plans": [plan], "expiresAt": AT }),
        json!({ "kind": "alternatives", "choices": [choice], "expiresAt": AT }),
    ];
    let usage = json!({ "inputTokens": 1, "outputTokens": 1 });
    let feedback =
        json!({ "runId": ID, "author": author, "rating": "bad", "feltReal": false, "comment": text, "at": AT });
    let run = |action: &Value| {
        json!({ "id": ID, "conversationId": ID, "messageId": ID, "status": "failed", "model": "m", "promptVersion": "1", "steps": 1,
            "toolCalls": 1, "usage": usage, "requiresAction": action, "plan": { "planId": ID, "steps": [] },
            "error": { "code": "PROVIDER_AUTH", "error": text, "retryable": false }, "feedback": [feedback], "createdAt": AT })
    };
    let tool_run = json!({ "id": ID, "runId": ID, "messageId": ID, "toolCallId": text, "toolId": "p::t", "toolName": "t", "version": "1",
        "status": "failed", "input": value, "output": value, "outputSummary": text, "outputBytes": 1, "truncated": false, "error": error,
        "createdAt": AT });
    let detail = json!({ "id": ID, "title": text, "model": "m", "safeMode": null, "guestCredentials": "approve",
        "executionState": "idle", "url": "", "visibility": "link", "createdAt": AT, "updatedAt": AT, "isOwner": true,
        "participants": [{ "userId": ID, "role": "guest", "displayName": text, "gravatarHash": "", "blocked": false }],
        "messages": [message], "toolRuns": [tool_run], "runs": [run(&actions[0])], "messageCount": 1, "toolRunCount": 1, "usage": usage,
        "lastSeq": 1 });
    let ids = json!({ "toolRunId": ID, "messageId": ID, "toolCallId": text, "toolId": "p::t", "toolName": "t", "version": "1" });
    let with = |fields: Value| {
        let mut all = ids.clone();
        if let (Some(all), Value::Object(fields)) = (all.as_object_mut(), fields) {
            all.extend(fields);
        }
        all
    };
    let mut events = vec![
        ("conversation.updated", json!({ "title": text })),
        ("participant.joined", json!({ "userId": ID, "role": "guest", "displayName": text, "gravatarHash": "" })),
        ("participant.updated", json!({ "userId": ID, "blocked": true })),
        ("message.created", json!({ "message": message })),
        ("message.delta", json!({ "messageId": ID, "part": 0, "offset": 0, "content": text })),
        ("reasoning.delta", json!({ "messageId": ID, "part": 0, "offset": 0, "content": text })),
        ("message.completed", json!({ "message": message })),
        ("message.reset", json!({ "messageId": ID, "step": 1 })),
        ("run.started", json!({ "attempt": 1, "model": "m", "promptVersion": "1" })),
        ("run.resumed", json!({ "attempt": 1 })),
        ("run.recovered", json!({ "attempt": 1 })),
        ("status", json!({ "phase": "retrying", "message": text, "againAt": AT })),
        ("run.step.started", json!({ "stepIndex": 1, "messageId": ID })),
        ("run.step.completed", json!({ "stepIndex": 1, "usage": usage, "finishReason": null })),
        ("plan.proposed", json!({ "planSetId": ID, "plans": [plan] })),
        ("plan.selected", json!({ "planSetId": ID, "plan": plan, "by": ID })),
        ("alternatives.proposed", choice.clone()),
        ("alternatives.selected", json!({ "toolRunId": ID, "by": ID })),
        ("credentials.provided", json!({ "names": [], "save": "once", "by": ID })),
        (
            "approval.decided",
            json!({ "approvalId": ID, "toolRunId": ID, "decision": "approve", "remember": "once", "reason": text,
            "input": value, "by": ID }),
        ),
        ("tools.loaded", json!({ "newTools": [], "totalDynamicTools": 0 })),
        ("run.step.tool.proposed", with(json!({ "input": value }))),
        ("run.step.tool.started", with(json!({ "input": value, "credentialsUsed": ["HELD_KEY"] }))),
        ("run.step.tool.delta", json!({ "toolRunId": ID, "offset": 0, "chunk": value })),
        (
            "run.step.tool.completed",
            with(json!({ "status": "failed", "output": value, "outputSummary": text, "outputBytes": 1,
            "truncated": false, "durationMs": 1, "isError": true, "error": error })),
        ),
        ("run.step.tool.unknown", with(json!({ "error": error }))),
        ("run.cancel_requested", json!({})),
        ("run.completed", json!({ "answer": text, "usage": usage, "toolCalls": 1, "steps": 1 })),
        ("run.failed", json!({ "code": "PROVIDER_AUTH", "error": text, "retryable": false })),
        ("run.cancelled", json!({ "reason": text })),
        ("feedback.given", json!({ "feedback": feedback })),
        ("feedback.removed", json!({ "by": ID })),
        ("notice", json!({ "code": "SECRET_REMOVED", "message": text })),
        ("snapshot", json!({ "conversation": detail })),
        ("resync", json!({ "conversation": detail })),
        ("draining", json!({})),
    ];
    events.extend(actions.iter().map(|action| ("run.requires_action", action.clone())));
    events.extend(actions.iter().map(|action| ("run.queued", json!({ "run": run(action), "position": 0 }))));
    let read = |(kind, mut fields): (&str, Value)| {
        fields["type"] = kind.into();
        serde_json::from_value(fields).unwrap_or_else(|error| panic!("{kind}: {error}"))
    };
    events.into_iter().map(read).collect()
}
