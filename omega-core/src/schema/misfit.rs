//! What does not fit, in words for whoever wrote the input: the field, what was expected there and what came.
//!
//! A validator says of a union that no branch fits. Here the branch that was most likely meant speaks: the one that the
//! discriminator names, else the one with the fewest misfits. Keywords that are not looked at count as fitting, so the last
//! word is always the validator's ([`super::check`]).

use super::{Issue, Schema, references::REFERENCES};
use crate::{exact, sanitize::one_line};
use serde_json::{Map, Value};

/// How much is said of one input.
const MOST: usize = 10;
/// Visits after which nothing more is looked at: unions within references repeat themselves.
const STEPS: usize = 50_000;
/// Schemas within one another, references followed.
const DEPTH: usize = 128;
/// Misfits after which nothing more is looked for in a value.
const PLENTY: usize = 50;
/// Properties that may be a union's discriminator, and branches that are told apart.
const TELLING: usize = 16;
const BRANCHES: usize = 200;
/// Values of an enum that are compared in one visit.
const COMPARED: usize = 16;
/// Names of fields or values that one message lists.
const LISTED: usize = 12;
/// How much of a value stands in a message.
const SHOWN: usize = 60;

/// A walk over an input that finds what does not fit.
pub(super) struct Misfits<'m, 's> {
    schema: &'m Schema<'s>,
    left: usize,
}

impl<'m, 's> Misfits<'m, 's> {
    pub fn of(schema: &'m Schema<'s>) -> Self {
        Self { schema, left: STEPS }
    }

    /// Whether so many visits were enough; otherwise what was found may not be all.
    pub fn is_complete(&self) -> bool {
        self.left > 0
    }

    fn spend(&mut self, visits: usize) {
        self.left = self.left.saturating_sub(visits);
    }

    /// How many visits there were.
    pub fn visited(&self) -> usize {
        STEPS - self.left
    }

    /// What does not fit of a value, at most as much as is worth telling.
    pub fn in_value(&mut self, schema: &'s Value, value: &Value) -> Vec<Issue> {
        let mut found = Vec::new();
        self.look(schema, value, "", 0, &mut found);
        found.truncate(MOST);
        found
    }

    fn look(&mut self, schema: &'s Value, value: &Value, path: &str, depth: usize, found: &mut Vec<Issue>) {
        if self.left == 0 || depth > DEPTH || found.len() > PLENTY {
            return;
        }
        let compared = schema.get("enum").and_then(Value::as_array).map_or(0, Vec::len) / COMPARED;
        self.spend(1 + compared);
        let keywords = match schema {
            Value::Bool(false) => return found.push(issue(path, "nothing may stand here".into())),
            Value::Object(keywords) => keywords,
            _ => return,
        };
        let before = found.len();
        own(keywords, value, path, found);
        if found.len() > before {
            // What is of another kind has no parts worth a word.
            return;
        }
        for reference in REFERENCES.iter().filter_map(|keyword| keywords.get(*keyword)?.as_str()) {
            let schema = self.schema;
            let Ok(targets) = schema.references.resolve(schema.root, reference) else { continue };
            targets.iter().for_each(|target| self.look(target, value, path, depth + 1, found));
        }
        for branch in keywords.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.look(branch, value, path, depth + 1, found);
        }
        for union in ["anyOf", "oneOf"].iter().filter_map(|keyword| keywords.get(*keyword)?.as_array()) {
            self.union(union, value, path, depth, found);
        }
        self.parts(keywords, value, path, depth, found);
    }

    fn parts(
        &mut self,
        keywords: &'s Map<String, Value>,
        value: &Value,
        path: &str,
        depth: usize,
        found: &mut Vec<Issue>,
    ) {
        match value {
            Value::Object(fields) => {
                missing(keywords, fields, path, found);
                let named = keywords.get("properties").and_then(Value::as_object);
                let others =
                    (!keywords.contains_key("patternProperties")).then(|| keywords.get("additionalProperties"));
                for (name, part) in fields {
                    if found.len() > PLENTY || self.left == 0 {
                        return;
                    }
                    match (named.and_then(|named| named.get(name)), others.flatten()) {
                        (Some(schema), _) => self.look(schema, part, &place(path, name), depth + 1, found),
                        (None, Some(Value::Bool(false))) => found.push(issue(path, unknown(name, named))),
                        (None, Some(schema)) => self.look(schema, part, &place(path, name), depth + 1, found),
                        (None, None) => {}
                    }
                }
            }
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    if found.len() > PLENTY || self.left == 0 {
                        return;
                    }
                    if let Some(schema) = item_schema(keywords, at) {
                        self.look(schema, item, &place(path, &at.to_string()), depth + 1, found);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// What the branch says that was most likely meant.
    fn union(&mut self, branches: &'s [Value], value: &Value, path: &str, depth: usize, found: &mut Vec<Issue>) {
        self.spend(branches.len());
        if let (Some(fields), Some((name, values))) = (value.as_object(), self.discriminator(branches)) {
            let named = fields.get(name);
            if !values.iter().any(|known| Some(*known) == named) {
                let came = named.map_or_else(|| "it is missing".to_owned(), |value| format!("{} came", shown(value)));
                let message = format!("expected {}, and {came}", one_of(&values));
                return found.push(issue(&place(path, name), message));
            }
        }
        let mut best: Option<(usize, Vec<Issue>)> = None;
        let mut kinds = Vec::new();
        for branch in branches {
            let mut issues = Vec::new();
            self.look(branch, value, path, depth + 1, &mut issues);
            if issues.is_empty() {
                return;
            }
            let schema = self.target(branch);
            if !is_of(schema, value) {
                kinds.extend(types(schema).into_iter().map(str::to_owned));
            }
            let grade = issues.len() + if is_of(schema, value) { 0 } else { 1_000 } + self.foreign(schema, value);
            if best.as_ref().is_none_or(|(least, _)| grade < *least) {
                best = Some((grade, issues));
            }
        }
        match best {
            // Of another kind than any branch.
            Some((1_000.., _)) if !kinds.is_empty() => {
                kinds.dedup();
                let kinds: Vec<String> = kinds.iter().map(|kind| kind_words(kind).to_owned()).collect();
                found.push(issue(path, format!("expected {}, and {} came", kinds.join(" or "), shown(value))));
            }
            Some((_, issues)) => found.extend(issues),
            None => {}
        }
    }

    /// How little a branch looks meant: values that it says otherwise, each as much as some misfits.
    fn foreign(&self, branch: &'s Value, value: &Value) -> usize {
        let (Some(named), Some(fields)) = (branch.get("properties").and_then(Value::as_object), value.as_object())
        else {
            return 0;
        };
        let known = named.iter().take(TELLING).filter_map(|(name, schema)| Some((name, single(self.target(schema))?)));
        20 * known.filter(|(name, known)| fields.get(*name).is_some_and(|given| given != *known)).count()
    }

    /// The field by which the branches tell themselves apart, and its values.
    fn discriminator(&self, branches: &'s [Value]) -> Option<(&'s str, Vec<&'s Value>)> {
        let schema = self.target(branches.first().filter(|_| branches.len() <= BRANCHES)?);
        let mut names = schema.get("properties")?.as_object()?.keys().take(TELLING);
        names.find_map(|name| {
            let values: Option<Vec<&Value>> = branches
                .iter()
                .map(|branch| single(self.target(self.target(branch).get("properties")?.get(name)?)))
                .collect();
            let values = values.filter(|values| values.len() > 1)?;
            (1..values.len()).all(|at| !values[..at].contains(&values[at])).then_some((name.as_str(), values))
        })
    }

    /// What a schema that is nothing but a reference refers to.
    pub fn target(&self, schema: &'s Value) -> &'s Value {
        let mut schema = schema;
        for _ in 0..8 {
            let Some(reference) = schema.get("$ref").and_then(Value::as_str) else { break };
            let Ok(targets) = self.schema.references.resolve(self.schema.root, reference) else { break };
            let Some(target) = targets.first() else { break };
            schema = target;
        }
        schema
    }
}

/// The schema of a list's item.
pub(super) fn item_schema(keywords: &Map<String, Value>, at: usize) -> Option<&Value> {
    let first = match (keywords.get("prefixItems"), keywords.get("items")) {
        (Some(Value::Array(first)), _) | (None, Some(Value::Array(first))) => first,
        (_, items) => return items,
    };
    let rest = if keywords.contains_key("prefixItems") { "items" } else { "additionalItems" };
    first.get(at).or_else(|| keywords.get(rest))
}

/// The types that a schema takes, by itself; none where it takes all.
pub(super) fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => {
            let values = schema.get("enum").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let mut kinds: Vec<&str> = values.iter().chain(schema.get("const")).map(kind).collect();
            kinds.dedup();
            kinds
        }
    }
}

/// Whether a value is of one of a schema's types.
pub(super) fn is_of(schema: &Value, value: &Value) -> bool {
    let types = types(schema);
    types.is_empty() || types.iter().any(|wanted| is_a(wanted, value))
}

/// Whether a value is of a type. Types that nobody knows are fitting.
pub(super) fn is_a(wanted: &str, value: &Value) -> bool {
    match wanted {
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "number" | "string" | "boolean" | "object" | "array" | "null" => kind(value) == wanted,
        _ => true,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn kind_words(kind: &str) -> &str {
    match kind {
        "string" => "a string",
        "number" => "a number",
        "integer" => "an integer",
        "boolean" => "true or false",
        "array" => "an array",
        "object" => "an object",
        other => other,
    }
}

/// What the value's own keywords say against it.
fn own(keywords: &Map<String, Value>, value: &Value, path: &str, found: &mut Vec<Issue>) {
    let schema_types: Vec<&str> = match keywords.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let mut say = |message: String| found.push(issue(path, message));
    if !schema_types.is_empty() && !schema_types.iter().any(|wanted| is_a(wanted, value)) {
        let wanted: Vec<&str> = schema_types.iter().map(|kind| kind_words(kind)).collect();
        return say(format!("expected {}, and {} came", wanted.join(" or "), shown(value)));
    }
    let allowed: Option<Vec<&Value>> = match (keywords.get("enum").and_then(Value::as_array), keywords.get("const")) {
        (Some(values), _) => Some(values.iter().collect()),
        (None, Some(one)) => Some(vec![one]),
        (None, None) => None,
    };
    if let Some(allowed) = allowed.filter(|allowed| !allowed.contains(&value)) {
        return say(format!("expected {}, and {} came", one_of(&allowed), shown(value)));
    }
    let bound = |key: &str| keywords.get(key).and_then(Value::as_f64);
    let over = |keys: [&str; 2], size: f64| {
        (bound(keys[0]).is_some_and(|least| size < least), bound(keys[1]).is_some_and(|most| size > most))
    };
    match value {
        Value::Number(number) if !exact::is_exact(number) => say(exact::refusal(&number.to_string())),
        Value::Number(number) => {
            let size = number.as_f64().unwrap_or_default();
            let (few, many) = over(["minimum", "maximum"], size);
            let few = few || bound("exclusiveMinimum").is_some_and(|least| size <= least);
            let many = many || bound("exclusiveMaximum").is_some_and(|most| size >= most);
            if few || many {
                let keys = ["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"];
                say(format!("{number} is out of bounds ({})", bounds(keywords, &keys)));
            }
        }
        #[allow(clippy::cast_precision_loss, reason = "lengths in memory are far below 2^53")]
        Value::String(text) => {
            let (few, many) = over(["minLength", "maxLength"], text.chars().count() as f64);
            if few || many {
                let keys = ["minLength", "maxLength"];
                say(format!("{} characters are out of bounds ({})", text.chars().count(), bounds(keywords, &keys)));
            }
        }
        #[allow(clippy::cast_precision_loss, reason = "lengths in memory are far below 2^53")]
        Value::Array(items) => {
            let (few, many) = over(["minItems", "maxItems"], items.len() as f64);
            if few || many {
                say(format!(
                    "{} items are out of bounds ({})",
                    items.len(),
                    bounds(keywords, &["minItems", "maxItems"])
                ));
            }
        }
        Value::Null | Value::Bool(_) | Value::Object(_) => {}
    }
}

fn bounds(keywords: &Map<String, Value>, keys: &[&str]) -> String {
    let said: Vec<String> = keys.iter().filter_map(|key| Some(format!("{key} {}", keywords.get(*key)?))).collect();
    said.join(", ")
}

fn missing(keywords: &Map<String, Value>, fields: &Map<String, Value>, path: &str, found: &mut Vec<Issue>) {
    let required = keywords.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let named = keywords.get("properties").and_then(Value::as_object);
    for name in required.filter(|name| !fields.contains_key(*name)) {
        let wanted = named.and_then(|named| named.get(name)).map(types).unwrap_or_default();
        let wanted: Vec<&str> = wanted.into_iter().map(kind_words).collect();
        let kind = if wanted.is_empty() { String::new() } else { format!(" ({})", wanted.join(" or ")) };
        found.push(issue(path, format!("{} is missing{kind}", short(name))));
    }
}

fn unknown(name: &str, named: Option<&Map<String, Value>>) -> String {
    let known: Vec<String> = named.into_iter().flat_map(Map::keys).take(LISTED).map(|name| short(name)).collect();
    let there = if known.is_empty() { "there are no fields".into() } else { format!("there are {}", known.join(", ")) };
    format!("{} is no field of it; {there}", short(name))
}

fn single(schema: &Value) -> Option<&Value> {
    let only = schema.get("enum").and_then(Value::as_array).filter(|values| values.len() == 1);
    schema.get("const").or_else(|| only?.first())
}

fn one_of(values: &[&Value]) -> String {
    let listed: Vec<String> = values.iter().take(LISTED).map(|value| shown(value)).collect();
    let more = values.len().saturating_sub(LISTED);
    let more = if more > 0 { format!(" or {more} others") } else { String::new() };
    match &listed[..] {
        [one] if more.is_empty() => one.clone(),
        listed => format!("one of {}{more}", listed.join(", ")),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("an array of {}", items.len()),
        Value::Object(fields) => format!("an object of {} fields", fields.len()),
        Value::String(text) => Value::from(short(text)).to_string(),
        other => short(&other.to_string()),
    }
}

/// The beginning of a text as one line. What is not shown is not looked at either.
fn short(text: &str) -> String {
    one_line(&text[..text.floor_char_boundary(8 * SHOWN)], SHOWN)
}

fn issue(path: &str, message: String) -> Issue {
    Issue { path: path.to_owned(), message }
}

fn place(path: &str, name: &str) -> String {
    format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"))
}
