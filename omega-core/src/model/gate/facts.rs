//! What a schema says of a value, gathered from wherever it says it: its keywords in any draft, what it refers to, what
//! `allOf` adds. Total over any JSON value; what makes no sense is passed over.

use crate::schema::{REFERENCES, References};
use serde_json::{Map, Value};

/// The kinds of JSON values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Object,
    Array,
    String,
    Number,
    Integer,
    Boolean,
    Null,
}

impl Kind {
    /// Its name in JSON Schema.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Number => "number",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
            Self::Null => "null",
        }
    }

    /// The kind that a word means, also one that is no word of JSON Schema but is met in schemas. `Err` for one that allows
    /// anything, or means nothing here.
    fn of_word(word: &str) -> Result<Self, ()> {
        Ok(match word.trim().to_ascii_lowercase().as_str() {
            "object" | "dict" | "map" | "record" | "struct" | "json" => Self::Object,
            "array" | "list" | "tuple" | "set" => Self::Array,
            "string" | "str" | "text" | "date" | "datetime" | "date-time" | "time" | "uuid" | "url" | "uri"
            | "email" | "enum" | "char" => Self::String,
            "number" | "float" | "double" | "decimal" => Self::Number,
            "integer" | "int" | "int32" | "int64" | "long" | "bigint" => Self::Integer,
            "boolean" | "bool" => Self::Boolean,
            "null" | "none" | "undefined" | "void" => Self::Null,
            _ => return Err(()),
        })
    }

    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(number) if number.is_f64() => Self::Number,
            Value::Number(_) => Self::Integer,
            Value::String(_) => Self::String,
            Value::Array(_) => Self::Array,
            Value::Object(_) => Self::Object,
        }
    }
}

/// A property: its name, and everything that is said of it.
pub type Property<'s> = (&'s str, Vec<&'s Value>);

/// What a schema says.
#[derive(Debug, Clone, Default)]
pub struct Facts<'s> {
    /// The kinds of value that it allows; `None` for all.
    pub kinds: Option<Vec<Kind>>,
    pub nothing: bool,
    /// Properties, in the order of their first mention.
    pub properties: Vec<Property<'s>>,
    /// Properties that must be there.
    pub required: Vec<&'s str>,
    /// What other properties are: `false`, or a schema.
    pub additional: Option<&'s Value>,
    /// Properties by patterns of their names.
    pub patterns: Vec<(&'s str, &'s Value)>,
    /// What the names of properties are.
    pub names: Option<&'s Value>,
    /// Items by their place.
    pub tuple: &'s [Value],
    pub items: Option<&'s Value>,
    /// The values that it allows.
    pub values: Option<Vec<&'s Value>>,
    /// Lists of schemas one of which holds.
    pub unions: Vec<&'s [Value]>,
    /// Schemas that hold under a condition.
    pub perhaps: Vec<&'s Value>,
    /// Bounds, by keyword.
    pub bounds: Vec<(&'static str, &'s Value)>,
    /// Minimum and maximum are not themselves allowed (draft 4).
    pub open_ends: (bool, bool),
    /// What it is, in its author's words.
    pub description: Option<&'s str>,
    pub title: Option<&'s str>,
    /// What stands for it when it is missing.
    pub default: Option<&'s Value>,
    pub example: Option<&'s Value>,
    pub pattern: Option<&'s str>,
    pub format: Option<&'s str>,
    /// A reference that leads back into what is being described.
    pub again: Option<&'s str>,
    /// A reference that leads nowhere.
    pub lost: Option<&'s str>,
    pub targets: Vec<&'s Value>,
}

impl<'s> Facts<'s> {
    /// The kinds that are allowed, also by what is said of parts; empty for all.
    pub fn kinds(&self) -> Vec<Kind> {
        match &self.kinds {
            Some(kinds) => kinds.clone(),
            None if self.values.is_some() => Vec::new(),
            None if !self.properties.is_empty()
                || !self.required.is_empty()
                || !self.patterns.is_empty()
                || self.additional.is_some() =>
            {
                vec![Kind::Object]
            }
            None if self.items.is_some() || !self.tuple.is_empty() => vec![Kind::Array],
            None => Vec::new(),
        }
    }

    /// Whether what is meant is an object, as far as can be told.
    pub fn is_object(&self) -> bool {
        let of_values = self.values.as_ref().is_none_or(|values| values.iter().all(|value| value.is_object()));
        let kinds = match &self.kinds {
            Some(kinds) => {
                kinds.contains(&Kind::Object) && kinds.iter().all(|kind| matches!(kind, Kind::Object | Kind::Null))
            }
            None => self.kinds().iter().all(|kind| *kind == Kind::Object),
        };
        of_values && kinds
    }

    /// What is said of a property.
    pub fn property(&self, name: &str) -> Option<&[&'s Value]> {
        self.properties.iter().find(|(known, _)| *known == name).map(|(_, schemas)| schemas.as_slice())
    }

    /// How many items there are at most.
    pub fn most_items(&self) -> Option<&Value> {
        self.bounds.iter().find(|(keyword, _)| *keyword == "maxItems").map(|(_, value)| *value)
    }

    /// The one value that a property has.
    pub fn only_value(&self, name: &str) -> Option<&'s Value> {
        self.property(name)?.iter().find_map(|schema| {
            let listed = schema.get("enum").and_then(Value::as_array).filter(|values| values.len() == 1);
            schema.get("const").or(listed.and_then(|values| values.first()))
        })
    }
}

/// Keywords that bound a value, told by whether they count something.
const BOUNDS: &[(&str, bool)] = &[
    ("minimum", false),
    ("maximum", false),
    ("exclusiveMinimum", false),
    ("exclusiveMaximum", false),
    ("multipleOf", false),
    ("minLength", true),
    ("maxLength", true),
    ("minItems", true),
    ("maxItems", true),
];

/// Gathers facts of one schema, in a bounded number of steps.
#[derive(Debug)]
pub struct Reader<'s> {
    root: &'s Value,
    references: References<'s>,
    steps: usize,
}

impl<'s> Reader<'s> {
    /// A reader of a whole schema.
    pub fn of(root: &'s Value, steps: usize) -> Self {
        Self { root, references: References::of(root), steps }
    }

    /// What some schemas say together. `within` is what is being described: a reference back to it is not followed.
    pub fn facts(&mut self, schemas: &[&'s Value], within: &[&'s Value]) -> Facts<'s> {
        let mut facts = Facts::default();
        self.add(&mut facts, schemas, within);
        facts
    }

    /// What some more schemas say of the same value.
    pub fn add(&mut self, facts: &mut Facts<'s>, schemas: &[&'s Value], within: &[&'s Value]) {
        let mut seen = Vec::new();
        for schema in schemas {
            self.gather(schema, facts, within, &mut seen);
        }
    }

    fn gather(&mut self, schema: &'s Value, facts: &mut Facts<'s>, within: &[&'s Value], seen: &mut Vec<&'s Value>) {
        let Some(steps) = self.steps.checked_sub(1) else { return };
        self.steps = steps;
        let keywords = match schema {
            Value::Bool(false) => {
                facts.nothing = true;
                return;
            }
            Value::Object(keywords) => keywords,
            Value::Null | Value::Bool(true) | Value::Number(_) | Value::String(_) | Value::Array(_) => return,
        };
        if seen.iter().any(|one| std::ptr::eq(*one, schema)) {
            return;
        }
        seen.push(schema);
        own(keywords, facts);
        for reference in REFERENCES.iter().filter_map(|key| keywords.get(*key)?.as_str()) {
            match self.references.shown(self.root, reference) {
                Some(target) if within.iter().any(|one| std::ptr::eq(*one, target)) => {
                    facts.again = Some(reference);
                    if let Some(word) = target.get("type").and_then(Value::as_str) {
                        allow(facts, Kind::of_word(word).ok().map(|kind| vec![kind]));
                    }
                }
                Some(target) => {
                    facts.targets.push(target);
                    self.gather(target, facts, within, seen);
                }
                None => facts.lost = Some(reference),
            }
        }
        for part in list(keywords, "allOf").iter().chain(keywords.get("extends")) {
            self.gather(part, facts, within, seen);
        }
    }
}

/// The schemas of a list.
fn list<'s>(keywords: &'s Map<String, Value>, key: &str) -> &'s [Value] {
    keywords.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// What the keywords say by themselves.
fn own<'s>(keywords: &'s Map<String, Value>, facts: &mut Facts<'s>) {
    let text = |key: &str| keywords.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    allow(facts, kinds(keywords));
    object(keywords, facts);
    array(keywords, facts);
    values(keywords, facts);
    for (key, counts) in BOUNDS {
        let fits = |value: &&Value| {
            if *counts { value.as_u64().is_some_and(|count| u32::try_from(count).is_ok()) } else { value.is_number() }
        };
        if let Some(value) = keywords.get(*key).filter(fits) {
            facts.bounds.push((key, value));
        }
    }
    let is_true = |key: &str| keywords.get(key) == Some(&Value::Bool(true));
    facts.open_ends.0 |= is_true("exclusiveMinimum");
    facts.open_ends.1 |= is_true("exclusiveMaximum");
    for union in ["anyOf", "oneOf"].map(|key| list(keywords, key)).into_iter().filter(|union| !union.is_empty()) {
        facts.unions.push(union);
    }
    facts.perhaps.extend(["then", "else"].iter().filter_map(|key| keywords.get(*key)));
    for key in ["dependentSchemas", "dependencies"] {
        facts.perhaps.extend(keywords.get(key).and_then(Value::as_object).into_iter().flat_map(Map::values));
    }
    facts.description = facts.description.or(text("description"));
    facts.title = facts.title.or(text("title"));
    facts.pattern = facts.pattern.or(text("pattern"));
    facts.format = facts.format.or(text("format"));
    facts.default = facts.default.or(keywords.get("default"));
    let first = keywords.get("examples").and_then(|examples| examples.get(0)).or(keywords.get("example"));
    facts.example = facts.example.or(first);
}

/// The kinds that `type` and `nullable` allow.
fn kinds(keywords: &Map<String, Value>) -> Option<Vec<Kind>> {
    let words: Vec<&str> = match keywords.get("type")? {
        Value::String(word) => vec![word],
        Value::Array(words) => words.iter().map(|word| word.as_str().unwrap_or_default()).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => return None,
    };
    let mut kinds: Vec<Kind> = words.into_iter().map(Kind::of_word).collect::<Result<_, ()>>().ok()?;
    if keywords.get("nullable") == Some(&Value::Bool(true)) {
        kinds.push(Kind::Null);
    }
    if kinds.contains(&Kind::Number) {
        kinds.retain(|kind| *kind != Kind::Integer);
    }
    let mut unique = Vec::new();
    kinds.into_iter().for_each(|kind| {
        if !unique.contains(&kind) {
            unique.push(kind);
        }
    });
    (!unique.is_empty()).then_some(unique)
}

/// Allows only these kinds; kinds that have nothing in common say nothing.
fn allow(facts: &mut Facts<'_>, kinds: Option<Vec<Kind>>) {
    let Some(kinds) = kinds else { return };
    let both = facts.kinds.as_ref().map(|before| {
        let whole = |kind: &Kind| *kind == Kind::Number && (before.contains(&Kind::Integer));
        let common = kinds.iter().filter(|kind| before.contains(kind) || whole(kind));
        let mut common: Vec<Kind> =
            common.map(|kind| if before.contains(kind) { *kind } else { Kind::Integer }).collect();
        if before.contains(&Kind::Number) && kinds.contains(&Kind::Integer) {
            common.push(Kind::Integer);
        }
        common
    });
    facts.kinds = both.filter(|both| !both.is_empty()).or(Some(kinds));
}

fn object<'s>(keywords: &'s Map<String, Value>, facts: &mut Facts<'s>) {
    for (name, schema) in keywords.get("properties").and_then(Value::as_object).into_iter().flatten() {
        // Draft 3 says it of the property.
        if schema.get("required") == Some(&Value::Bool(true)) {
            require(facts, name);
        }
        match facts.properties.iter_mut().find(|(known, _)| known == name) {
            Some((_, schemas)) => schemas.push(schema),
            None => facts.properties.push((name, vec![schema])),
        }
    }
    list(keywords, "required").iter().filter_map(Value::as_str).for_each(|name| require(facts, name));
    if facts.additional != Some(&Value::Bool(false)) {
        facts.additional = keywords.get("additionalProperties").or(facts.additional);
    }
    let patterns = keywords.get("patternProperties").and_then(Value::as_object).into_iter().flatten();
    facts.patterns.extend(patterns.map(|(pattern, schema)| (pattern.as_str(), schema)));
    facts.names = facts.names.or(keywords.get("propertyNames"));
}

fn require<'s>(facts: &mut Facts<'s>, name: &'s str) {
    if !facts.required.contains(&name) {
        facts.required.push(name);
    }
}

fn array<'s>(keywords: &'s Map<String, Value>, facts: &mut Facts<'s>) {
    let (tuple, rest) = match (keywords.get("prefixItems"), keywords.get("items")) {
        (Some(Value::Array(tuple)), rest) => (tuple.as_slice(), rest),
        (_, Some(Value::Array(tuple))) => (tuple.as_slice(), keywords.get("additionalItems")),
        (_, items) => (&[][..], items),
    };
    if facts.tuple.is_empty() {
        facts.tuple = tuple;
    }
    facts.items = facts.items.or(rest);
}

fn values<'s>(keywords: &'s Map<String, Value>, facts: &mut Facts<'s>) {
    let listed = list(keywords, "enum").iter();
    let given: Vec<&Value> = match keywords.get("const") {
        Some(one) => vec![one],
        None => listed.collect(),
    };
    if given.is_empty() {
        return;
    }
    let both = facts
        .values
        .as_ref()
        .map(|before| -> Vec<&Value> { given.iter().filter(|value| before.contains(value)).copied().collect() });
    facts.values = both.filter(|both| !both.is_empty()).or(Some(given));
}
