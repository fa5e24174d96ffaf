//! Omega's server: the REST and SSE API and the page, before the engine (`omega-engine`, in `engine/`) that does the work.
//!
//! [`serve`] starts a server and ends it; [`http`] is its edge. The engine has its nine rooms in a crate of its own, so that
//! a change of a route compiles without them.

pub mod http;
pub mod serve;

pub use http::limits::Limits;
pub use serve::{
    Server, StartError,
    config::{Identity, Local, ServeConfig},
};
