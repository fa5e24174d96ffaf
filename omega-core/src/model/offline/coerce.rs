//! Texts as the values that a schema allows, and examples of what it wants.

use super::{
    lexer,
    message::squeeze,
    role::{self, Property},
    words,
};
use serde_json::{Map, Value, json};

/// Whether a text has a length that the schema allows.
pub(super) fn long_enough(text: &str, schema: &Value) -> bool {
    let length = text.chars().count() as u64;
    let least = schema.get("minLength").and_then(Value::as_u64).unwrap_or(0);
    let most = schema.get("maxLength").and_then(Value::as_u64).unwrap_or(u64::MAX);
    (least..=most).contains(&length)
}

/// Whether a number is in the schema's bounds.
pub(super) fn within(number: &serde_json::Number, schema: &Value) -> bool {
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    let value = number.as_f64().unwrap_or_default();
    bound("minimum").is_none_or(|least| value >= least) && bound("maximum").is_none_or(|most| value <= most)
}

/// Whether a JSON value has what the schema wants inside: items of the right type, an object with a known field.
pub(super) fn fits_inside(value: &Value, schema: &Value) -> bool {
    if let (Value::Object(object), Some(known)) = (value, schema.get("properties").and_then(Value::as_object)) {
        return known.is_empty() || object.keys().any(|key| known.contains_key(key));
    }
    let (Value::Array(values), Some(items)) = (value, schema.get("items")) else { return true };
    let types = role::types(items);
    types.is_empty()
        || values.iter().all(|item| match item {
            Value::String(_) => types.contains(&"string"),
            Value::Number(_) => types.contains(&"number") || types.contains(&"integer"),
            Value::Object(_) => types.contains(&"object"),
            Value::Array(_) => types.contains(&"array"),
            Value::Bool(_) => types.contains(&"boolean"),
            Value::Null => true,
        })
}

pub(super) fn coerce(text: &str, schema: &Value) -> Option<Value> {
    let text = text.trim();
    let choices = role::types(schema);
    let allows = |kind: &str| choices.is_empty() || choices.contains(&kind);
    let listed = schema.get("enum").and_then(Value::as_array);
    if let Some(listed) = listed {
        let same = |choice: &&Value| squeeze(&plain(choice)) == squeeze(text);
        return listed.iter().find(same).cloned();
    }
    if choices == ["boolean"] {
        return match text.to_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Some(json!(true)),
            "false" | "no" | "off" | "0" => Some(json!(false)),
            _ => None,
        };
    }
    if (allows("object") || allows("array"))
        && let Ok(value @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str::<Value>(text)
        && allows(if value.is_array() { "array" } else { "object" })
    {
        return Some(value);
    }
    if choices.iter().any(|kind| matches!(*kind, "number" | "integer"))
        && let Some(number) = lexer::number(text)
        && (choices.contains(&"number") || number.is_i64() || number.is_u64())
    {
        return Some(Value::Number(number));
    }
    if allows("string") {
        return Some(Value::String(text.to_owned()));
    }
    if choices.contains(&"array") {
        let separator = if text.contains('\n') { '\n' } else { ',' };
        let parts = text.split(separator).map(str::trim).filter(|part| !part.is_empty());
        let items = schema.get("items").cloned().unwrap_or(json!({}));
        return parts
            .map(|part| coerce(part, &items))
            .collect::<Option<Vec<_>>>()
            .filter(|list| !list.is_empty())
            .map(Value::Array);
    }
    None
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A required property that nothing was found for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Missing {
    /// Its path from the top of the input (`["options", "text"]`).
    pub path: Vec<String>,
    /// What the schema says of it, with its choices.
    pub description: String,
    pub schema: Value,
    /// A value such as it wants.
    pub example: Value,
}

impl Missing {
    /// The same property seen from one object further out.
    pub(super) fn inside(mut self, name: &str) -> Self {
        self.path.insert(0, name.to_owned());
        self
    }

    pub(super) fn name(&self) -> &str {
        self.path.last().map_or("input", String::as_str)
    }

    pub(super) fn put(&self, input: &mut Map<String, Value>, value: Value) {
        let mut place = input;
        let Some((last, way)) = self.path.split_last() else { return };
        for name in way {
            let inner = place.entry(name.clone()).or_insert_with(|| json!({}));
            let Value::Object(inner) = inner else { return };
            place = inner;
        }
        place.insert(last.clone(), value);
    }

    /// Its value in an input, when it has one by now.
    pub(super) fn get<'a>(&self, input: &'a Map<String, Value>) -> Option<&'a Value> {
        let (first, rest) = self.path.split_first()?;
        rest.iter().try_fold(input.get(first)?, |value, name| value.get(name))
    }
}

/// What to say of a required property that nothing was found for.
pub(super) fn missing(property: &Property<'_>) -> Missing {
    let choices = property.choices();
    let mut description = property.description().to_owned();
    if !choices.is_empty() {
        let listed: Vec<String> = choices.iter().map(ToString::to_string).collect();
        description = format!("{description} (one of {})", listed.join(", ")).trim().to_owned();
    }
    Missing {
        path: vec![property.name.to_owned()],
        description,
        schema: property.schema.clone(),
        example: example(property.schema, property.name),
    }
}

/// A value such as the schema wants: its own example, a choice, or something of the right type.
pub(super) fn example(schema: &Value, name: &str) -> Value {
    if let Some(given) = schema.get("examples").and_then(|list| list.get(0)).or_else(|| schema.get("example")) {
        return given.clone();
    }
    if let Some(choice) = choices_of(schema) {
        return choice;
    }
    match role::types(schema).first().copied() {
        Some("number" | "integer") => json!(1),
        Some("boolean") => json!(true),
        Some("array") => json!([schema.get("items").map_or(json!("..."), |items| example(items, name))]),
        Some("object") => json!({}),
        _ => json!(format!("your {}", words::split(name).join(" "))),
    }
}

fn choices_of(schema: &Value) -> Option<Value> {
    schema.get("const").or_else(|| schema.get("enum").and_then(|list| list.get(0))).cloned()
}
