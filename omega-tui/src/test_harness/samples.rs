//! What a server could have stored, and a conversation with everything in it.

use super::TestHarness;
use crate::messages::UsedBefore;
use omega_core::{
    api::{
        AlternativeChoice, CredentialScope, Models, StoredApproval, StoredCredential, StoredGrant, Timestamp, ToolRow,
    },
    event::Event,
    executor::ToolErrorCode,
    registry::Tool,
};
use serde_json::json;

pub fn stored(name: &str, last4: Option<&str>) -> StoredCredential {
    StoredCredential {
        name: name.to_owned(),
        scope: CredentialScope::Global,
        tool_id: None,
        version: None,
        kept_in: <_>::default(),
        because: None,
        last4: last4.map(str::to_owned),
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
        last_used_at: None,
    }
}

/// Tools that could do what one could not.
pub fn another_tool() -> AlternativeChoice {
    serde_json::from_value(json!({
        "toolRunId": "0198f0c1-0000-7000-8000-000000000003", "toolId": "@exalabs/ai-sdk::webSearch", "toolName": "webSearch",
        "reason": "missing_credentials", "detail": "It needs EXA_API_KEY, which nobody gave",
        "alternatives": [
            {"toolId": "free-search::find", "toolName": "find", "version": "1.0.0", "why": "Searches the web without a key",
             "requiredEnv": [], "youHave": []},
            {"toolId": "@parallel-web/ai-sdk-tools::search", "toolName": "search", "version": "2.1.0",
             "why": "Searches and reads pages", "requiredEnv": ["PARALLEL_API_KEY", "OTHER_KEY"], "youHave": ["OTHER_KEY"]},
        ],
    }))
    .unwrap()
}

/// A provider that can be used and one that can't.
pub fn models() -> Models {
    serde_json::from_value(json!({
        "default": "openai/gpt-4.1-mini", "defaultReason": "the first that there is a key for",
        "providers": [
            {"name": "openai", "available": true, "paidBy": "owner", "models": ["openai/gpt-4.1-mini", "gpt-5", "gpt-4.1-mini"]},
            {"name": "anthropic", "available": false, "reason": "there is no ANTHROPIC_API_KEY", "models": ["claude"]},
        ],
        "prices": {"openai/gpt-5": {"input": 1.25, "output": 10.0}},
    }))
    .unwrap()
}

pub fn used_before() -> Vec<UsedBefore> {
    let used = |title: &str| UsedBefore {
        id: "0198f0c1-0000-7000-8000-000000000009".parse().unwrap(),
        title: title.to_owned(),
        updated_at: Timestamp(0),
    };
    vec![used("Determinants"), used("A chart of last week's temperatures")]
}

/// A tool of the registry that needs a variable.
pub fn tool_row() -> ToolRow {
    let tool: Tool = serde_json::from_value(json!({
        "toolId": "yaml::parse", "name": "parse", "description": "Reads YAML and gives it as JSON", "version": "2.4.0",
        "category": "data", "env": [{ "name": "YAML_KEY" }],
        "inputSchema": {"type": "object", "required": ["text"], "properties": {
            "depth": {"type": "integer", "description": "How deep at most"},
            "text": {"type": "string", "description": "The YAML"},
        }},
    }))
    .unwrap();
    ToolRow::new(&tool, None)
}

pub fn rule() -> StoredApproval {
    serde_json::from_value(json!({
        "id": "0198f0c1-0000-7000-8000-000000000001", "toolId": "mathjs::evaluate", "reason": "safe_mode", "maxMajor": 15,
        "by": "0198f0c1-0000-7000-8000-000000000002", "createdAt": "2026-11-22T18:00:00Z",
    }))
    .unwrap()
}

/// A tool that may use one.
pub fn grant() -> StoredGrant {
    StoredGrant {
        name: String::from("EXA_API_KEY"),
        tool_id: "@exalabs/ai-sdk::webSearch".parse().unwrap(),
        publisher: String::from("exalabs"),
        max_major: Some(1),
        version: None,
        source: String::from("request"),
        granted_at: Timestamp(0),
    }
}

/// A conversation that shows everything that there is to show.
pub fn full(stage: &mut TestHarness) {
    stage.open();
    stage.event(Event::ConversationUpdated {
        title: Some(String::from("A determinant and a table")),
        model: None,
        safe_mode: None,
        guest_credentials: None,
        visibility: None,
        url: None,
        usage: None,
    });
    stage.asked("What is the determinant of [[2, -1, 0], [1, 3, 4], [0, 5, -2]]?");
    stage.thinks("A determinant needs exact arithmetic, so a tool should do it.");
    let search = stage.calls("registrySearchTool", json!({"query": "matrix determinant", "limit": 5}));
    stage.gives(search, json!({"matchCount": 3}));
    stage.step();
    let bad = stage.calls("mathjs::determinant", json!({"x": 1}));
    stage.fails(bad, ToolErrorCode::ToolNotFound, "mathjs has no export `determinant`. Nearest: det, derivative");
    let det = stage.calls("mathjs::det", json!({"x": [[2, -1, 0], [1, 3, 4], [0, 5, -2]]}));
    stage.gives(det, json!(-54));
    stage.step();
    stage.says("The determinant is **-54**.\n\n| step | value |\n|:--|--:|\n| 2·(3·-2 - 4·5) | -52 |\n| ");
    stage.says("-(-1)·(1·-2 - 4·0) | -2 |\n\nChecked with `mathjs`:\n\n```js\ndet([[2, -1, 0], [1, 3, 4], [0, 5, -2]])\n```\n\n");
    stage.says("- exact\n- see [the docs](https://mathjs.org/docs)\n");
    stage.answered();
}
