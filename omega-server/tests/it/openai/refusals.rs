//! What is not done is refused by its name, in OpenAI's shape.

use super::{CHAT, RESPONSES, answered, asks, done, post, streamed, with};
use crate::harness::{MODELS, Omega, folder, unlimited};
use omega_core::testing::{Fault, Reply, Script};
use omega_server::{
    Limits, ServeConfig,
    http::limits::{Class, Policy},
};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use std::time::Duration;

fn message(message: Value) -> Value {
    json!({ "messages": [message] })
}

fn content(parts: Value) -> Value {
    message(json!({ "role": "user", "content": parts }))
}

#[tokio::test]
async fn every_parameter_that_can_not_be_honoured_is_named() {
    let omega = Omega::start(Script::new()).await;
    let image = json!([{ "type": "image_url", "image_url": { "url": "https://a.test/a.png" } }]);
    let sound = json!([{ "type": "text", "text": "hear" }, { "type": "input_audio", "input_audio": {} }]);
    let tool = json!([{ "type": "function", "function": { "name": "f", "parameters": {} } }]);
    let talk = json!([{ "role": "user", "content": "a" }, { "role": "assistant", "content": "b" }]);
    let chat = [
        (json!({ "n": 2 }), "n", "unsupported_value"),
        (json!({ "temperature": 0 }), "temperature", "unsupported_value"),
        (json!({ "top_p": 0.5 }), "top_p", "unsupported_value"),
        (json!({ "max_tokens": 5 }), "max_tokens", "unsupported_parameter"),
        (json!({ "max_completion_tokens": 5 }), "max_completion_tokens", "unsupported_parameter"),
        (json!({ "logprobs": true }), "logprobs", "unsupported_value"),
        (json!({ "top_logprobs": 2 }), "top_logprobs", "unsupported_value"),
        (json!({ "logit_bias": { "5": 1 } }), "logit_bias", "unsupported_value"),
        (json!({ "stop": ["."] }), "stop", "unsupported_value"),
        (json!({ "seed": 7 }), "seed", "unsupported_parameter"),
        (json!({ "presence_penalty": 1 }), "presence_penalty", "unsupported_value"),
        (json!({ "tools": tool }), "tools", "unsupported_value"),
        (json!({ "tool_choice": "required" }), "tool_choice", "unsupported_value"),
        (json!({ "functions": [{ "name": "f" }] }), "functions", "unsupported_value"),
        (json!({ "store": false }), "store", "unsupported_value"),
        (json!({ "modalities": ["text", "audio"] }), "modalities", "unsupported_value"),
        (json!({ "audio": { "voice": "x" } }), "audio", "unsupported_parameter"),
        (json!({ "reasoning_effort": "high" }), "reasoning_effort", "unsupported_parameter"),
        (json!({ "service_tier": "priority" }), "service_tier", "unsupported_value"),
        (json!({ "response_format": { "type": "json_object" } }), "response_format.type", "unsupported_value"),
        (json!({ "response_format": { "type": "xml" } }), "response_format.type", "invalid_value"),
        (
            json!({ "response_format": { "type": "json_schema" } }),
            "response_format.json_schema",
            "missing_required_parameter",
        ),
        (json!({ "stream_options": { "include_usage": true } }), "stream_options", "invalid_value"),
        (json!({ "stream": "yes" }), "stream", "invalid_type"),
        (json!({ "stream": true, "stream_options": { "x": 1 } }), "stream_options.x", "unknown_parameter"),
        (json!({ "metadata": { "customer": "7" } }), "metadata.customer", "unknown_parameter"),
        (json!({ "frobnicate": 1 }), "frobnicate", "unknown_parameter"),
        (json!({ "model": null }), "model", "missing_required_parameter"),
        (json!({ "model": 7 }), "model", "invalid_type"),
        (json!({ "messages": null }), "messages", "missing_required_parameter"),
        (json!({ "messages": [] }), "messages", "empty_array"),
        (json!({ "messages": "hi" }), "messages", "invalid_type"),
        (json!({ "messages": ["hi"] }), "messages[0]", "invalid_type"),
        (message(json!({ "content": "hi" })), "messages[0].role", "missing_required_parameter"),
        (message(json!({ "role": "robot", "content": "hi" })), "messages[0].role", "invalid_value"),
        (message(json!({ "role": "tool", "content": "hi" })), "messages[0].role", "unsupported_value"),
        (message(json!({ "role": "user" })), "messages[0].content", "missing_required_parameter"),
        (message(json!({ "role": "user", "content": " " })), "messages[0].content", "invalid_value"),
        (message(json!({ "role": "user", "content": "a\u{0}b" })), "messages.0.content", "invalid_input"),
        (
            message(json!({ "role": "user", "content": "hi", "name": "Ada" })),
            "messages[0].name",
            "unsupported_parameter",
        ),
        (message(json!({ "role": "user", "content": "hi", "mood": "good" })), "messages[0].mood", "unknown_parameter"),
        (message(json!({ "role": "assistant", "content": "hi" })), "messages[0]", "invalid_value"),
        (message(json!({ "role": "system", "content": "hi" })), "messages", "invalid_value"),
        (json!({ "messages": talk }), "messages", "invalid_value"),
        (content(image), "messages[0].content[0].type", "unsupported_value"),
        (content(sound), "messages[0].content[1].type", "unsupported_value"),
        (content(json!([{ "type": "text" }])), "messages[0].content[0].text", "missing_required_parameter"),
    ];
    let responses = [
        (json!({ "input": null }), "input", "missing_required_parameter"),
        (json!({ "input": 7 }), "input", "invalid_type"),
        (json!({ "input": "" }), "input", "invalid_value"),
        (
            json!({ "input": [{ "type": "function_call_output", "call_id": "a", "output": "b" }] }),
            "input[0].type",
            "unsupported_value",
        ),
        (
            json!({ "input": [{ "role": "user", "content": [{ "type": "input_image" }] }] }),
            "input[0].content[0].type",
            "unsupported_value",
        ),
        (json!({ "tools": [{ "type": "web_search" }] }), "tools", "unsupported_value"),
        (json!({ "max_output_tokens": 100 }), "max_output_tokens", "unsupported_parameter"),
        (json!({ "truncation": "auto" }), "truncation", "unsupported_value"),
        (json!({ "include": ["reasoning.encrypted_content"] }), "include", "unsupported_value"),
        (json!({ "prompt": { "id": "p" } }), "prompt", "unsupported_parameter"),
        (json!({ "reasoning": { "effort": "low" } }), "reasoning.effort", "unsupported_parameter"),
        (json!({ "text": { "verbosity": "low" } }), "text.verbosity", "unsupported_value"),
        (
            json!({ "text": { "format": { "type": "json_schema", "name": "a" } } }),
            "text.format.schema",
            "missing_required_parameter",
        ),
        (json!({ "previous_response_id": "resp_x" }), "previous_response_id", "previous_response_not_found"),
        (json!({ "conversation": { "name": "x" } }), "conversation.id", "missing_required_parameter"),
        (
            json!({ "previous_response_id": "a", "conversation": "b" }),
            "previous_response_id",
            "mutually_exclusive_parameters",
        ),
        (json!({ "metadata": { "a": "b" } }), "metadata.a", "unknown_parameter"),
        (json!({ "messages": [] }), "messages", "unknown_parameter"),
    ];
    let chat = chat.into_iter().map(|(more, param, code)| (CHAT, with(asks("hi"), more), param, code));
    let input = json!({ "model": MODELS[0], "input": "hi" });
    let responses =
        responses.into_iter().map(|(more, param, code)| (RESPONSES, with(input.clone(), more), param, code));
    for (path, body, param, code) in chat.chain(responses) {
        let (status, refused) = answered(post(&omega, path, &body)).await;
        let error = &refused["error"];
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}: {refused}");
        assert_eq!((&error["param"], &error["code"]), (&json!(param), &json!(code)), "{body}: {refused}");
        assert_eq!(error["type"], "invalid_request_error");
        assert!(error["message"].as_str().unwrap().len() > 20, "{error}");
    }
    assert!(omega.provider.requests().is_empty(), "nothing of it ran");
}

#[tokio::test]
async fn what_asks_for_nothing_is_no_reason_to_refuse() {
    let omega = Omega::start(Script::new()).await;
    let harmless = json!({ "n": 1, "temperature": 1.0, "top_p": 1, "presence_penalty": 0, "logprobs": false, "stop": null,
        "tools": [], "tool_choice": "auto", "user": "u", "safety_identifier": "s", "store": true, "stream": null,
        "response_format": { "type": "text" }, "metadata": {}, "service_tier": "auto", "max_tokens": null });
    done(post(&omega, CHAT, &with(asks("hi"), harmless))).await;
    let harmless = json!({ "model": MODELS[0], "input": [{ "role": "user", "content": "hi" }], "truncation": "disabled", "include": [],
        "reasoning": {}, "text": { "format": { "type": "text" }, "verbosity": "medium" }, "background": false, "stream": false });
    done(post(&omega, RESPONSES, &harmless)).await;
}

#[tokio::test]
async fn whoever_refuses_below_v1_says_it_in_openais_shape() {
    let omega = Omega::start(Script::new()).await;
    let url = |path: &str| format!("{}{path}", omega.url);
    let large = json!({ "model": MODELS[0], "messages": [{ "role": "user", "content": "x".repeat(9 << 20) }] });
    let long = json!({ "model": MODELS[0], "messages": [{ "role": "user", "content": "x".repeat(1_000_001) }] });
    let json = |path: &str, body: &'static str| {
        omega.request(Method::POST, path).header(header::CONTENT_TYPE, "application/json").body(body)
    };
    let unknown = with(asks("hi"), json!({ "model": "gpt-99" }));
    let table = [
        (omega.http.post(url(CHAT)).json(&asks("hi")), 401, "invalid_api_key"),
        (omega.http.post(url(CHAT)).bearer_auth("sk-other").json(&asks("hi")), 401, "invalid_api_key"),
        (omega.http.get(url("/v1/models")), 401, "invalid_api_key"),
        (omega.request(Method::GET, CHAT), 405, "method_not_allowed"),
        (omega.request(Method::POST, "/v1/embeddings").json(&json!({})), 404, "not_found"),
        (json(CHAT, "{\"model\": "), 400, "bad_request"),
        (json(CHAT, "[]"), 400, "invalid_input"),
        (omega.request(Method::POST, CHAT).body("x"), 415, "unsupported_media_type"),
        (post(&omega, CHAT, &large), 413, "payload_too_large"),
        (post(&omega, CHAT, &long), 400, "string_above_max_length"),
        (post(&omega, CHAT, &unknown), 404, "model_not_found"),
        (omega.request(Method::GET, "/v1/models/gpt-99"), 404, "model_not_found"),
        (omega.request(Method::GET, "/v1/responses/resp_x"), 404, "not_found"),
        (omega.request(Method::GET, "/v1/responses/resp_x?stream=true"), 400, "invalid_input"),
    ];
    for (request, status, code) in table {
        let (got, refused) = answered(request).await;
        assert_eq!((got.as_u16(), &refused["error"]["code"]), (status, &json!(code)), "{refused}");
        assert!(refused["error"]["message"].is_string() && refused["error"]["type"].is_string(), "{refused}");
        assert!(refused["omega"]["requestId"].is_string(), "{refused}");
    }
    let native = omega.http.get(url("/api/omega/settings")).send().await.unwrap().json::<Value>().await.unwrap();
    assert_eq!(native["details"]["code"], "UNAUTHENTICATED", "elsewhere it is as it was");
}

#[tokio::test]
async fn a_failed_run_is_an_error_that_clients_do_not_repeat_in_vain() {
    let gone = Reply::text("no").fault(Fault::Status { status: 401, retry_after: None }, 1_000);
    let omega = Omega::start(Script::new().turn(gone)).await;
    let response = post(&omega, CHAT, &asks("hi")).send().await.unwrap();
    assert_eq!((response.status().as_u16(), &response.headers()["x-should-retry"]), (502, &"false".parse().unwrap()));
    let refused: Value = response.json().await.unwrap();
    assert_eq!(
        (&refused["error"]["type"], &refused["omega"]["run"]),
        (&json!("server_error"), &json!("PROVIDER_AUTH"))
    );
    let frames = streamed(post(&omega, CHAT, &with(asks("hi"), json!({ "stream": true })))).await;
    let last = &frames.last().unwrap().1;
    assert!(
        last["error"]["message"].as_str().unwrap().contains("the run failed") && last["omega"]["requestId"] != "",
        "{last}"
    );
    let body = json!({ "model": MODELS[0], "input": "hi", "stream": true });
    let frames = streamed(post(&omega, RESPONSES, &body)).await;
    let (name, last) = frames.last().unwrap();
    assert_eq!((name.as_str(), &last["response"]["status"]), ("response.failed", &json!("failed")));
}

#[tokio::test]
async fn foreign_messages_count_as_runs_and_a_wrong_conversation_as_a_guess() {
    let few = |quota| Policy { quota, window: Duration::from_secs(60) };
    let policies = unlimited().policies.with(Class::Runs, few(3)).with(Class::Guesses, few(2));
    let limits = Limits { policies, ..unlimited() };
    let folder = folder();
    let database = format!("sqlite:{}", folder.path().join("omega.db").display());
    let omega = Omega::start_as(database, folder, Script::new(), |config| ServeConfig { limits, ..config }).await;
    let wrong = with(asks("hi"), json!({ "metadata": { "conversation": "01234567-89ab-4cde-8f01-23456789abcd" } }));
    assert_eq!(answered(post(&omega, CHAT, &wrong)).await.0, StatusCode::NOT_FOUND);
    assert_eq!(answered(post(&omega, CHAT, &wrong)).await.0, StatusCode::NOT_FOUND);
    let (status, guessed) = answered(post(&omega, CHAT, &asks("hi"))).await;
    assert_eq!((status.as_u16(), &guessed["omega"]["policy"]), (429, &json!("guesses")), "{guessed}");
    let response = post(&omega, RESPONSES, &json!({ "model": MODELS[0], "input": "hi" })).send().await.unwrap();
    assert!(response.headers().contains_key(header::RETRY_AFTER));
    let refused: Value = response.json().await.unwrap();
    assert_eq!(
        (&refused["error"]["code"], &refused["omega"]["policy"]),
        (&json!("rate_limit_exceeded"), &json!("runs"))
    );
}
