//! What all rooms speak of: types and rules without a database, a socket or a file.

pub mod audit_fact;
pub mod caller;
pub mod grant;
pub mod guest_view;
pub mod hash_chain;
pub mod nul;
pub mod request;
pub(crate) mod row;
pub mod sealed;
pub mod variables;

/// Makes an `async fn` give its future in a box. What an `async fn` does is compiled again in each crate, and in each unit of code,
/// that awaits it; behind a box it is compiled once. It belongs on what much of the server awaits, or what is large.
pub use async_recursion::async_recursion as boxed;
