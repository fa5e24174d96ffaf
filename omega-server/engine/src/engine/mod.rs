//! The run engine: it claims runs, drives the agent from recorded rows, does its effects and records what they came to.
//!
//! A run lives apart from the request that began it: nobody's connection holds it up or ends it. Every worker writes
//! under a lease; one that lost its lease stops without a trace.

pub mod accept;
mod adding;
mod alternatives;
mod answers;
mod call_input;
mod call_lookup;
mod call_policy;
mod call_telemetry;
pub mod capacity;
mod credential_policy;
mod deltas;
mod drive;
mod execute_once;
pub mod feed;
pub mod guard;
pub mod hub;
mod measured_model;
mod model_step;
pub mod models;
pub mod node_config;
pub mod node_notify;
mod plan;
mod plan_selection;
mod provider_key;
mod redacting_model;
mod redactors;
mod run_prompt;
mod step_calls;
mod title;
mod tool_search;
mod tools;
mod worker;
mod written_texts;

pub use execute_once::Called;
pub use plan::Task;
pub use redactors::OwnKeys;

use crate::{
    domain::{boxed, sealed::CredentialPlace},
    executor::Redacting,
    process::offload,
    registry::ExtensibleRegistry,
    store::{
        Committed, Database, Result, Section, Send, Store,
        access::{Access, Within},
    },
    vault::Vault,
};
use capacity::Seat;
use feed::{Feed, Wanted};
use hub::Hub;
use models::Models;
use node_config::NodeConfig;
use node_notify::{Hint, NodeNotify};
use omega_core::{
    api::{Accepted, ConversationDetail, NodeStatus, RunStatus, Timestamp},
    executor::Executor,
    id::{RunId, ToolId, ToolRunId},
    redact::Redactor,
};
use redactors::Redactors;
use secrecy::SecretString;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak, atomic::AtomicUsize},
};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use worker::Workers;

/// The engine; clones share it.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub store: Store,
    pub vault: Vault,
    pub secrets: Arc<Redactors>,
    pub hub: Hub,
    pub models: Arc<dyn Models>,
    pub registry: Arc<dyn ExtensibleRegistry>,
    pub executor: Redacting,
    /// This process, as the owner of leases.
    node: String,
    /// The machine's boot: nodes of one machine share it.
    boot: String,
    started_at: Timestamp,
    config: NodeConfig,
    wake: NodeNotify,
    working: Workers,
    readers: Arc<AtomicUsize>,
    pub tool_calls: Mutex<HashMap<ToolRunId, CancellationToken>>,
    /// Tools of which a run was told that they are left alone.
    pub noticed: Mutex<HashMap<RunId, HashSet<ToolId>>>,
    stopping: watch::Sender<bool>,
    /// Ends the workers that did not come to a safe point in time.
    cut: CancellationToken,
    /// Ends the engine's own loops.
    ended: CancellationToken,
    tasks: TaskTracker,
}

/// Locks a map; a panic of another holder left it whole, since every change is one call.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Engine {
    /// An engine on a store; [`Engine::start`] begins the work.
    pub fn new(
        store: Store,
        vault: Vault,
        models: Arc<dyn Models>,
        registry: Arc<dyn ExtensibleRegistry>,
        executor: Redacting,
        own_keys: OwnKeys,
        config: NodeConfig,
    ) -> Self {
        let secrets = Arc::new(Redactors::new(store.clone(), vault.clone(), own_keys));
        let known: Weak<Redactors> = Arc::downgrade(&secrets);
        store.ask_for_secrets(known);
        let node = uuid::Uuid::new_v4().to_string();
        let inner = Inner {
            wake: NodeNotify::new(&store, &node),
            store: store.with_lease(config.lease),
            vault,
            secrets,
            hub: Hub::default(),
            models,
            registry,
            executor,
            node,
            boot: std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned(),
            started_at: Timestamp::now(),
            config,
            working: Workers::default(),
            readers: Arc::default(),
            tool_calls: Mutex::default(),
            noticed: Mutex::default(),
            stopping: watch::Sender::new(false),
            cut: CancellationToken::new(),
            ended: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Takes back what an earlier process left, and begins to claim runs.
    pub async fn start(&self) -> Result<()> {
        let alone = self.inner.store.database() == Database::Sqlite;
        self.inner.store.keep_prompt(&omega_core::agent::prompt::default(), None).await?;
        for committed in self.inner.store.recover(alone).await? {
            self.committed(committed);
        }
        if !alone {
            self.say_alive(false).await;
            self.spawn(self.clone().tell_loop());
            self.spawn(self.clone().listen_loop());
            self.spawn(self.clone().flush_loop());
            self.spawn(self.clone().fetch_loop());
        }
        if self.inner.config.claims {
            self.spawn(self.clone().claim_loop());
        }
        self.spawn(self.clone().heartbeat_loop());
        Ok(())
    }

    /// Runs a loop of the engine's own until the drain is over.
    fn spawn(&self, task: impl Future<Output = ()> + std::marker::Send + 'static) {
        let ended = self.inner.ended.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = task => {}
                () = ended.cancelled() => {}
            }
        });
    }

    fn forget_notices(&self, run: RunId) {
        locked(&self.inner.noticed).remove(&run);
    }

    /// Tells the readers of a conversation, on all nodes.
    pub fn committed(&self, committed: Committed) {
        self.inner.hub.committed(committed);
        self.inner.wake.tell(Hint::Events(committed));
    }

    /// What was committed ahead of the disk is told with the run's next commit, whose readers get all that lies before it. Gives
    /// what is not told yet: on PostgreSQL a commit is on the disk, and told at once.
    fn ahead(&self, committed: Committed) -> Option<Committed> {
        if self.inner.store.database() == Database::Sqlite {
            return Some(committed);
        }
        self.committed(committed);
        None
    }

    /// Works on, and tells of what was committed ahead if that takes longer than a moment.
    async fn telling<T>(&self, ahead: Option<Committed>, work: impl Future<Output = Result<T>>) -> Result<T> {
        let mut work = std::pin::pin!(work);
        if let Some(committed) = ahead {
            let telling = async {
                tokio::time::sleep(UNTOLD).await;
                self.inner.store.kept().await?;
                self.committed(committed);
                Result::<()>::Ok(())
            };
            // The work goes on meanwhile: it may hold what the telling waits for.
            tokio::select! {
                done = &mut work => return done,
                told = telling => told?,
            }
        }
        work.await
    }

    /// Stores a message, queues its run and wakes a worker. `env` is sealed for the run and kept with it: whichever worker
    /// takes it up, now or after a crash, has it until the run ends.
    ///
    /// # Errors
    /// As [`Store::send`], when the vault can't seal, and when the server is about to end or full.
    #[boxed]
    pub async fn send(&self, mut send: Send, env: &BTreeMap<String, SecretString>) -> Result<Accepted> {
        self.admit_run().await?;
        let run = send.run;
        // A secret that somebody writes into the message itself is kept out of the log, too.
        let sender = send.access.caller().user;
        let known = self.inner.secrets.of(sender, None).await?;
        let secrets = known.iter().map(|(name, value)| (name.as_str(), value));
        let given = env.iter().map(|(name, value)| (name.as_str(), value));
        let redactor = Redactor::new(given.chain(secrets));
        let (said, data) = (std::mem::take(&mut send.text), send.data.take());
        let length = said.len() + data.as_ref().map_or(0, String::len);
        (send.text, send.data, send.removed) = offload::run(length, move || {
            let (text, mut removed) = redactor.redact_telling(&said);
            let data = data.map(|data| redactor.redact_telling(&data));
            let data = data.map(|(data, names)| {
                removed.extend(names);
                data
            });
            (text, data, removed)
        })
        .await;
        for (name, value) in env {
            let place = CredentialPlace::of_run(sender, run, name);
            send.env.push((name.clone(), self.inner.vault.seal(&place, value).await?));
        }
        let sent = self.inner.store.send(send).await?;
        if let Some(committed) = sent.committed {
            // The work may begin while the disk takes it; nobody hears of it before.
            self.inner.wake.notify_one();
            self.inner.store.kept().await?;
            self.committed(committed);
            if let Some(stopped) = sent.stopped {
                self.signal_cancel(stopped);
                self.inner.wake.tell(Hint::CancelRun(stopped));
            }
        }
        Ok(sent.accepted)
    }

    /// Where all is kept.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Where secrets are sealed.
    pub fn vault(&self) -> &Vault {
        &self.inner.vault
    }

    /// Stops a run; a run that has ended stays as it is.
    pub async fn cancel_run(&self, run: &Within<RunId>, reason: &str) -> Result<RunStatus> {
        let (status, committed) = self.inner.store.request_cancel(run, reason).await?;
        let run = run.id();
        if let Some(committed) = committed {
            self.committed(committed);
        }
        self.signal_cancel(run);
        self.inner.wake.tell(Hint::CancelRun(run));
        if status.is_terminal() {
            self.inner.wake.notify_one();
        }
        Ok(status)
    }

    /// Has a model asked again at once that did not answer, on whichever node; a run that does not wait for that stays as it is.
    pub fn hurry(&self, run: &Within<RunId>) -> Result<()> {
        run.may_stop()?;
        self.inner.working.hurry(run.id());
        self.inner.wake.tell(Hint::Hurry(run.id()));
        Ok(())
    }

    /// Stops one tool call, on whichever node it works; one that has ended stays as it is.
    pub async fn cancel_tool(&self, tool_run: &Within<ToolRunId>) -> Result<()> {
        tool_run.may_stop()?;
        if !self.signal_tool_cancel(tool_run.id()) && self.inner.store.request_tool_cancel(tool_run).await? {
            // It may have begun here meanwhile.
            self.signal_tool_cancel(tool_run.id());
            self.inner.wake.tell(Hint::CancelTool(tool_run.id()));
        }
        Ok(())
    }

    /// `false` when it does not work on this node.
    fn signal_tool_cancel(&self, tool_run: ToolRunId) -> bool {
        let calls = locked(&self.inner.tool_calls);
        calls.get(&tool_run).inspect(|token| token.cancel()).is_some()
    }

    fn signal_cancel(&self, run: RunId) {
        self.inner.working.cancel(run);
        self.end_session(run);
    }

    /// What servers of packages hold for a run, worked on here or waiting for a person, goes.
    fn end_session(&self, run: RunId) {
        self.inner.executor.end_session(&run.to_string());
    }

    /// The name of this one.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.inner.node
    }

    /// The servers on this database. SQLite has one: this.
    pub async fn nodes(&self) -> Result<Vec<NodeStatus>> {
        if self.inner.store.database() == Database::Postgres {
            return self.inner.store.nodes().await;
        }
        Ok(vec![NodeStatus {
            id: self.inner.node.clone(),
            version: env!("CARGO_PKG_VERSION").into(),
            started_at: self.inner.started_at,
            heartbeat_at: Timestamp::now(),
            alive: true,
            draining: self.is_stopping(),
        }])
    }

    /// A reader of a conversation's events.
    pub fn feed(&self, seat: Seat, access: &Access, wanted: Wanted) -> Feed {
        Feed::new(&self.inner, seat, access.clone(), wanted)
    }

    /// A part of a conversation and its state, with the text that streams right now.
    pub async fn detail(
        &self,
        access: &Access,
        section: Section,
        limit: u32,
        inline: usize,
    ) -> Result<ConversationDetail> {
        let mut detail = self.inner.store.detail(access, section, limit, inline).await?;
        self.fill_streaming(access, &mut detail.messages).await?;
        Ok(detail)
    }

    /// Says that the server is about to end: it claims nothing and takes nothing new, and readers are told to go elsewhere.
    /// Then waits until the runs at work have come to a safe point and are handed back; what has not after the time that
    /// [`NodeConfig::drain`] gives is handed back as it is.
    pub async fn drain(&self) {
        self.inner.stopping.send_replace(true);
        // Readers look whether the server stops whenever they are woken.
        self.inner.hub.wake_all();
        self.say_alive(true).await;
        self.inner.tasks.close();
        if tokio::time::timeout(self.inner.config.drain, self.inner.tasks.wait()).await.is_err() {
            tracing::warn!(event = "drain.cut", runs = self.inner.working.len());
            self.inner.cut.cancel();
            // Only their rows are left to be written.
            let _ = tokio::time::timeout(HAND_BACK, self.inner.tasks.wait()).await;
        }
        if self.inner.store.database() == Database::Postgres {
            if let Err(error) = self.inner.store.drop_node(&self.inner.node).await {
                tracing::warn!(event = "node.not_dropped", %error);
            }
            // The hints of the last commits are on their way.
            tokio::time::sleep(node_notify::SENT).await;
        }
        self.inner.ended.cancel();
    }

    /// Whether the server is about to end.
    pub fn is_stopping(&self) -> bool {
        *self.inner.stopping.borrow()
    }
}

/// How long readers may wait for what is committed, so that it goes to the disk with what follows.
const UNTOLD: std::time::Duration = std::time::Duration::from_millis(100);

/// How long runs may take to be handed back that were cut.
const HAND_BACK: std::time::Duration = std::time::Duration::from_secs(2);
