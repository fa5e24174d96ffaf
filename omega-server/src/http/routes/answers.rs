//! What a paused run waits for: variables and approvals. (Plans are in their own file.)

use super::{text, variables};
use crate::http::{
    extract::Body,
    reply::{ApiError, ApiResult, Reply},
    state::App,
};
use axum::extract::State;
use omega_core::{
    api::{Decide, ErrorCode, ProvideCredentials, Run},
    id::{ApprovalId, ConversationId},
};
use omega_engine::store::{
    Clean,
    access::{Owned, Within},
};

const MAX_REASON: usize = 1_000;

/// Answers the open request for variables, and the run goes on from the same step. By the owner alone.
#[utoipa::path(post, operation_id = "provideCredentials",
    path = "/api/omega/conversations/{id}/credentials", tag = "credentials",
    params(("id" = ConversationId, Path)), request_body = ProvideCredentials, responses((status = 200, body = Run)))]
pub async fn provide(
    State(app): State<App>,
    access: Owned,
    Body(body): Body<ProvideCredentials>,
) -> ApiResult<Reply<Run>> {
    if body.decline != body.env.is_empty() {
        return Err(ApiError::invalid(
            "env",
            "give the variables that are missing, or decline: true to go on without them",
        ));
    }
    let env = variables(&body.env)?;
    Ok(Reply::ok(app.engine.provide(&access, &env, body.save).await?))
}

/// Allows or refuses a call. With the last decision that it waits for, the run goes on.
#[utoipa::path(post, operation_id = "decideApproval",
    path = "/api/omega/approvals/{id}", tag = "approvals", params(("id" = ApprovalId, Path)),
    request_body = Decide, responses((status = 200, body = Run)))]
pub async fn decide(
    State(app): State<App>,
    approval: Within<ApprovalId>,
    Body(body): Body<Decide>,
) -> ApiResult<Reply<Run>> {
    Ok(Reply::ok(record(&app, &approval, body).await?))
}

/// Checks and records what a person decided about a call.
pub async fn record(app: &App, approval: &Within<ApprovalId>, mut decide: Decide) -> ApiResult<Run> {
    if let Some(reason) = &decide.reason {
        text("reason", reason, MAX_REASON)?;
    }
    if decide.input.is_some() && decide.decision == omega_core::api::Decision::Deny {
        return Err(ApiError::new(ErrorCode::InvalidInput, "input: a call that is refused has no input to change"));
    }
    // What a person writes here is kept, shown and told to the model as a message is.
    let redactor = app.engine.redactor(approval.caller().user, None).await?;
    decide.reason = decide.reason.map(|reason| redactor.clean_words(&reason));
    decide.input = Clean::by(redactor, decide.input).await.into_inner();
    Ok(app.engine.decide(approval, &decide).await?)
}
