//! What the shell is offered for an argument. Offline, and nothing but small files is read: a completion has to come at
//! once.

use clap_complete::CompletionCandidate;
use omega_core::local::{Dirs, Env, recent::Recent};

/// The conversations used last, with their titles.
pub fn conversations() -> Vec<CompletionCandidate> {
    let Ok(dirs) = Dirs::find(&Env::of_process()) else { return Vec::new() };
    let list = Recent::new(&dirs).list().into_iter().take(50);
    list.map(|entry| CompletionCandidate::new(entry.id.to_string()).help(Some(entry.title.into()))).collect()
}
