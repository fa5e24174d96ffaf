//! Plans: what the agent would do, before it does anything.

use crate::id::{PlanId, PlanSetId, ToolId, ToolRunId};
use serde::{Deserialize, Serialize};

/// `POST /conversations/:id/plan`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanRequest {
    /// The task.
    pub message: String,
    /// How many plans, 1 to 3; otherwise one, and two or three for a task of many parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u8>,
    /// `provider/model`; otherwise the conversation's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// One step of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The registry's tool; missing for a meta-tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_id: Option<ToolId>,
    /// The package's version when the plan was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Names of the variables that the tool can't run without and that nobody gave.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_env: Vec<String>,
}

/// A variable that a plan's tools need and that nobody gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PlanVar {
    /// Its name.
    pub name: String,
    /// What it is, in the words of the tool's author; may be empty.
    #[serde(default)]
    pub description: String,
    /// The tools that need it.
    pub tool_ids: Vec<ToolId>,
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
    /// Variables that its steps need and that nobody gave, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_vars: Vec<PlanVar>,
    /// The pinned tools, which are at hand in every step, whether a step names them or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pins: Vec<ToolId>,
}

/// Where a step of a plan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum StepStatus {
    /// Nothing was called for it yet.
    Pending,
    /// A call for it works, or waits for a person.
    Running,
    /// A call for it succeeded.
    Done,
    /// Every call for it failed.
    Failed,
    /// The run ended without it.
    Skipped,
}

/// A call that was made for a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StepCall {
    /// The call.
    pub tool_run_id: ToolRunId,
    /// `running`, `done` or `failed`.
    pub status: StepStatus,
}

/// A step of the plan that a run follows, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StepProgress {
    /// The step.
    #[serde(flatten)]
    pub step: PlanStep,
    /// Where it stands.
    pub status: StepStatus,
    /// The calls that were made for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<StepCall>,
    /// The tool that a person chose in place of the step's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<ToolId>,
}

/// The plan that a run follows, and how far it is ([`crate::progress`] has the rule).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct RunPlan {
    /// The plan.
    pub plan_id: PlanId,
    /// Its steps, in order.
    pub steps: Vec<StepProgress>,
}

/// Whether plans are proposed before anything runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum PlanMode {
    /// For a complex task, and when the message asks for a plan ([`crate::agent::complexity`] has the rule).
    #[default]
    Auto,
    /// The run proposes plans and waits until one is selected.
    #[serde(alias = "ask")]
    Always,
    /// The run goes ahead.
    Never,
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
    /// Variables that its steps need and that nobody gave.
    #[serde(default)]
    pub missing_vars: Vec<PlanVar>,
    /// The set, when it is stored: a plan of it can be followed (`planId` of a message).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_set_id: Option<PlanSetId>,
    /// All plans, best first.
    pub plans: Vec<Plan>,
}
