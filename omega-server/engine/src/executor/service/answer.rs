//! Answers: TPMJS's fields, and beside them our own code, which is more exact. A tool that fails is a success of HTTP.

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use omega_core::executor::{Executed, ToolError, ToolErrorCode};
use serde_json::{Value, json};

/// How a failure is told.
struct Told {
    status: StatusCode,
    stage: &'static str,
    code: &'static str,
    retryable: bool,
}

/// TPMJS's words for a code (`tpmjs.md` 2.2), and the statuses of `executor.md` 7.
fn told(code: ToolErrorCode) -> Told {
    let told = |status, stage, code, retryable| Told { status, stage, code, retryable };
    match code {
        ToolErrorCode::PackageNotFound => told(StatusCode::NOT_FOUND, "load", "PACKAGE_IMPORT_FAILED", false),
        ToolErrorCode::ToolNotFound => told(StatusCode::NOT_FOUND, "load", "TOOL_NOT_FOUND", false),
        ToolErrorCode::InstallFailed | ToolErrorCode::ImportFailed => {
            told(StatusCode::OK, "load", "PACKAGE_IMPORT_FAILED", true)
        }
        ToolErrorCode::NotATool => told(StatusCode::OK, "load", "INVALID_TOOL", false),
        ToolErrorCode::MissingEnvVars => told(StatusCode::OK, "load", "TOOL_CONFIGURATION_REQUIRED", false),
        ToolErrorCode::Timeout => told(StatusCode::OK, "execute", "EXECUTION_TIMEOUT", false),
        ToolErrorCode::Overloaded => told(StatusCode::TOO_MANY_REQUESTS, "executor", "EXECUTOR_UNAVAILABLE", true),
        ToolErrorCode::RuntimeUnavailable => {
            told(StatusCode::SERVICE_UNAVAILABLE, "executor", "EXECUTOR_UNAVAILABLE", true)
        }
        _ => told(StatusCode::OK, "execute", "TOOL_EXECUTION_FAILED", false),
    }
}

/// The status of an outcome.
pub fn status(executed: &Executed) -> StatusCode {
    executed.result.as_ref().err().map_or(StatusCode::OK, |error| told(error.code).status)
}

/// The body of an outcome.
pub fn body(executed: &Executed) -> Value {
    let mut body = match &executed.result {
        Ok(output) => json!({ "success": true, "output": output }),
        Err(error) => failure(error),
    };
    body["executionTimeMs"] = json!(executed.duration_ms);
    if let Some(version) = &executed.version {
        body["version"] = json!(version);
    }
    if executed.truncated {
        body["truncated"] = json!(true);
    }
    if !executed.logs.is_empty() {
        body["logs"] = json!(executed.logs);
    }
    body
}

/// The answer to a call that is not streamed.
pub fn whole(executed: &Executed) -> Response {
    with_patience(status(executed), body(executed))
}

/// The answer to anything else that failed.
pub fn failed(error: &ToolError) -> Response {
    // Looking at a tool that is none is a wrong request, not a tool's failure.
    let status = match error.code {
        ToolErrorCode::NotATool => StatusCode::BAD_REQUEST,
        code => told(code).status,
    };
    with_patience(status, failure(error))
}

fn failure(error: &ToolError) -> Value {
    let told = told(error.code);
    let mut body = json!({
        "success": false,
        "error": error.message,
        "errorStage": told.stage,
        "errorCode": told.code,
        "retryable": told.retryable,
        "code": error.code,
    });
    if let Some(details) = &error.details {
        body["details"] = details.clone();
        if error.code == ToolErrorCode::ToolNotFound {
            body["availableExports"] = details["available"].clone();
        }
    }
    if error.code == ToolErrorCode::MissingEnvVars {
        body["hint"] = json!("Provide these variables in the 'env' field of the request");
    }
    body
}

/// Says when to come again, where that helps.
fn with_patience(status: StatusCode, body: Value) -> Response {
    let mut response = (status, Json(body)).into_response();
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// A request that is not taken.
pub struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
    header: Option<(HeaderName, &'static str)>,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), header: None }
    }

    /// The body is not what it should be.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID_REQUEST", message)
    }

    pub fn too_large(limit: usize) -> Self {
        let message = format!("the body has more than {} MiB", limit >> 20);
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "INVALID_REQUEST", message)
    }

    /// No key, or another one.
    pub fn unauthenticated() -> Self {
        let message = "the executor's key is missing or wrong: send it as `Authorization: Bearer KEY`";
        Self {
            header: Some((header::WWW_AUTHENTICATE, "Bearer")),
            ..Self::new(StatusCode::UNAUTHORIZED, "AUTHENTICATION_REQUIRED", message)
        }
    }

    /// The service ends, or is busy with itself.
    pub fn unavailable(message: &str) -> Self {
        Self {
            header: Some((header::RETRY_AFTER, "1")),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "EXECUTOR_UNAVAILABLE", message)
        }
    }

    pub fn not_found(message: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "INVALID_REQUEST", message)
    }

    pub fn method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "INVALID_REQUEST", "this path takes another method; see GET /info")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let unavailable = self.status == StatusCode::SERVICE_UNAVAILABLE;
        let body = json!({
            "success": false,
            "error": self.message,
            "errorStage": if unavailable { "executor" } else { "request" },
            "errorCode": self.code,
            "retryable": unavailable,
        });
        let mut response = (self.status, Json(body)).into_response();
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}
