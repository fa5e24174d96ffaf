//! One line a request (ASVS 16): the route's pattern, never the path, since a conversation's id opens it.

use super::{front::Front, peer::Peer};
use crate::http::reply::ApiError;
use axum::{
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{HeaderValue, Method},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use omega_core::{id::ConversationId, trace};
use omega_engine::{
    domain::request::{Context, alias, within},
    observe::{
        metrics::HTTP_DURATION,
        names::attribute,
        span::{Kind, Span},
    },
};
use std::{panic::AssertUnwindSafe, sync::Arc, time::Instant};

/// Gives each request its id, and logs it when its answer begins.
pub async fn layer(State(front): State<Arc<Front>>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<Peer>>().map(|ConnectInfo(peer)| peer.address.ip());
    let ip = peer.map(|peer| front.client(peer, request.headers()));
    let (method, route) = (request.method().clone(), route_of(&request));
    let conversation = conversation_of(&request, &route);
    let began = Instant::now();
    let caller = request.headers().get(trace::HEADER).and_then(|header| header.to_str().ok()?.parse().ok());
    let mut span = Span::within(caller, Kind::Server, || match route.as_str() {
        NO_ROUTE => name_of(&method).to_owned(),
        route => format!("{} {route}", name_of(&method)),
    });
    let context = Context::new(ip, span.context());
    // A fault in a handler is an answer like any other, and its words are in the log alone.
    let answering = AssertUnwindSafe(next.run(request))
        .catch_unwind()
        .map(|answer| answer.unwrap_or_else(|_| ApiError::internal("the handler panicked").into_response()));
    let mut response = within(context.clone(), answering).await;
    if let Ok(value) = HeaderValue::from_str(&context.id) {
        response.headers_mut().insert("x-request-id", value);
    }
    let status = response.status().as_u16();
    let method = name_of(&method);
    span.set(attribute::METHOD, method);
    if route != NO_ROUTE {
        span.set(attribute::ROUTE, route.as_str());
    }
    span.set(attribute::STATUS, status);
    if status >= 500 {
        span.fail(&status.to_string());
    }
    HTTP_DURATION.observe([&route, method, &status.to_string()], began.elapsed().as_secs_f64());
    let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let conversation = conversation.map(alias);
    let record = async {
        // Probes and the page's files come all the time and tell nobody anything.
        if status < 400 && !route.starts_with("/api/") {
            tracing::debug!(event = "http.request", method, route, status, duration_ms, conversation);
        } else {
            tracing::info!(event = "http.request", method, route, status, duration_ms, conversation);
        }
    };
    // Its id and who made it stand in each record of the request.
    within(context, record).await;
    response
}

/// In place of a pattern, when no route takes a request.
pub const NO_ROUTE: &str = "(no route)";

/// The pattern that took the request.
pub fn route_of(request: &Request) -> String {
    let path = request.extensions().get::<MatchedPath>();
    path.map_or_else(|| NO_ROUTE.to_owned(), |path| path.as_str().to_owned())
}

/// A method that we know; anybody may send any other word.
pub fn name_of(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        // What the HTTP conventions call it.
        _ => "_OTHER",
    }
}

/// The conversation that the path names.
fn conversation_of(request: &Request, route: &str) -> Option<ConversationId> {
    let at = route.split('/').position(|segment| segment == "conversations")? + 1;
    request.uri().path().split('/').nth(at)?.parse().ok()
}
