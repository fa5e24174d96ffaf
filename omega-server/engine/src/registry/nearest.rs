//! What to use in place of something that can't run here: whoever is refused a capability is told which tools come near.

use omega_core::{
    executor::{ToolError, ToolErrorCode},
    registry::{Health, Query, Registry, Tool, Viewer},
};
use serde_json::{Value, json};

const LOOKED_AT: usize = 12;
const TOLD: usize = 3;
/// Words in names of packages that do not say what one does.
const OF_ANY: [&str; 8] = ["agent", "client", "mcp", "native", "node", "server", "tool", "tools"];

/// A failure for want of a capability with the nearest tools of other packages; any other failure as it is. `about` is what is
/// known of what failed: its name, its description. Where nothing is but the package's name, tools that speak of it are near.
pub async fn with_nearest(
    registry: &dyn Registry,
    viewer: Viewer,
    package: &str,
    about: &str,
    error: ToolError,
) -> ToolError {
    // What can't be had here, by its installation or by its first call: another package may do the same.
    let lacks = error.details.as_ref().is_some_and(|details| details["what"].is_string());
    if error.code != ToolErrorCode::PermissionDenied && !(error.code == ToolErrorCode::InstallFailed && lacks) {
        return error;
    }
    let described = error.details.as_ref().and_then(|details| details["description"].as_str());
    let about = if about.is_empty() { described.unwrap_or_default() } else { about };
    let words = package.replace(|c: char| !c.is_alphanumeric(), " ");
    let text = format!("{words} {}", about.lines().next().unwrap_or_default().chars().take(200).collect::<String>());
    let name = package.rsplit('/').next().unwrap_or(package);
    let telling = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !OF_ANY.contains(word));
    let telling = telling.max_by_key(|word| word.len()).unwrap_or(name);
    let speaks = |tool: &Tool| {
        let of = |text: &str| text.to_lowercase().contains(&telling.to_lowercase());
        !about.is_empty() || of(tool.tool_id.as_str()) || of(&tool.description)
    };
    let query = Query { text: text.trim().to_owned(), category: None, limit: LOOKED_AT };
    // Without an answer the refusal stands by itself.
    let Ok(hits) = registry.search(viewer, query).await else { return error };
    let others = hits.into_iter().map(|hit| hit.tool);
    let others =
        others.filter(|tool| tool.tool_id.package() != package && tool.health != Health::Broken && speaks(tool));
    let ids: Vec<String> = others.take(TOLD).map(|tool| tool.tool_id.to_string()).collect();
    if ids.is_empty() {
        return error;
    }
    let mut details = error.details.unwrap_or_else(|| json!({}));
    if let Value::Object(fields) = &mut details {
        fields.insert(String::from("nearest"), json!(ids));
    }
    ToolError {
        message: format!("{}; near to it are {}", error.message, ids.join(", ")),
        details: Some(details),
        ..error
    }
}
