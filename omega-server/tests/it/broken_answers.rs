//! Answers that break at any byte, on every wire format: what readers hold at the end is the stored answer, or the run has
//! failed and nothing of the answer is stored.

use crate::harness::{MODELS, Omega, folder, titled};
use futures_util::{StreamExt, stream};
use omega_core::{
    api::{FinishReason, Message, MessageStatus, Part, Role, RunStatus},
    client::Client,
    event::Event,
    id::{ConversationId, RunId},
    model::catalog::ProviderEnv,
    testing::{Raw, RawAnswer, RawRequest, Reply, Script},
    view::View,
};
use serde_json::Value;
use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};

const ANSWER: &str = "Hé 😀 \"four\" words.";

/// The answer as the provider of a model streams it.
fn recorded(model: &str) -> String {
    let pieces = [r"Hé \ud83d", r"\ude00 ", r#"\"four\" "#, "words."];
    let provider = model.split('/').next().unwrap();
    let piece = |text: &str| match provider {
        "openai" => format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n"),
        "openai-responses" => {
            format!("data: {{\"type\":\"response.output_text.delta\",\"output_index\":0,\"delta\":\"{text}\"}}\n\n")
        }
        "anthropic" => format!(
            "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\"{text}\"}}}}\n\n"
        ),
        _ => format!("data: {{\"candidates\":[{{\"content\":{{\"parts\":[{{\"text\":\"{text}\"}}]}}}}]}}\r\n\r\n"),
    };
    let end = match provider {
        "openai" => "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
        "openai-responses" => {
            "data: {\"type\":\"response.completed\",\"response\":{\"status\":\"completed\",\"output\":[]}}\n\n"
        }
        "anthropic" => concat!(
            "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
            "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n",
            "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
        ),
        _ => "data: {\"candidates\":[{\"content\":{\"parts\":[]},\"finishReason\":\"STOP\"}]}\r\n\r\n",
    };
    let begin = match provider {
        "anthropic" => concat!(
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":1}}}\n\n",
            "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
        ),
        _ => "",
    };
    format!("{begin}{}{end}", pieces.map(piece).concat())
}

const FAULTS: [&str; 4] = ["cut", "break", "error", "garble"];

/// `FAULT AT MODEL`, as a message has it.
fn fault_of(request: &RawRequest) -> Option<(String, usize, String)> {
    let body: Value = serde_json::from_str(&request.body).ok()?;
    let text = body.to_string();
    let said = text.split("«").nth(1)?.split("»").next()?;
    let mut words = said.split(' ');
    Some((words.next()?.to_owned(), words.next()?.parse().ok()?, words.next()?.to_owned()))
}

/// A provider whose first answer to each message has the fault that the message names.
fn faulty() -> impl Fn(&RawRequest) -> RawAnswer + Send + Sync {
    let seen = Arc::new(Mutex::new(HashSet::new()));
    move |request| {
        let Some((fault, at, model)) = fault_of(request) else { return RawAnswer::stream([""]) };
        let body = recorded(&model).into_bytes();
        if !seen.lock().unwrap().insert((fault.clone(), at, model)) {
            return RawAnswer::stream([body]);
        }
        let (before, after) = body.split_at(at);
        match fault.as_str() {
            "cut" => RawAnswer::stream([before]),
            "break" => RawAnswer { breaks: true, ..RawAnswer::stream([before]) },
            "error" => {
                RawAnswer::stream([before, b"\n\ndata: {\"error\":{\"message\":\"busy\",\"code\":503}}\n\n", after])
            }
            _ => RawAnswer::stream([before, b"\n\ndata: {\"gar\xff\n\n", after]),
        }
    }
}

/// Folds every frame of a run, as each client does, and gives what it holds when the run has ended.
async fn watched(omega: &Omega, model: &str, text: &str) -> (ConversationId, RunId, View) {
    let conversation = omega.conversation(model).await;
    let mut frames = omega.events(conversation, "?after=0").await;
    let run = omega.send(conversation, text).await.run_id;
    let mut view = View::default();
    while let Some(envelope) = frames.next().await {
        view.apply(&envelope);
        let streams = view.messages.iter().filter(|message| message.status == MessageStatus::Streaming);
        for message in streams {
            // Half a character whose other half was lost is shown as one that is not known, until the reset.
            let shown = message.content.trim_end_matches('\u{fffd}');
            assert!(ANSWER.starts_with(shown), "{text}: {}", message.content);
        }
        if envelope.run_id == Some(run) && envelope.event.is_terminal() {
            break;
        }
    }
    (conversation, run, view)
}

fn answers(messages: &[Message]) -> Vec<&str> {
    let of_omega = messages.iter().filter(|m| m.role == Role::Assistant && m.status == MessageStatus::Complete);
    of_omega.map(|message| message.content.as_str()).collect()
}

#[tokio::test]
async fn an_answer_that_breaks_at_any_byte_is_stored_whole_or_not_at_all() {
    let provider = Raw::start(faulty()).await;
    let folder = folder();
    let database = format!("sqlite:{}", folder.path().join("omega.db").display());
    let url = provider.url().to_owned();
    let variables = ["OPENAI", "ANTHROPIC", "GOOGLE"]
        .iter()
        .flat_map(|name| [(format!("{name}_BASE_URL"), url.clone()), (format!("{name}_API_KEY"), "test".into())]);
    let providers: ProviderEnv = variables.collect();
    let omega =
        Omega::start_as(database, folder, Script::new(), |config| omega_server::ServeConfig { providers, ..config })
            .await;
    let mut cases = Vec::new();
    for model in MODELS {
        let length = recorded(model).len();
        // Each byte in some run, each kind of fault everywhere.
        let each = (0..length).filter(|at| at % 3 == 0).map(|at| (model, FAULTS[at / 3 % FAULTS.len()], at));
        cases.extend(each);
    }
    let ends = stream::iter(cases)
        .map(async |(model, fault, at)| {
            let text = format!("«{fault} {at} {model}»");
            let (conversation, run, view) = watched(&omega, model, &text).await;
            let stored = omega.client.conversation(conversation).await.unwrap();
            let held: Vec<String> = answers(&view.messages).into_iter().map(str::to_owned).collect();
            assert_eq!(held, answers(&stored.messages), "{text}");
            let status = stored.runs.iter().find(|known| known.id == run).unwrap().status;
            match status {
                RunStatus::Completed => assert_eq!(held, [ANSWER], "{text}"),
                RunStatus::Failed => assert_eq!(held, Vec::<String>::new(), "{text}"),
                other => panic!("{text}: {other:?}"),
            }
            status == RunStatus::Completed
        })
        .buffer_unordered(48)
        .collect::<Vec<bool>>()
        .await;
    let completed = ends.iter().filter(|completed| **completed).count();
    // Cuts pass with another try; a frame that is broken in itself does not.
    assert!(completed > ends.len() / 3, "{completed} of {}", ends.len());
}

#[tokio::test]
async fn why_the_model_stopped_is_told_with_message_and_run_and_survives_a_restart() {
    let script = Script::new()
        .when(
            |seen| seen.users.last().is_some_and(|text| text == "filter"),
            [Reply::text("Half").finish(FinishReason::ContentFilter)],
        )
        .when(
            |seen| seen.users.last().is_some_and(|text| text == "length"),
            [Reply::text("Half").finish(FinishReason::Length)],
        )
        .turn(Reply::text("Whole"));
    let omega = Omega::start(script).await;
    for (model, text, reason, code) in MODELS.iter().flat_map(|model| {
        [
            (*model, "filter", FinishReason::ContentFilter, Some("CONTENT_FILTER")),
            (*model, "length", FinishReason::Length, Some("ANSWER_CUT")),
            (*model, "whole", FinishReason::Stop, None),
        ]
    }) {
        let told = omega.ask(model, text).await;
        let Event::RunCompleted { finish_reason, .. } = told.log.end() else { panic!() };
        assert_eq!(*finish_reason, Some(reason), "{model} {text}");
        assert_eq!(told.log.notices(), code.into_iter().collect::<Vec<_>>(), "{model} {text}");
        let stored = omega.client.conversation(told.conversation).await.unwrap();
        assert_eq!(stored.runs[0].finish_reason, Some(reason), "{model} {text}");
        assert_eq!(stored.messages[1].finish_reason, Some(reason), "{model} {text}");
        assert_eq!(stored.messages[0].finish_reason, None);
    }
}

/// What thinks aloud in its title, and gives more than one line.
#[tokio::test]
async fn a_title_has_no_thoughts_no_marks_and_one_line() {
    let loud = "<think>\nThe user greets me.\n</think>\n\n**\"A Greeting\"**\nSecond line";
    let script = Script::new().when(|seen| seen.tools.is_empty(), [Reply::text(loud)]).turn(Reply::text("Hello."));
    let omega = Omega::start(titled(script)).await;
    let body = omega_core::api::CreateConversation { model: Some(MODELS[0].into()), ..<_>::default() };
    let conversation = omega.client.create_conversation(&body).await.unwrap().id;
    let mut frames = omega.events(conversation, "?after=0").await;
    omega.send(conversation, "hi").await;
    let titled = |envelope: &omega_core::event::Envelope| {
        matches!(&envelope.event, Event::ConversationUpdated { title: Some(_), .. })
    };
    let told = crate::harness::within("the title", frames.until(titled)).await;
    let Some(Event::ConversationUpdated { title, .. }) = told.last().map(|envelope| &envelope.event) else { panic!() };
    assert_eq!(title.as_deref(), Some("A Greeting"));
}

/// A template that has the opening mark in the prompt: only the end of the thoughts tells that they were any.
#[tokio::test]
async fn thoughts_that_only_their_end_tells_are_no_answer_for_anybody() {
    let script = Script::new().turn(Reply::text("They greet me.\n</think>\n\nHello."));
    let omega = Omega::start(script).await;
    for model in MODELS {
        let told = omega.ask(model, "hi").await;
        assert_eq!(told.log.answer(), "Hello.", "{model}");
        let stored = omega.client.conversation(told.conversation).await.unwrap().messages.remove(1);
        let parts = [Part::Reasoning { text: "They greet me.".into() }, Part::Text { text: "Hello.".into() }];
        assert_eq!((stored.content.as_str(), stored.parts.as_slice()), ("Hello.", &parts[..]), "{model}");
        omega.ask_in(told.conversation, "again").await;
        let sent = omega.provider.requests().pop().unwrap().body.to_string();
        assert!(sent.contains("Hello.") && !sent.contains("They greet me"), "{model}: {sent}");
    }
}

#[tokio::test]
async fn the_models_that_a_provider_lists_are_told_with_their_age_and_a_dead_provider_costs_nothing() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let provider = Raw::start(move |request| {
        seen.lock().unwrap().push(format!("{} {}", request.method, request.target));
        if request.headers.get("authorization").map(String::as_str) != Some("Bearer test-key-of-a-list") {
            return RawAnswer::json(401, &serde_json::json!({ "error": { "message": "no" } }));
        }
        RawAnswer::json(
            200,
            &serde_json::json!({ "data": [
            { "id": "gpt-of-tomorrow" }, { "id": "text-embedding-9" }, { "id": "test-key-of-a-list" },
        ] }),
        )
    })
    .await;
    let folder = folder();
    let database = format!("sqlite:{}", folder.path().join("omega.db").display());
    let providers: ProviderEnv = [
        ("OPENAI_BASE_URL", provider.url()),
        ("OPENAI_API_KEY", "test-key-of-a-list"),
        // Nobody listens there, and this one gives no list.
        ("GROQ_BASE_URL", "http://127.0.0.1:1/v1"),
        ("GROQ_API_KEY", "x"),
        ("MISTRAL_BASE_URL", provider.url()),
        ("MISTRAL_API_KEY", "wrong"),
    ]
    .into_iter()
    .collect();
    let omega =
        Omega::start_as(database, folder, Script::new(), |config| omega_server::ServeConfig { providers, ..config })
            .await;
    let client: &Client = &omega.client;
    let of = |models: &omega_core::api::Models, name: &str| {
        models.providers.iter().find(|provider| provider.name == name).unwrap().clone()
    };
    let (first, second) = (client.models().await.unwrap(), client.models().await.unwrap());
    for models in [&first, &second] {
        let openai = of(models, "openai");
        assert!(openai.models.contains(&"gpt-of-tomorrow".to_owned()), "{openai:?}");
        assert!(openai.models[0] == "gpt-4.1-mini" && openai.listed_seconds_ago.is_some());
        assert!(!serde_json::to_string(models).unwrap().contains("test-key-of-a-list"), "a key is no model");
        for silent in ["groq", "mistral"] {
            let silent = of(models, silent);
            assert!(silent.available && silent.listed_seconds_ago.is_none() && !silent.models.is_empty(), "{silent:?}");
        }
    }
    let lists = asked.lock().unwrap().iter().filter(|asked| *asked == "GET /v1/models").count();
    assert_eq!(lists, 3, "each was asked once: {:?}", asked.lock().unwrap());
}
