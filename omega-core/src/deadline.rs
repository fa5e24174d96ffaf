//! A deadline that every sign of life puts off: silence on a connection, the next heartbeat.
//!
//! The promise: putting it off costs nothing. A timer is set once; when it rings early it is set again for what is left. So
//! a stream with a thousand pieces a second has one timer, and touches it once a deadline.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep_until};

/// When something must have happened.
#[derive(Debug)]
pub struct Deadline {
    at: Instant,
    /// Made when it is waited for the first time.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    pub fn at(at: Instant) -> Self {
        Self { at, timer: None }
    }

    /// So much time from now.
    pub fn after(time: Duration) -> Self {
        Self::at(Instant::now() + time)
    }

    /// Another time, sooner or later than the one before.
    pub fn set(&mut self, at: Instant) {
        self.at = at;
        if let Some(timer) = self.timer.as_mut().filter(|timer| timer.deadline() > at) {
            timer.as_mut().reset(at);
        }
    }

    /// Ready when the time has come; else whoever asks is woken then.
    pub fn poll_over(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(self.at)));
        while timer.as_mut().poll(context).is_ready() {
            if timer.deadline() >= self.at {
                return Poll::Ready(());
            }
            timer.as_mut().reset(self.at);
        }
        Poll::Pending
    }

    /// What work comes to, or nothing when the time comes first.
    pub async fn bounds<F: Future>(&mut self, work: F) -> Option<F::Output> {
        let mut work = pin!(work);
        poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending => self.poll_over(context).map(|()| None),
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;

    /// Times are as short as a ratio of ten to one allows on a busy machine.
    const PIECE: Duration = Duration::from_millis(20);
    const SILENCE: Duration = Duration::from_millis(200);

    #[tokio::test]
    async fn it_comes_when_it_was_set_for_last_whether_that_is_sooner_or_later() {
        let mut deadline = Deadline::after(SILENCE);
        let began = Instant::now();
        // Together they take longer than the silence that is borne.
        while began.elapsed() < 3 * SILENCE {
            let piece = Instant::now();
            deadline.set(piece + SILENCE);
            let came = deadline.bounds(sleep_until(piece + PIECE)).await;
            assert!(came.is_some() || piece.elapsed() >= SILENCE, "cut off after {:?}", piece.elapsed());
        }
        let put_off = Instant::now() + SILENCE;
        deadline.set(put_off);
        assert_eq!(deadline.bounds(pending::<()>()).await, None);
        assert!(Instant::now() >= put_off, "put off is put off");
        deadline.set(Instant::now() + 1_000 * SILENCE);
        assert_eq!(deadline.bounds(sleep_until(Instant::now() + PIECE)).await, Some(()));
        deadline.set(Instant::now() + PIECE);
        assert_eq!(deadline.bounds(pending::<()>()).await, None, "sooner than it was set for before");
        assert_eq!(deadline.bounds(async { 7 }).await, Some(7), "what is there counts, however late");
    }
}
