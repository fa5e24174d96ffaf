//! Schemas of real tools, where the folder that `OMEGA_TEST_DATA` names is there.

use serde_json::Value;
use std::{path::Path, process::Command};

/// The rows of a file, packed or not.
fn rows(file: &str) -> Vec<Value> {
    let Some(folder) = std::env::var_os("OMEGA_TEST_DATA") else { return Vec::new() };
    let path = Path::new(&folder).join(file);
    let packed = path.extension().is_some_and(|extension| extension == "zst");
    let text = if packed {
        Command::new("zstd").arg("-dcq").arg(&path).output().map(|done| done.stdout).unwrap_or_default()
    } else {
        std::fs::read(&path).unwrap_or_default()
    };
    String::from_utf8_lossy(&text).lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Id, description and schema of each tool of a registry's listing.
pub fn of_the_registry() -> Vec<(String, String, Value)> {
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let rows = rows("registry/tpmjs-tools.jsonl");
    rows.iter().map(|row| (text(row, "toolId"), text(row, "description"), row["inputSchema"].clone())).collect()
}

/// Ids and schemas of all of them, and of the tools that search is tried with.
pub fn all() -> Vec<(String, Value)> {
    let mut all: Vec<(String, Value)> = of_the_registry().into_iter().map(|(id, _, schema)| (id, schema)).collect();
    let searched = rows("search/tools.jsonl.zst").into_iter().filter(|row| row.get("inputSchema").is_some());
    all.extend(searched.map(|row| (row["toolId"].as_str().unwrap_or_default().to_owned(), row["inputSchema"].clone())));
    all
}
