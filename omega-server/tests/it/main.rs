//! Tests that drive the server's real parts.

mod executor;
