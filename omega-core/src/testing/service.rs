//! A stand-in for the services that keyed tools call: it answers to one key, says no to every other one, and counts.
//!
//! It speaks as much of Firecrawl's and Parallel's HTTP APIs as their published packages use, so that these packages run
//! unchanged against it.

use super::http1::{Connection, HttpRequest};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::{net::TcpListener, task::JoinHandle};

/// The key that it takes.
pub const SERVICE_KEY: &str = "sk-of-the-service-0a1b2c3d";
/// A key that it knows and that may do nothing: 403. Any other one is 401.
pub const POWERLESS_KEY: &str = "sk-without-rights-9z8y7x6w";

/// A request that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceRequest {
    /// Path, without the query.
    pub path: String,
    /// The key that it came with; empty without one.
    pub key: String,
    /// The status of the answer.
    pub status: u16,
}

/// A service on `127.0.0.1`, until it is dropped.
pub struct Service {
    host: String,
    asked: Arc<Mutex<Vec<ServiceRequest>>>,
    server: JoinHandle<()>,
}

impl Drop for Service {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Service {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// When no port can be had.
    #[allow(clippy::expect_used, reason = "for tests: without a port there is no test")]
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port on 127.0.0.1");
        let host = listener.local_addr().expect("the port that was bound").to_string();
        let asked = Arc::new(Mutex::default());
        let server = tokio::spawn(serve(listener, Arc::clone(&asked)));
        Self { host, asked, server }
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> &str {
        &self.host
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.host)
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<ServiceRequest> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many of them it answered with this status.
    pub fn count(&self, status: u16) -> usize {
        self.asked().iter().filter(|asked| asked.status == status).count()
    }
}

async fn serve(listener: TcpListener, asked: Arc<Mutex<Vec<ServiceRequest>>>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        let asked = Arc::clone(&asked);
        connections.spawn(async move {
            let mut connection = Connection::new(socket);
            while let Some(request) = connection.request().await {
                let (status, body) = answer(&request, &asked);
                if connection.answer(status, &[], &body.to_string()).await.is_err() {
                    return;
                }
            }
        });
    }
}

fn answer(request: &HttpRequest, asked: &Mutex<Vec<ServiceRequest>>) -> (u16, Value) {
    let path = request.target.split('?').next().unwrap_or_default().to_owned();
    let header = |name: &str| request.headers.get(name).map(|key| key.trim_start_matches("Bearer ").to_owned());
    let key = header("authorization").or_else(|| header("x-api-key")).unwrap_or_default();
    let status = match key.as_str() {
        SERVICE_KEY => 200,
        POWERLESS_KEY => 403,
        _ => 401,
    };
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let said = match (status, path.as_str()) {
        (200, "/v2/scrape") => {
            json!({ "success": true, "data": { "markdown": format!("# {}", body["url"]), "metadata": {} } })
        }
        (200, "/v2/search") => {
            json!({ "success": true, "data": { "web": [{ "url": "https://example.com", "title": "T" }] } })
        }
        (200, _) if path.starts_with("/v1beta/") => json!({
            "search_id": "s", "results": [{ "url": "https://example.com", "title": "T", "excerpts": ["E"] }],
        }),
        (200, _) => json!({ "success": true, "id": "1", "data": [] }),
        (403, _) => json!({ "success": false, "error": "Forbidden" }),
        (_, _) => json!({ "success": false, "error": "Unauthorized" }),
    };
    asked.lock().unwrap_or_else(PoisonError::into_inner).push(ServiceRequest { path, key, status });
    (status, said)
}
