//! Plans and titles, which the run engine asks for beside the answers ([`Purpose`](crate::model::Purpose)).

use super::{
    message::Message,
    query,
    rank::{self, Candidate, Ranked},
    talk,
    trail::Trail,
};
use serde_json::{Value, json};

/// The plans as JSON: each is one tool, the best first. What is missing for a tool is said in its reasoning.
pub(super) fn plans(trail: &Trail, count: usize) -> String {
    let candidates: Vec<Candidate> = trail.found.iter().chain(&trail.known).map(Candidate::from).collect();
    let ranked = rank::rank(candidates, &trail.message);
    let mut plans: Vec<Value> = ranked.iter().filter(|ranked| ranked.is_relevant()).take(count).map(plan).collect();
    if plans.is_empty() {
        plans.push(json!({
            "steps": [{
                "stepNumber": 1,
                "toolName": crate::registry::meta::SEARCH,
                "purpose": format!("Search the registry for \"{}\"", query::first(&trail.message)),
                "expectedOutput": "Tools that fit the request",
            }],
            "confidence": 0.1,
            "reasoning": "No tool that was found fits the request, so the first step can only be another search.",
        }));
    }
    json!({ "plans": plans }).to_string()
}

fn plan(ranked: &Ranked) -> Value {
    let tool = &ranked.candidate;
    let filling = &ranked.filling;
    let (mut confidence, mut reasons) = (ranked.relevance.min(1.0) * 0.6 + filling.confidence * 0.35, Vec::new());
    reasons.push(format!("{} matches the request", tool.title()));
    if filling.is_complete() {
        reasons.push("its required inputs are in the message".to_owned());
    } else {
        confidence *= 0.5;
        let names: Vec<&str> = filling.missing.iter().map(|missing| missing.name()).collect();
        reasons.push(format!("it still needs {}", names.join(", ")));
    }
    if !tool.missing_env.is_empty() {
        confidence *= 0.5;
        reasons.push(format!("it needs the credentials {}", tool.missing_env.join(", ")));
    }
    if tool.broken {
        confidence *= 0.3;
        reasons.push("it is known to be broken".to_owned());
    }
    let purpose = talk::one_line(&tool.description, 160);
    json!({
        "steps": [{
            "stepNumber": 1,
            "toolName": tool.title(),
            "purpose": if purpose.is_empty() { format!("Run {}", tool.title()) } else { purpose },
            "expectedOutput": format!("The result of {}", tool.name),
        }],
        "confidence": (confidence.clamp(0.0, 1.0) * 100.0).round() / 100.0,
        "reasoning": format!("{}.", reasons.join("; ")),
    })
}

/// A title of at most 60 characters, from the user's first words.
pub(super) fn title(message: Option<&Message>) -> String {
    let prose = message.map(|message| message.prose().replace('\u{1}', " … ")).unwrap_or_default();
    let words: Vec<&str> =
        prose.split_whitespace().filter(|word| word.chars().any(|c| c.is_alphanumeric() || c == '…')).collect();
    let mut title = String::new();
    for word in words {
        if title.chars().count() + 1 + word.chars().count() > 60 {
            break;
        }
        if !title.is_empty() {
            title.push(' ');
        }
        title.push_str(word);
    }
    let title = title.trim_matches(|c: char| c.is_whitespace() || matches!(c, '…' | '.' | ',' | ':' | '?' | '!'));
    let mut chars = title.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).take(60).collect(),
        None => "New conversation".to_owned(),
    }
}
