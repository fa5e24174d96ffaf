//! The host that a request is for: exactly one, as RFC 9112 (3.2) demands. Two of them are how a proxy and a server are made
//! to see different requests, and none leaves nothing to hold a browser's origin against.

use crate::http::reply::ApiError;
use axum::{
    extract::Request,
    http::{HeaderMap, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};
use omega_core::api::ErrorCode;

/// Refuses requests that name no host, several, or one that is none.
pub async fn layer(request: Request, next: Next) -> Response {
    match is_one(request.headers()) {
        true => next.run(request).await,
        false => ApiError::new(ErrorCode::BadRequest, "a request has exactly one Host header, with a host in it")
            .into_response(),
    }
}

fn is_one(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let authority = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
    authority.is_some_and(|authority| !authority.host().is_empty() && !authority.as_str().contains('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_for_one_host() {
        for (hosts, fits) in [
            (&[][..], false),
            (&["x"], true),
            (&["127.0.0.1:8634"], true),
            (&["[::1]:8634"], true),
            (&["x", "x"], false),
            (&["x", "y"], false),
            (&[""], false),
            (&["x y"], false),
            (&["me@x"], false),
            (&["x/y"], false),
            (&["x, y"], false),
        ] {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(header::HOST, host.parse().unwrap());
            }
            assert_eq!(is_one(&headers), fits, "{hosts:?}");
        }
    }
}
