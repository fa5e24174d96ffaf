//! The audit log: who did what, when, and whether the record is whole.

use super::Timestamp;
use crate::id::{ConversationId, KeyId, RunId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One recorded fact. Values of credentials are never in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// The hash chain that it is a link of.
    pub chain: String,
    /// Its place in the chain, from 1.
    pub n: u64,
    /// Its id; later facts have greater ones.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// Who, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<UserId>,
    /// How they acted: `session`, `api_key`, `run` (a run that they began), `system`, or `anonymous`.
    pub actor_kind: String,
    /// Their API key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key_id: Option<KeyId>,
    /// The address that it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The request, as in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What: `credential.used`, `tool.started`, `key.made`, ...
    pub action: String,
    /// What kind of thing it was done to.
    pub object_type: String,
    /// Which one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_id: Option<String>,
    /// The conversation; only in a user's own facts, because its id opens it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<ConversationId>,
    /// The conversation, as the server's log names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
    /// The run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<RunId>,
    /// `ok`, `denied` or `error`.
    pub outcome: String,
    /// More, by action; names and numbers only.
    pub detail: Map<String, Value>,
    /// SHA-256 over all of it and the hash before, in hexadecimal.
    pub hash: String,
}

/// Whether the audit log is whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AuditReport {
    /// True when no chain is broken.
    pub ok: bool,
    /// Links that were looked at.
    pub checked: u64,
    /// The chains that have links or should have.
    pub chains: Vec<AuditChain>,
}

/// One chain of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AuditChain {
    /// Its name.
    pub chain: String,
    /// Its last link.
    pub n: u64,
    /// The hash of its last link, in hexadecimal; compare it with the server's log (`event=audit.head`).
    pub hash: String,
    /// The first link that is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<AuditBreak>,
}

/// Where a chain is broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AuditBreak {
    /// The place of the first link that is wrong or missing.
    pub n: u64,
    /// The id of the row at that place, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What is wrong with it.
    pub kind: AuditBreakKind,
    /// The same in a sentence.
    pub message: String,
}

/// What can be wrong with a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AuditBreakKind {
    /// The row's fields are not the ones that were recorded.
    Changed,
    /// A row between others is gone.
    Removed,
    /// The row stood elsewhere.
    Reordered,
    /// The newest rows are gone.
    Truncated,
    /// Rows that the chain does not know of.
    Added,
    /// The record of where the chain ends is gone.
    Headless,
    /// It is not the link that was noted earlier.
    NotAsNoted,
}
