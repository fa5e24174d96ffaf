//! The schemas of tools as validators of providers take them.

use crate::model::wire::Format;
use serde_json::Value;

const KINDS: [&str; 7] = ["object", "array", "string", "number", "integer", "boolean", "null"];
/// What Gemini's documentation lists for JSON Schema, apart from references, which others refuse.
const GEMINI: [&str; 12] = [
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "minItems",
    "maxItems",
    "anyOf",
    "enum",
    "minimum",
    "maximum",
    "description",
];

pub(super) fn faults(format: Format, schema: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    if schema["type"] != "object" || !schema["properties"].is_object() {
        faults.push("schema must be of type object, with properties".to_owned());
    }
    for key in ["oneOf", "anyOf", "allOf", "enum", "not", "$ref", "if", "const"] {
        if schema.get(key).is_some() {
            faults.push(format!("{key} is not supported at the top level"));
        }
    }
    if !jsonschema::draft202012::meta::is_valid(schema) {
        faults.push(format!("{schema:.2000} must match JSON Schema draft 2020-12"));
    }
    if schema.to_string().len() > 40_000 {
        faults.push("it is too large".to_owned());
    }
    walk(format, schema, "", 0, &mut faults);
    faults
}

fn walk(format: Format, schema: &Value, at: &str, depth: usize, faults: &mut Vec<String>) {
    let mut fault = |what: String| faults.push(format!("In context={at:?}, {what}"));
    let Some(keywords) = schema.as_object() else {
        if !schema.is_boolean() {
            fault(format!("{schema} is not of type 'object', 'boolean'"));
        }
        return;
    };
    if depth > 12 {
        fault("too many levels of nesting".into());
    }
    let kinds: Vec<&Value> = match keywords.get("type") {
        None => Vec::new(),
        Some(Value::Array(kinds)) => kinds.iter().collect(),
        Some(kind) => vec![kind],
    };
    for kind in &kinds {
        if !KINDS.iter().any(|known| **kind == *known) {
            fault(format!("type {kind} is not valid"));
        }
    }
    if kinds.iter().any(|kind| **kind == "array")
        && !keywords.get("items").is_some_and(|items| items.is_object() || items.is_boolean())
    {
        fault("array schema missing items".into());
    }
    if kinds.iter().any(|kind| **kind == "object") && !keywords.get("properties").is_some_and(Value::is_object) {
        fault("object schema missing properties".into());
    }
    if keywords.get("enum").is_some_and(|values| values.as_array().is_none_or(Vec::is_empty)) {
        fault("enum is empty".into());
    }
    for refused in
        ["$ref", "$dynamicRef", "$recursiveRef", "$defs", "definitions", "prefixItems", "$id", "$anchor", "nullable"]
    {
        if keywords.contains_key(refused) {
            fault(format!("{refused} is not supported"));
        }
    }
    if format == Format::Gemini
        && let Some(unknown) = keywords.keys().find(|key| !GEMINI.contains(&key.as_str()))
    {
        fault(format!("Unknown name {unknown:?}: Cannot find field"));
    }
    let empty = serde_json::Map::new();
    let properties = keywords.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    for name in keywords.get("required").and_then(Value::as_array).into_iter().flatten() {
        if !name.as_str().is_some_and(|name| properties.contains_key(name)) {
            fault(format!("required: property {name} is not defined"));
        }
    }
    for name in properties.keys().filter(|name| !is_key(format, name)) {
        fault(format!("Property keys should match pattern: {name:?}"));
    }
    for (name, inner) in properties {
        walk(format, inner, &format!("{at}.{name}"), depth + 1, faults);
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = keywords.get(key) {
            walk(format, inner, &format!("{at}.{key}"), depth + 1, faults);
        }
    }
    for (place, inner) in keywords.get("anyOf").and_then(Value::as_array).into_iter().flatten().enumerate() {
        walk(format, inner, &format!("{at}.anyOf.{place}"), depth + 1, faults);
    }
}

fn is_key(format: Format, key: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    match format {
        Format::Anthropic => (1..=64).contains(&key.len()) && key.chars().all(|c| letter(c) || c == '.' || c == '-'),
        Format::Gemini => {
            (1..=64).contains(&key.len()) && key.chars().all(letter) && !key.starts_with(|c: char| c.is_ascii_digit())
        }
        Format::OpenAiChat | Format::OpenAiResponses => !key.is_empty(),
    }
}
