//! Signing a browser in and out: by an API key, or by a link that holds once and for five minutes.

use crate::http::{
    auth::{self, api_key, origin},
    extract::{Body, Params},
    reply::{ApiError, ApiResult, Reply},
    request::cookie,
    state::App,
};
use axum::{
    extract::State,
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
};
use omega_core::api::{ErrorCode, SignIn, SignInLink, Whoami};
use omega_engine::domain::{
    caller::{Caller, TokenHash, Via},
    request,
};
use serde::Deserialize;

fn token() -> ApiResult<String> {
    auth::new_token().map_err(ApiError::internal)
}

/// Signs a browser in with an API key or the code of a one-time link: sets a session cookie. A browser that is signed in as
/// somebody else stays so unless `replace` is set: then the answer is 409 `OTHER_SESSION`, with both names in `details`
/// (`present`, `wanted`), and the code still holds.
#[utoipa::path(post, operation_id = "signIn",
    path = "/api/omega/session", tag = "session", request_body = SignIn,
    responses((status = 200, body = Whoami)),
    security(()))]
pub async fn create(State(app): State<App>, headers: HeaderMap, Body(body): Body<SignIn>) -> ApiResult<Response> {
    origin::check(&Method::POST, &headers)?;
    app.touch();
    let caller = match (&body.api_key, &body.code) {
        (Some(key), None) => api_key::caller(&app, key.trim()).await?,
        (None, Some(code)) => app.store.caller_of_code(code.trim()).await?.ok_or_else(spent)?,
        _ => return Err(ApiError::invalid("apiKey", "give an API key, or the code of a sign-in link")),
    };
    if !body.replace {
        keep_present(&app, &headers, &caller).await?;
    }
    if let Some(code) = &body.code
        && !app.store.take_code(code.trim()).await?
    {
        return Err(spent());
    }
    request::acts(&caller);
    // A new token at every sign-in: one that was planted or known before is worth nothing.
    if let Some(before) = cookie::token(&headers) {
        app.store.end_session(before).await?;
    }
    let token = token()?;
    app.store.create_session(caller.user, &token).await?;
    tracing::info!(event = "auth.signed_in", actor = %caller.user, request_id = request::id());
    let mut response = Reply::ok(who(&Caller { via: Via::Session(TokenHash::of(&token)), ..caller })).into_response();
    cookie::set(&mut response, &headers, Some(&token));
    Ok(response)
}

fn spent() -> ApiError {
    ApiError::new(
        ErrorCode::Unauthenticated,
        "this sign-in link was used, or is older than five minutes; make a new one (`omega open`)",
    )
}

/// Refuses to make somebody another user than they are. A link that anybody sent would do that without a word, and what they
/// store afterwards would be the sender's.
async fn keep_present(app: &App, headers: &HeaderMap, wanted: &Caller) -> ApiResult<()> {
    let present = match cookie::token(headers) {
        Some(token) => app.store.caller_of_session(token).await?,
        None => None,
    };
    match present.filter(|present| present.user != wanted.user) {
        None => Ok(()),
        Some(present) => {
            let message = format!(
                "you are signed in as {}; sign in as {} with `replace`, or go on as you are",
                present.display_name, wanted.display_name
            );
            let error = ApiError::new(ErrorCode::OtherSession, message);
            Err(error.with("present", present.display_name).with("wanted", wanted.display_name.as_str()))
        }
    }
}

/// Makes a link that signs a browser in as the caller, once, within five minutes.
#[utoipa::path(post, operation_id = "createSignInLink",
    path = "/api/omega/session/link", tag = "session", responses((status = 201, body = SignInLink)))]
pub async fn link(State(app): State<App>, caller: Caller) -> ApiResult<Reply<SignInLink>> {
    let code = token()?;
    let expires_at = app.store.create_code(caller.user, &code).await?;
    Ok(Reply::created(SignInLink { url: format!("/omega#sign-in={code}"), code, expires_at }))
}

/// Who the caller is.
#[utoipa::path(get, operation_id = "getSession",
    path = "/api/omega/session", tag = "session", responses((status = 200, body = Whoami)))]
pub async fn get(caller: Caller) -> Reply<Whoami> {
    Reply::ok(who(&caller))
}

/// How far to sign out.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Everywhere {
    /// `true` ends all the caller's sessions, on all machines.
    #[serde(default)]
    pub all: bool,
}

/// Signs out. Without a session nothing happens.
#[utoipa::path(delete, operation_id = "signOut",
    path = "/api/omega/session", tag = "session", params(Everywhere), responses((status = 204)),
    security(()))]
pub async fn delete(
    State(app): State<App>,
    headers: HeaderMap,
    Params(Everywhere { all }): Params<Everywhere>,
) -> ApiResult<Response> {
    origin::check(&Method::DELETE, &headers)?;
    if let Some(token) = cookie::token(&headers) {
        match app.store.caller_of_session(token).await? {
            Some(caller) if all => app.store.end_sessions(caller.user).await?,
            _ => app.store.end_session(token).await?,
        }
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    cookie::set(&mut response, &headers, None);
    Ok(response)
}

/// A caller, as they see themselves.
pub(super) fn who(caller: &Caller) -> Whoami {
    Whoami {
        user_id: caller.user,
        display_name: caller.display_name.clone(),
        gravatar_hash: caller.gravatar_hash.clone(),
        via: if caller.is_session() { "session" } else { "api_key" }.into(),
        is_admin: caller.is_admin,
    }
}
