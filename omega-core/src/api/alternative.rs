//! Other tools for what one could not do (PRD flow D): offered in a table, and one of them chosen.

use crate::id::{ToolId, ToolRunId};
use serde::{Deserialize, Serialize};

/// What happens when a tool fails for good and others could do the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum AlternativesMode {
    /// The run waits until a person chooses.
    #[default]
    Ask,
    /// The model is told of them and goes on by itself.
    Auto,
}

/// Why another tool is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AlternativesReason {
    /// It needs variables that nobody gave.
    MissingCredentials,
    /// Its service refused the variables that it got.
    RejectedCredentials,
    /// It can't be installed, loaded or run here.
    Unavailable,
    /// It failed so often lately that it is left alone for a while.
    BreakerOpen,
    /// It failed again in this run.
    KeepsFailing,
}

/// A tool that could do it instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Alternative {
    /// The tool.
    pub tool_id: ToolId,
    /// Its own name.
    pub tool_name: String,
    /// The package's version.
    pub version: String,
    /// What it does, in its author's words: foreign text in one line.
    pub why: String,
    /// Variables that it can't run without.
    pub required_env: Vec<String>,
    /// Those of them that are there already. Empty for everybody but the conversation's owner.
    #[serde(default)]
    pub you_have: Vec<String>,
}

/// A call that came to nothing, and what could be called instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AlternativeChoice {
    /// The call.
    pub tool_run_id: ToolRunId,
    /// Its tool.
    pub tool_id: ToolId,
    /// The tool's own name.
    pub tool_name: String,
    /// Why another one is looked for.
    pub reason: AlternativesReason,
    /// The same in a sentence.
    pub detail: String,
    /// The tools, best first; never empty.
    pub alternatives: Vec<Alternative>,
}

/// `POST /conversations/:id/alternatives`: chooses a tool in place of the one that can't do it, and the run goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SelectAlternative {
    /// The call; may be missing where the run asks about one call alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_run_id: Option<ToolRunId>,
    /// The tool, one of those that were offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_id: Option<ToolId>,
    /// True to take none of them: the model goes on by itself. Without `toolRunId`, of no call.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub none: bool,
}
