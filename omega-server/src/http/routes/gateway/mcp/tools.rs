//! What `/mcp` offers, with schemas and annotations.

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Value, json};
use std::sync::Arc;

pub const ASK: &str = "ask";
pub const SEARCH: &str = "search";
pub const EXECUTE: &str = "execute";

/// The tools, as they are listed.
pub fn all() -> Vec<Tool> {
    let key = json!({ "type": "string", "minLength": 1, "maxLength": 255,
        "description": "Sent again with the same key and arguments, nothing is done twice" });
    let hints = |title: &str| ToolAnnotations::with_title(title);
    vec![
        tool(
            ASK,
            "Give Omega a task in words. It finds tools in the TPMJS registry, runs them, and answers; that may take minutes. Calls \
             that delete or spend wait for its owner's approval.",
            json!({
                "message": { "type": "string", "minLength": 1, "description": "The task, or the next message of a conversation" },
                "conversation": { "type": "string", "format": "uuid", "description": "Go on in this conversation, by the id that an earlier answer gave; otherwise a new one" },
                "model": { "type": "string", "description": "provider/model; otherwise the conversation's" },
                "idempotencyKey": key,
            }),
            "message",
        )
        .annotate(hints("Ask Omega").read_only(false).destructive(true).idempotent(false).open_world(true)),
        tool(
            SEARCH,
            "Find tools of the TPMJS registry by what they do. Gives ids, descriptions, input schemas, and the credentials that they need.",
            json!({
                "query": { "type": "string", "minLength": 1, "description": "A few plain words for the capability" },
                "category": { "type": "string", "description": "Only this category" },
                "limit": { "type": "integer", "minimum": 1, "maximum": 20, "description": "5 when missing" },
            }),
            "query",
        )
        .annotate(hints("Search tools").read_only(true).destructive(false).idempotent(true).open_world(false)),
        tool(
            EXECUTE,
            "Run one tool of the registry in Omega's sandbox, outside of any conversation and without stored credentials. Its input is \
             checked against its schema.",
            json!({
                "toolId": { "type": "string", "description": "package::export, as search gives it" },
                "params": { "type": "object", "description": "The tool's input" },
                "idempotencyKey": key,
            }),
            "toolId",
        )
        .annotate(hints("Run a tool").read_only(false).destructive(true).idempotent(false).open_world(true)),
    ]
}

fn tool(name: &'static str, description: &'static str, properties: Value, required: &str) -> Tool {
    let schema =
        json!({ "type": "object", "properties": properties, "required": [required], "additionalProperties": false });
    let schema: JsonObject = schema.as_object().cloned().unwrap_or_default();
    Tool::new(name, description, Arc::new(schema))
}
