//! A conversation with one MCP server by streamable HTTP
//! (<https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#streamable-http>): each message is a POST, whose
//! answer is JSON or a stream of events; the server may give the session an id, and forget it.
//!
//! A call is made at most once: what was surely not taken up is told from what may have been ([`Fault`]).

use super::server_tools;
use futures_util::StreamExt;
use omega_core::{
    executor::{ToolError, ToolErrorCode},
    model::sse::SseDecoder,
    net,
    sanitize::one_line,
    trace,
};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url, header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tokio::time::timeout;

/// The version that is offered; the server answers with the one that it speaks.
const PROTOCOL: &str = "2025-06-18";
const SESSION_ID: &str = "mcp-session-id";
const PROTOCOL_VERSION: &str = "mcp-protocol-version";
const PATIENCE: Duration = Duration::from_secs(20);
const MOST_PAGES: usize = 20;
const MOST_TOOLS: usize = 500;
/// Bytes of one answer; the output that is in it may have half of that.
const MOST_BYTES: usize = 64 << 20;
/// Messages of a stream before the one that is waited for.
const MOST_MESSAGES: usize = 100_000;

/// Where a server is, and what it is told by whom.
#[derive(Clone)]
pub struct Server {
    pub url: Url,
    pub http: Client,
    pub token: Option<SecretString>,
    /// The variable that holds the token.
    pub token_name: String,
}

/// What is known of a server since it was greeted.
#[derive(Debug)]
pub struct Session {
    id: Option<String>,
    protocol: String,
    last_id: AtomicU64,
    pub name: String,
    pub version: Option<String>,
    /// What it says to whoever uses it.
    pub about: String,
    pub tools: Vec<Value>,
    /// What each of its tools was told to be, by the name it has here.
    pub digests: BTreeMap<String, String>,
}

/// Why a request has no answer.
#[derive(Debug)]
pub enum Fault {
    /// It was surely not taken up.
    NotBegun(ToolError),
    /// The server knows nothing of this session any more, so it did nothing.
    Forgotten,
    /// It ended, or nobody knows how.
    Ended(ToolError),
}

impl From<Fault> for ToolError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::NotBegun(error) | Fault::Ended(error) => error,
            Fault::Forgotten => Self::new(ToolErrorCode::ToolError, "the MCP server forgets its sessions at once"),
        }
    }
}

impl Server {
    /// Greets the server and asks for its tools.
    pub async fn open(&self) -> Result<Session, ToolError> {
        let mut session = Session {
            id: None,
            protocol: PROTOCOL.to_owned(),
            last_id: AtomicU64::new(0),
            name: String::new(),
            version: None,
            about: String::new(),
            tools: Vec::new(),
            digests: BTreeMap::new(),
        };
        let hello = json!({
            "protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": { "name": "omega", "version": env!("CARGO_PKG_VERSION") },
        });
        let (greeting, id) = self.patient("initialize", self.ask_for_id(&session, "initialize", hello)).await?;
        session.id = id;
        session.protocol = greeting["protocolVersion"].as_str().unwrap_or(PROTOCOL).to_owned();
        session.name = one_line(greeting["serverInfo"]["name"].as_str().unwrap_or_default(), 100);
        session.version = greeting["serverInfo"]["version"].as_str().map(str::to_owned);
        session.about = greeting["instructions"].as_str().unwrap_or_default().to_owned();
        let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        self.patient("notifications/initialized", self.tell(&session, &initialized)).await?;
        session.tools = self.list(&session).await?;
        let digest = |tool: &Value| Some((server_tools::described(tool)?.name, server_tools::digest(tool)));
        // Of two tools with one name, the first is the one that is meant everywhere.
        for (name, digest) in session.tools.iter().filter_map(digest) {
            session.digests.entry(name).or_insert(digest);
        }
        Ok(session)
    }

    async fn list(&self, session: &Session) -> Result<Vec<Value>, ToolError> {
        let (mut found, mut cursor) = (Vec::new(), None::<String>);
        for _ in 0..MOST_PAGES {
            let params = cursor.as_ref().map_or_else(|| json!({}), |cursor| json!({ "cursor": cursor }));
            let mut page = self.patient("tools/list", self.ask(session, "tools/list", params)).await?;
            if let Value::Array(some) = page["tools"].take() {
                found.extend(some);
            }
            let next = page["nextCursor"].as_str().map(str::to_owned);
            if next.is_none() || next == cursor || found.len() >= MOST_TOOLS {
                break;
            }
            cursor = next;
        }
        found.truncate(MOST_TOOLS);
        Ok(found)
    }

    /// The result of a request.
    pub async fn ask(&self, session: &Session, method: &str, params: Value) -> Result<Value, Fault> {
        self.ask_for_id(session, method, params).await.map(|(result, _)| result)
    }

    /// The same with the id that the server gives the session.
    async fn ask_for_id(
        &self,
        session: &Session,
        method: &str,
        params: Value,
    ) -> Result<(Value, Option<String>), Fault> {
        let id = session.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        let response = self.post(session, &message).await?;
        let given = response.headers().get(SESSION_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let mut answer = if kind.starts_with("text/event-stream") {
            self.streamed(session, response, id).await?
        } else {
            self.whole(response, id).await?
        };
        match answer["error"].take() {
            Value::Null => Ok((answer["result"].take(), given)),
            error => Err(Fault::Ended(server_tools::failure_of(&error))),
        }
    }

    /// The last request of a session is not to be answered any more.
    pub async fn cancel(&self, session: &Session) {
        let id = session.last_id.load(Ordering::Relaxed);
        let params = json!({ "requestId": id, "reason": "the call was cancelled" });
        let message = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params });
        // Who does not hear it works for nobody.
        let _ = timeout(PATIENCE, self.tell(session, &message)).await;
    }

    /// Ends a session that nobody uses any more.
    pub async fn close(&self, session: &Session) {
        if session.id.is_some() {
            let _ = timeout(PATIENCE, self.dressed(session, self.http.delete(self.url.clone())).send()).await;
        }
    }

    /// A message that has no answer.
    async fn tell(&self, session: &Session, message: &Value) -> Result<(), Fault> {
        self.post(session, message).await.map(drop)
    }

    async fn post(&self, session: &Session, message: &Value) -> Result<Response, Fault> {
        let request = self.http.post(self.url.clone()).json(message);
        let request = request.header(header::ACCEPT, "application/json, text/event-stream");
        let response = trace::onto(self.dressed(session, request)).send().await.map_err(|error| self.lost(&error))?;
        match response.status() {
            status if status.is_success() => Ok(response),
            StatusCode::NOT_FOUND if session.id.is_some() => Err(Fault::Forgotten),
            status => Err(self.refusal(status, response).await),
        }
    }

    fn dressed(&self, session: &Session, request: RequestBuilder) -> RequestBuilder {
        let mut request = request;
        if session.last_id.load(Ordering::Relaxed) > 1 || session.id.is_some() {
            request = request.header(PROTOCOL_VERSION, &session.protocol);
        }
        if let Some(id) = &session.id {
            request = request.header(SESSION_ID, id);
        }
        match &self.token {
            Some(token) => request.bearer_auth(token.expose_secret()),
            None => request,
        }
    }

    /// What a status that is no success means.
    async fn refusal(&self, status: StatusCode, response: Response) -> Fault {
        let (host, name) = (self.host(), &self.token_name);
        let target =
            response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok()).map(|to| one_line(to, 200));
        let said = response.bytes_stream().take(1).next().await.and_then(Result::ok).unwrap_or_default();
        let said = one_line(&String::from_utf8_lossy(&said[..said.len().min(300)]), 300);
        let error = match (status, &self.token) {
            (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, None) => {
                ToolError::new(ToolErrorCode::MissingEnvVars, format!("the MCP server at {host} wants a token: {name}"))
                    .with(json!({ "missing": [name] }))
            }
            (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, Some(_)) => ToolError::new(
                ToolErrorCode::InvalidCredentials,
                format!("the MCP server at {host} refuses {name} ({status})"),
            )
            .with(json!({ "names": [name] })),
            (StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED, _) => ToolError::new(
                ToolErrorCode::NotATool,
                format!(
                    "{} does not take MCP's messages ({status}); such a server has an address of its own, often ending in /mcp, \
                     and only streamable HTTP is spoken here, not the older HTTP with SSE",
                    self.url
                ),
            ),
            (status, _) if status.is_redirection() => ToolError::new(
                ToolErrorCode::NotATool,
                format!("{} leads elsewhere ({}); add that address", self.url, target.unwrap_or_default()),
            ),
            (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE, _) => ToolError::new(
                ToolErrorCode::ToolError,
                format!("the MCP server at {host} has no time ({status}): {said}"),
            ),
            _ => ToolError::new(ToolErrorCode::ToolError, format!("the MCP server at {host} answers {status}: {said}")),
        };
        Fault::NotBegun(error)
    }

    /// The answer in a body that is JSON.
    async fn whole(&self, response: Response, id: u64) -> Result<Value, Fault> {
        let mut chunks = response.bytes_stream();
        let mut body = Vec::new();
        while let Some(chunk) = chunks.next().await {
            body.extend_from_slice(&chunk.map_err(|error| self.lost(&error))?);
            if body.len() > MOST_BYTES {
                return Err(Fault::Ended(too_large()));
            }
        }
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        let answers = answer.as_array().cloned().unwrap_or_else(|| vec![answer]);
        let found = answers.into_iter().find(|answer| is_answer(answer, id));
        found.ok_or_else(|| Fault::Ended(self.unexplained("answers with something that is no message of MCP")))
    }

    /// The answer among the events of a stream. What the server asks meanwhile is answered: it is not offered here.
    async fn streamed(&self, session: &Session, response: Response, id: u64) -> Result<Value, Fault> {
        let mut decoder = SseDecoder::with_limit(MOST_BYTES);
        let mut chunks = response.bytes_stream();
        let mut messages = 0;
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| self.lost(&error))?;
            for event in decoder.feed(&chunk).map_err(|_| Fault::Ended(too_large()))? {
                messages += 1;
                if messages > MOST_MESSAGES {
                    return Err(Fault::Ended(self.unexplained("says more than anybody reads, and gives no answer")));
                }
                let Ok(message) = serde_json::from_str::<Value>(&event.data) else { continue };
                if is_answer(&message, id) {
                    return Ok(message);
                }
                if let (Some(method), false) = (message["method"].as_str(), message["id"].is_null()) {
                    self.tell(session, &reply_to(method, &message["id"])).await?;
                }
            }
        }
        Err(Fault::Ended(
            self.unexplained("ended its answer before the result; the call may or may not have taken effect"),
        ))
    }

    async fn patient<T>(&self, what: &str, work: impl Future<Output = Result<T, Fault>>) -> Result<T, ToolError> {
        match timeout(PATIENCE, work).await {
            Ok(done) => done.map_err(ToolError::from),
            Err(_) => Err(self.unexplained(&format!("did not answer {what} in time"))),
        }
    }

    fn unexplained(&self, what: &str) -> ToolError {
        ToolError::new(ToolErrorCode::ToolError, format!("the MCP server at {} {what}", self.host()))
    }

    fn lost(&self, error: &reqwest::Error) -> Fault {
        let (host, reason) = (self.host(), net::reason(error));
        if error.is_connect() || error.is_builder() {
            let message = format!("the MCP server at {host} can't be reached ({reason})");
            return Fault::NotBegun(ToolError::new(ToolErrorCode::ToolError, message));
        }
        let message = format!(
            "the connection to the MCP server at {host} was lost ({reason}); the call may or may not have taken effect"
        );
        Fault::Ended(ToolError::new(ToolErrorCode::Unknown, message))
    }

    fn host(&self) -> String {
        let port = self.url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}{port}", self.url.host_str().unwrap_or_default())
    }
}

/// Whether a message answers a request of this side; what the server asks has a method.
fn is_answer(message: &Value, id: u64) -> bool {
    message["id"] == id
        && message.get("method").is_none()
        && (message.get("result").is_some() || message.get("error").is_some())
}

fn reply_to(method: &str, id: &Value) -> Value {
    match method {
        "ping" => json!({ "jsonrpc": "2.0", "id": id, "result": {} }),
        _ => json!({ "jsonrpc": "2.0", "id": id, "error": { "code": -32601, "message": "not offered here" } }),
    }
}

fn too_large() -> ToolError {
    ToolError::new(
        ToolErrorCode::OutputTooLarge,
        format!("the MCP server's answer has more than {} MiB", MOST_BYTES >> 20),
    )
}
