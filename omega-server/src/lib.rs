//! Omega's server: the REST and SSE API, the run engine, the store, the registry and the sandbox executor.
//!
//! Eleven rooms in layers. Each uses only those below it, and nothing goes by way of the names at the end of this file, which
//! are for other crates; `tests/it/layers.rs` says so.
//!
//! 1. [`serve`] starts a server and ends it; [`http`] is its edge; [`engine`] works on runs.
//! 2. [`vault`], [`audit`] and [`store`] keep what there is.
//! 3. [`executor`] runs tools, [`registry`] knows which there are.
//! 4. [`observe`] is the log, [`process`] the process itself, [`domain`] what all of them speak of.

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

pub use engine::node_config::NodeConfig;
pub use http::limits::Limits;
pub use serve::{
    Server, StartError,
    config::{Identity, Local, ServeConfig},
};
