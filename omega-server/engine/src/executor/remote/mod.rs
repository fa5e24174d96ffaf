//! An executor elsewhere, spoken to by TPMJS's protocol (1.0 and 1.1), with the additions of our own where it has them: partial
//! outputs as they come, and a whole package described at once.
//!
//! A call is made at most once. What was surely not begun is told from what may have been ([`Attempt`]): only the former may
//! be tried elsewhere.

mod reply;

pub(super) use reply::Fault;

use super::with_breaker::not_run;
use async_trait::async_trait;
use futures_util::StreamExt;
use omega_core::{
    executor::{
        Described, DescribedPackage, Executed, Execution, Executor, ExecutorHealth, PartialSink, ToolError,
        ToolErrorCode,
    },
    model::sse::SseDecoder,
    net,
    registry::Calling,
    trace,
};
use reply::{failure_of, of_response, output_of};
use reqwest::{Client, RequestBuilder, Response, Url, header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// How long an executor may take for a call.
const CALL_TIMEOUT: Duration = Duration::from_secs(300);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const LIST_TIMEOUT: Duration = Duration::from_secs(180);
const HEALTH_TIMEOUT: Duration = Duration::from_secs(5);
/// Tools of one package that are described.
const MAX_TOOLS: usize = 100;
/// Bytes of one answer; the sandbox cuts outputs at half of it.
const MAX_ANSWER: usize = 64 << 20;

#[derive(Debug, Clone)]
pub struct RemoteConfig {
    /// Its base URL, with or without a slash at the end.
    pub url: String,
    /// Sent as Bearer token.
    pub api_key: Option<SecretString>,
}

/// A configuration that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum BadRemote {
    /// The URL is none.
    #[error("OMEGA_EXECUTOR_URL={url:?} is no http or https URL")]
    Url { url: String },
    /// The HTTP client can't be made.
    #[error("the HTTP client can't be made: {0}")]
    Client(#[from] reqwest::Error),
}

/// What came of asking one executor.
pub(super) enum Attempt {
    /// The call ended, or nobody knows how.
    Ended(Executed),
    /// It was not begun; here is why.
    NotBegun(ToolError),
}

/// Runs tools by HTTP.
pub struct RemoteExecutor {
    base: Url,
    api_key: Option<SecretString>,
    http: Client,
}

impl RemoteExecutor {
    /// Checks the configuration; nothing is called yet.
    ///
    /// # Errors
    /// A URL that is none.
    pub fn new(config: RemoteConfig) -> Result<Self, BadRemote> {
        let bad = || BadRemote::Url { url: config.url.clone() };
        let base = Url::parse(&format!("{}/", config.url.trim_end_matches('/'))).map_err(|_| bad())?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(bad());
        }
        let http = net::client_of(&base)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            // A connection that was kept may be dead without our knowing; then nobody could say whether a call that was
            // written to it had begun.
            .pool_max_idle_per_host(0)
            .build()?;
        Ok(Self { base, api_key: config.api_key, http })
    }

    /// Its name for people: host, port and path.
    pub(super) fn name(&self) -> String {
        let port = self.base.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}{port}{}", self.base.host_str().unwrap_or_default(), self.base.path().trim_end_matches('/'))
    }

    /// Makes the call, if it can be begun.
    pub(super) async fn attempt(&self, execution: &mut Execution) -> Attempt {
        let started = Instant::now();
        let request = self
            .http
            .post(self.url("execute-tool"))
            .header(header::ACCEPT, "text/event-stream, application/json")
            .header("Idempotency-Key", execution.id.to_string())
            .timeout(execution.timeout.min(CALL_TIMEOUT))
            .json(&body_of(execution));
        let request = trace::onto(request);
        let on_partial = execution.on_partial.clone();
        let mut logs = Vec::new();
        let answer = tokio::select! {
            biased;
            () = &mut execution.cancel => Err(Fault::Lost(ToolError::new(ToolErrorCode::Cancelled, "the call was cancelled"))),
            answer = self.send(request, &on_partial, &mut logs) => answer,
        };
        let answer = match answer {
            Err(Fault::NotBegun(error)) => return Attempt::NotBegun(error),
            Err(Fault::Lost(error)) => Err(error),
            Ok(answer) => Ok(answer),
        };
        let field = |name: &str| answer.as_ref().ok().map(|answer| answer[name].clone()).unwrap_or_default();
        let truncated = field("truncated") == true;
        let took = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let duration_ms = field("executionTimeMs").as_f64().map_or(took, |ms| ms.max(0.0) as u64);
        let version = field("version").as_str().map_or_else(|| execution.version.clone(), str::to_owned);
        if let Value::Array(lines) = field("logs") {
            logs = lines.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        }
        Attempt::Ended(Executed {
            result: answer.and_then(output_of),
            version: Some(version).filter(|version| version != "latest"),
            duration_ms,
            truncated,
            logs,
            notice: None,
            executor: None,
        })
    }

    /// The answer to a request, streamed or not.
    async fn send(
        &self,
        request: RequestBuilder,
        on_partial: &PartialSink,
        logs: &mut Vec<String>,
    ) -> Result<Value, Fault> {
        let response = self.keyed(request).send().await.map_err(|error| self.lost(&error))?;
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if response.status().is_success() && kind.starts_with("text/event-stream") {
            return self.streamed(response, on_partial, logs).await;
        }
        let status = response.status();
        let mut chunks = response.bytes_stream();
        let mut body = Vec::new();
        while let Some(chunk) = chunks.next().await {
            body.extend_from_slice(&chunk.map_err(|error| self.lost(&error))?);
            if body.len() > MAX_ANSWER {
                return Err(Fault::Lost(too_large()));
            }
        }
        of_response(self.base.as_str(), status, &body)
    }

    /// The events of a call: what it yields, what it logs, and its result.
    async fn streamed(
        &self,
        response: Response,
        on_partial: &PartialSink,
        logs: &mut Vec<String>,
    ) -> Result<Value, Fault> {
        let mut decoder = SseDecoder::with_limit(MAX_ANSWER);
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| self.lost(&error))?;
            for event in decoder.feed(&chunk).map_err(|_| Fault::Lost(too_large()))? {
                let mut data: Value = serde_json::from_str(&event.data).unwrap_or_default();
                match event.name.as_str() {
                    "partial" => on_partial(data["output"].take()),
                    "log" => logs.extend(data["text"].as_str().map(str::to_owned)),
                    "result" => return Ok(data),
                    _ => {}
                }
            }
        }
        Err(Fault::Lost(self.unknown("it ended the answer before the result")))
    }

    fn keyed(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.api_key {
            Some(key) => request.bearer_auth(key.expose_secret()),
            None => request,
        }
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value, ToolError> {
        self.plain(self.http.post(self.url(path)).json(body).timeout(LIST_TIMEOUT)).await
    }

    /// A request without effects: whether it was begun does not matter.
    async fn plain(&self, request: RequestBuilder) -> Result<Value, ToolError> {
        let nowhere: PartialSink = std::sync::Arc::new(|_| {});
        self.send(request, &nowhere, &mut Vec::new()).await.map_err(|fault| match fault {
            Fault::NotBegun(error) => error,
            Fault::Lost(error) if error.code == ToolErrorCode::Unknown => {
                ToolError { code: ToolErrorCode::ExecutorUnreachable, ..error }
            }
            Fault::Lost(error) => error,
        })
    }

    /// What it says of its health, whatever the status.
    async fn plain_health(&self) -> Result<Value, String> {
        let response = self.keyed(self.http.get(self.url("health")).timeout(HEALTH_TIMEOUT)).send().await;
        let said = match response {
            Ok(response) => response.json::<Value>().await,
            Err(error) => Err(error),
        };
        said.map_err(|error| {
            format!("{} does not say how it is; check OMEGA_EXECUTOR_URL and that it runs ({error})", self.name())
        })
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn lost(&self, error: &reqwest::Error) -> Fault {
        if error.is_connect() || error.is_builder() {
            let message = format!(
                "the executor at {} can't be reached; check OMEGA_EXECUTOR_URL and that it runs ({})",
                self.name(),
                net::reason(error)
            );
            return Fault::NotBegun(ToolError::new(ToolErrorCode::ExecutorUnreachable, message));
        }
        if error.is_timeout() {
            let message = format!("the executor at {} did not answer in time", self.base);
            return Fault::Lost(ToolError::new(ToolErrorCode::Timeout, message));
        }
        Fault::Lost(self.unknown("the connection was lost"))
    }

    fn unknown(&self, what: &str) -> ToolError {
        let message =
            format!("the executor at {}: {what} during the call; it may or may not have taken effect", self.base);
        ToolError::new(ToolErrorCode::Unknown, message)
    }
}

fn too_large() -> ToolError {
    ToolError::new(
        ToolErrorCode::OutputTooLarge,
        format!("the executor's answer has more than {} MiB", MAX_ANSWER >> 20),
    )
}

/// An owner as others are told: a digest, because the id of a conversation opens it.
fn owner_elsewhere(owner: &str) -> String {
    if owner.is_empty() {
        return String::new();
    }
    Sha256::digest(owner)[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn body_of(execution: &Execution) -> Value {
    let env: BTreeMap<_, _> = execution.env.iter().map(|(name, value)| (name, value.expose_secret())).collect();
    let mut body = json!({
        "packageName": execution.tool.package(),
        "name": execution.tool.export(),
        "version": execution.version,
        "params": execution.input,
        "env": env,
    });
    // Our own additions; executors that don't know them say that the export is no tool, and use their own deadline.
    if let Calling::Function { .. } = &execution.calling {
        body["calling"] = json!(execution.calling);
    }
    if !execution.approved {
        body["approved"] = json!(false);
    }
    if !execution.owner.is_empty() {
        body["owner"] = json!(owner_elsewhere(&execution.owner));
    }
    if execution.timeout < CALL_TIMEOUT {
        body["timeoutMs"] = json!(u64::try_from(execution.timeout.as_millis()).unwrap_or(u64::MAX));
    }
    body
}

#[async_trait]
impl Executor for RemoteExecutor {
    async fn execute(&self, mut execution: Execution) -> Executed {
        match self.attempt(&mut execution).await {
            Attempt::Ended(executed) => executed,
            Attempt::NotBegun(error) => not_run(error),
        }
    }

    async fn describe(&self, package: &str, version: &str, owner: &str) -> Result<DescribedPackage, ToolError> {
        let owner = owner_elsewhere(owner);
        let wanted = json!({ "packageName": package, "version": version, "owner": owner });
        let listed = self.post("list-exports", &wanted).await?;
        if listed["success"] != true {
            return Err(failure_of(&listed));
        }
        if let Ok(whole) = serde_json::from_value::<DescribedPackage>(listed["described"].clone()) {
            return Ok(whole);
        }
        let names = listed["tools"].as_array().into_iter().flatten().filter(|tool| tool["isValidTool"] != false);
        let mut tools = Vec::new();
        for name in names.filter_map(|tool| tool["name"].as_str()).take(MAX_TOOLS) {
            let wanted = json!({ "packageName": package, "version": version, "name": name, "owner": owner });
            let described = self.post("load-and-describe", &wanted).await?;
            // One tool that can't be described is no reason to hide the others.
            if described["success"] == true {
                tools.push(Described {
                    name: name.to_owned(),
                    shape: "tool".to_owned(),
                    description: described["tool"]["description"].as_str().unwrap_or_default().to_owned(),
                    input_schema: Some(described["tool"]["inputSchema"].clone()).filter(Value::is_object),
                    env: Vec::new(),
                    destructive: false,
                    integrity: None,
                    needs_approval: serde_json::from_value(described["tool"]["needsApproval"].clone())
                        .unwrap_or_default(),
                });
            }
        }
        Ok(DescribedPackage {
            package: package.to_owned(),
            version: version.to_owned(),
            integrity: None,
            description: String::new(),
            category: None,
            keywords: Vec::new(),
            tools,
            functions: Vec::new(),
            signatures: BTreeMap::new(),
            ways: Vec::new(),
            offered: Vec::new(),
            lacks: Vec::new(),
        })
    }

    async fn health(&self) -> ExecutorHealth {
        let answer = self.plain_health().await;
        let (status, detail) = match answer {
            Ok(answer) => match answer["status"].as_str() {
                Some("ok" | "healthy") => ("ok", self.name()),
                Some("degraded") => ("degraded", format!("{} says that it is degraded", self.name())),
                other => ("down", format!("{} says {}", self.name(), other.unwrap_or("nothing of its health"))),
            },
            Err(error) => ("down", error),
        };
        ExecutorHealth::new(status, detail)
    }
}
