//! The typed client of Omega's API: one method a route, by what it is about, and
//! the event stream that survives cuts (`events`).
//!
//! It promises that a message is posted once (every POST carries an `Idempotency-Key`, and following never posts), that
//! the key travels only in the `Authorization` header, and that every failure says what the caller can do.

#![warn(missing_docs)]

mod account;
mod client_error;
mod conversations;
mod events;
mod server;
#[cfg(test)]
mod tests;
mod tools;
mod transport;

pub use account::VersionedSettings;
pub use client_error::ClientError;
pub use conversations::{ExportFormat, PageQuery};
pub use events::{FollowPolicy, Follower, Update};
pub use transport::Page;

use crate::net;
use reqwest::{
    Url,
    header::{AUTHORIZATION, HeaderMap, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

/// Longer than two heartbeats (15 s) and a slow network: a stream that is silent for so long is dead.
const STREAM_IDLE: Duration = Duration::from_secs(45);
const CONNECT: Duration = Duration::from_secs(5);
/// For requests that only read or write the server's own state.
const QUICK: Duration = Duration::from_secs(30);
/// For requests that wait for a tool, a package or a model.
const PATIENT: Duration = Duration::from_secs(900);

/// A server and the caller's key. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    base: String,
    /// Counts every byte, so that heartbeat comments keep a quiet stream open. Requests and streams share its connections.
    http: reqwest::Client,
    patient: Arc<Patient>,
}

/// For answers that may be silent for longer than a stream; most commands ask for none.
#[derive(Debug)]
struct Patient {
    url: Url,
    headers: HeaderMap,
    http: OnceLock<reqwest::Client>,
}

impl Client {
    /// A client of the server at `base_url`, with an API key if there is one. Connects to nothing yet.
    ///
    /// # Errors
    /// [`ClientError::Protocol`] for an address that is no `http(s)://` URL, [`ClientError::Unauthenticated`] for a key
    /// that can't stand in a header.
    pub fn new(base_url: &str, api_key: impl Into<Option<SecretString>>) -> Result<Self, ClientError> {
        let base = base_url.trim().trim_end_matches('/').to_owned();
        let protocol = |cause: String| ClientError::Protocol { url: base_url.to_owned(), cause };
        let url = Url::parse(&base).map_err(|e| protocol(format!("not a URL ({e})")))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(protocol(String::from("a server's address begins with http:// or https://")));
        }
        let mut headers = HeaderMap::new();
        headers.insert("omega-api", HeaderValue::from_static("1"));
        if let Some(key) = api_key.into() {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", key.expose_secret().trim())).map_err(|_| {
                ClientError::Unauthenticated(String::from("the API key holds characters that no key has"))
            })?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let patient = Patient { url, headers, http: OnceLock::new() };
        let http = patient.begun().read_timeout(STREAM_IDLE).build().map_err(|e| protocol(e.to_string()))?;
        Ok(Self { base, http, patient: Arc::new(patient) })
    }

    /// The server's address, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base
    }

    /// An address that the server gave, which may be only a path of it, as a whole.
    #[must_use]
    pub fn absolute(&self, address: &str) -> String {
        if address.starts_with('/') { format!("{}{address}", self.base) } else { address.to_owned() }
    }
}

impl Patient {
    fn begun(&self) -> reqwest::ClientBuilder {
        net::client_of(&self.url)
            .default_headers(self.headers.clone())
            .connect_timeout(CONNECT)
            // A key must not follow a redirect to somebody else.
            .redirect(reqwest::redirect::Policy::none())
    }

    /// `other` stands in where the machine can't make one more.
    fn http(&self, other: &reqwest::Client) -> &reqwest::Client {
        self.http.get_or_init(|| self.begun().build().unwrap_or_else(|_| other.clone()))
    }
}
