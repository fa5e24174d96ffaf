//! Refused requests, recorded without letting whoever sends them write to the database: equal ones are counted in memory and
//! recorded together, a few seconds later at the latest. What is kept is bounded; beyond that they are counted as one.

use crate::{
    domain::audit_fact::{AuditAction, Fact, Outcome},
    store::Store,
};
use omega_core::{
    api::Timestamp,
    id::{KeyId, UserId},
};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How often they are recorded.
pub const EVERY: Duration = Duration::from_secs(2);
/// Different ones that are kept at a time.
const MOST: usize = 128;

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A wrong key, or a session that is none.
    Unauthenticated,
    /// Known, and not allowed.
    Forbidden,
    /// A conversation that is not there, or not for them.
    NotFound,
    /// Too much of what the policy of this name limits.
    Limited(&'static str),
}

/// What equal refusals have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Refusal {
    pub kind: Kind,
    /// Who, where that is known.
    pub user: Option<UserId>,
    pub key: Option<KeyId>,
    pub ip: Option<IpAddr>,
    pub method: &'static str,
    pub route: String,
}

#[derive(Debug, Clone, Copy)]
struct Tally {
    count: u64,
    first: Timestamp,
    last: Timestamp,
}

/// Refusals that are not recorded yet.
#[derive(Debug, Default)]
pub struct Refusals {
    tallies: Mutex<HashMap<Refusal, Tally>>,
}

impl Refusals {
    pub fn note(&self, refusal: Refusal, now: Timestamp) {
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        let many = tallies.len() >= MOST && !tallies.contains_key(&refusal);
        let refusal = match many {
            true => Refusal { user: None, key: None, ip: None, method: "(many)", route: "(many)".into(), ..refusal },
            false => refusal,
        };
        let tally = tallies.entry(refusal).or_insert(Tally { count: 0, first: now, last: now });
        tally.count += 1;
        tally.last = now;
    }

    /// Records what there is. What can't be recorded is kept for the next time.
    pub async fn record(&self, store: &Store) {
        let taken = std::mem::take(&mut *self.tallies.lock().unwrap_or_else(PoisonError::into_inner));
        if taken.is_empty() {
            return;
        }
        let facts: Vec<Fact> = taken.iter().map(|(refusal, tally)| fact(refusal, *tally)).collect();
        let Err(error) = store.audit(&facts).await else {
            taken.iter().for_each(|(refusal, tally)| tell(refusal, *tally));
            return;
        };
        tracing::error!(event = "audit.unwritable", error = %error, "refused requests can't be recorded");
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        for (refusal, tally) in taken {
            let now = tallies.entry(refusal).or_insert(Tally { count: 0, ..tally });
            (now.count, now.first) = (now.count + tally.count, tally.first);
        }
    }
}

/// Records them every now and then, for ever.
pub async fn keep(refusals: Arc<Refusals>, store: Store) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        refusals.record(&store).await;
    }
}

fn fact(refusal: &Refusal, tally: Tally) -> Fact {
    let action = match refusal.kind {
        Kind::Unauthenticated => AuditAction::AuthFailed,
        Kind::Forbidden | Kind::NotFound => AuditAction::AccessDenied,
        Kind::Limited(_) => AuditAction::RateLimited,
    };
    let fact = Fact::new(action, "route").on(format!("{} {}", refusal.method, refusal.route)).ended(Outcome::Denied);
    let fact = fact.from(refusal.user, refusal.key, refusal.ip);
    let fact = match refusal.kind {
        Kind::Limited(policy) => fact.with("policy", policy),
        Kind::Unauthenticated => fact.with("status", 401),
        Kind::Forbidden => fact.with("status", 403),
        Kind::NotFound => fact.with("status", 404),
    };
    fact.with("count", tally.count).with("first", tally.first.to_string()).with("last", tally.last.to_string())
}

/// The same in the server's log.
fn tell(refusal: &Refusal, tally: Tally) {
    let user = refusal.user.map(|user| user.to_string());
    let ip = refusal.ip.map(|ip| ip.to_string());
    let (method, route, count) = (refusal.method, refusal.route.as_str(), tally.count);
    match refusal.kind {
        Kind::Unauthenticated => tracing::warn!(event = "auth.failed", actor = user, ip, method, route, count),
        Kind::Forbidden => {
            tracing::warn!(event = "access.denied", actor = user, ip, method, route, count, status = 403)
        }
        Kind::NotFound => tracing::warn!(event = "access.denied", actor = user, ip, method, route, count, status = 404),
        Kind::Limited(policy) => {
            tracing::warn!(event = "rate.limited", policy, actor = user, ip, method, route, count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_refusals_is_counted_in_a_bounded_space() {
        let refusals = Refusals::default();
        let refusal = |n: u32| Refusal {
            kind: Kind::Forbidden,
            user: None,
            key: None,
            ip: Some(IpAddr::from(n.to_be_bytes())),
            method: "GET",
            route: "/x".into(),
        };
        for n in 0..10_000 {
            refusals.note(refusal(n), Timestamp(i64::from(n)));
        }
        refusals.note(refusal(0), Timestamp(10_000));
        let tallies = refusals.tallies.lock().unwrap();
        assert!(tallies.len() <= MOST + 1);
        assert_eq!(tallies.values().map(|tally| tally.count).sum::<u64>(), 10_001);
        assert_eq!(tallies[&refusal(0)].count, 2);
    }
}
