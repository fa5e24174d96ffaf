//! How much clients may ask for (`security.md` T16, ASVS 2.4): policies as plain values, one bucket a client and policy.
//!
//! The promises: every answer says what is left (`RateLimit`, `RateLimit-Policy`); a request too many gets 429 with the
//! seconds to wait; what is kept of clients is bounded; nobody is limited by what others ask for. Each node counts for
//! itself: behind several, a client gets as many times the quota.
//!
//! How much a client asks for is not limited unless the operator says so. Only guesses are: of keys (by address) and of
//! conversations (by user). Those buckets are filled by failures alone, so whoever makes none never meets them.

mod body;
mod bucket;
mod client;
mod flags;
mod layer;

pub use body::SLOWEST;
pub use bucket::{BucketState, Buckets};
pub use client::Client;
pub use flags::Flags;
pub use layer::{RateLimiter, layer};

use crate::http::request::network::Network;
use axum::http::Method;
use std::{fmt, str::FromStr, time::Duration};

/// How much clients may ask for, and how long they may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    pub policies: Policies,
    /// Proxies whose `X-Forwarded-*` says who the client is, and what it asked for.
    pub trusted_proxies: Vec<Network>,
    /// Connections of one address at a time, at most a quarter of what the process may have open; of more, the one that has
    /// been silent for longest gives way, or else the new one is closed at once. Trusted proxies have as many as there are.
    pub connections: usize,
    /// How long a request's head may take.
    pub head: Duration,
    /// How long a request's body may take; large ones get more ([`SLOWEST`]).
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

/// So many units in so much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    pub quota: u64,
    pub window: Duration,
}

/// What a policy is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    Reads,
    Writes,
    /// Messages and plans: what makes a model work.
    Runs,
    Search,
    /// Running a tool outside of a conversation.
    Execute,
    /// Wrong keys and sessions.
    SignIn,
    /// Conversations that are not there, or not for the caller.
    Guesses,
}

impl Class {
    pub const ALL: [Self; 7] =
        [Self::Reads, Self::Writes, Self::Runs, Self::Search, Self::Execute, Self::SignIn, Self::Guesses];

    /// Its name in headers and in the configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Writes => "writes",
            Self::Runs => "runs",
            Self::Search => "search",
            Self::Execute => "execute",
            Self::SignIn => "sign-in",
            Self::Guesses => "guesses",
        }
    }

    /// What a request to a route counts as.
    pub fn of(method: &Method, route: &str) -> Self {
        if route == "/api/tools/search" {
            Self::Search
        } else if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
            Self::Reads
        } else if route == "/api/registry/execute" {
            Self::Execute
        } else if *method == Method::POST
            && (route.ends_with("/messages") || route.ends_with("/plan") || FOREIGN_RUNS.contains(&route))
        {
            Self::Runs
        } else {
            Self::Writes
        }
    }
}

/// Messages in the words of other APIs.
pub const FOREIGN_RUNS: [&str; 2] = ["/v1/chat/completions", "/v1/responses"];

/// The policies of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policies([Policy; Class::ALL.len()]);

impl Default for Policies {
    fn default() -> Self {
        let minute = |quota| Policy { quota, window: Duration::from_secs(60) };
        // More than a machine can answer: no limit, and headers that say so in their own way.
        let plenty = minute(1_000_000);
        Self([plenty, plenty, plenty, plenty, plenty, minute(30), minute(300)])
    }
}

impl Policies {
    pub fn of(&self, class: Class) -> Policy {
        self.0[class as usize]
    }

    /// The same with another policy for one class.
    #[must_use]
    pub fn with(mut self, class: Class, policy: Policy) -> Self {
        self.0[class as usize] = policy;
        self
    }
}

impl From<&[Set]> for Policies {
    /// The defaults, and what was set besides.
    fn from(sets: &[Set]) -> Self {
        sets.iter().fold(Self::default(), |policies, Set(class, policy)| policies.with(*class, *policy))
    }
}

/// A policy for a class, as `writes=600/60s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Set(pub Class, pub Policy);

impl FromStr for Set {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Class::ALL.map(Class::as_str).join(", ");
        let usage = || format!("`{text}` is no rate limit; write CLASS=QUOTA/TIME, for example writes=600/60s");
        let (name, rest) = text.split_once('=').ok_or_else(usage)?;
        let (quota, window) = rest.split_once('/').ok_or_else(usage)?;
        let class = Class::ALL.into_iter().find(|class| class.as_str() == name.trim());
        let class = class.ok_or_else(|| format!("`{}` is no class of requests; there are {}", name.trim(), names()))?;
        let quota = quota.trim().parse::<u64>().ok().filter(|quota| (1..=1_000_000_000).contains(quota));
        let quota = quota.ok_or_else(|| format!("{}: a quota is a number from 1 to 1000000000", usage()))?;
        let window = humantime::parse_duration(window.trim()).ok();
        let window = window.filter(|time| (Duration::from_secs(1)..=Duration::from_secs(86_400)).contains(time));
        let window = window.ok_or_else(|| format!("{}: a time is from 1s to 1day", usage()))?;
        Ok(Self(class, Policy { quota, window }))
    }
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (class, policy) = (self.0.as_str(), self.1);
        write!(f, "{class}={}/{}", policy.quota, humantime::format_duration(policy.window))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_read_as_it_is_written_and_a_wrong_one_says_what_is_right() {
        let set: Set = "writes=600/1m".parse().unwrap();
        assert_eq!(set, Set(Class::Writes, Policy { quota: 600, window: Duration::from_secs(60) }));
        assert_eq!(set.to_string().parse::<Set>().unwrap(), set);
        for (text, says) in [
            ("writes", "writes=600/60s"),
            ("writes=600", "writes=600/60s"),
            ("rights=1/1s", "there are reads, writes"),
            ("writes=0/1s", "from 1 to"),
            ("writes=many/1s", "from 1 to"),
            ("writes=1/soon", "from 1s to 1day"),
            ("writes=1/0s", "from 1s to 1day"),
        ] {
            let error = text.parse::<Set>().unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn every_request_has_its_class() {
        let table = [
            (Method::GET, "/api/omega/conversations/{id}", Class::Reads),
            (Method::HEAD, "/livez", Class::Reads),
            (Method::PATCH, "/api/omega/conversations/{id}", Class::Writes),
            (Method::POST, "/api/omega/conversations/{id}/messages", Class::Runs),
            (Method::POST, "/api/omega/conversations/{id}/plan", Class::Runs),
            (Method::GET, "/api/omega/conversations/{id}/messages", Class::Reads),
            (Method::GET, "/api/tools/search", Class::Search),
            (Method::POST, "/api/registry/execute", Class::Execute),
            (Method::POST, "/v1/chat/completions", Class::Runs),
            (Method::POST, "/v1/responses", Class::Runs),
            (Method::POST, "/v1/responses/{id}/cancel", Class::Writes),
            (Method::GET, "/v1/models", Class::Reads),
            (Method::TRACE, "(no route)", Class::Writes),
        ];
        for (method, route, class) in table {
            assert_eq!(Class::of(&method, route), class, "{method} {route}");
        }
    }
}
