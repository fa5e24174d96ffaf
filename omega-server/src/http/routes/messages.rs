//! Messages: sent in three modes (stream, accept, wait), and read by pages.

use super::{PageQuery, events, pagination, text, tool_ids};
use crate::{
    domain::variables,
    engine::seats::Seat,
    http::{
        answer::{ApiError, ApiResult, Reply},
        extract::{Body, Params},
        idempotency::{REPLAYED, fingerprint, key_of},
        state::App,
    },
    store::{
        IdempotencyKey, Replay, Send, StoreError,
        access::{self, Access},
    },
};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use omega_core::{
    agent::RunConfig,
    api::{Accepted, CredentialRequest, ErrorCode, Finished, Message, MissingVar, RequiredAction, SendMessage},
    budget,
    id::{ConversationId, RunId},
};
use secrecy::SecretString;
use serde_json::json;
use std::{collections::BTreeMap, time::Duration};

const MAX_PINS: usize = 64;
const WAIT: Duration = Duration::from_secs(600);

/// Sends a message. `Accept: text/event-stream` streams the run's events, `Prefer: respond-async` answers at once with
/// 202; otherwise the answer comes when the run has ended (`Prefer: wait=SECONDS` bounds that, then 202).
#[utoipa::path(post, operation_id = "sendMessage",
    path = "/api/omega/conversations/{id}/messages", tag = "conversations",
    params(("id" = ConversationId, Path)), request_body = SendMessage,
    responses((status = 200, body = Finished), (status = 202, body = Accepted)))]
pub async fn send(
    State(app): State<App>,
    access: Access,
    headers: HeaderMap,
    Body(body): Body<SendMessage>,
) -> ApiResult<Response> {
    let caller = access.caller();
    text("message", &body.message, budget::MESSAGE.most)?;
    tool_ids("pins", &body.pins)?;
    // Before anything is stored: whoever sends wants to read along.
    let seat = app.engine.seat()?;
    let idempotency = idempotency(&headers, &access, &body)?;
    if let Some(key) = &idempotency {
        match app.store.replay(key).await? {
            Replay::New => {}
            Replay::Mismatch => return Err(StoreError::KeyReused.into()),
            Replay::InProgress => return Err(StoreError::InProgress.into()),
            Replay::Same(receipt) => {
                let accepted: Accepted = serde_json::from_str(&receipt.body).map_err(ApiError::internal)?;
                let mut response = answer(&app, seat, &access, accepted, &headers).await?;
                response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
                return Ok(response);
            }
        }
    }
    let env = env(&body.env)?;
    if !env.is_empty() && !access.is_owner() {
        return Err(ApiError::new(
            ErrorCode::OwnerOnly,
            "only the owner of a conversation may send `env`; send the message without it, or start a conversation of your own",
        ));
    }
    if let Some(plan) = body.plan_id {
        let found = app.store.stored_plan(access.conversation(), plan).await;
        found.map_err(|_| {
            ApiError::invalid("planId", "this conversation has no such plan; make one with /plan first")
        })?;
    }
    let (own_model, own_safe_mode) = app.store.chosen(&access).await?;
    let model = body.model.unwrap_or_else(|| own_model.clone());
    may_choose(&app, &access, &model, &own_model).await?;
    let paid_by = app.models.payer(&model, &app.engine.provider_keys(access.owner()).await?)?;
    let own = app.store.settings(caller.user).await?.0;
    let mut pins = own.pins;
    pins.extend(body.pins);
    pins.dedup();
    pins.truncate(MAX_PINS);
    let settings = app.store.settings(access.owner()).await?.0;
    let safe_mode = match own_safe_mode {
        Some(on) => on,
        None => settings.safe_mode,
    };
    let prompt = app.engine.freeze_prompt(access.owner(), &settings).await?;
    let config = RunConfig {
        paid_by,
        safe_mode,
        autonomous: body.autonomous,
        prompt_version: prompt.version,
        prompt_sha256: prompt.sha256,
        plan: body.plan.unwrap_or(own.plan),
        alternatives: body.alternatives.unwrap_or(own.alternatives),
        plan_id: body.plan_id,
        ..RunConfig::new(&model, pins)
    };
    let config = serde_json::to_value(config).map_err(ApiError::internal)?;
    let send = Send {
        access: access.clone(),
        run: RunId::new(),
        text: body.message,
        removed: <_>::default(),
        client_message_id: body.client_message_id,
        on_active: body.on_active,
        config,
        env: Vec::new(),
        idempotency,
    };
    let accepted = app.engine.send(send, &env).await?;
    answer(&app, seat, &access, accepted, &headers).await
}

/// The owner pays: others have the conversation's own model, and those that the owner's settings name.
pub(super) async fn may_choose(app: &App, access: &Access, model: &str, own_model: &str) -> ApiResult<()> {
    if access.is_owner() || model == own_model {
        return Ok(());
    }
    let allowed = app.store.settings(access.owner()).await?.0.guest_models;
    let covers = |allowed: &String| match allowed.strip_suffix('*') {
        Some(start) => model.starts_with(start),
        None => model == allowed,
    };
    if allowed.iter().any(covers) {
        return Ok(());
    }
    let others = if allowed.is_empty() { String::new() } else { format!(", or one of {}", allowed.join(", ")) };
    Err(ApiError::new(
        ErrorCode::OwnerOnly,
        format!(
            "the owner of this conversation has not allowed others to use {model}: leave the model out to have {own_model}\
             {others}, or start a conversation of your own"
        ),
    ))
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
        let feed = app.engine.feed(seat, access, accepted.seq - 1, Some(accepted.run_id));
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
        let mut feed = app.engine.feed(seat, access, receipt.seq - 1, Some(receipt.run_id));
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

/// Variables of a request: names as a shell allows them, and none that would change how the sandbox itself runs.
pub(crate) fn env(given: &BTreeMap<String, String>) -> ApiResult<BTreeMap<String, SecretString>> {
    given
        .iter()
        .map(|(name, value)| {
            variables::check(name).map_err(|bad| ApiError::invalid("env", &format!("`{name}` {bad}")))?;
            if value.is_empty() || value.len() > 32 * 1024 {
                return Err(ApiError::invalid("env", &format!("the value of {name} must have 1 to 32,768 bytes")));
            }
            Ok((name.clone(), SecretString::from(value.as_str())))
        })
        .collect()
}

/// A page of messages.
#[utoipa::path(get, operation_id = "listMessages",
    path = "/api/omega/conversations/{id}/messages", tag = "conversations",
    params(("id" = ConversationId, Path), PageQuery), responses((status = 200, body = [Message])))]
pub async fn list(
    State(app): State<App>,
    access: Access,
    Params(page): Params<PageQuery>,
) -> ApiResult<Reply<Vec<Message>>> {
    let limit = page.limit()?;
    let messages = match page.after {
        Some(after) => app.store.messages_after(&access, after, limit).await?,
        None => app.store.messages_before(&access, page.before, limit).await?,
    };
    let seqs: Vec<u64> = messages.iter().map(|message| message.seq).collect();
    Ok(Reply::page(messages, pagination(&page, limit, &seqs)))
}
