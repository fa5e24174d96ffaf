//! A run as a stream of server-sent events in another API's words.

use super::super::follow::{Following, Piece};
use crate::http::reply::ApiError;
use axum::{
    body::Body,
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::stream;
use omega_engine::domain::request;
use std::{collections::VecDeque, convert::Infallible, sync::Arc};

/// How one API says what comes of a run: each text is a whole frame.
pub trait Wording: Send + 'static {
    fn opening(&mut self) -> Vec<String>;
    fn piece(&mut self, piece: Piece) -> Vec<String>;
    fn failure(&mut self, error: ApiError) -> Vec<String>;
}

struct Stream<W> {
    ready: VecDeque<String>,
    following: Following,
    wording: W,
    has_ended: bool,
}

impl<W: Wording> Stream<W> {
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(frame) = self.ready.pop_front() {
                return Some(frame);
            }
            if self.has_ended {
                return None;
            }
            match self.following.next().await {
                Ok(Piece::Silence) => self.ready.push_back(": heartbeat\n\n".into()),
                Ok(piece) => {
                    self.has_ended = matches!(piece, Piece::Ended(_));
                    self.ready.extend(self.wording.piece(piece));
                }
                Err(error) => {
                    self.has_ended = true;
                    self.ready.extend(self.wording.failure(error));
                }
            }
        }
    }
}

/// The stream of a run, to where it ends or waits.
pub fn of(following: Following, mut wording: impl Wording) -> Response {
    let ready = wording.opening().into();
    let begun = Stream { ready, following, wording, has_ended: false };
    // What is refused in the stream has the id of the request that began it.
    let context = request::current();
    let frames = stream::unfold(begun, move |mut stream| {
        let context = context.as_ref().map(Arc::clone);
        async move {
            let frame = match context {
                Some(context) => request::within(context, stream.next()).await,
                None => stream.next().await,
            };
            frame.map(|frame| (Ok::<_, Infallible>(frame), stream))
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache, no-transform"),
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Body::from_stream(frames)).into_response()
}
