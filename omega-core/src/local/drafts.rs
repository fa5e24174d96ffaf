//! What was written and not sent. A draft is held by the terminal on whose screen it is.
//!
//! The promises: what one terminal writes is neither shown nor overwritten by another one while it stands there, in the same
//! conversation too; what a terminal leaves behind, however it ends, is taken up by the next one that comes to the
//! conversation, and by that one alone.
//!
//! Who holds is said by the operating system's lock on a file of the terminal, as with the server: it goes with the process,
//! however that ends. Process ids may be given to others meanwhile and prove nothing.

use super::{Dirs, private_file};
use crate::id::ConversationId;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};
use uuid::Uuid;

/// Drafts that are kept: those that nobody came back to fall off.
const KEPT: usize = 200;

/// A text, and where it is written. The list of them is in the order of their last changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Draft {
    /// `local`, or the address of a shared one.
    server: String,
    /// None: it is for a conversation that is not there yet.
    conversation: Option<ConversationId>,
    text: String,
    /// The terminal on whose screen it is, or was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    holder: Option<Uuid>,
}

/// The drafts of one terminal at one server.
#[derive(Debug)]
pub(super) struct Drafts {
    file: PathBuf,
    terminals: PathBuf,
    server: String,
    me: Uuid,
    /// Held for the lock on it, from the first draft on.
    lock: Mutex<Option<File>>,
}

impl Drafts {
    pub fn new(dirs: &Dirs, server: &str) -> Self {
        Self {
            file: dirs.data.join("drafts.json"),
            terminals: dirs.run.join("terminals"),
            server: server.to_owned(),
            me: Uuid::now_v7(),
            lock: Mutex::default(),
        }
    }

    /// Leaves what this terminal held elsewhere, and takes up what was left here; the newest, when several were.
    pub fn take_up(&self, of: Option<ConversationId>) -> io::Result<String> {
        if !self.file.exists() {
            return Ok(String::new());
        }
        self.change(|drafts| {
            for draft in drafts.iter_mut().filter(|it| it.holder == Some(self.me) && !self.is_at(it, of)) {
                draft.holder = None;
            }
            let mine = drafts.iter().position(|it| it.holder == Some(self.me));
            let left = || drafts.iter().rposition(|it| self.is_at(it, of) && !self.is_held(it));
            let Some(at) = mine.or_else(left) else { return Ok(String::new()) };
            self.begin()?;
            drafts[at].holder = Some(self.me);
            Ok(drafts[at].text.clone())
        })
    }

    /// Keeps what stands on this terminal's screen; a text of nothing is forgotten.
    pub fn keep(&self, of: Option<ConversationId>, text: &str) -> io::Result<()> {
        let is_empty = text.trim().is_empty();
        if is_empty && !self.file.exists() {
            return Ok(());
        }
        self.change(|drafts| {
            drafts.retain(|it| it.holder != Some(self.me) || !self.is_at(it, of));
            if is_empty {
                return Ok(());
            }
            self.begin()?;
            while drafts.len() >= KEPT {
                let Some(oldest) = drafts.iter().position(|it| !self.is_held(it)) else { break };
                drafts.remove(oldest);
            }
            let (server, text, holder) = (self.server.clone(), text.to_owned(), Some(self.me));
            drafts.push(Draft { server, conversation: of, text, holder });
            Ok(())
        })
    }

    fn is_at(&self, draft: &Draft, of: Option<ConversationId>) -> bool {
        draft.server == self.server && draft.conversation == of
    }

    fn is_held(&self, draft: &Draft) -> bool {
        draft.holder.is_some_and(|holder| holder == self.me || is_open(&self.lock_file(holder)))
    }

    fn lock_file(&self, terminal: Uuid) -> PathBuf {
        self.terminals.join(format!("{terminal}.lock"))
    }

    /// Takes the lock that says that this terminal is open, and clears away those of terminals that are not. Only while
    /// nobody else is at the drafts: who takes a lock would else find its file cleared away.
    fn begin(&self) -> io::Result<()> {
        let mut held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_some() {
            return Ok(());
        }
        for entry in fs::read_dir(&self.terminals).into_iter().flatten().flatten() {
            if !is_open(&entry.path()) {
                // What can't be cleared away is only in the way.
                let _ = fs::remove_file(entry.path());
            }
        }
        let mut options = OpenOptions::new();
        let lock = private_file::open(&self.lock_file(self.me), options.write(true).create(true).truncate(false))?;
        lock.lock()?;
        *held = Some(lock);
        Ok(())
    }

    /// Changes the list while nobody else does; it is written when it is another one then.
    fn change<T>(&self, make: impl FnOnce(&mut Vec<Draft>) -> io::Result<T>) -> io::Result<T> {
        private_file::alone(&self.file, || {
            let before: Vec<Draft> = private_file::read_or_put_aside(&self.file)?;
            let mut drafts = before.clone();
            let made = make(&mut drafts)?;
            if drafts != before {
                private_file::replace(&self.file, &serde_json::to_vec(&drafts)?)?;
            }
            Ok(made)
        })
    }
}

/// Whether the terminal of this lock is open. In doubt it is: then its draft is left alone.
fn is_open(lock: &Path) -> bool {
    match File::open(lock) {
        Err(error) => error.kind() != io::ErrorKind::NotFound,
        Ok(file) => file.try_lock_shared().is_err(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::{collections::BTreeSet, thread};

    fn terminal(home: &Path) -> Drafts {
        Drafts::new(&Dirs::under(home), "local")
    }

    #[test]
    fn two_terminals_in_one_conversation_each_have_their_own_draft() {
        let home = tempfile::tempdir().unwrap();
        let here = Some(ConversationId::new());
        let (one, two) = (terminal(home.path()), terminal(home.path()));
        one.keep(here, "of the first").unwrap();
        assert_eq!(two.take_up(here).unwrap(), "", "it stands on another screen");
        two.keep(here, "of the second").unwrap();
        one.keep(here, "of the first, and more").unwrap();
        two.keep(here, "").unwrap();
        drop((one, two));
        let (three, four) = (terminal(home.path()), terminal(home.path()));
        assert_eq!(three.take_up(here).unwrap(), "of the first, and more");
        assert_eq!(four.take_up(here).unwrap(), "", "by one alone");
    }

    #[test]
    fn a_draft_that_was_left_is_taken_up_by_whoever_comes_and_the_newest_first() {
        let home = tempfile::tempdir().unwrap();
        let (here, there) = (Some(ConversationId::new()), None);
        let (one, two) = (terminal(home.path()), terminal(home.path()));
        one.keep(here, "left by one that is open elsewhere").unwrap();
        assert_eq!(one.take_up(there).unwrap(), "");
        assert_eq!(two.take_up(here).unwrap(), "left by one that is open elsewhere");
        one.take_up(here).unwrap();
        one.keep(here, "another").unwrap();
        drop((one, two));
        let all: Vec<Drafts> = (0..3).map(|_| terminal(home.path())).collect();
        let texts: Vec<String> = all.iter().map(|it| it.take_up(here).unwrap()).collect();
        assert_eq!(texts, ["another", "left by one that is open elsewhere", ""]);
    }

    #[test]
    fn a_draft_belongs_to_its_server_too() {
        let home = tempfile::tempdir().unwrap();
        let here = Some(ConversationId::new());
        let there = Drafts::new(&Dirs::under(home.path()), "https://omega.test");
        there.keep(here, "elsewhere").unwrap();
        drop(there);
        assert_eq!(terminal(home.path()).take_up(here).unwrap(), "");
    }

    #[test]
    fn terminals_that_are_gone_leave_no_files_and_old_drafts_fall_off_and_open_ones_never() {
        let home = tempfile::tempdir().unwrap();
        let open = terminal(home.path());
        open.keep(None, "open").unwrap();
        for n in 0..KEPT + 5 {
            terminal(home.path()).keep(Some(ConversationId::new()), &n.to_string()).unwrap();
        }
        assert_eq!(fs::read_dir(&open.terminals).unwrap().count(), 2, "the open one's and the last one's");
        let kept: Vec<Draft> = private_file::read_or_put_aside(&open.file).unwrap();
        assert_eq!((kept.len(), kept[0].text.as_str(), kept[1].text.as_str()), (KEPT, "open", "6"));
    }

    #[test]
    fn many_terminals_at_once_lose_nobody_s_draft() {
        let home = tempfile::tempdir().unwrap();
        let here = Some(ConversationId::new());
        thread::scope(|scope| {
            for at in 0..8 {
                let home = home.path();
                scope.spawn(move || {
                    let terminal = terminal(home);
                    (0..10).for_each(|n| terminal.keep(here, &format!("{at} {n}")).unwrap());
                });
            }
        });
        let all: Vec<Drafts> = (0..8).map(|_| terminal(home.path())).collect();
        let mut texts: Vec<String> = all.iter().map(|it| it.take_up(here).unwrap()).collect();
        texts.sort();
        assert_eq!(texts, (0..8).map(|at| format!("{at} 9")).collect::<Vec<_>>());
    }

    /// What one of three terminals does.
    #[derive(Debug, Clone, Copy)]
    enum Doing {
        Write,
        Clear,
        Go(usize),
        /// It ends, and another is opened in its place.
        Restart(usize),
    }

    fn doing() -> impl Strategy<Value = (usize, Doing)> {
        let what = prop_oneof![
            4 => Just(Doing::Write),
            1 => Just(Doing::Clear),
            2 => (0..3_usize).prop_map(Doing::Go),
            2 => (0..3_usize).prop_map(Doing::Restart),
        ];
        (0..3_usize, what)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn no_order_of_terminals_loses_a_draft_or_shows_it_twice(all in prop::collection::vec(doing(), 1..40)) {
            let home = tempfile::tempdir().unwrap();
            let places = [None, Some(ConversationId::new()), Some(ConversationId::new())];
            // Of each terminal: where it is, and what stands there.
            let mut screens: Vec<(Drafts, usize, String)> =
                (0..3).map(|_| (terminal(home.path()), 0, String::new())).collect();
            let mut written: Vec<String> = Vec::new();
            for (at, doing) in all {
                let (drafts, place, text) = &mut screens[at];
                match doing {
                    Doing::Write => {
                        written.retain(|known| known != text);
                        *text = format!("text {}", Uuid::now_v7());
                        written.push(text.clone());
                        drafts.keep(places[*place], text).unwrap();
                    }
                    Doing::Clear => {
                        written.retain(|known| known != text);
                        text.clear();
                        drafts.keep(places[*place], "").unwrap();
                    }
                    Doing::Go(to) | Doing::Restart(to) => {
                        if let Doing::Restart(_) = doing {
                            *drafts = terminal(home.path());
                        }
                        *place = to;
                        *text = drafts.take_up(places[to]).unwrap();
                    }
                }
                let seen: Vec<&String> = screens.iter().map(|it| &it.2).filter(|text| !text.is_empty()).collect();
                prop_assert!(seen.iter().all(|text| written.contains(text)));
                prop_assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len(), "none is on two screens");
            }
            drop(screens);
            let mut found = Vec::new();
            for place in places {
                let mut open = Vec::new();
                loop {
                    let next = terminal(home.path());
                    let text = next.take_up(place).unwrap();
                    if text.is_empty() {
                        break;
                    }
                    found.push(text);
                    open.push(next);
                }
            }
            found.sort();
            written.sort();
            prop_assert_eq!(found, written);
        }
    }
}
