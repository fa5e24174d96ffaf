//! [`HttpModel`] against the stand-in provider, over real sockets and in all four formats.

use futures_util::StreamExt;
use omega_core::{
    api::{FinishReason, Usage},
    model::{
        Answer, Model, ModelError, ModelEvent, ModelRequest, Purpose, ResponseName, ToolChoice, ToolResult, ToolSpec,
        Turn,
        catalog::{ModelName, ProviderEnv},
        http::{Timeouts, Transport},
        wire::Format,
    },
    testing::{Fault, Outcome, Raw, RawAnswer, Reply, Script, StandIn},
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

/// One provider for each format, and one that leans on a format.
const MODELS: [&str; 6] = [
    "openai/gpt-4.1-mini",
    "openai-responses/gpt-5-mini",
    "anthropic/claude-sonnet-4-5",
    "google/gemini-2.5-flash",
    "mistral/mistral-small-latest",
    "compat/some/model",
];

fn env(url: &str) -> ProviderEnv {
    ["OPENAI", "ANTHROPIC", "GOOGLE", "MISTRAL", "COMPAT"]
        .iter()
        .flat_map(|name| [(format!("{name}_BASE_URL"), url.to_owned()), (format!("{name}_API_KEY"), "sk-test".into())])
        .collect()
}

fn model_with(name: &str, url: &str, timeouts: Timeouts) -> (Arc<dyn Model>, ModelRequest) {
    let name: ModelName = name.parse().unwrap();
    let model = Transport::new(timeouts).model(&name, &env(url)).unwrap();
    (model, request(&name.model))
}

fn model(name: &str, url: &str) -> (Arc<dyn Model>, ModelRequest) {
    model_with(name, url, Timeouts::default())
}

fn request(model: &str) -> ModelRequest {
    let schema = json!({ "type": "object", "properties": { "query": { "type": "string" } } });
    ModelRequest {
        model: model.into(),
        system: "Be brief.".into(),
        turns: vec![Turn::User { text: "What is the weather in Évora? 🌦".into() }],
        tools: vec![
            ToolSpec { name: "search".into(), description: "Finds tools".into(), input_schema: schema.clone() },
            ToolSpec { name: "run".into(), description: "Runs a tool".into(), input_schema: schema },
        ],
        tool_choice: ToolChoice::Auto,
        max_output_tokens: None,
        answer_schema: None,
        purpose: Purpose::Answer,
    }
}

async fn ask(model: &Arc<dyn Model>, request: &ModelRequest) -> Result<Answer, ModelError> {
    let mut stream = model.stream(request.clone()).await?;
    let mut answer = Answer::default();
    while let Some(event) = stream.next().await {
        answer.apply(&event?);
    }
    assert!(answer.finished, "a stream without an error ends with its finish");
    Ok(answer)
}

/// Appends an answer, and a result for each of its calls.
fn go_on(request: &mut ModelRequest, answer: Answer, result: &str) {
    let results = answer
        .calls
        .iter()
        .map(|call| ToolResult {
            call_id: call.id.clone(),
            name: call.name.clone(),
            content: result.into(),
            is_error: call.parsed().is_err(),
            loads: Vec::new(),
        })
        .collect();
    request.turns.extend([answer.into_turn(), Turn::Tools { results }]);
}

#[tokio::test]
async fn a_conversation_with_tools_works_in_every_format() {
    let provider = StandIn::start(
        Script::new()
            .turn(
                Reply::call("search", json!({ "query": "météo" }))
                    .and_call("search", json!({}))
                    .and_text("Let me look.")
                    .reasoning("The user wants weather."),
            )
            .turn(Reply::call("run", json!({ "id": { "$ptr": "/tools/0/id", "$result": "search" } })))
            .turn(Reply::text("It rains 🌧 in Évora.").usage(123, 45)),
    )
    .await;
    for name in MODELS {
        let (model, mut request) = model(name, provider.url());
        let first = ask(&model, &request).await.unwrap();
        assert_eq!((first.text.as_str(), first.reason), ("Let me look.", Some(FinishReason::ToolCalls)), "{name}");
        assert_eq!(first.reasoning, "The user wants weather.");
        assert_eq!(first.calls.len(), 2);
        assert_eq!(json!(first.calls[0].parsed().unwrap()), json!({ "query": "météo" }));
        go_on(&mut request, first, r#"{"tools":[{"id":"weather::now"}]}"#);

        let second = ask(&model, &request).await.unwrap();
        assert_eq!(json!(second.calls[0].parsed().unwrap()), json!({ "id": "weather::now" }), "{name}");
        go_on(&mut request, second, "rain, at 14 °C");

        let third = ask(&model, &request).await.unwrap();
        assert_eq!((third.text.as_str(), third.reason), ("It rains 🌧 in Évora.", Some(FinishReason::Stop)), "{name}");
        let usage = Usage { input_tokens: 123, output_tokens: 45, ..Usage::default() };
        assert_eq!(third.usage, Some(usage), "{name}");
    }
    for seen in provider.requests() {
        assert_eq!(seen.problems, Vec::<String>::new());
        assert_eq!((seen.key.as_str(), seen.system.as_str()), ("sk-test", "Be brief."));
        assert_eq!(seen.users, ["What is the weather in Évora? 🌦"]);
        assert_eq!(seen.tools, ["search", "run"]);
        assert_eq!(seen.results.len(), seen.calls.len());
    }
    let last = provider.requests().pop().unwrap();
    assert_eq!(last.model, "some/model");
    assert_eq!(
        last.results.last().unwrap().content["result"].as_str().or(last.results[2].content.as_str()),
        Some("rain, at 14 °C")
    );
}

#[tokio::test]
async fn what_a_provider_wants_back_comes_back_to_it_and_to_nobody_else() {
    let script = || Script::new().turn(Reply::call("search", json!({})).reasoning("Hm.")).turn(Reply::text("done"));
    let state = |format: Format, body: &Value| match format {
        Format::OpenAiChat => body["messages"][2]["reasoning_content"].clone(),
        Format::OpenAiResponses => body["input"][1]["encrypted_content"].clone(),
        Format::Anthropic => body["messages"][1]["content"][0]["signature"].clone(),
        Format::Gemini => body["contents"][1]["parts"][0]["thoughtSignature"].clone(),
    };
    for from in &MODELS[..4] {
        for to in &MODELS[..4] {
            let provider = StandIn::start(script()).await;
            let (first, mut request) = model(from, provider.url());
            let answer = ask(&first, &request).await.unwrap();
            go_on(&mut request, answer, "{}");
            let (second, with_its_name) = model(to, provider.url());
            request.model = with_its_name.model;
            ask(&second, &request).await.unwrap();
            let seen = provider.requests().pop().unwrap();
            let want = match seen.format {
                _ if from != to => Value::Null,
                Format::OpenAiChat => json!("Hm."),
                Format::OpenAiResponses => json!("c2VjcmV0"),
                Format::Anthropic | Format::Gemini => json!("c2lnbmVk"),
            };
            assert_eq!(state(seen.format, &seen.body), want, "{from} to {to}: {}", seen.body);
            assert!(from == to || !seen.body.to_string().contains("c2lnbmVk"), "{from} to {to}");
        }
    }
}

#[tokio::test]
async fn arguments_that_are_no_json_stay_raw_and_go_back_as_json() {
    let raw = r#"{"query": "weath"#;
    let script = Script::new().turn(Reply::default().and_raw_call("search", raw)).turn(Reply::text("ok"));
    let provider = StandIn::start(script).await;
    for name in &MODELS[..3] {
        let (model, mut request) = model(name, provider.url());
        let answer = ask(&model, &request).await.unwrap();
        assert_eq!(answer.calls[0].arguments, raw, "{name}");
        assert!(answer.calls[0].parsed().is_err());
        go_on(&mut request, answer, "arguments are not valid JSON");
        assert_eq!(ask(&model, &request).await.unwrap().text, "ok");
        assert_eq!(provider.requests().last().unwrap().calls[0].arguments, json!({ "_raw": raw }), "{name}");
    }
}

#[tokio::test]
async fn every_error_status_says_who_what_and_whether_to_retry() {
    for name in MODELS {
        for (status, retry_after, retryable) in [
            (401, None, false),
            (403, None, false),
            (404, None, false),
            (429, Some(7), true),
            (429, None, true),
            (500, None, true),
            (529, None, true),
        ] {
            let fault = Fault::Status { status, retry_after };
            let provider = StandIn::start(Script::new().turn(Reply::text("fine").fault(fault, 1))).await;
            let (model, request) = model(name, provider.url());
            let error = ask(&model, &request).await.unwrap_err();
            let ModelError::Http { status: got, ref message, .. } = error else { panic!("{error:?}") };
            assert_eq!((got, message.as_str()), (status, "the script says so"), "{name}");
            assert_eq!(error.is_retryable(), retryable, "{name} {status}");
            assert_eq!(error.retry_after(), retry_after.map(|seconds| Duration::from_secs(u64::from(seconds))));
            assert_eq!(ask(&model, &request).await.unwrap().text, "fine", "the fault has passed");
        }
    }
}

#[tokio::test]
async fn a_wrong_key_is_a_401_and_is_not_shown() {
    let provider = StandIn::start(Script::new().require_key("another")).await;
    for name in MODELS {
        let (model, request) = model(name, provider.url());
        let error = ask(&model, &request).await.unwrap_err();
        assert_eq!(error.code(), "PROVIDER_AUTH", "{name}");
        assert!(!format!("{error:?} {error}").contains("sk-test"));
    }
}

#[tokio::test]
async fn a_broken_stream_is_never_an_answer() {
    for name in MODELS {
        for after in [0, 1, 3] {
            for fault in [Fault::Cut { after }, Fault::Close { after }] {
                let reply = Reply::text("one two three four five six").fault(fault, 1);
                let provider = StandIn::start(Script::new().turn(reply)).await;
                let (model, request) = model(name, provider.url());
                let error = ask(&model, &request).await.unwrap_err();
                assert!(matches!(error, ModelError::Truncated { .. }), "{name} {fault:?} {error:?}");
                assert!(error.is_retryable());
            }
        }
        let reply = Reply::text("one two three").fault(Fault::ErrorEvent { after: 2 }, 1);
        let provider = StandIn::start(Script::new().turn(reply)).await;
        let (model, request) = model(name, provider.url());
        let error = ask(&model, &request).await.unwrap_err();
        assert!(
            matches!(&error, ModelError::Stream { message, retryable: true, .. } if message == "overloaded"),
            "{name} {error:?}"
        );
    }
}

#[tokio::test]
async fn a_silent_provider_is_left_and_knows_it() {
    let quick = Timeouts { silence: Duration::from_millis(50), ..Timeouts::default() };
    let all = Timeouts { total: Duration::from_millis(50), ..Timeouts::default() };
    let first = Timeouts { first_byte: Duration::from_millis(50), ..Timeouts::default() };
    for (timeouts, after, what) in [(quick, 2, "silence"), (all, 2, "the whole answer"), (first, 0, "first byte")] {
        let reply = Reply::text("one two three").fault(Fault::Hold { after }, 1);
        let provider = StandIn::start(Script::new().turn(reply)).await;
        let (model, request) = model_with("openai/x", provider.url(), timeouts);
        let error = ask(&model, &request).await.unwrap_err();
        assert_eq!(error, ModelError::Timeout { provider: "openai".into(), what });
        provider.wait_until(|seen| seen[0].outcome == Outcome::HungUp).await;
    }
}

#[tokio::test]
async fn an_engine_of_this_machine_may_load_its_model_first() {
    let timeouts = Timeouts { first_byte: Duration::ZERO, ..Timeouts::default() };
    let provider = StandIn::start(Script::new()).await;
    let env: ProviderEnv = [("OLLAMA_BASE_URL", provider.url())].into_iter().collect();
    let name: ModelName = "ollama/llama3.2:3b".parse().unwrap();
    let model = Transport::new(timeouts).model(&name, &env).unwrap();
    assert_eq!(ask(&model, &request(&name.model)).await.unwrap().text, "echo: What is the weather in Évora? 🌦");
    assert_eq!(provider.requests()[0].key, "", "it needs no key, and gets none");
}

#[tokio::test]
async fn dropping_the_stream_hangs_up() {
    let reply = Reply::text("one two three").fault(Fault::Hold { after: 2 }, 1);
    let provider = StandIn::start(Script::new().turn(reply)).await;
    let (model, request) = model("openai/x", provider.url());
    let mut stream = model.stream(request).await.unwrap();
    assert!(stream.next().await.unwrap().is_ok());
    drop(stream);
    let seen = provider.wait_until(|seen| seen[0].outcome != Outcome::Open).await;
    assert_eq!(seen[0].outcome, Outcome::HungUp);
}

#[tokio::test]
async fn a_held_answer_goes_on_when_it_is_released() {
    let reply = Reply::text("one two three").fault(Fault::Hold { after: 2 }, 1);
    let provider = StandIn::start(Script::new().turn(reply)).await;
    let (model, request) = model("anthropic/x", provider.url());
    let asking = tokio::spawn(async move { ask(&model, &request).await });
    assert_eq!(provider.wait_for_requests(1).await[0].outcome, Outcome::Open);
    provider.release();
    assert_eq!(asking.await.unwrap().unwrap().text, "one two three");
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_a_connection_error() {
    let gone = StandIn::start(Script::new()).await;
    let url = gone.url().to_owned();
    drop(gone);
    let (model, request) = model("openai/x", &url);
    // The port closes when the runtime has dropped the listener.
    let error = loop {
        match ask(&model, &request).await {
            Err(error @ ModelError::Connect { .. }) => break error,
            Err(ModelError::Truncated { .. }) | Ok(_) => tokio::task::yield_now().await,
            Err(other) => panic!("{other:?}"),
        }
    };
    assert!(error.is_retryable());
    assert_eq!(error.code(), "PROVIDER_UNREACHABLE");
}

#[tokio::test]
async fn the_connection_is_kept_for_the_next_call() {
    let provider = StandIn::start(Script::new()).await;
    let (model, request) = model("openai/x", provider.url());
    for _ in 0..20 {
        let mut stream = model.stream(request.clone()).await.unwrap();
        // As the run engine does: nothing is read after the finish.
        while !matches!(stream.next().await.unwrap().unwrap(), ModelEvent::Finished { .. }) {}
    }
    // On a busy machine the end of a body may come late, and cost a connection.
    assert!(provider.connections() <= 5, "{} connections for 20 calls", provider.connections());
}

#[tokio::test]
async fn an_answer_has_its_providers_name_in_every_format_and_never_the_key_in_it() {
    for name in MODELS {
        let provider = StandIn::start(Script::new().turn(Reply::text("Hello."))).await;
        let (model, request) = model(name, provider.url());
        let named = ask(&model, &request).await.unwrap().name;
        assert!(named.id.as_ref().is_some_and(|id| !id.is_empty()), "{name}: {named:?}");
        assert_eq!(named.model.as_deref(), name.split_once('/').map(|(_, model)| model), "{name}");
    }
    let echoes = |id: &str| {
        let id = id.to_owned();
        Raw::start(move |_| {
            let chunk = json!({ "id": id, "model": "m", "choices": [{ "delta": { "content": "Hi" }, "finish_reason": "stop" }] });
            RawAnswer::stream([format!("data: {chunk}\n\ndata: [DONE]\n\n")])
        })
    };
    for (id, told) in [("chatcmpl-9", Some("chatcmpl-9")), ("sk-test", None), ("of sk-test itself", None), ("", None)] {
        let provider = echoes(id).await;
        let (model, request) = model("openai/m", provider.url());
        let named = ask(&model, &request).await.unwrap().name;
        assert_eq!((named.id.as_deref(), named.model.as_deref()), (told, Some("m")), "{id}");
    }
    let long = "é".repeat(ResponseName::MOST);
    let provider = echoes(&long).await;
    let (model, request) = model("openai/m", provider.url());
    let cut = ask(&model, &request).await.unwrap().name.id.unwrap();
    assert!(cut.len() <= ResponseName::MOST && long.starts_with(&cut), "{cut}");
}

#[tokio::test]
async fn a_prompt_that_is_refused_for_its_length_in_the_stream_is_sent_again_shorter() {
    let words = "Your input exceeds the context window of this model.";
    let failed = json!({ "type": "response.failed", "response": { "error": { "code": "context_length_exceeded", "message": words } } });
    let created = json!({ "type": "response.created", "response": { "id": "r", "model": "m" } });
    let answer = [
        json!({ "type": "response.output_text.delta", "delta": "Hi" }),
        json!({ "type": "response.completed", "response": { "status": "completed", "usage": {} } }),
    ];
    let chat = json!({ "error": { "code": "context_length_exceeded", "message": words } });
    let chat_answer = json!({ "choices": [{ "delta": { "content": "Hi" }, "finish_reason": "stop" }] });
    for (name, refusal, answer) in [
        ("openai-responses/m", vec![created.clone(), failed], answer.to_vec()),
        ("openai/m", vec![chat], vec![chat_answer]),
    ] {
        let provider = Raw::start(move |request| {
            let events = if request.body.len() > 30_000 { &refusal } else { &answer };
            RawAnswer::stream(events.iter().map(|event| format!("data: {event}\n\n").into_bytes()))
        })
        .await;
        let (model, mut request) = model(name, provider.url());
        let said = |text: &str| Turn::Assistant { text: text.into(), calls: vec![], provider_state: vec![] };
        request.turns = (0..40)
            .flat_map(|at| [Turn::User { text: format!("{at} {}", "word ".repeat(300)) }, said("yes")])
            .collect();
        request.turns.push(Turn::User { text: "last".into() });
        let mut events = model.stream(request.clone()).await.unwrap();
        let (mut text, mut notices) = (String::new(), 0);
        while let Some(event) = events.next().await {
            match event.unwrap() {
                ModelEvent::Text(more) => text.push_str(&more),
                ModelEvent::Notice { code, .. } => {
                    assert!(text.is_empty());
                    notices += usize::from(code == "LEFT_OUT");
                }
                _ => {}
            }
        }
        assert_eq!((text.as_str(), notices), ("Hi", 2), "{name}: half, and half of it again");
        // Nothing of it is learned for a prompt that has one message alone.
        request.turns = vec![Turn::User { text: "word ".repeat(10_000) }];
        let error = ask(&model, &request).await.unwrap_err();
        assert!(error.to_string().contains(words), "{name}: {error}");
    }
}
