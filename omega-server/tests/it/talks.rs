//! Whole conversations on all four wire formats. The provider refuses a history in which calls and results are not
//! paired, so every answer here also proves that what was sent was valid.

use crate::harness::{MODELS, Omega, execute, executor::id, within};
use omega_core::{
    api::ToolRunStatus,
    event::Event,
    executor::ToolErrorCode,
    model::wire::Format,
    registry::meta::{EXECUTE, SEARCH},
    testing::{Reply, Script, Seen},
};
use serde_json::{Value, json};

/// What every request of a good conversation is.
fn assert_valid(requests: &[Seen]) {
    for (number, seen) in requests.iter().enumerate() {
        assert!(seen.problems.is_empty(), "request {number} ({:?}): {:?}", seen.format, seen.problems);
    }
}

#[tokio::test]
async fn a_tool_is_found_run_and_told_on_every_wire_format() {
    let found = json!({ "$ptr": "/tools/0/toolId", "$result": SEARCH });
    let script = Script::new()
        .turn(Reply::call(SEARCH, json!({ "query": "acme weather of a city", "limit": 3 })).and_text("I look."))
        .turn(Reply::call(EXECUTE, json!({ "toolId": found, "params": { "city": "Oslo" } })))
        .turn(Reply::call("acme-tools__acmeWeather", json!({ "city": "Rome" })).reasoning("once more"))
        .turn(Reply::text("It has 21 degrees."));
    let omega = Omega::start(script).await;
    for model in MODELS {
        let told = omega.ask(model, "How warm is it?").await;
        assert_eq!(told.log.answer(), "It has 21 degrees.", "{model}");
        let calls = told.log.calls();
        assert_eq!(calls.iter().map(|call| call.status).collect::<Vec<_>>(), [ToolRunStatus::Succeeded; 3], "{model}");
        assert_eq!(calls[1].output, Some(json!({ "city": "Oslo", "celsius": 21 })));
        assert_eq!(calls[2].output, Some(json!({ "city": "Rome", "celsius": 21 })));
        assert_eq!(told.log.count("tools.loaded"), 1);
        let Event::RunCompleted { usage, tool_calls, steps, .. } = told.log.end() else { panic!() };
        assert_eq!((usage.input_tokens, usage.output_tokens, *tool_calls, *steps), (40, 20, 3, 4), "{model}");

        let last = omega.provider.requests().pop().unwrap();
        assert_eq!(last.results[1].content["celsius"], 21, "the model saw the tool's output");
        let again = omega.ask_in(told.conversation, "And now?").await;
        assert_eq!(again.log.answer(), "It has 21 degrees.", "{model}");
        assert_eq!(omega.provider.requests().pop().unwrap().users, ["How warm is it?", "And now?"]);
    }
    assert_valid(&omega.provider.requests());
    assert_eq!(omega.provider.requests().len(), 4 * 2 * 4);
    let calls = omega.tools.calls();
    assert_eq!(calls.len(), 4 * 2 * 2);
    assert!(calls.iter().all(|call| call.version == "1.2.3" && call.env == json!({})), "{calls:?}");
}

#[tokio::test]
async fn calls_of_one_step_run_side_by_side_and_keep_their_results_apart() {
    let pair = |n: u8| execute(&id("acmePair"), json!({ "n": n }));
    for model in MODELS {
        let script =
            Script::new().turn(Reply::call(EXECUTE, pair(1)).and_call(EXECUTE, pair(2))).turn(Reply::text("both"));
        // Each of the two answers only while the other one works.
        let omega = Omega::start(script).await;
        let told = within("two calls at once", omega.ask(model, "two")).await;
        assert_eq!(told.log.answer(), "both");
        let requests = omega.provider.requests();
        assert_valid(&requests);
        let seen: Vec<&Value> = requests[1].results.iter().map(|result| &result.content["n"]).collect();
        assert_eq!(seen, [&json!(1), &json!(2)], "{model}: results stand in the order of the calls");
    }
}

#[tokio::test]
async fn a_model_that_errs_is_told_how_and_goes_on() {
    let script = Script::new()
        .turn(Reply::default().and_raw_call("registryExecuteTool", "{\"toolId\": \"acme-tools::acmeWeather\", \"par"))
        .turn(Reply::call(EXECUTE, execute(&id("acmeWeather"), json!({ "city": [5] }))))
        .turn(Reply::call("noSuchTool", json!({})))
        .turn(Reply::call(EXECUTE, execute("acme-tools::acmeLeather", json!({}))))
        .turn(Reply::call(EXECUTE, execute(&id("acmeBroken"), json!({}))))
        .turn(Reply::call(SEARCH, json!({})))
        .turn(Reply::call(EXECUTE, execute(&id("acmeWeather"), json!({ "city": "Oslo" }))))
        .turn(Reply::text("In the end it worked."));
    let omega = Omega::start(script).await;
    for model in MODELS {
        let told = omega.ask(model, "go").await;
        assert_eq!(told.log.answer(), "In the end it worked.", "{model}");
        let codes: Vec<Option<ToolErrorCode>> = told.log.calls().into_iter().map(|call| call.code).collect();
        let expected = [
            Some(ToolErrorCode::InvalidInput),
            Some(ToolErrorCode::InvalidInput),
            Some(ToolErrorCode::ToolNotFound),
            Some(ToolErrorCode::ToolNotFound),
            Some(ToolErrorCode::ToolError),
            Some(ToolErrorCode::InvalidInput),
            None,
        ];
        assert_eq!(codes, expected, "{model}");
        let last = omega.provider.requests().pop().unwrap();
        let said: Vec<String> = last.results.iter().map(|result| result.content.to_string()).collect();
        for (index, words) in [
            (1, "/city"),
            (2, "registrySearchTool"),
            (3, "acme-tools::acmeWeather"),
            (4, "the service of Acme is down"),
            (5, "query"),
        ] {
            assert!(said[index].contains(words), "{model}: result {index} lacks {words}: {}", said[index]);
        }
    }
    assert_valid(&omega.provider.requests());
    assert_eq!((omega.tools.count("acmeWeather"), omega.tools.count("acmeBroken")), (4, 4), "nothing wrong was run");
}

#[tokio::test]
async fn two_hundred_calls_are_the_limit_and_the_run_closes_properly() {
    let step = |calls: usize| {
        let call = || execute(&id("acmeWeather"), json!({ "city": "Oslo" }));
        (1..calls).fold(Reply::call(EXECUTE, call()), |reply, _| reply.and_call(EXECUTE, call()))
    };
    // 7 steps of 27 calls are 189; of the eighth, 11 run and 16 don't.
    let greedy = |last: Reply| (0..8).map(move |_| step(27)).chain([last]);
    let script = Script::new()
        .when(|seen| seen.users[0] == "obey", greedy(Reply::text("This is what I found.")))
        .when(|seen| seen.users[0] == "go on", greedy(step(2).and_text("One more.")));
    let omega = Omega::start(script).await;
    let talks = MODELS.map(|model| omega.ask(model, "obey")).into_iter().chain([omega.ask(MODELS[0], "go on")]);
    let told = futures_util::future::join_all(talks).await;
    for (told, model) in told.iter().zip(MODELS) {
        assert_eq!(told.log.answer(), "This is what I found.", "{model}");
    }
    assert_eq!(told[4].log.answer(), "One more.");
    for told in &told {
        assert_eq!(told.log.notices(), ["TOOL_BUDGET"]);
        let calls = told.log.calls();
        let over: Vec<_> = calls.iter().filter(|call| call.code == Some(ToolErrorCode::BudgetExceeded)).collect();
        assert!(over.iter().all(|call| call.status == ToolRunStatus::Skipped));
        // What a model asks for in spite of the limit is not even recorded.
        assert_eq!((calls.len() - over.len(), over.len()), (200, 16));
    }
    assert_eq!(omega.tools.count("acmeWeather"), 5 * 200);
    let requests = omega.provider.requests();
    assert_valid(&requests);
    assert_eq!(requests.len(), 5 * 9);
    for seen in &requests {
        let none = match seen.format {
            Format::OpenAiChat | Format::OpenAiResponses => seen.body["tool_choice"] == "none",
            Format::Anthropic => seen.body["tool_choice"]["type"] == "none",
            Format::Gemini => seen.body["toolConfig"]["functionCallingConfig"]["mode"] == "NONE",
        };
        assert_eq!(
            none,
            seen.turns_since_user == 8,
            "only the last request has no choice: {}",
            seen.body["tool_choice"]
        );
    }
}

#[tokio::test]
async fn a_conversation_without_a_title_gets_one_from_its_model() {
    let omega = Omega::start(Script::new().turn(Reply::text("Hello."))).await;
    let created = omega.client.create_conversation(&<_>::default()).await.unwrap();
    assert_eq!((created.title, created.model.as_str()), (None, "openai/gpt-4.1-mini"));
    omega.ask_in(created.id, "hi").await;
    let mut frames = omega.events(created.id, "?after=0").await;
    let titled =
        |event: &Event| matches!(event, Event::ConversationUpdated { title: Some(title), .. } if title == "A title");
    within("a title", frames.until(|envelope| titled(&envelope.event))).await;
    assert_eq!(omega.client.conversation(created.id).await.unwrap().conversation.title.as_deref(), Some("A title"));
}
