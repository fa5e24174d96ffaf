//! The run engine: it claims runs, drives the agent from recorded rows, does its effects and records what they came to.
//!
//! A run lives apart from the request that began it: nobody's connection holds it up or ends it. Every worker writes
//! under a lease; one that lost its lease stops without a trace.

mod call;
mod drive;
pub mod feed;
pub mod hub;
mod plan;
mod title;
mod tools;

pub use tools::{Called, call_tool};

use crate::{
    store::{Claimed, Committed, Result, Send, Store, StoreError},
    vault::{Place, Vault},
};
use feed::Feed;
use hub::Hub;
use omega_core::{
    api::{Accepted, ConversationDetail, MessageStatus, OnActive, RunStatus},
    executor::Executor,
    id::{ConversationId, RunId, ToolId, ToolRunId, UserId},
    model::{Model, ModelError},
    registry::Registry,
};
use secrecy::SecretString;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::{Notify, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Which model a name means.
pub trait Models: std::marker::Send + Sync {
    /// The model behind `provider/model`.
    ///
    /// # Errors
    /// [`ModelError::Config`] with what to do: unknown provider, no key.
    fn resolve(&self, name: &str) -> Result<Arc<dyn Model>, ModelError>;
}

/// Runs that work at the same time on one node.
const MAX_RUNS: usize = 4_000;
const HEARTBEAT: Duration = Duration::from_secs(10);
/// The engine's own loops that listen for the stop.
const LOOPS: usize = 2;

/// The engine; clones share it.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub store: Store,
    pub vault: Vault,
    pub hub: Hub,
    pub models: Arc<dyn Models>,
    pub registry: Arc<dyn Registry>,
    pub executor: Arc<dyn Executor>,
    /// This process, as the owner of leases.
    node: String,
    wake: Notify,
    working: Mutex<HashMap<RunId, CancellationToken>>,
    pub tool_calls: Mutex<HashMap<ToolRunId, CancellationToken>>,
    /// Tools of which a run was told that they are left alone.
    pub noticed: Mutex<HashMap<RunId, HashSet<ToolId>>>,
    stopping: watch::Sender<bool>,
    tasks: TaskTracker,
}

/// Locks a map; a panic of another holder left it whole, since every change is one call.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Engine {
    /// An engine on a store; [`Engine::start`] begins the work.
    #[must_use]
    pub fn new(
        store: Store,
        vault: Vault,
        models: Arc<dyn Models>,
        registry: Arc<dyn Registry>,
        executor: Arc<dyn Executor>,
    ) -> Self {
        let inner = Inner {
            store,
            vault,
            hub: Hub::default(),
            models,
            registry,
            executor,
            node: uuid::Uuid::new_v4().to_string(),
            wake: Notify::new(),
            working: Mutex::default(),
            tool_calls: Mutex::default(),
            noticed: Mutex::default(),
            stopping: watch::Sender::new(false),
            tasks: TaskTracker::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Takes back what an earlier process left, and begins to claim runs.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn start(&self) -> Result<()> {
        let alone = self.inner.store.engine() == "sqlite";
        for committed in self.inner.store.recover(alone).await? {
            self.inner.hub.committed(committed);
        }
        let engine = self.clone();
        tokio::spawn(async move { engine.claim_loop().await });
        let engine = self.clone();
        tokio::spawn(async move { engine.heartbeat_loop().await });
        Ok(())
    }

    async fn claim_loop(&self) {
        let mut stopping = self.inner.stopping.subscribe();
        while !*stopping.borrow_and_update() {
            let has_room = locked(&self.inner.working).len() < MAX_RUNS;
            if has_room {
                match self.inner.store.claim(&self.inner.node).await {
                    Ok(Some(claimed)) => {
                        self.work(claimed);
                        continue;
                    }
                    Ok(None) => {}
                    Err(error) => tracing::warn!(event = "run.claim_failed", %error),
                }
            }
            tokio::select! {
                () = self.inner.wake.notified() => {}
                _ = stopping.changed() => {}
                // Runs that another node queued, or whose hint was lost.
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
        }
    }

    async fn heartbeat_loop(&self) {
        let mut stopping = self.inner.stopping.subscribe();
        loop {
            tokio::select! {
                () = tokio::time::sleep(HEARTBEAT) => {}
                _ = stopping.wait_for(|stopping| *stopping) => return,
            }
            match self.inner.store.heartbeat(&self.inner.node).await {
                Ok(cancelled) => cancelled.into_iter().for_each(|run| self.signal_cancel(run)),
                Err(error) => tracing::warn!(event = "lease.heartbeat_failed", %error),
            }
            match self.inner.store.recover(false).await {
                Ok(recovered) => {
                    let any = !recovered.is_empty();
                    recovered.into_iter().for_each(|committed| self.inner.hub.committed(committed));
                    if any {
                        self.inner.wake.notify_one();
                    }
                }
                Err(error) => tracing::warn!(event = "run.recover_failed", %error),
            }
        }
    }

    fn work(&self, claimed: Claimed) {
        let cancel = CancellationToken::new();
        locked(&self.inner.working).insert(claimed.lease.run, cancel.clone());
        let engine = self.clone();
        self.inner.tasks.spawn(async move {
            let run = claimed.lease.run;
            let driving = {
                let engine = engine.clone();
                tokio::spawn(async move { drive::drive(&engine, &claimed, &cancel).await })
            };
            let outcome = driving.await;
            locked(&engine.inner.working).remove(&run);
            match outcome {
                Ok(Ok(())) => engine.forget_notices(run),
                Ok(Err(StoreError::LeaseLost)) => {
                    tracing::warn!(event = "lease.lost", run_id = %run);
                    engine.forget_notices(run);
                }
                Ok(Err(error)) => {
                    tracing::error!(event = "run.interrupted", run_id = %run, %error);
                    engine.give_back(claimed).await;
                }
                // A bug. The run is taken up again, and given up if that happens again and again.
                Err(panic) => {
                    tracing::error!(event = "run.panicked", run_id = %run, error = %panic);
                    engine.give_back(claimed).await;
                }
            }
            engine.inner.wake.notify_one();
        });
    }

    fn forget_notices(&self, run: RunId) {
        locked(&self.inner.noticed).remove(&run);
    }

    /// When the server stops, or the database failed in the middle of a run: hands the run back as soon as writing works.
    async fn give_back(&self, claimed: Claimed) {
        loop {
            match self.inner.store.release(&claimed.lease).await {
                Ok(committed) => {
                    committed.into_iter().for_each(|committed| self.inner.hub.committed(committed));
                    return;
                }
                Err(error) if *self.inner.stopping.borrow() => {
                    tracing::warn!(event = "run.not_released", %error);
                    return;
                }
                Err(error) => tracing::debug!(event = "run.release_failed", %error),
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    pub(crate) fn committed(&self, committed: Committed) {
        self.inner.hub.committed(committed);
    }

    /// Stores a message, queues its run and wakes a worker. `env` is sealed for the run and kept with it: whichever worker
    /// takes it up, now or after a crash, has it until the run ends.
    ///
    /// # Errors
    /// As [`Store::send`], and when the vault can't seal.
    pub async fn send(&self, mut send: Send, env: &BTreeMap<String, SecretString>) -> Result<Accepted> {
        let (conversation, run, interrupt) = (send.conversation, send.run, send.on_active == OnActive::Interrupt);
        for (name, value) in env {
            let place = Place::of_run(send.author.user_id, run, name);
            send.env.push((name.clone(), self.inner.vault.seal(&place, value).await?));
        }
        let (accepted, committed) = self.inner.store.send(send).await?;
        if let Some(committed) = committed {
            self.committed(committed);
            if interrupt {
                for (run, _) in self.inner.store.open_runs(conversation).await? {
                    if run != accepted.run_id {
                        self.cancel_run(run, "interrupted by a new message").await?;
                    }
                }
            }
            self.inner.wake.notify_one();
        }
        Ok(accepted)
    }

    /// The variables that came with a run.
    pub(crate) async fn env_of(&self, run: RunId) -> Result<BTreeMap<String, SecretString>> {
        let mut env = BTreeMap::new();
        for kept in self.inner.store.run_env(run).await? {
            let value = self.inner.vault.open(&kept.place, &kept.sealed).await?;
            env.insert(kept.place.name, value);
        }
        Ok(env)
    }

    /// Stops a run; a run that has ended stays as it is.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn cancel_run(&self, run: RunId, reason: &str) -> Result<RunStatus> {
        let (status, committed) = self.inner.store.request_cancel(run, reason).await?;
        if let Some(committed) = committed {
            self.committed(committed);
        }
        self.signal_cancel(run);
        if status.is_terminal() {
            self.inner.wake.notify_one();
        }
        Ok(status)
    }

    /// Stops one tool call; `false` when it does not work (any more) on this node.
    #[must_use]
    pub fn cancel_tool(&self, tool_run: ToolRunId) -> bool {
        match locked(&self.inner.tool_calls).get(&tool_run) {
            Some(token) => {
                token.cancel();
                true
            }
            None => false,
        }
    }

    fn signal_cancel(&self, run: RunId) {
        if let Some(token) = locked(&self.inner.working).get(&run) {
            token.cancel();
        }
    }

    /// How many readers follow events right now: a server that somebody watches is not idle.
    #[must_use]
    pub fn readers(&self) -> usize {
        self.inner.stopping.receiver_count().saturating_sub(LOOPS)
    }

    /// A reader of a conversation's events.
    #[must_use]
    pub fn feed(&self, conversation: ConversationId, after: u64, only: Option<RunId>) -> Feed {
        Feed::new(&self.inner.store, &self.inner.hub, self.inner.stopping.subscribe(), conversation, after, only)
    }

    /// A conversation's state, with the text that streams right now.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn detail(
        &self,
        conversation: ConversationId,
        reader: UserId,
        before: Option<u64>,
        limit: u32,
        inline: usize,
    ) -> Result<ConversationDetail> {
        let mut detail = self.inner.store.detail(conversation, reader, before, limit, inline).await?;
        let channel = self.inner.hub.channel(conversation);
        for message in detail.messages.iter_mut().filter(|message| message.status == MessageStatus::Streaming) {
            message.parts = channel.parts(message.id);
            message.content = omega_core::api::Message::text_of(&message.parts);
        }
        Ok(detail)
    }

    /// Stops claiming, tells the readers, and waits until the runs at work have come to a safe point: at most `patience`.
    pub async fn stop(&self, patience: Duration) {
        self.inner.stopping.send_replace(true);
        self.inner.tasks.close();
        if tokio::time::timeout(patience, self.inner.tasks.wait()).await.is_err() {
            tracing::warn!(event = "drain.incomplete", runs = locked(&self.inner.working).len());
        }
    }

    pub(crate) fn is_stopping(&self) -> bool {
        *self.inner.stopping.borrow()
    }
}
