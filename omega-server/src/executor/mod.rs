//! Where registry tools run. A tool's code never runs in the server's process: each call is a process of its own in Deno's
//! sandbox on this machine (`local`), or an HTTP call of an executor elsewhere (`remote`).
//!
//! Local, from the outside in: `local` answers the port, `gate` bounds what runs at once, `runtime` finds Deno or has `provide`
//! fetch it, `prepare` makes a package ready in an `image` (one folder per package and version), `process` runs one job in it
//! with the flags of `permissions` and within the `jail`, `watch` sees to its limits, and the scripts in `runner/` load the package
//! there and speak `protocol`.

mod converters;
mod deno;
mod gate;
mod group;
mod guarded;
mod image;
mod install;
pub mod jail;
mod local;
mod lock;
mod manifest;
mod mask;
mod outcome;
mod pace;
mod permissions;
mod prepare;
mod process;
mod protocol;
mod provide;
mod remote;
mod runner;
mod runtime;
mod scan;
mod scratch;
mod spec;
mod starter;
mod sweep;
mod watch;

pub use guarded::Guarded;
pub use local::{LocalConfig, LocalExecutor};
pub use process::Limits;
pub use remote::{RemoteConfig, RemoteExecutor};
pub use runtime::Progress;

use omega_core::executor::Executor;
use std::sync::Arc;

/// The executor of a configuration: elsewhere when a URL is given, else on this machine.
///
/// # Errors
/// A URL that is none, or an HTTP client that can't be made.
pub fn from_config(remote: Option<RemoteConfig>, local: LocalConfig) -> Result<Arc<dyn Executor>, remote::BadRemote> {
    Ok(match remote {
        Some(remote) => Arc::new(RemoteExecutor::new(remote)?),
        None => Arc::new(LocalExecutor::new(local)),
    })
}
