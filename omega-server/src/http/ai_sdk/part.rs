//! The parts of a UI message stream that we send: the wire's own names and fields.

use omega_core::api::Approval;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Which parts a client knows. A reader of the SDK refuses a whole stream for one part that it does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
pub enum Dialect {
    /// AI SDK 6 and later. Text that came to nothing stays, and the part `data-omega-reset` says so.
    #[serde(rename = "ai-sdk")]
    Common,
    /// AI SDK 7 and later: text that came to nothing is taken back, and who decided about a call is told.
    #[serde(rename = "ai-sdk-7")]
    Seven,
}

/// One part.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Part {
    Start {
        message_id: String,
        message_metadata: Value,
    },
    StartStep,
    FinishStep,
    /// What this step has shown so far is void.
    ResetStep,
    TextStart {
        id: String,
    },
    TextDelta {
        id: String,
        delta: String,
    },
    TextEnd {
        id: String,
    },
    ReasoningStart {
        id: String,
    },
    ReasoningDelta {
        id: String,
        delta: String,
    },
    ReasoningEnd {
        id: String,
    },
    ToolInputStart {
        #[serde(flatten)]
        call: Call,
    },
    ToolInputAvailable {
        #[serde(flatten)]
        call: Call,
        input: Value,
    },
    ToolApprovalRequest {
        approval_id: String,
        tool_call_id: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        approval_descriptor: Value,
    },
    ToolApprovalResponse {
        approval_id: String,
        approved: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    ToolOutputAvailable {
        tool_call_id: String,
        output: Value,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        preliminary: bool,
    },
    ToolOutputError {
        tool_call_id: String,
        error_text: String,
    },
    ToolOutputDenied {
        tool_call_id: String,
    },
    /// What goes on right now; of the moment.
    #[serde(rename = "data-omega-status")]
    Status {
        data: Value,
        transient: bool,
    },
    /// Something worth knowing.
    #[serde(rename = "data-omega-notice")]
    Notice {
        id: String,
        data: Value,
    },
    /// Variables that tools lack.
    #[serde(rename = "data-omega-credentials")]
    Credentials {
        id: String,
        data: Value,
    },
    /// Plans to choose from.
    #[serde(rename = "data-omega-plans")]
    Plans {
        id: String,
        data: Value,
    },
    /// Other tools for a call that came to nothing.
    #[serde(rename = "data-omega-alternatives")]
    Alternatives {
        id: String,
        data: Value,
    },
    /// [`Self::ResetStep`] for who does not know it.
    #[serde(rename = "data-omega-reset")]
    Reset {
        data: Value,
    },
    MessageMetadata {
        message_metadata: Value,
    },
    Finish {
        finish_reason: &'static str,
    },
    Error {
        error_text: String,
    },
    Abort {
        reason: String,
    },
}

/// Which call, and of what. It runs here: no client is asked to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// The tool run's id: a model's own ids come again.
    pub tool_call_id: String,
    pub tool_name: String,
    pub title: String,
    pub tool_metadata: Value,
    pub dynamic: bool,
    pub provider_executed: bool,
}

impl Part {
    /// The part as a client gets it, where it knows one for it.
    pub fn spoken(self, dialect: Dialect) -> Option<Self> {
        match (dialect, self) {
            (Dialect::Common, Self::ResetStep) => Some(Self::Reset { data: json!({}) }),
            (Dialect::Common, Self::ToolApprovalResponse { .. }) => None,
            (_, part) => Some(part),
        }
    }

    /// What goes on right now, in words.
    pub fn status(phase: &str, message: &str) -> Self {
        Self::Status { data: json!({ "phase": phase, "message": message }), transient: true }
    }

    /// A call that a person is asked about.
    pub fn request(approval: &Approval) -> Self {
        let reason = approval.reason.as_str();
        Self::ToolApprovalRequest {
            approval_id: approval.id.to_string(),
            tool_call_id: approval.tool_run_id.to_string(),
            reason: Some(approval.because.clone().unwrap_or_else(|| reason.to_owned())),
            approval_descriptor: json!({
                "reason": reason, "toolId": approval.tool_id, "version": approval.version,
                "credentials": approval.credentials, "ownerOnly": approval.owner_only, "argsDigest": approval.args_digest,
            }),
        }
    }
}
