//! What the planner says in words: greetings, what it can do, questions back, and honest endings.

use super::{
    message::Message,
    rank::{Candidate, Ranked},
    trail::Trail,
    words,
};
use crate::id::ToolId;
use serde_json::{Map, Value};

/// What the planner says of itself under every answer.
pub(super) const HONEST: &str = "the offline planner, which is no language model: store a key with `omega keys set OPENAI_API_KEY`, or see `omega models` for one";

const EXAMPLES: &str = "- what is the determinant of [[2,1],[1,3]]?\n\
     - slugify \"Hello World\"\n\
     - convert 5 miles to km\n\
     - the Levenshtein distance between \"kitten\" and \"sitting\"\n\
     - `cat data.csv | omega ask \"parse this CSV\"`";

/// The answer to a greeting, a thank-you or a question about the planner itself.
pub(super) fn small_talk(message: &Message) -> Option<String> {
    if !message.data.is_empty() || !message.tools.is_empty() {
        return None;
    }
    let said = words::split(&message.text);
    let text = said.join(" ");
    let greets =
        ["hello", "hi", "hey", "hallo", "hola", "good morning", "good evening", "good afternoon", "moin", "servus"];
    let short = said.len() <= 4;
    let is = |phrases: &[&str]| {
        phrases.iter().any(|phrase| text == *phrase || (short && text.starts_with(&format!("{phrase} "))))
    };
    if is(&["thanks", "thank you", "thx", "danke"]) {
        return Some("You are welcome.".to_owned());
    }
    if is(&["bye", "goodbye", "good bye", "see you"]) {
        return Some("Goodbye.".to_owned());
    }
    let asks = [
        "help",
        "what can you do",
        "who are you",
        "what are you",
        "how does this work",
        "how do you work",
        "how are you",
        "what is this",
        "are you a language model",
        "are you an ai",
        "what is omega",
        "test",
    ];
    // "hi, convert 5 miles" is a request with manners.
    let greets_only = is(&greets)
        && words::content(&text)
            .iter()
            .all(|word| greets.contains(&word.as_str()) || short && word == "omega" || word == "there");
    if text.is_empty()
        || greets_only
        || asks.iter().any(|question| text == *question || text == format!("hello {question}"))
    {
        return Some(introduction());
    }
    None
}

fn introduction() -> String {
    format!(
        "I am Omega's offline planner: no language model, but a fixed policy that finds a tool in the registry, fills its \
         input from your words and runs it. Ask for one thing at a time, for example:\n\n{EXAMPLES}\n\n\
         For free conversation give me a model: store a key with `omega keys set OPENAI_API_KEY`, or see `omega models`."
    )
}

/// Asks for what a tool still needs.
pub(super) fn ask(ranked: &Ranked) -> String {
    let tool = &ranked.candidate;
    let mut text = format!("I would use **{}**{}, but I need more input:\n\n", tool.title(), purpose(tool));
    for missing in &ranked.filling.missing {
        let description = if missing.description.is_empty() {
            String::new()
        } else {
            format!(": {}", one_line(&missing.description, 200))
        };
        text.push_str(&format!("- `{}`{description}\n", missing.name()));
    }
    let lines: Vec<String> = ranked
        .filling
        .missing
        .iter()
        .map(|missing| format!("{}: {}", missing.name(), plain(&missing.example)))
        .collect();
    let mut input: Map<String, Value> = ranked.filling.input.clone();
    for missing in &ranked.filling.missing {
        missing.put(&mut input, missing.example.clone());
    }
    text.push_str(&format!(
        "\nAnswer like this:\n\n```text\n{}\n```\n\nor run it yourself: {}\n",
        lines.join("\n"),
        command(&tool.title(), &input)
    ));
    text.push_str(&format!("\nThis is {HONEST}."));
    text
}

fn command(id: &str, input: &Map<String, Value>) -> String {
    let json = Value::Object(input.clone()).to_string().replace('\'', "'\\''");
    format!("`omega tools run {id} --input '{}'`", one_line(&json, 300).replace('`', "'"))
}

pub(super) fn asked_for(text: &str) -> Option<ToolId> {
    let (_, rest) = text.split_once("or run it yourself: `omega tools run ")?;
    rest.split(' ').next()?.parse().ok()
}

/// A tool that can't run without variables that nobody has given.
pub(super) fn credentials(tool: &Candidate) -> String {
    let names: Vec<String> = tool.missing_env.iter().map(|name| format!("`{name}`")).collect();
    format!(
        "The tool that fits is **{}**{}, but it needs {}, which {} not set. Give {} to Omega as a credential, never in the chat; \
         or name the tool in your request and I will call it and let Omega ask you for {}.\n\nThis is {HONEST}.",
        tool.title(),
        purpose(tool),
        names.join(", "),
        if names.len() == 1 { "is" } else { "are" },
        if names.len() == 1 { "it" } else { "them" },
        if names.len() == 1 { "it" } else { "them" },
    )
}

pub(super) fn nothing(trail: &Trail) -> String {
    let queries: Vec<String> = trail.searches.iter().map(|query| format!("\"{query}\"")).collect();
    let mut text = format!("I found no tool that fits. I searched the registry for {}.", queries.join(" and "));
    if !trail.found.is_empty() {
        let near: Vec<String> = trail
            .found
            .iter()
            .take(5)
            .map(|tool| format!("- `{}`: {}", tool.tool_id, one_line(&tool.description, 100)))
            .collect();
        text.push_str(&format!(" The nearest were:\n\n{}", near.join("\n")));
    }
    text.push_str(
        "\n\nSay it in other words, name a tool by its id (`package::export`), or add a package with `omega registry add PACKAGE`.",
    );
    text.push_str(&format!("\n\nThis is {HONEST}."));
    text
}

/// The registry could not be searched.
pub(super) fn no_registry(why: &str) -> String {
    format!(
        "The registry can't be searched: {}\n\nTry again, or look at `omega doctor`. This is {HONEST}.",
        one_line(why, 400)
    )
}

/// Every tool that was tried has failed.
pub(super) fn failures(trail: &Trail, tries_end: &str) -> String {
    let mut text = String::from("It did not work.\n\n");
    for attempt in trail.tries.iter().filter(|attempt| attempt.failed) {
        text.push_str(&format!(
            "- **{}** failed: {}\n",
            attempt.tool,
            one_line(&super::trail::reason(&attempt.content), 400)
        ));
    }
    if let Some(attempt) = trail.tries.last() {
        let input = attempt.input.as_object().cloned().unwrap_or_default();
        text.push_str(&format!("\n{tries_end} To run it yourself: {}\n", command(&attempt.tool, &input)));
    }
    text.push_str(&format!("\nThis is {HONEST}."));
    text
}

fn purpose(tool: &Candidate) -> String {
    let first = tool.description.split_inclusive(['.', '\n']).next().unwrap_or_default().trim().trim_end_matches('.');
    if first.is_empty() { String::new() } else { format!(" ({})", one_line(first, 120)) }
}

/// A text in one line of at most so many characters.
pub(super) fn one_line(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
