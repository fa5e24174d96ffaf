//! What a conversation has come to, read off the request's turns: for each message what was searched, found and tried.

use super::message::Message;
use crate::{
    budget::Size,
    id::ToolId,
    model::{
        ToolCall, ToolResult, Turn,
        frame::{as_written, handle_in, opened},
    },
    registry::meta::{self, Execute, FoundTool, SearchInput, SearchOutput},
};
use serde_json::{Value, json};

/// Messages before the last one that are looked at.
const MOST: usize = 6;
/// Bytes of a value from which on it is referred to.
const LONG: usize = 16 * 1024;

/// One call of a tool and what it came to.
#[derive(Debug, Clone)]
pub(super) struct Try {
    /// The tool's id, or its call name where no search told the id.
    pub tool: String,
    pub input: Value,
    /// The output, or why it failed.
    pub output: Value,
    pub failed: bool,
    /// The handle of the output.
    pub handle: Option<String>,
}

/// A message and what followed.
#[derive(Debug)]
pub(super) struct Exchange {
    pub message: Message,
    /// Queries, in order.
    pub searches: Vec<String>,
    /// Why the last search failed.
    pub search_failed: Option<String>,
    pub tries: Vec<Try>,
    /// A tool that a person chose in place of one that was tried.
    pub chosen: Option<ToolId>,
}

/// The last messages, and every tool that a search has found.
#[derive(Debug)]
pub(super) struct Trail {
    pub before: Vec<Exchange>,
    pub last: Exchange,
    /// Each once, the newest search's first.
    pub found: Vec<FoundTool>,
    /// Calls in the whole history, for the next call's id.
    pub calls: usize,
}

impl Trail {
    /// Reads the turns; `None` when no user has said anything yet.
    pub(super) fn read(turns: &[Turn]) -> Option<Self> {
        let mut places: Vec<usize> =
            turns.iter().enumerate().filter(|(_, turn)| matches!(turn, Turn::User { .. })).map(|(at, _)| at).collect();
        places.push(turns.len());
        let mut found = Vec::new();
        for (call, result) in pairs(turns) {
            if call.name == meta::SEARCH && !result.is_error {
                add(&mut found, tools(&result.content));
            } else if result.is_error {
                add(&mut found, instead(&result.content));
            }
        }
        let from = places.len().saturating_sub(2 + MOST);
        let spans = places.get(from..)?.windows(2);
        let mut exchanges: Vec<Exchange> =
            spans.filter_map(|span| exchange(&turns[span[0]..span[1]], &found)).collect();
        let last = exchanges.pop()?;
        let calls =
            turns.iter().map(|turn| if let Turn::Assistant { calls, .. } = turn { calls.len() } else { 0 }).sum();
        Some(Self { before: exchanges, last, found, calls })
    }

    /// An input that does not write again what has a handle and is long: what was piped in, and what a call gave.
    pub(super) fn by_reference(&self, input: Value) -> Value {
        if Size::of(&input).bytes <= LONG {
            return input;
        }
        if let Some(handle) = self.handle_of(&input) {
            return json!({ "$from": handle });
        }
        match input {
            Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, self.by_reference(value))).collect(),
            Value::Array(items) => items.into_iter().map(|item| self.by_reference(item)).collect(),
            other => other,
        }
    }

    fn handle_of(&self, value: &Value) -> Option<String> {
        let ends = ['\r', '\n'];
        let says = |text: &str| value.as_str().is_some_and(|own| own.trim_matches(ends) == text.trim_matches(ends));
        // Of what was piped in, the newest has this handle.
        let newest = [&self.last].into_iter().chain(self.before.iter().rev()).find_map(|one| one.message.piped());
        if newest.is_some_and(says) {
            return Some("stdin".to_owned());
        }
        let tries = self.before.iter().chain([&self.last]).flat_map(|exchange| &exchange.tries);
        let mut given = tries.filter(|attempt| !attempt.failed);
        let same = |attempt: &&Try| attempt.output == *value || attempt.output.as_str().is_some_and(says);
        given.find(same).and_then(|attempt| attempt.handle.clone())
    }

    pub(super) fn tool(&self, id: &str) -> Option<&FoundTool> {
        self.found.iter().find(|tool| tool.tool_id.as_str() == id)
    }
}

fn exchange(turns: &[Turn], found: &[FoundTool]) -> Option<Exchange> {
    let Some(Turn::User { text }) = turns.first() else { return None };
    let message = Message::read(as_written(text));
    let mut exchange = Exchange { message, searches: Vec::new(), search_failed: None, tries: Vec::new(), chosen: None };
    for (call, result) in pairs(turns) {
        if call.name == meta::SEARCH {
            let input: Option<SearchInput> = serde_json::from_str(&call.arguments).ok();
            exchange.searches.push(input.map(|input| input.query).unwrap_or_default());
            exchange.search_failed = result.is_error.then(|| reason(&result.content));
            continue;
        }
        let named = |name: &str| {
            found.iter().find(|tool| tool.call_as.as_deref() == Some(name)).map(|tool| tool.tool_id.to_string())
        };
        let (tool, input) = if call.name == meta::EXECUTE {
            match call.read().and_then(|input| Execute::of(&input)) {
                Ok(execute) => (execute.tool_id, execute.params.value),
                Err(_) => (call.name.clone(), Value::Null),
            }
        } else {
            let input = serde_json::from_str(&call.arguments).unwrap_or_default();
            (named(&call.name).unwrap_or_else(|| call.name.clone()), input)
        };
        if result.is_error {
            exchange.chosen = chosen(&result.content);
        }
        let output = if result.is_error { Value::from(reason(&result.content)) } else { opened(&result.content) };
        let handle = handle_in(&result.content);
        exchange.tries.push(Try { tool, input, output, failed: result.is_error, handle });
    }
    Some(exchange)
}

fn pairs(turns: &[Turn]) -> impl Iterator<Item = (&ToolCall, &ToolResult)> {
    let calls =
        turns.iter().filter_map(|turn| if let Turn::Assistant { calls, .. } = turn { Some(calls) } else { None });
    let results: Vec<&ToolResult> = turns
        .iter()
        .filter_map(|turn| if let Turn::Tools { results } = turn { Some(results) } else { None })
        .flatten()
        .collect();
    calls
        .flatten()
        .filter_map(move |call| results.iter().find(|result| result.call_id == call.id).map(|result| (call, *result)))
}

fn add(tools: &mut Vec<FoundTool>, more: Vec<FoundTool>) {
    tools.retain(|tool| !more.iter().any(|new| new.tool_id == tool.tool_id));
    tools.splice(0..0, more);
}

/// The tools of a search's answer, which may stand between marks that call it data.
fn tools(content: &str) -> Vec<FoundTool> {
    let inner = || content.get(content.find('{')?..=content.rfind('}')?);
    let whole: Result<SearchOutput, _> = serde_json::from_value(opened(content));
    let output = whole.ok().or_else(|| serde_json::from_str(inner()?).ok());
    output.map(|output| output.tools).unwrap_or_default()
}

/// The tools that a failure names in the place of the one that failed.
fn instead(content: &str) -> Vec<FoundTool> {
    let value: Option<Value> = serde_json::from_str(content).ok();
    let tools = value.and_then(|value| value.pointer("/error/details/alternatives").cloned());
    tools.and_then(|tools| serde_json::from_value(tools).ok()).unwrap_or_default()
}

/// The tool that a person chose after a failure.
fn chosen(content: &str) -> Option<ToolId> {
    let value: Value = serde_json::from_str(content).ok()?;
    value.pointer("/choice/useInstead")?.as_str()?.parse().ok()
}

/// A failure in one line: the `message` of a JSON error, or the text.
fn reason(content: &str) -> String {
    let value: Option<Value> = serde_json::from_str::<Value>(content).ok().map(|_| opened(content));
    let object = value.as_ref().map(|value| value.get("error").filter(|error| error.is_object()).unwrap_or(value));
    let text = |key: &str| object.and_then(|object| object.get(key)).and_then(Value::as_str);
    match (text("code"), text("message").or_else(|| text("error"))) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (None, Some(message)) => message.to_owned(),
        _ => content.trim().to_owned(),
    }
}
