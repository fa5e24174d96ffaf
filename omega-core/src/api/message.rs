//! Messages.

use super::{Timestamp, ToolRun};
use crate::{
    api::FinishReason,
    id::{MessageId, PlanId, RunId, ToolId, UserId},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A participant.
    User,
    /// Omega.
    Assistant,
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum MessageStatus {
    /// Text still comes.
    Streaming,
    /// It is whole.
    Complete,
    /// Its step was given up (crash, cancel); kept for the record, not shown to the model.
    Discarded,
}

/// A piece of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Part {
    /// Visible text, Markdown.
    Text {
        /// The text.
        text: String,
    },
    /// The model's reasoning, where it returns any.
    Reasoning {
        /// The text.
        text: String,
    },
    /// A tool call; the [`ToolRun`] has the rest.
    #[serde(rename_all = "camelCase")]
    ToolCall {
        /// The model's id of the call.
        tool_call_id: String,
        /// The name that the model used.
        tool_name: String,
        /// The arguments as they came.
        arguments: String,
    },
}

/// Who wrote a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Author {
    /// The user.
    pub user_id: UserId,
    /// The name to show.
    pub display_name: String,
    /// SHA-256 of the trimmed lower-case e-mail, or empty.
    pub gravatar_hash: String,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Its place: the sequence number of the event that made it.
    pub seq: u64,
    /// The run that it started (user) or belongs to (assistant).
    pub run_id: Option<RunId>,
    /// The step of the run that wrote it; assistant only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u32>,
    /// Who speaks.
    pub role: Role,
    /// Where it stands.
    pub status: MessageStatus,
    /// The visible text in one piece.
    pub content: String,
    /// The pieces, in order.
    pub parts: Vec<Part>,
    /// Its author; user messages only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Author>,
    /// Why the model stopped; assistant only, and missing where its provider did not say. `length`, `content_filter` and
    /// `refusal` mean that the answer is not all that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<FinishReason>,
    /// The message that it is a newer version of; user messages only. Both stay in the log, and the model reads the newer one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<MessageId>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Message {
    /// The visible text of `parts`, in one piece.
    #[must_use]
    pub fn text_of(parts: &[Part]) -> String {
        parts
            .iter()
            .filter_map(|part| match part {
                Part::Text { text } => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }
}

/// The earlier versions among messages: those that another one is a newer version of, and what was answered to them.
#[must_use]
pub fn earlier_versions(messages: &[Message]) -> HashSet<MessageId> {
    let replaced: HashSet<MessageId> = messages.iter().filter_map(|message| message.replaces).collect();
    let is_replaced = |message: &&Message| replaced.contains(&message.id);
    let runs: HashSet<RunId> = messages.iter().filter(is_replaced).filter_map(|message| message.run_id).collect();
    let is_earlier = |message: &&Message| is_replaced(message) || message.run_id.is_some_and(|run| runs.contains(&run));
    messages.iter().filter(is_earlier).map(|message| message.id).collect()
}

/// What to do when a run of the conversation is active already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum OnActive {
    /// Wait for it, in the order of the messages.
    #[default]
    Enqueue,
    /// Cancel it, keep what it did, and start this one.
    Interrupt,
    /// Answer 409 `RUN_ACTIVE`.
    Reject,
}

/// `POST /conversations/:id/messages`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SendMessage {
    /// The text, 1 to 1,000,000 bytes; may be empty beside `data`.
    pub message: String,
    /// Data for tools, at most 33,554,432 bytes: what is too long for a prompt. The message has its beginning and its end, and the
    /// model hands all of it to tools as `{"$from": "stdin"}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// An earlier message of the conversation that this one is a newer version of, edited or asked again: the model no longer reads
    /// that message and what was answered to it. The caller's own, or any of the owner's conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<MessageId>,
    /// Variables for this run's tools; used for this run, never stored in clear, gone when it ends.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// `provider/model` for this message; otherwise the conversation's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What to do when a run is active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_active: Option<OnActive>,
    /// Whether plans are proposed before anything runs; otherwise the sender's setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<super::PlanMode>,
    /// What happens when a tool fails for good; otherwise the sender's setting. `auto` where nobody could answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alternatives: Option<super::AlternativesMode>,
    /// A plan that this run follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<PlanId>,
    /// Tools to prefer for this message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pins: Vec<ToolId>,
    /// True when no person watches the run (a program sends the message): calls that delete or spend, and calls that take a
    /// credential to an address that nobody wrote, wait for approval.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub autonomous: bool,
    /// The client's own id of the message: sending it again returns the first receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_message_id: Option<String>,
    /// A JSON Schema, at most 65,536 bytes, that the answer has to match: the provider's structured output, where it has one. The
    /// answer is not checked against it; ask for it in the message too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_schema: Option<Value>,
}

/// The answer to a message that was sent with `Prefer: respond-async`, or whose wait ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    /// The run that works on it.
    pub run_id: RunId,
    /// The stored message.
    pub message_id: MessageId,
    /// Sequence number of its `message.created`: follow the events after `seq - 1` to see all of it.
    pub seq: u64,
}

/// The answer of a call that waited for the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Finished {
    /// The run.
    pub run: super::Run,
    /// Its whole visible text.
    pub answer: String,
    /// Its tool runs, with input and output.
    pub tool_runs: Vec<ToolRun>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_earlier_version_and_its_answers_are_told_from_the_newest_of_a_chain() {
        let ids: Vec<MessageId> = (0..6).map(|_| MessageId::new()).collect();
        let runs: Vec<RunId> = (0..3).map(|_| RunId::new()).collect();
        let message = |at: usize| {
            let (run, replaces) = (runs[at / 2], (at.is_multiple_of(2) && at > 0).then(|| ids[at - 2]));
            let role = if at.is_multiple_of(2) { "user" } else { "assistant" };
            let message = json!({ "id": ids[at], "seq": at + 1, "runId": run, "role": role, "status": "complete", "content": "",
                "parts": [], "replaces": replaces, "createdAt": "2026-11-22T18:00:00.000Z" });
            serde_json::from_value::<Message>(message).unwrap()
        };
        let messages: Vec<Message> = (0..6).map(message).collect();
        assert_eq!(earlier_versions(&messages), ids[..4].iter().copied().collect());
        assert!(earlier_versions(&messages[..2]).is_empty());
        // Where the newer one alone is loaded there is nothing to say of others.
        assert!(earlier_versions(&messages[4..]).is_empty());
    }
}
