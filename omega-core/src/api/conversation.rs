//! Conversations.

use super::{Message, Run, Timestamp, ToolRun};
use crate::{
    api::Usage,
    id::{ConversationId, MessageId, UserId},
};
use serde::{Deserialize, Serialize};

/// What a guest's message may do with the owner's stored credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum GuestCredentials {
    /// A call that would use them waits for the owner's approval.
    #[default]
    Approve,
    /// Calls use them as in the owner's own runs.
    Allow,
    /// No call gets any: a tool that can't do without is refused.
    Deny,
}

impl GuestCredentials {
    /// The name as stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

/// `POST /conversations`. Every field is optional, and so is the body.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateConversation {
    /// At most 200 characters; made by the model after the first answer when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// `provider/model`; otherwise the server's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Safe Mode of this conversation; otherwise the owner's setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe_mode: Option<bool>,
    /// What guests' messages may do with the owner's credentials; otherwise the owner's setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest_credentials: Option<GuestCredentials>,
}

/// Who may open a conversation besides its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Whoever is signed in and has the link.
    #[default]
    Link,
    /// Nobody.
    Private,
}

impl Visibility {
    /// The name as stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Private => "private",
        }
    }
}

/// `PUT /conversations/:id/participants/:userId`, by the owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateParticipant {
    /// True shuts the guest out of this conversation, whatever link they have; false lets them in again.
    pub blocked: bool,
}

/// `PATCH /conversations/:id`, by the owner. What is missing stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateConversation {
    /// The title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// `provider/model`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Safe Mode: each tool call waits for approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe_mode: Option<bool>,
    /// What guests' messages may do with the owner's credentials; holds from the next call on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest_credentials: Option<GuestCredentials>,
    /// Who may open it besides the owner. `private` ends what guests follow at once; `link` lets them in again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
}

/// `POST /conversations/:id/fork`. The body is optional.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForkConversation {
    /// A message of the last run that the copy has; otherwise it has everything that has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<MessageId>,
}

/// What the conversation does right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum ExecutionState {
    /// Nothing.
    Idle,
    /// A run works, or waits for its turn.
    Running,
    /// A run waits for a person.
    Paused,
}

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Conversation {
    /// Its id. It opens the conversation for its owner and for the guests who joined by the link that holds now.
    pub id: ConversationId,
    /// Its title, once it has one.
    pub title: Option<String>,
    /// `provider/model` that answers here.
    pub model: String,
    /// Whether each tool call waits for approval; missing when the owner's setting decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe_mode: Option<bool>,
    /// What guests' messages may do with the owner's credentials.
    #[serde(default)]
    pub guest_credentials: GuestCredentials,
    /// What it does right now.
    pub execution_state: ExecutionState,
    /// The page to share: it ends with the link, which is what opens the conversation for guests.
    pub url: String,
    /// Who may open it besides the owner.
    #[serde(default)]
    pub visibility: Visibility,
    /// The title of the conversation that it is a copy of, as it was then; missing where it is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forked_from: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When something last happened.
    pub updated_at: Timestamp,
}

/// Who takes part. The e-mail address never leaves the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Participant {
    /// The user.
    pub user_id: UserId,
    /// `owner` or `guest`.
    pub role: String,
    /// The name to show.
    pub display_name: String,
    /// SHA-256 of the trimmed lower-case e-mail, or empty.
    pub gravatar_hash: String,
    /// True when the owner blocked them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub blocked: bool,
}

/// `GET /conversations/:id`, and the `snapshot` frame: the newest part of a conversation, and the cursor that continues it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConversationDetail {
    /// The conversation.
    #[serde(flatten)]
    pub conversation: Conversation,
    /// Whether the caller owns it.
    pub is_owner: bool,
    /// Who takes part, and who is blocked. Guests whose link was replaced are gone from here; their messages stay.
    pub participants: Vec<Participant>,
    /// Messages, oldest first.
    pub messages: Vec<Message>,
    /// Tool runs of these messages, oldest first.
    pub tool_runs: Vec<ToolRun>,
    /// The runs of these messages, oldest first.
    pub runs: Vec<Run>,
    /// Messages in all.
    pub message_count: u64,
    /// Tool runs in all.
    pub tool_run_count: u64,
    /// Tokens in all, and what they cost.
    pub usage: Usage,
    /// Everything up to this event is in here: follow the events after it.
    pub last_seq: u64,
}
