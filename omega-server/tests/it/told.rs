//! What people answered stays with the run that asked, for whoever reads it later; and all tools of a plan are allowed in one
//! answer, what Safe Mode asks about and nothing else.

use crate::{
    harness::{execute, executor::id, message},
    other_tools,
    pauses::{World, give, keyed, weather, worlds},
    planning::{planned, plans},
};
use omega_core::{
    api::{
        Approval, Decide, Decision, PlanMode, ProvideCredentials, Remember, RequiredAction, Run, RunAnswer, Save,
        SelectAlternative, SelectPlan, SendMessage,
    },
    id::{ConversationId, RunId},
    registry::meta::EXECUTE,
    testing::{Reply, Script},
    view::View,
};
use serde_json::json;

fn yes(remember: Remember) -> Decide {
    Decide { decision: Decision::Approve, remember, reason: None, args_digest: None, input: None }
}

fn approval(run: &Run) -> &Approval {
    match &run.requires_action {
        Some(RequiredAction::Approval { approvals, .. }) if approvals.len() == 1 => &approvals[0],
        other => panic!("{other:?}"),
    }
}

/// A run as who joins late has it, which is what a reader of all its events has.
async fn stored(world: &World, conversation: ConversationId, run: RunId) -> (Run, Vec<u32>) {
    let log = world.ends(conversation, run).await;
    let detail = world.client().conversation(conversation).await.unwrap();
    let mut view = View::begun(Some(detail.conversation.clone()), 0);
    for envelope in &log.0 {
        let mut envelope = envelope.clone();
        envelope.seq = Some(view.last_seq + 1);
        view.apply(&envelope);
    }
    let attempts = |runs: &[omega_core::api::ToolRun]| -> Vec<u32> { runs.iter().map(|run| run.attempts).collect() };
    assert_eq!(attempts(&view.tool_runs), attempts(&detail.tool_runs));
    let told = view.runs.into_iter().find(|known| known.id == run).unwrap();
    let stored = detail.runs.into_iter().find(|known| known.id == run).unwrap();
    assert_eq!(told.answers, stored.answers);
    assert_eq!(world.client().run(run).await.unwrap().answers, stored.answers);
    (stored, attempts(&detail.tool_runs))
}

#[tokio::test]
async fn what_people_answered_stays_with_the_run() {
    let script = || {
        Script::new()
            .turn(Reply::call(EXECUTE, keyed()))
            .turn(Reply::call(EXECUTE, execute("gone-weather::acmeGone", json!({ "city": "Oslo" }))))
            .turn(Reply::call("sunny-weather__acmeWeather", json!({ "city": "Oslo" })))
            .turn(Reply::text("Done."))
    };
    let (mut worlds, _cluster) = worlds(script).await;
    for world in &mut worlds {
        let client = world.client();
        client.import_tools(other_tools::rows()).await.unwrap();
        let conversation = world.conversation(true).await;
        let run = world.send(conversation, &message("go")).await;
        let asked = world.rests(conversation, run, 1).await;
        let input = json!({});
        let body = Decide { input: Some(input), ..yes(Remember::Once) };
        client.decide(approval(&asked).id, &body).await.unwrap();
        world.rests(conversation, run, 2).await;
        let secret = "acme-0123456789abcdef";
        client.provide_credentials(conversation, &give(&[("ACME_API_KEY", secret)], Save::Tool)).await.unwrap();
        // The call of a tool that is gone, and the one that is chosen in its place.
        let mut questions = 3;
        loop {
            let paused = world.rests(conversation, run, questions).await;
            questions += 1;
            if let Some(RequiredAction::Alternatives { choices, .. }) = &paused.requires_action {
                let (tool_run_id, tool) = (choices[0].tool_run_id, choices[0].alternatives[0].tool_id.clone());
                let body = SelectAlternative { tool_run_id: Some(tool_run_id), tool_id: Some(tool), none: false };
                client.select_alternative(conversation, &body).await.unwrap();
                break;
            }
            client.decide(approval(&paused).id, &yes(Remember::Once)).await.unwrap();
        }
        let paused = world.rests(conversation, run, questions).await;
        let no = Decide { decision: Decision::Deny, reason: Some("not today".into()), ..yes(Remember::Once) };
        client.decide(approval(&paused).id, &no).await.unwrap();

        let (stored, attempts) = stored(world, conversation, run).await;
        let RunAnswer::Approval { edited: true, .. } = &stored.answers[0] else { panic!("{stored:?}") };
        let RunAnswer::Credentials { names, save: Save::Tool, declined: false, .. } = &stored.answers[1] else {
            panic!("{stored:?}")
        };
        assert_eq!(names, &["ACME_API_KEY"]);
        let chosen =
            stored.answers.iter().any(|answer| matches!(answer, RunAnswer::Alternative { tool_id: Some(_), .. }));
        assert!(chosen, "{stored:?}");
        let last = stored.answers.last().unwrap();
        let RunAnswer::Approval { decision: Decision::Deny, reason: Some(reason), .. } = last else {
            panic!("{last:?}")
        };
        assert_eq!(reason, "not today");
        assert_eq!(attempts[0], 1);
        assert!(!serde_json::to_string(&stored).unwrap().contains(secret));
    }
}

#[tokio::test]
async fn a_key_that_nobody_gives_is_an_answer_that_stays_too() {
    let script = Script::new().turn(Reply::call(EXECUTE, keyed())).turn(Reply::text("Without."));
    let world = World::new(None, script).await;
    let conversation = world.conversation(false).await;
    let run = world.send(conversation, &message("go")).await;
    world.rests(conversation, run, 1).await;
    let decline = ProvideCredentials { decline: true, ..give(&[], Save::Once) };
    world.client().provide_credentials(conversation, &decline).await.unwrap();
    let (stored, _) = stored(&world, conversation, run).await;
    let [RunAnswer::Credentials { names, declined: true, .. }] = &stored.answers[..] else { panic!("{stored:?}") };
    assert!(names.is_empty());
}

#[tokio::test]
async fn a_plans_tools_are_allowed_in_one_answer_and_no_others() {
    let (city, large, broken) = (id("acmeWeather"), id("acmeLarge"), id("acmeBroken"));
    let script = || {
        Script::new()
            .when(plans, [Reply::text("never"), planned(&[&[&city, &large]])])
            .turn(Reply::call(EXECUTE, weather("Oslo")))
            .turn(Reply::call(EXECUTE, execute(&large, json!({ "bytes": 10 }))))
            .turn(Reply::call(EXECUTE, execute(&broken, json!({}))))
            .turn(Reply::text("Done."))
    };
    let (mut worlds, _cluster) = worlds(script).await;
    for world in &mut worlds {
        let (client, conversation) = (world.client(), world.conversation(true).await);
        let body = SendMessage { plan: Some(PlanMode::Always), ..message("the weather and the rest") };
        let run = world.send(conversation, &body).await;
        let paused = world.rests(conversation, run, 1).await;
        let Some(RequiredAction::Plan { plans, .. }) = &paused.requires_action else { panic!("{paused:?}") };
        client.select_plan(conversation, plans[0].id, &SelectPlan::default()).await.unwrap();
        let paused = world.rests(conversation, run, 2).await;
        client.decide(approval(&paused).id, &yes(Remember::Plan)).await.unwrap();
        // The plan's second tool runs; what is none of the plan's is asked about.
        let paused = world.rests(conversation, run, 3).await;
        assert_eq!((approval(&paused).tool_id.as_str(), world.tools.calls().len()), (broken.as_str(), 2));
        client.decide(approval(&paused).id, &yes(Remember::Once)).await.unwrap();
        let (run, _) = stored(world, conversation, run).await;
        assert!(matches!(run.answers[1], RunAnswer::Approval { remember: Remember::Plan, .. }), "{run:?}");
        assert!(client.stored_approvals().await.unwrap().is_empty(), "it ends with its run");
    }
}

#[tokio::test]
async fn without_a_plan_nothing_is_allowed_for_one() {
    let script = Script::new().turn(Reply::call(EXECUTE, weather("Oslo"))).turn(Reply::text("Done."));
    let world = World::new(None, script).await;
    let conversation = world.conversation(true).await;
    let run = world.send(conversation, &message("go")).await;
    let paused = world.rests(conversation, run, 1).await;
    let error = world.client().decide(approval(&paused).id, &yes(Remember::Plan)).await.unwrap_err().to_string();
    assert!(error.contains("allow this call once"), "{error}");
    world.client().decide(approval(&paused).id, &yes(Remember::Once)).await.unwrap();
    assert_eq!(world.ends(conversation, run).await.answer(), "Done.");
}
