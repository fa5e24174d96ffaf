//! How many connections there are, of whom, and who gives way to whom.
//!
//! Connections never take what files, the database and tools need: all of them together have half of what the process may
//! open, those of one address a quarter of it at most. A newcomer that finds no place gets the one of whoever has waited
//! longest without asking for anything, of its own address if that has too many; else it is closed. So nobody keeps others
//! out by being silent.

use crate::http::{limits::Client, request::peer::Activity};
use futures_util::task::AtomicWaker;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::Context,
};

/// How many connections there may be, and who has them.
#[derive(Debug)]
pub(super) struct ConnectionSlots {
    pub each: usize,
    pub all: usize,
    taken: Mutex<SlotsTaken>,
}

#[derive(Debug, Default)]
struct SlotsTaken {
    all: usize,
    of: HashMap<Client, Of>,
    /// Connections that have asked for nothing yet, as far as anybody looked, in the order in which they came.
    silent: BTreeMap<u64, Arc<ConnectionSlot>>,
    next: u64,
}

/// The connections of one client.
#[derive(Debug, Default)]
struct Of {
    all: usize,
    /// Which of them are among [`SlotsTaken::silent`].
    silent: BTreeSet<u64>,
}

impl ConnectionSlots {
    /// Places for a process that may have so many descriptors.
    pub fn new(each: usize, descriptors: Option<u64>) -> Self {
        let descriptors = descriptors.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
        Self { each: each.min(descriptors / 4).max(1), all: (descriptors / 2).max(1), taken: Mutex::default() }
    }

    /// Takes the place of the connection that has been silent for longest.
    pub fn free_one(&self) {
        self.taken().free(None);
    }

    fn taken(&self) -> MutexGuard<'_, SlotsTaken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place, unless there is none for this client.
    pub fn admit(places: &Arc<Self>, client: Client, is_proxy: bool) -> Option<Admitted> {
        let mut taken = places.taken();
        let own = taken.of.get(&client).map_or(0, |of| of.all);
        if own >= places.each && !is_proxy && !taken.free(Some(client)) {
            return None;
        }
        if taken.all >= places.all && !taken.free(None) {
            return None;
        }
        let seat = Arc::new(ConnectionSlot { number: taken.next, client, ..ConnectionSlot::default() });
        taken.next += 1;
        taken.all += 1;
        let of = taken.of.entry(client).or_default();
        of.all += 1;
        of.silent.insert(seat.number);
        taken.silent.insert(seat.number, Arc::clone(&seat));
        Some(Admitted { seat, places: Arc::clone(places) })
    }
}

impl SlotsTaken {
    /// Takes the place of the connection that has been silent for longest, of one client or of all; false when there is none.
    fn free(&mut self, client: Option<Client>) -> bool {
        loop {
            let oldest = match client {
                Some(client) => self.of.get(&client).and_then(|of| of.silent.first()),
                None => self.silent.keys().next(),
            };
            let Some(seat) = oldest.copied().and_then(|number| self.speaks(number)) else { return false };
            if seat.activity.begun() == 0 {
                self.leave(&seat);
                seat.end();
                return true;
            }
        }
    }

    /// Takes a connection from among the silent ones.
    fn speaks(&mut self, number: u64) -> Option<Arc<ConnectionSlot>> {
        let seat = self.silent.remove(&number)?;
        if let Some(of) = self.of.get_mut(&seat.client) {
            of.silent.remove(&number);
        }
        Some(seat)
    }

    /// Counts a connection no more.
    fn leave(&mut self, seat: &ConnectionSlot) {
        if seat.left.swap(true, Ordering::SeqCst) {
            return;
        }
        self.speaks(seat.number);
        self.all = self.all.saturating_sub(1);
        if let Some(of) = self.of.get_mut(&seat.client) {
            of.all = of.all.saturating_sub(1);
            if of.all == 0 {
                self.of.remove(&seat.client);
            }
        }
    }
}

/// A connection as others see it.
#[derive(Debug)]
struct ConnectionSlot {
    number: u64,
    client: Client,
    activity: Arc<Activity>,
    /// It is not counted any more.
    left: AtomicBool,
    /// It gave its place to another one.
    ended: AtomicBool,
    reader: AtomicWaker,
}

impl Default for ConnectionSlot {
    fn default() -> Self {
        Self {
            number: 0,
            client: Client::Unknown,
            activity: Arc::default(),
            left: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            reader: AtomicWaker::new(),
        }
    }
}

impl ConnectionSlot {
    fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        self.reader.wake();
    }
}

/// A connection that is counted until it is gone.
pub(super) struct Admitted {
    seat: Arc<ConnectionSlot>,
    places: Arc<ConnectionSlots>,
}

impl Admitted {
    /// What goes on on the connection.
    pub fn activity(&self) -> &Arc<Activity> {
        &self.seat.activity
    }

    /// Whether the connection has to end; else whoever asks is woken when it has to.
    pub fn has_ended(&self, context: &Context<'_>) -> bool {
        self.seat.reader.register(context.waker());
        self.seat.ended.load(Ordering::SeqCst)
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.places.taken().leave(&self.seat);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(last: u8) -> Client {
        Client::at(Some([192, 0, 2, last].into()))
    }

    #[test]
    fn places_are_a_part_of_what_the_process_may_open() {
        for (asked, descriptors, each, all) in [
            (4_096, Some(1_024), 256, 512),
            (4_096, Some(20_000), 4_096, 10_000),
            (10, Some(1_024), 10, 512),
            (4_096, None, 4_096, usize::MAX / 2),
            (4_096, Some(2), 1, 1),
        ] {
            let places = ConnectionSlots::new(asked, descriptors);
            assert_eq!((places.each, places.all), (each, all), "{asked} {descriptors:?}");
        }
    }

    #[test]
    fn whoever_is_silent_gives_way_and_whoever_asked_for_something_stays() {
        let places = Arc::new(ConnectionSlots::new(3, Some(16)));
        let admit = |last| ConnectionSlots::admit(&places, at(last), false);
        let mut open: Vec<Admitted> = (0..3).filter_map(|_| admit(1)).collect();
        let asks = |admitted: &Admitted| Activity::begin(&admitted.seat.activity);
        let ended = |admitted: &Admitted| admitted.seat.ended.load(Ordering::SeqCst);
        let working = asks(&open[0]);
        open.push(admit(1).expect("the place of the second, which is silent"));
        assert_eq!(open.iter().map(ended).collect::<Vec<_>>(), [false, true, false, false]);
        for admitted in &open {
            drop(asks(admitted));
        }
        assert!(admit(1).is_none(), "all of this address have asked for something");
        // Others find theirs, up to what all may have: then the one of all that was silent for longest gives way.
        open.extend((2..=6).filter_map(admit));
        assert_eq!(places.taken().all, 8);
        open.push(admit(99).expect("a silent one's place"));
        assert!(ended(&open[4]) && !ended(&open[5]));
        drop((open, working));
        let taken = places.taken();
        assert_eq!((taken.all, taken.of.len(), taken.silent.len()), (0, 0, 0), "{taken:?}");
    }

    #[test]
    fn a_proxy_that_is_trusted_has_as_many_as_there_are() {
        let places = Arc::new(ConnectionSlots::new(2, Some(8)));
        let open: Vec<Admitted> = (0..4).filter_map(|_| ConnectionSlots::admit(&places, at(1), true)).collect();
        open.iter().for_each(|admitted| drop(Activity::begin(&admitted.seat.activity)));
        assert_eq!(open.len(), 4);
        assert!(ConnectionSlots::admit(&places, at(1), true).is_none(), "files, the database and tools have the rest");
    }
}
