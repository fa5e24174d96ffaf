//! What a server needs to know, all of it from its caller: nothing in here reads the process's environment.

use crate::{clock::Clock, limits::Policies, vault::MasterKeySource};
use omega_core::model::{catalog::ProviderEnv, price::Prices};
use secrecy::SecretString;
use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

/// Told to people who wait: what is being fetched.
pub type Progress = Arc<dyn Fn(&str) + Send + Sync>;

/// The configuration of one server.
#[derive(Clone)]
pub struct ServeConfig {
    /// `sqlite:PATH` or `postgres://...`.
    pub database_url: String,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Runtime, tool images and scratch folders.
    pub cache_dir: PathBuf,
    /// Bytes of tool packages that are kept; the least recently used go.
    pub cache_limit: u64,
    /// `OMEGA_DENO`.
    pub deno: Option<PathBuf>,
    /// `OMEGA_EXECUTOR_URL`: tools run on these instead of on this machine; `local` among them makes it the last choice.
    pub executors: Vec<String>,
    /// The key of those executors.
    pub executor_key: Option<SecretString>,
    /// Hosts (`host:port`) on private networks that tools may reach; none by default.
    pub allow_private_net: Vec<String>,
    /// `TPMJS_API_URL`: a registry to mirror.
    pub registry_url: Option<String>,
    /// Keys and base URLs of model providers.
    pub providers: ProviderEnv,
    /// `OMEGA_MODEL`: what answers when nobody chose.
    pub model: Option<String>,
    /// What models cost.
    pub prices: Prices,
    /// Where the master key of the stored credentials comes from.
    pub master_key: MasterKeySource,
    /// The name of the first user.
    pub owner_name: String,
    /// Who else knows people.
    pub identity: Identity,
    /// How a user's own server differs from a shared one.
    pub local: Option<Local>,
    /// How this node takes part where several share one PostgreSQL.
    pub node: NodeConfig,
    /// How much clients may ask for, and whom they are told apart by.
    pub limits: Limits,
    /// The wall clock.
    pub clock: Clock,
    /// Told what is being fetched.
    pub progress: Progress,
}

/// Others whom the server asks about people; nobody when nothing is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The platform that may know keys which this server did not make: where its API begins (`https://HOST/api`).
    pub key_verifier: Option<String>,
    /// Where the pictures of users come from who gave an address: `https://gravatar.com/avatar`.
    pub avatars: Option<String>,
}

/// How a node takes part in the work, and how much it takes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeConfig {
    /// Whether it works on runs. One that does not only serves: requests, readers, the page.
    pub claims: bool,
    /// How long its runs stay its own without a heartbeat; another node takes over what is older. Heartbeats come three
    /// times as often.
    pub lease: Duration,
    /// How long runs may take to come to a safe point when it is told to end.
    pub drain: Duration,
    /// Readers that follow events at the same time; more get 503.
    pub max_readers: usize,
    /// Runs that may wait on the whole database; more get 503.
    pub max_queued: u32,
    /// How long a client may leave its socket full before its connection is closed.
    pub stalled: Duration,
}

impl Default for NodeConfig {
    fn default() -> Self {
        Self {
            claims: true,
            lease: Duration::from_secs(30),
            drain: Duration::from_secs(25),
            max_readers: 10_000,
            max_queued: 10_000,
            stalled: Duration::from_secs(30),
        }
    }
}

/// A user's own server, in the background.
#[derive(Clone)]
pub struct Local {
    /// The key that its clients have; registered when the database does not know it.
    pub key: Option<SecretString>,
    /// It ends after this long without a request and without work.
    pub idle: Duration,
}

/// How much clients may ask for, and how long they may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Requests by class.
    pub policies: Policies,
    /// Proxies whose `X-Forwarded-For` says who the client is.
    pub trusted_proxies: Vec<IpAddr>,
    /// Connections of one address at a time, at most a quarter of what the process may have open; of more, the one that has
    /// been silent for longest gives way, or else the new one is closed at once. Trusted proxies have as many as there are.
    pub connections: usize,
    /// How long a request's head may take.
    pub head: Duration,
    /// How long a request's body may take; large ones get more ([`crate::limits::SLOWEST`]).
    pub body: Duration,
    /// How long a connection may wait for its next request.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            policies: Policies::default(),
            trusted_proxies: Vec::new(),
            connections: 4_096,
            head: Duration::from_secs(15),
            body: Duration::from_secs(30),
            // Longer than clients keep theirs, so that none is closed on a client that has just begun to write.
            idle: Duration::from_secs(120),
        }
    }
}
