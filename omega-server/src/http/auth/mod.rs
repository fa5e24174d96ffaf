//! Who calls: an API key (`Authorization: Bearer tpmjs_sk_...`) or a browser's session. The caller is an extractor, so a
//! handler's signature says that it needs one.

pub mod access;
pub mod api_key;
pub mod origin;
pub mod query;
pub mod user_name;

use crate::http::{reply::ApiError, request::cookie, state::App};
use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use omega_core::{api::ErrorCode, registry::Viewer};
use omega_engine::domain::{boxed, caller::Caller, request};

const KEY_PREFIX: &str = "tpmjs_sk_";

/// A new API key: TPMJS's format, 32 random bytes.
pub fn new_key() -> Result<String, getrandom::Error> {
    Ok(format!("{KEY_PREFIX}{}", new_token()?))
}

/// 32 random bytes as text.
pub fn new_token() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Reads a key from an `Authorization` header, with TPMJS's own words for what is wrong.
fn bearer(value: &str) -> Result<&str, ApiError> {
    let wrong = |message: &str| Err(ApiError::new(ErrorCode::Unauthenticated, message));
    let Some(key) = value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("bearer ")) else {
        return wrong("Invalid authorization header format. Use: Bearer <api_key>");
    };
    let key = key.trim();
    if key.is_empty() {
        return wrong("API key is empty");
    }
    if !key.starts_with(KEY_PREFIX) || key.len() < 40 {
        return wrong("Invalid API key format. Keys must start with tpmjs_sk_");
    }
    Ok(key)
}

/// A caller who administers this server.
pub struct Admin(pub Caller);

impl FromRequestParts<App> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, app).await?;
        administers(&caller)?;
        Ok(Self(caller))
    }
}

fn administers(caller: &Caller) -> Result<(), ApiError> {
    if caller.is_admin {
        return Ok(());
    }
    Err(ApiError::new(ErrorCode::Forbidden, "only an administrator of this server can do this; ask them"))
}

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        app.touch();
        unnoticed(parts, app).await
    }
}

/// Who calls, of a request that comes by itself again and again: it keeps no server awake.
#[boxed]
pub async fn unnoticed(parts: &Parts, app: &App) -> Result<Caller, ApiError> {
    if let Some(value) = parts.headers.get(header::AUTHORIZATION) {
        let key = bearer(value.to_str().unwrap_or_default())?;
        let caller = api_key::caller(app, key).await?;
        request::acts(&caller);
        return Ok(caller);
    }
    let Some(token) = cookie::token(&parts.headers) else {
        return Err(ApiError::new(
            ErrorCode::Unauthenticated,
            "Missing authorization header; send Authorization: Bearer tpmjs_sk_..., or sign in at /omega",
        ));
    };
    origin::check(&parts.method, &parts.headers)?;
    let caller = app.store.caller_of_session(token).await?;
    let ended = || ApiError::new(ErrorCode::Unauthenticated, "your session has ended; sign in again");
    let caller = caller.ok_or_else(ended)?;
    request::acts(&caller);
    Ok(caller)
}

/// An administrator, or a program of theirs, who looks at how the server is.
pub struct Observer;

impl FromRequestParts<App> for Observer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        administers(&unnoticed(parts, app).await?).map(|()| Self)
    }
}

/// Who looks at what everybody may see: nobody in particular, or a caller, who sees what is their own besides. Whoever says who
/// they are has to prove it here, too.
pub struct Looking(pub Viewer);

impl FromRequestParts<App> for Looking {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let says_who = parts.headers.contains_key(header::AUTHORIZATION) || cookie::token(&parts.headers).is_some();
        if !says_who {
            return Ok(Self(Viewer::Anybody));
        }
        let caller = Caller::from_request_parts(parts, app).await?;
        Ok(Self(Viewer::User(caller.user)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_has_the_format_of_tpmjs() {
        let key = new_key().unwrap();
        assert_eq!(key.len(), 52);
        assert_eq!(bearer(&format!("Bearer {key}")).unwrap(), key);
        for wrong in ["Basic x", "Bearer ", "Bearer sk-123", "Bearer tpmjs_sk_short"] {
            assert!(bearer(wrong).is_err(), "{wrong}");
        }
    }
}
