//! The server's edge: what comes in as HTTP, and what goes out.
//!
//! [`router`] has the whole API on one screen. A request passes the layers (its id and log line, the limits, the host, keys in
//! addresses, idempotency), then a handler in `routes`, whose signature says what it needs: a caller ([`auth`]), a body or
//! parameters (`extract`). What it gives is a [`reply`].

pub mod ai_sdk;
pub mod auth;
mod compress;
mod content_coding;
pub mod cors;
mod extract;
mod idempotency;
pub mod identity;
mod import_limit;
pub mod limits;
mod openapi;
pub mod page;
pub mod reply;
pub mod request;
pub mod router;
mod routes;
pub(crate) mod sockets;
pub mod state;
