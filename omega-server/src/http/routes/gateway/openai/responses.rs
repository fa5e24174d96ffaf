//! `/v1/responses`: created, read again, and stopped. A response is a run, and goes on in its run's conversation.

use super::{
    super::{
        follow::{Ending, Following, no_answer},
        sending::{Begun, page},
        waiting,
    },
    Extension,
    asked::{self, Asked, Request},
    content::{self, Said},
    error::refused,
    fields::{Fields, wrong_type},
    object::{Head, Outcome, content as part, message, message_id, run_of, status_of},
    parameters::{COMMON, HINTS, REASONING, RESPONSES, STREAM_OPTIONS},
    response_stream::Streamed,
    stream,
};
use crate::http::{
    extract::{Params, Segment},
    idempotency::REPLAYED,
    reply::{ApiError, ApiResult},
    state::App,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue},
    response::{IntoResponse, Response},
};
use omega_core::{
    api::{Role, Run},
    id::RunId,
};
use omega_engine::{
    domain::caller::Caller,
    store::{
        StoreError,
        access::{self, Access, Within},
    },
};
use serde::Deserialize;
use serde_json::Value;

const BY_REQUEST: &str = "cancelled by a participant";
/// Messages that are read at once.
const PAGE: u32 = 200;

pub async fn create(State(app): State<App>, caller: Caller, headers: HeaderMap, body: Request) -> ApiResult<Response> {
    let key = asked::idempotency(&headers, &caller, "/v1/responses", &body.0)?;
    let mut fields = Fields::of(body.0);
    fields.refuse(COMMON)?;
    fields.refuse(RESPONSES)?;
    fields.hints(HINTS);
    if let Some(mut reasoning) = fields.object("reasoning")? {
        reasoning.refuse(REASONING)?;
        reasoning.end()?;
    }
    let model = asked::model(&app, &caller, &mut fields, false).await?;
    let mut said = match fields.take("input") {
        Some(Value::String(text)) => Said { message: Some(text), ..Said::default() },
        Some(list @ Value::Array(_)) => content::read(list, "input")?,
        given => {
            let other = fields.needed("input", given)?;
            return Err(wrong_type("input", "a string or an array", &other));
        }
    };
    if said.message.as_ref().is_some_and(|text| text.trim().is_empty() || text.contains('\0')) {
        return Err(refused("input", "invalid_value", "Invalid 'input': it has no text, or the character U+0000."));
    }
    let instructions = fields.text("instructions")?;
    if let Some(instructions) = &instructions {
        said.instructions.insert(0, instructions.clone());
    }
    let schema = format(&mut fields)?;
    let (is_stream, is_background) = (fields.flag("stream")?, fields.flag("background")?);
    if let Some(mut options) = fields.object("stream_options")? {
        options.refuse(STREAM_OPTIONS)?;
        options.end()?;
    }
    if let Some(metadata) = fields.object("metadata")? {
        metadata.end()?;
    }
    let previous = fields.text("previous_response_id")?;
    let conversation = conversation(&mut fields)?;
    fields.end()?;
    let known = known(&app, &caller, previous.as_deref(), conversation.as_deref()).await?;
    let asked = Asked { said, model, schema: schema.clone(), known, key };
    let begun = asked.begin(&app, &caller, "input").await?;
    let is_replay = begun.is_replay;
    let head = Head { is_background, instructions, previous, schema, ..head(&headers, &begun.state, &begun.page) };
    let mut response = if is_stream {
        stream::of(Following::of(&app, begun, head.schema.is_none()), Streamed::of(head))
    } else if is_background {
        Json(head.with(&Outcome::of(status_of(&begun.state)))).into_response()
    } else {
        Json(whole(&app, begun, &head).await?).into_response()
    };
    if is_replay {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// `text`: the format of the answer.
fn format(fields: &mut Fields) -> ApiResult<Option<Value>> {
    let Some(mut text) = fields.object("text")? else { return Ok(None) };
    text.refuse(super::parameters::TEXT)?;
    let schema = asked::schema(text.object("format")?, false)?;
    text.end()?;
    Ok(schema)
}

/// `conversation`: an id, or an object with one.
fn conversation(fields: &mut Fields) -> ApiResult<Option<String>> {
    match fields.take("conversation") {
        None => Ok(None),
        Some(Value::String(id)) => Ok(Some(id)),
        Some(value) => {
            let mut object = Fields::within(value, "conversation")?;
            let id = object.text("id")?;
            let id = object.needed("id", id)?;
            object.end()?;
            Ok(Some(id))
        }
    }
}

async fn known(
    app: &App,
    caller: &Caller,
    previous: Option<&str>,
    conversation: Option<&str>,
) -> ApiResult<Option<Access>> {
    match (previous, conversation) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => {
            let words = "Mutually exclusive parameters: 'previous_response_id' and 'conversation'. Send one of them.";
            Err(refused("previous_response_id", "mutually_exclusive_parameters", words))
        }
        (None, Some(id)) => asked::conversation(app, caller, id).await.map(Some),
        (Some(id), None) => {
            let unknown = || {
                let words = "Previous response with this id not found; check 'previous_response_id'.";
                refused("previous_response_id", "previous_response_not_found", words)
            };
            let run = run_of(id).ok_or_else(unknown)?;
            let run = match access::within(&app.store, caller, run).await {
                Err(StoreError::NotFound) => return Err(unknown()),
                run => run?,
            };
            let newest = app.store.runs_of(run.access()).await?.pop();
            if newest.is_some_and(|newest| newest.id != run.id()) {
                let words = "The conversation of this response went on after it, and a conversation here has one line: go on from its \
                             newest response, or send all messages without 'previous_response_id'.";
                return Err(refused("previous_response_id", "invalid_value", words));
            }
            Ok(Some(run.access().clone()))
        }
    }
}

fn head(headers: &HeaderMap, run: &Run, page: &str) -> Head {
    Head {
        extension: Extension::of(headers, run, page),
        run: run.id,
        created: run.created_at.0 / 1000,
        model: run.model.clone(),
        is_background: false,
        instructions: None,
        previous: None,
        schema: None,
    }
}

/// Waits for the end.
async fn whole(app: &App, begun: Begun, head: &Head) -> ApiResult<Value> {
    let link = &head.extension.link;
    let run = begun.run.clone();
    let ending = super::chat::waited(app, begun, link).await?;
    let items = messages(app, &run).await?;
    Ok(head.with(&match ending {
        Ending::Answered { answer, usage, finish } => {
            let items = if head.schema.is_some() { vec![item(head, &answer, true)] } else { items };
            Outcome::answered(items, usage, finish)
        }
        Ending::Waits { action, usage } => {
            let words = item(head, &waiting::words(&action, link), head.schema.is_none());
            let items = if head.schema.is_some() { Vec::new() } else { items };
            Outcome::waiting(items.into_iter().chain([words]).collect(), usage, action)
        }
        other => return Err(no_answer(&other, link)),
    }))
}

/// A message of the response that is none of the conversation's.
fn item(head: &Head, text: &str, is_answer: bool) -> Value {
    message(&format!("msg_{}", head.run), "completed", &[part(text, is_answer)])
}

/// What the agent said in a run.
async fn messages(app: &App, run: &Within<RunId>) -> ApiResult<Vec<Value>> {
    let (mut items, mut after) = (Vec::new(), 0);
    loop {
        let page = app.store.messages_after(run.access(), after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(items) };
        after = last.seq;
        let said = page.iter().filter(|said| said.run_id == Some(run.id()) && said.role == Role::Assistant);
        let whole = said.filter(|said| said.status == omega_core::api::MessageStatus::Complete);
        let with_text = whole.filter(|said| !said.content.trim().is_empty());
        items.extend(with_text.map(|said| message(&message_id(said.id), "completed", &[part(&said.content, true)])));
    }
}

/// The run of a response that the caller may see.
async fn response(app: &App, caller: &Caller, id: &str) -> ApiResult<Within<RunId>> {
    let run = run_of(id).ok_or_else(ApiError::not_found)?;
    Ok(access::within(&app.store, caller, run).await?)
}

/// A response as it stands now.
async fn shown(app: &App, headers: &HeaderMap, within: &Within<RunId>) -> ApiResult<Json<Value>> {
    let run = app.store.run(within).await?;
    let head = head(headers, &run, &page(app, within.access()).await?);
    let items = messages(app, within).await?;
    let outcome = match (status_of(&run), run.requires_action) {
        ("completed", _) => Outcome::answered(items, run.usage, run.finish_reason),
        ("incomplete", Some(action)) => {
            let words = item(&head, &waiting::words(&action, &head.extension.link), true);
            Outcome::waiting(items.into_iter().chain([words]).collect(), run.usage, action)
        }
        ("failed", _) => {
            let why = run.error.map(|error| error.error).unwrap_or_default();
            Outcome { output: items, usage: Some(run.usage), ..Outcome::failed(why) }
        }
        (status, _) => Outcome { output: items, usage: Some(run.usage), ..Outcome::of(status) },
    };
    Ok(Json(head.with(&outcome)))
}

/// Nothing may be asked for besides.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

pub async fn retrieve(
    State(app): State<App>,
    caller: Caller,
    Segment(id): Segment,
    Params(Nothing {}): Params<Nothing>,
    headers: HeaderMap,
) -> ApiResult<Json<Value>> {
    let run = response(&app, &caller, &id).await?;
    shown(&app, &headers, &run).await
}

pub async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Segment(id): Segment,
    headers: HeaderMap,
) -> ApiResult<Json<Value>> {
    let run = response(&app, &caller, &id).await?;
    app.engine.cancel_run(&run, BY_REQUEST).await?;
    shown(&app, &headers, &run).await
}
