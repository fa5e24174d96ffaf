//! U+0000, which PostgreSQL stores in no text. Both engines treat it alike: what a person sends with it is refused in words
//! at the edge, and in what models, tools, packages and documents say it becomes U+FFFD.
//!
//! Whatever is stored passes [`Stored`] (each bound value) or [`json`] (each text of JSON), so a place that forgot about it is
//! no fault of the server, and no run that fails again and again. Where text is shown before it is stored (a model's answer, a
//! tool's output), it is replaced there too, so that live text and stored text are the same.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::borrow::Cow;

/// U+FFFD, the replacement character.
const REPLACEMENT: &str = "\u{fffd}";

/// A text without it.
pub fn text(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', REPLACEMENT)) } else { Cow::Borrowed(text) }
}

fn owned(whole: String) -> String {
    if whole.contains('\0') { whole.replace('\0', REPLACEMENT) } else { whole }
}

/// A text of JSON without it: written as an escape, too.
pub fn json(whole: String) -> String {
    let mut whole = owned(whole);
    let mut from = 0;
    while let Some(at) = escape(&whole.as_bytes()[from..]) {
        from += at;
        whole.replace_range(from..from + ESCAPE.len(), "\\ufffd");
        from += ESCAPE.len();
    }
    whole
}

const ESCAPE: &str = "\\u0000";

/// Where a text of JSON has it as an escape. Backslashes stand in strings only, and each takes the character after it along.
fn escape(json: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(next) = json.get(at..)?.iter().position(|byte| *byte == b'\\') {
        at += next;
        if json[at..].starts_with(ESCAPE.as_bytes()) {
            return Some(at);
        }
        at += 2;
    }
    None
}

/// Whether a text of JSON has it, and in which member (`params.city`).
pub fn member(body: &[u8]) -> Option<String> {
    escape(body)?;
    let value: Value = serde_json::from_slice(body).ok()?;
    let mut open = vec![(String::new(), &value)];
    while let Some((path, value)) = open.pop() {
        let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        match value {
            Value::String(text) if text.contains('\0') => return Some(path),
            Value::Array(items) => {
                open.extend(items.iter().enumerate().rev().map(|(at, item)| (below(&at.to_string()), item)));
            }
            Value::Object(fields) => {
                if let Some(name) = fields.keys().find(|name| name.contains('\0')) {
                    return Some(below(&text(name)));
                }
                open.extend(fields.iter().rev().map(|(name, item)| (below(name), item)));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    None
}

/// Whether a query or a path has it.
pub fn in_address(encoded: &str) -> bool {
    encoded.contains("%00") || encoded.contains('\0')
}

/// Takes it out of a value of any size.
pub fn out_of(value: &mut Value) {
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::String(text) if text.contains('\0') => *text = owned(std::mem::take(text)),
            Value::Array(items) => open.extend(items),
            Value::Object(fields) => {
                if fields.keys().any(|name| name.contains('\0')) {
                    *fields = std::mem::take(fields).into_iter().map(|(name, item)| (owned(name), item)).collect();
                }
                open.extend(fields.values_mut());
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

pub fn is_in(value: &Value) -> bool {
    let mut clean = value.clone();
    out_of(&mut clean);
    clean != *value
}

/// Anything small that can be written as JSON, without it.
pub fn replaced<T: Serialize + DeserializeOwned>(value: T) -> T {
    let Ok(written) = serde_json::to_string(&value) else { return value };
    if escape(written.as_bytes()).is_none() {
        return value;
    }
    serde_json::from_str(&json(written)).unwrap_or(value)
}

/// A value on its way into the database.
pub trait Stored {
    /// What is stored of it.
    type As;
    /// The same without U+0000.
    fn stored(self) -> Self::As;
}

macro_rules! as_they_are {
    ($($kind:ty),* $(,)?) => {
        $(impl Stored for $kind {
            type As = Self;
            fn stored(self) -> Self {
                self
            }
        })*
    };
}

as_they_are!(i64, Option<i64>, f64, bool, Option<bool>, Vec<u8>, Option<Vec<u8>>, &[u8], Option<&[u8]>, &Vec<u8>);

impl<'t> Stored for &'t str {
    type As = Cow<'t, str>;
    fn stored(self) -> Cow<'t, str> {
        text(self)
    }
}

impl<'t> Stored for &'t String {
    type As = Cow<'t, str>;
    fn stored(self) -> Cow<'t, str> {
        text(self)
    }
}

impl Stored for String {
    type As = Self;
    fn stored(self) -> Self {
        owned(self)
    }
}

impl<'t> Stored for Cow<'t, str> {
    type As = Self;
    fn stored(self) -> Self {
        match self {
            Cow::Borrowed(borrowed) => text(borrowed),
            Cow::Owned(whole) => Cow::Owned(owned(whole)),
        }
    }
}

impl Stored for Option<String> {
    type As = Self;
    fn stored(self) -> Self {
        self.map(owned)
    }
}

impl<'t> Stored for Option<&'t str> {
    type As = Option<Cow<'t, str>>;
    fn stored(self) -> Self::As {
        self.map(text)
    }
}

impl<'t> Stored for Option<&'t String> {
    type As = Option<Cow<'t, str>>;
    fn stored(self) -> Self::As {
        self.map(|whole| text(whole))
    }
}

impl<'t> Stored for &'t Option<String> {
    type As = Option<Cow<'t, str>>;
    fn stored(self) -> Self::As {
        self.as_deref().stored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_escape_is_found_whatever_stands_before_it_and_the_six_characters_are_no_escape() {
        for (written, clean) in [
            (r#""a\u0000b""#, r#""a\ufffdb""#),
            (r#"{"k\u0000":["\u0000","\\\u0000\u0000"]}"#, r#"{"k\ufffd":["\ufffd","\\\ufffd\ufffd"]}"#),
            (r#""\\u0000""#, r#""\\u0000""#),
            (r#""\"\\\\u0000 \u00001""#, r#""\"\\\\u0000 \ufffd1""#),
            (r#""\u00000""#, r#""\ufffd0""#),
            (r#""\u0001 u0000 \n""#, r#""\u0001 u0000 \n""#),
            ("\"raw \0\"", "\"raw \u{fffd}\""),
            ("\\", "\\"),
        ] {
            assert_eq!(json(written.to_owned()), clean, "{written}");
            if let Ok(value) = serde_json::from_str::<Value>(written) {
                let has = value != serde_json::from_str::<Value>(clean).unwrap();
                assert_eq!(member(written.as_bytes()).is_some(), has, "{written}");
            }
        }
    }

    #[test]
    fn the_member_that_has_it_is_named() {
        for (value, name) in [
            (json!({ "message": "a\0b" }), "message"),
            (json!({ "a": [1, { "b": ["", "\0"] }], "z": "\0" }), "a.1.b.1"),
            (json!({ "env": { "KEY\0": "x" } }), "env.KEY\u{fffd}"),
            (json!("\0"), ""),
        ] {
            assert_eq!(member(value.to_string().as_bytes()).as_deref(), Some(name));
        }
        assert_eq!(member(br#"{"a":"\\u0000"}"#), None);
    }

    #[test]
    fn a_value_is_the_same_but_for_it() {
        let mut value = json!({ "a\0": ["\0", "\\u0000", 1.5, null], "b": { "c\0": 1 } });
        let clean = json!({ "a\u{fffd}": ["\u{fffd}", "\\u0000", 1.5, null], "b": { "c\u{fffd}": 1 } });
        assert_eq!(replaced(value.clone()), clean);
        assert!(is_in(&value) && !is_in(&clean));
        out_of(&mut value);
        assert_eq!(value, clean);
    }

    #[test]
    fn an_address_has_it_as_an_escape_of_its_own() {
        assert!(in_address("q=a%00b") && in_address("/api/tools/a%00"));
        assert!(!in_address("q=a%2500b") && !in_address("q=%30%30"));
    }
}
