//! `--schema`: asks for a JSON answer and checks it here, whatever the model promises.

use crate::exit::{Code, Failure};
use jsonschema::Validator;
use serde_json::Value;
use std::path::Path;

/// A schema that the answer has to match.
pub struct Schema {
    text: String,
    validator: Validator,
}

impl Schema {
    /// Reads and compiles a schema.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let place = path.display();
        let text =
            std::fs::read_to_string(path).map_err(|error| Failure::usage(format!("{place} can't be read: {error}")))?;
        let schema: Value =
            serde_json::from_str(&text).map_err(|error| Failure::usage(format!("{place} is no JSON: {error}")))?;
        let validator = jsonschema::validator_for(&schema)
            .map_err(|error| Failure::usage(format!("{place} is no JSON Schema: {error}")))?;
        Ok(Self { text: schema.to_string(), validator })
    }

    /// The message with the wish for such an answer.
    pub fn ask(&self, message: &str) -> String {
        format!(
            "{message}\n\nAnswer with one JSON value that matches this JSON Schema, and with nothing else:\n{}",
            self.text
        )
    }

    /// The value of an answer that matches.
    pub fn check(&self, answer: &str) -> Result<Value, Failure> {
        let mismatch = |message: String| Failure::new(Code::SchemaMismatch, message);
        let value: Value = serde_json::from_str(unfenced(answer))
            .map_err(|error| mismatch(format!("the answer is no JSON: {error}")))?;
        let errors: Vec<String> = self
            .validator
            .iter_errors(&value)
            .take(5)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        match errors.is_empty() {
            true => Ok(value),
            false => Err(mismatch(format!("the answer does not match the schema: {}", errors.join("; ")))),
        }
    }
}

/// Models like to put JSON into a fence.
fn unfenced(answer: &str) -> &str {
    let text = answer.trim();
    let Some(inner) = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```")) else { return text };
    inner.split_once('\n').map_or(inner, |(_language, body)| body)
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
        for good in [r#"{"sum": 3}"#, "```json\n{\"sum\": 3}\n```", "\n {\"sum\":3} "] {
            assert_eq!(schema.check(good).unwrap()["sum"], 3);
        }
        for bad in ["three", r#"{"sum": "3"}"#, "{}", ""] {
            assert_eq!(schema.check(bad).unwrap_err().exit_code(), 8, "{bad}");
        }
        std::fs::write(&file, r#"{"type": 3}"#).unwrap();
        assert_eq!(Schema::read(&file).map(drop).unwrap_err().exit_code(), 2);
    }
}
