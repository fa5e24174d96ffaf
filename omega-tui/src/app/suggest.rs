//! What fits what is being written: commands behind a slash at the beginning, tools of the registry behind an `@`.
//!
//! The list moves by the arrows, enter and tab take what is selected, and esc leaves the text as it is. A tool that is named
//! as `@package::export` is at hand for that message.

use super::{
    App, Effect, Focus,
    slash::{SlashCommand, matching},
};
use crate::{
    keymap::Action,
    messages::{Command, Topic},
};
use omega_core::{api::ToolRow, id::ToolId};

/// Something that may be taken.
#[derive(Debug, Clone)]
pub enum Suggestion {
    Command(&'static SlashCommand),
    Tool(Box<ToolRow>),
}

#[derive(Debug, Default)]
pub struct Suggestions {
    pub all: Vec<Suggestion>,
    pub selected: usize,
    /// What is looked for behind an `@`; nothing where there is none.
    pub tools_for: Option<String>,
    /// The tools did not come yet.
    pub is_asking: bool,
    /// The text that the list was left for.
    left: Option<String>,
    seen: String,
    asked_keys: bool,
}

impl Suggestions {
    pub fn is_open(&self) -> bool {
        self.left.is_none() && !self.all.is_empty()
    }

    fn selected(&self) -> Option<&Suggestion> {
        self.all.get(self.selected)
    }
}

/// Where the word before the caret begins, and what follows its `@`.
fn mention(before_caret: &str) -> Option<(usize, &str)> {
    let from = before_caret
        .rfind(char::is_whitespace)
        .map_or(0, |at| at + before_caret[at..].chars().next().map_or(1, char::len_utf8));
    let word = before_caret[from..].strip_prefix('@')?;
    Some((from, word))
}

/// The tools that a message names as `@package::export`, each once.
pub fn tools_named(text: &str) -> Vec<ToolId> {
    let mut tools: Vec<ToolId> = Vec::new();
    for word in text.split_whitespace().filter_map(|word| word.strip_prefix('@')) {
        let word = word.trim_end_matches(['.', ',', ';', ':', '!', '?', ')']);
        if let Ok(tool) = word.parse::<ToolId>()
            && !tools.contains(&tool)
        {
            tools.push(tool);
        }
    }
    tools
}

impl App {
    /// Brings the list up to date with what is written.
    pub(super) fn follow_suggestions(&mut self) -> Vec<Effect> {
        let before = self.composer.before_caret();
        if self.focus != Focus::Composer || before == self.suggestions.seen {
            return Vec::new();
        }
        self.suggestions.seen = before.to_owned();
        if self.suggestions.left.as_deref() != Some(before) {
            self.suggestions.left = None;
        }
        if before.len() == self.composer.text().len() && before.starts_with('/') {
            self.suggestions.all = matching(before).map(Suggestion::Command).collect();
            self.suggestions.selected = 0;
            self.suggestions.tools_for = None;
            return Vec::new();
        }
        let Some(query) = mention(before).map(|(_, query)| query.to_owned()) else {
            (self.suggestions.all, self.suggestions.tools_for) = (Vec::new(), None);
            return Vec::new();
        };
        if self.suggestions.tools_for.as_ref() == Some(&query) {
            return Vec::new();
        }
        self.suggestions.all.retain(|it| matches!(it, Suggestion::Tool(_)));
        self.suggestions.tools_for = Some(query.clone());
        self.suggestions.is_asking = !query.is_empty();
        let mut effects = Vec::new();
        if !self.suggestions.asked_keys {
            // Which variables are there already is said beside the tools.
            self.suggestions.asked_keys = true;
            effects.push(Effect::Command(Command::Look(Topic::Keys)));
        }
        if !query.is_empty() {
            effects.push(Effect::Command(Command::FindTools(query)));
        }
        effects
    }

    /// Tools came; they count when they are for what stands there now.
    pub(super) fn suggest_tools(&mut self, query: &str, rows: &[ToolRow]) {
        if self.suggestions.tools_for.as_deref() == Some(query) {
            self.suggestions.all = rows.iter().map(|row| Suggestion::Tool(Box::new(row.clone()))).collect();
            self.suggestions.selected = 0;
            self.suggestions.is_asking = false;
        }
    }

    /// Does what a key does in the list; nothing when it is not open, or when the key means nothing there.
    pub(super) fn act_on_suggestions(&mut self, action: Action) -> Option<Vec<Effect>> {
        if self.focus != Focus::Composer || !self.suggestions.is_open() {
            return None;
        }
        let last = self.suggestions.all.len() - 1;
        let selected = self.suggestions.selected;
        match action {
            Action::Up => self.suggestions.selected = selected.checked_sub(1).unwrap_or(last),
            Action::Down => self.suggestions.selected = if selected == last { 0 } else { selected + 1 },
            Action::Stop => self.suggestions.left = Some(self.suggestions.seen.clone()),
            Action::Complete => {
                self.take_suggestion();
            }
            Action::Send => return self.take_suggestion().then(Vec::new),
            _ => return None,
        }
        Some(Vec::new())
    }

    /// Writes what is selected. False when that is what stands there already, or a command that needs no more: then it is sent.
    fn take_suggestion(&mut self) -> bool {
        match self.suggestions.selected().cloned() {
            Some(Suggestion::Command(command)) => {
                let (typed, whole) = (self.composer.text().to_owned(), format!("/{}", command.name));
                let is_whole = command.argument.is_empty() || typed == whole;
                self.composer.replace(&if command.argument.is_empty() { whole } else { format!("{whole} ") });
                !is_whole
            }
            Some(Suggestion::Tool(row)) => {
                let from = mention(self.composer.before_caret()).map(|(from, _)| from);
                if let Some(from) = from {
                    self.composer.replace_before_caret(from, &format!("@{} ", row.tool_id));
                }
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mention_is_a_word_that_begins_with_an_at() {
        let cases = [
            ("@ya", Some((0, "ya"))),
            ("use @", Some((4, ""))),
            ("use\n@a b", None),
            ("ada@example.org", None),
            ("日本 @x", Some((7, "x"))),
            ("", None),
        ];
        for (text, found) in cases {
            assert_eq!(mention(text), found, "{text:?}");
        }
    }

    #[test]
    fn tools_are_pinned_by_their_whole_names_alone() {
        let names = |text| tools_named(text).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names("use @mathjs::evaluate, @a/b and @mathjs::evaluate"), ["mathjs::evaluate"]);
        assert_eq!(names("ask @ada or mail@x.org"), [""; 0]);
        assert_eq!(names("(@@scope/pkg::run)"), [""; 0]);
        assert_eq!(names("@@scope/pkg::run."), ["@scope/pkg::run"]);
    }
}
