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
