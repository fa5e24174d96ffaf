//! Plans: what the agent would do, before it does anything.

use crate::id::{PlanId, PlanSetId};
use serde::{Deserialize, Serialize};

/// `POST /conversations/:id/plan`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanRequest {
    /// The task.
    pub message: String,
    /// How many plans, 1 to 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u8>,
    /// `provider/model`; otherwise the conversation's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PlanStep {
    /// From 1.
    pub step_number: u32,
    /// A tool id, or a meta-tool's name.
    pub tool_name: String,
    /// Why.
    pub purpose: String,
    /// What should come out.
    #[serde(default)]
    pub expected_output: String,
}

/// One way to do it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Its id.
    pub id: PlanId,
    /// The steps, in order.
    pub steps: Vec<PlanStep>,
    /// 0 to 1.
    pub confidence: f64,
    /// Why this way.
    pub reasoning: String,
}

/// Whether plans are proposed before anything runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum PlanMode {
    /// The run goes ahead.
    #[default]
    Never,
    /// The run proposes plans and waits until one is selected.
    Ask,
}

/// PRD 13: the best plan by itself, and all of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PlanAnswer {
    /// The steps of the best plan.
    pub plan: Vec<PlanStep>,
    /// Its confidence.
    pub confidence: f64,
    /// Its reasoning.
    pub reasoning: String,
    /// The set, when it is stored: a plan of it can be followed (`planId` of a message).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_set_id: Option<PlanSetId>,
    /// All plans, best first.
    pub plans: Vec<Plan>,
}
