//! A conversation as a document (M7). What goes out is cleaned of what this server knows as secret, and of what looks like
//! it: it may have been stored before anybody knew.

use crate::http::{
    extract::Params,
    reply::{ApiError, ApiResult},
    state::App,
};
use axum::{
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::stream;
use omega_core::{
    api::ConversationDetail,
    event::Envelope,
    export::{self, LISTS},
    id::ConversationId,
    redact::Redactor,
};
use omega_engine::{
    domain::audit_fact::{AuditAction, Fact},
    process::offload,
    store::{Clean, Section, StoreError, access::Access},
};
use serde::Deserialize;
use serde_json::Value;

/// Messages and events that are read at once; tool runs come one by one, since each may be large.
const PAGE: u32 = 200;

/// Which document.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Format {
    /// `json` or `markdown`.
    #[serde(default)]
    pub format: Option<String>,
}

/// The whole conversation, as JSON or Markdown.
#[utoipa::path(get, operation_id = "exportConversation",
    path = "/api/omega/conversations/{id}/export", tag = "conversations",
    params(("id" = ConversationId, Path), Format), responses((status = 200, body = String)))]
pub async fn get(State(app): State<App>, access: Access, Params(query): Params<Format>) -> ApiResult<Response> {
    let (kind, extension, document) = match query.format.as_deref() {
        None | Some("json") => {
            record(&app, &access, "json").await?;
            let redactor = app.engine.redactor(access.caller().user, None).await?;
            let head = app.engine.detail(&access, Section::Newest, 1, 0).await?;
            let pages = Pages { app, access: access.clone(), redactor, last: head.last_seq, list: 0, after: 0 };
            ("application/json", "json", pages.document(&head)?)
        }
        Some("markdown" | "md") => ("text/markdown; charset=utf-8", "md", Body::from(markdown(&app, &access).await?)),
        Some(other) => {
            return Err(ApiError::invalid("format", &format!("`{other}` is neither json nor markdown")));
        }
    };
    let disposition = format!("attachment; filename=\"omega-{}.{extension}\"", access.conversation());
    Ok(([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], document)
        .into_response())
}

/// No copy leaves without its record.
async fn record(app: &App, access: &Access, format: &str) -> ApiResult<()> {
    let fact = Fact::new(AuditAction::ConversationExported, "conversation").of(access.conversation(), None);
    Ok(app.store.audit(&[fact.with("format", format)]).await?)
}

/// A conversation as Markdown, recorded and cleaned.
pub(super) async fn markdown(app: &App, access: &Access) -> ApiResult<String> {
    record(app, access, "markdown").await?;
    let redactor = app.engine.redactor(access.caller().user, None).await?;
    let detail = app.engine.detail(access, Section::Newest, u32::MAX, usize::MAX).await?;
    let events = app.store.events_of(access, 0, u32::MAX).await?;
    let detail = Clean::by(redactor.clone(), detail).await.into_inner();
    let events = Clean::by(redactor, events).await.into_inner();
    // Nobody has counted its bytes: as much as was ever said and put out here.
    Ok(offload::run(usize::MAX, move || export::markdown(&detail, &events)).await)
}

/// The JSON document, read page by page while the client takes it. Nothing after the event that was the last one at the
/// beginning is in it.
struct Pages {
    app: App,
    access: Access,
    redactor: Redactor,
    last: u64,
    /// Which of [`LISTS`] is being written.
    list: usize,
    /// The last number that was read of it.
    after: u64,
}

impl Pages {
    fn document(self, head: &ConversationDetail) -> ApiResult<Body> {
        let mut opening = export::opening(head).map_err(ApiError::internal)?;
        self.redactor.redact_value(&mut opening);
        let mut text = opening.to_string();
        text.pop();
        text.push_str(&format!(",\"{}\":[", LISTS[0]));
        let first = stream::once(async move { Ok::<_, StoreError>(text) });
        let rest =
            stream::try_unfold(self, |mut pages| async move { Ok(pages.next().await?.map(|text| (text, pages))) });
        Ok(Body::from_stream(futures_util::StreamExt::chain(first, rest)))
    }

    /// The next piece of the document's text; nothing after its end.
    async fn next(&mut self) -> Result<Option<String>, StoreError> {
        let Some(list) = LISTS.get(self.list) else { return Ok(None) };
        let begins = self.after == 0;
        let (store, access, last) = (&self.app.store, &self.access, self.last);
        let mut items: Vec<Value> = Vec::new();
        let mut more = None;
        match *list {
            "messages" => {
                let messages = store.messages_after(access, self.after, PAGE).await?;
                more = messages.last().map(|message| message.seq);
                for message in messages.iter().filter(|message| message.seq <= last) {
                    items.push(serde_json::to_value(message)?);
                }
            }
            "toolRuns" => {
                let runs = store.tool_runs_from(access, self.after + 1, 1, usize::MAX).await?;
                more = runs.last().map(|(seq, _)| *seq);
                for (_, run) in runs.iter().filter(|(seq, _)| *seq <= last) {
                    items.push(serde_json::to_value(run)?);
                }
            }
            "events" => {
                let events: Vec<Envelope> = store.events_of(access, self.after, PAGE).await?;
                more = events.last().and_then(|envelope| envelope.seq);
                for envelope in events.into_iter().filter(|envelope| envelope.seq.is_some_and(|seq| seq <= last)) {
                    items.push(serde_json::to_value(envelope)?);
                }
            }
            _ => {
                for run in store.runs_of(access).await? {
                    items.push(serde_json::to_value(run)?);
                }
            }
        }
        let mut text = String::new();
        let items = Clean::by(self.redactor.clone(), items).await.into_inner();
        for (index, item) in items.iter().enumerate() {
            if index > 0 || !begins {
                text.push(',');
            }
            text.push('\n');
            text.push_str(&item.to_string());
        }
        match more.filter(|seq| *seq < last) {
            Some(seq) => self.after = seq,
            None => {
                (self.list, self.after) = (self.list + 1, 0);
                text.push_str(&LISTS.get(self.list).map_or_else(|| "]}\n".into(), |list| format!("],\"{list}\":[")));
            }
        }
        Ok(Some(text))
    }
}
