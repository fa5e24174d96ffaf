//! Packages as they are published, broken ones included, and how they are kept.

use super::*;
use std::time::SystemTime;

#[tokio::test]
async fn latest_is_looked_up_again_after_a_while_and_survives_a_registry_that_is_gone() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let publish = |version: &str| {
        let script =
            format!("export const which = {{ description: '', inputSchema: {{}}, execute: () => '{version}' }};");
        sandbox.registry.publish("moving", version, json!({}), &script);
    };
    publish("1.0.0");
    let first = sandbox.run("moving::which", json!({})).await;
    assert_eq!((first.result, first.version.as_deref()), (Ok(json!("1.0.0")), Some("1.0.0")));
    publish("1.1.0");
    assert_eq!(sandbox.run("moving::which", json!({})).await.result, Ok(json!("1.0.0")), "it was looked up at once");
    let age = || {
        let resolved = sandbox.cache.path().join("tools/.resolved/moving@latest");
        fs::File::options()
            .write(true)
            .open(resolved)
            .unwrap()
            .set_modified(SystemTime::now() - Duration::from_secs(600))
            .unwrap();
    };
    age();
    assert_eq!(sandbox.run("moving::which", json!({})).await.result, Ok(json!("1.1.0")));
    sandbox.registry.stop();
    age();
    assert_eq!(sandbox.run("moving::which", json!({})).await.result, Ok(json!("1.1.0")), "no network, but it is here");
    let exact = Execution { version: "1.0.0".to_owned(), ..call("moving::which", json!({})) };
    assert_eq!(sandbox.restarted().execute(exact).await.result, Ok(json!("1.0.0")));
}

#[tokio::test]
async fn many_callers_install_a_package_once() {
    let Some(sandbox) = Sandbox::start().await else { return };
    sandbox.registry.publish(
        "popular",
        "2.0.0",
        json!({}),
        "export const t = { description: '', inputSchema: {}, execute: () => 1 };",
    );
    let other = sandbox.restarted();
    let calls = (0..6).map(|n| {
        let executor = if n % 2 == 0 { &sandbox.executor } else { &other };
        executor.execute(call("popular::t", json!({})))
    });
    for executed in futures_util::future::join_all(calls).await {
        assert_eq!(executed.result, Ok(json!(1)));
    }
    let downloads = sandbox.registry.downloads();
    assert_eq!(downloads.iter().filter(|name| *name == "popular@2.0.0").count(), 1, "{downloads:?}");
}

#[tokio::test]
async fn a_package_that_is_not_there_is_told_from_one_that_is_broken() {
    let Some(sandbox) = Sandbox::start().await else { return };
    assert_eq!(code(&sandbox.run("no-such-package::x", json!({})).await), ToolErrorCode::PackageNotFound);
    let version = Execution { version: "9.9.9".to_owned(), ..call("probe::one", json!({})) };
    assert_eq!(code(&sandbox.executor.execute(version).await), ToolErrorCode::PackageNotFound);
    sandbox.registry.publish(
        "needy",
        "1.0.0",
        json!({ "dependencies": { "gone-for-good": "1" } }),
        "export const x = 1;",
    );
    assert_eq!(code(&sandbox.run("needy::x", json!({})).await), ToolErrorCode::InstallFailed);
    sandbox.registry.publish("broken", "1.0.0", json!({ "exports": "./missing.mjs" }), "");
    let error = sandbox.run("broken::x", json!({})).await.result.unwrap_err();
    assert_eq!(error.code, ToolErrorCode::ImportFailed);
    assert!(!error.message.contains(&*sandbox.cache.path().to_string_lossy()), "{}", error.message);
    sandbox.registry.publish("throwing", "1.0.0", json!({}), "throw new Error('not on this planet');");
    let error = sandbox.executor.describe("throwing", "1.0.0", "").await.unwrap_err();
    assert_eq!((error.code, error.message.as_str()), (ToolErrorCode::ImportFailed, "not on this planet"));
}

#[tokio::test]
async fn a_package_that_the_installation_lacks_is_added() {
    let Some(sandbox) = Sandbox::start().await else { return };
    sandbox.registry.publish("left-out", "1.2.3", json!({}), "export default 42;");
    let optional = json!({ "peerDependencies": { "left-out": "^1" }, "peerDependenciesMeta": { "left-out": { "optional": true } } });
    let script = "import n from 'left-out'; export const t = { description: '', inputSchema: {}, execute: () => n };";
    sandbox.registry.publish("healed", "1.0.0", optional.clone(), script);
    assert_eq!(sandbox.run("healed::t", json!({})).await.result, Ok(json!(42)));
    // Also where another of its modules can do without, and holds no tools.
    let mut manifest = optional;
    manifest["exports"] = json!({ ".": "./index.mjs", "./helpers": "./helpers.mjs" });
    let files = [("index.mjs", script.to_owned()), ("helpers.mjs", "export const add = (a, b) => a + b;".to_owned())];
    sandbox.registry.publish_files("half-healed", "1.0.0", manifest, &files);
    assert_eq!(sandbox.run("half-healed::t", json!({})).await.result, Ok(json!(42)));
}

#[tokio::test]
async fn install_scripts_never_run() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let mark = sandbox.cache.path().join("ran");
    let scripts = ["preinstall", "install", "postinstall", "prepare"]
        .map(|name| (name.to_owned(), json!(format!("touch {}", mark.display()))));
    let manifest = json!({ "scripts": Value::Object(scripts.into_iter().collect()) });
    sandbox.registry.publish(
        "scripted",
        "1.0.0",
        manifest,
        "export const t = { description: '', inputSchema: {}, execute: () => 1 };",
    );
    assert_eq!(sandbox.run("scripted::t", json!({})).await.result, Ok(json!(1)));
    assert!(!mark.exists());
}

#[tokio::test]
async fn an_import_that_wants_a_key_is_still_described() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let script = "if (!process.env.EAGER_API_KEY) throw new Error('EAGER_API_KEY is required');
        export const t = { description: '', inputSchema: {}, execute: () => 1 };";
    sandbox.registry.publish("eager", "1.0.0", json!({}), script);
    let described = sandbox.executor.describe("eager", "latest", "").await.unwrap();
    assert_eq!(
        described.tools[0].env.iter().map(|var| (var.name.as_str(), var.required)).collect::<Vec<_>>(),
        [("EAGER_API_KEY", true)]
    );
    assert_eq!(code(&sandbox.run("eager::t", json!({})).await), ToolErrorCode::MissingEnvVars);
}

#[tokio::test]
async fn a_declared_name_means_the_only_tool_where_another_is_exported() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let script = "export const realName = { description: '', inputSchema: {}, execute: () => 'found' };";
    sandbox.registry.publish(
        "misnamed",
        "1.0.0",
        json!({ "tpmjs": { "category": "x", "tools": [{ "name": "niceName" }] } }),
        script,
    );
    assert_eq!(sandbox.run("misnamed::niceName", json!({})).await.result, Ok(json!("found")));
    assert_eq!(code(&sandbox.run("misnamed::wrongName", json!({})).await), ToolErrorCode::ToolNotFound);
}
