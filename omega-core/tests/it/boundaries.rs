//! What each crate may know, read from the manifests themselves (`docs/ARCHITECTURE.md`).

use serde_json::Value;
use std::process::Command;

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
    for (name, user) in
        [("axum", "omega-server"), ("sqlx", "omega-server"), ("ratatui", "omega-tui"), ("crossterm", "omega-tui")]
    {
        assert_eq!(only(name), [user], "{name} belongs to {user} alone");
    }
}

#[test]
fn the_core_without_features_has_no_runtime_and_no_http() {
    let metadata = metadata();
    for name in ["tokio", "reqwest", "reqwest-eventsource", "keyring", "directories"] {
        let of_core = users_of(&metadata, name).into_iter().find(|(user, _)| user == "omega-core");
        assert!(matches!(of_core, None | Some((_, true))), "{name} must be behind a feature of omega-core");
    }
}
