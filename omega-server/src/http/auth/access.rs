//! Accesses as extractors: a handler's signature says what it needs, and nothing of the body is read before.

use crate::http::{
    reply::{ApiError, ApiResult},
    state::App,
};
use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use omega_core::id::ConversationId;
use omega_engine::{
    domain::{boxed, caller::Caller},
    store::{
        StoreError,
        access::{Access, Owned, Part, Within, hashed, open, within},
    },
};
use std::collections::HashMap;

/// The segment `{id}` of the path. One that is no text names nothing that exists.
async fn segment(parts: &mut Parts) -> String {
    let found = Path::<HashMap<String, String>>::from_request_parts(parts, &()).await;
    found.ok().and_then(|Path(mut path)| path.remove("id")).unwrap_or_default()
}

#[boxed]
async fn access(parts: &mut Parts, app: &App) -> ApiResult<Access> {
    let caller = Caller::from_request_parts(parts, app).await?;
    opened(app, &caller, &segment(parts).await).await
}

/// The conversation that a text names, for a caller; a wrong one is a guess, and noted.
#[boxed]
pub async fn opened(app: &App, caller: &Caller, text: &str) -> ApiResult<Access> {
    let opened = match text.parse::<ConversationId>() {
        Ok(id) => open(&app.store, caller, id).await,
        Err(_) => Err(StoreError::NotFound),
    };
    match opened {
        Ok((access, joined)) => {
            if let Some(committed) = joined {
                app.engine.committed(committed);
            }
            Ok(access)
        }
        Err(error) => {
            if matches!(error, StoreError::NotFound | StoreError::Gone) {
                let guesses = app.guessed();
                tracing::warn!(event = "access.guess", id_hash = hashed(text), user_id = %caller.user, guesses);
            }
            Err(error.into())
        }
    }
}

impl FromRequestParts<App> for Access {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> ApiResult<Self> {
        access(parts, app).await
    }
}

impl FromRequestParts<App> for Owned {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> ApiResult<Self> {
        Ok(access(parts, app).await?.owned()?)
    }
}

impl<T: Part> FromRequestParts<App> for Within<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> ApiResult<Self> {
        let caller = Caller::from_request_parts(parts, app).await?;
        let id: T = segment(parts).await.parse().map_err(|_| StoreError::NotFound)?;
        Ok(within(&app.store, &caller, id).await?)
    }
}
