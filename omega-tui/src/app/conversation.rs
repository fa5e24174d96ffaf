//! The conversation that is on the screen: what the server says of it, folded, and what is on its way to it.

use super::layers::Again;
use crate::{
    messages::Link,
    numbers::grouped,
    speed::Speed,
    transcript::{Gaps, UnsentMessage},
};
use omega_core::{
    api::{Run, RunStatus, Timestamp},
    id::{ConversationId, RunId},
    view::View,
};

/// A time in which a run waited for a person.
#[derive(Debug)]
struct Paused {
    run: RunId,
    from: Timestamp,
    until: Option<Timestamp>,
}

/// One conversation, from when it is opened to when it is left.
#[derive(Debug)]
pub struct Conversation {
    /// As soon as it has one.
    pub id: Option<ConversationId>,
    pub view: View,
    /// How the connection is.
    pub link: Link,
    /// When a connection that is lost is tried again.
    pub again_at: Option<Timestamp>,
    /// Whether it is known to be there: it was made here, or the server showed it.
    pub is_there: bool,
    /// Whether it is the person's here; one that is begun here is.
    pub is_owner: bool,
    /// Messages on their way.
    pub pending: Vec<UnsentMessage>,
    /// The run that was asked to stop.
    pub stopping: Option<RunId>,
    /// How many older messages are not here.
    pub older: u64,
    /// And how many calls.
    pub older_calls: u64,
    /// Where they are missing.
    pub gaps: Gaps,
    /// Whether some of them are on their way.
    pub is_loading: bool,
    /// All of them are being loaded, to search in them.
    pub loads_all: bool,
    /// The model that was chosen and is not the conversation's yet.
    pub chosen_model: Option<String>,
    /// Safe Mode that was chosen for the conversation that is not there yet.
    pub chosen_safe_mode: Option<bool>,
    /// When something last came from the server.
    pub heard_at: Timestamp,
    /// The run that worked at the last look, and for how long.
    pub worked_on: Option<(RunId, u64)>,
    /// How fast its model answers.
    pub speed: Speed,
    /// The draft that was kept last.
    pub kept_draft: String,
    /// The call that is made again by hand.
    pub again: Option<Again>,
    /// When runs waited for a person.
    paused: Vec<Paused>,
}

impl Conversation {
    /// One that is to be opened, or that the first message begins.
    pub fn new(id: Option<ConversationId>, model: Option<String>) -> Self {
        Self {
            id,
            view: View::default(),
            link: if id.is_some() { Link::Connecting } else { Link::Idle },
            again_at: None,
            is_there: false,
            is_owner: true,
            pending: Vec::new(),
            stopping: None,
            older: 0,
            older_calls: 0,
            gaps: Gaps::default(),
            is_loading: false,
            loads_all: false,
            chosen_model: model,
            chosen_safe_mode: None,
            heard_at: Timestamp(0),
            worked_on: None,
            speed: Speed::default(),
            kept_draft: String::new(),
            paused: Vec::new(),
            again: None,
        }
    }

    /// How many messages there are, the steps of answers counted, as everywhere.
    pub fn message_words(&self) -> String {
        grouped(self.older + self.view.messages.len() as u64)
    }

    /// Calls in all.
    pub fn call_count(&self) -> u64 {
        self.older_calls + self.view.tool_runs.len() as u64
    }

    /// How long a run works, without the time in which it was seen to wait for a person.
    pub fn worked_millis(&self, run: &Run, now: Timestamp) -> u64 {
        let since = now.millis_since(run.started_at.unwrap_or(run.created_at));
        let paused = self.paused.iter().filter(|it| it.run == run.id);
        let waited: u64 = paused.map(|it| it.until.unwrap_or(now).millis_since(it.from)).sum();
        since.saturating_sub(waited)
    }

    /// Notes when a run waits for a person, and when it goes on.
    pub fn follow_pauses(&mut self, now: Timestamp) {
        let paused = self.view.active_run().filter(|run| run.status == RunStatus::Paused).map(|run| run.id);
        let open = self.paused.iter_mut().find(|it| it.until.is_none());
        match (open, paused) {
            (Some(open), paused) if paused != Some(open.run) => open.until = Some(now),
            (None, Some(run)) => self.paused.push(Paused { run, from: now, until: None }),
            _ => {}
        }
    }
}
