//! What a server needs to know, all of it from its caller: nothing in here reads the process's environment.

use crate::http::{cors::Origin, limits::Limits, request::public_url::PublicUrl};
use omega_core::model::{catalog::ProviderEnv, price::Prices};
use omega_engine::{
    engine::node_config::NodeConfig,
    observe::otlp::OtlpConfig,
    process::clock::Clock,
    registry::Address,
    vault::{MasterKeySource, OwnersKeyring},
};
use secrecy::SecretString;
use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

/// Told to people who wait: what is being fetched.
pub type Progress = Arc<dyn Fn(&str) + Send + Sync>;

/// The configuration of one server.
#[derive(Clone)]
pub struct ServeConfig {
    /// `sqlite:PATH` or `postgres://...`.
    pub database_url: String,
    pub listen: SocketAddr,
    /// Where `/metrics` is for whoever reaches it, without a key; nowhere when nothing is set.
    pub metrics: Option<SocketAddr>,
    /// Runtime, tool images and scratch folders.
    pub cache_dir: PathBuf,
    /// Bytes of tool packages that are kept; the least recently used go.
    pub cache_limit: u64,
    /// `OMEGA_DENO`.
    pub deno: Option<PathBuf>,
    /// `OMEGA_EXECUTOR_URL`: tools run on these instead of on this machine; `local` among them makes it the last choice.
    pub executors: Vec<String>,
    pub executor_key: Option<SecretString>,
    /// Hosts (`host:port`) on private networks that tools may reach; none by default.
    pub allow_private_net: Vec<String>,
    /// `TPMJS_API_URL`: the registry to mirror.
    pub mirror: Option<Address>,
    /// Keys and base URLs of model providers.
    pub providers: ProviderEnv,
    /// `OMEGA_MODEL`: what answers when nobody chose.
    pub model: Option<String>,
    pub prices: Prices,
    /// Where the master key of the stored credentials comes from.
    pub master_key: MasterKeySource,
    /// The name of the first user.
    pub owner_name: String,
    /// Who else knows people.
    pub identity: Identity,
    /// How a user's own server differs from a shared one.
    pub local: Option<Local>,
    /// Make another API key for the first user: theirs is lost.
    pub new_key: bool,
    /// How this node takes part where several share one PostgreSQL.
    pub node: NodeConfig,
    /// How much clients may ask for, and whom they are told apart by.
    pub limits: Limits,
    /// Where the world finds it, behind a proxy.
    pub public_url: Option<PublicUrl>,
    /// Where spans and records go besides; nowhere when nothing is set.
    pub telemetry: Option<OtlpConfig>,
    /// Whose pages may use the API besides this site's own; none by default.
    pub cors_origins: Vec<Origin>,
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

/// A user's own server, in the background or in the foreground.
#[derive(Clone)]
pub struct Local {
    /// The key that its clients have; registered when the database does not know it.
    pub key: Option<SecretString>,
    /// Where its owner's keys of model providers are kept.
    pub keyring: Option<OwnersKeyring>,
    /// One in the background ends after this long without a request and without work.
    pub idle: Option<Duration>,
}
