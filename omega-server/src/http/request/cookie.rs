//! The session's cookie.
//!
//! Behind TLS it is `__Host-omega_session`: a browser takes that name only with `Secure`, for this host alone and over TLS,
//! so no other host of the domain can plant one, and only this name is read. On plain HTTP (a user's own machine) browsers
//! refuse such a cookie, and it is `omega_session_PORT`. Browsers share cookies between all ports of a host and, as
//! `__Host-` wants it, between all paths; so the name has the port and the base path, as the browser sees them
//! ([`super::front`]), and two servers on one host don't sign each other out. Whoever forges `Host` changes nothing but the
//! name of a cookie of their own.

use super::front::{is_tls, prefix};
use axum::{
    http::{HeaderMap, HeaderValue, header, uri::Authority},
    response::Response,
};

const PLAIN: &str = "omega_session";
const SECURE: &str = "__Host-omega_session";
/// The ports that no address names.
const HTTP: u16 = 80;
const HTTPS: u16 = 443;
/// As long as a session lasts at most.
const MAX_AGE: u32 = 30 * 24 * 3600;

fn name(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let port = host.and_then(|host| host.parse::<Authority>().ok()?.port_u16());
    let name = match (is_tls(headers), port) {
        (true, None | Some(HTTPS)) => SECURE.to_owned(),
        (true, Some(port)) => format!("{SECURE}_{port}"),
        (false, port) => format!("{PLAIN}_{}", port.unwrap_or(HTTP)),
    };
    match prefix(headers).trim_matches('/') {
        "" => name,
        path => format!("{name}-{}", as_token(path)),
    }
}

/// A path as part of a name, which has fewer characters (RFC 9110, 5.6.2).
fn as_token(path: &str) -> String {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let each = |byte: u8| if fits(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    path.bytes().map(each).collect()
}

/// The session's token, if the request has one.
pub fn token(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::COOKIE)?;
    let name = name(headers);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .find_map(|cookie| cookie.trim().strip_prefix(&*name)?.strip_prefix('='))
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
        let both = "omega_session_80=planted; __Host-omega_session=own";
        assert_eq!(token(&request(&[("cookie", both), ("x-forwarded-proto", "https")])), Some("own"));
        assert_eq!(token(&request(&[("cookie", both)])), Some("planted"));
        assert_eq!(token(&request(&[("cookie", "omega_session_80=planted"), ("x-forwarded-proto", "https")])), None);

        let mut response = ().into_response();
        set(&mut response, &request(&[("x-forwarded-proto", "https")]), Some("t"));
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
        assert!(cookie.starts_with("__Host-omega_session=t;") && cookie.ends_with("; Secure"), "{cookie}");
        assert!(cookie.contains("Path=/;") && cookie.contains("HttpOnly") && !cookie.contains("Domain"), "{cookie}");
    }

    #[test]
    fn each_port_of_a_host_has_a_cookie_of_its_own() {
        for (host, name) in [
            ("127.0.0.1:4123", "omega_session_4123"),
            ("[::1]:4124", "omega_session_4124"),
            ("localhost:80", "omega_session_80"),
            ("omega.lan", "omega_session_80"),
            ("[::1]", "omega_session_80"),
            ("a b:1", "omega_session_80"),
            ("x:99999", "omega_session_80"),
        ] {
            let mut response = ().into_response();
            set(&mut response, &request(&[("host", host)]), Some("t"));
            let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
            assert!(cookie.starts_with(&format!("{name}=t;")), "{host}: {cookie}");
            let sent = format!("omega_session=old; omega_session_1=other; {name}=own; {name}5=longer");
            assert_eq!(token(&request(&[("host", host), ("cookie", &sent)])), Some("own"), "{host}");
        }
        assert_eq!(token(&request(&[("host", "h:1"), ("cookie", "omega_session=old; omega_session_2=other")])), None);
    }

    #[test]
    fn two_servers_of_one_host_have_two_cookies_whatever_is_before_them() {
        let tls = ("x-forwarded-proto", "https");
        let named = |pairs: &[(&'static str, &str)]| name(&request(pairs));
        let places = [
            (named(&[("host", "h"), tls]), "__Host-omega_session"),
            (named(&[("host", "h:443"), tls]), "__Host-omega_session"),
            (named(&[("host", "h:8443"), tls]), "__Host-omega_session_8443"),
            (named(&[("host", "h"), tls, ("x-forwarded-prefix", "/tools")]), "__Host-omega_session-tools"),
            (
                named(&[("host", "h"), tls, ("x-forwarded-prefix", "/tools/b;=")]),
                "__Host-omega_session-tools%2Fb%3B%3D",
            ),
            (named(&[("host", "h"), ("x-forwarded-prefix", "/tools")]), "omega_session_80-tools"),
        ];
        for (found, expected) in places {
            assert_eq!(found, expected);
        }
        let all = "__Host-omega_session=a; __Host-omega_session_8443=b; __Host-omega_session-tools=c";
        for (pairs, own) in [
            (&[("host", "h"), tls, ("cookie", all)][..], "a"),
            (&[("host", "h:8443"), tls, ("cookie", all)], "b"),
            (&[("host", "h"), tls, ("x-forwarded-prefix", "/tools"), ("cookie", all)], "c"),
        ] {
            assert_eq!(token(&request(pairs)), Some(own));
        }
    }
}
