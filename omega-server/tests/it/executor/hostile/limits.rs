//! Memory, disk, processor and files: more than its share ends a call with a code that says what it was.

use super::*;
use futures_util::future::join_all;

const GREEDY: &str = r#"
import fs from "node:fs";
const tool = (execute) => ({ description: "", inputSchema: {}, execute });
const tmp = process.env.TMPDIR;
const breath = () => new Promise((resolve) => setTimeout(resolve, 1));
const block = new Uint8Array(1 << 20).fill(1);
export const fine = tool(() => "fine");
export const heap = tool(() => { const all = []; for (;;) all.push(new Array(1e6).fill(Math.random())); });
export const buffers = tool(async () => { const all = []; for (let i = 0; i < 64; i++) { all.push(new Uint8Array(64 << 20).fill(1)); await breath(); } return all.length; });
export const two = tool(async () => { const all = [1, 2].map(() => new Worker("data:text/javascript,postMessage(1)", { type: "module" })); await Promise.all(all.map((worker) => new Promise((resolve) => { worker.onmessage = resolve; }))); return "both"; });
export const workers = tool(async () => {
    const source = "const all = []; setInterval(() => all.push(new Array(1e5).fill(1)), 1);"; const all = [];
    for (let i = 0; i < 120; i++) { const worker = new Worker("data:text/javascript," + source, { type: "module" }); worker.onerror = (event) => event.preventDefault(); all.push(worker); }
    await new Promise((resolve) => setTimeout(resolve, 80000)); return all.length;
});
export const loop = tool(() => { for (;;); });
export const many = tool(async () => { for (let i = 0; ; i++) { fs.writeFileSync(`${tmp}/${i}`, block); await breath(); } });
export const empty = tool(async () => { for (let i = 0; ; i++) { fs.closeSync(fs.openSync(`${tmp}/${i}`, "w")); if (i % 100 === 0) await breath(); } });
export const deep = tool(async () => { let folder = tmp; for (let i = 0; ; i++) { if (i % 50 === 0) folder = `${tmp}/${i}`; folder += "/d"; fs.mkdirSync(folder, { recursive: true }); if (i % 20 === 0) await breath(); } });
export const removed = tool(async () => { for (let i = 0; i < 200; i++) { const file = fs.openSync(`${tmp}/x`, "w"); fs.unlinkSync(`${tmp}/x`); for (let n = 0; n < 4; n++) fs.writeSync(file, block); await breath(); } for (;;) await breath(); });
export const large = tool(() => { const file = fs.openSync(`${tmp}/large`, "w"); for (let n = 0; n < 80; n++) fs.writeSync(file, block); return "written"; });
export const sparse = tool(() => { fs.ftruncateSync(fs.openSync(`${tmp}/sparse`, "w"), 2 ** 40); });
export const crowd = tool(async () => { for (let i = 0; ; i++) { const folder = `${tmp}/${i % 7}`; fs.mkdirSync(folder, { recursive: true }); fs.closeSync(fs.openSync(`${folder}/${i}`, "w")); if (i % 500 === 0) await breath(); } });
export const moved = tool(async () => {
    const part = "d/".repeat(400);
    for (let i = 0; ; i++) {
        fs.mkdirSync(`${tmp}/${i}/${part}`, { recursive: true });
        try { if (i > 0) fs.renameSync(`${tmp}/${i - 1}`, `${tmp}/${i}/${part}x`); } catch (error) { if (error.code !== "EXDEV") throw error; }
        await breath();
    }
});
export const shut = tool(async () => { fs.mkdirSync(`${tmp}/shut`); for (let i = 0; ; i++) { fs.chmodSync(`${tmp}/shut`, 0o700); fs.closeSync(fs.openSync(`${tmp}/shut/${i}`, "w")); fs.chmodSync(`${tmp}/shut`, 0); if (i % 100 === 0) await breath(); } });
export const stderr = tool(async () => { const line = new TextEncoder().encode("e".repeat(1 << 16)); for (;;) { Deno.stderr.writeSync(line); await breath(); } });
export const renames = tool(() => {
    const way = (from, to) => { try { fs.renameSync(`${tmp}/${from}`, `${tmp}/${to}`); return "moved"; } catch (error) { return error.code; } };
    for (const folder of ["a/b", "c"]) fs.mkdirSync(`${tmp}/${folder}`, { recursive: true });
    for (const file of ["x", "a/y"]) fs.writeFileSync(`${tmp}/${file}`, "");
    return { within: way("x", "z"), folder: way("c", "e"), away: way("a/y", "y"), below: way("e", "a/b/e") };
});
export const open = tool(() => { const all = []; try { for (;;) all.push(fs.openSync(`${tmp}/open`, "w")); } catch (error) { return { count: all.length, code: error.code }; } });
"#;

async fn codes(sandbox: &Sandbox, exports: &[(&str, ToolErrorCode)]) {
    sandbox.registry.publish("greedy", "1.0.0", json!({}), GREEDY);
    sandbox.executor.describe("greedy", "1.0.0", "").await.unwrap();
    let calls = exports.iter().map(|(export, code)| async move {
        // They step back behind everything else on the machine: time enough for a busy one.
        let timeout = Duration::from_secs(90);
        let execution = Execution { timeout, ..call(&format!("greedy::{export}"), json!({})) };
        let error = sandbox.executor.execute(execution).await.result.unwrap_err();
        assert_eq!(error.code, *code, "{export}: {error}");
    });
    join_all(calls).await;
    assert_no_process_left(sandbox);
    assert_eq!(sandbox.run("greedy::fine", json!({})).await.result, Ok(json!("fine")));
}

#[tokio::test]
async fn more_memory_than_its_share_ends_a_call() {
    let Some(sandboxes) = both().await else { return };
    for sandbox in sandboxes {
        let all = ["heap", "buffers", "workers"].map(|export| (export, ToolErrorCode::OutOfMemory));
        // Two at a time: this machine's memory is no part of the test.
        for two in all.chunks(2) {
            codes(&sandbox, two).await;
        }
    }
}

#[tokio::test]
async fn more_room_on_disk_than_its_share_ends_a_call() {
    let small =
        |config: LocalConfig| LocalConfig { limits: Limits { scratch: 6 << 20, ..Limits::default() }, ..config };
    let all = ["many", "empty", "deep", "removed"].map(|export| (export, ToolErrorCode::DiskLimit));
    if let Some(sandbox) = super::alone(small).await {
        codes(&sandbox, &all).await;
    }
    if let Some(sandbox) = super::alone(|config| bare(small(config))).await {
        codes(&sandbox, &all).await;
    }
}

#[tokio::test]
async fn more_files_or_deeper_folders_than_its_share_end_a_call_and_leave_nothing() {
    let few = |config: LocalConfig| LocalConfig { limits: Limits { entries: 2000, ..Limits::default() }, ..config };
    let all = [("crowd", "2000 files and folders"), ("moved", "more than 64 deep"), ("shut", "2000 files and folders")];
    let Some(jailed) = super::alone(few).await else { return };
    let Some(bare) = super::alone(|config| bare(few(config))).await else { return };
    for sandbox in [jailed, bare] {
        sandbox.registry.publish("greedy", "1.0.0", json!({}), GREEDY);
        for (export, words) in all {
            let execution =
                Execution { timeout: Duration::from_secs(90), ..call(&format!("greedy::{export}"), json!({})) };
            let error = sandbox.executor.execute(execution).await.result.unwrap_err();
            assert_eq!(error.code, ToolErrorCode::DiskLimit, "{export}: {error}");
            assert!(error.message.contains(words), "{export}: {error}");
            assert_no_process_left(&sandbox);
        }
        until_no_trash(&sandbox).await;
        assert_eq!(sandbox.run("greedy::fine", json!({})).await.result, Ok(json!("fine")));
    }
}

/// What a call leaves is removed in the background.
async fn until_no_trash(sandbox: &Sandbox) {
    let started = Instant::now();
    while fs::read_dir(sandbox.cache.path().join("trash")).unwrap().count() > 0 {
        assert!(started.elapsed() < Duration::from_secs(60), "the trash is not emptied");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn more_on_stderr_than_its_share_ends_a_call() {
    let Some(sandboxes) = both().await else { return };
    for sandbox in sandboxes {
        codes(&sandbox, &[("stderr", ToolErrorCode::OutputTooLarge)]).await;
    }
}

#[tokio::test]
async fn nothing_moves_from_one_folder_to_another_where_there_is_a_jail() {
    let Some(sandbox) = jailed(|config| config).await else { return };
    sandbox.registry.publish("greedy", "1.0.0", json!({}), GREEDY);
    let moved = sandbox.run("greedy::renames", json!({})).await.result.unwrap();
    assert_eq!(moved, json!({ "within": "moved", "folder": "moved", "away": "EXDEV", "below": "EXDEV" }));
}

#[tokio::test]
async fn a_file_a_size_and_a_number_of_files_have_limits_where_there_is_a_jail() {
    let Some(sandbox) = jailed(|config| config).await else { return };
    codes(&sandbox, &[("large", ToolErrorCode::DiskLimit), ("sparse", ToolErrorCode::DiskLimit)]).await;
    assert_eq!(sandbox.run("greedy::two", json!({})).await.result, Ok(json!("both")));
    let open = sandbox.run("greedy::open", json!({})).await.result.unwrap();
    assert_eq!(open["code"], "EMFILE", "{open}");
    assert!((900..1024).contains(&open["count"].as_u64().unwrap()), "{open}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn more_time_on_the_processor_than_its_share_ends_a_call() {
    let limits = Limits { cpu: Duration::from_secs(1), ..Limits::default() };
    let Some(sandbox) = super::alone(|config| LocalConfig { limits, ..config }).await else { return };
    codes(&sandbox, &[("loop", ToolErrorCode::CpuLimit)]).await;
    let Some(sandbox) = super::alone(|config| bare(LocalConfig { limits, ..config })).await else { return };
    codes(&sandbox, &[("loop", ToolErrorCode::CpuLimit)]).await;
}
