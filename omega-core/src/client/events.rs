//! Following a conversation through cuts, restarts and drained servers.
//!
//! The promises: every committed event comes once and in order (the cursor is its number), following never posts
//! anything, and a stream that can't be got back ends in an error, never in silence. `reqwest-eventsource` reads one GET
//! stream at a time; its own retry is off, because it would retry for ever and on any end. Taking up again is ours: by
//! cursor, with a back-off from 0.2 s to 5 s, given up after [`FollowPolicy::give_up_after`] without a single frame.

use super::{Client, ClientError, transport::refusal};
use crate::{
    event::{Envelope, Event},
    id::ConversationId,
    view::{Applied, View},
};
use futures_util::{Stream, StreamExt};
use reqwest_eventsource::{Error as SourceError, Event as SourceEvent, EventSource, retry::Never};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// What to read, when to try again, and when to stop trying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowPolicy {
    /// Wait before the first new attempt; doubles with every further one.
    pub first_wait: Duration,
    /// The longest wait between attempts.
    pub longest_wait: Duration,
    /// Without a frame for so long after the first failure, it is an error.
    pub give_up_after: Duration,
    /// Whether what is not whole yet is wanted too: the text, thoughts and outputs that stream.
    pub deltas: bool,
}

impl Default for FollowPolicy {
    fn default() -> Self {
        Self {
            first_wait: Duration::from_millis(200),
            longest_wait: Duration::from_secs(5),
            give_up_after: Duration::from_secs(60),
            deltas: true,
        }
    }
}

impl FollowPolicy {
    /// The wait before attempt `attempt` (from 1). What the server asked for wins, up to the longest wait.
    #[must_use]
    pub fn wait(&self, attempt: u32, asked: Option<Duration>) -> Duration {
        let doubled = self.first_wait.saturating_mul(1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX));
        asked.unwrap_or(doubled).clamp(self.first_wait, self.longest_wait)
    }
}

/// What [`Follower::next`] brings.
#[derive(Debug, Clone, PartialEq)]
pub enum Update {
    /// The server answers (again).
    Connected,
    /// A frame; it is folded into the view already.
    Event(Box<Envelope>),
    /// The connection is gone; the next attempt comes by itself.
    Reconnecting {
        /// From 1.
        attempt: u32,
        /// Why.
        cause: ClientError,
    },
}

enum FollowState {
    /// Connect at this time.
    Waiting(Instant),
    /// Connected, or about to be.
    Reading(Box<EventSource>),
}

/// One conversation's stream, resumed by cursor. Dropping it ends the request.
struct Tail {
    client: Client,
    conversation: ConversationId,
    policy: FollowPolicy,
    cursor: Option<u64>,
    state: FollowState,
    attempt: u32,
    failing_since: Option<Instant>,
}

impl Tail {
    fn new(client: Client, conversation: ConversationId, cursor: Option<u64>, policy: FollowPolicy) -> Self {
        let state = FollowState::Waiting(Instant::now());
        Self { client, conversation, policy, cursor, state, attempt: 0, failing_since: None }
    }

    /// Safe to drop at any await: everything that was received is in `self` or returned.
    async fn next(&mut self) -> Result<Update, ClientError> {
        loop {
            match &mut self.state {
                FollowState::Waiting(at) => {
                    // A timer that is due at once takes a millisecond or two.
                    if *at > Instant::now() {
                        sleep_until(*at).await;
                    }
                    self.state = FollowState::Reading(Box::new(self.open()?));
                }
                FollowState::Reading(source) => match source.next().await {
                    Some(Ok(SourceEvent::Open)) => return Ok(Update::Connected),
                    Some(Ok(SourceEvent::Message(message))) => {
                        let Ok(envelope) = serde_json::from_str::<Envelope>(&message.data) else {
                            // A frame of a later version whose payload changed; its number, if any, is missing then and
                            // the fold reports the gap.
                            tracing::debug!(event = "client.frame_skipped", frame = %message.event, "skipped a frame that can't be read");
                            continue;
                        };
                        return Ok(self.received(envelope));
                    }
                    Some(Err(error)) => {
                        let base = self.client.base.clone();
                        return self.failed(cause(base, error).await);
                    }
                    None => return self.failed(cut(&self.client.base, "the stream ended")),
                },
            }
        }
    }

    fn open(&self) -> Result<EventSource, ClientError> {
        let url = format!("{}/api/omega/conversations/{}/events", self.client.base, self.conversation);
        let mut request = self.client.http.get(url);
        if let Some(cursor) = self.cursor {
            request = request.query(&[("after", cursor)]);
        }
        if !self.policy.deltas {
            request = request.query(&[("deltas", "false")]);
        }
        let mut source = EventSource::new(request).map_err(|e| cut(&self.client.base, &e.to_string()))?;
        source.set_retry_policy(Box::new(Never));
        Ok(source)
    }

    fn received(&mut self, envelope: Envelope) -> Update {
        (self.attempt, self.failing_since) = (0, None);
        match &envelope.event {
            Event::Snapshot { conversation } | Event::Resync { conversation } => {
                self.cursor = Some(conversation.last_seq);
            }
            Event::Draining {} => {
                // Another node, or the restarted server, takes over; leave before this one hangs up.
                self.state = FollowState::Waiting(Instant::now() + self.policy.first_wait);
            }
            _ => {}
        }
        if let Some(seq) = envelope.seq {
            self.cursor = Some(self.cursor.map_or(seq, |cursor| cursor.max(seq)));
        }
        Update::Event(Box::new(envelope))
    }

    fn failed(&mut self, cause: ClientError) -> Result<Update, ClientError> {
        if !cause.is_temporary() {
            return Err(cause);
        }
        let since = *self.failing_since.get_or_insert_with(Instant::now);
        if since.elapsed() >= self.policy.give_up_after {
            return Err(ClientError::StreamLost { after: self.policy.give_up_after, cause: cause.to_string() });
        }
        self.attempt += 1;
        self.state = FollowState::Waiting(Instant::now() + self.policy.wait(self.attempt, cause.retry_after()));
        Ok(Update::Reconnecting { attempt: self.attempt, cause })
    }
}

async fn cause(base: String, error: SourceError) -> ClientError {
    match error {
        SourceError::InvalidStatusCode(_, response) => refusal(response).await,
        SourceError::InvalidContentType(kind, _) => {
            ClientError::Protocol { url: base, cause: format!("an event stream of type {kind:?}") }
        }
        SourceError::Transport(error) => match ClientError::of_transport(&base, &error) {
            // A body that breaks off counts as "decode" in reqwest; it is a cut, and cuts are resumed.
            ClientError::Protocol { cause, .. } => cut(&base, &cause),
            other => other,
        },
        SourceError::StreamEnded => cut(&base, "the stream ended"),
        other => cut(&base, &other.to_string()),
    }
}

fn cut(base: &str, cause: &str) -> ClientError {
    ClientError::Unreachable { url: base.to_owned(), cause: cause.to_owned() }
}

impl Client {
    /// The frames of a conversation after event `after` (all that matters now, as a snapshot, when `None`), through any
    /// number of reconnects. Ends only with an error.
    pub fn follow(
        &self,
        conversation: ConversationId,
        after: Option<u64>,
    ) -> impl Stream<Item = Result<Envelope, ClientError>> + Send + use<> {
        let tail = Tail::new(self.clone(), conversation, after, FollowPolicy::default());
        futures_util::stream::unfold(Some(tail), |tail| async move {
            let mut tail = tail?;
            loop {
                match tail.next().await {
                    Ok(Update::Event(envelope)) => return Some((Ok(*envelope), Some(tail))),
                    Ok(_) => {}
                    Err(error) => return Some((Err(error), None)),
                }
            }
        })
    }
}

/// A conversation as it is right now: the stream folded into a [`View`].
pub struct Follower {
    tail: Tail,
    view: View,
    gaps: u32,
}

/// After the first gap the cursor is tried, after the second a snapshot; a server that still leaves gaps is broken.
const GAPS_AT_MOST: u32 = 5;

impl Follower {
    /// Follows a conversation from a snapshot on. Connects on the first [`Follower::next`].
    #[must_use]
    pub fn new(client: Client, conversation: ConversationId, policy: FollowPolicy) -> Self {
        Self { tail: Tail::new(client, conversation, None, policy), view: View::default(), gaps: 0 }
    }

    /// Follows on from what is known, for example from a [`crate::api::ConversationDetail`].
    #[must_use]
    pub fn resume(client: Client, conversation: ConversationId, view: View, policy: FollowPolicy) -> Self {
        Self { tail: Tail::new(client, conversation, Some(view.last_seq), policy), view, gaps: 0 }
    }

    /// The conversation so far.
    #[must_use]
    pub fn view(&self) -> &View {
        &self.view
    }

    /// Uses another server from the next attempt on: the user's own one comes back on another port after a crash.
    pub fn move_to(&mut self, client: Client) {
        self.tail.client = client;
    }

    /// Does not wait any longer for the next attempt.
    pub fn try_now(&mut self) {
        if let FollowState::Waiting(at) = &mut self.tail.state {
            *at = Instant::now();
        }
    }

    /// The next frame, after folding it in. Frames that a reconnect brought again are left out. Safe to use in `select!`.
    ///
    /// # Errors
    /// What can't be got over by trying again, and [`ClientError::StreamLost`] after the policy's time.
    pub async fn next(&mut self) -> Result<Update, ClientError> {
        loop {
            let envelope = match self.tail.next().await? {
                Update::Event(envelope) => envelope,
                other => return Ok(other),
            };
            match self.view.apply(&envelope) {
                Applied::Changed => {
                    self.gaps = 0;
                    return Ok(Update::Event(envelope));
                }
                Applied::Ignored if envelope.seq.is_none() => return Ok(Update::Event(envelope)),
                Applied::Ignored => {}
                Applied::Gap => return self.close_gap(),
            }
        }
    }

    fn close_gap(&mut self) -> Result<Update, ClientError> {
        self.gaps += 1;
        if self.gaps > GAPS_AT_MOST {
            let cause = String::from("events are missing in its stream");
            return Err(ClientError::Protocol { url: self.tail.client.base.clone(), cause });
        }
        self.tail.cursor = (self.gaps == 1).then_some(self.view.last_seq);
        let cause = cut(&self.tail.client.base, "an event is missing in the stream");
        self.tail.failed(cause)
    }
}
