//! TPMJS's registry API, as Omega serves it (`tpmjs.md` 1.3 to 1.5).

use crate::{
    exact,
    registry::{Calling, EnvVar, NeedsApproval, Tool},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A row of `GET /api/tools/search`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ToolRow {
    /// `package::export`.
    pub id: String,
    /// The same.
    pub tool_id: String,
    /// The tool's name.
    pub name: String,
    /// What it does: foreign text.
    pub description: String,
    /// JSON Schema of the input, once it is known.
    pub input_schema: Option<Value>,
    /// TPMJS's score, where known.
    pub quality_score: Option<f64>,
    /// Tags.
    pub tags: Vec<String>,
    /// `HEALTHY`, `BROKEN`, `UNKNOWN`.
    pub import_health: String,
    /// The same, from executions.
    pub execution_health: String,
    /// Its package.
    pub package: PackageRow,
    /// Where a Deno executor could import it from; of an MCP server elsewhere its address.
    pub import_url: String,
    /// How a plain function is called; not there for tools. TPMJS has no such field, another Omega reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calling: Option<Calling>,
    /// Which calls its author wants to be approved; not there for most. TPMJS has no such field, another Omega reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs_approval: Option<NeedsApproval>,
    /// Whether the row is the caller's own; what all users share has no such field.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own: bool,
    /// Rank score of this answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// Calls on this server that came to an end; wrong inputs and missing keys don't count.
    #[serde(default)]
    pub execution_count: u64,
    /// Those of them that failed.
    #[serde(default)]
    pub failure_count: u64,
    /// Share of those that worked, 0 to 1; not there before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success_rate: Option<f64>,
    /// There while calls are refused because the tool kept failing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaker: Option<super::OpenBreaker>,
}

/// The package of a [`ToolRow`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PackageRow {
    /// Its name on npm.
    pub npm_package_name: String,
    /// Its version.
    pub npm_version: String,
    /// TPMJS's category.
    pub category: String,
    /// Frameworks it is made for.
    pub frameworks: Vec<String>,
    /// Variables it reads.
    pub env: Vec<EnvVar>,
    /// Whether TPMJS publishes it.
    pub is_official: bool,
    /// Monthly downloads, where known.
    pub npm_downloads_last_month: Option<u64>,
    /// npm keywords.
    pub npm_keywords: Vec<String>,
    /// The hash of its contents, where known. TPMJS has no such field, another Omega reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub npm_integrity: Option<String>,
}

impl ToolRow {
    /// The row of a tool.
    #[must_use]
    pub fn new(tool: &Tool, score: Option<f64>) -> Self {
        let health = match serde_json::to_value(tool.health) {
            Ok(Value::String(text)) => text,
            _ => String::from("UNKNOWN"),
        };
        Self {
            id: tool.tool_id.to_string(),
            tool_id: tool.tool_id.to_string(),
            name: tool.name.clone(),
            description: tool.description.clone(),
            input_schema: tool.input_schema.clone(),
            quality_score: None,
            tags: tool.keywords.clone(),
            import_health: health.clone(),
            execution_health: health,
            import_url: match tool.tool_id.package() {
                address if address.contains("://") => address.to_owned(),
                package => format!("https://esm.sh/{package}@{}", tool.version),
            },
            calling: (tool.calling != Calling::Tool).then(|| tool.calling.clone()),
            package: PackageRow {
                npm_package_name: tool.tool_id.package().to_owned(),
                npm_version: tool.version.clone(),
                category: tool.category.clone(),
                frameworks: vec![String::from("vercel-ai")],
                env: tool.env.clone(),
                is_official: tool.official,
                npm_downloads_last_month: tool.downloads,
                npm_keywords: tool.keywords.clone(),
                npm_integrity: tool.integrity.clone(),
            },
            needs_approval: tool.needs_approval,
            own: tool.own,
            score,
            execution_count: 0,
            failure_count: 0,
            success_rate: None,
            breaker: None,
        }
    }

    /// The same with how calls of it ended.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a rate needs no 53rd digit")]
    pub fn with_outcomes(self, runs: u64, failures: u64) -> Self {
        let success_rate = (runs > 0).then(|| runs.saturating_sub(failures) as f64 / runs as f64);
        Self { execution_count: runs, failure_count: failures, success_rate, ..self }
    }
}

/// The answer of `GET /api/tools/search`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SearchAnswer {
    /// Always true.
    pub success: bool,
    /// The query.
    pub query: String,
    /// What filtered it.
    pub filters: Value,
    /// The rows.
    pub results: SearchResults,
    /// Where it ends.
    pub pagination: Value,
}

/// The rows of a [`SearchAnswer`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SearchResults {
    /// Rows that matched.
    pub total: usize,
    /// Rows in this answer.
    pub returned: usize,
    /// The rows, best first.
    pub tools: Vec<ToolRow>,
}

impl SearchAnswer {
    /// The answer of a search with `limit`.
    #[must_use]
    pub fn new(query: &str, category: Option<&str>, limit: usize, tools: Vec<ToolRow>) -> Self {
        Self {
            success: true,
            query: query.to_owned(),
            filters: json!({ "category": category }),
            pagination: json!({ "limit": limit, "hasMore": tools.len() == limit && limit > 0 }),
            results: SearchResults { total: tools.len(), returned: tools.len(), tools },
        }
    }
}

/// `POST /api/registry/execute`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExecuteRequest {
    /// `package::export`.
    pub tool_id: String,
    /// The input.
    #[serde(default, deserialize_with = "exact::deserialize")]
    pub params: Value,
    /// Variables for this call only.
    #[serde(default)]
    pub env: std::collections::BTreeMap<String, String>,
}

/// Its answer: `result` on success, `error` and `code` on failure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExecuteAnswer {
    /// Whether the tool gave an output.
    pub success: bool,
    /// `package::export`.
    pub tool_id: String,
    /// The output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// What went wrong, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What went wrong, as a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
    /// Time of the tool, in milliseconds.
    pub execution_time_ms: u64,
    /// `{package, version, authenticated}`.
    pub meta: Value,
}

/// For whom a package is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum AddScope {
    /// For who adds it: others neither see nor run it.
    Me,
    /// For all users of the server; administrators alone may.
    Everybody,
}

/// `POST /api/omega/registry/packages`: adds a package's tools.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddPackage {
    /// npm name, or the address of an MCP server (streamable HTTP).
    pub package: String,
    /// Version or tag; `latest` when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Adds this plain function as a tool (a dotted path is allowed, `default` too).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// The function's parameters, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<String>,
    /// What it does; the package's description otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// For whom; for everybody when an administrator adds it, else for who does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<AddScope>,
    /// Variables for an MCP server by its address, which tells its tools only to whom it knows (`MCP_HOST_TOKEN`). They are used for
    /// this once and not kept.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub env: std::collections::BTreeMap<String, String>,
    /// Takes the place of a later version that everybody has, which is refused otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_older: bool,
}

/// What was added.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AddedPackage {
    /// The package.
    pub package: String,
    /// The version that was looked into.
    pub version: String,
    /// The tools it brought.
    pub tools: Vec<Tool>,
    /// Exports that could be added as functions.
    pub functions: Vec<String>,
    /// Who has them now.
    pub scope: AddScope,
    /// What was left out or cut, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<String>,
}

/// How many rows an import took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Imported {
    /// Rows taken.
    pub imported: u64,
    /// Rows refused, with line number and reason; the first 20.
    pub refused: Vec<String>,
    /// What of the rows taken was left out or cut, and why; the first 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<String>,
    /// Tools in the registry now.
    pub total: u64,
}
