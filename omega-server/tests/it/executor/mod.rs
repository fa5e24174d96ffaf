//! The local executor: real Deno, real processes, packages from a registry on loopback or from npm itself.
//!
//! Where neither Deno nor a way to get it exists, these tests say so and pass; under `CI=true` they fail instead.

mod adding;
mod addresses;
mod calls;
mod declared;
mod endings;
mod fleet;
mod flow;
mod functions;
mod hostile;
mod images;
mod installs;
mod kinds;
mod load;
mod makers;
mod npm;
mod offline;
mod remote;
mod servers;
mod service;
mod session_runs;
mod sessions;
mod suites;
mod tarball;
mod tarballs;
mod trying;
mod wanting;
mod warm;
mod words;

use npm::Registry;
use omega_core::{
    executor::{CancelSignal, Executed, Execution, Executor, ToolErrorCode},
    id::{ToolId, ToolRunId},
    registry::Calling,
};
use omega_engine::executor::{Limits, LocalConfig, LocalExecutor};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};
use tempfile::TempDir;

/// An executor with a cache and a registry of its own; Deno is shared by all tests.
pub struct Sandbox {
    registry: Registry,
    config: LocalConfig,
    executor: LocalExecutor,
    cache: TempDir,
}

impl Sandbox {
    /// None where Deno can't be had.
    async fn start() -> Option<Self> {
        Self::start_as(|config| config).await
    }

    /// One whose configuration is another one.
    async fn start_as(change: impl FnOnce(LocalConfig) -> LocalConfig) -> Option<Self> {
        let cache = tempfile::tempdir().unwrap();
        let runtime = Path::new(env!("CARGO_TARGET_TMPDIR")).join("runtime");
        fs::create_dir_all(&runtime).unwrap();
        std::os::unix::fs::symlink(runtime, cache.path().join("runtime")).unwrap();
        let registry = Registry::start().await;
        registry.publish("probe", "1.0.0", json!({}), "export const one = () => 1;");
        let config = change(config(&cache, &registry));
        let sandbox = Self { executor: LocalExecutor::new(config.clone()), config, registry, cache };
        let tried = sandbox.executor.describe("probe", "1.0.0", "").await;
        match tried {
            Ok(_) => Some(sandbox),
            Err(error) if error.code == ToolErrorCode::RuntimeUnavailable => {
                skipped(&error.message);
                None
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Another executor over the same cache, as after a restart.
    fn restarted(&self) -> LocalExecutor {
        LocalExecutor::new(self.config.clone())
    }

    async fn run(&self, tool: &str, input: Value) -> Executed {
        self.executor.execute(call(tool, input)).await
    }
}

fn config(cache: &TempDir, registry: &Registry) -> LocalConfig {
    let deno = std::env::var_os("OMEGA_DENO").map(Into::into);
    let jail = Some(env!("CARGO_BIN_EXE_omega-server").into());
    LocalConfig { registry: Some(registry.url.clone()), deno, jail, ..LocalConfig::new(cache.path()) }
}

/// A call of `package::export` in its latest version.
fn call(tool: &str, input: Value) -> Execution {
    Execution {
        id: ToolRunId::new(),
        owner: String::new(),
        user: String::new(),
        tool: tool.parse::<ToolId>().unwrap(),
        version: "latest".to_owned(),
        integrity: None,
        calling: Calling::Tool,
        input,
        env: Default::default(),
        approved: true,
        timeout: Duration::from_secs(20),
        cancel: never(),
        on_partial: Arc::new(|_| {}),
        session: None,
    }
}

fn never() -> CancelSignal {
    Box::pin(std::future::pending())
}

fn env(pairs: &[(&str, &str)]) -> std::collections::BTreeMap<String, SecretString> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), SecretString::from(*value))).collect()
}

fn code(executed: &Executed) -> ToolErrorCode {
    executed.result.as_ref().expect_err("it should have failed").code
}

/// Collects partial outputs.
fn collector() -> (Arc<Mutex<Vec<Value>>>, omega_core::executor::PartialSink) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = seen.clone();
    (seen, Arc::new(move |value| sink.lock().unwrap().push(value)))
}

fn skipped(why: &str) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "not to be skipped in CI: {why}");
    eprintln!("skipped: {why}");
}
