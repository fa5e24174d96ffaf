//! Conversations. Whoever is signed in and has the URL may read and send; only the owner changes it (M5).

use super::{PageQuery, text};
use crate::http::{
    extract::{Body, Params},
    reply::{ApiError, ApiResult, Reply},
    state::App,
};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use omega_core::{
    api::{Conversation, ConversationDetail, CreateConversation, Timestamp, UpdateConversation},
    id::ConversationId,
};
use omega_engine::{
    domain::{boxed, caller::Caller},
    engine::models::Models as _,
    store::{
        INLINE_OUTPUT_BYTES, Section,
        access::{Access, Owned},
    },
};
use serde::Deserialize;

const MAX_TITLE: usize = 200;

/// Makes a conversation.
#[utoipa::path(post, operation_id = "createConversation",
    path = "/api/omega/conversations", tag = "conversations", request_body = CreateConversation,
    responses((status = 201, body = Conversation)))]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body<CreateConversation>,
) -> ApiResult<Reply<Conversation>> {
    make(&app, &caller, body).await.map(Reply::created)
}

/// The same for another door.
pub(super) async fn make(app: &App, caller: &Caller, body: CreateConversation) -> ApiResult<Conversation> {
    let title = title(app, caller, body.title).await?;
    let settings = app.store.settings(caller.user).await?.0;
    let policy = body.guest_credentials.unwrap_or(settings.guest_credentials);
    let model = model_of(app, caller, body.model).await?;
    Ok(app.store.create_conversation(&caller.author(), title.as_deref(), &model, body.safe_mode, policy).await?)
}

/// The model of a new conversation: the one that is wanted, the caller's, or the server's; and one that somebody pays for.
#[boxed]
pub(super) async fn model_of(app: &App, caller: &Caller, wanted: Option<String>) -> ApiResult<String> {
    let settings = app.store.settings(caller.user).await?.0;
    let own = app.engine.provider_keys(caller.user).await?;
    let model = match wanted.or(settings.model) {
        Some(model) => model,
        None => app.models.default_model(&own).await.model.to_string(),
    };
    app.models.payer(&model, &own)?;
    Ok(model)
}

/// Which part of a conversation; the newest when nothing is said.
#[derive(Debug, Clone, Copy, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SectionQuery {
    /// Messages: 1 to 200.
    #[serde(default)]
    limit: Option<u32>,
    /// Only messages before this sequence number, newest first kept.
    #[serde(default)]
    before: Option<u64>,
    /// Only messages after this sequence number, oldest first kept; `0` begins with the first one.
    #[serde(default)]
    after: Option<u64>,
    /// Only messages of this time or later, oldest first kept.
    #[serde(default)]
    since: Option<Timestamp>,
}

impl SectionQuery {
    fn section(&self) -> ApiResult<Section> {
        let before = self.before.map(Section::Before);
        let mut named = [before, self.after.map(Section::After), self.since.map(Section::Since)].into_iter().flatten();
        match (named.next(), named.next()) {
            (section, None) => Ok(section.unwrap_or(Section::Newest)),
            _ => Err(ApiError::invalid("before", "goes without `after` and `since`, and these two without each other")),
        }
    }
}

/// A part of a conversation, by default the newest, and the cursor that continues it.
#[utoipa::path(get, operation_id = "getConversation",
    path = "/api/omega/conversations/{id}", tag = "conversations",
    params(("id" = ConversationId, Path), SectionQuery), responses((status = 200, body = ConversationDetail)))]
pub async fn get(
    State(app): State<App>,
    access: Access,
    Params(query): Params<SectionQuery>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let limit = PageQuery { limit: query.limit, before: query.before, after: query.after }.limit()?;
    let detail = app.engine.detail(&access, query.section()?, limit, INLINE_OUTPUT_BYTES).await?;
    let etag = format!("W/\"{}\"", detail.last_seq);
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    let mut response = Reply::ok(detail).into_response();
    if let Ok(value) = HeaderValue::from_str(&etag) {
        response.headers_mut().insert(header::ETAG, value);
    }
    Ok(response)
}

/// Changes title, model, Safe Mode, what guests' messages may do with the owner's credentials, or who may open it. By the
/// owner alone.
#[utoipa::path(patch, operation_id = "updateConversation",
    path = "/api/omega/conversations/{id}", tag = "conversations",
    params(("id" = ConversationId, Path)), request_body = UpdateConversation,
    responses((status = 200, body = Conversation)))]
pub async fn update(
    State(app): State<App>,
    access: Owned,
    Body(mut body): Body<UpdateConversation>,
) -> ApiResult<Reply<Conversation>> {
    body.title = title(&app, access.caller(), body.title).await?;
    if let Some(model) = &body.model {
        app.engine.payer(access.caller().user, model).await?;
    }
    if body != UpdateConversation::default() {
        app.engine.committed(app.store.update_conversation(&access, &body).await?);
    }
    let detail = app.store.detail(&access, Section::Newest, 1, 0).await?;
    Ok(Reply::ok(detail.conversation))
}

/// A title that may be kept: short, and without what this server or its looks know as a secret.
async fn title(app: &App, caller: &Caller, title: Option<String>) -> ApiResult<Option<String>> {
    let Some(title) = title else { return Ok(None) };
    text("title", &title, MAX_TITLE)?;
    Ok(Some(app.engine.redactor(caller.user, None).await?.clean_words(&title)))
}
