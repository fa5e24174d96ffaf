//! Tools that no recipe knows: those that a request names, and those that explain every word of it.
//!
//! A tool that is named is called with an object, with `name: value` pairs, or with the one value of the request when it
//! needs one. A tool that is not named is called only when its own words explain the request and its input is sure.

use super::{
    lexicon::lexicon,
    message::{Kind, Message, TokenKind, squeeze},
    recipe::recipes,
};
use crate::registry::{meta::FoundTool, words};
use serde_json::{Map, Value, json};

/// A tool's input from a message, or the names of what is missing.
pub(super) fn input(tool: &FoundTool, message: &Message) -> Result<Map<String, Value>, Vec<String>> {
    let schema = tool.input_schema.clone().unwrap_or_default();
    let properties = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let required = required(tool);
    let objects = message.data.iter().filter_map(|datum| datum.json()).find_map(|value| value.as_object().cloned());
    if let Some(object) =
        objects.filter(|object| properties.is_empty() || object.keys().all(|key| properties.contains_key(key)))
    {
        let missing: Vec<String> = required.into_iter().filter(|name| !object.contains_key(name)).collect();
        return if missing.is_empty() { Ok(object) } else { Err(missing) };
    }
    let mut input = Map::new();
    for (name, schema) in &properties {
        let others: Vec<&str> = properties.keys().map(String::as_str).filter(|other| other != name).collect();
        if let Some(value) = pair(message, name, &others).and_then(|text| coerced(&text, schema)) {
            input.insert(name.clone(), value);
        }
    }
    let mut missing: Vec<String> = required.into_iter().filter(|name| !input.contains_key(name)).collect();
    if let [only] = missing.as_slice()
        && let [value] = values(message).as_slice()
        && input.is_empty()
        && let Some(value) = properties.get(only).and_then(|schema| coerced(value, schema))
    {
        input.insert(only.clone(), value);
        missing.clear();
    }
    if properties.is_empty() && tool.input_schema.is_none() && input.is_empty() {
        return Err(vec!["a JSON object".to_owned()]);
    }
    if missing.is_empty() { Ok(input) } else { Err(missing) }
}

/// The names of what a tool's input must have.
pub(super) fn required(tool: &FoundTool) -> Vec<String> {
    let names = tool.input_schema.as_ref().and_then(|schema| schema.get("required")).and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// What a request sets apart, numbers too.
fn values(message: &Message) -> Vec<String> {
    let number = |at: usize| {
        (message.tokens[at].kind == TokenKind::Number).then(|| message.written(&message.tokens[at..=at]).to_owned())
    };
    let value = |at: usize| message.datum(&message.tokens[at]).map(|datum| datum.text.clone()).or_else(|| number(at));
    (0..message.tokens.len()).filter_map(value).collect()
}

fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// A text as a value of the schema's type.
fn coerced(text: &str, schema: &Value) -> Option<Value> {
    let types = types(schema);
    let trimmed = text.trim();
    let parsed: Option<Value> = serde_json::from_str(trimmed).ok();
    let is = |kind: &str| types.is_empty() || types.contains(&kind);
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        return choices
            .iter()
            .find(|choice| choice.as_str().is_some_and(|choice| choice.eq_ignore_ascii_case(trimmed)))
            .cloned();
    }
    let fits = match &parsed {
        Some(number @ Value::Number(_)) => {
            types.contains(&"number") || types.contains(&"integer") && (number.is_i64() || number.is_u64())
        }
        Some(Value::Bool(_)) => types.contains(&"boolean"),
        Some(Value::Array(_)) => is("array"),
        Some(Value::Object(_)) => is("object"),
        _ => false,
    };
    if fits { parsed } else { is("string").then(|| json!(text)) }
}

/// The value of `name: value` or `name=value`, up to the end of the line or the next of the other names.
fn pair(message: &Message, name: &str, others: &[&str]) -> Option<String> {
    let wanted = squeeze(name);
    let apart = |at: usize| message.data.iter().any(|datum| datum.span.contains(&at) && datum.kind != Kind::Words);
    for (at, _) in message.text.match_indices([':', '=']).filter(|(at, _)| !apart(*at)) {
        let key = message.text[..at].trim_end();
        let from = key.rfind([' ', '\n', ',', ';', '(', '\t', '?']).map_or(0, |space| space + 1);
        if wanted.is_empty() || squeeze(&key[from..]) != wanted {
            continue;
        }
        let rest = message.text[at + 1..].trim_start_matches([' ', '=']);
        let place = message.text.len() - rest.len();
        if let Some(datum) =
            message.data.iter().find(|datum| datum.span.start == place && (datum.is_text() || datum.kind == Kind::Json))
        {
            return Some(datum.text.clone());
        }
        let line = rest.lines().next().unwrap_or_default();
        let next = |(at, _): &(usize, &str)| {
            let next = line[at + 1..].trim_start();
            let name = next.split([':', '=']).next().unwrap_or_default();
            name.len() < next.len() && others.iter().any(|other| squeeze(other) == squeeze(name))
        };
        let end = line.match_indices([',', ';', ' ']).find(next).map_or(line.len(), |(at, _)| at);
        let value = line[..end].trim();
        if !value.is_empty() {
            return Some(value.to_owned());
        }
    }
    None
}

/// The words of a request that say what is wanted.
pub(super) fn content(message: &Message) -> Vec<String> {
    let dress = |word: &str| {
        let all = lexicon().meanings(word);
        all.iter().any(|name| name.starts_with('-') || matches!(*name, "it" | "and")) || words::is_filler(word)
    };
    let mut content: Vec<String> = Vec::new();
    for word in message.words() {
        if !dress(word) && word.chars().count() > 1 && !content.iter().any(|known| known == word) {
            content.push(word.to_owned());
        }
    }
    content
}

/// What to search the registry for.
pub(super) fn query(message: &Message) -> String {
    let mut terms = content(message);
    terms.truncate(6);
    terms.join(" ")
}

/// How much of a request's words a tool explains, from 0 to 1, and whether its name says one of them.
pub(super) fn explained(tool: &FoundTool, content: &[String]) -> (f64, bool) {
    let parameters = tool
        .input_schema
        .as_ref()
        .and_then(|schema| schema.get("properties"))
        .map(Value::to_string)
        .unwrap_or_default();
    let about = words::content(&format!("{} {} {parameters}", tool.description, tool.package));
    let (name, stems) = (name(tool), stems(content));
    let count = stems.iter().filter(|stem| name.contains(stem) || about.contains(stem)).count();
    #[allow(clippy::cast_precision_loss, reason = "a handful of words")]
    let share = if stems.is_empty() { 0.0 } else { count as f64 / stems.len() as f64 };
    (share, stems.iter().any(|stem| name.contains(stem)))
}

fn stems(content: &[String]) -> Vec<String> {
    content.iter().map(|word| words::canonical(word)).collect()
}

/// The words of a tool's name.
fn name(tool: &FoundTool) -> Vec<String> {
    words::content(&format!("{} {}", tool.name, tool.tool_id.export()))
}

/// The tool that explains every word of a request and finds its whole input in it.
pub(super) fn fitting<'a>(tools: &'a [FoundTool], message: &Message) -> Option<(&'a FoundTool, Map<String, Value>)> {
    let content = content(message);
    let own = |tool: &FoundTool| recipes().iter().any(|recipe| recipe.tool == tool.tool_id.as_str());
    let sure = |tool: &'a FoundTool| {
        let (share, stems) = (explained(tool, &content).0, stems(&content));
        // A tool that does something else besides says so in its name.
        let whole = share >= 1.0 && content.len() >= 2 && name(tool).iter().all(|word| stems.contains(word));
        let input = input(tool, message).ok().filter(|_| whole)?;
        let used = input
            .values()
            .filter(|value| values(message).iter().any(|text| **value == json!(text) || value.to_string() == *text))
            .count();
        (used >= values(message).len() && !message.data.is_empty() || is_whole_object(message, &input))
            .then_some((tool, input))
    };
    tools.iter().filter(|tool| !own(tool) && !tool.health_status.eq_ignore_ascii_case("BROKEN")).find_map(sure)
}

fn is_whole_object(message: &Message, input: &Map<String, Value>) -> bool {
    matches!(message.data.as_slice(), [only] if only.json() == Some(Value::Object(input.clone())))
}

/// The tools that have something to do with a request, nearest first: they share all of its words, or half of them and two.
pub(super) fn nearest<'a>(tools: &'a [FoundTool], content: &[String], most: usize) -> Vec<&'a FoundTool> {
    #[allow(clippy::cast_precision_loss, reason = "a handful of words")]
    let words = content.len() as f64;
    let mut near: Vec<(f64, &FoundTool)> = tools
        .iter()
        .map(|tool| (explained(tool, content), tool))
        .filter(|((share, _), _)| *share >= 1.0 || *share >= 0.5 && share * words >= 1.5)
        .map(|((share, named), tool)| (share + if named { 0.2 } else { 0.0 }, tool))
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    // What is to be done says more than what it is to be done to.
    let is_unit = |word: &str| {
        lexicon().meanings(word).iter().any(|name| name.starts_with('~') || matches!(*name, "characters" | "convert"))
    };
    let acts = |word: &&String| lexicon().is_operation(word) && !is_unit(word);
    let operations: Vec<String> = content.iter().filter(acts).cloned().collect();
    if near.is_empty() && !operations.is_empty() && operations.len() < content.len() {
        return nearest(tools, &operations, most);
    }
    near.into_iter().take(most).map(|(_, tool)| tool).collect()
}

/// An example of an input, with what the message gives.
pub(super) fn example(tool: &FoundTool, message: Option<&Message>) -> Value {
    let schema = tool.input_schema.clone().unwrap_or_default();
    let given = message.and_then(|message| input(tool, message).ok()).unwrap_or_default();
    let whole = schema.get("examples").and_then(|all| all.get(0)).and_then(Value::as_object);
    let mut example = Map::new();
    for name in required(tool) {
        let property = schema.pointer(&format!("/properties/{name}")).cloned().unwrap_or_default();
        let sample = given
            .get(&name)
            .cloned()
            .or_else(|| whole.and_then(|whole| whole.get(&name).cloned()))
            .or_else(|| property.pointer("/examples/0").cloned());
        let kind = types(&property).first().copied().unwrap_or("string");
        let value = sample.unwrap_or_else(|| match kind {
            "number" | "integer" => json!(1),
            "boolean" => json!(true),
            "array" => json!([]),
            "object" => json!({}),
            _ => json!("..."),
        });
        example.insert(name, value);
    }
    Value::Object(example)
}
