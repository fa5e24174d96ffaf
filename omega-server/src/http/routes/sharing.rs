//! Who takes part in a conversation: its link, and whom the owner blocks.

use super::id;
use crate::http::{
    extract::Body,
    reply::{ApiResult, Reply},
    state::App,
};
use axum::extract::{Path, State};
use omega_core::{
    api::{Conversation, Participant, UpdateParticipant},
    id::{ConversationId, UserId},
};
use omega_engine::store::{Section, access::Owned};

/// Replaces the link by a new one. The one before answers 410, and the guests who joined by it are out, also of what they
/// follow right now. By the owner alone.
#[utoipa::path(post, operation_id = "rotateLink",
    path = "/api/omega/conversations/{id}/link", tag = "conversations",
    params(("id" = ConversationId, Path)), responses((status = 200, body = Conversation)))]
pub async fn rotate(State(app): State<App>, access: Owned) -> ApiResult<Reply<Conversation>> {
    app.engine.committed(app.store.rotate_link(&access).await?);
    Ok(Reply::ok(app.store.detail(&access, Section::Newest, 1, 0).await?.conversation))
}

/// Shuts a guest out, or lets them in again. By the owner alone.
#[utoipa::path(put, operation_id = "updateParticipant",
    path = "/api/omega/conversations/{id}/participants/{userId}", tag = "conversations",
    params(("id" = ConversationId, Path), ("userId" = UserId, Path)), request_body = UpdateParticipant,
    responses((status = 200, body = Participant)))]
pub async fn block(
    State(app): State<App>,
    access: Owned,
    Path((_, user)): Path<(String, String)>,
    Body(body): Body<UpdateParticipant>,
) -> ApiResult<Reply<Participant>> {
    let (participant, committed) = app.store.block(&access, id(&user)?, body.blocked).await?;
    app.engine.committed(committed);
    Ok(Reply::ok(participant))
}
