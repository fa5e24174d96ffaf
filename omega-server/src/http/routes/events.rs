//! The event stream of a conversation.

use crate::http::{
    extract::Params,
    reply::{ApiError, ApiResult},
    state::App,
};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use omega_core::{
    api::{ConversationDetail, ErrorCode, RunStatus},
    deadline::Deadline,
    event::{Envelope, Event},
    id::ConversationId,
};
use omega_engine::{
    engine::feed::{Feed, Wanted, frame},
    observe::metrics::SSE_RESUMES,
    store::{INLINE_OUTPUT_BYTES, Section, access::Access},
};
use serde::Deserialize;
use std::{convert::Infallible, time::Duration};
use tokio::time::Instant;

/// Below the 60 s after which common proxies cut a silent connection.
pub const HEARTBEAT: Duration = Duration::from_secs(15);
/// Bytes of frames that are written at once, about.
const AT_ONCE: usize = 64 * 1024;
/// Events before the end of a log among which the last one of a run that waits is looked for: others' come between.
const LATEST: u32 = 64;
/// Headers of a stream, so that nobody between holds it back.
pub const HEADERS: [(header::HeaderName, &str); 3] = [
    (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
    (header::CACHE_CONTROL, "no-cache, no-transform"),
    (header::HeaderName::from_static("x-accel-buffering"), "no"),
];

/// Where to begin.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct After {
    /// The last event that the client has; `Last-Event-ID` wins. Without both, a `snapshot` frame comes first.
    #[serde(default)]
    pub after: Option<String>,
    /// `false` leaves out what is not whole yet: the text, thoughts and outputs that stream.
    #[serde(default = "all")]
    pub deltas: bool,
}

fn all() -> bool {
    true
}

/// The events of a conversation after a cursor, and then as they come (SSE).
#[utoipa::path(get, operation_id = "streamEvents",
    path = "/api/omega/conversations/{id}/events", tag = "conversations",
    params(("id" = ConversationId, Path), After), responses((status = 200, content_type = "text/event-stream", body = Envelope)))]
pub async fn stream(
    State(app): State<App>,
    access: Access,
    Params(query): Params<After>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let given = headers.get("last-event-id").and_then(|value| value.to_str().ok()).map(str::to_owned).or(query.after);
    let after = given
        .map(|text| {
            text.trim().parse::<u64>().map_err(|_| {
                ApiError::new(
                    ErrorCode::BadCursor,
                    format!("`{text}` is no cursor; it is the number of the last event"),
                )
            })
        })
        .transpose()?;
    let seat = app.engine.seat()?;
    let last = app.store.last_seq(&access).await?;
    if let Some(after) = after {
        SSE_RESUMES.count([if after <= last { "resumed" } else { "resync" }]);
    }
    let (cursor, first) = match after {
        Some(after) if after <= last => (after, None),
        given => {
            let detail = app.engine.detail(&access, Section::Newest, 50, INLINE_OUTPUT_BYTES).await?;
            let cursor = detail.last_seq;
            let conversation = Box::new(detail);
            let waits = waits(&app, &access, &conversation).await?;
            let event = if given.is_some() { Event::Resync { conversation } } else { Event::Snapshot { conversation } };
            (cursor, Some((event, waits)))
        }
    };
    let first = first
        .into_iter()
        .flat_map(|(event, waits)| std::iter::once(frame(access.conversation(), None, event)).chain(waits));
    let wanted = Wanted { after: cursor, only: None, deltas: query.deltas };
    Ok(sse_after(app.engine.feed(seat, &access, wanted), first))
}

/// What the run of a snapshot waits for before its model is asked again, as a frame without a number: whoever comes now is
/// told it as well.
async fn waits(app: &App, access: &Access, now: &ConversationDetail) -> ApiResult<Option<Envelope>> {
    let Some(run) = now.runs.iter().find(|run| run.status == RunStatus::Running) else { return Ok(None) };
    let events = app.store.events_of(access, now.last_seq.saturating_sub(LATEST.into()), LATEST).await?;
    let last =
        events.into_iter().rfind(|it| it.run_id == Some(run.id) && it.seq.is_some_and(|seq| seq <= now.last_seq));
    Ok(last
        .filter(|it| matches!(it.event, Event::Status { again_at: Some(_), .. }))
        .map(|it| Envelope { seq: None, ..it }))
}

/// A reader's frames as a response.
pub fn sse(feed: Feed) -> Response {
    sse_after(feed, None)
}

fn sse_after(feed: Feed, first: impl IntoIterator<Item = Envelope>) -> Response {
    let mut opening = Vec::from(b"retry: 2000\n\n");
    first.into_iter().for_each(|envelope| render(&envelope, &mut opening));
    let state = (Some(Bytes::from(opening)), feed, Deadline::after(HEARTBEAT));
    let frames = stream::unfold(state, |(opening, mut feed, mut heartbeat)| async move {
        if let Some(bytes) = opening {
            return Some((Ok::<_, Infallible>(bytes), (None, feed, heartbeat)));
        }
        heartbeat.set(Instant::now() + HEARTBEAT);
        let bytes = match heartbeat.bounds(feed.next()).await {
            None => Bytes::from_static(b": heartbeat\n\n"),
            Some(Ok(Some(envelope))) => together(&envelope, &mut feed),
            Some(Ok(None)) => return None,
            Some(Err(error)) => {
                // The reader comes back with its cursor and sees the failure, or the rest.
                tracing::warn!(event = "sse.read_failed", %error);
                return None;
            }
        };
        Some((Ok(bytes), (None, feed, heartbeat)))
    });
    (HEADERS, Body::from_stream(frames)).into_response()
}

/// A frame with those that came together with it: one write for all.
fn together(first: &Envelope, feed: &mut Feed) -> Bytes {
    let mut frames = Vec::with_capacity(512);
    render(first, &mut frames);
    while frames.len() < AT_ONCE
        && let Some(envelope) = feed.also()
    {
        render(&envelope, &mut frames);
    }
    frames.into()
}

/// One frame: id for what is stored, the kind, one line of JSON.
fn render(envelope: &Envelope, frames: &mut Vec<u8>) {
    if let Some(seq) = envelope.seq {
        frames.extend_from_slice(format!("id: {seq}\n").as_bytes());
    }
    frames.extend_from_slice(b"event: ");
    frames.extend_from_slice(envelope.event.kind().as_bytes());
    frames.extend_from_slice(b"\ndata: ");
    // An event is made of texts, numbers and JSON: it has a way to be written.
    let _ = serde_json::to_writer(&mut *frames, envelope);
    frames.extend_from_slice(b"\n\n");
}
