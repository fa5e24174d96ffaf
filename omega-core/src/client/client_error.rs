//! What can go wrong between a client and its server, told apart by what the caller can do about it.
//!
//! The server's error body is read leniently: a code that this version does not know, or a body that is a plain string
//! (proxies, older registries), still gives the server's own words.

use crate::net;
use serde_json::{Map, Value};
use std::time::Duration;

/// A request that gave no result. Cloneable, so that it can be shown and kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// 401: no key, or one that the server does not know.
    #[error("{0}")]
    Unauthenticated(String),
    /// 403: signed in, but not allowed.
    #[error("{0}")]
    Forbidden(String),
    /// 404: unknown, or not visible to the caller; the text has the nearest names where the server knows some.
    #[error("{0}")]
    NotFound(String),
    /// 429: too many requests, or a bound of the user.
    #[error("{message}")]
    RateLimited {
        /// The server's words.
        message: String,
        /// When it is worth trying again.
        retry_after: Option<Duration>,
    },
    /// No connection, or none that lasted until the answer.
    #[error("the server at {url} can't be reached: {cause}")]
    Unreachable {
        /// The server.
        url: String,
        /// Why, in the words of the transport.
        cause: String,
    },
    /// The event stream was lost and could not be taken up again in time.
    #[error("lost the event stream and could not get it back within {}: {cause}", humantime::format_duration(*after))]
    StreamLost {
        /// How long it was tried.
        after: Duration,
        /// The last failure.
        cause: String,
    },
    /// Any other refusal.
    #[error("{message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The code of the error body (`RUN_ACTIVE`), where it has one.
        code: Option<String>,
        /// The server's words.
        message: String,
        /// `details` without the code.
        details: Map<String, Value>,
        /// When it is worth trying again.
        retry_after: Option<Duration>,
    },
    /// An answer that is not what this route answers; most likely something else listens there.
    #[error("the server at {url} answered something that is not Omega's: {cause}")]
    Protocol {
        /// The server.
        url: String,
        /// What was wrong.
        cause: String,
    },
}

impl ClientError {
    /// The error of a response that is no success.
    #[must_use]
    pub fn of_response(status: u16, retry_after: Option<Duration>, body: &str) -> Self {
        let ServerWords { message, code, details } = ServerWords::read(status, body);
        match status {
            401 => Self::Unauthenticated(message),
            403 => Self::Forbidden(message),
            404 => Self::NotFound(message),
            429 => Self::RateLimited { message, retry_after },
            _ => Self::Refused { status, code, message, details, retry_after },
        }
    }

    /// The error of a request that brought no response.
    #[must_use]
    pub fn of_transport(url: &str, error: &reqwest::Error) -> Self {
        let cause = net::reason(error);
        if error.is_decode() {
            return Self::Protocol { url: url.to_owned(), cause };
        }
        Self::Unreachable { url: url.to_owned(), cause }
    }

    /// Whether the same request may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::Unreachable { .. } => true,
            Self::Refused { status, .. } => *status >= 500,
            _ => false,
        }
    }

    /// Whether somebody else was first: an answer that was given already, settings that were changed meanwhile.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Refused { status: 409 | 412, .. })
    }

    /// When the server said it is worth trying again.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } | Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

struct ServerWords {
    message: String,
    code: Option<String>,
    details: Map<String, Value>,
}

impl ServerWords {
    fn read(status: u16, body: &str) -> Self {
        let json: Value = serde_json::from_str(body).unwrap_or(Value::Null);
        let mut details = json.get("details").and_then(Value::as_object).cloned().unwrap_or_default();
        let error = &json["error"];
        let code = details.remove("code").or_else(|| error.get("code").cloned());
        let message = error.as_str().or_else(|| error["message"].as_str()).or_else(|| json["message"].as_str());
        let message = match message {
            Some(text) if !text.is_empty() => text.to_owned(),
            _ => match body.trim() {
                text if !text.is_empty() && text.len() <= 300 && !text.starts_with(['<', '{']) => text.to_owned(),
                _ => format!("the server answered with HTTP status {status}"),
            },
        };
        Self { message, code: code.and_then(|code| code.as_str().map(str::to_owned)), details }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_words_are_found_in_every_shape_of_body() {
        let cases = [
            (401, r#"{"success":false,"error":"No such key","details":{"code":"UNAUTHENTICATED"}}"#, "No such key"),
            (404, r#"{"success":false,"error":"Tool not found"}"#, "Tool not found"),
            (500, r#"{"success":false,"error":{"code":"SEARCH_ERROR","message":"It broke"}}"#, "It broke"),
            (502, "<html>Bad gateway</html>", "the server answered with HTTP status 502"),
            (503, "overloaded", "overloaded"),
            (418, "", "the server answered with HTTP status 418"),
        ];
        for (status, body, message) in cases {
            assert_eq!(ClientError::of_response(status, None, body).to_string(), message, "{body}");
        }
    }

    #[test]
    fn a_code_of_a_later_version_is_kept() {
        let body = r#"{"error":"x","details":{"code":"MOON_PHASE","phase":3}}"#;
        let ClientError::Refused { code, details, .. } = ClientError::of_response(409, None, body) else { panic!() };
        assert_eq!(code.as_deref(), Some("MOON_PHASE"));
        assert_eq!(details["phase"], 3);
    }

    #[test]
    fn only_what_may_pass_by_itself_is_temporary() {
        for (status, temporary) in [(400, false), (401, false), (404, false), (409, false), (429, true), (503, true)] {
            assert_eq!(ClientError::of_response(status, None, "").is_temporary(), temporary, "{status}");
        }
    }
}
