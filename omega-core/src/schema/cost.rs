//! What a validator would do, counted and not done.
//!
//! Two walks take the ways of a validator and stop where a budget ends, so that counting costs no more than the budget. They
//! count too much rather than too little: every branch is taken, every pattern matches, every property is unevaluated.

use super::{Schema, UnusableSchema, references::REFERENCES};
use crate::budget::{self, Limit, OverLimit, Size};
use serde_json::{Map, Value};

/// How many schemas stand within one another, references followed: compiling and checking recurse once for each.
const NESTED: usize = 128;
/// The same for a schema that refers to itself, whose checking follows the input down.
const NESTED_CHECKS: usize = 512;
/// Compiling a pattern costs as much as this many plain subschemas.
const PATTERN: usize = 100;
/// Bytes of literals that are copied or compared in a step.
const LITERAL: usize = 16;

/// Keywords with one schema for the same value.
const ONE: &[&str] = &["not", "if", "then", "else"];
/// Keywords with a list of schemas for the same value.
const LIST: &[&str] = &["allOf", "anyOf", "oneOf"];
/// Keywords with schemas for the same value under names.
const NAMED: &[&str] = &["dependentSchemas", "dependencies"];
/// Keywords with schemas for parts of the value.
const PARTS: &[&str] = &[
    "additionalProperties",
    "propertyNames",
    "unevaluatedProperties",
    "items",
    "prefixItems",
    "additionalItems",
    "unevaluatedItems",
    "contains",
];
/// Keywords with schemas for parts of the value under names.
const NAMED_PARTS: &[&str] = &["properties", "patternProperties"];

/// Counts what compiling a schema visits: every reference stands for what it leads to.
///
/// # Errors
/// When it is too much, or a reference leads nowhere.
pub(super) fn of_compiling(schema: &Schema<'_>) -> Result<(), UnusableSchema> {
    let mut meter = Meter::of(schema, budget::SCHEMA_COST);
    meter.compile(schema.root, &mut Vec::new())
}

/// Counts what checking a value visits.
///
/// # Errors
/// When it is too much.
pub(super) fn of_checking(schema: &Schema<'_>, input: &Value) -> Result<usize, UnusableSchema> {
    let mut meter = Meter::of(schema, budget::CHECK);
    meter.check(schema.root, input, 0)?;
    Ok(meter.spent)
}

struct Meter<'m, 's> {
    schema: &'m Schema<'s>,
    limit: Limit,
    spent: usize,
}

/// The schemas of a keyword's value: one, or each of a list.
fn schemas(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        other => std::slice::from_ref(other),
    }
}

impl<'m, 's> Meter<'m, 's> {
    fn of(schema: &'m Schema<'s>, limit: Limit) -> Self {
        Self { schema, limit, spent: 0 }
    }

    fn spend(&mut self, steps: usize) -> Result<(), UnusableSchema> {
        self.spent = self.spent.saturating_add(steps);
        Ok(self.limit.check(self.spent)?)
    }

    fn nested(&self, depth: usize, most: usize) -> Result<(), UnusableSchema> {
        if depth <= most {
            return Ok(());
        }
        Err(OverLimit { limit: Limit { most, ..budget::SCHEMA_DEPTH }, found: depth }.into())
    }

    /// `within` is what the walk is in the middle of: a reference back to it is compiled once.
    fn compile(&mut self, schema: &'s Value, within: &mut Vec<&'s Value>) -> Result<(), UnusableSchema> {
        self.spend(1)?;
        let Value::Object(keywords) = schema else { return Ok(()) };
        if within.iter().any(|one| std::ptr::eq(*one, schema)) {
            return Ok(());
        }
        within.push(schema);
        self.nested(within.len(), NESTED)?;
        let before = self.spent;
        for (keyword, value) in keywords {
            self.compile_keyword(keyword, value, within)?;
        }
        if keywords.contains_key("unevaluatedProperties") || keywords.contains_key("unevaluatedItems") {
            // What was evaluated is found out by validators of its own.
            self.spend(self.spent - before)?;
        }
        within.pop();
        Ok(())
    }

    fn compile_keyword(
        &mut self,
        keyword: &str,
        value: &'s Value,
        within: &mut Vec<&'s Value>,
    ) -> Result<(), UnusableSchema> {
        match (keyword, value) {
            ("pattern", _) => self.spend(PATTERN),
            ("enum" | "const" | "required", _) => self.spend(Size::of(value).bytes / LITERAL),
            (_, Value::String(reference)) if REFERENCES.contains(&keyword) => {
                let schema = self.schema;
                for target in schema.references.resolve(schema.root, reference)?.iter() {
                    self.compile(target, within)?;
                }
                Ok(())
            }
            (_, Value::Object(named)) if NAMED.contains(&keyword) || NAMED_PARTS.contains(&keyword) => {
                for schema in named.values() {
                    self.spend(if keyword == "patternProperties" { PATTERN } else { 0 })?;
                    self.compile(schema, within)?;
                }
                Ok(())
            }
            _ if ONE.contains(&keyword) || LIST.contains(&keyword) || PARTS.contains(&keyword) => {
                schemas(value).iter().try_for_each(|schema| self.compile(schema, within))
            }
            _ => Ok(()),
        }
    }

    fn check(&mut self, schema: &'s Value, input: &Value, depth: usize) -> Result<(), UnusableSchema> {
        self.spend(1)?;
        self.nested(depth, NESTED_CHECKS)?;
        let Value::Object(keywords) = schema else { return Ok(()) };
        let before = self.spent;
        for (keyword, value) in keywords {
            self.check_same(keyword, value, input, depth + 1)?;
        }
        if keywords.contains_key("unevaluatedProperties") || keywords.contains_key("unevaluatedItems") {
            // Each part may be asked for in everything that could have evaluated it.
            let parts = input.as_object().map_or_else(|| input.as_array().map_or(0, Vec::len), Map::len);
            self.spend((self.spent - before).saturating_mul(parts + 1))?;
        }
        for (keyword, value) in keywords {
            self.check_parts(keyword, value, input, depth + 1)?;
        }
        Ok(())
    }

    /// A keyword that looks at the value itself.
    fn check_same(
        &mut self,
        keyword: &str,
        value: &'s Value,
        input: &Value,
        depth: usize,
    ) -> Result<(), UnusableSchema> {
        match (keyword, value) {
            ("pattern" | "format" | "contentMediaType" | "contentEncoding" | "minLength" | "maxLength", _) => {
                self.spend(input.as_str().map_or(0, str::len))
            }
            ("enum" | "const" | "required" | "dependentRequired", _) => self.spend(Size::of(value).bytes / LITERAL),
            ("uniqueItems", Value::Bool(true)) => {
                let items = input.as_array().map_or(0, Vec::len);
                // Each is hashed; a few are compared with each other.
                self.spend(if items == 0 { 0 } else { Size::of(input).bytes / LITERAL + 16 * items })
            }
            (_, Value::String(reference)) if REFERENCES.contains(&keyword) => {
                let schema = self.schema;
                for target in schema.references.resolve(schema.root, reference)?.iter() {
                    self.check(target, input, depth)?;
                }
                Ok(())
            }
            (_, Value::Object(named)) if NAMED.contains(&keyword) => {
                named.values().try_for_each(|schema| self.check(schema, input, depth))
            }
            _ if ONE.contains(&keyword) || LIST.contains(&keyword) => {
                schemas(value).iter().try_for_each(|schema| self.check(schema, input, depth))
            }
            _ => Ok(()),
        }
    }

    /// A keyword that looks at parts of the value.
    fn check_parts(
        &mut self,
        keyword: &str,
        value: &'s Value,
        input: &Value,
        depth: usize,
    ) -> Result<(), UnusableSchema> {
        match (keyword, input) {
            ("properties", Value::Object(fields)) => {
                let Value::Object(named) = value else { return Ok(()) };
                self.spend(named.len().min(fields.len()))?;
                let known = fields.iter().filter_map(|(name, part)| Some((named.get(name)?, part)));
                known.into_iter().try_for_each(|(schema, part)| self.check(schema, part, depth))
            }
            ("patternProperties", Value::Object(fields)) => {
                for schema in value.as_object().into_iter().flat_map(Map::values) {
                    for (name, part) in fields {
                        self.spend(name.len())?;
                        self.check(schema, part, depth)?;
                    }
                }
                Ok(())
            }
            ("propertyNames", Value::Object(fields)) => fields.keys().try_for_each(|name| {
                let name = Value::String(name.clone());
                self.check(value, &name, depth)
            }),
            ("additionalProperties" | "unevaluatedProperties", Value::Object(fields)) => {
                fields.values().try_for_each(|part| self.check(value, part, depth))
            }
            ("items" | "additionalItems" | "unevaluatedItems" | "contains", Value::Array(items)) => {
                // A list of schemas is for the items in its order; one too many does no harm here.
                let lists = schemas(value);
                items.iter().enumerate().try_for_each(|(at, item)| match lists.get(at % lists.len().max(1)) {
                    Some(schema) => self.check(schema, item, depth),
                    None => Ok(()),
                })
            }
            ("prefixItems", Value::Array(items)) => {
                items.iter().zip(schemas(value)).try_for_each(|(item, schema)| self.check(schema, item, depth))
            }
            _ => Ok(()),
        }
    }
}
