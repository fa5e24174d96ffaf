//! What this user writes: drafts that were not sent, and messages that were, to be found again.
//!
//! The promises: what was kept is on the disk when the function returns, in files that only the user reads; any number of
//! terminals may be open at once and none takes another's text away; a message that looks as if a key were in it is not kept.

use super::{Dirs, drafts::Drafts, private_file};
use crate::{id::ConversationId, redact::Redactor};
use std::{borrow::Cow, io, path::PathBuf};

/// Messages that are kept, and bytes of one: a longer one is in its conversation.
const MESSAGES: usize = 1_000;
const MESSAGE: usize = 16 << 10;

/// The files of what is written, for one terminal at one server.
#[derive(Debug)]
pub struct Writing {
    drafts: Drafts,
    messages: PathBuf,
}

impl Writing {
    /// `server`: `local`, or the address of a shared one; drafts are of its conversations.
    pub fn new(dirs: &Dirs, server: &str) -> Self {
        Self { drafts: Drafts::new(dirs, server), messages: dirs.data.join("messages.json") }
    }

    /// Takes up what was written for a conversation, or for the next one, and left there. What this terminal held elsewhere
    /// is left in its place.
    ///
    /// # Errors
    /// The file can't be read or written; then it is as before.
    pub fn take_up_draft(&self, of: Option<ConversationId>) -> io::Result<String> {
        self.drafts.take_up(of)
    }

    /// Keeps what is written in this terminal; an empty text is forgotten.
    ///
    /// # Errors
    /// The file can't be read or written; then it is as before.
    pub fn keep_draft(&self, of: Option<ConversationId>, text: &str) -> io::Result<()> {
        self.drafts.keep(of, text)
    }

    /// The messages that were sent, oldest first.
    pub fn messages(&self) -> Vec<String> {
        let text = private_file::read(&self.messages).ok().flatten().unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Keeps a message as the newest.
    ///
    /// # Errors
    /// The file can't be read or written; then it is as before.
    pub fn keep_message(&self, text: &str) -> io::Result<()> {
        if text.trim().is_empty() || text.len() > MESSAGE || matches!(Redactor::default().redact(text), Cow::Owned(_)) {
            return Ok(());
        }
        private_file::alone(&self.messages, || {
            let mut messages: Vec<String> = private_file::read_or_put_aside(&self.messages)?;
            messages.retain(|known| known != text);
            messages.push(text.to_owned());
            let over = messages.len().saturating_sub(MESSAGES);
            messages.drain(..over);
            private_file::replace(&self.messages, &serde_json::to_vec(&messages)?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, thread};

    fn at_home() -> (tempfile::TempDir, Writing) {
        let home = tempfile::tempdir().unwrap();
        let writing = Writing::new(&Dirs::under(home.path()), "local");
        (home, writing)
    }

    #[test]
    fn messages_are_found_again_each_once_and_no_key_among_them() {
        let (_home, writing) = at_home();
        for text in ["one", "two", "one", " ", "my key is sk-ant-api03-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            writing.keep_message(text).unwrap();
        }
        writing.keep_message(&"long ".repeat(10_000)).unwrap();
        assert_eq!(writing.messages(), ["two", "one"]);
    }

    #[test]
    fn many_writers_at_once_lose_nobody_s_message() {
        let (_home, writing) = at_home();
        thread::scope(|scope| {
            for at in 0..8 {
                let writing = &writing;
                scope.spawn(move || (0..10).for_each(|n| writing.keep_message(&format!("{at} {n}")).unwrap()));
            }
        });
        assert_eq!(writing.messages().len(), 80);
    }

    #[test]
    fn a_damaged_file_is_put_aside() {
        let (home, writing) = at_home();
        let (drafts, aside) = (home.path().join("data/drafts.json"), home.path().join("data/drafts.damaged.json"));
        private_file::replace(&drafts, b"{not json").unwrap();
        assert_eq!(writing.take_up_draft(None).unwrap(), "");
        writing.keep_draft(None, "text").unwrap();
        assert_eq!(writing.take_up_draft(None).unwrap(), "text");
        assert_eq!(fs::read_to_string(aside).unwrap(), "{not json");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_reads_what_is_written() {
        use std::os::unix::fs::PermissionsExt;
        let (home, writing) = at_home();
        writing.keep_draft(None, "mine").unwrap();
        assert_eq!(fs::metadata(home.path().join("data/drafts.json")).unwrap().permissions().mode() & 0o077, 0);
    }
}
