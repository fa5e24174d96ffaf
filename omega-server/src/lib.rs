//! Omega's server: the REST and SSE API, the run engine, the store, the registry and the sandbox executor.

pub mod audit;
pub mod domain;
pub mod engine;
pub mod executor;
pub mod http;
pub mod observe;
pub mod process;
pub mod registry;
pub mod serve;
pub mod store;
pub mod vault;

pub use engine::node::NodeConfig;
pub use http::limits::Limits;
pub use serve::{
    Server, StartError,
    config::{Identity, Local, ServeConfig},
};
