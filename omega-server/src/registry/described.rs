//! Tools of what the sandbox found in a package.

use super::AddError;
use omega_core::{
    api::registry::AddPackage,
    executor::{Described, DescribedPackage},
    id::ToolId,
    registry::{Calling, EnvVar, Health, Tool},
};
use serde_json::{Map, Value, json};

/// The described tool that an export's name means: itself, with `Tool` behind it, in another case, or the only one.
pub(super) fn matching<'a>(tools: &'a [Described], export: &str) -> Option<&'a Described> {
    let with_tool = format!("{export}Tool");
    tools
        .iter()
        .find(|tool| tool.name == export)
        .or_else(|| tools.iter().find(|tool| tool.name == with_tool))
        .or_else(|| tools.iter().find(|tool| tool.name.eq_ignore_ascii_case(export)))
        .or(if tools.len() == 1 { tools.first() } else { None })
}

/// The tool of an export that the sandbox recognised.
pub(super) fn described_tool(package: &DescribedPackage, described: &Described) -> Tool {
    let description = if described.description.is_empty() { &package.description } else { &described.description };
    Tool {
        description: description.clone(),
        input_schema: described.input_schema.clone(),
        env: described.env.clone(),
        ..package_tool(package, &described.name, Calling::Tool)
    }
}

/// The tool of a plain function that a person named.
pub(super) fn function_tool(
    package: &DescribedPackage,
    function: &str,
    request: &AddPackage,
) -> Result<Tool, AddError> {
    let exported = function.split('.').next().unwrap_or(function);
    let known = package.functions.iter().any(|name| name == function || name.split('.').next() == Some(exported));
    if !known && !package.functions.is_empty() {
        return Err(AddError::NoSuchFunction {
            package: package.package.clone(),
            function: function.to_owned(),
            available: package.functions.clone(),
        });
    }
    let properties: Map<String, Value> = request.params.iter().map(|name| (name.clone(), json!({}))).collect();
    Ok(Tool {
        description: request.description.clone().unwrap_or_else(|| package.description.clone()),
        input_schema: Some(json!({"type": "object", "properties": properties, "additionalProperties": false})),
        env: Vec::<EnvVar>::new(),
        ..package_tool(package, function, Calling::Function { params: request.params.clone() })
    })
}

fn package_tool(package: &DescribedPackage, export: &str, calling: Calling) -> Tool {
    let base = package.package.rsplit('/').next().unwrap_or(&package.package);
    let name = match export.rsplit('.').next() {
        None | Some("default") => base,
        Some(last) => last,
    };
    Tool {
        tool_id: ToolId::new(&package.package, export),
        name: name.to_owned(),
        description: String::new(),
        version: package.version.clone(),
        category: package.category.clone().unwrap_or_else(|| String::from("other")),
        keywords: package.keywords.clone(),
        input_schema: None,
        env: Vec::new(),
        calling,
        health: Health::Healthy,
        downloads: None,
        official: package.package.starts_with("@tpmjs/"),
        destructive: false,
    }
}
