//! `Idempotency-Key` on every POST: sent again with its key, a request is answered as it was, and nothing happens twice.
//!
//! Messages keep their own receipt in the transaction that stores them (see `routes::messages`), since their answer may be
//! a stream. Everything else is kept here: the key is held while the request is answered, then its answer stays for a day.
//! A request that holds a key is answered to its end, also when its client hangs up: it will ask again.

use super::{limits::FOREIGN_RUNS, reply::ApiError, state::App};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequestParts, MatchedPath, OriginalUri, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use omega_core::{
    agent::digest::canonical,
    api::ErrorCode,
    id::{ApprovalId, RunId, ToolRunId},
};
use omega_engine::{
    domain::{caller::Caller, request},
    store::{
        IdempotencyKey, KeptAnswer, Replay, StoreError,
        access::{Access, Within},
    },
};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Where it says that an answer is an earlier one.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const HEADER: &str = "idempotency-key";
/// Larger bodies can't have a key, and of larger answers it is kept that they were given.
const KEPT_BYTES: usize = 4 << 20;
/// No handler answers with more.
const ANSWER_BYTES: usize = 1 << 30;

/// The key of a request, if it has one.
pub fn key_of(headers: &axum::http::HeaderMap) -> Result<Option<&str>, ApiError> {
    let Some(value) = headers.get(HEADER) else { return Ok(None) };
    match value.to_str() {
        Ok(key) if !key.is_empty() && key.len() <= 255 => Ok(Some(key)),
        _ => Err(ApiError::new(ErrorCode::BadRequest, "Idempotency-Key must have 1 to 255 visible ASCII characters")),
    }
}

/// What makes two bodies the same: their JSON, whatever the order of its keys; else their bytes.
pub fn fingerprint(body: &[u8]) -> Vec<u8> {
    match serde_json::from_slice(body) {
        Ok(json) => Sha256::digest(canonical(&json).to_string().as_bytes()).to_vec(),
        Err(_) => Sha256::digest(body).to_vec(),
    }
}

/// Answers a POST that was answered before with what it was answered.
pub async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    // An import is larger than what is kept, and importing again changes nothing.
    let is_large = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok())
        .is_some_and(|length| length > KEPT_BYTES);
    if request.method() != Method::POST
        || !request.headers().contains_key(HEADER)
        || is_message(&request)
        || is_large
        || is_secret(&request)
    {
        return next.run(request).await;
    }
    match keep(&app, request, next).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

fn path_of(request: &Request) -> String {
    let original = request.extensions().get::<OriginalUri>().map(|uri| uri.path().to_owned());
    original.unwrap_or_else(|| request.uri().path().to_owned())
}

fn is_message(request: &Request) -> bool {
    let path = path_of(request);
    let is_native = path.starts_with("/api/omega/conversations/") && path.ends_with("/messages");
    is_native || FOREIGN_RUNS.contains(&path.as_str())
}

/// Whether the answer holds a key, which is kept nowhere but as a hash: asked again, there is another one.
fn is_secret(request: &Request) -> bool {
    let path = path_of(request);
    ["/api/omega/keys", "/api/omega/users", "/api/omega/session", "/api/omega/session/link"].contains(&path.as_str())
}

async fn keep(app: &App, request: Request, next: Next) -> Result<Response, ApiError> {
    let (mut parts, body) = request.into_parts();
    let key = key_of(&parts.headers)?.unwrap_or_default().to_owned();
    // Whoever is nobody gets the handler's own refusal, and leaves nothing behind.
    let Ok(caller) = Caller::from_request_parts(&mut parts, app).await else {
        return Ok(next.run(Request::from_parts(parts, body)).await);
    };
    may_enter(app, &mut parts).await?;
    let path = path_of(&Request::from_parts(parts.clone(), Body::empty()));
    let body = to_bytes(body, KEPT_BYTES)
        .await
        .map_err(|_| ApiError::new(ErrorCode::PayloadTooLarge, "a body this large can't have an Idempotency-Key"))?;
    let key = IdempotencyKey {
        principal: caller.user.to_string(),
        key,
        route: format!("POST {path}"),
        fingerprint: fingerprint(&body),
    };
    match app.store.hold_key(&key).await? {
        Replay::New => {}
        Replay::Mismatch => return Err(StoreError::KeyReused.into()),
        Replay::InProgress => return Err(StoreError::InProgress.into()),
        Replay::Same(kept) => return Ok(replayed(kept)),
    }
    let app = app.clone();
    let context = request::current();
    let answering = async move { answer(&app, &key, Request::from_parts(parts, Body::from(body)), next).await };
    let task = match context {
        Some(context) => tokio::spawn(request::within(context, answering)),
        None => tokio::spawn(answering),
    };
    match task.await {
        Ok(answered) => answered,
        Err(panic) => {
            tracing::error!(event = "http.panicked", error = %panic);
            Err(ApiError::new(ErrorCode::Internal, "something went wrong inside the server; its log has the details"))
        }
    }
}

/// What a path with an id is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Conversation,
    Run,
    ToolRun,
    Approval,
}

impl Of {
    /// By the pattern of the route.
    fn route(route: &str) -> Option<Self> {
        let kinds = [
            ("/api/omega/conversations/{id}", Self::Conversation),
            ("/api/omega/runs/{id}", Self::Run),
            ("/api/omega/tool-runs/{id}", Self::ToolRun),
            ("/api/omega/approvals/{id}", Self::Approval),
        ];
        kinds.into_iter().find(|(prefix, _)| route.starts_with(prefix)).map(|(_, of)| of)
    }
}

/// Whoever was blocked meanwhile is not told again what they were told before: who may enter is asked first, as by the
/// handler, which a kept answer never reaches.
async fn may_enter(app: &App, parts: &mut Parts) -> Result<(), ApiError> {
    let of = parts.extensions.get::<MatchedPath>().and_then(|route| Of::route(route.as_str()));
    match of {
        Some(Of::Conversation) => Access::from_request_parts(parts, app).await.map(drop),
        Some(Of::Run) => Within::<RunId>::from_request_parts(parts, app).await.map(drop),
        Some(Of::ToolRun) => Within::<ToolRunId>::from_request_parts(parts, app).await.map(drop),
        Some(Of::Approval) => Within::<ApprovalId>::from_request_parts(parts, app).await.map(drop),
        None => Ok(()),
    }
}

async fn answer(app: &App, key: &IdempotencyKey, request: Request, next: Next) -> Result<Response, ApiError> {
    let response = next.run(request).await;
    let (parts, body) = response.into_parts();
    let body = match to_bytes(body, ANSWER_BYTES).await {
        Ok(body) => body,
        Err(error) => {
            // The work is done all the same.
            app.store.keep_answer(key, &given(parts.status)).await?;
            return Err(ApiError::internal(error));
        }
    };
    // What is over in a moment (too busy, no space) is no answer to keep; the request may be sent again.
    let is_passing = matches!(parts.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS);
    let text = std::str::from_utf8(&body).ok();
    match text.filter(|_| !is_passing) {
        Some(text) if text.len() > KEPT_BYTES => app.store.keep_answer(key, &given(parts.status)).await?,
        Some(text) => {
            let headers: BTreeMap<String, &str> = [header::CONTENT_TYPE, header::LOCATION]
                .into_iter()
                .filter_map(|name| Some((name.to_string(), parts.headers.get(&name)?.to_str().ok()?)))
                .collect();
            let kept = KeptAnswer {
                status: Some(parts.status.as_u16()),
                headers: serde_json::to_string(&headers).ok(),
                body: text.to_owned(),
            };
            app.store.keep_answer(key, &kept).await?;
        }
        None => app.store.free_key(key).await?,
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// What is kept of an answer that is too large: that the work is done, and is not done again under this key.
fn given(status: StatusCode) -> KeptAnswer {
    KeptAnswer { status: Some(status.as_u16()), headers: None, body: String::new() }
}

/// Whether an answer was too large to be kept.
fn is_gone(kept: &KeptAnswer) -> bool {
    kept.body.is_empty() && kept.headers.is_none() && kept.status.is_some_and(|status| status != StatusCode::NO_CONTENT)
}

fn replayed(kept: KeptAnswer) -> Response {
    if is_gone(&kept) {
        let words = "this request was done and answered, and its answer was too large to be kept and given again; nothing was \
                     done a second time. Send it with another Idempotency-Key to have it done anew";
        let mut response = ApiError::new(ErrorCode::Gone, words).into_response();
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        return response;
    }
    let status = kept.status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::OK);
    let mut response = (status, Bytes::from(kept.body)).into_response();
    let headers: BTreeMap<String, String> =
        kept.headers.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::router;

    #[test]
    fn every_post_to_something_that_has_an_id_asks_first_who_may_enter() {
        let description = router::openapi();
        let paths = description["paths"].as_object().unwrap();
        let posts: Vec<&String> = paths
            .iter()
            .filter(|(path, item)| path.contains('{') && !item["post"].is_null())
            .map(|(path, _)| path)
            .collect();
        assert!(posts.len() > 8, "{posts:?}");
        for path in posts {
            assert!(Of::route(path).is_some(), "{path}");
        }
    }
}
