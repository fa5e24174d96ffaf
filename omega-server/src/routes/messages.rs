//! Messages: sent in three modes (stream, accept, wait), and read by pages.

use super::{PageQuery, events, id, pagination, text, tool_ids};
use crate::{
    answer::{ApiError, ApiResult, Reply},
    extract::{Body, Params, Segment},
    runs::limits::Seat,
    state::App,
    store::{Caller, IdempotencyKey, Replay, Send, StoreError},
    vault::names,
};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use omega_core::{
    agent::RunConfig,
    api::{Accepted, ErrorCode, Finished, Message, SendMessage},
    id::{ConversationId, RunId},
    view::join_answer,
};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, time::Duration};

const MAX_MESSAGE: usize = 1_000_000;
const MAX_PINS: usize = 64;
const WAIT: Duration = Duration::from_secs(600);

/// Sends a message. `Accept: text/event-stream` streams the run's events, `Prefer: respond-async` answers at once with
/// 202; otherwise the answer comes when the run has ended (`Prefer: wait=SECONDS` bounds that, then 202).
#[utoipa::path(post, path = "/api/omega/conversations/{id}/messages", tag = "conversations",
    params(("id" = ConversationId, Path)), request_body = SendMessage,
    responses((status = 200, body = Finished), (status = 202, body = Accepted)))]
pub async fn send(
    State(app): State<App>,
    caller: Caller,
    Segment(conversation): Segment,
    headers: HeaderMap,
    Body(body): Body<SendMessage>,
) -> ApiResult<Response> {
    let conversation: ConversationId = id(&conversation, "conversation")?;
    text("message", &body.message, MAX_MESSAGE)?;
    tool_ids("pins", &body.pins)?;
    if body.plan_id.is_some() {
        return Err(ApiError::invalid("planId", "plans can't be followed yet; send the message without it"));
    }
    // Before anything is stored: whoever sends wants to read along.
    let seat = app.engine.seat()?;
    let idempotency = idempotency(&headers, &caller, conversation, &body)?;
    if let Some(key) = &idempotency {
        match app.store.replay(key).await? {
            Replay::New => {}
            Replay::Mismatch => return Err(StoreError::KeyReused.into()),
            Replay::Same(receipt) => {
                let accepted: Accepted = serde_json::from_str(&receipt)
                    .map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))?;
                let mut response = answer(&app, seat, conversation, accepted, &headers).await?;
                response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
                return Ok(response);
            }
        }
    }
    let env = env(&body.env)?;
    let (owner, own_model) = app.store.owner_and_model(conversation).await?;
    if !env.is_empty() && owner != caller.user {
        return Err(ApiError::new(
            ErrorCode::OwnerOnly,
            "only the owner of a conversation may send `env`; send the message without it, or start a conversation of your own",
        ));
    }
    let model = body.model.unwrap_or(own_model);
    app.models.check(&model)?;
    let mut pins = app.store.settings(caller.user).await?.0.pins;
    pins.extend(body.pins);
    pins.dedup();
    pins.truncate(MAX_PINS);
    let config = serde_json::to_value(RunConfig::new(&model, pins))
        .map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))?;
    let send = Send {
        conversation,
        run: RunId::new(),
        author: caller.author(),
        text: body.message,
        client_message_id: body.client_message_id,
        on_active: body.on_active.unwrap_or_default(),
        config,
        env: Vec::new(),
        idempotency,
    };
    let accepted = app.engine.send(send, &env).await?;
    answer(&app, seat, conversation, accepted, &headers).await
}

async fn answer(
    app: &App,
    seat: Seat,
    conversation: ConversationId,
    accepted: Accepted,
    headers: &HeaderMap,
) -> ApiResult<Response> {
    let header = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if header(header::ACCEPT).contains("text/event-stream") {
        let feed = app.engine.feed(seat, conversation, accepted.seq - 1, Some(accepted.run_id));
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
        let mut feed = app.engine.feed(seat, conversation, receipt.seq - 1, Some(receipt.run_id));
        while let Some(envelope) = feed.next().await? {
            if envelope.event.is_terminal() {
                return finished(app, &receipt).await.map(Some);
            }
        }
        ApiResult::Ok(None)
    };
    if !wait.is_zero()
        && let Ok(done) = tokio::time::timeout(wait, ended).await
        && let Some(finished) = done?
    {
        return Ok(Reply::ok(finished).into_response());
    }
    let location = format!("/api/omega/runs/{}", accepted.run_id);
    let mut response = Reply::accepted(accepted).into_response();
    if let Ok(value) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    Ok(response)
}

async fn finished(app: &App, accepted: &Accepted) -> ApiResult<Finished> {
    let run = app.store.run(accepted.run_id).await?;
    let history = app.store.history(accepted.run_id).await?;
    let answer = join_answer(history.now.steps.iter().map(|step| step.text.as_str()));
    let tool_runs = history.now.steps.into_iter().flat_map(|step| step.tool_runs).collect();
    Ok(Finished { run, answer, tool_runs })
}

fn idempotency(
    headers: &HeaderMap,
    caller: &Caller,
    conversation: ConversationId,
    body: &SendMessage,
) -> ApiResult<Option<IdempotencyKey>> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().unwrap_or_default();
    if key.is_empty() || key.len() > 255 {
        return Err(ApiError::new(
            ErrorCode::BadRequest,
            "Idempotency-Key must have 1 to 255 visible ASCII characters",
        ));
    }
    let canonical = serde_json::to_vec(body).unwrap_or_default();
    Ok(Some(IdempotencyKey {
        principal: caller.user.to_string(),
        key: key.to_owned(),
        route: format!("POST /conversations/{conversation}/messages"),
        fingerprint: Sha256::digest(&canonical).to_vec(),
    }))
}

/// Variables of a request: names as a shell allows them, and none that would change how the sandbox itself runs.
pub(crate) fn env(given: &BTreeMap<String, String>) -> ApiResult<BTreeMap<String, SecretString>> {
    given
        .iter()
        .map(|(name, value)| {
            names::check(name).map_err(|bad| ApiError::invalid("env", &format!("`{name}` {bad}")))?;
            if value.is_empty() || value.len() > 32 * 1024 {
                return Err(ApiError::invalid("env", &format!("the value of {name} must have 1 to 32,768 bytes")));
            }
            Ok((name.clone(), SecretString::from(value.as_str())))
        })
        .collect()
}

/// A page of messages.
#[utoipa::path(get, path = "/api/omega/conversations/{id}/messages", tag = "conversations",
    params(("id" = ConversationId, Path), PageQuery), responses((status = 200, body = [Message])))]
pub async fn list(
    State(app): State<App>,
    _caller: Caller,
    Segment(conversation): Segment,
    Params(page): Params<PageQuery>,
) -> ApiResult<Reply<Vec<Message>>> {
    let conversation: ConversationId = id(&conversation, "conversation")?;
    let limit = page.limit()?;
    app.store.last_seq(conversation).await?;
    let messages = match page.after {
        Some(after) => app.store.messages_after(conversation, after, limit).await?,
        None => app.store.messages_before(conversation, page.before, limit).await?,
    };
    let seqs: Vec<u64> = messages.iter().map(|message| message.seq).collect();
    Ok(Reply::page(messages, pagination(&page, limit, &seqs)))
}
