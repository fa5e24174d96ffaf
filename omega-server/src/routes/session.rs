//! Signing a browser in and out.

use crate::{
    answer::{ApiError, ApiResult, Reply},
    auth,
    extract::Body,
    request,
    state::App,
    store::Caller,
};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use omega_core::api::{ErrorCode, SignIn, Whoami};

/// Signs a browser in with an API key: sets a session cookie.
#[utoipa::path(post, path = "/api/omega/session", tag = "session", request_body = SignIn,
    responses((status = 200, body = Whoami)),
    security(()))]
pub async fn create(State(app): State<App>, headers: HeaderMap, Body(body): Body<SignIn>) -> ApiResult<Response> {
    auth::same_origin(&Method::POST, &headers)?;
    app.touch();
    let caller = app
        .store
        .caller_of_key(body.api_key.trim())
        .await?
        .ok_or_else(|| ApiError::new(ErrorCode::Unauthenticated, "Invalid API key"))?;
    request::acts(&caller);
    // A new token at every sign-in: one that was planted before is worth nothing.
    let token = auth::new_token().map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))?;
    app.store.create_session(caller.user, &token).await?;
    let mut response = Reply::ok(who(&Caller { key: None, ..caller })).into_response();
    set_cookie(&mut response, &headers, &format!("{token}; Max-Age=2592000"));
    Ok(response)
}

/// Who the caller is.
#[utoipa::path(get, path = "/api/omega/session", tag = "session", responses((status = 200, body = Whoami)))]
pub async fn get(caller: Caller) -> Reply<Whoami> {
    Reply::ok(who(&caller))
}

/// Signs out. Without a session nothing happens.
#[utoipa::path(delete, path = "/api/omega/session", tag = "session", responses((status = 204)),
    security(()))]
pub async fn delete(State(app): State<App>, headers: HeaderMap) -> ApiResult<Response> {
    auth::same_origin(&Method::DELETE, &headers)?;
    if let Some(token) = auth::session_token(&headers) {
        app.store.end_session(token).await?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    set_cookie(&mut response, &headers, "; Max-Age=0");
    Ok(response)
}

fn who(caller: &Caller) -> Whoami {
    Whoami {
        user_id: caller.user,
        display_name: caller.display_name.clone(),
        gravatar_hash: caller.gravatar_hash.clone(),
        via: if caller.key.is_some() { "api_key" } else { "session" }.into(),
    }
}

fn set_cookie(response: &mut Response, headers: &HeaderMap, value: &str) {
    // Behind a proxy that speaks TLS the cookie must never travel in clear.
    let secure = headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https");
    let secure = if secure { "; Secure" } else { "" };
    let cookie = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}", auth::COOKIE);
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
}
