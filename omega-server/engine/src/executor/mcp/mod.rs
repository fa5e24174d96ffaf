//! MCP servers elsewhere, by their address: their tools are listed and called through the same port as everybody's, and nothing of
//! theirs runs here.
//!
//! The promises: only public addresses are reached (`address`); a server's token is a variable that its tools declare, and goes to
//! that host alone; and a tool that the server describes in other words than when it was added is not called. A conversation has
//! one session with a server, since some keep there what a call leaves for the next; nobody else is in it.

mod address;
mod server_tools;
mod session;
mod task;

use address::{client_of, is_address, token_name};
use async_trait::async_trait;
use omega_core::{
    executor::{Described, DescribedPackage, Executed, Execution, Executor, ExecutorHealth, ToolError, ToolErrorCode},
    id::ToolId,
    registry::{Calling, EnvVar},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use session::{Fault, Server, Session};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{sync::OnceCell, time::timeout};

/// How long a session waits for the next call.
const IDLE: Duration = Duration::from_secs(600);
/// Sessions that are kept.
const MOST_SESSIONS: usize = 256;

/// Who a session is of: the conversation, the address, and a digest of the token.
type Key = (String, String, [u8; 32]);

struct Open {
    server: Server,
    used: Instant,
    session: Arc<OnceCell<Session>>,
}

/// The executor for servers by address, before the one for packages.
pub struct WithServers {
    packages: Arc<dyn Executor>,
    allowed: Vec<String>,
    sessions: Mutex<HashMap<Key, Open>>,
}

impl WithServers {
    /// `allowed` are private addresses that servers may have, as `host:port`.
    pub fn new(packages: Arc<dyn Executor>, allowed: Vec<String>) -> Self {
        Self { packages, allowed, sessions: Mutex::default() }
    }

    fn server(&self, package: &str, env: &BTreeMap<String, SecretString>) -> Result<Server, ToolError> {
        let (url, http) = client_of(package, &self.allowed)?;
        let token_name = token_name(&url);
        let token = env.get(&token_name).filter(|token| !token.expose_secret().is_empty()).cloned();
        Ok(Server { url, http, token, token_name })
    }

    /// The place of a conversation's session with a server.
    fn place(&self, key: &Key, server: &Server) -> Arc<OnceCell<Session>> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let mut over: Vec<Open> =
            sessions.extract_if(|_, open| open.used.elapsed() > IDLE).map(|(_, open)| open).collect();
        if sessions.len() >= MOST_SESSIONS
            && let Some(oldest) = sessions.iter().min_by_key(|(_, open)| open.used).map(|(key, _)| key.clone())
        {
            over.extend(sessions.remove(&oldest));
        }
        for Open { server, session, .. } in over {
            tokio::spawn(async move {
                if let Some(session) = session.get() {
                    server.close(session).await;
                }
            });
        }
        let new = || Open { server: server.clone(), used: Instant::now(), session: Arc::default() };
        let open = sessions.entry(key.clone()).or_insert_with(new);
        open.used = Instant::now();
        Arc::clone(&open.session)
    }

    fn forget(&self, key: &Key) {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    async fn call(
        &self,
        execution: &mut Execution,
        version: &mut Option<String>,
        notice: &mut Option<String>,
    ) -> Result<Value, ToolError> {
        if execution.calling != Calling::Tool {
            return Err(ToolError::new(ToolErrorCode::NotATool, "a server by its address has tools, and no functions"));
        }
        let server = self.server(execution.tool.package(), &execution.env)?;
        let token = server.token.as_ref().map_or("", |token| token.expose_secret());
        let key = (execution.owner.clone(), server.url.to_string(), Sha256::digest(token).into());
        let until = Instant::now() + execution.timeout;
        let left = || until.saturating_duration_since(Instant::now());
        let mut tried = false;
        loop {
            let place = self.place(&key, &server);
            let session = tokio::select! {
                () = &mut execution.cancel => return Err(cancelled()),
                opened = timeout(left(), place.get_or_try_init(|| server.open())) => {
                    opened.map_err(|_| late(execution.timeout))??
                }
            };
            *version = Some(version_of(session));
            is_as_it_was(session, execution)?;
            let name = execution.tool.export().trim_start_matches(server_tools::PREFIX);
            let params = json!({ "name": name, "arguments": execution.input });
            let answer = tokio::select! {
                () = &mut execution.cancel => None,
                answer = timeout(left(), server.call(session, params)) => Some(answer),
            };
            match answer {
                Some(Ok(Ok(result))) => return server_tools::output_of(result),
                // It did nothing: it is greeted anew, and asked once more.
                Some(Ok(Err(Fault::Forgotten))) if !tried => {
                    tried = true;
                    let host = server.url.host_str().unwrap_or_default();
                    *notice = Some(format!(
                        "the MCP server at {host} began a new session; what it held of the last one is gone"
                    ));
                }
                Some(Ok(Err(fault))) => {
                    self.forget(&key);
                    return Err(fault.into());
                }
                Some(Err(_)) => {
                    server.cancel(session).await;
                    return Err(late(execution.timeout));
                }
                None => {
                    server.cancel(session).await;
                    return Err(cancelled());
                }
            }
            self.forget(&key);
        }
    }
}

fn cancelled() -> ToolError {
    ToolError::new(ToolErrorCode::Cancelled, "the call was cancelled")
}

fn late(limit: Duration) -> ToolError {
    let limit = humantime::format_duration(limit);
    ToolError::new(ToolErrorCode::Timeout, format!("the tool did not finish within {limit}"))
}

/// Whether the server says of the tool what it said when it was added: what a person and a model agreed to.
fn is_as_it_was(session: &Session, execution: &Execution) -> Result<(), ToolError> {
    let name = execution.tool.export();
    let Some(digest) = session.digests.get(name) else {
        let available: Vec<&String> = session.digests.keys().take(100).collect();
        let message =
            format!("the MCP server has no tool {name} any more; look for it anew (omega registry add ADDRESS)");
        return Err(ToolError::new(ToolErrorCode::ToolNotFound, message).with(json!({ "available": available })));
    };
    match &execution.integrity {
        Some(was) if was != digest => Err(ToolError::new(
            ToolErrorCode::InstallFailed,
            format!(
                "the MCP server describes {name} otherwise than when it was added, so it was not called; look at what it says \
                 now, and add it again to have it so (omega registry add ADDRESS)"
            ),
        )),
        _ => Ok(()),
    }
}

/// The server's own version where it is one, since what a person allows is allowed for a major version.
fn version_of(session: &Session) -> String {
    let own = session.version.as_deref().map(|version| version.trim_start_matches('v'));
    let own = own.filter(|version| version.len() <= 60 && semver::Version::parse(version).is_ok());
    own.unwrap_or("1.0.0").to_owned()
}

#[async_trait]
impl Executor for WithServers {
    async fn execute(&self, mut execution: Execution) -> Executed {
        if !is_address(execution.tool.package()) {
            return self.packages.execute(execution).await;
        }
        let begun = Instant::now();
        let (mut version, mut notice) = (None, None);
        let result = self.call(&mut execution, &mut version, &mut notice).await;
        let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        Executed {
            result,
            version,
            duration_ms,
            truncated: false,
            logs: Vec::new(),
            notice,
            executor: Some("mcp".to_owned()),
        }
    }

    async fn describe(&self, package: &str, version: &str, owner: &str) -> Result<DescribedPackage, ToolError> {
        self.describe_with(package, version, owner, &BTreeMap::new()).await
    }

    async fn describe_with(
        &self,
        package: &str,
        version: &str,
        owner: &str,
        env: &BTreeMap<String, SecretString>,
    ) -> Result<DescribedPackage, ToolError> {
        if !is_address(package) {
            return self.packages.describe_with(package, version, owner, env).await;
        }
        let server = self.server(package, env)?;
        let session = server.open().await?;
        server.close(&session).await;
        let token = EnvVar {
            name: server.token_name.clone(),
            description: format!("Bearer token of the MCP server at {}", server.url.host_str().unwrap_or_default()),
            required: server.token.is_some(),
            default: None,
        };
        let mut tools: Vec<Described> = Vec::new();
        for tool in session.tools.iter().filter_map(server_tools::described) {
            if !tools.iter().any(|known| known.name == tool.name) {
                tools.push(Described { env: vec![token.clone()], ..tool });
            }
        }
        Ok(DescribedPackage {
            package: server.url.to_string(),
            version: version_of(&session),
            integrity: None,
            description: if session.about.is_empty() { session.name } else { session.about },
            category: None,
            keywords: vec![String::from("mcp")],
            tools,
            functions: Vec::new(),
            signatures: BTreeMap::new(),
            ways: Vec::new(),
            offered: Vec::new(),
            lacks: Vec::new(),
        })
    }

    fn end_session(&self, session: &str) {
        self.packages.end_session(session);
    }

    fn expect(&self, tool: &ToolId, version: &str) {
        if !is_address(tool.package()) {
            self.packages.expect(tool, version);
        }
    }

    async fn health(&self) -> ExecutorHealth {
        self.packages.health().await
    }

    async fn admits(&self, user: &str, tool: &ToolId, version: &str) -> Result<(), ToolError> {
        self.packages.admits(user, tool, version).await
    }
}
