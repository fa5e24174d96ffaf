//! An executor elsewhere, spoken to by TPMJS's protocol (1.0 and 1.1). Its answer's body decides, never the HTTP status: executors
//! of different ages use statuses differently.

use async_trait::async_trait;
use omega_core::{
    executor::{Described, DescribedPackage, Executed, Execution, Executor, ExecutorHealth, ToolError, ToolErrorCode},
    registry::Calling,
};
use reqwest::{Client, RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::mask::Mask;

/// How long an executor may take for a call.
const CALL_TIMEOUT: Duration = Duration::from_secs(300);
const LIST_TIMEOUT: Duration = Duration::from_secs(60);
const HEALTH_TIMEOUT: Duration = Duration::from_secs(10);
/// Tools of one package that are described.
const MAX_TOOLS: usize = 100;

/// Where it is.
#[derive(Debug, Clone)]
pub struct RemoteConfig {
    /// `OMEGA_EXECUTOR_URL`.
    pub url: String,
    /// Sent as Bearer token.
    pub api_key: Option<SecretString>,
}

/// A configuration that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum BadRemote {
    /// The URL is none.
    #[error("OMEGA_EXECUTOR_URL={url:?} is no http or https URL")]
    Url {
        /// What was given.
        url: String,
    },
    /// The HTTP client can't be made.
    #[error("the HTTP client can't be made: {0}")]
    Client(#[from] reqwest::Error),
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
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { base, api_key: config.api_key, http })
    }

    async fn post(&self, path: &str, body: &Value, timeout: Duration) -> Result<Value, ToolError> {
        self.send(self.http.post(self.url(path)).json(body).timeout(timeout)).await
    }

    async fn send(&self, request: RequestBuilder) -> Result<Value, ToolError> {
        let request = match &self.api_key {
            Some(key) => request.bearer_auth(key.expose_secret()),
            None => request,
        };
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(|error| self.unreachable(&error))?;
        serde_json::from_slice(&bytes).map_err(|_| {
            let said = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).trim().to_owned();
            let message =
                format!("the executor at {} answered HTTP {} without JSON: {said}", self.base, status.as_u16());
            ToolError::new(ToolErrorCode::ExecutorUnreachable, message)
        })
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn unreachable(&self, error: &reqwest::Error) -> ToolError {
        if error.is_timeout() {
            return ToolError::new(
                ToolErrorCode::Timeout,
                format!("the executor at {} did not answer in time", self.base),
            );
        }
        let message = format!(
            "the executor at {} can't be reached; check OMEGA_EXECUTOR_URL and that it runs ({error})",
            self.base
        );
        ToolError::new(ToolErrorCode::ExecutorUnreachable, message)
    }
}

#[async_trait]
impl Executor for RemoteExecutor {
    async fn execute(&self, execution: Execution) -> Executed {
        let started = Instant::now();
        let mask = Mask::new(&execution.env);
        let env: BTreeMap<_, _> = execution.env.iter().map(|(name, value)| (name, value.expose_secret())).collect();
        let mut body = json!({
            "packageName": execution.tool.package(),
            "name": execution.tool.export(),
            "version": execution.version,
            "params": execution.input,
            "env": env,
        });
        if let Calling::Function { .. } = &execution.calling {
            // Our own addition; executors that don't know it say that the export is no tool.
            body["calling"] = json!(execution.calling);
        }
        // An executor that knows the header runs no call twice, whatever happens in between.
        let request = self.http.post(self.url("execute-tool")).header("idempotency-key", execution.id.to_string());
        let request = request.json(&body).timeout(execution.timeout.min(CALL_TIMEOUT));
        let answer = tokio::select! {
            answer = self.send(request) => answer,
            () = execution.cancel => Err(ToolError::new(ToolErrorCode::Cancelled, "the call was cancelled")),
        };
        let truncated = answer.as_ref().is_ok_and(|answer| answer["truncated"] == true);
        let took = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let duration_ms = answer
            .as_ref()
            .ok()
            .and_then(|answer| answer["executionTimeMs"].as_f64())
            .map_or(took, |ms| ms.max(0.0) as u64);
        Executed {
            result: answer.and_then(output_of).map(|output| mask.value(output)).map_err(|error| mask.error(error)),
            version: Some(execution.version).filter(|version| version != "latest"),
            duration_ms,
            truncated,
            logs: Vec::new(),
        }
    }

    async fn describe(&self, package: &str, version: &str) -> Result<DescribedPackage, ToolError> {
        let wanted = json!({ "packageName": package, "version": version });
        let listed = self.post("list-exports", &wanted, LIST_TIMEOUT).await?;
        if listed["success"] != true {
            return Err(failure_of(&listed));
        }
        let names = listed["tools"].as_array().into_iter().flatten().filter(|tool| tool["isValidTool"] != false);
        let mut tools = Vec::new();
        for name in names.filter_map(|tool| tool["name"].as_str()).take(MAX_TOOLS) {
            let wanted = json!({ "packageName": package, "version": version, "name": name });
            let described = self.post("load-and-describe", &wanted, LIST_TIMEOUT).await?;
            // One tool that can't be described is no reason to hide the others.
            if described["success"] == true {
                tools.push(Described {
                    name: name.to_owned(),
                    shape: "tool".to_owned(),
                    description: described["tool"]["description"].as_str().unwrap_or_default().to_owned(),
                    input_schema: Some(described["tool"]["inputSchema"].clone()).filter(Value::is_object),
                    env: Vec::new(),
                });
            }
        }
        Ok(DescribedPackage {
            package: package.to_owned(),
            version: version.to_owned(),
            description: String::new(),
            category: None,
            keywords: Vec::new(),
            tools,
            functions: Vec::new(),
        })
    }

    async fn health(&self) -> ExecutorHealth {
        let answer = self.send(self.http.get(self.url("health")).timeout(HEALTH_TIMEOUT)).await;
        let (status, detail) = match answer {
            Ok(answer) => match answer["status"].as_str() {
                Some("ok" | "healthy") => ("ok", self.base.to_string()),
                Some("degraded") => ("degraded", format!("{} says that it is degraded", self.base)),
                other => ("down", format!("{} says {}", self.base, other.unwrap_or("nothing of its health"))),
            },
            Err(error) => ("down", error.message),
        };
        ExecutorHealth::new(status, detail)
    }
}

fn output_of(mut answer: Value) -> Result<Value, ToolError> {
    if answer["success"] == true { Ok(answer["output"].take()) } else { Err(failure_of(&answer)) }
}

/// A failure in either form: 1.0 has a text alone, 1.1 a code beside it, and some give an object.
fn failure_of(answer: &Value) -> ToolError {
    let error = &answer["error"];
    let message = error
        .as_str()
        .or_else(|| error["message"].as_str())
        .unwrap_or("the executor says that the call failed, and not why");
    let code = [&answer["errorCode"], &answer["code"], &error["code"]].into_iter().find_map(Value::as_str).map(code_of);
    let code = match code {
        None | Some(ToolErrorCode::ToolError) if !missing_in(message).is_empty() => ToolErrorCode::MissingEnvVars,
        Some(code) => code,
        None => ToolErrorCode::ToolError,
    };
    let error = ToolError::new(code, message);
    match answer.get("details").or_else(|| error_details(answer)) {
        Some(details) => error.with(details.clone()),
        None if code == ToolErrorCode::MissingEnvVars => error.with(json!({ "missing": missing_in(message) })),
        None => error,
    }
}

fn error_details(answer: &Value) -> Option<&Value> {
    answer["error"].get("details")
}

fn code_of(code: &str) -> ToolErrorCode {
    match code {
        "PACKAGE_IMPORT_FAILED" => ToolErrorCode::ImportFailed,
        "TOOL_CONFIGURATION_REQUIRED" => ToolErrorCode::MissingEnvVars,
        "INVALID_TOOL" | "SCHEMA_UNAVAILABLE" => ToolErrorCode::NotATool,
        "INVALID_REQUEST" => ToolErrorCode::InvalidInput,
        "EXECUTION_TIMEOUT" => ToolErrorCode::Timeout,
        "AUTHENTICATION_REQUIRED" | "EXECUTOR_UNAVAILABLE" | "EXECUTOR_INTERNAL_ERROR" => {
            ToolErrorCode::ExecutorUnreachable
        }
        own => serde_json::from_value(Value::String(own.to_owned())).unwrap_or(ToolErrorCode::ToolError),
    }
}

/// Secret-like variables that a text about missing keys names.
fn missing_in(text: &str) -> Vec<&str> {
    let lower = text.to_lowercase();
    if !["required", "missing", "not set", "not defined", "environment variable"]
        .iter()
        .any(|words| lower.contains(words))
    {
        return Vec::new();
    }
    let words = text.split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'));
    words.filter(|word| word.contains('_') && word.len() > 4 && super::scan::looks_secret(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_generations_of_failures_are_understood() {
        let cases = [
            (json!({"success": false, "error": "boom"}), ToolErrorCode::ToolError),
            (json!({"success": false, "error": "EXA_API_KEY is required. Set it."}), ToolErrorCode::MissingEnvVars),
            (json!({"success": false, "error": "no", "errorCode": "TOOL_NOT_FOUND"}), ToolErrorCode::ToolNotFound),
            (
                json!({"success": false, "error": "no", "errorCode": "PACKAGE_IMPORT_FAILED"}),
                ToolErrorCode::ImportFailed,
            ),
            (json!({"success": false, "error": {"code": "TIMEOUT", "message": "late"}}), ToolErrorCode::Timeout),
            (json!({"error": "x", "code": "OVERLOADED"}), ToolErrorCode::Overloaded),
            (json!({}), ToolErrorCode::ToolError),
        ];
        for (answer, code) in cases {
            assert_eq!(failure_of(&answer).code, code, "{answer}");
        }
    }

    #[test]
    fn only_success_true_is_a_success() {
        assert_eq!(output_of(json!({"success": true, "output": {"a": 1}})), Ok(json!({"a": 1})));
        for answer in [json!({"output": 1}), json!({"success": "true", "output": 1}), json!([]), json!(null)] {
            assert!(output_of(answer.clone()).is_err(), "{answer}");
        }
    }
}
