//! What real providers refuse in a request, stated a second time and apart from the code that makes requests.
//!
//! The rules are those of the providers' documentation and of their refusals in public reports (the addresses stand in
//! [`crate::model::gate::rules`] and [`crate::model::gate::deferred`]); where templates of open models are stricter than the providers (roles that alternate, no
//! user after a result), the strictest one counts. Nothing in here is shared with the gate.

mod deferred;
mod schemas;
mod turns;

use crate::model::wire::Format;
use serde_json::Value;

/// Everything that a provider of a format would refuse in a request; empty for a good one.
pub fn refusals(format: Format, body: &Value) -> Vec<String> {
    let mut faults = turns::faults(format, body);
    faults.extend(tool_faults(format, body));
    faults.extend(deferred::faults(format, body));
    faults
}

/// The tools of a request: names, and schemas.
pub fn tools(format: Format, body: &Value) -> Vec<(String, Value)> {
    let functions: Vec<&Value> = match format {
        Format::OpenAiChat => list(body, "/tools").iter().map(|tool| &tool["function"]).collect(),
        Format::OpenAiResponses => list(body, "/tools").iter().chain(deferred::loaded(body)).collect(),
        Format::Anthropic => list(body, "/tools").iter().collect(),
        Format::Gemini => list(body, "/tools").iter().flat_map(|tool| list(tool, "/functionDeclarations")).collect(),
    };
    let schema = match format {
        Format::OpenAiChat | Format::OpenAiResponses => "parameters",
        Format::Anthropic => "input_schema",
        Format::Gemini => "parametersJsonSchema",
    };
    let named = |tool: &&Value| (tool["name"].as_str().unwrap_or_default().to_owned(), tool[schema].clone());
    functions.iter().map(named).collect()
}

fn tool_faults(format: Format, body: &Value) -> Vec<String> {
    let tools = tools(format, body);
    let mut faults = Vec::new();
    if tools.len() > 128 {
        faults.push(format!("{} tools, at most 128", tools.len()));
    }
    for (at, (name, schema)) in tools.iter().enumerate() {
        if !is_name(format, name) {
            faults.push(format!("tools[{at}].name: {name:?} does not match the pattern of names"));
        }
        if tools[..at].iter().any(|(other, _)| other == name) {
            faults.push(format!("tools[{at}].name: {name} is not unique"));
        }
        faults.extend(
            schemas::faults(format, schema)
                .into_iter()
                .map(|fault| format!("Invalid schema for function '{name}': {fault}")),
        );
    }
    faults
}

fn is_name(format: Format, name: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    (1..=64).contains(&name.len())
        && name.chars().all(good)
        && (format != Format::Gemini || name.chars().next().is_some_and(first))
}

fn list<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
