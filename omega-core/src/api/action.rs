//! What a paused run waits for, and the answers to it.

use super::{AlternativeChoice, PackageFacts, Plan, Timestamp};
use crate::{
    edition::Edition,
    exact,
    id::{
        ApprovalId, ApprovalRuleId, ConversationId, CredentialRequestId, PlanId, PlanSetId, ToolId, ToolRunId, UserId,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What a paused run waits for: one kind at a time, everything of that kind at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum RequiredAction {
    /// Variables that tools need; `POST /conversations/:id/credentials` answers.
    #[serde(rename_all = "camelCase")]
    Credentials {
        /// The union of what is missing, by name.
        missing_vars: Vec<MissingVar>,
        /// Which call lacks what.
        requests: Vec<CredentialRequest>,
        /// What to do.
        hint: String,
        /// Tools that could do it instead, by call; `POST /conversations/:id/alternatives` answers with one of them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        alternatives: Vec<AlternativeChoice>,
        /// After this time the run is cancelled.
        expires_at: Timestamp,
    },
    /// Calls that need a person's approval; `POST /approvals/:id` answers each.
    #[serde(rename_all = "camelCase")]
    Approval {
        /// The calls, in their order.
        approvals: Vec<Approval>,
        /// After this time the run is cancelled.
        expires_at: Timestamp,
    },
    /// Plans to choose from; `POST /conversations/:id/plans/:planId/select` answers.
    #[serde(rename_all = "camelCase")]
    Plan {
        /// The set.
        plan_set_id: PlanSetId,
        /// The plans, best first.
        plans: Vec<Plan>,
        /// After this time the run is cancelled.
        expires_at: Timestamp,
    },
    /// Calls that failed for good, and tools that could do the same; `POST /conversations/:id/alternatives` answers each.
    #[serde(rename_all = "camelCase")]
    Alternatives {
        /// The calls, in their order.
        choices: Vec<AlternativeChoice>,
        /// After this time the run is cancelled.
        expires_at: Timestamp,
    },
}

impl RequiredAction {
    /// `credentials`, `approval`, `plan` or `alternatives`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Credentials { .. } => "credentials",
            Self::Approval { .. } => "approval",
            Self::Plan { .. } => "plan",
            Self::Alternatives { .. } => "alternatives",
        }
    }

    /// The tool runs that wait for it.
    #[must_use]
    pub fn tool_runs(&self) -> Vec<ToolRunId> {
        match self {
            Self::Credentials { requests, .. } => requests.iter().filter_map(|request| request.tool_run_id).collect(),
            Self::Approval { approvals, .. } => approvals.iter().map(|approval| approval.tool_run_id).collect(),
            // Those of `Alternatives` have ended.
            Self::Plan { .. } | Self::Alternatives { .. } => Vec::new(),
        }
    }

    /// What is offered in place of calls.
    #[must_use]
    pub fn alternatives(&self) -> &[AlternativeChoice] {
        match self {
            Self::Credentials { alternatives, .. } => alternatives,
            Self::Alternatives { choices, .. } => choices,
            Self::Approval { .. } | Self::Plan { .. } => &[],
        }
    }

    /// What is left of the question when a person has chosen another tool for a call, or (for `Alternatives`) none; nothing
    /// when that was all of it. The one rule for the store and for every client.
    #[must_use]
    pub fn without_call(mut self, call: ToolRunId) -> Option<Self> {
        match &mut self {
            Self::Credentials { missing_vars, requests, alternatives, .. } => {
                requests.retain(|request| request.tool_run_id != Some(call));
                alternatives.retain(|choice| choice.tool_run_id != call);
                *missing_vars = missing_of(requests);
                (!requests.is_empty()).then_some(self)
            }
            Self::Alternatives { choices, .. } => {
                choices.retain(|choice| choice.tool_run_id != call);
                (!choices.is_empty()).then_some(self)
            }
            Self::Approval { .. } | Self::Plan { .. } => Some(self),
        }
    }

    /// When the run is given up.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        match self {
            Self::Credentials { expires_at, .. }
            | Self::Approval { expires_at, .. }
            | Self::Plan { expires_at, .. }
            | Self::Alternatives { expires_at, .. } => *expires_at,
        }
    }
}

/// The union of what requests lack, by name.
#[must_use]
pub fn missing_of(requests: &[CredentialRequest]) -> Vec<MissingVar> {
    let mut missing: Vec<MissingVar> = Vec::new();
    for var in requests.iter().flat_map(|request| &request.missing_keys) {
        if missing.iter().all(|known| known.name != var.name) {
            missing.push(var.clone());
        }
    }
    missing.sort_by(|a, b| a.name.cmp(&b.name));
    missing
}

/// A variable that is missing, or whose value the service refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct MissingVar {
    /// Its name.
    pub name: String,
    /// What it is, in the words of the tool's author; may be empty.
    #[serde(default)]
    pub description: String,
    /// True when there was a value and the tool's service refused it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rejected: bool,
}

/// What one call lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CredentialRequest {
    /// Its id.
    pub id: CredentialRequestId,
    /// The call; missing where a plan's tools ask before its first step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_run_id: Option<ToolRunId>,
    /// The tool.
    pub tool_id: ToolId,
    /// Everything that the tool requires.
    pub required_keys: Vec<MissingVar>,
    /// What of it is missing.
    pub missing_keys: Vec<MissingVar>,
    /// The tool's edition that asks: what is kept for the tool is kept for this one and what follows it.
    #[serde(default)]
    pub edition: Edition,
}

/// Why a call needs a person's approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ApprovalReason {
    /// Safe Mode is on.
    SafeMode,
    /// A guest's message would use the owner's credentials.
    GuestCredentials,
    /// The tool would use a stored credential for the first time.
    FirstUse,
    /// The same call was interrupted before; it may have taken effect.
    UnknownOutcome,
    /// The tool says that it deletes or spends something.
    Destructive,
    /// The call would take a credential to an address that nobody in the conversation wrote.
    ExfilGuard,
    /// The tool's author wants each such call to be approved (`needsApproval` of the AI SDK).
    NeedsApproval,
    /// The agent proposes to add a package to the owner's tools. Asked each time, whatever else is allowed.
    AddPackage,
}

impl ApprovalReason {
    /// The name as stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SafeMode => "safe_mode",
            Self::GuestCredentials => "guest_credentials",
            Self::FirstUse => "first_use",
            Self::UnknownOutcome => "unknown_outcome",
            Self::Destructive => "destructive",
            Self::ExfilGuard => "exfil_guard",
            Self::NeedsApproval => "needs_approval",
            Self::AddPackage => "add_package",
        }
    }

    /// Whether only the owner may decide: the owner's credentials or tools are at stake.
    #[must_use]
    pub fn is_owners(self) -> bool {
        matches!(self, Self::GuestCredentials | Self::FirstUse | Self::ExfilGuard | Self::AddPackage)
    }

    /// Whether an approval may last longer than the call. A call that may have taken effect and a package are looked at
    /// each time, and a first use is kept as a grant.
    #[must_use]
    pub fn may_last(self) -> bool {
        !matches!(self, Self::UnknownOutcome | Self::FirstUse | Self::AddPackage)
    }
}

/// A call that waits for a person's approval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Approval {
    /// Its id.
    pub id: ApprovalId,
    /// The call.
    pub tool_run_id: ToolRunId,
    /// The tool; `PACKAGE::*` where a whole package is to be added.
    pub tool_id: ToolId,
    /// The tool's name.
    pub tool_name: String,
    /// The package's version that would run.
    pub version: String,
    /// Why it is asked.
    pub reason: ApprovalReason,
    /// What gave the reason, as a sentence: the addresses that nobody wrote, the word that says that it deletes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// The input, exactly as it would be given.
    pub input: Value,
    /// Names of the credentials that it would get; the owner alone sees them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credentials: Vec<String>,
    /// Whether only the owner may decide: their credentials are at stake.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub owner_only: bool,
    /// The hash of the package's contents, where the npm registry gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integrity: Option<String>,
    /// Whether the tool is one that the conversation's owner added for themselves.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own: bool,
    /// The package that would be added, where that is what is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<PackageFacts>,
    /// SHA-256 of tool and input, in hex: the answer holds for these alone.
    pub args_digest: String,
}

impl Approval {
    /// The edition that it is about.
    #[must_use]
    pub fn edition(&self) -> Edition {
        Edition { version: self.version.clone(), integrity: self.integrity.clone(), own: self.own }
    }
}

/// Approve or deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// It may run.
    Approve,
    /// It must not run; the model is told.
    Deny,
}

/// How long an approval lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Remember {
    /// For this call.
    #[default]
    Once,
    /// For all tools of the plan that the run follows, until it ends: what Safe Mode asks about, and nothing else. The owner
    /// alone may say so.
    Plan,
    /// For this tool in this conversation; the owner alone may say so.
    Conversation,
    /// For this tool in all the owner's conversations; the owner alone may say so.
    Always,
}

impl Remember {
    /// The name as stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Plan => "plan",
            Self::Conversation => "conversation",
            Self::Always => "always",
        }
    }
}

/// `POST /approvals/:id`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Decide {
    /// Approve or deny.
    pub decision: Decision,
    /// How long an approval lasts.
    #[serde(default)]
    pub remember: Remember,
    /// Told to the model; at most 1,000 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The `argsDigest` that was shown. When it is given and another, nothing is decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub args_digest: Option<String>,
    /// Another input in place of the model's.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "exact::deserialize_some")]
    pub input: Option<Value>,
}

/// A standing approval (`GET /settings/approvals`): this tool is not asked about for this reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StoredApproval {
    /// Its id.
    pub id: ApprovalRuleId,
    /// The tool.
    pub tool_id: ToolId,
    /// Why it was asked.
    pub reason: ApprovalReason,
    /// Where it holds; missing for all of the owner's conversations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<ConversationId>,
    /// The highest major version of the tool that it holds for; missing for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_major: Option<u64>,
    /// The version that it was said of: it holds for none before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Who said it.
    pub by: UserId,
    /// When.
    pub created_at: Timestamp,
}

/// Where given variables are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Save {
    /// For this run alone; gone when it ends.
    #[default]
    Once,
    /// For the tools that asked.
    Tool,
    /// For all tools; a tool of another publisher still asks once.
    Global,
}

impl Save {
    /// The name as stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Tool => "tool",
            Self::Global => "global",
        }
    }
}

/// `POST /conversations/:id/credentials`: answers the open request, and the run goes on.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProvideCredentials {
    /// The values by name; everything that is missing, and nothing that was not asked for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Where they are kept.
    #[serde(default)]
    pub save: Save,
    /// True to go on without them: the calls fail, and the model is told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub decline: bool,
}

impl std::fmt::Debug for ProvideCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&String> = self.env.keys().collect();
        f.debug_struct("ProvideCredentials").field("names", &names).field("save", &self.save).finish_non_exhaustive()
    }
}

/// `POST /conversations/:id/plans/:planId/select`. An empty body selects the plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SelectPlan {
    /// True to ask for other plans instead.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub another: bool,
    /// What to do differently, for the planner; at most 10,000 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The answer to a selected plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Selected {
    /// The set.
    pub plan_set_id: PlanSetId,
    /// The plan; missing when another was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<PlanId>,
}
