//! Runs: read, and stopped.

use super::id;
use crate::{
    answer::{ApiResult, Reply},
    extract::Segment,
    state::App,
    store::Caller,
};
use axum::extract::State;
use omega_core::{
    api::Run,
    id::{ConversationId, RunId},
};

const BY_REQUEST: &str = "cancelled by a participant";

/// One run.
#[utoipa::path(get, path = "/api/omega/runs/{id}", tag = "runs", params(("id" = RunId, Path)),
    responses((status = 200, body = Run)))]
pub async fn get(State(app): State<App>, _caller: Caller, Segment(run): Segment) -> ApiResult<Reply<Run>> {
    Ok(Reply::ok(app.store.run(id(&run, "run")?).await?))
}

/// Stops a run. Stopping one that has ended changes nothing.
#[utoipa::path(post, path = "/api/omega/runs/{id}/cancel", tag = "runs", params(("id" = RunId, Path)),
    responses((status = 200, body = Run)))]
pub async fn cancel(State(app): State<App>, _caller: Caller, Segment(run): Segment) -> ApiResult<Reply<Run>> {
    let run: RunId = id(&run, "run")?;
    app.engine.cancel_run(run, BY_REQUEST).await?;
    Ok(Reply::ok(app.store.run(run).await?))
}

/// Stops everything that works or waits in a conversation.
#[utoipa::path(post, path = "/api/omega/conversations/{id}/cancel", tag = "runs",
    params(("id" = ConversationId, Path)), responses((status = 200, body = [Run])))]
pub async fn cancel_all(
    State(app): State<App>,
    _caller: Caller,
    Segment(conversation): Segment,
) -> ApiResult<Reply<Vec<Run>>> {
    let conversation: ConversationId = id(&conversation, "conversation")?;
    app.store.last_seq(conversation).await?;
    let mut runs = Vec::new();
    // The waiting ones first, or the next would start when the one at work ends.
    for (run, _) in app.store.open_runs(conversation).await?.into_iter().rev() {
        app.engine.cancel_run(run, BY_REQUEST).await?;
        runs.push(app.store.run(run).await?);
    }
    Ok(Reply::ok(runs))
}
