//! Tools of what the sandbox found in a package, as far as they fit.

use super::{AddError, row_limits::Fitted};
use omega_core::{
    api::registry::AddPackage,
    budget::{NAME, PACKAGE_TOOLS},
    executor::{Described, DescribedPackage, Signature},
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

/// The tools that a request means, and what was left out of the others.
pub(super) fn wanted(package: &DescribedPackage, request: &AddPackage) -> Result<(Vec<Fitted>, Vec<String>), AddError> {
    if let Some(function) = &request.function {
        return Ok((vec![Fitted::new(function_tool(package, function, request)?)?], Vec::new()));
    }
    let (mut tools, mut notices) = (Vec::new(), Vec::new());
    if let Err(over) = PACKAGE_TOOLS.check(package.tools.len()) {
        notices.push(format!("{over}; the others are left out"));
    }
    for described in package.tools.iter().take(PACKAGE_TOOLS.most) {
        match Fitted::new(described_tool(package, described)) {
            Ok(tool) => tools.push(tool),
            Err(unfit) => notices.push(format!("an export is left out: {unfit}")),
        }
    }
    Ok((tools, notices))
}

/// Names of plain functions that could be added.
pub(super) fn functions(package: &DescribedPackage) -> Vec<String> {
    let short = package.functions.iter().filter(|name| NAME.fit(name).is_ok());
    short.take(PACKAGE_TOOLS.most).cloned().collect()
}

/// The tool of an export that the sandbox recognised.
fn described_tool(package: &DescribedPackage, described: &Described) -> Tool {
    let description = if described.description.is_empty() { &package.description } else { &described.description };
    Tool {
        description: description.clone(),
        input_schema: described.input_schema.clone(),
        env: described.env.clone(),
        needs_approval: described.needs_approval,
        destructive: described.destructive,
        integrity: described.integrity.clone().or_else(|| package.integrity.clone()),
        ..package_tool(package, &described.name, Calling::Tool)
    }
}

/// The tool of a plain function that a person named.
fn function_tool(package: &DescribedPackage, function: &str, request: &AddPackage) -> Result<Tool, AddError> {
    let exported = head_of(function);
    let known = package.functions.iter().any(|name| name == function || head_of(name) == exported);
    if !known && !package.functions.is_empty() {
        return Err(AddError::NoSuchFunction {
            package: package.package.clone(),
            function: function.to_owned(),
            available: functions(package),
        });
    }
    let mut params = named_in(function);
    params.extend(request.params.iter().filter(|name| !params.contains(name)).cloned().collect::<Vec<_>>());
    let signature = package.signatures.get(function.trim());
    let (params, input_schema) = match signature {
        Some(signature) if params.is_empty() => (signature.params.clone(), signature.input_schema.clone()),
        _ => (params.clone(), named_schema(&params, signature)),
    };
    let words = signature.map(|signature| &signature.description).filter(|words| !words.is_empty());
    Ok(Tool {
        description: request.description.as_ref().or(words).unwrap_or(&package.description).clone(),
        input_schema: Some(input_schema),
        env: Vec::<EnvVar>::new(),
        ..package_tool(package, function, Calling::Function { params })
    })
}

/// The schema of parameters that a person named: of each what the package says of the one in its place.
fn named_schema(params: &[String], signature: Option<&Signature>) -> Value {
    let known = |place: usize| {
        let own = signature?.params.get(place)?.trim_start_matches("...");
        let schema = &signature?.input_schema;
        let required = schema["required"].as_array().is_some_and(|names| names.iter().any(|name| name == own));
        Some((schema["properties"][own].clone(), required))
    };
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (place, name) in params.iter().enumerate() {
        let name = name.trim_start_matches("...");
        let (schema, is_required) = known(place).unwrap_or_else(|| (json!({}), false));
        properties.insert(name.to_owned(), schema);
        required.extend(is_required.then(|| name.to_owned()));
    }
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// The export that a way to a function begins with: `compile` of `compile(template)(view)`.
fn head_of(way: &str) -> &str {
    let way = way.trim_start();
    let way = way.strip_prefix("new ").unwrap_or(way).trim_start();
    way.split(['.', '(']).next().unwrap_or(way)
}

/// The parameters that stand in the brackets of a way to a function.
fn named_in(way: &str) -> Vec<String> {
    let groups = way.split('(').skip(1).filter_map(|rest| rest.split(')').next());
    let names = groups.flat_map(|group| group.split(',')).map(str::trim).filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

fn package_tool(package: &DescribedPackage, export: &str, calling: Calling) -> Tool {
    let base = package.package.rsplit('/').next().unwrap_or(&package.package);
    let name = match export.rsplit('.').next() {
        None | Some("default") => base,
        Some(last) => last,
    };
    // As the package's MCP server calls it.
    let name = name.strip_prefix("mcp:").unwrap_or(name);
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
        needs_approval: None,
        integrity: package.integrity.clone(),
        own: false,
    }
}
