//! Names of properties that a provider refuses, and the way back.
//!
//! A refused name gets another one that ends in a piece of its own digest. So the other name is the same wherever the property
//! stands, no property of the tool has it, and no data has it by accident: the arguments are mapped back wherever the name
//! stands as a key, at any depth, in whichever branch of the schema they are. They are mapped as text: whatever else is in
//! them (numbers of any length, the order of keys, what is no JSON) stays to the letter.

use super::rules::KeyRule;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The other names of one tool's properties.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    /// The tool's own name, by the other one.
    own: BTreeMap<String, String>,
    /// The other name, by the tool's own.
    other: BTreeMap<String, String>,
}

/// How much of the tool's own name stays readable.
const READABLE: usize = 40;

impl Keys {
    /// The name under which a provider gets a property.
    pub fn name(&mut self, key: &str, rule: KeyRule) -> String {
        if rule.accepts(key) {
            return key.to_owned();
        }
        let hash = hex::encode(&Sha256::digest(key.as_bytes())[..4]);
        let kept: String = key.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(READABLE).collect();
        let kept = kept.trim_matches('_');
        let other = match kept.chars().next() {
            Some(first) if first.is_ascii_alphabetic() => format!("{kept}_{hash}"),
            Some(_) => format!("p_{kept}_{hash}"),
            None => format!("p_{hash}"),
        };
        self.own.insert(other.clone(), key.to_owned());
        self.other.insert(key.to_owned(), other.clone());
        other
    }

    /// Whether no name was refused.
    pub fn is_empty(&self) -> bool {
        self.own.is_empty()
    }

    /// The tool's own names with the other ones.
    pub fn renamed(&self) -> impl Iterator<Item = (&str, &str)> {
        self.other.iter().map(|(own, other)| (own.as_str(), other.as_str()))
    }

    /// Arguments with the tool's own names.
    pub fn back(&self, arguments: &str) -> String {
        renamed(arguments, &self.own)
    }

    /// Arguments with the names that the provider takes.
    pub fn forth(&self, arguments: &str) -> String {
        renamed(arguments, &self.other)
    }
}

/// A JSON text with other keys. In JSON, a string before a colon is a key, and nothing else is.
fn renamed(text: &str, names: &BTreeMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('"') {
        let Some(end) = end_of_string(&rest[start..]).map(|length| start + length) else { break };
        let (quoted, after) = (&rest[start..end], &rest[end..]);
        let key = after.trim_start().starts_with(':').then(|| serde_json::from_str::<String>(quoted).ok()).flatten();
        out.push_str(&rest[..start]);
        match key.and_then(|key| names.get(&key)) {
            Some(name) => out.push_str(&serde_json::Value::from(name.as_str()).to_string()),
            None => out.push_str(quoted),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The length of the string that a text begins with, quotes included.
fn end_of_string(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_names_come_back_at_any_depth_and_everything_else_stays_to_the_letter() {
        let mut keys = Keys::default();
        let long = "k".repeat(80);
        let own = ["$filter", "filter[name]", "@odata.type", "", "été", "\"", "9 lives", &long];
        let other: Vec<String> = own.iter().map(|key| keys.name(key, KeyRule::Identifier)).collect();
        assert!(other.iter().all(|key| KeyRule::Identifier.accepts(key)), "{other:?}");
        assert_eq!(keys.name("fine_1", KeyRule::Identifier), "fine_1");
        for (own, other) in own.iter().zip(&other) {
            let quoted = serde_json::Value::from(*own).to_string();
            let texts = |key: &str| {
                [
                    format!("{{{key}: 12345678901234567890123, \"x\": [{{ {key} :{{}}}}, \"\\\"{other}\\\":\"]}}"),
                    format!("{{{key}:1, \"cut"),
                ]
            };
            for (there, here) in texts(&format!("\"{other}\"")).iter().zip(texts(&quoted)) {
                assert_eq!(keys.back(there), here);
                assert_eq!(keys.forth(&here), *there);
            }
        }
        assert_eq!(keys.back(r#"{"a":"filter"}"#), r#"{"a":"filter"}"#);
    }
}
