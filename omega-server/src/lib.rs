//! Omega's server: the REST and SSE API, the run engine, the store, the registry and the sandbox executor.

pub mod executor;
pub mod page;
pub mod registry;
pub mod runs;
pub mod store;
