//! Anthropic Messages.
//!
//! Content comes in blocks, each started, filled by deltas and stopped. A tool without arguments sends no JSON at all, so
//! its arguments are the empty text. Tools that were found are deferred, and shown by references in the search's result
//! ([`crate::model::gate::deferred`]). Usage is merged from `message_start` and `message_delta`. Unknown events, blocks and
//! deltas (citations, tools that Anthropic runs itself) are skipped, as its documentation asks.

use super::{
    Body, answer_schema,
    history::{self, Piece},
    list_at, made_up_call_id, number_at, text_at,
};
use crate::{
    api::{FinishReason, Usage},
    model::{ModelError, ModelEvent, ModelRequest, ToolCall, ToolChoice, ToolResult, Turn, gate::Gate},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) fn encode(provider: &str, request: &ModelRequest, gate: &Gate) -> Value {
    let mut messages = Vec::new();
    for turn in &request.turns {
        push_turn(provider, turn, &mut messages);
    }
    // The prompt up to here is the same in the next request of this run: let it come from the cache.
    if let Some(block) =
        messages.last_mut().and_then(|message| message.pointer_mut("/content")?.as_array_mut()?.last_mut())
    {
        block["cache_control"] = json!({ "type": "ephemeral" });
    }
    let max_tokens = request.max_output_tokens.unwrap_or_else(|| default_max_tokens(&request.model));
    let mut body = json!({
        "model": request.model, "messages": messages, "max_tokens": max_tokens, "stream": true,
    });
    if !request.system.is_empty() {
        body["system"] = json!([{ "type": "text", "text": request.system, "cache_control": { "type": "ephemeral" } }]);
    }
    if let Some(schema) = &request.answer_schema {
        body["output_config"] = json!({ "format": { "type": "json_schema", "schema": answer_schema::closed(schema) } });
    }
    if !request.tools.is_empty() {
        body["tools"] = request
            .tools
            .iter()
            .map(|tool| {
                let mut definition = json!({
                    "name": tool.name,
                    "description": tool.description,
                    "input_schema": tool.input_schema,
                });
                if gate.is_deferred(&tool.name) {
                    definition["defer_loading"] = json!(true);
                }
                definition
            })
            .collect();
        if request.tool_choice == ToolChoice::None {
            body["tool_choice"] = json!({ "type": "none" });
        }
    }
    body
}

/// The field is required, and more than a model can give is refused.
fn default_max_tokens(model: &str) -> u32 {
    if model.starts_with("claude-3-5") {
        8_192
    } else if model.starts_with("claude-3-") && !model.starts_with("claude-3-7") {
        4_096
    } else {
        32_000
    }
}

fn push_turn(provider: &str, turn: &Turn, messages: &mut Vec<Value>) {
    let (role, content) = match turn {
        Turn::User { text } => ("user", vec![text_block(text)]),
        Turn::Assistant { text, calls, provider_state } => {
            let pieces = history::pieces(provider, text, calls, provider_state);
            ("assistant", pieces.into_iter().map(block).collect())
        }
        Turn::Tools { results } => {
            let said = results.iter().filter(|result| !result.loads.is_empty()).map(said_block);
            ("user", results.iter().map(result_block).chain(said).collect())
        }
    };
    messages.push(json!({ "role": role, "content": content }));
}

fn block(piece: Piece<'_>) -> Value {
    match piece {
        Piece::Text(text) => text_block(text),
        Piece::State(item) => item.clone(),
        Piece::Call(call) => json!({
            "type": "tool_use", "id": call.id, "name": call.name, "input": history::arguments_object(call),
        }),
    }
}

/// Blocks of white space are refused.
fn text_block(text: &str) -> Value {
    json!({ "type": "text", "text": if text.trim().is_empty() { "(empty)" } else { text } })
}

fn result_block(result: &ToolResult) -> Value {
    let reference = |name: &String| json!({ "type": "tool_reference", "tool_name": name });
    let content = match result.loads.as_slice() {
        [] => vec![text_block(&result.content)],
        loads => loads.iter().map(reference).collect(),
    };
    json!({
        "type": "tool_result",
        "tool_use_id": result.call_id,
        "content": content,
        "is_error": result.is_error,
    })
}

/// What a result said that holds references, and so can't hold it itself.
fn said_block(result: &ToolResult) -> Value {
    text_block(&format!("[omega: the result of {}, call {}]\n{}", result.name, result.call_id, result.content))
}

/// A block that is open.
enum Block {
    Text,
    Call { index: usize, id: String, name: String, input: Value, arguments: String },
    Thinking { thinking: String, signature: String, text_before: usize, calls_before: usize },
    Skipped,
}

/// The state of one answer.
pub(super) struct Messages {
    provider: String,
    open: BTreeMap<u64, Block>,
    text_bytes: usize,
    calls: usize,
    usage: Usage,
    fresh_input: u64,
    cache_reads: u64,
    cache_writes: u64,
    reason: Option<FinishReason>,
}

impl Messages {
    pub(super) fn new(provider: &str) -> Self {
        Self {
            provider: provider.to_owned(),
            open: BTreeMap::new(),
            text_bytes: 0,
            calls: 0,
            usage: Usage::default(),
            fresh_input: 0,
            cache_reads: 0,
            cache_writes: 0,
            reason: None,
        }
    }

    fn start(&mut self, at: u64, content: &Value, out: &mut Vec<ModelEvent>) {
        let block = match text_at(content, "/type") {
            "text" => {
                self.text(text_at(content, "/text"), out);
                Block::Text
            }
            "tool_use" => {
                let (index, name) = (self.calls, text_at(content, "/name").to_owned());
                self.calls += 1;
                let id = match text_at(content, "/id") {
                    "" => made_up_call_id(),
                    id => id.to_owned(),
                };
                out.push(ModelEvent::CallStarted { index, id: id.clone(), name: name.clone() });
                Block::Call { index, id, name, input: content["input"].clone(), arguments: String::new() }
            }
            "thinking" => {
                reasoning(text_at(content, "/thinking"), out);
                Block::Thinking {
                    thinking: text_at(content, "/thinking").to_owned(),
                    signature: text_at(content, "/signature").to_owned(),
                    text_before: self.text_bytes,
                    calls_before: self.calls,
                }
            }
            "redacted_thinking" => {
                let state = history::placed(&self.provider, self.text_bytes, self.calls, content.clone());
                out.push(ModelEvent::State(state));
                Block::Skipped
            }
            _ => Block::Skipped,
        };
        if let Some(Block::Call { .. } | Block::Thinking { .. }) = self.open.get(&at) {
            self.stop(at, out);
        }
        self.open.insert(at, block);
    }

    fn delta(&mut self, at: u64, delta: &Value, out: &mut Vec<ModelEvent>) {
        match (text_at(delta, "/type"), self.open.get_mut(&at)) {
            ("text_delta", _) => self.text(text_at(delta, "/text"), out),
            ("input_json_delta", Some(Block::Call { index, arguments, .. })) => {
                let piece = text_at(delta, "/partial_json");
                arguments.push_str(piece);
                if !piece.is_empty() {
                    out.push(ModelEvent::CallDelta { index: *index, arguments: piece.to_owned() });
                }
            }
            ("thinking_delta", Some(Block::Thinking { thinking, .. })) => {
                thinking.push_str(text_at(delta, "/thinking"));
                reasoning(text_at(delta, "/thinking"), out);
            }
            ("signature_delta", Some(Block::Thinking { signature, .. })) => {
                signature.push_str(text_at(delta, "/signature"));
            }
            _ => {}
        }
    }

    fn stop(&mut self, at: u64, out: &mut Vec<ModelEvent>) {
        match self.open.remove(&at) {
            Some(Block::Call { index, id, name, input, mut arguments }) => {
                // Some gateways send the input whole, at the start of the block.
                if arguments.is_empty() && input.as_object().is_some_and(|map| !map.is_empty()) {
                    arguments = input.to_string();
                    out.push(ModelEvent::CallDelta { index, arguments: arguments.clone() });
                }
                let call = ToolCall { id, name, arguments, provider_state: None };
                out.push(ModelEvent::CallCompleted { index, call });
            }
            // Without a signature Anthropic would refuse the block.
            Some(Block::Thinking { thinking, signature, text_before, calls_before }) if !signature.is_empty() => {
                let item = json!({ "type": "thinking", "thinking": thinking, "signature": signature });
                out.push(ModelEvent::State(history::placed(&self.provider, text_before, calls_before, item)));
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str, out: &mut Vec<ModelEvent>) {
        if !text.is_empty() {
            self.text_bytes += text.len();
            out.push(ModelEvent::Text(text.to_owned()));
        }
    }

    /// Input tokens exclude what went through the cache; a field that is missing keeps its value.
    fn usage(&mut self, usage: &Value, out: &mut Vec<ModelEvent>) {
        let keep = |field: &mut u64, key: &str| *field = number_at(usage, key).unwrap_or(*field);
        keep(&mut self.fresh_input, "/input_tokens");
        keep(&mut self.cache_reads, "/cache_read_input_tokens");
        keep(&mut self.cache_writes, "/cache_creation_input_tokens");
        keep(&mut self.usage.output_tokens, "/output_tokens");
        self.usage.input_tokens = self.fresh_input.saturating_add(self.cache_reads).saturating_add(self.cache_writes);
        self.usage.cached_input_tokens = self.cache_reads;
        self.usage.cache_write_tokens = self.cache_writes;
        out.push(ModelEvent::Usage(self.usage));
    }

    fn whole(&mut self, message: &Value, out: &mut Vec<ModelEvent>) {
        for (at, content) in (0..).zip(list_at(message, "/content")) {
            self.start(at, content, out);
            self.stop(at, out);
        }
        self.reason = message.get("stop_reason").and_then(Value::as_str).map(stop_reason);
        self.usage(&message["usage"], out);
        self.finish(out);
    }

    fn finish(&mut self, out: &mut Vec<ModelEvent>) {
        while let Some(at) = self.open.keys().next().copied() {
            self.stop(at, out);
        }
        out.push(ModelEvent::Finished { reason: self.reason });
    }
}

impl Body for Messages {
    fn is_answer(&self, data: &Value) -> bool {
        matches!(text_at(data, "/type"), "message" | "message_start") || !list_at(data, "/content").is_empty()
    }

    fn event(&mut self, data: &Value, out: &mut Vec<ModelEvent>) -> Result<(), ModelError> {
        let at = number_at(data, "/index").unwrap_or_default();
        match text_at(data, "/type") {
            "message_start" => self.usage(&data["message"]["usage"], out),
            "content_block_start" => self.start(at, &data["content_block"], out),
            "content_block_delta" => self.delta(at, &data["delta"], out),
            "content_block_stop" => self.stop(at, out),
            "message_delta" => {
                if let Some(word) = data.pointer("/delta/stop_reason").and_then(Value::as_str) {
                    self.reason = Some(stop_reason(word));
                }
                self.usage(&data["usage"], out);
            }
            "message_stop" => self.finish(out),
            // A whole answer, from a server that does not stream.
            "message" | "" if self.is_answer(data) => self.whole(data, out),
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, _sentinel: bool, out: &mut Vec<ModelEvent>) {
        if self.reason.is_some() {
            self.finish(out);
        }
    }

    fn is_settled(&self) -> bool {
        self.reason.is_some()
    }
}

fn reasoning(text: &str, out: &mut Vec<ModelEvent>) {
    if !text.is_empty() {
        out.push(ModelEvent::Reasoning(text.to_owned()));
    }
}

/// <https://docs.claude.com/en/api/handling-stop-reasons>. A paused turn would go on if it was sent back: it is not whole.
/// `refusal` is what Anthropic's own classifiers do to an answer; a model that declines ends its turn.
fn stop_reason(word: &str) -> FinishReason {
    match word {
        "end_turn" | "stop_sequence" => FinishReason::Stop,
        "max_tokens" | "model_context_window_exceeded" | "pause_turn" => FinishReason::Length,
        "tool_use" => FinishReason::ToolCalls,
        "refusal" => FinishReason::ContentFilter,
        _ => FinishReason::Other,
    }
}
