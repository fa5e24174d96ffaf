//! Plans and titles, which the run engine asks for beside the answers ([`Purpose`](crate::model::Purpose)).

use super::{compose::Plan, general, message::Message, talk::one_line, trail::Trail};
use crate::registry::meta::{self, FoundTool};
use serde_json::{Value, json};

/// The plans as JSON, the best first: the steps that the request was understood as, else the nearest tools.
pub(super) fn plans(trail: &Trail, plan: Option<&Plan>, count: usize) -> String {
    let content = general::content(&trail.last.message);
    let mut plans: Vec<Value> = plan.map(|plan| understood(plan, trail)).into_iter().collect();
    let used: Vec<&str> = plan.iter().flat_map(|plan| &plan.steps).map(|step| step.recipe.tool.as_str()).collect();
    let near = general::nearest(&trail.found, &content, count + used.len());
    plans.extend(
        near.into_iter()
            .filter(|tool| !used.contains(&tool.tool_id.as_str()))
            .map(|tool| nearest(tool, &trail.last.message)),
    );
    plans.truncate(count);
    if plans.is_empty() {
        plans.push(json!({
            "steps": [{
                "stepNumber": 1,
                "toolName": meta::SEARCH,
                "purpose": format!("Search the registry for \"{}\"", one_line(&general::query(&trail.last.message), 200)),
                "expectedOutput": "Tools that fit the request",
            }],
            "confidence": 0.1,
            "reasoning": "No tool that was found fits the request, so the first step can only be another search.",
        }));
    }
    json!({ "plans": plans }).to_string()
}

fn step(number: usize, id: &str, tool: Option<&FoundTool>) -> Value {
    let purpose = tool.map(|tool| one_line(&tool.description, 160)).filter(|purpose| !purpose.is_empty());
    json!({
        "stepNumber": number,
        "toolName": id,
        "purpose": purpose.unwrap_or_else(|| format!("Run {id}")),
        "expectedOutput": format!("The result of {id}"),
    })
}

fn understood(plan: &Plan, trail: &Trail) -> Value {
    let steps: Vec<Value> = plan
        .steps
        .iter()
        .enumerate()
        .map(|(at, one)| step(at + 1, &one.recipe.tool, trail.tool(&one.recipe.tool)))
        .collect();
    json!({ "steps": steps, "confidence": 0.9, "reasoning": "Every word of the request is explained by these tools or is their input." })
}

fn nearest(tool: &FoundTool, message: &Message) -> Value {
    let share = general::explained(tool, &general::content(message)).0;
    let missing = general::input(tool, message).err().map(|missing| format!("it still needs {}", missing.join(", ")));
    let keys = (!tool.missing_env_vars.is_empty())
        .then(|| format!("it needs the credentials {}", tool.missing_env_vars.join(", ")));
    let confidence = [&missing, &keys].iter().filter(|lack| lack.is_some()).fold(share * 0.4, |share, _| share * 0.5);
    let input = missing.unwrap_or_else(|| "its required inputs are in the message".to_owned());
    let mut reasons = vec![format!("{} has to do with the request", tool.tool_id), input];
    reasons.extend(keys);
    json!({
        "steps": [step(1, tool.tool_id.as_str(), Some(tool))],
        "confidence": (confidence.clamp(0.0, 1.0) * 100.0).round() / 100.0,
        "reasoning": format!("{}.", reasons.join("; ")),
    })
}

/// A title of at most 60 characters, from the user's first words.
pub(super) fn title(message: Option<&Message>) -> String {
    let mut title = String::new();
    let mut place = 0;
    for token in message.iter().flat_map(|message| &message.tokens) {
        let Some(message) = message else { break };
        let set_apart = message.datum(token).is_some_and(|datum| datum.is_block());
        let word = if set_apart { "…" } else { message.text.get(token.span.clone()).unwrap_or_default() };
        if title.chars().count() + 1 + word.chars().count() > 60 {
            break;
        }
        if token.span.start > place && !title.is_empty() {
            title.push(' ');
        }
        title.push_str(word);
        place = token.span.end;
    }
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    let title = title.trim_matches(|c: char| c.is_whitespace() || matches!(c, '…' | '.' | ',' | ':' | '?' | '!'));
    let mut chars = title.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).take(60).collect(),
        None => "New conversation".to_owned(),
    }
}
