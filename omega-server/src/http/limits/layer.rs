//! The middleware before every route: it counts, refuses what is too much, times bodies, and says what is left.

use super::{
    BucketState, Buckets, Class, Client, FOREIGN_RUNS, Limits, Policy,
    body::{Holding, Paced},
    client::Owners,
};
use crate::http::{
    reply::{ApiError, ApiResult},
    request::{
        log_line::{NO_ROUTE, name_of, route_of},
        peer::Peer,
    },
};
use axum::{
    extract::{ConnectInfo, Request, State as OfServer},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use omega_core::{api::ErrorCode, id::UserId};
use omega_engine::{
    audit::refusals::{Kind, Refusal, Refusals},
    domain::request,
    observe::metrics::RATE_LIMITED,
    process::clock::Clock,
};
use std::sync::Arc;

/// Methods that there are routes for.
const USUAL: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// What the middleware knows; one a server.
#[derive(Debug)]
pub struct RateLimiter {
    pub limits: Limits,
    /// What was refused and is not recorded yet.
    pub refusals: Arc<Refusals>,
    buckets: Buckets,
    owners: Owners,
    clock: Clock,
}

impl RateLimiter {
    /// A gate with these limits.
    pub fn new(limits: Limits, clock: Clock) -> Arc<Self> {
        let (refusals, buckets, owners) = Default::default();
        Arc::new(Self { limits, refusals, buckets, owners, clock })
    }

    /// Counts what a caller asks for in words that no route tells.
    ///
    /// # Errors
    /// `RATE_LIMITED`, with the seconds to wait.
    pub fn charge(&self, user: UserId, class: Class) -> ApiResult<()> {
        let state =
            self.buckets.take(Client::User(user), class, self.limits.policies.of(class), 1, self.clock.uptime());
        if state.allowed { Ok(()) } else { Err(too_many(class, state)) }
    }

    /// Whether a caller has not named too many conversations that are not there.
    ///
    /// # Errors
    /// `RATE_LIMITED`, with the seconds to wait.
    pub fn may_guess(&self, user: UserId) -> ApiResult<()> {
        let class = Class::Guesses;
        let policy = self.limits.policies.of(class);
        let state = self.buckets.look(Client::User(user), class, policy, self.clock.uptime());
        match state.allowed {
            true => Ok(()),
            false => Err(too_many(class, BucketState { retry_after: until_next(policy), ..state })),
        }
    }

    /// Counts a conversation that was not there.
    pub fn guessed_wrong(&self, user: UserId) {
        let class = Class::Guesses;
        self.buckets.take(Client::User(user), class, self.limits.policies.of(class), 1, self.clock.uptime());
    }
}

/// A request on its way.
struct IncomingRequest {
    method: Method,
    route: String,
    client: Client,
    mark: Option<u64>,
    class: Class,
}

pub async fn layer(OfServer(gate): OfServer<Arc<RateLimiter>>, request: Request, next: Next) -> Response {
    let context = request::current();
    let address = Client::at(context.as_ref().and_then(|context| context.ip));
    let mark = gate.owners.mark(request.headers());
    let (method, route) = (request.method().clone(), route_of(&request));
    let client = mark.and_then(|mark| gate.owners.of(mark)).map_or(address, Client::User);
    let asked = IncomingRequest { class: Class::of(&method, &route), method, route, client, mark };
    let policy = gate.limits.policies.of(asked.class);
    let state = gate.buckets.take(asked.client, asked.class, policy, 1, gate.clock.uptime());
    let peer = request.extensions().get::<ConnectInfo<Peer>>().map(|ConnectInfo(peer)| peer.clone());
    let busy = peer.map(|peer| peer.work());
    let refused = match state.allowed {
        true => guessed_too_often(&gate, &asked, address),
        false => Some((asked.class, policy, state)),
    };
    let (class, policy, state, mut response) = match refused {
        Some((class, policy, state)) => (class, policy, state, refusal(&gate, &asked, class, state)),
        None if is_odd(&asked.method) => {
            let mut response = ApiError::wrong_method().into_response();
            // A route says itself which ones it has.
            if asked.route == NO_ROUTE {
                response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(USUAL));
            }
            (asked.class, policy, state, response)
        }
        None => {
            let request = request.map(|body| Paced::pace(body, gate.limits.body));
            let response = next.run(request).await;
            learn(&gate, &asked, address, &response);
            (asked.class, policy, state, response)
        }
    };
    say(response.headers_mut(), class, policy, state);
    response.map(|body| Holding::until_sent(body, busy))
}

/// Methods that no route has.
fn is_odd(method: &Method) -> bool {
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    !known.contains(method)
}

/// Whoever guessed too often waits before the next guess. A key that got in before is never asked to wait for others' wrong
/// ones at the same address, except to sign in anew; a conversation's guesses are counted by user.
fn guessed_too_often(
    gate: &RateLimiter,
    asked: &IncomingRequest,
    address: Client,
) -> Option<(Class, Policy, BucketState)> {
    let (class, client) = if is_sign_in(asked) || (asked.mark.is_some() && asked.client == address) {
        (Class::SignIn, address)
    } else if is_of_conversation(asked) {
        (Class::Guesses, asked.client)
    } else {
        return None;
    };
    let policy = gate.limits.policies.of(class);
    let state = gate.buckets.look(client, class, policy, gate.clock.uptime());
    (!state.allowed).then_some((class, policy, BucketState { retry_after: until_next(policy), ..state }))
}

/// What there is in an empty bucket in the end is one unit: that one comes back first.
fn until_next(policy: Policy) -> u64 {
    policy.window.as_secs().div_ceil(policy.quota.max(1)).max(1)
}

fn is_sign_in(asked: &IncomingRequest) -> bool {
    asked.method == Method::POST && asked.route.starts_with("/api/omega/session")
}

fn is_of_conversation(asked: &IncomingRequest) -> bool {
    // Foreign clients name a conversation within what they send.
    asked.route.starts_with("/api/omega/conversations/{") || FOREIGN_RUNS.contains(&asked.route.as_str())
}

fn refusal(gate: &RateLimiter, asked: &IncomingRequest, class: Class, state: BucketState) -> Response {
    note(gate, asked, Kind::Limited(class.as_str()));
    too_many(class, state).into_response()
}

fn too_many(class: Class, state: BucketState) -> ApiError {
    RATE_LIMITED.count([class.as_str()]);
    let error = format!(
        "too many requests ({}); try again in {} s",
        match class {
            Class::SignIn => "wrong keys or sessions",
            Class::Guesses => "conversations that are not there",
            other => other.as_str(),
        },
        state.retry_after
    );
    let error = ApiError::new(ErrorCode::RateLimited, error).with("policy", class.as_str());
    error.after(state.retry_after)
}

/// What an answer says about who asked.
fn learn(gate: &RateLimiter, asked: &IncomingRequest, address: Client, response: &Response) {
    let actor = request::current().and_then(|context| context.actor());
    if let (Some(mark), Some(actor)) = (asked.mark, actor) {
        gate.owners.learn(mark, actor.user);
    }
    let fail = |class, client| {
        gate.buckets.take(client, class, gate.limits.policies.of(class), 1, gate.clock.uptime());
    };
    match response.status() {
        StatusCode::UNAUTHORIZED => {
            if let Some(mark) = asked.mark {
                gate.owners.forget(mark);
            }
            // Whoever shows nothing guesses nothing.
            if asked.mark.is_some() || is_sign_in(asked) {
                fail(Class::SignIn, address);
                note(gate, asked, Kind::Unauthenticated);
            }
        }
        StatusCode::FORBIDDEN => note(gate, asked, Kind::Forbidden),
        StatusCode::NOT_FOUND if actor.is_some() && is_of_conversation(asked) => {
            fail(Class::Guesses, asked.client);
            note(gate, asked, Kind::NotFound);
        }
        _ => {}
    }
}

fn note(gate: &RateLimiter, asked: &IncomingRequest, kind: Kind) {
    let context = request::current();
    let known = match asked.client {
        Client::User(user) => Some(user),
        Client::Address(_) | Client::Unknown => None,
    };
    let actor = context.as_ref().and_then(|context| context.actor());
    gate.refusals.note(
        Refusal {
            kind,
            user: actor.map(|actor| actor.user).or(known),
            key: actor.and_then(|actor| actor.key),
            ip: context.and_then(|context| context.ip),
            method: name_of(&asked.method),
            route: asked.route.clone(),
        },
        gate.clock.now(),
    );
}

/// The headers of draft-ietf-httpapi-ratelimit-headers; what a route said itself stays.
fn say(headers: &mut HeaderMap, class: Class, policy: Policy, state: BucketState) {
    let (name, window) = (class.as_str(), policy.window.as_secs());
    let is_limited = headers.contains_key(header::RETRY_AFTER) && !state.allowed;
    let reset = if is_limited { state.reset.max(state.retry_after) } else { state.reset };
    let of_policy = HeaderValue::try_from(format!("\"{name}\";q={};w={window}", policy.quota));
    let left = HeaderValue::try_from(format!("\"{name}\";r={};t={reset}", state.remaining));
    if let (Ok(of_policy), Ok(left)) = (of_policy, left) {
        headers.insert(POLICY, of_policy);
        headers.insert(LEFT, left);
    }
}
