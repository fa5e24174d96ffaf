//! Plans: for complex tasks and for nothing else, of tools that exist, with what they lack told before the first step, and
//! followed to the end, whoever watches and whatever happens in between.

use crate::{
    harness::{
        Omega, execute,
        executor::id,
        message,
        refusals::{answer, code, refused},
    },
    pauses::{DAY, World, give, keyed, missing, weather, worlds},
};
use omega_core::{
    api::{
        Plan, PlanMode, ProvideCredentials, RequiredAction, Run, RunStatus, Save, SelectPlan, SendMessage, Settings,
        StepStatus,
    },
    event::Event,
    id::{ConversationId, RunId},
    registry::meta::{EXECUTE, SEARCH},
    testing::{Reply, Script, Seen},
    view::View,
};
use reqwest::Method;
use serde_json::{Value, json};

const COMPLEX: &str = "Look up the weather of Oslo, compare it with my account, then write a report.";

pub fn plans(seen: &Seen) -> bool {
    seen.system.starts_with("You plan, you do not execute")
}

/// The planner's answer, one list of tools a plan.
pub fn planned(tools: &[&[&str]]) -> Reply {
    let plan = |tools: &&[&str]| {
        let step =
            |tool: &&str| json!({ "toolName": tool, "purpose": format!("the part of {tool}"), "expectedOutput": "it" });
        let steps: Vec<Value> = tools.iter().map(step).collect();
        json!({ "steps": steps, "confidence": 0.8, "reasoning": "it fits" })
    };
    Reply::text(&json!({ "plans": tools.iter().map(plan).collect::<Vec<_>>() }).to_string())
}

/// A script whose planner says this; a request for plans has one search behind it.
fn planner(reply: Reply) -> Script {
    Script::new().when(plans, [Reply::text("never"), reply])
}

fn asked_plans(run: &Run) -> &[Plan] {
    match &run.requires_action {
        Some(RequiredAction::Plan { plans, .. }) => plans,
        other => panic!("{other:?}"),
    }
}

fn states(run: &Run) -> Vec<StepStatus> {
    run.plan.iter().flat_map(|plan| &plan.steps).map(|step| step.status).collect()
}

/// What a reader of all events makes of a run, which must be what the server says of it.
async fn folded(world: &World, conversation: ConversationId, run: RunId) -> Run {
    let log = world.ends(conversation, run).await;
    let detail = world.client().conversation(conversation).await.unwrap();
    let mut view = View::begun(Some(detail.conversation.clone()), 0);
    for envelope in &log.0 {
        let mut envelope = envelope.clone();
        // One run's events, counted anew.
        envelope.seq = Some(view.last_seq + 1);
        view.apply(&envelope);
    }
    let told = view.runs.into_iter().find(|known| known.id == run).unwrap();
    let stored = detail.runs.into_iter().find(|known| known.id == run).unwrap();
    assert_eq!(told.plan, stored.plan, "a reader who joins late sees the same progress");
    assert_eq!(world.client().run(run).await.unwrap().plan, stored.plan);
    assert_eq!(told.answers, stored.answers, "and the same answers");
    told
}

#[tokio::test]
async fn a_complex_task_is_planned_and_the_plan_steers_the_run_and_shows_how_far_it_is() {
    let script = || {
        let two: [&[&str]; 2] = [&[&id("acmeWeather"), &id("acmeLarge")], &[SEARCH, &id("acmeWeather")]];
        planner(planned(&two))
            .turn(Reply::call(EXECUTE, weather("Oslo")))
            .turn(Reply::call(EXECUTE, execute(&id("acmeBroken"), json!({}))))
            .turn(Reply::text("Done."))
    };
    let (mut worlds, _cluster) = worlds(script).await;
    for world in &mut worlds {
        let conversation = world.conversation(false).await;
        let run = world.send(conversation, &message(COMPLEX)).await;
        let paused = world.rests(conversation, run, 1).await;
        let plan = &asked_plans(&paused)[0];
        assert_eq!((asked_plans(&paused).len(), world.counts()), (2, (1, 0)), "two to choose from, nothing done");
        let step = &plan.steps[0];
        assert_eq!((step.step_number, step.version.as_deref()), (1, Some("1.2.3")));
        assert_eq!(step.tool_id.as_ref().unwrap().as_str(), id("acmeWeather"));
        assert!(world.provider.requests()[0].system.contains("\"simple\""), "the planner may find that none is needed");

        world.restart_after(DAY * 30).await;
        world.client().select_plan(conversation, plan.id, &SelectPlan::default()).await.unwrap();
        let run = folded(world, conversation, run).await;
        assert_eq!(states(&run), [StepStatus::Done, StepStatus::Skipped], "the second step was never taken");
        world.ends(conversation, world.send(conversation, &message("and now?")).await).await;
        let (asked, told) = (world.provider.requests(), "1. acme-tools::acmeWeather: the part of");
        assert_eq!(asked[1..].len(), 3 + 3, "a message without a plan behind one that has one");
        for seen in &asked[1..] {
            assert_eq!(seen.body.to_string().matches(told).count(), 1, "the plan stays where it was selected");
            assert_eq!(seen.system, asked[1].system, "the prompt is the same for all of them");
        }
    }
}

#[tokio::test]
async fn what_is_not_worth_a_plan_runs_at_once() {
    let simple =
        [Reply::text("{\"simple\": true}"), planned(&[&[&id("acmeWeather")]]), Reply::text("I can't plan this.")];
    for planner_says in simple {
        let script = planner(planner_says).turn(Reply::text("Done."));
        let world = World::new(None, script).await;
        let conversation = world.conversation(false).await;
        let run = world.send(conversation, &message(COMPLEX)).await;
        let log = world.ends(conversation, run).await;
        assert_eq!((log.answer(), log.count("plan.proposed"), world.counts()), ("Done.", 0, (2, 0)));
        // The rule alone keeps simple messages from the planner, and a message's own wish everything.
        for body in
            [message("what is the weather in Oslo?"), SendMessage { plan: Some(PlanMode::Never), ..message(COMPLEX) }]
        {
            let before = world.counts().0;
            let run = world.send(conversation, &body).await;
            assert_eq!(world.ends(conversation, run).await.answer(), "Done.");
            assert_eq!(world.counts().0, before + 1);
        }
    }
}

#[tokio::test]
async fn the_senders_setting_holds_where_a_message_says_nothing() {
    let world = World::new(None, planner(planned(&[&[&id("acmeWeather")]])).turn(Reply::text("Done."))).await;
    let client = world.client();
    for (plan, body, pauses) in [
        (PlanMode::Always, message("hello"), true),
        (PlanMode::Never, message(COMPLEX), false),
        (PlanMode::Never, SendMessage { plan: Some(PlanMode::Always), ..message("hello") }, true),
        (PlanMode::Auto, message("Show me your plan before you run anything: the weather of Oslo"), true),
    ] {
        let mut settings = client.settings().await.unwrap();
        settings.settings = Settings { plan, ..settings.settings };
        client.put_settings(&settings).await.unwrap();
        let conversation = world.conversation(false).await;
        let run = world.send(conversation, &body).await;
        if pauses {
            assert_eq!(asked_plans(&world.rests(conversation, run, 1).await).len(), 1, "one plan for a simple task");
        } else {
            assert_eq!(world.ends(conversation, run).await.answer(), "Done.");
        }
    }
}

#[tokio::test]
async fn the_offline_planner_never_holds_a_message_up_with_a_plan() {
    let omega = Omega::start(Script::new()).await;
    for text in ["What is the determinant of [[2,1],[1,3]]?", COMPLEX] {
        let told = omega.ask("omega/offline", text).await;
        assert_eq!((told.log.count("plan.proposed"), told.log.count("run.requires_action")), (0, 0), "{text}");
        assert!(!told.log.answer().is_empty());
    }
}

#[tokio::test]
async fn a_plan_names_real_tools_says_what_they_lack_and_has_the_pinned_ones_at_hand() {
    let invented: [&[&str]; 1] = [&["acme-tools::acmeWeather", "made-up::tool"]];
    let real: [&[&str]; 1] = [&[SEARCH, "acme-tools::acmeKeyed", "acme-tools::acmeEcho", "acme-tools::acmeWeather"]];
    let script = Script::new()
        .when(
            |seen| plans(seen) && seen.system.contains("do not exist: made-up::tool"),
            [Reply::text("-"), planned(&real)],
        )
        .when(plans, [Reply::text("never"), planned(&invented)]);
    let omega = Omega::start(script).await;
    let mut settings = omega.client.settings().await.unwrap();
    settings.settings.pins = vec![id("acmeSlow").parse().unwrap(), "gone-package::tool".parse().unwrap()];
    omega.client.put_settings(&settings).await.unwrap();
    let conversation = omega.conversation(crate::harness::MODELS[0]).await;
    let path = format!("/api/omega/conversations/{conversation}");
    let (status, body) =
        answer(omega.request(Method::POST, &format!("{path}/plan")).json(&json!({ "message": "my account" }))).await;
    assert_eq!(status, 200, "{body}");
    let asked = omega.provider.requests();
    assert_eq!(asked.len(), 2, "the planner was asked again");
    assert!(asked[0].system.contains(&id("acmeSlow")), "the pinned tool is preferred");
    assert!(asked[0].results[0].content.to_string().contains(&id("acmeSlow")), "and offered");
    let names: Vec<_> = body["plan"].as_array().unwrap().iter().map(|step| step["toolName"].clone()).collect();
    assert_eq!(names, [json!(SEARCH), json!(id("acmeKeyed")), json!(id("acmeEcho")), json!(id("acmeWeather"))]);
    let var = json!([{
        "name": "ACME_API_KEY", "description": "the key of Acme", "toolIds": [id("acmeKeyed"), id("acmeEcho")],
    }]);
    assert_eq!((&body["missingVars"], &body["plans"][0]["missingVars"]), (&var, &var));
    assert_eq!(body["plan"][1]["missingEnv"], json!(["ACME_API_KEY"]));
    assert_eq!((&body["plan"][0]["toolId"], &body["plan"][3]["missingEnv"]), (&Value::Null, &Value::Null));
    assert_eq!(body["plans"][0]["pins"], json!([id("acmeSlow")]), "always in it, used or not; what is gone is not");
    assert!(omega.tools.calls().is_empty(), "nothing runs");
    // A planner that makes tools up again and again is not believed.
    let stubborn = Omega::start(planner(planned(&[&["made-up::tool"]]))).await;
    let conversation = stubborn.conversation(crate::harness::MODELS[0]).await;
    let path = format!("/api/omega/conversations/{conversation}/plan");
    let refusal = refused(stubborn.request(Method::POST, &path).json(&json!({ "message": "x" }))).await;
    assert_eq!((refusal, stubborn.provider.requests().len()), (code(422, "INVALID_INPUT"), 2));
}

#[tokio::test]
async fn what_a_whole_plan_lacks_is_asked_for_once_before_its_first_step() {
    let script = || {
        planner(planned(&[&[&id("acmeKeyed"), &id("acmeWeather"), &id("acmeEcho")]]))
            .turn(Reply::call(EXECUTE, keyed()))
            .turn(Reply::text("Done."))
    };
    let (mut worlds, _cluster) = worlds(script).await;
    for world in &mut worlds {
        let always = SendMessage { plan: Some(PlanMode::Always), ..message("my account") };
        for decline in [false, true] {
            let conversation = world.conversation(false).await;
            let before = world.counts();
            let run = world.send(conversation, &always).await;
            let paused = world.rests(conversation, run, 1).await;
            let plan = asked_plans(&paused)[0].clone();
            assert_eq!(plan.missing_vars[0].tool_ids.len(), 2, "{plan:?}");
            world.client().select_plan(conversation, plan.id, &SelectPlan::default()).await.unwrap();
            let paused = world.rests(conversation, run, 2).await;
            assert_eq!(missing(&paused), [("ACME_API_KEY", false)]);
            let Some(RequiredAction::Credentials { requests, .. }) = &paused.requires_action else { panic!() };
            assert!(
                requests.len() == 2 && requests.iter().all(|request| request.tool_run_id.is_none()),
                "{requests:?}"
            );
            assert_eq!(world.counts(), (before.0 + 1, before.1), "before step 1");
            world.restart_after(DAY * 30).await;
            assert_eq!(world.client().run(run).await.unwrap(), paused, "a restart changes nothing");
            if decline {
                let body = ProvideCredentials { decline: true, ..<_>::default() };
                world.client().provide_credentials(conversation, &body).await.unwrap();
                let paused = world.rests(conversation, run, 3).await;
                let Some(RequiredAction::Credentials { requests, .. }) = &paused.requires_action else { panic!() };
                assert!(requests[0].tool_run_id.is_some(), "asked again when the step needs it");
                assert_eq!(states(&paused), [StepStatus::Running, StepStatus::Pending, StepStatus::Pending]);
            }
            let body = give(&[("ACME_API_KEY", "key-of-the-test")], Save::Once);
            world.client().provide_credentials(conversation, &body).await.unwrap();
            let run = folded(world, conversation, run).await;
            assert_eq!(states(&run), [StepStatus::Done, StepStatus::Skipped, StepStatus::Skipped]);
            assert_eq!(world.counts(), (before.0 + 3, before.1 + 1));
        }
    }
}

#[tokio::test]
async fn a_message_follows_a_plan_that_was_made_before_and_no_plan_of_another_conversation() {
    let script = planner(planned(&[&[&id("acmeWeather")]]))
        .turn(Reply::call(EXECUTE, weather("Rome")))
        .turn(Reply::text("Done."));
    let omega = Omega::start(script).await;
    let conversation = omega.conversation(crate::harness::MODELS[0]).await;
    let elsewhere = omega.conversation(crate::harness::MODELS[0]).await;
    let body = omega_core::api::PlanRequest { message: "the weather".into(), count: None, model: None };
    let plan = omega.client.plan(conversation, &body).await.unwrap().plans[0].clone();
    let sending = |to: ConversationId| {
        let path = format!("/api/omega/conversations/{to}/messages");
        omega.request(Method::POST, &path).json(&json!({ "message": "go", "planId": plan.id }))
    };
    assert_eq!(refused(sending(elsewhere)).await, code(422, "INVALID_INPUT"));
    let select = format!("/api/omega/conversations/{elsewhere}/plans/{}/select", plan.id);
    assert_eq!(refused(omega.request(Method::POST, &select).json(&json!({}))).await, code(404, "NOT_FOUND"));
    let untouched = omega.client.conversation(elsewhere).await.unwrap();
    assert_eq!((untouched.message_count, untouched.runs.len(), untouched.last_seq), (0, 0, 0), "no side effect");

    let (status, body) = answer(sending(conversation)).await;
    assert_eq!((status, &body["data"]["answer"]), (200, &json!("Done.")), "{body}");
    assert_eq!(body["data"]["run"]["plan"]["steps"][0]["status"], "done");
    let events = omega.committed(conversation).await;
    let told = events.iter().find_map(|envelope| match &envelope.event {
        Event::PlanSelected { plan, .. } if envelope.run_id.is_some() => plan.clone(),
        _ => None,
    });
    assert_eq!(told.unwrap(), plan, "the run's readers are told the plan");
    let detail = omega.client.conversation(conversation).await.unwrap();
    assert_eq!((states(&detail.runs[0]), detail.runs[0].status), (vec![StepStatus::Done], RunStatus::Completed));
}
