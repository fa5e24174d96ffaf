//! What `omega doctor` looks at, one function a subject.

use crate::{connect::Context, exit::Failure};
use omega_core::{
    api::{MirrorStatus, Models, Payer, Timestamp},
    client::Client,
    counted::counted,
    local::api_keys::{Keys, LOCAL},
    model::catalog::{OFFLINE, PROVIDERS},
    sanitize::one_line,
};
use omega_engine::{process::harden, store::sqlite_file};
use omega_server::Limits;
use serde::Serialize;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Ok,
    /// It works, with less.
    Warning,
    Error,
}

#[derive(Debug, Serialize)]
pub struct Check {
    pub name: &'static str,
    #[serde(rename = "status")]
    pub level: Level,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Check {
    pub fn new(name: &'static str, level: Level, message: impl Into<String>) -> Self {
        Self { name, level, message: message.into(), next: None }
    }

    /// The same with what to do.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }

    /// A check that ended in a failure.
    pub fn failed(name: &'static str, failure: &Failure) -> Self {
        let next = failure.next_step().map(str::to_owned);
        Self { next, ..Self::new(name, Level::Error, failure.message().unwrap_or("failed")) }
    }
}

/// Everything, in the order in which one thing rests on the other.
pub async fn all(context: &Context) -> Vec<Check> {
    let mut checks = vec![version(), folders(context), databases(context), descriptors()];
    checks.extend([configuration(context), keyring(context), credentials(context)]);
    checks.push(deno(context));
    let served = server(context).await;
    if !served.iter().any(|check| check.name == "models") {
        checks.push(providers(context));
    }
    checks.extend(served);
    checks.push(terminal(context));
    checks
}

fn version() -> Check {
    let target = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
    Check::new("omega", Level::Ok, format!("{} on {target}", env!("CARGO_PKG_VERSION")))
}

fn folders(context: &Context) -> Check {
    let dirs = &context.dirs;
    let unusable = [&dirs.config, &dirs.data, &dirs.cache, &dirs.run].into_iter().find(|dir| !is_usable(dir));
    match unusable {
        None => Check::new(
            "folders",
            Level::Ok,
            format!("{} (data), {} (cache)", dirs.data.display(), dirs.cache.display()),
        ),
        Some(dir) => Check::new("folders", Level::Error, format!("{} can't be written", dir.display()))
            .next("correct its permissions, or set OMEGA_HOME to another folder"),
    }
}

/// The folder, or the nearest one above it that exists, is a folder and not read-only.
fn is_usable(dir: &Path) -> bool {
    let nearest = dir.ancestors().find_map(|dir| dir.metadata().ok());
    nearest.is_some_and(|meta| meta.is_dir() && !meta.permissions().readonly())
}

/// Whether nobody else may read the databases of this user's servers.
fn databases(context: &Context) -> Check {
    let named = context.env.get("OMEGA_DATABASE_URL").and_then(|url| url.strip_prefix("sqlite:"));
    let named = named.map(|path| PathBuf::from(path.trim_start_matches("//"))).filter(|path| path.exists());
    if let Some(Err(reason)) = named.as_deref().filter(|path| !path.is_dir()).map(sqlite_file::is_private) {
        return Check::new("database", Level::Error, reason).next("a server does not start with it until then");
    }
    let own = ["omega.db", "server.db"].map(|name| context.dirs.data.join(name));
    if let Some(folder) = own.iter().chain(&named).find(|path| path.is_dir()) {
        let message = format!("{} is a folder, so that no server starts with it", folder.display());
        return Check::new("database", Level::Error, message).next("move it away");
    }
    match own.iter().filter(|path| path.exists()).find_map(|path| sqlite_file::is_private(path).err()) {
        Some(reason) => {
            Check::new("database", Level::Warning, reason).next("or start the server, which does that itself")
        }
        None => Check::new("database", Level::Ok, "nobody else may read it"),
    }
}

/// Whether a server that starts from here may have as many connections as it wants.
fn descriptors() -> Check {
    match harden::descriptors_allowed() {
        Some(most) if most / 4 < Limits::default().connections as u64 => Check::new(
            "open files",
            Level::Warning,
            format!("a server may have {most} files and connections open, {} of one address", most / 4),
        )
        .next("raise the hard limit (`ulimit -H -n`, LimitNOFILE= of systemd) for a server with many readers"),
        Some(most) => {
            Check::new("open files", Level::Ok, format!("a server may have {most} files and connections open"))
        }
        None => Check::new("open files", Level::Ok, "no limit"),
    }
}

fn configuration(context: &Context) -> Check {
    let file = context.dirs.config_file();
    let said: Vec<String> = context
        .config
        .settings()
        .iter()
        .filter_map(|setting| Some(format!("{} = {} ({})", setting.name, setting.value.as_ref()?, setting.origin)))
        .collect();
    let there = if file.exists() { file.display().to_string() } else { format!("no {}", file.display()) };
    Check::new("config", Level::Ok, format!("{there}; {}", said.join(", ")))
}

fn keyring(context: &Context) -> Check {
    match Keys::new(&context.dirs).keyring() {
        Ok(()) => Check::new("keyring", Level::Ok, "the keyring of this system answers"),
        Err(because) => Check::new("keyring", Level::Ok, format!("keys go into a file of yours: {because}")),
    }
}

fn credentials(context: &Context) -> Check {
    let keys = Keys::new(&context.dirs);
    match keys.accounts() {
        Err(error) => Check::new("keys", Level::Error, error.to_string()).next("move the file away and sign in again"),
        Ok(accounts) if accounts.is_empty() => {
            Check::new("keys", Level::Ok, "none kept yet; the local server makes one when it first starts")
        }
        Ok(accounts) => {
            let places: Vec<String> = accounts
                .iter()
                .filter_map(|account| Some(format!("{account} in {}", keys.place(account).ok()??)))
                .collect();
            Check::new("keys", Level::Ok, places.join("; "))
        }
    }
}

/// What a server that starts from here can ask.
fn providers(context: &Context) -> Check {
    let names: BTreeSet<&str> = PROVIDERS.iter().filter_map(|provider| provider.key_var).collect();
    let set: Vec<&str> = names.into_iter().filter(|name| context.env.get(name).is_some()).collect();
    match set.is_empty() {
        false => Check::new("models", Level::Ok, format!("set: {}", set.join(", "))),
        true => offline("no provider's key is set: the offline planner, or a local engine, answers"),
    }
}

fn offline(message: &str) -> Check {
    Check::new("models", Level::Warning, message).next(
        "store your own key with `omega keys set OPENAI_API_KEY`, or set it; `omega models` lists what can be used",
    )
}

/// What the server that answers can ask, for whoever is signed in.
fn models(models: &Models) -> Check {
    let paid = |payer| models.providers.iter().filter(move |provider| provider.paid_by == Some(payer));
    let names = |payer| paid(payer).map(|provider| one_line(&provider.name, 80)).collect::<Vec<_>>().join(", ");
    let (own, servers) = (names(Payer::Owner), names(Payer::Server));
    if models.default == OFFLINE {
        return offline(&one_line(&models.default_reason, 200));
    }
    let mut words = format!("{} answers: {}", one_line(&models.default, 120), one_line(&models.default_reason, 200));
    for (key, names) in [("your own key", own), ("the server's", servers)] {
        if !names.is_empty() {
            words.push_str(&format!("; with {key}: {names}"));
        }
    }
    Check::new("models", Level::Ok, words)
}

fn deno(context: &Context) -> Check {
    if let Some(path) = context.env.get("OMEGA_DENO") {
        return match Path::new(path).is_file() {
            true => Check::new("deno", Level::Ok, format!("{path} (OMEGA_DENO)")),
            false => Check::new("deno", Level::Error, format!("OMEGA_DENO names {path}, which is no file"))
                .next("correct OMEGA_DENO, or unset it"),
        };
    }
    if let Some(url) = context.env.get("OMEGA_EXECUTOR_URL") {
        return Check::new("deno", Level::Ok, format!("not needed: tools run at {url} (OMEGA_EXECUTOR_URL)"));
    }
    let found = context
        .env
        .get("PATH")
        .and_then(|path| std::env::split_paths(path).map(|dir| dir.join("deno")).find(|file| file.is_file()));
    match found {
        Some(file) => Check::new("deno", Level::Ok, file.display().to_string()),
        None => Check::new("deno", Level::Ok, "not on the PATH; the executor provides its own when it is first needed"),
    }
}

async fn server(context: &Context) -> Vec<Check> {
    let client = match context.config.get("server") {
        Some(url) => context.connect_to(url).await.map(|connection| connection.client),
        None => match local_client(context).await {
            Ok(Some(client)) => Ok(client),
            Ok(None) => {
                let message = "your local server does not run; the next command that needs it starts it";
                return vec![Check::new("server", Level::Ok, message)];
            }
            Err(failure) => Err(failure),
        },
    };
    match client {
        Ok(client) => reachable(&client).await,
        Err(failure) => vec![Check::failed("server", &failure)],
    }
}

async fn local_client(context: &Context) -> Result<Option<Client>, Failure> {
    let Some(running) = context.starter()?.find().await else { return Ok(None) };
    let key = Keys::new(&context.dirs).load(LOCAL)?;
    Ok(Some(Client::new(&running.url, key)?))
}

async fn reachable(client: &Client) -> Vec<Check> {
    let status = match client.status().await {
        Ok(status) => status,
        Err(error) => return vec![Check::failed("server", &Failure::from(error))],
    };
    let level = |status: &str| match status {
        "ok" => Level::Ok,
        "degraded" => Level::Warning,
        _ => Level::Error,
    };
    let mut checks = vec![Check::new(
        "server",
        Level::Ok,
        format!(
            "{} version {}, {}, {} active runs",
            client.base_url(),
            status.version,
            status.database,
            status.active_runs
        ),
    )];
    checks.push(match client.whoami().await {
        Ok(who) => Check::new("signed in", Level::Ok, format!("as {}", who.display_name)),
        Err(error) => Check::failed("signed in", &Failure::from(error)),
    });
    // Who is not signed in has heard so.
    if let Ok(known) = client.models().await {
        checks.push(models(&known));
    }
    let registry = status.registry;
    let detail = registry.detail.map(|detail| format!("; {detail}")).unwrap_or_default();
    let tools = format!("{} of {}{detail}", counted(registry.tools, "tool"), counted(registry.packages, "package"));
    checks.push(Check::new("registry", level(&registry.status), tools));
    checks.extend(registry.mirror.as_ref().map(mirror));
    checks.push(Check::new("executor", level(&status.executor.status), status.executor.detail));
    checks
}

/// Older than this, a mirror that can't be read is worth a look.
const OLD_MIRROR_SECONDS: u64 = 24 * 60 * 60;

/// How old the mirror is; a short while without a network is no trouble.
fn mirror(mirror: &MirrorStatus) -> Check {
    let is_fresh = mirror.age_seconds.is_some_and(|age| age < OLD_MIRROR_SECONDS);
    let words = one_line(&mirror.words(Timestamp::now()), 300);
    if mirror.trouble.is_none() || is_fresh {
        return Check::new("mirror", Level::Ok, words);
    }
    Check::new("mirror", Level::Warning, words).next(
        "the tools that are here work without it; `omega registry sync` tries it now, and TPMJS_API_URL=off turns it off",
    )
}

fn terminal(context: &Context) -> Check {
    let terminals = context.ui.terminals();
    let term = context.env.get("TERM").unwrap_or("not set");
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| context.env.get(name)).unwrap_or("not set");
    let message =
        format!("stdout {}, TERM {term}, locale {locale}", if terminals.stdout { "is one" } else { "is none" });
    if terminals.stdout && term == "dumb" {
        return Check::new("terminal", Level::Warning, message)
            .next("`omega chat` goes line by line there; a full screen needs more");
    }
    Check::new("terminal", Level::Ok, message)
}
