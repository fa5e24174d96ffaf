//! A user's settings.

use super::{AlternativesMode, PlanMode};
use crate::id::ToolId;
use serde::{Deserialize, Serialize};

/// `GET` and `PUT /settings`. `PUT` replaces all of it and needs `If-Match`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// `provider/model` of new conversations; the server's choice when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Safe Mode: in new messages each tool call waits for a yes. Off by default.
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
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
