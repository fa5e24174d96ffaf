//! Messages for chats of the AI SDK: sent, continued, resumed and listed. The routes are those of messages, with
//! `?format=ai-sdk`.

use super::{PageQuery, answers, messages, ui_stream};
use crate::http::{
    ai_sdk::{Asked, Continued, Dialect, Earlier, Fold, Stored, UiMessage, UiMessageRequest},
    extract::Params,
    idempotency::REPLAYED,
    reply::{ApiError, ApiResult, Reply},
    state::App,
};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use omega_core::{
    api::{ErrorCode, Pagination, RequiredAction, Role, RunStatus},
    event::{Envelope, Event},
    id::{ApprovalId, ConversationId, MessageId, RunId},
};
use omega_engine::{
    engine::{accept::AcceptedMessage, feed::Wanted},
    store::{
        StoreError,
        access::{self, Access, Within},
    },
};
use serde::Deserialize;

/// Events that are read at once.
const BATCH: u32 = 256;

/// Newest messages among which the one is that a chat edits or asks again.
const NEWEST: u32 = 200;

/// For whom.
#[derive(Debug, Clone, Copy, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Format {
    /// Speaks as the Vercel AI SDK does (`docs/EMBEDDING.md`): `ai-sdk` for versions 6 and later, `ai-sdk-7` for 7 and later.
    #[serde(default)]
    #[param(inline)]
    pub format: Option<Dialect>,
}

/// Sends the last message, or takes answers to approvals; gives the run's message as it comes.
pub async fn send(
    app: &App,
    access: &Access,
    headers: &HeaderMap,
    request: UiMessageRequest,
    dialect: Dialect,
) -> ApiResult<Response> {
    match request.asked()? {
        Asked::Message { message: mut body, earlier } => {
            if let (Some(earlier), None) = (earlier, body.replaces) {
                body.replaces = replaced(app, access, &earlier, &body.message).await?;
            }
            let AcceptedMessage { accepted, seat, is_replay } = messages::take(app, access, headers, *body).await?;
            let wanted = Wanted { after: accepted.seq - 1, only: Some(accepted.run_id), deltas: true };
            let feed = app.engine.feed(seat, access, wanted);
            let mut response = ui_stream::answer(feed, Fold::new(accepted.run_id), dialect);
            if is_replay {
                response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
            }
            Ok(response)
        }
        Asked::Continue(continued) => go_on(app, access, continued, dialect).await,
    }
}

/// The message that is asked again or edited, where the caller may replace it; what somebody else asked is asked anew beside it.
async fn replaced(app: &App, access: &Access, earlier: &Earlier, text: &str) -> ApiResult<Option<MessageId>> {
    let newest = app.store.messages_before(access, None, NEWEST).await?;
    let Some(meant) = earlier.among(&newest, text) else { return Ok(None) };
    let is_own = meant.author.as_ref().is_some_and(|author| author.user_id == access.caller().author().user_id);
    Ok((is_own || access.is_owner()).then_some(meant.id))
}

/// Records what a person answered, and gives what the client lacks of the run's message.
async fn go_on(app: &App, access: &Access, continued: Continued, dialect: Dialect) -> ApiResult<Response> {
    let run = access::within(&app.store, access.caller(), continued.run).await?;
    if run.conversation() != access.conversation() {
        return Err(ApiError::not_found());
    }
    let seat = app.engine.seat()?;
    let known = history(app, access, &run).await?;
    let pauses = known.iter().filter(|envelope| matches!(envelope.event, Event::RunRequiresAction { .. }));
    let pauses: Vec<u64> = pauses.filter_map(|envelope| envelope.seq).collect();
    // Where nothing says how far the client is, it is where it was asked.
    let has = continued.has.or(pauses.last().copied()).unwrap_or(0);
    let mut fold = Fold::new(run.id());
    let mut lacks = false;
    for envelope in &known {
        match envelope.seq.is_some_and(|seq| seq <= has) {
            true => drop(fold.apply(envelope)),
            false => lacks = true,
        }
    }
    fold.anew();
    let state = app.store.run(&run).await?;
    let decided = decide(app, access, &state.requires_action, continued.decisions).await?;
    if decided == 0 && !lacks {
        nothing_to_do(state.status, state.requires_action.as_ref())?;
    }
    // From the question on, so that a run that waits still is seen to wait.
    let after = pauses.iter().rfind(|seq| **seq <= has).map_or(has, |seq| seq - 1);
    let feed = app.engine.feed(seat, access, Wanted { after, only: Some(run.id()), deltas: true });
    Ok(ui_stream::answer(feed, fold, dialect))
}

/// Decides about the calls that are asked about; what was decided before, or was never asked, is nobody's to decide.
async fn decide(
    app: &App,
    access: &Access,
    asked: &Option<RequiredAction>,
    decisions: Vec<(ApprovalId, omega_core::api::Decide)>,
) -> ApiResult<usize> {
    let Some(RequiredAction::Approval { approvals, .. }) = asked else { return Ok(0) };
    let mut decided = 0;
    for (id, decision) in decisions {
        if approvals.iter().all(|approval| approval.id != id) {
            continue;
        }
        let approval = access::within(&app.store, access.caller(), id).await?;
        match answers::record(app, &approval, decision).await {
            Ok(_) => decided += 1,
            Err(error) if error.code() == ErrorCode::AlreadyDecided => {}
            Err(error) => return Err(error),
        }
    }
    Ok(decided)
}

/// Refuses to stream nothing: a chat that sends by itself would ask for it again and again.
fn nothing_to_do(status: RunStatus, asks: Option<&RequiredAction>) -> ApiResult<()> {
    let words = match (status, asks) {
        (RunStatus::Paused, Some(RequiredAction::Approval { .. })) => "this run waits for an approval, and none came",
        (RunStatus::Paused, Some(RequiredAction::Credentials { .. })) => {
            "this run waits for variables; its owner gives them to POST /api/omega/conversations/{id}/credentials"
        }
        (RunStatus::Paused, _) => {
            "this run waits for a choice; choose a plan or another tool (/api/omega/openapi.json), or send a message"
        }
        (status, _) if status.is_terminal() => "this run has ended, and nothing of it is left to tell; send a message",
        _ => return Ok(()),
    };
    Err(ApiError::new(ErrorCode::RunState, words))
}

/// The events of a run so far.
async fn history(app: &App, access: &Access, run: &Within<RunId>) -> ApiResult<Vec<Envelope>> {
    let (mut after, mut of_run) = (app.store.run_began(run).await? - 1, Vec::new());
    loop {
        let events = app.store.events_of(access, after, BATCH).await?;
        let Some(last) = events.last().and_then(|envelope| envelope.seq) else { return Ok(of_run) };
        after = last;
        of_run.extend(events.into_iter().filter(|envelope| envelope.run_id == Some(run.id())));
        if of_run.last().is_some_and(|envelope: &Envelope| envelope.event.is_terminal()) {
            return Ok(of_run);
        }
    }
}

/// The message that is being written, from its beginning and on as it comes (`useChat({ resume: true })`); 204 where none is. The
/// path is the one that the SDK's transport asks for: `{chat}` is the chat's own id, and any will do.
#[utoipa::path(get, operation_id = "resumeMessage",
    path = "/api/omega/conversations/{id}/messages/{chat}/stream", tag = "conversations",
    params(("id" = ConversationId, Path), ("chat" = String, Path), Format),
    responses((status = 200, content_type = "text/event-stream", body = String), (status = 204)))]
pub async fn resume(State(app): State<App>, access: Access, Params(query): Params<Format>) -> ApiResult<Response> {
    let seat = app.engine.seat()?;
    let mut waiting = None;
    for run in access::open_runs(&app.store, &access).await? {
        match app.store.run(&run).await {
            Ok(known) if known.status == RunStatus::Running => waiting = Some(run),
            Ok(known) if known.status == RunStatus::Queued => {
                waiting.get_or_insert(run);
                continue;
            }
            // It waits for a person; what is there of its message is stored.
            Ok(known) if known.status == RunStatus::Paused => waiting = None,
            // It ended meanwhile.
            Ok(_) | Err(StoreError::NotFound) => continue,
            Err(error) => return Err(error.into()),
        }
        break;
    }
    let Some(run) = waiting else { return Ok(StatusCode::NO_CONTENT.into_response()) };
    let wanted = Wanted { after: app.store.run_began(&run).await? - 1, only: Some(run.id()), deltas: true };
    let feed = app.engine.feed(seat, &access, wanted);
    Ok(ui_stream::answer(feed, Fold::new(run.id()), query.format.unwrap_or(Dialect::Common)))
}

/// A page of messages, each of a person with its answer: the newest ones, or those before a sequence number.
pub async fn list(app: &App, access: &Access, page: PageQuery) -> ApiResult<Reply<Vec<UiMessage>>> {
    let limit = page.limit()?;
    if page.after.is_some() {
        return Err(ApiError::invalid("after", "these pages go back from the newest: use `before`"));
    }
    // A page begins with a person's message.
    let (mut before, mut begins) = (page.before, None);
    let mut has_more = false;
    while begins.is_none() {
        let messages = app.store.messages_before(access, before, limit).await?;
        let Some(first) = messages.first() else { break };
        has_more = messages.len() >= limit as usize;
        begins = messages.iter().find(|message| message.role == Role::User).map(|message| message.seq);
        begins = begins.or((!has_more).then_some(first.seq));
        before = Some(first.seq);
    }
    let Some(begins) = begins else {
        return Ok(Reply::page(Vec::new(), Pagination { limit, has_more: false, next_cursor: None }));
    };
    let (mut stored, mut after) = (Stored::default(), begins - 1);
    let end = page.before.unwrap_or(u64::MAX);
    loop {
        let events = app.store.events_of(access, after, BATCH).await?;
        let Some(last) = events.last().and_then(|envelope| envelope.seq) else { break };
        after = last;
        // Of what was said later only the answers to what is on this page belong to it.
        let is_later = |envelope: &&Envelope| {
            !matches!(envelope.event, Event::MessageCreated { .. }) || envelope.seq.is_some_and(|seq| seq < end)
        };
        events.iter().filter(is_later).for_each(|envelope| stored.apply(envelope));
        if last >= end && stored.is_settled() {
            break;
        }
    }
    let next_cursor = has_more.then(|| begins.to_string());
    Ok(Reply::page(stored.messages(), Pagination { limit, has_more, next_cursor }))
}
