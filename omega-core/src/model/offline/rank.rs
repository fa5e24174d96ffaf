//! Which of the tools that were found is meant, and whether it can be called.

use super::{
    algebra,
    coerce::Missing,
    fill::{self, Filling},
    math,
    message::{Datum, Message},
    query::{self, Term},
    role::Role,
    words,
};
use crate::{id::ToolId, model::ToolSpec, registry::meta::FoundTool};
use serde_json::{Value, json};

/// Below this a tool has too little to do with the request to be called.
const RELEVANT: f64 = 0.4;

/// A tool that may serve the request.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    /// Its id; missing for a tool that was loaded before this message and is known by its call name only.
    pub id: Option<ToolId>,
    /// The name under which it may be called.
    pub call_as: Option<String>,
    pub name: String,
    pub package: String,
    pub version: String,
    pub description: String,
    pub schema: Option<Value>,
    pub missing_env: Vec<String>,
    pub broken: bool,
}

impl From<&FoundTool> for Candidate {
    fn from(found: &FoundTool) -> Self {
        Self {
            id: Some(found.tool_id.clone()),
            call_as: found.call_as.clone(),
            name: found.name.clone(),
            package: found.package.clone(),
            version: found.version.clone(),
            description: found.description.clone(),
            schema: found.input_schema.clone(),
            missing_env: found.missing_env_vars.clone(),
            broken: found.health_status.eq_ignore_ascii_case("BROKEN"),
        }
    }
}

impl From<&ToolSpec> for Candidate {
    fn from(spec: &ToolSpec) -> Self {
        Self {
            id: None,
            call_as: Some(spec.name.clone()),
            name: spec.name.clone(),
            package: String::new(),
            version: String::new(),
            description: spec.description.clone(),
            schema: Some(spec.input_schema.clone()),
            missing_env: Vec::new(),
            broken: false,
        }
    }
}

impl Candidate {
    /// A tool of which only the name in a call is known.
    pub(super) fn unknown(name: &str) -> Self {
        Self {
            id: name.parse().ok(),
            call_as: None,
            name: name.to_owned(),
            package: String::new(),
            version: String::new(),
            description: String::new(),
            schema: None,
            missing_env: Vec::new(),
            broken: false,
        }
    }

    /// Whether nothing is known that keeps it from running.
    pub(super) fn is_usable(&self) -> bool {
        self.missing_env.is_empty() && !self.broken
    }

    /// What people call it: `package::export`, or its call name.
    pub(super) fn title(&self) -> String {
        self.id.as_ref().map_or_else(|| self.name.clone(), ToString::to_string)
    }

    /// Everything it says of itself.
    fn about(&self) -> String {
        format!("{} {} {} {}", self.name, self.export(), self.package, self.description)
    }

    fn export(&self) -> &str {
        match &self.id {
            Some(id) if id.export() != "default" => id.export(),
            _ => "",
        }
    }

    pub(super) fn fill(&self, message: &Message) -> Filling {
        match &self.schema {
            Some(schema) => fill::fill(schema, &self.about(), message),
            None => undescribed(message),
        }
    }
}

/// A tool without a schema is only called with a JSON object that the user wrote.
fn undescribed(message: &Message) -> Filling {
    let object = message.data.iter().find_map(|datum| match datum.json() {
        Some(Value::Object(object)) => Some(object),
        _ => None,
    });
    match object {
        Some(input) => Filling { input, confidence: 0.5, coverage: 1.0, ..Filling::default() },
        None => Filling {
            missing: vec![Missing {
                path: vec![],
                schema: json!({"type": "object"}),
                description: "a JSON object; the tool does not say which fields it has".to_owned(),
                example: json!({}),
            }],
            ..Filling::default()
        },
    }
}

/// A candidate with what the message gives it.
#[derive(Debug, Clone)]
pub(super) struct Ranked {
    pub candidate: Candidate,
    pub filling: Filling,
    /// How much it has to do with the request.
    pub relevance: f64,
    /// The user named it.
    pub named: bool,
    score: f64,
}

impl Ranked {
    /// A tool whose inputs were asked for.
    pub(super) fn asked(candidate: Candidate, filling: Filling) -> Self {
        Self { candidate, filling, relevance: 1.0, named: true, score: 1.0 }
    }

    /// How good a choice it is, beside the others of its ranking.
    pub(super) fn score(&self) -> f64 {
        self.score
    }

    /// Whether it may be called: its input is whole, and it takes more than half of what the user set apart.
    pub(super) fn is_callable(&self) -> bool {
        self.filling.is_complete() && (self.named || self.filling.coverage > 0.5)
    }

    /// Whether it has enough to do with the request.
    pub(super) fn is_relevant(&self) -> bool {
        self.named || self.relevance >= RELEVANT
    }
}

/// The candidates, best first; they come in the order of the search.
pub(super) fn rank(candidates: Vec<Candidate>, message: &Message) -> Vec<Ranked> {
    let unique = named_by_export(&candidates, message);
    let mut ranked: Vec<Ranked> = candidates
        .into_iter()
        .enumerate()
        .map(|(place, candidate)| {
            let named = match (&candidate.id, message.tools.as_slice()) {
                (_, []) => unique == Some(place),
                (Some(id), named) => named.contains(id),
                (None, _) => false,
            };
            let filling = candidate.fill(message);
            let relevance = relevance(&candidate, message);
            // The registry's own order decides between equals.
            #[allow(clippy::cast_precision_loss, reason = "at most 20 places")]
            let score = relevance * 0.6
                + 0.08 / (1.0 + place as f64)
                + if filling.is_complete() { filling.confidence * 0.25 + filling.coverage * 0.3 } else { 0.0 }
                + 0.1 * filling.named.min(2) as f64
                + if named { 2.0 } else { 0.0 }
                - if candidate.broken { 0.5 } else { 0.0 }
                - if candidate.missing_env.is_empty() { 0.0 } else { 0.3 };
            Ranked { candidate, filling, relevance, named, score }
        })
        .collect();
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score));
    ranked
}

/// The place of the one tool whose export the message has as a word of its own, when that is no everyday word.
fn named_by_export(candidates: &[Candidate], message: &Message) -> Option<usize> {
    let said: Vec<&str> =
        message.text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '$' | '-'))).collect();
    let named = |candidate: &Candidate| {
        let export = candidate.export();
        // `parseDate` or `to_json` is a name; `parse` is a verb.
        let is_name = export.chars().skip(1).any(|c| c.is_uppercase() || c == '_' || c == '.');
        is_name && said.contains(&export)
    };
    let places: Vec<usize> = (0..candidates.len()).filter(|at| named(&candidates[*at])).collect();
    match places.as_slice() {
        [only] => Some(*only),
        _ => None,
    }
}

fn relevance(candidate: &Candidate, message: &Message) -> f64 {
    let terms = query::weights(message);
    let names = words::content(&format!("{} {}", candidate.name, candidate.export()));
    let package = words::content(&candidate.package);
    let description = words::content(&candidate.description);
    let inputs = candidate.schema.as_ref().map(input_words).unwrap_or_default();
    let (mut reached, mut possible, mut hits_name, mut hits_package) = (0.0, 0.0, false, false);
    let mut misses = 0;
    for (at, Term { word, weight, telling }) in terms.iter().enumerate() {
        possible += weight;
        if names.contains(word) {
            hits_name |= telling;
            reached += weight;
        } else if package.iter().any(|own| own == word || (word.len() > 3 && own.starts_with(word.as_str()))) {
            hits_package |= at == 0 && *telling;
            reached += weight * 0.7;
        } else if description.contains(word) {
            reached += weight * 0.75;
        } else if inputs.contains(word) {
            reached += weight * 0.5;
        } else {
            misses += usize::from(*telling);
        }
    }
    let mut relevance = if possible > 0.0 { reached / possible } else { 0.3 };
    // The first telling word is mostly what is to be done; what follows may be data.
    let first = terms.iter().find(|term| term.telling);
    if first.is_some_and(|first| names.contains(&first.word)) {
        relevance = f64::max(relevance, 0.45);
    } else if hits_package {
        relevance = f64::max(relevance, 0.42);
    }
    // The very word says more than one that means the same.
    let own = words::split(&format!("{} {}", candidate.name, candidate.export()));
    let very = |word: &String| own.contains(word) && !words::is_general(&words::canonical(word));
    if words::split(&message.prose()).iter().any(|word| !words::is_filler(word) && very(word)) {
        relevance += 0.08;
    }
    // Nobody who does not say so wants something decoded or repaired.
    let unasked =
        |verb: &&str| names.iter().any(|name| name.contains(*verb)) && !terms.iter().any(|t| t.word == **verb);
    if ["decode", "repair"].iter().any(unasked) {
        relevance -= 0.15;
    }
    // What takes no input fits by its name or not at all.
    let takes_nothing = candidate.schema.as_ref().is_some_and(|schema| fill::properties(schema).is_empty());
    if takes_nothing && !hits_name && !hits_package {
        relevance *= 0.4;
    }
    let has = |term: &String| names.contains(term) || package.contains(term) || description.contains(term);
    if terms.first().is_some_and(|first| words::is_action(&first.word) && !has(&first.word)) {
        relevance -= 0.5;
    }
    if computes(candidate) {
        let symbolic = algebra::symbolic(message).is_some() && algebra::is_symbolic(&candidate.description);
        if symbolic || (math::expression(message).is_some() && candidate.package == "mathjs") {
            // The expressions are written as these read them.
            relevance = f64::max(relevance, 0.9);
        } else if math::expression(message).is_some() {
            relevance = f64::max(relevance, 0.7);
        }
    }
    // A fitting kind of value says less where nothing that was asked for is met.
    let meets = misses == 0 || misses < terms.iter().filter(|term| term.telling).count();
    let kind = takes_kind(candidate, message) * if meets { 1.0 } else { 0.4 };
    let foreign = if kind > 0.0 { 0.0 } else { foreign(&description, message) };
    relevance + kind + direction(candidate, message) - foreign
}

/// Names of inputs and the choices they have.
fn input_words(schema: &Value) -> Vec<String> {
    let properties = fill::properties(schema);
    let words = properties.iter().flat_map(|property| {
        let choices = property.choices().into_iter().filter_map(Value::as_str).flat_map(words::content);
        property.words.iter().map(|word| words::canonical(word)).chain(choices).collect::<Vec<_>>()
    });
    words.collect()
}

/// A tool that wants just the kind of value that the message has.
fn takes_kind(candidate: &Candidate, message: &Message) -> f64 {
    let Some(schema) = &candidate.schema else { return 0.0 };
    let properties = fill::properties(schema);
    let wants =
        |datum: &Datum| properties.iter().any(|p| p.required && p.role.suits(datum).is_some_and(|fit| fit >= 0.95));
    if message.data.iter().any(wants) { 0.3 } else { 0.0 }
}

/// Subjects that a tool is for or not.
const SUBJECTS: &[&str] = &[
    "csv",
    "json",
    "yaml",
    "toml",
    "ini",
    "xml",
    "html",
    "markdown",
    "sql",
    "css",
    "javascript",
    "version",
    "cron",
    "phone",
    "colour",
    "color",
    "iban",
    "isbn",
    "uuid",
];

/// A tool that speaks of subjects, none of which the request has to do with, is rather for something else.
fn foreign(description: &[String], message: &Message) -> f64 {
    let named: Vec<&&str> = SUBJECTS.iter().filter(|name| description.iter().any(|word| word == *name)).collect();
    let said: Vec<String> = query::terms(message).iter().map(|term| words::canonical(term)).collect();
    let held: Vec<String> = message.data.iter().filter_map(Datum::language).collect();
    let concerns = |name: &&&str| said.iter().any(|word| word == **name) || held.iter().any(|own| own == **name);
    if named.is_empty() || named.iter().any(concerns) { 0.0 } else { 0.2 }
}

fn computes(candidate: &Candidate) -> bool {
    let Some(schema) = &candidate.schema else { return false };
    fill::properties(schema).iter().any(|property| property.required && property.role == Role::Expression)
}

/// "YAML to JSON" is not "JSON to YAML": whether the tool's description goes the way of the request.
fn direction(candidate: &Candidate, message: &Message) -> f64 {
    let about = words::split(&candidate.about()).iter().map(|word| words::canonical(word)).collect::<Vec<_>>();
    let speaks_of = |wanted: &str| about.iter().any(|word| word == wanted);
    let goes_to = |target: &str| {
        let mut ways = about.iter().enumerate().filter(|(_, word)| matches!(word.as_str(), "to" | "into" | "as"));
        ways.any(|(at, _)| about.iter().skip(at + 1).take(3).any(|word| word == target))
    };
    let Some((from, to)) = conversion(message) else {
        // A conversion that nobody asked for.
        let said = words::content(&message.prose());
        let unasked = |target: &&str| goes_to(target) && !said.iter().any(|word| word == target);
        return if ["xml", "yaml", "markdown", "html", "csv", "toml"].iter().any(unasked) { -0.3 } else { 0.0 };
    };
    match (from.as_deref().is_some_and(goes_to), goes_to(&to)) {
        (false, true) if from.as_deref().is_none_or(speaks_of) => 0.2,
        (true, false) => -0.25,
        // Asked to convert into something that the tool does not speak of; JSON is what every tool answers in.
        (false, false)
            if to != "json" && !speaks_of(&to) && words::content(&message.prose()).contains(&"convert".into()) =>
        {
            -0.2
        }
        _ => 0.0,
    }
}

/// The two words of "A to B"; where A is not said, the language of the message's first block.
fn conversion(message: &Message) -> Option<(Option<String>, String)> {
    let said = words::split(&message.prose());
    let at = said.iter().rposition(|word| matches!(word.as_str(), "to" | "into"))?;
    let from =
        said[..at].iter().rev().find(|word| !words::is_filler(word) && !words::is_general(&words::canonical(word)));
    let to = said[at + 1..].iter().find(|word| !words::is_filler(word))?;
    let held = || message.data.iter().find_map(Datum::language);
    Some((from.map(|word| words::canonical(word)).or_else(held), words::canonical(to)))
}
