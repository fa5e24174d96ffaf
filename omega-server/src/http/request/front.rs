//! What stands before the server, and what it changed of a request, put right before anything reads it.
//!
//! The promises: afterwards `Host` is the host that the client asked for, `X-Forwarded-Proto` says `https` exactly when it
//! asked over TLS, and `X-Forwarded-Prefix` is the path that every path of ours lies below. The operator says so
//! (`--public-url`), or else a proxy that the operator trusts (`--trusted-proxy`); what anybody else says of it is gone.

use super::{
    address,
    network::{self, Network},
    peer::Peer,
    public_url::PublicUrl,
};
use axum::{
    extract::{ConnectInfo, Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, Uri, header,
        uri::{Authority, PathAndQuery},
    },
    middleware::Next,
    response::Response,
};
use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");

/// What stands before the server.
#[derive(Debug, Default)]
pub struct Front {
    proxies: Vec<Network>,
    public: Option<PublicUrl>,
    /// Whether it was said that somebody speaks as a proxy who is not trusted.
    told: AtomicBool,
}

impl Front {
    pub fn new(proxies: Vec<Network>, public: Option<PublicUrl>) -> Arc<Self> {
        Arc::new(Self { proxies, public, told: AtomicBool::new(false) })
    }

    /// The address of the client of a request that came from `peer`.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        address::of_client(peer, headers, &self.proxies)
    }

    /// Puts a request's headers right.
    fn set_right(&self, peer: Option<IpAddr>, headers: &mut HeaderMap) {
        let is_trusted = peer.is_some_and(|peer| network::any(&self.proxies, peer));
        let said = |name: &HeaderName| last(headers, name).filter(|_| is_trusted);
        let (host, is_tls, prefix) = match &self.public {
            Some(public) => (Some(public.authority.clone()), public.is_tls, public.path.clone()),
            None => (
                said(&HOST).filter(|host| host.parse::<Authority>().is_ok()).and_then(|host| host.parse().ok()),
                said(&PROTO).is_some_and(|proto| proto.eq_ignore_ascii_case("https")),
                said(&PREFIX)
                    .map(|prefix| prefix.trim_end_matches('/').to_owned())
                    .filter(|it| is_path(it))
                    .unwrap_or_default(),
            ),
        };
        self.tell(peer, is_trusted, headers);
        // A request that names several hosts, or none, is refused as it came.
        if let Some(host) = host.filter(|_| headers.get_all(header::HOST).iter().count() == 1) {
            headers.insert(header::HOST, host);
        }
        for name in [HOST, PROTO, PREFIX] {
            headers.remove(name);
        }
        if is_tls {
            headers.insert(PROTO, HeaderValue::from_static("https"));
        }
        if let Some(prefix) = HeaderValue::from_str(&prefix).ok().filter(|prefix| !prefix.is_empty()) {
            headers.insert(PREFIX, prefix);
        }
    }

    /// Says once that a proxy is not believed: to whom it belongs, its requests look as if they all were its own.
    fn tell(&self, peer: Option<IpAddr>, is_trusted: bool, headers: &HeaderMap) {
        let speaks = [HOST, PROTO, address::FORWARDED_FOR].iter().any(|name| headers.contains_key(name));
        if let Some(ip) = peer.filter(|_| speaks && !is_trusted)
            && !self.told.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(
                event = "proxy.untrusted",
                %ip,
                "this address speaks as a proxy (X-Forwarded-*) and is not believed; if it is yours, name it with --trusted-proxy"
            );
        }
    }

    /// A request as if the proxy had taken the base path off, where it did not.
    pub fn without_base(&self, mut request: Request) -> Request {
        let base = self.public.as_ref().map_or("", |public| public.path.as_str());
        if !base.is_empty()
            && let Some(uri) = below(request.uri(), base)
        {
            *request.uri_mut() = uri;
        }
        request
    }
}

/// What comes of an address when the base is taken off; `None` when it is not below it.
fn below(uri: &Uri, base: &str) -> Option<Uri> {
    let rest = uri.path().strip_prefix(base).filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
    let rest = if rest.is_empty() { "/" } else { rest };
    let path = match uri.query() {
        Some(query) => format!("{rest}?{query}"),
        None => rest.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path).ok()?);
    Uri::from_parts(parts).ok()
}

/// What the nearest proxy wrote: the last of a list.
fn last<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let value = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    Some(value.rsplit(',').next()?.trim()).filter(|value| !value.is_empty())
}

/// Whether a text can stand before a path in an address that a browser is led to: one slash, and no second one after it.
fn is_path(text: &str) -> bool {
    text.starts_with('/')
        && !text.starts_with("//")
        && text.parse::<PathAndQuery>().is_ok_and(|it| it.query().is_none())
}

/// The path that every path of ours lies below, for the client: nothing, or `/tools`.
pub fn prefix(headers: &HeaderMap) -> &str {
    headers.get(PREFIX).and_then(|prefix| prefix.to_str().ok()).unwrap_or_default()
}

/// Whether the client asked over TLS.
pub fn is_tls(headers: &HeaderMap) -> bool {
    headers.get(PROTO).is_some_and(|proto| proto == "https")
}

/// Puts each request right.
pub async fn layer(State(front): State<Arc<Front>>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<Peer>>().map(|ConnectInfo(peer)| peer.address.ip());
    front.set_right(peer, request.headers_mut());
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXY: &str = "10.0.0.9";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    fn seen(front: &Front, peer: &str, pairs: &[(&'static str, &str)]) -> (String, bool, String) {
        let mut headers = headers(pairs);
        front.set_right(Some(peer.parse().unwrap()), &mut headers);
        assert!(!headers.contains_key(HOST));
        let host = headers.get(header::HOST).map(|host| host.to_str().unwrap().to_owned()).unwrap_or_default();
        (host, is_tls(&headers), prefix(&headers).to_owned())
    }

    #[test]
    fn only_a_trusted_proxy_says_which_host_was_asked_for_and_how() {
        let front = Front::new(vec!["10.0.0.0/8".parse().unwrap()], None);
        let host = ("host", "127.0.0.1:8634");
        let (own, public) = ("127.0.0.1:8634", "omega.test");
        type Case<'a> = (&'a str, &'a [(&'static str, &'a str)], (&'a str, bool, &'a str));
        let forwarded = ("x-forwarded-host", "omega.test");
        let table: &[Case] = &[
            (PROXY, &[host], (own, false, "")),
            (PROXY, &[host, forwarded], (public, false, "")),
            (PROXY, &[host, forwarded, ("x-forwarded-proto", "HTTPS")], (public, true, "")),
            (PROXY, &[host, ("x-forwarded-proto", "http")], (own, false, "")),
            (PROXY, &[host, ("x-forwarded-proto", "http, https")], (own, true, "")),
            (PROXY, &[host, ("x-forwarded-host", "evil.test, omega.test")], (public, false, "")),
            (PROXY, &[host, ("x-forwarded-host", "evil.test"), forwarded], (public, false, "")),
            (PROXY, &[host, ("x-forwarded-host", "a b")], (own, false, "")),
            (PROXY, &[host, ("x-forwarded-host", "")], (own, false, "")),
            (PROXY, &[host, ("x-forwarded-prefix", "/tools/")], (own, false, "/tools")),
            (PROXY, &[host, ("x-forwarded-prefix", "//evil.test")], (own, false, "")),
            (PROXY, &[host, ("x-forwarded-prefix", "https://evil.test")], (own, false, "")),
            (PROXY, &[host, ("x-forwarded-prefix", "/")], (own, false, "")),
            (
                "11.0.0.9",
                &[host, forwarded, ("x-forwarded-proto", "https"), ("x-forwarded-prefix", "/t")],
                (own, false, ""),
            ),
            // Two hosts are refused afterwards, and stay two.
            (PROXY, &[host, ("host", "b"), forwarded], (own, false, "")),
            (PROXY, &[forwarded], ("", false, "")),
        ];
        for (peer, pairs, expected) in table {
            let (host, is_tls, prefix) = seen(&front, peer, pairs);
            assert_eq!((host.as_str(), is_tls, prefix.as_str()), *expected, "{peer} {pairs:?}");
        }
        let mut nobody = headers(&[host, forwarded]);
        front.set_right(None, &mut nobody);
        assert_eq!(nobody[header::HOST], own);
    }

    #[test]
    fn a_public_url_is_what_every_request_came_by() {
        let front = Front::new(vec![PROXY.parse().unwrap()], Some("https://omega.test/tools".parse().unwrap()));
        let said = [("host", "127.0.0.1:8634"), ("x-forwarded-host", "evil.test"), ("x-forwarded-proto", "http")];
        for peer in [PROXY, "192.0.2.1"] {
            assert_eq!(seen(&front, peer, &said), ("omega.test".into(), true, "/tools".into()), "{peer}");
        }
    }

    #[test]
    fn the_base_path_comes_off_whoever_left_it_on() {
        let front = Front::new(Vec::new(), Some("https://omega.test/a/b".parse().unwrap()));
        for (path, served) in [
            ("/a/b", "/"),
            ("/a/b/", "/"),
            ("/a/b?x=1", "/?x=1"),
            ("/a/b/omega/c/1?x=%2F", "/omega/c/1?x=%2F"),
            ("/a/bc", "/a/bc"),
            ("/omega", "/omega"),
            ("/a/b/a/b/omega", "/a/b/omega"),
        ] {
            let request = Request::builder().uri(path).body(axum::body::Body::empty()).unwrap();
            assert_eq!(front.without_base(request).uri().to_string(), served, "{path}");
        }
    }
}
