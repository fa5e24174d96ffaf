//! What a property of a schema is for, read off its name, format and description.

use super::{
    message::{Datum, Kind},
    words,
};
use serde_json::Value;

/// What kind of value a property wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    Text,
    Expression,
    Url,
    Email,
    Date,
    DatePattern,
    Cron,
    Version,
    VersionRange,
    Uuid,
    Color,
    Ip,
    Duration,
    /// A time zone's name.
    Zone,
    /// Something that is run; never put together from stray words.
    Script,
    Jwt,
    Phone,
    Roman,
    /// A file's name or path.
    File,
    /// A block in some language: `csv`, `json`, `yaml`, ...
    Language(&'static str),
    /// What to look for, in words.
    Query,
    /// Something that is only taken when its name stands beside it: a key, a password, a path.
    Named,
}

/// Languages that a name or description can name.
const LANGUAGES: &[(&str, &str)] = &[
    ("csv", "csv"),
    ("tsv", "tsv"),
    ("json", "json"),
    ("yaml", "yaml"),
    ("yml", "yaml"),
    ("xml", "xml"),
    ("html", "html"),
    ("markdown", "markdown"),
    ("md", "markdown"),
    ("sql", "sql"),
    ("diff", "diff"),
    ("patch", "diff"),
    ("toml", "toml"),
    ("css", "css"),
];

const SECRETS: &[&str] = &["key", "secret", "token", "password", "passphrase", "credential", "apikey", "auth"];
const ADDRESSED: &[&str] = &["dir", "directory", "id", "cwd", "locale", "encoding"];
const FILES: &[&str] = &["path", "file", "filename", "filepath"];
const QUERIES: &[&str] =
    &["query", "q", "search", "question", "prompt", "topic", "keyword", "keywords", "objective", "term"];

/// One property of a schema.
#[derive(Debug, Clone)]
pub(super) struct Property<'a> {
    pub name: &'a str,
    pub schema: &'a Value,
    pub required: bool,
    pub role: Role,
    /// Its name, in words.
    pub words: Vec<String>,
}

impl<'a> Property<'a> {
    pub(super) fn new(name: &'a str, schema: &'a Value, required: bool) -> Self {
        let words = words::split(name);
        let role = role(&words, schema);
        Self { name, schema, required, role, words }
    }

    /// Its description, possibly empty.
    pub(super) fn description(&self) -> &'a str {
        self.schema.get("description").and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether it is a secret, which is never taken from anything but its own name.
    pub(super) fn is_secret(&self) -> bool {
        self.words.iter().any(|word| SECRETS.contains(&word.as_str()))
    }

    /// Its JSON types; none means any.
    pub(super) fn types(&self) -> Vec<&'a str> {
        types(self.schema)
    }

    /// The values it must be one of.
    pub(super) fn choices(&self) -> Vec<&'a Value> {
        choices(self.schema)
    }
}

/// The JSON types that a schema allows; none means any.
pub(super) fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => {
            several.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect()
        }
        _ => alternatives(schema).flat_map(types).filter(|kind| *kind != "null").collect(),
    }
}

fn alternatives(schema: &Value) -> impl Iterator<Item = &Value> {
    ["anyOf", "oneOf"].into_iter().filter_map(|key| schema.get(key)?.as_array()).flatten()
}

fn choices(schema: &Value) -> Vec<&Value> {
    if let Some(one) = schema.get("const") {
        return vec![one];
    }
    match schema.get("enum").and_then(Value::as_array) {
        Some(several) => several.iter().collect(),
        None => alternatives(schema).flat_map(choices).collect(),
    }
}

fn role(name: &[String], schema: &Value) -> Role {
    let has = |wanted: &[&str]| name.iter().any(|word| wanted.contains(&word.as_str()));
    let described = words::split(schema.get("description").and_then(Value::as_str).unwrap_or_default());
    let says = |wanted: &[&str]| described.iter().any(|word| wanted.contains(&word.as_str()));
    if has(&["jwt"]) || (has(&["token"]) && says(&["jwt", "web"])) {
        return Role::Jwt;
    }
    if has(SECRETS) {
        return Role::Named;
    }
    match schema.get("format").and_then(Value::as_str) {
        Some("uri" | "url") => return Role::Url,
        Some("email") => return Role::Email,
        Some("date" | "date-time") => return Role::Date,
        Some("uuid") => return Role::Uuid,
        Some("ipv4" | "ipv6") => return Role::Ip,
        _ => {}
    }
    if has(&["expression", "expr", "formula", "equation"]) {
        return if says(&["cron"]) { Role::Cron } else { Role::Expression };
    }
    if has(&["url", "uri", "href", "website", "link"]) {
        return Role::Url;
    }
    if has(&["email", "mail"]) {
        return Role::Email;
    }
    if has(&["cron", "schedule", "crontab"]) {
        return Role::Cron;
    }
    if has(&["format", "pattern", "template"]) && (has(&["date"]) || !says(&["regex", "regular", "glob"])) {
        return Role::DatePattern;
    }
    if has(&["range"]) && says(&["version", "semver", "range"]) {
        return Role::VersionRange;
    }
    if has(&["version", "semver"]) || (name.len() <= 2 && has(&["v", "v1", "v2"])) {
        return Role::Version;
    }
    if has(&["date", "datetime", "day", "timestamp", "time"]) && !has(&["zone", "out"]) {
        return Role::Date;
    }
    if has(&["uuid"]) {
        return Role::Uuid;
    }
    if has(&["color", "colour", "hex"]) {
        return Role::Color;
    }
    if has(&["ip"]) {
        return Role::Ip;
    }
    if let Some((_, language)) = LANGUAGES.iter().find(|(word, _)| has(&[*word])) {
        return Role::Language(language);
    }
    if has(&["timezone", "zone", "tz"]) {
        return Role::Zone;
    }
    if has(&["command", "cmd", "script", "shell"]) {
        return Role::Script;
    }
    if has(&["duration"]) {
        return Role::Duration;
    }
    if has(&["roman"]) {
        return Role::Roman;
    }
    if has(&["phone", "telephone", "mobile"]) {
        return Role::Phone;
    }
    if has(FILES) && !has(&["name"]) || has(&["filename"]) {
        return Role::File;
    }
    if has(ADDRESSED) {
        return Role::Named;
    }
    if has(QUERIES) {
        return Role::Query;
    }
    by_description(&described)
}

/// A general name (`text`, `str`, `input`) is told apart by what the description says it holds.
fn by_description(described: &[String]) -> Role {
    let says = |wanted: &str| described.iter().any(|word| word == wanted);
    if says("cron") {
        return Role::Cron;
    }
    if says("expression") && (says("math") || says("mathematical") || says("arithmetic") || says("evaluate")) {
        return Role::Expression;
    }
    let named: Vec<&str> = LANGUAGES.iter().filter(|(word, _)| says(word)).map(|(_, language)| *language).collect();
    match named.as_slice() {
        // Two languages in a description are mostly a source and a target: the first is what goes in.
        [language] => Role::Language(language),
        _ => Role::Text,
    }
}

impl Role {
    /// How well a value suits the role, 0 to 1; `None` when it does not at all.
    pub(super) fn suits(&self, datum: &Datum) -> Option<f64> {
        let set_apart = match datum.kind {
            Kind::Stdin | Kind::Fence(_) => 0.8,
            Kind::Quoted => 0.78,
            Kind::Code => 0.75,
            Kind::Json | Kind::Braced => 0.4,
            Kind::Tail => 0.72,
            Kind::Email | Kind::Url | Kind::Date | Kind::Cron | Kind::Uuid | Kind::Color | Kind::Ip => 0.62,
            Kind::Jwt | Kind::Duration | Kind::Phone | Kind::Roman | Kind::File => 0.62,
            Kind::Version | Kind::Range | Kind::DatePattern => 0.6,
            Kind::Expression => 0.5,
            Kind::Number => 0.45,
        };
        let only = |kinds: &[Kind], otherwise: f64| {
            if kinds.contains(&datum.looks()) {
                Some(0.95)
            } else if datum.is_text() && !datum.text.contains('\n') {
                Some(otherwise)
            } else {
                None
            }
        };
        match self {
            Self::Text | Self::Query => Some(set_apart),
            Self::Expression => only(&[Kind::Expression], 0.7).or((datum.kind == Kind::Number).then_some(0.2)),
            Self::Url => only(&[Kind::Url], 0.3),
            Self::Email => only(&[Kind::Email], 0.6),
            Self::Date => only(&[Kind::Date], 0.7).or_else(|| is_year(datum).then_some(0.4)),
            Self::DatePattern => only(&[Kind::DatePattern], 0.72),
            Self::Cron => only(&[Kind::Cron], 0.6),
            Self::Version => only(&[Kind::Version], 0.6).or((datum.kind == Kind::Number).then_some(0.4)),
            Self::VersionRange => only(&[Kind::Range], 0.6).or((datum.kind == Kind::Version).then_some(0.5)),
            Self::Uuid => only(&[Kind::Uuid], 0.5),
            Self::Color => only(&[Kind::Color], 0.5),
            Self::Ip => only(&[Kind::Ip], 0.5),
            Self::Jwt => only(&[Kind::Jwt], 0.5),
            Self::Phone => only(&[Kind::Phone], 0.5),
            Self::Zone | Self::Script => (datum.is_text() || datum.kind == Kind::Tail).then_some(set_apart),
            Self::Duration => only(&[Kind::Duration], 0.7),
            Self::Roman => only(&[Kind::Roman], 0.6),
            Self::File => only(&[Kind::File], 0.3),
            Self::Named => None,
            Self::Language(language) => in_language(language, datum, set_apart),
        }
    }
}

fn is_year(datum: &Datum) -> bool {
    datum.kind == Kind::Number && datum.text.len() == 4 && datum.text.starts_with(['1', '2'])
}

/// How well a value suits a property that wants a language.
fn in_language(language: &str, datum: &Datum, set_apart: f64) -> Option<f64> {
    let own = datum.language();
    let text = &datum.text;
    match own.as_deref() {
        Some(own) if own == language => Some(0.97),
        // What one language is, another may be as well.
        Some("json") if matches!(language, "yaml" | "javascript") => Some(0.5),
        Some("html" | "svg" | "xml") if matches!(language, "html" | "xml" | "markdown") => Some(0.7),
        Some("csv") if language == "tsv" => Some(0.6),
        Some("tsv") if language == "csv" => Some(0.9),
        Some("yaml") if matches!(language, "markdown" | "toml" | "css") => Some(0.5),
        // A tag that is wrong is rarer than a text that was wrongly sniffed.
        Some(_) => {
            (!matches!(datum.kind, Kind::Fence(_) | Kind::Stdin | Kind::Json) && language == "json").then_some(0.3)
        }
        None if !(datum.is_text() || datum.kind == Kind::Tail) => None,
        None => match language {
            "html" | "xml" => text.contains('<').then_some(set_apart),
            "csv" | "tsv" => Some(if text.contains([',', ';', '\t', '\n']) { set_apart } else { 0.3 }),
            "sql" | "json" | "diff" => Some(0.5),
            _ => Some(set_apart),
        },
    }
}
