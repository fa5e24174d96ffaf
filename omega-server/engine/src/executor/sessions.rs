//! Processes of MCP servers that serve the calls of one run, one after the other, so that a server finds what it held in its
//! memory.
//!
//! The promises: a process serves one run, one package and one set of variables, and one call at a time; it ends with its run, when
//! it was idle for some minutes, when others need the room, when it goes beyond what a call may take or works while nobody calls
//! it, and with the server, by the end of its stdin. A call that does not end well ends it. Whoever goes on and finds none is told
//! so.

use super::{
    image::Stamp,
    limits::{self, Limits},
    process::{Process, Waiting},
    watch,
};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};
use tokio::sync::OwnedMutexGuard;

/// Processes that wait for the next call of their run; of more of them the one goes that waits the longest.
const MOST: usize = 8;
/// How long one waits, also while its run waits for a person.
const IDLE: Duration = Duration::from_secs(180);
/// How often it is looked at, and the work between two looks that is no waiting.
const LOOK_EVERY: Duration = Duration::from_secs(5);
const IDLE_WORK: Duration = Duration::from_millis(500);
/// Runs that ended lately.
const REMEMBERED: usize = 256;

/// A conversation and a package: they have one folder, which one process at a time may have.
type Key = (String, String);
type Place = Arc<tokio::sync::Mutex<Option<Held>>>;

/// The processes that wait for their runs.
#[derive(Clone, Default)]
pub struct Sessions(Arc<Mutex<Shared>>);

#[derive(Default)]
struct Shared {
    places: HashMap<Key, Place>,
    /// Oldest first: what is still at work for one of them is not kept.
    ended: VecDeque<String>,
}

/// A process that waits, and for whom.
struct Held {
    process: Process,
    fits: Fits,
    since: Instant,
    last: Waiting,
}

/// What a process was started for: another run, another image, or other variables want another process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fits {
    run: String,
    stamp: Option<Stamp>,
    env: [u8; 32],
}

impl Fits {
    pub fn new(run: &str, stamp: Option<Stamp>, env: &BTreeMap<String, String>) -> Self {
        let mut digest = Sha256::new();
        for part in env.iter().flat_map(|(name, value)| [name, value]) {
            digest.update(part.len().to_le_bytes());
            digest.update(part);
        }
        Self { run: run.to_owned(), stamp, env: digest.finalize().into() }
    }
}

/// The turn of a call with the process of its conversation and package.
pub struct Turn {
    place: OwnedMutexGuard<Option<Held>>,
    shared: Weak<Mutex<Shared>>,
}

impl Sessions {
    /// Waits until no other call of this conversation and package works.
    pub async fn turn(&self, owner: &str, package: &str, run: &str) -> Turn {
        let place = {
            let mut shared = locked(&self.0);
            // It goes on, on this very node.
            shared.ended.retain(|ended| ended != run);
            Arc::clone(shared.places.entry((owner.to_owned(), package.to_owned())).or_default())
        };
        Turn { place: place.lock_owned().await, shared: Arc::downgrade(&self.0) }
    }

    /// Ends all processes of a run, now or when their calls end.
    pub fn end(&self, run: &str) {
        let mut shared = locked(&self.0);
        if shared.places.is_empty() {
            return;
        }
        shared.ended.push_back(run.to_owned());
        if shared.ended.len() > REMEMBERED {
            shared.ended.pop_front();
        }
        let mut over = Vec::new();
        shared.places.retain(|_, place| {
            // Whoever has the turn looks for itself whether its run is over.
            let Ok(mut held) = place.try_lock() else { return true };
            over.extend(held.take_if(|held| held.fits.run == run));
            held.is_some()
        });
        drop(shared);
        drop(over);
    }

    #[cfg(test)]
    fn places(&self) -> usize {
        locked(&self.0).places.len()
    }
}

fn locked(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Turn {
    /// The process that waits, if it fits; any other one is ended.
    pub fn take(&mut self, fits: &Fits) -> Option<Process> {
        let mut held = self.place.take()?;
        (held.fits == *fits && held.process.waiting().is_some()).then_some(held.process)
    }

    /// Keeps a process for the next call, unless its run is over.
    pub fn keep(mut self, mut process: Process, fits: Fits, limits: Limits) {
        let Some(last) = process.waiting() else { return };
        let Some(strong) = self.shared.upgrade() else { return };
        let shared = locked(&strong);
        if shared.ended.contains(&fits.run) {
            return;
        }
        let since = Instant::now();
        let crowded = shared.beyond(last.memory);
        *self.place = Some(Held { process, fits, since, last });
        drop(shared);
        drop(crowded);
        let place = Arc::downgrade(OwnedMutexGuard::mutex(&self.place));
        tokio::spawn(look_after(place, self.shared.clone(), since, limits));
    }
}

impl Shared {
    /// Takes out those that wait the longest, until there is room for one more. To be dropped outside of the lock.
    fn beyond(&self, memory: u64) -> Vec<Held> {
        let mut waiting: Vec<_> = self.places.values().filter_map(|place| place.try_lock().ok()).collect();
        waiting.retain(|held| held.is_some());
        waiting.sort_by_key(|held| held.as_ref().map(|held| held.since));
        let mut ended = Vec::new();
        let mut left = waiting.len();
        let mut taken = memory + waiting.iter().filter_map(|held| Some(held.as_ref()?.last.memory)).sum::<u64>();
        for held in &mut waiting {
            if left < MOST && taken <= limits::WAITING {
                break;
            }
            if let Some(held) = held.take() {
                left -= 1;
                taken -= held.last.memory;
                ended.push(held);
            }
        }
        ended
    }
}

/// Looks after a process that waits since then, until a call takes it or it is ended.
async fn look_after(
    place: Weak<tokio::sync::Mutex<Option<Held>>>,
    shared: Weak<Mutex<Shared>>,
    since: Instant,
    limits: Limits,
) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let (Some(place), Some(shared)) = (place.upgrade(), shared.upgrade()) else { return };
        // A call has it, or somebody looks whether there is room.
        let Ok(mut held) = place.try_lock() else { continue };
        // Whoever kept it meanwhile looks after it anew.
        let Some(waits) = held.as_mut().filter(|held| held.since == since) else { return };
        let is_over = |run: &String| locked(&shared).ended.contains(run);
        if is_over(&waits.fits.run) || !still_waits(waits, limits).await || is_over(&waits.fits.run) {
            *held = None;
            return;
        }
    }
}

async fn still_waits(waits: &mut Held, limits: Limits) -> bool {
    let Some(now) = waits.process.waiting() else { return false };
    let worked = now.worked.saturating_sub(waits.last.worked) >= IDLE_WORK;
    waits.last = now;
    let Some((id, scratch)) = waits.process.whereabouts() else { return false };
    !worked && waits.since.elapsed() < IDLE && watch::over(id, &scratch, limits).await.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_call_at_a_time_has_the_turn_of_its_conversation_and_package() {
        let sessions = Sessions::default();
        let first = sessions.turn("conversation", "server", "run").await;
        let second = sessions.turn("conversation", "server", "another run");
        tokio::pin!(second);
        assert!(futures_util::poll!(&mut second).is_pending());
        drop(sessions.turn("conversation", "other", "run").await);
        drop(sessions.turn("another", "server", "a third run").await);
        drop(first);
        drop(second.await);
        sessions.end("run");
        assert_eq!(sessions.places(), 0, "nothing is kept of what holds nothing");
    }

    #[test]
    fn another_run_and_other_variables_want_another_process() {
        let env = |pairs: &[(&str, &str)]| {
            let env = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            Fits::new("run", None, &env)
        };
        assert_eq!(env(&[("A", "1")]), env(&[("A", "1")]));
        for other in [&[][..], &[("A", "2")], &[("A1", "")], &[("A", "1"), ("B", "")]] {
            assert_ne!(env(&[("A", "1")]), env(other));
        }
        assert_ne!(Fits::new("run", None, &BTreeMap::new()), Fits::new("another", None, &BTreeMap::new()));
    }
}
