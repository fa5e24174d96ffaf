//! The page at `/omega`: one shell for every address below it, and the assets it loads.
//!
//! The promises: the page runs no inline code and loads nothing from another origin (the content security policy of
//! [`headers`]); an asset's name changes with its content, so it may be cached for ever, while the shell is always asked
//! for again; the shell names its assets relative to its own address, so that a proxy may put the server below any path;
//! an address that is none is a page that says so; a shell that another site led to says so, and then a sign-in link in
//! its address does nothing without a click.

mod assets;
mod headers;

use assets::Asset;
use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
    middleware,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};

pub use headers::secure;

const SHELL: &str = include_str!("../../../web/dist/index.html");
/// Stands in the shell for where the assets lie.
const ASSETS: &str = "{assets}";
/// The mark that `web/src/route.ts` looks for.
const FROM_ELSEWHERE: (&str, &str) = ("<html ", "<html data-from=\"elsewhere\" ");

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
        match knows(request, &self.etag) {
            true => unchanged(&self.etag, "no-cache"),
            false => whole(self.content.as_slice(), &self.etag, media_type, "no-cache"),
        }
    }
}

pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/", get(front_door))
        .route("/favicon.ico", get(icon))
        .route("/omega", get(shell))
        .route("/omega/", get(shell))
        .route("/omega/{*rest}", get(shell))
        .route("/omega/assets/{name}", get(asset))
        .layer(middleware::map_response(headers::secure))
}

/// Relative, as all addresses here: a proxy may have taken a path off.
async fn front_door() -> Redirect {
    Redirect::temporary("omega")
}

async fn icon() -> Response {
    match assets::names().find(|name| name.starts_with("icon-") && !name.starts_with("icon-waiting")) {
        Some(name) => Redirect::temporary(&format!("omega/assets/{name}")).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The same document for every address of the page; the script reads the address, and whether another site led here.
async fn shell(uri: Uri, request: HeaderMap) -> Response {
    let mut document = SHELL.replace(ASSETS, &assets_from(uri.path()));
    if let Some(b"cross-site" | b"same-site") = request.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        document = document.replacen(FROM_ELSEWHERE.0, FROM_ELSEWHERE.1, 1);
    }
    let etag = assets::etag(document.as_bytes());
    let mut response = match knows(&request, &etag) {
        true => unchanged(&etag, "no-cache"),
        false => whole(document, &etag, "text/html; charset=utf-8", "no-cache"),
    };
    if !is_address(uri.path()) {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("sec-fetch-site"));
    response
}

/// Where the assets lie for a document at this path: `omega/assets` beside `/omega`, and as many folders up as it lies deeper.
fn assets_from(path: &str) -> String {
    match path.matches('/').count() {
        ..=1 => "omega/assets".to_owned(),
        slashes => "../".repeat(slashes - 2) + "assets",
    }
}

/// Whether the page has something at this path; `web/src/route.ts` reads it the same way.
fn is_address(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    let conversation = path.strip_prefix("/omega/c/");
    path == "/omega" || path == "/omega/settings" || conversation.is_some_and(|id| !id.is_empty() && !id.contains('/'))
}

async fn asset(Path(name): Path<String>, request: HeaderMap) -> Response {
    const FOR_EVER: &str = "public, max-age=31536000, immutable";
    let Some(asset) = assets::find(&name) else {
        return (StatusCode::NOT_FOUND, "No such file. Reload the page: the server may have been updated.\n")
            .into_response();
    };
    let mut response = if knows(&request, asset.etag) {
        unchanged(asset.etag, FOR_EVER)
    } else if let Asset { gzip: Some(gzip), .. } = asset
        && takes_gzip(&request)
    {
        let mut response = whole(gzip, asset.etag, asset.media_type(), FOR_EVER);
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response
    } else {
        whole(asset.content, asset.etag, asset.media_type(), FOR_EVER)
    };
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    response
}

/// Whether an `Accept-Encoding` takes gzip (RFC 9110, 12.5.3): named, or by `*`, and not with a weight of nothing.
fn takes_gzip(request: &HeaderMap) -> bool {
    let values = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut any = None;
    for coding in values.flat_map(|value| value.split(',')) {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = weight.trim().strip_prefix("q=").and_then(|q| q.trim().parse::<f32>().ok()).unwrap_or(1.0);
        match name.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => return weight > 0.0,
            "*" => any = Some(weight > 0.0),
            _ => {}
        }
    }
    any.unwrap_or(false)
}

fn knows(request: &HeaderMap, etag: &HeaderValue) -> bool {
    request.get_all(header::IF_NONE_MATCH).iter().any(|tags| names(tags, etag))
}

fn caching(etag: &HeaderValue, caching: &'static str) -> [(HeaderName, HeaderValue); 2] {
    [(header::ETAG, etag.clone()), (header::CACHE_CONTROL, HeaderValue::from_static(caching))]
}

fn unchanged(etag: &HeaderValue, for_how_long: &'static str) -> Response {
    (StatusCode::NOT_MODIFIED, caching(etag, for_how_long)).into_response()
}

fn whole(
    content: impl IntoResponse,
    etag: &HeaderValue,
    media_type: &'static str,
    for_how_long: &'static str,
) -> Response {
    (caching(etag, for_how_long), [(header::CONTENT_TYPE, media_type)], content).into_response()
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
