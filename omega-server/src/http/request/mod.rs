//! What a request is besides its route: where it comes from, which host it is for, and its line in the log.

pub mod address;
pub mod host;
pub mod log;
