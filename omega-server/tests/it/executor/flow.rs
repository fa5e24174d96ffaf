//! What the engine and the executor do together: partial outputs, and patience with an executor that has no place.

use super::*;
use crate::harness::{MODELS, Omega, execute, executor::id, folder, within};
use omega_core::{
    event::Event,
    registry::meta::EXECUTE,
    testing::{Reply, Script},
};
use omega_server::ServeConfig;

const COUNTS: &str = r#"
    const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    export const counts = { description: "", inputSchema: { jsonSchema: { type: "object" } },
        async *execute() { for (let n = 1; n <= 40; n++) { yield { n }; await pause(n < 20 ? 1 : 50); } } };"#;

#[tokio::test]
async fn what_a_tool_yields_reaches_the_readers_of_its_conversation_while_it_works() {
    let Some(sandbox) = Sandbox::start().await else { return };
    sandbox.registry.publish("counts", "1.0.0", json!({}), COUNTS);
    sandbox.executor.describe("counts", "1.0.0", "").await.unwrap();
    let folder = folder();
    let database = format!("sqlite:{}", folder.path().join("omega.db").display());
    let script =
        Script::new().turn(Reply::call(EXECUTE, execute("counts::counts", json!({})))).turn(Reply::text("Forty."));
    let cache = sandbox.cache.path().to_owned();
    let omega = Omega::start_as(database, folder, script, |config| ServeConfig {
        executors: Vec::new(),
        cache_dir: cache,
        deno: std::env::var_os("OMEGA_DENO").map(Into::into),
        ..config
    })
    .await;
    let row = json!({ "toolId": "counts::counts", "name": "counts", "package": "counts", "version": "1.0.0",
        "description": "Counts.", "inputSchema": { "type": "object" }, "env": [], "category": "other" });
    omega.client.import_tools(row.to_string().into_bytes()).await.unwrap();
    let conversation = omega.conversation(MODELS[0]).await;
    let mut frames = omega.events(conversation, "?after=0").await;
    omega.send(conversation, "count").await;
    let seen = within("the end of the run", frames.until(|envelope| envelope.event.is_terminal())).await;
    let deltas: Vec<_> = seen
        .iter()
        .filter_map(|envelope| match &envelope.event {
            Event::ToolDelta { offset, chunk, .. } => Some((*offset, chunk["n"].as_u64().unwrap())),
            _ => None,
        })
        .collect();
    // Those that come faster than 64 a second replace each other; those that come slowly need not.
    assert!((10..40).contains(&deltas.len()), "{deltas:?}");
    assert!(deltas.is_sorted(), "{deltas:?}");
    let at = |kind: &str| seen.iter().rposition(|envelope| envelope.event.kind() == kind).unwrap();
    assert!(at("run.step.tool.delta") < at("run.step.tool.completed"), "they come before the outcome");
    assert!(seen.iter().all(|envelope| !matches!(envelope.event, Event::ToolDelta { .. }) || envelope.seq.is_none()));
}

/// Gives its key away as it grows, in two pieces, and in a value, while it works.
const LEAKS: &str = r#"
    const pause = () => new Promise((resolve) => setTimeout(resolve, 30));
    export const leaks = { description: "", inputSchema: { jsonSchema: { type: "object" } },
        async *execute() {
            const key = process.env.LEAK_KEY;
            for (let n = 1; n <= key.length; n++) { yield `so far: ${key.slice(0, n)}`; await pause(); }
            yield key.slice(0, 11); await pause();
            yield key.slice(11); await pause();
            yield { key, list: [btoa(key), encodeURIComponent(key)] }; await pause();
            throw new Error(`it ends with ${key}`);
        } };"#;

#[tokio::test]
async fn a_secret_in_partial_outputs_reaches_no_reader() {
    let Some(sandbox) = Sandbox::start().await else { return };
    sandbox.registry.publish("leaks", "1.0.0", json!({}), LEAKS);
    sandbox.executor.describe("leaks", "1.0.0", "").await.unwrap();
    let folder = folder();
    let database = format!("sqlite:{}", folder.path().join("omega.db").display());
    let script = Script::new().turn(Reply::call(EXECUTE, execute("leaks::leaks", json!({})))).turn(Reply::text("No."));
    let cache = sandbox.cache.path().to_owned();
    let omega = Omega::start_as(database, folder, script, |config| ServeConfig {
        executors: Vec::new(),
        cache_dir: cache,
        deno: std::env::var_os("OMEGA_DENO").map(Into::into),
        ..config
    })
    .await;
    let row = json!({ "toolId": "leaks::leaks", "name": "leaks", "package": "leaks", "version": "1.0.0", "category": "other",
        "description": "Leaks.", "inputSchema": { "type": "object" }, "env": [{ "name": "LEAK_KEY", "required": true }] });
    omega.client.import_tools(row.to_string().into_bytes()).await.unwrap();
    let conversation = omega.conversation(MODELS[0]).await;
    let mut frames = omega.events(conversation, "?after=0").await;
    let key = "leak/9f8E+7d&6c=5b4A3";
    let env = [("LEAK_KEY".to_owned(), key.to_owned())].into();
    let body = omega_core::api::SendMessage { env, ..crate::harness::message("go") };
    omega.client.send_message(conversation, &body, "one").await.unwrap();
    let seen = within("the end of the run", frames.until(|envelope| envelope.event.is_terminal())).await;
    let deltas = seen.iter().filter(|envelope| matches!(envelope.event, Event::ToolDelta { .. })).count();
    assert!(deltas >= 10, "{deltas}");
    let all = serde_json::to_string(&seen).unwrap();
    assert!(all.contains("so far: ") && all.matches("«redacted:LEAK_KEY»").count() >= 4, "{all}");
    for form in crate::canary::forms(key) {
        assert!(!all.contains(&form), "{form} came through: {all}");
    }
    // Nor most of it.
    assert!(!all.contains(&key[..12]) && !all.contains(&key[11..]), "{all}");
}

#[tokio::test]
async fn a_run_is_patient_with_an_executor_that_has_no_place() {
    let script =
        Script::new().turn(Reply::call(EXECUTE, execute(&id("acmeBusy"), json!({})))).turn(Reply::text("Served."));
    let omega = Omega::start(script).await;
    let row = json!({ "toolId": id("acmeBusy"), "name": "acmeBusy", "package": "acme-tools", "version": "1.2.3",
        "description": "Busy.", "inputSchema": { "type": "object" }, "env": [], "category": "other" });
    omega.client.import_tools(row.to_string().into_bytes()).await.unwrap();
    let told = omega.ask(MODELS[0], "try").await;
    assert_eq!(told.log.answer(), "Served.");
    assert_eq!(omega.tools.count("acmeBusy"), 3, "two refusals and a success");
    let served = told.log.0.iter().filter(|envelope| envelope.event.kind() == "run.step.tool.completed").count();
    assert_eq!(served, 1, "{:?}", told.log.0);
}
