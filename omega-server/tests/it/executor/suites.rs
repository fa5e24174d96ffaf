//! Real packages of npm against what was recorded of them: what they export, and what they say when they lack their key.
//! The record is not part of this repository (`OMEGA_SHARED`, or `../shared` beside it); without it these tests are skipped.
//!
//! `cargo nextest run -p omega-server --run-ignored all suites` runs the whole record, which installs 21 packages.

use super::*;
use omega_core::executor::ToolError;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

/// Packages of the cheap subset: small, and of different kinds.
const FEW: [&str; 4] = ["@exalabs/ai-sdk", "@perplexity-ai/ai-sdk", "@parallel-web/ai-sdk-tools", "@agentic/core"];

fn recorded() -> Option<Vec<Value>> {
    let shared = std::env::var_os("OMEGA_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let text = fs::read_to_string(shared.join("data/tools/real-npm-tools.jsonl")).ok();
    if text.is_none() {
        eprintln!("skipped: there is no record of packages beside this repository");
    }
    Some(text?.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// Packages with their rows.
fn packages(rows: &[Value]) -> BTreeMap<(String, String), Vec<&Value>> {
    let mut packages: BTreeMap<_, Vec<&Value>> = BTreeMap::new();
    for row in rows {
        let text = |field: &str| row[field].as_str().unwrap().to_owned();
        packages.entry((text("package"), text("version"))).or_default().push(row);
    }
    packages
}

fn executor() -> LocalExecutor {
    let deno = std::env::var_os("OMEGA_DENO").map(Into::into);
    LocalExecutor::new(LocalConfig { deno, ..LocalConfig::new(Path::new(env!("CARGO_TARGET_TMPDIR"))) })
}

fn not_here(error: &ToolError) -> bool {
    error.code == ToolErrorCode::RuntimeUnavailable || error.message.contains("can't be reached")
}

/// Property names at any depth: what two converters of the same schema agree on.
fn inputs(schema: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        names.insert(name.clone());
        names.extend(inputs(property).into_iter().map(|inner| format!("{name}.{inner}")));
    }
    names
}

/// What differs from the record; `None` where packages can't be had here.
async fn described(few: bool) -> Option<(usize, Vec<String>)> {
    let rows = recorded()?;
    let executor = executor();
    let (mut right, mut wrong) = (0, Vec::new());
    for ((package, version), rows) in packages(&rows) {
        if few && !FEW.contains(&package.as_str()) {
            continue;
        }
        let broken = rows[0]["error"].is_object();
        let found = match executor.describe(&package, &version, "").await {
            Err(error) if not_here(&error) => {
                skipped(&error.message);
                return None;
            }
            Err(error) if broken && error.code == ToolErrorCode::ImportFailed => {
                right += 1;
                continue;
            }
            Err(error) => {
                wrong.push(format!("{package}: {error}"));
                continue;
            }
            // The record looked at its first module alone.
            Ok(found) if broken && found.tools.iter().all(|tool| tool.name.contains('/')) => {
                right += 1;
                continue;
            }
            Ok(_) if broken => {
                wrong.push(format!("{package}: its first module should not import"));
                continue;
            }
            Ok(found) => found,
        };
        let mut differs = Vec::new();
        for row in &rows {
            let (name, schema) = (row["export"].as_str().unwrap(), &row["inputSchema"]);
            let Some(tool) = found.tools.iter().find(|tool| tool.name == name) else {
                // The same tool under its first name, or in its readiest form: a tool is listed once.
                let is_twin = |other: &Value| {
                    other["export"] == row["aliasOf"]
                        || (other["inputSchema"] == *schema && other["description"] == row["description"])
                };
                let is_listed = |other: &Value| found.tools.iter().any(|tool| other["export"] == *tool.name);
                if !rows.iter().any(|other| is_twin(other) && is_listed(other)) {
                    differs.push(format!("{package}::{name}: missing"));
                }
                continue;
            };
            let ours = tool.input_schema.clone().unwrap_or_default();
            let required = |schema: &Value| {
                schema["required"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|name| name.to_string())
                    .collect::<BTreeSet<_>>()
            };
            if inputs(&ours) != inputs(schema) || required(&ours) != required(schema) {
                differs.push(format!("{package}::{name}: {ours} is not {schema}"));
            }
            if tool.description.trim() != row["description"].as_str().unwrap_or_default().trim() {
                differs.push(format!("{package}::{name}: another description"));
            }
        }
        if differs.is_empty() {
            right += 1;
        }
        wrong.extend(differs);
    }
    Some((right, wrong))
}

/// How many of the recorded calls without a key say which one they lack, and those that don't.
async fn unkeyed(few: bool) -> Option<(usize, Vec<String>)> {
    let rows = recorded()?;
    let executor = executor();
    let (mut right, mut wrong) = (0, Vec::new());
    for row in &rows {
        let (call_made, error) = (&row["noKeyNoNet"], &row["noKeyNoNet"]["error"]);
        if error["code"] != "MISSING_ENV_VARS" || (few && !FEW.iter().any(|package| row["package"] == **package)) {
            continue;
        }
        let id = format!("{}::{}", row["package"].as_str().unwrap(), row["export"].as_str().unwrap());
        let execution = Execution {
            version: row["version"].as_str().unwrap().to_owned(),
            approved: true,
            timeout: Duration::from_secs(60),
            ..call(&id, call_made["params"].clone())
        };
        match executor.execute(execution).await.result {
            Err(error) if not_here(&error) => {
                skipped(&error.message);
                return None;
            }
            Err(failed) if failed.code == ToolErrorCode::MissingEnvVars => {
                let names = failed.details.clone().unwrap_or_default()["missing"].clone();
                if names == error["missing"] {
                    right += 1;
                } else {
                    wrong.push(format!("{id}: {names} instead of {}", error["missing"]));
                }
            }
            other => wrong.push(format!("{id}: {other:?}")),
        }
    }
    Some((right, wrong))
}

#[tokio::test]
async fn a_few_real_packages_are_described_and_name_the_keys_that_they_lack() {
    if let Some((right, wrong)) = described(true).await {
        assert_eq!((right, wrong), (FEW.len(), Vec::new()));
    }
    if let Some((right, wrong)) = unkeyed(true).await {
        assert_eq!((right, wrong), (6, Vec::new()));
    }
}

#[tokio::test]
#[ignore = "installs 21 packages from npm"]
async fn all_recorded_packages_are_described_as_recorded() {
    let Some((right, wrong)) = described(false).await else { return };
    eprintln!("{right} of 21\n{}", wrong.join("\n"));
    assert!(right == 21, "{right} of 21:\n{}", wrong.join("\n"));
}

#[tokio::test]
#[ignore = "installs 21 packages from npm"]
async fn recorded_calls_without_a_key_name_the_key() {
    let Some((right, wrong)) = unkeyed(false).await else { return };
    eprintln!("{right} of {}\n{}", right + wrong.len(), wrong.join("\n"));
    assert_eq!(right + wrong.len(), 51);
    assert!(right >= 48, "{right} of 51:\n{}", wrong.join("\n"));
}
