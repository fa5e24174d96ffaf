//! OpenAI Chat Completions, and what others made of it.
//!
//! Reasoning comes as `reasoning_content` (DeepSeek, xAI, Z.ai, Moonshot), `reasoning` (Groq, OpenRouter) or as thinking
//! parts of a content list (Mistral); usage comes in the last chunk, in a chunk after it, in `x_groq` or in the choice.
//! The answer is whole at `[DONE]`, or when the body ends after a finish reason.

use super::{Body, list_at, number_at, text_at};
use crate::{
    api::{FinishReason, Usage},
    model::{ModelError, ModelEvent, ProviderState},
};
use calls::Calls;
use serde_json::{Value, json};

mod calls;
mod request;

pub(super) use request::{encode, ids};

/// The state of one answer.
pub(super) struct Chat {
    provider: String,
    calls: Calls,
    finished: bool,
    refused: bool,
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
            refused: false,
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
        let refusal = text_at(delta, "/refusal");
        self.refused |= !refusal.is_empty();
        push_text(refusal, out);
        for call in list_at(delta, "/tool_calls") {
            self.calls.delta(call, out);
        }
    }

    /// What must come back with the answer: reasoning that some providers insist on.
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
    fn is_answer(&self, data: &Value) -> bool {
        !list_at(data, "/choices").is_empty()
    }

    fn event(&mut self, data: &Value, out: &mut Vec<ModelEvent>) -> Result<(), ModelError> {
        for choice in list_at(data, "/choices") {
            if number_at(choice, "/index").unwrap_or(0) != 0 {
                continue;
            }
            // Gateways that only pretend to stream send a whole `message`.
            let said = ["delta", "message"].iter().find_map(|key| choice.get(key).filter(|said| said.is_object()));
            if let Some(said) = said {
                self.delta(said, out);
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
        out.extend(self.state().map(ModelEvent::State));
        self.calls.complete(out);
        let reason = match self.reason {
            None | Some(FinishReason::Stop) if self.refused => Some(FinishReason::Refusal),
            reason => reason,
        };
        out.push(ModelEvent::Finished { reason });
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
        ..Usage::default()
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
        "content_filter" | "sensitive" | "safety" | "refusal" => FinishReason::ContentFilter,
        // `abort`: an engine gave the request up (https://github.com/vllm-project/vllm/issues/57082), and says so with status 200.
        "error" | "network_error" | "insufficient_system_resource" | "abort" | "cancelled" | "timeout" => {
            FinishReason::Error
        }
        _ => FinishReason::Other,
    })
}
