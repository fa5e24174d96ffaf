//! Runs: read, stopped, and hurried along.

use crate::http::{
    reply::{ApiResult, Reply},
    state::App,
};
use axum::extract::State;
use omega_core::{
    api::Run,
    id::{ConversationId, RunId},
};
use omega_engine::store::{
    StoreError,
    access::{self, Access, Within},
};

const BY_REQUEST: &str = "cancelled by a participant";

/// One run.
#[utoipa::path(get, operation_id = "getRun",
    path = "/api/omega/runs/{id}", tag = "runs", params(("id" = RunId, Path)),
    responses((status = 200, body = Run)))]
pub async fn get(State(app): State<App>, run: Within<RunId>) -> ApiResult<Reply<Run>> {
    Ok(Reply::ok(app.store.run(&run).await?))
}

/// Stops a run: by the owner, or by who sent its message. Stopping one that has ended changes nothing.
#[utoipa::path(post, operation_id = "cancelRun",
    path = "/api/omega/runs/{id}/cancel", tag = "runs", params(("id" = RunId, Path)),
    responses((status = 200, body = Run)))]
pub async fn cancel(State(app): State<App>, run: Within<RunId>) -> ApiResult<Reply<Run>> {
    app.engine.cancel_run(&run, BY_REQUEST).await?;
    Ok(Reply::ok(app.store.run(&run).await?))
}

/// Has the model of a run asked again at once where it did not answer and the server waits before it asks again (`againAt` of
/// the event `status`): by the owner, or by who sent its message. A run that does not wait for that stays as it is.
#[utoipa::path(post, operation_id = "retryRun",
    path = "/api/omega/runs/{id}/retry", tag = "runs", params(("id" = RunId, Path)),
    responses((status = 200, body = Run)))]
pub async fn retry(State(app): State<App>, run: Within<RunId>) -> ApiResult<Reply<Run>> {
    app.engine.hurry(&run)?;
    Ok(Reply::ok(app.store.run(&run).await?))
}

/// Stops everything that works or waits in a conversation; for a guest, everything of their own.
#[utoipa::path(post, operation_id = "cancelRuns",
    path = "/api/omega/conversations/{id}/cancel", tag = "runs",
    params(("id" = ConversationId, Path)), responses((status = 200, body = [Run])))]
pub async fn cancel_all(State(app): State<App>, access: Access) -> ApiResult<Reply<Vec<Run>>> {
    let open = access::open_runs(&app.store, &access).await?;
    let (own, others): (Vec<_>, Vec<_>) = open.into_iter().partition(|run| run.may_stop().is_ok());
    if own.is_empty() && !others.is_empty() {
        return Err(StoreError::NotYours.into());
    }
    let mut runs = Vec::new();
    // The waiting ones first, or the next would start when the one at work ends.
    for run in own.iter().rev() {
        app.engine.cancel_run(run, BY_REQUEST).await?;
        runs.push(app.store.run(run).await?);
    }
    Ok(Reply::ok(runs))
}
