//! Who is limited: a user, whatever their keys and sessions, or else an address.
//!
//! A request is counted before anybody has looked at its key. So a key's owner is remembered (by a keyed hash, in memory
//! only) from the first request that got in with it; until then, and for keys that nobody knows, its address counts.

use axum::http::{HeaderMap, header};
use omega_core::id::UserId;
use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
};

/// Keys whose owner is remembered at most; beyond that all are forgotten, and found out again.
const MOST: usize = 50_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Client {
    User(UserId),
    /// An address; of IPv6 the network, which one customer has to himself.
    Address(IpAddr),
    /// Nothing is known: a request that came through no socket.
    Unknown,
}

impl Client {
    /// An address as a client.
    pub fn at(address: Option<IpAddr>) -> Self {
        match address {
            Some(IpAddr::V6(v6)) => Self::Address(IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)))),
            Some(v4) => Self::Address(v4),
            None => Self::Unknown,
        }
    }
}

/// Whose keys and sessions are whose.
#[derive(Debug, Default)]
pub struct Owners {
    hasher: RandomState,
    known: Mutex<HashMap<u64, UserId>>,
}

impl Owners {
    /// What stands for the key or the session of a request; `None` when it has none.
    pub fn mark(&self, headers: &HeaderMap) -> Option<u64> {
        let key = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes());
        let session = || crate::http::request::cookie::token(headers).map(str::as_bytes);
        key.or_else(session).map(|secret| self.hasher.hash_one(secret))
    }

    /// Whose it is, if it got in before.
    pub fn of(&self, mark: u64) -> Option<UserId> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&mark).copied()
    }

    pub fn learn(&self, mark: u64, user: UserId) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST && !known.contains_key(&mark) {
            known.clear();
        }
        known.insert(mark, user);
    }

    /// It did not get in: whoever had it before has it no more.
    pub fn forget(&self, mark: u64) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(&mark);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_network_is_one_client() {
        let at = |text: &str| Client::at(Some(text.parse().unwrap()));
        assert_eq!(at("2001:db8:1:2::1"), at("2001:db8:1:2:ffff::9"));
        assert_ne!(at("2001:db8:1:2::1"), at("2001:db8:1:3::1"));
        assert_ne!(at("10.0.0.1"), at("10.0.0.2"));
    }

    #[test]
    fn a_key_counts_for_its_owner_once_it_got_in() {
        let (owners, user) = (Owners::default(), UserId::new());
        let mut headers = HeaderMap::new();
        assert_eq!(owners.mark(&headers), None);
        headers.insert(header::AUTHORIZATION, "Bearer tpmjs_sk_x".parse().unwrap());
        let mark = owners.mark(&headers).unwrap();
        assert_eq!(owners.of(mark), None);
        owners.learn(mark, user);
        assert_eq!(owners.of(mark), Some(user));
        owners.forget(mark);
        assert_eq!(owners.of(mark), None);
    }
}
