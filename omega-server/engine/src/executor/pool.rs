//! Processes that are started before their call comes. Each serves one call and is never used again.
//!
//! Two kinds: a *prewarmed* process has started Deno, knows nothing yet and sees no image, so it fits every small one, whose files
//! get a second name where it may read when its call comes; a *standby* belongs to one image and has loaded the package,
//! without any secret. A standby is started after a call of its image, or when another
//! one is announced. What waits is bounded in number, memory and time, is thrown away if it works while it waits, and dies with the
//! pool or, by the end of its stdin, with the server.

use super::{
    image::{Image, Stamp},
    launch::Launcher,
    limits,
    process::{Process, Waiting},
    secret_names, watch,
};
use secrecy::SecretString;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};
use tokio::task::AbortHandle;

#[derive(Debug, Clone, Copy)]
pub struct PoolLimits {
    /// Prewarmed processes; 0 or 1.
    pub prewarmed: usize,
    /// Standbys, of different images.
    pub standbys: usize,
    /// Bytes of all of them together.
    pub memory: u64,
    /// How long one waits before it is ended.
    pub idle: Duration,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self { prewarmed: 1, standbys: 4, memory: limits::WAITING, idle: Duration::from_secs(300) }
    }
}

/// How often what waits is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// More work than this between two looks is no waiting.
const IDLE_WORK: Duration = Duration::from_millis(500);
/// Images up to this size start as fast in a prewarmed process, shown to it, as in one with the image's own compiled code, or
/// faster; for larger ones that code is worth more than the start of Deno.
const SMALL_IMAGE: u64 = 5 << 20;
/// Images of which something is remembered.
const REMEMBERED: usize = 1024;

/// The processes that wait.
#[derive(Clone)]
pub struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    launcher: Launcher,
    limits: PoolLimits,
    state: Mutex<PoolState>,
}

#[derive(Default)]
struct PoolState {
    /// Oldest first.
    kept: Vec<IdleProcess>,
    /// Images, or `None` for a prewarmed one, that a process is being started for.
    starting: HashMap<Option<PathBuf>, AbortHandle>,
    /// Images that were called. No package is loaded ahead with the network of a call before its first call.
    called: HashSet<PathBuf>,
    /// Images whose package can't be loaded ahead of a call.
    unfit: HashSet<PathBuf>,
    counter: u64,
}

struct IdleProcess {
    number: u64,
    process: Process,
    /// `None` for a prewarmed one.
    loaded: Option<Loaded>,
    since: Instant,
    last: Waiting,
}

/// What a standby has loaded.
struct Loaded {
    image: Image,
    stamp: Stamp,
    /// Variables that the package asked for meanwhile; `*` when it listed all.
    read: HashSet<String>,
}

impl Pool {
    /// An empty one.
    pub fn new(launcher: Launcher, limits: PoolLimits) -> Self {
        Self { shared: Arc::new(Shared { launcher, limits, state: Mutex::default() }) }
    }

    /// A process for a call of the image with these variables, if one waits that fits: alive, of this very image, and without
    /// having looked for a variable that only this call grants.
    pub fn take(&self, image: &Image, env: &BTreeMap<String, SecretString>) -> Option<Process> {
        let stamp = image.stamp()?;
        let mut state = self.shared.state();
        // One of an image that was made anew is of no use to anybody.
        let stale = |kept: &mut IdleProcess| {
            kept.loaded.as_ref().is_some_and(|it| it.image.folder == image.folder && it.stamp != stamp)
        };
        let _stale: Vec<_> = state.kept.extract_if(.., stale).collect();
        remember(&mut state.called, image.folder.clone());
        let of_image =
            state.kept.iter().position(|kept| kept.loaded.as_ref().is_some_and(|it| it.fits(image, stamp, env)));
        let prewarmed = || {
            let small = image.size().is_some_and(|bytes| bytes <= SMALL_IMAGE);
            state.kept.iter().position(|kept| kept.loaded.is_none()).filter(|_| small)
        };
        let found = of_image.or_else(prewarmed)?;
        let mut kept = state.kept.remove(found);
        drop(state);
        kept.process.waiting().is_some().then_some(kept.process)
    }

    /// The ids of the processes that a call may take.
    pub fn ready(&self) -> Vec<i32> {
        let state = self.shared.state();
        state.kept.iter().filter_map(|kept| Some(kept.process.whereabouts()?.0.as_raw_nonzero().get())).collect()
    }

    /// Sees to it, in the background, that a process waits for the next call of any image, and of this one.
    pub fn refill(&self, deno: &Path, image: Option<&Image>) {
        let limits = self.shared.limits;
        if limits.prewarmed > 0 {
            self.start(deno, None);
        }
        if limits.standbys > 0 && image.is_some() {
            self.start(deno, image);
        }
    }

    fn start(&self, deno: &Path, image: Option<&Image>) {
        let key = image.map(|image| image.folder.clone());
        let mut state = self.shared.state();
        let waits = state.kept.iter().any(|kept| kept.loaded.as_ref().map(|it| &it.image.folder) == key.as_ref());
        let unfit = key.as_ref().is_some_and(|folder| state.unfit.contains(folder) || !state.called.contains(folder));
        if waits || unfit || state.starting.contains_key(&key) {
            return;
        }
        let (shared, deno, image) = (Arc::downgrade(&self.shared), deno.to_owned(), image.cloned());
        let (launcher, of) = (self.shared.launcher.clone(), key.clone());
        // It can't be done before it is noted: the lock is held until then.
        let task = tokio::spawn(async move {
            let started = match &image {
                None => launcher.for_any(&deno).await.ok().map(|process| (process, None)),
                Some(image) => standby(&launcher, &deno, image).await.map(|(process, loaded)| (process, Some(loaded))),
            };
            let Some(shared) = shared.upgrade() else { return };
            shared.state().starting.remove(&key);
            match (started, key) {
                (Some((process, loaded)), _) => shared.keep(process, loaded),
                (None, Some(folder)) => shared.note_unfit(folder),
                (None, None) => {}
            }
        });
        state.starting.insert(of, task.abort_handle());
    }
}

/// A process that has loaded the image's package; `None` where that can't be done without the variables of a call.
async fn standby(launcher: &Launcher, deno: &Path, image: &Image) -> Option<(Process, Loaded)> {
    let stamp = image.stamp()?;
    let about = image.about()?;
    let before = about.found.ok()?.read_at_import;
    if before.iter().any(|name| secret_names::looks_secret(name)) {
        return None;
    }
    let mut process = launcher.for_image(deno, image).await.ok()?;
    let read = process.preload(image.entry()).await?;
    Some((process, Loaded { image: image.clone(), stamp, read }))
}

impl Loaded {
    fn fits(&self, image: &Image, stamp: Stamp, env: &BTreeMap<String, SecretString>) -> bool {
        let missed = || env.keys().any(|name| self.read.contains(name)) || (!env.is_empty() && self.read.contains("*"));
        self.image.folder == image.folder && self.stamp == stamp && !missed()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, PoolState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a process until it is taken, its time is over, or others need the room.
    fn keep(self: &Arc<Self>, mut process: Process, loaded: Option<Loaded>) {
        let Some(last) = process.waiting() else { return };
        let mut state = self.state();
        state.counter += 1;
        let number = state.counter;
        state.kept.push(IdleProcess { number, process, loaded, since: Instant::now(), last });
        let ended = state.beyond(&self.limits);
        drop(state);
        drop(ended);
        tokio::spawn(look_after(Arc::downgrade(self), number));
    }

    fn note_unfit(&self, folder: PathBuf) {
        let mut state = self.state();
        remember(&mut state.unfit, folder);
    }

    /// Whether the process has gone beyond what a call may take, and was ended for that.
    async fn takes_too_much(&self, number: u64) -> bool {
        let whereabouts = {
            let state = self.state();
            state.kept.iter().find(|kept| kept.number == number).and_then(|kept| kept.process.whereabouts())
        };
        let Some((id, scratch)) = whereabouts else { return false };
        if watch::over(id, &scratch, self.launcher.limits()).await.is_none() {
            return false;
        }
        let mut state = self.state();
        let at = state.kept.iter().position(|kept| kept.number == number);
        let ended = at.map(|at| state.kept.remove(at));
        drop(state);
        if let Some(loaded) = ended.and_then(|kept| kept.loaded) {
            self.note_unfit(loaded.image.folder);
        }
        true
    }

    /// Whether the process waits on; if not, it is ended.
    fn still_waits(&self, number: u64) -> bool {
        let mut state = self.state();
        let Some(at) = state.kept.iter().position(|kept| kept.number == number) else { return false };
        let kept = &mut state.kept[at];
        let now = kept.process.waiting();
        let worked = now.is_some_and(|now| now.worked.saturating_sub(kept.last.worked) >= IDLE_WORK);
        if let Some(now) = now {
            kept.last = now;
        }
        let stale = kept.loaded.as_ref().is_some_and(|it| it.image.stamp() != Some(it.stamp));
        if now.is_some() && !stale && !worked && kept.since.elapsed() < self.limits.idle {
            let ended = state.beyond(&self.limits);
            drop(state);
            drop(ended);
            return true;
        }
        let ended = state.kept.remove(at);
        drop(state);
        if let (true, Some(loaded)) = (worked, &ended.loaded) {
            // Whatever it does while nobody calls it, it shall not do it on this machine.
            self.note_unfit(loaded.image.folder.clone());
        }
        false
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.starting.values().for_each(AbortHandle::abort);
    }
}

impl PoolState {
    /// Takes out what is more than may wait, the oldest first. To be dropped outside of the lock.
    fn beyond(&mut self, limits: &PoolLimits) -> Vec<IdleProcess> {
        let mut ended = Vec::new();
        loop {
            let standbys = self.kept.iter().filter(|kept| kept.loaded.is_some()).count();
            let memory: u64 = self.kept.iter().map(|kept| kept.last.memory).sum();
            if standbys <= limits.standbys && memory <= limits.memory {
                return ended;
            }
            let Some(oldest) = self.kept.iter().position(|kept| kept.loaded.is_some()) else { return ended };
            ended.push(self.kept.remove(oldest));
        }
    }
}

/// Adds to a set that must not grow for ever.
fn remember(images: &mut HashSet<PathBuf>, folder: PathBuf) {
    if images.len() >= REMEMBERED {
        images.clear();
    }
    images.insert(folder);
}

/// Looks after a process that waits.
async fn look_after(shared: Weak<Shared>, number: u64) {
    let every = shared.upgrade().map_or(LOOK_EVERY, |shared| LOOK_EVERY.min(shared.limits.idle));
    loop {
        tokio::time::sleep(every).await;
        let Some(shared) = shared.upgrade() else { return };
        if !shared.still_waits(number) || shared.takes_too_much(number).await {
            return;
        }
    }
}
