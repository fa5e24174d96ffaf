//! The encoder that a server has: none until its folder holds one. A model that comes, changes or goes is noticed while the
//! server runs; one that can't be read is told once, and the search goes by words.

use crate::registry::model_files::{self, Kept};
use omega_search::encoder::{Encoder, VOCABULARY, WEIGHTS};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

/// How often the folder is looked at, at most.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// The files as they were seen: when each was changed, and its size.
type Stamp = [(SystemTime, u64); 2];

pub(super) struct Model {
    folder: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    looked: Option<Instant>,
    /// Of what was read last, or is being read.
    stamp: Option<Stamp>,
    encoder: Option<Arc<Encoder>>,
    trouble: Option<String>,
}

impl Model {
    pub(super) fn new(folder: &Path) -> Arc<Self> {
        let model = Arc::new(Self { folder: folder.to_owned(), state: Mutex::default() });
        model.encoder();
        model
    }

    /// The encoder, if there is one by now. Never waits: it is read on another thread.
    pub(super) fn encoder(self: &Arc<Self>) -> Option<Arc<Encoder>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.looked.is_none_or(|looked| looked.elapsed() >= LOOK_EVERY) {
            state.looked = Some(Instant::now());
            let stamp = stamp(&self.folder);
            if stamp != state.stamp {
                *state = State { looked: state.looked, stamp, ..State::default() };
                if stamp.is_some() {
                    let model = Arc::clone(self);
                    tokio::task::spawn_blocking(move || model.read(stamp));
                }
            }
        }
        state.encoder.clone()
    }

    pub(super) fn trouble(&self) -> Option<String> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).trouble.clone()
    }

    fn read(&self, stamp: Option<Stamp>) {
        // What is stored was made by the one that is meant: another of the same shape would point elsewhere.
        let read = Encoder::open(&self.folder).map_err(|error| error.to_string()).and_then(|encoder| {
            let is_meant = model_files::kept(&self.folder) == Kept::Whole;
            is_meant.then_some(encoder).ok_or_else(|| format!("{} has another model", self.folder.display()))
        });
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.stamp != stamp {
            return;
        }
        match read {
            Ok(encoder) => {
                tracing::info!(event = "registry.model_read", folder = %self.folder.display());
                state.encoder = Some(Arc::new(encoder));
            }
            Err(error) => {
                tracing::warn!(event = "registry.model_unreadable", %error);
                state.trouble = Some(format!("search goes by words alone: {error}"));
            }
        }
    }
}

fn stamp(folder: &Path) -> Option<Stamp> {
    let of = |name| fs::metadata(folder.join(name)).ok().and_then(|about| Some((about.modified().ok()?, about.len())));
    Some([of(WEIGHTS)?, of(VOCABULARY)?])
}
