//! The server around the script.

use super::{
    Fault, Outcome, Reply, Script, Seen,
    http1::{Connection, HttpRequest},
    reply_wire,
};
use crate::model::wire::Format;
use serde_json::Value;
use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    task::JoinHandle,
};

/// A provider on `127.0.0.1`, until it is dropped.
pub struct StandIn {
    url: String,
    state: Arc<StandInState>,
    changes: watch::Receiver<()>,
    server: JoinHandle<()>,
}

struct StandInState {
    script: Script,
    seen: Mutex<Vec<Seen>>,
    changed: watch::Sender<()>,
    releases: Semaphore,
    connections: AtomicUsize,
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl StandIn {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// When no port can be had.
    #[allow(clippy::expect_used, reason = "for tests: without a port there is no test")]
    pub async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port on 127.0.0.1");
        let url = format!("http://{}/v1", listener.local_addr().expect("the port that was bound"));
        let (changed, changes) = watch::channel(());
        let state = Arc::new(StandInState {
            script,
            seen: Mutex::default(),
            changed,
            releases: Semaphore::new(0),
            connections: AtomicUsize::new(0),
        });
        let server = tokio::spawn(serve(listener, state.clone()));
        Self { url, state, changes, server }
    }

    /// The base URL, with `/v1`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// All model calls so far.
    pub fn requests(&self) -> Vec<Seen> {
        self.state.seen().clone()
    }

    /// Connections that were opened so far.
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// Waits until `count` model calls have come in, and gives them.
    pub async fn wait_for_requests(&self, count: usize) -> Vec<Seen> {
        self.wait_until(|seen| seen.len() >= count).await
    }

    /// Waits until the requests fulfil a condition (for example, that a caller hung up), and gives them.
    pub async fn wait_until(&self, condition: impl Fn(&[Seen]) -> bool) -> Vec<Seen> {
        let mut changes = self.changes.clone();
        loop {
            changes.mark_unchanged();
            let seen = self.requests();
            // The sender lives as long as `self`; without it nothing more would come.
            if condition(&seen) || changes.changed().await.is_err() {
                return seen;
            }
        }
    }

    /// Lets one reply that is held ([`Fault::Hold`]) go on; if none is held yet, the next one will be let through.
    pub fn release(&self) {
        self.state.releases.add_permits(1);
    }
}

impl StandInState {
    fn seen(&self) -> std::sync::MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, seen: Seen) -> usize {
        let mut all = self.seen();
        all.push(seen);
        self.changed.send_replace(());
        all.len() - 1
    }

    fn end(&self, index: usize, outcome: Outcome) {
        self.seen()[index].outcome = outcome;
        self.changed.send_replace(());
    }
}

async fn serve(listener: TcpListener, state: Arc<StandInState>) {
    // Connections end with the stand-in, so that "the provider is gone" can be tested too.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        let state = state.clone();
        state.connections.fetch_add(1, Ordering::SeqCst);
        connections.spawn(async move {
            let mut connection = Connection::new(socket);
            while let Some(request) = connection.request().await {
                if handle(&mut connection, &state, request).await.is_err() {
                    return;
                }
            }
        });
    }
}

/// Answers one request; an error ends the connection.
async fn handle(connection: &mut Connection, state: &StandInState, request: HttpRequest) -> io::Result<()> {
    let path = request.target.split('?').next().unwrap_or_default().to_owned();
    if request.method == "GET"
        && let Some((_, document)) = state.script.documents.iter().find(|(known, _)| *known == path)
    {
        return connection.answer(200, &[], &document.to_string()).await;
    }
    let Some((format, model)) = format_of(&path).filter(|_| request.method == "POST") else {
        return connection.answer(404, &[], r#"{"error":{"message":"unknown URL"}}"#).await;
    };
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let key = ["authorization", "x-api-key", "x-goog-api-key"]
        .iter()
        .find_map(|name| request.headers.get(*name))
        .map(|key| key.trim_start_matches("Bearer ").to_owned())
        .unwrap_or_default();
    let mut seen = Seen::read(format, &model, key, body);
    seen.traceparent = request.headers.get("traceparent").cloned().unwrap_or_default();
    let index = state.record(seen.clone());
    let refusal = if state.script.key.as_ref().is_some_and(|key| *key != seen.key) {
        Some((401, String::from("Incorrect API key provided.")))
    } else if seen.problems.is_empty() {
        state.script.refusals.iter().find_map(|refusal| refusal(&seen)).map(|why| (400, why))
    } else {
        Some((400, seen.problems.join("; ")))
    };
    if let Some((status, message)) = refusal {
        state.end(index, Outcome::Status(status));
        return connection.answer(status, &[], &reply_wire::error(format, status, &message).to_string()).await;
    }
    let reply = state.script.reply(&seen);
    let fault = reply.take_fault();
    if let Some(Fault::Status { status, retry_after }) = fault {
        let headers: Vec<_> = retry_after.map(|seconds| ("retry-after", seconds.to_string())).into_iter().collect();
        state.end(index, Outcome::Status(status));
        let body = reply_wire::error(format, status, &state.script.complaint("the script says so", &seen));
        return connection.answer(status, &headers, &body.to_string()).await;
    }
    let outcome = stream(connection, state, &reply, fault, &seen).await;
    // A write fails only when the caller is gone.
    state.end(index, outcome.as_ref().copied().unwrap_or(Outcome::HungUp));
    match outcome? {
        Outcome::Complete => Ok(()),
        _ => Err(io::ErrorKind::ConnectionAborted.into()),
    }
}

async fn stream(
    connection: &mut Connection,
    state: &StandInState,
    reply: &Reply,
    fault: Option<Fault>,
    seen: &Seen,
) -> io::Result<Outcome> {
    connection.begin_stream().await?;
    let events = reply_wire::events(seen.format, reply, &seen.model);
    let at = match fault {
        Some(Fault::Cut { after } | Fault::Close { after } | Fault::ErrorEvent { after } | Fault::Hold { after }) => {
            Some(after.min(events.len() - 1))
        }
        _ => None,
    };
    for (index, event) in events.iter().enumerate() {
        if at == Some(index) {
            match fault {
                Some(Fault::Hold { .. }) => {
                    tokio::select! {
                        permit = state.releases.acquire() => permit.map_err(io::Error::other)?.forget(),
                        () = connection.hung_up() => return Ok(Outcome::HungUp),
                    }
                }
                Some(Fault::ErrorEvent { .. }) => {
                    let words = state.script.complaint("overloaded", seen);
                    connection.chunk(&reply_wire::overloaded(seen.format, &words)).await?;
                    connection.end_stream().await?;
                    return Ok(Outcome::Fault);
                }
                Some(Fault::Close { .. }) => {
                    connection.end_stream().await?;
                    return Ok(Outcome::Fault);
                }
                _ => return Ok(Outcome::Fault),
            }
        }
        connection.chunk(event).await?;
        if !reply.delay.is_zero() {
            tokio::select! {
                () = tokio::time::sleep(reply.delay) => {}
                () = connection.hung_up() => return Ok(Outcome::HungUp),
            }
        }
    }
    connection.end_stream().await?;
    Ok(Outcome::Complete)
}

/// The format of a path, and the model where the path has it.
fn format_of(path: &str) -> Option<(Format, String)> {
    for (end, format) in [
        ("/chat/completions", Format::OpenAiChat),
        ("/responses", Format::OpenAiResponses),
        ("/messages", Format::Anthropic),
    ] {
        if path.ends_with(end) {
            return Some((format, String::new()));
        }
    }
    let (_, model) = path.strip_suffix(":streamGenerateContent")?.rsplit_once('/')?;
    Some((Format::Gemini, model.to_owned()))
}
