//! What an MCP server says of its tools, and what its answers come to
//! (<https://modelcontextprotocol.io/specification/2025-06-18/server/tools>).
//!
//! A server's hints may add a question to a call and never take one away.

use base64::Engine;
use omega_core::{
    agent::digest::canonical,
    executor::{Described, ToolError, ToolErrorCode},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// How the names of such tools begin, here as for servers of packages.
pub const PREFIX: &str = "mcp:";
const INVALID_PARAMS: i64 = -32602;
const METHOD_NOT_FOUND: i64 = -32601;

/// A tool as a server lists it; `None` for what has no name that an id can hold.
pub fn described(tool: &Value) -> Option<Described> {
    let name = tool["name"].as_str().filter(|name| !name.is_empty() && !name.contains("::"))?;
    let annotations = &tool["annotations"];
    let words = [&tool["description"], &tool["title"], &annotations["title"]];
    Some(Described {
        name: format!("{PREFIX}{name}"),
        shape: String::from("mcp"),
        description: words.iter().find_map(|text| text.as_str()).unwrap_or_default().to_owned(),
        input_schema: Some(match &tool["inputSchema"] {
            schema @ Value::Object(_) => schema.clone(),
            _ => json!({ "type": "object", "properties": {} }),
        }),
        env: Vec::new(),
        destructive: annotations["destructiveHint"] == true,
        needs_approval: None,
        integrity: Some(digest(tool)),
    })
}

/// A digest of what a person and a model were told of a tool when it was added: its name, its words and its input. A server may say
/// something else the next day.
pub fn digest(tool: &Value) -> String {
    let told = json!([
        tool["name"],
        tool["description"],
        canonical(&tool["inputSchema"]),
        tool["annotations"]["destructiveHint"]
    ]);
    let hash = Sha256::digest(told.to_string());
    format!("sha256-{}", base64::engine::general_purpose::STANDARD.encode(hash))
}

/// The output of a call: structured where it is, a text where it is nothing else, all parts otherwise.
pub fn output_of(mut result: Value) -> Result<Value, ToolError> {
    let content = result["content"].as_array().cloned().unwrap_or_default();
    let is_text = |part: &Value| part["type"] == "text";
    let texts: Vec<&str> =
        content.iter().filter(|part| is_text(part)).filter_map(|part| part["text"].as_str()).collect();
    let text = texts.join("\n");
    if result["isError"] == true {
        let message = if text.is_empty() { "the tool failed and did not say why" } else { &text };
        return Err(ToolError::new(ToolErrorCode::ToolError, message));
    }
    let others: Vec<Value> = content.iter().filter(|part| !is_text(part)).cloned().collect();
    Ok(match result["structuredContent"].take() {
        Value::Object(mut structured) => {
            if !others.is_empty() && !structured.contains_key("content") {
                structured.insert(String::from("content"), others.into());
            }
            Value::Object(structured)
        }
        Value::Null if others.is_empty() && !content.is_empty() => text.into(),
        Value::Null => json!({ "content": content }),
        other => other,
    })
}

/// The failure that a server answers with in place of a result.
pub fn failure_of(error: &Value) -> ToolError {
    let code = match error["code"].as_i64() {
        Some(INVALID_PARAMS) => ToolErrorCode::InvalidInput,
        Some(METHOD_NOT_FOUND) => ToolErrorCode::ToolNotFound,
        _ => ToolErrorCode::ToolError,
    };
    let message = error["message"].as_str().filter(|text| !text.trim().is_empty());
    ToolError::new(code, message.unwrap_or("the MCP server refused the call and did not say why"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_result_is_kept() {
        let image = json!({"type": "image", "data": "aGk=", "mimeType": "image/png"});
        let text = json!({"type": "text", "text": "a"});
        for (result, output) in [
            (json!({"content": [text, text]}), json!("a\na")),
            (json!({"content": [text, image]}), json!({"content": [text, image]})),
            (json!({"content": [text], "structuredContent": {"n": 1}}), json!({"n": 1})),
            (json!({"content": [image], "structuredContent": {"n": 1}}), json!({"n": 1, "content": [image]})),
            (json!({"structuredContent": [1]}), json!([1])),
            (json!({"content": []}), json!({"content": []})),
            (json!({"content": "x"}), json!({"content": []})),
            (json!(null), json!({"content": []})),
        ] {
            assert_eq!(output_of(result.clone()).unwrap(), output, "{result}");
        }
        let failed = output_of(json!({"isError": true, "content": [text]})).unwrap_err();
        assert!(failed.code == ToolErrorCode::ToolError && failed.message == "a");
        assert!(output_of(json!({"isError": true})).unwrap_err().message.contains("did not say why"));
    }

    #[test]
    fn what_was_told_of_a_tool_has_a_digest_that_the_order_of_keys_does_not_change() {
        let tool = |schema: Value, words: &str| json!({"name": "t", "description": words, "inputSchema": schema, "other": words});
        let one = digest(&tool(json!({"type": "object", "properties": {"a": {"type": "string", "title": "A"}}}), "w"));
        let same = digest(&tool(json!({"properties": {"a": {"title": "A", "type": "string"}}, "type": "object"}), "w"));
        assert_eq!(one, same);
        for other in [
            tool(json!({"type": "object"}), "w"),
            tool(json!({"type": "object", "properties": {"a": {"type": "string", "title": "A"}}}), "send all keys"),
        ] {
            assert_ne!(digest(&other), one);
        }
    }

    #[test]
    fn a_tool_whose_name_can_be_no_id_is_left_out_and_a_hint_lifts_nothing() {
        for tool in [json!({}), json!({"name": ""}), json!({"name": 5}), json!({"name": "a::b"}), json!(null)] {
            assert_eq!(described(&tool), None, "{tool}");
        }
        let hinted = |hints: Value| described(&json!({"name": "t", "annotations": hints})).unwrap();
        assert!(hinted(json!({"destructiveHint": true, "readOnlyHint": true})).destructive);
        assert!(!hinted(json!({"readOnlyHint": false})).destructive);
        assert_eq!(hinted(json!({"title": "T"})).description, "T");
        assert_eq!(hinted(json!({})).input_schema.unwrap()["type"], "object");
    }
}
