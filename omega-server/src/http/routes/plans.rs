//! Plans: made without executing (P4), and selected (P2). Other tools in place of those that failed (D8).

use super::{id, text, tool_ids};
use crate::http::{
    extract::Body,
    reply::{ApiError, ApiResult, Reply},
    state::App,
};
use axum::{
    Json,
    extract::{Path, State},
};
use omega_core::{
    agent::complexity::Complexity,
    api::{ErrorCode, PlanAnswer, PlanRequest, Run, SelectAlternative, SelectPlan, Selected},
    id::{ConversationId, PlanId},
};
use omega_engine::{
    engine::Task,
    store::{Clean, access::Access},
};

const MAX_NOTE: usize = 10_000;

/// Makes plans for a task; nothing is executed. The body is that of PRD 13, without an envelope. A message that carries
/// the `planId` of one of them follows it.
#[utoipa::path(post, operation_id = "createPlan",
    path = "/api/omega/conversations/{id}/plan", tag = "plans", params(("id" = ConversationId, Path)),
    request_body = PlanRequest, responses((status = 200, body = PlanAnswer)))]
pub async fn create(
    State(app): State<App>,
    access: Access,
    Body(body): Body<PlanRequest>,
) -> ApiResult<Json<PlanAnswer>> {
    text("message", &body.message, 100_000)?;
    let count = match body.count {
        None => Complexity::of(&body.message).plans(),
        Some(count @ 1..=3) => count,
        Some(other) => return Err(ApiError::invalid("count", &format!("{other} is not between 1 and 3"))),
    };
    let name = app.engine.model_of(&access, body.model.as_deref()).await?;
    let model = app.engine.model_for(access.owner(), &name).await?;
    let redactor = app.engine.redactor(access.caller().user, None).await?;
    let message = Clean::by(redactor.clone(), body.message).await.into_inner();
    let pins = app.store.settings(access.caller().user).await?.0.pins;
    let task = Task {
        model: (&name, model),
        message: &message,
        count,
        may_refuse: false,
        note: None,
        pins: &pins,
        conversation: access.conversation(),
        actor: access.caller().user,
        run: None,
        redactor,
    };
    let answer = app.engine.plan_ahead(&access, task).await??;
    let answer = answer.ok_or_else(|| ApiError::new(ErrorCode::Internal, "the planner gave no plan; ask again"))?;
    Ok(Json(answer))
}

/// Selects a plan, or asks for other ones; the run that waits for it goes on.
#[utoipa::path(post, operation_id = "selectPlan",
    path = "/api/omega/conversations/{id}/plans/{planId}/select", tag = "plans",
    params(("id" = ConversationId, Path), ("planId" = PlanId, Path)), request_body = SelectPlan,
    responses((status = 200, body = Selected)))]
pub async fn select(
    State(app): State<App>,
    access: Access,
    Path((_, plan)): Path<(String, String)>,
    Body(body): Body<SelectPlan>,
) -> ApiResult<Reply<Selected>> {
    let plan: PlanId = id(&plan)?;
    if let Some(note) = &body.note {
        text("note", note, MAX_NOTE)?;
        if !body.another {
            return Err(ApiError::invalid("note", "it is for the planner; send it with another: true"));
        }
    }
    let another = body.another.then(|| body.note.unwrap_or_default());
    let stored = app.engine.select_plan(&access, plan, another.as_deref()).await?;
    Ok(Reply::ok(Selected { plan_set_id: stored.set, plan_id: another.is_none().then_some(plan) }))
}

/// Chooses a tool in place of one that can't do it, or none of them; the run that waits for it goes on. By the owner, or by
/// who sent the run's message.
#[utoipa::path(post, operation_id = "selectAlternative",
    path = "/api/omega/conversations/{id}/alternatives", tag = "plans",
    params(("id" = ConversationId, Path)), request_body = SelectAlternative, responses((status = 200, body = Run)))]
pub async fn alternative(
    State(app): State<App>,
    access: Access,
    Body(body): Body<SelectAlternative>,
) -> ApiResult<Reply<Run>> {
    if body.none == body.tool_id.is_some() {
        return Err(ApiError::invalid("toolId", "give one of the tools that were offered, or none: true"));
    }
    tool_ids("toolId", body.tool_id.as_slice())?;
    Ok(Reply::ok(app.engine.select_alternative(&access, &body).await?))
}
