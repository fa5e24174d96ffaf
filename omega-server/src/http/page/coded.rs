//! A content that does not change while the server lives, in each coding that there is of it. Each form has a validator of
//! its own (RFC 9110, 8.8.3.3), so that what a client kept in one coding is never taken for another.

use crate::http::content_coding::{self, Coding};
use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

/// A content and its validator.
#[derive(Debug, Clone, Copy)]
pub struct Coded {
    /// The bytes as they are.
    pub plain: &'static [u8],
    /// The same in gzip and in brotli; missing where that would not be smaller.
    pub gzip: Option<&'static [u8]>,
    pub brotli: Option<&'static [u8]>,
    /// The validator of the plain form.
    pub etag: &'static HeaderValue,
}

impl Coded {
    /// The answer to who asks for it: the form that they like best, or 304 when they have that one already.
    pub fn answer(&self, request: &HeaderMap, media_type: &'static str, for_how_long: &'static str) -> Response {
        let forms = [(Coding::Brotli, self.brotli), (Coding::Gzip, self.gzip)];
        let offered = forms.into_iter().filter_map(|(coding, bytes)| Some((coding, bytes?)));
        let coding = content_coding::best(request, offered.clone().map(|(coding, _)| coding));
        let bytes = offered.into_iter().find(|(it, _)| Some(*it) == coding).map_or(self.plain, |(_, bytes)| bytes);
        let etag = tag(self.etag, coding);
        let mut response = match knows(request, &etag) {
            true => unchanged(&etag, for_how_long),
            false => whole(bytes, &etag, media_type, for_how_long),
        };
        let headers = response.headers_mut();
        if let Some(coding) = coding.filter(|_| headers.contains_key(header::CONTENT_TYPE)) {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.as_str()));
        }
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        response
    }
}

/// The validator of a form.
fn tag(plain: &HeaderValue, coding: Option<Coding>) -> HeaderValue {
    let named = coding.and_then(|coding| {
        let plain = plain.to_str().ok()?.trim_end_matches('"');
        HeaderValue::from_str(&format!("{plain}-{}\"", coding.as_str())).ok()
    });
    named.unwrap_or_else(|| plain.clone())
}

/// Whether a client has what has this validator.
pub fn knows(request: &HeaderMap, etag: &HeaderValue) -> bool {
    request.get_all(header::IF_NONE_MATCH).iter().any(|tags| names(tags, etag))
}

fn caching(etag: &HeaderValue, caching: &'static str) -> [(HeaderName, HeaderValue); 2] {
    [(header::ETAG, etag.clone()), (header::CACHE_CONTROL, HeaderValue::from_static(caching))]
}

pub fn unchanged(etag: &HeaderValue, for_how_long: &'static str) -> Response {
    (StatusCode::NOT_MODIFIED, caching(etag, for_how_long)).into_response()
}

pub fn whole(
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
