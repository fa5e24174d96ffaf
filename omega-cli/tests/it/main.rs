//! The `omega` binary as a whole: its output, its exit codes, and the server that it starts by itself.

#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::expect_used, reason = "a test fails by panicking")]

mod ask;
mod attack;
mod backups;
mod commands;
mod contract;
mod cuts;
mod executor;
mod feedback;
mod flows;
mod full_screen;
mod generated;
mod home;
mod import;
mod keyed;
mod keyring;
mod layers;
mod line_by_line;
mod local_server;
mod one_world;
mod pauses;
mod registry;
mod remembered;
mod settings;
mod sharing;
mod stats;
mod telemetry;
mod terminal;
mod two_windows;
mod watching;
mod ways;
mod window;
mod window_flows;
