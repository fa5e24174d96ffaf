//! Tools of what the sandbox found in a package, as far as they fit.

use super::{AddError, row_limits::Fitted, ways};
use omega_core::{
    api::registry::AddPackage,
    budget::{NAME, PACKAGE_TOOLS},
    counted::counted,
    executor::{Described, DescribedPackage, Signature},
    id::ToolId,
    registry::{Calling, EnvVar, Health, Tool},
};
use serde_json::{Map, Value, json};

/// The parameter that takes all arguments of a call of which nothing is known.
const ANYTHING: &str = "...arguments";
/// Functions that become tools without being named: what a search finds among them is still meant.
const OFFERED: usize = 60;

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

/// The tools that a request means, and what was left out of the others. A package without tools has functions.
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
    if package.tools.is_empty() {
        let unnamed = AddPackage::default();
        let offered = package.offered.iter().take(OFFERED);
        tools.extend(offered.filter_map(|way| Fitted::new(function_tool(package, way, &unnamed).ok()?).ok()));
        notices.extend(left_out(package, tools.len()));
    }
    Ok((tools, notices))
}

/// What is said of the functions that did not become tools by themselves.
fn left_out(package: &DescribedPackage, taken: usize) -> Option<String> {
    let all = package.ways.len().max(package.functions.len());
    (taken > 0 && all > taken).then(|| {
        format!(
            "{taken} of its {} that can be called became tools by themselves; any other one does with --function NAME",
            counted(all, "function")
        )
    })
}

/// Names of plain functions that could be added besides some tools.
pub(super) fn functions(package: &DescribedPackage, tools: &[Tool]) -> Vec<String> {
    let is_other = |name: &str| tools.iter().all(|tool| tool.tool_id.export() != name);
    let short = package.functions.iter().filter(|name| NAME.fit(name).is_ok() && is_other(name));
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

/// The tool of a plain function, by the way to it.
fn function_tool(package: &DescribedPackage, way: &str, request: &AddPackage) -> Result<Tool, AddError> {
    if !ways::is_known(package, way) {
        let mut available = ways::meant(package, way);
        available.retain(|name| NAME.fit(name).is_ok());
        available.truncate(PACKAGE_TOOLS.most);
        let (package, function) = (package.package.clone(), way.to_owned());
        return Err(AddError::NoSuchFunction { package, function, available });
    }
    let signature = ways::signature(package, way);
    let is_as_described = package.signatures.contains_key(way.trim()) && request.params.is_empty();
    let (params, input_schema) = match signature {
        Some(signature) if is_as_described => (signature.params.clone(), signature.input_schema.clone()),
        _ => {
            let params = params_of(way, &request.params, signature);
            let schema = named_schema(&params, signature);
            (params, schema)
        }
    };
    let words = signature.map(|signature| &signature.description).filter(|words| !words.is_empty());
    Ok(Tool {
        description: request.description.as_ref().or(words).unwrap_or(&package.description).clone(),
        input_schema: Some(input_schema),
        env: Vec::<EnvVar>::new(),
        ..package_tool(package, way, Calling::Function { params })
    })
}

/// The parameters of a way as a person names them: those in its brackets, then those that were named beside it, or that the last call has
/// besides. Of a call that nothing is known of, whatever it takes.
fn params_of(way: &str, named: &[String], signature: Option<&Signature>) -> Vec<String> {
    let mut params = ways::named_in(way);
    let known = signature.map(|signature| signature.params.iter().skip(params.len()).cloned().collect());
    let more = if named.is_empty() { known.unwrap_or_default() } else { named.to_vec() };
    for name in more {
        if !params.contains(&name) {
            params.push(name);
        }
    }
    if named.is_empty() && signature.is_none() && !way.trim_end().ends_with(')') {
        params.push(String::from(ANYTHING));
    }
    params
}

/// The schema of parameters that a person named: of each what the package says of the one in its place.
fn named_schema(params: &[String], signature: Option<&Signature>) -> Value {
    let known = |place: usize| {
        let own = signature?.params.get(place)?.trim_start_matches("...");
        let schema = &signature?.input_schema;
        let required = schema["required"].as_array().is_some_and(|names| names.iter().any(|name| name == own));
        let known = &schema["properties"][own];
        Some((if known.is_object() { known.clone() } else { json!({}) }, required))
    };
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (place, name) in params.iter().enumerate() {
        let name = name.trim_start_matches("...");
        let (schema, is_required) = match known(place) {
            Some(known) => known,
            None if params.get(place).is_some_and(|name| name == ANYTHING) => {
                (json!({"type": "array", "items": {}, "description": "the arguments of the call, in order"}), false)
            }
            None => (json!({}), false),
        };
        // Nobody sends what the call is to be told by.
        if name.ends_with("()") {
            continue;
        }
        properties.insert(name.to_owned(), schema);
        required.extend(is_required.then(|| name.to_owned()));
    }
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn package_tool(package: &DescribedPackage, export: &str, calling: Calling) -> Tool {
    let base = package.package.rsplit('/').next().unwrap_or(&package.package);
    let last = match &calling {
        Calling::Function { .. } => ways::last_name(export),
        Calling::Tool => export.rsplit('.').next().unwrap_or(export).to_owned(),
    };
    // As the package's MCP server calls it.
    let name = if last == "default" { base } else { last.strip_prefix("mcp:").unwrap_or(&last) };
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
