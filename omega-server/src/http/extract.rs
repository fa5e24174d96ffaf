//! What handlers take out of requests. A request that does not read is refused in our own shape, with the field's name.

use super::reply::ApiError;
use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request, rejection::JsonRejection},
    http::{StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use omega_core::{
    api::ErrorCode,
    budget::{self, Shape},
};
use omega_engine::domain::{boxed, nul};
use serde::de::DeserializeOwned;

/// Bytes of a body.
pub const BODY_LIMIT: usize = 1 << 20;

/// Why a text is refused that nothing could store.
const NUL: &str = "has the character U+0000, which no text here can have; leave it out";

/// Refuses addresses with U+0000 in them, before any route looks at them: what nothing can be called is not there.
pub async fn no_nul(request: Request, next: Next) -> Response {
    if nul::in_address(request.uri().path()) {
        return ApiError::not_found().into_response();
    }
    let names_and_values = request.uri().query().unwrap_or_default().split('&');
    match names_and_values.into_iter().find(|pair| nul::in_address(pair)) {
        Some(pair) => {
            let name = pair.split('=').next().filter(|name| !nul::in_address(name)).unwrap_or("query");
            ApiError::invalid(name, NUL).into_response()
        }
        None => next.run(request).await,
    }
}

/// A JSON body of at most so many bytes. An empty one counts as `{}`.
pub struct Body<T, const LIMIT: usize = BODY_LIMIT>(pub T);

impl<T: DeserializeOwned, S: Send + Sync, const LIMIT: usize> FromRequest<S> for Body<T, LIMIT> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let Some(request) = read(request, LIMIT).await? else {
            return serde_json::from_str("{}")
                .map(Body)
                .map_err(|error| ApiError::new(ErrorCode::BadRequest, format!("the body is empty: {error}")));
        };
        match Json::<T>::from_request(request, state).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(JsonRejection::JsonDataError(error)) => Err(ApiError::unreadable(&cause(&error))),
            Err(JsonRejection::MissingJsonContentType(_)) => Err(ApiError::new(
                ErrorCode::UnsupportedMediaType,
                "send JSON, with the header Content-Type: application/json",
            )),
            Err(error) => Err(ApiError::new(ErrorCode::BadRequest, cause(&error))),
        }
    }
}

/// A request whose body is here and may be read as JSON; nothing when it has none.
#[boxed]
async fn read(request: Request, limit: usize) -> Result<Option<Request>, ApiError> {
    let empty = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .map_or_else(|| !request.headers().contains_key(header::TRANSFER_ENCODING), |length| length == "0");
    if empty {
        return Ok(None);
    }
    let large = || ApiError::new(ErrorCode::PayloadTooLarge, format!("the body is larger than {} MiB", limit >> 20));
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    // Nobody has to send what is not going to be read.
    if length.is_some_and(|length: usize| length > limit) {
        return Err(large());
    }
    let (parts, body) = request.into_parts();
    let request = Request::from_parts(parts.clone(), body);
    let bytes = match Bytes::from_request(request, &()).await {
        Ok(bytes) => bytes,
        Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => return Err(large()),
        Err(error) => return Err(ApiError::new(ErrorCode::BadRequest, cause(&error))),
    };
    if Shape::of(&bytes).depth > budget::DEPTH.most {
        let error = format!("the JSON is nested deeper than {} levels", budget::DEPTH.most);
        return Err(ApiError::new(ErrorCode::BadRequest, error));
    }
    // A list would be read as an object's members in their order.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(ApiError::invalid("body", "must be a JSON object"));
    }
    if let Some(member) = nul::member(&bytes) {
        let field = if member.is_empty() { "body" } else { &member };
        return Err(ApiError::invalid(field, NUL));
    }
    Ok(Some(Request::from_parts(parts, bytes.into())))
}

/// The parameters after the `?`.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(error) => Err(ApiError::unreadable(&cause(&error))),
        }
    }
}

/// The variable segment of the path. One that is no text names nothing that exists.
pub struct Segment(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(segment)) => Ok(Self(segment)),
            Err(_) => Err(ApiError::not_found()),
        }
    }
}

/// The innermost reason: which field, at which place.
fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
