//! What the parts of `omega-core` do together.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says on the terminal what it skipped"
)]

mod arguments;
mod boundaries;
mod certificates;
mod decoders;
mod default_model;
mod fold;
mod frugal;
mod gate_histories;
mod gate_schemas;
mod http_model;
mod layers;
mod price;
mod provider_cases;
mod requests;
mod schemas;
mod streams;
