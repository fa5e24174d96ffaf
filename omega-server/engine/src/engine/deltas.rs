//! Text that streams on one node, for readers on another (PostgreSQL only).
//!
//! The node that writes a message flushes what is new of all its messages in one transaction four times a second, and
//! hints. A node with readers reads the rows into the same channel from which it serves text of its own, so that a reader
//! does not know where its text comes from; offsets make it exact.
//!
//! On SQLite nothing is flushed, since nobody could read it: the database belongs to this process, whose readers have the
//! memory, and after a crash the model is asked again and the text is void. A tool's partial outputs stay on their node
//! too: they are large and replace each other, and the outcome is an event that everybody gets.

use super::{Engine, node_notify::Hint};
use crate::{
    domain::guest_view::{GuestView, readable},
    observe::metrics::{EVENT_FLUSH, EVENT_FLUSH_BATCH},
    store::{DeltaProgress, Result, access::Access},
};
use omega_core::{
    api::{Message, MessageStatus, Part},
    id::ConversationId,
};
use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

const FLUSH: Duration = Duration::from_millis(250);

impl Engine {
    /// Writes the text that streams here until the process ends.
    pub(super) async fn flush_loop(self) {
        let mut ticks = tokio::time::interval(FLUSH);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let pieces = self.inner.hub.unflushed();
            if pieces.is_empty() {
                continue;
            }
            let began = Instant::now();
            let put = self.inner.store.put_chunks(&pieces).await;
            EVENT_FLUSH.observe([], began.elapsed().as_secs_f64());
            #[allow(clippy::cast_precision_loss, reason = "a number of pieces")]
            EVENT_FLUSH_BATCH.observe([], pieces.len() as f64);
            match put {
                Ok(written) => {
                    let written: HashSet<_> = written.into_iter().collect();
                    for piece in pieces.iter().filter(|p| written.contains(&(p.message, p.part, p.offset))) {
                        self.inner.hub.flushed(piece);
                        self.inner.wake.tell(Hint::Text(piece.lease.conversation));
                    }
                }
                Err(error) => tracing::debug!(event = "text.not_flushed", %error),
            }
        }
    }

    /// Reads the text that streams elsewhere, for the readers here, until the process ends.
    pub(super) async fn fetch_loop(self) {
        loop {
            let wanted = self.inner.wake.wanted().await;
            if let Err(error) = self.fetch(wanted).await {
                // The next hint, or a reader's own look, asks again.
                tracing::debug!(event = "text.not_read", %error);
            }
        }
    }

    async fn fetch(&self, wanted: HashSet<ConversationId>) -> Result<()> {
        let watched: HashMap<_, _> = wanted.iter().filter_map(|id| Some((*id, self.inner.hub.known(*id)?))).collect();
        let mut known: Vec<DeltaProgress> = watched.iter().map(|(id, channel)| channel.known(*id)).collect();
        // What does not join on is read from the beginning.
        for _ in 0..2 {
            let mut gaps = HashSet::new();
            for chunk in self.inner.store.chunks(&known).await? {
                if watched.get(&chunk.conversation).is_some_and(|channel| !channel.fold(&chunk)) {
                    gaps.insert(chunk.conversation);
                }
            }
            if gaps.is_empty() {
                break;
            }
            known = gaps.into_iter().map(|conversation| DeltaProgress { conversation, text: None }).collect();
        }
        Ok(())
    }

    /// Fills in the text so far of messages that stream, wherever that is.
    pub(super) async fn fill_streaming(&self, access: &Access, messages: &mut [Message]) -> Result<()> {
        let conversation = access.conversation();
        let channel = self.inner.hub.channel(conversation);
        for message in messages.iter_mut().filter(|message| message.status == MessageStatus::Streaming) {
            if !channel.is_own(message.id) {
                for chunk in self.inner.store.chunks(&[DeltaProgress { conversation, text: None }]).await? {
                    channel.fold(&chunk);
                }
            }
            message.parts = channel.parts(message.id);
            if !access.is_owner() {
                // The rest of a placeholder may be still to come.
                for part in &mut message.parts {
                    if let Part::Text { text } | Part::Reasoning { text } = part {
                        text.truncate(readable(text).len());
                    }
                }
                message.for_guest();
            }
            message.content = Message::text_of(&message.parts);
        }
        Ok(())
    }
}
