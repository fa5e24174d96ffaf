//! What a request is besides its route: where it comes from and by whom, which host it is for, the
//! session that it shows, and its line in the log.

pub mod address;
pub mod cookie;
pub mod front;
pub mod host;
pub mod log_line;
pub mod network;
pub mod peer;
pub mod public_url;
