//! What the models of each provider get to see of a tool's input, and what becomes of the rest: for who writes the tool.

use super::{
    rules::{ANTHROPIC, ANY, COMPATIBLE, GEMINI, OPENAI, Rules},
    schema::{Words, shown},
};
use serde_json::Value;
use std::collections::BTreeSet;

/// Those who are told apart, by whose rules.
const PROVIDERS: [(&str, &Rules); 4] =
    [("openai", &OPENAI), ("anthropic", &ANTHROPIC), ("gemini", &GEMINI), ("others", &COMPATIBLE)];
/// Keywords that say nothing of a value, or that are followed and written out in their place.
const SILENT: [&str; 12] = [
    "$schema",
    "$id",
    "$defs",
    "definitions",
    "$ref",
    "title",
    "description",
    "$comment",
    "examples",
    "additionalProperties",
    "type",
    "allOf",
];
/// Keywords whose members are names of properties and not keywords.
const OF_NAMES: [&str; 4] = ["properties", "$defs", "definitions", "patternProperties"];
/// Keywords whose values are data.
const OF_DATA: [&str; 6] = ["enum", "const", "default", "examples", "required", "example"];
const NAMED: usize = 12;

/// What one provider's models see.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenBy {
    /// `openai`, `anthropic`, `gemini`, or `others` (whoever speaks OpenAI's Chat Completions).
    pub provider: &'static str,
    /// The schema, as it is sent.
    pub schema: Value,
    /// What is otherwise than the author wrote it, in words; nothing where all of it is sent.
    pub changes: Vec<String>,
}

/// What the models of all providers see of an input.
#[must_use]
pub fn seen(schema: &Value) -> Vec<SeenBy> {
    let own = Parts::of(schema);
    let read = shown(schema, &ANY, Words::Foreign);
    let of = |(provider, rules): (&'static str, &Rules)| {
        let sent = shown(&read.schema, rules, Words::Own);
        let there = Parts::of(&sent.schema);
        let mut changes = Vec::new();
        if read.wrapped {
            changes.push(String::from(
                "the input stands in the property `value` of an object, since inputs of tools are objects",
            ));
        }
        let renamed: Vec<(&str, &str)> = sent.keys.renamed().collect();
        changes
            .extend(renamed.iter().map(|(own, other)| format!("`{own}` is called `{other}`, and comes back as it is")));
        let lost =
            own.names.iter().filter(|name| !there.names.contains(*name) && !renamed.iter().any(|(own, _)| own == name));
        changes.extend(told("not shown", lost));
        changes.extend(told("told in words, and still checked", own.keywords.difference(&there.keywords)));
        SeenBy { provider, schema: sent.schema, changes }
    };
    PROVIDERS.into_iter().map(of).collect()
}

fn told<'a>(what: &str, names: impl Iterator<Item = &'a String>) -> Option<String> {
    let names: Vec<&str> = names.map(String::as_str).collect();
    let more = names.len().saturating_sub(NAMED);
    let some = names[..names.len() - more].join(", ");
    match (names.len(), more) {
        (0, _) => None,
        (_, 0) => Some(format!("{what}: {some}")),
        (_, more) => Some(format!("{what}: {some} and {more} more")),
    }
}

/// The keywords and the names of properties in a schema.
#[derive(Default)]
struct Parts {
    keywords: BTreeSet<String>,
    names: BTreeSet<String>,
}

impl Parts {
    fn of(schema: &Value) -> Self {
        let mut parts = Self::default();
        let mut waiting = vec![schema];
        while let Some(value) = waiting.pop() {
            match value {
                Value::Array(items) => waiting.extend(items),
                Value::Object(fields) => {
                    for (key, value) in fields {
                        if !SILENT.contains(&key.as_str()) {
                            parts.keywords.insert(key.clone());
                        }
                        match value {
                            Value::Object(members) if OF_NAMES.contains(&key.as_str()) => {
                                if key == "properties" {
                                    parts.names.extend(members.keys().cloned());
                                }
                                waiting.extend(members.values());
                            }
                            _ if OF_DATA.contains(&key.as_str()) => {}
                            value => waiting.push(value),
                        }
                    }
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn changes(provider: &str, schema: &Value) -> String {
        let seen = seen(schema).into_iter().find(|seen| seen.provider == provider).unwrap();
        assert_eq!(seen.schema["type"], "object");
        seen.changes.join("; ")
    }

    #[test]
    fn who_writes_a_tool_hears_what_each_provider_does_not_take() {
        let plain =
            json!({"type": "object", "properties": {"a": {"type": "string", "description": "A"}}, "required": ["a"]});
        for provider in ["openai", "anthropic", "gemini", "others"] {
            assert_eq!(changes(provider, &plain), "", "{provider}");
        }
        let odd = json!({"type": "object", "properties": {
            "$filter": {"type": "string", "pattern": "^a", "minLength": 2}, "n": {"type": "integer", "default": 3}}});
        assert!(changes("anthropic", &odd).contains("`$filter` is called `filter_"), "{}", changes("anthropic", &odd));
        assert!(!changes("openai", &odd).contains("$filter"), "{}", changes("openai", &odd));
        assert!(changes("openai", &odd).contains("told in words, and still checked: default, pattern"));
        assert!(changes("gemini", &odd).contains("minLength"));
        assert!(changes("openai", &json!({"type": "string"})).contains("property `value`"));
        let many: serde_json::Map<String, Value> = (0..2000)
            .map(|n| (format!("property_{n}"), json!({"type": "string", "description": "x".repeat(60)})))
            .collect();
        assert!(changes("openai", &json!({"type": "object", "properties": many})).contains("not shown: "));
    }
}
