//! Plans: made without executing (P4), and selected (P2). Other tools in place of those that failed (D8).

use super::{id, text};
use crate::{
    answer::{ApiError, ApiResult, Reply},
    extract::{Body, Segment},
    state::App,
    store::Caller,
};
use axum::{
    Json,
    extract::{Path, State},
};
use omega_core::{
    api::{PlanAnswer, PlanRequest, Run, SelectAlternative, SelectPlan, Selected},
    id::{ConversationId, PlanId},
};

const MAX_NOTE: usize = 10_000;

/// Makes plans for a task; nothing is executed. The body is that of PRD 13, without an envelope. A message that carries
/// the `planId` of one of them follows it.
#[utoipa::path(post, path = "/api/omega/conversations/{id}/plan", tag = "plans", params(("id" = ConversationId, Path)),
    request_body = PlanRequest, responses((status = 200, body = PlanAnswer)))]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
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
    let redactor = app.engine.redactor(caller.user, None).await?;
    let message = redactor.redact(&body.message).into_owned();
    let (answer, _) = app.engine.plan(&body.model.unwrap_or(own_model), &message, count, None, redactor).await?;
    let (set, committed) = app.store.keep_plans(conversation, &message, &answer).await?;
    app.engine.committed(committed);
    Ok(Json(PlanAnswer { plan_set_id: Some(set), ..answer }))
}

/// Selects a plan, or asks for other ones; the run that waits for it goes on.
#[utoipa::path(post, path = "/api/omega/conversations/{id}/plans/{planId}/select", tag = "plans",
    params(("id" = ConversationId, Path), ("planId" = PlanId, Path)), request_body = SelectPlan,
    responses((status = 200, body = Selected)))]
pub async fn select(
    State(app): State<App>,
    caller: Caller,
    Path((conversation, plan)): Path<(String, String)>,
    Body(body): Body<SelectPlan>,
) -> ApiResult<Reply<Selected>> {
    let conversation: ConversationId = id(&conversation, "conversation")?;
    let plan: PlanId = id(&plan, "plan")?;
    if let Some(note) = &body.note {
        text("note", note, MAX_NOTE)?;
        if !body.another {
            return Err(ApiError::invalid("note", "it is for the planner; send it with another: true"));
        }
    }
    let another = body.another.then(|| body.note.unwrap_or_default());
    let stored = app.engine.select_plan(conversation, plan, another.as_deref(), caller.user).await?;
    Ok(Reply::ok(Selected { plan_set_id: stored.set, plan_id: another.is_none().then_some(plan) }))
}

/// Chooses a tool in place of one that can't do it, or none of them; the run that waits for it goes on. Any participant may.
#[utoipa::path(post, path = "/api/omega/conversations/{id}/alternatives", tag = "plans",
    params(("id" = ConversationId, Path)), request_body = SelectAlternative, responses((status = 200, body = Run)))]
pub async fn alternative(
    State(app): State<App>,
    caller: Caller,
    Segment(conversation): Segment,
    Body(body): Body<SelectAlternative>,
) -> ApiResult<Reply<Run>> {
    let conversation: ConversationId = id(&conversation, "conversation")?;
    if body.none == body.tool_id.is_some() {
        return Err(ApiError::invalid("toolId", "give one of the tools that were offered, or none: true"));
    }
    let mut run = app.engine.select_alternative(conversation, caller.user, &body).await?;
    if app.store.owner_and_model(conversation).await?.0 != caller.user {
        run.hide_holdings();
    }
    Ok(Reply::ok(run))
}
