//! What a message offers to one property of a schema: values with how well each suits.

use super::{
    algebra,
    coerce::{coerce, fits_inside, long_enough, within},
    lexer, math,
    message::{Datum, Kind, Message},
    rest,
    role::{self, Property, Role},
    units, words,
};
use serde_json::{Value, json};

/// One way to fill one property.
pub(super) struct Offer {
    pub score: f64,
    pub property: usize,
    pub value: Value,
    pub uses: Vec<usize>,
}

/// Where offers come from.
pub(super) struct Offers<'a> {
    pub message: &'a Message,
    /// What the tool says of itself.
    pub about: &'a str,
    /// How many of the required properties want text: one takes a tail whole, several share it.
    pub texts: usize,
}

impl Offers<'_> {
    /// Everything that suits one property; `index` is its place among the others.
    pub(super) fn of(&self, property: &Property<'_>, index: usize) -> Vec<Offer> {
        let stated = |score: f64, value: Value| vec![Offer { score, property: index, value, uses: vec![] }];
        let choices = property.choices();
        if !choices.is_empty() {
            return self.choice(&choices, property).map(|value| stated(0.95, value)).unwrap_or_default();
        }
        let types = property.types();
        if types.as_slice() == ["boolean"] {
            return self.truth(property).map(|value| stated(0.9, json!(value))).unwrap_or_default();
        }
        if property.role == Role::Named {
            return self.named(property, index).into_iter().collect();
        }
        let takes_text = types.is_empty() || types.contains(&"string");
        if property.role == Role::Expression && takes_text {
            let algebra = if algebra::is_symbolic(self.about) { algebra::symbolic(self.message) } else { None };
            // What the expression was made of is used with it.
            let uses = (0..self.message.data.len()).collect();
            if let Some(expression) = algebra.or_else(|| math::expression(self.message)) {
                return vec![Offer { score: 0.97, property: index, value: json!(expression), uses }];
            }
        }
        let mut offers = Vec::new();
        offers.extend(self.count(property, index));
        if types.contains(&"array") {
            offers.extend(self.list(property, index));
        }
        for (at, datum) in self.message.data.iter().enumerate() {
            if datum.kind == Kind::Tail && self.texts > 1 {
                continue;
            }
            let offer = self.single(property, &types, datum);
            offers.extend(offer.map(|(score, value)| Offer { score, property: index, value, uses: vec![at] }));
        }
        offers
    }

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
            let is_json = property.role == Role::Language("json");
            let wants_text =
                types.is_empty() && !is_json && matches!(property.role, Role::Language(_) | Role::Expression);
            if fits && !wants_text && fits_inside(&value, property.schema) {
                return Some((0.9 + cue, value));
            }
        }
        if let Some(duration) = self.duration(property, datum).filter(|_| allows("string")) {
            return Some((0.9, json!(duration)));
        }
        if datum.kind == Kind::Number && (allows("number") || allows("integer")) {
            let number = self.share(property, datum).or_else(|| lexer::number(&datum.text))?;
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
        // "JavaScript or JSON source" takes JSON, too.
        let described = words::split(property.description());
        let named = datum.language().is_some_and(|language| described.contains(&language));
        let score = if named { score.max(0.8) } else { score };
        let value = Value::String(datum.text.clone());
        // Where any type will do, a value that somebody wrote as text stays text.
        Some((score + cue, value)).filter(|_| long_enough(&datum.text, property.schema))
    }

    fn share(&self, property: &Property<'_>, datum: &Datum) -> Option<serde_json::Number> {
        let percent = self.message.text.get(datum.span.end..)?.starts_with('%');
        let of_one = property.schema.get("maximum").and_then(Value::as_f64) == Some(1.0)
            || property.description().contains("between 0 and 1");
        let value: f64 = datum.text.parse().ok()?;
        serde_json::Number::from_f64(value / 100.0).filter(|_| percent && of_one)
    }

    /// "2 days", for a property that is a duration in words.
    fn duration(&self, property: &Property<'_>, datum: &Datum) -> Option<String> {
        let wanted = property.words.iter().any(|word| word == "duration") && datum.kind == Kind::Number;
        let unit = self.message.after(datum).filter(|unit| wanted && units::is_time(unit))?;
        Some(format!("{} {unit}", datum.text))
    }

    /// How many of something: the one number of the message, before the word for what is counted.
    fn count(&self, property: &Property<'_>, index: usize) -> Option<Offer> {
        let counts = ["count", "amount", "quantity", "number", "n", "times"];
        let asks = property.words.len() == 1 && property.words.iter().all(|word| counts.contains(&word.as_str()));
        let takes = property.types().iter().any(|kind| matches!(*kind, "integer" | "number"));
        let mut numbers = self.message.data.iter().enumerate().filter(|(_, datum)| datum.kind == Kind::Number);
        let (at, datum) = numbers.next().filter(|_| asks && takes && !property.required)?;
        let value = lexer::number(&datum.text).filter(|number| within(number, property.schema))?;
        let counted = numbers.next().is_none() && self.message.after(datum).is_some();
        counted.then(|| Offer { score: 0.9, property: index, value: Value::Number(value), uses: vec![at] })
    }

    /// How much the words around a value speak for the property.
    fn cue(&self, property: &Property<'_>, datum: &Datum) -> f64 {
        let before = self.message.before(datum);
        let near: Vec<&String> =
            before.iter().filter(|w| !matches!(w.as_str(), "of" | "is" | "the" | "a" | "to" | "as")).take(2).collect();
        let is_name = |word: &str| {
            property.words.iter().any(|name| {
                let same_unit = units::known(name).is_some() && units::known(name) == units::known(word);
                same_unit || words::canonical(name) == words::canonical(word)
            })
        };
        let prepositions = ["from", "to", "in", "into", "as", "by", "with", "until", "since", "before", "after"];
        let preposition = before.first().is_some_and(|word| {
            prepositions.contains(&word.as_str()) && property.words.first().is_some_and(|name| name == word)
        });
        let long = property.words.iter().any(|word| matches!(word.as_str(), "length" | "size"));
        let measures = |word: &str| matches!(word, "characters" | "chars" | "letters" | "digits" | "signs");
        let behind = datum.kind == Kind::Number
            && self.message.after(datum).is_some_and(|word| is_name(&word) || (long && measures(&word)));
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
            (0..self.message.data.len()).filter(|at| wanted(&self.message.data[*at])).collect()
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
        for kind in [Kind::Version, Kind::Date, Kind::Url, Kind::Email, Kind::Color, Kind::Ip, Kind::File] {
            let same = places(&|datum| datum.kind == kind);
            if allows("string") && !same.is_empty() && fits_kind(property, &kind) {
                let values: Value = same.iter().map(|at| self.message.data[*at].text.clone()).collect();
                offers.push(Offer { score: 0.85, property: index, value: values, uses: same });
            }
        }
        if allows("string")
            && let Some(listed) = rest::listed(self.message)
        {
            offers.push(Offer { score: 0.6, property: index, value: json!(listed), uses: vec![] });
        }
        for at in places(&|datum| matches!(datum.kind, Kind::Stdin | Kind::Fence(_) | Kind::Tail)) {
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
                let begins = |word: &String| word.len() > 2 && said.iter().any(|said| said.starts_with(word.as_str()));
                let all = !spoken.is_empty() && spoken.iter().all(|word| said.contains(word) || begins(word));
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
        self.message.data.iter().enumerate().find_map(|(at, datum)| {
            // A secret must have been set apart right behind its name; anything else would be a guess.
            let web_token = datum.kind == Kind::Jwt && self.about.to_lowercase().contains("jwt");
            if web_token && property.words.iter().any(|word| word == "token") {
                return Some(Offer { score: 0.95, property: index, value: json!(datum.text), uses: vec![at] });
            }
            let set_apart = !property.is_secret() || datum.is_text();
            let named = self.cue(property, datum) > 0.3 && datum.kind != Kind::Number && set_apart;
            let value = coerce(&datum.text, property.schema).filter(|_| named)?;
            Some(Offer { score: 0.9, property: index, value, uses: vec![at] })
        })
    }
}

/// Whether a list with the property's name takes values of the kind.
fn fits_kind(property: &Property<'_>, kind: &Kind) -> bool {
    match kind {
        Kind::Version => property.role == Role::Version || property.words.iter().any(|word| word == "versions"),
        Kind::Url => property.words.iter().any(|word| matches!(word.as_str(), "urls" | "url" | "links" | "pages")),
        Kind::Email => property.words.iter().any(|word| matches!(word.as_str(), "emails" | "to" | "recipients")),
        _ => true,
    }
}
