//! Runs: the agent's work for one user message.

use super::{Feedback, RequiredAction, RunAnswer, RunPlan, Timestamp};
use crate::{
    api::{FinishReason, Usage},
    id::{ConversationId, MessageId, RunId},
};
use serde::{Deserialize, Serialize};

/// Where a run stands. Terminal states never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    /// It waits for its turn.
    Queued,
    /// It works.
    Running,
    /// It waits for a person.
    Paused,
    /// It answered.
    Completed,
    /// It failed.
    Failed,
    /// Somebody stopped it.
    Cancelled,
}

impl RunStatus {
    /// Whether nothing more will happen to it.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// The name as stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Whose provider key a run is paid with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Payer {
    /// The server's.
    Server,
    /// The conversation's owner's own, whoever sent the message.
    Owner,
}

/// Why a run failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct RunError {
    /// A stable code (`PROVIDER_AUTH`, `MODEL_NOT_FOUND`, `RECOVERY_LIMIT`, ...).
    pub code: String,
    /// What happened and what to do next.
    pub error: String,
    /// Whether sending the message again may help.
    pub retryable: bool,
}

/// The agent's work for one user message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// Its conversation.
    pub conversation_id: ConversationId,
    /// The user's message.
    pub message_id: MessageId,
    /// Where it stands.
    pub status: RunStatus,
    /// `provider/model`.
    pub model: String,
    /// Whose provider key it is paid with, from the moment when its message was sent; missing for models that need none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_by: Option<Payer>,
    /// Version of the system prompt that it has (`GET /prompts/:version`).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prompt_version: String,
    /// Model calls so far.
    pub steps: u32,
    /// Tool calls so far.
    pub tool_calls: u32,
    /// Tokens so far, and what they cost.
    pub usage: Usage,
    /// What it waits for while it is paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requires_action: Option<RequiredAction>,
    /// The plan that it follows, and how far it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<RunPlan>,
    /// What people answered while it waited, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<RunAnswer>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<RunError>,
    /// Why the model stopped in the newest step that is whole. A completed run with `length`, `content_filter` or `refusal`
    /// has an answer that is not all that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<FinishReason>,
    /// What people said of its answer, each person once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub feedback: Vec<Feedback>,
    /// When the message came.
    pub created_at: Timestamp,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
}
