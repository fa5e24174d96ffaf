//! The status banner.

use super::{MirrorStatus, Timestamp};
use crate::executor::ExecutorHealth;
use serde::{Deserialize, Serialize};

/// `GET /status`: everything for whoever shows a key or a session that counts, one word for others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum StatusAnswer {
    /// For who is signed in.
    Whole(Box<Status>),
    /// For who is not.
    Word(StatusWord),
}

/// How the server is, in one word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StatusWord {
    /// `ok`, `degraded` or `down`: the worst of the parts.
    pub status: String,
}

/// The parts of the server, and how each is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// `ok`, `degraded` or `down`: the worst of the parts.
    pub status: String,
    /// The server's version.
    pub version: String,
    /// The registry: how many tools, since when.
    pub registry: RegistryStatus,
    /// The executor.
    pub executor: ExecutorHealth,
    /// Circuit breakers that are not closed.
    #[serde(default)]
    pub breakers: Vec<OpenBreaker>,
    /// `sqlite` or `postgres`.
    pub database: String,
    /// The servers on this database; one alone on SQLite.
    #[serde(default)]
    pub nodes: Vec<NodeStatus>,
    /// Runs that work right now.
    pub active_runs: u64,
    /// Seconds since the server began.
    pub uptime_seconds: u64,
}

/// The registry's part of the banner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct RegistryStatus {
    /// `ok`, `degraded` or `down`.
    pub status: String,
    /// Tools that search can find.
    pub tools: u64,
    /// Packages they come from.
    pub packages: u64,
    /// What is off, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The registry that this one mirrors; not there where it mirrors none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror: Option<MirrorStatus>,
}

/// A circuit breaker that is not closed: calls are refused until then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct OpenBreaker {
    /// `tool`, `executor` or `provider`.
    pub kind: String,
    /// `package::export@version`, or a name.
    pub subject: String,
    /// `open`, or `half_open` while one call tries whether it works again.
    pub state: String,
    /// Failures that opened it, and those of tries since.
    pub failures: u64,
    /// Since when.
    pub opened_at: Timestamp,
    /// When the next call may try.
    pub until: Timestamp,
    /// The code of the last failure.
    pub reason: String,
}

/// A server among those on one database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct NodeStatus {
    /// Its id: a new one at each start.
    pub id: String,
    /// Its version.
    pub version: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it last said that it lives.
    pub heartbeat_at: Timestamp,
    /// Whether that is recent enough that its runs are its own.
    pub alive: bool,
    /// Whether it was told to end.
    pub draining: bool,
}
