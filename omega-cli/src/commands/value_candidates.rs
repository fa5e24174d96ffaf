//! What the shell is offered for an argument. Offline, and nothing but small files is read: a completion has to come at
//! once.

use clap_complete::CompletionCandidate;
use omega_core::{
    local::{Dirs, Env, recent::Recent},
    model::catalog::PROVIDERS,
};

/// The conversations used last, with their titles.
pub fn conversations() -> Vec<CompletionCandidate> {
    let Ok(dirs) = Dirs::find(&Env::of_process()) else { return Vec::new() };
    let list = Recent::new(&dirs).list().into_iter().take(50);
    list.map(|entry| CompletionCandidate::new(entry.id.to_string()).help(Some(entry.title.into()))).collect()
}

/// Models worth naming; any other of a provider works too.
pub fn models() -> Vec<CompletionCandidate> {
    let named = PROVIDERS.iter().flat_map(|it| it.models.iter().map(move |model| format!("{}/{model}", it.name)));
    named.chain([String::from("omega/offline")]).map(CompletionCandidate::new).collect()
}
