//! What a server needs to know, all of it from its caller: nothing in here reads the process's environment.

use omega_core::model::catalog::ProviderEnv;
use secrecy::SecretString;
use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

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
    /// `OMEGA_DENO`.
    pub deno: Option<PathBuf>,
    /// `OMEGA_EXECUTOR_URL`: tools run there instead of on this machine.
    pub executor_url: Option<String>,
    /// The key of that executor.
    pub executor_key: Option<SecretString>,
    /// Hosts (`host:port`) on private networks that tools may reach; none by default.
    pub allow_private_net: Vec<String>,
    /// `TPMJS_API_URL`: a registry to mirror.
    pub registry_url: Option<String>,
    /// Keys and base URLs of model providers.
    pub providers: ProviderEnv,
    /// `OMEGA_MODEL`: what answers when nobody chose.
    pub model: Option<String>,
    /// The name of the first user.
    pub owner_name: String,
    /// How a user's own server differs from a shared one.
    pub local: Option<Local>,
    /// Told what is being fetched.
    pub progress: Progress,
}

/// A user's own server, in the background.
#[derive(Clone)]
pub struct Local {
    /// The key that its clients have; registered when the database does not know it.
    pub key: Option<SecretString>,
    /// It ends after this long without a request and without work.
    pub idle: Duration,
}
