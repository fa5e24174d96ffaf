//! What is fixed when a run begins.

use super::{Allowance, prompt};
use crate::{
    api::{AlternativesMode, Payer, PlanMode},
    id::{PlanId, ToolId},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is fixed when a run begins, and stored with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunConfig {
    /// `provider/model`.
    pub model: String,
    /// Whose key it is paid with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_by: Option<Payer>,
    /// Version of the system prompt.
    pub prompt_version: String,
    /// SHA-256 of its text, in hex.
    #[serde(default)]
    pub prompt_sha256: String,
    /// Tool calls that one message may make (PRD 7.3: 200).
    pub max_tool_calls: u32,
    /// Model calls that one message may make.
    pub max_steps: u32,
    /// Tools that are always in the tool set.
    #[serde(default)]
    pub pins: Vec<ToolId>,
    /// Safe Mode: each call of a tool waits for approval.
    #[serde(default)]
    pub safe_mode: bool,
    /// Whether no person watches: what deletes, spends or takes credentials elsewhere waits for approval.
    #[serde(default)]
    pub autonomous: bool,
    /// Whether the model may propose packages to add: only the owner's own messages may, and only where the server allows it.
    #[serde(default)]
    pub may_add: bool,
    /// Whether plans are proposed first.
    #[serde(default = "no_plan")]
    pub plan: PlanMode,
    /// What happens when a tool fails for good.
    #[serde(default = "by_itself")]
    pub alternatives: AlternativesMode,
    /// A plan to follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<PlanId>,
    /// A JSON Schema that the answer has to match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_schema: Option<Value>,
    /// The request of its message, as a `traceparent`: the run is a part of its trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

/// Of a run that was stored before there were modes.
fn no_plan() -> PlanMode {
    PlanMode::Never
}

fn by_itself() -> AlternativesMode {
    AlternativesMode::Auto
}

impl RunConfig {
    /// The limits of the PRD.
    pub fn new(model: &str, pins: Vec<ToolId>) -> Self {
        Self {
            model: model.to_owned(),
            paid_by: None,
            prompt_version: prompt::VERSION.to_owned(),
            prompt_sha256: prompt::default().sha256,
            max_tool_calls: 200,
            max_steps: 200,
            pins,
            safe_mode: false,
            autonomous: false,
            may_add: false,
            plan: PlanMode::Never,
            alternatives: AlternativesMode::Auto,
            plan_id: None,
            answer_schema: None,
            traceparent: None,
        }
    }

    /// How much the run may do.
    #[must_use]
    pub fn allowance(&self) -> Allowance {
        Allowance { tool_calls: self.max_tool_calls, steps: self.max_steps }
    }
}
