//! Tests that drive the server's real parts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test that panics says what is wrong"
)]

mod executor;
