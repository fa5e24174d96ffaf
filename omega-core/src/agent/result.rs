//! What the model, and a person in one line, gets to see of a tool run's outcome.

use crate::{
    api::{ToolRun, ToolRunStatus},
    model::{ToolCall, ToolResult},
    sanitize::one_line,
};
use serde_json::{Value, json};

/// The model gets at most this much of an output; the rest stays stored.
pub const MODEL_BYTES: usize = 32 * 1024;
const SUMMARY_CHARS: usize = 120;
const LOST: &str = "the server restarted during the call; it may or may not have taken effect";

/// The result of a call. A call whose run is missing or still open gets one that says so: the history stays valid.
#[must_use]
pub fn for_model(call: &ToolCall, run: Option<&ToolRun>) -> ToolResult {
    let error = |code: &str, message: String| json!({ "error": { "code": code, "message": message } }).to_string();
    let (content, is_error) = match run {
        None => (error("SKIPPED", "this call was not run".into()), true),
        Some(run) => match run.status {
            ToolRunStatus::Succeeded => (output(run), false),
            ToolRunStatus::Unknown => (
                error(
                    "UNKNOWN",
                    format!(
                        "outcome unknown: {}. Verify before repeating it",
                        run.error.as_ref().map_or(LOST, |error| &error.message)
                    ),
                ),
                true,
            ),
            ToolRunStatus::Proposed
            | ToolRunStatus::AwaitingCredentials
            | ToolRunStatus::AwaitingApproval
            | ToolRunStatus::Started => (error("CANCELLED", "this call was stopped".into()), true),
            _ => {
                let failure = run.error.as_ref().map_or_else(
                    || error("FAILED", "the call failed".into()),
                    |error| json!({ "error": error }).to_string(),
                );
                (cut(&failure), true)
            }
        },
    };
    ToolResult { call_id: call.id.clone(), name: call.name.clone(), content, is_error }
}

fn output(run: &ToolRun) -> String {
    match &run.output {
        Some(output) => cut(&output.to_string()),
        None => json!({ "note": "the output is too large to show", "bytes": run.output_bytes }).to_string(),
    }
}

fn cut(text: &str) -> String {
    if text.len() <= MODEL_BYTES {
        return text.to_owned();
    }
    let mut end = MODEL_BYTES;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}\n[cut here: {} of {} bytes are shown]", &text[..end], end, text.len())
}

/// One line for people.
#[must_use]
pub fn summary(output: &Value) -> String {
    let text = match output {
        Value::String(text) => one_line(text, SUMMARY_CHARS),
        Value::Array(items) if items.iter().any(Value::is_object) || items.len() > 20 => {
            format!("{} items", items.len())
        }
        Value::Object(map) if map.len() > 6 => {
            let keys: Vec<&str> = map.keys().take(6).map(String::as_str).collect();
            one_line(&format!("{{{}, ...}}", keys.join(", ")), SUMMARY_CHARS)
        }
        other => one_line(&other.to_string(), SUMMARY_CHARS),
    };
    if text.is_empty() { String::from("(empty)") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_one_short_line() {
        assert_eq!(summary(&json!(5)), "5");
        assert_eq!(summary(&json!("a\nb")), "a b");
        assert_eq!(summary(&json!([{"a": 1}, {"a": 2}])), "2 items");
        assert_eq!(summary(&json!("")), "(empty)");
        assert!(summary(&json!("x".repeat(5000))).chars().count() <= 121);
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        let text = "é".repeat(MODEL_BYTES);
        assert!(cut(&text).contains("[cut here: 32768 of 65536 bytes are shown]"));
    }
}
