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

use crate::store::Committed;

/// A message while it streams.
#[derive(Debug, Clone)]
pub struct LiveMessage {
    /// Its run.
    pub run: RunId,
    /// The message.
    pub id: MessageId,
    /// Readers who have not seen this event don't know the message yet.
    pub since: u64,
    /// The text so far; text and reasoning only.
    pub parts: Vec<Part>,
}

/// The newest partial output of a tool that works.
#[derive(Debug, Clone)]
pub struct LivePartial {
    /// Its run.
    pub run: RunId,
    /// The tool run.
    pub id: ToolRunId,
    /// Counts the partial outputs, from 1.
    pub number: u64,
    /// The output so far.
    pub output: Value,
}

/// What streams in one conversation.
#[derive(Debug, Default)]
pub struct Live {
    /// Messages that stream.
    pub messages: Vec<LiveMessage>,
    /// Partial outputs.
    pub partials: Vec<LivePartial>,
}

/// One conversation's news.
#[derive(Debug)]
pub struct Channel {
    committed: AtomicU64,
    live: Mutex<Live>,
    news: watch::Sender<()>,
}

impl Channel {
    fn new() -> Self {
        Self { committed: AtomicU64::new(0), live: Mutex::default(), news: watch::Sender::new(()) }
    }

    /// Resolves after the next news.
    pub fn subscribe(&self) -> watch::Receiver<()> {
        self.news.subscribe()
    }

    /// The newest event that this node has committed since it knows the conversation.
    pub fn committed(&self) -> u64 {
        self.committed.load(Ordering::Acquire)
    }

    /// Reads what streams.
    pub fn live(&self) -> MutexGuard<'_, Live> {
        // A panic while the text was appended leaves it readable.
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins (or begins again) a streaming message.
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

    /// Replaces a tool's partial output.
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

    /// Wakes the readers of a conversation after a commit.
    pub fn committed(&self, committed: Committed) {
        let known = {
            let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
            channels.get(&committed.conversation).and_then(Weak::upgrade)
        };
        if let Some(channel) = known {
            channel.committed.fetch_max(committed.last_seq, Ordering::AcqRel);
            channel.news.send_replace(());
        }
    }
}
