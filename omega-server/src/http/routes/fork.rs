//! A copy of a conversation as the caller's own, up to one of its messages. It goes out and comes in as a document of `export`
//! does, cleaned on the way, so that nothing in it runs, nothing of it gives rights, and both ends are in the audit log.

use super::import::too_large;
use crate::http::{
    extract::Body,
    reply::{ApiError, ApiResult, Reply},
    state::App,
};
use axum::extract::State;
use omega_core::{
    api::{Conversation, ErrorCode, ForkConversation, Timestamp},
    budget,
    event::{Envelope, Event, VERSION},
    export::FORMAT,
    fork::{self, NoFork},
    id::{ConversationId, ToolRunId},
    import,
};
use omega_engine::{
    domain::audit_fact::{AuditAction, Fact},
    store::{
        Section,
        access::{self, Access},
    },
};
use serde_json::{Value, json};
use std::collections::HashSet;

const MAX_TITLE: usize = 200;
const SUFFIX: &str = " (fork)";

/// Copies a conversation, up to the run of a message, as one of the caller's own. It says what it is a copy of.
#[utoipa::path(post, operation_id = "forkConversation",
    path = "/api/omega/conversations/{id}/fork", tag = "conversations",
    params(("id" = ConversationId, Path)), request_body = ForkConversation, responses((status = 201, body = Conversation)))]
pub async fn fork(
    State(app): State<App>,
    access: Access,
    Body(body): Body<ForkConversation>,
) -> ApiResult<Reply<Conversation>> {
    let caller = access.caller().clone();
    let _turn = app.importing.begin(caller.user)?;
    let from = app.store.detail(&access, Section::Newest, 1, 0).await?.conversation;
    let events = app.store.events_of(&access, 0, u32::MAX).await?;
    let mut events = fork::cut(events, body.until).map_err(refused)?;
    events.push(origin(&from, &events));
    let document = document(&app, &access, &from, &events).await?;
    let redactor = app.engine.redactor(caller.user, None).await?;
    let id = ConversationId::new();
    let clean = move |value: &mut Value| redactor.redact_value(value);
    let read = app.importing.work(move || import::read_copy(&document, id, caller.user, &clean)).await;
    let read = read.map_err(|wrong| ApiError::invalid(&wrong.place, &wrong.reason))?;
    // Their records come first, as of everything that counts.
    let out = Fact::new(AuditAction::ConversationExported, "conversation").of(access.conversation(), None);
    let into = Fact::new(AuditAction::ConversationImported, "conversation").of(id, None);
    app.store.audit(&[out.with("format", "fork"), into]).await?;
    let name = from.title.as_deref().unwrap_or("a conversation without a title");
    app.store.import(id, &caller.author(), &read, Some(name)).await?;
    let (access, _) = access::open(&app.store, &caller, id).await?;
    Ok(Reply::created(app.store.detail(&access, Section::Newest, 1, 0).await?.conversation))
}

fn refused(why: NoFork) -> ApiError {
    match why {
        NoFork::NoMessage => ApiError::invalid("until", &why.to_string()),
        NoFork::NotEnded | NoFork::Nothing => ApiError::new(ErrorCode::RunState, why.to_string()),
    }
}

/// Where the copy came from, to be read by whoever opens it. It has no id: that may be a link.
fn origin(from: &Conversation, events: &[Envelope]) -> Envelope {
    let title = from.title.as_deref().map_or_else(|| String::from("a conversation"), |title| format!("“{title}”"));
    let asked = events.iter().filter(|it| matches!(it.event, Event::MessageCreated { .. })).count();
    let message = match asked {
        1 => format!("forked from {title}, after its first message"),
        asked => format!("forked from {title}, after {asked} messages"),
    };
    Envelope {
        v: VERSION,
        seq: Some(events.len() as u64 + 1),
        conversation_id: from.id,
        run_id: None,
        at: Timestamp::now(),
        event: Event::Notice { code: "FORKED".into(), message },
    }
}

fn title(of: &Conversation) -> Option<String> {
    let title = of.title.as_deref()?;
    let kept: String = title.chars().take(MAX_TITLE - SUFFIX.len()).collect();
    Some(if title.ends_with(SUFFIX) { title.to_owned() } else { kept + SUFFIX })
}

/// The document that `import` reads, with what is too large for events.
async fn document(app: &App, access: &Access, from: &Conversation, events: &[Envelope]) -> ApiResult<Vec<u8>> {
    let limit = if access.caller().is_admin { budget::IMPORT_OF_ADMIN } else { budget::IMPORT };
    let head = json!({
        "format": FORMAT, "id": from.id, "title": title(from), "model": from.model, "safeMode": from.safe_mode,
        "createdAt": Timestamp::now(),
    });
    let mut text = head.to_string();
    text.pop();
    text.push_str(",\"events\":[");
    for (index, envelope) in events.iter().enumerate() {
        put(&mut text, index, &serde_json::to_value(envelope).map_err(ApiError::internal)?);
        limit.check(text.len()).map_err(too_large)?;
    }
    text.push_str("],\"toolRuns\":[");
    let away = events.iter().filter_map(|it| match &it.event {
        Event::ToolCompleted { tool_run_id, output: None, output_bytes: 1.., .. } => Some(*tool_run_id),
        _ => None,
    });
    let mut away: HashSet<ToolRunId> = away.collect();
    let (mut count, mut after) = (0, 0);
    while !away.is_empty() {
        // One at a time: each may be large.
        let Some((seq, call)) = app.store.tool_runs_from(access, after + 1, 1, usize::MAX).await?.pop() else { break };
        after = seq;
        if away.remove(&call.id) {
            put(&mut text, count, &serde_json::to_value(call).map_err(ApiError::internal)?);
            count += 1;
            limit.check(text.len()).map_err(too_large)?;
        }
    }
    text.push_str("]}");
    Ok(text.into_bytes())
}

fn put(text: &mut String, index: usize, value: &Value) {
    if index > 0 {
        text.push(',');
    }
    text.push_str(&value.to_string());
}
