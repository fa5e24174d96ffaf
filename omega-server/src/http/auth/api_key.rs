//! Whose API key it is: one of this server's, or one that another platform vouches for.

use super::user_name;
use crate::http::{
    identity::verifier::KeyCheck,
    reply::{ApiError, ApiResult},
    state::App,
};
use omega_core::api::ErrorCode;
use omega_engine::domain::caller::Caller;

/// The caller with a key.
///
/// # Errors
/// `UNAUTHENTICATED`; `UPSTREAM_UNAVAILABLE` when it is not ours and the platform that may know it can't be asked.
pub async fn caller(app: &App, key: &str) -> ApiResult<Caller> {
    let unknown = || ApiError::new(ErrorCode::Unauthenticated, "Invalid API key");
    if let Some(caller) = app.store.caller_of_key(key).await? {
        return Ok(caller);
    }
    let Some(verifier) = &app.verifier else { return Err(unknown()) };
    // A key of ours that was revoked, or whose user was blocked, is nobody's.
    if app.store.is_own_key(key).await? {
        return Err(unknown());
    }
    match verifier.verify(key).await {
        KeyCheck::Known(person) => {
            let caller =
                app.store.vouched_user(&person.id, &user_name::fitted(&person.name), person.email.as_deref()).await?;
            caller.ok_or_else(unknown)
        }
        KeyCheck::Unknown => Err(unknown()),
        KeyCheck::Unavailable => Err(ApiError::new(
            ErrorCode::UpstreamUnavailable,
            "this key is not one of this server's, and the platform that may know it does not answer; try again in a \
             minute, or use a key of this server",
        )),
    }
}
