//! The fold: how every client turns events into what it shows.
//!
//! The promise: however the stream is cut and replayed, the view that comes out is the same. It holds because a committed
//! event applies once (its number is checked), a delta applies at its offset (what overlaps is ignored), `*.completed`
//! replaces by id, and a gap in the deltas is reported instead of guessed over.

use crate::{
    api::{
        Conversation, ConversationDetail, ExecutionState, Feedback, Message, MessageStatus, Participant,
        RequiredAction, Role, Run, RunPlan, RunStatus, Timestamp, ToolRun, ToolRunStatus, Usage,
    },
    event::{Envelope, Event, notice},
    id::{MessageId, RunId, ToolRunId},
};
use index::Index;
use serde_json::Value;

mod deltas;
mod index;
mod section;

/// What a conversation looks like to a client.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct View {
    /// Title, model, state; missing until the first snapshot.
    pub conversation: Option<Conversation>,
    pub participants: Vec<Participant>,
    /// Messages, in the order in which they began.
    pub messages: Vec<Message>,
    /// Tool runs, in the order in which they were asked for.
    pub tool_runs: Vec<ToolRun>,
    /// Runs, in the order in which they were queued.
    pub runs: Vec<Run>,
    /// The newest partial output of tool runs that still work, with its number.
    pub partials: Vec<(ToolRunId, u64, Value)>,
    /// What goes on right now, in words.
    pub status: Option<String>,
    /// When the model is asked again that did not answer.
    pub again_at: Option<Timestamp>,
    /// Notices, oldest first.
    pub notices: Vec<String>,
    /// Everything up to this event is folded in: the cursor to resume from.
    pub last_seq: u64,
    /// Tokens of the conversation's runs that are not among these, and those that were taken outside of runs.
    pub earlier: Usage,
    index: Index,
}

/// What applying an event did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    Changed,
    /// Known already, or of no consequence.
    Ignored,
    /// Something before it is missing: take up the stream again at [`View::last_seq`].
    Gap,
}

impl View {
    /// The view of a snapshot.
    #[must_use]
    pub fn of(detail: ConversationDetail) -> Self {
        let mut earlier = detail.usage;
        detail.runs.iter().for_each(|run| earlier -= run.usage);
        Self {
            earlier,
            conversation: Some(detail.conversation),
            participants: detail.participants,
            messages: detail.messages,
            tool_runs: detail.tool_runs,
            runs: detail.runs,
            last_seq: detail.last_seq,
            ..Self::default()
        }
    }

    /// A view without anything in it, up to an event.
    #[must_use]
    pub fn begun(conversation: Option<Conversation>, last_seq: u64) -> Self {
        Self { conversation, last_seq, ..Self::default() }
    }

    pub fn apply(&mut self, envelope: &Envelope) -> Applied {
        match &envelope.event {
            Event::Snapshot { conversation } | Event::Resync { conversation } => {
                *self = Self::of((**conversation).clone());
                return Applied::Changed;
            }
            Event::MessageDelta { message_id, part, offset, content } => {
                return self.delta(*message_id, *part, *offset, content, false);
            }
            Event::ReasoningDelta { message_id, part, offset, content } => {
                return self.delta(*message_id, *part, *offset, content, true);
            }
            Event::ToolDelta { tool_run_id, offset, chunk } => return self.partial(*tool_run_id, *offset, chunk),
            // What a snapshot does not say: what is waited for right now.
            Event::Status { message, again_at, .. } if envelope.seq.is_none() => {
                self.say(Some(message.clone()), *again_at);
                return Applied::Changed;
            }
            _ => {}
        }
        let Some(seq) = envelope.seq else { return Applied::Ignored };
        if seq <= self.last_seq {
            return Applied::Ignored;
        }
        if seq > self.last_seq + 1 {
            return Applied::Gap;
        }
        self.last_seq = seq;
        self.fold(envelope, seq)
    }

    fn fold(&mut self, envelope: &Envelope, seq: u64) -> Applied {
        let run_id = envelope.run_id;
        if let Some(answer) = envelope.answer() {
            self.with_run(run_id, |run| run.answers.push(answer));
        }
        match &envelope.event {
            Event::ConversationUpdated { title, model, safe_mode, guest_credentials, visibility, url, usage } => {
                if let Some(conversation) = &mut self.conversation {
                    if title.is_some() {
                        conversation.title.clone_from(title);
                    }
                    if let Some(model) = model {
                        conversation.model.clone_from(model);
                    }
                    if safe_mode.is_some() {
                        conversation.safe_mode = *safe_mode;
                    }
                    if let Some(policy) = guest_credentials {
                        conversation.guest_credentials = *policy;
                    }
                    if let Some(visibility) = visibility {
                        conversation.visibility = *visibility;
                    }
                    if let Some(url) = url {
                        conversation.url.clone_from(url);
                    }
                }
                match (usage, run_id) {
                    (Some(usage), Some(_)) => self.with_run(run_id, |run| run.usage += *usage),
                    (Some(usage), None) => self.earlier += *usage,
                    (None, _) => {}
                }
                if url.is_some() {
                    self.participants.retain(|known| known.role == "owner" || known.blocked);
                }
            }
            Event::ParticipantJoined { user_id, role, display_name, gravatar_hash } => {
                let joined = Participant {
                    user_id: *user_id,
                    role: role.clone(),
                    display_name: display_name.clone(),
                    gravatar_hash: gravatar_hash.clone(),
                    blocked: false,
                };
                match self.participants.iter_mut().find(|known| known.user_id == *user_id) {
                    Some(known) => *known = joined,
                    None => self.participants.push(joined),
                }
            }
            Event::ParticipantUpdated { user_id, blocked } => {
                if let Some(known) = self.participants.iter_mut().find(|known| known.user_id == *user_id) {
                    known.blocked = *blocked;
                }
            }
            Event::MessageCreated { message } => self.put_message(message.clone()),
            Event::MessageCompleted { message } => {
                self.put_message(message.clone());
                self.with_run(run_id, |run| run.finish_reason = message.finish_reason);
            }
            Event::MessageReset { message_id, .. } => {
                if let Some(message) = self.message(*message_id) {
                    message.parts.clear();
                    message.content.clear();
                }
            }
            Event::RunQueued { run, .. } => self.put_run(run),
            // It waits to be taken up again.
            Event::RunRecovered { .. } => self.with_run(run_id, |run| run.status = RunStatus::Queued),
            Event::RunStarted { .. } | Event::RunResumed { .. } => {
                self.with_run(run_id, |run| {
                    run.status = RunStatus::Running;
                    run.requires_action = None;
                    run.started_at.get_or_insert(envelope.at);
                });
            }
            Event::RunRequiresAction { action } => {
                self.say(None, None);
                let awaits = match action {
                    RequiredAction::Credentials { .. } => ToolRunStatus::AwaitingCredentials,
                    _ => ToolRunStatus::AwaitingApproval,
                };
                for id in action.tool_runs() {
                    self.with_tool_run(id, |tool_run| tool_run.status = awaits);
                }
                self.with_run(run_id, |run| {
                    run.status = RunStatus::Paused;
                    run.requires_action = Some(action.clone());
                });
            }
            Event::CredentialsProvided { .. } => self.release_tool_runs(run_id),
            Event::ApprovalDecided { approval_id, tool_run_id, input, .. } => {
                self.with_tool_run(*tool_run_id, |tool_run| {
                    tool_run.status = ToolRunStatus::Proposed;
                    if let Some(input) = input {
                        tool_run.input = input.clone();
                    }
                });
                self.with_run(run_id, |run| {
                    if let Some(RequiredAction::Approval { approvals, .. }) = &mut run.requires_action {
                        approvals.retain(|approval| approval.id != *approval_id);
                    }
                });
            }
            Event::PlanSelected { plan, .. } => {
                if let Some(plan) = plan {
                    self.with_run(run_id, |run| run.plan = Some(RunPlan::of(plan)));
                }
            }
            Event::AlternativesSelected { tool_run_id, tool_id, .. } => {
                self.with_tool_run(*tool_run_id, |tool_run| {
                    if tool_run.status == ToolRunStatus::AwaitingCredentials {
                        tool_run.status = ToolRunStatus::Proposed;
                    }
                });
                self.with_run(run_id, |run| {
                    run.requires_action = run.requires_action.take().and_then(|it| it.without_call(*tool_run_id));
                    if let (Some(plan), Some(tool)) = (&mut run.plan, tool_id) {
                        plan.replace(*tool_run_id, tool);
                    }
                });
            }
            Event::Status { message, again_at, .. } => self.say(Some(message.clone()), *again_at),
            Event::StepStarted { step_index, message_id } => {
                self.say(None, None);
                self.with_run(run_id, |run| run.steps = *step_index);
                self.begin_message(*message_id, run_id, *step_index, envelope, seq);
            }
            // The sum, where it is told: a run that was read in the middle of the step has the step's tokens already.
            Event::StepCompleted { usage, run_usage, .. } => self.with_run(run_id, |run| match run_usage {
                Some(sum) => run.usage = *sum,
                None => run.usage += *usage,
            }),
            Event::ToolProposed { tool_run_id, message_id, tool_call_id, tool_id, tool_name, version, input } => {
                if let Some(run_id) = run_id {
                    self.add_tool_run(ToolRun {
                        id: *tool_run_id,
                        run_id,
                        message_id: *message_id,
                        tool_call_id: tool_call_id.clone(),
                        tool_id: tool_id.clone(),
                        tool_name: tool_name.clone(),
                        version: version.clone(),
                        status: ToolRunStatus::Proposed,
                        input: input.clone(),
                        output: None,
                        output_summary: String::new(),
                        output_bytes: 0,
                        truncated: false,
                        attempts: 0,
                        started_at: None,
                        duration_ms: None,
                        error: None,
                        notice: None,
                        created_at: envelope.at,
                    });
                }
                self.with_run(run_id, |run| {
                    run.tool_calls += 1;
                    if let Some(plan) = &mut run.plan {
                        plan.propose(*tool_run_id, tool_id);
                    }
                });
            }
            Event::ToolStarted { tool_run_id, version, input, .. } => {
                self.with_tool_run(*tool_run_id, |tool_run| {
                    tool_run.status = ToolRunStatus::Started;
                    tool_run.attempts += 1;
                    tool_run.started_at = Some(envelope.at);
                    tool_run.version.clone_from(version);
                    tool_run.input = input.clone();
                });
            }
            Event::ToolCompleted {
                tool_run_id,
                status,
                version,
                output,
                output_summary,
                output_bytes,
                truncated,
                duration_ms,
                error,
                ..
            } => {
                self.partials.retain(|(id, ..)| id != tool_run_id);
                self.with_tool_run(*tool_run_id, |tool_run| {
                    tool_run.status = *status;
                    tool_run.version.clone_from(version);
                    tool_run.output.clone_from(output);
                    tool_run.output_summary.clone_from(output_summary);
                    tool_run.output_bytes = *output_bytes;
                    tool_run.truncated = *truncated;
                    tool_run.duration_ms = Some(*duration_ms);
                    tool_run.error.clone_from(error);
                });
                self.settle_step(run_id, *tool_run_id, *status);
            }
            Event::ToolUnknown { tool_run_id, error, .. } => {
                self.partials.retain(|(id, ..)| id != tool_run_id);
                self.with_tool_run(*tool_run_id, |tool_run| {
                    tool_run.status = ToolRunStatus::Unknown;
                    if let Some(error) = error {
                        tool_run.output_summary.clone_from(&error.message);
                        tool_run.error = Some(error.clone());
                    }
                });
                self.settle_step(run_id, *tool_run_id, ToolRunStatus::Unknown);
            }
            Event::RunCompleted { usage, tool_calls, steps, answer: _, finish_reason: _ } => {
                let (usage, tool_calls, steps) = (*usage, *tool_calls, *steps);
                self.end_run(envelope, RunStatus::Completed, |run| {
                    run.usage = usage;
                    run.tool_calls = tool_calls;
                    run.steps = steps;
                });
            }
            Event::RunFailed { error } => {
                self.end_run(envelope, RunStatus::Failed, |run| run.error = Some(error.clone()))
            }
            Event::RunCancelled { .. } => self.end_run(envelope, RunStatus::Cancelled, |_| {}),
            Event::FeedbackGiven { feedback } => {
                self.with_run(run_id, |run| feedback.clone().put_into(&mut run.feedback))
            }
            Event::FeedbackRemoved { by } => self.with_run(run_id, |run| Feedback::take_out(&mut run.feedback, *by)),
            // The answer says itself that it is none, and what was said once is not said again.
            Event::Notice { code, message } => {
                if code != notice::OFFLINE_REFUSED && !self.notices.contains(message) {
                    self.notices.push(message.clone());
                }
            }
            Event::PlanProposed { .. }
            | Event::AlternativesProposed { .. }
            | Event::ToolsLoaded { .. }
            | Event::RunCancelRequested {}
            | Event::Unknown => {}
            Event::MessageDelta { .. }
            | Event::ReasoningDelta { .. }
            | Event::ToolDelta { .. }
            | Event::Snapshot { .. }
            | Event::Resync { .. }
            | Event::Draining {} => return Applied::Ignored,
        }
        self.update_state();
        Applied::Changed
    }

    /// The answer of a run: the visible text of its last step, by [`last_text`].
    #[must_use]
    pub fn answer(&self, run: RunId) -> &str {
        let of_run = |m: &&Message| m.run_id == Some(run) && m.role == Role::Assistant;
        let kept = self.messages.iter().filter(of_run).filter(|m| m.status != MessageStatus::Discarded);
        last_text(kept.map(|m| m.content.as_str()))
    }

    /// The run that works, or else the first that waits.
    #[must_use]
    pub fn active_run(&self) -> Option<&Run> {
        self.runs
            .iter()
            .find(|run| matches!(run.status, RunStatus::Running | RunStatus::Paused))
            .or_else(|| self.runs.iter().find(|run| run.status == RunStatus::Queued))
    }

    /// Tokens of all runs, also of those before the first message that is known, and of what was asked outside of them.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let mut sum = self.earlier;
        for run in &self.runs {
            sum += run.usage;
        }
        sum
    }

    fn begin_message(&mut self, id: MessageId, run_id: Option<RunId>, step: u32, envelope: &Envelope, seq: u64) {
        if self.message(id).is_none() {
            self.put_message(Message {
                id,
                seq,
                run_id,
                step: Some(step),
                role: Role::Assistant,
                status: MessageStatus::Streaming,
                content: String::new(),
                parts: Vec::new(),
                author: None,
                finish_reason: None,
                replaces: None,
                created_at: envelope.at,
            });
        }
    }

    fn settle_step(&mut self, run: Option<RunId>, call: ToolRunId, status: ToolRunStatus) {
        self.with_run(run, |run| {
            if let Some(plan) = &mut run.plan {
                plan.settle(call, status);
            }
        });
    }

    fn end_run(&mut self, envelope: &Envelope, status: RunStatus, change: impl FnOnce(&mut Run)) {
        self.say(None, None);
        self.discard_messages(envelope.run_id);
        self.with_run(envelope.run_id, |run| {
            change(run);
            run.status = status;
            run.requires_action = None;
            if let Some(plan) = &mut run.plan {
                plan.end();
            }
            run.finished_at = Some(envelope.at);
        });
    }

    /// What goes on from now on.
    fn say(&mut self, status: Option<String>, again_at: Option<Timestamp>) {
        (self.status, self.again_at) = (status, again_at);
    }

    fn update_state(&mut self) {
        let state = match self.active_status() {
            None => ExecutionState::Idle,
            Some(RunStatus::Paused) => ExecutionState::Paused,
            Some(_) => ExecutionState::Running,
        };
        if let Some(conversation) = &mut self.conversation {
            conversation.execution_state = state;
        }
    }
}

/// The one rule for a run's answer: the visible text of its last step. What was said before tool calls is progress; only where
/// nothing was said after them it is what came last.
pub fn last_text<'a>(texts: impl Iterator<Item = &'a str>) -> &'a str {
    texts.filter(|text| !text.is_empty()).last().unwrap_or_default()
}
