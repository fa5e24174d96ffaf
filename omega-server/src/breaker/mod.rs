//! Circuit breakers (R5): what keeps failing is not called for a while, and everybody can see until when.
//!
//! The nodes of a server agree by the database. A call that works costs nothing there: only failures, openings and tries
//! are written. Each node keeps what is not closed in memory and looks again when that is older than [`Policy::refresh`].
//! A database that can't be reached never refuses a call.

mod circuit;

pub use circuit::{Admission, Circuit, Policy, State};

use crate::store::Store;
use omega_core::{
    api::{OpenBreaker, Timestamp},
    executor::{ToolError, ToolErrorCode},
    id::ToolId,
};
use serde_json::json;
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Windows without news are forgotten after this.
const FORGET_AFTER: Duration = Duration::from_secs(3600);

/// What a breaker is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key(String);

impl Key {
    /// A tool in one version.
    #[must_use]
    pub fn tool(tool: &ToolId, version: &str) -> Self {
        Self(format!("tool:{tool}@{version}"))
    }

    /// An executor, by its name.
    #[must_use]
    pub fn executor(name: &str) -> Self {
        Self(format!("executor:{name}"))
    }

    /// A provider of models.
    #[must_use]
    pub fn provider(name: &str) -> Self {
        Self(format!("provider:{name}"))
    }

    /// As it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it is of, without its kind.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.0.split_once(':').map_or(&self.0, |(_, subject)| subject)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.subject())
    }
}

/// What a call says of what it called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It works.
    Worked,
    /// It does not, for the reason with this code.
    Failed(&'static str),
    /// Nothing: the caller's input, a missing key, a cancellation, a busy machine.
    Neutral,
}

/// A call is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Of what.
    pub key: Key,
    /// Until when.
    pub until: Timestamp,
    /// The code of the last failure.
    pub reason: String,
}

impl Refused {
    /// As the failure of a call that was not made.
    #[must_use]
    pub fn error(&self) -> ToolError {
        let Self { key, until, reason } = self;
        let seconds = until.millis_since(Timestamp::now()).div_ceil(1000);
        let message = format!(
            "not called: {key} kept failing ({reason}) and is left alone until {until} ({seconds} s); use another tool, or try \
             again then"
        );
        ToolError::new(ToolErrorCode::BreakerOpen, message)
            .with(json!({ "until": until, "retryAfterSeconds": seconds, "reason": reason }))
    }
}

/// What one node knows of a breaker.
#[derive(Debug, Clone, Default)]
struct Known {
    circuit: Circuit,
    /// Successes since the last failure; written with the next one.
    successes: i64,
}

/// The breakers of a server.
pub struct Breakers {
    store: Store,
    policy: Policy,
    known: Mutex<HashMap<Key, Known>>,
    /// Held while the database is read or written, so that nothing older replaces what is newer; when it was read last.
    refreshed: tokio::sync::Mutex<Option<Instant>>,
}

impl Breakers {
    /// Breakers that are kept in a store.
    #[must_use]
    pub fn new(store: Store, policy: Policy) -> Arc<Self> {
        Arc::new(Self { store, policy, known: Mutex::default(), refreshed: tokio::sync::Mutex::default() })
    }

    /// Lets a call through, or not. The permit wants to be told how the call ended; `lease` is how long it may take.
    ///
    /// # Errors
    /// [`Refused`], with the time until which it is.
    pub async fn admit(self: &Arc<Self>, key: Key, lease: Duration) -> Result<Permit, Refused> {
        self.refresh().await;
        let now = Timestamp::now().0;
        match self.look(&key).admission(now) {
            Admission::Pass => Ok(Permit { breakers: Arc::clone(self), key, probe: None }),
            Admission::Refused(until) => Err(self.refused(key, until)),
            Admission::Probe => self.probe(key, now, lease).await,
        }
    }

    /// Lets a call through while the breaker is closed; it is never the one that tries.
    ///
    /// # Errors
    /// [`Refused`], with the time until which it is at least.
    pub async fn pass(self: &Arc<Self>, key: Key) -> Result<Permit, Refused> {
        self.refresh().await;
        let circuit = self.look(&key);
        match circuit.state {
            State::Closed => Ok(Permit { breakers: Arc::clone(self), key, probe: None }),
            State::Open | State::HalfOpen => Err(self.refused(key, circuit.next_probe_at.unwrap_or_default())),
        }
    }

    /// Whether a call would be let through; changes nothing.
    ///
    /// # Errors
    /// [`Refused`], with the time until which it is.
    pub async fn look_ahead(&self, key: Key) -> Result<(), Refused> {
        self.refresh().await;
        match self.look(&key).admission(Timestamp::now().0) {
            Admission::Refused(until) => Err(self.refused(key, until)),
            Admission::Pass | Admission::Probe => Ok(()),
        }
    }

    /// Whether calls go through, as far as this node knows after looking.
    pub async fn is_closed(&self, key: &Key) -> bool {
        self.refresh().await;
        self.state(key) == State::Closed
    }

    /// The state of one breaker, as this node knows it.
    #[must_use]
    pub fn state(&self, key: &Key) -> State {
        self.look(key).state
    }

    async fn probe(self: &Arc<Self>, key: Key, now: i64, lease: Duration) -> Result<Permit, Refused> {
        let owner = uuid::Uuid::new_v4().to_string();
        let claimed = self.change(&key, |circuit| circuit.probed_by(&owner, now, lease)).await;
        match claimed {
            Some(circuit) if circuit.is_probe_of(&owner) => {
                tracing::info!(event = "breaker.probe", key = key.as_str());
                Ok(Permit { breakers: Arc::clone(self), key, probe: Some(owner) })
            }
            Some(Circuit { state: State::Open | State::HalfOpen, next_probe_at, .. }) => {
                Err(self.refused(key, next_probe_at.unwrap_or(now)))
            }
            Some(_) | None => Ok(Permit { breakers: Arc::clone(self), key, probe: None }),
        }
    }

    async fn settle(&self, key: &Key, probe: Option<&str>, verdict: Verdict) {
        let now = Timestamp::now().0;
        let policy = &self.policy;
        match (verdict, probe) {
            (Verdict::Worked, Some(owner)) => {
                self.change(key, |circuit| circuit.probe_worked(owner)).await;
                tracing::info!(event = "breaker.closed", key = key.as_str());
            }
            (Verdict::Failed(reason), Some(owner)) => {
                self.change(key, |circuit| circuit.probe_failed(policy, owner, now, reason)).await;
            }
            (Verdict::Neutral, Some(owner)) => {
                self.change(key, |circuit| circuit.probe_released(owner, now)).await;
            }
            (Verdict::Neutral, None) => {}
            (Verdict::Worked, None) => self.count_success(key, now),
            (Verdict::Failed(reason), None) => self.count_failure(key, now, reason).await,
        }
    }

    fn count_success(&self, key: &Key, now: i64) {
        let mut all = self.all();
        if let Some(known) = all.get_mut(key) {
            if known.circuit.is_counting(&self.policy, now) {
                known.successes += 1;
            } else if known.circuit.state == State::Closed {
                all.remove(key);
            }
        }
    }

    async fn count_failure(&self, key: &Key, now: i64, reason: &str) {
        let known = self.all().get(key).cloned().unwrap_or_default();
        if known.circuit.state != State::Closed {
            return;
        }
        let failed = |circuit: Circuit| circuit.failed(&self.policy, now, known.successes, reason);
        if let Some(Circuit { state: State::Open, next_probe_at, .. }) = self.change(key, failed).await {
            let until = Timestamp(next_probe_at.unwrap_or(now));
            tracing::warn!(event = "breaker.opened", key = key.as_str(), reason, %until);
        }
    }

    /// Changes a breaker in the database, and what is known of it; `None` when the database can't be written.
    async fn change(&self, key: &Key, change: impl FnOnce(Circuit) -> Circuit + Send) -> Option<Circuit> {
        let _newest = self.refreshed.lock().await;
        match self.store.change_breaker(key.as_str(), change).await {
            Ok(circuit) => {
                let mut all = self.all();
                if circuit == Circuit::default() {
                    all.remove(key);
                } else {
                    all.insert(key.clone(), Known { circuit: circuit.clone(), successes: 0 });
                }
                Some(circuit)
            }
            Err(error) => {
                tracing::warn!(event = "breaker.not_written", key = key.as_str(), %error);
                None
            }
        }
    }

    /// Reads what other nodes opened and closed, when that was long ago.
    async fn refresh(&self) {
        // Who finds somebody reading goes on with what is known.
        let Ok(mut refreshed) = self.refreshed.try_lock() else { return };
        if refreshed.is_some_and(|at| at.elapsed() < self.policy.refresh) {
            return;
        }
        if refreshed.is_none() {
            let before = Timestamp::now().0 - i64::try_from(FORGET_AFTER.as_millis()).unwrap_or(i64::MAX);
            if let Err(error) = self.store.forget_breakers(before).await {
                tracing::warn!(event = "breaker.not_forgotten", %error);
            }
        }
        match self.store.open_breakers().await {
            Ok(open) => {
                let mut all = self.all();
                all.retain(|_, known| known.circuit.state == State::Closed);
                for (key, circuit) in open {
                    all.insert(Key(key), Known { circuit, successes: 0 });
                }
            }
            Err(error) => tracing::warn!(event = "breaker.not_read", %error),
        }
        *refreshed = Some(Instant::now());
    }

    fn look(&self, key: &Key) -> Circuit {
        self.all().get(key).map(|known| known.circuit.clone()).unwrap_or_default()
    }

    fn refused(&self, key: Key, until: i64) -> Refused {
        let reason = self.look(&key).reason;
        Refused { key, until: Timestamp(until), reason }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Key, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that was let through.
#[must_use = "the breaker wants to know how the call ended"]
pub struct Permit {
    breakers: Arc<Breakers>,
    key: Key,
    /// The id of a try of a breaker that is open.
    probe: Option<String>,
}

impl Permit {
    /// Tells how the call ended.
    pub async fn settle(mut self, verdict: Verdict) {
        let probe = self.probe.take();
        self.breakers.settle(&self.key, probe.as_deref(), verdict).await;
    }
}

impl Drop for Permit {
    /// A try that was dropped midway says nothing, and must not keep the next one waiting.
    fn drop(&mut self) {
        if let (Some(owner), Ok(runtime)) = (self.probe.take(), tokio::runtime::Handle::try_current()) {
            let (breakers, key) = (Arc::clone(&self.breakers), self.key.clone());
            runtime.spawn(async move { breakers.settle(&key, Some(&owner), Verdict::Neutral).await });
        }
    }
}

/// What people are told of a breaker that is not closed.
#[must_use]
pub fn shown(key: &str, circuit: &Circuit) -> OpenBreaker {
    let (kind, subject) = key.split_once(':').unwrap_or(("", key));
    OpenBreaker {
        kind: kind.to_owned(),
        subject: subject.to_owned(),
        state: circuit.state.as_str().to_owned(),
        failures: u64::try_from(circuit.failures).unwrap_or(0),
        opened_at: Timestamp(circuit.opened_at.unwrap_or_default()),
        until: Timestamp(circuit.next_probe_at.unwrap_or_default()),
        reason: circuit.reason.clone(),
    }
}
