//! Where registry tools run. A tool's code never runs in the server's process: each call is a process of its own in Deno's
//! sandbox on this machine (`local`), or an HTTP call of an executor elsewhere (`remote`), one of several (`fleet`). Before all
//! of them stand the tools' circuit breakers (`with_breaker`); MCP servers by their address are asked from here (`mcp`). `service` is the other end: this machine's sandbox by HTTP.
//!
//! Local, from the outside in: `local` answers the port, `gate` bounds what runs at once, `runtime` finds Deno or has `provide`
//! fetch it, `prepare` makes a package ready in an `image` (one folder per package and version; `server_starts` with what an MCP server is started), `room` keeps them within a
//! size, `pool` has a process that was started ahead, `sessions` one of a run's MCP server, or `launch` starts one with the flags of `permissions` and within the `jail`,
//! `snapshot` keeps what is tried before it is published, `install` has Deno unpack packages within the same jail and limits, with the user's settings of npm (`npm_settings`, of which `npm_facts` tells what is known of a package before) and the `downloads` of all
//! images, `contents` sees that nothing of an installed package is outside of it, `process` runs one job in it, `watch` sees to its
//! limits, `trash` takes what it leaves, and the scripts in `runner/` load the package there and speak `protocol`. `attack`
//! sends a hostile package through all of it, for `omega doctor --attack`.

pub mod attack;
pub mod breaker;
mod cache_eviction;
mod call_queue;
mod capabilities;
mod contents;
mod converters;
mod deno;
mod deno_download;
mod downloads;
mod fleet;
mod given;
mod healing;
mod image;
mod install;
mod integrity;
pub mod jail;
mod kept;
mod lacks;
mod launch;
mod limits;
mod listings;
mod local;
mod lock;
mod manifest;
mod mcp;
mod needs;
pub mod npm_facts;
mod npm_settings;
mod outcome;
mod output;
mod permissions;
mod pool;
mod positional;
mod prepare;
mod process;
mod process_group;
mod protocol;
mod redacting;
mod remote;
mod runner;
mod runtime;
mod scratch;
mod secret_names;
mod server_starts;
pub mod service;
mod sessions;
pub mod snapshot;
mod spec;
mod starter;
mod sweep;
mod throttle;
mod trash;
mod tree;
mod variables;
mod version_range;
mod watch;
mod with_breaker;

pub use fleet::Fleet;
pub use limits::Limits;
pub use local::{LocalConfig, LocalExecutor};
pub use mcp::WithServers;
pub use pool::PoolLimits;
pub use redacting::Redacting;
pub use remote::{BadRemote, RemoteConfig, RemoteExecutor};
pub use runtime::Progress;
pub use with_breaker::WithBreaker;

use crate::executor::breaker::Breakers;
use omega_core::executor::Executor;
use secrecy::SecretString;
use std::sync::Arc;

/// The word that stands for this machine among the URLs of executors: its turn comes last.
const LOCAL: &str = "local";

/// The executor of a configuration: this machine, or those elsewhere, with this machine as the last choice where the URLs
/// have the word `local` among them.
///
/// # Errors
/// A URL that is none, or an HTTP client that can't be made.
pub fn from_config(
    urls: &[String],
    api_key: Option<&SecretString>,
    local: LocalConfig,
    breakers: &Arc<Breakers>,
) -> Result<Arc<dyn Executor>, BadRemote> {
    let allowed = local.allow_private_net.clone();
    let (here, elsewhere): (Vec<&String>, Vec<&String>) =
        urls.iter().filter(|url| !url.trim().is_empty()).partition(|url| url.trim() == LOCAL);
    let here: Option<Arc<dyn Executor>> =
        (!here.is_empty() || elsewhere.is_empty()).then(|| Arc::new(LocalExecutor::new(local)) as _);
    if let (Some(here), []) = (&here, elsewhere.as_slice()) {
        return Ok(Arc::new(WithServers::new(Arc::clone(here), allowed)));
    }
    let remote = |url: &&String| RemoteConfig { url: url.trim().to_owned(), api_key: api_key.cloned() };
    let remotes = elsewhere.iter().map(remote).map(RemoteExecutor::new).collect::<Result<_, _>>()?;
    let packages = Fleet::new(remotes, here, Arc::clone(breakers));
    Ok(Arc::new(WithServers::new(Arc::new(packages), allowed)))
}
