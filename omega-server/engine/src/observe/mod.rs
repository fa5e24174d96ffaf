//! The log on stderr, and what the server counts of itself.
//!
//! Every record, a panic's too, leaves through [`record`]: no secret that passed this process is in the log, at any level.

pub mod known_secrets;
pub mod metrics;
pub mod names;
mod record;

use serde_json::json;
use std::io::{self, IsTerminal, Write};
use tracing_subscriber::EnvFilter;

/// Begins to log on stderr: JSON lines, or readable ones on a terminal. `OMEGA_LOG` sets the filter (`info` otherwise).
pub fn init() {
    let filter = EnvFilter::try_from_env("OMEGA_LOG").unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(record::Records).with_target(false);
    // A second call (tests, several servers in one process) keeps the first.
    let begun =
        if io::stderr().is_terminal() { builder.try_init() } else { builder.json().flatten_event(true).try_init() };
    if begun.is_ok() {
        std::panic::set_hook(Box::new(panicked));
    }
}

/// A panic is a record like any other, whatever the filter says: its message may quote what it choked on.
fn panicked(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let message = panic.payload_as_str().unwrap_or("a panic without words");
    let thread = std::thread::current().name().unwrap_or_default().to_owned();
    let backtrace = std::backtrace::Backtrace::capture();
    let traced = backtrace.status() == std::backtrace::BacktraceStatus::Captured;
    let record = json!({
        "timestamp": omega_core::api::Timestamp::now(), "level": "ERROR", "event": "panic", "place": place, "thread": thread,
        // Before it is escaped for JSON once more, too.
        "message": known_secrets::clean(message), "backtrace": traced.then(|| backtrace.to_string()),
    });
    let _ = writeln!(io::stderr().lock(), "{}", record::clean(&record.to_string()));
}
