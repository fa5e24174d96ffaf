//! The caller's settings. A change needs the version that it changes (`If-Match`), so that two clients never undo each
//! other unseen.

use super::{text, tool_ids};
use crate::http::{
    extract::Body,
    reply::{ApiError, ApiResult, Reply},
    state::App,
};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use omega_core::{
    agent::prompt,
    api::{CustomPrompt, ErrorCode, Settings},
    model::catalog::{ModelName, provider},
};
use omega_engine::{domain::caller::Caller, store::StoreError};
use serde::Serialize;
use std::borrow::Cow;

/// Entries of `guestModels`.
const MAX_GUEST_MODELS: usize = 100;

/// The caller's settings.
#[utoipa::path(get, operation_id = "getSettings",
    path = "/api/omega/settings", tag = "settings", responses((status = 200, body = Settings)))]
pub async fn get(State(app): State<App>, caller: Caller) -> ApiResult<Response> {
    let (settings, version) = app.store.settings(caller.user).await?;
    Ok(versioned(settings, version))
}

/// Replaces the caller's settings.
#[utoipa::path(put, operation_id = "putSettings",
    path = "/api/omega/settings", tag = "settings", request_body = Settings,
    responses((status = 200, body = Settings)))]
pub async fn put(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Body(settings): Body<Settings>,
) -> ApiResult<Response> {
    let version = if_match(&headers)?;
    let settings = checked(&app, &caller, settings).await?;
    let version = app.store.put_settings(caller.user, &settings, version).await?;
    Ok(versioned(settings, version))
}

/// The version that a change is of.
pub(super) fn if_match(headers: &HeaderMap) -> ApiResult<i64> {
    let Some(version) = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok()) else {
        return Err(ApiError::new(
            ErrorCode::PreconditionRequired,
            "send If-Match with the ETag of the settings that you read",
        ));
    };
    version.trim_matches('"').parse().map_err(|_| StoreError::Stale.into())
}

/// Settings as they may be stored.
pub(super) async fn checked(app: &App, caller: &Caller, settings: Settings) -> ApiResult<Settings> {
    tool_ids("pins", &settings.pins)?;
    if let Some(model) = &settings.model {
        app.engine.payer(caller.user, model).await?;
    }
    guest_models(&settings.guest_models)?;
    let prompt = match settings.prompt {
        Some(prompt) => own_prompt(app, caller, prompt).await?,
        None => None,
    };
    Ok(Settings { prompt, ..settings })
}

fn guest_models(models: &[String]) -> ApiResult<()> {
    if models.len() > MAX_GUEST_MODELS {
        return Err(ApiError::invalid("guestModels", &format!("has more than {MAX_GUEST_MODELS} entries")));
    }
    for model in models.iter().filter(|model| *model != "*") {
        let known = match model.strip_suffix("/*") {
            Some(name) if provider(name).is_some() => continue,
            _ => model.parse::<ModelName>(),
        };
        known.map_err(|error| ApiError::invalid("guestModels", &error.to_string()))?;
    }
    Ok(())
}

async fn own_prompt(app: &App, caller: &Caller, prompt: CustomPrompt) -> ApiResult<Option<CustomPrompt>> {
    if prompt.text.trim().is_empty() {
        return Ok(None);
    }
    text("prompt.text", &prompt.text, prompt::MAX_CUSTOM)?;
    if prompt.text.contains('\0') {
        return Err(ApiError::invalid("prompt.text", "must not hold a NUL character"));
    }
    if matches!(app.engine.redactor(caller.user, None).await?.redact(&prompt.text), Cow::Owned(_)) {
        return Err(ApiError::invalid(
            "prompt.text",
            "it holds the value of one of your stored credentials; take it out: tools get credentials without the prompt",
        ));
    }
    Ok(Some(prompt))
}

pub(super) fn versioned<T: Serialize>(answer: T, version: i64) -> Response {
    let mut response = Reply::ok(answer).into_response();
    if let Ok(value) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}
