//! Statistics: how often, how well and at what cost the server worked, over a time.

use super::{Timestamp, Usage};
use serde::{Deserialize, Serialize};

/// Whose work is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum StatsScope {
    /// Everybody's, for administrators.
    Server,
    /// That of the caller's own conversations.
    Own,
}

/// `GET /stats`. Conversations that came in as documents happened elsewhere and are not counted. Shares are between 0 and 1, and
/// missing where there is nothing to share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Whose work it is.
    pub scope: StatsScope,
    /// From this time on.
    pub since: Timestamp,
    /// Before this time.
    pub until: Timestamp,
    /// Conversations that began.
    pub conversations: ConversationStats,
    /// Runs whose message came.
    pub runs: RunStats,
    /// Calls of tools; searches are none.
    pub tools: ToolStats,
    /// The same by executor, the busiest first.
    pub executors: Vec<CallStats>,
    /// Tokens and what they cost.
    pub usage: UsageStats,
    /// What people said of answers.
    pub feedback: FeedbackStats,
    /// Milliseconds of each part of `series`.
    pub bucket_ms: u64,
    /// The same over the time, in equal parts up to `until`; the first begins at `since` and may be shorter or longer.
    pub series: Vec<StatsBucket>,
}

/// Conversations that began in the time.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConversationStats {
    /// How many.
    pub created: u64,
    /// How many a week, at this rate.
    pub per_week: f64,
    /// How many of them called a tool.
    pub with_tool: u64,
    /// Their share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with_tool_share: Option<f64>,
    /// The median of the times from a conversation's first message to its first call of a tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median_first_tool_ms: Option<u64>,
    /// Calls of tools for each conversation that called one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_calls_each: Option<f64>,
}

/// Runs whose message came in the time.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct RunStats {
    /// How many.
    pub total: u64,
    /// Those that answered.
    pub completed: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those that somebody stopped, or that nobody answered.
    pub cancelled: u64,
    /// Those that have waited for a person for more than a day.
    pub abandoned: u64,
    /// Those that wait or work.
    pub open: u64,
    /// The share that answered of those that ended or were abandoned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion_rate: Option<f64>,
}

/// Calls of tools, or of one of them, or on one executor.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallStats {
    /// The tool's id, the executor's name, or empty for all of them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Calls that began.
    pub calls: u64,
    /// Those that worked.
    pub succeeded: u64,
    /// Those that failed, took too long or whose outcome is not known.
    pub failed: u64,
    /// The share that worked of those that came to an end of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success_rate: Option<f64>,
    /// How long they took on average.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_ms: Option<u64>,
}

/// Calls of tools that began in the time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ToolStats {
    /// All of them.
    pub all: CallStats,
    /// The tools that were called most, at most 20.
    pub most_called: Vec<CallStats>,
}

/// Tokens of one model.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ModelStats {
    /// `provider/model`.
    pub model: String,
    /// Answers that took tokens.
    pub answers: u64,
    /// Its tokens, and what they cost.
    pub usage: Usage,
}

/// Tokens that were taken in the time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct UsageStats {
    /// All of them, and what they cost.
    pub all: Usage,
    /// The models that took most, at most 20.
    pub models: Vec<ModelStats>,
}

/// What people said of answers in the time.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct FeedbackStats {
    /// Good ones.
    pub good: u64,
    /// Bad ones.
    pub bad: u64,
    /// Those that felt like a real agent.
    pub felt_real: u64,
    /// Those that did not.
    pub felt_unreal: u64,
    /// The share that felt like a real agent, of those about which that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub felt_real_share: Option<f64>,
}

/// A part of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StatsBucket {
    /// When it begins.
    pub at: Timestamp,
    /// Conversations that began.
    pub conversations: u64,
    /// Runs whose message came.
    pub runs: u64,
    /// Those of them that answered.
    pub completed: u64,
    /// Calls of tools that began.
    pub tool_calls: u64,
    /// Those of them that failed.
    pub tool_failures: u64,
    /// Tokens, in and out.
    pub tokens: u64,
    /// What they cost, in millionths of a US dollar, where the price is known.
    pub cost_micros: u64,
}
