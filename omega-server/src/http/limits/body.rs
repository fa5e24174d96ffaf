//! A request's body comes within a time, and a large one at a pace (slow POST): whoever stops in the middle is not waited for.

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep};

/// Bytes a second that a body must come with, once its first time is over.
pub const SLOWEST: u64 = 4 * 1024;

pub struct Paced {
    body: Body,
    end: Pin<Box<Sleep>>,
}

impl Paced {
    /// A body that has `patience`, and a second more for every [`SLOWEST`] bytes that came.
    pub fn pace(body: Body, patience: Duration) -> Body {
        if body.is_end_stream() {
            return body;
        }
        Body::new(Self { body, end: Box::pin(sleep(patience)) })
    }
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len) as u64;
                let earned = Duration::from_millis(bytes.saturating_mul(1_000) / SLOWEST);
                let later = self.end.deadline() + earned;
                self.end.as_mut().reset(later);
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(other) => Poll::Ready(other.map(|frame| frame.map_err(Into::into))),
            Poll::Pending => match self.end.as_mut().poll(context) {
                Poll::Ready(()) => {
                    // Asked again, it fails again.
                    self.end.as_mut().reset(Instant::now());
                    Poll::Ready(Some(Err("the body comes too slowly".into())))
                }
                Poll::Pending => Poll::Pending,
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body that holds something until it is sent or given up.
pub struct Holding<T> {
    body: Body,
    _held: T,
}

impl<T: Send + Unpin + 'static> Holding<T> {
    /// The body, and what lives as long as it.
    pub fn until_sent(body: Body, held: T) -> Body {
        Body::new(Self { body, _held: held })
    }
}

impl<T: Unpin> HttpBody for Holding<T> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;
    use futures_util::StreamExt;

    fn coming(pieces: usize, each: usize, every: Duration) -> Body {
        let pieces = futures_util::stream::iter(0..pieces).then(move |_| async move {
            tokio::time::sleep(every).await;
            Ok::<_, axum::BoxError>(Bytes::from(vec![b'x'; each]))
        });
        Body::from_stream(pieces)
    }

    #[tokio::test]
    async fn a_large_body_has_time_and_a_trickle_has_not() {
        let (patience, every) = (Duration::from_millis(300), Duration::from_millis(40));
        let large = Paced::pace(coming(25, 8 * 1024, every), patience);
        assert_eq!(to_bytes(large, usize::MAX).await.unwrap().len(), 25 * 8 * 1024);
        let trickle = Paced::pace(coming(1_000_000, 1, every), patience);
        let error = to_bytes(trickle, usize::MAX).await.unwrap_err();
        let error = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        assert!(error.contains("too slowly"), "{error}");
    }
}
