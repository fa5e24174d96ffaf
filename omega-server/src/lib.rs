//! Omega's server: the REST and SSE API, the run engine, the store, the registry and the sandbox executor.

pub mod access;
pub mod answer;
pub mod audit;
pub mod auth;
pub mod breaker;
pub mod clock;
pub mod config;
mod describe;
pub mod executor;
mod extract;
pub mod failpoint;
pub mod guard;
pub mod harden;
mod idempotency;
mod importing;
pub mod limits;
pub mod models;
mod nul;
pub mod observe;
pub mod offload;
pub mod page;
pub mod registry;
pub mod request;
pub mod router;
mod routes;
pub mod runs;
pub mod serve;
mod sockets;
pub mod state;
pub mod store;
pub mod vault;

pub use config::{Identity, Limits, Local, NodeConfig, ServeConfig};
pub use serve::{Server, StartError};
