//! What the planner says in words: of itself, of tools, what it needs, and honest endings with a next step.

use super::{
    general,
    lexicon::lexicon,
    message::{Kind, Message},
    recipe::Recipe,
    result::marked,
};
use crate::registry::meta::FoundTool;
use serde_json::Value;
use std::{collections::HashMap, sync::OnceLock};

/// How to get a language model.
const MODEL: &str =
    "store a provider's key with `omega keys set OPENAI_API_KEY` (`omega models` lists the others), or start Ollama";

/// What is said beside an answer that a tool gave. It is the same each time, so that it is shown once.
pub(super) fn footer() -> String {
    format!(
        "Computed by tools that the offline planner called, which is no language model. For free conversation {MODEL}."
    )
}

/// The fixed answer to a message that asks for nothing of a tool.
pub(super) fn fixed(message: &Message, has_result: bool, source: Option<&str>) -> Option<String> {
    const WHOLE: &str = "!thanks !bye !hello !about !key !tools !sure";
    let phrase = message.phrase();
    let is = |name: &&str| phrases(&phrase).any(|phrase| lexicon().meanings(phrase).contains(name));
    let name = match phrase.as_str() {
        _ if !message.data.is_empty() => return None,
        "" => "!nothing",
        "ok" if !has_result => return None,
        _ => WHOLE.split(' ').find(is).filter(|name| *name != "!sure" || has_result)?,
    };
    let by = source.map(|source| format!(" by `{source}`")).unwrap_or_default();
    texts().get(name).map(|text| text.replace("{by}", &by).replace("{model}", MODEL))
}

/// A phrase, and the same without a greeting before it.
fn phrases(phrase: &str) -> impl Iterator<Item = &str> {
    let short =
        phrase.split_once(' ').filter(|(first, _)| lexicon().meanings(first).contains(&"!hello")).map(|(_, rest)| rest);
    [Some(phrase), short, phrase.strip_suffix(" please"), phrase.strip_suffix(" omega")].into_iter().flatten()
}

/// The tools that a question about tools asks for.
pub(super) fn listed(query: &str, tools: &[&FoundTool]) -> String {
    if tools.is_empty() {
        return format!(
            "The registry has no tool that speaks of \"{query}\". Try other words with `omega tools search WORDS`, or add an npm \
             package with `omega registry add PACKAGE`."
        );
    }
    let lines: Vec<String> = tools.iter().map(|tool| line(tool, None)).collect();
    format!("The nearest tools of the registry for \"{query}\":\n\n{}", lines.join("\n"))
}

fn line(tool: &FoundTool, message: Option<&Message>) -> String {
    let mut needs = String::new();
    if !tool.missing_env_vars.is_empty() {
        let names: Vec<String> = tool.missing_env_vars.iter().map(|name| format!("`omega keys set {name}`")).collect();
        needs = format!(" First it needs {}.", names.join(" and "));
    }
    let command = command(tool.tool_id.as_str(), &general::example(tool, message));
    format!("- `{}`: {}{needs} Run it with {command}", tool.tool_id, sentence(&tool.description))
}

fn sentence(text: &str) -> String {
    let line = one_line(text, 140);
    if line.ends_with(['.', '…']) { line } else { format!("{line}.") }
}

/// A tool's run as a command.
pub(super) fn command(id: &str, input: &Value) -> String {
    let json = input.to_string().replace('\'', "'\\''");
    let command = format!("omega tools run {id} --input '{}'", one_line(&json, 300));
    if command.contains('`') { marked(&command) } else { format!("`{command}`") }
}

/// Nothing explains the request.
pub(super) fn refusal(message: &Message, near: &[&FoundTool]) -> String {
    let content = general::content(message);
    let words: Vec<String> = content.iter().take(6).map(|word| format!("\"{word}\"")).collect();
    let why = match words.as_slice() {
        [] => "I don't understand what to do".to_owned(),
        words => format!("no tool explains every word of it ({})", words.join(", ")),
    };
    let mut text = format!("I can't do this without a language model: {why}. To get one, {MODEL}.");
    if !near.is_empty() {
        let lines: Vec<String> = near.iter().map(|tool| line(tool, Some(message))).collect();
        text.push_str(&format!("\n\nThe nearest tools, which you can run yourself:\n\n{}", lines.join("\n")));
    } else if message.data.iter().any(|datum| datum.kind == Kind::File) {
        text.push_str("\n\nI read no files by their name; pipe one in: `omega ask \"sha256 of this\" < notes.txt`.");
    } else if !message.data.is_empty() {
        text.push_str("\n\n`omega tools search WORDS` finds tools by what they do; `omega ask \"what can you do?\"` shows requests that I understand.");
    } else if !content.is_empty() {
        text.push_str("\n\nIf it is about a text, put the text in quotation marks or pipe it in; `omega ask \"what can you do?\"` shows requests that I understand.");
    }
    text
}

/// What is said to whole messages, and what kinds of values are called.
fn texts() -> &'static HashMap<String, String> {
    static TEXTS: OnceLock<HashMap<String, String>> = OnceLock::new();
    TEXTS.get_or_init(|| serde_json::from_str(include_str!("texts.json")).unwrap_or_default())
}

/// A recipe is meant, and a value for it is missing.
pub(super) fn lacking(recipe: &Recipe, slot: &str) -> String {
    let kind = recipe.slots.get(slot).and_then(Value::as_str).unwrap_or_default();
    let what = texts().get(kind).map_or("it in the form that the tool takes", String::as_str);
    format!(
        "I would do this with `{}`, but I don't see what I need in the request as I need it: {what}. Ask again with it, or answer with \
         it alone. I am no language model; to get one, {MODEL}.",
        recipe.tool
    )
}

/// A tool that was named and needs more.
pub(super) fn ask(tool: &FoundTool, missing: &[String], message: &Message) -> String {
    let describe = |name: &String| {
        let about = tool
            .input_schema
            .as_ref()
            .and_then(|schema| schema.pointer(&format!("/properties/{name}/description")))
            .and_then(Value::as_str);
        format!("- `{name}`{}", about.map(|about| format!(": {}", one_line(about, 160))).unwrap_or_default())
    };
    let lines: Vec<String> = missing.iter().map(describe).collect();
    let example = general::example(tool, Some(message));
    let named: Vec<String> = missing
        .iter()
        .map(|name| format!("{name}: {}", example.get(name).map(super::recipe::plain).unwrap_or_else(|| "...".into())))
        .collect();
    format!(
        "`{}` needs more input:\n\n{}\n\nAnswer like this:\n\n```\n{}\n```\n\nor run it yourself with {}",
        tool.tool_id,
        lines.join("\n"),
        named.join("\n"),
        command(tool.tool_id.as_str(), &example)
    )
}

/// A tool that can't run without variables that nobody has given.
pub(super) fn credentials(tool: &FoundTool, input: &Value) -> String {
    let names = &tool.missing_env_vars;
    let commands: Vec<String> = names.iter().map(|name| format!("`omega keys set {name}`")).collect();
    format!(
        "`{}` does this ({}), but it needs {}, which is not set. Store it with {} (never in the chat) and ask again, or run {}",
        tool.tool_id,
        one_line(tool.description.trim_end_matches('.'), 120),
        names.join(" and "),
        commands.join(" and "),
        command(tool.tool_id.as_str(), input),
    )
}

/// The registry could not be searched.
pub(super) fn no_registry(why: &str) -> String {
    format!("The registry can't be searched: {}\n\nTry again, or look at `omega doctor`.", one_line(why, 400))
}

/// The registry does not have the tool that would do it.
pub(super) fn unknown(id: &str) -> String {
    let package = id.split("::").next().unwrap_or(id);
    format!(
        "The registry has no tool `{id}`. `omega registry add {package}` adds a package's tools, and `omega tools search WORDS` finds others."
    )
}

/// A call failed.
pub(super) fn failure(tool: &str, reason: &str, input: &Value) -> String {
    let code = format!("code:{}", reason.split([':', ' ']).next().unwrap_or_default());
    let next =
        texts().get(&code).cloned().unwrap_or_else(|| format!("To try it with other input: {}", command(tool, input)));
    format!("It did not work: `{tool}` failed. {}\n\n{next}", one_line(reason, 400))
}

/// A result that can't be the answer.
pub(super) fn no_answer(tool: &str, reason: &str, input: &Value) -> String {
    format!(
        "I have no answer: I asked `{tool}`, and {}. To see for yourself: {}\n\nI am no language model; to get one, {MODEL}.",
        one_line(reason.trim_end_matches('.'), 300),
        command(tool, input)
    )
}

/// The end of a run that may call nothing any more.
pub(super) fn closing() -> String {
    "I may call no more tools for this message and have no result yet. Ask again, or for less at a time.".to_owned()
}

/// A text in one line of at most so many characters.
pub(super) fn one_line(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
