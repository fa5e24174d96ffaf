//! What the parts of the server promise together: a real server, its real database, the real sandbox, and stand-ins only
//! for the outside world (model providers, executors elsewhere).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says on the terminal what it skipped"
)]

mod access;
mod agent_search;
mod api;
mod arguments;
mod audit_log;
mod backups;
mod breakers;
mod broken_answers;
mod browser;
mod canary;
mod careless;
mod chaos;
mod counted;
mod crashes;
mod description;
mod embedding;
mod executor;
mod feedback;
mod forks;
mod generated;
mod harness;
mod imports;
mod kept;
mod keyed;
mod keyring;
mod large;
mod layers;
mod log_events;
mod mcp;
mod metrics;
mod mirroring;
mod model;
mod newer_versions;
mod nodes;
mod nul;
mod openai;
mod operations;
mod other_tools;
mod page;
mod past;
mod pauses;
mod paying;
mod pinned;
mod planning;
mod price;
mod providers;
mod proxies;
mod rate_limits;
mod real;
mod references;
mod refused;
mod rounds;
mod run_ends;
mod safety;
mod sections;
mod security;
mod speed;
mod start;
mod stats;
mod store;
mod streams;
mod system_prompts;
mod talks;
mod told;
mod traces;
mod unbroken;
mod vault;
mod viewing;
mod waits;
mod wishes;
