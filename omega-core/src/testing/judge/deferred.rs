//! Deferred tools as the two providers that know them check them.

use super::{is_name, list, text};
use crate::model::wire::Format;
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) fn faults(format: Format, body: &Value) -> Vec<String> {
    match format {
        Format::Anthropic => anthropic(body),
        Format::OpenAiResponses => responses(body),
        Format::OpenAiChat | Format::Gemini => nobodys(body),
    }
}

/// Functions that were loaded in the course of the conversation.
pub(super) fn loaded(body: &Value) -> impl Iterator<Item = &Value> {
    list(body, "/input")
        .iter()
        .filter(|item| item["type"] == "tool_search_output")
        .flat_map(|item| list(item, "/tools"))
}

fn anthropic(body: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let tools = list(body, "/tools");
    let is_deferred = |tool: &&Value| tool["defer_loading"] == true;
    if !tools.is_empty() && tools.iter().all(|tool| is_deferred(&tool)) {
        faults.push("At least one tool must have defer_loading=false. All tools cannot be deferred.".into());
    }
    for tool in tools.iter().filter(is_deferred) {
        if tool.get("cache_control").is_some() {
            faults.push(format!("tools: {} has defer_loading and cache_control", text(tool, "name")));
        }
    }
    let mut uses_it = tools.iter().any(|tool| tool.get("defer_loading").is_some());
    for (at, message) in list(body, "/messages").iter().enumerate() {
        let blocks = list(message, "/content");
        let first_text = blocks.iter().position(|block| block["type"] == "text").unwrap_or(blocks.len());
        for (place, block) in blocks.iter().enumerate().filter(|(_, block)| block["type"] == "tool_result") {
            if place > first_text {
                faults.push(format!("messages.{at}: tool_result blocks come before text"));
            }
            let content = list(block, "/content");
            let references = || content.iter().filter(|inner| inner["type"] == "tool_reference");
            uses_it |= references().next().is_some();
            if references().next().is_some() && references().count() < content.len() {
                faults.push(format!("messages.{at}: tool_reference can't stand beside other content"));
            }
            if block["is_error"] == true && content.iter().any(|inner| inner["type"] != "text") {
                faults.push(format!("messages.{at}: all content must be type text if is_error is true"));
            }
            for name in references().map(|reference| text(reference, "tool_name")) {
                match tools.iter().find(|tool| text(tool, "name") == name) {
                    None => faults.push(format!("Tool reference '{name}' not found in available tools")),
                    Some(tool) if !is_deferred(&tool) => faults.push(format!("'{name}' has no defer_loading")),
                    Some(_) => {}
                }
            }
        }
    }
    // Of the models of the documentation's table, those that tests use.
    let knows = ["claude-sonnet-4-5", "claude-opus-4-5", "claude-haiku-4-5", "claude-opus-5"];
    if uses_it && !knows.iter().any(|name| text(body, "model").starts_with(name)) {
        faults.push(format!(
            "{}: Input tag 'tool_reference' does not match any of the expected tags: 'document', 'image', 'text'",
            text(body, "model")
        ));
    }
    faults
}

fn responses(body: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let items = list(body, "/input");
    let of = |kind: &'static str| items.iter().filter(move |item| item["type"] == kind);
    let front: BTreeSet<&str> = list(body, "/tools").iter().map(|tool| text(tool, "name")).collect();
    if list(body, "/tools").iter().any(|tool| tool.get("defer_loading").is_some()) {
        faults.push("defer_loading needs a tool_search in tools".into());
    }
    let mut ids = BTreeSet::new();
    for (at, item) in items.iter().enumerate() {
        let is_next = |kind: &str| {
            items.get(at + 1).is_some_and(|next| next["type"] == kind && next["call_id"] == item["call_id"])
        };
        match text(item, "type") {
            "tool_search_call" => {
                if item["execution"] != "client" || !item["arguments"].is_object() {
                    faults.push(format!("input[{at}]: no search of the client"));
                }
                if !is_next("tool_search_output") {
                    faults.push(format!("No tool output found for tool search call {}.", item["call_id"]));
                }
                if text(item, "call_id").is_empty()
                    || text(item, "call_id").len() > 64
                    || !ids.insert(text(item, "call_id"))
                {
                    faults.push(format!("input[{at}].call_id is invalid"));
                }
            }
            "tool_search_output" => {
                if item["execution"] != "client" || item["status"] != "completed" || !item["tools"].is_array() {
                    faults.push(format!("input[{at}]: no output of a search of the client"));
                }
                if !ids.contains(text(item, "call_id")) {
                    faults.push(format!("No tool search call found for {}.", item["call_id"]));
                }
                for tool in list(item, "/tools") {
                    if tool["type"] != "function" || tool["defer_loading"] != true {
                        faults.push(format!("input[{at}].tools: {} is not deferred", text(tool, "name")));
                    }
                }
            }
            _ => {}
        }
    }
    let later: BTreeSet<&str> = loaded(body).map(|tool| text(tool, "name")).collect();
    for call in of("function_call") {
        let (name, namespace) = (text(call, "name"), text(call, "namespace"));
        if later.contains(name) && namespace != name {
            faults.push(format!(
                "Missing namespace for function_call '{name}'. It does not exist in the default namespace."
            ));
        }
        if front.contains(name) && !namespace.is_empty() {
            faults.push(format!("function_call '{name}' exists in the default namespace, not in '{namespace}'"));
        }
        if !namespace.is_empty() && !is_name(Format::OpenAiResponses, namespace) {
            faults.push(format!("namespace {namespace:?} does not match the pattern of names"));
        }
        if ids.contains(text(call, "call_id")) {
            faults.push(format!("call_id {} is not unique", call["call_id"]));
        }
    }
    faults.extend(later.intersection(&front).map(|name| format!("{name} is loaded and in tools")));
    let model = text(body, "model");
    if !ids.is_empty() && !["gpt-5.4", "gpt-5.5", "gpt-6"].iter().any(|known| model.starts_with(known)) {
        faults.push(format!("Tool search is not supported with {model}"));
    }
    faults
}

/// Gateways and others check fields by name, and know none of these.
fn nobodys(body: &Value) -> Vec<String> {
    let marks = ["\"defer_loading\":", "\"type\":\"tool_reference\"", "\"type\":\"tool_search_output\""];
    let tools = body["tools"].to_string();
    marks
        .iter()
        .filter(|mark| tools.contains(**mark))
        .map(|mark| format!("{mark} Extra inputs are not permitted"))
        .collect()
}
