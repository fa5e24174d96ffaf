//! How many calls run at once, who is next, and how many may wait.
//!
//! Calls belong to owners (conversations), and owners take turns. The next free place goes to the owner with the fewest calls
//! running; among equals, to the one that was served longest ago. One place is never given to an owner that has all others, so
//! that a conversation of many slow calls does not shut the door behind itself. When the queue is full, the newest call of the
//! longest line makes room for one of a shorter line; else the newcomer is told at once, instead of feeling it later.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

#[derive(Debug)]
pub struct CallQueue {
    state: Mutex<QueueState>,
    /// Places that one owner may hold.
    share: usize,
    places: usize,
    queue: usize,
}

/// The queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full {
    /// When a place in it may be free.
    pub retry_after: Duration,
}

/// A place to run; free again when it is dropped.
#[derive(Debug)]
pub struct Slot<'a> {
    gate: &'a CallQueue,
    owner: String,
    since: Instant,
}

#[derive(Debug, Default)]
struct QueueState {
    free: usize,
    lines: HashMap<String, OwnerLine>,
    /// Calls that wait, of all lines.
    waiting: usize,
    /// Counts what was served and who waits, for the order of both.
    counter: u64,
    /// How long a place is held, smoothed.
    usual: Duration,
}

/// The calls of one owner.
#[derive(Debug, Default)]
struct OwnerLine {
    running: usize,
    served: u64,
    waiting: VecDeque<Ticket>,
}

#[derive(Debug)]
struct Ticket {
    number: u64,
    call: oneshot::Sender<Result<(), Full>>,
}

impl CallQueue {
    /// At most `places` at once and `queue` waiting.
    pub fn new(places: usize, queue: usize) -> Self {
        let share = places.saturating_sub(1).max(1);
        let state = QueueState { free: places, ..QueueState::default() };
        Self { state: Mutex::new(state), share, places, queue }
    }

    /// Whether at least `half` of the places are free and nobody waits: time for work that nobody waits for.
    pub fn is_quiet(&self) -> bool {
        let state = self.state();
        state.waiting == 0 && 2 * state.free >= self.places
    }

    /// Waits for a place.
    pub async fn enter(&self, owner: &str) -> Result<Slot<'_>, Full> {
        let place = |since| Slot { gate: self, owner: owner.to_owned(), since };
        let mut queued = {
            let mut state = self.state();
            let has_share = state.lines.get(owner).is_some_and(|line| line.running >= self.share);
            // A free place means that nobody who waits may have it.
            if state.free > 0 && !has_share {
                state.serve(owner);
                return Ok(place(Instant::now()));
            }
            self.queue(&mut state, owner)?
        };
        let called = (&mut queued.called).await;
        queued.answered = true;
        match called {
            Ok(Ok(())) => Ok(place(Instant::now())),
            Ok(Err(full)) => Err(full),
            Err(_) => Err(Full { retry_after: Duration::from_secs(1) }),
        }
    }

    fn queue(&self, state: &mut QueueState, owner: &str) -> Result<Queued<'_>, Full> {
        if state.waiting >= self.queue {
            let full = Full { retry_after: state.wait_for_all(self.places) };
            let own = state.lines.get(owner).map_or(0, |line| line.waiting.len());
            let longest = state.lines.values_mut().max_by_key(|line| line.waiting.len());
            // Otherwise two equally long lines would push each other out.
            let last = longest.filter(|line| line.waiting.len() > own + 1).and_then(|line| line.waiting.pop_back());
            let Some(last) = last else { return Err(full) };
            state.waiting -= 1;
            let _ = last.call.send(Err(full));
        }
        let (call, called) = oneshot::channel();
        state.counter += 1;
        state.waiting += 1;
        let number = state.counter;
        state.lines.entry(owner.to_owned()).or_default().waiting.push_back(Ticket { number, call });
        Ok(Queued { gate: self, owner: owner.to_owned(), number, called, answered: false })
    }

    fn leave(&self, owner: &str, held: Option<Duration>) {
        let mut state = self.state();
        state.free += 1;
        if let Some(line) = state.lines.get_mut(owner) {
            line.running = line.running.saturating_sub(1);
        }
        if let Some(held) = held {
            state.usual = (state.usual * 7 + held) / 8;
        }
        state.forget_if_idle(owner);
        state.call_next(self.share);
    }

    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl QueueState {
    fn serve(&mut self, owner: &str) {
        self.free -= 1;
        self.counter += 1;
        let line = self.lines.entry(owner.to_owned()).or_default();
        line.running += 1;
        line.served = self.counter;
    }

    fn call_next(&mut self, share: usize) {
        while self.free > 0 {
            let eligible = self.lines.iter().filter(|(_, line)| !line.waiting.is_empty() && line.running < share);
            // Of owners who were never served, or equally long ago, the one who came first.
            let turn = |line: &OwnerLine| (line.running, line.served, line.waiting.front().map(|ticket| ticket.number));
            let Some(owner) = eligible.min_by_key(|(_, line)| turn(line)).map(|(owner, _)| owner.clone()) else {
                return;
            };
            let ticket = self.lines.get_mut(&owner).and_then(|line| line.waiting.pop_front());
            self.waiting -= 1;
            // One that left in this moment is not served.
            if ticket.is_some_and(|ticket| ticket.call.send(Ok(())).is_ok()) {
                self.serve(&owner);
            } else {
                self.forget_if_idle(&owner);
            }
        }
    }

    fn forget_if_idle(&mut self, owner: &str) {
        if self.lines.get(owner).is_some_and(|line| line.running == 0 && line.waiting.is_empty()) {
            self.lines.remove(owner);
        }
    }

    /// How long those who wait will take, as things went lately; whole seconds, for people and for `Retry-After`.
    fn wait_for_all(&self, places: usize) -> Duration {
        let rounds = self.waiting / places.max(1) + 1;
        let seconds = self.usual.as_secs_f64() * f64::from(u32::try_from(rounds).unwrap_or(u32::MAX));
        Duration::from_secs_f64(seconds.ceil().clamp(1.0, 30.0))
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.gate.leave(&self.owner, Some(self.since.elapsed()));
    }
}

/// A place in the queue, given back on drop so that a caller who leaves does not hold it.
struct Queued<'a> {
    gate: &'a CallQueue,
    owner: String,
    number: u64,
    called: oneshot::Receiver<Result<(), Full>>,
    answered: bool,
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        if self.answered {
            return;
        }
        let mut state = self.gate.state();
        let QueueState { lines, waiting, .. } = &mut *state;
        let line = lines.get_mut(&self.owner);
        let place = line.and_then(|line| {
            let at = line.waiting.iter().position(|ticket| ticket.number == self.number)?;
            line.waiting.remove(at)
        });
        if place.is_some() {
            *waiting -= 1;
            state.forget_if_idle(&self.owner);
            return;
        }
        drop(state);
        // It was called already, and nobody will come.
        if matches!(self.called.try_recv(), Ok(Ok(()))) {
            self.gate.leave(&self.owner, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::pin::Pin;

    type Entering<'a> = Pin<Box<dyn Future<Output = Result<Slot<'a>, Full>> + 'a>>;

    /// Calls that wait, in the order of their coming.
    fn waiting<'a>(gate: &'a CallQueue, owners: &[&'a str]) -> Vec<Option<Entering<'a>>> {
        let enter = |owner: &&'a str| -> Entering<'a> { Box::pin(gate.enter(owner)) };
        owners
            .iter()
            .map(|owner| {
                let mut entering = enter(owner);
                assert!(entering.as_mut().now_or_never().is_none(), "{owner} need not wait");
                Some(entering)
            })
            .collect()
    }

    /// Who is called now; nobody else may be.
    fn called<'a>(calls: &mut [Option<Entering<'a>>]) -> Vec<(usize, Result<Slot<'a>, Full>)> {
        let poll = |(at, call): (usize, &mut Option<Entering<'a>>)| {
            let outcome = call.as_mut()?.as_mut().now_or_never()?;
            *call = None;
            Some((at, outcome))
        };
        calls.iter_mut().enumerate().filter_map(poll).collect()
    }

    #[tokio::test]
    async fn owners_take_turns_however_many_calls_one_of_them_has() {
        let gate = CallQueue::new(2, 64);
        let mut running = VecDeque::from([gate.enter("hog").await.unwrap()]);
        let mut calls = waiting(&gate, &["hog", "hog", "hog"]);
        running.push_back(gate.enter("a").now_or_never().expect("a place is left for others").unwrap());
        calls.extend(waiting(&gate, &["a", "b", "c", "b"]));
        let mut order = Vec::new();
        while let Some(place) = running.pop_front() {
            drop(place);
            for (at, outcome) in called(&mut calls) {
                order.push(at);
                running.push_back(outcome.unwrap());
            }
        }
        let owners: Vec<_> = order.iter().map(|at| ["hog", "hog", "hog", "a", "b", "c", "b"][*at]).collect();
        assert_eq!(owners, ["b", "c", "hog", "a", "b", "hog", "hog"]);
        assert!(gate.state().lines.is_empty(), "owners are forgotten");
        assert_eq!(gate.state().free, 2);
    }

    #[tokio::test]
    async fn one_owner_never_has_every_place() {
        let gate = CallQueue::new(4, 64);
        let mut running = Vec::new();
        for _ in 0..3 {
            running.push(gate.enter("hog").now_or_never().unwrap().unwrap());
        }
        let mut calls = waiting(&gate, &["hog"]);
        let other = gate.enter("other").now_or_never().expect("a place is left for others").unwrap();
        drop(other);
        assert!(called(&mut calls).is_empty(), "the hog has its share");
        running.pop();
        assert_eq!(called(&mut calls).len(), 1);
    }

    #[tokio::test]
    async fn a_full_queue_is_said_at_once_and_the_longest_line_makes_room() {
        let gate = CallQueue::new(1, 3);
        let running = gate.enter("a").await.unwrap();
        let mut calls = waiting(&gate, &["hog", "hog", "hog"]);
        let full = gate.enter("hog").now_or_never().unwrap().unwrap_err();
        assert!((1..=30).contains(&full.retry_after.as_secs()), "{full:?}");
        calls.extend(waiting(&gate, &["b"]));
        let out = called(&mut calls);
        assert!(matches!(&out[..], [(2, Err(_))]), "the newest call of the longest line goes: {out:?}");
        assert!(gate.enter("b").now_or_never().unwrap().is_err(), "lines as good as equal don't push each other out");
        drop(running);
        assert_eq!(called(&mut calls).len(), 1);
    }

    #[tokio::test]
    async fn who_leaves_the_queue_frees_the_place() {
        let gate = CallQueue::new(1, 1);
        let running = gate.enter("a").await.unwrap();
        let calls = waiting(&gate, &["a"]);
        assert!(gate.enter("b").now_or_never().unwrap().is_err());
        drop(calls);
        let calls = waiting(&gate, &["b"]);
        // Called, and gone before it noticed.
        drop(running);
        drop(calls);
        assert!(gate.enter("c").now_or_never().expect("the place was not given back").is_ok());
    }
}
