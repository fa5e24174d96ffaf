//! The response object of `/v1/responses`.

use super::{Extension, total};
use omega_core::{
    api::{FinishReason, RequiredAction, Run, RunStatus, Usage},
    id::{MessageId, RunId},
};
use serde_json::{Value, json};

/// What a response says of itself besides its outcome.
#[derive(Debug, Clone)]
pub struct Head {
    pub extension: Extension,
    pub run: RunId,
    pub created: i64,
    pub model: String,
    pub is_background: bool,
    /// What the request said, where this is its answer.
    pub instructions: Option<String>,
    pub previous: Option<String>,
    pub schema: Option<Value>,
}

/// How it stands.
pub struct Outcome {
    pub status: &'static str,
    pub output: Vec<Value>,
    pub usage: Option<Usage>,
    pub action: Option<RequiredAction>,
    /// Why it is not whole.
    pub reason: Option<&'static str>,
    pub error: Option<String>,
}

impl Outcome {
    pub fn of(status: &'static str) -> Self {
        Self { status, output: Vec::new(), usage: None, action: None, reason: None, error: None }
    }

    /// An answer, by why its model stopped.
    pub fn answered(output: Vec<Value>, usage: Usage, finish: Option<FinishReason>) -> Self {
        let reason = match super::finish(finish) {
            "length" => Some("max_output_tokens"),
            "content_filter" => Some("content_filter"),
            _ => None,
        };
        let status = if reason.is_some() { "incomplete" } else { "completed" };
        Self { output, usage: Some(usage), reason, ..Self::of(status) }
    }

    /// A run that waits for a person.
    pub fn waiting(output: Vec<Value>, usage: Usage, action: RequiredAction) -> Self {
        let (action, reason) = (Some(action), Some("requires_action"));
        Self { output, usage: Some(usage), action, reason, ..Self::of("incomplete") }
    }

    pub fn failed(error: String) -> Self {
        Self { error: Some(error), ..Self::of("failed") }
    }
}

/// The id of a run as a response.
pub fn id_of(run: RunId) -> String {
    format!("resp_{run}")
}

/// The run of a response.
pub fn run_of(id: &str) -> Option<RunId> {
    id.strip_prefix("resp_")?.parse().ok()
}

impl Head {
    pub fn with(&self, outcome: &Outcome) -> Value {
        let format = match &self.schema {
            Some(schema) => json!({ "type": "json_schema", "name": "answer", "schema": schema, "strict": true }),
            None => json!({ "type": "text" }),
        };
        let status = if outcome.action.is_some() { "paused" } else { outcome.status };
        json!({
            "id": id_of(self.run), "object": "response", "created_at": self.created, "status": outcome.status,
            "background": self.is_background,
            "error": outcome.error.as_ref().map(|message| json!({ "code": "server_error", "message": message })),
            "incomplete_details": outcome.reason.map(|reason| json!({ "reason": reason })),
            "instructions": self.instructions, "max_output_tokens": null, "max_tool_calls": null, "model": self.model,
            "output": outcome.output, "parallel_tool_calls": true, "previous_response_id": self.previous,
            "prompt_cache_key": null, "reasoning": { "effort": null, "summary": null }, "safety_identifier": null,
            "service_tier": "default", "store": true, "temperature": 1.0, "text": { "format": format, "verbosity": "medium" },
            "tool_choice": "auto", "tools": [], "top_logprobs": 0, "top_p": 1.0, "truncation": "disabled",
            "usage": outcome.usage.as_ref().map(tokens), "user": null, "metadata": {},
            "conversation": { "id": self.extension.conversation },
            "omega": self.extension.with(status, outcome.action.as_ref()),
        })
    }
}

fn tokens(usage: &Usage) -> Value {
    json!({
        "input_tokens": usage.input_tokens,
        "input_tokens_details": { "cached_tokens": usage.cached_input_tokens },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": { "reasoning_tokens": usage.reasoning_tokens },
        "total_tokens": total(usage),
    })
}

/// A piece of a message: text, or why there is none.
pub fn content(text: &str, is_answer: bool) -> Value {
    match is_answer {
        true => json!({ "type": "output_text", "text": text, "annotations": [], "logprobs": [] }),
        false => json!({ "type": "refusal", "refusal": text }),
    }
}

/// A message of the output.
pub fn message(id: &str, status: &str, content: &[Value]) -> Value {
    json!({ "id": id, "type": "message", "status": status, "role": "assistant", "content": content })
}

pub fn message_id(id: MessageId) -> String {
    format!("msg_{id}")
}

/// OpenAI's word for where a run stands.
pub fn status_of(run: &Run) -> &'static str {
    match run.status {
        RunStatus::Queued => "queued",
        RunStatus::Running => "in_progress",
        RunStatus::Paused => "incomplete",
        RunStatus::Completed => "completed",
        RunStatus::Failed => "failed",
        RunStatus::Cancelled => "cancelled",
    }
}
