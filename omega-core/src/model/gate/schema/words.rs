//! What no keyword says, in words. Whatever of it is a stranger's is cut, and stands in quotes that can't be closed from inside.

use crate::{budget::Size, sanitize::one_line};
use serde_json::{Map, Value};

/// Characters of a pattern, a default, an example, a name in words.
pub(super) const SHORT: usize = 100;

/// What there is no room for.
pub(super) fn not_shown(names: &[&str]) -> Option<String> {
    let some: Vec<String> = names.iter().take(20).map(|name| quoted(name)).collect();
    (!names.is_empty()).then(|| format!("{} more properties are not shown: {}", names.len(), some.join(", ")))
}

pub(super) fn in_words(keyword: &str, value: &Value) -> String {
    match keyword {
        "exclusiveMinimum" => format!("more than {value}"),
        "exclusiveMaximum" => format!("less than {value}"),
        "multipleOf" => format!("a multiple of {value}"),
        "minLength" => format!("at least {value} characters"),
        "maxLength" => format!("at most {value} characters"),
        _ => format!("{keyword} {value}"),
    }
}

/// What a written schema is, in a word or two.
pub(super) fn in_short(written: &Map<String, Value>) -> String {
    match (written.get("enum"), written.get("type")) {
        (Some(Value::Array(values)), _) => values.iter().take(5).map(json_in_short).collect::<Vec<_>>().join(" or "),
        (_, Some(Value::String(kind))) => kind.clone(),
        (_, Some(Value::Array(kinds))) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ => String::from("anything"),
    }
}

/// A stranger's text among ours.
pub(super) fn quoted(text: &str) -> String {
    Value::from(one_line(text, SHORT)).to_string()
}

/// A stranger's value among our words.
pub(super) fn json_in_short(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        other if Size::of(other).bytes <= SHORT => other.to_string(),
        Value::Array(_) => String::from("a long list"),
        _ => String::from("a large object"),
    }
}

pub(super) fn cut(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(bytes)])
}
