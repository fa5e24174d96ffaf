//! Answers: TPMJS's success envelope, and the one error body (`api.md`, "Envelope").
//!
//! Every request has an id; it stands in the answer, in the header `X-Request-Id` and in the log line, so that what a
//! user reports can be found. Causes are logged, never shown.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use omega_core::{
    api::{ErrorBody, ErrorCode, ErrorDetails, Meta, Pagination, Success, Timestamp},
    model::ModelError,
    registry::RegistryError,
};
use omega_engine::{domain::request, engine::accept::NotAccepted, store::StoreError};
use serde::Serialize;
use serde_json::{Map, Value};

pub struct Reply<T> {
    status: StatusCode,
    data: T,
    pagination: Option<Pagination>,
}

impl<T> Reply<T> {
    pub fn ok(data: T) -> Self {
        Self { status: StatusCode::OK, data, pagination: None }
    }

    pub fn created(data: T) -> Self {
        Self { status: StatusCode::CREATED, data, pagination: None }
    }

    pub fn accepted(data: T) -> Self {
        Self { status: StatusCode::ACCEPTED, data, pagination: None }
    }

    pub fn page(data: T, pagination: Pagination) -> Self {
        Self { status: StatusCode::OK, data, pagination: Some(pagination) }
    }
}

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        let meta = Meta { version: "1.0.0".into(), timestamp: Timestamp::now(), request_id: request::id() };
        let body = Success { success: true, data: self.data, meta, pagination: self.pagination };
        (self.status, Json(body)).into_response()
    }
}

/// A refused or failed request.
#[derive(Debug)]
pub struct ApiError {
    code: ErrorCode,
    message: String,
    more: Map<String, Value>,
    retry_after: Option<u64>,
}

/// What a handler gives.
pub type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    /// An error with a message that says what to do next.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), more: Map::new(), retry_after: None }
    }

    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// The same with one more member of `details`.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.more.insert(key.to_owned(), value.into());
        self
    }

    /// The same with the seconds after which to try again.
    #[must_use]
    pub fn after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// A fault of the server: its cause is for the log, its answer says no more than that there is one.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(event = "http.internal", request_id = request::id(), error = %cause);
        Self::new(ErrorCode::Internal, "something went wrong inside the server; its log has the details")
    }

    /// A thing that does not exist, or that the caller may not see: the two look the same, to the byte.
    pub fn not_found() -> Self {
        StoreError::NotFound.into()
    }

    pub fn no_route() -> Self {
        Self::new(ErrorCode::NotFound, "there is nothing here; the API is described at /api/omega/openapi.json")
    }

    /// A known path with the wrong method.
    pub fn wrong_method() -> Self {
        Self::new(ErrorCode::MethodNotAllowed, "this path takes other methods; see /api/omega/openapi.json")
    }

    /// A value that is of the right type but not right.
    pub fn invalid(field: &str, message: &str) -> Self {
        Self::new(ErrorCode::InvalidInput, format!("{field}: {message}"))
            .with("fields", serde_json::json!([{ "field": field, "message": message }]))
    }

    /// The same for a value that does not read, in the words of the reader: `limit: invalid digit found in string`,
    /// "missing field `message`".
    pub fn unreadable(words: &str) -> Self {
        match words.split_once(": ").filter(|(path, _)| !path.contains(' ')) {
            Some((path, message)) => Self::invalid(path, message),
            None => Self::invalid(words.split('`').nth(1).unwrap_or("body"), words),
        }
    }

    /// The body of its answer.
    pub fn into_body(self) -> ErrorBody {
        let code = self.code.as_str();
        let id = request::id();
        ErrorBody {
            success: false,
            error: self.message,
            kind: format!("/api/omega/docs#{code}"),
            title: code.to_lowercase().replace('_', " "),
            status: self.code.status(),
            details: ErrorDetails { code: self.code, more: self.more },
            instance: id.clone(),
            request_id: id,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let retry_after = self.retry_after;
        let body = self.into_body();
        let status = StatusCode::from_u16(body.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(body)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let retry = |code, message: &str| Self { retry_after: Some(2), ..Self::new(code, message) };
        match error {
            StoreError::NotFound => Self::new(ErrorCode::NotFound, "nothing was found under this id; check it"),
            StoreError::Gone => Self::new(
                ErrorCode::Gone,
                "this link was replaced by its owner and opens nothing any more; ask them for the new one",
            ),
            StoreError::Blocked => Self::new(
                ErrorCode::Forbidden,
                "the owner of this conversation shut you out of it; ask them to let you in",
            ),
            StoreError::RunActive(run) => Self::new(
                ErrorCode::RunActive,
                "a run of this conversation is active; wait for it, cancel it, or send with onActive=enqueue",
            )
            .with("runId", run.to_string()),
            StoreError::QueueFull(waiting) => retry(
                ErrorCode::QueueFull,
                &format!("{waiting} messages of this conversation wait already; try again when one is answered"),
            ),
            StoreError::KeyReused => Self::new(
                ErrorCode::IdempotencyMismatch,
                "this Idempotency-Key was used for another request; use a new one",
            ),
            StoreError::InProgress => retry(
                ErrorCode::IdempotencyInProgress,
                "a request with this Idempotency-Key is being answered; ask again in a moment",
            ),
            StoreError::OwnerOnly => {
                Self::new(ErrorCode::OwnerOnly, "only the owner of the conversation can do this; ask them")
            }
            StoreError::NotYours => Self::new(
                ErrorCode::Forbidden,
                "only the owner of the conversation, or who sent the run's message, can do this",
            ),
            StoreError::AlreadyDecided => {
                Self::new(ErrorCode::AlreadyDecided, "this was decided already, or is not asked any more")
            }
            StoreError::NotAwaited => Self::new(
                ErrorCode::RunState,
                "no run of this conversation waits for this; read the conversation to see what it does",
            ),
            StoreError::NotEnded => Self::new(
                ErrorCode::RunState,
                "the run has not ended; say what you think of its answer when it has, or cancel it",
            ),
            StoreError::Unfit(field, message) => Self::invalid(field, &message),
            StoreError::Stale => Self::new(
                ErrorCode::PreconditionFailed,
                "somebody changed this meanwhile; read it again and repeat your change",
            ),
            StoreError::LeaseLost => Self::new(ErrorCode::RunState, "the run has ended meanwhile"),
            StoreError::Full(_) => {
                tracing::error!(event = "store.full", %error);
                retry(
                    ErrorCode::StorageFull,
                    "the server's storage is full or failing; it goes on by itself once that is over",
                )
            }
            // The log says where it was.
            StoreError::Away => retry(ErrorCode::StorageFull, &StoreError::Away.to_string()),
            StoreError::Unavailable(_) => {
                tracing::error!(event = "store.unavailable", %error);
                retry(ErrorCode::Overloaded, "the server's database is busy or away; try again in a moment")
            }
            StoreError::Overloaded(why) => retry(ErrorCode::Overloaded, &why),
            StoreError::Draining => retry(
                ErrorCode::Draining,
                "this server is about to end and takes nothing new; send it again, to the next one",
            ),
            other => {
                tracing::error!(event = "store.error", request_id = request::id(), error = %other);
                Self::new(ErrorCode::Internal, "something went wrong inside the server; its log has the details")
            }
        }
    }
}

impl From<NotAccepted> for ApiError {
    fn from(error: NotAccepted) -> Self {
        match error {
            NotAccepted::Store(error) => error.into(),
            NotAccepted::Model(error) => error.into(),
            NotAccepted::OwnersAlone(why) => Self::new(ErrorCode::OwnerOnly, why),
            NotAccepted::NoPlan => Self::invalid("planId", &error.to_string()),
            NotAccepted::AnswerSchema => Self::invalid("answerSchema", &error.to_string()),
        }
    }
}

impl From<RegistryError> for ApiError {
    fn from(error: RegistryError) -> Self {
        match &error {
            RegistryError::NotFound { nearest, .. } => Self::new(ErrorCode::NotFound, error.to_string())
                .with("nearest", nearest.iter().map(ToString::to_string).collect::<Vec<_>>()),
            RegistryError::Unavailable(_) => Self::new(ErrorCode::UpstreamUnavailable, error.to_string()),
        }
    }
}

impl From<ModelError> for ApiError {
    fn from(error: ModelError) -> Self {
        let code = match &error {
            ModelError::Config(_) | ModelError::MissingKey(_) => ErrorCode::InvalidInput,
            ModelError::Timeout { .. } => ErrorCode::UpstreamTimeout,
            _ => ErrorCode::UpstreamFailed,
        };
        Self::new(code, error.to_string()).with("provider", error.code())
    }
}
