//! How many calls run at once, and how many may wait. A full queue is said at once instead of being felt later.

use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Admits calls.
#[derive(Debug)]
pub struct Gate {
    running: Semaphore,
    waiting: AtomicUsize,
    queue: usize,
}

/// The queue is full.
#[derive(Debug, PartialEq, Eq)]
pub struct Full;

impl Gate {
    /// At most `running` at once and `queue` waiting.
    pub fn new(running: usize, queue: usize) -> Self {
        Self { running: Semaphore::new(running), waiting: AtomicUsize::new(0), queue }
    }

    /// Waits for a place; the place is free again when the permit is dropped.
    pub async fn enter(&self) -> Result<SemaphorePermit<'_>, Full> {
        if let Ok(permit) = self.running.try_acquire() {
            return Ok(permit);
        }
        let _place = Place::take(&self.waiting, self.queue)?;
        self.running.acquire().await.map_err(|_| Full)
    }
}

/// A place in the queue, given back on drop so that a caller who leaves does not hold it.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize, limit: usize) -> Result<Self, Full> {
        if waiting.fetch_add(1, Ordering::AcqRel) >= limit {
            waiting.fetch_sub(1, Ordering::AcqRel);
            return Err(Full);
        }
        Ok(Self(waiting))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn a_full_queue_is_said_at_once() {
        let gate = Gate::new(1, 1);
        let running = gate.enter().await.unwrap();
        let mut waiting = Box::pin(gate.enter());
        assert!(waiting.as_mut().now_or_never().is_none());
        assert_eq!(gate.enter().await.unwrap_err(), Full);
        drop(running);
        assert!(waiting.await.is_ok());
    }

    #[tokio::test]
    async fn who_leaves_the_queue_frees_the_place() {
        let gate = Gate::new(1, 1);
        let _running = gate.enter().await.unwrap();
        let mut waiting = Box::pin(gate.enter());
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(waiting);
        assert!(gate.enter().now_or_never().is_none(), "the place was not given back");
    }
}
