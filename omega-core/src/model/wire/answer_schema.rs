//! The JSON Schema of an answer, as providers take it.

use serde_json::{Map, Value};

/// The schema with objects that allow no other keys than theirs, which Anthropic wants said of each
/// (<https://platform.claude.com/docs/en/build-with-claude/structured-outputs>). What matches it matches the original.
pub(super) fn closed(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let mut closed: Map<String, Value> =
                fields.iter().map(|(key, value)| (key.clone(), self::closed(value))).collect();
            let is_open = closed.get("additionalProperties").is_none_or(|other| *other == Value::Bool(true));
            if closed.get("properties").is_some_and(Value::is_object) && is_open {
                closed.insert("additionalProperties".into(), Value::Bool(false));
            }
            Value::Object(closed)
        }
        Value::Array(items) => items.iter().map(closed).collect(),
        other => other.clone(),
    }
}

/// Whether a model of Gemini gives such an answer while it may call tools: those before the third generation refuse both together
/// (<https://ai.google.dev/gemini-api/docs/structured-output>).
pub(super) fn gemini_has_tools_beside_it(model: &str) -> bool {
    let name = model.rsplit('/').next().unwrap_or(model);
    let generation = name.strip_prefix("gemini-").and_then(|rest| rest.split(['.', '-']).next()?.parse::<u32>().ok());
    generation.is_some_and(|generation| generation >= 3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn objects_are_closed_at_any_depth() {
        let open = json!({ "type": "object", "properties": {
            "a": { "type": "array", "items": { "properties": { "b": {} }, "additionalProperties": true } },
            "c": { "type": "object", "additionalProperties": { "type": "string" } },
        }});
        assert_eq!(
            closed(&open),
            json!({ "type": "object", "additionalProperties": false, "properties": {
                "a": { "type": "array", "items": { "properties": { "b": {} }, "additionalProperties": false } },
                "c": { "type": "object", "additionalProperties": { "type": "string" } },
            }})
        );
    }

    #[test]
    fn gemini_gives_both_from_its_third_generation_on() {
        for (model, both) in [
            ("gemini-2.5-pro", false),
            ("models/gemini-3-pro-preview", true),
            ("gemini-3.1-pro", true),
            ("gemma-4", false),
        ] {
            assert_eq!(gemini_has_tools_beside_it(model), both, "{model}");
        }
    }
}
