//! OpenAI Chat Completions, and what others made of it.
//!
//! Reasoning comes as `reasoning_content` (DeepSeek, xAI, Z.ai, Moonshot), `reasoning` (Groq, OpenRouter) or as thinking
//! parts of a content list (Mistral); usage comes in the last chunk, in a chunk after it, in `x_groq` or in the choice.
//! The answer is whole at `[DONE]`, or when the body ends after a finish reason.

use super::{
    Body,
    history::{self, IdRule},
    list_at, number_at,
    openai_chat_calls::Calls,
    schema::object_schema,
    text_at,
};
use crate::model::{FinishReason, ModelError, ModelEvent, ModelRequest, ProviderState, ToolChoice, Turn, Usage};
use serde_json::{Value, json};

pub(super) fn encode(provider: &str, request: &ModelRequest) -> Value {
    let rule = if provider == "mistral" { IdRule::Nine } else { IdRule::Word(40) };
    let mut messages = Vec::new();
    if !request.system.is_empty() {
        messages.push(json!({ "role": "system", "content": request.system }));
    }
    for turn in history::valid(&request.turns, rule) {
        push_turn(provider, &turn, &mut messages);
    }
    let mut body = json!({ "model": request.model, "messages": messages, "stream": true });
    // Mistral refuses fields that it doesn't know, and sends usage unasked.
    if provider != "mistral" {
        body["stream_options"] = json!({ "include_usage": true });
    }
    if let Some(max) = request.max_output_tokens {
        // OpenAI's reasoning models refuse `max_tokens`, everybody else's servers may not know its successor.
        body[if provider == "openai" { "max_completion_tokens" } else { "max_tokens" }] = json!(max);
    }
    // Ollama ignores `tool_choice`: where no call is allowed, it must not see the tools.
    let hide_tools = provider == "ollama" && request.tool_choice == ToolChoice::None;
    if !request.tools.is_empty() && !hide_tools {
        body["tools"] = request
            .tools
            .iter()
            .map(|tool| {
                json!({ "type": "function", "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": object_schema(&tool.input_schema),
                } })
            })
            .collect();
        if request.tool_choice == ToolChoice::None {
            body["tool_choice"] = json!("none");
        }
    }
    body
}

fn push_turn(provider: &str, turn: &Turn, messages: &mut Vec<Value>) {
    match turn {
        Turn::User { text } => {
            // Mistral refuses a user's message right after a result, as a run that was stopped leaves it.
            if provider == "mistral" && messages.last().is_some_and(|last| last["role"] == "tool") {
                messages.push(json!({ "role": "assistant", "content": "(stopped before an answer)" }));
            }
            messages.push(json!({ "role": "user", "content": text }));
        }
        Turn::Assistant { text, calls, provider_state } => {
            let content = if text.is_empty() { Value::Null } else { json!(text) };
            let mut message = json!({ "role": "assistant", "content": content });
            if !calls.is_empty() {
                message["tool_calls"] = calls
                    .iter()
                    .map(|call| {
                        json!({ "id": call.id, "type": "function", "function": {
                            "name": call.name, "arguments": history::arguments_text(call),
                        } })
                    })
                    .collect();
                // DeepSeek and Moonshot refuse a turn with calls that lost its reasoning, and want none elsewhere.
                for state in provider_state.iter().filter(|state| state.provider == provider) {
                    for (key, value) in state.item.as_object().into_iter().flatten() {
                        message[key] = value.clone();
                    }
                }
            }
            messages.push(message);
        }
        Turn::Tools { results } => messages.extend(results.iter().map(|result| {
            let mut message = json!({ "role": "tool", "tool_call_id": result.call_id, "content": result.content });
            if provider == "mistral" {
                message["name"] = json!(result.name);
            }
            message
        })),
    }
}

/// The state of one answer.
pub(super) struct Chat {
    provider: String,
    calls: Calls,
    finished: bool,
    reason: Option<FinishReason>,
    reasoning_content: String,
    reasoning_details: Vec<Value>,
}

impl Chat {
    pub(super) fn new(provider: &str) -> Self {
        Self {
            provider: provider.to_owned(),
            calls: Calls::default(),
            finished: false,
            reason: None,
            reasoning_content: String::new(),
            reasoning_details: Vec::new(),
        }
    }

    fn delta(&mut self, delta: &Value, out: &mut Vec<ModelEvent>) {
        let content = text_at(delta, "/reasoning_content");
        self.reasoning_content.push_str(content);
        // Servers in transition send both fields with the same text.
        let reasoning = if content.is_empty() { text_at(delta, "/reasoning") } else { content };
        push_reasoning(reasoning, out);
        for detail in list_at(delta, "/reasoning_details") {
            push_detail(&mut self.reasoning_details, detail);
        }
        match delta.get("content") {
            Some(Value::String(text)) => push_text(text, out),
            Some(Value::Array(parts)) => parts.iter().for_each(|part| push_part(part, out)),
            _ => {}
        }
        push_text(text_at(delta, "/refusal"), out);
        for call in list_at(delta, "/tool_calls") {
            self.calls.delta(call, out);
        }
    }

    /// What must come back with the calls: reasoning that some providers insist on.
    fn state(&mut self) -> Option<ProviderState> {
        let item = if !self.reasoning_details.is_empty() {
            json!({ "reasoning_details": std::mem::take(&mut self.reasoning_details) })
        } else if !self.reasoning_content.is_empty() {
            json!({ "reasoning_content": std::mem::take(&mut self.reasoning_content) })
        } else {
            return None;
        };
        Some(ProviderState { provider: self.provider.clone(), item })
    }
}

impl Body for Chat {
    fn event(&mut self, data: &Value, out: &mut Vec<ModelEvent>) -> Result<(), ModelError> {
        for choice in list_at(data, "/choices") {
            if number_at(choice, "/index").unwrap_or(0) != 0 {
                continue;
            }
            // Gateways that only pretend to stream send a whole `message`.
            if let Some(delta) = choice.get("delta").or_else(|| choice.get("message")) {
                self.delta(delta, out);
            }
            if let Some(reason) = choice.get("finish_reason").and_then(Value::as_str) {
                self.reason = finish_reason(reason).or(self.reason);
                self.finished |= self.reason.is_some();
            }
            push_usage(choice.get("usage"), out);
        }
        push_usage(data.pointer("/x_groq/usage"), out);
        push_usage(data.get("usage"), out);
        Ok(())
    }

    fn end(&mut self, sentinel: bool, out: &mut Vec<ModelEvent>) {
        if !sentinel && !self.finished {
            return;
        }
        if !self.calls.is_empty() {
            out.extend(self.state().map(ModelEvent::State));
        }
        self.calls.complete(out);
        out.push(ModelEvent::Finished { reason: self.reason });
    }

    fn is_settled(&self) -> bool {
        self.finished
    }
}

fn push_text(text: &str, out: &mut Vec<ModelEvent>) {
    if !text.is_empty() {
        out.push(ModelEvent::Text(text.to_owned()));
    }
}

fn push_reasoning(text: &str, out: &mut Vec<ModelEvent>) {
    if !text.is_empty() {
        out.push(ModelEvent::Reasoning(text.to_owned()));
    }
}

/// A part of a content list; kinds that are neither text nor thinking (references, images) are skipped.
fn push_part(part: &Value, out: &mut Vec<ModelEvent>) {
    match text_at(part, "/type") {
        "text" => push_text(text_at(part, "/text"), out),
        "thinking" => match part.get("thinking") {
            Some(Value::String(text)) => push_reasoning(text, out),
            _ => list_at(part, "/thinking").iter().for_each(|inner| push_reasoning(text_at(inner, "/text"), out)),
        },
        _ => {}
    }
}

/// OpenRouter's details come in pieces and go back whole: pieces of one kind and index are joined.
fn push_detail(details: &mut Vec<Value>, piece: &Value) {
    let Value::Object(piece) = piece else { return };
    let last = match details.last_mut() {
        Some(Value::Object(last))
            if last.get("type") == piece.get("type") && last.get("index") == piece.get("index") =>
        {
            last
        }
        _ => return details.push(Value::Object(piece.clone())),
    };
    for (key, value) in piece {
        match (last.get_mut(key), value) {
            (Some(Value::String(text)), Value::String(more)) if matches!(key.as_str(), "text" | "summary" | "data") => {
                text.push_str(more);
            }
            (_, Value::Null) => {}
            _ => drop(last.insert(key.clone(), value.clone())),
        }
    }
}

fn push_usage(usage: Option<&Value>, out: &mut Vec<ModelEvent>) {
    let Some(usage) = usage.filter(|usage| usage.is_object()) else { return };
    let reasoning = number_at(usage, "/completion_tokens_details/reasoning_tokens").unwrap_or_default();
    let mut output = number_at(usage, "/completion_tokens").unwrap_or_default();
    if reasoning > output {
        // xAI counts the reasoning apart from the answer.
        output = output.saturating_add(reasoning);
    }
    out.push(ModelEvent::Usage(Usage {
        input_tokens: number_at(usage, "/prompt_tokens").unwrap_or_default(),
        output_tokens: output,
        cached_input_tokens: number_at(usage, "/prompt_tokens_details/cached_tokens")
            .or_else(|| number_at(usage, "/prompt_cache_hit_tokens"))
            .unwrap_or_default(),
        reasoning_tokens: reasoning,
    }));
}

/// The provider's word; nothing for the empty text (Snowflake). A forced call may end with `stop`: what tells that
/// tools must run is the calls, not this.
fn finish_reason(word: &str) -> Option<FinishReason> {
    Some(match word {
        "" => return None,
        "stop" | "eos" | "end_turn" => FinishReason::Stop,
        "length" | "max_tokens" | "model_length" | "model_context_window_exceeded" => FinishReason::Length,
        "tool_calls" | "function_call" | "tool_use" => FinishReason::ToolCalls,
        "content_filter" | "sensitive" | "refusal" => FinishReason::ContentFilter,
        "error" | "network_error" | "insufficient_system_resource" => FinishReason::Error,
        _ => FinishReason::Other,
    })
}
