//! Filling a tool's input from a message, by the tool's JSON Schema.
//!
//! Sources, most certain first: a JSON object whose keys are the properties; `name: value`; arithmetic in words; the
//! values of the message by what each property is for; and last, for one free text, the rest of the sentence. A secret
//! or a choice is never guessed: what the message does not say stays missing.

use super::{
    lexer, math,
    message::{Datum, Kind, Message, squeeze},
    rest,
    role::{self, Property, Role},
    words,
};
use serde_json::{Map, Value, json};

/// A tool's input as far as the message gives it.
#[derive(Debug, Clone, Default)]
pub(super) struct Filling {
    /// The input.
    pub input: Map<String, Value>,
    /// Required properties that the message does not give.
    pub missing: Vec<Missing>,
    /// How sure the values are, 0 to 1.
    pub confidence: f64,
    /// The share of the message's values that went into the input, 0 to 1.
    pub coverage: f64,
}

impl Filling {
    /// Whether the tool can be called.
    pub(super) fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }
}

/// A required property that nothing was found for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Missing {
    pub name: String,
    /// What the schema says of it, with its choices.
    pub description: String,
    /// A value such as it wants.
    pub example: Value,
}

/// Fills a schema from a message. `about` is what the tool says of itself; its words are no values.
pub(super) fn fill(schema: &Value, about: &str, message: &Message) -> Filling {
    let mut filler = Filler { message, about, used: vec![false; message.data.len()], scores: Vec::new() };
    let mut filling = Filling::default();
    filler.object(schema, &mut filling, 0);
    filling.confidence = mean(&filler.scores);
    filling.coverage = filler.coverage();
    filling
}

#[allow(clippy::cast_precision_loss, reason = "a handful of values")]
fn mean(scores: &[f64]) -> f64 {
    if scores.is_empty() { 0.6 } else { scores.iter().sum::<f64>() / scores.len() as f64 }
}

/// The properties of an object schema: the required ones in their order, then the others.
pub(super) fn properties(schema: &Value) -> Vec<Property<'_>> {
    let Some(all) = schema.get("properties").and_then(Value::as_object) else { return Vec::new() };
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let first = required.iter().filter_map(|name| all.get_key_value(*name));
    let others = all.iter().filter(|(name, _)| !required.contains(&name.as_str()));
    first
        .map(|(name, schema)| Property::new(name, schema, true))
        .chain(others.map(|(name, schema)| Property::new(name, schema, false)))
        .collect()
}

/// One way to fill one property.
struct Offer {
    score: f64,
    property: usize,
    value: Value,
    uses: Vec<usize>,
}

struct Filler<'a> {
    message: &'a Message,
    about: &'a str,
    /// Which values went into the input.
    used: Vec<bool>,
    scores: Vec<f64>,
}

impl Filler<'_> {
    fn object(&mut self, schema: &Value, filling: &mut Filling, depth: usize) {
        let properties = properties(schema);
        self.whole_object(&properties, filling);
        self.pairs(&properties, filling);
        self.values(&properties, filling);
        self.rest(&properties, filling);
        for property in &properties {
            if !filling.input.contains_key(property.name) {
                self.nested_or_missing(property, filling, depth);
            }
        }
    }

    /// A JSON object whose keys are properties is the input.
    fn whole_object(&mut self, properties: &[Property<'_>], filling: &mut Filling) {
        for (at, datum) in self.message.data.iter().enumerate() {
            let Some(Value::Object(object)) = datum.json() else { continue };
            let named = object.keys().filter(|key| properties.iter().any(|p| p.name == *key)).count();
            if named == 0 || named * 2 < object.len() {
                continue;
            }
            for (key, value) in object {
                if properties.iter().any(|p| p.name == key) {
                    filling.input.insert(key, value);
                }
            }
            self.used[at] = true;
            self.scores.push(1.0);
            return;
        }
    }

    fn pairs(&mut self, properties: &[Property<'_>], filling: &mut Filling) {
        let names: Vec<&str> = properties.iter().map(|property| property.name).collect();
        for property in properties {
            if filling.input.contains_key(property.name) {
                continue;
            }
            let Some(text) = self.message.pair(property.name, &names) else { continue };
            if let Some(value) = coerce(&text, property.schema) {
                self.mark(&text);
                filling.input.insert(property.name.to_owned(), value);
                self.scores.push(1.0);
            }
        }
    }

    /// Values that a pair took are not free any more.
    fn mark(&mut self, text: &str) {
        for (at, datum) in self.message.data.iter().enumerate() {
            if text.contains(&datum.text) {
                self.used[at] = true;
            }
        }
    }

    /// Offers of all values to all open properties; the best goes first, and in case of a tie the earlier value to the
    /// earlier property ("from A to B").
    fn values(&mut self, properties: &[Property<'_>], filling: &mut Filling) {
        let none_required = !properties.iter().any(|p| p.required);
        let mut offers: Vec<Offer> = Vec::new();
        for (at, property) in properties.iter().enumerate() {
            if filling.input.contains_key(property.name) {
                continue;
            }
            // An optional property is only filled by what plainly belongs to it.
            let least = match (property.required, none_required && is_main(property)) {
                (true, _) => 0.2,
                (false, true) => 0.5,
                (false, false) => 0.9,
            };
            offers.extend(self.offers(property, at).into_iter().filter(|offer| offer.score >= least));
        }
        offers.sort_by(|a, b| {
            let required = |offer: &Offer| properties[offer.property].required;
            let rounded = |offer: &Offer| (offer.score * 20.0).round();
            (required(b).cmp(&required(a)))
                .then(rounded(b).total_cmp(&rounded(a)))
                .then(a.property.cmp(&b.property))
                .then(a.uses.cmp(&b.uses))
        });
        for offer in offers {
            let property = &properties[offer.property];
            let taken = offer.uses.iter().any(|at| self.used[*at]);
            if taken || filling.input.contains_key(property.name) {
                continue;
            }
            for at in offer.uses {
                self.used[at] = true;
            }
            if property.required {
                self.scores.push(offer.score.min(1.0));
            }
            filling.input.insert(property.name.to_owned(), offer.value);
        }
    }

    fn offers(&self, property: &Property<'_>, index: usize) -> Vec<Offer> {
        let choices = property.choices();
        if !choices.is_empty() {
            return self
                .choice(&choices, property)
                .map(|value| Offer { score: 0.95, property: index, value, uses: vec![] })
                .into_iter()
                .collect();
        }
        let types = property.types();
        if types.as_slice() == ["boolean"] {
            return self
                .truth(property)
                .map(|value| Offer { score: 0.9, property: index, value: json!(value), uses: vec![] })
                .into_iter()
                .collect();
        }
        if property.role == Role::Named {
            return self.named(property, index).into_iter().collect();
        }
        let takes_text = types.is_empty() || types.contains(&"string");
        if property.role == Role::Expression && takes_text {
            let expression = math::expression(self.message);
            // What the expression was made of is used with it.
            let uses = (0..self.used.len()).collect();
            if let Some(expression) = expression {
                return vec![Offer { score: 0.97, property: index, value: json!(expression), uses }];
            }
        }
        let mut offers = Vec::new();
        if types.contains(&"array") {
            offers.extend(self.list(property, index));
        }
        for (at, datum) in self.message.data.iter().enumerate() {
            let offer = self.single(property, &types, datum);
            offers.extend(offer.map(|(score, value)| Offer { score, property: index, value, uses: vec![at] }));
        }
        offers
    }

    /// One value for one property.
    fn single(&self, property: &Property<'_>, types: &[&str], datum: &Datum) -> Option<(f64, Value)> {
        let cue = self.cue(property, datum);
        let allows = |kind: &str| types.is_empty() || types.contains(&kind);
        let structured =
            matches!(datum.kind, Kind::Json) || (datum.is_text() && datum.language().as_deref() == Some("json"));
        if structured && let Some(value) = datum.json() {
            let fits = match &value {
                Value::Array(_) => allows("array"),
                Value::Object(_) => allows("object"),
                _ => false,
            };
            // A schema that leaves the type open takes text rather than what the text holds, when it says so.
            let wants_text = types.is_empty() && matches!(property.role, Role::Language(_) | Role::Expression);
            if fits && !wants_text && fits_items(&value, property.schema) {
                return Some((0.9 + cue, value));
            }
        }
        if datum.kind == Kind::Number && (allows("number") || allows("integer")) {
            let number = lexer::number(&datum.text)?;
            let whole = number.is_i64() || number.is_u64();
            if (allows("number") || whole) && within(&number, property.schema) {
                return Some((0.6 + cue, Value::Number(number)));
            }
            return None;
        }
        if !allows("string") {
            return None;
        }
        let score = property.role.suits(datum)?;
        let value = Value::String(datum.text.clone());
        // Where any type will do, a value that somebody wrote as text stays text.
        Some((score + cue, value)).filter(|_| long_enough(&datum.text, property.schema))
    }

    /// How much the words around a value speak for the property.
    fn cue(&self, property: &Property<'_>, datum: &Datum) -> f64 {
        let before = self.message.before(datum);
        let near: Vec<&String> =
            before.iter().filter(|w| !matches!(w.as_str(), "of" | "is" | "the" | "a" | "to" | "as")).take(2).collect();
        let is_name = |word: &str| property.words.iter().any(|name| words::canonical(name) == words::canonical(word));
        let prepositions = ["from", "to", "in", "into", "as", "by", "with", "until", "since", "before", "after"];
        let preposition = before.first().is_some_and(|word| {
            prepositions.contains(&word.as_str()) && property.words.first().is_some_and(|name| name == word)
        });
        let behind = datum.kind == Kind::Number && self.message.after(datum).is_some_and(|word| is_name(&word));
        let named = near.first().is_some_and(|word| is_name(word));
        if named || preposition || behind || self.in_time(property, datum) {
            0.32
        } else if near.iter().any(|word| is_name(word)) {
            0.15
        } else {
            0.0
        }
    }

    /// Whether a date is the first or last of several and the property asks for that one.
    fn in_time(&self, property: &Property<'_>, datum: &Datum) -> bool {
        let dates = || self.message.data.iter().filter(|d| d.kind == Kind::Date).map(|d| d.text.as_str());
        let says = |names: &[&str]| property.words.iter().any(|word| names.contains(&word.as_str()));
        datum.kind == Kind::Date
            && dates().count() > 1
            && ((says(&["earlier", "start", "from", "since", "begin"]) && dates().min() == Some(&datum.text))
                || (says(&["later", "end", "to", "until"]) && dates().max() == Some(&datum.text)))
    }

    /// Several values for a list: figures one after the other, or quoted texts.
    fn list(&self, property: &Property<'_>, index: usize) -> Vec<Offer> {
        let items = property.schema.get("items").map(role::types).unwrap_or_default();
        let allows = |kind: &str| items.is_empty() || items.contains(&kind);
        let places = |wanted: &dyn Fn(&Datum) -> bool| -> Vec<usize> {
            (0..self.used.len()).filter(|at| wanted(&self.message.data[*at])).collect()
        };
        let mut offers = Vec::new();
        let figures = places(&|datum| datum.kind == Kind::Number);
        if (allows("number") || allows("integer")) && figures.len() >= 2 {
            let numbers =
                figures.iter().filter_map(|at| lexer::number(&self.message.data[*at].text)).map(Value::Number);
            offers.push(Offer { score: 0.8, property: index, value: numbers.collect(), uses: figures });
        }
        let texts = places(&|datum| matches!(datum.kind, Kind::Quoted | Kind::Code));
        if allows("string") && !texts.is_empty() {
            let values: Value = texts.iter().map(|at| self.message.data[*at].text.clone()).collect();
            offers.push(Offer {
                score: if texts.len() > 1 { 0.85 } else { 0.4 },
                property: index,
                value: values,
                uses: texts,
            });
        }
        for at in places(&|datum| matches!(datum.kind, Kind::Stdin | Kind::Fence(_))) {
            let split = coerce(&self.message.data[at].text, property.schema);
            offers.extend(split.map(|value| Offer { score: 0.7, property: index, value, uses: vec![at] }));
        }
        offers
    }

    /// A choice that the message names; a default is left to the tool.
    fn choice(&self, choices: &[&Value], property: &Property<'_>) -> Option<Value> {
        let said = words::split(&self.message.prose());
        let quoted = |text: &str| self.message.data.iter().any(|d| d.is_text() && d.text.eq_ignore_ascii_case(text));
        let name_said = property.words.iter().any(|name| said.contains(name));
        let named = choices.iter().filter(|choice| match choice {
            Value::String(text) => {
                let spoken = words::split(text);
                let all = !spoken.is_empty() && spoken.iter().all(|word| said.contains(word));
                // One or two letters are a word of the sentence rather than a choice.
                quoted(text) || (all && (text.chars().count() > 2 || name_said))
            }
            Value::Number(number) => name_said && said.contains(&number.to_string()),
            _ => false,
        });
        let mut named: Vec<&&Value> = named.collect();
        // "base64url" says more than "base64".
        named.sort_by_key(|choice| std::cmp::Reverse(choice.as_str().map_or(0, str::len)));
        named.first().map(|choice| (**choice).clone())
    }

    /// A boolean by words: "with headers", "no header", "case insensitive".
    fn truth(&self, property: &Property<'_>) -> Option<bool> {
        let said = words::split(&self.message.prose());
        let names: Vec<String> = property.words.iter().map(|word| words::canonical(word)).collect();
        let at = said
            .windows(names.len().max(1))
            .position(|window| window.iter().map(|word| words::canonical(word)).eq(names.iter().cloned()));
        match at {
            Some(at) => {
                let before = at.checked_sub(1).and_then(|before| said.get(before)).map(String::as_str);
                Some(!matches!(before, Some("no" | "without" | "not" | "skip" | "disable")))
            }
            None if names.first().is_some_and(|name| name == "header") => self.first_line_names_columns(),
            None => None,
        }
    }

    /// Whether a CSV in the message begins with names: no figures in its first line, some below or none anywhere.
    fn first_line_names_columns(&self) -> Option<bool> {
        let block = self.message.data.iter().find(|d| matches!(d.language().as_deref(), Some("csv" | "tsv")))?;
        let first = block.text.lines().next()?;
        let cells = first.split([',', ';', '\t']).map(|cell| cell.trim().trim_matches('"'));
        cells.clone().all(|cell| !cell.is_empty() && cell.parse::<f64>().is_err()).then_some(true)
    }

    /// A property that must be named: the text right behind its name.
    fn named(&self, property: &Property<'_>, index: usize) -> Option<Offer> {
        if property.is_secret() {
            return None;
        }
        self.message.data.iter().enumerate().find_map(|(at, datum)| {
            let named = self.cue(property, datum) > 0.3 && datum.kind != Kind::Number;
            let value = coerce(&datum.text, property.schema).filter(|_| named)?;
            Some(Offer { score: 0.9, property: index, value, uses: vec![at] })
        })
    }

    /// The rest of the sentence, for free texts that nothing else was found for.
    fn rest(&mut self, properties: &[Property<'_>], filling: &mut Filling) {
        for property in properties.iter().filter(|p| p.required && p.choices().is_empty()) {
            if !filling.input.contains_key(property.name)
                && let Some(value) = rest::after_preposition(self.message, &property.words)
                && takes_text(property)
            {
                filling.input.insert(property.name.to_owned(), Value::String(value));
                self.scores.push(0.7);
            }
        }
        let open: Vec<&Property<'_>> = properties
            .iter()
            .filter(|p| p.required && !filling.input.contains_key(p.name) && p.choices().is_empty() && takes_text(p))
            .filter(|p| matches!(p.role, Role::Text | Role::Query | Role::Date | Role::Language(_)))
            .collect();
        let free =
            self.message.data.iter().enumerate().any(|(at, d)| !self.used[at] && (d.is_text() || d.kind == Kind::Json));
        let Some(first) = open.first().filter(|_| !free) else { return };
        let text = if first.role == Role::Query {
            rest::question(self.message)
        } else {
            rest::of(self.message, self.about, properties)
        };
        // What was taken as a value already is not said again.
        let taken =
            |text: &str| self.message.data.iter().zip(&self.used).any(|(d, used)| *used && text.contains(&d.text));
        let Some(text) = text.filter(|text| !taken(text)) else { return };
        let parts = if open.len() > 1 { rest::parts(&text, open.len()) } else { Some(vec![text]) };
        for (property, part) in open.iter().zip(parts.unwrap_or_default()) {
            // A date in words is one ("next friday"); a block of a language is not in one line of prose.
            let plausible = !matches!(property.role, Role::Language("csv" | "tsv" | "xml" | "json" | "diff"));
            if plausible && long_enough(&part, property.schema) {
                filling.input.insert(property.name.to_owned(), Value::String(part));
                self.scores.push(0.5);
            }
        }
    }

    fn nested_or_missing(&mut self, property: &Property<'_>, filling: &mut Filling, depth: usize) {
        let is_object = property.types().contains(&"object") && property.schema.get("properties").is_some();
        if is_object && depth < 3 {
            let mut inner = Filling::default();
            self.object(property.schema, &mut inner, depth + 1);
            if inner.is_complete() && (property.required || !inner.input.is_empty()) {
                filling.input.insert(property.name.to_owned(), Value::Object(inner.input));
                return;
            }
            if property.required {
                filling.missing.append(&mut inner.missing);
            }
            return;
        }
        if property.required
            && let Some(default) = property.schema.get("default")
        {
            filling.input.insert(property.name.to_owned(), default.clone());
        } else if property.required {
            filling.missing.push(missing(property));
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "a handful of values")]
    fn coverage(&self) -> f64 {
        let heavy = |datum: &Datum| datum.kind != Kind::Number;
        let all = self.message.data.iter().filter(|d| heavy(d)).count();
        let used = self.message.data.iter().zip(&self.used).filter(|(d, used)| heavy(d) && **used).count();
        if all == 0 { 1.0 } else { used as f64 / all as f64 }
    }
}

/// Whether the property is one that a tool without required inputs still wants filled.
fn is_main(property: &Property<'_>) -> bool {
    let main = ["text", "input", "content", "data", "query", "value", "string", "str", "source", "expression", "url"];
    property.words.iter().any(|word| main.contains(&word.as_str()))
}

fn takes_text(property: &Property<'_>) -> bool {
    let types = property.types();
    types.is_empty() || types.contains(&"string")
}

fn long_enough(text: &str, schema: &Value) -> bool {
    let length = text.chars().count() as u64;
    let least = schema.get("minLength").and_then(Value::as_u64).unwrap_or(0);
    let most = schema.get("maxLength").and_then(Value::as_u64).unwrap_or(u64::MAX);
    (least..=most).contains(&length)
}

fn within(number: &serde_json::Number, schema: &Value) -> bool {
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    let value = number.as_f64().unwrap_or_default();
    bound("minimum").is_none_or(|least| value >= least) && bound("maximum").is_none_or(|most| value <= most)
}

/// Whether a list's items have the type that the schema wants of them.
fn fits_items(value: &Value, schema: &Value) -> bool {
    let (Value::Array(values), Some(items)) = (value, schema.get("items")) else { return true };
    let types = role::types(items);
    types.is_empty()
        || values.iter().all(|item| match item {
            Value::String(_) => types.contains(&"string"),
            Value::Number(_) => types.contains(&"number") || types.contains(&"integer"),
            Value::Object(_) => types.contains(&"object"),
            Value::Array(_) => types.contains(&"array"),
            Value::Bool(_) => types.contains(&"boolean"),
            Value::Null => true,
        })
}

/// A text as the value of a schema, when it can be one.
pub(super) fn coerce(text: &str, schema: &Value) -> Option<Value> {
    let text = text.trim();
    let choices = role::types(schema);
    let allows = |kind: &str| choices.is_empty() || choices.contains(&kind);
    let listed = schema.get("enum").and_then(Value::as_array);
    if let Some(listed) = listed {
        let same = |choice: &&Value| squeeze(&plain(choice)) == squeeze(text);
        return listed.iter().find(same).cloned();
    }
    if choices == ["boolean"] {
        return match text.to_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Some(json!(true)),
            "false" | "no" | "off" | "0" => Some(json!(false)),
            _ => None,
        };
    }
    if (allows("object") || allows("array"))
        && let Ok(value @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str::<Value>(text)
        && allows(if value.is_array() { "array" } else { "object" })
    {
        return Some(value);
    }
    if choices.iter().any(|kind| matches!(*kind, "number" | "integer"))
        && let Some(number) = lexer::number(text)
        && (choices.contains(&"number") || number.is_i64() || number.is_u64())
    {
        return Some(Value::Number(number));
    }
    if allows("string") {
        return Some(Value::String(text.to_owned()));
    }
    if choices.contains(&"array") {
        let separator = if text.contains('\n') { '\n' } else { ',' };
        let parts = text.split(separator).map(str::trim).filter(|part| !part.is_empty());
        let items = schema.get("items").cloned().unwrap_or(json!({}));
        return parts
            .map(|part| coerce(part, &items))
            .collect::<Option<Vec<_>>>()
            .filter(|list| !list.is_empty())
            .map(Value::Array);
    }
    None
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn missing(property: &Property<'_>) -> Missing {
    let choices = property.choices();
    let mut description = property.description().to_owned();
    if !choices.is_empty() {
        let listed: Vec<String> = choices.iter().map(ToString::to_string).collect();
        description = format!("{description} (one of {})", listed.join(", ")).trim().to_owned();
    }
    Missing { name: property.name.to_owned(), description, example: example(property.schema, property.name) }
}

/// A value such as the schema wants: its own example, a choice, or something of the right type.
pub(super) fn example(schema: &Value, name: &str) -> Value {
    if let Some(given) = schema.get("examples").and_then(|list| list.get(0)).or_else(|| schema.get("example")) {
        return given.clone();
    }
    if let Some(choice) = choices_of(schema) {
        return choice;
    }
    match role::types(schema).first().copied() {
        Some("number" | "integer") => json!(1),
        Some("boolean") => json!(true),
        Some("array") => json!([schema.get("items").map_or(json!("..."), |items| example(items, name))]),
        Some("object") => json!({}),
        _ => json!(format!("your {}", words::split(name).join(" "))),
    }
}

fn choices_of(schema: &Value) -> Option<Value> {
    schema.get("const").or_else(|| schema.get("enum").and_then(|list| list.get(0))).cloned()
}
