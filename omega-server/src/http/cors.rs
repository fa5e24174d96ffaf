//! Pages of other origins may use the API where the operator named them (`--cors-origin`), and no others.
//!
//! The promises: an origin counts as a whole, scheme, host and port; nothing is allowed by default, and no wildcard ever. Such a
//! page speaks for whoever's API key it has: a session's cookie is this site's own alone, so no answer lets cookies along. Every
//! answer of the API that could differ by origin says so (`Vary`).

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use reqwest::Url;
use std::{fmt, str::FromStr, sync::Arc};

/// Where programs come in. What is elsewhere is read by nobody else's pages.
pub const DOORS: [&str; 3] = ["/api/", "/v1/", "/mcp"];

/// What a page may send.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
/// What a page may read besides the body.
const SHOWN: HeaderValue = HeaderValue::from_static(
    "etag, idempotency-replayed, location, omega-api, ratelimit, ratelimit-policy, retry-after, \
     x-request-id, x-vercel-ai-ui-message-stream",
);
/// How long a browser need not ask again, in seconds.
const KEPT: HeaderValue = HeaderValue::from_static("600");

/// `https://HOST[:PORT]`, as a browser says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(HeaderValue);

/// Goes with a request that a page of a named origin sent.
#[derive(Debug, Clone, Copy)]
pub struct Named;

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            |why: &str| format!("`{text}` is no origin: {why}; write https://HOST, with :PORT where it is another one");
        if matches!(text.trim(), "*" | "null") {
            return Err(wrong("each origin is named, and no wildcard stands for several"));
        }
        let url = Url::parse(text.trim()).map_err(|error| wrong(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong("it begins with https:// or http://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("it has no name and no password in it"));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("it ends with the host or the port"));
        }
        if url.host_str().is_some_and(|host| host.contains('*')) {
            return Err(wrong("each origin is named, and no wildcard stands for several"));
        }
        HeaderValue::from_str(&url.origin().ascii_serialization())
            .map(Self)
            .map_err(|_| wrong("its host can't be sent"))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

/// Answers what a browser asks before a page's request, and lets the page read the answer to it.
pub async fn layer(State(allowed): State<Arc<[Origin]>>, mut request: Request, next: Next) -> Response {
    if allowed.is_empty() || !DOORS.iter().any(|door| request.uri().path().starts_with(door)) {
        return next.run(request).await;
    }
    let origin = origin_of(request.headers()).filter(|origin| allowed.iter().any(|it| it.0 == *origin));
    let asks_first =
        request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match &origin {
        Some(_) if asks_first => {
            let allows = [(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS), (header::ACCESS_CONTROL_MAX_AGE, KEPT)];
            // Clients send headers of their own making; who is named may send any, and what counts is the key.
            let asked = request.headers().get(header::ACCESS_CONTROL_REQUEST_HEADERS);
            let taken = asked.map(|asked| (header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone()));
            (StatusCode::NO_CONTENT, allows, HeaderMap::from_iter(taken)).into_response()
        }
        Some(_) => {
            request.extensions_mut().insert(Named);
            next.run(request).await
        }
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    if asks_first {
        headers.append(header::VARY, HeaderValue::from_static("access-control-request-headers"));
    }
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, SHOWN);
    }
    response
}

/// The one origin that a request names.
fn origin_of(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut named = headers.get_all(HeaderName::from_static("origin")).iter();
    match (named.next(), named.next()) {
        (Some(origin), None) => Some(origin.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_whole_one_and_what_is_none_says_what_is() {
        for (text, origin) in [
            ("https://app.example.com", "https://app.example.com"),
            ("https://App.Example.com:443/", "https://app.example.com"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://[::1]:3000", "http://[::1]:3000"),
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().to_string(), origin);
        }
        for wrong in [
            "",
            "*",
            "null",
            "app.example.com",
            "https://*.example.com",
            "https://h/path",
            "https://h?x",
            "https://h/#x",
            "https://me:x@h",
            "file:///etc",
            "chrome-extension://abc",
        ] {
            let error = wrong.parse::<Origin>().unwrap_err();
            assert!(error.contains("write https://HOST"), "{wrong}: {error}");
        }
    }
}
