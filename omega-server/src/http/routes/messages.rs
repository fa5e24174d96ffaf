//! Messages: sent in three modes (stream, accept, wait), and read by pages.

use super::{
    PageQuery, events, pagination, text, tool_ids,
    ui_messages::{self, Format},
    variables,
};
use crate::http::{
    ai_sdk::UiMessageRequest,
    extract::{Body, Params},
    idempotency::{REPLAYED, fingerprint, key_of},
    reply::{ApiError, ApiResult, Reply},
    request::front::prefix,
    state::App,
};
use axum::{
    extract::{FromRequest, Request, State},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use omega_core::{
    api::{Accepted, CredentialRequest, ErrorCode, Finished, Message, MissingVar, RequiredAction, SendMessage},
    budget,
    id::ConversationId,
};
use omega_engine::{
    engine::{accept::AcceptedMessage, capacity::Seat, feed::Wanted},
    store::{
        IdempotencyKey,
        access::{self, Access},
    },
};
use serde_json::json;
use std::time::Duration;

/// Bytes of a body: data, and what JSON escapes in it.
pub const MESSAGE_LIMIT: usize = 2 * budget::DATA.most;
const WAIT: Duration = Duration::from_secs(600);

/// Sends a message. `Accept: text/event-stream` streams the run's events, `Prefer: respond-async` answers at once with
/// 202; otherwise the answer comes when the run has ended (`Prefer: wait=SECONDS` bounds that, then 202).
/// `?format=ai-sdk` takes what a chat of the AI SDK sends, and streams its parts.
#[utoipa::path(post, operation_id = "sendMessage",
    path = "/api/omega/conversations/{id}/messages", tag = "conversations",
    params(("id" = ConversationId, Path), Format), request_body = SendMessage,
    responses((status = 200, body = Finished), (status = 202, body = Accepted)))]
pub async fn send(
    State(app): State<App>,
    access: Access,
    Params(query): Params<Format>,
    headers: HeaderMap,
    request: Request,
) -> ApiResult<Response> {
    if let Some(dialect) = query.format {
        let Body(body) = Body::<UiMessageRequest, MESSAGE_LIMIT>::from_request(request, &app).await?;
        return ui_messages::send(&app, &access, &headers, body, dialect).await;
    }
    let Body(body) = Body::<SendMessage, MESSAGE_LIMIT>::from_request(request, &app).await?;
    let AcceptedMessage { accepted, seat, is_replay } = take(&app, &access, &headers, body).await?;
    let mut response = answer(&app, seat, &access, accepted, &headers).await?;
    if is_replay {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// Checks and takes a message.
pub async fn take(app: &App, access: &Access, headers: &HeaderMap, body: SendMessage) -> ApiResult<AcceptedMessage> {
    // Data may be all that is sent.
    if body.data.is_none() || !body.message.is_empty() {
        text("message", &body.message, budget::MESSAGE.most)?;
    }
    if let Some(data) = &body.data {
        text("data", data, budget::DATA.most)?;
    }
    tool_ids("pins", &body.pins)?;
    let (key, env) = (idempotency(headers, access, &body)?, variables(&body.env)?);
    Ok(app.engine.accept(access, body, &env, key).await?)
}

async fn answer(
    app: &App,
    seat: Seat,
    access: &Access,
    accepted: Accepted,
    headers: &HeaderMap,
) -> ApiResult<Response> {
    let header = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if header(header::ACCEPT).contains("text/event-stream") {
        let wanted = Wanted { after: accepted.seq - 1, only: Some(accepted.run_id), deltas: true };
        let feed = app.engine.feed(seat, access, wanted);
        return Ok(events::sse(feed));
    }
    let prefer = header(header::HeaderName::from_static("prefer"));
    let wait = match prefer.split(',').find_map(|part| part.trim().strip_prefix("wait=")?.parse::<u64>().ok()) {
        _ if prefer.contains("respond-async") => Duration::ZERO,
        Some(seconds) => Duration::from_secs(seconds).min(WAIT),
        None => WAIT,
    };
    let receipt = accepted.clone();
    let ended = async move {
        let wanted = Wanted { after: receipt.seq - 1, only: Some(receipt.run_id), deltas: false };
        let mut feed = app.engine.feed(seat, access, wanted);
        while let Some(envelope) = feed.next().await? {
            if envelope.event.is_terminal() {
                let run = access::within(&app.store, access.caller(), receipt.run_id).await?;
                return Ok(Some(app.store.finished(&run).await?));
            }
        }
        let run = access::within(&app.store, access.caller(), receipt.run_id).await?;
        match app.store.run(&run).await?.requires_action {
            Some(RequiredAction::Credentials { missing_vars, requests, hint, .. }) => {
                Err(missing_env_vars(&receipt, access.conversation(), &missing_vars, &requests, &hint))
            }
            _ => Ok(None),
        }
    };
    if !wait.is_zero()
        && let Ok(done) = tokio::time::timeout(wait, ended).await
        && let Some(finished) = done?
    {
        return Ok(Reply::ok(finished).into_response());
    }
    let location = format!("{}/api/omega/runs/{}", prefix(headers), accepted.run_id);
    let mut response = Reply::accepted(accepted).into_response();
    if let Ok(value) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    Ok(response)
}

/// PRD 13. The run stays paused, and the answer says where it goes on.
fn missing_env_vars(
    accepted: &Accepted,
    conversation: ConversationId,
    missing: &[MissingVar],
    requests: &[CredentialRequest],
    hint: &str,
) -> ApiError {
    let vars: Vec<_> = missing.iter().map(|var| json!({ "name": var.name, "description": var.description })).collect();
    ApiError::new(ErrorCode::MissingEnvVars, "Missing required environment variables")
        .with("missingVars", vars)
        .with("hint", hint)
        .with("runId", accepted.run_id.to_string())
        .with("credentialRequestId", requests.first().map(|request| request.id.to_string()))
        .with("resumeUrl", format!("/api/omega/conversations/{conversation}/credentials"))
}

fn idempotency(headers: &HeaderMap, access: &Access, body: &SendMessage) -> ApiResult<Option<IdempotencyKey>> {
    let Some(key) = key_of(headers)? else { return Ok(None) };
    let canonical = serde_json::to_vec(body).unwrap_or_default();
    Ok(Some(IdempotencyKey {
        principal: access.caller().user.to_string(),
        key: key.to_owned(),
        route: format!("POST /conversations/{}/messages", access.conversation()),
        fingerprint: fingerprint(&canonical),
    }))
}

/// A page of messages; with `?format=ai-sdk` as a chat of the AI SDK has them, each with its answer.
#[utoipa::path(get, operation_id = "listMessages",
    path = "/api/omega/conversations/{id}/messages", tag = "conversations",
    params(("id" = ConversationId, Path), PageQuery, Format), responses((status = 200, body = [Message])))]
pub async fn list(
    State(app): State<App>,
    access: Access,
    Params(page): Params<PageQuery>,
    Params(query): Params<Format>,
) -> ApiResult<Response> {
    if query.format.is_some() {
        return Ok(ui_messages::list(&app, &access, page).await?.into_response());
    }
    let limit = page.limit()?;
    let messages = match page.after {
        Some(after) => app.store.messages_after(&access, after, limit).await?,
        None => app.store.messages_before(&access, page.before, limit).await?,
    };
    let seqs: Vec<u64> = messages.iter().map(|message| message.seq).collect();
    Ok(Reply::page(messages, pagination(&page, limit, &seqs)).into_response())
}
