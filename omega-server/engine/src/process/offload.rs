//! Work whose size a stranger chose, away from the threads that answer everybody.
//!
//! The promise: however much of it there is, requests are answered. What is small runs where it is; the rest waits for one of
//! a few places on threads of its own. That alone bounds nothing: such a thread can't be stopped, so what runs here has passed
//! a limit of `omega_core::budget` and is linear in it.

use std::{num::NonZero, panic, sync::LazyLock, thread};
use tokio::{sync::Semaphore, task::spawn_blocking};

/// Bytes, or steps, that cost a millisecond at most.
const SMALL: usize = 32 << 10;

/// Half of the processors: the other half answers.
static PLACES: LazyLock<Semaphore> = LazyLock::new(|| {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    Semaphore::new((processors / 2).clamp(1, 8))
});

/// Does work on so many bytes (or in so many steps) of a stranger's, here when they are few, else on a thread for such work. A panic goes on in the caller.
pub async fn run<T: Send + 'static>(bytes: usize, work: impl FnOnce() -> T + Send + 'static) -> T {
    if bytes <= SMALL {
        return work();
    }
    let _place = PLACES.acquire().await;
    match spawn_blocking(work).await {
        Ok(done) => done,
        Err(failed) => match failed.try_into_panic() {
            Ok(cause) => panic::resume_unwind(cause),
            // A runtime that shuts down starts nothing; nobody waits for the answer either.
            Err(_) => std::future::pending().await,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[tokio::test]
    async fn many_large_pieces_of_work_keep_nobody_from_being_answered() {
        let work: Vec<_> =
            (0..20).map(|_| tokio::spawn(run(1 << 20, || thread::sleep(Duration::from_millis(20))))).collect();
        let asked = Instant::now();
        tokio::task::yield_now().await;
        assert_eq!(run(10, || 7).await, 7);
        assert!(asked.elapsed() < Duration::from_millis(15), "{:?}", asked.elapsed());
        for work in work {
            work.await.unwrap();
        }
        let places = PLACES.available_permits();
        assert!(asked.elapsed() >= Duration::from_millis(20 * 20) / u32::try_from(places).unwrap());
    }
}
