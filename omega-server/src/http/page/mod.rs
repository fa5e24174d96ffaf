//! The page at `/omega`: one shell for every address below it, and the assets it loads.
//!
//! The promises: the page runs no inline code and loads nothing from another origin (the content security policy of
//! [`headers`]); an asset's name changes with its content, so it may be cached for ever, while the shell is always asked
//! for again; the shell names its assets relative to its own address, so that a proxy may put the server below any path;
//! an address that is none is a page that says so to whoever reads pages, wherever it lies; a shell that another site led to says so, and then a sign-in link in
//! its address does nothing without a click.

mod assets;
mod coded;
mod headers;

use super::{compress, request::front::prefix};
use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    middleware,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};

use coded::{Coded, knows, unchanged, whole};

pub use headers::secure;

const SHELL: &str = include_str!("../../../web/dist/index.html");
const HTML: &str = "text/html; charset=utf-8";
/// Stands in the shell for where the assets lie.
const ASSETS: &str = "{assets}";
/// And for the way up to the folder that `/omega` lies in.
const ROOT: &str = "{root}";
/// The mark that `web/src/route.ts` looks for.
const FROM_ELSEWHERE: (&str, &str) = ("<html ", "<html data-from=\"elsewhere\" ");

/// A document that is made once and does not change while the server lives.
pub struct Document {
    content: Vec<u8>,
    gzip: Option<Vec<u8>>,
    etag: HeaderValue,
}

impl Document {
    pub fn new(content: Vec<u8>) -> Self {
        let gzip = compress::gzip(&content).ok().filter(|gzip| gzip.len() < content.len());
        Self { etag: assets::etag(&content), gzip, content }
    }

    /// The answer to who asks for it: 304 when they have it already.
    pub fn answer(&'static self, request: &HeaderMap, media_type: &'static str) -> Response {
        let Self { content, gzip, etag } = self;
        Coded { plain: content, gzip: gzip.as_deref(), brotli: None, etag }.answer(request, media_type, "no-cache")
    }
}

/// The faces of the page, for the style sheet of another document of the API (`/api/omega/NAME`).
pub fn faces() -> String {
    let families = [("Geist", "geist-latin-"), ("\"Geist Mono\"", "geist-mono-latin-")];
    let face = |(family, start): (&str, &str)| {
        let file = assets::names().find(|name| name.starts_with(start))?;
        Some(format!(
            "@font-face {{\n  font-family: {family};\n  font-weight: 100 900;\n  font-display: swap;\n  \
             src: url(\"../../omega/assets/{file}\") format(\"woff2\");\n}}\n\n"
        ))
    };
    families.into_iter().filter_map(face).collect()
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

/// Relative, as all addresses here, unless it is known which path a proxy has taken off.
fn led_to(address: &str, request: &HeaderMap) -> Redirect {
    match prefix(request) {
        "" => Redirect::temporary(address),
        before => Redirect::temporary(&format!("{before}/{address}")),
    }
}

async fn front_door(request: HeaderMap) -> Redirect {
    led_to("omega", &request)
}

async fn icon(request: HeaderMap) -> Response {
    match assets::names().find(|name| name.starts_with("icon-") && !name.starts_with("icon-waiting")) {
        Some(name) => led_to(&format!("omega/assets/{name}"), &request).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The same document for every address of the page; the script reads the address, and whether another site led here.
async fn shell(uri: Uri, request: HeaderMap) -> Response {
    let document = document(&uri, &request);
    let mut response = if is_address(uri.path()) {
        let etag = assets::etag(document.as_bytes());
        match knows(&request, &etag) {
            true => unchanged(&etag, "no-cache"),
            false => whole(document, &etag, HTML, "no-cache"),
        }
    } else {
        // Nobody keeps it, so that it is never answered by "you have it": who has nothing shows nothing.
        (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, HTML)], document).into_response()
    };
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("sec-fetch-site"));
    response
}

/// The page for an address where there is nothing at all, when whoever asks for it reads pages.
pub async fn nothing_at(method: &Method, uri: Uri, request: HeaderMap) -> Option<Response> {
    let is_wished = matches!(*method, Method::GET | Method::HEAD) && reads_pages(&request);
    if !is_wished {
        return None;
    }
    let mut response = headers::secure(shell(uri, request).await).await;
    response.headers_mut().append(header::VARY, header::ACCEPT.into());
    Some(response)
}

/// Whether a client names HTML among what it takes, as browsers do and programs don't (RFC 9110, 12.5.1).
fn reads_pages(request: &HeaderMap) -> bool {
    let values = request.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_html = parts.next().is_some_and(|kind| {
            kind.eq_ignore_ascii_case("text/html") || kind.eq_ignore_ascii_case("application/xhtml+xml")
        });
        let refuses = |part: &str| {
            part.split_once('=').is_some_and(|(name, weight)| {
                name.trim().eq_ignore_ascii_case("q") && weight.trim().parse::<f32>() == Ok(0.0)
            })
        };
        is_html && !parts.any(refuses)
    })
}

/// The shell for an address.
fn document(uri: &Uri, request: &HeaderMap) -> String {
    let root = way_up(uri.path());
    let mut document = SHELL.replace(ASSETS, &format!("{root}omega/assets")).replace(ROOT, &root);
    if let Some(b"cross-site" | b"same-site") = request.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        document = document.replacen(FROM_ELSEWHERE.0, FROM_ELSEWHERE.1, 1);
    }
    document
}

/// From a document at this path to the folder of `/omega`: as many folders up as it lies deeper.
fn way_up(path: &str) -> String {
    "../".repeat(path.matches('/').count().saturating_sub(1))
}

/// Whether the page has something at this path; `web/src/route.ts` reads it the same way.
fn is_address(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    let conversation = path.strip_prefix("/omega/c/");
    path == "/omega" || path == "/omega/settings" || conversation.is_some_and(|id| !id.is_empty() && !id.contains('/'))
}

async fn asset(Path(name): Path<String>, request: HeaderMap) -> Response {
    match assets::find(&name) {
        Some(asset) => asset.coded.answer(&request, asset.media_type(), "public, max-age=31536000, immutable"),
        None => (StatusCode::NOT_FOUND, "No such file. Reload the page: the server may have been updated.\n")
            .into_response(),
    }
}

#[cfg(test)]
mod fold_test;
#[cfg(test)]
mod tests;
