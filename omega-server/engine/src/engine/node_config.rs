//! How a node takes part where several share one PostgreSQL.

use std::time::Duration;

/// How a node takes part in the work, and how much it takes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeConfig {
    /// Whether it works on runs. One that does not only serves: requests, readers, the page.
    pub claims: bool,
    /// Whether models may propose packages to add; each is asked about.
    pub may_add: bool,
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
            may_add: true,
            lease: Duration::from_secs(30),
            drain: Duration::from_secs(25),
            max_readers: 10_000,
            max_queued: 10_000,
            stalled: Duration::from_secs(30),
        }
    }
}
