//! Answers in gzip, for clients that take it.
//!
//! The promises: what is streamed is never packed (an event is on the wire when it is said), nor what has a strong validator
//! or a coding of its own; an answer that could have been packed says so (`Vary`), packed or not; whoever asks for nothing
//! gets what was always sent. A large answer is packed off the threads that answer everybody.
//!
//! An answer that reflects a stranger's text beside a secret would tell the secret by its length (BREACH): no other site
//! gets a browser to fetch one with its session (`SameSite`), and a secret is said once, in answer to a POST.

use super::{
    content_coding::{self, Coding},
    reply::ApiError,
};
use axum::{
    body::{self, Body, HttpBody as _},
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use flate2::{Compression, write::GzEncoder};
use omega_engine::process::offload;
use std::io::Write as _;

/// Bytes of an answer from which packing it spares a packet.
const LEAST: u64 = 1_400;
/// What is larger is sent as it is: packing it takes a processor longer than most networks take for it.
const MOST: u64 = 16 << 20;
/// What is text.
const KINDS: [&str; 5] = ["application/json", "application/problem+json", "text/markdown", "text/html", "text/css"];

/// Packs the answers that may be packed.
pub async fn layer(request: Request, next: Next) -> Response {
    let takes_it = content_coding::best(request.headers(), [Coding::Gzip]).is_some();
    let mut response = next.run(request).await;
    if !may_be_packed(&response) {
        return response;
    }
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
    if takes_it { packed(response).await } else { response }
}

fn may_be_packed(response: &Response) -> bool {
    let headers = response.headers();
    let has_size = response.body().size_hint().exact().is_some_and(|size| (LEAST..=MOST).contains(&size));
    let is_whole = response.status() != StatusCode::PARTIAL_CONTENT && !headers.contains_key(header::CONTENT_RANGE);
    has_size && is_whole && is_text(headers) && is_free(headers)
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn is_text(headers: &HeaderMap) -> bool {
    let kind = text(headers, header::CONTENT_TYPE).and_then(|kind| kind.split(';').next());
    kind.is_some_and(|kind| KINDS.contains(&kind.trim()))
}

/// Whether nothing in the answer speaks of its bytes as they are.
fn is_free(headers: &HeaderMap) -> bool {
    let is_weak = text(headers, header::ETAG).is_none_or(|tag| tag.starts_with("W/"));
    let may_be_changed = text(headers, header::CACHE_CONTROL).is_none_or(|it| !it.contains("no-transform"));
    is_weak && may_be_changed && !headers.contains_key(header::CONTENT_ENCODING)
}

async fn packed(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = match body::to_bytes(body, usize::MAX).await {
        Ok(whole) => whole,
        Err(error) => return ApiError::internal(error).into_response(),
    };
    let of = whole.clone();
    match offload::run(whole.len(), move || gzip(&of)).await {
        Ok(packed) if packed.len() < whole.len() => {
            parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(Coding::Gzip.as_str()));
            parts.headers.remove(header::CONTENT_LENGTH);
            Response::from_parts(parts, Body::from(packed))
        }
        _ => Response::from_parts(parts, Body::from(whole)),
    }
}

/// As quick as it gets: a busy server packs, too.
pub fn gzip(content: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(content.len() / 4), Compression::fast());
    encoder.write_all(content)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, middleware, routing::get};
    use flate2::read::GzDecoder;
    use std::io::Read as _;
    use tower::ServiceExt as _;

    const JSON: (header::HeaderName, &str) = (header::CONTENT_TYPE, "application/json");

    fn long() -> String {
        format!("[{}]", "\"the same words\",".repeat(500))
    }

    async fn answer(response: Response, accepts: &'static str) -> Response {
        let response = std::sync::Mutex::new(Some(response));
        let response = std::sync::Arc::new(response);
        let handler = move || {
            let response = std::sync::Arc::clone(&response);
            async move { response.lock().unwrap().take().unwrap() }
        };
        let router = Router::new().route("/", get(handler)).layer(middleware::from_fn(layer));
        let request = Request::builder().uri("/").header(header::ACCEPT_ENCODING, accepts);
        router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn json_comes_packed_to_who_takes_it_and_is_the_same() {
        for (accepts, is_packed) in [("gzip, br", true), ("br", false), ("identity", false), ("gzip;q=0", false)] {
            let response = answer(([JSON], long()).into_response(), accepts).await;
            assert_eq!(response.headers()[header::VARY], "accept-encoding", "{accepts}");
            assert_eq!(response.headers().contains_key(header::CONTENT_ENCODING), is_packed, "{accepts}");
            let length = text(response.headers(), header::CONTENT_LENGTH).map(str::to_owned);
            let sent = body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
            assert!(length.is_none_or(|length| length == sent.len().to_string()), "{accepts}");
            let mut read = String::new();
            match is_packed {
                true => GzDecoder::new(&sent[..]).read_to_string(&mut read).unwrap(),
                false => (&sent[..]).read_to_string(&mut read).unwrap(),
            };
            assert_eq!(read, long(), "{accepts}");
            assert!(!is_packed || sent.len() < long().len() / 10, "{}", sent.len());
        }
    }

    #[tokio::test]
    async fn what_is_streamed_small_or_named_by_its_bytes_stays_as_it_is() {
        let streamed = futures_util::stream::iter([Ok::<_, std::convert::Infallible>(long())]);
        let events = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-cache, no-transform")];
        let cases = [
            ("a stream of events", (events.clone(), Body::from_stream(streamed)).into_response()),
            ("events of a known size", (events, long()).into_response()),
            ("a small answer", ([JSON], "{}").into_response()),
            ("a picture", ([(header::CONTENT_TYPE, "image/png")], long()).into_response()),
            ("a strong validator", ([JSON, (header::ETAG, "\"1\"")], long()).into_response()),
            ("a coding of its own", ([JSON, (header::CONTENT_ENCODING, "br")], long()).into_response()),
            ("not to be changed", ([JSON, (header::CACHE_CONTROL, "no-transform")], long()).into_response()),
            ("a part", (StatusCode::PARTIAL_CONTENT, [JSON], long()).into_response()),
        ];
        for (what, response) in cases {
            let had = text(response.headers(), header::CONTENT_ENCODING).map(str::to_owned);
            let response = answer(response, "gzip").await;
            assert_eq!(text(response.headers(), header::CONTENT_ENCODING).map(str::to_owned), had, "{what}");
            assert!(!response.headers().contains_key(header::VARY), "{what}");
        }
        let weak = answer(([JSON, (header::ETAG, "W/\"1\"")], long()).into_response(), "gzip").await;
        assert_eq!(
            (&weak.headers()[header::CONTENT_ENCODING], &weak.headers()[header::ETAG]),
            (&"gzip".parse().unwrap(), &"W/\"1\"".parse().unwrap())
        );
    }
}
