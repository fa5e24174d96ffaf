//! The conversations this user had last, newest first. The server lists none, so this file is what `--continue`,
//! `omega recent` and the shell's completions know. Losing it loses no conversation.

use super::{Dirs, private_file};
use crate::{api::Timestamp, id::ConversationId, sanitize::one_line};
use serde::{Deserialize, Serialize};
use std::{io, path::PathBuf};

const KEPT: usize = 200;
const TITLE: usize = 80;

/// A conversation that was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The conversation.
    pub id: ConversationId,
    /// Its title, or how its first message began.
    pub title: String,
    /// `local`, or the address of the server that has it.
    pub server: String,
    /// When it was used last.
    pub updated_at: Timestamp,
}

/// The file of recent conversations.
#[derive(Debug, Clone)]
pub struct Recent {
    path: PathBuf,
}

impl Recent {
    /// The user's file.
    #[must_use]
    pub fn new(dirs: &Dirs) -> Self {
        Self { path: dirs.data.join("recent.json") }
    }

    /// All of them, newest first. A file that can't be read counts as empty: it is a convenience.
    #[must_use]
    pub fn list(&self) -> Vec<Entry> {
        let text = private_file::read(&self.path).ok().flatten().unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// The newest one of a server.
    #[must_use]
    pub fn latest(&self, server: &str) -> Option<Entry> {
        self.list().into_iter().find(|entry| entry.server == server)
    }

    /// Puts a conversation first; an empty title keeps the known one.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn touch(&self, mut entry: Entry) -> io::Result<()> {
        entry.title = one_line(&entry.title, TITLE);
        private_file::alone(&self.path, || {
            let mut list = self.list();
            if let Some(at) = list.iter().position(|known| known.id == entry.id) {
                let known = list.remove(at);
                if entry.title.is_empty() {
                    entry.title = known.title;
                }
            }
            list.insert(0, entry);
            list.truncate(KEPT);
            private_file::replace(&self.path, &serde_json::to_vec_pretty(&list)?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_used_conversation_of_a_server_comes_first() {
        let home = tempfile::tempdir().unwrap();
        let recent = Recent::new(&Dirs::under(home.path()));
        let (a, b, c) = (ConversationId::new(), ConversationId::new(), ConversationId::new());
        let entry = |id, title: &str, server: &str| Entry {
            id,
            title: title.into(),
            server: server.into(),
            updated_at: Timestamp(1),
        };
        for (id, title, server) in
            [(a, "first\nline", "local"), (b, "b", "local"), (c, "c", "http://x"), (a, "", "local")]
        {
            recent.touch(entry(id, title, server)).unwrap();
        }
        assert_eq!(recent.list().iter().map(|e| e.id).collect::<Vec<_>>(), [a, c, b]);
        assert_eq!(recent.latest("local").unwrap().title, "first line");
        assert_eq!(recent.latest("http://x").unwrap().id, c);
    }

    #[test]
    fn a_broken_file_is_an_empty_list_and_is_replaced() {
        let home = tempfile::tempdir().unwrap();
        let recent = Recent::new(&Dirs::under(home.path()));
        private_file::replace(&recent.path, b"{not json").unwrap();
        assert!(recent.list().is_empty());
        let id = ConversationId::new();
        recent.touch(Entry { id, title: "t".into(), server: "local".into(), updated_at: Timestamp(1) }).unwrap();
        assert_eq!(recent.list().len(), 1);
    }
}
