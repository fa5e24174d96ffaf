//! The mirror: another registry's tools, read into ours in the background and kept in step.
//!
//! It promises: what was mirrored stays when the other registry is gone, and so does the starter catalogue; a reading that is
//! interrupted, by whatever, goes on where it was; rows that have not changed are not written, those that are listed no more
//! are taken out; of several servers on one database one reads; the other registry is left alone for at least as long as it
//! worked for us, for as long as it asks, and longer each time that it fails; a failure is logged once and told in one place.

mod address;
mod gone;
mod listing;
mod pass;
mod state;
mod stored;

pub use address::Address;
pub use listing::MirrorError;
pub use state::MirrorControl;
pub use stored::{MirrorRows, SeenRows};

use super::{Older, RegistryService, Source};
use omega_core::{api::Timestamp, registry::RegistryError};
use pass::{OLDER, Sums};
use state::State;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// How fast a mirror goes.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// After the start of a server, so that what it was started for comes first.
    pub first: Duration,
    /// Between the ends of two readings.
    pub every: Duration,
    /// Before a page is asked for again; longer each time.
    pub page: Duration,
    /// What one page may take; one that takes longer is asked for in smaller pieces.
    pub patience: Duration,
    /// Before a reading that failed goes on; longer each time.
    pub again: Duration,
    /// The longest that it gets by itself, and the longest that the other registry can ask for.
    pub longest: (Duration, Duration),
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(2),
            every: Duration::from_secs(15 * 60),
            page: Duration::from_secs(1),
            patience: Duration::from_secs(60),
            again: Duration::from_secs(30),
            longest: (Duration::from_secs(60 * 60), Duration::from_secs(24 * 60 * 60)),
        }
    }
}

/// How long the right to read lasts without a sign of life, and how often one is given.
const HELD: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(15));
/// While nothing is due it is looked that often whether another node did something.
const LOOK: Duration = Duration::from_secs(60);
/// While another node reads.
const LOOK_AT_OTHER: Duration = Duration::from_secs(2);
/// Pages that changed nothing are not worth a write each.
const SAVE_EVERY: Duration = Duration::from_secs(2);
/// The longest rest between two pages.
const LONGEST_REST: Duration = Duration::from_secs(10);

/// A mirror of one registry.
pub struct Mirror {
    registry: Arc<RegistryService>,
    http: reqwest::Client,
    address: Address,
    /// Who reads, among the servers on one database.
    holder: String,
    pace: Pace,
}

impl Mirror {
    /// A mirror that has not begun.
    ///
    /// # Errors
    /// When there is no TLS.
    pub fn new(registry: Arc<RegistryService>, address: Address, pace: Pace) -> Result<Self, reqwest::Error> {
        let http = address.client()?;
        registry.mirror.shown(&address, &State::default(), false);
        Ok(Self { registry, http, address, holder: uuid::Uuid::new_v4().to_string(), pace })
    }

    /// Keeps it in step for as long as the server lives.
    pub async fn keep(self) {
        tokio::select! {
            () = tokio::time::sleep(self.pace.first) => {}
            () = self.registry.mirror.wanted() => {}
        }
        let mut is_first = true;
        loop {
            let is_wanted = self.until_due(is_first).await;
            is_first = false;
            if let Err(error) = self.turn(is_wanted).await {
                tracing::warn!(event = "registry.mirror_not_kept", %error);
                tokio::time::sleep(LOOK).await;
            }
        }
    }

    /// Waits until it is to be read; whether somebody wants it. What failed before the server started is tried at once.
    async fn until_due(&self, is_first: bool) -> bool {
        loop {
            let state = match self.registry.rows.mirror(self.address.as_str()).await {
                Ok(state) => State::read(state.as_deref().unwrap_or_default()),
                Err(error) => {
                    tracing::debug!(event = "registry.mirror_unknown", %error);
                    State { next_at: Some(state::later(Timestamp::now(), LOOK)), ..State::default() }
                }
            };
            self.registry.mirror.shown(&self.address, &state, false);
            if is_first && state.trouble.is_some() || state.is_due(Timestamp::now()) {
                return false;
            }
            let wait = state.next_at.map_or(0, |next| next.millis_since(Timestamp::now()));
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(wait).min(LOOK)) => {}
                () = self.registry.mirror.wanted() => return true,
            }
        }
    }

    /// Reads it, unless another node does or has.
    async fn turn(&self, is_wanted: bool) -> Result<(), RegistryError> {
        let (url, rows) = (self.address.as_str(), &self.registry.rows);
        let Some(state) = rows.claim_mirror(url, &self.holder, millis(HELD.0)).await? else {
            let state = rows.mirror(url).await?.unwrap_or_default();
            self.registry.mirror.shown(&self.address, &State::read(&state), true);
            tokio::time::sleep(LOOK_AT_OTHER).await;
            return Ok(());
        };
        let mut state = State::read(&state);
        if is_wanted || state.trouble.is_some() || state.is_due(Timestamp::now()) {
            self.registry.mirror.shown(&self.address, &state, true);
            let read = tokio::select! {
                read = self.read(&mut state) => read,
                error = self.hold() => Err(error),
            };
            self.ended(&mut state, read).await?;
        }
        rows.renew_mirror(url, &self.holder, 0).await?;
        Ok(())
    }

    /// Keeps the right to read; ends when it is lost.
    async fn hold(&self) -> MirrorError {
        loop {
            tokio::time::sleep(HELD.1).await;
            match self.registry.rows.renew_mirror(self.address.as_str(), &self.holder, millis(HELD.0)).await {
                Ok(true) => {}
                Ok(false) => return MirrorError::Lost,
                Err(error) => tracing::debug!(event = "registry.mirror_not_held", %error),
            }
        }
    }

    /// Reads the listing to its end, from where it was.
    async fn read(&self, state: &mut State) -> Result<(), MirrorError> {
        let url = self.address.as_str();
        let stored = self.registry.rows.mirror_seen(url).await.map_err(RegistryError::from)?;
        state.pass = state.pass.take().and_then(|pass| pass.with_seen(&stored));
        if state.pass.is_none() && !stored.is_empty() {
            self.save(state, SeenRows::Forgotten).await?;
        }
        let (mut size, mut saved) = (listing::Size::of(state.limit), Instant::now());
        loop {
            let from = state.pass().ask_from();
            let page = listing::page(&self.http, url, from, &mut size, self.pace).await?;
            state.limit = Some(size.most);
            let brought = state.pass().take(&page.rows, page.more);
            let brought = brought.map_err(|why| MirrorError::NoListing(why.to_owned()))?;
            let taken = self.registry.take(None, brought.tools, Source::Mirror, Older::LeftOut).await?;
            let sums = &mut state.pass().sums;
            sums.changed += u64::try_from(taken.changed).unwrap_or(u64::MAX);
            for (id, here, there) in &taken.older {
                sums.leave_out(OLDER, &format!("{id}: {here} is here, {there} there"));
            }
            tracing::debug!(event = "registry.mirroring", from, rows = page.rows.len(), changed = taken.changed);
            if brought.is_last && !state.pass().goes_round() {
                return Ok(());
            }
            state.failures = 0;
            if taken.changed > 0 || saved.elapsed() >= SAVE_EVERY {
                self.save_pass(state).await?;
                saved = Instant::now();
            }
            self.registry.mirror.shown(&self.address, state, true);
            tokio::time::sleep(page.took.min(LONGEST_REST)).await;
        }
    }

    /// Keeps how far a reading has got.
    async fn save_pass(&self, state: &mut State) -> Result<(), MirrorError> {
        let pass = state.pass();
        match pass.unsaved() {
            Some(hashes) => {
                let number = pass.pieces;
                pass.pieces += 1;
                self.save(state, SeenRows::More { number, hashes: &hashes }).await
            }
            None => self.save(state, SeenRows::AsBefore).await,
        }
    }

    async fn save(&self, state: &State, seen: SeenRows<'_>) -> Result<(), MirrorError> {
        let rows = &self.registry.rows;
        let saved = rows.save_mirror(self.address.as_str(), &self.holder, &state.written(), seen).await;
        if saved.map_err(RegistryError::from)? { Ok(()) } else { Err(MirrorError::Lost) }
    }

    /// Keeps, tells and logs what a reading came to.
    async fn ended(&self, state: &mut State, read: Result<(), MirrorError>) -> Result<(), RegistryError> {
        let read = match read {
            Ok(()) => self.finish(state).await,
            Err(error) => Err(error),
        };
        let now = Timestamp::now();
        match read {
            Ok(()) => {
                state.next_at = Some(state::later(now, self.pace.every));
                let Sums { tools, changed, removed, .. } = state.last;
                let left_out: u64 = state.last.left_out.iter().map(|some| some.rows).sum();
                if changed + removed > 0 || state.trouble.is_some() {
                    tracing::info!(event = "registry.mirrored", from = %self.address, tools, changed, removed, left_out);
                }
                (state.trouble, state.failures, state.tried_at) = (None, 0, Some(now));
                self.saved(self.save(state, SeenRows::Forgotten).await)?;
            }
            // The other node keeps what comes of it.
            Err(MirrorError::Lost) => return Ok(()),
            Err(error) => {
                self.tell_failure(state, &error);
                state.fail(&error, now, &self.pace);
                self.saved(self.save_pass(state).await)?;
            }
        }
        self.registry.mirror.shown(&self.address, state, false);
        Ok(())
    }

    /// Takes out what is listed no more, and keeps the sums.
    async fn finish(&self, state: &mut State) -> Result<(), MirrorError> {
        let mut pass = state.pass.take().unwrap_or_default();
        pass.sums.removed = self.take_out_gone(state, &mut pass).await?;
        state.last = pass.sums;
        state.completed_at = Some(Timestamp::now());
        Ok(())
    }

    fn saved(&self, saved: Result<(), MirrorError>) -> Result<(), RegistryError> {
        match saved {
            Err(MirrorError::Registry(error)) => Err(error),
            _ => Ok(()),
        }
    }

    /// Once for each trouble: a machine without a network is no news every hour.
    fn tell_failure(&self, state: &State, error: &MirrorError) {
        let (from, text) = (&self.address, error.to_string());
        if state.trouble.as_ref() == Some(&text) || error.is_passing() && state.trouble.is_some() {
            tracing::debug!(event = "registry.mirror_failed", %from, error = text);
        } else if error.is_passing() {
            tracing::info!(event = "registry.mirror_failed", %from, error = text, "what is here stays; it is tried again");
        } else {
            tracing::warn!(event = "registry.mirror_failed", %from, error = text, "what is here stays; it is tried again");
        }
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
