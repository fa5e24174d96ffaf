//! What a call would do, in 32 bytes: an approval holds for this and nothing else.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// SHA-256 of a tool and its input, in hex. Two inputs that differ in the order of their keys alone are the same.
pub fn of_call(tool_id: &str, input: &Value) -> String {
    let mut hash = Sha256::new();
    hash.update(tool_id.as_bytes());
    hash.update([0]);
    hash.update(canonical(input).to_string().as_bytes());
    hex::encode(hash.finalize())
}

/// The same value with the keys of every object in order.
pub fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            Value::Object(
                entries.into_iter().map(|(key, value)| (key.clone(), canonical(value))).collect::<Map<_, _>>(),
            )
        }
        Value::Array(items) => Value::Array(items.iter().map(canonical).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_order_of_keys_does_not_count_and_everything_else_does() {
        let one = of_call("a::b", &json!({"x": 1, "y": {"p": [1, 2], "q": null}}));
        assert_eq!(one, of_call("a::b", &json!({"y": {"q": null, "p": [1, 2]}, "x": 1})));
        for other in [json!({"x": 1, "y": {"p": [2, 1], "q": null}}), json!({"x": "1", "y": {"p": [1, 2], "q": null}})]
        {
            assert_ne!(one, of_call("a::b", &other));
        }
        assert_ne!(of_call("a::b", &json!({})), of_call("a::bb", &json!({})));
        assert_eq!(one.len(), 64);
    }
}
