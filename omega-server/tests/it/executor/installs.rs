//! What packages ask the installer for, and who waits for it.

use super::{hostile::processes_in, *};
use std::{
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

/// Throws what makes the server install `healme`, unless it is there.
const HEALED: &str = r#"
import fs from "node:fs"; import { fileURLToPath } from "node:url";
const root = fileURLToPath(import.meta.url).split("/node_modules/")[0];
if (!fs.existsSync(root + "/node_modules/healme")) throw new Error("Could not find package 'healme' from referrer");
export const t = { description: "", inputSchema: {}, execute: () => fs.readdirSync(root + "/node_modules/healme") };
"#;
/// What is no range of versions.
const ELSEWHERE: [&str; 13] = [
    "file:/",
    "file:///etc",
    "file:../../..",
    "link:/",
    "link:..",
    "npm:probe@1",
    "npm:probe@file:/",
    "git+ssh://git@127.0.0.1/x.git",
    "http://127.0.0.1:9/x.tgz",
    "workspace:*",
    "../..",
    "/etc",
    "latest",
];

/// Everything below a folder, links not followed.
fn everything_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| match entry.file_type().unwrap().is_dir() {
            true => [vec![entry.path()], everything_in(&entry.path())].concat(),
            false => vec![entry.path()],
        })
        .collect()
}

/// Links under the images that lead out of them, but for those of Deno's own caches.
fn links_out(sandbox: &Sandbox) -> Vec<PathBuf> {
    let images = sandbox.cache.path().join("tools").canonicalize().unwrap();
    let leads_out = |path: &PathBuf| {
        let image = path.iter().nth(images.iter().count()).unwrap();
        !fs::canonicalize(path).is_ok_and(|target| target.starts_with(images.join(image)))
    };
    everything_in(&images)
        .into_iter()
        .filter(|path| path.is_symlink() && !path.iter().any(|part| part == ".deno_dir"))
        .filter(leads_out)
        .collect()
}

#[tokio::test]
async fn whatever_a_manifest_asks_for_nothing_leads_out_of_an_image() {
    let Some(sandbox) = Sandbox::start().await else { return };
    for (number, wanted) in ELSEWHERE.iter().enumerate() {
        for kind in ["dependencies", "optionalDependencies"] {
            let name = format!("{}-{number}", kind.to_lowercase());
            sandbox.registry.publish(&name, "1.0.0", json!({ kind: { "healme": wanted } }), HEALED);
            let error = sandbox.executor.describe(&name, "1.0.0", "").await.unwrap_err();
            assert!(
                matches!(error.code, ToolErrorCode::ImportFailed | ToolErrorCode::InstallFailed),
                "{kind} {wanted}: {error}"
            );
            assert!(!error.message.contains(&*sandbox.cache.path().to_string_lossy()), "{error}");
            assert_eq!(links_out(&sandbox), Vec::<PathBuf>::new(), "{kind} {wanted}");
            assert!(!sandbox.cache.path().join(format!("tools/{name}@1.0.0/node_modules/healme")).exists());
            // Called, it fails as it was described.
            assert!(sandbox.run(&format!("{name}::t"), json!({})).await.result.is_err());
        }
    }
}

#[tokio::test]
async fn what_a_package_does_without_is_left_out_when_it_is_not_there() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let empty = "export const t = { description: '', inputSchema: {}, execute: () => 1 };";
    let imports = "const all = await Promise.all(['fine', 'native-a', 'native-b', 'deep'].map((name) => import(name).then(() => name, () => 'none')));\
                   export const t = { description: '', inputSchema: {}, execute: () => all };";
    for (name, versions) in
        [("fine", ["1.0.0", "1.1.0"]), ("native-b", ["1.0.0", "1.5.0"]), ("native-d", ["1.0.0", "1.1.0"])]
    {
        for version in versions {
            sandbox.registry.publish(name, version, json!({}), empty);
        }
    }
    let deep = json!({ "optionalDependencies": { "native-c": "1.0.0", "native-d": "^3" } });
    sandbox.registry.publish("deep", "1.0.0", deep, empty);
    let optional = json!({ "native-a": "^1", "native-b": "^2", "fine": "^1" });
    let manifest = json!({ "optionalDependencies": optional, "dependencies": { "deep": "*", "native-a": "^1" } });
    sandbox.registry.publish("half", "1.0.0", manifest, imports);
    for version in ["latest", "1.0.0"] {
        let execution = Execution { version: version.to_owned(), ..call("half::t", json!({})) };
        let ran = sandbox.executor.execute(execution).await.result;
        assert_eq!(ran, Ok(json!(["fine", "none", "none", "deep"])), "{version}");
    }
    let needs = json!({ "dependencies": { "native-a": "^1" }, "optionalDependencies": { "native-b": "^2" } });
    sandbox.registry.publish("whole", "1.0.0", needs, empty);
    let error = sandbox.executor.describe("whole", "1.0.0", "").await.unwrap_err();
    assert!(error.code == ToolErrorCode::InstallFailed && error.message.contains("native-a"), "{error}");
}

#[tokio::test]
async fn names_that_are_paths_make_nothing_outside_and_are_refused_in_words() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let mark = format!("omega-named-{}", std::process::id());
    let up = |levels: usize| format!("{}{mark}", "../".repeat(levels));
    let names = [
        up(1),
        up(2),
        up(4),
        up(6),
        format!("a/../../{mark}"),
        format!("@a/../../../{mark}"),
        "..".to_owned(),
        "@a/../..".to_owned(),
        "/etc".to_owned(),
        "node_modules".to_owned(),
        ".bin".to_owned(),
    ];
    for (number, name) in names.iter().enumerate() {
        let package = format!("named-{number}");
        let manifest = json!({ "dependencies": { name: "npm:probe@1.0.0" }, "overrides": { name: "file:/" }, "bin": { name: "../../../../../etc/passwd" } });
        sandbox.registry.publish(
            &package,
            "1.0.0",
            manifest,
            "export const t = { description: '', inputSchema: {}, execute: () => 1 };",
        );
        if let Err(error) = sandbox.executor.describe(&package, "1.0.0", "").await {
            assert!(
                error.code == ToolErrorCode::InstallFailed && error.message.contains("another package"),
                "{name}: {error}"
            );
        }
        assert_eq!(links_out(&sandbox), Vec::<PathBuf>::new(), "{name}");
    }
    let within_an_image = |path: &Path| path.iter().filter(|part| *part == "node_modules").count() > 0;
    let made =
        everything_in(sandbox.cache.path()).into_iter().filter(|path| path.ends_with(&mark) && !within_an_image(path));
    assert_eq!(made.collect::<Vec<_>>(), Vec::<PathBuf>::new());
    for above in sandbox.cache.path().ancestors() {
        assert!(!above.join(&mark).exists(), "{}", above.display());
    }
}

#[tokio::test]
async fn other_names_for_packages_of_npm_are_packages_of_npm() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let manifest = json!({ "dependencies": { "one-cjs": "npm:probe@^1.0.0" }, "bin": "./index.mjs" });
    let script =
        "import { one } from 'one-cjs'; export const t = { description: '', inputSchema: {}, execute: () => one() };";
    sandbox.registry.publish("aliased", "1.0.0", manifest, script);
    assert_eq!(sandbox.run("aliased::t", json!({})).await.result, Ok(json!(1)));
    assert_eq!(links_out(&sandbox), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_package_is_the_version_that_was_installed_whatever_it_says() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let script = "export const t = { description: '', inputSchema: {}, execute: () => 'old' };";
    for (name, said) in [("liar", json!("9.9.9")), ("@scope/Liar", json!("latest")), ("mute", json!(7))] {
        sandbox.registry.publish(name, "1.0.0", json!({ "version": said }), script);
        let described = sandbox.executor.describe(name, "latest", "").await.unwrap();
        assert_eq!(described.version, "1.0.0", "{name}");
        let newer = Execution { version: "9.9.9".to_owned(), ..call(&format!("{name}::t"), json!({})) };
        assert_eq!(code(&sandbox.executor.execute(newer).await), ToolErrorCode::PackageNotFound, "{name}");
    }
}

#[tokio::test]
async fn one_users_packages_are_looked_into_one_after_the_other_and_others_get_their_turn() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let slow = "await new Promise((resolve) => setTimeout(resolve, 600)); export const t = { description: '', inputSchema: {}, execute: () => 1 };";
    for number in 0..12 {
        sandbox.registry.publish(&format!("slow{number}"), "1.0.0", json!({}), slow);
    }
    sandbox.registry.publish(
        "quick",
        "1.0.0",
        json!({}),
        "export const t = { description: '', inputSchema: {}, execute: () => 1 };",
    );
    let places = std::thread::available_parallelism().unwrap().get().max(2);
    let (done, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let adds = futures_util::future::join_all((0..12).map(|number| {
        let (executor, done) = (&sandbox.executor, &done);
        async move {
            executor.describe(&format!("slow{number}"), "1.0.0", "hog").await.unwrap();
            done.fetch_add(1, Ordering::SeqCst);
        }
    }));
    let others = async {
        while processes_in(sandbox.cache.path()).is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        sandbox.executor.describe("quick", "1.0.0", "another").await.unwrap();
        done.load(Ordering::SeqCst)
    };
    let watched = async {
        while done.load(Ordering::SeqCst) < 12 {
            most.fetch_max(processes_in(&sandbox.cache.path().join("tools")).len(), Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let (_, before, ()) = tokio::join!(adds, others, watched);
    assert!(before < 12 - places, "another's package waited for {before} of the hog's");
    assert!((1..=places).contains(&most.load(Ordering::SeqCst)), "{most:?} processes at once, of {places}");
}
