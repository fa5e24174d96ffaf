//! Puts npm packages into a folder with `deno install`: no npm is needed and no lifecycle script ever runs. The installer has
//! network and the user's npm settings; tools never see either.
//!
//! What an installation leaves is within its folder, or the folder is gone: a manifest can make the installer link to anywhere
//! on the machine, so it is looked through each time (`contents`).

use super::{contents, lock, spec::is_exact};
use crate::offload;
use omega_core::{
    budget::IMAGE,
    executor::{ToolError, ToolErrorCode},
};
use serde_json::json;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{process::Command, time::timeout};

const TIMEOUT: Duration = Duration::from_secs(120);
/// What the installer may know of our environment: where the user's npm settings, proxies and certificates are.
const PASSED: [&str; 7] =
    ["HOME", "PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "DENO_CERT", "DENO_TLS_CA_STORE"];

/// Packages by name, with the version that is wanted.
pub type Dependencies = BTreeMap<String, String>;

/// Where downloaded packages are kept.
pub fn downloads(cache: &Path) -> PathBuf {
    cache.join("npm")
}

/// Shared by those who install, had alone by who removes the downloads.
pub fn downloads_lock(cache: &Path) -> PathBuf {
    cache.join("npm.lock")
}

/// Installs packages.
pub struct Installer {
    home: PathBuf,
    lock: PathBuf,
    registry: Option<String>,
}

impl Installer {
    /// Keeps what it downloads under `cache`; `registry` in place of the configured npm registry.
    pub fn new(cache: &Path, registry: Option<String>) -> Self {
        Self { home: downloads(cache), lock: downloads_lock(cache), registry }
    }

    /// Installs `wanted` and what it needs into `folder`. Versions that are not exact are looked up anew. A folder from which
    /// something leads out is removed, with all that was in it before.
    pub async fn install(&self, deno: &Path, folder: &Path, wanted: &Dependencies) -> Result<(), ToolError> {
        self.run(deno, folder, wanted).await?;
        let held = folder.to_owned();
        let checked = offload::run(IMAGE.most, move || {
            // Beside it is only what we and Deno make, whose caches know where Deno is.
            contents::check(&held.join("node_modules")).inspect_err(|_| {
                if let Err(error) = std::fs::remove_dir_all(&held) {
                    tracing::error!(%error, folder = %held.display(), "a refused package stays behind");
                }
            })
        });
        checked.await.map_err(|why| {
            let names: Vec<&str> = wanted.keys().map(String::as_str).collect();
            let message = format!("{} was not kept: {why}; use another version, or another package", names.join(", "));
            failed(message)
        })
    }

    async fn run(&self, deno: &Path, folder: &Path, wanted: &Dependencies) -> Result<(), ToolError> {
        let manifest = json!({ "name": "image", "private": true, "type": "module", "dependencies": wanted });
        let prepared = async {
            tokio::fs::create_dir_all(folder).await?;
            tokio::fs::write(folder.join("package.json"), manifest.to_string()).await
        };
        prepared.await.map_err(|error| failed(format!("the folder {} can't be written: {error}", folder.display())))?;
        let locked = lock::share(&self.lock).await;
        let _downloads = locked.map_err(|error| failed(format!("{} can't be used: {error}", self.lock.display())))?;
        let mut command = Command::new(deno);
        command.args(["install", "--quiet", "--node-modules-dir=auto"]).current_dir(folder).env_clear();
        let inexact = wanted.iter().filter(|(_, version)| !is_exact(version)).map(|(name, _)| format!("npm:{name}"));
        let looked_up: Vec<_> = inexact.collect();
        if !looked_up.is_empty() {
            // Otherwise what `latest` meant when it was first asked for would stay so.
            command.arg(format!("--reload={}", looked_up.join(",")));
        }
        command
            .env("DENO_TLS_CA_STORE", "mozilla,system")
            .envs(std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_passed)));
        command.env("DENO_DIR", &self.home).envs([("NO_COLOR", "1"), ("DENO_NO_UPDATE_CHECK", "1")]);
        if let Some(registry) = &self.registry {
            command.env("NPM_CONFIG_REGISTRY", registry);
        }
        command.stdin(Stdio::null()).kill_on_drop(true);
        match timeout(TIMEOUT, command.output()).await {
            Ok(Ok(output)) if output.status.success() => Ok(()),
            Ok(Ok(output)) => {
                // Told without this machine's folders.
                let said = String::from_utf8_lossy(&output.stderr).replace(&*folder.to_string_lossy(), "");
                Err(explain(&said, wanted))
            }
            Ok(Err(error)) => Err(failed(format!("Deno can't be started to install it: {error}"))),
            Err(_) => Err(failed(format!("it was not installed within {}", humantime::format_duration(TIMEOUT)))),
        }
    }
}

fn is_passed(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    PASSED.contains(&name) || upper.starts_with("NPM_CONFIG_") || upper.ends_with("_PROXY")
}

fn failed(message: String) -> ToolError {
    ToolError::new(ToolErrorCode::InstallFailed, message)
}

/// What Deno's installer says, in terms of what to do next.
fn explain(stderr: &str, wanted: &Dependencies) -> ToolError {
    let quoted = |text: &str| text.split('\'').nth(1).unwrap_or_default().to_owned();
    let line = |part: &str| stderr.lines().find(|line| line.contains(part));
    if let Some(line) = line("does not exist").filter(|line| line.contains("npm package")) {
        let name = quoted(line);
        if wanted.contains_key(&name) {
            let message = format!("there is no npm package {name:?}; check its name");
            return ToolError::new(ToolErrorCode::PackageNotFound, message);
        }
        return failed(format!("it needs the npm package {name:?}, which does not exist"));
    }
    if let Some(line) = line("Could not find npm package") {
        let name = quoted(line);
        if let Some(version) = wanted.get(&name) {
            let message = format!("there is no version {version:?} of the npm package {name:?}; check the version");
            return ToolError::new(ToolErrorCode::PackageNotFound, message);
        }
        return failed(format!("it needs a version of the npm package {name:?} that does not exist"));
    }
    if let Some(line) = line("error sending request").or_else(|| line("client error")) {
        return failed(format!("the npm registry can't be reached; check the network and try again ({})", line.trim()));
    }
    if line("has panicked").is_some()
        || line("dependency outside of npm").is_some()
        || line("Invalid version requirement").is_some()
    {
        let message = "it needs a package under a name or in a version that is none of npm's, which is never installed; use \
                       another version of it, or another package";
        return failed(message.to_owned());
    }
    let said =
        stderr.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("the installer failed and said nothing");
    failed(format!("{}; use another version, or another package", said.trim_start_matches("error: ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_installer_says_becomes_what_to_do() {
        let wanted = Dependencies::from([("ms".to_owned(), "99.0.0".to_owned())]);
        let cases = [
            ("error: npm package 'ms' does not exist.", ToolErrorCode::PackageNotFound, "check its name"),
            ("error: npm package 'left' does not exist.", ToolErrorCode::InstallFailed, "\"left\""),
            ("error: Could not find npm package 'ms' matching '99.0.0'.", ToolErrorCode::PackageNotFound, "\"99.0.0\""),
            (
                "error: Failed loading x\n\nCaused by:\n    error sending request for url (x): client error (Connect): dns",
                ToolErrorCode::InstallFailed,
                "check the network",
            ),
            ("", ToolErrorCode::InstallFailed, "said nothing"),
            ("error: a tarball is broken", ToolErrorCode::InstallFailed, "broken; use another version"),
            ("=====\nDeno has panicked. This is a bug in Deno.", ToolErrorCode::InstallFailed, "none of npm's"),
            (
                "error: Error in a@1.0.0 parsing version requirement for dependency \"b\": \"git+ssh://git@h/x.git\"\n\nCaused by:\n    Package \
                 specified a dependency outside of npm (git+ssh://git@h/x.git).",
                ToolErrorCode::InstallFailed,
                "another package",
            ),
        ];
        for (stderr, code, part) in cases {
            let error = explain(stderr, &wanted);
            assert_eq!(error.code, code, "{stderr}");
            assert!(error.message.contains(part), "{}", error.message);
        }
    }

    #[test]
    fn the_installer_does_not_see_our_secrets() {
        for (name, passed) in [
            ("HOME", true),
            ("npm_config_registry", true),
            ("HTTPS_PROXY", true),
            ("OPENAI_API_KEY", false),
            ("OMEGA_API_KEY", false),
        ] {
            assert_eq!(is_passed(name), passed, "{name}");
        }
    }
}
