//! What providers say when something is wrong: error bodies with a status, and error events inside a stream.
//!
//! The shapes met: `{"error": {message, code, type, status}}` (OpenAI and its kin, Anthropic, Google), the same in a list
//! (Google), `{"error": "text"}` (Ollama), `{"message", "code"}` at the top (Mistral, OpenAI Responses), `{"detail"}`
//! (FastAPI servers), `{"errors": [...]}` (Cloudflare), `{"code", "msg"}` and `{"base_resp": {status_msg}}` (MiniMax and other
//! gateways, also with status 200), `{"fault"}` (Apigee), `{"title", "detail"}` (RFC 9457), and pages that are no JSON at all.

use super::{retry_after, text_at};
use crate::model::{ModelError, json};
use serde_json::Value;
use std::time::SystemTime;

const LONGEST_MESSAGE: usize = 600;

/// The error for a response with an error status. `header` looks a response header up by its lower-case name.
pub fn http_error<'h>(
    provider: &str,
    status: u16,
    header: impl Fn(&str) -> Option<&'h str>,
    body: &[u8],
) -> ModelError {
    let text = String::from_utf8_lossy(body);
    let json = json::read(&text).ok();
    let (message, code) = json.as_ref().map(describe).unwrap_or_default();
    let message = match message {
        Some(message) => message,
        None if text.trim().is_empty() => String::from("(no message)"),
        None if text.trim_start().starts_with('<') => web_page(&text),
        None => shorten(text.trim()),
    };
    let asked = retry_after::asked(header, json.as_ref(), SystemTime::now());
    ModelError::Http { provider: provider.to_owned(), status, message, code, retry_after: asked }
}

/// The error that words in the place of an event tell of. `passes`: they came from something in between (a proxy, a crashed
/// process), which another try may not meet.
pub(super) fn text_error(provider: &str, text: &str, passes: bool) -> ModelError {
    let message = if text.trim_start().starts_with('<') { web_page(text) } else { shorten(text.trim()) };
    ModelError::Stream { provider: provider.to_owned(), message, retryable: passes }
}

/// The error that an event of a stream carries, if it carries one.
pub(super) fn stream_error(provider: &str, event: &str, data: &Value) -> Option<ModelError> {
    let reported = event == "error"
        || data.get("error").is_some_and(|error| match error {
            Value::Null | Value::Bool(_) => false,
            Value::String(text) => !text.is_empty(),
            Value::Object(map) => !map.is_empty(),
            _ => true,
        })
        // Groq: why a stream was stopped early.
        || !text_at(data, "/x_groq/error").is_empty()
        || matches!(data.get("type").and_then(Value::as_str), Some("error"))
        || matches!(data.get("object").and_then(Value::as_str), Some("error"));
    reported.then(|| reported_error(provider, data))
}

/// The error that `data` describes.
pub(super) fn reported_error(provider: &str, data: &Value) -> ModelError {
    let (message, code) = describe(data);
    let status = status_of(data);
    ModelError::Stream {
        provider: provider.to_owned(),
        message: message.or_else(|| code.clone()).unwrap_or_else(|| shorten(&data.to_string())),
        retryable: is_passing(status, code.as_deref().unwrap_or_default()),
    }
}

fn status_of(data: &Value) -> Option<u64> {
    let places = ["/error/code", "/error/status_code", "/code", "/status_code", "/base_resp/status_code"];
    places.iter().find_map(|pointer| data.pointer(pointer).and_then(Value::as_u64))
}

/// Whether an error inside a stream is one of those that pass: overload, rate limits and server faults.
fn is_passing(status: Option<u64>, code: &str) -> bool {
    const PASSING: [&str; 13] = [
        "overloaded_error",
        "api_error",
        "timeout_error",
        "rate_limit_error",
        "rate_limit_exceeded",
        "server_error",
        "internal_server_error",
        "internal_error",
        "service_unavailable",
        "unavailable",
        "internal",
        "resource_exhausted",
        "deadline_exceeded",
    ];
    let code = code.to_ascii_lowercase();
    if code == "insufficient_quota" {
        return false;
    }
    PASSING.contains(&code.as_str()) || matches!(status, Some(408 | 429 | 500..=599))
}

/// The error that an event or a document tells of which is no answer of its format, if it says anything in words. Another
/// try may help unless its code says otherwise.
pub(super) fn beside_error(provider: &str, data: &Value) -> Option<ModelError> {
    let (message, code) = describe(data);
    let status = status_of(data);
    let passes = status.is_none() || is_passing(status, code.as_deref().unwrap_or_default());
    Some(ModelError::Stream { provider: provider.to_owned(), message: message?, retryable: passes })
}

/// Where the words of an error stand.
const MESSAGES: [&str; 17] = [
    "/message",
    "/x_groq/error",
    "/detail",
    "/detail/0/msg",
    "/message/detail/0/msg",
    "/message/message",
    "/detail/message",
    "/errors/0/message",
    "/errors/0",
    "/msg",
    "/error_msg",
    "/errorMessage",
    "/error_description",
    "/base_resp/status_msg",
    "/fault/faultstring",
    "/Message",
    "/title",
];

/// The message of the error that a gateway hands on as the text of its own message.
fn inner_message(text: &str) -> String {
    let inner = Some(text.trim()).filter(|text| text.starts_with('{')).and_then(|text| json::read(text).ok());
    let error = inner.as_ref().map(|inner| inner.get("error").unwrap_or(inner));
    match error.map(|error| text_at(error, "/message")) {
        Some(message) if !message.is_empty() => message.to_owned(),
        _ => text.to_owned(),
    }
}

/// Message and code of an error, wherever they stand.
fn describe(data: &Value) -> (Option<String>, Option<String>) {
    let data = match data {
        Value::Array(list) => list.first().unwrap_or(&Value::Null),
        other => other,
    };
    if let Value::String(text) = data {
        return (Some(shorten(text)), None);
    }
    let error = data.get("error").filter(|error| !error.is_null()).unwrap_or(data);
    if let Value::String(text) = error {
        return (Some(shorten(text)), None);
    }
    let mut message =
        MESSAGES.iter().map(|pointer| text_at(error, pointer)).find(|text| !text.is_empty()).map(inner_message);
    // OpenRouter hides the reason of the provider behind it: "Provider returned error".
    if let (Some(message), raw @ 1..) = (&mut message, text_at(error, "/metadata/raw").len()) {
        message.push_str(": ");
        message.push_str(&text_at(error, "/metadata/raw")[..raw]);
    }
    let code = ["/code", "/type", "/status"]
        .iter()
        .map(|pointer| text_at(error, pointer))
        .find(|text| !text.is_empty())
        .map(str::to_owned)
        .or_else(|| error.get("code").and_then(Value::as_u64).map(|code| code.to_string()));
    (message.as_deref().map(shorten), code)
}

/// A page says nothing to people who don't read HTML, but its title does.
fn web_page(html: &str) -> String {
    let title =
        html.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>")).map(|(title, _)| title.trim());
    match title {
        Some(title) if !title.is_empty() => shorten(&format!("a web page: {title}")),
        _ => String::from("a web page without a title"),
    }
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parts(error: ModelError) -> (String, Option<String>) {
        match error {
            ModelError::Http { message, code, .. } => (message, code),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_provider_s_error_body_gives_its_message_and_code() {
        for (body, message, code) in [
            (
                json!({"error": {"message": "m", "type": "tokens", "code": "rate_limit_exceeded"}}),
                "m",
                Some("rate_limit_exceeded"),
            ),
            (
                json!({"error": {"message": "m", "type": "invalid_request_error", "code": null}}),
                "m",
                Some("invalid_request_error"),
            ),
            (
                json!({"type": "error", "error": {"type": "overloaded_error", "message": "m"}}),
                "m",
                Some("overloaded_error"),
            ),
            (json!([{"error": {"code": 404, "message": "m", "status": "NOT_FOUND"}}]), "m", Some("NOT_FOUND")),
            (json!({"error": {"code": 429, "message": "m", "metadata": {"raw": "wait"}}}), "m: wait", Some("429")),
            (json!({"error": "model not found"}), "model not found", None),
            (json!({"object": "error", "message": "m", "type": "invalid_model", "code": "1500"}), "m", Some("1500")),
            (json!({"detail": [{"msg": "m"}]}), "m", None),
            (json!({"errors": [{"message": "m", "code": 7003}], "success": false}), "m", None),
            (json!({"errors": ["m"]}), "m", None),
            (json!({"code": 401, "msg": "m"}), "m", Some("401")),
            (json!({"base_resp": {"status_code": 1004, "status_msg": "m"}}), "m", None),
            (json!({"fault": {"faultstring": "m", "detail": {"errorcode": "x"}}}), "m", None),
            (json!({"__type": "AccessDenied", "Message": "m"}), "m", None),
            (json!({"type": "about:blank", "title": "t", "detail": "m"}), "m", Some("about:blank")),
            (json!({"error": {"message": {"message": "m"}}}), "m", None),
            (json!({"error": "x", "error_description": "m"}), "x", None),
            (json!({"error": {"message": "{\"error\": {\"message\": \"m\", \"code\": 1}}"}}), "m", None),
            (json!({"error": {"message": "{\"a\": 1}"}}), "{\"a\": 1}", None),
        ] {
            let error = http_error("p", 400, |_| None, body.to_string().as_bytes());
            assert_eq!(parts(error), (message.into(), code.map(Into::into)), "{body}");
        }
        for (page, message) in [
            ("<html><title>502 Bad Gateway</title>...", "a web page: 502 Bad Gateway"),
            ("<!doctype html><p>no", "a web page without a title"),
            ("upstream timed out", "upstream timed out"),
        ] {
            assert_eq!(parts(http_error("p", 502, |_| None, page.as_bytes())).0, message);
        }
        assert_eq!(parts(http_error("p", 500, |_| None, b"")).0, "(no message)");
    }

    #[test]
    fn errors_inside_a_stream_are_told_from_chunks_and_sorted_by_what_helps() {
        for (event, data, want) in [
            ("", json!({"choices": [], "error": null}), None),
            ("", json!({"choices": [], "error": {"code": 400, "message": "m"}}), Some(false)),
            ("", json!({"error": {"code": 502, "message": "m"}}), Some(true)),
            (
                "error",
                json!({"error": {"message": "m", "type": "invalid_request_error", "status_code": 400}}),
                Some(false),
            ),
            ("error", json!({"type": "error", "error": {"type": "overloaded_error", "message": "m"}}), Some(true)),
            ("error", json!({"type": "error", "code": "server_error", "message": "m"}), Some(true)),
            ("error", json!({"type": "error", "error": {"code": "insufficient_quota", "message": "m"}}), Some(false)),
            ("", json!({"error": {"code": 503, "message": "m", "status": "UNAVAILABLE"}}), Some(true)),
            ("error", json!("m"), Some(false)),
            ("", json!({"choices": [], "x_groq": {"id": "r", "error": "m"}}), Some(false)),
            ("", json!({"choices": [], "error": {}}), None),
        ] {
            let got = stream_error("p", event, &data).map(|error| match error {
                ModelError::Stream { message, retryable, .. } => {
                    assert_eq!(message, "m", "{data}");
                    retryable
                }
                other => panic!("{other:?}"),
            });
            assert_eq!(got, want, "{data}");
        }
    }
}
