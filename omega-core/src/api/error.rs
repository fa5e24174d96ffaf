//! The one error body: PRD's envelope and RFC 9457 in one.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Every code an answer may carry; a closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "each name says it; `status` gives the HTTP status")]
pub enum ErrorCode {
    BadRequest,
    BadCursor,
    MissingEnvVars,
    Unauthenticated,
    Forbidden,
    Csrf,
    OwnerOnly,
    NotFound,
    MethodNotAllowed,
    NotAcceptable,
    RunActive,
    IdempotencyInProgress,
    AlreadyDecided,
    RunState,
    OtherSession,
    Gone,
    PreconditionFailed,
    PreconditionRequired,
    PayloadTooLarge,
    UnsupportedMediaType,
    InvalidInput,
    IdempotencyMismatch,
    RateLimited,
    QueueFull,
    Internal,
    UpstreamFailed,
    UpstreamTimeout,
    Draining,
    Overloaded,
    StorageFull,
    UpstreamUnavailable,
}

impl ErrorCode {
    /// The HTTP status that goes with it (`api.md`, "status").
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::BadRequest | Self::BadCursor | Self::MissingEnvVars => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden | Self::Csrf | Self::OwnerOnly => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::NotAcceptable => 406,
            Self::RunActive
            | Self::IdempotencyInProgress
            | Self::AlreadyDecided
            | Self::RunState
            | Self::OtherSession => 409,
            Self::Gone => 410,
            Self::PreconditionFailed => 412,
            Self::PayloadTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::InvalidInput | Self::IdempotencyMismatch => 422,
            Self::PreconditionRequired => 428,
            Self::RateLimited | Self::QueueFull => 429,
            Self::Internal => 500,
            Self::UpstreamFailed => 502,
            Self::UpstreamTimeout => 504,
            Self::Draining | Self::Overloaded | Self::StorageFull | Self::UpstreamUnavailable => 503,
        }
    }

    /// The code as it stands in the body (`NOT_FOUND`).
    #[must_use]
    pub fn as_str(self) -> String {
        match serde_json::to_value(self) {
            Ok(Value::String(text)) => text,
            _ => String::from("INTERNAL"),
        }
    }
}

/// The body of every failed request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// Always false.
    pub success: bool,
    /// What happened, and what to do next, for people.
    pub error: String,
    /// `code`, and what the code brings along (`missingVars`, `fields`, ...).
    pub details: ErrorDetails,
    /// RFC 9457: a URI of the kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// RFC 9457: the kind in a few words.
    pub title: String,
    /// RFC 9457: the HTTP status.
    pub status: u16,
    /// RFC 9457: this occurrence.
    pub instance: String,
    /// The request's id, as in the server's log.
    pub request_id: String,
}

/// `details` of an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorDetails {
    /// The code.
    pub code: ErrorCode,
    /// Further members, by code.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}
