//! Filling a tool's input from a message, by the tool's JSON Schema.
//!
//! Sources, most certain first: a JSON object whose keys are the properties; `name: value`; arithmetic in words; the
//! values of the message by what each property is for; and last, for one free text, the rest of the sentence. A secret
//! or a choice is never guessed: what the message does not say stays missing.

use super::{
    coerce::{Missing, coerce, long_enough, missing},
    lexer,
    message::{Datum, Kind, Message},
    offer::{Offer, Offers},
    rest,
    role::{Property, Role},
};
use serde_json::{Map, Value};

/// A tool's input as far as the message gives it.
#[derive(Debug, Clone, Default)]
pub(super) struct Filling {
    pub input: Map<String, Value>,
    /// Required properties that the message does not give.
    pub missing: Vec<Missing>,
    /// How sure the values are, 0 to 1.
    pub confidence: f64,
    /// How many values the message names by the property's name.
    pub named: usize,
    /// The share of the message's values that went into the input, 0 to 1.
    pub coverage: f64,
}

impl Filling {
    /// Whether the tool can be called.
    pub(super) fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }
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
            // "into YAML: {...}" names what should come out.
            let datum = Datum { kind: Kind::Quoted, text: text.clone(), span: 0..0 };
            if matches!(property.role, Role::Language(_)) && property.role.suits(&datum).is_none_or(|fit| fit < 0.6) {
                continue;
            }
            if let Some(value) = coerce(&text, property.schema) {
                self.mark(&text);
                filling.input.insert(property.name.to_owned(), value);
                filling.named += 1;
                self.scores.push(1.0);
            }
        }
    }

    /// A value is gone when it, or one that it overlaps, went into the input.
    fn is_taken(&self, at: usize) -> bool {
        let data = &self.message.data;
        self.used[at] || (0..data.len()).any(|other| self.used[other] && data[other].overlaps(&data[at]))
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
        let open = |p: &&Property<'_>| p.required && !filling.input.contains_key(p.name);
        let texts = properties.iter().filter(open).filter(|p| takes_text(p) && p.choices().is_empty()).count();
        let source = Offers { message: self.message, about: self.about, texts };
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
            offers.extend(source.of(property, at).into_iter().filter(|offer| offer.score >= least));
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
            let taken = offer.uses.iter().any(|at| self.is_taken(*at));
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
            .filter(|p| matches!(p.role, Role::Text | Role::Query | Role::Date | Role::Zone | Role::Language(_)))
            .collect();
        let free = (self.message.data.iter().enumerate())
            .any(|(at, d)| !self.is_taken(at) && (d.is_text() || d.kind == Kind::Json));
        let Some(first) = open.first().filter(|_| !free) else { return };
        let asks =
            ["search", "answer", "question", "research"].iter().any(|word| self.about.to_lowercase().contains(word));
        let text = if first.role == Role::Query && asks {
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
            // A date in words is one ("next friday"); prose is no block of most languages.
            let plausible = match property.role {
                Role::Language(language @ ("csv" | "tsv" | "xml" | "html" | "json" | "diff")) => {
                    lexer::sniff(&part).is_some_and(|own| own == language)
                }
                Role::Zone => part.contains('/') || part.chars().all(char::is_uppercase),
                _ => true,
            };
            if plausible && long_enough(&part, property.schema) {
                // Two or three capitals are a code rather than a name.
                let is_code = part.len() <= 3 && part.chars().all(char::is_uppercase);
                let wants_code = property.words.iter().any(|word| word == "code");
                self.scores.push(match (is_code, wants_code) {
                    (true, true) => 0.8,
                    (true, false) => 0.3,
                    _ => 0.5,
                });
                filling.input.insert(property.name.to_owned(), Value::String(part));
            }
        }
    }

    fn nested_or_missing(&mut self, property: &Property<'_>, filling: &mut Filling, depth: usize) {
        let is_object = property.types().contains(&"object") && property.schema.get("properties").is_some();
        if is_object && depth < 3 {
            let mut inner = Filling::default();
            self.object(property.schema, &mut inner, depth + 1);
            let keeps = !inner.input.is_empty() || (property.required && inner.is_complete());
            if keeps && (property.required || inner.is_complete()) {
                filling.input.insert(property.name.to_owned(), Value::Object(inner.input));
            }
            if property.required {
                let within = |missing: Missing| missing.inside(property.name);
                filling.missing.extend(inner.missing.into_iter().map(within));
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
        let heavy = |datum: &Datum| !matches!(datum.kind, Kind::Number | Kind::Tail);
        let all = self.message.data.iter().filter(|d| heavy(d)).count();
        let data = self.message.data.iter().enumerate();
        let used = data.filter(|(at, d)| heavy(d) && self.is_taken(*at)).count();
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
