//! Other tools for what one could not do (PRD flow D): when they are looked for, and which ones can do the same.
//!
//! Looked for when a tool lacks a key or fails for good: it can't be loaded, is left alone by its breaker, or fails again
//! after the model has had its chance to repair the call. What the model got wrong, what a person refused and what is the
//! machine's fault is no reason.
//!
//! A tool can do the same when it says so in the same words: [`likeness`] is the share of the words that tell what the
//! failed tool does (its name counts double) which the other one has too, and more when the same input fits both. Tools of
//! other packages come first, since what breaks a package breaks its tools together; then what can run at once.

use crate::{
    api::{AlternativesReason, ToolRun},
    executor::{ToolError, ToolErrorCode},
    id::{ToolId, ToolRunId},
    registry::{Calling, Health, Tool, meta::FoundTool, words},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Tools that are offered, at most.
pub const MOST: usize = 5;
/// Below this the tools have too little in common.
const ALIKE: f64 = 0.4;
/// Words of a description that are looked at.
const MOST_WORDS: usize = 14;

/// Words that many tools say of themselves.
const COMMON: &[&str] = &[
    "tool", "api", "service", "servic", "use", "user", "data", "get", "return", "result", "provid", "support", "allow",
    "based", "simpl", "value", "option", "input", "output", "call", "sdk", "ai", "one", "mor", "all", "each", "given",
];

/// Why another tool is looked for after a failure, if it is. `failed_before` is the number of steps before this one in
/// which the same tool failed, and `worked` says whether it has ever worked in this run.
pub fn reason(
    code: ToolErrorCode,
    calling: &Calling,
    failed_before: usize,
    worked: bool,
) -> Option<AlternativesReason> {
    match code {
        ToolErrorCode::PackageNotFound
        | ToolErrorCode::InstallFailed
        | ToolErrorCode::ImportFailed
        | ToolErrorCode::ToolNotFound
        | ToolErrorCode::NotATool
        | ToolErrorCode::PermissionDenied
        | ToolErrorCode::NetworkBlocked => Some(AlternativesReason::Unavailable),
        ToolErrorCode::BreakerOpen => Some(AlternativesReason::BreakerOpen),
        // What a plain function throws, it throws at its input.
        ToolErrorCode::ToolError if *calling != Calling::Tool => None,
        ToolErrorCode::ToolError
        | ToolErrorCode::Timeout
        | ToolErrorCode::OutOfMemory
        | ToolErrorCode::CpuLimit
        | ToolErrorCode::DiskLimit
        | ToolErrorCode::OutputTooLarge
        | ToolErrorCode::ToolExited
        | ToolErrorCode::ProtocolError => (failed_before > 0 && !worked).then_some(AlternativesReason::KeepsFailing),
        _ => None,
    }
}

/// What to search the registry for: the words that tell what the tool does.
pub fn query(tool: &Tool) -> String {
    let (name, rest) = telling(tool);
    name.iter().chain(&rest).take(10).cloned().collect::<Vec<_>>().join(" ")
}

/// A tool that could do it instead.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The tool.
    pub tool: Tool,
    /// Names of the variables that it can't run without and that nobody gave.
    pub missing: Vec<String>,
}

/// The tools that can do the same, best first. `tried` have failed in this run, and `keys` are the variables that the
/// failed tool lacks: what needs the same key is no help.
pub fn rank(
    failed: &Tool,
    reason: AlternativesReason,
    candidates: Vec<Candidate>,
    tried: &BTreeSet<String>,
    keys: &[String],
) -> Vec<Candidate> {
    let package = failed.tool_id.package();
    let useful = |candidate: &Candidate| {
        let tool = &candidate.tool;
        let broken_with_it = reason == AlternativesReason::Unavailable && tool.tool_id.package() == package;
        tool.tool_id != failed.tool_id
            && tool.health != Health::Broken
            && !tried.contains(tool.tool_id.as_str())
            && !broken_with_it
            && !candidate.missing.iter().any(|name| keys.contains(name))
    };
    let mut ranked: Vec<(bool, f64, Candidate)> = candidates
        .into_iter()
        .filter(useful)
        .filter_map(|candidate| {
            let alike = likeness(failed, &candidate.tool);
            let ready = if candidate.missing.is_empty() { 0.3 } else { 0.0 };
            let healthy = if candidate.tool.health == Health::Healthy { 0.1 } else { 0.0 };
            let foreign = candidate.tool.tool_id.package() != package;
            (alike >= ALIKE).then_some((foreign, alike + ready + healthy, candidate))
        })
        .collect();
    ranked.sort_by(|a, b| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)));
    ranked.into_iter().take(MOST).map(|(_, _, candidate)| candidate).collect()
}

/// How much a tool does the same as another, 0 to about 1.3.
pub fn likeness(failed: &Tool, other: &Tool) -> f64 {
    let (name, rest) = telling(failed);
    let about = words::content(&about(other));
    let has = |word: &&String| about.contains(*word);
    let (named, said) = (name.iter().filter(has).count(), rest.iter().filter(has).count());
    let most = 2 * name.len() + rest.len();
    // One word in common is a coincidence, unless the tool says no more than that.
    if named + said < 2.min(name.len() + rest.len()).max(1) {
        return 0.0;
    }
    #[allow(clippy::cast_precision_loss, reason = "a handful of words")]
    let share = (2 * named + said) as f64 / most as f64;
    let fits = if same_input(failed, other) { 0.2 } else { 0.0 };
    let category = if failed.category == other.category && failed.category != "other" { 0.1 } else { 0.0 };
    share + fits + category
}

/// The words that tell what a tool does: those of its name, and the others.
fn telling(tool: &Tool) -> (Vec<String>, Vec<String>) {
    let package = words::content(tool.tool_id.package());
    let unique = |text: &str, known: &[String]| {
        let mut unique: Vec<String> = Vec::new();
        for word in words::content(text) {
            let says = word.len() > 2 && !COMMON.contains(&word.as_str()) && !package.contains(&word);
            if says && !known.contains(&word) && !unique.contains(&word) {
                unique.push(word);
            }
        }
        unique
    };
    let name = unique(&tool.name, &[]);
    let mut rest = unique(&format!("{} {}", tool.description, tool.keywords.join(" ")), &name);
    rest.truncate(MOST_WORDS);
    (name, rest)
}

fn about(tool: &Tool) -> String {
    format!("{} {} {} {}", tool.name, tool.tool_id.export(), tool.description, tool.keywords.join(" "))
}

/// Whether what the failed tool took is enough for the other one: it requires something, and all of it is known there.
fn same_input(failed: &Tool, other: &Tool) -> bool {
    let (Some(theirs), Some(ours)) = (&other.input_schema, &failed.input_schema) else { return false };
    let required = theirs["required"].as_array().map(Vec::as_slice).unwrap_or_default();
    !required.is_empty() && required.iter().filter_map(Value::as_str).all(|name| ours["properties"].get(name).is_some())
}

/// A failure that says what could be called instead; the tools become callable by it.
pub fn with_tools(mut error: ToolError, tools: &[FoundTool]) -> ToolError {
    let mut details = match error.details.take() {
        Some(Value::Object(details)) => details,
        Some(other) => [(String::from("details"), other)].into_iter().collect(),
        None => serde_json::Map::new(),
    };
    details.insert("alternatives".into(), json!(tools));
    error.details = Some(Value::Object(details));
    error
}

/// A failure as a tool or its executor told it, without what only this server may say: tools that become callable.
pub fn from_outside(mut error: ToolError) -> ToolError {
    if let Some(details) = error.details.as_mut().and_then(Value::as_object_mut) {
        details.remove("alternatives");
    }
    if error.code == ToolErrorCode::Replaced {
        error.code = ToolErrorCode::ToolError;
    }
    error
}

/// The failure of a call in whose place a person chose another tool.
pub fn replaced(tool: &FoundTool) -> ToolError {
    let message = format!("not run: a person chose {} in its place", tool.tool_id);
    with_tools(ToolError::new(ToolErrorCode::Replaced, message), std::slice::from_ref(tool))
}

fn use_instead(tool: &ToolId, call_as: Option<&str>) -> String {
    let name = call_as.map(|name| format!(" as {name}")).unwrap_or_default();
    format!("the person chose {tool} in place of this tool: call it now{name}, with the input that it needs")
}

/// The tools that a failed call names in its place.
pub fn of_run(run: &ToolRun) -> Vec<FoundTool> {
    let details = run.error.as_ref().and_then(|error| error.details.as_ref());
    let tools = details.and_then(|details| details.get("alternatives")).cloned();
    tools.and_then(|tools| serde_json::from_value(tools).ok()).unwrap_or_default()
}

/// What a person's choice adds to the result of the call that it was made for.
pub fn told(run: &ToolRun, chosen: &[(ToolRunId, Option<ToolId>)]) -> Option<Value> {
    let (_, tool) = chosen.iter().find(|(call, _)| *call == run.id)?;
    Some(match tool {
        Some(tool) => {
            let offered = of_run(run);
            let call_as = offered.iter().find(|it| it.tool_id == *tool).and_then(|it| it.call_as.clone());
            json!({ "useInstead": tool, "decision": use_instead(tool, call_as.as_deref()) })
        }
        None => {
            json!({ "decision": "the person wants none of the alternatives; go another way, or answer without it" })
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(id: &str, description: &str) -> Tool {
        let tool_id: ToolId = id.parse().unwrap();
        Tool {
            name: tool_id.export().to_owned(),
            tool_id,
            description: description.into(),
            version: "1.0.0".into(),
            category: "other".into(),
            keywords: Vec::new(),
            input_schema: None,
            env: Vec::new(),
            calling: Calling::Tool,
            health: Health::Unknown,
            downloads: None,
            official: false,
            destructive: false,
            needs_approval: None,
            integrity: None,
            own: false,
        }
    }

    fn taking(mut tool: Tool, property: &str) -> Tool {
        let properties: serde_json::Map<_, _> =
            [(property.to_owned(), json!({"type": "string"}))].into_iter().collect();
        tool.input_schema = Some(json!({"type": "object", "properties": properties, "required": [property]}));
        tool
    }

    fn free(tool: Tool) -> Candidate {
        Candidate { tool, missing: Vec::new() }
    }

    fn ids(ranked: &[Candidate]) -> Vec<&str> {
        ranked.iter().map(|candidate| candidate.tool.tool_id.as_str()).collect()
    }

    fn scraper() -> Tool {
        taking(tool("fire-kit::scrapeTool", "Scrapes a web page and gives its content as Markdown"), "url")
    }

    #[test]
    fn what_does_the_same_is_alike_and_what_shares_a_word_is_not() {
        for other in [
            taking(tool("parallel::extractPage", "Extracts the content of a web page as Markdown"), "url"),
            tool("readable::read", "Download a page from the web, as clean Markdown content"),
        ] {
            assert!(likeness(&scraper(), &other) >= ALIKE, "{}: {}", other.tool_id, likeness(&scraper(), &other));
        }
        for other in [
            tool("pages::count", "Counts the pages of a PDF"),
            tool("md::toHtml", "Converts Markdown to HTML"),
            taking(tool("dns::lookup", "Looks up the records of a host"), "url"),
            tool("mathjs::evaluate", "Evaluates an expression"),
        ] {
            assert!(likeness(&scraper(), &other) < ALIKE, "{}: {}", other.tool_id, likeness(&scraper(), &other));
        }
        assert!(likeness(&tool("a::x", ""), &tool("b::y", "")) < ALIKE, "nothing said is nothing in common");
    }

    #[test]
    fn what_failed_what_is_broken_and_what_lacks_the_same_key_is_not_offered() {
        let same = "Scrapes a web page and gives its content as Markdown";
        let mut broken = tool("broken::scrape", same);
        broken.health = Health::Broken;
        let keyed = |id: &str, key: &str| Candidate { tool: tool(id, same), missing: vec![key.into()] };
        let candidates = vec![
            free(scraper()),
            free(broken),
            free(tool("tried::scrape", same)),
            keyed("alike::scrape", "FIRE_KEY"),
            keyed("other::scrape", "OTHER_KEY"),
            free(tool("fire-kit::crawl", same)),
            free(tool("free::scrape", same)),
        ];
        let tried = BTreeSet::from([String::from("tried::scrape")]);
        let ranked = |reason| rank(&scraper(), reason, candidates.clone(), &tried, &["FIRE_KEY".into()]);
        let missing = ranked(AlternativesReason::MissingCredentials);
        assert_eq!(
            ids(&missing),
            ["free::scrape", "other::scrape", "fire-kit::crawl"],
            "what can run at once is first"
        );
        let gone = ranked(AlternativesReason::Unavailable);
        assert_eq!(ids(&gone), ["free::scrape", "other::scrape"], "its package can't be loaded at all");
    }

    #[test]
    fn only_what_failed_for_good_is_a_reason() {
        use AlternativesReason::{BreakerOpen, KeepsFailing, Unavailable};
        let plain = Calling::Function { params: Vec::new() };
        for (code, calling, before, worked, expected) in [
            (ToolErrorCode::ImportFailed, &Calling::Tool, 0, false, Some(Unavailable)),
            (ToolErrorCode::PackageNotFound, &plain, 0, false, Some(Unavailable)),
            (ToolErrorCode::BreakerOpen, &Calling::Tool, 0, true, Some(BreakerOpen)),
            (ToolErrorCode::ToolError, &Calling::Tool, 0, false, None),
            (ToolErrorCode::ToolError, &Calling::Tool, 1, false, Some(KeepsFailing)),
            (ToolErrorCode::Timeout, &Calling::Tool, 2, false, Some(KeepsFailing)),
            (ToolErrorCode::ToolError, &Calling::Tool, 1, true, None),
            (ToolErrorCode::ToolError, &plain, 3, false, None),
            (ToolErrorCode::InvalidInput, &Calling::Tool, 3, false, None),
            (ToolErrorCode::Denied, &Calling::Tool, 3, false, None),
            (ToolErrorCode::Overloaded, &Calling::Tool, 3, false, None),
            (ToolErrorCode::ExecutorUnreachable, &Calling::Tool, 3, false, None),
            (ToolErrorCode::Unknown, &Calling::Tool, 3, false, None),
        ] {
            assert_eq!(reason(code, calling, before, worked), expected, "{code:?} {before} {worked}");
        }
    }
}
