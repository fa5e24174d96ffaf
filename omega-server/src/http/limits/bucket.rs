//! Buckets by the generic cell rate algorithm: of each, one point in time is kept, until when it is in use. A bucket that is
//! not in use is as good as a new one, so it is forgotten.

use super::{Class, Client, Policy};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Buckets that are kept at most; beyond that the least used ones are forgotten.
const MOST: usize = 100_000;

/// What is left in a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BucketState {
    /// Whether there was room.
    pub allowed: bool,
    /// Units that are left.
    pub remaining: u64,
    /// Seconds until it is as good as new.
    pub reset: u64,
    /// Seconds until there is room again; 0 when there is.
    pub retry_after: u64,
}

/// The buckets of all clients.
#[derive(Debug)]
pub struct Buckets {
    most: usize,
    until: Mutex<HashMap<(Client, Class), i64>>,
}

impl Default for Buckets {
    fn default() -> Self {
        Self::holding(MOST)
    }
}

impl Buckets {
    /// Buckets of which at most so many are kept.
    pub fn holding(most: usize) -> Self {
        Self { most, until: Mutex::default() }
    }

    /// Takes units out of a client's bucket if they are there.
    pub fn take(&self, client: Client, class: Class, policy: Policy, units: u64, now: Duration) -> BucketState {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        let (state, next) = spend(until.get(&(client, class)).copied(), policy, units, now);
        if let Some(next) = next {
            if until.len() >= self.most && !until.contains_key(&(client, class)) {
                forget(&mut until, self.most, now);
            }
            until.insert((client, class), next);
        }
        state
    }

    /// What is left, without taking anything.
    pub fn look(&self, client: Client, class: Class, policy: Policy, now: Duration) -> BucketState {
        let until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        let state = spend(until.get(&(client, class)).copied(), policy, 0, now).0;
        BucketState { allowed: state.remaining > 0, ..state }
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.until.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Makes room: what is as good as new goes, and if that is not enough an eighth of the rest, those that are in use for the
/// shortest time.
fn forget(until: &mut HashMap<(Client, Class), i64>, most: usize, now: Duration) {
    let now = nanos(now);
    until.retain(|_, end| *end > now);
    if until.len() < most {
        return;
    }
    let mut ends: Vec<i64> = until.values().copied().collect();
    let (_, cut, _) = ends.select_nth_unstable(most / 8);
    let cut = *cut;
    until.retain(|_, end| *end > cut);
}

/// 292 years fit in.
fn nanos(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX / 4)
}

/// A bucket's state after `units` more, and its new end if they were taken. Time is the process's own: a wall clock that is
/// set makes nobody wait, and lets nobody in.
fn spend(until: Option<i64>, policy: Policy, units: u64, now: Duration) -> (BucketState, Option<i64>) {
    let now = nanos(now);
    let window = nanos(policy.window);
    let each = (window / i64::try_from(policy.quota.max(1)).unwrap_or(i64::MAX)).max(1);
    let until = until.unwrap_or(now).clamp(now, now.saturating_add(window));
    let wanted = each.saturating_mul(i64::try_from(units).unwrap_or(i64::MAX));
    let end = until.saturating_add(wanted);
    let allowed = end - now <= window;
    let in_use = if allowed { end } else { until } - now;
    let seconds = |nanos: i64| u64::try_from((nanos.max(0) + 999_999_999) / 1_000_000_000).unwrap_or(0);
    let state = BucketState {
        allowed,
        remaining: u64::try_from((window - in_use) / each).unwrap_or(0).min(policy.quota),
        reset: seconds(in_use),
        retry_after: if allowed { 0 } else { seconds(end - now - window).max(1) },
    };
    (state, (allowed && units > 0).then_some(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use omega_core::id::UserId;
    use omega_engine::process::clock::Clock;
    use std::time::Duration;

    fn policy(quota: u64, seconds: u64) -> Policy {
        Policy { quota, window: Duration::from_secs(seconds) }
    }

    #[test]
    fn a_quota_is_had_at_once_and_comes_back_bit_by_bit() {
        let (buckets, clock) = (Buckets::default(), Clock::default());
        let (me, other) = (Client::User(UserId::new()), Client::User(UserId::new()));
        let take = |who, n| buckets.take(who, Class::Writes, policy(5, 10), n, clock.uptime());
        for left in (0..5).rev() {
            let state = take(me, 1);
            assert_eq!((state.allowed, state.remaining), (true, left));
        }
        let refused = take(me, 1);
        assert!(!refused.allowed && (1..=2).contains(&refused.retry_after), "{refused:?}");
        assert!(take(other, 1).allowed, "another one has their own");
        assert!(buckets.take(me, Class::Reads, policy(5, 10), 1, clock.uptime()).allowed, "and another class, too");
        clock.advance(Duration::from_secs(refused.retry_after));
        assert!(take(me, 1).allowed, "after the seconds that were told");
        clock.advance(Duration::from_secs(10));
        let state = take(me, 5);
        assert_eq!((state.allowed, state.remaining, state.reset), (true, 0, 10));
        assert!(!take(me, 6).allowed, "more than there ever is");
    }

    #[test]
    fn looking_takes_nothing() {
        let (buckets, now, me) = (Buckets::default(), Clock::default().uptime(), Client::User(UserId::new()));
        for _ in 0..20 {
            assert_eq!(buckets.look(me, Class::Guesses, policy(2, 60), now).remaining, 2);
        }
        assert!(buckets.is_empty());
        buckets.take(me, Class::Guesses, policy(2, 60), 2, now);
        assert!(!buckets.look(me, Class::Guesses, policy(2, 60), now).allowed);
    }

    #[test]
    fn what_is_kept_is_bounded_and_who_uses_most_is_forgotten_last() {
        let (buckets, clock) = (Buckets::holding(1_000), Clock::default());
        let busy = Client::User(UserId::new());
        buckets.take(busy, Class::Writes, policy(100, 60), 100, clock.uptime());
        for _ in 0..20_000 {
            buckets.take(Client::User(UserId::new()), Class::Writes, policy(100, 60), 1, clock.uptime());
            assert!(buckets.len() <= 1_000);
        }
        assert!(!buckets.take(busy, Class::Writes, policy(100, 60), 1, clock.uptime()).allowed);
    }
}
