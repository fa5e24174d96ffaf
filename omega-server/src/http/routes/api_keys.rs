//! API keys of this server, in TPMJS's format. A key is shown once; only its hash is kept.

use super::{id, text};
use crate::http::{
    auth,
    extract::{Body, Segment},
    reply::{ApiError, ApiResult, Reply},
    state::App,
};
use axum::{extract::State, http::StatusCode};
use omega_core::{
    api::{ApiKey, CreateKey, CreatedKey},
    id::KeyId,
};
use omega_engine::domain::caller::Caller;

/// The caller's keys.
#[utoipa::path(get, operation_id = "listKeys",
    path = "/api/omega/keys", tag = "keys", responses((status = 200, body = [ApiKey])))]
pub async fn list(State(app): State<App>, caller: Caller) -> ApiResult<Reply<Vec<ApiKey>>> {
    Ok(Reply::ok(app.store.keys(caller.user).await?))
}

/// Makes a key.
#[utoipa::path(post, operation_id = "createKey",
    path = "/api/omega/keys", tag = "keys", request_body = CreateKey,
    responses((status = 201, body = CreatedKey)))]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body<CreateKey>,
) -> ApiResult<Reply<CreatedKey>> {
    text("name", &body.name, 100)?;
    let key = auth::new_key().map_err(ApiError::internal)?;
    Ok(Reply::created(app.store.create_key(caller.user, &body.name, key).await?))
}

/// Revokes a key.
#[utoipa::path(delete, operation_id = "revokeKey",
    path = "/api/omega/keys/{id}", tag = "keys", params(("id" = KeyId, Path)),
    responses((status = 204)))]
pub async fn revoke(State(app): State<App>, caller: Caller, Segment(key): Segment) -> ApiResult<StatusCode> {
    app.store.revoke_key(caller.user, id(&key)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
