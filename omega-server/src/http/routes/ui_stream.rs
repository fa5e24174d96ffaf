//! A run as a UI message stream of the AI SDK (SSE).

use super::events::{HEADERS, HEARTBEAT};
use crate::http::ai_sdk::{Dialect, Fold, Part};
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderName, HeaderValue},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use omega_core::{deadline::Deadline, event::Event};
use omega_engine::engine::feed::Feed;
use std::{collections::VecDeque, io};
use tokio::time::Instant;

/// Says which protocol it is.
const PROTOCOL: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-vercel-ai-ui-message-stream"), HeaderValue::from_static("v1"));
const DONE: &[u8] = b"data: [DONE]\n\n";

struct Reading {
    feed: Feed,
    silence: Deadline,
    fold: Fold,
    dialect: Dialect,
    ready: VecDeque<Bytes>,
    has_ended: bool,
}

/// What the feed of a run brings, as a response. A server that stops cuts the stream: the chat may resume it elsewhere.
pub fn answer(feed: Feed, fold: Fold, dialect: Dialect) -> Response {
    let silence = Deadline::after(HEARTBEAT);
    let reading = Reading { feed, silence, fold, dialect, ready: VecDeque::new(), has_ended: false };
    let frames = stream::unfold(reading, |mut reading| async move { Some((reading.next().await?, reading)) });
    let headers: HeaderMap = [PROTOCOL].into_iter().collect();
    (headers, HEADERS, Body::from_stream(frames)).into_response()
}

impl Reading {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            if let Some(bytes) = self.ready.pop_front() {
                return Some(Ok(bytes));
            }
            if self.has_ended {
                return None;
            }
            self.silence.set(Instant::now() + HEARTBEAT);
            match self.silence.bounds(self.feed.next()).await {
                None => return Some(Ok(Bytes::from_static(b": heartbeat\n\n"))),
                Some(Ok(Some(envelope))) if envelope.event == (Event::Draining {}) => {
                    return Some(Err(self.cut("draining")));
                }
                Some(Ok(Some(envelope))) => {
                    let parts = self.fold.apply(&envelope);
                    self.push(parts);
                }
                Some(Ok(None)) => self.end(),
                Some(Err(error)) => {
                    tracing::warn!(event = "sse.read_failed", %error);
                    return Some(Err(self.cut("the database failed")));
                }
            }
        }
    }

    fn push(&mut self, parts: Vec<Part>) {
        let mut frames = String::new();
        for part in parts.into_iter().filter_map(|part| part.spoken(self.dialect)) {
            frames.push_str("data: ");
            frames.push_str(&serde_json::to_string(&part).unwrap_or_default());
            frames.push_str("\n\n");
        }
        if !frames.is_empty() {
            self.ready.push_back(frames.into());
        }
    }

    fn end(&mut self) {
        let mut parts = self.fold.close();
        if !self.fold.rests() {
            let error_text = "you can't read this conversation any more; open it again, or ask its owner".into();
            parts.push(Part::Error { error_text });
        }
        self.push(parts);
        self.ready.push_back(Bytes::from_static(DONE));
        self.has_ended = true;
    }

    fn cut(&mut self, why: &'static str) -> io::Error {
        self.has_ended = true;
        io::Error::other(why)
    }
}
