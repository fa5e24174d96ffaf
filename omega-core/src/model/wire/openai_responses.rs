//! OpenAI Responses.
//!
//! Each output item is streamed under its `output_index` and closed by `output_item.done`. Some servers leave out the
//! deltas, or the item events, and only send what is whole; so the rest of a text is made up from the closing events, and
//! the last `response` object fills in what never came. Nothing is stored at the provider (`store: false`): reasoning goes
//! back encrypted. Tools that were found stand behind the search's result, as the output of a search of the client
//! ([`crate::model::gate::deferred`]); a search that the model asks of the client is one of the registry.

use super::{
    Addressee, Body, cache_key,
    error_body::reported_error,
    history::{self, Piece},
    list_at, made_up_call_id, number_at, text_at,
};
use crate::{
    api::{FinishReason, Usage},
    model::{
        ModelError, ModelEvent, ModelRequest, ToolCall, ToolChoice, ToolResult, ToolSpec, Turn,
        gate::{Gate, rules::NameRule},
    },
    registry::meta,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

pub(super) fn encode(to: Addressee<'_>, request: &ModelRequest, gate: &Gate) -> Value {
    let mut input = Vec::new();
    let reasons = returns_reasoning(&request.model);
    for turn in &request.turns {
        // A model that does not reason refuses the reasoning of one that does (the user chose another model).
        let state_of = if reasons { to.provider } else { "" };
        push_turn(to.provider, state_of, turn, gate, &mut input);
    }
    let mut body = json!({ "model": request.model, "input": input, "stream": true, "store": false });
    if !request.system.is_empty() {
        body["instructions"] = json!(request.system);
    }
    if let Some(max) = request.max_output_tokens {
        body["max_output_tokens"] = json!(max);
    }
    if to.is_openai() {
        body["prompt_cache_key"] = json!(cache_key(request));
    }
    if let Some(schema) = &request.answer_schema {
        body["text"] =
            json!({ "format": { "type": "json_schema", "name": "answer", "schema": schema, "strict": false } });
    }
    if reasons {
        body["include"] = json!(["reasoning.encrypted_content"]);
    }
    if !request.tools.is_empty() {
        body["tools"] = request.tools.iter().filter(|tool| !gate.is_deferred(&tool.name)).map(function).collect();
        if request.tool_choice == ToolChoice::None {
            body["tool_choice"] = json!("none");
        }
    }
    body
}

/// OpenAI answers 400 when encrypted reasoning is asked of a model that does not reason.
fn returns_reasoning(model: &str) -> bool {
    let name = model.rsplit('/').next().unwrap_or(model);
    ["o1", "o3", "o4", "gpt-5", "gpt-6", "codex"].iter().any(|prefix| name.starts_with(prefix))
        && !name.contains("-chat")
}

fn function(tool: &ToolSpec) -> Value {
    json!({
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.input_schema,
        "strict": false,
    })
}

fn push_turn(provider: &str, state_of: &str, turn: &Turn, gate: &Gate, input: &mut Vec<Value>) {
    match turn {
        Turn::User { text } => input.push(json!({ "role": "user", "content": text })),
        Turn::Assistant { text, calls, provider_state } => {
            for piece in history::pieces(state_of, text, calls, provider_state) {
                input.push(match piece {
                    Piece::Text(text) => json!({ "role": "assistant", "content": text }),
                    Piece::State(item) => item.clone(),
                    Piece::Call(call) => call_item(provider, call, gate),
                });
            }
        }
        Turn::Tools { results } => {
            input.extend(results.iter().map(
                |result| json!({ "type": "function_call_output", "call_id": result.call_id, "output": result.content }),
            ));
            let loading = |result| loading(result, gate.tools());
            input.extend(results.iter().filter(|result| !result.loads.is_empty()).flat_map(loading));
        }
    }
}

/// A call of a tool that stands in the history has to say so: each is in a namespace of its own name. What the model said of
/// it goes back also when the tool is not loaded any more, so that what was sent stays.
fn call_item(provider: &str, call: &ToolCall, gate: &Gate) -> Value {
    let mut item = json!({
        "type": "function_call",
        "call_id": call.id,
        "name": call.name,
        "arguments": history::arguments_text(call),
    });
    let said = call.provider_state.as_ref().filter(|state| text_at(state, "/provider") == provider);
    let namespace = if gate.is_deferred(&call.name) {
        Some(call.name.as_str())
    } else {
        let said = said.map(|state| text_at(state, "/namespace")).filter(|said| NameRule::Word.name(said) == *said);
        said.filter(|_| gate.takes_deferred() && !gate.is_at_front(&call.name))
    };
    if let Some(namespace) = namespace {
        item["namespace"] = json!(namespace);
    }
    item
}

/// A search of the client with the tools that a result loads as its output.
fn loading(result: &ToolResult, tools: &[ToolSpec]) -> [Value; 2] {
    let id = format!("load_{}", hex::encode(&Sha256::digest(&result.call_id)[..12]));
    let loaded = tools.iter().filter(|tool| result.loads.contains(&tool.name)).map(|tool| {
        let mut definition = function(tool);
        definition["defer_loading"] = json!(true);
        definition
    });
    let fields = |kind: &str| json!({ "type": kind, "call_id": id, "execution": "client", "status": "completed" });
    let (mut call, mut output) = (fields("tool_search_call"), fields("tool_search_output"));
    call["arguments"] = json!({ "query": result.loads.join(" ") });
    output["tools"] = loaded.collect();
    [call, output]
}

/// An output item as far as it came.
#[derive(Default)]
struct Item {
    /// Text, reasoning or arguments that were handed on.
    sent: String,
    /// The call, once it is known to be one.
    call: Option<Call>,
    done: bool,
}

struct Call {
    index: usize,
    id: String,
    name: String,
}

/// The state of one answer.
pub(super) struct Responses {
    provider: String,
    items: BTreeMap<u64, Item>,
    text_bytes: usize,
    calls_started: usize,
    calls_done: usize,
    refused: bool,
}

impl Responses {
    pub(super) fn new(provider: &str) -> Self {
        Self {
            provider: provider.to_owned(),
            items: BTreeMap::new(),
            text_bytes: 0,
            calls_started: 0,
            calls_done: 0,
            refused: false,
        }
    }

    fn text(&mut self, at: u64, text: &str, out: &mut Vec<ModelEvent>) {
        if !text.is_empty() {
            self.items.entry(at).or_default().sent.push_str(text);
            self.text_bytes += text.len();
            out.push(ModelEvent::Text(text.to_owned()));
        }
    }

    fn refusal(&mut self, at: u64, text: &str, out: &mut Vec<ModelEvent>) {
        self.refused |= !text.is_empty();
        self.text(at, text, out);
    }

    fn reasoning(&mut self, at: u64, text: &str, out: &mut Vec<ModelEvent>) {
        if !text.is_empty() {
            self.items.entry(at).or_default().sent.push_str(text);
            out.push(ModelEvent::Reasoning(text.to_owned()));
        }
    }

    fn arguments(&mut self, at: u64, text: &str, out: &mut Vec<ModelEvent>) {
        let item = self.items.entry(at).or_default();
        item.sent.push_str(text);
        if let (Some(call), false) = (&item.call, text.is_empty()) {
            out.push(ModelEvent::CallDelta { index: call.index, arguments: text.to_owned() });
        }
    }

    /// A call becomes known. Its `call_id` is what results refer to; the item's own `id` is not. Another name or
    /// another `call_id` at the same place is another call, and ends the one before.
    fn start_call(&mut self, at: u64, item: &Value, out: &mut Vec<ModelEvent>) -> (usize, String) {
        let (id, name) = (text_at(item, "/call_id"), called(item));
        let known = self.items.entry(at).or_default();
        if let Some(call) = &known.call {
            let is_other = (!name.is_empty() && name != call.name) || (!id.is_empty() && id != call.id);
            if !is_other {
                return (call.index, call.id.clone());
            }
            if !known.done {
                let arguments = std::mem::take(&mut known.sent);
                self.calls_done += 1;
                let whole = ToolCall { id: call.id.clone(), name: call.name.clone(), arguments, provider_state: None };
                out.push(ModelEvent::CallCompleted { index: call.index, call: whole });
            }
            *known = Item::default();
        }
        let id = if id.is_empty() { made_up_call_id() } else { id.to_owned() };
        let (index, name) = (self.calls_started, name.to_owned());
        self.calls_started += 1;
        out.push(ModelEvent::CallStarted { index, id: id.clone(), name: name.clone() });
        known.call = Some(Call { index, id: id.clone(), name });
        (index, id)
    }

    /// An item is whole: what its deltas left out is handed on now.
    fn item_done(&mut self, at: u64, item: &Value, out: &mut Vec<ModelEvent>) {
        let known = self.items.entry(at).or_default();
        if known.done {
            return;
        }
        let started = is_call(item).then(|| self.start_call(at, item, out));
        let known = self.items.entry(at).or_default();
        known.done = true;
        let sent = known.sent.clone();
        if let Some((index, id)) = started {
            let whole = arguments_of(item);
            if let Some(rest) = whole.strip_prefix(sent.as_str()) {
                self.arguments(at, rest, out);
            }
            let arguments = if whole.is_empty() { sent } else { whole };
            self.calls_done += 1;
            let namespace = Some(text_at(item, "/namespace")).filter(|namespace| !namespace.is_empty());
            let provider_state =
                namespace.map(|namespace| json!({ "provider": self.provider, "namespace": namespace }));
            let call = ToolCall { id, name: called(item).to_owned(), arguments, provider_state };
            out.push(ModelEvent::CallCompleted { index, call });
            return;
        }
        match text_at(item, "/type") {
            "message" if sent.is_empty() => {
                for part in list_at(item, "/content") {
                    self.text(at, text_at(part, "/text"), out);
                    self.refusal(at, text_at(part, "/refusal"), out);
                }
            }
            "reasoning" => {
                if sent.is_empty() {
                    for part in list_at(item, "/summary").iter().chain(list_at(item, "/content")) {
                        self.reasoning(at, text_at(part, "/text"), out);
                    }
                }
                // Without its encrypted content the item means nothing to a provider that has not stored it.
                if !text_at(item, "/encrypted_content").is_empty() {
                    let state = history::placed(&self.provider, self.text_bytes, self.calls_done, item.clone());
                    out.push(ModelEvent::State(state));
                }
            }
            // Tools that the provider runs itself.
            _ => {}
        }
    }

    fn response_done(&mut self, response: &Value, out: &mut Vec<ModelEvent>) {
        for (at, item) in (0..).zip(list_at(response, "/output")) {
            self.item_done(at, item, out);
        }
        if let Some(usage) = response.get("usage").filter(|usage| usage.is_object()) {
            out.push(ModelEvent::Usage(Usage {
                input_tokens: number_at(usage, "/input_tokens").unwrap_or_default(),
                output_tokens: number_at(usage, "/output_tokens").unwrap_or_default(),
                cached_input_tokens: number_at(usage, "/input_tokens_details/cached_tokens").unwrap_or_default(),
                reasoning_tokens: number_at(usage, "/output_tokens_details/reasoning_tokens").unwrap_or_default(),
                ..Usage::default()
            }));
        }
        let reason = match (text_at(response, "/status"), text_at(response, "/incomplete_details/reason")) {
            ("incomplete", "max_output_tokens") => FinishReason::Length,
            ("incomplete", "content_filter") => FinishReason::ContentFilter,
            ("incomplete", _) => FinishReason::Other,
            _ if self.calls_done > 0 => FinishReason::ToolCalls,
            _ if self.refused => FinishReason::Refusal,
            _ => FinishReason::Stop,
        };
        out.push(ModelEvent::Finished { reason: Some(reason) });
    }
}

/// Whether an item asks something of the client: a function, or a search of tools. Searches that OpenAI makes itself are no
/// calls.
fn is_call(item: &Value) -> bool {
    match text_at(item, "/type") {
        "function_call" => true,
        "tool_search_call" => text_at(item, "/execution") == "client",
        _ => false,
    }
}

fn called(item: &Value) -> &str {
    if text_at(item, "/type") == "tool_search_call" { meta::SEARCH } else { text_at(item, "/name") }
}

/// The arguments, which a search has as an object.
fn arguments_of(item: &Value) -> String {
    match &item["arguments"] {
        Value::String(text) => text.clone(),
        object @ Value::Object(_) => object.to_string(),
        _ => String::new(),
    }
}

impl Body for Responses {
    fn is_answer(&self, data: &Value) -> bool {
        text_at(data, "/object") == "response" || data.get("output").is_some_and(Value::is_array)
    }

    fn event(&mut self, data: &Value, out: &mut Vec<ModelEvent>) -> Result<(), ModelError> {
        let at = number_at(data, "/output_index").unwrap_or_default();
        let delta = text_at(data, "/delta");
        match text_at(data, "/type") {
            "response.output_text.delta" => self.text(at, delta, out),
            "response.refusal.delta" => self.refusal(at, delta, out),
            "response.reasoning_text.delta" | "response.reasoning_summary_text.delta" => {
                self.reasoning(at, delta, out);
            }
            "response.reasoning_summary_part.added" if number_at(data, "/summary_index") > Some(0) => {
                self.reasoning(at, "\n\n", out);
            }
            "response.function_call_arguments.delta" => self.arguments(at, delta, out),
            "response.output_item.added" if is_call(&data["item"]) => {
                self.start_call(at, &data["item"], out);
            }
            "response.output_item.done" => self.item_done(at, &data["item"], out),
            "response.completed" | "response.incomplete" => self.response_done(&data["response"], out),
            // A whole answer, from a server that does not stream.
            "" if self.is_answer(data) => match text_at(data, "/status") {
                "failed" | "cancelled" => return Err(reported_error(&self.provider, data)),
                "queued" | "in_progress" => {}
                _ => self.response_done(data, out),
            },
            "response.failed" => return Err(reported_error(&self.provider, &data["response"])),
            // Beginnings, progress, annotations, and whatever a later version adds.
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, _sentinel: bool, _out: &mut Vec<ModelEvent>) {
        // Only `response.completed` and `response.incomplete` make an answer whole.
    }

    fn is_settled(&self) -> bool {
        false
    }
}
