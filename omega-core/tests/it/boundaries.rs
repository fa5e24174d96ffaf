//! What each crate may know, read from the manifests themselves (`docs/ARCHITECTURE.md`).

use serde_json::Value;
use std::{fs, path::Path, process::Command};

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The crates of the workspace that depend on `name` outside of their tests, and whether only a feature brings it in.
fn users_of(metadata: &Value, name: &str) -> Vec<(String, bool)> {
    let packages = metadata["packages"].as_array().unwrap();
    let uses = |package: &Value| {
        let dependencies = package["dependencies"].as_array().unwrap();
        let found =
            dependencies.iter().find(|dependency| dependency["name"] == name && dependency["kind"].is_null())?;
        Some((package["name"].as_str()?.to_owned(), found["optional"] == true))
    };
    packages.iter().filter_map(uses).collect()
}

#[test]
fn each_crate_knows_only_what_it_may() {
    let metadata = metadata();
    let only = |name: &str| users_of(&metadata, name).into_iter().map(|(user, _)| user).collect::<Vec<_>>();
    let owners: [(&str, &[&str]); 4] = [
        // An executor for other servers is a service of the engine's.
        ("axum", &["omega-engine", "omega-server"]),
        ("sqlx", &["omega-engine"]),
        ("ratatui", &["omega-tui"]),
        ("crossterm", &["omega-tui"]),
    ];
    for (name, users) in owners {
        let mut found = only(name);
        found.sort();
        assert_eq!(found, users, "{name} belongs to {users:?} alone");
    }
}

/// Certificates and proxies hold for every connection, because every client begins in one place.
#[test]
fn clients_are_begun_in_one_place() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut begun = Vec::new();
    for name in ["omega-core", "omega-server/engine", "omega-server", "omega-cli", "omega-tui"] {
        let mut folders = vec![root.join(name).join("src")];
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs")
                    && !path.ends_with("tests.rs")
                    && ["Client::builder()", "Client::new()", "reqwest::get("]
                        .iter()
                        .any(|beginning| fs::read_to_string(&path).unwrap().contains(beginning))
                {
                    begun.push(path.strip_prefix(&root).unwrap().display().to_string());
                }
            }
        }
    }
    assert_eq!(begun, ["omega-core/src/net.rs"], "begin clients with `omega_core::net`");
}

#[test]
fn the_core_without_features_has_no_runtime_and_no_http() {
    let metadata = metadata();
    for name in ["tokio", "reqwest", "reqwest-eventsource", "keyring", "directories"] {
        let of_core = users_of(&metadata, name).into_iter().find(|(user, _)| user == "omega-core");
        assert!(matches!(of_core, None | Some((_, true))), "{name} must be behind a feature of omega-core");
    }
}
