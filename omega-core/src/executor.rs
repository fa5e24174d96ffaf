//! The port `Executor`: running one tool once, somewhere that is not the server's process.

use crate::{
    id::{ToolId, ToolRunId},
    registry::{Calling, EnvVar, NeedsApproval},
};
use async_trait::async_trait;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, future::Future, pin::Pin, sync::Arc, time::Duration};

/// Resolves when the call is to be cancelled; never for a call that can't be.
pub type CancelSignal = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Takes partial outputs as the tool yields them. Must not block.
pub type PartialSink = Arc<dyn Fn(Value) + Send + Sync>;

pub struct Execution {
    pub id: ToolRunId,
    /// Who it is for: where places are rare, owners take turns. A conversation's id; empty for calls outside of any.
    pub owner: String,
    /// Whose failures it may add to: a user's id, in a conversation its owner's, whoever wrote the message; empty for calls
    /// of nobody.
    pub user: String,
    pub tool: ToolId,
    /// Exact version of the package, or `latest`.
    pub version: String,
    /// The hash that the package's contents must have, where it is known.
    pub integrity: Option<String>,
    /// How its export is called.
    pub calling: Calling,
    /// The input: an object, already checked against the tool's schema where there is one.
    pub input: Value,
    /// Only the variables that the tool declares and was granted.
    pub env: BTreeMap<String, SecretString>,
    /// Whether a person allowed this very call. A tool that wants that says so otherwise, and does nothing
    /// ([`ToolErrorCode::NeedsApproval`]).
    pub approved: bool,
    /// Deadline, counted from the start of the tool (installing has its own).
    pub timeout: Duration,
    /// Ends the call early.
    pub cancel: CancelSignal,
    pub on_partial: PartialSink,
    /// Calls of one session (a run's) may find what a server of their package held in its memory; see [`Executor::end_session`].
    pub session: Option<Session>,
}

/// What a call came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Executed {
    /// The output, or why there is none.
    pub result: Result<Value, ToolError>,
    /// The version that ran, where the executor knows it.
    pub version: Option<String>,
    /// Time of the tool itself, in milliseconds.
    pub duration_ms: u64,
    /// True when the output was cut at the executor's limit.
    pub truncated: bool,
    /// Lines that the tool logged, at most 256 KiB.
    pub logs: Vec<String>,
    /// What the caller of a session has to know: that what its server held in memory is gone.
    pub notice: Option<String>,
    /// The executor that took the call: `host:port`, `local`, or `mcp` for an MCP server elsewhere. Missing for a call that none took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executor: Option<String>,
}

/// Codes of a failed call; a closed list (`executor.md`, "Error codes").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ToolErrorCode {
    MissingEnvVars,
    InvalidCredentials,
    InvalidInput,
    PackageNotFound,
    InstallFailed,
    ImportFailed,
    ToolNotFound,
    NotATool,
    PermissionDenied,
    NetworkBlocked,
    ToolError,
    Timeout,
    Cancelled,
    OutOfMemory,
    CpuLimit,
    /// Its files take too much room.
    DiskLimit,
    OutputTooLarge,
    ToolExited,
    ProtocolError,
    RuntimeUnavailable,
    Overloaded,
    ExecutorUnreachable,
    /// The server died during the call; whether it took effect is not known.
    Unknown,
    /// The message's budget of tool calls is used up.
    BudgetExceeded,
    /// The registry can't be read.
    RegistryUnavailable,
    /// A person refused it.
    Denied,
    /// It failed so often lately that it is not called for a while; `details.until` says how long.
    BreakerOpen,
    /// A person chose another tool in its place; `details.alternatives` has it.
    Replaced,
    /// Its author wants a person's approval first (`needsApproval` of the AI SDK); nothing was done.
    NeedsApproval,
}

impl ToolErrorCode {
    /// The code as it stands in answers (`MISSING_ENV_VARS`).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MissingEnvVars => "MISSING_ENV_VARS",
            Self::InvalidCredentials => "INVALID_CREDENTIALS",
            Self::InvalidInput => "INVALID_INPUT",
            Self::PackageNotFound => "PACKAGE_NOT_FOUND",
            Self::InstallFailed => "INSTALL_FAILED",
            Self::ImportFailed => "IMPORT_FAILED",
            Self::ToolNotFound => "TOOL_NOT_FOUND",
            Self::NotATool => "NOT_A_TOOL",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::NetworkBlocked => "NETWORK_BLOCKED",
            Self::ToolError => "TOOL_ERROR",
            Self::Timeout => "TIMEOUT",
            Self::Cancelled => "CANCELLED",
            Self::OutOfMemory => "OUT_OF_MEMORY",
            Self::CpuLimit => "CPU_LIMIT",
            Self::DiskLimit => "DISK_LIMIT",
            Self::OutputTooLarge => "OUTPUT_TOO_LARGE",
            Self::ToolExited => "TOOL_EXITED",
            Self::ProtocolError => "PROTOCOL_ERROR",
            Self::RuntimeUnavailable => "RUNTIME_UNAVAILABLE",
            Self::Overloaded => "OVERLOADED",
            Self::ExecutorUnreachable => "EXECUTOR_UNREACHABLE",
            Self::Unknown => "UNKNOWN",
            Self::BudgetExceeded => "BUDGET_EXCEEDED",
            Self::RegistryUnavailable => "REGISTRY_UNAVAILABLE",
            Self::Denied => "DENIED",
            Self::BreakerOpen => "BREAKER_OPEN",
            Self::Replaced => "REPLACED",
            Self::NeedsApproval => "NEEDS_APPROVAL",
        }
    }
}

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[error("{}: {message}", code.as_str())]
#[serde(rename_all = "camelCase")]
pub struct ToolError {
    /// What kind of failure.
    pub code: ToolErrorCode,
    /// What happened, for people and for the model.
    pub message: String,
    /// More, by kind: `missing` (names), `issues` (`[{path, message}]`), `available` (names), `host`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
}

impl ToolError {
    /// A failure without details.
    pub fn new(code: ToolErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: None }
    }

    /// The same failure with details.
    #[must_use]
    pub fn with(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }
}

/// A tool as the sandbox found it in a package.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Described {
    /// The export, or a dotted path.
    pub name: String,
    /// `tool`, `factory`, `toolset`, `ai-function`, `class-provider`, `mcp`.
    pub shape: String,
    /// What it does, in its author's words.
    #[serde(default)]
    pub description: String,
    /// JSON Schema of the input.
    #[serde(default)]
    pub input_schema: Option<Value>,
    /// Variables: declared, and seen to be read.
    #[serde(default)]
    pub env: Vec<EnvVar>,
    /// Whether its author says that it destroys something: a hint that may add a question, and never takes one away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub destructive: bool,
    /// Whether its author wants each call, or some calls, to be approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs_approval: Option<NeedsApproval>,
    /// A digest of what is said of it, where that can change under the same version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integrity: Option<String>,
}

/// How a plain function is called, as far as its package says so: in declarations of types, in comments, or in its own text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Signature {
    /// Its parameters, in order; the last one takes all that are left where it begins with `...`.
    pub params: Vec<String>,
    /// JSON Schema of an object with their names.
    pub input_schema: Value,
    /// What it does, in its author's words.
    #[serde(default)]
    pub description: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribedPackage {
    pub package: String,
    /// The exact version that was installed.
    pub version: String,
    /// The hash of its contents, where the npm registry gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integrity: Option<String>,
    #[serde(default)]
    pub description: String,
    /// Category of its `tpmjs` field.
    #[serde(default)]
    pub category: Option<String>,
    #[serde(default)]
    pub keywords: Vec<String>,
    pub tools: Vec<Described>,
    /// Exports that are no tools but could be called as plain functions.
    #[serde(default)]
    pub functions: Vec<String>,
    /// How those of them are called of which something is known, and methods of its classes and objects, by the way to them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub signatures: BTreeMap<String, Signature>,
    /// The ways to all that can be called, methods of objects and classes too (`AES.encrypt`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ways: Vec<String>,
    /// Of a package without tools the ways that are worth being tools by themselves, the likeliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offered: Vec<String>,
    /// What its scripts want of the machine and a sandbox does not give, in words: a part of it may not work.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<String>,
}

/// Whether the executor can run something now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExecutorHealth {
    /// `ok`, `degraded` or `down`.
    pub status: String,
    /// What it runs on (`deno 2.9.6`), or why it can't.
    pub detail: String,
    /// Each of the executors, in the order of the configuration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<ExecutorMember>,
}

impl ExecutorHealth {
    /// Of an executor that is one.
    pub fn new(status: &str, detail: impl Into<String>) -> Self {
        Self { status: status.to_owned(), detail: detail.into(), members: Vec::new() }
    }
}

/// One of the executors that tools run on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExecutorMember {
    /// `host:port`, or `local`.
    pub name: String,
    /// `ok`, `degraded` or `down`.
    pub status: String,
    /// What it says of itself, or why it can't be reached.
    pub detail: String,
    /// `closed`, `open` (it is not asked) or `half_open` (one call tries whether it is back).
    pub breaker: String,
    /// Calls of this server that it works on.
    pub in_flight: u64,
}

/// Calls that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub id: String,
    /// Whether a call of the same package in it has worked before: then there is something to lose.
    pub goes_on: bool,
}

#[async_trait]
pub trait Executor: Send + Sync {
    /// Runs a tool once. Failures of the tool are results, not errors.
    async fn execute(&self, execution: Execution) -> Executed;

    /// A call of this tool is likely to come in a moment: what can be made ready for it may be, in the background.
    fn expect(&self, _tool: &ToolId, _version: &str) {}

    /// Looks into a package without running any of its tools. `owner` is who it is for, as of an [`Execution`]: a user's id, or
    /// empty; to install and look into a package takes a place, as a call does.
    ///
    /// # Errors
    /// Why it can't be installed or imported.
    async fn describe(&self, package: &str, version: &str, owner: &str) -> Result<DescribedPackage, ToolError>;

    /// The same, for those who are told what they have only when they say who they are (an MCP server by its address). A package is
    /// never given any of it.
    ///
    /// # Errors
    /// As [`Self::describe`].
    async fn describe_with(
        &self,
        package: &str,
        version: &str,
        owner: &str,
        _env: &BTreeMap<String, SecretString>,
    ) -> Result<DescribedPackage, ToolError> {
        self.describe(package, version, owner).await
    }

    /// A session's calls are over: what was kept for it ends.
    fn end_session(&self, _session: &str) {}

    async fn health(&self) -> ExecutorHealth;

    /// Whether a call of this tool for this user would be refused right now because it failed so often lately. Asked before a
    /// call is recorded as begun; `execute` asks again by itself.
    ///
    /// # Errors
    /// [`ToolErrorCode::BreakerOpen`].
    async fn admits(&self, _user: &str, _tool: &ToolId, _version: &str) -> Result<(), ToolError> {
        Ok(())
    }
}
