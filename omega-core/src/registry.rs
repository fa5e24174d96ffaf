//! The port `Registry`: finding tools, and what is known of one.

pub mod meta;
pub(crate) mod words;

use crate::id::{ToolId, UserId};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A variable that a tool reads from its environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnvVar {
    /// The variable's name.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// `required` defaults to true, as TPMJS has it.
    #[serde(default = "yes")]
    pub required: bool,
    /// A default satisfies a required variable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

fn yes() -> bool {
    true
}

/// How a tool's export is to be called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Calling {
    /// It is an AI-SDK tool, a factory of one, or another shape that the sandbox recognises by itself.
    #[default]
    Tool,
    /// A plain function: the named fields of the input are its arguments, in this order.
    Function {
        /// The parameters' names, in order.
        params: Vec<String>,
    },
}

/// Whether a tool is known to work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Health {
    /// It was imported, or run, with success.
    Healthy,
    /// It is broken as published.
    Broken,
    /// Nobody tried.
    #[default]
    Unknown,
}

/// Which calls of a tool its author wants to be approved (`needsApproval` of the AI SDK,
/// <https://ai-sdk.dev/docs/ai-sdk-core/tools-and-tool-calling#tool-execution-approval>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum NeedsApproval {
    /// All of them.
    Always,
    /// Those of which the tool says so, by its input; it is asked in the sandbox.
    Sometimes,
}

/// A tool of the registry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Tool {
    /// `package::export`.
    pub tool_id: ToolId,
    /// The tool's own name; mostly the export.
    pub name: String,
    /// What it does, in its author's words: foreign text.
    pub description: String,
    /// The package's exact version, or `latest` while nobody resolved it.
    pub version: String,
    /// TPMJS's category.
    pub category: String,
    /// Words to find it by.
    #[serde(default)]
    pub keywords: Vec<String>,
    /// JSON Schema of the input; missing until the tool is described.
    #[serde(default)]
    pub input_schema: Option<Value>,
    /// Variables that it reads.
    #[serde(default)]
    pub env: Vec<EnvVar>,
    /// How it is called.
    #[serde(default)]
    pub calling: Calling,
    /// Whether it is known to work.
    #[serde(default)]
    pub health: Health,
    /// Monthly downloads of the package, where known.
    #[serde(default)]
    pub downloads: Option<u64>,
    /// Whether TPMJS publishes it.
    #[serde(default)]
    pub official: bool,
    /// Whether its metadata says that it deletes or spends something (MCP's `annotations.destructiveHint`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub destructive: bool,
    /// Which calls its author wants to be approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs_approval: Option<NeedsApproval>,
    /// The hash of the package's contents, where the npm registry gives one (`sha512-...`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integrity: Option<String>,
    /// Whether the row is the own one of who looks, and not the one that all users share.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own: bool,
}

/// Who looks at the registry. What a user added for themselves is seen and run by that user alone, in place of a row of the
/// same id that all users share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Viewer {
    /// Somebody of whom nothing is known: what all users share.
    Anybody,
    /// A user; in a conversation always its owner, whoever sends the message.
    User(UserId),
}

impl Viewer {
    /// The user, if it is one.
    #[must_use]
    pub fn user(self) -> Option<UserId> {
        match self {
            Self::Anybody => None,
            Self::User(user) => Some(user),
        }
    }
}

/// A tool that a search found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    pub tool: Tool,
    /// Its score; comparable within one answer only.
    pub score: f64,
    /// Calls on this server that came to an end, of which so many failed.
    pub runs: u64,
    pub failures: u64,
}

/// A package in one version, as a person approved it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExactPackage {
    /// npm name.
    pub name: String,
    pub version: String,
    /// The hash of its contents, where the npm registry gave one: other contents are not added.
    pub integrity: Option<String>,
    /// One of its plain functions, and not the tools that it holds.
    pub function: Option<String>,
}

/// What to search.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query {
    pub text: String,
    pub category: Option<String>,
    pub limit: usize,
}

/// A registry that cannot answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RegistryError {
    /// No tool of that id; `nearest` has what may have been meant, best first.
    #[error("there is no tool {id}{}", nearest_text(nearest))]
    NotFound { id: String, nearest: Vec<ToolId> },
    /// The store or the mirror failed.
    #[error("the registry can't be read: {0}")]
    Unavailable(String),
}

fn nearest_text(nearest: &[ToolId]) -> String {
    match nearest {
        [] => String::from("; search for one by what it should do"),
        ids => format!("; did you mean {}?", ids.iter().map(ToolId::as_str).collect::<Vec<_>>().join(", ")),
    }
}

/// Where tools are found.
#[async_trait]
pub trait Registry: Send + Sync {
    /// Ranked hits, best first.
    async fn search(&self, viewer: Viewer, query: Query) -> Result<Vec<Hit>, RegistryError>;

    /// One tool. Its input schema is filled by describing it in the sandbox when nobody did yet; a tool that can't be
    /// described comes without one.
    async fn tool(&self, viewer: Viewer, id: &ToolId) -> Result<Tool, RegistryError>;

    /// Tells the registry how a call of the tool ended, so that search can prefer what works.
    async fn record_outcome(&self, viewer: Viewer, tool: &Tool, ok: bool);
}
