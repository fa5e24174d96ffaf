//! Who is waiting for news of which conversation, and the text that streams right now.
//!
//! Nothing is queued for a reader: it holds a cursor and reads what it lacks when it is woken. So a slow reader costs two
//! integers, never blocks a writer and never loses anything (`runs.md` 4).

use omega_core::{
    api::Part,
    id::{ConversationId, MessageId, RunId, ToolRunId},
    model::ModelEvent,
};
use serde_json::Value;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::watch;

use crate::store::{Committed, DeltaProgress, Lease, NewDelta, StepStart, StoredDelta};

/// A message while it streams.
#[derive(Debug, Clone)]
pub struct LiveMessage {
    pub run: RunId,
    pub id: MessageId,
    /// Readers who have not seen this event don't know the message yet.
    pub since: u64,
    /// The text so far; text and reasoning only.
    pub parts: Vec<Part>,
    /// How it is written, when it streams on this node; `None` when it is read from another one.
    pub own: Option<Own>,
}

/// What only the node that writes a message knows.
#[derive(Debug, Clone)]
pub struct Own {
    /// The right to write.
    pub lease: Lease,
    pub step: u32,
    pub attempt: u32,
    /// Bytes of each part that are in the database.
    pub flushed: Vec<usize>,
}

impl LiveMessage {
    /// A message that begins to stream on this node.
    pub fn begun(lease: Lease, step: &StepStart) -> Self {
        let own = Own { lease, step: step.number, attempt: step.attempt, flushed: Vec::new() };
        Self { run: lease.run, id: step.message, since: step.since, parts: Vec::new(), own: Some(own) }
    }
}

/// The newest partial output of a tool that works.
#[derive(Debug, Clone)]
pub struct LivePartial {
    pub run: RunId,
    pub id: ToolRunId,
    /// Counts the partial outputs, from 1.
    pub number: u64,
    /// The output so far.
    pub output: Value,
}

/// What streams in one conversation.
#[derive(Debug, Default)]
pub struct Live {
    pub messages: Vec<LiveMessage>,
    pub partials: Vec<LivePartial>,
    /// Text of another node that began before this event is void: it may arrive after its end.
    ended: u64,
}

#[derive(Debug)]
pub struct Channel {
    committed: AtomicU64,
    /// Grows when news may have been missed.
    invalidations: AtomicU64,
    live: Mutex<Live>,
    news: watch::Sender<()>,
    commits: watch::Sender<()>,
}

impl Channel {
    fn new() -> Self {
        Self {
            committed: AtomicU64::new(0),
            invalidations: AtomicU64::new(0),
            live: Mutex::default(),
            news: watch::Sender::new(()),
            commits: watch::Sender::new(()),
        }
    }

    /// Resolves after the next news.
    pub fn subscribe(&self) -> watch::Receiver<()> {
        self.news.subscribe()
    }

    /// Resolves after the next commit, or when one may have been missed.
    pub fn subscribe_to_commits(&self) -> watch::Receiver<()> {
        self.commits.subscribe()
    }

    fn tell_of_commit(&self) {
        self.commits.send_replace(());
        self.news.send_replace(());
    }

    /// The newest event that this node has committed since it knows the conversation.
    pub fn committed(&self) -> u64 {
        self.committed.load(Ordering::Acquire)
    }

    /// Changes when news may have been missed: then a reader looks into the table, whatever it was told.
    pub fn invalidations(&self) -> u64 {
        self.invalidations.load(Ordering::Acquire)
    }

    pub fn live(&self) -> MutexGuard<'_, Live> {
        // A panic while the text was appended leaves it readable.
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn begin(&self, message: LiveMessage) {
        let mut live = self.live();
        live.messages.retain(|known| known.id != message.id);
        live.messages.push(message);
    }

    /// Adds a piece of text or reasoning.
    pub fn append(&self, id: MessageId, event: &ModelEvent) {
        let (new, reasoning) = match event {
            ModelEvent::Text(text) => (text, false),
            ModelEvent::Reasoning(text) => (text, true),
            _ => return,
        };
        let mut live = self.live();
        let Some(message) = live.messages.iter_mut().find(|message| message.id == id) else { return };
        match (message.parts.last_mut(), reasoning) {
            (Some(Part::Text { text }), false) | (Some(Part::Reasoning { text }), true) => text.push_str(new),
            (_, false) => message.parts.push(Part::Text { text: new.clone() }),
            (_, true) => message.parts.push(Part::Reasoning { text: new.clone() }),
        }
        drop(live);
        self.news.send_replace(());
    }

    /// The text of a message so far.
    pub fn parts(&self, id: MessageId) -> Vec<Part> {
        self.live()
            .messages
            .iter()
            .find(|message| message.id == id)
            .map(|message| message.parts.clone())
            .unwrap_or_default()
    }

    /// Whether a message streams on this node.
    pub fn is_own(&self, id: MessageId) -> bool {
        self.live().messages.iter().any(|message| message.id == id && message.own.is_some())
    }

    /// How much is known of the text that another node writes.
    pub fn known(&self, conversation: ConversationId) -> DeltaProgress {
        let live = self.live();
        let text = live.messages.iter().rev().find(|message| message.own.is_none()).map(|message| {
            let last = message.parts.len().saturating_sub(1);
            let bytes = message.parts.last().map_or(0, |part| text_of(part).len());
            (message.id, message.since, u32::try_from(last).unwrap_or(u32::MAX), bytes as u64)
        });
        DeltaProgress { conversation, text }
    }

    /// Adds text that another node wrote. `false` when something before it is missing.
    pub fn fold(&self, chunk: &StoredDelta) -> bool {
        let mut live = self.live();
        if chunk.since < live.ended {
            return true;
        }
        match live.messages.iter().find(|message| message.id == chunk.message) {
            // This node writes it itself, or knows of a later beginning.
            Some(known) if known.own.is_some() || known.since > chunk.since => return true,
            Some(known) if known.since == chunk.since => {}
            _ => {
                // One message of a conversation streams at a time.
                live.messages.retain(|known| known.own.is_some());
                live.messages.push(LiveMessage {
                    run: chunk.run,
                    id: chunk.message,
                    since: chunk.since,
                    parts: Vec::new(),
                    own: None,
                });
            }
        }
        let Some(message) = live.messages.iter_mut().find(|message| message.id == chunk.message) else { return true };
        let index = chunk.part as usize;
        if index == message.parts.len() {
            let text = String::new();
            message.parts.push(if chunk.reasoning { Part::Reasoning { text } } else { Part::Text { text } });
        }
        let Some(Part::Text { text } | Part::Reasoning { text }) = message.parts.get_mut(index) else { return false };
        let Some(overlap) = (text.len() as u64).checked_sub(chunk.offset) else { return false };
        let new = usize::try_from(overlap).ok().and_then(|overlap| chunk.text.get(overlap..)).unwrap_or_default();
        text.push_str(new);
        drop(live);
        self.news.send_replace(());
        true
    }

    /// Forgets text of another node that began before an event which ended it, or began it anew.
    pub fn end_before(&self, seq: u64) {
        let mut live = self.live();
        live.ended = live.ended.max(seq);
        live.messages.retain(|message| message.own.is_some() || message.since >= seq);
    }

    /// Forgets what streamed for a run that this node works on no more.
    pub fn forget_run(&self, run: RunId) {
        let mut live = self.live();
        live.messages.retain(|message| message.run != run);
        live.partials.retain(|partial| partial.run != run);
    }

    /// Forgets what another node wrote for a run that has ended.
    pub fn end_run(&self, run: RunId) {
        self.live().messages.retain(|message| message.own.is_some() || message.run != run);
    }

    pub fn partial(&self, run: RunId, id: ToolRunId, output: Value) {
        let mut live = self.live();
        match live.partials.iter_mut().find(|partial| partial.id == id) {
            Some(partial) => {
                partial.number += 1;
                partial.output = output;
            }
            None => live.partials.push(LivePartial { run, id, number: 1, output }),
        }
        drop(live);
        self.news.send_replace(());
    }

    /// Forgets what streamed for a message that is committed now, or given up.
    pub fn forget_message(&self, id: MessageId) {
        self.live().messages.retain(|message| message.id != id);
    }

    /// Forgets the partial output of a tool that is done.
    pub fn forget_tool(&self, id: ToolRunId) {
        self.live().partials.retain(|partial| partial.id != id);
    }
}

/// All conversations that somebody works on or watches.
#[derive(Debug, Default)]
pub struct Hub {
    channels: Mutex<HashMap<ConversationId, Weak<Channel>>>,
}

impl Hub {
    /// The channel of a conversation; it lives as long as somebody holds it.
    pub fn channel(&self, conversation: ConversationId) -> Arc<Channel> {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(channel) = channels.get(&conversation).and_then(Weak::upgrade) {
            return channel;
        }
        if channels.len() > 1024 {
            channels.retain(|_, channel| channel.strong_count() > 0);
        }
        let channel = Arc::new(Channel::new());
        channels.insert(conversation, Arc::downgrade(&channel));
        channel
    }

    /// The channel of a conversation that somebody here works on or watches.
    pub fn known(&self, conversation: ConversationId) -> Option<Arc<Channel>> {
        let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        channels.get(&conversation).and_then(Weak::upgrade)
    }

    fn all(&self) -> Vec<Arc<Channel>> {
        let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        channels.values().filter_map(Weak::upgrade).collect()
    }

    /// Wakes the readers of a conversation after a commit.
    pub fn committed(&self, committed: Committed) {
        if let Some(channel) = self.known(committed.conversation) {
            channel.committed.fetch_max(committed.last_seq, Ordering::AcqRel);
            channel.tell_of_commit();
        }
    }

    /// Wakes every reader: something other than the log is to be looked at.
    pub fn wake_all(&self) {
        self.all().iter().for_each(|channel| channel.tell_of_commit());
    }

    /// Makes every reader look into the table: news may have been missed.
    pub fn invalidate(&self) {
        for channel in self.all() {
            channel.invalidations.fetch_add(1, Ordering::AcqRel);
            channel.tell_of_commit();
        }
    }

    /// The text that streams here and is not in the database yet.
    pub fn unflushed(&self) -> Vec<NewDelta> {
        let mut pieces = Vec::new();
        for channel in self.all() {
            let live = channel.live();
            for (message, own) in live.messages.iter().filter_map(|message| Some((message, message.own.as_ref()?))) {
                for (index, part) in message.parts.iter().enumerate() {
                    let flushed = own.flushed.get(index).copied().unwrap_or(0);
                    let Some(new) = text_of(part).get(flushed..).filter(|new| !new.is_empty()) else { continue };
                    pieces.push(NewDelta {
                        lease: own.lease,
                        message: message.id,
                        step: own.step,
                        attempt: own.attempt,
                        since: message.since,
                        part: u32::try_from(index).unwrap_or(u32::MAX),
                        reasoning: matches!(part, Part::Reasoning { .. }),
                        offset: flushed as u64,
                        text: new.to_owned(),
                    });
                }
            }
        }
        pieces
    }

    /// Notes that a piece is in the database.
    pub fn flushed(&self, piece: &NewDelta) {
        let Some(channel) = self.known(piece.lease.conversation) else { return };
        let mut live = channel.live();
        let message = live.messages.iter_mut().find(|known| known.id == piece.message && known.since == piece.since);
        if let Some(own) = message.and_then(|message| message.own.as_mut()) {
            let index = piece.part as usize;
            if own.flushed.len() <= index {
                own.flushed.resize(index + 1, 0);
            }
            own.flushed[index] = usize::try_from(piece.offset).unwrap_or(0) + piece.text.len();
        }
    }
}

pub(super) fn text_of(part: &Part) -> &str {
    match part {
        Part::Text { text } | Part::Reasoning { text } => text,
        Part::ToolCall { .. } => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(message: MessageId, since: u64, part: u32, offset: u64, text: &str) -> StoredDelta {
        StoredDelta {
            conversation: ConversationId(uuid::Uuid::nil()),
            run: RunId(uuid::Uuid::nil()),
            message,
            since,
            part,
            reasoning: part == 0,
            offset,
            text: text.into(),
        }
    }

    #[test]
    fn text_of_another_node_adds_up_by_its_offsets_and_ends_with_its_message() {
        let (channel, message) = (Channel::new(), MessageId::new());
        let texts = || channel.parts(message).iter().map(|part| text_of(part).to_owned()).collect::<Vec<_>>();
        assert!(channel.fold(&chunk(message, 3, 0, 0, "hm")));
        assert!(channel.fold(&chunk(message, 3, 1, 0, "wör")));
        // Twice, overlapping, and with a gap.
        assert!(channel.fold(&chunk(message, 3, 1, 0, "wör")));
        assert!(channel.fold(&chunk(message, 3, 1, 0, "wörter")));
        assert!(!channel.fold(&chunk(message, 3, 1, 9, "x")));
        assert!(!channel.fold(&chunk(message, 3, 3, 0, "x")));
        assert_eq!(texts(), ["hm", "wörter"]);
        let known = channel.known(ConversationId(uuid::Uuid::nil()));
        assert_eq!(known.text, Some((message, 3, 1, 7)));
        // It begins anew, and what is left of the first try is ignored.
        assert!(channel.fold(&chunk(message, 5, 0, 0, "again")));
        assert!(channel.fold(&chunk(message, 3, 1, 7, " alt")));
        assert_eq!(texts(), ["again"]);
        channel.end_before(6);
        assert!(channel.fold(&chunk(message, 5, 0, 5, " late")));
        assert_eq!(texts(), Vec::<String>::new());
    }
}
