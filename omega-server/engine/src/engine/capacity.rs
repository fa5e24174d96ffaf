//! How much a server takes on (`runs.md` 9): beyond it, 503 and come back, before anything is stored.

use super::Engine;
use crate::store::{Result, StoreError};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// A reader's place among those that a node serves; free again when it is dropped.
#[derive(Debug)]
pub struct Seat(Arc<AtomicUsize>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Engine {
    /// A place for one more reader.
    ///
    /// # Errors
    /// [`StoreError::Overloaded`] when the node has none left.
    pub fn seat(&self) -> Result<Seat> {
        let (taken, max) = (&self.inner.readers, self.inner.config.max_readers);
        let seat = Seat(Arc::clone(taken));
        if taken.fetch_add(1, Ordering::AcqRel) < max {
            return Ok(seat);
        }
        Err(StoreError::Overloaded(format!("this server has {max} readers already; come back in a moment")))
    }

    /// How many readers follow events right now: a server that somebody watches is not idle.
    pub fn readers(&self) -> usize {
        self.inner.readers.load(Ordering::Acquire)
    }

    /// Whether this node works on a run, or somebody follows one.
    pub fn is_at_work(&self) -> bool {
        self.inner.working.len() > 0 || self.readers() > 0
    }

    /// Whether one more run may wait.
    pub(super) async fn admit_run(&self) -> Result<()> {
        if self.is_stopping() {
            return Err(StoreError::Draining);
        }
        let max = self.inner.config.max_queued;
        if self.inner.store.queued_runs(max).await? >= u64::from(max) {
            return Err(StoreError::Overloaded(format!("{max} messages wait already; send it again in a moment")));
        }
        Ok(())
    }
}
