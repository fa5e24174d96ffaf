//! A reply as the SSE events of each format.

use super::Reply;
use crate::{
    api::{FinishReason, Usage},
    model::wire::Format,
};
use serde_json::{Value, json};
use uuid::Uuid;

/// A call with its id and the text of its arguments.
struct Call {
    id: String,
    name: String,
    arguments: String,
}

/// All events of a good answer.
pub(super) fn events(format: Format, reply: &Reply, model: &str) -> Vec<String> {
    let calls: Vec<Call> = reply
        .calls
        .iter()
        .map(|(name, arguments)| Call {
            id: format!("call_{}", &Uuid::new_v4().simple().to_string()[..20]),
            name: name.clone(),
            arguments: match arguments {
                Value::String(raw) => raw.clone(),
                other => other.to_string(),
            },
        })
        .collect();
    let default = if calls.is_empty() { FinishReason::Stop } else { FinishReason::ToolCalls };
    let finish = reply.finish.unwrap_or(default);
    let usage = reply.usage.unwrap_or(Usage { input_tokens: 10, output_tokens: 5, ..Usage::default() });
    match format {
        Format::OpenAiChat => chat(reply, &calls, finish, usage, model),
        Format::OpenAiResponses => responses(reply, &calls, finish, usage, model),
        Format::Anthropic => anthropic(reply, &calls, finish, usage, model),
        Format::Gemini => gemini(reply, &calls, finish, usage, model),
    }
}

/// The provider's own event for an overload in the middle of an answer.
pub(super) fn overloaded(format: Format, message: &str) -> String {
    match format {
        Format::OpenAiChat => data(&error(format, 503, message)),
        Format::OpenAiResponses => named(&json!({
            "type": "error", "code": "server_error", "message": message, "param": null, "sequence_number": 9,
        })),
        Format::Anthropic => named(&json!({
            "type": "error", "error": { "type": "overloaded_error", "message": message },
        })),
        Format::Gemini => data(&error(format, 503, message)),
    }
}

pub(super) fn error(format: Format, status: u16, message: &str) -> Value {
    let kind = match status {
        400 => "invalid_request_error",
        401 => "authentication_error",
        404 => "not_found_error",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        _ => "server_error",
    };
    match format {
        Format::OpenAiChat | Format::OpenAiResponses => {
            json!({ "error": { "message": message, "type": kind, "param": null, "code": null } })
        }
        Format::Anthropic => json!({ "type": "error", "error": { "type": kind, "message": message } }),
        Format::Gemini => json!({ "error": { "code": status, "message": message, "status": "UNAVAILABLE" } }),
    }
}

fn data(event: &Value) -> String {
    format!("data: {event}\n\n")
}

fn named(event: &Value) -> String {
    format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default())
}

/// Word by word, with the white space at the end of each.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(char::is_whitespace)
}

/// Arguments come in pieces that cut tokens and characters' escapes.
fn pieces(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(7).map(|piece| piece.iter().collect()).collect()
}

fn chat(reply: &Reply, calls: &[Call], finish: FinishReason, usage: Usage, model: &str) -> Vec<String> {
    let chunk = |delta: Value, finish: Value| {
        data(&json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model, "usage": null,
            "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }],
        }))
    };
    let mut events = vec![chunk(json!({ "role": "assistant", "content": "" }), Value::Null)];
    events.extend(words(&reply.reasoning).map(|word| chunk(json!({ "reasoning_content": word }), Value::Null)));
    events.extend(words(&reply.text).map(|word| chunk(json!({ "content": word }), Value::Null)));
    for (index, call) in calls.iter().enumerate() {
        let function = json!({ "name": call.name, "arguments": "" });
        let start = json!({ "index": index, "id": call.id, "type": "function", "function": function });
        events.push(chunk(json!({ "tool_calls": [start] }), Value::Null));
        for piece in pieces(&call.arguments) {
            let more = json!({ "index": index, "function": { "arguments": piece } });
            events.push(chunk(json!({ "tool_calls": [more] }), Value::Null));
        }
    }
    events.push(chunk(json!({}), json!(finish)));
    events.push(data(&json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model, "choices": [],
        "usage": {
            "prompt_tokens": usage.input_tokens,
            "completion_tokens": usage.output_tokens,
            "total_tokens": usage.input_tokens + usage.output_tokens,
        },
    })));
    events.push("data: [DONE]\n\n".into());
    events
}

fn responses(reply: &Reply, calls: &[Call], finish: FinishReason, usage: Usage, model: &str) -> Vec<String> {
    let mut events = vec![named(&json!({
        "type": "response.created", "response": { "id": "resp_1", "model": model, "status": "in_progress", "error": null },
    }))];
    let mut output: Vec<Value> = Vec::new();
    let mut item = |events: &mut Vec<String>, added: Value, deltas: Vec<Value>, done: Value| {
        let at = output.len();
        events.push(named(&json!({ "type": "response.output_item.added", "output_index": at, "item": added })));
        for mut delta in deltas {
            delta["output_index"] = json!(at);
            delta["item_id"] = done["id"].clone();
            events.push(named(&delta));
        }
        events.push(named(&json!({ "type": "response.output_item.done", "output_index": at, "item": done })));
        output.push(done);
    };
    if !reply.reasoning.is_empty() {
        let deltas = words(&reply.reasoning)
            .map(|word| json!({ "type": "response.reasoning_summary_text.delta", "summary_index": 0, "delta": word }))
            .collect();
        let summary = json!([{ "type": "summary_text", "text": reply.reasoning }]);
        let done = json!({ "id": "rs_1", "type": "reasoning", "summary": summary, "encrypted_content": "c2VjcmV0" });
        item(&mut events, json!({ "id": "rs_1", "type": "reasoning", "summary": [] }), deltas, done);
    }
    if !reply.text.is_empty() {
        let deltas = words(&reply.text)
            .map(|word| json!({ "type": "response.output_text.delta", "content_index": 0, "delta": word }))
            .collect();
        let content = json!([{ "type": "output_text", "text": reply.text }]);
        let added = json!({ "id": "msg_1", "type": "message", "role": "assistant", "content": [] });
        let done = json!({ "id": "msg_1", "type": "message", "role": "assistant", "content": content });
        item(&mut events, added, deltas, done);
    }
    for (index, call) in calls.iter().enumerate() {
        let whole = |arguments: &str| {
            json!({
                "id": format!("fc_{index}"), "type": "function_call", "call_id": call.id, "name": call.name,
                "arguments": arguments,
            })
        };
        let deltas = pieces(&call.arguments)
            .into_iter()
            .map(|piece| json!({ "type": "response.function_call_arguments.delta", "delta": piece }))
            .collect();
        item(&mut events, whole(""), deltas, whole(&call.arguments));
    }
    let incomplete = match finish {
        FinishReason::Length => Some("max_output_tokens"),
        FinishReason::ContentFilter => Some("content_filter"),
        _ => None,
    };
    let status = if incomplete.is_some() { "incomplete" } else { "completed" };
    events.push(named(&json!({
        "type": format!("response.{status}"),
        "response": {
            "id": "resp_1", "model": model, "status": status, "output": output, "error": null,
            "incomplete_details": incomplete.map(|reason| json!({ "reason": reason })),
            "usage": { "input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens },
        },
    })));
    events
}

fn anthropic(reply: &Reply, calls: &[Call], finish: FinishReason, usage: Usage, model: &str) -> Vec<String> {
    let mut events = vec![
        named(&json!({ "type": "message_start", "message": {
            "id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": [],
            "usage": { "input_tokens": usage.input_tokens, "output_tokens": 1 },
        } })),
        named(&json!({ "type": "ping" })),
    ];
    let mut blocks: Vec<(Value, Vec<Value>)> = Vec::new();
    if !reply.reasoning.is_empty() {
        let mut deltas: Vec<Value> =
            words(&reply.reasoning).map(|word| json!({ "type": "thinking_delta", "thinking": word })).collect();
        deltas.push(json!({ "type": "signature_delta", "signature": "c2lnbmVk" }));
        blocks.push((json!({ "type": "thinking", "thinking": "", "signature": "" }), deltas));
    }
    if !reply.text.is_empty() {
        let deltas = words(&reply.text).map(|word| json!({ "type": "text_delta", "text": word })).collect();
        blocks.push((json!({ "type": "text", "text": "" }), deltas));
    }
    for call in calls {
        let deltas = pieces(&call.arguments)
            .into_iter()
            .map(|piece| json!({ "type": "input_json_delta", "partial_json": piece }))
            .collect();
        blocks.push((json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": {} }), deltas));
    }
    for (index, (start, deltas)) in blocks.into_iter().enumerate() {
        events.push(named(&json!({ "type": "content_block_start", "index": index, "content_block": start })));
        for delta in deltas {
            events.push(named(&json!({ "type": "content_block_delta", "index": index, "delta": delta })));
        }
        events.push(named(&json!({ "type": "content_block_stop", "index": index })));
    }
    let stop = match finish {
        FinishReason::ToolCalls => "tool_use",
        FinishReason::Length => "max_tokens",
        FinishReason::ContentFilter => "refusal",
        _ => "end_turn",
    };
    events.push(named(&json!({
        "type": "message_delta", "delta": { "stop_reason": stop, "stop_sequence": null },
        "usage": { "output_tokens": usage.output_tokens },
    })));
    events.push(named(&json!({ "type": "message_stop" })));
    events
}

fn gemini(reply: &Reply, calls: &[Call], finish: FinishReason, usage: Usage, model: &str) -> Vec<String> {
    let chunk = |parts: Value, finish: Option<&str>| {
        let mut candidate = json!({ "index": 0, "content": { "role": "model", "parts": parts } });
        if let Some(finish) = finish {
            candidate["finishReason"] = json!(finish);
        }
        let event = json!({
            "candidates": [candidate], "responseId": "gemini-1", "modelVersion": model,
            "usageMetadata": {
                "promptTokenCount": usage.input_tokens, "candidatesTokenCount": usage.output_tokens,
            },
        });
        // Gemini ends its lines with CRLF.
        format!("data: {event}\r\n\r\n")
    };
    let mut events: Vec<String> = Vec::new();
    events.extend(words(&reply.reasoning).map(|word| chunk(json!([{ "text": word, "thought": true }]), None)));
    events.extend(words(&reply.text).map(|word| chunk(json!([{ "text": word }]), None)));
    if !calls.is_empty() {
        let parts: Vec<Value> = calls
            .iter()
            .map(|call| {
                let args = serde_json::from_str::<Value>(&call.arguments).unwrap_or_else(|_| json!({}));
                json!({ "functionCall": { "name": call.name, "args": args }, "thoughtSignature": "c2lnbmVk" })
            })
            .collect();
        events.push(chunk(json!(parts), None));
    }
    let word = match finish {
        FinishReason::Length => "MAX_TOKENS",
        FinishReason::ContentFilter => "SAFETY",
        _ => "STOP",
    };
    events.push(chunk(json!([{ "text": "" }]), Some(word)));
    events
}
