//! Packages that their authors try before they publish them: the same sandbox, the same shapes, from a copy of their folder.

use super::*;
use omega_engine::executor::snapshot;

const TOOL: &str = r#"
import { one } from "needed";
import fs from "node:fs";
export const echo = { description: "Echoes.", inputSchema: { jsonSchema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] } }, execute: ({ text }) => `${text} WORD ${one()}` };
export const peek = { description: "Looks around.", inputSchema: { jsonSchema: { type: "object", properties: { path: { type: "string" } } } }, execute: ({ path }) => fs.readFileSync(path, "utf8") };
"#;

fn write(folder: &Path, word: &str) {
    let manifest = json!({ "name": "@me/tried", "version": "1.2.0", "type": "module", "main": "index.js", "dependencies": { "needed": "^1" } });
    fs::write(folder.join("package.json"), manifest.to_string()).unwrap();
    fs::write(folder.join("index.js"), TOOL.replace("WORD", word)).unwrap();
    fs::write(folder.join(".env"), "SECRET=1").unwrap();
}

#[tokio::test]
async fn a_folder_is_described_and_run_like_a_published_package_and_each_change_is_a_version() {
    let Some(sandbox) = Sandbox::start().await else { return };
    sandbox.registry.publish("needed", "1.4.0", json!({}), "export const one = () => 1;");
    let folder = tempfile::tempdir().unwrap();
    let call_of = |version: &str, tool: &str, input: Value| Execution {
        version: version.to_owned(),
        ..call(&format!("@me/tried::{tool}"), input)
    };
    let mut versions = Vec::new();
    for word in ["first", "second"] {
        write(folder.path(), word);
        let copy = snapshot::of_folder(sandbox.cache.path(), folder.path()).unwrap();
        let described = sandbox.executor.describe(&copy.name, &copy.version, "").await.unwrap();
        assert_eq!((described.package.as_str(), &described.version), ("@me/tried", &copy.version));
        assert_eq!(described.tools.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>(), ["echo", "peek"]);
        let ran = sandbox.executor.execute(call_of(&copy.version, "echo", json!({"text": "hi"}))).await;
        assert_eq!(ran.result, Ok(json!(format!("hi {word} 1"))));
        versions.push(copy.version);
    }
    assert_ne!(versions[0], versions[1]);
    let old = sandbox.executor.execute(call_of(&versions[0], "echo", json!({"text": "hi"}))).await;
    assert_eq!(old.result, Ok(json!("hi first 1")), "what began with a version goes on with it");
    // Neither the folder it came from, nor what is hidden in it, nor anybody else's copy.
    let copies = sandbox.cache.path().join("folders");
    for path in [folder.path().join("package.json"), folder.path().join(".env"), copies] {
        let ran = sandbox.executor.execute(call_of(&versions[1], "peek", json!({"path": path}))).await;
        assert_eq!(code(&ran), ToolErrorCode::PermissionDenied, "{}", path.display());
    }
    // After a restart, and after its image was removed to make room.
    for entry in fs::read_dir(sandbox.cache.path().join("tools")).unwrap().flatten() {
        if entry.file_name().to_string_lossy().starts_with("@me+tried") {
            fs::remove_dir_all(entry.path()).unwrap();
        }
    }
    let again = sandbox.restarted().execute(call_of(&versions[1], "echo", json!({"text": "hi"}))).await;
    assert_eq!(again.result, Ok(json!("hi second 1")));
}

#[tokio::test]
async fn a_copy_that_is_not_here_and_a_need_that_is_none_of_npm_are_refused_in_words() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let gone = sandbox.executor.describe("@me/tried", "1.0.0-local.h0123456789abcdef", "").await.unwrap_err();
    assert!(gone.code == ToolErrorCode::PackageNotFound && gone.message.contains("add the folder again"), "{gone}");
    let folder = tempfile::tempdir().unwrap();
    let manifest = json!({ "name": "greedy", "main": "a.js", "dependencies": { "home": "file:/root" } });
    fs::write(folder.path().join("package.json"), manifest.to_string()).unwrap();
    fs::write(folder.path().join("a.js"), "module.exports = {}").unwrap();
    let copy = snapshot::of_folder(sandbox.cache.path(), folder.path()).unwrap();
    let refused = sandbox.executor.describe(&copy.name, &copy.version, "").await.unwrap_err();
    assert!(refused.message.contains("only versions of packages of npm"), "{refused}");
}

#[tokio::test]
async fn what_the_sandbox_does_not_give_is_told_when_a_package_is_looked_into() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let script = "import { execSync } from 'node:child_process';\nexport const list = () => String(execSync('ls'));";
    sandbox.registry.publish("spawner", "1.0.0", json!({}), script);
    let described = sandbox.executor.describe("spawner", "latest", "").await.unwrap();
    assert!(
        described.lacks.len() == 1 && described.lacks[0].contains("starts other programs (child_process in index.mjs)"),
        "{:?}",
        described.lacks
    );
}
