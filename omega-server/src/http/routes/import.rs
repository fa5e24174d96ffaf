//! A document of `export` as a new conversation (M7). What comes in is cleaned of what this server knows as secret, and of what
//! looks like it. The people in it are names to show; it gives nobody any rights, and nothing in it runs.

use crate::http::{
    reply::{ApiError, ApiResult, Reply},
    state::App,
};
use axum::{
    body::Body,
    extract::{Request, State},
    http::header,
};
use futures_util::StreamExt;
use omega_core::{
    api::{Conversation, ErrorCode},
    budget::{self, Limit, OverLimit},
    id::ConversationId,
    import,
};
use omega_engine::{
    domain::{
        audit_fact::{AuditAction, Fact},
        caller::Caller,
    },
    store::{Section, access},
};

/// Reads a document of `export` as a new conversation of the caller: at most 64 MiB, from an administrator 1 GiB, and one at a
/// time of each user.
#[utoipa::path(post, operation_id = "importConversation",
    path = "/api/omega/conversations/import", tag = "conversations",
    request_body(content = serde_json::Value, content_type = "application/json"), responses((status = 201, body = Conversation)))]
pub async fn import(State(app): State<App>, caller: Caller, request: Request) -> ApiResult<Reply<Conversation>> {
    let limit = if caller.is_admin { budget::IMPORT_OF_ADMIN } else { budget::IMPORT };
    let _turn = app.importing.begin(caller.user)?;
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    // Nobody has to send what is not going to be read.
    limit.check(length.unwrap_or_default()).map_err(too_large)?;
    let document = whole(request.into_body(), limit).await?;
    let redactor = app.engine.redactor(caller.user, None).await?;
    let id = ConversationId::new();
    let read = app.importing.work(move || import::read(&document, id, &|value| redactor.redact_value(value))).await;
    let read = read.map_err(|wrong| ApiError::invalid(&wrong.place, &wrong.reason))?;
    // Its record comes first, as of everything that counts.
    app.store.audit(&[Fact::new(AuditAction::ConversationImported, "conversation").of(id, None)]).await?;
    app.store.import(id, &caller.author(), &read, None).await?;
    let (access, _) = access::open(&app.store, &caller, id).await?;
    Ok(Reply::created(app.store.detail(&access, Section::Newest, 1, 0).await?.conversation))
}

pub(super) fn too_large(error: OverLimit) -> ApiError {
    let next = "an administrator of the server may import it";
    ApiError::new(ErrorCode::PayloadTooLarge, format!("{error}; {next}"))
}

async fn whole(body: Body, limit: Limit) -> ApiResult<Vec<u8>> {
    let (mut whole, mut pieces) = (Vec::new(), body.into_data_stream());
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| {
            ApiError::new(ErrorCode::BadRequest, format!("the document did not come whole: {error}; send it again"))
        })?;
        limit.check(whole.len() + piece.len()).map_err(too_large)?;
        whole.extend_from_slice(&piece);
    }
    Ok(whole)
}
