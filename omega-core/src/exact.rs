//! JSON whose numbers arrive as they were written, or are known not to.
//!
//! A tool reads its input as JavaScript does: every number becomes a double. An identifier of 19 digits would reach it with
//! other digits, without a word. So whoever takes an input from outside reads it as [`Exact`], which knows each number that a
//! double does not hold, with its digits: they can be handed over as text where the tool takes text, and are refused in words
//! where it does not. The rule is what a reader of the tool's side sees: a number is exact when JavaScript prints the same
//! digits again (<https://tc39.es/ecma262/#sec-numeric-types-number-tostring>).

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::{Number, Value, value::RawValue};
use std::{collections::BTreeMap, ops::Bound};

/// Beyond these 2^53 not every integer is a double.
const SAFE: u64 = 1 << 53;
/// How much of a number's digits stands in an error.
const SHOWN: usize = 60;

/// A JSON value, and the numbers in it that no double holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Exact {
    /// The value; the numbers of `inexact` stand in it rounded, or exactly where 64 bits are enough.
    pub value: Value,
    /// Their digits as they were written, by their places (JSON pointers).
    pub inexact: BTreeMap<String, String>,
}

impl Exact {
    /// Reads a text.
    ///
    /// # Errors
    /// When it is no JSON.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let value = serde_json::from_str(text)?;
        Ok(Self { value, inexact: inexact_in(text) })
    }

    /// Of a value that somebody read before: what 64 bits hold is still exact in it.
    pub fn of(value: Value) -> Self {
        let mut inexact = BTreeMap::new();
        let mut open = vec![(String::new(), &value)];
        while let Some((path, value)) = open.pop() {
            match value {
                Value::Number(number) if !is_exact(number) => {
                    inexact.insert(path, number.to_string());
                }
                Value::Array(items) => {
                    open.extend(items.iter().enumerate().map(|(at, item)| (place(&path, &at.to_string()), item)));
                }
                Value::Object(fields) => {
                    open.extend(fields.iter().map(|(name, item)| (place(&path, name), item)));
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        Self { value, inexact }
    }

    /// The part under a name, or under a number of a list, with its own places.
    pub fn part(&self, name: &str) -> Option<Self> {
        let value = match &self.value {
            Value::Object(fields) => fields.get(name)?,
            Value::Array(items) => items.get(name.parse::<usize>().ok()?)?,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
        };
        let above = place("", name);
        let below = self.below(&above).map(|(path, digits)| (path[above.len()..].to_owned(), digits.clone()));
        Some(Self { value: value.clone(), inexact: below.collect() })
    }

    /// The numbers at a place and in it.
    fn below(&self, above: &str) -> impl Iterator<Item = (&String, &String)> {
        let from = self.inexact.range::<str, _>((Bound::Included(above), Bound::Unbounded));
        let all = from.take_while(move |(path, _)| path.starts_with(above));
        all.filter(move |(path, _)| path.len() == above.len() || path.as_bytes()[above.len()] == b'/')
    }

    pub fn put(&mut self, name: &str, part: Self) {
        self.forget(name);
        let slot = match &mut self.value {
            Value::Object(fields) => fields.get_mut(name),
            Value::Array(items) => name.parse::<usize>().ok().and_then(|at| items.get_mut(at)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        };
        if let Some(slot) = slot {
            *slot = part.value;
            let above = place("", name);
            self.inexact.extend(part.inexact.into_iter().map(|(path, digits)| (format!("{above}{path}"), digits)));
        }
    }

    pub fn take_out(&mut self, name: &str) {
        self.forget(name);
        if let Value::Object(fields) = &mut self.value {
            fields.shift_remove(name);
        }
    }

    /// The value as the only one of a list.
    #[must_use]
    pub fn alone(self) -> Self {
        let inexact = self.inexact.into_iter().map(|(path, digits)| (format!("/0{path}"), digits)).collect();
        Self { value: Value::Array(vec![self.value]), inexact }
    }

    fn forget(&mut self, name: &str) {
        let gone: Vec<String> = self.below(&place("", name)).map(|(path, _)| path.clone()).collect();
        for path in gone {
            self.inexact.remove(&path);
        }
    }

    /// What is to be said of each number that no double holds: where, and what to do.
    pub fn refusals(&self) -> impl Iterator<Item = (String, String)> {
        self.inexact.iter().map(|(path, digits)| (path.clone(), refusal(digits)))
    }
}

impl From<Value> for Exact {
    fn from(value: Value) -> Self {
        Self::of(value)
    }
}

/// What is said of digits that no double holds.
pub fn refusal(digits: &str) -> String {
    let shown = if digits.len() > SHOWN { format!("{}…", &digits[..SHOWN]) } else { digits.to_owned() };
    format!("{shown} has more digits than a JavaScript number holds exactly; give it as a string in quotes")
}

/// Whether a number that was read is one that JavaScript prints with the same digits.
pub fn is_exact(number: &Number) -> bool {
    if number.as_i64().is_some_and(|whole| whole.unsigned_abs() <= SAFE) || number.is_f64() {
        return true;
    }
    is_held(&number.to_string())
}

/// Whether a double holds what is written: its shortest digits are the same.
pub fn is_held(literal: &str) -> bool {
    let Ok(double) = literal.parse::<f64>() else { return false };
    double.is_finite() && decimal(literal) == decimal(&format!("{double:e}"))
}

/// The digits of a number without zeros at their ends, and its exponent: equal for equal numbers.
fn decimal(literal: &str) -> (bool, String, i64) {
    let (mantissa, exponent) = literal.split_once(['e', 'E']).unwrap_or((literal, "0"));
    let negative = mantissa.starts_with('-');
    let (whole, fraction) =
        mantissa.trim_start_matches('-').split_once('.').unwrap_or((mantissa.trim_start_matches('-'), ""));
    let digits = format!("{whole}{fraction}");
    let exponent =
        exponent.parse::<i64>().unwrap_or(i64::MAX).saturating_sub(i64::try_from(fraction.len()).unwrap_or(0));
    let kept = digits.trim_end_matches('0');
    let zeros = i64::try_from(digits.len() - kept.len()).unwrap_or(0);
    let kept = kept.trim_start_matches('0');
    if kept.is_empty() {
        return (false, String::new(), 0);
    }
    (negative, kept.to_owned(), exponent.saturating_add(zeros))
}

fn place(path: &str, name: &str) -> String {
    format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// What the walk over a text is in.
enum Within<'t> {
    List(usize),
    Object(Option<&'t str>),
}

/// The numbers of a well-formed JSON text that no double holds.
fn inexact_in(text: &str) -> BTreeMap<String, String> {
    let bytes = text.as_bytes();
    let (mut found, mut within, mut at) = (BTreeMap::new(), Vec::new(), 0);
    while let Some(byte) = bytes.get(at) {
        let start = at;
        at += 1;
        match byte {
            b'{' => within.push(Within::Object(None)),
            b'[' => within.push(Within::List(0)),
            b'}' | b']' => drop(within.pop()),
            b',' => match within.last_mut() {
                Some(Within::List(index)) => *index += 1,
                Some(Within::Object(name)) => *name = None,
                None => {}
            },
            b'"' => {
                while bytes.get(at).is_some_and(|byte| *byte != b'"') {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at += 1;
                if let Some(Within::Object(name @ None)) = within.last_mut() {
                    *name = text.get(start..at);
                }
            }
            b'-' | b'0'..=b'9' => {
                while bytes.get(at).is_some_and(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')) {
                    at += 1;
                }
                let literal = &text[start..at];
                // Fifteen digits are always held.
                if (literal.len() > 15 || literal.contains(['e', 'E'])) && !is_held(literal) {
                    found.insert(path_of(&within), literal.to_owned());
                }
            }
            _ => {}
        }
    }
    found
}

fn path_of(within: &[Within<'_>]) -> String {
    within.iter().fold(String::new(), |path, within| match within {
        Within::List(index) => place(&path, &index.to_string()),
        Within::Object(name) => {
            let name: String = name.and_then(|name| serde_json::from_str(name).ok()).unwrap_or_default();
            place(&path, &name)
        }
    })
}

/// Reads a text that becomes a tool's input. A number that 64 bits do not hold is refused here: nobody could tell afterwards
/// what it was.
///
/// # Errors
/// That it is no JSON, or which number is lost and what to do.
pub fn input(text: &str) -> Result<Value, String> {
    let Exact { value, inexact } = Exact::parse(text).map_err(|error| format!("it is no JSON: {error}"))?;
    let is_lost = |path: &str| value.pointer(path).is_some_and(Value::is_f64);
    match inexact.iter().find(|(path, _)| is_lost(path)) {
        Some((path, digits)) => Err(format!("{path}: {}", refusal(digits)).trim_start_matches(": ").to_owned()),
        None => Ok(value),
    }
}

/// Reads a member that becomes a tool's input, as [`input`] does (`#[serde(deserialize_with)]`).
///
/// # Errors
/// As of [`input`].
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Value, D::Error> {
    input(Box::<RawValue>::deserialize(from)?.get()).map_err(D::Error::custom)
}

/// The same for a member that may be missing; `null` is as good as missing.
///
/// # Errors
/// As of [`deserialize`].
pub fn deserialize_some<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    deserialize(from).map(|value| Some(value).filter(|value| !value.is_null()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_number_is_exact_when_javascript_prints_its_digits_again() {
        for held in [
            "0",
            "-0",
            "5",
            "-17",
            "9007199254740991",
            "9007199254740992",
            "1e21",
            "1.0",
            "0.1",
            "3.14159",
            "1e-7",
            "100",
            "0.30000000000000004",
            "1000000000000000000",
            "2.50",
            "5e-324",
            "1.7976931348623157e308",
            "0.000000000000000001",
        ] {
            assert!(is_held(held), "{held}");
        }
        for lost in [
            "9007199254740993",
            "2512292042121000001",
            "-2512292042121000001",
            "1152921504606846976",
            "18446744073709551615",
            "123456789012345678901234567890",
            "0.1000000000000000055",
            "3.14159265358979323846",
            "1e-400",
            "1e999999999999999999999",
        ] {
            assert!(!is_held(lost), "{lost}");
        }
    }

    #[test]
    fn every_number_that_is_lost_is_known_by_its_place_and_digits() {
        let text = r#"{"a":[1,2512292042121000001,{"b/c":0.10000000000000000001}],"2512292042121000001":"2512292042121000001",
            "q\"x":99999999999999999999999, "ok": [1e3, -5.25, "[9007199254740993"]}"#;
        let read = Exact::parse(text).unwrap();
        let found: Vec<_> = read.inexact.iter().map(|(path, digits)| (path.as_str(), digits.as_str())).collect();
        assert_eq!(
            found,
            [
                ("/a/1", "2512292042121000001"),
                ("/a/2/b~1c", "0.10000000000000000001"),
                ("/q\"x", "99999999999999999999999")
            ]
        );
        for (path, _) in found {
            assert!(read.value.pointer(path).unwrap().is_number());
        }
        assert_eq!(Exact::of(json!({"a": [2_512_292_042_121_000_001_u64]})).inexact.len(), 1);
        assert_eq!(read.part("a").unwrap().part("1").unwrap().inexact[""], "2512292042121000001");
    }

    #[test]
    fn a_member_that_64_bits_do_not_hold_is_refused_where_it_is_read() {
        #[derive(Deserialize)]
        struct Asked {
            #[serde(deserialize_with = "deserialize")]
            params: Value,
        }
        let read: Asked = serde_json::from_str(r#"{"params":{"id":2512292042121000001}}"#).unwrap();
        assert_eq!(read.params, json!({"id": 2_512_292_042_121_000_001_u64}));
        let refused = serde_json::from_str::<Asked>(r#"{"params":{"id":99999999999999999999999}}"#).err().unwrap();
        assert!(refused.to_string().contains("/id: 99999999999999999999999 has more digits"), "{refused}");
    }
}
