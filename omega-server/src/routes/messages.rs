//! Messages: sent in three modes (stream, accept, wait), and read by pages.

use super::{PageQuery, events, id, pagination, text, tool_ids};
use crate::{
    answer::{ApiError, ApiResult, Reply},
    extract::{Body, Params, Segment},
    idempotency::{REPLAYED, fingerprint, key_of},
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
    api::{Accepted, CredentialRequest, ErrorCode, Finished, Message, MissingVar, RequiredAction, SendMessage},
    id::{ConversationId, RunId},
    view::join_answer,
};
use secrecy::SecretString;
use serde_json::json;
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
    // Before anything is stored: whoever sends wants to read along.
    let seat = app.engine.seat()?;
    let idempotency = idempotency(&headers, &caller, conversation, &body)?;
    if let Some(key) = &idempotency {
        match app.store.replay(key).await? {
            Replay::New => {}
            Replay::Mismatch => return Err(StoreError::KeyReused.into()),
            Replay::InProgress => return Err(StoreError::InProgress.into()),
            Replay::Same(receipt) => {
                let accepted: Accepted = serde_json::from_str(&receipt.body)
                    .map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))?;
                let mut response = answer(&app, seat, conversation, accepted, &headers).await?;
                response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
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
    if let Some(plan) = body.plan_id {
        let found = app.store.stored_plan(conversation, plan).await;
        found.map_err(|_| {
            ApiError::invalid("planId", "this conversation has no such plan; make one with /plan first")
        })?;
    }
    let model = body.model.unwrap_or(own_model);
    app.models.check(&model)?;
    let mut pins = app.store.settings(caller.user).await?.0.pins;
    pins.extend(body.pins);
    pins.dedup();
    pins.truncate(MAX_PINS);
    let settings = app.store.settings(owner).await?.0;
    let safe_mode = match app.store.safe_mode(conversation).await? {
        Some(on) => on,
        None => settings.safe_mode,
    };
    let prompt = app.engine.freeze_prompt(owner, &settings).await?;
    let config = RunConfig {
        safe_mode,
        autonomous: body.autonomous,
        prompt_version: prompt.version,
        prompt_sha256: prompt.sha256,
        plan: body.plan.unwrap_or_default(),
        plan_id: body.plan_id,
        ..RunConfig::new(&model, pins)
    };
    let config = serde_json::to_value(config).map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))?;
    let send = Send {
        conversation,
        run: RunId::new(),
        author: caller.author(),
        text: body.message,
        client_message_id: body.client_message_id,
        on_active: body.on_active,
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
        match app.store.run(receipt.run_id).await?.requires_action {
            Some(RequiredAction::Credentials { missing_vars, requests, hint, .. }) => {
                Err(missing_env_vars(&receipt, conversation, &missing_vars, &requests, &hint))
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
    let location = format!("/api/omega/runs/{}", accepted.run_id);
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
    let Some(key) = key_of(headers)? else { return Ok(None) };
    let canonical = serde_json::to_vec(body).unwrap_or_default();
    Ok(Some(IdempotencyKey {
        principal: caller.user.to_string(),
        key: key.to_owned(),
        route: format!("POST /conversations/{conversation}/messages"),
        fingerprint: fingerprint(&canonical),
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
