//! Tool runs: one execution of one tool call.

use super::Timestamp;
use crate::{
    executor::ToolError,
    id::{MessageId, RunId, ToolRunId},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where a tool run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ToolRunStatus {
    /// The model asked for it.
    Proposed,
    /// It waits for variables that it lacks.
    AwaitingCredentials,
    /// It waits for a person's approval.
    AwaitingApproval,
    /// It runs: the intent is recorded, the outcome is not.
    Started,
    /// It gave an output.
    Succeeded,
    /// It failed.
    Failed,
    /// Its deadline passed.
    TimedOut,
    /// Somebody stopped it; it may have taken effect.
    Cancelled,
    /// It was refused before it ran.
    Skipped,
    /// A person said no.
    Denied,
    /// The server died during the call; whether it took effect is not known.
    Unknown,
}

impl ToolRunStatus {
    /// Whether nothing more will happen to it.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        !matches!(self, Self::Proposed | Self::AwaitingCredentials | Self::AwaitingApproval | Self::Started)
    }

    /// The name as stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::AwaitingCredentials => "awaiting_credentials",
            Self::AwaitingApproval => "awaiting_approval",
            Self::Started => "started",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
            Self::Denied => "denied",
            Self::Unknown => "unknown",
        }
    }
}

/// One execution of one tool call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ToolRun {
    /// Its id.
    pub id: ToolRunId,
    /// Its run.
    pub run_id: RunId,
    /// The assistant's message that asked for it.
    pub message_id: MessageId,
    /// The model's id of the call.
    pub tool_call_id: String,
    /// `package::export`, or the name of a meta-tool (`registrySearchTool`).
    pub tool_id: String,
    /// The tool's name.
    pub tool_name: String,
    /// The package's version; empty for a meta-tool and while it is not known.
    pub version: String,
    /// Where it stands.
    pub status: ToolRunStatus,
    /// The input.
    pub input: Value,
    /// The output; missing in lists when it is larger than 64 KiB (see `outputBytes`, and `GET /tool-runs/:id/output`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// One line.
    #[serde(default)]
    pub output_summary: String,
    /// Size of the whole output as JSON, in bytes.
    #[serde(default)]
    pub output_bytes: u64,
    /// True when the output was cut before it was stored.
    #[serde(default)]
    pub truncated: bool,
    /// How often it was begun: more than once when it first lacked a variable, or when the server was stopped.
    #[serde(default)]
    pub attempts: u32,
    /// When it was begun last; missing before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// How long it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ToolError>,
    /// What the model is told of it besides, such as that the server that took it had forgotten what came before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// When the model asked for it.
    pub created_at: Timestamp,
}

/// `GET /tool-runs/:id/output?offset=N&limit=BYTES`: a piece of the output's JSON text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct OutputPage {
    /// The tool run.
    pub tool_run_id: ToolRunId,
    /// Where `content` begins, in bytes of UTF-8.
    pub offset: u64,
    /// The text; never cut inside a character.
    pub content: String,
    /// Size of the whole text in bytes.
    pub total_bytes: u64,
    /// Where the next piece begins; missing after the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_offset: Option<u64>,
}
