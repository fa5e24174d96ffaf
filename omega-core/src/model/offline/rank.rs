//! Which of the tools that were found is meant, and whether it can be called.

use super::{
    fill::{self, Filling, Missing},
    math,
    message::Message,
    query,
    role::Role,
    words,
};
use crate::{agent::meta::FoundTool, id::ToolId, model::ToolSpec};
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

    /// Fills its input from a message.
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
                name: "input".to_owned(),
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
                + if filling.is_complete() { filling.confidence * 0.3 + filling.coverage * 0.2 } else { 0.0 }
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

#[allow(clippy::cast_precision_loss, reason = "a handful of words")]
fn relevance(candidate: &Candidate, message: &Message) -> f64 {
    let terms: Vec<String> = query::terms(message).iter().map(|word| words::canonical(word)).collect();
    let names = words::content(&format!("{} {}", candidate.name, candidate.export()));
    let package = words::content(&candidate.package);
    let description = words::content(&candidate.description);
    let (mut reached, mut possible, mut hits_name) = (0.0, 0.0, false);
    for (at, term) in terms.iter().enumerate() {
        // Words that come later are more often data, and verbs that fit many tools tell little.
        let weight = if words::is_general(term) { 0.35 } else { 1.0 } / (1.0 + 0.3 * at as f64);
        possible += weight;
        if names.contains(term) {
            hits_name |= !words::is_general(term);
            reached += weight;
        } else if package.contains(term) || package.iter().any(|word| word.len() > 3 && word.contains(term.as_str())) {
            reached += weight * 0.85;
        } else if description.contains(term) {
            reached += weight * 0.75;
        }
    }
    let mut relevance = if possible > 0.0 { reached / possible } else { 0.3 };
    if hits_name {
        relevance = f64::max(relevance, 0.45);
    }
    if computes(candidate) && math::expression(message).is_some() {
        // The expressions are written as mathjs reads them.
        relevance = f64::max(relevance, if candidate.package == "mathjs" { 0.9 } else { 0.7 });
    }
    relevance + direction(candidate, message)
}

fn computes(candidate: &Candidate) -> bool {
    let Some(schema) = &candidate.schema else { return false };
    fill::properties(schema).iter().any(|property| property.required && property.role == Role::Expression)
}

/// "YAML to JSON" is not "JSON to YAML": whether the tool's description goes the way of the request.
fn direction(candidate: &Candidate, message: &Message) -> f64 {
    let Some((from, to)) = conversion(&message.prose()) else { return 0.0 };
    let about = words::split(&candidate.about()).iter().map(|word| words::canonical(word)).collect::<Vec<_>>();
    let place = |wanted: &str| about.iter().rposition(|word| word == wanted);
    let goes_to = |target: &str| {
        about
            .windows(3)
            .any(|near| matches!(near[0].as_str(), "to" | "into" | "as") && near[1..].iter().any(|word| word == target))
    };
    match (goes_to(&from), goes_to(&to)) {
        (false, true) => 0.2,
        (true, false) => -0.25,
        _ if place(&to).is_none() && place(&from).is_some() => 0.02,
        _ => 0.0,
    }
}

/// The two words of "A to B".
fn conversion(prose: &str) -> Option<(String, String)> {
    let said = words::split(prose);
    let at = said.iter().rposition(|word| matches!(word.as_str(), "to" | "into"))?;
    let from = said[..at].iter().rev().find(|word| !words::is_filler(word))?;
    let to = said[at + 1..].iter().find(|word| !words::is_filler(word))?;
    Some((words::canonical(from), words::canonical(to)))
}
