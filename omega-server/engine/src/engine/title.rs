//! A title for a conversation, made after the first answer by the model that gave it (M4). What it took is counted, also
//! when no title came of it.

use super::Engine;
use crate::observe::scope;
use futures_util::StreamExt;
use omega_core::{
    agent::prompt,
    api::Usage,
    id::ConversationId,
    model::{Model, ModelEvent, ModelRequest, Purpose, ToolChoice, Turn},
    sanitize::one_line,
};
use std::{sync::Arc, time::Duration};

const MAX_CHARS: usize = 60;
const PATIENCE: Duration = Duration::from_secs(30);

/// Begins to make a title beside the runs, if the conversation wants one. A title is nice to have: nothing waits for it.
pub(super) fn after_answer(
    engine: &Engine,
    conversation: ConversationId,
    (name, model): (String, Arc<dyn Model>),
    message: String,
) {
    let engine = engine.clone();
    tokio::spawn(scope::carried(async move {
        if !matches!(engine.inner.store.wants_title(conversation).await, Ok(true)) {
            return;
        }
        let mut usage = Usage::default();
        let asking = ask(model.as_ref(), &name, &message, &mut usage);
        let asked = tokio::time::timeout(PATIENCE, asking).await.ok().flatten();
        // A model that gives none leaves the beginning of the message.
        let title = asked.unwrap_or_else(|| one_line(&message, MAX_CHARS));
        let usage = engine.inner.models.priced(&name, usage);
        match engine.inner.store.set_title(conversation, &title, usage).await {
            Ok(committed) => engine.committed(committed),
            Err(error) => tracing::warn!(event = "title.not_stored", %error),
        }
    }));
}

/// `usage` is what the provider says of it until it ends, is given up or fails.
async fn ask(model: &dyn Model, name: &str, message: &str, usage: &mut Usage) -> Option<String> {
    let request = ModelRequest {
        purpose: Purpose::Title,
        model: name.split_once('/').map_or(name, |(_, model)| model).to_owned(),
        system: prompt::TITLE.to_owned(),
        turns: vec![Turn::User { text: message.chars().take(2_000).collect() }],
        tools: Vec::new(),
        tool_choice: ToolChoice::Auto,
        max_output_tokens: None,
        answer_schema: None,
    };
    let mut events = model.stream(request).await.ok()?;
    let mut text = String::new();
    while let Some(event) = events.next().await {
        match event.ok()? {
            ModelEvent::Text(more) => text.push_str(&more),
            ModelEvent::Usage(used) => *usage = used,
            ModelEvent::Finished { .. } => break,
            _ => {}
        }
    }
    let title = said(&text);
    (!title.is_empty()).then_some(title)
}

/// The title in what a model answered: its first line with words, without marks around it or in it. Thoughts at the
/// beginning are told apart by the decoder already; where a template has the opening mark in the prompt, only the closing one is
/// in the text.
fn said(text: &str) -> String {
    let text = CLOSING.iter().fold(text, |text, mark| text.rsplit_once(mark).map_or(text, |(_, rest)| rest));
    let lines = text.lines().map(|line| one_line(&without_marks(line), MAX_CHARS));
    lines.into_iter().find(|line| line.contains(char::is_alphanumeric)).unwrap_or_default()
}

const CLOSING: [&str; 4] = ["</think>", "</thinking>", "</thought>", "[/THINK]"];

/// A line of Markdown as plain words: no heading, list or label before them, no emphasis or code around any of them, and no
/// quotes around all of them.
fn without_marks(line: &str) -> String {
    let mut line = line.trim().trim_start_matches(['#', '>', '-', '*', ' ']);
    for label in ["Title:", "title:", "TITLE:", "**Title:**", "**Title**:"] {
        line = line.strip_prefix(label).unwrap_or(line).trim_start();
    }
    let mut words: String = line.replace("**", "").replace("__", "").replace(['`', '*'], "");
    loop {
        let trimmed = words.trim().trim_end_matches(['.', '#', ' ']);
        let inner = QUOTES.iter().find_map(|(open, close)| trimmed.strip_prefix(*open)?.strip_suffix(*close));
        let next = match inner {
            Some(inner) => inner.to_owned(),
            // A quote that is left over.
            None if trimmed.matches('"').count() == 1 => trimmed.replace('"', ""),
            None => trimmed.to_owned(),
        };
        if next == words {
            return words;
        }
        words = next;
    }
}

const QUOTES: [(char, char); 8] =
    [('"', '"'), ('“', '”'), ('„', '“'), ('‘', '’'), ('\'', '\''), ('«', '»'), ('「', '」'), ('『', '』')];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_one_line_of_plain_words() {
        for (text, title) in [
            ("Greeting", "Greeting"),
            ("  \"Quoted Title\"\nSecond line", "Quoted Title"),
            ("\"Left over\nSecond\" line", "Left over"),
            ("**Bold** `code` title", "Bold code title"),
            ("# Title: “Weather in Évora”.", "Weather in Évora"),
            ("**Title:** «Le Temps»", "Le Temps"),
            ("he thinks aloud\n</think>\n\n- The Title", "The Title"),
            ("</think>\n", ""),
            ("\"He said \"no\" twice\"", "He said \"no\" twice"),
            ("```\nA Title\n```", "A Title"),
            ("snake_case and C* search", "snake_case and C search"),
            ("***", ""),
            ("\u{1b}[31mRed\u{1b}[0m", "Red"),
            (&"long ".repeat(40), "long long long long long long long long long long long long…"),
        ] {
            let said = said(text);
            assert!(said == title || title.ends_with('…'), "{text}: {said}");
            assert!(said.chars().count() <= MAX_CHARS + 1, "{said}");
        }
    }
}
