//! JSON as strangers write it.
//!
//! The promise: half a surrogate pair in an escape (`"\ud83d"`), which JSON's grammar allows (RFC 8259, 8.2) and a Rust string
//! can't hold, is U+FFFD here and never the reason that a text is not read. What is JSON to everybody is read as everybody
//! reads it.

use crate::sanitize::one_line;
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;
use std::{borrow::Cow, collections::HashSet, fmt};

/// Reads one document.
///
/// # Errors
/// The parser's, when it is no JSON for another reason than halves of pairs.
pub fn read(text: &str) -> serde_json::Result<Value> {
    serde_json::from_str(&whole(text))
}

/// A name that stands twice in one object of a text, of which a reader keeps only the last.
#[must_use]
pub fn doubled(text: &str) -> Option<String> {
    let error = serde_json::from_str::<Once>(&whole(text)).err()?.to_string();
    let (_, rest) = error.split_once(TWICE)?;
    rest.rsplit_once(" at line ").map(|(name, _)| name.to_owned())
}

const TWICE: &str = "twice: ";

/// JSON whose objects have each name once.
struct Once;

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(OnceVisitor)
    }
}

struct OnceVisitor;

impl<'de> Visitor<'de> for OnceVisitor {
    type Value = Once;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Once, A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            map.next_value::<Once>()?;
            if let Some(name) = names.replace(name) {
                return Err(A::Error::custom(format!("{TWICE}{}", one_line(&name, 100))));
            }
        }
        Ok(Once)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Once, A::Error> {
        while list.next_element::<Once>()?.is_some() {}
        Ok(Once)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_str<E>(self, _: &str) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_unit<E>(self) -> Result<Once, E> {
        Ok(Once)
    }
}

/// The same JSON text without halves of pairs.
pub fn whole(text: &str) -> Cow<'_, str> {
    replace_halves(text, |_, out| out.push_str("\\ufffd"))
}

/// The JSON text with something else in place of every escape that is half a pair without its other half.
pub(super) fn replace_halves(text: &str, mut put: impl FnMut(u16, &mut String)) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let (mut out, mut copied, mut at) = (String::new(), 0, 0);
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        let Some(unit) = escaped(bytes, at) else {
            // Another escape; what it escapes is passed too, or `\\ud83d` would be taken for one.
            at = (at + 2).min(bytes.len());
            while !text.is_char_boundary(at) {
                at += 1;
            }
            continue;
        };
        let paired = is_high(unit) && escaped(bytes, at + 6).is_some_and(is_low);
        if paired {
            at += 12;
        } else if is_high(unit) || is_low(unit) {
            out.push_str(&text[copied..at]);
            put(unit, &mut out);
            at += 6;
            copied = at;
        } else {
            at += 6;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// Whether a UTF-16 unit is the first half of a pair.
pub(super) fn is_high(unit: u16) -> bool {
    (0xD800..0xDC00).contains(&unit)
}

/// Whether it is the second half.
pub(super) fn is_low(unit: u16) -> bool {
    (0xDC00..0xE000).contains(&unit)
}

/// The UTF-16 unit of an escape `\uXXXX` that stands at a byte.
fn escaped(bytes: &[u8], at: usize) -> Option<u16> {
    let escape = bytes.get(at..at + 6)?;
    let digits = escape.strip_prefix(b"\\u")?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn halves_of_pairs_are_replaced_and_everything_else_is_read_as_it_is() {
        for (text, want) in [
            (r#""a\ud83d!""#, json!("a\u{fffd}!")),
            (r#""\uDE00""#, json!("\u{fffd}")),
            (r#""\ud83d\ude00""#, json!("😀")),
            (r#""\uD83D\ud83d\uDE00\ude00""#, json!("\u{fffd}😀\u{fffd}")),
            (r#""\ud83d\n""#, json!("\u{fffd}\n")),
            (r#"{"k\ud800": ["\udfff"]}"#, json!({"k\u{fffd}": ["\u{fffd}"]})),
            // The text of an escape is no escape.
            (r#""\\ud83d""#, json!("\\ud83d")),
            (r#""\\\ud83d""#, json!("\\\u{fffd}")),
            (r#""é\"\u00e9\ue000""#, json!("é\"é\u{e000}")),
        ] {
            assert_eq!(read(text).unwrap(), want, "{text}");
        }
    }

    #[test]
    fn what_is_no_json_stays_none() {
        for text in [r#""\ud83"#, r#""\u12g4""#, "\\", "\\é", "{", r#""\ud83d"#, "", "\\u"] {
            assert!(read(text).is_err(), "{text}");
            assert_eq!(whole(&whole(text)), whole(text));
        }
    }
}
