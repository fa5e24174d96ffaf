//! A run as a foreign client follows it: its visible text as it comes, and how it ends.
//!
//! A client that goes away changes nothing: the run goes on by itself, and its conversation has the answer.

use crate::http::{
    reply::{ApiError, ApiResult},
    state::App,
};
use omega_core::{
    api::{ErrorCode, FinishReason, RequiredAction, Role, RunError, RunStatus, Usage},
    deadline::Deadline,
    event::Event,
    id::{MessageId, RunId},
};
use omega_engine::{
    engine::feed::{Feed, Wanted},
    store::access::Within,
};
use std::{collections::VecDeque, time::Duration};
use tokio::time::Instant;

/// How long nothing may come before the client is told that the connection lives.
const SILENCE: Duration = Duration::from_secs(15);

/// What comes of a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// More visible text of a message.
    Text(MessageId, String),
    /// What came of this message is void: it begins anew.
    Void,
    /// A message with visible text is whole.
    Whole,
    /// What it does, for people.
    Doing(String),
    /// Nothing has come for a while.
    Silence,
    Ended(Ending),
}

/// How the following ends.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    Answered {
        answer: String,
        usage: Usage,
        finish: Option<FinishReason>,
    },
    /// A person has to answer first.
    Waits {
        action: RequiredAction,
        usage: Usage,
    },
    Failed(RunError),
    Cancelled(String),
    /// It goes on, but not here: the server is about to end, or the client was let out.
    Elsewhere,
}

/// A follower of one run.
pub struct Following {
    app: App,
    run: Within<RunId>,
    feed: Feed,
    silence: Deadline,
    /// The message whose text came last, before it was whole.
    open: Option<MessageId>,
    ready: VecDeque<Piece>,
}

impl Following {
    /// From the beginning of a run; `deltas` gives text before a message is whole.
    pub fn of(app: &App, begun: super::sending::Begun, deltas: bool) -> Self {
        let super::sending::Begun { run, accepted, seat, .. } = begun;
        let wanted = Wanted { after: accepted.seq.saturating_sub(1), only: Some(accepted.run_id), deltas };
        let feed = app.engine.feed(seat, run.access(), wanted);
        Self { app: app.clone(), run, feed, silence: Deadline::after(SILENCE), open: None, ready: VecDeque::new() }
    }

    /// The next piece; after [`Piece::Ended`] there is none.
    ///
    /// # Errors
    /// When the database fails: the run goes on, and its conversation has what came of it.
    pub async fn next(&mut self) -> ApiResult<Piece> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Ok(piece);
            }
            self.silence.set(Instant::now() + SILENCE);
            match self.silence.bounds(self.feed.next()).await {
                None => return Ok(Piece::Silence),
                Some(Ok(Some(envelope))) => self.take(envelope.event),
                Some(Ok(None)) => return self.rests().await.map(Piece::Ended),
                Some(Err(error)) => return Err(error.into()),
            }
        }
    }

    fn take(&mut self, event: Event) {
        let piece = match event {
            Event::MessageDelta { message_id, part, offset, content } => {
                if self.open.is_some_and(|open| open != message_id || (part == 0 && offset == 0)) {
                    self.ready.push_back(Piece::Void);
                }
                self.open = Some(message_id);
                Piece::Text(message_id, content)
            }
            Event::MessageReset { message_id, .. } if self.open == Some(message_id) => {
                self.open = None;
                Piece::Void
            }
            Event::MessageCompleted { message } if message.role == Role::Assistant => {
                self.open = None;
                if message.content.trim().is_empty() {
                    return;
                }
                Piece::Whole
            }
            Event::Status { message, .. } | Event::Notice { message, .. } => Piece::Doing(message),
            Event::ToolStarted { tool_name, .. } => Piece::Doing(format!("{tool_name} runs")),
            Event::ToolCompleted { tool_name, output_summary, is_error, .. } => {
                let outcome = if is_error { "failed" } else { "done" };
                Piece::Doing(format!("{tool_name} {outcome}: {output_summary}"))
            }
            Event::RunCompleted { answer, usage, finish_reason, .. } => {
                Piece::Ended(Ending::Answered { answer, usage, finish: finish_reason })
            }
            Event::RunFailed { error } => Piece::Ended(Ending::Failed(error)),
            Event::RunCancelled { reason } => Piece::Ended(Ending::Cancelled(reason)),
            _ => return,
        };
        self.ready.push_back(piece);
    }

    /// Where the run stands when nothing more comes of it here.
    async fn rests(&self) -> ApiResult<Ending> {
        let run = self.app.store.run(&self.run).await?;
        Ok(match run.requires_action {
            Some(action) if run.status == RunStatus::Paused => Ending::Waits { action, usage: run.usage },
            _ => Ending::Elsewhere,
        })
    }
}

/// Why there is no answer, as the error of a request.
pub fn no_answer(ending: &Ending, link: &str) -> ApiError {
    match ending {
        Ending::Failed(RunError { code, error, retryable }) => {
            let failed = ApiError::new(ErrorCode::UpstreamFailed, format!("the run failed: {error}"));
            failed.with("run", code.as_str()).with("retryable", *retryable)
        }
        Ending::Cancelled(reason) => {
            ApiError::new(ErrorCode::RunState, format!("the run was stopped: {reason}; send it again to have it done"))
                .with("run", "CANCELLED")
                .with("retryable", false)
        }
        Ending::Elsewhere | Ending::Answered { .. } | Ending::Waits { .. } => {
            let words = format!("the run goes on, and its answer will be at {link}");
            ApiError::new(ErrorCode::UpstreamTimeout, words).with("retryable", false)
        }
    }
}
