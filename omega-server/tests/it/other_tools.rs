//! Flow D of the PRD: a tool that fails or lacks a key is followed by others that can do the same, with the keys that each
//! needs; a person chooses, and the run goes on with that tool.

use crate::{
    harness::{
        MODELS, Omega, execute, message,
        refusals::{answer, code, refused},
        users::another_user,
        within,
    },
    pauses::{DAY, World, give, keyed, missing, worlds},
};
use omega_core::{
    api::{
        AlternativeChoice, AlternativesMode, AlternativesReason, PlanMode, PutCredential, RequiredAction, Run,
        RunStatus, Save, SelectAlternative, SelectPlan, SendMessage, StepStatus, ToolRunStatus,
    },
    client::Client,
    event::Event,
    executor::ToolErrorCode,
    id::{ToolId, ToolRunId},
    registry::meta::EXECUTE,
    testing::{Reply, Script},
};
use reqwest::Method;
use serde_json::{Value, json};

/// Tools that tell the weather: one whose package is gone, one with a key, one with another key, one that works at once.
pub fn rows() -> Vec<u8> {
    let row = |id: &str, description: &str, key: Option<&str>| {
        let env: Vec<Value> = key.iter().map(|key| json!({ "name": key, "description": "a key" })).collect();
        json!({
            "toolId": id, "name": "weatherForecast", "package": id.split_once("::").unwrap().0, "version": "2.0.0",
            "description": description, "category": "weather", "env": env,
            "inputSchema": { "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] },
        })
        .to_string()
    };
    [
        row("gone-weather::acmeGone", "Forecasts the weather of a city", None),
        row("paid-weather::acmeKeyed", "Forecasts the weather of a city, paid", Some("PAID_KEY")),
        row("rainy-weather::acmeEcho", "Forecasts the weather of a city by Rainy", Some("RAINY_KEY")),
        row("sunny-weather::acmeWeather", "Forecasts the weather of a city by Sunny", None),
    ]
    .join("\n")
    .into_bytes()
}

const GONE: &str = "gone-weather::acmeGone";
const PAID: &str = "paid-weather::acmeKeyed";
const RAINY: &str = "rainy-weather::acmeEcho";
const SUNNY: &str = "sunny-weather::acmeWeather";

fn call(tool: &str) -> Reply {
    Reply::call(EXECUTE, execute(tool, json!({ "city": "Oslo" })))
}

/// The model calls this tool, then the one that it is told to call, by its own name.
fn then_sunny(tool: &str) -> Script {
    Script::new()
        .turn(call(tool))
        .turn(Reply::call("sunny-weather__acmeWeather", json!({ "city": "Oslo" })))
        .turn(Reply::text("Sunny."))
}

fn tool(id: &str) -> ToolId {
    id.parse().unwrap()
}

fn choose(call: ToolRunId, id: &str) -> SelectAlternative {
    SelectAlternative { tool_run_id: Some(call), tool_id: Some(tool(id)), none: false }
}

fn choices(run: &Run) -> &[AlternativeChoice] {
    run.requires_action.as_ref().unwrap().alternatives()
}

fn ids(choice: &AlternativeChoice) -> Vec<&str> {
    choice.alternatives.iter().map(|it| it.tool_id.as_str()).collect()
}

async fn refusal(client: &Client, world: omega_core::id::ConversationId, body: &SelectAlternative) -> String {
    client.select_alternative(world, body).await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_tool_in_place_of_one_that_lacks_a_key_closes_the_request_and_the_run_goes_on_with_it() {
    let (mut worlds, _cluster) = worlds(|| then_sunny(PAID)).await;
    for world in &mut worlds {
        world.client().import_tools(rows()).await.unwrap();
        let conversation = world.conversation(false).await;
        let run = world.send(conversation, &message("go")).await;
        let paused = world.rests(conversation, run, 1).await;
        assert_eq!(missing(&paused), [("PAID_KEY", false)]);
        let choice = choices(&paused)[0].clone();
        assert_eq!((choice.reason, choice.tool_id.as_str()), (AlternativesReason::MissingCredentials, PAID));
        let place = |id: &str| ids(&choice).iter().position(|known| *known == id).unwrap();
        assert!(place(SUNNY) < place(RAINY), "what can run at once is first: {choice:?}");
        let rainy = choice.alternatives.iter().find(|it| it.tool_id == tool(RAINY)).unwrap();
        assert_eq!((rainy.required_env.as_slice(), rainy.you_have.len()), (&["RAINY_KEY".to_owned()][..], 0));

        world.restart_after(DAY * 30).await;
        let client = world.client();
        assert_eq!(client.run(run).await.unwrap(), paused, "a restart changes nothing");
        let call = choice.tool_run_id;
        for (body, says) in [
            (choose(call, "made-up::tool"), "was not offered"),
            (choose(ToolRunId::new(), SUNNY), "no choice is asked for this call"),
            (SelectAlternative { none: true, ..<_>::default() }, "waits for variables"),
        ] {
            let error = refusal(&client, conversation, &body).await;
            assert!(error.contains(says), "{error}");
        }
        assert_eq!(client.run(run).await.unwrap(), paused, "what does not fit changes nothing");

        let queued = client.select_alternative(conversation, &choose(call, SUNNY)).await.unwrap();
        assert!(queued.requires_action.is_none() && queued.status != RunStatus::Paused);
        let log = world.ends(conversation, run).await;
        assert_eq!((log.answer(), world.counts()), ("Sunny.", (3, 1)), "the tool without its key never ran");
        let calls = log.calls();
        assert_eq!((calls[0].code, calls[0].status), (Some(ToolErrorCode::Replaced), ToolRunStatus::Skipped));
        assert_eq!((calls[1].name.as_str(), calls[1].status), ("acmeWeather", ToolRunStatus::Succeeded));
        let second = &world.provider.requests()[1];
        assert!(second.tools.iter().any(|name| name == "sunny-weather__acmeWeather"), "its schema is loaded");
        assert_eq!(second.results[0].content["choice"]["useInstead"], SUNNY, "{}", second.results[0].content);
        for kind in ["alternatives.proposed", "alternatives.selected", "run.requires_action"] {
            assert_eq!(log.count(kind), 1, "{kind} in {:?}", log.kinds());
        }
        let error = refusal(&client, conversation, &choose(call, SUNNY)).await;
        assert!(error.contains("no run of this conversation waits"), "{error}");
        let late = give(&[("PAID_KEY", "k")], Save::Once);
        assert!(client.provide_credentials(conversation, &late).await.is_err(), "the request is closed");
    }
}

#[tokio::test]
async fn a_key_that_is_given_all_the_same_leaves_the_alternatives_aside() {
    let world = World::new(None, Script::new().turn(call(PAID)).turn(Reply::text("Paid."))).await;
    world.client().import_tools(rows()).await.unwrap();
    let conversation = world.conversation(false).await;
    let run = world.send(conversation, &message("go")).await;
    world.rests(conversation, run, 1).await;
    world.client().provide_credentials(conversation, &give(&[("PAID_KEY", "k-1234")], Save::Once)).await.unwrap();
    let log = world.ends(conversation, run).await;
    assert_eq!((log.answer(), world.tools.count("acmeKeyed"), log.count("run.requires_action")), ("Paid.", 1, 1));
    assert!(world.provider.requests()[1].results[0].content.get("choice").is_none());
}

#[tokio::test]
async fn one_call_gets_another_tool_and_the_other_its_key() {
    let two = Reply::call(EXECUTE, execute(PAID, json!({ "city": "Oslo" }))).and_call(EXECUTE, keyed());
    let script = Script::new().turn(two).turn(Reply::text("Both."));
    let world = World::new(None, script).await;
    world.client().import_tools(rows()).await.unwrap();
    let conversation = world.conversation(false).await;
    let run = world.send(conversation, &message("go")).await;
    let paused = world.rests(conversation, run, 1).await;
    assert_eq!(missing(&paused), [("ACME_API_KEY", false), ("PAID_KEY", false)]);
    let call = choices(&paused).iter().find(|choice| choice.tool_id == tool(PAID)).unwrap().tool_run_id;
    let left = world.client().select_alternative(conversation, &choose(call, SUNNY)).await.unwrap();
    assert_eq!((left.status, missing(&left)), (RunStatus::Paused, vec![("ACME_API_KEY", false)]), "the rest waits on");
    let detail = world.client().conversation(conversation).await.unwrap();
    assert_eq!(detail.runs[0].requires_action, left.requires_action);
    world.client().provide_credentials(conversation, &give(&[("ACME_API_KEY", "k-1234")], Save::Once)).await.unwrap();
    let log = world.ends(conversation, run).await;
    let mut codes: Vec<_> = log.calls().iter().map(|call| call.code).collect();
    codes.sort_by_key(|code| code.is_some());
    assert_eq!((log.answer(), codes), ("Both.", vec![None, Some(ToolErrorCode::Replaced)]));
}

#[tokio::test]
async fn a_tool_that_failed_for_good_is_asked_about_once_and_the_choice_resumes_the_run() {
    let script = || {
        Script::new()
            .turn(call(GONE))
            .turn(call(GONE))
            .turn(Reply::call("sunny-weather__acmeWeather", json!({ "city": "Oslo" })))
            .turn(Reply::text("Sunny."))
    };
    let (mut worlds, _cluster) = worlds(script).await;
    for world in &mut worlds {
        world.client().import_tools(rows()).await.unwrap();
        let conversation = world.conversation(false).await;
        let run = world.send(conversation, &message("go")).await;
        let paused = world.rests(conversation, run, 1).await;
        assert!(matches!(paused.requires_action, Some(RequiredAction::Alternatives { .. })), "{paused:?}");
        let choice = choices(&paused)[0].clone();
        assert_eq!(choice.reason, AlternativesReason::Unavailable);
        assert!(choice.detail.contains("IMPORT_FAILED"), "{choice:?}");
        assert!(ids(&choice).starts_with(&[SUNNY]) && !ids(&choice).contains(&GONE), "{choice:?}");
        assert_eq!(world.counts(), (1, 1), "the model is asked when the choice is there");

        world.restart_after(DAY * 30).await;
        let client = world.client();
        assert_eq!(client.run(run).await.unwrap(), paused, "a restart changes nothing");
        let elsewhere = world.conversation(false).await;
        let error = refusal(&client, elsewhere, &choose(choice.tool_run_id, SUNNY)).await;
        assert!(error.contains("no run of this conversation waits"), "{error}");
        client.select_alternative(conversation, &choose(choice.tool_run_id, SUNNY)).await.unwrap();
        let log = world.ends(conversation, run).await;
        assert_eq!(
            (log.answer(), log.count("run.requires_action")),
            ("Sunny.", 1),
            "the same tool is not asked about again"
        );
        assert_eq!(log.count("alternatives.proposed"), 1);
        let told = &world.provider.requests()[1].results[0].content;
        assert_eq!((&told["error"]["code"], &told["choice"]["useInstead"]), (&json!("IMPORT_FAILED"), &json!(SUNNY)));
        assert!(told["choice"]["decision"].as_str().unwrap().contains("as sunny-weather__acmeWeather"), "{told}");
        // The next message still knows what was chosen.
        let run = world.send(conversation, &message("again")).await;
        world.rests(conversation, run, 1).await;
        let seen = world.provider.requests().last().unwrap().clone();
        assert!(seen.results.iter().any(|result| result.content["choice"]["useInstead"] == SUNNY));
    }
}

#[tokio::test]
async fn none_of_them_is_an_answer_too_and_the_model_goes_another_way() {
    let world = World::new(None, Script::new().turn(call(GONE)).turn(Reply::text("Without it."))).await;
    world.client().import_tools(rows()).await.unwrap();
    let conversation = world.conversation(false).await;
    let run = world.send(conversation, &message("go")).await;
    world.rests(conversation, run, 1).await;
    let none = SelectAlternative { none: true, ..<_>::default() };
    world.client().select_alternative(conversation, &none).await.unwrap();
    assert_eq!(world.ends(conversation, run).await.answer(), "Without it.");
    let told = &world.provider.requests()[1].results[0].content;
    assert!(told["choice"]["decision"].as_str().unwrap().contains("none of the alternatives"), "{told}");
}

#[tokio::test]
async fn where_nobody_can_answer_the_model_is_told_and_goes_on_by_itself() {
    let world = World::new(None, then_sunny(GONE)).await;
    world.client().import_tools(rows()).await.unwrap();
    let conversation = world.conversation(false).await;
    let body = SendMessage { alternatives: Some(AlternativesMode::Auto), ..message("go") };
    let run = world.send(conversation, &body).await;
    let log = world.ends(conversation, run).await;
    assert_eq!((log.answer(), log.count("run.requires_action"), log.count("alternatives.proposed")), ("Sunny.", 0, 1));
    let second = &world.provider.requests()[1];
    let offered = &second.results[0].content["error"]["details"]["alternatives"];
    assert_eq!((&offered[0]["toolId"], &offered[0]["callAs"]), (&json!(SUNNY), &json!("sunny-weather__acmeWeather")));
    assert!(second.tools.iter().any(|name| name == "sunny-weather__acmeWeather"));
}

#[tokio::test]
async fn where_nothing_can_do_the_same_nobody_is_asked() {
    let broken = || Reply::call(EXECUTE, execute("acme-tools::acmeBroken", json!({})));
    let script = Script::new().turn(broken()).turn(broken()).turn(Reply::text("It is down."));
    let world = World::new(None, script).await;
    world.client().import_tools(rows()).await.unwrap();
    let conversation = world.conversation(false).await;
    let run = world.send(conversation, &message("go")).await;
    let log = world.ends(conversation, run).await;
    assert_eq!(
        (log.answer(), log.count("run.requires_action"), log.count("alternatives.proposed")),
        ("It is down.", 0, 0)
    );
}

#[tokio::test]
async fn a_choice_that_nobody_makes_is_given_up_after_a_month() {
    let mut world = World::new(None, Script::new().turn(call(GONE))).await;
    world.client().import_tools(rows()).await.unwrap();
    let conversation = world.conversation(false).await;
    let run = world.send(conversation, &message("go")).await;
    let call = choices(&world.rests(conversation, run, 1).await)[0].tool_run_id;
    world.restart_after(DAY * 31 + std::time::Duration::from_secs(60)).await;
    let log = world.ends(conversation, run).await;
    assert!(matches!(log.end(), Event::RunCancelled { reason } if reason.contains("30 days")), "{:?}", log.end());
    assert!(world.client().select_alternative(conversation, &choose(call, SUNNY)).await.is_err());
}

#[tokio::test]
async fn a_guest_may_choose_and_never_sees_which_keys_the_owner_has() {
    let omega = Omega::start(then_sunny(GONE)).await;
    omega.client.import_tools(rows()).await.unwrap();
    let key = PutCredential { value: "rainy-key-1234".into(), tool_id: Some(tool(RAINY)), scope: None, kept_in: None };
    omega.client.put_credential("RAINY_KEY", &key).await.unwrap();
    let guest = another_user(&omega).await;
    let asks = |envelope: &omega_core::event::Envelope| matches!(envelope.event, Event::RunRequiresAction { .. });
    // In the owner's run, the owner chooses.
    let conversation = omega.conversation(MODELS[0]).await;
    let run = omega.send(conversation, "go").await.run_id;
    within("the pause", omega.events(conversation, "?after=0").await.until(asks)).await;
    let call = choices(&omega.client.run(run).await.unwrap())[0].tool_run_id;
    let path = format!("{}/api/omega/conversations/{conversation}/alternatives", omega.url);
    let choosing = omega.http.post(path).bearer_auth(&guest.key).json(&choose(call, SUNNY));
    assert_eq!(refused(choosing).await.0, 403);
    omega.client.select_alternative(conversation, &choose(call, SUNNY)).await.unwrap();
    omega.told(conversation, run).await;

    let conversation = omega.conversation(MODELS[0]).await;
    let run = guest.client.send_message(conversation, &message("go"), "the guest's").await.unwrap().run_id;
    within("the pause", omega.events(conversation, "?after=0").await.until(asks)).await;
    let has = |run: &Run| choices(run)[0].alternatives.iter().flat_map(|it| it.you_have.clone()).collect::<Vec<_>>();
    assert_eq!(has(&omega.client.run(run).await.unwrap()), ["RAINY_KEY"], "the owner sees what is there");
    assert!(has(&guest.client.run(run).await.unwrap()).is_empty());
    assert!(has(&guest.client.conversation(conversation).await.unwrap().runs[0]).is_empty());
    for path in [format!("{conversation}/events?after=0"), format!("{conversation}/events")] {
        let request = omega.http.get(format!("{}/api/omega/conversations/{path}", omega.url)).bearer_auth(&guest.key);
        let mut frames = crate::harness::frames::Frames::of(request.send().await.unwrap());
        let told = |envelope: &omega_core::event::Envelope| {
            matches!(envelope.event, Event::RunRequiresAction { .. } | Event::Snapshot { .. })
        };
        let seen = within("the pause", frames.until(told)).await;
        let text = serde_json::to_string(&seen).unwrap();
        assert!(text.contains("RAINY_KEY") && text.contains("\"youHave\":[]"), "{text}");
        assert!(!text.contains("\"youHave\":[\""), "{text}");
    }
    let call = choices(&guest.client.run(run).await.unwrap())[0].tool_run_id;
    guest.client.select_alternative(conversation, &choose(call, SUNNY)).await.unwrap();
    assert_eq!(omega.told(conversation, run).await.log.answer(), "Sunny.");
}

#[tokio::test]
async fn an_answer_without_a_choice_is_refused() {
    let omega = Omega::start(Script::new()).await;
    let conversation = omega.conversation(MODELS[0]).await;
    let path = format!("/api/omega/conversations/{conversation}/alternatives");
    let post = |body: Value| omega.request(Method::POST, &path).json(&body);
    for body in
        [json!({}), json!({ "toolId": SUNNY, "none": true }), json!({ "toolId": "nonsense" }), json!({ "x": 1 })]
    {
        assert_eq!(refused(post(body)).await.0, 422);
    }
    assert_eq!(refused(post(json!({ "none": true }))).await, code(409, "RUN_STATE"));
    let nowhere = format!("/api/omega/conversations/{}/alternatives", omega_core::id::ConversationId::new());
    let (status, _) = answer(omega.request(Method::POST, &nowhere).json(&json!({ "none": true }))).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn a_plans_step_goes_on_with_the_tool_that_was_chosen() {
    let step = json!({ "toolName": GONE, "purpose": "the forecast" });
    let plan = json!({ "plans": [{ "steps": [step], "confidence": 0.5, "reasoning": "it fits" }] });
    let script = then_sunny(GONE)
        .when(|seen| seen.system.starts_with("You plan"), [Reply::text("never"), Reply::text(&plan.to_string())]);
    let world = World::new(None, script).await;
    world.client().import_tools(rows()).await.unwrap();
    let conversation = world.conversation(false).await;
    let run = world.send(conversation, &SendMessage { plan: Some(PlanMode::Always), ..message("go") }).await;
    let paused = world.rests(conversation, run, 1).await;
    let Some(RequiredAction::Plan { plans, .. }) = &paused.requires_action else { panic!("{paused:?}") };
    world.client().select_plan(conversation, plans[0].id, &SelectPlan::default()).await.unwrap();
    let paused = world.rests(conversation, run, 2).await;
    assert_eq!(paused.plan.as_ref().unwrap().steps[0].status, StepStatus::Failed);
    let call = choices(&paused)[0].tool_run_id;
    world.client().select_alternative(conversation, &choose(call, SUNNY)).await.unwrap();
    world.ends(conversation, run).await;
    let step = world.client().run(run).await.unwrap().plan.unwrap().steps.remove(0);
    assert_eq!((step.status, step.replaced_by, step.calls.len()), (StepStatus::Done, Some(tool(SUNNY)), 2));
    assert_eq!(world.provider.requests()[2].results[0].content["choice"]["useInstead"], SUNNY);
}

#[tokio::test]
async fn the_offline_planner_goes_on_with_the_tool_that_was_chosen() {
    let omega = Omega::start(Script::new()).await;
    omega.client.import_tools(rows()).await.unwrap();
    let conversation = omega.conversation("omega/offline").await;
    let run = omega.send(conversation, &format!("{GONE} {{\"city\": \"Oslo\"}}")).await.run_id;
    let mut frames = omega.events(conversation, "?after=0").await;
    let asks = |envelope: &omega_core::event::Envelope| matches!(envelope.event, Event::RunRequiresAction { .. });
    within("the pause", frames.until(asks)).await;
    let call = choices(&omega.client.run(run).await.unwrap())[0].tool_run_id;
    omega.client.select_alternative(conversation, &choose(call, SUNNY)).await.unwrap();
    let told = omega.told(conversation, run).await;
    assert!(told.log.answer().contains("21"), "{}", told.log.answer());
    assert_eq!(omega.tools.count("acmeWeather"), 1);
}
