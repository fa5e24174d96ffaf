//! Clients that know only OpenAI's API: what they send counts or is refused by its name, and what they get is what they read.

mod chat;
mod refusals;
mod responses;

use crate::harness::{MODELS, Omega};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

const CHAT: &str = "/v1/chat/completions";
const RESPONSES: &str = "/v1/responses";

/// A request with one message of the user's.
fn asks(message: &str) -> Value {
    json!({ "model": MODELS[0], "messages": [{ "role": "user", "content": message }] })
}

/// The same with other members.
fn with(mut body: Value, more: Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn post(omega: &Omega, path: &str, body: &Value) -> RequestBuilder {
    omega.request(Method::POST, path).json(body)
}

/// Status and body.
async fn answered(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status}: {text}")))
}

/// The answer of a request that is not refused.
async fn done(request: RequestBuilder) -> Value {
    let (status, body) = answered(request).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    body
}

/// What a stream says: the name of each event, and its data.
async fn streamed(request: RequestBuilder) -> Vec<(String, Value)> {
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"));
    let text = response.text().await.unwrap();
    let frames = text.split("\n\n").filter(|frame| !frame.is_empty() && !frame.starts_with(':'));
    let read = |frame: &str| {
        let line = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
        let data = line("data: ");
        (line("event: "), serde_json::from_str(&data).unwrap_or(Value::String(data)))
    };
    frames.map(read).collect()
}

/// The text of a stream of chunks.
fn text_of(chunks: &[(String, Value)]) -> String {
    chunks.iter().filter_map(|(_, chunk)| chunk["choices"][0]["delta"]["content"].as_str()).collect()
}
