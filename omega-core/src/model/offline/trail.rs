//! What has happened since the user's last message, read off the request's turns.

use super::{message::Message, talk};
use crate::{
    id::ToolId,
    model::{
        ToolCall, ToolResult, Turn,
        frame::{as_written, opened},
    },
    registry::meta::{self, Execute, FoundTool, SearchInput, SearchOutput},
};
use serde_json::Value;

/// One call of a tool and what it came to.
#[derive(Debug, Clone)]
pub(super) struct Try {
    /// The tool's id, or its call name where no search of this message told the id.
    pub tool: String,
    /// The input of the call.
    pub input: Value,
    /// The tool's answer, or why it failed.
    pub content: String,
    pub failed: bool,
}

/// Everything since the last message of the user.
#[derive(Debug)]
pub(super) struct Trail {
    pub message: Message,
    /// A tool that the planner asked inputs for just before, with the message that it was wanted for.
    pub asked: Option<(ToolId, Message)>,
    /// Queries, in order.
    pub searches: Vec<String>,
    /// Tools found for this message, each once, in the order of the searches.
    pub found: Vec<FoundTool>,
    /// Tools found for earlier messages.
    pub known: Vec<FoundTool>,
    pub tries: Vec<Try>,
    /// A tool that a person chose in place of one that was tried.
    pub chosen: Option<ToolId>,
    /// Why the last search failed.
    pub search_failed: Option<String>,
    /// Calls in the whole history, for the next call's id.
    pub calls: usize,
}

impl Trail {
    /// Reads the turns; `None` when no user has said anything yet.
    pub(super) fn read(turns: &[Turn]) -> Option<Self> {
        let last = turns.iter().rposition(|turn| matches!(turn, Turn::User { .. }))?;
        let Some(Turn::User { text }) = turns.get(last) else { return None };
        let mut trail = Self {
            message: Message::read(as_written(text)),
            asked: asked(&turns[..last]),
            searches: Vec::new(),
            found: Vec::new(),
            known: Vec::new(),
            tries: Vec::new(),
            chosen: None,
            search_failed: None,
            calls: turns
                .iter()
                .map(|turn| if let Turn::Assistant { calls, .. } = turn { calls.len() } else { 0 })
                .sum(),
        };
        for (call, result) in pairs(&turns[..last]) {
            if call.name == meta::SEARCH && !result.is_error {
                add(&mut trail.known, found(&result.content));
            }
        }
        for (call, result) in pairs(&turns[last..]) {
            trail.step(call, result);
        }
        Some(trail)
    }

    fn step(&mut self, call: &ToolCall, result: &ToolResult) {
        if call.name == meta::SEARCH {
            let input: Option<SearchInput> = serde_json::from_str(&call.arguments).ok();
            self.searches.push(input.map(|input| input.query).unwrap_or_default());
            if result.is_error {
                self.search_failed = Some(reason(&result.content));
            } else {
                self.search_failed = None;
                add(&mut self.found, found(&result.content));
            }
            return;
        }
        let (tool, input) = if call.name == meta::EXECUTE {
            match call.read().and_then(|input| Execute::of(&input)) {
                Ok(execute) => (execute.tool_id, execute.params.value),
                Err(_) => (call.name.clone(), Value::Null),
            }
        } else {
            let input = serde_json::from_str(&call.arguments).unwrap_or_default();
            (self.id_of(&call.name).unwrap_or_else(|| call.name.clone()), input)
        };
        if result.is_error {
            add(&mut self.found, instead(&result.content));
            self.chosen = chosen(&result.content);
        }
        // Outputs are read without what the run says of them.
        let content = match serde_json::from_str::<Value>(&result.content) {
            Ok(_) => opened(&result.content).to_string(),
            Err(_) => result.content.clone(),
        };
        self.tries.push(Try { tool, input, content, failed: result.is_error });
    }

    fn id_of(&self, call_name: &str) -> Option<String> {
        let named = |tool: &&FoundTool| tool.call_as.as_deref() == Some(call_name);
        self.found.iter().chain(&self.known).find(named).map(|tool| tool.tool_id.to_string())
    }

    /// What is known of a tool that was tried.
    pub(super) fn tool(&self, id: &str) -> Option<&FoundTool> {
        self.found.iter().chain(&self.known).find(|tool| tool.tool_id.as_str() == id)
    }
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
    for tool in more {
        match tools.iter_mut().find(|known| known.tool_id == tool.tool_id) {
            Some(known) => *known = tool,
            None => tools.push(tool),
        }
    }
}

/// The tools of a search's answer, which may stand between marks that call it data.
pub(super) fn found(content: &str) -> Vec<FoundTool> {
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
pub(super) fn reason(content: &str) -> String {
    let value: Option<Value> = serde_json::from_str::<Value>(content).ok().map(|_| opened(content));
    let object = value.as_ref().map(|value| value.get("error").filter(|error| error.is_object()).unwrap_or(value));
    let text = |key: &str| object.and_then(|object| object.get(key)).and_then(Value::as_str);
    match (text("code"), text("message").or_else(|| text("error"))) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (None, Some(message)) => message.to_owned(),
        _ => content.trim().to_owned(),
    }
}

/// The tool that the planner's last answer asked inputs for.
fn asked(turns: &[Turn]) -> Option<(ToolId, Message)> {
    let Some(Turn::Assistant { text, calls, .. }) = turns.last() else { return None };
    let id = talk::asked_for(text).filter(|_| calls.is_empty())?;
    let wanted = turns.iter().rev().find_map(|turn| if let Turn::User { text } = turn { Some(text) } else { None })?;
    Some((id, Message::read(as_written(wanted))))
}
