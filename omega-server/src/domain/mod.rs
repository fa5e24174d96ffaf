//! What all rooms speak of: types and rules without a database, a socket or a file.

pub mod caller;
pub mod chain;
pub mod fact;
pub mod grant;
pub mod guest_view;
pub mod nul;
pub mod request;
pub mod sealed;
pub mod variables;
