//! What every handler can reach.

use super::{
    identity::{avatars::Avatars, verifier::KeyVerifier},
    import_limit::ImportLimit,
    limits::{Limits, RateLimiter},
};
use omega_core::api::Timestamp;
use omega_engine::{
    engine::{Engine, models::Catalog},
    executor::Redacting,
    registry::RegistryService,
    store::Store,
};
use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering},
    },
};

/// The server's parts; clones share them.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// See [`App`].
pub struct Parts {
    pub store: Store,
    pub engine: Engine,
    pub registry: Arc<RegistryService>,
    pub executor: Redacting,
    pub models: Arc<Catalog>,
    /// How much clients may ask for.
    pub gate: Arc<RateLimiter>,
    /// Whose documents are being read.
    pub(crate) importing: ImportLimit,
    /// Who may know keys that this server did not make.
    pub verifier: Option<Arc<dyn KeyVerifier>>,
    /// Where people's pictures come from.
    pub avatars: Option<Avatars>,
    /// When the server began.
    pub started_at: Timestamp,
    /// Whether `POST /stop` ends it: a user's own server only.
    pub may_stop: bool,
    last_request: AtomicI64,
    answering: AtomicUsize,
    guesses: AtomicU64,
    stop: tokio::sync::Notify,
}

/// A request that is worked on.
#[must_use]
pub struct Answering(App);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.answering.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// The parts of a server.
    pub fn new(
        engine: Engine,
        registry: Arc<RegistryService>,
        executor: Redacting,
        models: Arc<Catalog>,
        limits: Limits,
        (verifier, avatars): (Option<Arc<dyn KeyVerifier>>, Option<Avatars>),
        may_stop: bool,
    ) -> Self {
        let now = Timestamp::now();
        let store = engine.store().clone();
        Self(Arc::new(Parts {
            engine,
            registry,
            executor,
            models,
            gate: RateLimiter::new(limits, store.clock().clone()),
            store,
            importing: ImportLimit::default(),
            verifier,
            avatars,
            started_at: now,
            may_stop,
            last_request: AtomicI64::new(now.0),
            answering: AtomicUsize::new(0),
            guesses: AtomicU64::new(0),
            stop: tokio::sync::Notify::new(),
        }))
    }

    /// Notes that somebody uses the server.
    pub fn touch(&self) {
        self.last_request.store(Timestamp::now().0, Ordering::Relaxed);
    }

    /// When somebody last used it.
    pub fn last_request(&self) -> Timestamp {
        Timestamp(self.last_request.load(Ordering::Relaxed))
    }

    /// Notes that a request is worked on, for as long as the result lives.
    pub fn answering(&self) -> Answering {
        self.answering.fetch_add(1, Ordering::Relaxed);
        Answering(self.clone())
    }

    /// Whether a request is worked on. Streams are followed by readers instead.
    pub fn is_answering(&self) -> bool {
        self.answering.load(Ordering::Relaxed) > 0
    }

    /// Counts an id of a conversation that opened nothing, and says how many there were since the start.
    pub fn guessed(&self) -> u64 {
        self.guesses.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Asks the server to end.
    pub fn request_stop(&self) {
        self.stop.notify_one();
    }

    /// Resolves when it is asked to end.
    pub async fn stop_requested(&self) {
        self.stop.notified().await;
    }
}
