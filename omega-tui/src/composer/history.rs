//! The messages that were sent, to go back to. The draft that was being written stays at the end of them.

use std::collections::HashSet;

/// Sent messages, oldest first, and where the user is among them.
#[derive(Debug, Default)]
pub struct History {
    entries: Vec<String>,
    /// Index of the entry shown; `None` while the draft is.
    at: Option<usize>,
    draft: String,
}

impl History {
    /// Adds a message; one that repeats the last is kept once. The draft is to be taken out before.
    pub fn push(&mut self, text: String) {
        self.begin_anew();
        if !text.trim().is_empty() && self.entries.last() != Some(&text) {
            self.entries.push(text);
        }
    }

    pub fn entries(&self) -> &[String] {
        &self.entries
    }

    /// Puts messages of earlier times before those that are here. Where somebody is among them stays as it is.
    pub fn begin_with(&mut self, mut earlier: Vec<String>) {
        let here: HashSet<&String> = self.entries.iter().collect();
        earlier.retain(|text| !here.contains(text));
        self.at = self.at.map(|at| at + earlier.len());
        earlier.append(&mut self.entries);
        self.entries = earlier;
    }

    /// The message before; `shown` becomes the draft when it is left.
    pub fn previous(&mut self, shown: &str) -> Option<String> {
        let at = match self.at {
            Some(at) => at.checked_sub(1)?,
            None => {
                let last = self.entries.len().checked_sub(1)?;
                shown.clone_into(&mut self.draft);
                last
            }
        };
        self.at = Some(at);
        self.entries.get(at).cloned()
    }

    /// The draft that `next` leads back to, while a message is shown as it was sent.
    pub fn draft(&self, shown: &str) -> Option<&str> {
        (!self.is_edited(shown)).then_some(self.draft.as_str()).filter(|it| self.at.is_some() && !it.trim().is_empty())
    }

    /// Whether what is shown is no longer the message that was gone back to.
    pub fn is_edited(&self, shown: &str) -> bool {
        self.at.is_some_and(|at| self.entries.get(at).is_none_or(|entry| entry != shown))
    }

    /// Takes the draft out, where somebody has left it: what is shown is the draft from here on.
    pub fn take_draft(&mut self) -> Option<String> {
        let draft = std::mem::take(&mut self.draft);
        self.at.take().is_some().then_some(draft).filter(|it| !it.trim().is_empty())
    }

    /// Nobody is among them, and there is no draft.
    pub fn begin_anew(&mut self) {
        (self.at, self.draft) = (None, String::new());
    }

    /// The message after, and the draft after the last.
    pub fn next(&mut self) -> Option<String> {
        let at = self.at? + 1;
        self.at = (at < self.entries.len()).then_some(at);
        Some(self.entries.get(at).cloned().unwrap_or_else(|| std::mem::take(&mut self.draft)))
    }
}
