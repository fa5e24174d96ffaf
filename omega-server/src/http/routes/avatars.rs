//! Pictures of people (M6).

use crate::http::{
    extract::Segment,
    reply::{ApiError, ApiResult},
    state::App,
};
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use omega_engine::domain::caller::Caller;

/// The picture of a user of this server, by the hash of their address. 404 means: show initials.
#[utoipa::path(get, operation_id = "getAvatar",
    path = "/api/omega/avatars/{hash}", tag = "users", params(("hash" = String, Path)),
    responses((status = 200, content_type = "image/png", body = Vec<u8>)))]
pub async fn get(State(app): State<App>, _caller: Caller, Segment(hash): Segment) -> ApiResult<Response> {
    let is_hash = hash.len() == 64 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let Some(avatars) = app.avatars.as_ref().filter(|_| is_hash) else { return Err(ApiError::not_found()) };
    if !app.store.knows_gravatar(&hash).await? {
        return Err(ApiError::not_found());
    }
    let picture = avatars.picture(&hash).await.ok_or_else(ApiError::not_found)?;
    let headers = [
        (header::CONTENT_TYPE, picture.kind),
        (header::CACHE_CONTROL, "private, max-age=3600"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ];
    Ok((headers, picture.content).into_response())
}
