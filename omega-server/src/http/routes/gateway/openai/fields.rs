//! The members of a request's body, taken out one by one: what nobody took out is refused by its name.

use super::error::refused;
use crate::http::reply::{ApiError, ApiResult};
use serde_json::{Map, Value};

/// A parameter that this server can't honour: the values at which it asks for nothing, and why nothing else is taken.
pub struct Unsupported {
    pub name: &'static str,
    /// JSON.
    pub neutral: &'static [&'static str],
    pub why: &'static str,
}

/// Members of an object, and where it stands.
pub struct Fields {
    members: Map<String, Value>,
    place: String,
}

impl Fields {
    pub fn of(members: Map<String, Value>) -> Self {
        Self { members, place: String::new() }
    }

    /// The members of an object within the request.
    pub fn within(value: Value, place: &str) -> ApiResult<Self> {
        match value {
            Value::Object(members) => Ok(Self { members, place: place.to_owned() }),
            other => Err(wrong_type(place, "an object", &other)),
        }
    }

    /// The place of a member.
    pub fn place(&self, name: &str) -> String {
        if self.place.is_empty() { name.to_owned() } else { format!("{}.{name}", self.place) }
    }

    /// A member, if it is there and not null.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name).filter(|value| !value.is_null())
    }

    pub fn text(&mut self, name: &str) -> ApiResult<Option<String>> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(wrong_type(&self.place(name), "a string", &other)),
        }
    }

    pub fn flag(&mut self, name: &str) -> ApiResult<bool> {
        match self.take(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(other) => Err(wrong_type(&self.place(name), "a boolean", &other)),
        }
    }

    pub fn object(&mut self, name: &str) -> ApiResult<Option<Self>> {
        let place = self.place(name);
        self.take(name).map(|value| Self::within(value, &place)).transpose()
    }

    pub fn needed<T>(&self, name: &str, value: Option<T>) -> ApiResult<T> {
        let place = self.place(name);
        value.ok_or_else(|| {
            refused(&place, "missing_required_parameter", format!("Missing required parameter: '{place}'."))
        })
    }

    /// Refuses what can't be honoured, unless it asks for nothing.
    pub fn refuse(&mut self, table: &[Unsupported]) -> ApiResult<()> {
        for Unsupported { name, neutral, why } in table {
            let Some(value) = self.take(name) else { continue };
            let is_neutral = |text: &&str| serde_json::from_str(text).is_ok_and(|known: Value| same(&known, &value));
            if neutral.iter().any(is_neutral) {
                continue;
            }
            let (place, given) = (self.place(name), short(&value));
            return Err(match neutral {
                [] => refused(
                    &place,
                    "unsupported_parameter",
                    format!("Unsupported parameter: '{place}': {why}. Leave it out."),
                ),
                known => {
                    let known = known.join(" or ");
                    let words =
                        format!("Unsupported value: '{place}' does not support {given} here, only {known}: {why}.");
                    refused(&place, "unsupported_value", words)
                }
            });
        }
        Ok(())
    }

    /// Takes out what changes nothing of an answer, wherever it is sent.
    pub fn hints(&mut self, names: &[&str]) {
        names.iter().for_each(|name| drop(self.members.remove(*name)));
    }

    /// Everything must have been taken out.
    pub fn end(self) -> ApiResult<()> {
        match self.members.keys().next() {
            None => Ok(()),
            Some(name) => {
                let place = self.place(&short(&Value::from(name.as_str())).replace('"', ""));
                Err(refused(&place, "unknown_parameter", format!("Unknown parameter: '{place}'. Leave it out.")))
            }
        }
    }
}

pub fn wrong_type(place: &str, wanted: &str, given: &Value) -> ApiError {
    let kind = match given {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    refused(place, "invalid_type", format!("Invalid type for '{place}': expected {wanted}, but got {kind} instead."))
}

/// Numbers are the same whatever they look like.
fn same(known: &Value, given: &Value) -> bool {
    match (known.as_f64(), given.as_f64()) {
        (Some(known), Some(given)) => (known - given).abs() < f64::EPSILON,
        _ => known == given,
    }
}

/// A value as it can be said back.
fn short(value: &Value) -> String {
    omega_core::sanitize::one_line(&value.to_string(), 60)
}
