//! The users of this server, by its administrators; and everybody's own profile.

use super::{id, session::who};
use crate::http::{
    auth::{self, Admin, user_name},
    extract::{Body, Segment},
    reply::{ApiError, ApiResult, Reply},
    state::App,
};
use axum::{extract::State, http::StatusCode};
use omega_core::{
    api::{CreateUser, CreatedUser, UpdateProfile, User, Whoami},
    id::UserId,
};
use omega_engine::domain::caller::Caller;

/// All users. By administrators.
#[utoipa::path(get, operation_id = "listUsers",
    path = "/api/omega/users", tag = "users", responses((status = 200, body = [User])))]
pub async fn list(State(app): State<App>, _admin: Admin) -> ApiResult<Reply<Vec<User>>> {
    Ok(Reply::ok(app.store.users().await?))
}

/// Makes a user, with a first API key that is shown only now. By administrators.
#[utoipa::path(post, operation_id = "createUser",
    path = "/api/omega/users", tag = "users", request_body = CreateUser,
    responses((status = 201, body = CreatedUser)))]
pub async fn create(
    State(app): State<App>,
    _admin: Admin,
    Body(body): Body<CreateUser>,
) -> ApiResult<Reply<CreatedUser>> {
    let clean = user_name::check("name", &body.name)?;
    if let Some(email) = &body.email {
        user_name::check_email(email)?;
    }
    let key = auth::new_key().map_err(ApiError::internal)?;
    Ok(Reply::created(app.store.create_user(&clean, body.email.as_deref(), key).await?))
}

/// Shuts a user out: keys and sessions end at once, what they own stays. By administrators.
#[utoipa::path(delete, operation_id = "disableUser",
    path = "/api/omega/users/{id}", tag = "users", params(("id" = UserId, Path)),
    responses((status = 204)))]
pub async fn disable(State(app): State<App>, Admin(caller): Admin, Segment(user): Segment) -> ApiResult<StatusCode> {
    let user: UserId = id(&user)?;
    if user == caller.user {
        return Err(ApiError::invalid("id", "you can't shut yourself out; let another administrator do it"));
    }
    app.store.disable_user(user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes how others see the caller, from now on. Messages that were sent keep the name they were sent under.
#[utoipa::path(put, operation_id = "updateProfile",
    path = "/api/omega/profile", tag = "users", request_body = UpdateProfile,
    responses((status = 200, body = Whoami)))]
pub async fn profile(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body<UpdateProfile>,
) -> ApiResult<Reply<Whoami>> {
    let clean = body.display_name.as_deref().map(|given| user_name::check("displayName", given)).transpose()?;
    if let Some(email) = body.email.as_deref().filter(|email| !email.trim().is_empty()) {
        user_name::check_email(email)?;
    }
    app.store.update_profile(caller.user, clean.as_deref(), body.email.as_deref()).await?;
    let now = app.store.caller_again(&caller).await?;
    Ok(Reply::ok(who(&now)))
}
