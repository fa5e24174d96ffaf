//! Requests that another site made a browser send (ASVS 3.5). A session's cookie counts only where the browser says that the
//! request is this site's own; what changes something must moreover be of a kind that no form can send.

use crate::http::{reply::ApiError, request::front::is_tls};
use axum::http::{HeaderMap, Method, header};
use omega_core::api::ErrorCode;

/// Checks a request that its cookie is to speak for.
///
/// # Errors
/// `CSRF` for another site's, `UNSUPPORTED_MEDIA_TYPE` for a body that is no JSON.
pub fn check(method: &Method, headers: &HeaderMap) -> Result<(), ApiError> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let site = text("sec-fetch-site");
    let is_safe = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    let foreign_origin = is_foreign(headers);
    // A link on another site may lead here; it can't read what comes back.
    let foreign_site = !is_safe && site.is_some_and(|site| site != "same-origin" && site != "none");
    if foreign_site {
        return Err(ApiError::new(ErrorCode::Csrf, "this request came from another site; use Omega's own page"));
    }
    if foreign_origin {
        let message = format!(
            "this request came from {}, and is for {}; use Omega's own page. Behind a proxy, say where it is with \
             --public-url, or let the proxy hand on the Host header as it came",
            text("origin").unwrap_or("an address that can't be read"),
            text("host").unwrap_or("no host"),
        );
        return Err(ApiError::new(ErrorCode::Csrf, message));
    }
    let has_body = headers.contains_key(header::TRANSFER_ENCODING)
        || text("content-length").is_some_and(|length| length.trim() != "0");
    let kind = text("content-type").and_then(|kind| kind.split(';').next()).map(|kind| kind.trim().to_lowercase());
    if !is_safe && has_body && !matches!(kind.as_deref(), Some("application/json" | "application/x-ndjson")) {
        return Err(ApiError::new(
            ErrorCode::UnsupportedMediaType,
            "send JSON, with the header Content-Type: application/json",
        ));
    }
    Ok(())
}

/// Checks a request whose key speaks for it, too: no page of another site is a client here, whatever key it has.
///
/// # Errors
/// `CSRF` for another site's.
pub fn check_any(headers: &HeaderMap) -> Result<(), ApiError> {
    if !is_foreign(headers) {
        return Ok(());
    }
    let origin =
        headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()).unwrap_or("an address that can't be read");
    Err(ApiError::new(
        ErrorCode::Csrf,
        format!(
            "Origin: {origin} is another site; pages of other sites are no clients here, unless \
                 the server is started with --cors-origin and theirs"
        ),
    ))
}

/// Whether a browser says that another site's page sends this.
fn is_foreign(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    // A browser's own word for it, which no script can set: a proxy may have put another name into Host.
    let is_own = text("sec-fetch-site") == Some("same-origin");
    !is_own
        && match (headers.get(header::ORIGIN).map(|origin| origin.to_str()), text("host")) {
            (None, _) => false,
            (Some(Ok(origin)), Some(host)) => !is_of(origin, host, is_tls(headers)),
            (Some(_), _) => true,
        }
}

fn is_of(origin: &str, host: &str, is_tls: bool) -> bool {
    origin.split_once("://").is_some_and(|(scheme, of)| of == host && (scheme == "https" || !is_tls))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_site_can_not_write() {
        let headers = |pairs: &[(&'static str, &str)]| -> HeaderMap {
            pairs.iter().map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap())).collect()
        };
        type Case<'a> = (Method, &'a [(&'static str, &'a str)], Option<&'a str>);
        let (host, json) = (("host", "a.test"), ("content-type", "application/json; charset=utf-8"));
        let tls = ("x-forwarded-proto", "https");
        let table: &[Case] = &[
            (Method::POST, &[host, ("origin", "http://a.test"), ("sec-fetch-site", "same-origin")], None),
            (Method::POST, &[host, ("origin", "https://omega.test"), ("sec-fetch-site", "same-origin")], None),
            (Method::POST, &[host, ("origin", "http://evil.test")], Some("Csrf")),
            (Method::POST, &[host, ("origin", "http://evil.test"), ("sec-fetch-site", "none")], Some("Csrf")),
            (Method::POST, &[host, ("origin", "http://evil.test"), ("sec-fetch-site", "cross-site")], Some("Csrf")),
            (Method::POST, &[host, ("origin", "http://a.test.evil.test")], Some("Csrf")),
            (Method::POST, &[host, ("origin", "http://a.test:8080")], Some("Csrf")),
            (Method::POST, &[host, ("sec-fetch-site", "cross-site")], Some("Csrf")),
            (Method::POST, &[host, ("sec-fetch-site", "same-site")], Some("Csrf")),
            (Method::POST, &[host, ("sec-fetch-site", "none")], None),
            (Method::POST, &[host, ("origin", "null")], Some("Csrf")),
            (Method::POST, &[("origin", "http://a.test")], Some("Csrf")),
            (Method::POST, &[host, tls, ("origin", "http://a.test")], Some("Csrf")),
            (Method::POST, &[host, tls, ("origin", "https://a.test")], None),
            (Method::POST, &[host], None),
            (Method::GET, &[host, ("sec-fetch-site", "cross-site")], None),
            (Method::GET, &[host, ("origin", "http://evil.test")], Some("Csrf")),
            (Method::POST, &[host, json, ("content-length", "2")], None),
            (
                Method::POST,
                &[host, ("content-type", "text/plain"), ("content-length", "2")],
                Some("UnsupportedMediaType"),
            ),
            (Method::POST, &[host, ("content-length", "2")], Some("UnsupportedMediaType")),
            (Method::DELETE, &[host, ("content-type", "text/plain"), ("content-length", "0")], None),
            (
                Method::POST,
                &[host, ("content-type", "application/x-www-form-urlencoded"), ("transfer-encoding", "chunked")],
                Some("UnsupportedMediaType"),
            ),
        ];
        for (method, pairs, refused) in table {
            let said = check(method, &headers(pairs)).err().map(|error| format!("{error:?}"));
            match refused {
                None => assert!(said.is_none(), "{method} {pairs:?}: {said:?}"),
                Some(code) => {
                    assert!(said.as_ref().is_some_and(|said| said.contains(code)), "{method} {pairs:?}: {said:?}")
                }
            }
        }
    }
}
