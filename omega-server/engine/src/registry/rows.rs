//! Rows of other registries, read with tolerance.
//!
//! Accepted are rows of TPMJS's listing and search (`package` is an object), and flat rows
//! `{toolId | package + name, description?, keywords?, category?, inputSchema?, downloads?, version?}` (`package` is a
//! text). Unknown fields are ignored, missing and null ones get defaults; only a row that names no tool is refused.

use super::row_limits::{Fitted, Unfit};
use crate::domain::nul;
use omega_core::{
    budget::{KEYWORDS, NAME},
    id::ToolId,
    registry::{Calling, EnvVar, Health, Tool},
};
use serde_json::{Map, Value, json};

/// Why a row was refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// The row is no JSON object.
    #[error("a row must be a JSON object")]
    NotAnObject,
    /// It says neither `toolId` nor package and name.
    #[error("it names no tool: give toolId (package::export), or package and name")]
    NoTool,
    /// Its id is none.
    #[error(transparent)]
    BadId(#[from] omega_core::id::BadToolId),
    /// It is too large, or could not be called.
    #[error(transparent)]
    Unfit(#[from] Unfit),
}

/// The tool of a row, as far as it fits.
///
/// # Errors
/// When the row names no tool, or one that could not be called.
pub fn tool(row: &Value) -> Result<Fitted, RowError> {
    let row = row.as_object().ok_or(RowError::NotAnObject)?;
    let nested = row.get("package").and_then(Value::as_object);
    let package = |key: &str| nested.and_then(|package| package.get(key)).filter(|value| !value.is_null());
    let tool_id = tool_id(row, package("npmPackageName"))?;
    let mut keywords = texts(row.get("keywords"));
    for more in [row.get("tags"), package("npmKeywords")] {
        for word in texts(more) {
            if !keywords.contains(&word) {
                keywords.push(word);
            }
        }
    }
    let name = text(row, "name").or_else(|| text(row, "exportName"));
    let description = text(row, "description").or_else(|| package("npmDescription").and_then(Value::as_str));
    let version = package("npmVersion").and_then(Value::as_str).or(text(row, "version"));
    let integrity = package("npmIntegrity").and_then(Value::as_str).or(text(row, "integrity"));
    Ok(Fitted::new(nul::replaced(Tool {
        name: name.unwrap_or(tool_id.export()).to_owned(),
        description: description.unwrap_or_default().to_owned(),
        version: version.unwrap_or("latest").to_owned(),
        category: package("category").and_then(Value::as_str).or(text(row, "category")).unwrap_or("other").to_owned(),
        keywords,
        input_schema: schema(row),
        env: env(package("env").or_else(|| row.get("env"))),
        calling: row.get("calling").and_then(calling).unwrap_or_default(),
        health: health(row),
        downloads: package("npmDownloadsLastMonth").or_else(|| row.get("downloads")).and_then(Value::as_u64),
        official: package("isOfficial").and_then(Value::as_bool).unwrap_or(false),
        destructive: row.get("annotations").is_some_and(|said| said["destructiveHint"] == true),
        needs_approval: row.get("needsApproval").and_then(|said| serde_json::from_value(said.clone()).ok()),
        integrity: integrity.map(str::to_owned),
        own: false,
        tool_id,
    }))?)
}

/// The tool that a row names.
///
/// # Errors
/// When it names none.
pub(super) fn id(row: &Value) -> Result<ToolId, RowError> {
    let row = row.as_object().ok_or(RowError::NotAnObject)?;
    let nested = row.get("package").and_then(Value::as_object);
    tool_id(row, nested.and_then(|package| package.get("npmPackageName")))
}

fn tool_id(row: &Map<String, Value>, nested_package: Option<&Value>) -> Result<ToolId, RowError> {
    if let Some(id) = text(row, "toolId") {
        return Ok(id.parse()?);
    }
    let package = nested_package.and_then(Value::as_str).or_else(|| text(row, "package"));
    let name = text(row, "exportName").or_else(|| text(row, "name"));
    match (package, name) {
        (Some(package), Some(name)) => Ok(format!("{package}::{name}").parse()?),
        _ => Err(RowError::NoTool),
    }
}

fn text<'a>(row: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    row.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let words = value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    words.take(KEYWORDS.most).map(String::from).collect()
}

fn env(value: Option<&Value>) -> Vec<EnvVar> {
    let variables = value.and_then(Value::as_array).into_iter().flatten();
    variables.filter_map(|variable| serde_json::from_value(variable.clone()).ok()).collect()
}

fn health(row: &Map<String, Value>) -> Health {
    let said: Vec<&str> = ["importHealth", "executionHealth"].iter().filter_map(|key| text(row, key)).collect();
    if said.contains(&"BROKEN") {
        Health::Broken
    } else if said.contains(&"HEALTHY") {
        Health::Healthy
    } else {
        Health::Unknown
    }
}

/// The row's schema, or one made of the author's older list of parameters.
fn schema(row: &Map<String, Value>) -> Option<Value> {
    if let Some(schema @ Value::Object(_)) = row.get("inputSchema") {
        return Some(schema.clone());
    }
    let parameters = row.get("parameters")?.as_array().filter(|list| !list.is_empty())?;
    let mut properties = Map::new();
    let mut required = Vec::new();
    for parameter in parameters {
        let parameter = parameter.as_object()?;
        let name = text(parameter, "name")?;
        let mut property = parameter_type(text(parameter, "type").unwrap_or("any"));
        for key in ["description", "default"] {
            if let Some(value) = parameter.get(key).filter(|value| !value.is_null()) {
                property.insert(key.to_owned(), value.clone());
            }
        }
        if parameter.get("required").and_then(Value::as_bool).unwrap_or(false) {
            required.push(name);
        }
        properties.insert(name.to_owned(), Value::Object(property));
    }
    Some(json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false}))
}

/// JSON Schema of a parameter's written type: `string`, `number[]`, `'a' | 'b'`; everything else may be anything.
fn parameter_type(written: &str) -> Map<String, Value> {
    let written = written.trim();
    if NAME.fit(written).is_err() {
        return Map::new();
    }
    let choices: Vec<&str> = written.split('|').map(|part| part.trim().trim_matches(['\'', '"'])).collect();
    let schema = match written {
        "string" | "number" | "integer" | "boolean" | "object" | "array" => json!({ "type": written }),
        _ if written.ends_with("[]") => {
            json!({"type": "array", "items": parameter_type(&written[..written.len() - 2])})
        }
        _ if written.starts_with(['\'', '"']) => json!({"type": "string", "enum": choices}),
        _ => json!({}),
    };
    match schema {
        Value::Object(schema) => schema,
        _ => Map::new(),
    }
}

/// How a function is called; a kind of a later version counts as unknown.
fn calling(value: &Value) -> Option<Calling> {
    serde_json::from_value(value.clone()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use omega_core::api::registry::ToolRow;

    fn read(row: &Value) -> Tool {
        tool(row).unwrap().into_parts().0
    }

    #[test]
    fn a_tool_survives_the_way_through_a_row() {
        for before in crate::registry::catalogue::starter().unwrap() {
            let row = serde_json::to_value(ToolRow::new(&before, Some(1.0))).unwrap();
            assert_eq!(read(&row), before);
        }
    }

    #[test]
    fn a_flat_row_is_enough() {
        let flat =
            read(&json!({"toolId": "@a/b::c", "name": "c", "package": "@a/b", "downloads": 7, "keywords": ["x"]}));
        assert_eq!((flat.tool_id.as_str(), flat.version.as_str(), flat.downloads), ("@a/b::c", "latest", Some(7)));
        assert_eq!(read(&json!({"package": "a", "name": "b"})).tool_id.as_str(), "a::b");
    }

    #[test]
    fn a_listed_row_with_nulls_and_old_names_is_read() {
        let row = json!({"id": "clx1", "exportName": "go", "description": null, "inputSchema": null, "qualityScore": "0.85",
            "importHealth": "HEALTHY", "executionHealth": "BROKEN", "tags": ["one"], "late": {},
            "parameters": [{"name": "n", "type": "number[]", "required": true, "default": null},
                           {"name": "how", "type": "'a' | 'b'", "description": "d"}, {"name": "any", "type": "A | B"}],
            "package": {"npmPackageName": "@a/b", "npmVersion": "1.2.3", "category": "web", "env": [{"name": "KEY"}, 7],
                        "npmKeywords": ["one", "two"], "npmDescription": "words", "npmDownloadsLastMonth": null}});
        let read = read(&row);
        assert_eq!(read.tool_id.as_str(), "@a/b::go");
        assert_eq!((read.description.as_str(), read.health), ("words", Health::Broken));
        assert_eq!(read.keywords, ["one", "two"]);
        assert!(read.env.len() == 1 && read.env[0].required);
        let schema = read.input_schema.unwrap();
        assert_eq!(schema["properties"]["n"], json!({"type": "array", "items": {"type": "number"}}));
        assert_eq!(schema["properties"]["how"]["enum"], json!(["a", "b"]));
        assert_eq!(schema["required"], json!(["n"]));
    }

    #[test]
    fn a_row_that_names_no_tool_says_so() {
        assert_eq!(tool(&json!([])), Err(RowError::NotAnObject));
        assert_eq!(tool(&json!({"name": "x"})), Err(RowError::NoTool));
        assert!(matches!(tool(&json!({"toolId": "no separator"})), Err(RowError::BadId(_))));
    }

    #[test]
    fn a_written_type_without_end_means_anything() {
        let endless = format!("string{}", "[]".repeat(500_000));
        let row = json!({"toolId": "a::b", "parameters": [{"name": "n", "type": endless}]});
        assert_eq!(read(&row).input_schema.unwrap()["properties"]["n"], json!({}));
    }
}
