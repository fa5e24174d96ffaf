//! The status banner.

use crate::executor::ExecutorHealth;
use serde::{Deserialize, Serialize};

/// `GET /status`.
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
    /// `sqlite` or `postgres`.
    pub database: String,
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
}
