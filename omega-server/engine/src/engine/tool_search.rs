//! A call that searches the registry: what is found, what of it is missing, and what is recorded of it.

use super::{
    Engine,
    credential_policy::{CredentialPolicy, Holdings},
    tools::{Done, intent, millis, not_begun},
};
use crate::{
    store::{Lease, Result, Settled},
    vault::resolve::is_needed,
};
use omega_core::{
    agent::Agent,
    api::{ToolRun, ToolRunStatus},
    edition::Edition,
    executor::{ToolError, ToolErrorCode},
    registry::{
        Query, RegistryError, Tool,
        meta::{FoundTool, SearchInput, SearchOutput},
    },
    sanitize::one_line,
};
use serde_json::Value;
use std::{collections::BTreeMap, time::Instant};

/// Makes the outcome of a search ready to be recorded.
pub(super) fn found(agent: &Agent, mut output: SearchOutput, duration_ms: u64) -> Settled {
    agent.name_found(&mut output.tools);
    let summary = match &output.tools[..] {
        [] => format!("nothing found for “{}”", one_line(&output.query, 60)),
        tools => {
            let names: Vec<&str> = tools.iter().take(3).map(|tool| tool.tool_id.as_str()).collect();
            let more = tools.len().saturating_sub(3);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("{}{more}", names.join(", "))
        }
    };
    Settled {
        status: ToolRunStatus::Succeeded,
        version: String::new(),
        output: serde_json::to_value(&output).ok(),
        summary: one_line(&summary, 160),
        truncated: false,
        error: None,
        duration_ms,
        executor: None,
        notice: None,
    }
}

pub(super) async fn search(engine: &Engine, lease: &Lease, tool_run: &ToolRun, input: SearchInput) -> Result<Done> {
    if !intent(engine, lease, tool_run, &Edition::default(), &BTreeMap::new()).await? {
        return Ok(not_begun(""));
    }
    let began = Instant::now();
    let actor = engine.inner.store.actor(lease.run).await?;
    let rights = CredentialPolicy::of(engine, lease.conversation, actor).await?;
    let holdings = Holdings::of(engine, lease.run, &rights).await?;
    let found = find(engine, &input, &holdings).await;
    let duration_ms = millis(began);
    Ok(match found {
        Ok(output) => Done::Found(output, duration_ms),
        Err(error) => {
            let error = ToolError::new(ToolErrorCode::RegistryUnavailable, error.to_string());
            Done::Settled(Settled::failed(error, "", duration_ms))
        }
    })
}

/// Searches the registry, and says what each tool needs and lacks.
pub(super) async fn find(
    engine: &Engine,
    input: &SearchInput,
    holdings: &Holdings,
) -> Result<SearchOutput, RegistryError> {
    let limit = input.limit.clamp(1, 20);
    let query = |category| Query { text: input.query.clone(), category, limit };
    let viewer = holdings.viewer;
    let mut hits = engine.inner.registry.search(viewer, query(input.category.clone())).await?;
    if hits.is_empty() && input.category.is_some() {
        // Models make categories up; better a tool of another one than none.
        hits = engine.inner.registry.search(viewer, query(None)).await?;
    }
    let tools: Vec<FoundTool> = hits.into_iter().map(|hit| found_tool(hit.tool, holdings)).collect();
    Ok(SearchOutput { query: input.query.clone(), match_count: tools.len(), tools })
}

/// A tool as a model reads of it: what it needs, and what of it is missing. How often it was called is for people: whoever calls
/// a tool on purpose would say something to the models of others.
pub(super) fn found_tool(tool: Tool, holdings: &Holdings) -> FoundTool {
    let missing = holdings.resolve(&tool, std::iter::empty()).missing;
    FoundTool {
        call_as: None,
        package: tool.tool_id.package().to_owned(),
        required_env_vars: required(&tool),
        missing_env_vars: missing.into_iter().map(|var| var.name).collect(),
        name: tool.name,
        tool_id: tool.tool_id,
        version: tool.version,
        description: one_line(&tool.description, 600),
        category: tool.category,
        input_schema: tool.input_schema,
        health_status: match serde_json::to_value(tool.health) {
            Ok(Value::String(health)) => health,
            _ => "UNKNOWN".into(),
        },
    }
}

/// Names of the variables that a tool can't run without.
pub(super) fn required(tool: &Tool) -> Vec<String> {
    tool.env.iter().filter(|var| is_needed(var)).map(|var| var.name.clone()).collect()
}
