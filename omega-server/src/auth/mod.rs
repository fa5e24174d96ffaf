//! Who calls: an API key (`Authorization: Bearer tpmjs_sk_...`) or a browser's session. The caller is an extractor, so a
//! handler's signature says that it needs one.

use crate::{answer::ApiError, request, state::App, store::Caller};
use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, Method, header, request::Parts},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use omega_core::api::ErrorCode;

/// The session's cookie.
pub const COOKIE: &str = "omega_session";
const KEY_PREFIX: &str = "tpmjs_sk_";

/// A new API key: TPMJS's format, 32 random bytes.
///
/// # Errors
/// When the operating system has no random numbers.
pub fn new_key() -> Result<String, getrandom::Error> {
    Ok(format!("{KEY_PREFIX}{}", new_token()?))
}

/// 32 random bytes as text.
///
/// # Errors
/// When the operating system has no random numbers.
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

/// The session's token, if the request has one.
pub fn session_token(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .find_map(|cookie| cookie.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// Refuses a state-changing request that another site made a browser send (ASVS 3.5).
pub fn same_origin(method: &Method, headers: &HeaderMap) -> Result<(), ApiError> {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let foreign_site = text("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none");
    let foreign_origin = match (text("origin"), text("host")) {
        (Some(origin), Some(host)) => origin.split_once("://").is_none_or(|(_, of)| of != host),
        (Some(_), None) => true,
        (None, _) => false,
    };
    if foreign_site || foreign_origin {
        return Err(ApiError::new(ErrorCode::Csrf, "this request came from another site; use Omega's own page"));
    }
    Ok(())
}

impl<S> FromRequestParts<S> for Caller
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let app = App::from_ref(state);
        app.touch();
        if let Some(value) = parts.headers.get(header::AUTHORIZATION) {
            let key = bearer(value.to_str().unwrap_or_default())?;
            let caller = app.store.caller_of_key(key).await?;
            let caller = caller.ok_or_else(|| ApiError::new(ErrorCode::Unauthenticated, "Invalid API key"))?;
            request::acts(&caller);
            return Ok(caller);
        }
        let Some(token) = session_token(&parts.headers) else {
            return Err(ApiError::new(
                ErrorCode::Unauthenticated,
                "Missing authorization header; send Authorization: Bearer tpmjs_sk_..., or sign in at /omega",
            ));
        };
        same_origin(&parts.method, &parts.headers)?;
        let caller = app.store.caller_of_session(token).await?;
        let ended = || ApiError::new(ErrorCode::Unauthenticated, "your session has ended; sign in again");
        let caller = caller.ok_or_else(ended)?;
        request::acts(&caller);
        Ok(caller)
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

    #[test]
    fn another_site_can_not_write() {
        let headers = |pairs: &[(&str, &str)]| {
            let mut map = HeaderMap::new();
            for (name, value) in pairs {
                map.insert(axum::http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
            }
            map
        };
        let table: &[(&[(&str, &str)], bool)] = &[
            (&[("host", "a.test"), ("origin", "http://a.test"), ("sec-fetch-site", "same-origin")], true),
            (&[("host", "a.test"), ("origin", "http://evil.test")], false),
            (&[("host", "a.test"), ("sec-fetch-site", "cross-site")], false),
            (&[("host", "a.test"), ("origin", "null")], false),
            (&[("host", "a.test")], true),
        ];
        for (pairs, allowed) in table {
            assert_eq!(same_origin(&Method::POST, &headers(pairs)).is_ok(), *allowed, "{pairs:?}");
        }
        assert!(same_origin(&Method::GET, &headers(&[("sec-fetch-site", "cross-site")])).is_ok());
    }
}
