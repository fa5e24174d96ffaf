//! The caller's settings. A change needs the version that it changes (`If-Match`), so that two clients never undo each
//! other unseen.

use super::tool_ids;
use crate::{
    answer::{ApiError, ApiResult, Reply},
    extract::Body,
    state::App,
    store::Caller,
};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use omega_core::api::{ErrorCode, Settings};

/// The caller's settings.
#[utoipa::path(get, path = "/api/omega/settings", tag = "settings", responses((status = 200, body = Settings)))]
pub async fn get(State(app): State<App>, caller: Caller) -> ApiResult<Response> {
    let (settings, version) = app.store.settings(caller.user).await?;
    Ok(versioned(settings, version))
}

/// Replaces the caller's settings.
#[utoipa::path(put, path = "/api/omega/settings", tag = "settings", request_body = Settings,
    responses((status = 200, body = Settings)))]
pub async fn put(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Body(settings): Body<Settings>,
) -> ApiResult<Response> {
    let Some(version) = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok()) else {
        return Err(ApiError::new(
            ErrorCode::PreconditionRequired,
            "send If-Match with the ETag of the settings that you read",
        ));
    };
    let version: i64 =
        version.trim_matches('"').parse().map_err(|_| ApiError::from(crate::store::StoreError::Stale))?;
    tool_ids("pins", &settings.pins)?;
    if let Some(model) = &settings.model {
        app.models.check(model)?;
    }
    let version = app.store.put_settings(caller.user, &settings, version).await?;
    Ok(versioned(settings, version))
}

fn versioned(settings: Settings, version: i64) -> Response {
    let mut response = Reply::ok(settings).into_response();
    if let Ok(value) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}
