//! The caller's own system prompt, which is a part of their settings, and the prompts that runs had.

use super::settings;
use crate::http::{
    extract::{Body, Segment},
    reply::{ApiResult, Reply},
    state::App,
};
use axum::{extract::State, http::HeaderMap, response::Response};
use omega_core::{
    agent::prompt,
    api::{CustomPrompt, PromptSettings, Settings, StoredPrompt},
};
use omega_engine::domain::caller::Caller;

/// The caller's own prompt, and what new runs get of it.
#[utoipa::path(get, operation_id = "getPrompt",
    path = "/api/omega/settings/prompt", tag = "settings",
    responses((status = 200, body = PromptSettings)))]
pub async fn get(State(app): State<App>, caller: Caller) -> ApiResult<Response> {
    let (settings, version) = app.store.settings(caller.user).await?;
    Ok(settings::versioned(shown(&settings), version))
}

/// Replaces the caller's own prompt; an empty text removes it. Needs `If-Match` with the settings' ETag.
#[utoipa::path(put, operation_id = "putPrompt",
    path = "/api/omega/settings/prompt", tag = "settings", request_body = CustomPrompt,
    responses((status = 200, body = PromptSettings)))]
pub async fn put(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Body(body): Body<CustomPrompt>,
) -> ApiResult<Response> {
    let version = settings::if_match(&headers)?;
    let (known, _) = app.store.settings(caller.user).await?;
    let new = settings::checked(&app, &caller, Settings { prompt: Some(body), ..known }).await?;
    let version = app.store.put_settings(caller.user, &new, version).await?;
    Ok(settings::versioned(shown(&new), version))
}

/// A prompt that runs had: a default, or one with the caller's own text.
#[utoipa::path(get, operation_id = "getStoredPrompt",
    path = "/api/omega/prompts/{version}", tag = "settings", params(("version" = String, Path)),
    responses((status = 200, body = StoredPrompt)))]
pub async fn stored(
    State(app): State<App>,
    caller: Caller,
    Segment(version): Segment,
) -> ApiResult<Reply<StoredPrompt>> {
    Ok(Reply::ok(app.store.prompt(&version, caller.user).await?))
}

fn shown(settings: &Settings) -> PromptSettings {
    let own = settings.prompt.clone().unwrap_or_default();
    PromptSettings {
        mode: own.mode,
        text: own.text,
        effective: prompt::effective(settings.prompt.as_ref()),
        default: prompt::default(),
    }
}
