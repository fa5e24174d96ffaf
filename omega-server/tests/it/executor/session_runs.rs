//! An MCP server of a package in whole runs: it remembers what it was told as long as its run goes on, through a person's answers,
//! and the model is told where it has forgotten. All through a server's process, the sandbox and npm on loopback.

use super::{
    adding::{World, asked, decide},
    sessions::{COUNTS, manifest},
    *,
};
use crate::harness::{MODELS, message};
use omega_core::{
    api::{AddPackage, CreateConversation, Decision, RunStatus, ToolRun, ToolRunStatus},
    id::{ConversationId, RunId},
    registry::meta::EXECUTE,
    testing::{Reply, Script},
};

const TOOL: &str = "count-mcp::mcp:count";

fn counts(text: &str) -> Reply {
    Reply::call(EXECUTE, json!({ "toolId": TOOL, "params": { "text": text } }))
}

/// Three calls in three steps.
fn script() -> Script {
    Script::new().turn(counts("a")).turn(counts("b")).turn(counts("c")).turn(Reply::text("Done."))
}

async fn world(script: Script) -> Option<World> {
    let mut world = World::new(script).await?;
    world.sandbox.registry.publish_files("count-mcp", "1.0.0", manifest(), &[("server.mjs", COUNTS.into())]);
    world.start(&[]).await;
    let add = AddPackage { package: "count-mcp".into(), ..AddPackage::default() };
    world.server().client.add_package(&add).await.unwrap();
    Some(world)
}

async fn send(world: &World, is_safe: bool) -> (ConversationId, RunId) {
    let model = Some(MODELS[0].into());
    let body = CreateConversation { model, safe_mode: Some(is_safe), ..<_>::default() };
    let conversation = world.server().client.create_conversation(&body).await.unwrap().id;
    (conversation, world.say(conversation, &message("count")).await)
}

/// The calls of a run, oldest first.
async fn calls(world: &World, conversation: ConversationId, run: RunId) -> Vec<ToolRun> {
    let mut calls = world.calls(conversation).await;
    calls.retain(|call| call.run_id == run);
    calls.sort_by_key(|call| call.input["text"].to_string());
    calls
}

fn said(calls: &[ToolRun]) -> Vec<(&str, bool)> {
    let one = |call: &ToolRun| call.output.as_ref().and_then(Value::as_str).map(str::trim_end).map(str::to_owned);
    let text = |call| one(call).map_or("", |text| text.leak());
    calls.iter().map(|call| (text(call), call.notice.is_some())).collect()
}

async fn approve(world: &World, run: RunId) {
    let paused = world.rests(run).await;
    let approval = asked(&paused).id;
    world.server().client.decide(approval, &decide(Decision::Approve)).await.unwrap();
}

/// Deno processes below this server.
fn processes(world: &World) -> usize {
    let folder = world.sandbox.cache.path().display().to_string();
    let is_ours = |entry: &std::fs::DirEntry| {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line);
        line.contains(&folder) && line.contains("/kept/")
    };
    fs::read_dir("/proc").unwrap().flatten().filter(is_ours).count()
}

async fn until_gone(world: &World) {
    crate::harness::within("the end of its process", async {
        while processes(world) > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_server_remembers_as_long_as_its_run_goes_on() {
    let Some(world) = world(script()).await else { return };
    let (conversation, run) = send(&world, false).await;
    assert_eq!(world.rests(run).await.status, RunStatus::Completed);
    assert_eq!(said(&calls(&world, conversation, run).await), [("1", false), ("2", false), ("3", false)]);
    until_gone(&world).await;
    // The next message begins anew, and has nothing to be told of.
    let run = world.say(conversation, &message("again")).await;
    assert_eq!(world.rests(run).await.status, RunStatus::Completed);
    assert_eq!(said(&calls(&world, conversation, run).await), [("1", false), ("2", false), ("3", false)]);
}

#[tokio::test]
async fn it_remembers_through_questions_and_the_model_is_told_what_a_kill_took() {
    let Some(mut world) = world(script()).await else { return };
    let (conversation, run) = send(&world, true).await;
    approve(&world, run).await;
    approve(&world, run).await;
    world.rests(run).await;
    assert_eq!(said(&calls(&world, conversation, run).await)[..2], [("1", false), ("2", false)], "through a question");
    world.server.take().unwrap().kill().await;
    until_gone(&world).await;
    world.start(&[]).await;
    approve(&world, run).await;
    assert_eq!(world.rests(run).await.status, RunStatus::Completed);
    let calls = calls(&world, conversation, run).await;
    assert_eq!(said(&calls), [("1", false), ("2", false), ("1", true)]);
    assert!(calls.iter().all(|call| call.status == ToolRunStatus::Succeeded));
    let requests = world.provider.requests();
    let mut told = requests.iter().flat_map(|request| &request.results);
    assert!(told.any(|result| result.whole["note"].to_string().contains("began anew")));
}

#[tokio::test]
async fn a_run_that_is_cancelled_while_it_waits_leaves_no_process() {
    let Some(world) = world(script()).await else { return };
    let (_, run) = send(&world, true).await;
    approve(&world, run).await;
    world.rests(run).await;
    assert!(processes(&world) > 0, "it waits with its run");
    world.server().client.cancel_run(run).await.unwrap();
    until_gone(&world).await;
}

#[tokio::test]
async fn a_run_that_waits_and_another_one_have_processes_of_their_own() {
    let Some(world) = world(script()).await else { return };
    let (conversation, run) = send(&world, true).await;
    approve(&world, run).await;
    world.rests(run).await;
    let (other, second) = send(&world, false).await;
    assert_eq!(world.rests(second).await.status, RunStatus::Completed);
    assert_eq!(said(&calls(&world, other, second).await), [("1", false), ("2", false), ("3", false)]);
    approve(&world, run).await;
    world.rests(run).await;
    assert_eq!(said(&calls(&world, conversation, run).await)[..2], [("1", false), ("2", false)]);
}
