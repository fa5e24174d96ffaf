//! The history as providers, and the templates of models, take it.

use super::{is_name, list, text};
use crate::model::wire::Format;
use serde_json::Value;
use std::collections::BTreeSet;

/// One turn in the terms of every format.
enum Said<'v> {
    User(String),
    Answer { text: String, calls: Vec<Call<'v>> },
    Results(Vec<(&'v str, &'v str, bool)>),
}

struct Call<'v> {
    id: &'v str,
    name: &'v str,
    is_object: bool,
}

pub(super) fn faults(format: Format, body: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let turns = match format {
        Format::OpenAiChat => chat(body, &mut faults),
        Format::OpenAiResponses => responses(body),
        Format::Anthropic => anthropic(body, &mut faults),
        Format::Gemini => gemini(body, &mut faults),
    };
    if !matches!(turns.first(), Some(Said::User(_))) {
        faults.push("the first message is not the user's".into());
    }
    if matches!(turns.last(), Some(Said::Answer { .. })) {
        faults.push("the conversation must end with a user message".into());
    }
    let longest = if format == Format::OpenAiChat { 40 } else { 64 };
    let mut ids = BTreeSet::new();
    for (at, turn) in turns.iter().enumerate() {
        let next = turns.get(at + 1);
        match turn {
            Said::User(text) => {
                if text.trim().is_empty() {
                    faults.push(format!("messages[{at}]: text content must be non-empty"));
                }
                if matches!(next, Some(Said::User(_) | Said::Results(_))) {
                    faults.push(format!("messages[{at}]: conversation roles must alternate user and assistant"));
                }
            }
            Said::Answer { text, calls } => {
                if text.trim().is_empty() && calls.is_empty() {
                    faults.push(format!("messages[{at}]: an answer must have content or calls"));
                }
                for call in calls {
                    if !is_name(format, call.name) {
                        faults.push(format!(
                            "messages[{at}].tool_calls: name {:?} does not match the pattern",
                            call.name
                        ));
                    }
                    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
                    if call.id.is_empty() || call.id.len() > longest || !call.id.chars().all(word) {
                        faults.push(format!("messages[{at}].tool_calls: id {:?} is invalid", call.id));
                    }
                    if !ids.insert(call.id) {
                        faults.push(format!("messages[{at}].tool_calls: id {:?} is not unique", call.id));
                    }
                    if !call.is_object {
                        faults.push(format!("messages[{at}].tool_calls: arguments are no object"));
                    }
                }
                let wanted: Vec<(&str, &str)> = calls.iter().map(|call| (call.id, call.name)).collect();
                match next {
                    Some(Said::Results(results)) => {
                        let given: Vec<(&str, &str)> = results
                            .iter()
                            .zip(&wanted)
                            .map(|((id, name, _), (_, called))| (*id, if name.is_empty() { *called } else { *name }))
                            .collect();
                        if given != wanted || results.len() != wanted.len() {
                            faults.push(format!("messages[{at}]: calls {wanted:?} have the results {given:?}"));
                        }
                        if results.iter().any(|(_, _, is_empty)| *is_empty) {
                            faults.push(format!("messages[{at}]: a result is empty"));
                        }
                    }
                    _ if !calls.is_empty() => faults.push(format!("messages[{at}]: calls without results")),
                    Some(Said::Answer { .. }) => faults.push(format!("messages[{at}]: two answers in a row")),
                    _ => {}
                }
            }
            Said::Results(_) => {
                if !matches!(next, None | Some(Said::Answer { .. })) {
                    faults.push(format!("messages[{at}]: after results comes an answer"));
                }
                if !matches!(at.checked_sub(1).map(|at| &turns[at]), Some(Said::Answer { .. })) {
                    faults.push(format!("messages[{at}]: results without calls"));
                }
            }
        }
    }
    faults
}

fn is_object(arguments: &Value) -> bool {
    match arguments {
        Value::String(text) => serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object()),
        other => other.is_object(),
    }
}

fn chat<'v>(body: &'v Value, faults: &mut Vec<String>) -> Vec<Said<'v>> {
    let mut turns = Vec::new();
    for (at, message) in list(body, "/messages").iter().enumerate() {
        match text(message, "role") {
            "system" if at == 0 => {}
            "user" => turns.push(Said::User(text(message, "content").to_owned())),
            "assistant" => {
                let calls = list(message, "/tool_calls").iter().map(|call| Call {
                    id: text(call, "id"),
                    name: text(&call["function"], "name"),
                    is_object: call["function"]["arguments"].is_string() && is_object(&call["function"]["arguments"]),
                });
                turns.push(Said::Answer { text: text(message, "content").to_owned(), calls: calls.collect() });
            }
            "tool" => {
                let result =
                    (text(message, "tool_call_id"), text(message, "name"), text(message, "content").is_empty());
                match turns.last_mut() {
                    Some(Said::Results(results)) => results.push(result),
                    _ => turns.push(Said::Results(vec![result])),
                }
            }
            other => faults.push(format!("messages[{at}]: role {other:?} can't stand here")),
        }
    }
    turns
}

fn responses(body: &Value) -> Vec<Said<'_>> {
    let mut turns = Vec::new();
    for item in list(body, "/input") {
        match (text(item, "type"), text(item, "role")) {
            // What a search loaded belongs to the results before it; its pairs are checked with the tools.
            ("reasoning" | "tool_search_call" | "tool_search_output", _) => {}
            ("function_call", _) => {
                let call = Call {
                    id: text(item, "call_id"),
                    name: text(item, "name"),
                    is_object: is_object(&item["arguments"]),
                };
                match turns.last_mut() {
                    Some(Said::Answer { calls, .. }) => calls.push(call),
                    _ => turns.push(Said::Answer { text: String::new(), calls: vec![call] }),
                }
            }
            ("function_call_output", _) => {
                let result = (text(item, "call_id"), "", text(item, "output").is_empty());
                match turns.last_mut() {
                    Some(Said::Results(results)) => results.push(result),
                    _ => turns.push(Said::Results(vec![result])),
                }
            }
            // The items of one answer: there may be several texts, with reasoning between.
            (_, "assistant") => match turns.last_mut() {
                Some(Said::Answer { text: said, .. }) => said.push_str(text(item, "content")),
                _ => turns.push(Said::Answer { text: text(item, "content").to_owned(), calls: Vec::new() }),
            },
            _ => turns.push(Said::User(text(item, "content").to_owned())),
        }
    }
    turns
}

fn anthropic<'v>(body: &'v Value, faults: &mut Vec<String>) -> Vec<Said<'v>> {
    let mut turns = Vec::new();
    let mut marks = list(body, "/system")
        .iter()
        .chain(list(body, "/tools"))
        .filter(|block| block.get("cache_control").is_some())
        .count();
    for (at, message) in list(body, "/messages").iter().enumerate() {
        let blocks = list(message, "/content");
        marks += blocks.iter().filter(|block| block.get("cache_control").is_some()).count();
        let of = |kind: &'static str| blocks.iter().filter(move |block| block["type"] == kind);
        if blocks.is_empty() || of("text").any(|block| text(block, "text").trim().is_empty()) {
            faults.push(format!("messages.{at}: text content blocks must be non-empty"));
        }
        let said: String = of("text").map(|block| text(block, "text")).collect();
        if message["role"] == "assistant" {
            let calls = of("tool_use").map(|call| Call {
                id: text(call, "id"),
                name: text(call, "name"),
                is_object: call["input"].is_object(),
            });
            turns.push(Said::Answer { text: said, calls: calls.collect() });
        } else if of("tool_result").next().is_some() {
            let is_reference = |block: &Value| block["type"] == "tool_reference";
            let empty = |result: &Value| {
                let blocks = list(result, "/content");
                blocks.iter().any(|block| !is_reference(block) && text(block, "text").trim().is_empty())
                    || blocks.is_empty()
            };
            let refers = of("tool_result").any(|result| list(result, "/content").iter().any(is_reference));
            turns.push(Said::Results(
                of("tool_result").map(|result| (text(result, "tool_use_id"), "", empty(result))).collect(),
            ));
            // Behind results stands nothing, but for what those with references said.
            if !said.is_empty() && !refers {
                turns.push(Said::User(said));
            }
        } else {
            turns.push(Said::User(said));
        }
    }
    if marks > 4 {
        faults.push(format!("A maximum of 4 blocks with cache_control may be provided. Found {marks}."));
    }
    if !body["max_tokens"].is_u64() {
        faults.push("max_tokens: Field required".into());
    }
    turns
}

fn gemini<'v>(body: &'v Value, faults: &mut Vec<String>) -> Vec<Said<'v>> {
    let mut turns = Vec::new();
    for (at, content) in list(body, "/contents").iter().enumerate() {
        let parts = list(content, "/parts");
        if parts.is_empty() {
            faults.push(format!("contents[{at}].parts must not be empty"));
        }
        let said: String = parts.iter().map(|part| text(part, "text")).collect();
        if content["role"] == "model" {
            let calls = parts.iter().filter_map(|part| part.get("functionCall"));
            let calls = calls.map(|call| Call {
                id: text(call, "id"),
                name: text(call, "name"),
                is_object: call["args"].is_object(),
            });
            turns.push(Said::Answer { text: said, calls: calls.collect() });
        } else {
            let results: Vec<_> = parts
                .iter()
                .filter_map(|part| part.get("functionResponse"))
                .map(|result| (text(result, "id"), text(result, "name"), !result["response"].is_object()))
                .collect();
            turns.push(if results.is_empty() { Said::User(said) } else { Said::Results(results) });
        }
    }
    turns
}
