//! Plain requests and what refuses them: every refusal has the one error body.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

/// The answer's status and body; a refusal must be the one error body and say what it is.
pub async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.bytes().await.unwrap();
    let body: Value = serde_json::from_slice(&bytes)
        .unwrap_or_else(|_| panic!("{status}, no JSON: {}", String::from_utf8_lossy(&bytes)));
    if !status.is_success() {
        assert_eq!((&body["success"], &body["status"]), (&json!(false), &json!(status.as_u16())), "{body}");
        assert!(body["details"]["code"].is_string() && !body["error"].as_str().unwrap().is_empty(), "{body}");
        assert_eq!(body["requestId"].as_str(), headers["x-request-id"].to_str().ok());
        assert_eq!(body["type"], format!("/api/omega/docs#{}", body["details"]["code"].as_str().unwrap()));
    }
    (status.as_u16(), body)
}

/// Status and code of a refusal.
pub async fn refused(request: RequestBuilder) -> (u16, String) {
    let (status, body) = answer(request).await;
    (status, body["details"]["code"].as_str().unwrap_or_default().to_owned())
}

pub fn code(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}
