//! Gemini `streamGenerateContent`, with `alt=sse`.
//!
//! Each event is a whole response of its own. Calls come whole, mostly without an id, and the answer then still ends with
//! `STOP`. A call's `thoughtSignature` has to come back with it, or the next request is refused.

use super::{Body, answer_schema, history, list_at, made_up_call_id, number_at, text_at};
use crate::{
    api::{FinishReason, Usage},
    model::{ModelError, ModelEvent, ModelRequest, ToolCall, ToolChoice, ToolResult, Turn},
};
use serde_json::{Value, json};

const SIGNATURE: &str = "thoughtSignature";
/// What Google gives out for calls that Gemini did not make itself (its documentation, "Thought signatures").
const NO_SIGNATURE: &str = "skip_thought_signature_validator";

pub(super) fn path(model: &str) -> String {
    let model = model.strip_prefix("models/").unwrap_or(model);
    let mut path = String::from("/models/");
    for byte in model.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path.push_str(":streamGenerateContent?alt=sse");
    path
}

pub(super) fn encode(provider: &str, request: &ModelRequest) -> Value {
    // From Gemini 3 on, the first call of each answer needs a signature (from a plan, and from other models, it has none).
    // Only those since the last message are looked at; all of them get one, so that what was sent once stays the same.
    let signs = needs_signatures(&request.model);
    let contents: Vec<Value> = request
        .turns
        .iter()
        .map(|turn| match turn {
            Turn::User { text } => json!({ "role": "user", "parts": [{ "text": text }] }),
            Turn::Assistant { text, calls, .. } => {
                let mut parts: Vec<Value> = Vec::new();
                if !text.trim().is_empty() {
                    parts.push(json!({ "text": text }));
                }
                let first_call = parts.len();
                parts.extend(calls.iter().map(|call| call_part(provider, call)));
                if let Some(part) = parts.get_mut(first_call)
                    && signs
                    && part.get(SIGNATURE).is_none()
                {
                    part[SIGNATURE] = json!(NO_SIGNATURE);
                }
                json!({ "role": "model", "parts": parts })
            }
            Turn::Tools { results } => {
                json!({ "role": "user", "parts": results.iter().map(result_part).collect::<Vec<_>>() })
            }
        })
        .collect();
    let mut body = json!({ "contents": contents });
    if !request.system.is_empty() {
        body["systemInstruction"] = json!({ "parts": [{ "text": request.system }] });
    }
    if let Some(max) = request.max_output_tokens {
        body["generationConfig"]["maxOutputTokens"] = json!(max);
    }
    if let Some(schema) =
        request.answer_schema.as_ref().filter(|_| answer_schema::gemini_has_tools_beside_it(&request.model))
    {
        body["generationConfig"]["responseMimeType"] = json!("application/json");
        body["generationConfig"]["responseJsonSchema"] = schema.clone();
    }
    if !request.tools.is_empty() {
        let declarations: Vec<Value> = request
            .tools
            .iter()
            .map(|tool| {
                json!({
                    "name": tool.name,
                    "description": tool.description,
                    "parametersJsonSchema": tool.input_schema,
                })
            })
            .collect();
        body["tools"] = json!([{ "functionDeclarations": declarations }]);
        if request.tool_choice == ToolChoice::None {
            body["toolConfig"] = json!({ "functionCallingConfig": { "mode": "NONE" } });
        }
    }
    body
}

fn needs_signatures(model: &str) -> bool {
    !["gemini-1", "gemini-2", "gemma"].iter().any(|old| model.contains(old))
}

fn call_part(provider: &str, call: &ToolCall) -> Value {
    let mut part = json!({
        "functionCall": { "id": call.id, "name": call.name, "args": history::arguments_object(call) },
    });
    if let Some(state) = call.provider_state.as_ref().filter(|state| text_at(state, "/provider") == provider) {
        part[SIGNATURE] = state[SIGNATURE].clone();
    }
    part
}

/// A response must be an object.
fn result_part(result: &ToolResult) -> Value {
    let content = serde_json::from_str::<Value>(&result.content).unwrap_or_else(|_| json!(result.content));
    let response = match content {
        object @ Value::Object(_) => object,
        other if result.is_error => json!({ "error": other }),
        other => json!({ "result": other }),
    };
    json!({ "functionResponse": { "id": result.call_id, "name": result.name, "response": response } })
}

/// The state of one answer.
pub(super) struct Content {
    provider: String,
    calls: usize,
    finished: bool,
    reason: Option<FinishReason>,
}

impl Content {
    pub(super) fn new(provider: &str) -> Self {
        Self { provider: provider.to_owned(), calls: 0, finished: false, reason: None }
    }

    fn part(&mut self, part: &Value, out: &mut Vec<ModelEvent>) {
        if let Some(call) = part.get("functionCall").filter(|call| call.is_object()) {
            return self.call(call, text_at(part, "/thoughtSignature"), out);
        }
        let text = text_at(part, "/text").to_owned();
        if text.is_empty() {
            return;
        }
        out.push(match part.get("thought") {
            Some(Value::Bool(true)) => ModelEvent::Reasoning(text),
            _ => ModelEvent::Text(text),
        });
    }

    fn call(&mut self, call: &Value, signature: &str, out: &mut Vec<ModelEvent>) {
        let index = self.calls;
        self.calls += 1;
        let id = match text_at(call, "/id") {
            "" => made_up_call_id(),
            id => id.to_owned(),
        };
        let name = text_at(call, "/name").to_owned();
        let arguments = call.get("args").filter(|args| !args.is_null()).map_or_else(|| "{}".into(), Value::to_string);
        let provider_state =
            (!signature.is_empty()).then(|| json!({ "provider": self.provider, SIGNATURE: signature }));
        out.push(ModelEvent::CallStarted { index, id: id.clone(), name: name.clone() });
        out.push(ModelEvent::CallDelta { index, arguments: arguments.clone() });
        out.push(ModelEvent::CallCompleted { index, call: ToolCall { id, name, arguments, provider_state } });
    }
}

impl Body for Content {
    fn is_answer(&self, data: &Value) -> bool {
        data.get("candidates").is_some_and(Value::is_array) || data.get("promptFeedback").is_some()
    }

    fn event(&mut self, data: &Value, out: &mut Vec<ModelEvent>) -> Result<(), ModelError> {
        for candidate in list_at(data, "/candidates") {
            if number_at(candidate, "/index").unwrap_or(0) != 0 {
                continue;
            }
            for part in list_at(candidate, "/content/parts") {
                self.part(part, out);
            }
            if let Some(word) = candidate.get("finishReason").and_then(Value::as_str).filter(|word| !word.is_empty()) {
                self.finished = true;
                self.reason = Some(finish_reason(word, self.calls > 0));
            }
        }
        if !text_at(data, "/promptFeedback/blockReason").is_empty() {
            self.finished = true;
            self.reason = Some(FinishReason::ContentFilter);
        }
        if let Some(usage) = data.get("usageMetadata").filter(|usage| usage.is_object()) {
            let reasoning = number_at(usage, "/thoughtsTokenCount").unwrap_or_default();
            out.push(ModelEvent::Usage(Usage {
                input_tokens: number_at(usage, "/promptTokenCount").unwrap_or_default(),
                // Thoughts are counted apart; here they are part of the answer, as everywhere else.
                output_tokens: number_at(usage, "/candidatesTokenCount").unwrap_or_default().saturating_add(reasoning),
                cached_input_tokens: number_at(usage, "/cachedContentTokenCount").unwrap_or_default(),
                reasoning_tokens: reasoning,
                ..Usage::default()
            }));
        }
        Ok(())
    }

    fn end(&mut self, _sentinel: bool, out: &mut Vec<ModelEvent>) {
        if self.finished {
            out.push(ModelEvent::Finished { reason: self.reason });
        }
    }

    fn is_settled(&self) -> bool {
        self.finished
    }
}

/// <https://ai.google.dev/api/generate-content#FinishReason>
fn finish_reason(word: &str, calls: bool) -> FinishReason {
    match word {
        "STOP" if calls => FinishReason::ToolCalls,
        "STOP" => FinishReason::Stop,
        "MAX_TOKENS" => FinishReason::Length,
        "SAFETY"
        | "RECITATION"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "LANGUAGE"
        | "MODEL_ARMOR"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION" => FinishReason::ContentFilter,
        "MALFORMED_FUNCTION_CALL"
        | "UNEXPECTED_TOOL_CALL"
        | "MALFORMED_RESPONSE"
        | "TOO_MANY_TOOL_CALLS"
        | "MISSING_THOUGHT_SIGNATURE" => FinishReason::Error,
        _ => FinishReason::Other,
    }
}
