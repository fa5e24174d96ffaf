//! What one reader of a conversation gets: the events after its cursor, then the text that streams, then news as it comes.

use super::{
    Inner,
    capacity::Seat,
    hub::{Channel, text_of},
    node_notify::NodeNotify,
};
use crate::{
    domain::guest_view::readable,
    observe::metrics::SSE_DELIVERY_LAG,
    store::{Database, Result, Store, access::Access},
};
use omega_core::{
    api::{Message, Part, Timestamp},
    deadline::Deadline,
    event::{Envelope, Event, VERSION},
    id::{ConversationId, MessageId, RunId, ToolRunId},
};
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// Events read at once.
const BATCH: u32 = 256;
/// How long an owner whose user was disabled may read on.
const OWNERS_ASKED: Duration = Duration::from_secs(10);
/// Text that comes sooner than this after text waits for more, and goes out with it. A model that writes faster than two hundred
/// pieces a second costs no write for each of them; slower ones never wait.
const TOGETHER: Duration = Duration::from_millis(5);
/// What a reader wants of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The events after this one.
    pub after: u64,
    /// Only this run's events; the reading ends with the run, or where the run waits for a person.
    pub only: Option<RunId>,
    /// Also the text and the outputs that are not whole yet.
    pub deltas: bool,
}

pub struct Feed {
    store: Store,
    channel: Arc<Channel>,
    news: watch::Receiver<()>,
    commits: watch::Receiver<()>,
    /// When this reader was given text last.
    streamed: Option<tokio::time::Instant>,
    stopping: watch::Receiver<bool>,
    wake: NodeNotify,
    /// When to look without being told.
    look: Deadline,
    invalidations: u64,
    /// Counted among the readers as long as it reads.
    _seat: Seat,
    access: Access,
    /// When the access was last looked at.
    asked: Instant,
    conversation: ConversationId,
    cursor: u64,
    only: Option<RunId>,
    deltas: bool,
    /// Text that this reader has, by message and part: the event since which it counts, and bytes.
    have: HashMap<(MessageId, u32), (u64, usize)>,
    partials: HashMap<ToolRunId, u64>,
    ready: VecDeque<Envelope>,
    caught_up: bool,
    /// The run that this reader follows waits for a person, by the last event of it.
    paused: bool,
    ended: bool,
}

impl Feed {
    pub(super) fn new(engine: &Inner, seat: Seat, access: Access, wanted: Wanted) -> Self {
        let Wanted { after: cursor, only, deltas } = wanted;
        let conversation = access.conversation();
        let channel = engine.hub.channel(conversation);
        // Subscribed before the first read: what is committed in between wakes it again.
        let news = if deltas { channel.subscribe() } else { channel.subscribe_to_commits() };
        // What streams on another node already.
        if deltas {
            engine.wake.fetch(conversation);
        }
        Self {
            store: engine.store.clone(),
            invalidations: channel.invalidations(),
            commits: channel.subscribe_to_commits(),
            streamed: None,
            channel,
            news,
            stopping: engine.stopping.subscribe(),
            wake: engine.wake.clone(),
            look: Deadline::after(engine.wake.poll()),
            _seat: seat,
            access,
            asked: Instant::now(),
            conversation,
            cursor,
            only,
            deltas,
            have: HashMap::new(),
            partials: HashMap::new(),
            ready: VecDeque::new(),
            caught_up: false,
            paused: false,
            ended: false,
        }
    }

    /// The next frame. `None` when the run ended (for a reader of one run) or the server stops.
    ///
    /// # Errors
    /// When the database fails; the reader should come back with its cursor.
    ///
    /// Safe to be given up and called again: what was not given stays.
    pub async fn next(&mut self) -> Result<Option<Envelope>> {
        let mut is_told = false;
        loop {
            if let Some(envelope) = self.ready.pop_front() {
                return Ok(Some(envelope));
            }
            if self.ended {
                return Ok(None);
            }
            is_told |= self.news.has_changed().unwrap_or(true);
            self.news.borrow_and_update();
            self.commits.borrow_and_update();
            self.read().await?;
            if self.ready.is_empty() && self.deltas {
                let until = self.streamed.map(|at| at + TOGETHER).filter(|until| *until > tokio::time::Instant::now());
                if let Some(until) = until.filter(|_| is_told && !self.ended) {
                    self.look.set(until);
                    // What is committed does not wait.
                    if let Some(Err(_)) = self.look.bounds(self.commits.changed()).await {
                        self.ended = true;
                    }
                    continue;
                }
                self.stream();
                if !self.ready.is_empty() {
                    self.streamed = Some(tokio::time::Instant::now());
                }
            }
            if !self.ready.is_empty() || self.ended {
                continue;
            }
            if self.paused && self.caught_up {
                // Whoever answers follows it anew.
                self.ended = true;
                continue;
            }
            if *self.stopping.borrow() {
                self.ended = true;
                self.push(None, Event::Draining {});
                continue;
            }
            self.look.set(tokio::time::Instant::now() + self.wake.poll());
            match self.look.bounds(self.news.changed()).await {
                Some(Ok(())) => is_told = true,
                Some(Err(_)) => self.ended = true,
                None => {
                    self.caught_up = false;
                    self.wake.fetch(self.conversation);
                }
            }
        }
    }

    /// What came together with the frame that [`Feed::next`] gave last.
    pub fn also(&mut self) -> Option<Envelope> {
        self.ready.pop_front()
    }

    /// Reads committed events after the cursor.
    async fn read(&mut self) -> Result<()> {
        let invalidations = self.channel.invalidations();
        if self.caught_up && self.channel.committed() <= self.cursor && self.invalidations == invalidations {
            return Ok(());
        }
        let recent = self.recent(invalidations);
        if self.invalidations != invalidations {
            // A hint of new text may have been among what was missed.
            self.invalidations = invalidations;
            self.wake.fetch(self.conversation);
        }
        let (events, is_all) = match recent {
            Some(events) => (events.into_iter().map(Arc::unwrap_or_clone).collect(), true),
            None => {
                let events = self.store.events_after(self.conversation, self.cursor, BATCH).await?;
                let is_all = events.len() < BATCH as usize;
                (events, is_all)
            }
        };
        self.store.kept().await?;
        // After the reading: what was committed when the reader was out already is not theirs.
        if !self.is_let_in().await? {
            self.ended = true;
            return Ok(());
        }
        let is_live = self.caught_up;
        self.caught_up = is_all;
        for envelope in events {
            if is_live {
                #[allow(clippy::cast_precision_loss, reason = "milliseconds of a delay")]
                SSE_DELIVERY_LAG.observe([], self.store.now().millis_since(envelope.at) as f64 / 1000.0);
            }
            let envelope = self.access.show(envelope);
            self.cursor = envelope.seq.unwrap_or(self.cursor);
            match &envelope.event {
                Event::MessageCompleted { .. } | Event::MessageReset { .. } => self.channel.end_before(self.cursor),
                event if event.is_terminal() => envelope.run_id.into_iter().for_each(|run| self.channel.end_run(run)),
                _ => {}
            }
            if self.ended || self.only.is_some_and(|run| envelope.run_id != Some(run)) {
                continue;
            }
            self.ended = self.only.is_some() && envelope.event.is_terminal();
            self.paused = match &envelope.event {
                Event::RunRequiresAction { .. } => self.only.is_some(),
                Event::ApprovalDecided { .. } => self.paused,
                _ => false,
            };
            match &envelope.event {
                // The text begins anew: what this reader had of it is void.
                Event::StepStarted { message_id, .. } | Event::MessageReset { message_id, .. } => {
                    let message = *message_id;
                    self.have.retain(|(known, _), _| *known != message);
                }
                Event::MessageCompleted { message } if self.deltas => self.rest(envelope.run_id, message),
                _ => {}
            }
            self.ready.push_back(envelope);
        }
        Ok(())
    }

    /// What this process committed after the cursor, where that is all there is.
    fn recent(&self, invalidations: u64) -> Option<Vec<Arc<Envelope>>> {
        // Read first: what is told of later wakes the reader again.
        let committed = self.channel.committed();
        let alone = self.store.database() == Database::Sqlite;
        if self.invalidations != invalidations || !(alone || self.caught_up) {
            return None;
        }
        let events = self.store.recent_events(self.conversation, self.cursor)?;
        events.last().and_then(|event| event.seq).filter(|last| *last >= committed)?;
        Some(events)
    }

    /// Whether the reader may read on. Guests are asked for whenever something was committed, since it may have been that
    /// they are out; owners now and then.
    async fn is_let_in(&mut self) -> Result<bool> {
        if self.access.is_owner() && self.asked.elapsed() < OWNERS_ASKED {
            return Ok(true);
        }
        self.asked = Instant::now();
        self.access.holds(&self.store).await
    }

    /// The text of a whole message that this reader lacks, ahead of the message: whoever only adds deltas up has all of it,
    /// however fast it was written.
    fn rest(&mut self, run: Option<RunId>, message: &Message) {
        for (index, part) in message.parts.iter().enumerate() {
            let part_index = u32::try_from(index).unwrap_or(u32::MAX);
            let (_, had) = self.have.remove(&(message.id, part_index)).unwrap_or_default();
            let new = text_of(part).get(had..).unwrap_or_default();
            if let Some(event) = delta(message.id, part_index, part, had, new) {
                self.push(run, event);
            }
        }
    }

    /// Collects the text that this reader lacks.
    fn stream(&mut self) {
        let channel = Arc::clone(&self.channel);
        let live = channel.live();
        let wanted = |run: RunId| self.only.is_none_or(|only| only == run);
        for message in live.messages.iter().filter(|m| m.since <= self.cursor && wanted(m.run)) {
            for (index, part) in message.parts.iter().enumerate() {
                let part_index = u32::try_from(index).unwrap_or(u32::MAX);
                let have = self.have.entry((message.id, part_index)).or_insert((message.since, 0));
                if have.0 != message.since {
                    // The message began anew: what the reader had is void.
                    *have = (message.since, 0);
                }
                let whole = text_of(part);
                let new = whole.get(have.1..).unwrap_or_default();
                // A guest is shown no half placeholder: it may be the beginning of a name.
                let new = if self.access.is_owner() { new } else { readable(new) };
                let Some(event) = delta(message.id, part_index, part, have.1, new) else { continue };
                have.1 += new.len();
                let envelope = frame(self.conversation, Some(message.run), event);
                self.ready.push_back(self.access.show(envelope));
            }
        }
        for partial in live.partials.iter().filter(|p| self.only.is_none_or(|only| only == p.run)) {
            let seen = self.partials.entry(partial.id).or_insert(0);
            if *seen < partial.number {
                *seen = partial.number;
                let event =
                    Event::ToolDelta { tool_run_id: partial.id, offset: partial.number, chunk: partial.output.clone() };
                let envelope = frame(self.conversation, Some(partial.run), event);
                self.ready.push_back(self.access.show(envelope));
            }
        }
    }

    fn push(&mut self, run: Option<RunId>, event: Event) {
        self.ready.push_back(frame(self.conversation, run, event));
    }
}

/// New text of a part after its first `had` bytes, if there is some.
fn delta(message_id: MessageId, part: u32, of: &Part, had: usize, new: &str) -> Option<Event> {
    if new.is_empty() {
        return None;
    }
    let content = new.to_owned();
    let offset = had as u64;
    Some(match of {
        Part::Reasoning { .. } => Event::ReasoningDelta { message_id, part, offset, content },
        _ => Event::MessageDelta { message_id, part, offset, content },
    })
}

/// A frame that is not stored.
pub fn frame(conversation: ConversationId, run: Option<RunId>, event: Event) -> Envelope {
    Envelope { v: VERSION, seq: None, conversation_id: conversation, run_id: run, at: Timestamp::now(), event }
}
