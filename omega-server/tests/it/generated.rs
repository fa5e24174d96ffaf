//! Thousands of generated requests (G9): examples, boundary cases, random ones and sequences of them, made by schemathesis from
//! the served description. Nothing is a 5xx, everything is as described, and nothing of what is another user's, of a
//! credential's value or of a backtrace is in any answer.
//!
//! Without schemathesis the test says that it is skipped; `.ci/run` installs it into `target/schemathesis`, and sets
//! `OMEGA_REQUIRE_SCHEMATHESIS`, so that it is not skipped there. `OMEGA_GENERATED` sets how many requests a route gets
//! (`OMEGA_GENERATED=200` is more than 10,000 in all).

use crate::harness::{
    Omega, executor::id, folder, message, postgres::Postgres, unlimited, users::another_user, within,
};
use omega_core::{
    api::{CreateConversation, PutCredential},
    testing::{Reply, Script},
};
use omega_server::ServeConfig;
use serde_json::Value;
use std::path::{Path, PathBuf};
use tokio::process::Command;

const VALUE: &str = "generated-canary-value-5f4e3d2c1b0a";
const WORDS: &str = "generated-canary-words-of-somebody-else";
/// Requests that a route gets at random, unless said otherwise; each gets as many again that are chosen by rule.
const EACH: &str = "25";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The program, where it is installed.
fn schemathesis() -> Option<PathBuf> {
    let ours = repository().join("target/schemathesis/bin/schemathesis");
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut known = std::env::split_paths(&on_path).map(|folder| folder.join("schemathesis"));
    if ours.is_file() { Some(ours) } else { known.find(|file| file.is_file()) }
}

#[tokio::test]
async fn generated_requests_find_no_fault_no_secret_and_nothing_of_somebody_else() {
    let Some(program) = schemathesis() else {
        let why = "schemathesis is not installed; `.ci/run` installs it into target/schemathesis";
        assert!(std::env::var_os("OMEGA_REQUIRE_SCHEMATHESIS").is_none(), "{why}");
        eprintln!("skipped: {why}");
        return;
    };
    let home = folder();
    let cluster = if std::env::var_os("OMEGA_GENERATED_POSTGRES").is_some() { Postgres::start() } else { None };
    let database = match &cluster {
        Some(cluster) => cluster.url.clone(),
        None => format!("sqlite:{}", home.path().join("omega.db").display()),
    };
    let script = Script::new().when(|_| true, std::iter::repeat_n(Reply::text("An answer."), 20_000));
    let omega = Omega::start_as(database, home, script, |config| ServeConfig {
        limits: unlimited(),
        model: Some("omega/offline".into()),
        ..config
    })
    .await;
    // What is somebody else's, and must not be seen.
    let put = |tool: bool| PutCredential {
        value: VALUE.into(),
        tool_id: tool.then(|| id("acmeKeyed").parse().unwrap()),
        scope: None,
        kept_in: None,
    };
    omega.client.put_credential("ACME_API_KEY", &put(true)).await.unwrap();
    omega.client.put_credential("GLOBAL_KEY", &put(false)).await.unwrap();
    let body = CreateConversation { title: Some(WORDS.into()), model: Some("openai/test".into()), ..<_>::default() };
    let conversation = omega.client.create_conversation(&body).await.unwrap().id;
    omega.client.send_message(conversation, &message(WORDS), "one").await.unwrap();
    let guest = another_user(&omega).await;
    guest.client.put_credential("GUESTS_KEY", &put(false)).await.unwrap();

    let report = omega.folder.path().join("report.har");
    let each = std::env::var("OMEGA_GENERATED").unwrap_or_else(|_| EACH.into());
    let mut run = Command::new(program);
    run.current_dir(omega.folder.path())
        .arg("--config-file")
        .arg(repository().join(".ci/schemathesis.toml"))
        .args(["run", &format!("{}/api/omega/openapi.json", omega.url)])
        .args(["--header", &format!("Authorization: Bearer {}", guest.key)])
        // Nobody waits for the end of a run here; a stream of events has none; and lines of JSON it can't make.
        .args(["--header", "Prefer: respond-async", "--exclude-path-regex", "/(events|registry/import|stop)$"])
        .args(["--phases", "examples,coverage,fuzzing,stateful", "--checks", "all", "--seed", "7"])
        // With two workers, CPython 3.11 now and then fails inside of Hypothesis ("AST constructor recursion depth").
        .args(["--max-examples", &each, "--workers", "1", "--generation-database", "none", "--no-color"])
        .args(["--suppress-health-check", "all", "--output-sanitize", "false", "--report-har-path"])
        .arg(&report)
        .kill_on_drop(true);
    let output = tokio::time::timeout(std::time::Duration::from_secs(3_000), run.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let har = std::fs::read_to_string(&report).unwrap_or_default();
    if let Some(keep) = std::env::var_os("OMEGA_GENERATED_KEEP") {
        std::fs::write(Path::new(&keep).join("schemathesis.txt"), said.as_bytes()).unwrap();
        std::fs::write(Path::new(&keep).join("schemathesis.har"), &har).unwrap();
    }
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let har: Value = serde_json::from_str(&har).unwrap();
    let entries = har["log"]["entries"].as_array().unwrap();
    let statuses: Vec<u64> = entries.iter().filter_map(|entry| entry["response"]["status"].as_u64()).collect();
    let done = statuses.iter().filter(|status| **status < 300).count();
    eprintln!("{} requests, {done} of them answered with success", statuses.len());
    assert!(done * 10 > statuses.len(), "only {done} of {} did anything", statuses.len());
    assert!(statuses.len() > 2_000, "only {} requests", statuses.len());
    for entry in entries {
        let response = entry["response"].to_string();
        for leak in [VALUE, WORDS, "stack backtrace", "panicked at", &omega.key, &conversation.to_string()] {
            let (url, method) = (&entry["request"]["url"], &entry["request"]["method"]);
            assert!(!response.contains(leak), "{method} {url} shows {leak}: {response:.2000}");
        }
    }
    // It is as it was, for both.
    within("the owner", omega.client.conversation(conversation)).await.unwrap();
    assert_eq!(omega.client.credentials().await.unwrap().len(), 2);
    assert!(omega.client.verify_audit(&[]).await.unwrap().ok);
}
