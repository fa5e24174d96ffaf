//! Which tools a model's calls mean, looked for in the whole registry, and their inputs as those tools mean them.
//!
//! Done once, before a call is recorded: what was read is what people are shown and asked about, what an approval's digest is
//! of, and what runs. A tool that no search of the conversation found is run like one that was: the gate asks for the same
//! approvals and gives the same variables.

use super::Engine;
use crate::process::offload;
use omega_core::{
    agent::{
        Proposal,
        references::{self, Sources},
        tool_resolution,
        written_call::WrittenCall,
    },
    executor::{ToolError, ToolErrorCode},
    id::ToolId,
    registry::{
        Query, Registry, Tool, Viewer,
        meta::{EXECUTE, SEARCH},
    },
    schema,
};
use serde_json::json;

/// Tools that are looked at for a name that is no id.
const LOOKED_AT: usize = 20;
/// Names that an error offers.
const OFFERED: usize = 3;

/// The calls of a model's answer as they are to be recorded.
pub(super) async fn proposals(
    engine: &Engine,
    viewer: Viewer,
    written: Vec<WrittenCall>,
    sources: &Sources<'_>,
) -> Vec<Proposal> {
    let registry = engine.inner.registry.as_ref();
    let mut proposals = Vec::new();
    for call in written {
        let tool = match call.looks_for() {
            Some(name) => meant(registry, viewer, name).await,
            None => None,
        };
        let steps = tool
            .as_ref()
            .and_then(|tool| tool.input_schema.as_ref())
            .map_or(0, |schema| schema::steps(schema, call.input()));
        let proposal = offload::run(steps, move || call.proposal(tool.as_ref())).await;
        proposals.push(Proposal { input: references::noted(proposal.input, sources), ..proposal });
    }
    proposals
}

/// The tool of the registry that a name means, when it is clear which one.
async fn meant(registry: &dyn Registry, viewer: Viewer, name: &str) -> Option<Tool> {
    for id in tool_resolution::ids(name) {
        if let Ok(tool) = registry.tool(viewer, &id).await {
            return Some(tool);
        }
    }
    let ids = near(registry, viewer, name).await;
    registry.tool(viewer, tool_resolution::meant(name, ids.iter())?).await.ok()
}

async fn near(registry: &dyn Registry, viewer: Viewer, name: &str) -> Vec<ToolId> {
    let text = tool_resolution::words(name);
    if text.is_empty() {
        return Vec::new();
    }
    let query = Query { text, category: None, limit: LOOKED_AT };
    let hits = registry.search(viewer, query).await.unwrap_or_default();
    hits.into_iter().map(|hit| hit.tool.tool_id).collect()
}

/// The refusal of a name that no tool has, with the tools of the registry that are near to it and how to call them.
pub(super) async fn with_nearest(engine: &Engine, viewer: Viewer, name: &str, error: ToolError) -> ToolError {
    if error.code != ToolErrorCode::ToolNotFound {
        return error;
    }
    let ids = near(engine.inner.registry.as_ref(), viewer, name).await;
    if ids.is_empty() {
        return error;
    }
    let offered: Vec<&str> = ids.iter().take(OFFERED).map(ToolId::as_str).collect();
    let message = format!(
        "{}. Tools of the registry that may be meant: {}; call one with {EXECUTE} {{\"toolId\": \"{}\", \"params\": {{...}}}}, or \
         search with {SEARCH}",
        error.message,
        offered.join(", "),
        offered[0],
    );
    ToolError { message, details: Some(json!({ "available": offered })), ..error }
}
