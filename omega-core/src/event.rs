//! The one event enum and its envelope.
//!
//! The same value is the stored row, the SSE payload and the line of `omega ask --stream-json`. An event with a sequence
//! number is committed before anybody sees it. Frames without one (deltas, `snapshot`, `resync`, `draining`) are never
//! stored: deltas are addressed by message, part and offset, so that a client that saw some of them twice, or missed
//! some, still ends with the same text (see [`crate::view`]).

#![warn(missing_docs)]

use crate::{
    api::{
        AlternativeChoice, ConversationDetail, Decision, Feedback, FinishReason, GuestCredentials, Message, Plan,
        Remember, RequiredAction, Run, RunError, Save, Timestamp, ToolRunStatus, Usage, Visibility,
    },
    executor::ToolError,
    id::{ApprovalId, ConversationId, MessageId, PlanId, PlanSetId, RunId, ToolId, ToolRunId, UserId},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

mod answer;
mod kind;
pub mod notice;

/// Version of the envelope.
pub const VERSION: u8 = 1;

/// An event and where it belongs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// Version of the envelope: 1.
    pub v: u8,
    /// Its number in the conversation, from 1 and without gaps; missing for frames that are not stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// Its conversation.
    pub conversation_id: ConversationId,
    /// Its run, if it belongs to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<RunId>,
    /// When it was committed (or sent).
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What happened. The tag is the SSE event's name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type")]
pub enum Event {
    /// Fields of the conversation changed; what is missing stayed.
    #[serde(rename = "conversation.updated", rename_all = "camelCase")]
    ConversationUpdated {
        /// The title.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// `provider/model`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<String>,
        /// Safe Mode.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        safe_mode: Option<bool>,
        /// What guests' messages may do with the owner's credentials.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        guest_credentials: Option<GuestCredentials>,
        /// Who may open it besides the owner.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        visibility: Option<Visibility>,
        /// The new page to share; the guests who joined by the one before are out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
        /// Tokens that were taken outside of the steps of runs: for a title, for plans, by a model call that failed. They are
        /// added to the event's run, and to the conversation alone where it is of none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        usage: Option<Usage>,
    },
    /// Somebody opened the conversation who did not take part before, or has another name or picture now.
    #[serde(rename = "participant.joined", rename_all = "camelCase")]
    ParticipantJoined {
        /// The user.
        user_id: UserId,
        /// `owner` or `guest`.
        role: String,
        /// The name to show.
        display_name: String,
        /// SHA-256 of the e-mail, or empty.
        gravatar_hash: String,
    },
    /// The owner shut a participant out, or let them in again.
    #[serde(rename = "participant.updated", rename_all = "camelCase")]
    ParticipantUpdated {
        /// The user.
        user_id: UserId,
        /// Whether they are blocked.
        blocked: bool,
    },
    /// A participant's message is stored.
    #[serde(rename = "message.created", rename_all = "camelCase")]
    MessageCreated {
        /// The message.
        message: Message,
    },
    /// More visible text; not stored.
    #[serde(rename = "message.delta", rename_all = "camelCase")]
    MessageDelta {
        /// The message.
        message_id: MessageId,
        /// Index of the part in the message.
        part: u32,
        /// Where `content` begins in the part, in bytes of UTF-8.
        offset: u64,
        /// The text.
        content: String,
    },
    /// More reasoning; not stored.
    #[serde(rename = "reasoning.delta", rename_all = "camelCase")]
    ReasoningDelta {
        /// The message.
        message_id: MessageId,
        /// Index of the part in the message.
        part: u32,
        /// Where `content` begins in the part, in bytes of UTF-8.
        offset: u64,
        /// The text.
        content: String,
    },
    /// A message of the assistant is whole; replaces what the deltas built.
    #[serde(rename = "message.completed", rename_all = "camelCase")]
    MessageCompleted {
        /// The message.
        message: Message,
    },
    /// What was shown of this message is void: the model is asked again.
    #[serde(rename = "message.reset", rename_all = "camelCase")]
    MessageReset {
        /// The message.
        message_id: MessageId,
        /// The step.
        step: u32,
    },
    /// A run waits for its turn.
    #[serde(rename = "run.queued", rename_all = "camelCase")]
    RunQueued {
        /// The run.
        run: Run,
        /// Runs before it.
        position: u32,
    },
    /// A run begins.
    #[serde(rename = "run.started", rename_all = "camelCase")]
    RunStarted {
        /// 1 for the first.
        attempt: u32,
        /// `provider/model`.
        model: String,
        /// Version of the system prompt.
        prompt_version: String,
    },
    /// A run goes on after a pause.
    #[serde(rename = "run.resumed", rename_all = "camelCase")]
    RunResumed {
        /// How often it was taken up.
        attempt: u32,
    },
    /// A run goes on after its server died.
    #[serde(rename = "run.recovered", rename_all = "camelCase")]
    RunRecovered {
        /// How often it was taken up.
        attempt: u32,
    },
    /// What it does right now; for people, never for logic.
    #[serde(rename = "status", rename_all = "camelCase")]
    Status {
        /// `searching`, `loading`, `planning`, `streaming`, `retrying`.
        phase: String,
        /// A sentence; while it is `retrying`, why.
        message: String,
        /// When the model is asked again, while it is `retrying`; `POST /runs/:id/retry` has it asked at once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        again_at: Option<Timestamp>,
    },
    /// A model call begins.
    #[serde(rename = "run.step.started", rename_all = "camelCase")]
    StepStarted {
        /// From 1.
        step_index: u32,
        /// The message that it writes.
        message_id: MessageId,
    },
    /// A model call ended, and so did all its tool calls.
    #[serde(rename = "run.step.completed", rename_all = "camelCase")]
    StepCompleted {
        /// From 1.
        step_index: u32,
        /// Its tokens.
        usage: Usage,
        /// The run's tokens so far, this step included.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run_usage: Option<Usage>,
        /// Why the model stopped.
        finish_reason: Option<FinishReason>,
    },
    /// Plans to choose from.
    #[serde(rename = "plan.proposed", rename_all = "camelCase")]
    PlanProposed {
        /// The set.
        plan_set_id: PlanSetId,
        /// The plans, best first.
        plans: Vec<Plan>,
    },
    /// A plan was chosen, or another was asked for.
    #[serde(rename = "plan.selected", rename_all = "camelCase")]
    PlanSelected {
        /// The set.
        plan_set_id: PlanSetId,
        /// The plan; missing when another was asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        plan_id: Option<PlanId>,
        /// The plan itself, which its run follows from here on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        plan: Option<Plan>,
        /// Who chose.
        by: UserId,
    },
    /// A call came to nothing, and these tools could do the same.
    #[serde(rename = "alternatives.proposed", rename_all = "camelCase")]
    AlternativesProposed {
        /// The call and the tools.
        #[serde(flatten)]
        choice: AlternativeChoice,
    },
    /// Somebody chose another tool for a call, or none.
    #[serde(rename = "alternatives.selected", rename_all = "camelCase")]
    AlternativesSelected {
        /// The call.
        tool_run_id: ToolRunId,
        /// The tool; missing when none of them was wanted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tool_id: Option<ToolId>,
        /// Who chose.
        by: UserId,
    },
    /// The run is paused until somebody answers.
    #[serde(rename = "run.requires_action", rename_all = "camelCase")]
    RunRequiresAction {
        /// What it waits for.
        #[serde(flatten)]
        action: RequiredAction,
    },
    /// Missing variables were given, or refused; names only.
    #[serde(rename = "credentials.provided", rename_all = "camelCase")]
    CredentialsProvided {
        /// The names; empty when they were refused.
        names: Vec<String>,
        /// Where they are kept.
        save: Save,
        /// True when the run goes on without them.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        declined: bool,
        /// Who gave them.
        by: UserId,
    },
    /// A call was allowed or refused.
    #[serde(rename = "approval.decided", rename_all = "camelCase")]
    ApprovalDecided {
        /// The approval.
        approval_id: ApprovalId,
        /// The call.
        tool_run_id: ToolRunId,
        /// Approve or deny.
        decision: Decision,
        /// How long an approval lasts.
        remember: Remember,
        /// Told to the model.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// The input that was set in place of the model's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        input: Option<Value>,
        /// Who decided.
        by: UserId,
    },
    /// Tools that became callable by name.
    #[serde(rename = "tools.loaded", rename_all = "camelCase")]
    ToolsLoaded {
        /// Their names, as the model sees them.
        new_tools: Vec<String>,
        /// How many there are now.
        total_dynamic_tools: u32,
    },
    /// The model asked for a call.
    #[serde(rename = "run.step.tool.proposed", rename_all = "camelCase")]
    ToolProposed {
        /// The tool run.
        tool_run_id: ToolRunId,
        /// The message that asked.
        message_id: MessageId,
        /// The model's id of the call.
        tool_call_id: String,
        /// `package::export`, or a meta-tool's name.
        tool_id: String,
        /// The tool's name.
        tool_name: String,
        /// The package's version, where it is known.
        version: String,
        /// The input.
        input: Value,
    },
    /// The intent is recorded; the tool starts now.
    #[serde(rename = "run.step.tool.started", rename_all = "camelCase")]
    ToolStarted {
        /// The tool run.
        tool_run_id: ToolRunId,
        /// The model's id of the call.
        tool_call_id: String,
        /// The tool's name.
        tool_name: String,
        /// The package's version.
        version: String,
        /// The input.
        input: Value,
        /// Names of the credentials it gets.
        credentials_used: Vec<String>,
    },
    /// A partial output; not stored as an event.
    #[serde(rename = "run.step.tool.delta", rename_all = "camelCase")]
    ToolDelta {
        /// The tool run.
        tool_run_id: ToolRunId,
        /// Counts the partial outputs, from 0; the newest replaces the one before.
        offset: u64,
        /// The output so far.
        chunk: Value,
    },
    /// The outcome.
    #[serde(rename = "run.step.tool.completed", rename_all = "camelCase")]
    ToolCompleted {
        /// The tool run.
        tool_run_id: ToolRunId,
        /// The model's id of the call.
        tool_call_id: String,
        /// The tool's name.
        tool_name: String,
        /// The version that ran.
        version: String,
        /// How it ended.
        status: ToolRunStatus,
        /// The output, unless it is larger than 64 KiB.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        output: Option<Value>,
        /// One line.
        output_summary: String,
        /// Size of the output as JSON.
        output_bytes: u64,
        /// True when it was cut before it was stored.
        truncated: bool,
        /// How long it took.
        duration_ms: u64,
        /// Whether it failed.
        is_error: bool,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<ToolError>,
    },
    /// The server died during the call; whether it took effect is not known.
    #[serde(rename = "run.step.tool.unknown", rename_all = "camelCase")]
    ToolUnknown {
        /// The tool run.
        tool_run_id: ToolRunId,
        /// The model's id of the call.
        tool_call_id: String,
        /// What is known of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<ToolError>,
    },
    /// Somebody asked to stop the run.
    #[serde(rename = "run.cancel_requested", rename_all = "camelCase")]
    RunCancelRequested {},
    /// The run answered. One of the three terminal events of a run.
    #[serde(rename = "run.completed", rename_all = "camelCase")]
    RunCompleted {
        /// The visible text of its last step. What was said before tool calls is in their messages alone.
        answer: String,
        /// Its tokens.
        usage: Usage,
        /// Its tool calls.
        tool_calls: u32,
        /// Its model calls.
        steps: u32,
        /// Why the model stopped at last.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        finish_reason: Option<FinishReason>,
    },
    /// The run failed. One of the three terminal events of a run.
    #[serde(rename = "run.failed", rename_all = "camelCase")]
    RunFailed {
        /// Why.
        #[serde(flatten)]
        error: RunError,
    },
    /// The run was stopped. One of the three terminal events of a run.
    #[serde(rename = "run.cancelled", rename_all = "camelCase")]
    RunCancelled {
        /// Who or what stopped it.
        reason: String,
    },
    /// Somebody said what they think of the run's answer, in place of what they said before.
    #[serde(rename = "feedback.given", rename_all = "camelCase")]
    FeedbackGiven {
        /// What they said.
        feedback: Feedback,
    },
    /// Somebody took back what they said of the run's answer.
    #[serde(rename = "feedback.removed", rename_all = "camelCase")]
    FeedbackRemoved {
        /// Who.
        by: UserId,
    },
    /// Something worth knowing: a budget, a limit, a breaker.
    #[serde(rename = "notice", rename_all = "camelCase")]
    Notice {
        /// A stable code.
        code: String,
        /// A sentence.
        message: String,
    },
    /// The whole state up to `lastSeq`; not stored.
    #[serde(rename = "snapshot", rename_all = "camelCase")]
    Snapshot {
        /// The conversation.
        conversation: Box<ConversationDetail>,
    },
    /// The cursor was beyond the log (a restored backup): start over from this state; not stored.
    #[serde(rename = "resync", rename_all = "camelCase")]
    Resync {
        /// The conversation.
        conversation: Box<ConversationDetail>,
    },
    /// The server is about to stop; come back with your cursor. Not stored.
    #[serde(rename = "draining", rename_all = "camelCase")]
    Draining {},
    /// A kind that this version does not know; ignored.
    #[serde(other, rename = "unknown")]
    Unknown,
}
