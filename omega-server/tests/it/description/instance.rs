//! Values that a schema allows, from the least that it asks for to everything that it knows.

use super::resolved;
use serde_json::{Map, Value, json};

/// How much of a schema to make.
#[derive(Debug, Clone, Copy)]
pub struct Fill {
    /// Objects and lists down to this depth have all that they may have; beneath, what they must have.
    pub full: usize,
    /// Which of a union's variants, and of a list's words.
    pub variant: usize,
}

/// A value of the schema.
pub fn of(schema: &Value, fill: Fill) -> Value {
    at(schema, 0, fill)
}

fn at(schema: &Value, depth: usize, fill: Fill) -> Value {
    let is_full = depth < fill.full;
    if let Some(path) = schema["$ref"].as_str() {
        return match path.rsplit('/').next() {
            Some("ToolId") => json!("acme-tools::acmeWeather"),
            _ => at(resolved(schema), depth, fill),
        };
    }
    let null = json!({ "type": "null" });
    let types: Vec<&str> = match &schema["type"] {
        Value::String(only) => vec![only],
        types => types.as_array().into_iter().flatten().filter_map(Value::as_str).collect(),
    };
    let either = ["oneOf", "anyOf"].into_iter().find_map(|key| schema[key].as_array());
    let may_be_null = types.contains(&"null") || either.is_some_and(|either| either.contains(&null));
    if may_be_null && !is_full {
        return Value::Null;
    }
    if let Some(either) = either {
        let others: Vec<&Value> = either.iter().filter(|schema| **schema != null).collect();
        return at(others[fill.variant % others.len()], depth, fill);
    }
    if let Some(words) = schema["enum"].as_array() {
        return words[fill.variant % words.len()].clone();
    }
    if let Some(only) = schema.get("const") {
        return only.clone();
    }
    match types.iter().find(|kind| **kind != "null").copied() {
        Some("object") => object(schema, depth, fill),
        Some("array") if is_full => json!([at(&schema["items"], depth + 1, fill)]),
        Some("array") => json!([]),
        Some("boolean") => json!(is_full),
        Some("integer") => json!(u8::from(is_full)),
        Some("number") => json!(0.5),
        Some("string") => string(schema, is_full),
        other => match is_full {
            true => json!({ "any": other }),
            false => json!("any"),
        },
    }
}

fn string(schema: &Value, is_full: bool) -> Value {
    match schema["format"].as_str() {
        Some("uuid") => json!("01890a5d-ac96-774b-bcce-b302099a8057"),
        Some("date-time") => json!("2026-01-31T09:30:00.000Z"),
        _ if is_full => json!("words"),
        _ => json!(""),
    }
}

fn object(schema: &Value, depth: usize, fill: Fill) -> Value {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let is_full = depth < fill.full;
    let fields = schema["properties"].as_object().into_iter().flatten();
    let mut object: Map<String, Value> = fields
        .filter(|(name, _)| is_full || required.contains(&name.as_str()))
        .map(|(name, schema)| (name.clone(), at(schema, depth + 1, fill)))
        .collect();
    if let Some(more @ Value::Object(_)) = schema.get("additionalProperties").filter(|_| is_full) {
        object.insert("more".into(), at(more, depth + 1, fill));
    }
    Value::Object(object)
}
