//! A server that is killed takes its tools with it, also one that never looks up from an endless loop.

use super::*;

const CACHE: &str = "OMEGA_TEST_ORPHAN_CACHE";
const REGISTRY: &str = "OMEGA_TEST_ORPHAN_REGISTRY";

#[tokio::test]
async fn an_endless_loop_does_not_outlive_a_server_that_is_killed() {
    if let (Ok(cache), Ok(registry)) = (std::env::var(CACHE), std::env::var(REGISTRY)) {
        return serve(&cache, registry).await;
    }
    let Some(sandbox) = jailed(|config| config).await else { return };
    sandbox.registry.publish("ends", "1.0.0", json!({}), ENDS);
    sandbox.executor.describe("ends", "1.0.0", "").await.unwrap();
    let mut server = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "executor::hostile::orphan::an_endless_loop_does_not_outlive_a_server_that_is_killed"])
        .env(CACHE, sandbox.cache.path())
        .env(REGISTRY, &sandbox.registry.url)
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let started = Instant::now();
    let runs = sandbox.cache.path().join("runs");
    while !runs.exists() {
        assert!(started.elapsed() < Duration::from_secs(60), "the tool never ran");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(processes_in(sandbox.cache.path()).len(), 1, "it runs");
    server.kill().await.unwrap();
    let killed = Instant::now();
    while !processes_in(sandbox.cache.path()).is_empty() {
        assert!(killed.elapsed() < Duration::from_secs(5), "it outlived its server");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// The part of the server: runs the loop and says when it has begun.
async fn serve(cache: &str, registry: String) {
    let jail = Some(env!("CARGO_BIN_EXE_omega-server").into());
    let deno = std::env::var_os("OMEGA_DENO").map(Into::into);
    let executor = LocalExecutor::new(LocalConfig { registry: Some(registry), jail, deno, ..LocalConfig::new(cache) });
    let runs = Path::new(cache).join("runs");
    let on_partial: omega_core::executor::PartialSink = Arc::new(move |_| fs::write(&runs, "").unwrap());
    let timeout = Duration::from_secs(120);
    let ended = executor.execute(Execution { on_partial, timeout, ..call("ends::yields", json!({})) }).await;
    panic!("it ended: {:?}", ended.result);
}
