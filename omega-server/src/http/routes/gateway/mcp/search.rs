//! `search`: tools of the registry, as the caller has them.

use super::{Visit, outcome};
use crate::http::{
    limits::Class,
    reply::{ApiError, ApiResult},
};
use omega_core::{
    api::ToolRow,
    budget::{QUERY, ROWS, Size},
    registry::{Query, Registry, Viewer},
};
use rmcp::model::{CallToolResult, JsonObject};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Search {
    query: String,
    #[serde(default)]
    category: Option<String>,
    #[serde(default)]
    limit: Option<usize>,
}

pub async fn call(visit: &Visit, given: JsonObject) -> ApiResult<CallToolResult> {
    let Search { query, category, limit } = outcome::arguments(given)?;
    if query.trim().is_empty() {
        return Err(ApiError::invalid("query", "must not be empty"));
    }
    QUERY.fit(&query).map_err(|over| ApiError::invalid("query", &over.to_string()))?;
    let limit = limit.unwrap_or(5);
    if !(1..=20).contains(&limit) {
        return Err(ApiError::invalid("limit", "must be between 1 and 20"));
    }
    visit.app.gate.charge(visit.caller.user, Class::Search)?;
    let viewer = Viewer::User(visit.caller.user);
    let hits = visit.app.registry.search(viewer, Query { text: query, category, limit }).await?;
    let (mut rows, mut bytes): (Vec<Value>, usize) = (Vec::new(), 0);
    for hit in &hits {
        let row = json!(ToolRow::new(&hit.tool, Some(hit.score)).with_outcomes(hit.runs, hit.failures));
        bytes += Size::of(&row).bytes;
        if !rows.is_empty() && ROWS.check(bytes).is_err() {
            break;
        }
        rows.push(row);
    }
    let found = json!({ "tools": rows });
    let text = if rows.is_empty() { String::from("No tool fits; try other words.") } else { found.to_string() };
    Ok(outcome::told(text, found, false))
}
