//! What a call came to, as a tool's result: text for a model, and the same as data.

use crate::http::reply::{ApiError, ApiResult};
use omega_core::sanitize::one_line;
use rmcp::model::{CallToolResult, ContentBlock, JsonObject};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A result: its text, its data, and whether it is a failure that the model should read.
pub fn told(text: impl Into<String>, data: Value, is_error: bool) -> CallToolResult {
    let content = vec![ContentBlock::text(text.into())];
    let mut result = if is_error { CallToolResult::error(content) } else { CallToolResult::success(content) };
    result.structured_content = Some(data);
    result
}

/// A refusal of this server's: the model reads why, and what to do.
pub fn refused(error: ApiError) -> CallToolResult {
    let refusal = error.into_body();
    let mut data = json!({ "error": refusal.error, "code": refusal.details.code, "requestId": refusal.request_id });
    for (name, value) in &refusal.details.more {
        data[name.as_str()] = value.clone();
    }
    told(refusal.error, data, true)
}

/// The arguments of a call; an argument that there is not is refused by its name.
pub fn arguments<T: DeserializeOwned>(given: JsonObject) -> ApiResult<T> {
    serde_json::from_value(Value::Object(given)).map_err(|error| ApiError::unreadable(&error.to_string()))
}

/// A client's word as it can be said back.
pub fn said(word: &str) -> String {
    one_line(word, 60)
}
