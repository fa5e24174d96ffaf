//! The page at `/omega`: one shell for every address of the page, and the assets it loads.
//!
//! The promises: the page runs no inline code and loads nothing from another origin (the content security policy of
//! [`headers`]); an asset's name changes with its content, so it may be cached for ever, while the shell is always asked
//! for again; a shell that another site led to says so, and then a sign-in link in its address does nothing without a click.

mod assets;
mod headers;

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use std::sync::LazyLock;

pub use headers::secure;

static SHELL: LazyLock<Document> =
    LazyLock::new(|| Document::new(include_bytes!("../../../web/dist/index.html").to_vec()));
/// The same with the mark that `web/src/route.ts` looks for.
static FROM_ELSEWHERE: LazyLock<Document> = LazyLock::new(|| {
    let marked = "<html data-from=\"elsewhere\" ";
    Document::new(String::from_utf8_lossy(&SHELL.content).replacen("<html ", marked, 1).into_bytes())
});

/// A document that does not change while the server lives, and its validator.
pub struct Document {
    content: Vec<u8>,
    etag: HeaderValue,
}

impl Document {
    pub fn new(content: Vec<u8>) -> Self {
        Self { etag: assets::etag(&content), content }
    }

    /// The answer to who asks for it: 304 when they have it already.
    pub fn answer(&'static self, request: &HeaderMap, media_type: &'static str) -> Response {
        answer(request, &self.content, &self.etag, media_type, "no-cache")
    }
}

pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/", get(front_door))
        .route("/omega/", get(front_door))
        .route("/omega", get(shell))
        .route("/omega/c/{id}", get(shell))
        .route("/omega/settings", get(shell))
        .route("/omega/assets/{name}", get(asset))
        .layer(middleware::map_response(headers::secure))
}

async fn front_door() -> Redirect {
    Redirect::temporary("/omega")
}

/// The same document for every address of the page; the script reads the address, and whether another site led here.
async fn shell(request: HeaderMap) -> Response {
    let document = match request.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        Some(b"cross-site" | b"same-site") => &FROM_ELSEWHERE,
        _ => &SHELL,
    };
    let mut response = document.answer(&request, "text/html; charset=utf-8");
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("sec-fetch-site"));
    response
}

async fn asset(Path(name): Path<String>, request: HeaderMap) -> Response {
    match assets::find(&name) {
        Some(asset) => {
            answer(&request, asset.content, asset.etag, asset.media_type(), "public, max-age=31536000, immutable")
        }
        None => (StatusCode::NOT_FOUND, "No such file. Reload the page: the server may have been updated.\n")
            .into_response(),
    }
}

/// 304 when the caller has it already.
fn answer(
    request: &HeaderMap,
    content: &'static [u8],
    etag: &HeaderValue,
    media_type: &'static str,
    caching: &'static str,
) -> Response {
    let known = request.get_all(header::IF_NONE_MATCH).iter().any(|tags| names(tags, etag));
    let headers: [(HeaderName, HeaderValue); 2] =
        [(header::ETAG, etag.clone()), (header::CACHE_CONTROL, HeaderValue::from_static(caching))];
    if known {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, [(header::CONTENT_TYPE, media_type)], content).into_response()
}

/// Whether an `If-None-Match` names the tag (RFC 9110, 13.1.2: weak comparison).
fn names(tags: &HeaderValue, etag: &HeaderValue) -> bool {
    let (Ok(tags), Ok(etag)) = (tags.to_str(), etag.to_str()) else { return false };
    tags.split(',').map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == "*" || tag == etag)
}

#[cfg(test)]
mod fold_test;
#[cfg(test)]
mod tests;
