//! Reading an input as its schema means it, without loss or not at all.
//!
//! Models write `"5"` for an integer, JSON as text where an object is wanted, `null` for what may be absent. Each of these says
//! one thing only, so it is read as that thing. The rules:
//!
//! - What fits is never touched. What does not fit is changed only where the schema wants another kind, and only to a value
//!   that says the same: text that is the canonical JSON of what is wanted, digits as text, `null` as an absence, one value as a
//!   list of it.
//! - Of a union, a reading is taken when it is the only one that fits.
//! - Text with separators or spaces is never one item of a list: it may be several.
//! - After all, the whole input has to pass the validator; otherwise it stays as it was written, and is refused.

use super::{
    Schema,
    misfit::{Misfits, is_a, is_of, item_schema, types},
    references::REFERENCES,
};
use crate::{
    budget::{DEPTH as NESTING, Shape, Size},
    exact::{Exact, is_held},
};
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashSet};

/// Visits and copied values after which an input stays as it is.
const STEPS: usize = 400_000;
/// Bytes that are copied in one step.
const COPIED: usize = 64;
/// Schemas within one another, references followed.
const DEPTH: usize = 128;
/// How often text is found within text: arguments that were encoded twice.
const ENCODED: usize = 3;

impl<'s> Schema<'s> {
    /// The names of fields that the schema knows, in whatever branch.
    pub fn fields(&self) -> BTreeSet<&'s str> {
        let misfits = Misfits::of(self);
        let (mut known, mut seen, mut open) = (BTreeSet::new(), HashSet::new(), vec![self.root]);
        while let Some(schema) = open.pop() {
            let schema = misfits.target(schema);
            let Some(keywords) = schema.as_object().filter(|_| seen.insert(std::ptr::from_ref(schema))) else {
                continue;
            };
            known.extend(
                keywords
                    .get("properties")
                    .and_then(Value::as_object)
                    .into_iter()
                    .flat_map(Map::keys)
                    .map(String::as_str),
            );
            let branches = ["allOf", "anyOf", "oneOf"].iter().filter_map(|keyword| keywords.get(*keyword)?.as_array());
            open.extend(branches.flatten());
        }
        known
    }

    /// The input as the schema means it. Fits where every misfit had one lossless reading; whether it does is for
    /// [`Schema::issues`] to say.
    pub fn read(&self, input: Exact) -> Exact {
        let mut reader = Reader { schema: self, left: STEPS, is_alone: false };
        let read = reader.fit(self.root, input.clone(), 0);
        if reader.left == 0 { input } else { read }
    }
}

struct Reader<'r, 's> {
    schema: &'r Schema<'s>,
    left: usize,
    /// Within a value that became a list of itself: it does so once.
    is_alone: bool,
}

impl<'s> Reader<'_, 's> {
    fn fit(&mut self, schema: &'s Value, given: Exact, depth: usize) -> Exact {
        let Value::Object(keywords) = schema else { return given };
        if self.left == 0 || depth > DEPTH {
            return given;
        }
        self.left -= 1;
        let mut read = given;
        for reference in REFERENCES.iter().filter_map(|keyword| keywords.get(*keyword)?.as_str()) {
            let schema = self.schema;
            let Ok(targets) = schema.references.resolve(schema.root, reference) else { continue };
            // Several places of one name: which is meant depends on how one came there.
            if let [target] = &targets[..] {
                read = self.fit(target, read, depth + 1);
            }
        }
        for branch in keywords.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            read = self.fit(branch, read, depth + 1);
        }
        let within = self.is_alone;
        match typed(schema, &read, !within) {
            // A list of itself has to be what is wanted; another kind may still become it.
            Some((list, true)) => {
                self.is_alone = true;
                let list = self.parts(keywords, list, depth);
                self.is_alone = within;
                if self.fits(schema, &list) {
                    read = list;
                }
            }
            Some((other, false)) => read = self.parts(keywords, other, depth),
            None => read = self.parts(keywords, read, depth),
        }
        for union in ["anyOf", "oneOf"].iter().filter_map(|keyword| keywords.get(*keyword)?.as_array()) {
            read = self.one_of(union, read, depth);
        }
        read
    }

    fn parts(&mut self, keywords: &'s Map<String, Value>, mut given: Exact, depth: usize) -> Exact {
        let parts: Vec<(String, &'s Value)> = match &given.value {
            Value::Object(fields) => {
                fields.keys().filter_map(|name| Some((name.clone(), field_schema(keywords, name)?))).collect()
            }
            Value::Array(items) => {
                (0..items.len()).filter_map(|at| Some((at.to_string(), item_schema(keywords, at)?))).collect()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return given,
        };
        let required = keywords.get("required").and_then(Value::as_array);
        let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|one| one == name));
        for (name, schema) in parts {
            if self.left == 0 {
                break;
            }
            let Some(part) = given.part(&name) else { continue };
            self.spend_copy(&part);
            let is_null = part.value.is_null() && given.value.is_object();
            let read = self.fit(schema, part, depth + 1);
            let is_named = keywords.get("properties").is_some_and(|named| named.get(&name).is_some());
            if is_null && read.value.is_null() && is_named && !is_required(&name) && !self.fits(schema, &read) {
                given.take_out(&name);
            } else {
                given.put(&name, read);
            }
        }
        given
    }

    /// The only reading that some branch takes.
    fn one_of(&mut self, branches: &'s [Value], given: Exact, depth: usize) -> Exact {
        if branches.iter().any(|branch| self.fits(branch, &given)) {
            return given;
        }
        let mut readings: Vec<Exact> = Vec::new();
        for branch in branches {
            self.spend_copy(&given);
            if self.left == 0 {
                break;
            }
            let read = self.fit(branch, given.clone(), depth + 1);
            if self.fits(branch, &read) && !readings.contains(&read) {
                readings.push(read);
            }
        }
        match (readings.pop(), readings.is_empty()) {
            (Some(only), true) => only,
            _ => given,
        }
    }

    /// Copies cost what they hold.
    fn spend_copy(&mut self, copied: &Exact) {
        let size = Size::of(&copied.value);
        self.left = self.left.saturating_sub(size.values + size.bytes / COPIED);
    }

    fn fits(&mut self, schema: &'s Value, read: &Exact) -> bool {
        let mut misfits = Misfits::of(self.schema);
        let fits = read.inexact.is_empty() && misfits.in_value(schema, &read.value).is_empty() && misfits.is_complete();
        self.left = self.left.saturating_sub(misfits.visited());
        fits
    }
}

/// The schema of a field; none where a pattern may have it.
fn field_schema<'s>(keywords: &'s Map<String, Value>, name: &str) -> Option<&'s Value> {
    let named = keywords.get("properties").and_then(|named| named.get(name));
    let others = || (!keywords.contains_key("patternProperties")).then(|| keywords.get("additionalProperties"));
    named.or_else(|| others().flatten())
}

/// A value of another kind than the schema wants, as the one kind that it can be read as; and whether that is a list of itself.
fn typed(schema: &Value, given: &Exact, may_be_alone: bool) -> Option<(Exact, bool)> {
    let wanted = types(schema);
    let is_number_lost = given.inexact.contains_key("") && wanted.contains(&"string");
    if wanted.is_empty() || is_of(schema, &given.value) && !is_number_lost {
        return None;
    }
    let mut readings: Vec<Exact> = Vec::new();
    for reading in wanted.iter().filter_map(|kind| read_as(kind, schema, given, may_be_alone)) {
        if !readings.contains(&reading) {
            readings.push(reading);
        }
    }
    let only = readings.pop().filter(|_| readings.is_empty())?;
    let is_alone = only.value.as_array().is_some_and(|items| items.first() == Some(&given.value));
    Some((only, is_alone))
}

/// The same in another kind, if anything is lost by that in no way.
fn read_as(kind: &str, schema: &Value, given: &Exact, may_be_alone: bool) -> Option<Exact> {
    match (kind, &given.value) {
        ("object" | "array", Value::String(text)) => match decoded(text).filter(|read| is_a(kind, &read.value)) {
            Some(read) => Some(read),
            None if kind == "array" && may_be_alone && is_one_word(text) && takes_one(schema) => {
                Some(given.clone().alone())
            }
            None => None,
        },
        ("array", Value::Bool(_) | Value::Number(_) | Value::Object(_)) if may_be_alone && takes_one(schema) => {
            Some(given.clone().alone())
        }
        ("integer" | "number" | "boolean" | "null", Value::String(text)) => {
            scalar(text).filter(|value| is_a(kind, value)).map(Exact::of)
        }
        // The digits as they were written; of a number with a fraction, which were 1.10 perhaps, nobody knows them any more.
        ("string", Value::Number(number)) => {
            let digits = given.inexact.get("").cloned().or_else(|| (!number.is_f64()).then(|| number.to_string()))?;
            Some(Exact::of(Value::String(digits)))
        }
        _ => None,
    }
}

/// Whether a list of one is a list that the schema takes.
fn takes_one(schema: &Value) -> bool {
    schema.get("minItems").and_then(Value::as_u64).is_none_or(|least| least <= 1)
        && !schema.get("items").is_some_and(Value::is_array)
        && schema.get("prefixItems").is_none()
}

/// Whether a text can't be several: no separators, no spaces, no brackets.
fn is_one_word(text: &str) -> bool {
    !text.is_empty() && !text.contains([',', ';', '|', '[', ']', '{', '}', '"']) && !text.contains(char::is_whitespace)
}

/// An object or a list that was written as text, encoded more than once perhaps.
pub(crate) fn decoded(text: &str) -> Option<Exact> {
    let mut text = text.trim().to_owned();
    for _ in 0..ENCODED {
        NESTING.check(Shape::of(text.as_bytes()).depth).ok()?;
        let read = Exact::parse(&text).ok()?;
        match read.value {
            Value::Object(_) | Value::Array(_) => return Some(read),
            Value::String(inner) => inner.trim().clone_into(&mut text),
            Value::Null | Value::Bool(_) | Value::Number(_) => return None,
        }
    }
    None
}

/// A number, `true`, `false` or `null` that was written as text, where JSON would write the same.
fn scalar(text: &str) -> Option<Value> {
    if text.is_empty() || text.contains(char::is_whitespace) {
        return None;
    }
    match serde_json::from_str(text).ok()? {
        value @ (Value::Null | Value::Bool(_)) => Some(value),
        // -0 is another number than 0, and 1e5 is no way to write an integer.
        value @ Value::Number(_) => (is_held(text) && text != "-0").then_some(value),
        Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
