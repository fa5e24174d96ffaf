//! The events that were committed last, in memory: whoever follows a conversation reads from here what it is told of, and
//! the database is asked for what lies further back.
//!
//! The promise: what is given is the log, without gaps; where something is missing (another node wrote it, it was too large, it
//! was long ago) nothing is given. All of it together is small, and what is old makes place.

use super::Store;
use omega_core::{event::Envelope, id::ConversationId};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Bytes of all of it, as JSON.
const MOST_BYTES: usize = 2 << 20;
/// Bytes of one event.
const LARGEST: usize = 32 << 10;

#[derive(Debug, Clone, Default)]
pub(super) struct Recent(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    of: HashMap<ConversationId, VecDeque<KeptEvent>>,
    /// The oldest first.
    order: VecDeque<(ConversationId, u64)>,
    bytes: usize,
}

#[derive(Debug)]
struct KeptEvent {
    seq: u64,
    bytes: usize,
    event: Arc<Envelope>,
}

/// An event that is written and not committed yet.
#[derive(Debug)]
pub(super) struct Written {
    pub seq: u64,
    /// Of its JSON.
    pub bytes: usize,
    pub event: Envelope,
}

impl Recent {
    /// Keeps what was committed.
    pub fn put(&self, conversation: ConversationId, written: Vec<Written>) {
        let mut kept = self.kept();
        for Written { seq, bytes, event } in written {
            if bytes > LARGEST {
                continue;
            }
            let events = kept.of.entry(conversation).or_default();
            // Two commits of one conversation may come here in the other order.
            let at = events.partition_point(|known| known.seq < seq);
            events.insert(at, KeptEvent { seq, bytes, event: Arc::new(event) });
            kept.order.push_back((conversation, seq));
            kept.bytes += bytes;
        }
        while kept.bytes > MOST_BYTES {
            kept.forget_oldest();
        }
    }

    /// The events after one, to the last that is known; nothing where one is missing.
    pub fn after(&self, conversation: ConversationId, after: u64) -> Option<Vec<Arc<Envelope>>> {
        let kept = self.kept();
        let events = kept.of.get(&conversation)?;
        let from = events.partition_point(|known| known.seq <= after);
        let follows = |(known, seq): (&KeptEvent, u64)| (known.seq == seq).then(|| Arc::clone(&known.event));
        let next = events.range(from..).zip(after + 1..).map(follows).collect::<Option<Vec<_>>>()?;
        (!next.is_empty()).then_some(next)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// What this process committed after `after`, as far as it is known without asking the database: the log from there on
    /// without gaps, though another process may have written more. For the feed, as [`Store::events_after`] is.
    pub fn recent_events(&self, conversation: ConversationId, after: u64) -> Option<Vec<Arc<Envelope>>> {
        self.recent.after(conversation, after)
    }
}

impl Kept {
    fn forget_oldest(&mut self) {
        let Some((conversation, seq)) = self.order.pop_front() else {
            self.bytes = 0;
            return;
        };
        let Some(events) = self.of.get_mut(&conversation) else { return };
        if let Some(at) = events.iter().position(|known| known.seq == seq)
            && let Some(gone) = events.remove(at)
        {
            self.bytes = self.bytes.saturating_sub(gone.bytes);
        }
        if events.is_empty() {
            self.of.remove(&conversation);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use omega_core::{
        api::Timestamp,
        event::{Event, VERSION},
    };

    fn written(conversation: ConversationId, seq: u64, bytes: usize) -> Written {
        let event = Event::RunCancelRequested {};
        let event = Envelope {
            v: VERSION,
            seq: Some(seq),
            conversation_id: conversation,
            run_id: None,
            at: Timestamp(0),
            event,
        };
        Written { seq, bytes, event }
    }

    #[test]
    fn what_is_given_is_the_log_without_gaps_or_nothing() {
        let (recent, one, other) = (Recent::default(), ConversationId::new(), ConversationId::new());
        let seqs = |of, after| {
            let events = recent.after(of, after)?;
            Some(events.iter().map(|event| event.seq.unwrap()).collect::<Vec<_>>())
        };
        assert_eq!(seqs(one, 0), None);
        recent.put(one, vec![written(one, 3, 10), written(one, 4, 10)]);
        recent.put(other, vec![written(other, 1, 10)]);
        // Committed before, and told after.
        recent.put(one, vec![written(one, 6, 10)]);
        assert_eq!((seqs(one, 2), seqs(one, 5)), (None, Some(vec![6])), "what lies between is not known");
        recent.put(one, vec![written(one, 5, 10)]);
        assert_eq!((seqs(one, 2), seqs(one, 4)), (Some(vec![3, 4, 5, 6]), Some(vec![5, 6])));
        assert_eq!((seqs(one, 1), seqs(one, 0)), (None, None), "the log begins before what is known");
        assert_eq!(seqs(one, 6), None, "nothing is known of what comes next");
        assert_eq!((seqs(other, 0), seqs(other, 1)), (Some(vec![1]), None));
        // One that is too large is a gap.
        recent.put(one, vec![written(one, 7, LARGEST + 1), written(one, 8, 10)]);
        assert_eq!((seqs(one, 5), seqs(one, 7)), (None, Some(vec![8])));
    }

    #[test]
    fn all_of_it_is_small_and_the_oldest_makes_place() {
        let recent = Recent::default();
        let conversations: Vec<ConversationId> = (0..50).map(|_| ConversationId::new()).collect();
        for seq in 1..=40 {
            for conversation in &conversations {
                recent.put(*conversation, vec![written(*conversation, seq, 2_000)]);
                assert!(recent.kept().bytes <= MOST_BYTES);
            }
        }
        let last = conversations[49];
        assert_eq!(recent.after(last, 0), None);
        let known = recent.after(last, 38).unwrap();
        assert_eq!(known.iter().map(|event| event.seq).collect::<Vec<_>>(), [Some(39), Some(40)]);
        let kept = recent.kept();
        let all: usize = kept.of.values().map(VecDeque::len).sum();
        assert_eq!((all, kept.bytes), (kept.order.len(), kept.order.len() * 2_000));
        assert!(all > 1_000, "{all}");
    }
}
