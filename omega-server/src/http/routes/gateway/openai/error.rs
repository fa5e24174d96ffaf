//! Refusals in OpenAI's shape: `{"error": {"message", "type", "param", "code"}}`.
//!
//! Handlers and layers refuse as everywhere in this server ([`ApiError`]); what leaves below `/v1` is put into the other shape
//! here, in one place, whoever refused. A member `omega` beside `error` has our own code and what belongs to it.

use crate::http::reply::ApiError;
use axum::{
    Json,
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use omega_core::api::{ErrorBody, ErrorCode};
use serde_json::{Value, json};

/// No refusal is longer.
const LONGEST: usize = 1 << 20;
/// What the official clients look at before they send a request again.
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// A refusal that names a parameter, with OpenAI's code for it.
pub fn refused(param: &str, code: &str, message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::BadRequest, message).with("param", param).with("openai", code)
}

/// Puts refusals below `/v1` into OpenAI's shape.
pub async fn layer(request: Request, next: Next) -> Response {
    let is_ours = request.uri().path().starts_with("/v1/");
    let response = next.run(request).await;
    if is_ours && response.status().as_u16() >= 400 { reshaped(response).await } else { response }
}

async fn reshaped(response: Response) -> Response {
    // What is packed was reshaped before.
    if response.headers().contains_key(header::CONTENT_ENCODING) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, LONGEST).await else {
        return (parts.status, Json(shape(&nameless(parts.status)))).into_response();
    };
    let Ok(refusal) = serde_json::from_slice::<ErrorBody>(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    if refusal.details.more.get("retryable") == Some(&Value::Bool(false)) {
        parts.headers.insert(SHOULD_RETRY, HeaderValue::from_static("false"));
    }
    // OpenAI knows no 422 for values: its clients take 400 for "change your request".
    if parts.status == StatusCode::UNPROCESSABLE_ENTITY {
        parts.status = StatusCode::BAD_REQUEST;
    }
    Response::from_parts(parts, Body::from(shape(&refusal).to_string()))
}

fn nameless(status: StatusCode) -> ErrorBody {
    let body = json!({ "success": false, "error": "something went wrong inside the server; its log has the details",
        "details": { "code": "INTERNAL" }, "type": "", "title": "", "status": status.as_u16(), "instance": "", "requestId": "" });
    serde_json::from_value(body).unwrap_or_else(|_| unreachable!("a body of ours reads as one"))
}

/// A refusal of ours in OpenAI's shape.
pub fn shape(refusal: &ErrorBody) -> Value {
    let more = &refusal.details.more;
    let field = more.get("fields").and_then(|fields| fields[0]["field"].as_str());
    let param = more.get("param").and_then(Value::as_str).or(field);
    let code = match more.get("openai").and_then(Value::as_str) {
        Some(code) => code.to_owned(),
        None => code_of(refusal.details.code),
    };
    let kind = match refusal.status {
        429 => "requests",
        500.. => "server_error",
        _ => "invalid_request_error",
    };
    let told = more.iter().filter(|(name, _)| !matches!(name.as_str(), "param" | "openai" | "fields"));
    let mut omega: serde_json::Map<String, Value> = told.map(|(name, value)| (name.clone(), value.clone())).collect();
    omega.insert("code".into(), json!(refusal.details.code));
    omega.insert("requestId".into(), json!(refusal.request_id));
    json!({ "error": { "message": refusal.error, "type": kind, "param": param, "code": code }, "omega": omega })
}

/// The code that OpenAI's clients know for ours, or ours in their spelling.
fn code_of(code: ErrorCode) -> String {
    match code {
        ErrorCode::Unauthenticated => "invalid_api_key".into(),
        ErrorCode::RateLimited | ErrorCode::QueueFull => "rate_limit_exceeded".into(),
        ErrorCode::Internal => "server_error".into(),
        other => other.as_str().to_lowercase(),
    }
}

/// An error in the middle of a stream, whose status line is gone.
pub fn in_stream(error: ApiError) -> Value {
    let refusal = error.into_body();
    shape(&refusal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_ours_has_a_shape_that_openais_clients_read() {
        let table = [
            (ErrorCode::Unauthenticated, "invalid_request_error", "invalid_api_key"),
            (ErrorCode::RateLimited, "requests", "rate_limit_exceeded"),
            (ErrorCode::QueueFull, "requests", "rate_limit_exceeded"),
            (ErrorCode::Internal, "server_error", "server_error"),
            (ErrorCode::Draining, "server_error", "draining"),
            (ErrorCode::UpstreamFailed, "server_error", "upstream_failed"),
            (ErrorCode::OwnerOnly, "invalid_request_error", "owner_only"),
            (ErrorCode::NotFound, "invalid_request_error", "not_found"),
            (ErrorCode::PayloadTooLarge, "invalid_request_error", "payload_too_large"),
        ];
        for (ours, kind, code) in table {
            let body = in_stream(ApiError::new(ours, "why"));
            assert_eq!(body["error"], json!({ "message": "why", "type": kind, "param": null, "code": code }));
            assert_eq!(body["omega"]["code"], json!(ours));
        }
        let named = in_stream(refused("n", "unsupported_value", "one"));
        assert_eq!((&named["error"]["param"], &named["error"]["code"]), (&json!("n"), &json!("unsupported_value")));
        assert_eq!(in_stream(ApiError::invalid("message", "no"))["error"]["param"], "message");
    }
}
