//! The document of `--json`: `{conversationId, runId, status, answer, toolRuns, usage, model, finishReason}`. Scripts depend on it: add
//! members, never change one.

use omega_core::{
    api::{FinishReason, Payer, RequiredAction, Run, RunError, RunStatus, ToolRun, Usage},
    client::{Client, ClientError},
    executor::ToolError,
    id::{ConversationId, RunId},
};
use serde::Serialize;
use serde_json::Value;

/// What a run came to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// The conversation, to go on with.
    pub conversation_id: ConversationId,
    pub run_id: RunId,
    /// `completed`, `failed`, `cancelled`; `paused` when it waits for a person; anything else when the command gave up
    /// before the run ended.
    pub status: RunStatus,
    /// The whole visible text.
    pub answer: String,
    /// Its tool runs, in order.
    pub tool_runs: Vec<ToolRow>,
    /// Its tokens, and what they cost: `costMicros`, in millionths of a US dollar.
    pub usage: Usage,
    /// `provider/model` that answered.
    pub model: String,
    /// Whose provider key it was paid with: `server` or `owner`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid_by: Option<Payer>,
    /// Why the model stopped: `stop`, or `length`, `content_filter`, `refusal` where the answer is not all that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<FinishReason>,
    /// What it waits for, when it does: `{kind: credentials | approval | plan, ...}` as the API has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requires_action: Option<RequiredAction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<RunError>,
    /// The answer as JSON, when `--schema` asked for it and it matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

/// One tool run of a [`Document`].
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolRow {
    tool_id: String,
    version: String,
    status: &'static str,
    input: Value,
    output: Value,
    duration_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ToolError>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    truncated: bool,
}

impl Document {
    /// The document of a run and its tool runs. Outputs that were too large for an event are fetched.
    pub async fn new(client: &Client, run: &Run, answer: String, tool_runs: Vec<ToolRun>) -> Result<Self, ClientError> {
        let mut rows = Vec::with_capacity(tool_runs.len());
        for tool_run in tool_runs {
            rows.push(ToolRow::new(client, tool_run).await?);
        }
        Ok(Self {
            conversation_id: run.conversation_id,
            run_id: run.id,
            status: run.status,
            answer,
            tool_runs: rows,
            usage: run.usage,
            model: run.model.clone(),
            paid_by: run.paid_by,
            finish_reason: run.finish_reason,
            requires_action: run.requires_action.clone(),
            error: run.error.clone(),
            value: None,
        })
    }
}

impl ToolRow {
    async fn new(client: &Client, run: ToolRun) -> Result<Self, ClientError> {
        let output = match run.output {
            Some(output) => output,
            None if run.output_bytes > 0 => whole_output(client, &run).await?,
            None => Value::Null,
        };
        Ok(Self {
            tool_id: run.tool_id,
            version: run.version,
            status: run.status.as_str(),
            input: run.input,
            output,
            duration_ms: run.duration_ms.unwrap_or(0),
            error: run.error,
            truncated: run.truncated,
        })
    }
}

/// An output that is larger than an event may be, page by page. One that was cut before it was stored is no JSON any
/// more and stays text.
async fn whole_output(client: &Client, run: &ToolRun) -> Result<Value, ClientError> {
    const PAGE: u32 = 1024 * 1024;
    let (mut text, mut next) = (String::new(), Some(0));
    while let Some(offset) = next {
        let page = client.tool_output(run.id, offset, PAGE).await?;
        text.push_str(&page.content);
        next = page.next_offset.filter(|next| *next > offset);
    }
    Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)))
}
