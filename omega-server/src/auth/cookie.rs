//! The session's cookie.
//!
//! Behind TLS it is `__Host-omega_session`: a browser takes that name only with `Secure`, for this host alone and over TLS,
//! so no other host of the domain can plant one, and only this name is read. On plain HTTP (a user's own machine) browsers
//! refuse such a cookie, so it is `omega_session` there. `X-Forwarded-Proto: https` of the proxy says which it is; whoever
//! forges that header changes nothing but the name of a cookie of their own.

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};

const PLAIN: &str = "omega_session";
const SECURE: &str = "__Host-omega_session";
/// As long as a session lasts at most.
const MAX_AGE: u32 = 30 * 24 * 3600;

/// Whether the request came over TLS.
#[must_use]
pub fn is_tls(headers: &HeaderMap) -> bool {
    headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https")
}

fn name(headers: &HeaderMap) -> &'static str {
    if is_tls(headers) { SECURE } else { PLAIN }
}

/// The session's token, if the request has one.
#[must_use]
pub fn token(headers: &HeaderMap) -> Option<&str> {
    let name = name(headers);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .find_map(|cookie| cookie.trim().strip_prefix(name)?.strip_prefix('='))
}

/// Gives the browser a session's token; none takes it away.
pub fn set(response: &mut Response, request: &HeaderMap, token: Option<&str>) {
    let age = if token.is_some() { MAX_AGE } else { 0 };
    let secure = if is_tls(request) { "; Secure" } else { "" };
    let (name, token) = (name(request), token.unwrap_or_default());
    let cookie = format!("{name}={token}; Max-Age={age}; Path=/; HttpOnly; SameSite=Lax{secure}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;

    fn request(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn behind_tls_only_the_cookie_that_no_other_host_can_plant_counts() {
        let both = "omega_session=planted; __Host-omega_session=own";
        assert_eq!(token(&request(&[("cookie", both), ("x-forwarded-proto", "https")])), Some("own"));
        assert_eq!(token(&request(&[("cookie", both)])), Some("planted"));
        assert_eq!(token(&request(&[("cookie", "omega_session=planted"), ("x-forwarded-proto", "https")])), None);

        let mut response = ().into_response();
        set(&mut response, &request(&[("x-forwarded-proto", "https")]), Some("t"));
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
        assert!(cookie.starts_with("__Host-omega_session=t;") && cookie.ends_with("; Secure"), "{cookie}");
        assert!(cookie.contains("Path=/;") && cookie.contains("HttpOnly") && !cookie.contains("Domain"), "{cookie}");
    }
}
