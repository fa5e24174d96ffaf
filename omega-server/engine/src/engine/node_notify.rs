//! How nodes on one PostgreSQL tell each other that there is something to see.
//!
//! What is told is a hint; whoever hears it reads the table. So a lost hint costs time and nothing else: readers and the
//! claim loop look by themselves every second while nothing can be heard, and every 15 s otherwise. Hints are gathered for
//! 20 ms and sent by one task, outside of every transaction that writes: PostgreSQL makes commits with news wait for each
//! other. On SQLite there is no other node, and nothing of this runs.

use super::Engine;
use crate::store::{Committed, Database, Store};
use omega_core::id::{ConversationId, RunId, ToolRunId};
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::Notify;
use uuid::Uuid;

/// How long hints are gathered.
const GATHER: Duration = Duration::from_millis(20);
/// After this long hints are usually sent.
pub(super) const SENT: Duration = Duration::from_millis(50);
/// PostgreSQL takes payloads below 8,000 bytes.
const PAYLOAD: usize = 7_900;
const POLL_DEAF: Duration = Duration::from_secs(1);
const POLL: Duration = Duration::from_secs(15);
/// Before the next try, when the database can't be reached.
const AGAIN: Duration = Duration::from_millis(500);

/// What one node tells the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// A conversation has events up to this one.
    Events(Committed),
    /// A run waits to be claimed.
    Queued,
    /// Somebody wants the end of a run.
    CancelRun(RunId),
    /// Somebody wants the end of a tool run.
    CancelTool(ToolRunId),
    /// Somebody does not want to wait until a run's model is asked again.
    Hurry(RunId),
    /// There is new partial text in a conversation.
    Text(ConversationId),
}

impl Hint {
    fn parse(word: &str) -> Option<Self> {
        let (kind, rest) = word.split_at_checked(1)?;
        let id = |text: &str| Uuid::try_parse(text).ok();
        Some(match kind {
            "e" => {
                let (conversation, seq) = rest.split_once(':')?;
                Self::Events(Committed { conversation: ConversationId(id(conversation)?), last_seq: seq.parse().ok()? })
            }
            "q" => Self::Queued,
            "c" => Self::CancelRun(RunId(id(rest)?)),
            "t" => Self::CancelTool(ToolRunId(id(rest)?)),
            "h" => Self::Hurry(RunId(id(rest)?)),
            "p" => Self::Text(ConversationId(id(rest)?)),
            // Of a later version.
            _ => return None,
        })
    }
}

/// Hints that were not sent yet.
#[derive(Debug, Default)]
struct UnsentHints {
    events: HashMap<ConversationId, u64>,
    texts: HashSet<ConversationId>,
    runs: HashSet<RunId>,
    tools: HashSet<ToolRunId>,
    hurried: HashSet<RunId>,
    queued: bool,
}

impl UnsentHints {
    fn add(&mut self, hint: Hint) {
        match hint {
            Hint::Events(committed) => {
                let seq = self.events.entry(committed.conversation).or_default();
                *seq = committed.last_seq.max(*seq);
            }
            Hint::Queued => self.queued = true,
            Hint::CancelRun(run) => drop(self.runs.insert(run)),
            Hint::CancelTool(tool_run) => drop(self.tools.insert(tool_run)),
            Hint::Hurry(run) => drop(self.hurried.insert(run)),
            Hint::Text(conversation) => drop(self.texts.insert(conversation)),
        }
    }

    /// The hints as payloads: the sender, then words. Ends first, since somebody waits for them.
    fn payloads(&self, node: &str) -> Vec<String> {
        let ends = self.runs.iter().map(|run| format!("c{}", run.0.simple()));
        let ends = ends.chain(self.tools.iter().map(|tool_run| format!("t{}", tool_run.0.simple())));
        let ends = ends.chain(self.hurried.iter().map(|run| format!("h{}", run.0.simple())));
        let queued = self.queued.then(|| String::from("q"));
        let events = self.events.iter().map(|(conversation, seq)| format!("e{}:{seq}", conversation.0.simple()));
        let texts = self.texts.iter().map(|conversation| format!("p{}", conversation.0.simple()));
        let mut payloads: Vec<String> = Vec::new();
        for word in ends.chain(queued).chain(events).chain(texts) {
            match payloads.last_mut() {
                Some(payload) if payload.len() + 1 + word.len() <= PAYLOAD => {
                    payload.push(' ');
                    payload.push_str(&word);
                }
                _ => payloads.push(format!("{node} {word}")),
            }
        }
        payloads
    }
}

/// The node's ear and mouth; clones share it.
#[derive(Clone)]
pub struct NodeNotify(Arc<Shared>);

struct Shared {
    node: String,
    /// Whether there may be other nodes.
    shared: bool,
    pending: Mutex<UnsentHints>,
    unsent: Notify,
    /// Whether other nodes are heard.
    hears: AtomicBool,
    /// The claim loop of this node.
    claim: Notify,
    /// Conversations whose text on other nodes is to be read.
    fetch: Mutex<HashSet<ConversationId>>,
    wanted: Notify,
}

impl NodeNotify {
    pub fn new(store: &Store, node: &str) -> Self {
        Self(Arc::new(Shared {
            node: node.to_owned(),
            shared: store.database() == Database::Postgres,
            pending: Mutex::default(),
            unsent: Notify::new(),
            hears: AtomicBool::new(false),
            claim: Notify::new(),
            fetch: Mutex::default(),
            wanted: Notify::new(),
        }))
    }

    /// Tells the other nodes, soon.
    pub fn tell(&self, hint: Hint) {
        if self.0.shared {
            super::locked(&self.0.pending).add(hint);
            self.0.unsent.notify_one();
        }
    }

    /// Says that a run waits: wakes the claim loop, here and elsewhere.
    pub fn notify_one(&self) {
        self.0.claim.notify_one();
        self.tell(Hint::Queued);
    }

    /// Resolves when a run may wait.
    pub async fn notified(&self) {
        self.0.claim.notified().await;
    }

    /// How long to wait for news before looking without them.
    pub fn poll(&self) -> Duration {
        if !self.0.shared || self.0.hears.load(Ordering::Acquire) { POLL } else { POLL_DEAF }
    }

    /// Has the text read that streams in a conversation on another node.
    pub fn fetch(&self, conversation: ConversationId) {
        if self.0.shared {
            super::locked(&self.0.fetch).insert(conversation);
            self.0.wanted.notify_one();
        }
    }

    /// The conversations whose text is to be read; waits for the first.
    pub(super) async fn wanted(&self) -> HashSet<ConversationId> {
        loop {
            let wanted = std::mem::take(&mut *super::locked(&self.0.fetch));
            if !wanted.is_empty() {
                return wanted;
            }
            self.0.wanted.notified().await;
        }
    }

    fn take(&self) -> UnsentHints {
        std::mem::take(&mut *super::locked(&self.0.pending))
    }
}

impl Engine {
    /// Sends hints until the process ends.
    pub(super) async fn tell_loop(self) {
        let wake = &self.inner.wake;
        loop {
            wake.0.unsent.notified().await;
            tokio::time::sleep(GATHER).await;
            let payloads = wake.take().payloads(&wake.0.node);
            while let Err(error) = self.inner.store.notify(&payloads).await {
                tracing::warn!(event = "wake.not_told", %error);
                tokio::time::sleep(AGAIN).await;
            }
        }
    }

    /// Listens to the other nodes until the process ends.
    pub(super) async fn listen_loop(self) {
        let wake = &self.inner.wake;
        loop {
            match self.inner.store.listen().await {
                Ok(None) => return,
                Ok(Some(mut listener)) => {
                    wake.0.hears.store(true, Ordering::Release);
                    // Whatever was told before is lost.
                    self.inner.hub.invalidate();
                    wake.0.claim.notify_one();
                    while let Ok(Some(heard)) = listener.try_recv().await {
                        self.hear(heard.payload());
                    }
                    wake.0.hears.store(false, Ordering::Release);
                    tracing::warn!(event = "wake.deaf", "the connection that listens is lost; looking every second");
                    // Readers wait by the long interval: they look once, and then by the short one.
                    self.inner.hub.invalidate();
                    wake.0.claim.notify_one();
                }
                Err(error) => tracing::warn!(event = "wake.deaf", %error),
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    fn hear(&self, payload: &str) {
        let mut words = payload.split(' ');
        if words.next() == Some(self.inner.wake.0.node.as_str()) {
            return;
        }
        for hint in words.filter_map(Hint::parse) {
            match hint {
                Hint::Events(committed) => self.inner.hub.committed(committed),
                Hint::Queued => self.inner.wake.0.claim.notify_one(),
                Hint::CancelRun(run) => self.signal_cancel(run),
                Hint::CancelTool(tool_run) => drop(self.signal_tool_cancel(tool_run)),
                Hint::Hurry(run) => self.inner.working.hurry(run),
                Hint::Text(conversation) if self.inner.hub.known(conversation).is_some() => {
                    self.inner.wake.fetch(conversation);
                }
                Hint::Text(_) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_survive_the_wire_fold_together_and_fit_into_payloads() {
        let conversations: Vec<ConversationId> = (0..1_000).map(|_| ConversationId::new()).collect();
        let (run, tool_run) = (RunId::new(), ToolRunId::new());
        let mut pending = UnsentHints::default();
        for (conversation, seq) in conversations.iter().zip(1..) {
            pending.add(Hint::Events(Committed { conversation: *conversation, last_seq: seq }));
            pending.add(Hint::Events(Committed { conversation: *conversation, last_seq: seq - 1 }));
            pending.add(Hint::Text(*conversation));
        }
        for hint in [Hint::Queued, Hint::Queued, Hint::Hurry(run), Hint::CancelRun(run), Hint::CancelTool(tool_run)] {
            pending.add(hint);
        }
        let payloads = pending.payloads("node");
        assert!(payloads.len() > 5 && payloads.iter().all(|payload| payload.len() < 8_000), "{}", payloads.len());
        let heard: Vec<Hint> = payloads
            .iter()
            .flat_map(|payload| {
                payload.strip_prefix("node ").unwrap().split(' ').map(|word| Hint::parse(word).unwrap())
            })
            .collect();
        assert_eq!(heard.len(), 2_004);
        assert_eq!(heard[..4], [Hint::CancelRun(run), Hint::CancelTool(tool_run), Hint::Hurry(run), Hint::Queued]);
        for (conversation, seq) in conversations.iter().zip(1..) {
            assert!(heard.contains(&Hint::Events(Committed { conversation: *conversation, last_seq: seq })));
            assert!(heard.contains(&Hint::Text(*conversation)));
        }
    }

    #[test]
    fn what_is_no_hint_is_ignored() {
        for word in ["", "e", "e:", "eabc:1", "c", "czz", "x", "é", "p123"] {
            assert_eq!(Hint::parse(word), None, "{word}");
        }
    }
}
