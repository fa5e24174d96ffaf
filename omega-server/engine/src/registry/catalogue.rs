//! The starter catalogue: real npm packages whose tools were checked, so that a fresh machine finds and runs tools.
//!
//! `starter.json` holds facts only (package, exact version, export, how it is called, its input, the variables it
//! reads) and descriptions in our own words. `checked` says how a tool was checked: `ran` with the first example of its
//! schema, or only `described` where it needs a key or the network.

use omega_core::{
    id::ToolId,
    registry::{Calling, EnvVar, Health, Tool, meta},
};
use serde::Deserialize;
use serde_json::Value;
use std::{collections::HashSet, sync::LazyLock};

const STARTER: &str = include_str!("starter.json");

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    package: String,
    version: String,
    export: String,
    name: String,
    category: String,
    description: String,
    keywords: Vec<String>,
    input_schema: Value,
    #[serde(default)]
    params: Option<Vec<String>>,
    #[serde(default)]
    env: Vec<EnvVar>,
    checked: String,
}

/// The catalogue's tools.
///
/// # Errors
/// When the embedded file is no catalogue, which a test rules out.
pub fn starter() -> Result<Vec<Tool>, serde_json::Error> {
    let entries: Vec<Entry> = serde_json::from_str(STARTER)?;
    Ok(entries.into_iter().map(Entry::into_tool).collect())
}

static OURS: LazyLock<HashSet<String>> =
    LazyLock::new(|| starter().unwrap_or_default().into_iter().map(|tool| tool.tool_id.to_string()).collect());

/// Whether a tool came with this program: of those there is a known number.
pub fn is_ours(tool_id: &str) -> bool {
    meta::ALL.contains(&tool_id) || OURS.contains(tool_id)
}

impl Entry {
    fn into_tool(self) -> Tool {
        Tool {
            tool_id: ToolId::new(&self.package, &self.export),
            name: self.name,
            description: self.description,
            version: self.version,
            category: self.category,
            keywords: self.keywords,
            input_schema: Some(self.input_schema),
            env: self.env,
            calling: self.params.map_or(Calling::Tool, |params| Calling::Function { params }),
            health: if self.checked.starts_with("ran") { Health::Healthy } else { Health::Unknown },
            downloads: None,
            official: self.package.starts_with("@tpmjs/"),
            destructive: false,
            needs_approval: None,
            integrity: None,
            own: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_catalogue_is_large_enough_and_its_ids_are_unique() {
        let tools = starter().unwrap();
        let ids: HashSet<_> = tools.iter().map(|tool| &tool.tool_id).collect();
        let packages: HashSet<_> = tools.iter().map(|tool| tool.tool_id.package()).collect();
        let names: HashSet<_> = tools.iter().map(|tool| &tool.name).collect();
        assert_eq!(ids.len(), tools.len());
        assert_eq!(names.len(), tools.len(), "names are what people type");
        assert!(tools.len() >= 150 && packages.len() >= 60, "{} tools in {}", tools.len(), packages.len());
        assert!(tools.iter().filter(|tool| tool.health == Health::Healthy).count() >= 120);
        assert!(tools.iter().any(|tool| tool.env.iter().any(|var| var.required)));
    }

    #[test]
    fn every_schema_is_valid_and_accepts_its_own_example() {
        for tool in starter().unwrap() {
            let schema = tool.input_schema.unwrap();
            assert_eq!(schema["type"], "object", "{}", tool.tool_id);
            let validator = jsonschema::validator_for(&schema).unwrap();
            for example in schema["examples"].as_array().into_iter().flatten() {
                let problems: Vec<_> = validator.iter_errors(example).map(|error| error.to_string()).collect();
                assert!(problems.is_empty(), "{}: {problems:?}", tool.tool_id);
            }
            if let Calling::Function { params } = tool.calling {
                for param in &params {
                    assert!(schema["properties"].get(param).is_some(), "{}: {param}", tool.tool_id);
                }
                assert_eq!(schema["properties"].as_object().map_or(0, serde_json::Map::len), params.len());
            }
        }
    }

    #[test]
    fn versions_are_exact_and_descriptions_are_sentences() {
        for tool in starter().unwrap() {
            let numbers: Vec<_> = tool.version.split(['.', '-', '+']).take(3).map(str::parse::<u32>).collect();
            assert!(numbers.len() == 3 && numbers.iter().all(Result::is_ok), "{} {}", tool.tool_id, tool.version);
            assert!(tool.description.ends_with('.') && tool.description.len() > 20, "{}", tool.tool_id);
            assert!(!tool.keywords.is_empty() && !tool.category.is_empty(), "{}", tool.tool_id);
        }
    }
}
