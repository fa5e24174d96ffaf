//! The starter catalogue against the real world: every tool in our own sandbox, from the real npm registry.
//!
//! `cargo nextest run -p omega-server --run-ignored all checked` (`OMEGA_DENO` names a Deno that is there already).

use super::catalogue;
use crate::executor::{LocalConfig, LocalExecutor};
use futures_util::{StreamExt, stream};
use omega_core::{
    executor::{Execution, Executor},
    id::ToolRunId,
    registry::{Calling, Health, Tool},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

/// A sandbox whose packages stay between runs, so that the second run is fast.
fn sandbox() -> LocalExecutor {
    let cache = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/tool-cache");
    let deno = std::env::var_os("OMEGA_DENO").map(PathBuf::from);
    LocalExecutor::new(LocalConfig { deno, ..LocalConfig::new(PathBuf::from(cache)) })
}

/// The tool's first example, or nothing where nothing is asked for.
fn example(tool: &Tool) -> Option<Value> {
    let schema = tool.input_schema.as_ref()?;
    let example = schema["examples"].get(0).cloned();
    example.or_else(|| schema["properties"].as_object()?.is_empty().then(|| json!({})))
}

async fn problem(sandbox: &LocalExecutor, tool: Tool) -> Option<String> {
    let input = example(&tool)?;
    let executed = sandbox
        .execute(Execution {
            id: ToolRunId::new(),
            owner: String::new(),
            user: String::new(),
            tool: tool.tool_id.clone(),
            version: tool.version,
            integrity: None,
            calling: tool.calling,
            input,
            env: BTreeMap::new(),
            approved: true,
            timeout: Duration::from_secs(60),
            cancel: Box::pin(std::future::pending()),
            on_partial: Arc::new(|_| ()),
            session: None,
        })
        .await;
    match executed.result {
        Ok(Value::Null) => Some(format!("{}: no output", tool.tool_id)),
        Ok(_) => None,
        Err(error) => Some(format!("{}: {error}", tool.tool_id)),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "installs a hundred packages from npm"]
async fn every_checked_tool_runs_its_own_example() {
    let sandbox = sandbox();
    let tools: Vec<Tool> =
        catalogue::starter().unwrap().into_iter().filter(|tool| tool.health == Health::Healthy).collect();
    let ran = tools.iter().filter(|tool| example(tool).is_some()).count();
    assert!(ran > 100, "only {ran} have an example");
    let problems: Vec<Option<String>> =
        stream::iter(tools).map(|tool| problem(&sandbox, tool)).buffer_unordered(3).collect().await;
    let problems: Vec<String> = problems.into_iter().flatten().collect();
    assert!(problems.is_empty(), "{} of {ran}:\n{}", problems.len(), problems.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "installs packages from npm"]
async fn every_described_tool_is_in_its_package_with_that_input() {
    let sandbox = sandbox();
    let mut problems = Vec::new();
    for tool in catalogue::starter().unwrap() {
        if tool.calling != Calling::Tool {
            continue;
        }
        let id = &tool.tool_id;
        let package = match sandbox.describe(id.package(), &tool.version, "").await {
            Ok(package) => package,
            Err(error) => {
                problems.push(format!("{id}: {error}"));
                continue;
            }
        };
        let Some(described) = package.tools.iter().find(|described| described.name == id.export()) else {
            let names: Vec<&str> = package.tools.iter().map(|described| described.name.as_str()).collect();
            problems.push(format!("{id}: not among {}", names.join(", ")));
            continue;
        };
        let (ours, theirs) =
            (tool.input_schema.unwrap_or_default(), described.input_schema.clone().unwrap_or_default());
        for name in ours["properties"].as_object().into_iter().flatten().map(|(name, _)| name) {
            if theirs["properties"].get(name).is_none() {
                problems.push(format!("{id}: its input has no {name}"));
            }
        }
        if let Some(required) = theirs["required"].as_array() {
            let missing =
                required.iter().filter(|name| !ours["required"].as_array().is_some_and(|ours| ours.contains(name)));
            problems.extend(missing.map(|name| format!("{id}: {name} is required")));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
