//! A tool whose author wants its calls to be approved first (`needsApproval` of the AI SDK): nothing of them is done before
//! somebody approves, and the approval holds for what was shown.

use crate::{
    harness::{
        execute,
        executor::{PACKAGE, id},
        message,
    },
    pauses::{World, worlds},
};
use omega_core::{
    api::{Approval, ApprovalReason, Decide, Decision, Remember, RequiredAction, Run, ToolRunStatus},
    executor::ToolErrorCode,
    registry::meta::EXECUTE,
    testing::{Reply, Script},
};
use serde_json::{Value, json};

fn pay(sum: u64) -> Reply {
    Reply::call(EXECUTE, execute(&id("acmePay"), json!({ "sum": sum })))
}

/// The tool as a registry has it; `wish` is what its author wants.
async fn publish(world: &World, wish: Value) {
    let row = json!({
        "toolId": format!("{PACKAGE}::acmePay"), "name": "acmePay", "package": PACKAGE, "version": "1.2.3", "category": "other",
        "description": "Acme moves money",
        "inputSchema": { "type": "object", "properties": { "sum": { "type": "integer" } } },
        "needsApproval": wish,
    });
    world.client().import_tools(row.to_string().into_bytes()).await.unwrap();
}

fn asked(run: &Run) -> Approval {
    match &run.requires_action {
        Some(RequiredAction::Approval { approvals, .. }) => approvals[0].clone(),
        other => panic!("{other:?}"),
    }
}

fn decide(decision: Decision, remember: Remember) -> Decide {
    Decide { decision, remember, reason: None, args_digest: None, input: None }
}

#[tokio::test]
async fn a_call_waits_for_a_yes_and_runs_once() {
    let script = || Script::new().turn(pay(500)).turn(Reply::text("Paid."));
    let (worlds, _cluster) = worlds(script).await;
    for world in &worlds {
        // Known before, or only said by the tool itself in its sandbox.
        for (wish, calls) in [(json!("always"), 1), (json!("sometimes"), 2), (Value::Null, 2)] {
            publish(world, wish.clone()).await;
            world.tools.forget();
            let conversation = world.conversation(false).await;
            let run = world.send(conversation, &message("pay")).await;
            let asked = asked(&world.rests(conversation, run, 1).await);
            assert_eq!(asked.reason, ApprovalReason::NeedsApproval, "{wish}");
            assert_eq!((asked.owner_only, &asked.input), (false, &json!({ "sum": 500 })), "{wish}");
            let rows = world.client().tool_runs(conversation, <_>::default()).await.unwrap().rows;
            assert_eq!(rows[0].status, ToolRunStatus::AwaitingApproval, "{wish}");
            let yes = decide(Decision::Approve, Remember::Once);
            world.client().decide(asked.id, &yes).await.unwrap();
            let log = world.ends(conversation, run).await;
            assert_eq!((log.answer(), log.count("run.requires_action")), ("Paid.", 1), "{wish}");
            assert_eq!(log.calls()[0].output, Some(json!({ "paid": 500 })), "{wish}");
            assert_eq!(world.tools.count("acmePay"), calls, "{wish}");
        }
    }
}

#[tokio::test]
async fn a_no_is_told_and_a_standing_approval_is_not_asked_again() {
    let script = Script::new().turn(pay(500)).turn(pay(600)).turn(pay(5)).turn(Reply::text("So be it."));
    let world = World::new(None, script).await;
    publish(&world, json!("sometimes")).await;
    let conversation = world.conversation(false).await;
    let run = world.send(conversation, &message("pay")).await;
    let first = asked(&world.rests(conversation, run, 1).await);
    world.client().decide(first.id, &decide(Decision::Deny, Remember::Once)).await.unwrap();
    let second = asked(&world.rests(conversation, run, 2).await);
    assert_eq!(second.input, json!({ "sum": 600 }));
    world.client().decide(second.id, &decide(Decision::Approve, Remember::Conversation)).await.unwrap();
    let log = world.ends(conversation, run).await;
    let codes: Vec<_> = log.calls().into_iter().map(|call| call.code).collect();
    assert_eq!(codes, [Some(ToolErrorCode::Denied), None, None]);

    let run = world.send(conversation, &message("again")).await;
    let log = world.ends(conversation, run).await;
    assert_eq!((log.answer(), log.count("run.requires_action")), ("So be it.", 0));
}
