//! Takes the values of granted variables out of everything that leaves a call: a tool that prints its key, or a service
//! that repeats it in an error, must not put it into the log, the database or the model's context.

use omega_core::executor::ToolError;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::collections::BTreeMap;

/// Shorter values would blank out ordinary text.
const SHORTEST: usize = 6;

/// The values to take out, longest first, so that one that contains another goes whole.
#[derive(Clone)]
pub struct Mask {
    secrets: Vec<(String, SecretString)>,
}

impl Mask {
    /// Of a call's environment.
    pub fn new(env: &BTreeMap<String, SecretString>) -> Self {
        let mut secrets: Vec<_> = env
            .iter()
            .filter(|(_, value)| value.expose_secret().len() >= SHORTEST)
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        secrets.sort_by_key(|(_, value)| std::cmp::Reverse(value.expose_secret().len()));
        Self { secrets }
    }

    /// A text with every value replaced by its variable's name.
    pub fn text(&self, text: &str) -> String {
        let mut masked = text.to_owned();
        for (name, value) in &self.secrets {
            if masked.contains(value.expose_secret()) {
                masked = masked.replace(value.expose_secret(), &format!("[{name}]"));
            }
        }
        masked
    }

    /// The same in every string of a JSON value, keys included.
    pub fn value(&self, value: Value) -> Value {
        if self.secrets.is_empty() {
            return value;
        }
        match value {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(items) => Value::Array(items.into_iter().map(|item| self.value(item)).collect()),
            Value::Object(fields) => {
                Value::Object(fields.into_iter().map(|(key, item)| (self.text(&key), self.value(item))).collect())
            }
            other => other,
        }
    }

    /// The same in an error.
    pub fn error(&self, error: ToolError) -> ToolError {
        ToolError {
            code: error.code,
            message: self.text(&error.message),
            details: error.details.map(|details| self.value(details)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn mask(pairs: &[(&str, &str)]) -> Mask {
        Mask::new(&pairs.iter().map(|(name, value)| ((*name).to_owned(), SecretString::from(*value))).collect())
    }

    #[test]
    fn values_are_named_instead_of_shown() {
        let mask = mask(&[("API_KEY", "sk-123456"), ("LONGER", "sk-123456-789")]);
        let masked = mask.value(json!({"sk-123456": ["x sk-123456-789 y", 1, null, {"deep": "sk-123456"}]}));
        assert_eq!(masked, json!({"[API_KEY]": ["x [LONGER] y", 1, null, {"deep": "[API_KEY]"}]}));
    }

    #[test]
    fn short_values_stay() {
        assert_eq!(mask(&[("MODE", "on")]).text("turned on"), "turned on");
    }
}
