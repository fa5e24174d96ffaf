//! Plans without executing (P4).

use super::{id, text};
use crate::{
    answer::{ApiError, ApiResult},
    extract::{Body, Segment},
    state::App,
    store::Caller,
};
use axum::{Json, extract::State};
use omega_core::{
    api::{PlanAnswer, PlanRequest},
    id::ConversationId,
};

/// Makes plans for a task; nothing is executed. The body is that of PRD 13, without an envelope.
#[utoipa::path(post, path = "/api/omega/conversations/{id}/plan", tag = "plans", params(("id" = ConversationId, Path)),
    request_body = PlanRequest, responses((status = 200, body = PlanAnswer)))]
pub async fn create(
    State(app): State<App>,
    _caller: Caller,
    Segment(conversation): Segment,
    Body(body): Body<PlanRequest>,
) -> ApiResult<Json<PlanAnswer>> {
    let conversation: ConversationId = id(&conversation, "conversation")?;
    let (_, own_model) = app.store.owner_and_model(conversation).await?;
    text("message", &body.message, 100_000)?;
    let count = match body.count.unwrap_or(1) {
        count @ 1..=3 => count,
        other => return Err(ApiError::invalid("count", &format!("{other} is not between 1 and 3"))),
    };
    Ok(Json(app.engine.plan(&body.model.unwrap_or(own_model), &body.message, count).await?))
}
