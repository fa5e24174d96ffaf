//! The `omega` binary as a whole: its output, its exit codes, and the server that it starts by itself.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod ask;
mod commands;
mod contract;
mod executor;
mod generated;
mod home;
mod import;
mod keyed;
mod local_server;
mod pauses;
mod settings;
mod sharing;
mod terminal;
