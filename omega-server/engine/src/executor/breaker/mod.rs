//! Circuit breakers (R5): what keeps failing is not called for a while, and everybody can see until when.
//!
//! The nodes of a server agree by the database. A call that works costs nothing there: only failures, openings and tries
//! are written. Each node keeps what is not closed in memory and looks again when that is older than [`Policy::refresh`].
//! A database that can't be reached never refuses a call.
//!
//! Nobody takes a tool away from others. Most failures can be provoked by whoever calls (an input that takes all memory),
//! so of those each user has a breaker of their own beside everybody's: five open the user's own, and everybody's only when
//! another user's calls failed too. In a shared conversation it is the owner's, whoever wrote the message.

mod circuit;
mod key;
mod shown;

pub use circuit::{Admission, Blame, Circuit, CircuitState, Policy};
pub use key::BreakerKey;
pub use shown::shown_to;

use crate::process::clock::Clock;
use async_trait::async_trait;
use omega_core::{
    api::Timestamp,
    executor::{ToolError, ToolErrorCode},
};
use serde_json::json;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Windows without news are forgotten after this.
const FORGET_AFTER: Duration = Duration::from_secs(3600);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallHealth {
    Worked,
    /// It does not, for the reason with this code, which no caller can bring about.
    Failed(&'static str),
    /// It did not, and that may be the doing of the user whose call it was.
    Provoked(&'static str),
    /// Nothing: the caller's input, a missing key, a cancellation, a busy machine.
    Neutral,
}

/// A call is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakerOpen {
    pub key: BreakerKey,
    pub until: Timestamp,
    /// The code of the last failure.
    pub reason: String,
}

impl BreakerOpen {
    /// As the failure of a call that was not made.
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
struct BreakerView {
    circuit: Circuit,
    /// Successes since the last failure; written with the next one.
    successes: i64,
}

/// Breakers can't be read or written where they are kept.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct KeepError(pub String);

/// What becomes of a breaker.
pub type Change<'c> = Box<dyn FnOnce(Circuit) -> Circuit + Send + 'c>;

/// Where breakers are kept, for all nodes to see.
#[async_trait]
pub trait KeepsBreakers: Send + Sync {
    /// Changes a breaker, while no other node does; what it is then.
    ///
    /// # Errors
    /// When it can't be written.
    async fn change(&self, key: &BreakerKey, change: Change<'_>) -> Result<Circuit, KeepError>;

    /// Those that are not closed, by their keys; everybody's first.
    ///
    /// # Errors
    /// When they can't be read.
    async fn open(&self) -> Result<Vec<(String, Circuit)>, KeepError>;

    /// Drops windows of failures that nothing was added to since a time.
    ///
    /// # Errors
    /// When they can't be written.
    async fn forget(&self, before: i64) -> Result<(), KeepError>;
}

/// The breakers of a server.
pub struct Breakers {
    kept: Arc<dyn KeepsBreakers>,
    policy: Policy,
    clock: Clock,
    /// By their keys as they are stored.
    known: Mutex<HashMap<String, BreakerView>>,
    /// Held while the database is read or written, so that nothing older replaces what is newer; when it was read last.
    refreshed: tokio::sync::Mutex<Option<Instant>>,
    /// When windows without news were dropped last.
    forgot: Mutex<Option<Instant>>,
}

impl Breakers {
    /// Breakers that are kept there, and go by this clock.
    pub fn new(kept: impl KeepsBreakers + 'static, policy: Policy, clock: Clock) -> Arc<Self> {
        Arc::new(Self {
            kept: Arc::new(kept),
            policy,
            clock,
            known: Mutex::default(),
            refreshed: tokio::sync::Mutex::default(),
            forgot: Mutex::default(),
        })
    }

    /// Lets a call through, or not. The permit wants to be told how the call ended; `lease` is how long it may take. With the
    /// key of a user both the user's own breaker and everybody's have to let it through.
    ///
    /// # Errors
    /// [`BreakerOpen`], with the time until which it is.
    pub async fn admit(self: &Arc<Self>, key: BreakerKey, lease: Duration) -> Result<Permit, BreakerOpen> {
        self.refresh().await;
        let now = self.clock.now().0;
        let mut permit = Permit { breakers: Arc::clone(self), key: key.clone(), probe: None, own_probe: None };
        if key.user().is_some() {
            permit.own_probe = self.enter(&key, now, lease).await?;
        }
        permit.probe = self.enter(&key.for_all(), now, lease).await?;
        Ok(permit)
    }

    /// Lets a call through while the breaker is closed; it is never the one that tries.
    ///
    /// # Errors
    /// [`BreakerOpen`], with the time until which it is at least.
    pub async fn pass(self: &Arc<Self>, key: BreakerKey) -> Result<Permit, BreakerOpen> {
        self.refresh().await;
        for key in [key.clone(), key.for_all()] {
            let circuit = self.look(&key);
            match circuit.state {
                CircuitState::Closed => {}
                CircuitState::Open | CircuitState::HalfOpen => {
                    return Err(self.refused(key, circuit.next_probe_at.unwrap_or_default()));
                }
            }
        }
        Ok(Permit { breakers: Arc::clone(self), key, probe: None, own_probe: None })
    }

    /// Whether a call would be let through; changes nothing.
    ///
    /// # Errors
    /// [`BreakerOpen`], with the time until which it is.
    pub async fn look_ahead(&self, key: BreakerKey) -> Result<(), BreakerOpen> {
        self.refresh().await;
        let now = self.clock.now().0;
        for key in [key.clone(), key.for_all()] {
            if let Admission::Refused(until) = self.look(&key).admission(now) {
                return Err(self.refused(key, until));
            }
        }
        Ok(())
    }

    /// Whether calls go through, as far as this node knows after looking.
    pub async fn is_closed(&self, key: &BreakerKey) -> bool {
        self.refresh().await;
        self.state(key) == CircuitState::Closed
    }

    /// The state of one breaker, as this node knows it.
    pub fn state(&self, key: &BreakerKey) -> CircuitState {
        self.look(key).state
    }

    /// Whether failures are counted that a single user may have provoked: somebody else's word decides.
    pub fn is_in_doubt(&self, key: &BreakerKey) -> bool {
        self.look(key).failed_for.is_some()
    }

    /// Passes one breaker; the id of the try when it is one.
    async fn enter(&self, key: &BreakerKey, now: i64, lease: Duration) -> Result<Option<String>, BreakerOpen> {
        match self.look(key).admission(now) {
            Admission::Pass => Ok(None),
            Admission::Refused(until) => Err(self.refused(key.clone(), until)),
            Admission::Probe => self.probe(key, now, lease).await,
        }
    }

    async fn probe(&self, key: &BreakerKey, now: i64, lease: Duration) -> Result<Option<String>, BreakerOpen> {
        let owner = uuid::Uuid::new_v4().to_string();
        let claimed = self.change(key, |circuit| circuit.probed_by(&owner, now, lease)).await;
        match claimed {
            Some(circuit) if circuit.is_probe_of(&owner) => {
                tracing::info!(event = "breaker.probe", key = key.as_str());
                Ok(Some(owner))
            }
            Some(Circuit { state: CircuitState::Open | CircuitState::HalfOpen, next_probe_at, .. }) => {
                Err(self.refused(key.clone(), next_probe_at.unwrap_or(now)))
            }
            Some(_) | None => Ok(None),
        }
    }

    /// Tells everybody's breaker of an outcome, and the user's own one of what the user may have provoked.
    async fn settle(&self, key: &BreakerKey, probe: Option<&str>, own_probe: Option<&str>, verdict: CallHealth) {
        let (all, user) = (key.for_all(), key.user());
        let verdict = match verdict {
            // Looking into a package is nobody's call, and the package may be anybody's.
            CallHealth::Provoked(_) if user.is_none() => CallHealth::Neutral,
            verdict => verdict,
        };
        let blame = match (verdict, user) {
            (CallHealth::Provoked(_), Some(user)) => Blame::User(user),
            _ => Blame::Nobody,
        };
        self.tell(&all, probe, verdict, blame).await;
        if user.is_none() {
            return;
        }
        match (verdict, own_probe, probe) {
            // Whoever fails a try of everybody's is not the next one to try.
            (CallHealth::Provoked(reason), None, Some(_)) => {
                let now = self.clock.now().0;
                self.change(key, |circuit| circuit.left_alone(&self.policy, now, reason)).await;
            }
            (CallHealth::Failed(_), _, _) => self.tell(key, own_probe, CallHealth::Neutral, Blame::Nobody).await,
            _ => self.tell(key, own_probe, verdict, Blame::Nobody).await,
        }
    }

    async fn tell(&self, key: &BreakerKey, probe: Option<&str>, verdict: CallHealth, blame: Blame<'_>) {
        let now = self.clock.now().0;
        let policy = &self.policy;
        match (verdict, probe) {
            (CallHealth::Worked, Some(owner)) => {
                self.change(key, |circuit| circuit.probe_worked(owner)).await;
                tracing::info!(event = "breaker.closed", key = key.as_str());
            }
            (CallHealth::Failed(reason) | CallHealth::Provoked(reason), Some(owner)) => {
                self.change(key, |circuit| circuit.probe_failed(policy, owner, now, reason, blame)).await;
            }
            (CallHealth::Neutral, Some(owner)) => {
                self.change(key, |circuit| circuit.probe_released(owner, now)).await;
            }
            (CallHealth::Neutral, None) => {}
            (CallHealth::Worked, None) => self.count_success(key, now),
            (CallHealth::Failed(reason) | CallHealth::Provoked(reason), None) => {
                self.count_failure(key, now, reason, blame).await;
            }
        }
    }

    fn count_success(&self, key: &BreakerKey, now: i64) {
        let mut all = self.all();
        if let Some(known) = all.get_mut(key.as_str()) {
            if known.circuit.is_counting(&self.policy, now) {
                known.successes += 1;
            } else if known.circuit.state == CircuitState::Closed {
                all.remove(key.as_str());
            }
        }
    }

    async fn count_failure(&self, key: &BreakerKey, now: i64, reason: &str, blame: Blame<'_>) {
        let known = self.all().get(key.as_str()).cloned().unwrap_or_default();
        if known.circuit.state != CircuitState::Closed {
            return;
        }
        let failed = |circuit: Circuit| circuit.failed(&self.policy, now, known.successes, reason, blame);
        if let Some(Circuit { state: CircuitState::Open, next_probe_at, .. }) = self.change(key, failed).await {
            let until = Timestamp(next_probe_at.unwrap_or(now));
            tracing::warn!(event = "breaker.opened", key = key.as_str(), reason, %until);
        }
    }

    /// Changes a breaker in the database, and what is known of it; `None` when the database can't be written.
    async fn change(&self, key: &BreakerKey, change: impl FnOnce(Circuit) -> Circuit + Send) -> Option<Circuit> {
        let _newest = self.refreshed.lock().await;
        match self.kept.change(key, Box::new(change)).await {
            Ok(circuit) => {
                let mut all = self.all();
                if circuit == Circuit::default() {
                    all.remove(key.as_str());
                } else {
                    all.insert(key.as_str().to_owned(), BreakerView { circuit: circuit.clone(), successes: 0 });
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
        self.forget().await;
        match self.kept.open().await {
            Ok(open) => {
                let mut all = self.all();
                let now = self.clock.now().0;
                all.retain(|_, BreakerView { circuit, .. }| {
                    circuit.state == CircuitState::Closed && circuit.is_counting(&self.policy, now)
                });
                for (key, circuit) in open {
                    all.insert(key, BreakerView { circuit, successes: 0 });
                }
            }
            Err(error) => tracing::warn!(event = "breaker.not_read", %error),
        }
        *refreshed = Some(Instant::now());
    }

    /// Drops what nothing was added to for long, every now and then.
    async fn forget(&self) {
        {
            let mut forgot = self.forgot.lock().unwrap_or_else(PoisonError::into_inner);
            if forgot.is_some_and(|at| at.elapsed() < FORGET_AFTER) {
                return;
            }
            *forgot = Some(Instant::now());
        }
        let before = self.clock.now().0 - i64::try_from(FORGET_AFTER.as_millis()).unwrap_or(i64::MAX);
        if let Err(error) = self.kept.forget(before).await {
            tracing::warn!(event = "breaker.not_forgotten", %error);
        }
    }

    fn look(&self, key: &BreakerKey) -> Circuit {
        self.all().get(key.as_str()).map(|known| known.circuit.clone()).unwrap_or_default()
    }

    fn refused(&self, key: BreakerKey, until: i64) -> BreakerOpen {
        let reason = self.look(&key).reason;
        BreakerOpen { key, until: Timestamp(until), reason }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, BreakerView>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that was let through.
#[must_use = "the breaker wants to know how the call ended"]
pub struct Permit {
    breakers: Arc<Breakers>,
    key: BreakerKey,
    /// The id of a try of everybody's breaker when that is open.
    probe: Option<String>,
    /// The same of the user's own one.
    own_probe: Option<String>,
}

impl Permit {
    /// Tells how the call ended.
    pub async fn settle(mut self, verdict: CallHealth) {
        let (probe, own_probe) = (self.probe.take(), self.own_probe.take());
        self.breakers.settle(&self.key, probe.as_deref(), own_probe.as_deref(), verdict).await;
    }
}

impl Drop for Permit {
    /// A try that was dropped midway says nothing, and must not keep the next one waiting.
    fn drop(&mut self) {
        let (probe, own_probe) = (self.probe.take(), self.own_probe.take());
        if let (true, Ok(runtime)) = (probe.is_some() || own_probe.is_some(), tokio::runtime::Handle::try_current()) {
            let (breakers, key) = (Arc::clone(&self.breakers), self.key.clone());
            runtime.spawn(async move {
                breakers.settle(&key, probe.as_deref(), own_probe.as_deref(), CallHealth::Neutral).await;
            });
        }
    }
}
