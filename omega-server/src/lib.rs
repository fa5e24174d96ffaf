//! Omega's server: the REST and SSE API, the run engine, the store, the registry and the sandbox executor.

pub mod access;
pub mod audit;
pub mod breaker;
pub mod clock;
pub mod domain;
pub mod executor;
pub mod failpoint;
pub mod guard;
pub mod harden;
pub mod http;
pub mod models;
mod nul;
pub mod observe;
pub mod offload;
pub mod registry;
pub mod runs;
pub mod serve;
pub mod store;
pub mod vault;

pub use http::limits::Limits;
pub use runs::node::NodeConfig;
pub use serve::{
    Server, StartError,
    config::{Identity, Local, ServeConfig},
};
