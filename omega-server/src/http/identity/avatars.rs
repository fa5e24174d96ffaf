//! Pictures of people, fetched by the server: a reader's browser asks nobody else, and who looks at whom stays here.
//!
//! Only hashes of this server's own users are asked for, so this is no proxy for anything else. What comes back must be a
//! small picture of a kind that can't run anything. It is kept in memory for a while; that there is none, too.

use bytes::Bytes;
use omega_core::net;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant},
};

const TIMEOUT: Duration = Duration::from_secs(5);
const MAX_BYTES: usize = 256 * 1024;
const KEPT_FOR: Duration = Duration::from_secs(3600);
const MISSING_FOR: Duration = Duration::from_secs(600);
/// Pictures that are kept at most: 128 MiB of the largest.
const KEPT: usize = 512;
const KINDS: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

#[derive(Debug, Clone)]
pub struct Picture {
    /// Its media type, one of four.
    pub kind: &'static str,
    pub content: Bytes,
}

/// Where pictures come from, and those that are here.
#[derive(Debug)]
pub struct Avatars {
    base: String,
    http: OnceLock<reqwest::Client>,
    kept: Mutex<HashMap<String, (Instant, Option<Picture>)>>,
}

impl Avatars {
    /// Pictures from `base` (Gravatar's is `https://gravatar.com/avatar`).
    pub fn new(base: &str) -> Self {
        Self { base: base.trim_end_matches('/').to_owned(), http: OnceLock::new(), kept: Mutex::default() }
    }

    /// Made for the first picture: few servers show any.
    fn http(&self) -> Option<&reqwest::Client> {
        if let Some(http) = self.http.get() {
            return Some(http);
        }
        let http = net::client().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none()).build().ok()?;
        Some(self.http.get_or_init(|| http))
    }

    /// The picture of a user of this server; none when they have none, or it can't be had.
    pub async fn picture(&self, hash: &str) -> Option<Picture> {
        if let Some((at, picture)) = self.kept().get(hash) {
            let lasts = if picture.is_some() { KEPT_FOR } else { MISSING_FOR };
            if at.elapsed() < lasts {
                return picture.clone();
            }
        }
        let picture = self.fetch(hash).await;
        let mut kept = self.kept();
        if kept.len() >= KEPT {
            kept.retain(|_, (at, picture)| picture.is_some() && at.elapsed() < KEPT_FOR);
        }
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(hash.to_owned(), (Instant::now(), picture.clone()));
        picture
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<String, (Instant, Option<Picture>)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn fetch(&self, hash: &str) -> Option<Picture> {
        let url = format!("{}/{hash}?s=128&d=404&r=g", self.base);
        let mut response = self.http()?.get(url).send().await.ok().filter(|response| response.status() == 200)?;
        let kind = response.headers().get("content-type")?.to_str().ok()?.split(';').next()?.trim().to_lowercase();
        let kind = KINDS.into_iter().find(|known| *known == kind)?;
        let mut content = Vec::new();
        while let Some(chunk) = response.chunk().await.ok()? {
            content.extend_from_slice(&chunk);
            if content.len() > MAX_BYTES {
                return None;
            }
        }
        Some(Picture { kind, content: content.into() })
    }
}
