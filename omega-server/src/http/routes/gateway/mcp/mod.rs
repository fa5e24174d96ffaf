//! `/mcp`: this server as a server of the Model Context Protocol, over streamable HTTP and without sessions.
//!
//! Each POST stands for itself: it has its own API key, and any node answers it. What a call is allowed and what it costs is as on
//! the native routes, since it goes through the same doors.

mod ask;
mod execute;
mod outcome;
mod resources;
mod search;
mod server;
mod tools;

use crate::http::{
    auth::origin,
    cors::Named,
    reply::{ApiError, ApiResult},
    state::App,
};
use axum::{
    Json, Router,
    body::{Body, Bytes, to_bytes},
    extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::any,
};
use omega_core::{
    api::ErrorCode,
    budget::{self, Shape},
};
use omega_engine::domain::{
    caller::Caller,
    request::{self, Context},
};
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use serde_json::{Value, json};
use server::Door;
use std::sync::{Arc, LazyLock};

/// Bytes of a message.
const LIMIT: usize = 8 << 20;
/// No answer to a refused request is longer.
const LONGEST: usize = 1 << 20;

/// The route.
pub fn router() -> Router<App> {
    Router::new().route("/mcp", any(answer)).layer(DefaultBodyLimit::max(LIMIT))
}

/// What a call needs of the request that it came with.
#[derive(Clone)]
struct Visit {
    app: App,
    caller: Caller,
    headers: HeaderMap,
    context: Option<Arc<Context>>,
}

/// Host and origin are checked here, by this server's own rules, and so is the length of what comes.
static SERVICE: LazyLock<StreamableHttpService<Door, NeverSessionManager>> = LazyLock::new(|| {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_sse_retry(None)
        .disable_allowed_hosts()
        .disable_allowed_origins()
        .with_max_request_body_bytes(LIMIT);
    StreamableHttpService::new(|| Ok(Door), Arc::new(NeverSessionManager::default()), config)
});

async fn answer(State(app): State<App>, request: Request) -> Response {
    match visit(app, request).await {
        Ok(response) => response,
        Err(error) => refusal(error),
    }
}

async fn visit(app: App, request: Request) -> ApiResult<Response> {
    let (mut parts, body) = request.into_parts();
    if parts.method != Method::POST {
        return Err(ApiError::new(
            ErrorCode::MethodNotAllowed,
            "this server keeps no sessions and sends nothing by itself: send each message as a POST",
        ));
    }
    if parts.extensions.get::<Named>().is_none() {
        origin::check_any(&parts.headers)?;
    }
    if !parts.headers.contains_key(header::AUTHORIZATION) {
        return Err(ApiError::new(
            ErrorCode::Unauthenticated,
            "Missing authorization header; send Authorization: Bearer tpmjs_sk_...",
        ));
    }
    let caller = Caller::from_request_parts(&mut parts, &app).await?;
    if parts.headers.contains_key("mcp-session-id") {
        return Err(ApiError::new(
            ErrorCode::NotFound,
            "this server keeps no sessions: initialize anew, and leave Mcp-Session-Id out",
        ));
    }
    if parts.headers.contains_key("idempotency-key") {
        return Err(ApiError::new(
            ErrorCode::BadRequest,
            "one header can't be the key of each call: give `idempotencyKey` with the arguments of ask or execute",
        ));
    }
    let bytes = Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await.map_err(|error| {
        let code = match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => ErrorCode::PayloadTooLarge,
            _ => ErrorCode::BadRequest,
        };
        ApiError::new(code, format!("the message did not come whole, or is larger than {} MiB", LIMIT >> 20))
    })?;
    is_message(&bytes)?;
    let headers = parts.headers.clone();
    parts.extensions.insert(Visit { app, caller, headers, context: request::current() });
    let response = SERVICE.handle(Request::from_parts(parts, Body::from(bytes))).await;
    said_in_json(response.map(Body::new)).await
}

/// One message of JSON-RPC, at a bounded price.
fn is_message(bytes: &[u8]) -> ApiResult<()> {
    let unreadable = |why: String| Err(ApiError::new(ErrorCode::BadRequest, why).with("jsonrpc", -32700));
    if Shape::of(bytes).depth > budget::DEPTH.most {
        return unreadable(format!("the JSON is nested deeper than {} levels", budget::DEPTH.most));
    }
    let invalid = |why: &str| Err(ApiError::new(ErrorCode::BadRequest, why).with("jsonrpc", -32600));
    match serde_json::from_slice::<Value>(bytes) {
        Err(error) => unreadable(format!("this is no JSON: {error}")),
        Ok(Value::Array(_)) => {
            invalid("batches were taken out of the protocol (2025-06-18): send each message as a POST of its own")
        }
        Ok(message) if message["jsonrpc"] != "2.0" => {
            invalid("this is no message of JSON-RPC 2.0: `jsonrpc` is not \"2.0\"")
        }
        Ok(message) if message.get("method").is_some_and(|method| !method.is_string()) => {
            invalid("this is no message of JSON-RPC 2.0: `method` is no string")
        }
        Ok(_) => Ok(()),
    }
}

/// A refusal as JSON-RPC's error, with the status and headers that it has everywhere.
fn refusal(error: ApiError) -> Response {
    let given = error.into_body();
    let fallback = match given.status {
        500.. => -32603,
        _ => -32600,
    };
    let code = given.details.more.get("jsonrpc").and_then(Value::as_i64).unwrap_or(fallback);
    let data = json!({ "code": given.details.code, "requestId": given.request_id });
    let body = json!({ "jsonrpc": "2.0", "id": null, "error": { "code": code, "message": given.error, "data": data } });
    let status = StatusCode::from_u16(given.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Json(body)).into_response();
    match status {
        StatusCode::UNAUTHORIZED => {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
        }
        StatusCode::METHOD_NOT_ALLOWED => {
            response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("POST"));
        }
        _ => {}
    }
    response
}

/// What the transport itself refuses, it says as plain text; clients read JSON-RPC.
async fn said_in_json(response: Response) -> ApiResult<Response> {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if response.status().as_u16() < 400 || kind.starts_with("application/json") {
        return Ok(response);
    }
    let status = response.status();
    let bytes = to_bytes(response.into_body(), LONGEST).await.map_err(ApiError::internal)?;
    let message = String::from_utf8_lossy(&bytes).into_owned();
    let body = json!({ "jsonrpc": "2.0", "id": null, "error": { "code": -32600, "message": message } });
    Ok((status, Json(body)).into_response())
}
