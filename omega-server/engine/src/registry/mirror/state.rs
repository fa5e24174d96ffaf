//! How far a mirror has got: what of it is stored, and what clients are told.

use super::{
    Address, MirrorError, Pace,
    pass::{Pass, Sums},
};
use omega_core::api::{MirrorState, MirrorStatus, Timestamp};
use serde::{Deserialize, Serialize};
use std::{
    sync::{PoisonError, RwLock},
    time::Duration,
};
use tokio::sync::Notify;

/// Doublings of the pause after failures.
const MOST_DOUBLINGS: u32 = 12;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct State {
    pub completed_at: Option<Timestamp>,
    pub tried_at: Option<Timestamp>,
    pub next_at: Option<Timestamp>,
    /// Tries in a row that read nothing.
    pub failures: u32,
    pub trouble: Option<String>,
    /// What the last reading to the end came to.
    pub last: Sums,
    /// Whether it lacked so much that the next one has to confirm it.
    pub doubted: bool,
    /// Rows of a page that the other registry allows.
    pub limit: Option<usize>,
    /// The reading that is not at its end.
    pub pass: Option<Pass>,
}

impl State {
    /// What is stored; one of another build that can't be read begins anew.
    pub(super) fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    pub(super) fn written(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The reading that goes on, or a new one.
    pub(super) fn pass(&mut self) -> &mut Pass {
        self.pass.get_or_insert_with(|| Pass::begun(Timestamp::now()))
    }

    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        // One that was interrupted goes on at once.
        let is_interrupted = self.pass.is_some() && self.trouble.is_none();
        is_interrupted || self.next_at.is_none_or(|next| next <= now)
    }

    /// Notes that a try failed, and when the next one is: later each time, and not before the other registry wants it.
    pub(super) fn fail(&mut self, error: &MirrorError, now: Timestamp, pace: &Pace) {
        let doubled = pace.again.saturating_mul(1 << self.failures.min(MOST_DOUBLINGS)).min(pace.longest.0);
        let asked = match error {
            MirrorError::Refused { after: Some(after), .. } => (*after).min(pace.longest.1),
            _ => Duration::ZERO,
        };
        self.failures = self.failures.saturating_add(1);
        self.trouble = Some(error.to_string());
        self.tried_at = Some(now);
        self.next_at = Some(later(now, doubled.max(asked)));
    }

    fn shown(&self, address: &Address, is_reading: bool) -> MirrorStatus {
        let state = match (is_reading, &self.trouble, self.completed_at) {
            (true, ..) => MirrorState::Reading,
            (false, None, Some(_)) => MirrorState::Current,
            (false, ..) => MirrorState::Waiting,
        };
        let Sums { tools, changed, removed, left_out, notice } = self.last.clone();
        MirrorStatus {
            url: address.to_string(),
            state,
            completed_at: self.completed_at,
            age_seconds: None,
            tools,
            read: is_reading.then(|| self.pass.as_ref().map_or(0, |pass| pass.sums.tools)),
            changed,
            removed,
            left_out,
            notice,
            trouble: self.trouble.clone().filter(|_| !is_reading),
            tried_at: self.tried_at,
            next_at: self.next_at.filter(|_| !is_reading),
        }
    }
}

pub(super) fn later(now: Timestamp, by: Duration) -> Timestamp {
    Timestamp(now.0.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
}

/// What a mirror says of itself, and how it is asked to read now. A registry that mirrors none has nothing to say.
#[derive(Default)]
pub struct MirrorControl {
    status: RwLock<Option<MirrorStatus>>,
    wanted: Notify,
}

impl MirrorControl {
    pub(super) fn shown(&self, address: &Address, state: &State, is_reading: bool) {
        *self.status.write().unwrap_or_else(PoisonError::into_inner) = Some(state.shown(address, is_reading));
    }

    /// How it is now.
    pub fn status(&self, now: Timestamp) -> Option<MirrorStatus> {
        let status = self.status.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        let age_seconds = status.completed_at.map(|at| now.millis_since(at) / 1000);
        Some(MirrorStatus { age_seconds, ..status })
    }

    /// Has it read now, if it does not already.
    pub fn want(&self) {
        self.wanted.notify_one();
    }

    pub(super) async fn wanted(&self) {
        self.wanted.notified().await;
    }
}
