//! The two meta-tools that every model gets, as TPMJS defines them, and the shape of a search's answer.

use crate::{id::ToolId, model::ToolSpec};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Name of the tool that searches the registry.
pub const SEARCH: &str = "registrySearchTool";
/// Name of the tool that runs any tool of the registry.
pub const EXECUTE: &str = "registryExecuteTool";

/// Input of [`SEARCH`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchInput {
    /// What to look for.
    pub query: String,
    /// Only this category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// 1 to 20.
    #[serde(default = "five")]
    pub limit: usize,
}

fn five() -> usize {
    5
}

/// Input of [`EXECUTE`]. It has no `env`: secrets never come from the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecuteInput {
    /// `package::export`.
    pub tool_id: String,
    /// The tool's input.
    #[serde(default = "empty")]
    pub params: Value,
}

fn empty() -> Value {
    json!({})
}

/// Output of [`SEARCH`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchOutput {
    /// The query, as searched.
    pub query: String,
    /// Tools found.
    pub match_count: usize,
    /// They, best first.
    pub tools: Vec<FoundTool>,
}

/// A tool that was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FoundTool {
    /// `package::export`.
    pub tool_id: ToolId,
    /// The name under which it is callable from the next step on; missing when it did not fit among the 128.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_as: Option<String>,
    /// The tool's own name.
    pub name: String,
    /// Its package.
    pub package: String,
    /// The package's version.
    pub version: String,
    /// What it does: foreign text, cut at 600 characters.
    pub description: String,
    /// TPMJS's category.
    pub category: String,
    /// JSON Schema of its input, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_schema: Option<Value>,
    /// Variables that it cannot run without.
    pub required_env_vars: Vec<String>,
    /// Those of them that the user has not given.
    pub missing_env_vars: Vec<String>,
    /// `HEALTHY`, `BROKEN` or `UNKNOWN`.
    pub health_status: String,
}

/// The two meta-tools as the model sees them.
#[must_use]
pub fn specs() -> Vec<ToolSpec> {
    vec![
        ToolSpec {
            name: SEARCH.into(),
            description: "Search the TPMJS registry of npm tools by what they do. The tools found become callable by \
                          their `callAs` name on your next step. Search before you say that something can't be done; \
                          use a few plain words for the capability (\"parse csv\"), not the whole request."
                .into(),
            input_schema: json!({
                "type": "object",
                "properties": {
                    "query": {"type": "string", "description": "What the tool should do, in a few words"},
                    "category": {"type": "string", "description": "Only this category"},
                    "limit": {"type": "integer", "minimum": 1, "maximum": 20, "default": 5},
                },
                "required": ["query"],
                "additionalProperties": false,
            }),
        },
        ToolSpec {
            name: EXECUTE.into(),
            description: "Run one tool of the registry by its id, in a sandbox. Prefer calling a tool by its own name \
                          once it is loaded. Credentials are added by the system: never ask for them here."
                .into(),
            input_schema: json!({
                "type": "object",
                "properties": {
                    "toolId": {"type": "string", "description": "package::export, as a search returns it"},
                    "params": {"type": "object", "description": "The tool's input, by its input schema"},
                },
                "required": ["toolId", "params"],
                "additionalProperties": false,
            }),
        },
    ]
}
