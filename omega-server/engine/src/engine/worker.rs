//! Which runs this node works on: it claims them, keeps their leases alive, and lets go of those that it lost.
//!
//! A worker may begin something outside of this process only while it knows that its lease holds: each write checks the
//! lease in the database, and what comes after the write is checked against this process's monotonic clock, which goes on
//! when the process was stopped or the database can't be reached.

use super::{Engine, drive, locked};
use crate::observe::metrics;
use crate::store::{Beat, Claimed, Database, Lease, Release, Result, StoreError};
use omega_core::id::RunId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Runs that work at the same time on one node.
const MAX_RUNS: usize = 4_000;
/// Runs that are claimed at once: several nodes share a queue.
const CLAIM: u32 = 16;

/// A run that this node works on.
#[derive(Debug)]
struct Worker {
    fence: u64,
    /// Somebody wants the run to end.
    cancel: CancellationToken,
    /// The run is another worker's: this one writes nothing, and need not go on.
    lost: CancellationToken,
    /// Somebody does not want to wait for a model any longer.
    hurry: Arc<Notify>,
    /// When the lease held for certain: before the statement was sent that prolonged it.
    renewed: Instant,
    /// Whether the last heartbeat did not know of it.
    is_missed: bool,
}

/// What a worker is told while it works.
#[derive(Debug, Clone, Default)]
struct Signals {
    cancel: CancellationToken,
    lost: CancellationToken,
    hurry: Arc<Notify>,
}

/// The runs that this node works on.
#[derive(Debug, Default)]
pub(crate) struct Workers(Mutex<HashMap<RunId, Worker>>);

impl Workers {
    fn runs(&self) -> MutexGuard<'_, HashMap<RunId, Worker>> {
        locked(&self.0)
    }

    fn insert(&self, lease: &Lease, renewed: Instant) -> Signals {
        let signals = Signals::default();
        let Signals { cancel, lost, hurry } = signals.clone();
        let worker = Worker { fence: lease.fence, cancel, lost, hurry, renewed, is_missed: false };
        if let Some(earlier) = self.runs().insert(lease.run, worker) {
            // This node lost the run and has it again.
            earlier.lost.cancel();
        }
        signals
    }

    fn remove(&self, lease: &Lease) {
        let mut runs = self.runs();
        if runs.get(&lease.run).is_some_and(|worker| worker.fence == lease.fence) {
            runs.remove(&lease.run);
        }
    }

    pub fn len(&self) -> usize {
        self.runs().len()
    }

    pub fn cancel(&self, run: RunId) {
        if let Some(worker) = self.runs().get(&run) {
            worker.cancel.cancel();
        }
    }

    /// Ends a run's wait for a model, if it waits.
    pub fn hurry(&self, run: RunId) {
        if let Some(worker) = self.runs().get(&run) {
            worker.hurry.notify_waiters();
        }
    }

    /// Whether a lease was prolonged so lately that nobody else can have the run.
    fn holds(&self, lease: &Lease, patience: Duration) -> bool {
        self.runs().get(&lease.run).is_some_and(|worker| {
            worker.fence == lease.fence && !worker.lost.is_cancelled() && worker.renewed.elapsed() < patience
        })
    }

    /// Notes what a heartbeat brought, and gives the leases that nobody here works on.
    ///
    /// A run that the heartbeat does not know may have ended a moment ago, and its worker be about to go: it is lost when another
    /// worker has it, when the next heartbeat misses it too, or when its lease may have run out.
    fn beat(&self, beat: &Beat, sent: Instant, patience: Duration) -> Vec<Lease> {
        let mut runs = self.runs();
        let held: HashMap<RunId, u64> = beat.held.iter().map(|(lease, _)| (lease.run, lease.fence)).collect();
        for (run, worker) in runs.iter_mut() {
            let fence = held.get(run);
            if fence == Some(&worker.fence) {
                worker.renewed = worker.renewed.max(sent);
                worker.is_missed = false;
            } else if worker.renewed < sent {
                // Claimed before the heartbeat was sent, and not its own any more.
                if fence.is_some() || worker.is_missed || sent.duration_since(worker.renewed) >= patience {
                    worker.lost.cancel();
                }
                worker.is_missed = true;
            }
        }
        for (lease, _) in beat.held.iter().filter(|(_, cancel)| *cancel) {
            if let Some(worker) = runs.get(&lease.run) {
                worker.cancel.cancel();
            }
        }
        beat.held.iter().map(|(lease, _)| *lease).filter(|lease| !runs.contains_key(&lease.run)).collect()
    }
}

impl Engine {
    pub(super) async fn claim_loop(self) {
        let mut stopping = self.inner.stopping.subscribe();
        while !*stopping.borrow_and_update() {
            let room = u32::try_from(MAX_RUNS.saturating_sub(self.inner.working.len())).unwrap_or(CLAIM).min(CLAIM);
            if room > 0 {
                let sent = Instant::now();
                match self.inner.store.claim(&self.inner.node, room).await {
                    Ok(claimed) if claimed.is_empty() => {}
                    Ok(claimed) => {
                        claimed.into_iter().for_each(|claimed| self.work(claimed, sent));
                        continue;
                    }
                    Err(error) => {
                        tracing::warn!(event = "run.claim_failed", %error);
                        tokio::time::sleep(Duration::from_secs(1)).await;
                        continue;
                    }
                }
            }
            tokio::select! {
                () = self.inner.wake.notified() => {}
                _ = stopping.changed() => {}
                // A hint was lost, or none can be heard.
                () = tokio::time::sleep(self.inner.wake.poll()) => metrics::NOTIFY_FALLBACK_POLLS.count([]),
            }
        }
    }

    /// Three heartbeats for each lease, and a look for leases that ran out twice as often.
    pub(super) async fn heartbeat_loop(self) {
        let shared = self.inner.store.database() == Database::Postgres;
        let mut orphans: Vec<Lease> = Vec::new();
        loop {
            for second in [false, true] {
                tokio::time::sleep(self.inner.config.lease / 6).await;
                if second {
                    let sent = Instant::now();
                    match self.inner.store.heartbeat(&self.inner.node).await {
                        Ok(beat) => orphans = self.heard(&beat, sent, &orphans).await,
                        Err(error) => tracing::warn!(event = "lease.heartbeat_failed", %error),
                    }
                    self.say_alive(self.is_stopping()).await;
                }
                self.expire_pauses().await;
                // Nobody else holds leases of a SQLite database.
                if !shared {
                    continue;
                }
                match self.inner.store.recover(false).await {
                    Ok(recovered) if recovered.is_empty() => {}
                    Ok(recovered) => {
                        recovered.into_iter().for_each(|committed| self.committed(committed));
                        self.inner.wake.notify_one();
                    }
                    Err(error) => tracing::warn!(event = "run.recover_failed", %error),
                }
            }
        }
    }

    /// Gives up the runs that nobody answered.
    async fn expire_pauses(&self) {
        match self.inner.store.expire_pauses().await {
            Ok(expired) => {
                for expired in expired {
                    tracing::info!(event = "run.expired", run_id = %expired.run);
                    self.end_session(expired.run);
                    self.committed(expired.committed);
                    self.inner.wake.notify_one();
                }
            }
            Err(error) => tracing::warn!(event = "run.expire_failed", %error),
        }
    }

    /// A run that is ours at two heartbeats and that nobody here works on was claimed by a statement whose answer was lost.
    async fn heard(&self, beat: &Beat, sent: Instant, before: &[Lease]) -> Vec<Lease> {
        let idle = self.inner.working.beat(beat, sent, self.patience());
        for tool_run in &beat.cancelled_tools {
            let _ = self.signal_tool_cancel(*tool_run);
        }
        let (orphans, suspects): (Vec<Lease>, Vec<Lease>) = idle.into_iter().partition(|lease| before.contains(lease));
        for lease in orphans {
            tracing::warn!(event = "lease.orphaned", run_id = %lease.run);
            self.give_back(&lease, Release::Interrupted).await;
        }
        suspects
    }

    /// Keeps this node's row among the nodes; SQLite has one node and needs none.
    pub(super) async fn say_alive(&self, draining: bool) {
        if self.inner.store.database() != Database::Postgres {
            return;
        }
        if let Err(error) = self.inner.store.put_node(&self.inner.node, &self.inner.boot, draining).await {
            tracing::warn!(event = "node.not_told", %error);
        }
    }

    /// How long a lease holds for certain after it was prolonged.
    fn patience(&self) -> Duration {
        self.inner.config.lease * 5 / 6
    }

    /// Whether a worker may begin something that can't be taken back: its lease was prolonged so lately that no other node
    /// can have taken over, by this process's own clock.
    pub(super) fn still_holds(&self, lease: &Lease) -> Result<()> {
        if self.inner.working.holds(lease, self.patience()) { Ok(()) } else { Err(StoreError::LeaseLost) }
    }

    fn work(&self, claimed: Claimed, claimed_at: Instant) {
        let lease = claimed.lease;
        let Signals { cancel, lost, hurry } = self.inner.working.insert(&lease, claimed_at);
        let engine = self.clone();
        self.inner.tasks.spawn(async move {
            let mut driving = {
                let engine = engine.clone();
                tokio::spawn(async move { drive::drive(&engine, &claimed, (&cancel, &hurry)).await })
            };
            let outcome = tokio::select! {
                outcome = &mut driving => outcome.unwrap_or_else(|panic| {
                    // A bug. The run is taken up again, and given up if that happens again and again.
                    tracing::error!(event = "run.panicked", run_id = %lease.run, error = %panic);
                    Err(StoreError::Corrupt("the worker panicked".into()))
                }),
                () = lost.cancelled() => {
                    driving.abort();
                    // Nothing of it runs after this.
                    let _ = driving.await;
                    Err(StoreError::LeaseLost)
                }
                () = engine.inner.cut.cancelled() => {
                    driving.abort();
                    let _ = driving.await;
                    Err(StoreError::Draining)
                }
            };
            engine.ended(&lease, outcome).await;
            engine.inner.wake.notify_one();
        });
    }

    /// What follows when a worker stops, whatever the reason.
    async fn ended(&self, lease: &Lease, outcome: Result<()>) {
        let release = match outcome {
            Ok(()) => None,
            Err(StoreError::LeaseLost) => {
                tracing::warn!(event = "lease.lost", run_id = %lease.run);
                self.end_session(lease.run);
                metrics::LEASE_LOST.count([]);
                // Whatever was committed for it, here or elsewhere: readers look.
                if let Some(channel) = self.inner.hub.known(lease.conversation) {
                    channel.forget_run(lease.run);
                }
                self.inner.hub.invalidate();
                None
            }
            Err(StoreError::Draining) => Some(Release::Drained),
            Err(StoreError::Corrupt(why)) => {
                tracing::error!(event = "run.crashed", run_id = %lease.run, why);
                Some(Release::Crashed)
            }
            Err(error @ (StoreError::Unavailable(_) | StoreError::Full(_) | StoreError::Away)) => {
                tracing::error!(event = "run.interrupted", run_id = %lease.run, %error);
                Some(Release::Interrupted)
            }
            Err(error) => {
                tracing::error!(event = "run.crashed", run_id = %lease.run, %error);
                Some(Release::Crashed)
            }
        };
        match release {
            Some(why) => {
                self.end_session(lease.run);
                self.give_back(lease, why).await;
            }
            None => self.forget_notices(lease.run),
        }
        self.inner.working.remove(lease);
    }

    /// Hands a run back as soon as writing works.
    async fn give_back(&self, lease: &Lease, why: Release) {
        loop {
            match self.inner.store.release(lease, why).await {
                Ok(committed) => {
                    if let Some(channel) = self.inner.hub.known(lease.conversation) {
                        channel.forget_run(lease.run);
                    }
                    committed.into_iter().for_each(|committed| self.committed(committed));
                    self.inner.wake.notify_one();
                    return;
                }
                // The lease runs out by itself, or is void at the next start.
                Err(error) if self.is_stopping() => {
                    tracing::warn!(event = "run.not_released", %error);
                    return;
                }
                Err(error) => tracing::debug!(event = "run.release_failed", %error),
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use omega_core::id::ConversationId;

    const PATIENCE: Duration = Duration::from_secs(25);

    fn lease(fence: u64) -> Lease {
        Lease { run: RunId(uuid::Uuid::nil()), conversation: ConversationId(uuid::Uuid::nil()), fence }
    }

    #[test]
    fn a_lease_holds_as_long_as_it_was_prolonged_lately_and_is_of_this_worker() {
        let (working, patience) = (Workers::default(), PATIENCE);
        let long_ago = Instant::now().checked_sub(Duration::from_secs(26)).unwrap();
        let Signals { lost, .. } = working.insert(&lease(1), long_ago);
        assert!(!working.holds(&lease(1), patience), "claimed too long ago");
        let held = |fence| Beat { held: vec![(lease(fence), false)], cancelled_tools: Vec::new() };
        assert!(working.beat(&held(1), Instant::now(), patience).is_empty());
        assert!(working.holds(&lease(1), patience) && !lost.is_cancelled());
        assert!(!working.holds(&lease(2), patience), "of another worker");
        // The heartbeat did not prolong it: somebody else has the run.
        working.beat(&held(2), Instant::now() + Duration::from_millis(1), patience);
        assert!(lost.is_cancelled() && !working.holds(&lease(1), patience));
        // Claimed after the heartbeat was sent: that it does not know of it says nothing.
        let sent = Instant::now();
        let Signals { cancel, lost, .. } = working.insert(&lease(3), Instant::now() + Duration::from_millis(1));
        working.beat(&Beat::default(), sent, patience);
        assert!(!lost.is_cancelled() && !cancel.is_cancelled());
        working.remove(&lease(1));
        assert_eq!(working.len(), 1, "an earlier worker does not take the later one's place away");
    }

    #[test]
    fn a_heartbeat_brings_cancellations_and_runs_that_nobody_works_on() {
        let working = Workers::default();
        let beat = Beat { held: vec![(lease(4), true)], cancelled_tools: Vec::new() };
        assert_eq!(working.beat(&beat, Instant::now(), PATIENCE), [lease(4)]);
        let Signals { cancel, .. } = working.insert(&lease(4), Instant::now());
        assert!(working.beat(&beat, Instant::now(), PATIENCE).is_empty() && cancel.is_cancelled());
    }

    #[test]
    fn a_run_that_has_just_ended_is_not_lost() {
        let none = Beat::default();
        let held = Beat { held: vec![(lease(5), false)], cancelled_tools: Vec::new() };
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        for (beats, is_lost) in [
            (vec![(&none, 10)], false),
            (vec![(&none, 10), (&none, 20)], true),
            (vec![(&none, 10), (&held, 20), (&none, 30)], false),
            (vec![(&held, 10), (&none, 20), (&none, 30)], true),
            // This process stood still, or the database was away.
            (vec![(&none, 25)], true),
            (vec![(&held, 25), (&none, 50)], true),
        ] {
            let working = Workers::default();
            let Signals { lost, .. } = working.insert(&lease(5), begun);
            for (beat, seconds) in &beats {
                working.beat(beat, at(*seconds), PATIENCE);
            }
            assert_eq!(lost.is_cancelled(), is_lost, "{:?}", beats.iter().map(|beat| beat.1).collect::<Vec<_>>());
        }
    }
}
