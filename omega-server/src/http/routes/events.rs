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
    api::ErrorCode,
    event::{Envelope, Event},
    id::ConversationId,
};
use omega_engine::{
    engine::feed::{Feed, Wanted, frame},
    observe::metrics::SSE_RESUMES,
    store::{INLINE_OUTPUT_BYTES, Section, access::Access},
};
use serde::Deserialize;
use std::{collections::VecDeque, convert::Infallible, time::Duration};

/// Below the 60 s after which common proxies cut a silent connection.
pub const HEARTBEAT: Duration = Duration::from_secs(15);
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
            let event = if given.is_some() { Event::Resync { conversation } } else { Event::Snapshot { conversation } };
            (cursor, Some(event))
        }
    };
    let first = first.map(|event| frame(access.conversation(), None, event));
    let wanted = Wanted { after: cursor, only: None, deltas: query.deltas };
    Ok(sse_after(app.engine.feed(seat, &access, wanted), first))
}

/// A reader's frames as a response.
pub fn sse(feed: Feed) -> Response {
    sse_after(feed, None)
}

fn sse_after(feed: Feed, first: Option<Envelope>) -> Response {
    let mut opening = VecDeque::from([Bytes::from_static(b"retry: 2000\n\n")]);
    opening.extend(first.as_ref().map(render));
    let frames = stream::unfold((opening, feed), |(mut opening, mut feed)| async move {
        if let Some(bytes) = opening.pop_front() {
            return Some((Ok::<_, Infallible>(bytes), (opening, feed)));
        }
        let bytes = match tokio::time::timeout(HEARTBEAT, feed.next()).await {
            Err(_) => Bytes::from_static(b": heartbeat\n\n"),
            Ok(Ok(Some(envelope))) => render(&envelope),
            Ok(Ok(None)) => return None,
            Ok(Err(error)) => {
                // The reader comes back with its cursor and sees the failure, or the rest.
                tracing::warn!(event = "sse.read_failed", %error);
                return None;
            }
        };
        Some((Ok(bytes), (opening, feed)))
    });
    (HEADERS, Body::from_stream(frames)).into_response()
}

/// One frame: id for what is stored, the kind, one line of JSON.
fn render(envelope: &Envelope) -> Bytes {
    let json = serde_json::to_string(envelope).unwrap_or_default();
    let id = envelope.seq.map(|seq| format!("id: {seq}\n")).unwrap_or_default();
    Bytes::from(format!("{id}event: {}\ndata: {json}\n\n", envelope.event.kind()))
}
