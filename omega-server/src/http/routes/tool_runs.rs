//! Tool runs: read whole, and stopped one by one.

use super::{PageQuery, pagination};
use crate::http::{
    extract::Params,
    reply::{ApiError, ApiResult, Reply},
    state::App,
};
use axum::extract::State;
use omega_core::{
    api::{OutputPage, ToolRun},
    id::{ConversationId, ToolRunId},
};
use omega_engine::store::{
    INLINE_OUTPUT_BYTES,
    access::{Access, Within},
};
use serde::Deserialize;

/// Tool runs of a conversation, oldest first; `after` is the number of the event that proposed one.
#[utoipa::path(get, operation_id = "listToolRuns",
    path = "/api/omega/conversations/{id}/tool-runs", tag = "tool runs",
    params(("id" = ConversationId, Path), PageQuery), responses((status = 200, body = [ToolRun])))]
pub async fn list(
    State(app): State<App>,
    access: Access,
    Params(page): Params<PageQuery>,
) -> ApiResult<Reply<Vec<ToolRun>>> {
    let limit = page.limit()?;
    let from = page.after.map_or(0, |after| after + 1);
    let rows = app.store.tool_runs_from(&access, from, limit, INLINE_OUTPUT_BYTES).await?;
    let (seqs, rows): (Vec<u64>, Vec<ToolRun>) = rows.into_iter().unzip();
    let page = PageQuery { after: Some(from), ..page };
    Ok(Reply::page(rows, pagination(&page, limit, &seqs)))
}

/// One tool run, whole.
#[utoipa::path(get, operation_id = "getToolRun",
    path = "/api/omega/tool-runs/{id}", tag = "tool runs", params(("id" = ToolRunId, Path)),
    responses((status = 200, body = ToolRun)))]
pub async fn get(State(app): State<App>, tool_run: Within<ToolRunId>) -> ApiResult<Reply<ToolRun>> {
    Ok(Reply::ok(app.store.tool_run(&tool_run).await?))
}

/// Which piece of an output.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Piece {
    /// Bytes to skip.
    #[serde(default)]
    pub offset: u64,
    /// Bytes to give, at most 8,388,608.
    #[serde(default)]
    pub limit: Option<u64>,
}

/// A piece of a tool run's output, as JSON text.
#[utoipa::path(get, operation_id = "getToolOutput",
    path = "/api/omega/tool-runs/{id}/output", tag = "tool runs",
    params(("id" = ToolRunId, Path), Piece), responses((status = 200, body = OutputPage)))]
pub async fn output(
    State(app): State<App>,
    tool_run: Within<ToolRunId>,
    Params(piece): Params<Piece>,
) -> ApiResult<Reply<OutputPage>> {
    let limit = piece.limit.unwrap_or(64 * 1024).clamp(1, 8 << 20);
    let page = app.store.output_piece(&tool_run, piece.offset, limit).await?;
    page.map(Reply::ok).map_err(|total| ApiError::invalid("offset", &format!("the output has {total} bytes")))
}

/// Stops one tool call, by the owner or by who sent its run's message; the run goes on. One that has ended stays as it is.
#[utoipa::path(post, operation_id = "cancelToolRun",
    path = "/api/omega/tool-runs/{id}/cancel", tag = "tool runs", params(("id" = ToolRunId, Path)),
    responses((status = 200, body = ToolRun)))]
pub async fn cancel(State(app): State<App>, tool_run: Within<ToolRunId>) -> ApiResult<Reply<ToolRun>> {
    app.engine.cancel_tool(&tool_run).await?;
    Ok(Reply::ok(app.store.tool_run(&tool_run).await?))
}
