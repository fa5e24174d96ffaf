//! What the shell is offered for an argument. A completion has to come at once: small files are read, and for tools the server
//! that runs already is asked, for an instant. None is started.

use clap_complete::CompletionCandidate;
use omega_core::{
    client::Client,
    local::{
        Dirs, Env,
        api_keys::{Keys, LOCAL},
        config::{self, Config},
        recent::Recent,
        server::Starter,
    },
    model::catalog::PROVIDERS,
    setting,
};
use std::{ffi::OsStr, time::Duration};

/// How long the server is waited for.
const INSTANT: Duration = Duration::from_millis(700);
const OFFERED: usize = 50;

/// The conversations used last, with their titles.
pub fn conversations() -> Vec<CompletionCandidate> {
    let Ok(dirs) = Dirs::find(&Env::of_process()) else { return Vec::new() };
    let list = Recent::new(&dirs).list().into_iter().take(OFFERED);
    list.map(|entry| CompletionCandidate::new(entry.id.to_string()).help(Some(entry.title.into()))).collect()
}

/// Models worth naming; any other of a provider works too.
pub fn models() -> Vec<CompletionCandidate> {
    let named = PROVIDERS.iter().flat_map(|it| it.models.iter().map(move |model| format!("{}/{model}", it.name)));
    named.chain([String::from("omega/offline")]).map(CompletionCandidate::new).collect()
}

/// Tools whose id begins as the word does, of the server that this command would use, if it runs.
pub fn tools(word: &OsStr) -> Vec<CompletionCandidate> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let (Some(word), Ok(runtime)) = (word.to_str(), runtime) else { return Vec::new() };
    let found = runtime.block_on(async {
        let asked = async {
            let client = running_server().await?;
            // The words of a half-written id: `@exalabs/ai-s` is `@exalabs/ai`, and `s`, which may begin anything.
            client.search_tools(&word.replace("::", " "), None, OFFERED).await.ok()
        };
        tokio::time::timeout(INSTANT, asked).await.ok().flatten()
    });
    let rows = found.into_iter().flat_map(|answer| answer.results.tools);
    let fitting = rows.filter(|row| row.tool_id.starts_with(word));
    fitting
        .map(|row| {
            let about = omega_core::sanitize::one_line(&row.description, 80);
            CompletionCandidate::new(row.tool_id).help(Some(about.into()))
        })
        .collect()
}

async fn running_server() -> Option<Client> {
    let env = Env::of_process();
    let dirs = Dirs::find(&env).ok()?;
    let config = Config::load(&dirs.config_file(), &env, &<_>::default(), None).ok()?;
    let keys = Keys::new(&dirs);
    if let Some(url) = config.get("server") {
        let key = env.get("OMEGA_API_KEY").map(|key| key.to_owned().into());
        return Client::new(url, key.or(keys.load(url).ok()?)).ok();
    }
    let starter = Starter::new(dirs, env, <_>::default());
    let running = starter.find().await?;
    Client::new(&running.url, keys.load(LOCAL).ok()?).ok()
}

/// The settings on the server, with what they are for.
pub fn settings() -> Vec<CompletionCandidate> {
    setting::FIELDS.iter().map(|field| CompletionCandidate::new(field.name).help(Some(field.about.into()))).collect()
}

/// The profiles of this machine's configuration.
pub fn profiles() -> Vec<CompletionCandidate> {
    let Ok(dirs) = Dirs::find(&Env::of_process()) else { return Vec::new() };
    config::profiles(&dirs.config_file()).into_iter().map(CompletionCandidate::new).collect()
}

/// The servers that a key is kept for.
pub fn servers() -> Vec<CompletionCandidate> {
    let Ok(dirs) = Dirs::find(&Env::of_process()) else { return Vec::new() };
    let accounts = Keys::new(&dirs).accounts().unwrap_or_default();
    accounts.into_iter().filter(|it| it.contains("://")).map(CompletionCandidate::new).collect()
}

/// The variables that hold the keys of model providers.
pub fn provider_keys() -> Vec<CompletionCandidate> {
    let named =
        PROVIDERS.iter().filter_map(|it| Some(CompletionCandidate::new(it.key_var?).help(Some(it.name.into()))));
    named.collect()
}
