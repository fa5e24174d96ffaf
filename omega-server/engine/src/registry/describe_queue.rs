//! Describing a package is slow and a stranger decides how slow. The promise: one package is described once at a time, and nobody
//! waits for another package; what could not be described is left alone for a while.

use omega_core::executor::ToolErrorCode;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::OwnedMutexGuard;

/// How long a package that could not be described is not asked for again.
const FAILURE_KEPT: Duration = Duration::from_secs(60);
/// Failures that are remembered.
const MOST: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct DescribeQueue {
    turns: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    failed: Mutex<HashMap<String, Instant>>,
}

/// The turn with one package.
pub(super) struct Turn<'a> {
    describing: &'a DescribeQueue,
    // Given back before the rest is dropped, so that nobody's turn is forgotten while it is had.
    held: Option<OwnedMutexGuard<()>>,
}

impl DescribeQueue {
    /// Waits for those who describe the same package; `None` where it failed a moment ago.
    pub async fn turn(&self, package: &str) -> Option<Turn<'_>> {
        if self.has_failed(package) {
            return None;
        }
        let turn = Arc::clone(locked(&self.turns).entry(package.to_owned()).or_default());
        let turn = Turn { describing: self, held: Some(turn.lock_owned().await) };
        (!self.has_failed(package)).then_some(turn)
    }

    /// Remembers that it could not be described.
    pub fn failed(&self, package: &str) {
        let mut failed = locked(&self.failed);
        failed.retain(|_, at| at.elapsed() < FAILURE_KEPT);
        if failed.len() < MOST {
            failed.insert(package.to_owned(), Instant::now());
        }
    }

    fn has_failed(&self, package: &str) -> bool {
        locked(&self.failed).get(package).is_some_and(|at| at.elapsed() < FAILURE_KEPT)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.held = None;
        // Who still waits has it too.
        locked(&self.describing.turns).retain(|_, turn| Arc::strong_count(turn) > 1);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a failure to describe a package will be the same in a moment: it is not for want of a place, a runtime or a network.
pub(super) fn is_of_package(code: ToolErrorCode) -> bool {
    !matches!(
        code,
        ToolErrorCode::Overloaded
            | ToolErrorCode::RuntimeUnavailable
            | ToolErrorCode::ExecutorUnreachable
            | ToolErrorCode::RegistryUnavailable
            | ToolErrorCode::Cancelled
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn one_package_is_described_once_at_a_time_and_holds_no_other() {
        let describing = DescribeQueue::default();
        let first = describing.turn("a@1").await.unwrap();
        let mut second = Box::pin(describing.turn("a@1"));
        assert!(second.as_mut().now_or_never().is_none());
        let others: Vec<_> =
            (0..100).map(|n| describing.turn(&format!("{n}")).now_or_never().flatten().unwrap()).collect();
        drop(others);
        drop(first);
        let second = second.await;
        assert!(second.is_some() && locked(&describing.turns).len() == 1);
        drop(second);
        assert!(locked(&describing.turns).is_empty(), "packages are forgotten");
    }

    #[tokio::test]
    async fn who_waited_for_a_failure_does_not_repeat_it() {
        let describing = DescribeQueue::default();
        let first = describing.turn("a@1").await;
        let mut second = Box::pin(describing.turn("a@1"));
        assert!(second.as_mut().now_or_never().is_none());
        describing.failed("a@1");
        drop(first);
        assert!(second.await.is_none());
        assert!(describing.turn("a@1").await.is_none());
        assert!(describing.turn("a@2").await.is_some());
    }
}
