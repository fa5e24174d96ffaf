//! Feedback on answers: by whoever may send messages, each person once for each run. Everybody in the conversation sees it, as
//! they see the messages; it is taken back by who gave it.

use super::text;
use crate::http::{
    extract::Body,
    reply::{ApiResult, Reply},
    state::App,
};
use axum::{extract::State, http::StatusCode};
use omega_core::{
    api::{Feedback, GiveFeedback},
    budget,
    id::{ConversationId, RunId},
};
use omega_engine::store::access::{Access, Within};

/// Says whether the answer of a run that has ended was good or bad, whether it felt like a real agent, and what else there is
/// to say. Replaces what the caller said of it before; the same again changes nothing.
#[utoipa::path(put, operation_id = "putFeedback",
    path = "/api/omega/runs/{id}/feedback", tag = "runs", params(("id" = RunId, Path)), request_body = GiveFeedback,
    responses((status = 200, body = Feedback)))]
pub async fn put(
    State(app): State<App>,
    run: Within<RunId>,
    Body(mut body): Body<GiveFeedback>,
) -> ApiResult<Reply<Feedback>> {
    body.comment = body.comment.filter(|comment| !comment.trim().is_empty());
    if let Some(comment) = &mut body.comment {
        text("comment", comment, budget::FEEDBACK.most)?;
        // What a guest has is no secret of the conversation, and none for it.
        *comment = app.engine.redactor(run.caller().user, None).await?.redact(comment).into_owned();
    }
    let (feedback, committed) = app.store.give_feedback(&run, body).await?;
    committed.into_iter().for_each(|committed| app.engine.committed(committed));
    Ok(Reply::ok(feedback))
}

/// Takes back what the caller said of a run's answer. Repeating it is fine.
#[utoipa::path(delete, operation_id = "deleteFeedback",
    path = "/api/omega/runs/{id}/feedback", tag = "runs", params(("id" = RunId, Path)), responses((status = 204)))]
pub async fn delete(State(app): State<App>, run: Within<RunId>) -> ApiResult<StatusCode> {
    let committed = app.store.remove_feedback(&run).await?;
    committed.into_iter().for_each(|committed| app.engine.committed(committed));
    Ok(StatusCode::NO_CONTENT)
}

/// What everybody said of a conversation's answers, oldest first. Each run has what was said of it, too.
#[utoipa::path(get, operation_id = "listFeedback",
    path = "/api/omega/conversations/{id}/feedback", tag = "conversations",
    params(("id" = ConversationId, Path)), responses((status = 200, body = [Feedback])))]
pub async fn list(State(app): State<App>, access: Access) -> ApiResult<Reply<Vec<Feedback>>> {
    Ok(Reply::ok(app.store.feedback(&access).await?))
}
