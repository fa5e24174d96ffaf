//! Strangers' JSON Schemas, and inputs held against them, at a bounded price.
//!
//! The promise: whatever schema a package has, and whatever a model puts in, judging, compiling and checking end soon. A few
//! hundred bytes of references can stand for a million subschemas, and a schema that refers to itself twice doubles its work
//! with each level of the input; no validator knows when to stop. So the price is counted before anything is done: what
//! compiling would visit ([`Schema::judge`], references followed, limits [`budget::SCHEMA`], [`budget::SCHEMA_DEPTH`],
//! [`budget::SCHEMA_COST`]), and what checking one input would ([`budget::CHECK`]). Patterns run on an engine that does not
//! backtrack. What costs too much is not checked: the tool judges its input itself, as it does without a schema.

mod check;
mod cost;
mod misfit;
mod reading;
mod references;

pub use check::Issue;
pub(crate) use reading::decoded;

use crate::budget::{self, OverLimit, Size};
pub(crate) use references::{REFERENCES, References};
use serde_json::{Value, json};

/// A schema that has been judged: it can be compiled.
#[derive(Debug)]
pub struct Schema<'s> {
    root: &'s Value,
    references: References<'s>,
}

/// Why a schema is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnusableSchema {
    /// It is too large, too deep, or stands for too much.
    #[error(transparent)]
    OverLimit(#[from] OverLimit),
    /// It refers to something that is not in it, or that can't be found by its place.
    #[error("the schema refers to {0:.100}, which is not a place in it")]
    Reference(String),
}

impl<'s> Schema<'s> {
    /// Judges a schema.
    ///
    /// # Errors
    /// When it is none that can be compiled at a bounded price.
    pub fn judge(schema: &'s Value) -> Result<Self, UnusableSchema> {
        let size = Size::of(schema);
        budget::SCHEMA_DEPTH.check(size.depth)?;
        budget::SCHEMA.check(size.bytes)?;
        let judged = Self { root: schema, references: References::of(schema) };
        cost::of_compiling(&judged)?;
        Ok(judged)
    }
}

/// About how many steps judging a schema and checking an input take, cheaply: without references no more than each value of
/// one with each of the other.
pub fn steps(schema: &Value, input: &Value) -> usize {
    if References::of(schema).are_used() {
        return budget::CHECK.most;
    }
    let (schema, input) = (Size::of(schema), Size::of(input));
    schema.values.saturating_mul(input.values).saturating_add(schema.bytes + input.bytes)
}

/// A schema that may be stored and shown to models: itself, or in its place one that takes any object, with the reason. One
/// that refers to what is not in it stays: nothing is checked by it, and it says what the tool wants all the same.
pub fn admit(schema: Value) -> (Value, Option<OverLimit>) {
    match Schema::judge(&schema) {
        Ok(_) | Err(UnusableSchema::Reference(_)) => (schema, None),
        Err(UnusableSchema::OverLimit(over)) => (json!({ "type": "object" }), Some(over)),
    }
}

#[cfg(test)]
mod tests;
