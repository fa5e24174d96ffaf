//! `--schema`: asks for a JSON answer and checks it here, whatever the model promises.

use crate::{
    exit::{Code, Failure},
    follow::Checked,
};
use jsonschema::Validator;
use omega_core::{model::frame, sanitize::one_line};
use serde_json::Value;
use std::path::Path;

/// A schema that the answer has to match.
pub struct Schema {
    value: Value,
    validator: Validator,
}

impl Schema {
    /// Reads and compiles a schema.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let place = path.display();
        let text =
            std::fs::read_to_string(path).map_err(|error| Failure::usage(format!("{place} can't be read: {error}")))?;
        let schema: Value = serde_json::from_str(&text)
            .map_err(|error| Failure::usage(format!("{place} is not valid JSON: {error}")))?;
        let validator = jsonschema::validator_for(&schema)
            .map_err(|error| Failure::usage(format!("{place} is not a JSON Schema: {error}")))?;
        Ok(Self { value: schema, validator })
    }

    /// The message with the wish for such an answer.
    pub fn ask(&self, message: &str) -> String {
        frame::asking_for(message, &self.value)
    }

    /// The schema itself, for a provider that can hold its model to it.
    pub fn value(&self) -> Value {
        self.value.clone()
    }

    /// The message after an answer that does not match.
    pub fn ask_again(&self, mismatch: &Failure) -> String {
        let why = mismatch.message().unwrap_or_default();
        format!(
            "That can't be used: {why}. Answer again, with the one JSON value that matches the schema and with nothing else."
        )
    }

    /// The value of an answer that matches, and its text.
    pub fn check(&self, answer: &str) -> Result<Checked, Failure> {
        let mismatch = |message: String| Failure::new(Code::SchemaMismatch, message);
        let (value, text) =
            json_in(answer).map_err(|error| mismatch(format!("the answer is not valid JSON: {error}")))?;
        let errors: Vec<String> = self
            .validator
            .iter_errors(&value)
            .take(5)
            .map(|error| one_line(&format!("{}: {error}", error.instance_path()), 300))
            .collect();
        match errors.is_empty() {
            true => Ok(Checked { value, text: text.to_owned() }),
            false => Err(mismatch(format!("the answer does not match the schema: {}", errors.join("; ")))),
        }
    }
}

/// The JSON value that an answer is, or that stands in its only fence.
fn json_in(answer: &str) -> Result<(Value, &str), serde_json::Error> {
    let text = answer.trim();
    let whole = serde_json::from_str(text).map(|value| (value, text));
    if whole.is_ok() {
        return whole;
    }
    match fenced(text) {
        Some(inner) => serde_json::from_str(inner).map(|value| (value, inner)),
        None => whole,
    }
}

/// Models like to put JSON into a fence. What is in two is none or the other, nobody knows.
fn fenced(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("```")?;
    let (_language, rest) = rest.split_once('\n')?;
    let (inner, after) = rest.split_once("```")?;
    (!after.contains("```")).then(|| inner.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_to_be_json_of_the_schema() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("schema.json");
        std::fs::write(&file, r#"{"type":"object","required":["sum"],"properties":{"sum":{"type":"number"}}}"#)
            .unwrap();
        let schema = Schema::read(&file).unwrap();
        let fences = ["```json\n{\"sum\": 3}\n```", "Here it is:\n\n```\n{\"sum\": 3}\n```\nAsk again."];
        for good in [r#"{"sum": 3}"#, "\n {\"sum\":3} "].into_iter().chain(fences) {
            assert_eq!(schema.check(good).unwrap().value["sum"], 3);
        }
        for bad in ["three", r#"{"sum": "3"}"#, "{}", "", "```\n{\"sum\": 3}\n```\nor\n```\n{\"sum\": 4}\n```"] {
            assert_eq!(schema.check(bad).map(drop).unwrap_err().exit_code(), 8, "{bad}");
        }
        std::fs::write(&file, r#"{"type": 3}"#).unwrap();
        assert_eq!(Schema::read(&file).map(drop).unwrap_err().exit_code(), 2);
    }
}
