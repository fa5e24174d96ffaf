//! A server that answers with bytes as they were recorded, or broken: for what no provider should send.

use super::http1::Connection;
use std::{collections::BTreeMap, sync::Arc};
use tokio::{net::TcpListener, task::JoinHandle};

#[derive(Debug, Clone)]
pub struct RawRequest {
    pub method: String,
    pub target: String,
    /// Headers, by lower-case name.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

/// An answer, byte for byte. The connection is closed behind it.
#[derive(Debug, Clone, Default)]
pub struct RawAnswer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    /// The body, in the pieces in which it is sent.
    pub pieces: Vec<Vec<u8>>,
    /// Whether more is promised than comes: the connection breaks.
    pub breaks: bool,
}

impl RawAnswer {
    pub fn stream(pieces: impl IntoIterator<Item = impl Into<Vec<u8>>>) -> Self {
        Self {
            status: 200,
            headers: vec![("content-type".into(), "text/event-stream".into())],
            pieces: pieces.into_iter().map(Into::into).collect(),
            breaks: false,
        }
    }

    /// A JSON document.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        let headers = vec![("content-type".into(), "application/json".into())];
        Self { status, headers, pieces: vec![body.to_string().into_bytes()], breaks: false }
    }
}

/// The server; it ends with this.
pub struct Raw {
    url: String,
    task: JoinHandle<()>,
}

impl Raw {
    /// Listens on a port of its own.
    ///
    /// # Panics
    /// When this machine has no loopback port left.
    #[allow(clippy::expect_used, reason = "a test fails by panicking")]
    pub async fn start(answer: impl Fn(&RawRequest) -> RawAnswer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let answer = Arc::new(answer);
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let answer = Arc::clone(&answer);
                tokio::spawn(async move {
                    let mut connection = Connection::new(socket);
                    let Some(request) = connection.request().await else { return };
                    let request = RawRequest {
                        method: request.method,
                        target: request.target,
                        headers: request.headers,
                        body: String::from_utf8_lossy(&request.body).into_owned(),
                    };
                    // A client that hangs up has seen enough.
                    let _ = connection.raw(&answer(&request)).await;
                });
            }
        });
        Self { url, task }
    }

    /// Its address, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.task.abort();
    }
}
