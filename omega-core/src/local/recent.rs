//! The conversations this user had last, newest first. The server lists none, so this file is what `--continue`,
//! `omega recent` and the shell's completions know, and the only way back to a conversation whose address nobody kept.
//!
//! The promises: an entry is on the disk when [`Recent::touch`] returns, however the process ends; any number of processes
//! may write at once and none takes another's entry away; what can't be read as a list is put aside, never written over.

use super::{Dirs, private_file};
use crate::{api::Timestamp, id::ConversationId, sanitize::one_line};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{fs, io, path::PathBuf};

/// What falls off the end can't be found again, so it is years of use; as a file half a megabyte.
const KEPT: usize = 2_000;
const TITLE: usize = 80;

/// A conversation that was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    pub id: ConversationId,
    /// Its title, or how its first message began.
    pub title: String,
    /// `local`, or the address of the server that has it.
    pub server: String,
    /// When it was used last.
    pub updated_at: Timestamp,
}

impl Entry {
    fn is_of(&self, server: &str, id: ConversationId) -> bool {
        self.id == id && self.server == server
    }
}

/// The file of recent conversations.
#[derive(Debug, Clone)]
pub struct Recent {
    path: PathBuf,
}

impl Recent {
    pub fn new(dirs: &Dirs) -> Self {
        Self { path: dirs.data.join("recent.json") }
    }

    /// All of them, newest first. Of a damaged file what can be read.
    pub fn list(&self) -> Vec<Entry> {
        let text = private_file::read(&self.path).ok().flatten().unwrap_or_default();
        entries(&text).unwrap_or_default()
    }

    /// Those of a server, newest first.
    pub fn of(&self, server: &str) -> Vec<Entry> {
        self.list().into_iter().filter(|entry| entry.server == server).collect()
    }

    /// Puts a conversation first; an empty title keeps the known one. Only for one that is there: the list would lead to
    /// nothing.
    ///
    /// # Errors
    /// The file can't be read or written; then it is as before.
    pub fn touch(&self, mut entry: Entry) -> io::Result<()> {
        entry.title = one_line(&entry.title, TITLE);
        self.change(|list| {
            if let Some(at) = list.iter().position(|known| known.is_of(&entry.server, entry.id)) {
                let known = list.remove(at);
                if entry.title.is_empty() {
                    entry.title = known.title;
                }
            }
            list.insert(0, entry);
            list.truncate(KEPT);
        })
    }

    /// Gives conversations of a server the titles that they have there. Their places stay.
    ///
    /// # Errors
    /// The file can't be read or written; then it is as before.
    pub fn retitle(&self, server: &str, titles: &[(ConversationId, String)]) -> io::Result<()> {
        self.change(|list| {
            for (id, title) in titles {
                if let Some(entry) = list.iter_mut().find(|entry| entry.is_of(server, *id)) {
                    entry.title = one_line(title, TITLE);
                }
            }
        })
    }

    /// Takes conversations off the list of a server.
    ///
    /// # Errors
    /// The file can't be read or written; then it is as before.
    pub fn forget(&self, server: &str, ids: &[ConversationId]) -> io::Result<()> {
        self.change(|list| list.retain(|entry| !ids.iter().any(|id| entry.is_of(server, *id))))
    }

    fn change(&self, make: impl FnOnce(&mut Vec<Entry>)) -> io::Result<()> {
        private_file::alone(&self.path, || {
            // A file that can't be read now is not an empty one.
            let text = private_file::read(&self.path)?.unwrap_or_default();
            let mut list = match entries(&text) {
                Some(list) => list,
                None => {
                    fs::rename(&self.path, self.path.with_extension("damaged.json"))?;
                    Vec::new()
                }
            };
            make(&mut list);
            private_file::replace(&self.path, &serde_json::to_vec_pretty(&list)?)
        })
    }
}

/// The entries of a text, without those that are none; `None` when it is no list at all.
fn entries(text: &str) -> Option<Vec<Entry>> {
    if text.trim().is_empty() {
        return Some(Vec::new());
    }
    let rows: Vec<Value> = serde_json::from_str(text).ok()?;
    Some(rows.into_iter().filter_map(|row| serde_json::from_value(row).ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    fn entry(id: ConversationId, title: &str, server: &str) -> Entry {
        Entry { id, title: title.into(), server: server.into(), updated_at: Timestamp(1) }
    }

    fn at_home() -> (tempfile::TempDir, Recent) {
        let home = tempfile::tempdir().unwrap();
        let recent = Recent::new(&Dirs::under(home.path()));
        (home, recent)
    }

    #[test]
    fn the_last_used_conversation_of_a_server_comes_first() {
        let (_home, recent) = at_home();
        let (a, b, c) = (ConversationId::new(), ConversationId::new(), ConversationId::new());
        for (id, title, server) in
            [(a, "first\nline", "local"), (b, "b", "local"), (c, "c", "http://x"), (a, "", "local")]
        {
            recent.touch(entry(id, title, server)).unwrap();
        }
        assert_eq!(recent.list().iter().map(|e| e.id).collect::<Vec<_>>(), [a, c, b]);
        assert_eq!(recent.of("local").iter().map(|e| e.title.as_str()).collect::<Vec<_>>(), ["first line", "b"]);
        assert_eq!(recent.of("http://x")[0].id, c);
        recent.retitle("local", &[(b, "B".into()), (c, "other".into())]).unwrap();
        let titles: Vec<String> = recent.list().into_iter().map(|entry| entry.title).collect();
        assert_eq!(titles, ["first line", "c", "B"], "c is of another server");
    }

    #[test]
    fn one_server_s_entry_is_not_another_s() {
        let (_home, recent) = at_home();
        let id = ConversationId::new();
        recent.touch(entry(id, "mine", "local")).unwrap();
        recent.touch(entry(id, "", "http://x")).unwrap();
        assert_eq!(recent.of("local")[0].title, "mine");
        recent.forget("http://x", &[id]).unwrap();
        assert_eq!((recent.of("local").len(), recent.of("http://x").len()), (1, 0));
    }

    #[test]
    fn many_writers_at_once_lose_nobody_s_entry() {
        let (_home, recent) = at_home();
        let ids: Vec<Vec<ConversationId>> = (0..8).map(|_| (0..12).map(|_| ConversationId::new()).collect()).collect();
        thread::scope(|scope| {
            for own in &ids {
                let recent = &recent;
                scope.spawn(move || {
                    for id in own {
                        recent.touch(entry(*id, "begun", "local")).unwrap();
                        recent.touch(entry(*id, "named", "local")).unwrap();
                    }
                    recent.forget("local", &own[..1]).unwrap();
                });
            }
        });
        let list = recent.of("local");
        assert_eq!(list.len(), 8 * 11);
        assert!(list.iter().all(|entry| entry.title == "named"));
        assert!(ids.iter().all(|own| list.iter().all(|entry| entry.id != own[0])));
    }

    #[test]
    fn a_damaged_file_is_put_aside_and_a_damaged_row_takes_no_other_with_it() {
        let (_home, recent) = at_home();
        private_file::replace(&recent.path, b"{not json").unwrap();
        assert!(recent.list().is_empty());
        let id = ConversationId::new();
        recent.touch(entry(id, "t", "local")).unwrap();
        assert_eq!(recent.list().len(), 1);
        let aside = fs::read_to_string(recent.path.with_extension("damaged.json")).unwrap();
        assert_eq!(aside, "{not json");

        let good = serde_json::to_value(recent.list().remove(0)).unwrap();
        let rows = serde_json::json!([{ "id": "nonsense" }, good]).to_string();
        private_file::replace(&recent.path, rows.as_bytes()).unwrap();
        assert_eq!(recent.list()[0].id, id);
    }

    #[test]
    fn a_file_that_can_not_be_read_is_not_written_over() {
        let (_home, recent) = at_home();
        fs::create_dir_all(&recent.path).unwrap();
        assert!(recent.touch(entry(ConversationId::new(), "t", "local")).is_err());
        assert!(recent.path.is_dir());
    }
}
