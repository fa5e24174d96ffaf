//! What Omega's server does, without its HTTP: the run engine, what it keeps, and the tools that it runs.
//!
//! Nine rooms in layers. Each uses only those below it; `omega-server/tests/it/layers.rs` says so.
//!
//! 1. [`engine`] works on runs.
//! 2. [`vault`], [`audit`] and [`store`] keep what there is.
//! 3. [`executor`] runs tools, [`registry`] knows which there are.
//! 4. [`observe`] is the log, [`process`] the process itself, [`domain`] what all of them speak of.

pub mod audit;
pub mod domain;
pub mod engine;
pub mod executor;
pub mod observe;
pub mod process;
pub mod registry;
pub mod store;
pub mod vault;
