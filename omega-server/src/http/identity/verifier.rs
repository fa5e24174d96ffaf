//! Keys that this server did not make, and who vouches for them. Off unless it is configured.
//!
//! The promises: a key is sent to the configured platform alone, in a header, and kept nowhere (the memory of what was
//! asked goes by its SHA-256); a platform that does not answer lets nobody in; what it says is believed for five minutes,
//! and that it does not know a key for one.

use futures_util::future::BoxFuture;
use omega_core::net;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::Semaphore;

const KNOWN_FOR: Duration = Duration::from_secs(5 * 60);
const UNKNOWN_FOR: Duration = Duration::from_secs(60);
const TIMEOUT: Duration = Duration::from_secs(5);
/// Keys that are remembered; more are asked about again.
const REMEMBERED: usize = 10_000;
/// Questions at the same time: guesses must not become a flood elsewhere.
const AT_ONCE: usize = 8;
const MAX_BYTES: usize = 64 * 1024;

/// Somebody whom a platform vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The same for the same person, for ever; names the platform.
    pub id: String,
    /// The name to show, as it came.
    pub name: String,
    /// The address, for the picture.
    pub email: Option<String>,
}

/// What came of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyCheck {
    /// It is this person's.
    Known(Person),
    /// It is nobody's.
    Unknown,
    /// Nobody can say right now.
    Unavailable,
}

/// Who can say whose key it is.
pub trait KeyVerifier: Send + Sync {
    fn verify<'a>(&'a self, key: &'a str) -> BoxFuture<'a, KeyCheck>;
}

/// Asks a verifier, and remembers what it said.
pub struct Remembering<V> {
    inner: V,
    said: Mutex<HashMap<[u8; 32], (Instant, KeyCheck)>>,
    places: Semaphore,
}

impl<V: KeyVerifier> Remembering<V> {
    /// With an empty memory.
    pub fn new(inner: V) -> Self {
        Self { inner, said: Mutex::default(), places: Semaphore::new(AT_ONCE) }
    }

    fn said(&self) -> MutexGuard<'_, HashMap<[u8; 32], (Instant, KeyCheck)>> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn recall(&self, key: &[u8; 32]) -> Option<KeyCheck> {
        let said = self.said();
        let (at, verdict) = said.get(key)?;
        (at.elapsed() < lasts(verdict)).then(|| verdict.clone())
    }

    fn remember(&self, key: [u8; 32], verdict: &KeyCheck) {
        if *verdict == KeyCheck::Unavailable {
            return;
        }
        let mut said = self.said();
        if said.len() >= REMEMBERED {
            said.retain(|_, (at, verdict)| at.elapsed() < lasts(verdict));
        }
        if said.len() < REMEMBERED {
            said.insert(key, (Instant::now(), verdict.clone()));
        }
    }
}

fn lasts(verdict: &KeyCheck) -> Duration {
    if matches!(verdict, KeyCheck::Known(_)) { KNOWN_FOR } else { UNKNOWN_FOR }
}

impl<V: KeyVerifier> KeyVerifier for Remembering<V> {
    fn verify<'a>(&'a self, key: &'a str) -> BoxFuture<'a, KeyCheck> {
        Box::pin(async move {
            let hash: [u8; 32] = Sha256::digest(key.as_bytes()).into();
            if let Some(verdict) = self.recall(&hash) {
                return verdict;
            }
            let Ok(Ok(_place)) = tokio::time::timeout(TIMEOUT, self.places.acquire()).await else {
                return KeyCheck::Unavailable;
            };
            // Whoever waited may find the answer of the one before.
            if let Some(verdict) = self.recall(&hash) {
                return verdict;
            }
            let verdict = self.inner.verify(key).await;
            self.remember(hash, &verdict);
            verdict
        })
    }
}

/// The public platform: `GET {base}/user/profile` says who it is. A key that may not read the profile is tried at
/// `{base}/user/usage`, which knows keys but no people; who has such a key is known by the key's hash.
pub struct Platform {
    base: String,
    http: reqwest::Client,
}

#[derive(Deserialize)]
struct PlatformReply {
    data: Profile,
}

#[derive(Deserialize)]
struct Profile {
    id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    email: Option<String>,
}

impl Platform {
    /// The platform whose API begins at `base` (`https://HOST/api`).
    ///
    /// # Errors
    /// When the transport can't be made.
    pub fn new(base: &str) -> reqwest::Result<Self> {
        let http = net::client()
            .timeout(TIMEOUT)
            // A key must not follow a redirect to somebody else.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { base: base.trim_end_matches('/').to_owned(), http })
    }

    async fn ask(&self, path: &str, key: &str) -> Option<(u16, Vec<u8>)> {
        let mut response = self.http.get(format!("{}{path}", self.base)).bearer_auth(key).send().await.ok()?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.ok()? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_BYTES {
                return None;
            }
        }
        Some((status, body))
    }

    async fn identify(&self, key: &str) -> Option<KeyCheck> {
        let (status, body) = self.ask("/user/profile", key).await?;
        match status {
            200 => {
                let Profile { id, name, username, email } = serde_json::from_slice::<PlatformReply>(&body).ok()?.data;
                let name = name.filter(|name| !name.trim().is_empty()).or(username).unwrap_or_default();
                Some(KeyCheck::Known(Person { id: format!("{}#{id}", self.base), name, email }))
            }
            401 | 403 => match self.ask("/user/usage", key).await?.0 {
                200 | 403 => {
                    let digest = Sha256::digest(key.as_bytes());
                    let hash: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
                    Some(KeyCheck::Known(Person {
                        id: format!("{}#key:{hash}", self.base),
                        name: format!("user {}", &hash[..6]),
                        email: None,
                    }))
                }
                401 => Some(KeyCheck::Unknown),
                _ => None,
            },
            _ => None,
        }
    }
}

impl KeyVerifier for Platform {
    fn verify<'a>(&'a self, key: &'a str) -> BoxFuture<'a, KeyCheck> {
        Box::pin(async move {
            let verdict = self.identify(key).await;
            if verdict.is_none() {
                tracing::warn!(event = "auth.platform_unavailable", base = self.base);
            }
            verdict.unwrap_or(KeyCheck::Unavailable)
        })
    }
}
