//! Puts npm packages into a folder with `deno install`: no npm is needed and no lifecycle script ever runs. The installer has
//! network and the user's npm settings; tools never see either.
//!
//! A tarball unpacks to whatever its author wants, so the installer is confined, watched and ended as a call is: it writes its
//! folder alone, and what it writes has the limits of the one table. What an installation leaves is within its folder, or the folder
//! is gone: a manifest can make the installer link to anywhere on the machine, so it is looked through each time (`contents`).

use super::{
    contents,
    downloads::{self, Downloads},
    jail::{self, Jail},
    limits::{LARGE_HEAP_MB, Limits},
    lock,
    npm_settings::Settings,
    outcome::Killed,
    output::start_of,
    permissions::{Net, Profile, Work},
    process::watched,
    process_group::{Group, Launch, Task},
    spec::{is_exact, is_package_name},
    trash,
    watch::full,
};
use crate::{domain::boxed, process::offload};
use omega_core::{
    budget::{IMAGE, STDERR},
    executor::{ToolError, ToolErrorCode},
    sanitize::one_line,
};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{sync::Notify, time::timeout};

const TIMEOUT: Duration = Duration::from_secs(120);
const EXIT_GRACE: Duration = Duration::from_secs(5);
/// Attempts at one installation in which packages are not there that nobody needs: code for other machines, mostly.
const TRIES: usize = 6;
const SIGXCPU: i32 = 24;

/// Packages by name, with the version that is wanted.
pub type Dependencies = BTreeMap<String, String>;

#[derive(Clone)]
pub struct Installer {
    cache: PathBuf,
    registry: Option<String>,
    limits: Limits,
    jail: Arc<Jail>,
}

impl Installer {
    /// Keeps what it downloads under `cache`; `registry` in place of the configured npm registry.
    pub fn new(cache: &Path, registry: Option<String>, limits: Limits, jail: Arc<Jail>) -> Self {
        Self { cache: cache.to_owned(), registry, limits, jail }
    }

    /// Installs `wanted` and what it needs into `folder`. Versions that are not exact are looked up anew. A folder from which
    /// something leads out, or in which too much was unpacked, is removed, with all that was in it before.
    pub async fn install(&self, deno: &Path, folder: &Path, wanted: &Dependencies) -> Result<(), ToolError> {
        self.install_newer(deno, folder, wanted, &Dependencies::new()).await
    }

    /// The same with `newer` versions of what is needed below, in the place of those that others chose.
    #[boxed]
    pub async fn install_newer(
        &self,
        deno: &Path,
        folder: &Path,
        wanted: &Dependencies,
        newer: &Dependencies,
    ) -> Result<(), ToolError> {
        let lock_file = downloads::lock_file(&self.cache);
        let locked = lock::share(&lock_file).await;
        let _downloads = locked.map_err(|error| failed(format!("{} can't be used: {error}", lock_file.display())))?;
        let mut downloads = self.prepare(folder, wanted, newer).await.map_err(|error| unwritable(folder, &error))?;
        let (mut absent, mut tries) = (BTreeSet::new(), 0);
        loop {
            tries += 1;
            match self.run(deno, folder, &downloads, wanted, tries == 1).await {
                Ok(()) => break,
                // As npm does (https://docs.npmjs.com/cli/configuring-npm/package-json#optionaldependencies). One that was left out may
                // come back with the listings that Deno fetches anew when it misses another one.
                Err(End::Absent(name, error)) => {
                    absent.insert(name);
                    let names = Some(absent.clone()).filter(|_| tries < TRIES);
                    let of = downloads;
                    let (of, left_out) = offload::run(IMAGE.most, move || leave_out(of, names.as_ref())).await;
                    downloads = of;
                    if !left_out.map_err(|error| unwritable(folder, &error))? {
                        return Err(error);
                    }
                }
                Err(End::Failed(error)) => return Err(error),
                Err(End::Killed(killed)) => {
                    drop(downloads);
                    trash::take_or_warn(&self.cache, folder);
                    return Err(too_much(killed, wanted));
                }
            }
        }
        // Beside it is only what we and Deno make, whose caches know where Deno is.
        let modules = folder.join("node_modules");
        if let Err(why) = offload::run(IMAGE.most, move || contents::check(&modules)).await {
            drop(downloads);
            trash::take_or_warn(&self.cache, folder);
            let message = format!("{} was not kept: {why}; use another version, or another package", names(wanted));
            return Err(failed(message));
        }
        if let Err(error) = offload::run(IMAGE.most, move || downloads.keep()).await {
            tracing::warn!(event = "downloads.not_kept", %error, "downloaded packages can't be kept for others");
        }
        Ok(())
    }

    /// The folder with what is wanted, and with what is there of it already.
    async fn prepare(&self, folder: &Path, wanted: &Dependencies, newer: &Dependencies) -> io::Result<Downloads> {
        let mut manifest = json!({ "name": "image", "private": true, "type": "module", "dependencies": wanted });
        tokio::fs::create_dir_all(folder).await?;
        if !newer.is_empty() {
            manifest["overrides"] = json!(newer);
            // It holds what was chosen before.
            match tokio::fs::remove_file(folder.join("deno.lock")).await {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        tokio::fs::write(folder.join("package.json"), manifest.to_string()).await?;
        let (cache, image, anew) = (self.cache.clone(), folder.to_owned(), inexact(wanted).collect());
        offload::run(IMAGE.most, move || Downloads::new(&cache, &image, &anew)).await
    }

    /// Runs Deno's installer, which looks up anew what is not exact where `anew` says so.
    async fn run(
        &self,
        deno: &Path,
        folder: &Path,
        downloads: &Downloads,
        wanted: &Dependencies,
        anew: bool,
    ) -> Result<(), End> {
        let launch = self.launch(deno, folder, downloads, inexact(wanted).filter(|_| anew));
        let unstartable = |error: io::Error| failed(format!("Deno can't be started to install it: {error}"));
        let mut group = Group::spawn(&launch).await.map_err(unstartable)?;
        group.limit_cpu(self.limits.cpu);
        let (Some(stdout), Some(stderr)) = (group.child.stdout.take(), group.child.stderr.take()) else {
            return Err(unstartable(io::Error::other("it has no pipes")).into());
        };
        drop(group.child.stdin.take());
        let noise = Arc::new(Notify::new());
        let said = async {
            let (_, said) = tokio::join!(
                start_of(stdout, STDERR.most, Arc::clone(&noise)),
                start_of(stderr, STDERR.most, Arc::clone(&noise))
            );
            said.text
        };
        let ended = tokio::select! {
            ended = timeout(TIMEOUT, said) => ended.map_err(|_| Killed::Deadline(TIMEOUT)),
            killed = watched(group.id(), folder, self.limits) => Err(killed),
            () = noise.notified() => Err(Killed::Noise(STDERR.most)),
        };
        if ended.is_ok() {
            group.settle(EXIT_GRACE).await;
        }
        let status = group.end().await.map_err(unstartable)?;
        let said = ended?;
        if status.success() {
            let (folder, limits) = (folder.to_owned(), self.limits);
            let full = offload::run(IMAGE.most, move || full(&folder, limits)).await;
            return full.map_err(|full| Killed::Disk(full).into());
        }
        match status.signal() {
            Some(SIGXCPU) => Err(Killed::Cpu(self.limits.cpu).into()),
            _ if OUT_OF_MEMORY.iter().any(|words| said.contains(words)) => {
                Err(Killed::Memory(self.limits.memory).into())
            }
            _ => {
                // Told without this machine's folders.
                let said = said.replace(&*folder.to_string_lossy(), "");
                let error = explain(&said, wanted);
                let absent = absent(&said).filter(|name| !wanted.contains_key(name));
                Err(absent.map_or_else(|| error.clone().into(), |name| End::Absent(name, error.clone())))
            }
        }
    }

    fn launch<'a>(
        &'a self,
        deno: &'a Path,
        folder: &'a Path,
        downloads: &Downloads,
        anew: impl Iterator<Item = String>,
    ) -> Launch<'a> {
        let Settings { mut env, mut read, ports } = Settings::now(self.registry.as_deref());
        let mut args: Vec<_> = ["install", "--quiet", "--node-modules-dir=auto"].map(Into::into).into();
        let looked_up: Vec<_> = anew.map(|name| format!("npm:{name}")).collect();
        if !looked_up.is_empty() {
            // Otherwise what `latest` meant when it was first asked for would stay so.
            args.push(format!("--reload={}", looked_up.join(",")).into());
        }
        env.push(("DENO_DIR".into(), downloads.home.clone().into()));
        read.push(downloads::folder(&self.cache));
        // Only ports count: Deno's installer takes no list of hosts, and its addresses come from the registry alone.
        let net = Net::Only(ports.iter().map(|port| format!("registry:{port}")).collect());
        let profile = Profile {
            work: Work::Install,
            read,
            scratch: folder.to_owned(),
            net,
            caches: None,
            heap_mb: LARGE_HEAP_MB,
        };
        Launch { deno, task: Task::Command(args, env), image: folder, profile, jail: &self.jail }
    }
}

/// How an installation ended that did not succeed.
enum End {
    /// By itself, or before it began.
    Failed(ToolError),
    /// By itself: something below wants a package, or a version of it, that is not there.
    Absent(String, ToolError),
    Killed(Killed),
}

impl From<ToolError> for End {
    fn from(error: ToolError) -> Self {
        Self::Failed(error)
    }
}

impl From<Killed> for End {
    fn from(killed: Killed) -> Self {
        Self::Killed(killed)
    }
}

/// The package that is not there, or not as it is wanted, from the words of Deno's installer.
fn absent(stderr: &str) -> Option<String> {
    let line = stderr.lines().find(|line| {
        line.contains("Could not find npm package") || line.contains("npm package") && line.contains("does not exist")
    })?;
    let name = line.split('\'').nth(1)?;
    is_package_name(name).then(|| name.to_owned())
}

/// Takes `names` out of what can be done without, and says whether there was anything to take out.
fn leave_out(mut downloads: Downloads, names: Option<&BTreeSet<String>>) -> (Downloads, io::Result<bool>) {
    let left_out = names.map_or(Ok(false), |names| downloads.leave_out(names));
    (downloads, left_out)
}

/// Names of what is looked up anew.
fn inexact(wanted: &Dependencies) -> impl Iterator<Item = String> {
    wanted.iter().filter(|(_, version)| !is_exact(version)).map(|(name, _)| name.clone())
}

fn names(wanted: &Dependencies) -> String {
    wanted.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// What Deno, and what it is made of, say when there is no more memory.
const OUT_OF_MEMORY: [&str; 3] = ["memory allocation of", "out of memory", "Cannot allocate memory"];

/// Why an installation was ended, for who wanted it.
fn too_much(killed: Killed, wanted: &Dependencies) -> ToolError {
    let what = match killed {
        Killed::Disk(_) => "disk",
        Killed::Memory(_) => "memory",
        Killed::Deadline(_) | Killed::Cpu(_) => "time",
        _ => "",
    };
    let why = match killed {
        Killed::Disk(full) => format!("{full}, which is more than a package may have with what it needs"),
        Killed::Memory(limit) => format!("unpacking it takes more than {} MiB of memory", limit >> 20),
        Killed::Deadline(limit) => format!("it was not installed within {}", humantime::format_duration(limit)),
        Killed::Cpu(limit) => {
            format!("unpacking it takes more than {} on the processor", humantime::format_duration(limit))
        }
        Killed::Flood(_) | Killed::Noise(_) | Killed::Chatter(_) | Killed::BadFrame => {
            "its installer said too much".to_owned()
        }
        Killed::Cancelled => "nobody waits for it".to_owned(),
    };
    let error = failed(format!("{} was not installed: {why}; use another version, or another package", names(wanted)));
    if what.is_empty() { error } else { error.with(json!({ "what": what })) }
}

fn unwritable(folder: &Path, error: &io::Error) -> ToolError {
    failed(format!("the folder {} can't be written: {error}", folder.display()))
}

fn failed(message: String) -> ToolError {
    ToolError::new(ToolErrorCode::InstallFailed, message)
}

/// What Deno's installer says, in terms of what to do next.
fn explain(stderr: &str, wanted: &Dependencies) -> ToolError {
    if let Some(why) = stderr.trim().strip_prefix(jail::FAILED) {
        let message = format!("the installer could not be confined and was not started: {why}");
        return ToolError::new(ToolErrorCode::RuntimeUnavailable, message);
    }
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
            let message = format!(
                "there is no version {version:?} of the npm package {name:?}; leave the version out to have the latest"
            );
            return ToolError::new(ToolErrorCode::PackageNotFound, message);
        }
        return failed(format!("it needs a version of the npm package {name:?} that does not exist"));
    }
    if let Some(line) = line("Could not find dist-tag") {
        let message =
            format!("there is no version {:?} on npm; leave the version out to have the latest", quoted(line));
        return ToolError::new(ToolErrorCode::PackageNotFound, message);
    }
    if let Some(line) = line("error sending request").or_else(|| line("client error")) {
        return failed(format!("the npm registry can't be reached; check the network and try again ({})", line.trim()));
    }
    if let Some(line) = line("dependency outside of npm") {
        let from = line.rsplit('(').next().and_then(|rest| rest.split(')').next()).unwrap_or_default();
        let named = stderr.lines().find_map(|line| line.split("for dependency \"").nth(1)?.split('"').next());
        let message = format!(
            "it has a git dependency: it takes {} from {}, and only packages of npm are ever installed; use another version, or \
             another package",
            named.filter(|name| is_package_name(name)).unwrap_or("one of its packages"),
            one_line(from, 100)
        );
        return failed(message).with(json!({ "what": "git dependency" }));
    }
    if line("has panicked").is_some() || line("Invalid version requirement").is_some() {
        let message = "it needs a package under a name or in a version that is none of npm's, which is never installed; use \
                       another version of it, or another package";
        return failed(message.to_owned());
    }
    let said =
        stderr.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("the installer failed and said nothing");
    failed(format!(
        "{}; use another version, or another package",
        said.trim_start_matches("error: ").trim_end_matches('.')
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::outcome::Full;
    use serde_json::Value;

    #[test]
    fn what_the_installer_says_becomes_what_to_do() {
        let wanted = Dependencies::from([("ms".to_owned(), "99.0.0".to_owned())]);
        let cases = [
            ("error: npm package 'ms' does not exist.", ToolErrorCode::PackageNotFound, "check its name"),
            ("error: npm package 'left' does not exist.", ToolErrorCode::InstallFailed, "\"left\""),
            ("error: Could not find npm package 'ms' matching '99.0.0'.", ToolErrorCode::PackageNotFound, "\"99.0.0\""),
            ("error: Could not find dist-tag 'next' for npm package 'ms'.", ToolErrorCode::PackageNotFound, "\"next\""),
            (
                "error: Failed loading x\n\nCaused by:\n    error sending request for url (x): client error (Connect): dns",
                ToolErrorCode::InstallFailed,
                "check the network",
            ),
            ("", ToolErrorCode::InstallFailed, "said nothing"),
            ("omega jail: its server is gone", ToolErrorCode::RuntimeUnavailable, "could not be confined"),
            ("error: a tarball is broken", ToolErrorCode::InstallFailed, "broken; use another version"),
            ("=====\nDeno has panicked. This is a bug in Deno.", ToolErrorCode::InstallFailed, "none of npm's"),
            (
                "error: Error in a@1.0.0 parsing version requirement for dependency \"b\": \"git+ssh://git@h/x.git\"\n\nCaused by:\n    Package \
                 specified a dependency outside of npm (git+ssh://git@h/x.git).",
                ToolErrorCode::InstallFailed,
                "a git dependency: it takes b from git+ssh://git@h/x.git, and only",
            ),
        ];
        for (stderr, code, part) in cases {
            let error = explain(stderr, &wanted);
            assert_eq!(error.code, code, "{stderr}");
            assert!(error.message.contains(part), "{}", error.message);
        }
    }

    #[test]
    fn what_is_too_much_is_told_with_its_limit_and_as_what_it_is() {
        let wanted = Dependencies::from([("ms".to_owned(), "1".to_owned())]);
        let minutes = Duration::from_secs(120);
        for (killed, words, what) in [
            (Killed::Memory(512 << 20), "more than 512 MiB of memory", json!("memory")),
            (Killed::Disk(Full::Bytes(1 << 30)), "more than a package may have", json!("disk")),
            (Killed::Deadline(minutes), "not installed within 2m", json!("time")),
            (Killed::Cpu(minutes), "more than 2m on the processor", json!("time")),
            (Killed::Noise(1), "said too much", Value::Null),
        ] {
            let error = too_much(killed, &wanted);
            assert_eq!(error.code, ToolErrorCode::InstallFailed);
            assert!(error.message.starts_with("ms was not installed: ") && error.message.contains(words), "{error}");
            assert_eq!(error.details.map_or(Value::Null, |details| details["what"].clone()), what);
        }
    }
}
