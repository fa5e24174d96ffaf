//! Arguments and names as models write them: read without loss, or refused with the reason; and runs that go in circles.

use crate::harness::{MODELS, Omega, Told, execute, executor::id};
use omega_core::{
    api::{FinishReason, ToolRunStatus},
    event::Event,
    registry::meta::{EXECUTE, SEARCH},
    testing::{Reply, Script},
};
use serde_json::{Value, json};

fn script(calls: impl IntoIterator<Item = Reply>) -> Script {
    calls.into_iter().chain([Reply::text("done")]).fold(Script::new(), Script::turn)
}

/// The inputs of the calls as they are recorded and shown.
fn shown(told: &Told) -> Vec<Value> {
    let inputs = told.log.0.iter().filter_map(|envelope| match &envelope.event {
        Event::ToolProposed { input, .. } => Some(input.clone()),
        _ => None,
    });
    inputs.collect()
}

fn refusals(told: &Told) -> Vec<String> {
    let errors = told.log.0.iter().filter_map(|envelope| match &envelope.event {
        Event::ToolCompleted { error: Some(error), .. } => Some(format!("{}: {}", error.code.as_str(), error.message)),
        _ => None,
    });
    errors.collect()
}

#[tokio::test]
async fn what_was_read_is_what_is_shown_and_run() {
    let slow = id("acmeSlow");
    let large = json!("12345678901234567890");
    let raw = |arguments: &str| Reply::default().and_raw_call("acme-tools__acmeSlow", arguments);
    let forms = [
        raw(r#"{"ms": "1", "n": "7"}"#),
        raw(r#""{\"ms\": 1, \"n\": \"7\"}""#),
        raw(r#"{"ms": 1, "n": 7}"#),
        Reply::call(EXECUTE, json!({ "toolId": slow, "params": "{\"ms\": \"1\", \"n\": 7}" })),
        Reply::call(EXECUTE, json!({ "toolId": slow, "ms": 1, "n": "7" })),
        Reply::call(EXECUTE, json!({ "toolId": slow, "params": { "ms": 1, "n": 7 } })),
    ];
    let count = forms.len();
    let absent = Reply::default().and_raw_call("acme-tools__acmeSlow", r#"{"ms": 1, "n": null}"#);
    let text = Reply::default().and_raw_call("acme-tools__acmeWeather", r#"{"city": 12345678901234567890}"#);
    let omega = Omega::start(script(forms.into_iter().chain([absent, text]))).await;
    let told = omega.ask(MODELS[0], "go").await;
    assert_eq!(told.log.answer(), "done");
    let mut meant = vec![json!({ "ms": 1, "n": 7 }); count];
    meant.extend([json!({ "ms": 1 }), json!({ "city": large })]);
    assert_eq!(shown(&told), meant);
    assert_eq!(omega.tools.calls().iter().map(|call| call.params.clone()).collect::<Vec<_>>(), meant);
    assert!(told.log.calls().iter().all(|call| call.status == ToolRunStatus::Succeeded));
}

#[tokio::test]
async fn what_would_be_lost_is_refused_in_words_and_nothing_runs() {
    let slow = id("acmeSlow");
    let executed = |input: Value| Reply::call(EXECUTE, input);
    let raw = |arguments: &str| Reply::default().and_raw_call("acme-tools__acmeSlow", arguments);
    let cases = [
        (executed(json!({ "toolId": slow, "params": { "ms": 1 }, "n": 7 })), "n stand beside params"),
        (executed(json!({ "toolId": slow, "params": {}, "env": { "A": "b" } })), "env stand beside params"),
        (executed(json!({ "toolId": slow, "input": { "ms": 1 } })), "input stand beside toolId"),
        (executed(json!({ "toolId": slow, "params": [1] })), "params must be an object"),
        (executed(json!({ "params": {} })), "toolId"),
        (executed(json!({ "toolId": "what is this", "params": {} })), "no tool's id"),
        (executed(json!({ "toolId": "no-such-package::tool", "params": {} })), "there is no tool"),
        (raw(r#"{"ms": 2512292042121000001}"#), "/ms: 2512292042121000001 has more digits"),
        (raw(r#"{"ms": 99999999999999999999999}"#), "/ms: 99999999999999999999999 has more digits"),
        (raw(r#"{"ms": "9007199254740993"}"#), "/ms: expected an integer"),
        (raw(r#"{"ms": 1, "x": 1}"#), "x is no field of it; there are n, ms"),
        (raw(r#"{"ms": "soon"}"#), "/ms: expected an integer, and \"soon\" came"),
        (raw(r#"{"n": 1}"#), "ms is missing (an integer)"),
        (raw(r#"[{"ms": 1}]"#), "must be a JSON object"),
    ];
    let (replies, words): (Vec<Reply>, Vec<&str>) = cases.into_iter().unzip();
    // Something that works between, so that the run is no circle.
    let search = || Reply::call(SEARCH, json!({ "query": "acme", "limit": "2", "category": null }));
    let replies = replies
        .into_iter()
        .enumerate()
        .flat_map(|(at, reply)| if at % 4 == 3 { vec![reply, search()] } else { vec![reply] });
    let omega = Omega::start(script(replies)).await;
    let told = omega.ask(MODELS[0], "go").await;
    assert_eq!(told.log.answer(), "done");
    let refused = refusals(&told);
    assert_eq!(refused.len(), words.len(), "{refused:#?}");
    for (refused, words) in refused.iter().zip(words) {
        assert!(refused.contains(words), "{words}: {refused}");
    }
    assert_eq!(omega.tools.calls(), []);
    let searched = told.log.calls().iter().filter(|call| call.code.is_none()).count();
    assert_eq!(searched, 3, "a search is read by its own schema");
}

#[tokio::test]
async fn a_tool_that_nobody_loaded_is_called_by_whatever_name_means_it() {
    let names = [
        "acme-tools::acmeWeather",
        "acme-tools__acmeWeather",
        "functions.acme-tools__acmeWeather",
        "default_api.acme_tools__acme_weather",
        "acme-tools:acmeWeather",
        "ACME_TOOLS__ACMEWEATHER",
        "acme-tools__acmeWether",
    ];
    let calls = names.map(|name| Reply::call(name, json!({ "city": "Oslo" })));
    let by_id = ["functions.registryExecuteTool", "registry_execute_tool"]
        .map(|name| Reply::call(name, execute("functions.acme-tools__acmeWeather", json!({ "city": "Oslo" }))));
    let omega = Omega::start(script(calls.into_iter().chain(by_id))).await;
    let told = omega.ask(MODELS[0], "go").await;
    assert_eq!(refusals(&told), Vec::<String>::new());
    assert_eq!(told.log.answer(), "done");
    assert_eq!(omega.tools.count("acmeWeather"), names.len() + 2);

    // What may be another word is offered, never run.
    let wrong = Reply::call("acme-tools__acmeLeather", json!({ "city": "Oslo" }));
    let omega = Omega::start(script([wrong])).await;
    let told = omega.ask(MODELS[0], "go").await;
    let refused = refusals(&told).remove(0);
    assert!(refused.starts_with("TOOL_NOT_FOUND") && refused.contains("\"toolId\": \"acme-tools::"), "{refused}");
    assert_eq!(omega.tools.calls(), []);
}

/// Asks a model that never stops, and says how the run ended and after how many requests.
async fn circle(model: &str, turn: impl Fn(usize) -> Reply) -> (String, String, usize, usize) {
    let omega = Omega::start((0..60).map(turn).fold(Script::new(), Script::turn)).await;
    let told = omega.ask(model, "go").await;
    let failure = told.log.failure().clone();
    let requests = omega.provider.requests();
    let last = requests.last().unwrap().body.to_string().replace('\\', "");
    let told_once = last.matches("{\"note\":\"").count();
    // The conversation goes on.
    let omega_again = omega.ask_in(told.conversation, "and now?").await;
    assert!(matches!(omega_again.log.end(), Event::RunFailed { .. }));
    (failure.code, failure.error, requests.len(), told_once)
}

#[tokio::test]
async fn a_run_that_goes_in_circles_is_told_once_and_ends_in_words() {
    let broken = || Reply::call(EXECUTE, execute(&id("acmeBroken"), json!({})));
    for model in MODELS {
        let (code, words, requests, told) = circle(model, |_| broken()).await;
        assert_eq!((code.as_str(), requests, told), ("REPEATED_CALL", 4, 1), "{model}: {words}");
        assert!(words.contains("the service of Acme is down"), "{words}");
    }
    let wrong = |n: usize| Reply::call(EXECUTE, execute(&id("acmeSlow"), json!({ "ms": format!("{n} ms") })));
    let (code, words, requests, _) = circle(MODELS[0], |n| if n.is_multiple_of(2) { broken() } else { wrong(1) }).await;
    assert_eq!((code.as_str(), requests), ("REPEATED_CALL", 7), "pairs: {words}");
    let (code, words, requests, _) = circle(MODELS[0], wrong).await;
    assert_eq!((code.as_str(), requests), ("REPEATED_CALL", 7), "changed a little each time: {words}");
    let cut = |_| {
        Reply::default()
            .and_raw_call(EXECUTE, r#"{"toolId": "acme-tools::acmeWeather", "params": {"ci"#)
            .finish(FinishReason::Length)
    };
    for model in [MODELS[0], MODELS[1], MODELS[2]] {
        let (code, words, requests, told) = circle(model, cut).await;
        assert_eq!((code.as_str(), requests, told), ("CALL_CUT", 2, 1), "{model}: {words}");
        assert!(words.contains("limit of length"), "{words}");
    }
}

#[tokio::test]
async fn a_run_whose_budget_ends_without_an_answer_fails_in_words() {
    let greedy = |n: usize| (1..30).fold(search(n), |reply, _| reply.and_call(SEARCH, json!({ "query": "acme" })));
    let omega = Omega::start((0..60).map(greedy).fold(Script::new(), Script::turn)).await;
    let told = omega.ask(MODELS[0], "go").await;
    let failure = told.log.failure();
    assert_eq!(failure.code, "BUDGET_EXCEEDED");
    assert!(failure.error.contains("no answer"), "{}", failure.error);
    assert!(omega.provider.requests().len() <= 9);
}

fn search(n: usize) -> Reply {
    Reply::call(SEARCH, json!({ "query": format!("acme {n}") }))
}

#[tokio::test]
async fn a_call_outside_of_any_run_is_read_alike() {
    let omega = Omega::start(Script::new()).await;
    let call = async |body: &str| {
        let request =
            omega.request(reqwest::Method::POST, "/api/registry/execute").header("content-type", "application/json");
        let answer = request.body(body.to_owned()).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let (status, answer) = call(r#"{"toolId":"acme-tools::acmeSlow","params":{"ms":"1","n":null}}"#).await;
    assert_eq!((status, &answer["success"]), (200, &json!(true)), "{answer}");
    assert_eq!(omega.tools.calls()[0].params, json!({ "ms": 1 }));
    for digits in ["2512292042121000001", "99999999999999999999999"] {
        let body = format!(r#"{{"toolId":"acme-tools::acmeSlow","params":{{"ms":{digits}}}}}"#);
        let (status, answer) = call(&body).await;
        assert_eq!(status, 422, "{answer}");
        assert!(answer.to_string().contains(&format!("/ms: {digits} has more digits")), "{answer}");
        let body = format!(r#"{{"toolId":"acme-tools::acmeWeather","params":{{"city":"{digits}"}}}}"#);
        assert_eq!(call(&body).await.1["result"]["city"], digits);
    }
    assert_eq!(omega.tools.count("acmeSlow"), 1);
}
