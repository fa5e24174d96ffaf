//! What one call leaves behind for the next, who may be another user's: nothing.

use super::*;
use std::{collections::BTreeMap, os::unix::fs::MetadataExt, time::SystemTime};

const KEEPERS: &str = r#"
import fs from "node:fs"; import os from "node:os"; import path from "node:path"; import { DatabaseSync } from "node:sqlite";
const image = process.cwd();
const inWorker = (code) => new Promise((resolve, reject) => {
    const worker = new Worker("data:text/javascript," + encodeURIComponent(`(${code})().then((ok) => postMessage({ ok }), (e) => postMessage({ error: e.message }))`), { type: "module" });
    worker.onmessage = ({ data }) => { worker.terminate(); "ok" in data ? resolve(data.ok) : reject(new Error(data.error)); };
    worker.onerror = (event) => { event.preventDefault(); worker.terminate(); reject(new Error(event.message)); };
});
const put = async (secret) => { const cache = await caches.open("kept"); await cache.put("http://kept.test/", new Response(secret)); };
const get = async () => (await (await caches.open("kept")).match("http://kept.test/"))?.text();
const places = {
    localStorage: [(secret) => localStorage.setItem("kept", secret), () => localStorage.getItem("kept")],
    sessionStorage: [(secret) => sessionStorage.setItem("kept", secret), () => sessionStorage.getItem("kept")],
    caches: [put, get],
    cachesOfWorker: [(secret) => inWorker(`async () => (${put})("${secret}")`), () => inWorker(`${get}`)],
    keyValues: [async (secret) => (await Deno.openKv()).set(["kept"], secret), async () => (await (await Deno.openKv()).get(["kept"])).value],
    environment: [(secret) => { process.env.KEPT = secret; Deno.env.set("KEPT", secret); }, () => process.env.KEPT ?? Deno.env.get("KEPT")],
    global: [(secret) => { globalThis.kept = secret; }, () => globalThis.kept],
    database: [(secret) => { const db = new DatabaseSync(`${image}/.deno_dir/kept.db`); db.exec(`create table t (a); insert into t values ('${secret}')`); }, () => new DatabaseSync(`${image}/.deno_dir/kept.db`).prepare("select a from t").get().a],
    ...Object.fromEntries([os.tmpdir(), os.homedir(), path.dirname(os.tmpdir()), image, `${image}/.deno_dir`, `${image}/node_modules`, "/tmp", "/var/tmp", "/dev/shm"].map((folder) =>
        [folder, [(secret) => fs.writeFileSync(`${folder}/omega-kept`, secret), () => fs.readFileSync(`${folder}/omega-kept`, "utf8")]])),
};
const each = async (index, value) => {
    const worked = []; const names = Object.keys(places);
    for (const name of names) { try { if ((await places[name][index](value)) !== undefined || index === 0) worked.push(name); } catch { /* refused */ } }
    return { tried: names.length, worked };
};
export const leave = { description: "", inputSchema: {}, execute: ({ secret }) => each(0, secret) };
export const find = { description: "", inputSchema: {}, execute: async () => { const found = []; for (const [name, [, read]] of Object.entries(places)) { try { const value = await read(); if (value) found.push(name); } catch { /* refused */ } } return found; } };
"#;

#[tokio::test]
async fn what_one_call_leaves_the_next_does_not_find() {
    let Some(sandboxes) = both().await else { return };
    for sandbox in sandboxes {
        sandbox.registry.publish("keepers", "1.0.0", json!({}), KEEPERS);
        let left = sandbox.run("keepers::leave", json!({ "secret": "of another user" })).await.result.unwrap();
        assert!(left["tried"].as_u64().unwrap() >= 15, "{left}");
        // Something could be written, so that looking for it means something.
        assert!(left["worked"].as_array().unwrap().contains(&json!("global")), "{left}");
        assert_eq!(sandbox.run("keepers::find", json!({})).await.result, Ok(json!([])), "it left {left}");
        assert_no_process_left(&sandbox);
    }
}

#[tokio::test]
async fn calls_do_not_change_an_image_where_there_is_a_jail() {
    let Some(sandbox) = jailed(|config| config).await else { return };
    sandbox.registry.publish("keepers", "1.0.0", json!({}), KEEPERS);
    sandbox.run("keepers::leave", json!({ "secret": "x" })).await.result.unwrap();
    let image = sandbox.cache.path().join("tools/keepers@1.0.0");
    let before = contents(&image);
    assert!(before.keys().any(|path| path.starts_with(image.join(".deno_dir"))) && before.len() > 5, "{before:?}");
    for _ in 0..3 {
        sandbox.run("keepers::leave", json!({ "secret": "x" })).await.result.unwrap();
    }
    assert_eq!(contents(&image), before);
}

/// Every file of a folder, with its number, size and time.
fn contents(folder: &Path) -> BTreeMap<std::path::PathBuf, (u64, u64, SystemTime)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let meta = entry.metadata().unwrap();
        if meta.is_dir() {
            found.extend(contents(&entry.path()));
        } else {
            found.insert(entry.path(), (meta.ino(), meta.len(), meta.modified().unwrap()));
        }
    }
    found
}
