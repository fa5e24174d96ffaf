//! The values of a recipe's slots, from the pieces of a request or what came before it. Every value has to be used.

use super::{Part, Reading, Role, meanings};
use crate::model::offline::{
    lexer,
    message::{Datum, Kind},
    recipe::{self, Gives},
    slots::{self, Given, accept},
    step::{Source, Step},
};
use serde_json::{Map, Value, json};
use std::ops::Range;

pub(super) struct Filling<'a> {
    pub(super) reading: &'a Reading<'a>,
    pub(super) parts: &'a [Part],
    pub(super) used: Vec<bool>,
    pub(super) tail_used: bool,
    /// What came before is tried first: "round to 2 decimals".
    pub(super) earlier_first: bool,
    /// Something of an earlier answer is used.
    pub(super) pointed: bool,
}

pub(super) type Slots = (Map<String, Value>, Vec<Source>);

impl Filling<'_> {
    /// All slots, or the first that has no value; nothing when the earlier answer cannot be what is pointed at.
    pub(super) fn slots(&mut self) -> Option<Result<Slots, String>> {
        let (mut slots, mut sources) = (Map::new(), Vec::new());
        // "Round it to 2 digits": what is pointed at comes first.
        let values = (0..self.parts.len()).filter(|at| self.is_free(*at)).count();
        let points = self.parts.iter().any(|part| part.role == Role::Pointer);
        let earlier_first = (points || self.reading.earlier.piped || self.earlier_first)
            && values > 0
            && values < self.reading.recipe.slots.len()
            && self.has_earlier();
        for (name, kind) in &self.reading.recipe.slots {
            let kind = kind.as_str().unwrap_or_default();
            let own = if earlier_first && slots.is_empty() { None } else { self.own(kind, &slots) };
            let (value, source) = match own {
                Some(value) => (value, Source::Request),
                None if kind == "maybe-count" => (json!(1), Source::Default),
                None => match self.earlier_value(name, kind) {
                    Some(found) => found,
                    None => return Some(Err(name.clone())),
                },
            };
            slots.insert(name.clone(), value);
            sources.push(source);
        }
        let backwards = |a: &str, b: &str| match (slots.get(a), slots.get(b)) {
            (Some(Value::String(a)), Some(Value::String(b))) => b < a,
            _ => false,
        };
        if self.reading.recipe.absolute
            && self.reading.recipe.slots.get("from") == Some(&json!("date"))
            && backwards("from", "to")
        {
            let later = slots.insert("to".into(), Value::Null);
            let earlier = slots.insert("from".into(), later.unwrap_or_default());
            slots.insert("to".into(), earlier.unwrap_or_default());
        }
        Some(Ok((slots, sources)))
    }

    pub(super) fn has_earlier(&self) -> bool {
        self.reading.earlier.piped || self.reading.earlier.result.is_some()
    }

    /// Nothing that was said is left over.
    pub(super) fn all_used(&self) -> bool {
        let left = self.parts.iter().zip(&self.used).any(|(part, used)| {
            !used && matches!(part.role, Role::Open | Role::Value)
            // What was piped in is always about what was asked.
        });
        let tail = self.reading.tail.is_none() || self.tail_used;
        let points = self.parts.iter().any(|part| part.role == Role::Pointer);
        // "This" may also stand for the value that follows.
        let answers = self.pointed || self.used.iter().any(|used| *used) || self.tail_used;
        !left && tail && (!points || answers)
    }

    pub(super) fn given(&self, part: &Part) -> Given {
        let reading = self.reading;
        let tokens = &reading.tokens[part.tokens.clone()];
        if let Some(given) = Given::at(reading.message, reading.tokens, part.tokens.start).filter(|_| tokens.len() == 1)
        {
            return given;
        }
        let text = reading.message.written(tokens);
        let kind = Datum::new(Kind::Words, text).looks();
        Given::new(if kind == Kind::Number { Kind::Words } else { kind }, text)
    }

    pub(super) fn is_free(&self, at: usize) -> bool {
        !self.used[at] && matches!(self.parts[at].role, Role::Open | Role::Value)
    }

    /// A value of the request itself.
    fn own(&mut self, kind: &str, slots: &Map<String, Value>) -> Option<Value> {
        if let Some(choices) = kind.strip_prefix("enum:") {
            return self.choice(choices);
        }
        match kind {
            "numbers" => return self.several(kind).or_else(|| self.first(kind)),
            "versions" => return self.several("version"),
            "point" => return self.point(),
            "one" | "two" => return self.one_of_two(kind, slots),
            "formula" | "equation" => return self.formula(kind),
            "maybe-count" => return self.count(),
            "span" => return self.span(),
            // "Round to 4" does not round four, and "capitalize on the opportunity" speaks of something else.
            "rounded" | "bare-noun" | "several-words" if self.follows_link() => return None,
            "zone-at" => return self.zone_at(),
            "date-pattern" => return self.first(kind).or_else(|| self.example()),
            "items" => return self.first(kind).or_else(|| self.numbers_as_lines()).or_else(|| self.items()),
            "time-unit" => return None,
            _ => {}
        }
        let value = self.first(kind);
        if value.is_some() {
            return value;
        }
        match kind {
            "text" | "bytes" | "link-or-text" => self.words().map(Value::String),
            "one-line" => self.words().filter(|text| !text.contains(',')).map(Value::String),
            "several-words" => self.words().filter(|text| text.contains(' ')).map(Value::String),
            // "How many words are in Moby Dick?" asks of a thing by its name.
            "measured" => self.words().filter(|text| !text.contains(' ')).map(Value::String),
            "prose" => self.words().filter(|text| text.split(' ').count() > 3).map(Value::String),
            "lines" => self.items(),
            "place" | "iban" | "digits-long" | "isbn" | "base64" | "sentence" => self.run(kind),
            _ => None,
        }
    }

    /// The first value that fits.
    fn first(&mut self, kind: &str) -> Option<Value> {
        if let Some(tail) = self.reading.tail.filter(|_| !self.tail_used)
            && let Some(value) = accept(kind, tail)
        {
            self.tail_used = true;
            return Some(value);
        }
        // Words of a text are taken all together.
        let whole = matches!(
            kind,
            "text" | "bytes" | "measured" | "prose" | "link-or-text" | "sentence" | "one-line" | "several-words"
        );
        let fits = |at: &usize| {
            self.is_free(*at) && !(whole && (self.parts[*at].role == Role::Open || self.words_beside(*at)))
        };
        // A block is what a request is about, wherever it stands.
        let places: Vec<usize> = (0..self.parts.len()).filter(fits).collect();
        let found = places.into_iter().find_map(|at| Some((at, accept(kind, &self.given(&self.parts[at]))?)));
        found.map(|(at, value)| {
            self.used[at] = true;
            value
        })
    }

    /// Whether words that nothing explains stand beside a number or an address.
    fn words_beside(&self, at: usize) -> bool {
        let token = &self.reading.tokens[self.parts[at].tokens.start];
        let apart = self.reading.message.datum(token).is_some_and(|datum| datum.is_text() || datum.kind == Kind::Json);
        !apart && self.parts.iter().any(|part| part.role == Role::Open)
    }

    /// All values that fit, in their order.
    fn several(&mut self, kind: &str) -> Option<Value> {
        let single = if kind == "numbers" { "number" } else { kind };
        let places: Vec<usize> = (0..self.parts.len()).filter(|at| self.is_free(*at)).collect();
        let found: Vec<(usize, Value)> =
            places.into_iter().filter_map(|at| Some((at, accept(single, &self.given(&self.parts[at]))?))).collect();
        // "1 to 100" is no list of two.
        let (first, last) = (found.first()?.0, found.last()?.0);
        let reaches = |part: &Part| {
            part.role == Role::Dress && meanings(&self.reading.key(part.tokens.clone())).any(|one| one == "%reaches")
        };
        if found.len() < 2 || self.parts[first..last].iter().any(reaches) {
            return None;
        }
        for (at, _) in &found {
            self.used[*at] = true;
        }
        Some(found.into_iter().map(|(_, value)| value).collect())
    }

    /// Whether a value stands behind a word such as "to" or "on".
    fn follows_link(&self) -> bool {
        let links = |part: &Part| meanings(&self.reading.key(part.tokens.clone())).any(|one| one == "-link");
        let follows = |part: &Part| matches!(part.role, Role::Value | Role::Open | Role::Article);
        self.parts.windows(2).any(|pair| links(&pair[0]) && follows(&pair[1]) && !self.is_of(&pair[0]))
    }

    fn is_of(&self, part: &Part) -> bool {
        meanings(&self.reading.key(part.tokens.clone())).any(|one| one == "@of")
    }

    /// A first and a last whole number with "to" between them, as mathjs writes it.
    fn span(&mut self) -> Option<Value> {
        let ends: Vec<usize> = (0..self.parts.len()).filter(|at| self.is_free(*at)).collect();
        let [from, to] = ends[..] else { return None };
        let number = |at: usize| accept("integer", &self.given(&self.parts[at]))?.as_i64();
        let between = self.parts[from].tokens.end..self.parts[to].tokens.start;
        let (first, last) = (number(from)?, number(to)?);
        let reaches = meanings(&self.reading.key(between)).any(|one| one == "link-range");
        if !reaches || first >= last || last - first > 1_000_000 {
            return None;
        }
        (self.used[from], self.used[to]) = (true, true);
        Some(json!(format!("{first}:{last}")))
    }

    /// The time zone that stands behind the time of day.
    fn zone_at(&mut self) -> Option<Value> {
        let is_clock = |at: &usize| self.given(&self.parts[*at]).datum.kind == Kind::Clock;
        let clock = (0..self.parts.len()).find(is_clock)?;
        let at = (clock + 1..self.parts.len()).find(|at| self.is_free(*at))?;
        let zone = accept("zone", &self.given(&self.parts[at]))?;
        self.used[at] = true;
        Some(zone)
    }

    /// A date as an example of how dates are to be written.
    fn example(&mut self) -> Option<Value> {
        let at = (0..self.parts.len()).find(|at| self.is_free(*at))?;
        let token = &self.reading.tokens[self.parts[at].tokens.start];
        let datum = self.reading.message.datum(token).filter(|datum| datum.kind == Kind::Date)?;
        let pattern = lexer::date_pattern_of(self.reading.message.text.get(datum.span.clone())?)?;
        self.used[at] = true;
        Some(json!(pattern))
    }

    fn numbers_as_lines(&mut self) -> Option<Value> {
        let numbers = self.several("numbers")?;
        let lines: Vec<String> = numbers.as_array()?.iter().map(Value::to_string).collect();
        Some(json!(lines.join("\n")))
    }

    /// Latitude and longitude.
    fn point(&mut self) -> Option<Value> {
        let places: Vec<usize> = (0..self.parts.len()).filter(|at| self.is_free(*at)).collect();
        if let Some(at) = places.first().copied()
            && let Some(value) =
                self.given(&self.parts[at]).datum.json().filter(|value| value.get("latitude").is_some())
        {
            self.used[at] = true;
            return Some(value);
        }
        let [a, b] = places.get(..2)? else { return None };
        let read = |at: usize| accept("number", &self.given(&self.parts[at])).and_then(|value| value.as_f64());
        let (latitude, longitude) = (read(*a)?, read(*b)?);
        let fits = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
        (self.used[*a], self.used[*b]) = (true, true);
        fits.then(|| json!({ "latitude": latitude, "longitude": longitude }))
    }

    /// How many, where a number more than the recipe's other slots need is said first.
    fn count(&mut self) -> Option<Value> {
        let numbers: Vec<usize> = (0..self.parts.len())
            .filter(|at| self.is_free(*at) && accept("integer", &self.given(&self.parts[*at])).is_some())
            .collect();
        let first = numbers.first().copied().filter(|_| numbers.len() == 3)?;
        self.used[first] = true;
        accept("integer", &self.given(&self.parts[first]))
            .filter(|count| (1..=1000).contains(&count.as_i64().unwrap_or(0)))
    }

    /// One of the words that a recipe knows.
    fn choice(&self, choices: &str) -> Option<Value> {
        let said = |choice: &&str| {
            self.reading.tokens.iter().any(|token| token.key == *choice || format!("{}s", token.key) == *choice)
        };
        choices.split(',').find(said).map(|choice| json!(choice))
    }

    /// Arithmetic with a letter in it: everything from the first value or word that nothing explains to the last.
    fn formula(&mut self, kind: &str) -> Option<Value> {
        let places: Vec<usize> = (0..self.parts.len()).filter(|at| self.is_free(*at)).collect();
        if let Some(value) = self.reading.tail.and_then(|tail| accept(kind, tail)) {
            self.tail_used = true;
            return Some(value);
        }
        if let [only] = places.as_slice()
            && self.is_set_apart(*only)
        {
            return self.first(kind);
        }
        let (from, to) = (*places.first()?, *places.last()?);
        let tokens = self.parts[from].tokens.start..self.parts[to].tokens.end;
        let text = self.reading.message.written(&self.reading.tokens[tokens]).replace('²', "^2").replace('³', "^3");
        let value = accept(kind, &Given::new(Kind::Words, &text))?;
        for at in from..=to {
            self.used[at] = true;
        }
        Some(value)
    }

    /// Two texts: what is quoted, or words on both sides of "and".
    fn one_of_two(&mut self, kind: &str, slots: &Map<String, Value>) -> Option<Value> {
        if let Some(value) = self.first(kind) {
            return Some(value);
        }
        if !slots.is_empty() && kind == "two" {
            // The pair was read whole with its first.
            return self.pair().map(|(_, second)| Value::String(second));
        }
        self.pair().map(|(first, _)| Value::String(first))
    }

    fn pair(&mut self) -> Option<(String, String)> {
        let opens: Vec<usize> = (0..self.parts.len()).filter(|at| self.parts[*at].role == Role::Open).collect();
        let (from, to) = (*opens.first()?, *opens.last()?);
        let tokens = self.parts[from].tokens.start..self.parts[to].tokens.end;
        let joins = |at: &usize| meanings(&self.reading.tokens[*at].key).any(|one| one == "%joins");
        let joints: Vec<usize> = tokens.clone().filter(joins).collect();
        let [joint] = joints.as_slice() else { return None };
        if *joint == tokens.start || joint + 1 == tokens.end {
            return None;
        }
        let side = |range: Range<usize>| {
            let text = self.reading.message.written(&self.reading.tokens[range.clone()]).to_owned();
            (self.is_a_text(range.clone(), &text) && range.len() <= 4).then_some(text)
        };
        let pair = (side(tokens.start..*joint)?, side(joint + 1..tokens.end)?);
        for at in from..=to {
            self.used[at] = true;
        }
        Some(pair)
    }

    /// A value of the answer before: its input where the same is asked of another recipe, else its result.
    fn earlier_value(&mut self, name: &str, kind: &str) -> Option<(Value, Source)> {
        let points = self.parts.iter().any(|part| part.role == Role::Pointer);
        let earlier = self.reading.earlier;
        let lost = earlier.is_based() && accept(kind, &Given::new(Kind::Number, "1010")).is_some_and(|n| n.is_number());
        if earlier.piped {
            let first = !self.pointed && !lost;
            self.pointed = true;
            return first.then(|| (json!({ "prev": kind }), Source::Before));
        }
        let bare = !self.parts.iter().any(|part| matches!(part.role, Role::Open | Role::Value)) && !self.pointed;
        if !(points || bare || self.earlier_first && !self.pointed)
            || matches!(kind, "integer" | "digits" | "percent" | "share") && self.reading.recipe.slots.len() > 1
        {
            return None;
        }
        let family = &self.reading.recipe.family;
        // "And its length?" asks of the same; "it" of a check or a count is what was checked or counted.
        let same = |step: &&Step| !family.is_empty() && step.recipe.family == *family && !points;
        let looked_at = |step: &&Step| step.recipe.gives == Gives::Bool || step.recipe.family == "count";
        if let Some(step) = earlier.step.as_ref().filter(|step| same(step) || looked_at(step)) {
            let value = match step.slots.get(name) {
                Some(value) => value,
                None => step.slots.values().next().filter(|_| step.slots.len() == 1)?,
            };
            let alike = step.recipe.slots.values().next() == self.reading.recipe.slots.values().next();
            let text = recipe::plain(value);
            let looks = || Datum::new(if text.contains(' ') { Kind::Quoted } else { Kind::Words }, &text).looks();
            let value = if alike { value.clone() } else { accept(kind, &Given::new(looks(), &text))? };
            self.pointed = true;
            return Some((value, Source::Earlier));
        }
        let result = earlier.result.as_ref().filter(|_| !lost)?;
        let value = if kind == "numbers" {
            slots::accept(kind, &Given::result(result))
        } else {
            accept(kind, &Given::result(result))
        }?;
        self.pointed = true;
        Some((value, Source::Earlier))
    }
}
