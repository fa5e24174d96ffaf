//! A tool's input schema, written anew for a model.
//!
//! The promise: whatever JSON value a package calls a schema, in whatever draft, what is written is a schema of type object
//! that the provider takes, of bounded size and depth, the same every time. It is not mended but made, of the few keywords
//! that every provider understands: `type`, `properties`, `required`, `additionalProperties`, `items`, `anyOf` below the
//! top, `enum`, bounds, `description`. Everything else becomes words, since a model reads them as well:
//! - References are followed and what they lead to is written in their place; one that leads back is told as such.
//! - A union at the top becomes one object with the properties of all branches; each says for which branch it is, what tells the
//!   branches apart is an enumeration, and only what all of them require is required.
//! - A top that is no object becomes the property [`VALUE`] of one ([`Shown::wrapped`]); [`unwrapped`] is the way back.
//! - A tuple becomes a list of what its places hold, with the places in words.
//! - Strangers' texts are cut, and quoted where they are not yet marked as theirs ([`Words::Foreign`]).
//!
//! It may allow more than the tool's own schema, never less that matters: that one stays what inputs are checked against.

use super::{
    facts::{Facts, Kind, Property, Reader},
    property_names::Keys,
    rules::{self, Rules},
};
use crate::{
    budget::{self, Size},
    exact::Exact,
    sanitize::one_line,
};
use serde_json::{Map, Value, json};
use words::{cut, in_short, in_words, json_in_short, not_shown, quoted};

mod unions;
mod words;

/// The property that stands for an input which is no object.
pub const VALUE: &str = "value";

/// Characters of one text.
const TEXT: usize = 300;
/// Characters of everything that is said of one value.
const SAID: usize = 1_500;
/// Bytes of words that are quoted already, notes included.
const OWN: usize = 4_000;
/// Branches of one union.
const BRANCHES: usize = 24;

/// Whose words stand in the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// A stranger's: they are cut and quoted.
    Foreign,
    /// Ours, or a stranger's that are quoted already.
    Own,
}

/// A schema as a model gets it.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// The schema, of type object.
    pub schema: Value,
    /// Properties that have other names in it.
    pub keys: Keys,
    /// Whether the input is the property [`VALUE`].
    pub wrapped: bool,
}

/// Writes a schema for a model by the rules of a provider.
pub fn shown(schema: &Value, rules: &Rules, words: Words) -> Shown {
    let mut writer = Writer {
        reader: Reader::of(schema, budget::SHOWN_STEPS.most),
        rules,
        words,
        keys: Keys::default(),
        room: budget::SHOWN_SCHEMA.most,
        words_room: budget::SHOWN_WORDS.most,
        within: vec![schema],
    };
    let (schema, wrapped) = writer.top(schema);
    Shown { schema: Value::Object(schema), keys: writer.keys, wrapped }
}

/// The input of a tool out of the arguments: what its schema was wrapped in is taken off.
pub fn unwrapped(schema: &Value, arguments: Exact) -> Exact {
    let alone = arguments.value.as_object().is_some_and(|fields| fields.len() == 1);
    match arguments.part(VALUE) {
        Some(value) if alone && shown(schema, &rules::ANY, Words::Own).wrapped => value,
        _ => arguments,
    }
}

struct Writer<'r, 's> {
    reader: Reader<'s>,
    rules: &'r Rules,
    words: Words,
    keys: Keys,
    /// Bytes that may still be written.
    room: usize,
    /// Bytes of words among them.
    words_room: usize,
    /// What is being described.
    within: Vec<&'s Value>,
}

impl<'s> Writer<'_, 's> {
    /// The schema of a property, or of an item.
    fn property(&mut self, schemas: &[&'s Value], depth: usize) -> Map<String, Value> {
        let facts = self.reader.facts(schemas, &self.within);
        self.node(facts, depth)
    }

    fn node(&mut self, facts: Facts<'s>, depth: usize) -> Map<String, Value> {
        if depth >= budget::SHOWN_DEPTH.most || !self.spend(24) {
            let mut written = Map::new();
            let kinds = facts.kinds();
            typed(&mut written, &kinds);
            if kinds.contains(&Kind::Object) {
                written.insert("properties".into(), json!({}));
            }
            if kinds.contains(&Kind::Array) {
                written.insert("items".into(), json!({}));
            }
            return written;
        }
        let targets = facts.targets.len();
        self.within.extend(facts.targets.iter().copied());
        let written = if facts.unions.is_empty() { self.plain(&facts, depth) } else { self.union(facts, depth) };
        self.within.truncate(self.within.len() - targets);
        written
    }

    /// What is said without a choice.
    fn plain(&mut self, facts: &Facts<'s>, depth: usize) -> Map<String, Value> {
        let kinds = facts.kinds();
        let (mut out, mut notes) = (Map::new(), Vec::new());
        typed(&mut out, &kinds);
        if kinds.contains(&Kind::Object) {
            self.object(&mut out, facts, depth, &mut notes);
        }
        if kinds.contains(&Kind::Array) {
            self.array(&mut out, facts, depth, &mut notes);
        }
        self.enumerate(&mut out, facts, &kinds, &mut notes);
        self.bound(&mut out, facts, &kinds, &mut notes);
        self.describe(&mut out, facts, notes);
        out
    }

    fn object(&mut self, out: &mut Map<String, Value>, facts: &Facts<'s>, depth: usize, notes: &mut Vec<String>) {
        let (mut properties, mut required, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
        let mut named: Vec<Property<'s>> = facts.properties.clone();
        let conditional = self.reader_facts(&facts.perhaps).into_iter().flat_map(|facts| facts.properties);
        for (name, schemas) in conditional.chain(facts.required.iter().map(|name| (*name, Vec::new()))) {
            if !named.iter().any(|(known, _)| *known == name) {
                named.push((name, schemas));
            }
        }
        // What must be given comes first where there is no room for all.
        if self.room < named.len() * 64 {
            named.sort_by_key(|(name, _)| !facts.required.contains(name));
        }
        for (name, schemas) in named {
            if schemas.contains(&&Value::Bool(false)) {
                continue;
            }
            let is_required = facts.required.contains(&name);
            if !self.spend(name.len() + 8) {
                left_out.push(name);
                continue;
            }
            let mut written = self.property(&schemas, depth + 1);
            let name = self.key(name, &mut written);
            if is_required {
                required.push(name.clone());
            }
            if !properties.iter().any(|(known, _)| *known == name) {
                properties.push((name, Value::Object(written)));
            }
        }
        notes.extend(not_shown(&left_out));
        for (keyword, value) in object_of(properties, required) {
            out.entry(keyword).or_insert(value);
        }
        self.others(out, facts, depth, left_out.is_empty(), notes);
    }

    /// What properties without a name of their own are.
    fn others(
        &mut self,
        written: &mut Map<String, Value>,
        facts: &Facts<'s>,
        depth: usize,
        whole: bool,
        notes: &mut Vec<String>,
    ) {
        if let Some(names) = facts.names {
            let names = self.reader.facts(&[names], &self.within);
            let pattern = names.pattern.map(|pattern| format!("names of properties match {}", quoted(pattern)));
            notes.extend(pattern);
        }
        let mut others: Vec<&'s Value> = facts.patterns.iter().map(|(_, schema)| *schema).collect();
        for (pattern, _) in facts.patterns.iter().take(5) {
            notes.push(format!("properties may be named like {}", quoted(pattern)));
        }
        match facts.additional {
            Some(Value::Bool(false)) if others.is_empty() => {
                if whole {
                    written.insert("additionalProperties".into(), Value::Bool(false));
                }
                return;
            }
            Some(schema @ Value::Object(_)) => others.push(schema),
            _ if others.is_empty() => return,
            _ => {}
        }
        let variants: Vec<Map<String, Value>> =
            others.into_iter().take(BRANCHES).map(|schema| self.property(&[schema], depth + 1)).collect();
        let one = joined(unique(variants));
        if !one.is_empty() {
            written.insert("additionalProperties".into(), Value::Object(one));
        }
    }

    fn array(&mut self, out: &mut Map<String, Value>, facts: &Facts<'s>, depth: usize, notes: &mut Vec<String>) {
        let mut variants = Vec::new();
        let mut places = Vec::new();
        for schema in facts.tuple.iter().take(BRANCHES) {
            let written = self.property(&[schema], depth + 1);
            places.push(in_short(&written));
            variants.push(written);
        }
        if let Some(schema @ Value::Object(_)) = facts.items {
            variants.push(self.property(&[schema], depth + 1));
        } else if !facts.tuple.is_empty() && facts.items != Some(&Value::Bool(false)) && facts.most_items().is_none() {
            // More items of any kind may follow.
            variants.push(Map::new());
        }
        let items = if variants.iter().any(Map::is_empty) { Map::new() } else { joined(unique(variants)) };
        if !places.is_empty() {
            notes.push(format!("items by their place: {}", places.join(", ")));
            if facts.items == Some(&Value::Bool(false)) && facts.most_items().is_none() {
                out.insert("maxItems".into(), json!(facts.tuple.len()));
            }
        }
        out.insert("items".into(), Value::Object(items));
    }

    fn enumerate(&mut self, out: &mut Map<String, Value>, facts: &Facts<'s>, kinds: &[Kind], notes: &mut Vec<String>) {
        let Some(values) = &facts.values else { return };
        let allowed = |value: &Value| {
            let kind = Kind::of(value);
            kinds.is_empty() || kinds.contains(&kind) || kind == Kind::Integer && kinds.contains(&Kind::Number)
        };
        let scalar = |value: &Value| !value.is_object() && !value.is_array();
        let mut fitting: Vec<&Value> = Vec::new();
        for value in values.iter().take(budget::SHOWN_VALUES.most + 1) {
            if allowed(value) && !fitting.contains(value) {
                fitting.push(value);
            }
        }
        let bytes: usize = fitting.iter().map(|value| Size::of(value).bytes + 1).sum();
        let listed = values.len() <= budget::SHOWN_VALUES.most
            && !fitting.is_empty()
            && fitting.iter().all(|value| scalar(value) && Size::of(value).bytes <= TEXT)
            && self.spend(bytes);
        if listed {
            let mut seen = Vec::new();
            for kind in fitting.iter().map(|value| Kind::of(value)) {
                let kind = if kind == Kind::Integer && kinds.contains(&Kind::Number) { Kind::Number } else { kind };
                if !seen.contains(&kind) {
                    seen.push(kind);
                }
            }
            if seen.contains(&Kind::Number) {
                seen.retain(|kind| *kind != Kind::Integer);
            }
            out.clear();
            typed(out, &seen);
            out.insert("enum".into(), fitting.into_iter().cloned().collect());
        } else {
            let some: Vec<String> = values.iter().take(10).map(|value| json_in_short(value)).collect();
            notes.push(format!("one of {} values, such as {}", values.len(), some.join(", ")));
        }
    }

    fn bound(&mut self, out: &mut Map<String, Value>, facts: &Facts<'s>, kinds: &[Kind], notes: &mut Vec<String>) {
        let any = |wanted: &[Kind]| kinds.is_empty() || kinds.iter().any(|kind| wanted.contains(kind));
        if out.contains_key("enum") {
            return;
        }
        for (keyword, value) in &facts.bounds {
            let fits = match *keyword {
                "minLength" | "maxLength" => any(&[Kind::String]),
                "minItems" | "maxItems" => any(&[Kind::Array]),
                "multipleOf" => any(&[Kind::Number, Kind::Integer]) && value.as_f64().is_some_and(|step| step > 0.0),
                _ => any(&[Kind::Number, Kind::Integer]),
            };
            let open = facts.open_ends.0 && *keyword == "minimum" || facts.open_ends.1 && *keyword == "maximum";
            let keyword = match (open, *keyword) {
                (true, "minimum") => "exclusiveMinimum",
                (true, _) => "exclusiveMaximum",
                (false, keyword) => keyword,
            };
            if !fits || out.contains_key(keyword) {
                continue;
            }
            if self.rules.bounds.contains(&keyword) {
                out.insert(keyword.into(), (*value).clone());
            } else {
                notes.push(in_words(keyword, value));
            }
        }
    }

    /// Puts what is said of a value into its schema: its author's words, then what no keyword says.
    fn describe(&mut self, written: &mut Map<String, Value>, facts: &Facts<'s>, mut notes: Vec<String>) {
        let text = facts.description.or(facts.title).unwrap_or_default();
        let text = match self.words {
            Words::Own => cut(text, OWN),
            Words::Foreign if text.is_empty() => String::new(),
            Words::Foreign => format!("[its author's words] {}", Value::from(one_line(text, TEXT))),
        };
        notes.extend(facts.again.map(|again| format!("the same again as {}", quoted(again))));
        notes.extend(facts.lost.map(|lost| format!("as {} describes it, which is not here", quoted(lost))));
        for (what, text) in [("format", facts.format), ("pattern", facts.pattern)] {
            notes.extend(text.map(|text| format!("{what} {}", quoted(text))));
        }
        for (what, value) in [("default", facts.default), ("for example", facts.example)] {
            notes.extend(value.map(|value| format!("{what} {}", json_in_short(value))));
        }
        let notes = cut(&notes.join("; "), SAID);
        let all =
            if text.is_empty() || notes.is_empty() { format!("{text}{notes}") } else { format!("{text}; {notes}") };
        // What no keyword says is worth more than the author's words.
        if let Some(said) = [all, notes].into_iter().find(|said| self.say(said)) {
            written.insert("description".into(), said.into());
        }
    }

    /// Adds a note to what is said.
    fn note(&mut self, written: &mut Map<String, Value>, note: String) {
        let note = cut(&note, SAID / 4);
        if self.say(&note) {
            let before = written.get("description").and_then(Value::as_str);
            let all = before.map_or_else(|| note.clone(), |before| format!("{before}; {note}"));
            written.insert("description".into(), all.into());
        }
    }

    /// The name under which a property is shown; another one is told.
    fn key(&mut self, name: &str, written: &mut Map<String, Value>) -> String {
        let key = self.keys.name(name, self.rules.keys);
        if key != name {
            self.note(written, format!("the tool calls it {}", quoted(name)));
        }
        key
    }

    fn reader_facts(&mut self, schemas: &[&'s Value]) -> Vec<Facts<'s>> {
        schemas.iter().map(|schema| self.reader.facts(&[*schema], &self.within)).collect()
    }

    /// Takes room for words, if there is any and if there are words.
    fn say(&mut self, words: &str) -> bool {
        let has_room = !words.is_empty() && self.words_room >= words.len() && self.spend(words.len());
        if has_room {
            self.words_room -= words.len();
        }
        has_room
    }

    /// Takes room, if there is any.
    fn spend(&mut self, bytes: usize) -> bool {
        let rest = self.room.checked_sub(bytes);
        self.room = rest.unwrap_or(self.room);
        rest.is_some()
    }
}

fn object_of(properties: Vec<(String, Value)>, required: Vec<String>) -> Map<String, Value> {
    let mut written = Map::new();
    written.insert("type".into(), "object".into());
    written.insert("properties".into(), Value::Object(properties.into_iter().collect()));
    if !required.is_empty() {
        written.insert("required".into(), required.into());
    }
    written
}

/// One schema that allows what any of several does. Enumerations become one.
fn joined(mut variants: Vec<Map<String, Value>>) -> Map<String, Value> {
    if variants.len() < 2 {
        return variants.pop().unwrap_or_default();
    }
    let plain = |variant: &Map<String, Value>| {
        variant.len() == 2 && variant.contains_key("enum") && variant.contains_key("type")
    };
    if variants.iter().all(|variant| plain(variant) && variant["type"] == variants[0]["type"]) {
        let mut values: Vec<Value> = Vec::new();
        for value in variants.iter().filter_map(|variant| variant["enum"].as_array()).flatten() {
            if !values.contains(value) {
                values.push(value.clone());
            }
        }
        let mut one = variants.swap_remove(0);
        one.insert("enum".into(), values.into());
        return one;
    }
    let mut one = Map::new();
    one.insert("anyOf".into(), variants.into_iter().map(Value::Object).collect());
    one
}

fn unique(variants: Vec<Map<String, Value>>) -> Vec<Map<String, Value>> {
    let mut unique = Vec::new();
    for variant in variants {
        if !unique.contains(&variant) {
            unique.push(variant);
        }
    }
    unique
}

fn typed(written: &mut Map<String, Value>, kinds: &[Kind]) {
    match kinds {
        [] => {}
        [one] => drop(written.insert("type".into(), one.name().into())),
        several => {
            let names: Vec<&str> = several.iter().map(|kind| kind.name()).collect();
            written.insert("type".into(), names.into());
        }
    }
}

#[cfg(test)]
mod tests;
