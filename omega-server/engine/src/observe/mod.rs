//! The log on stderr, what the server counts of itself, and the spans of what it does.
//!
//! Every record, a panic's too, leaves through [`record`]: no secret that passed this process is in the log, at any level.

pub mod known_secrets;
mod lines;
pub mod metrics;
pub mod names;
pub mod otlp;
mod record;
pub mod scope;
pub mod span;

pub use lines::tell_node;

use serde_json::json;
use std::io::{self, IsTerminal, Write};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Begins to log on stderr: JSON lines, or readable ones on a terminal. `OMEGA_LOG` sets the filter (`info` otherwise).
pub fn init() {
    let filter = EnvFilter::try_from_env("OMEGA_LOG").unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    let for_people = io::stderr().is_terminal();
    let readable = for_people.then(|| fmt::layer().with_writer(record::Records).with_target(false));
    let lines = lines::Lines { to_stderr: !for_people };
    // A second call (tests, several servers in one process) keeps the first.
    let begun = tracing_subscriber::registry().with(filter).with(readable).with(lines).try_init();
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
        "ts": omega_core::api::Timestamp::now(), "level": "ERROR", "event": "panic", "place": place, "thread": thread,
        // Before it is escaped for JSON once more, too.
        "msg": known_secrets::clean(message), "backtrace": traced.then(|| backtrace.to_string()),
    });
    let _ = writeln!(io::stderr().lock(), "{}", record::clean(&record.to_string()));
}
