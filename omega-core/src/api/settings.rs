//! A user's settings.

use super::{AlternativesMode, CustomPrompt, GuestCredentials, PlanMode};
use crate::id::ToolId;
use serde::{Deserialize, Serialize};

/// Whether a stored credential is asked for when a tool of a new publisher first wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum FirstUse {
    /// It is; the approval is kept as a grant.
    #[default]
    Ask,
    /// Every tool that declares it gets it.
    Allow,
}

/// `GET` and `PUT /settings`. `PUT` replaces all of it and needs `If-Match`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// `provider/model` of new conversations; the server's choice when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Safe Mode: in new messages each tool call waits for approval. Off by default.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub safe_mode: bool,
    /// Tools that are always in the tool set.
    #[serde(default)]
    pub pins: Vec<ToolId>,
    /// Whether plans are proposed before anything runs, where a message does not say it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub plan: PlanMode,
    /// What happens when a tool fails for good, where a message does not say it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub alternatives: AlternativesMode,
    /// What guests' messages may do with the user's credentials, in new conversations.
    #[serde(default)]
    pub guest_credentials: GuestCredentials,
    /// Models that guests' messages may choose in the user's conversations: `provider/model`, `provider/*` for all of a
    /// provider, `*` for all. Others than the owner have the conversation's own model whatever is in here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guest_models: Vec<String>,
    /// Whether a stored credential's first use by a new publisher's tool is asked for.
    #[serde(default)]
    pub credential_first_use: FirstUse,
    /// Asks before a call takes a credential to an address that nobody wrote, in the user's own runs too. Guests' and
    /// autonomous runs are always asked about. Off by default.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exfil_guard: bool,
    /// Asks before a tool runs that says that it deletes or spends something, in the user's own runs too. Guests' and
    /// autonomous runs are always asked about. Off by default.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confirm_destructive: bool,
    /// The user's own system prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<CustomPrompt>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
