//! What the stand-in was asked, in one shape for all four formats, and what a provider would not accept in it.

use super::judge;
use crate::model::{
    frame::{as_written, opened},
    wire::Format,
};
use serde_json::{Value, json};

/// A call in the history.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenCall {
    /// Its id (Gemini: or the tool's name).
    pub id: String,
    pub name: String,
    /// The arguments; a text when they are no JSON.
    pub arguments: Value,
}

/// A result in the history.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenResult {
    pub call_id: String,
    pub name: String,
    /// The output, or `{"error": ...}`: JSON where it is JSON.
    pub content: Value,
    /// The whole content as it came, with what it says of its source.
    pub whole: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is still being answered.
    Open,
    /// It was answered to the end.
    Complete,
    /// It was answered with this status.
    Status(u16),
    /// It met a fault of the script.
    Fault,
    /// The caller hung up before the end.
    HungUp,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The format that it came in.
    pub format: Format,
    pub model: String,
    /// The key that it came with.
    pub key: String,
    /// The operation that made it (`traceparent`); empty without one.
    pub traceparent: String,
    pub body: Value,
    pub system: String,
    pub users: Vec<String>,
    pub assistants: Vec<String>,
    /// All calls of the history.
    pub calls: Vec<SeenCall>,
    /// All results of the history.
    pub results: Vec<SeenResult>,
    pub tools: Vec<String>,
    /// Assistant turns since the last user message.
    pub turns_since_user: usize,
    /// What a provider would refuse; empty for a good request.
    pub problems: Vec<String>,
    pub outcome: Outcome,
    open_calls: Vec<String>,
}

impl Seen {
    pub(super) fn read(format: Format, path_model: &str, key: String, body: Value) -> Self {
        let mut seen = Self {
            format,
            model: body["model"].as_str().unwrap_or(path_model).to_owned(),
            key,
            traceparent: String::new(),
            body: Value::Null,
            system: String::new(),
            users: Vec::new(),
            assistants: Vec::new(),
            calls: Vec::new(),
            results: Vec::new(),
            tools: Vec::new(),
            turns_since_user: 0,
            problems: Vec::new(),
            outcome: Outcome::Open,
            open_calls: Vec::new(),
        };
        match format {
            Format::OpenAiChat => seen.chat(&body),
            Format::OpenAiResponses => seen.responses(&body),
            Format::Anthropic => seen.anthropic(&body),
            Format::Gemini => seen.gemini(&body),
        }
        seen.close_calls("at the end");
        seen.problems.extend(judge::refusals(format, &body));
        seen.body = body;
        seen
    }

    fn chat(&mut self, body: &Value) {
        for message in list(&body["messages"]) {
            match message["role"].as_str() {
                Some("system" | "developer") => self.system.push_str(&text(&message["content"])),
                Some("user") => self.user(text(&message["content"])),
                Some("assistant") => {
                    self.assistant(text(&message["content"]));
                    for call in list(&message["tool_calls"]) {
                        self.call(&call["id"], &call["function"]["name"], &call["function"]["arguments"]);
                    }
                }
                Some("tool") => self.result(&message["tool_call_id"], &text(&message["content"])),
                other => self.problems.push(format!("unknown role {other:?}")),
            }
        }
        self.tools = names(&body["tools"], "/function/name");
    }

    fn responses(&mut self, body: &Value) {
        self.system = text(&body["instructions"]);
        let mut in_turn = false;
        for item in list(&body["input"]) {
            let kind = item["type"].as_str().unwrap_or("message");
            let assistant = item["role"] == "assistant" || kind == "function_call" || kind == "reasoning";
            if assistant && !in_turn {
                self.assistant(String::new());
            }
            in_turn = assistant;
            match kind {
                "function_call" => self.call(&item["call_id"], &item["name"], &item["arguments"]),
                "function_call_output" => self.result(&item["call_id"], &text(&item["output"])),
                "reasoning" | "tool_search_call" | "tool_search_output" => {}
                _ if assistant => {
                    if let Some(last) = self.assistants.last_mut() {
                        last.push_str(&text(&item["content"]));
                    }
                }
                _ => self.user(text(&item["content"])),
            }
        }
        self.tools = judge::tools(self.format, body).into_iter().map(|(name, _)| name).collect();
    }

    fn anthropic(&mut self, body: &Value) {
        self.system = text(&body["system"]);
        for message in list(&body["messages"]) {
            let blocks = list(&message["content"]);
            let of = |kind: &'static str| blocks.iter().filter(move |block| block["type"] == kind);
            if of("text").any(|block| text(block).trim().is_empty()) {
                self.problems.push("text content blocks must be non-empty".into());
            }
            let said: String = of("text").map(text).collect();
            if message["role"] == "assistant" {
                self.assistant(said);
                of("tool_use").for_each(|call| self.call(&call["id"], &call["name"], &call["input"]));
            } else {
                let said_of = |id: &Value| {
                    let mark = format!("call {}]\n", text(id));
                    of("text").map(text).find_map(|said| Some(said.split_once(&mark)?.1.to_owned()))
                };
                for result in of("tool_result") {
                    let (id, content) = (&result["tool_use_id"], text(&result["content"]));
                    let content = if content.is_empty() { said_of(id).unwrap_or_default() } else { content };
                    self.result(id, &content);
                }
                let refers = of("tool_result").any(|result| result["content"][0]["type"] == "tool_reference");
                if !said.is_empty() && !refers {
                    self.user(said);
                }
            }
        }
        if body["max_tokens"].is_null() {
            self.problems.push("max_tokens: Field required".into());
        }
        self.tools = names(&body["tools"], "/name");
    }

    fn gemini(&mut self, body: &Value) {
        self.system = text(&body["systemInstruction"]["parts"]);
        for content in list(&body["contents"]) {
            let parts = list(&content["parts"]);
            let said: String =
                parts.iter().filter(|part| part["thought"] != true).map(|part| text(&part["text"])).collect();
            let id = |function: &Value| {
                if function["id"].is_null() { function["name"].clone() } else { function["id"].clone() }
            };
            if content["role"] == "model" {
                self.assistant(said);
                for call in parts.iter().filter_map(|part| part.get("functionCall")) {
                    self.call(&id(call), &call["name"], &call["args"]);
                }
            } else {
                for result in parts.iter().filter_map(|part| part.get("functionResponse")) {
                    self.result(&id(result), &result["response"].to_string());
                }
                if !said.is_empty() {
                    self.user(said);
                }
            }
        }
        self.tools =
            list(&body["tools"]).iter().flat_map(|tool| names(&tool["functionDeclarations"], "/name")).collect();
    }

    fn user(&mut self, said: String) {
        self.close_calls("before the next user message");
        self.users.push(as_written(&said).to_owned());
        self.turns_since_user = 0;
    }

    fn assistant(&mut self, said: String) {
        self.close_calls("before the next answer");
        self.assistants.push(said);
        self.turns_since_user += 1;
    }

    fn call(&mut self, id: &Value, name: &Value, arguments: &Value) {
        let (id, name) = (text(id), text(name));
        if self.format != Format::Gemini && self.calls.iter().any(|call| call.id == id) {
            self.problems.push(format!("duplicate call id {id}"));
        }
        let arguments = match arguments {
            Value::String(text) => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
            other => other.clone(),
        };
        if !arguments.is_object() {
            self.problems.push(format!("the arguments of call {id} are no JSON object"));
        }
        self.open_calls.push(id.clone());
        self.calls.push(SeenCall { id, name, arguments });
    }

    fn result(&mut self, id: &Value, content: &str) {
        let call_id = text(id);
        match self.open_calls.iter().position(|open| *open == call_id) {
            Some(at) => drop(self.open_calls.remove(at)),
            None => self.problems.push(format!("a result for {call_id}, which is no open call")),
        }
        let name = self.calls.iter().rev().find(|call| call.id == call_id).map(|call| call.name.clone());
        let whole = serde_json::from_str(content).unwrap_or_else(|_| json!(content));
        // Gemini's results are objects, with the text or what it was read as inside.
        let inner =
            if whole["from"].is_null() && whole["result"]["from"].is_string() { &whole["result"] } else { &whole };
        let content = if inner["from"].is_string() { opened(&inner.to_string()) } else { whole.clone() };
        self.results.push(SeenResult { call_id, name: name.unwrap_or_default(), content, whole });
    }

    fn close_calls(&mut self, place: &str) {
        if !self.open_calls.is_empty() {
            self.problems.push(format!("calls without a result {place}: {}", self.open_calls.join(", ")));
            self.open_calls.clear();
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Text, parts of text, or a part with text.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(text).collect(),
        Value::Object(part) => part.get("text").map(text).unwrap_or_default(),
        _ => String::new(),
    }
}

fn names(tools: &Value, pointer: &str) -> Vec<String> {
    list(tools).iter().filter_map(|tool| tool.pointer(pointer)?.as_str()).map(str::to_owned).collect()
}
