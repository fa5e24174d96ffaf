//! What people answered to a run that waited for them; it stays with the run, for whoever reads it later.

use super::{Decision, Remember, Save, Timestamp};
use crate::id::{PlanId, ToolId, ToolRunId, UserId};
use serde::{Deserialize, Serialize};

/// An answer of a person to a run that waited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind")]
pub enum RunAnswer {
    /// A plan was chosen, or other ones were asked for.
    #[serde(rename = "plan", rename_all = "camelCase")]
    Plan {
        /// When.
        at: Timestamp,
        /// Who.
        by: UserId,
        /// The plan; missing when another was asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        plan_id: Option<PlanId>,
    },
    /// A call was allowed or refused.
    #[serde(rename = "approval", rename_all = "camelCase")]
    Approval {
        /// When.
        at: Timestamp,
        /// Who.
        by: UserId,
        /// The call.
        tool_run_id: ToolRunId,
        /// Approve or deny.
        decision: Decision,
        /// How long an approval lasts.
        remember: Remember,
        /// Told to the model.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Whether another input was set in place of the model's.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        edited: bool,
    },
    /// Variables were given, or the run went on without.
    #[serde(rename = "credentials", rename_all = "camelCase")]
    Credentials {
        /// When.
        at: Timestamp,
        /// Who.
        by: UserId,
        /// The names; empty when they were refused.
        names: Vec<String>,
        /// Where they are kept; a guest is told nothing of it.
        save: Save,
        /// True when the run went on without them.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        declined: bool,
    },
    /// Another tool was chosen for a call, or none.
    #[serde(rename = "alternative", rename_all = "camelCase")]
    Alternative {
        /// When.
        at: Timestamp,
        /// Who.
        by: UserId,
        /// The call.
        tool_run_id: ToolRunId,
        /// The tool; missing when none of them was wanted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tool_id: Option<ToolId>,
    },
}
