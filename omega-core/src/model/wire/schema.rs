//! A tool's input schema as the providers accept it.
//!
//! Schemas come from strangers, and one that a provider refuses makes it refuse the whole request with all other tools. So
//! the shape that all of them demand is made here: an object at the top, without combinators beside it, and arrays that
//! say what they hold. The tool's own schema stays what inputs are checked against.

use serde_json::{Map, Value, json};

/// The schema with the shape that providers demand.
pub(super) fn object_schema(schema: &Value) -> Value {
    let mut top = schema.as_object().cloned().unwrap_or_default();
    for key in ["$schema", "$id", "anyOf", "oneOf", "allOf", "not", "enum", "const", "if", "then", "else"] {
        top.remove(key);
    }
    top.insert("type".into(), json!("object"));
    if !top.get("properties").is_some_and(Value::is_object) {
        top.insert("properties".into(), json!({}));
    }
    if top.get("required").is_some_and(|required| !required.is_array()) {
        top.remove("required");
    }
    let mut schema = Value::Object(top);
    complete(&mut schema, 0);
    schema
}

/// Arrays without `items` are refused by OpenAI. The depth is bounded because the schema is a stranger's.
fn complete(schema: &mut Value, depth: usize) {
    let Value::Object(map) = schema else { return };
    if map.get("type") == Some(&json!("array")) && !map.contains_key("items") && !map.contains_key("prefixItems") {
        map.insert("items".into(), Value::Object(Map::new()));
    }
    if depth > 32 {
        return;
    }
    for key in ["properties", "$defs", "definitions"] {
        if let Some(Value::Object(inner)) = map.get_mut(key) {
            inner.values_mut().for_each(|schema| complete(schema, depth + 1));
        }
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = map.get_mut(key) {
            complete(inner, depth + 1);
        }
    }
    for key in ["anyOf", "oneOf", "allOf"] {
        if let Some(Value::Array(inner)) = map.get_mut(key) {
            inner.iter_mut().for_each(|schema| complete(schema, depth + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_schema_becomes_one_that_providers_accept() {
        for (schema, want) in [
            (json!(null), json!({"type": "object", "properties": {}})),
            (json!({"type": "string"}), json!({"type": "object", "properties": {}})),
            (
                json!({"$schema": "x", "anyOf": [{}], "properties": {"a": {"type": "array"}}, "required": ["a"]}),
                json!({"type": "object", "properties": {"a": {"type": "array", "items": {}}}, "required": ["a"]}),
            ),
            (
                json!({"type": "object", "properties": {"a": {"anyOf": [{"type": "array"}]}}, "required": true}),
                json!({"type": "object", "properties": {"a": {"anyOf": [{"type": "array", "items": {}}]}}}),
            ),
        ] {
            assert_eq!(object_schema(&schema), want);
        }
    }
}
