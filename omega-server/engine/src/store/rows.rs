//! Rows as they come from either engine, and what they are at the API.

use super::{Result, StoreError, api_keys::ADMIN};
use crate::domain::row::row;
use crate::domain::{
    caller::{Caller, Via},
    nul,
};
use omega_core::{
    api::{Author, Message, MessageStatus, Participant, Role, Run, RunStatus, Timestamp, ToolRun, ToolRunStatus},
    edition::Edition,
    id::ConversationId,
    model::{ProviderState, ToolCall},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::str::FromStr;

/// Parses an id that was written by us.
pub(super) fn id<T: FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| StoreError::Corrupt(format!("`{text}` is no id")))
}

/// Reads a word of a closed list (`running`).
pub(super) fn word<T: DeserializeOwned>(text: &str) -> Result<T> {
    Ok(serde_json::from_value(Value::String(text.to_owned()))?)
}

/// Writes JSON, which has no U+0000.
pub(super) fn json<T: Serialize + ?Sized>(value: &T) -> Result<String> {
    Ok(nul::json(serde_json::to_string(value)?))
}

pub(super) fn number(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

pub(super) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

row! {
    pub(super) struct ConversationRow {
        pub owner_id: String,
        pub title: Option<String>,
        pub title_source: String,
        pub model: String,
        pub safe_mode: Option<bool>,
        pub guest_credentials: String,
        pub visibility: String,
        pub link_id: String,
        pub next_seq: i64,
        pub created_at: i64,
        pub updated_at: i64,
        pub usage: String,
        pub forked_from: Option<String>,
    }
}

row! {
    /// The columns of a tool's edition.
    pub(super) struct EditionRow {
        pub version: String,
        pub integrity: Option<String>,
        pub own: bool,
    }
}

impl From<EditionRow> for Edition {
    fn from(row: EditionRow) -> Self {
        Self { version: row.version, integrity: row.integrity, own: row.own }
    }
}

row! {
    /// The columns of a user who makes a request.
    pub(super) struct CallerRow {
        pub id: String,
        pub display_name: String,
        pub gravatar_hash: String,
        pub role: String,
    }
}

impl CallerRow {
    pub fn into_caller(self, via: Via) -> Result<Caller> {
        Ok(Caller {
            user: id(&self.id)?,
            display_name: self.display_name,
            gravatar_hash: self.gravatar_hash,
            is_admin: self.role == ADMIN,
            via,
        })
    }
}

row! {
    /// A run that has not ended.
    pub(super) struct OpenRunRow {
        pub id: String,
        pub status: String,
        pub actor_user_id: String,
    }
}

row! {
    pub(super) struct ParticipantRow {
        pub user_id: String,
        pub role: String,
        pub display_name: String,
        pub gravatar_hash: String,
        pub blocked_at: Option<i64>,
    }
}

impl ParticipantRow {
    pub fn into_api(self) -> Result<Participant> {
        Ok(Participant {
            user_id: id(&self.user_id)?,
            role: self.role,
            display_name: self.display_name,
            gravatar_hash: self.gravatar_hash,
            blocked: self.blocked_at.is_some(),
        })
    }
}

row! {
    pub(super) struct MessageRow {
        pub id: String,
        pub seq: i64,
        pub run_id: String,
        pub step_no: Option<i64>,
        pub author: Option<String>,
        pub role: String,
        pub status: String,
        pub parts: String,
        pub content: String,
        pub calls: String,
        pub provider_state: String,
        pub created_at: i64,
        pub finish_reason: Option<String>,
        pub replaces: Option<String>,
    }
}

impl MessageRow {
    pub fn into_api(self) -> Result<Message> {
        Ok(Message {
            id: id(&self.id)?,
            seq: number(self.seq),
            run_id: Some(id(&self.run_id)?),
            step: self.step_no.and_then(|step| u32::try_from(step).ok()),
            role: word::<Role>(&self.role)?,
            status: word::<MessageStatus>(&self.status)?,
            content: self.content,
            parts: serde_json::from_str(&self.parts)?,
            author: self.author.as_deref().map(serde_json::from_str::<Author>).transpose()?,
            finish_reason: self.finish_reason.as_deref().map(word).transpose()?,
            replaces: self.replaces.as_deref().map(id).transpose()?,
            created_at: Timestamp(self.created_at),
        })
    }

    pub fn calls(&self) -> Result<Vec<ToolCall>> {
        Ok(serde_json::from_str(&self.calls)?)
    }

    pub fn provider_state(&self) -> Result<Vec<ProviderState>> {
        Ok(serde_json::from_str(&self.provider_state)?)
    }
}

row! {
    pub(super) struct RunRow {
        pub id: String,
        pub conversation_id: String,
        pub message_id: String,
        pub actor_user_id: String,
        pub status: String,
        pub config: String,
        pub step_no: i64,
        pub tool_calls: i64,
        pub attempt: i64,
        pub recoveries: i64,
        pub cancel_requested_at: Option<i64>,
        pub pause: Option<String>,
        pub error: Option<String>,
        pub usage: String,
        pub queued_at: i64,
        pub started_at: Option<i64>,
        pub finished_at: Option<i64>,
        pub finish_reason: Option<String>,
    }
}

impl RunRow {
    pub fn into_api(self) -> Result<Run> {
        let config: Value = serde_json::from_str(&self.config)?;
        Ok(Run {
            id: id(&self.id)?,
            conversation_id: id::<ConversationId>(&self.conversation_id)?,
            message_id: id(&self.message_id)?,
            status: word::<RunStatus>(&self.status)?,
            model: config["model"].as_str().unwrap_or_default().to_owned(),
            paid_by: serde_json::from_value(config["paidBy"].clone())?,
            prompt_version: config["promptVersion"].as_str().unwrap_or_default().to_owned(),
            steps: u32::try_from(self.step_no).unwrap_or(0),
            tool_calls: u32::try_from(self.tool_calls).unwrap_or(0),
            usage: serde_json::from_str(&self.usage)?,
            plan: None,
            answers: Vec::new(),
            requires_action: self.pause.as_deref().map(serde_json::from_str).transpose()?,
            error: self.error.as_deref().map(serde_json::from_str).transpose()?,
            finish_reason: self.finish_reason.as_deref().map(word).transpose()?,
            feedback: Vec::new(),
            created_at: Timestamp(self.queued_at),
            started_at: self.started_at.map(Timestamp),
            finished_at: self.finished_at.map(Timestamp),
        })
    }
}

row! {
    pub(super) struct ToolRunRow {
        pub id: String,
        pub run_id: String,
        pub message_id: String,
        pub call_id: String,
        pub seq: i64,
        pub tool_id: String,
        pub tool_name: String,
        pub version: String,
        pub status: String,
        pub input: String,
        pub output: Option<String>,
        pub output_summary: String,
        pub output_bytes: i64,
        pub truncated: bool,
        pub attempt: i64,
        pub started_at: Option<i64>,
        pub error: Option<String>,
        pub duration_ms: Option<i64>,
        pub notice: Option<String>,
        pub created_at: i64,
    }
}

impl ToolRunRow {
    /// `limit`: outputs larger than this are left out.
    pub fn into_api(self, limit: usize) -> Result<ToolRun> {
        Ok(ToolRun {
            id: id(&self.id)?,
            run_id: id(&self.run_id)?,
            message_id: id(&self.message_id)?,
            tool_call_id: self.call_id,
            tool_id: self.tool_id,
            tool_name: self.tool_name,
            version: self.version,
            status: word::<ToolRunStatus>(&self.status)?,
            input: serde_json::from_str(&self.input)?,
            output: match self.output {
                Some(output) if output.len() <= limit => Some(serde_json::from_str(&output)?),
                _ => None,
            },
            output_summary: self.output_summary,
            output_bytes: number(self.output_bytes),
            truncated: self.truncated,
            attempts: u32::try_from(self.attempt).unwrap_or(0),
            started_at: self.started_at.map(Timestamp),
            duration_ms: self.duration_ms.map(number),
            error: self.error.as_deref().map(serde_json::from_str).transpose()?,
            notice: self.notice,
            created_at: Timestamp(self.created_at),
        })
    }
}
