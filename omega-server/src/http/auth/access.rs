//! Accesses as extractors: a handler's signature says what it needs, and nothing of the body is read before.

use crate::{
    domain::caller::Caller,
    http::{
        reply::{ApiError, ApiResult},
        state::App,
    },
    store::{
        StoreError,
        access::{Access, Owned, Part, Within, hashed, open, within},
    },
};
use axum::{
    extract::{FromRef, FromRequestParts, Path},
    http::request::Parts,
};
use omega_core::id::ConversationId;
use std::collections::HashMap;

/// The segment `{id}` of the path. One that is no text names nothing that exists.
async fn segment<S: Send + Sync>(parts: &mut Parts, state: &S) -> String {
    let found = Path::<HashMap<String, String>>::from_request_parts(parts, state).await;
    found.ok().and_then(|Path(mut path)| path.remove("id")).unwrap_or_default()
}

async fn access<S>(parts: &mut Parts, state: &S) -> ApiResult<Access>
where
    App: FromRef<S>,
    S: Send + Sync,
{
    let caller = Caller::from_request_parts(parts, state).await?;
    let app = App::from_ref(state);
    let text = segment(parts, state).await;
    let opened = match text.parse::<ConversationId>() {
        Ok(id) => open(&app.store, &caller, id).await,
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
                tracing::warn!(event = "access.guess", id_hash = hashed(&text), user_id = %caller.user, guesses);
            }
            Err(error.into())
        }
    }
}

impl<S> FromRequestParts<S> for Access
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> ApiResult<Self> {
        access(parts, state).await
    }
}

impl<S> FromRequestParts<S> for Owned
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> ApiResult<Self> {
        Ok(access(parts, state).await?.owned()?)
    }
}

impl<S, T> FromRequestParts<S> for Within<T>
where
    App: FromRef<S>,
    S: Send + Sync,
    T: Part,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> ApiResult<Self> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let app = App::from_ref(state);
        let id: T = segment(parts, state).await.parse().map_err(|_| StoreError::NotFound)?;
        Ok(within(&app.store, &caller, id).await?)
    }
}
