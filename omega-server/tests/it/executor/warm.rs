//! Processes that wait for a call: used once, never for the wrong call, never left behind.

use super::{hostile::processes_in, *};
use crate::harness::{self, process::Process};
use omega_engine::executor::PoolLimits;
use std::{process::Stdio, time::Instant};

/// Tells of the process that it runs in, and of what it saw when it was loaded.
const TELLS: &str = r#"
    const tool = (execute) => ({ description: "", inputSchema: { jsonSchema: { type: "object" } }, execute });
    const kept = process.env;
    let calls = 0;
    console.log("loaded");
    globalThis.mark ??= 0;
    export const tells = tool(() => ({ pid: process.pid, calls: ++calls, marks: ++globalThis.mark,
        cwd: process.cwd(), home: process.env.HOME, key: kept.TELL_KEY ?? null }));"#;

/// A package of this name and script, beside which nothing else is published.
async fn with(name: &str, script: &str) -> Option<Sandbox> {
    let sandbox = Sandbox::start().await?;
    sandbox.registry.publish(name, "1.0.0", json!({}), script);
    Some(sandbox)
}

/// Waits until as many processes wait in the folders of images whose name contains `part`.
async fn until_waiting(sandbox: &Sandbox, part: &str, count: usize) -> Vec<String> {
    let started = Instant::now();
    loop {
        let found: Vec<_> = processes_in(sandbox.cache.path()).into_iter().filter(|pid| works_in(pid, part)).collect();
        if found.len() == count {
            return found;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{} and not {count} wait for {part:?}", found.len());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn works_in(pid: &str, part: &str) -> bool {
    fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.to_string_lossy().contains(part))
}

/// Waits until the one process in such a folder is ready for its call: a standby has loaded its package then.
pub(super) async fn until_loaded(sandbox: &Sandbox, part: &str) -> String {
    let started = Instant::now();
    loop {
        let ready = sandbox.executor.ready().into_iter().map(|pid| pid.to_string());
        if let [pid] = &ready.filter(|pid| works_in(pid, part)).collect::<Vec<_>>()[..] {
            return pid.clone();
        }
        assert!(started.elapsed() < Duration::from_secs(60), "none is ready for {part:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn tells(sandbox: &Sandbox, env: &[(&str, &str)]) -> (Value, Vec<String>) {
    let execution = Execution { env: super::env(env), ..call("tells::tells", json!({})) };
    let executed = sandbox.executor.execute(execution).await;
    (executed.result.unwrap(), executed.logs)
}

#[tokio::test]
async fn after_a_call_a_process_waits_with_the_package_loaded_and_serves_one_call() {
    let Some(sandbox) = with("tells", TELLS).await else { return };
    let (first, _) = tells(&sandbox, &[]).await;
    let mut seen = vec![first["pid"].clone()];
    for _ in 0..2 {
        let waiting = until_loaded(&sandbox, "tells@").await;
        let (told, logs) = tells(&sandbox, &[("TELL_KEY", "of-this-call")]).await;
        assert_eq!(told["pid"].to_string(), waiting, "the one that waited");
        assert_eq!((&told["calls"], &told["marks"]), (&json!(1), &json!(1)), "and had served nobody");
        assert_eq!(logs, ["log: loaded"]);
        assert_eq!(told["key"], "of-this-call", "what the package kept of the environment has this call's variables");
        assert!(told["cwd"].as_str().unwrap().ends_with("tells@1.0.0"), "{told}");
        seen.push(told["pid"].clone());
    }
    let (told, _) = tells(&sandbox, &[]).await;
    seen.push(told["pid"].clone());
    assert_eq!(told["key"], json!(null), "no call has another's variables");
    let all = seen.len();
    seen.sort_by_key(ToString::to_string);
    seen.dedup();
    assert_eq!(seen.len(), all, "each call had a process of its own");
}

/// Waits for the process that fits every small package, until it rests.
async fn until_any_waits(sandbox: &Sandbox) -> String {
    until_loaded(sandbox, "/shown/").await
}

/// Looks for other packages of this server: as files, as modules, and whether they are there.
const SPIES: &str = r#"
    import fs from "node:fs"; import path from "node:path";
    const tool = (execute) => ({ description: "", inputSchema: { jsonSchema: { type: "object" } }, execute });
    export const spies = tool(async ({ cache }) => {
        const reached = []; const others = ["tools", "tools/secret@1.0.0", "shown", "scratch", "trash", "npm", "runtime", "."];
        const reading = (file) => ({
            list: () => fs.readdirSync(file), stat: () => fs.statSync(file), exists: () => { if (!fs.existsSync(file)) throw 0; }, real: () => fs.realpathSync(file),
            deno: () => [...Deno.readDirSync(file)].length, open: () => fs.openSync(file), read: () => fs.readFileSync(`${file}/package.json`), about: () => fs.readFileSync(`${file}/about.json`),
            module: () => import(`${file}/entry.mjs`).then((it) => it.load()), package: () => import(`${file}/node_modules/secret/index.mjs`),
            up: () => fs.readdirSync(path.join(process.cwd(), "../..", path.basename(file))), link: () => { const l = `${process.env.TMPDIR}/${Math.random()}`; fs.symlinkSync(file, l); return fs.readdirSync(l); },
            hard: () => fs.linkSync(`${file}/about.json`, `${process.env.TMPDIR}/${Math.random()}`), change: () => fs.writeFileSync(`${process.cwd()}/new`, ""), mode: () => fs.chmodSync(`${process.cwd()}/entry.mjs`, 0o777),
        });
        for (const other of others) for (const [way, go] of Object.entries(reading(path.join(cache, other)))) { try { await go(); reached.push(`${way} ${other}`); } catch { /* refused */ } }
        const beside = () => { try { return fs.readdirSync(path.dirname(process.cwd())).length; } catch { return 0; } };
        return { pid: process.pid, cwd: process.cwd(), own: fs.readdirSync(process.cwd()).includes("entry.mjs"), beside: beside(), reached };
    });"#;

#[tokio::test]
async fn a_process_that_waited_for_any_image_sees_the_one_of_its_call_alone() {
    let Some(sandbox) = with("secret", TELLS).await else { return };
    sandbox.registry.publish("spies", "1.0.0", json!({}), SPIES);
    sandbox.run("secret::tells", json!({})).await.result.unwrap();
    // Until it waits it sees no image, whose ever.
    let waiting = until_any_waits(&sandbox).await;
    let flags = fs::read_to_string(format!("/proc/{waiting}/cmdline")).unwrap();
    let images = sandbox.cache.path().join("tools");
    assert!(flags.contains("--allow-read=") && !flags.contains(&*images.to_string_lossy()), "{flags}");
    let cwd = fs::read_link(format!("/proc/{waiting}/cwd")).unwrap();
    let beside: Vec<_> = fs::read_dir(cwd)
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name())
        .filter(|name| name != ".deno_dir")
        .collect();
    assert!(beside.is_empty(), "{beside:?}");

    // Deno itself lets everybody import what lies in a `node_modules`; to refuse that takes landlock.
    let detail = sandbox.executor.health().await.detail;
    let reached = if detail.contains("jail with landlock") { json!([]) } else { json!(["package tools/secret@1.0.0"]) };
    let told = sandbox.run("spies::spies", json!({ "cache": sandbox.cache.path() })).await.result.unwrap();
    assert_eq!(told["pid"].to_string(), waiting);
    assert_eq!((&told["reached"], &told["own"], &told["beside"]), (&reached, &json!(true), &json!(2)), "{told}");
    assert!(images.join("spies@1.0.0/entry.mjs").exists());
    let shown = fs::read_dir(sandbox.cache.path().join("shown")).unwrap().flatten();
    assert!(
        !shown
            .map(|entry| entry.path())
            .any(|path| told["cwd"].as_str().unwrap().starts_with(&*path.to_string_lossy()))
    );
    // One that was started for its image, which another call may see at its real place, does not see others either.
    let own = sandbox.run("spies::spies", json!({ "cache": sandbox.cache.path() })).await.result.unwrap();
    assert_eq!(own["reached"], reached, "{own}");
}

#[tokio::test]
async fn a_small_package_is_called_in_a_process_that_had_started_already() {
    let Some(sandbox) = with("tells", TELLS).await else { return };
    sandbox.registry.publish("other", "1.0.0", json!({}), TELLS);
    tells(&sandbox, &[]).await;
    let waiting = until_any_waits(&sandbox).await;
    let told = sandbox.run("other::tells", json!({})).await.result.unwrap();
    assert_eq!(told["pid"].to_string(), waiting);
    assert!(told["cwd"].as_str().unwrap().ends_with("other@1.0.0"), "{told}");
}

#[tokio::test]
async fn a_package_that_looked_for_a_variable_ahead_does_not_miss_it_in_a_call() {
    let script = r#"
        const base = process.env.SETTING ?? "none"; const all = { ...process.env };
        export const t = { description: "", inputSchema: { jsonSchema: { type: "object" } }, execute: () => [process.pid, base] };"#;
    let Some(sandbox) = with("eager", script).await else { return };
    sandbox.run("eager::t", json!({})).await.result.unwrap();
    let waiting = until_loaded(&sandbox, "eager@").await;
    let granted = Execution { env: env(&[("SETTING", "granted")]), ..call("eager::t", json!({})) };
    let told = sandbox.executor.execute(granted).await.result.unwrap();
    assert_eq!(told[1], "granted");
    assert_ne!(told[0].to_string(), waiting, "the one that waits has looked already");
    let told = sandbox.run("eager::t", json!({})).await.result.unwrap();
    assert_eq!((told[0].to_string(), &told[1]), (waiting, &json!("none")), "it serves a call that grants nothing");
}

#[tokio::test]
async fn a_package_that_reads_its_key_when_it_is_loaded_is_not_loaded_ahead() {
    let script = r#"
        const key = process.env.SOME_API_KEY;
        export const t = { description: "", inputSchema: { jsonSchema: { type: "object" } }, execute: () => key ?? "none" };"#;
    let Some(sandbox) = with("keyed", script).await else { return };
    for (env, seen) in [(super::env(&[]), "none"), (super::env(&[("SOME_API_KEY", "the-key")]), "the-key")] {
        let executed = sandbox.executor.execute(Execution { env, ..call("keyed::t", json!({})) }).await;
        assert_eq!(executed.result, Ok(json!(seen)));
    }
    // The standby of a package that was called later is there.
    sandbox.registry.publish("tells", "1.0.0", json!({}), TELLS);
    tells(&sandbox, &[]).await;
    until_waiting(&sandbox, "tells@", 1).await;
    until_waiting(&sandbox, "keyed@", 0).await;
}

#[tokio::test]
async fn what_died_or_belongs_to_an_older_image_is_never_used() {
    let Some(sandbox) = with("tells", TELLS).await else { return };
    tells(&sandbox, &[]).await;
    let dead = until_loaded(&sandbox, "tells@").await;
    std::process::Command::new("kill").args(["-9", &dead]).status().unwrap();
    let (told, _) = tells(&sandbox, &[]).await;
    assert_ne!(told["pid"].to_string(), dead);
    let old = until_loaded(&sandbox, "tells@").await;
    // Made anew, as after a repair.
    let about = sandbox.cache.path().join("tools/tells@1.0.0/about.json");
    fs::write(about.with_extension("new"), fs::read(&about).unwrap()).unwrap();
    fs::rename(about.with_extension("new"), &about).unwrap();
    let (told, _) = tells(&sandbox, &[]).await;
    assert_ne!(told["pid"].to_string(), old);
}

#[tokio::test]
async fn what_waits_is_bounded_ends_when_nobody_comes_and_goes_with_its_owner() {
    let Some(mut sandbox) = with("tells", TELLS).await else { return };
    let limits = PoolLimits { prewarmed: 0, standbys: 2, idle: Duration::from_secs(3), ..PoolLimits::default() };
    sandbox.executor = LocalExecutor::new(LocalConfig { pool: limits, ..config(&sandbox.cache, &sandbox.registry) });
    for name in ["one", "two", "three"] {
        sandbox.registry.publish(name, "1.0.0", json!({}), TELLS);
        sandbox.run(&format!("{name}::tells"), json!({})).await.result.unwrap();
        until_waiting(&sandbox, &format!("{name}@"), 1).await;
    }
    until_waiting(&sandbox, "one@", 0).await;
    assert!(processes_in(sandbox.cache.path()).len() <= 2);
    until_waiting(&sandbox, "@1.0.0", 0).await;
    sandbox.run("one::tells", json!({})).await.result.unwrap();
    until_waiting(&sandbox, "one@", 1).await;
    // Not even one that is being started stays.
    sandbox.run("two::tells", json!({})).await.result.unwrap();
    sandbox.executor = sandbox.restarted();
    until_waiting(&sandbox, "@1.0.0", 0).await;
    assert_eq!(fs::read_dir(sandbox.cache.path().join("scratch")).unwrap().count(), 0, "a scratch folder is left");
}

#[tokio::test]
async fn a_package_that_works_while_nobody_calls_it_is_not_kept() {
    let script = r#"
        setInterval(() => { const until = Date.now() + 400; while (Date.now() < until); }, 500);
        export const t = { description: "", inputSchema: { jsonSchema: { type: "object" } }, execute: () => 1 };"#;
    let Some(sandbox) = with("busy", script).await else { return };
    sandbox.run("busy::t", json!({})).await.result.unwrap();
    until_waiting(&sandbox, "busy@", 1).await;
    until_waiting(&sandbox, "busy@", 0).await;
}

#[tokio::test]
async fn a_call_that_is_announced_finds_everything_ready() {
    let Some(sandbox) = with("tells", TELLS).await else { return };
    sandbox.executor.expect(&"tells::tells".parse().unwrap(), "latest");
    let started = Instant::now();
    while !sandbox.cache.path().join("tools/tells@1.0.0/about.json").exists() {
        assert!(started.elapsed() < Duration::from_secs(30), "it is not installed");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    until_waiting(&sandbox, "tells@", 0).await;
    sandbox.registry.stop();
    assert_eq!(tells(&sandbox, &[]).await.0["calls"], 1);
}

#[tokio::test]
async fn a_server_that_is_killed_takes_what_waits_with_it() {
    let Some(sandbox) = with("tells", TELLS).await else { return };
    let folder = harness::folder();
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_omega-server"));
    command
        .args(["--listen", "127.0.0.1:0", "--json", "--database"])
        .arg(format!("sqlite:{}", folder.path().join("omega.db").display()))
        .arg("--cache")
        .arg(sandbox.cache.path())
        .env("NPM_CONFIG_REGISTRY", &sandbox.registry.url)
        .env("TPMJS_API_URL", "off")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let server = Process::start(command, None).await;
    let row = json!({ "toolId": "tells::tells", "name": "tells", "package": "tells", "version": "1.0.0",
        "description": "Tells.", "inputSchema": { "type": "object" }, "env": [], "category": "other" });
    server.client.import_tools(row.to_string().into_bytes()).await.unwrap();
    let request = serde_json::from_value(json!({ "toolId": "tells::tells", "params": {} })).unwrap();
    let answer = server.client.execute_tool(&request).await.unwrap();
    assert_eq!(answer.code, None, "{answer:?}");
    until_waiting(&sandbox, "tells@", 1).await;
    server.kill().await;
    until_waiting(&sandbox, "", 0).await;
}
