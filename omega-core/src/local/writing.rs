//! What this user writes: drafts that were not sent, and messages that were, to be found again.
//!
//! The promises: what was kept is on the disk when the function returns, in files that only the user reads; any number of
//! processes may write at once and none takes another's text away; a message that looks as if a key were in it is not kept.

use super::{Dirs, private_file};
use crate::{id::ConversationId, redact::Redactor};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    borrow::Cow,
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// Messages that are kept, and bytes of one: a longer one is in its conversation.
const MESSAGES: usize = 1_000;
const MESSAGE: usize = 16 << 10;
/// Drafts that are kept: those of conversations that nobody came back to fall off.
const DRAFTS: usize = 200;

/// The files of what is written, for one server.
#[derive(Debug, Clone)]
pub struct Writing {
    drafts: PathBuf,
    messages: PathBuf,
    server: String,
}

impl Writing {
    /// `server`: `local`, or the address of a shared one; drafts are of its conversations.
    pub fn new(dirs: &Dirs, server: &str) -> Self {
        let (drafts, messages) = (dirs.data.join("drafts.json"), dirs.data.join("messages.json"));
        Self { drafts, messages, server: server.to_owned() }
    }

    fn key(&self, of: Option<ConversationId>) -> String {
        format!("{} {}", self.server, of.map_or_else(|| String::from("next"), |id| id.to_string()))
    }

    /// What was written for a conversation, or for the next one, and not sent.
    pub fn draft(&self, of: Option<ConversationId>) -> String {
        read::<BTreeMap<String, String>>(&self.drafts).remove(&self.key(of)).unwrap_or_default()
    }

    /// Keeps what is written; an empty text is forgotten.
    ///
    /// # Errors
    /// The file can't be read or written; then it is as before.
    pub fn keep_draft(&self, of: Option<ConversationId>, text: &str) -> io::Result<()> {
        if text.is_empty() && !self.drafts.exists() {
            return Ok(());
        }
        let key = self.key(of);
        change(&self.drafts, |drafts: &mut BTreeMap<String, String>| {
            drafts.remove(&key);
            if !text.trim().is_empty() {
                // Ids are in the order of time: the first ones are the oldest.
                while drafts.len() >= DRAFTS {
                    drafts.pop_first();
                }
                drafts.insert(key, text.to_owned());
            }
        })
    }

    /// The messages that were sent, oldest first.
    pub fn messages(&self) -> Vec<String> {
        read(&self.messages)
    }

    /// Keeps a message as the newest.
    ///
    /// # Errors
    /// The file can't be read or written; then it is as before.
    pub fn keep_message(&self, text: &str) -> io::Result<()> {
        if text.trim().is_empty() || text.len() > MESSAGE || matches!(Redactor::default().redact(text), Cow::Owned(_)) {
            return Ok(());
        }
        change(&self.messages, |messages: &mut Vec<String>| {
            messages.retain(|known| known != text);
            messages.push(text.to_owned());
            let over = messages.len().saturating_sub(MESSAGES);
            messages.drain(..over);
        })
    }
}

/// What can be read of a file; nothing of one that is not there or damaged.
fn read<T: DeserializeOwned + Default>(path: &Path) -> T {
    let text = private_file::read(path).ok().flatten().unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

fn change<T: DeserializeOwned + Serialize + Default>(path: &Path, make: impl FnOnce(&mut T)) -> io::Result<()> {
    private_file::alone(path, || {
        // A file that can't be read now is not an empty one; one that makes no sense is put aside.
        let text = private_file::read(path)?.unwrap_or_default();
        let mut kept: T = match serde_json::from_str(&text) {
            Ok(kept) => kept,
            Err(_) => {
                if !text.trim().is_empty() {
                    fs::rename(path, path.with_extension("damaged.json"))?;
                }
                T::default()
            }
        };
        make(&mut kept);
        private_file::replace(path, &serde_json::to_vec(&kept)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    fn at_home(server: &str) -> (tempfile::TempDir, Writing) {
        let home = tempfile::tempdir().unwrap();
        let writing = Writing::new(&Dirs::under(home.path()), server);
        (home, writing)
    }

    #[test]
    fn a_draft_belongs_to_its_conversation_and_its_server() {
        let (home, here) = at_home("local");
        let there = Writing::new(&Dirs::under(home.path()), "https://omega.test");
        let id = ConversationId::new();
        here.keep_draft(Some(id), "half a").unwrap();
        here.keep_draft(None, "two\nlines").unwrap();
        there.keep_draft(Some(id), "elsewhere").unwrap();
        assert_eq!((here.draft(Some(id)), here.draft(None)), ("half a".into(), "two\nlines".into()));
        here.keep_draft(Some(id), "").unwrap();
        assert_eq!((here.draft(Some(id)), there.draft(Some(id))), (String::new(), "elsewhere".into()));
    }

    #[test]
    fn messages_are_found_again_each_once_and_no_key_among_them() {
        let (_home, writing) = at_home("local");
        for text in ["one", "two", "one", " ", "my key is sk-ant-api03-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            writing.keep_message(text).unwrap();
        }
        writing.keep_message(&"long ".repeat(10_000)).unwrap();
        assert_eq!(writing.messages(), ["two", "one"]);
    }

    #[test]
    fn many_writers_at_once_lose_nobody_s_text() {
        let (_home, writing) = at_home("local");
        let ids: Vec<ConversationId> = (0..8).map(|_| ConversationId::new()).collect();
        thread::scope(|scope| {
            for id in &ids {
                let writing = &writing;
                scope.spawn(move || {
                    for n in 0..10 {
                        writing.keep_draft(Some(*id), &format!("{id} {n}")).unwrap();
                        writing.keep_message(&format!("{id} {n}")).unwrap();
                    }
                });
            }
        });
        assert!(ids.iter().all(|id| writing.draft(Some(*id)) == format!("{id} 9")));
        assert_eq!(writing.messages().len(), 80);
    }

    #[test]
    fn a_damaged_file_is_put_aside() {
        let (_home, writing) = at_home("local");
        private_file::replace(&writing.drafts, b"{not json").unwrap();
        assert_eq!(writing.draft(None), "");
        writing.keep_draft(None, "text").unwrap();
        assert_eq!(writing.draft(None), "text");
        assert_eq!(fs::read_to_string(writing.drafts.with_extension("damaged.json")).unwrap(), "{not json");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_reads_what_is_written() {
        use std::os::unix::fs::PermissionsExt;
        let (_home, writing) = at_home("local");
        writing.keep_draft(None, "mine").unwrap();
        assert_eq!(fs::metadata(&writing.drafts).unwrap().permissions().mode() & 0o077, 0);
    }
}
