//! Many conversations at once on few cores: everybody is served in turn, nobody without bounds.

use super::{hostile::processes_in, *};
use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Instant,
};

const WORKS: &str = r#"
    const work = async ({ ms }) => { const until = Date.now() + ms; while (Date.now() < until); return process.pid; };
    export const works = { description: "", inputSchema: { jsonSchema: { type: "object" } }, execute: work };
    export const waits = { description: "", inputSchema: { jsonSchema: { type: "object" } }, execute: ({ ms }) => new Promise((r) => setTimeout(r, ms)) };"#;

fn of(owner: &str, tool: &str, ms: u64) -> Execution {
    Execution { owner: owner.to_owned(), timeout: Duration::from_secs(60), ..call(tool, json!({ "ms": ms })) }
}

/// Memory of all processes in a folder, in bytes, what they share counted once.
fn memory(folder: &Path) -> u64 {
    let of = |pid: String| {
        let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
    };
    processes_in(folder).into_iter().filter_map(of).sum::<u64>() << 10
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_conversations_are_served_in_turn_however_much_one_of_them_wants() {
    let Some(sandbox) = Sandbox::start().await else { return };
    for name in ["work-a", "work-b", "work-c", "work-d"] {
        sandbox.registry.publish(name, "1.0.0", json!({}), WORKS);
        sandbox.executor.describe(name, "latest", "").await.unwrap();
    }
    let (peak, processes, done) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let measure = async {
        while !done.load(Ordering::Relaxed) {
            peak.fetch_max(memory(sandbox.cache.path()), Ordering::Relaxed);
            processes.fetch_max(processes_in(sandbox.cache.path()).len() as u64, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let started = Instant::now();
    let sandbox = &sandbox;
    let calls = |owner: String, count: usize| async move {
        let tool = format!("work-{}::works", ["a", "b", "c", "d"][owner.len() % 4]);
        let executing = (0..count).map(|_| sandbox.executor.execute(of(&owner, &tool, 50)));
        for executed in futures_util::future::join_all(executing).await {
            executed.result.unwrap();
        }
        started.elapsed()
    };
    let working = async {
        let hog = calls("hog".to_owned(), 24);
        let others = futures_util::future::join_all((1..16).map(|n| calls("x".repeat(n), 2)));
        let ends = tokio::join!(hog, others);
        done.store(true, Ordering::Relaxed);
        ends
    };
    let ((hog, others), ()) = tokio::join!(working, measure);
    let last = others.iter().max().unwrap();
    assert!(*last < hog, "others ({last:?}) had to wait for the one that wants most ({hog:?})");
    let cores = std::thread::available_parallelism().unwrap().get() as u64;
    // Those that run, and those that wait for a call.
    let most = 2 * cores + 5;
    let (peak, processes) = (peak.into_inner(), processes.into_inner());
    assert!((2..=most).contains(&processes), "{processes} processes");
    assert!((1 << 20..1536 << 20).contains(&peak), "{} MB", peak >> 20);
    eprintln!("54 calls: others {last:?}, hog {hog:?}, {processes} processes, {} MB", peak >> 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_calls_are_told_when_to_come_back_and_others_still_get_their_turn() {
    let Some(sandbox) = Sandbox::start().await else { return };
    sandbox.registry.publish("work", "1.0.0", json!({}), WORKS);
    sandbox.executor.describe("work", "latest", "").await.unwrap();
    let places = 2 * std::thread::available_parallelism().unwrap().get();
    let sandbox = &sandbox;
    // All places of one conversation, its 64 in the queue, and more than that.
    let full = tokio::sync::Notify::new();
    let hog = futures_util::future::join_all((0..places + 80).map(async |_| {
        let executed = sandbox.executor.execute(of("hog", "work::waits", 300)).await;
        if executed.result.is_err() {
            full.notify_one();
        }
        executed
    }));
    let other = async {
        full.notified().await;
        sandbox.executor.execute(of("other", "work::waits", 1)).await
    };
    let (hog, other) = tokio::join!(hog, other);
    assert!(other.result.is_ok(), "{:?}", other.result);
    let refused: Vec<_> = hog.into_iter().filter_map(|executed| executed.result.err()).collect();
    assert!((16..=82).contains(&refused.len()), "{} were refused", refused.len());
    for error in refused {
        assert_eq!(error.code, ToolErrorCode::Overloaded, "{error}");
        let seconds = error.details.unwrap()["retryAfterSeconds"].as_u64().unwrap();
        assert!((1..=30).contains(&seconds), "{seconds}");
    }
}
