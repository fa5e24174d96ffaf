//! What can be taken along: the answer, its code blocks and links, what was asked, what tools gave.

use super::{
    Handled, Picker,
    picker::{Choice, Source},
};
use crate::{
    app::{App, Effect},
    fuzzy,
    output::plain,
    transcript::{PieceKey, label},
};
use omega_core::api::{Message, MessageStatus, Role};
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

/// Calls that are offered, from the newest.
const CALLS: usize = 20;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Item {
    what: String,
    text: String,
    section: &'static str,
}

#[derive(Debug)]
pub struct Copying {
    all: Vec<Item>,
    shown: Vec<Item>,
}

impl Copying {
    pub fn open(app: &mut App) {
        let all = items(app);
        if all.is_empty() {
            app.say("there is nothing to copy yet");
            return;
        }
        Picker::open(Self { all, shown: Vec::new() }, "", app);
    }
}

/// What there is, the selected piece before all others.
fn items(app: &App) -> Vec<Item> {
    let selected = match app.transcript.selected() {
        Some(PieceKey::User(id) | PieceKey::Text(id, _) | PieceKey::Reasoning(id, _)) => Some(id),
        _ => None,
    };
    let is_answer = |it: &&Message| {
        it.role == Role::Assistant && it.status != MessageStatus::Discarded && !it.content.trim().is_empty()
    };
    let answer = app.here.view.messages.iter().rev().find(is_answer);
    let message = selected.and_then(|id| app.here.view.messages.iter().find(|it| it.id == id)).or(answer);
    let mut items = Vec::new();
    if let Some(message) = message {
        let what = if message.role == Role::User { "the message" } else { "the answer" };
        items.push(Item { what: what.to_owned(), text: message.content.clone(), section: "message" });
        items.extend(within(&message.content));
    }
    for call in app.here.view.tool_runs.iter().rev().take(CALLS) {
        let name = label(call);
        let output =
            call.output.as_ref().map(plain).or_else(|| app.transcript.whole_output(call.id).map(str::to_owned));
        if let Some(text) = output {
            items.push(Item { what: format!("what {name} gave"), text, section: "calls" });
        }
        let text = serde_json::to_string_pretty(&call.input).unwrap_or_default();
        items.push(Item { what: format!("what {name} was asked"), text, section: "calls" });
    }
    if let Some(conversation) = &app.here.view.conversation {
        let url = if conversation.url.starts_with('/') {
            format!("{}{}", app.known.base_url, conversation.url)
        } else {
            conversation.url.clone()
        };
        items.push(Item { what: String::from("the link to this conversation"), text: url, section: "conversation" });
        let back = format!("omega chat --conversation {}", conversation.id);
        items.push(Item {
            what: String::from("the command that comes back here"),
            text: back,
            section: "conversation",
        });
    }
    items
}

/// The code blocks and links of a text.
fn within(text: &str) -> Vec<Item> {
    let (mut items, mut code): (Vec<Item>, Option<(String, String)>) = (Vec::new(), None);
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                let language = match kind {
                    CodeBlockKind::Fenced(info) => info.split_whitespace().next().unwrap_or_default().to_owned(),
                    CodeBlockKind::Indented => String::new(),
                };
                code = Some((language, String::new()));
            }
            Event::Text(text) => {
                if let Some((_, code)) = &mut code {
                    code.push_str(&text);
                }
            }
            Event::End(TagEnd::CodeBlock) => {
                if let Some((language, text)) = code.take() {
                    let language = if language.is_empty() { String::from("code") } else { language };
                    items.push(Item { what: format!("{language}, {}", lines(&text)), text, section: "message" });
                }
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) if !dest_url.is_empty() => {
                items.push(Item { what: format!("link {dest_url}"), text: dest_url.into_string(), section: "message" });
            }
            _ => {}
        }
    }
    items
}

fn lines(text: &str) -> String {
    match text.lines().count() {
        1 => String::from("1 line"),
        count => format!("{count} lines"),
    }
}

impl Source for Copying {
    fn title(&self) -> &'static str {
        "copy"
    }

    fn words(&self) -> &'static str {
        "what?"
    }

    fn list(&mut self, typed: &str, _app: &App) -> Vec<Choice> {
        self.shown = fuzzy::best(typed, self.all.clone(), |it| {
            format!("{} {}", it.what, it.text.chars().take(400).collect::<String>())
        });
        let choice = |it: &Item| Choice {
            name: it.what.clone(),
            about: it.text.chars().take(300).collect(),
            section: it.section,
            ..Choice::default()
        };
        self.shown.iter().map(choice).collect()
    }

    fn take(&mut self, at: usize, _typed: &str, _app: &mut App) -> Handled {
        let copied = self.shown.get(at).map(|it| Effect::Copy { text: it.text.clone(), what: it.what.clone() });
        Handled::Closed(copied.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_blocks_and_links_are_taken_as_they_were_written() {
        let found = within("a\n\n```rust\nfn main() {\n}\n```\n\nsee [x](https://a.b)\n\n    indented\n");
        let texts: Vec<&str> = found.iter().map(|it| it.text.as_str()).collect();
        assert_eq!(texts, ["fn main() {\n}\n", "https://a.b", "indented\n"]);
        assert_eq!(found[0].what, "rust, 2 lines");
    }
}
