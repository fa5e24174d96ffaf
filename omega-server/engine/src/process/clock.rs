//! The wall clock, which can be set forward: a pause lasts days, and no test waits for them.
//!
//! Durations are never measured with it: leases and deadlines count on a clock that nobody sets.

use omega_core::api::Timestamp;
use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The IANA name of this machine's time zone; empty where it does not say.
pub fn zone() -> String {
    let link = || std::fs::read_link("/etc/localtime").ok().map(|path| path.to_string_lossy().into_owned());
    let named = std::env::var("TZ").ok().filter(|name| !name.is_empty()).or_else(link).unwrap_or_default();
    let name = named.rsplit_once("zoneinfo/").map_or(named.as_str(), |(_, name)| name);
    let is_name = |c: char| c.is_ascii_alphanumeric() || "/_+-".contains(c);
    if name.len() <= 64 && name.chars().all(is_name) { name.to_owned() } else { String::new() }
}

/// The wall clock; clones are the same clock.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    ahead: Arc<AtomicI64>,
}

impl Clock {
    pub fn now(&self) -> Timestamp {
        Timestamp(Timestamp::now().0.saturating_add(self.ahead.load(Ordering::Relaxed)))
    }

    /// How long this process has been at work: for what counts durations, since the wall clock may be set back. It goes
    /// forward with the clock.
    pub fn uptime(&self) -> Duration {
        let ahead = u64::try_from(self.ahead.load(Ordering::Relaxed)).unwrap_or(0);
        BEGINNING.elapsed().saturating_add(Duration::from_millis(ahead))
    }

    pub fn advance(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.ahead.fetch_add(millis, Ordering::Relaxed);
    }
}
