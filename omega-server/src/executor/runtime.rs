//! Deno: found where it is, or provided. In this order: the configured path (`OMEGA_DENO`), `deno` on PATH if it is new enough and
//! really refuses what it is told to refuse, the cache, npm, pip. Whoever needs it first waits for it; it is provided once.

use super::lock;
use omega_core::executor::{ToolError, ToolErrorCode};
use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};
use tokio::{net::TcpListener, process::Command, sync::OnceCell, time::timeout};

/// Told to people who wait: what is being fetched.
pub type Progress = Arc<dyn Fn(&str) + Send + Sync>;

/// The version that is provided; the one that the sandbox's promises were tried with.
const PINNED: &str = "2.9.6";
/// The oldest that checks the address behind a name against the refused ranges.
const OLDEST: (u32, u32) = (2, 9);
const FETCH_TIMEOUT: Duration = Duration::from_secs(180);
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);

/// A Deno that may run tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deno {
    /// Where it is.
    pub path: PathBuf,
    /// Its version.
    pub version: String,
}

/// Finds Deno once.
pub struct Runtime {
    configured: Option<PathBuf>,
    cache: PathBuf,
    progress: Progress,
    found: OnceCell<Deno>,
}

impl Runtime {
    /// `configured` is `OMEGA_DENO`.
    pub fn new(configured: Option<PathBuf>, cache: &Path, progress: Progress) -> Self {
        Self { configured, cache: cache.join("runtime"), progress, found: OnceCell::new() }
    }

    /// Deno, provided if need be.
    pub async fn deno(&self) -> Result<&Deno, ToolError> {
        self.found.get_or_try_init(|| self.find_or_provide()).await
    }

    /// Deno if it is here already, without fetching anything.
    pub async fn present(&self) -> Option<Deno> {
        match self.found.get() {
            Some(deno) => Some(deno.clone()),
            None => self.find(&mut Vec::new()).await.ok().flatten(),
        }
    }

    async fn find_or_provide(&self) -> Result<Deno, ToolError> {
        let mut searched = Vec::new();
        if let Some(deno) = self.find(&mut searched).await? {
            return Ok(deno);
        }
        let _lock = lock::acquire(&self.cache.join("lock")).await.map_err(|error| {
            unavailable(&[format!("the cache folder {} can't be used: {error}", self.cache.display())])
        })?;
        // Somebody else may have provided it while we waited.
        if let Some(deno) = self.cached().await {
            return Ok(deno);
        }
        self.provide(&mut searched).await.ok_or_else(|| unavailable(&searched))
    }

    async fn find(&self, searched: &mut Vec<String>) -> Result<Option<Deno>, ToolError> {
        if let Some(path) = &self.configured {
            // Asked for by name: another one in its place would surprise.
            return match probe(path).await {
                Ok(deno) => Ok(Some(deno)),
                Err(why) => Err(unavailable(&[format!("OMEGA_DENO={}: {why}", path.display())])),
            };
        }
        match on_path("deno") {
            None => searched.push("PATH: no deno".to_owned()),
            Some(path) => match probe(&path).await {
                Ok(deno) => return Ok(Some(deno)),
                Err(why) => searched.push(format!("{}: {why}", path.display())),
            },
        }
        let cached = self.cached().await;
        if cached.is_none() {
            searched.push(format!("{}: not there", self.binary().display()));
        }
        Ok(cached)
    }

    fn binary(&self) -> PathBuf {
        self.cache.join(format!("deno-{PINNED}")).join("deno")
    }

    async fn cached(&self) -> Option<Deno> {
        let path = self.binary();
        // It was tried before it got there.
        path.is_file().then(|| Deno { path, version: PINNED.to_owned() })
    }

    async fn provide(&self, searched: &mut Vec<String>) -> Option<Deno> {
        for source in [Source::Npm, Source::Pip] {
            let draft = self.cache.join(format!("tmp-{}", uuid::Uuid::new_v4()));
            let provided = self.provide_from(source, &draft).await;
            // A draft that stays behind only takes room.
            let _ = tokio::fs::remove_dir_all(&draft).await;
            match provided {
                Ok(deno) => return Some(deno),
                Err(why) => searched.push(format!("{}: {why}", source.name())),
            }
        }
        None
    }

    async fn provide_from(&self, source: Source, draft: &Path) -> Result<Deno, String> {
        let platform = platform().ok_or("there is no build of Deno for this platform")?;
        (self.progress)(&format!(
            "getting Deno {PINNED}, which runs the tools, by {} (about 40 MB, once)",
            source.name()
        ));
        tokio::fs::create_dir_all(draft).await.map_err(|error| error.to_string())?;
        let fetched = match source {
            Source::Npm => from_npm(draft, platform).await?,
            Source::Pip => from_pip(draft).await?,
        };
        make_executable(&fetched).map_err(|error| error.to_string())?;
        probe(&fetched).await?;
        let path = self.binary();
        let place = async {
            tokio::fs::create_dir_all(path.parent().unwrap_or(&self.cache)).await?;
            tokio::fs::rename(&fetched, &path).await
        };
        place.await.map_err(|error| error.to_string())?;
        Ok(Deno { path, version: PINNED.to_owned() })
    }
}

#[derive(Clone, Copy)]
enum Source {
    Npm,
    Pip,
}

impl Source {
    fn name(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Pip => "pip",
        }
    }
}

async fn from_npm(draft: &Path, platform: &str) -> Result<PathBuf, String> {
    let mut npm = Command::new("npm");
    npm.args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"])
        .arg(draft)
        .arg(format!("@deno/{platform}@{PINNED}"));
    finish(npm).await?;
    Ok(draft.join("node_modules/@deno").join(platform).join("deno"))
}

async fn from_pip(draft: &Path) -> Result<PathBuf, String> {
    let python = |args: &[&str]| {
        let mut python = Command::new("python3");
        python.args(args).current_dir(draft);
        finish(python)
    };
    python(&["-m", "pip", "download", "--no-deps", "--quiet", "--dest", ".", &format!("deno=={PINNED}")]).await?;
    let wheel = std::fs::read_dir(draft)
        .map_err(|error| error.to_string())?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .find(|name| name.ends_with(".whl"))
        .ok_or("pip downloaded no wheel")?;
    // A wheel is a zip archive, and Python is here.
    python(&["-m", "zipfile", "-e", &wheel, "."]).await?;
    Ok(draft.join(format!("deno-{PINNED}.data/scripts/deno")))
}

async fn finish(mut command: Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = match timeout(FETCH_TIMEOUT, output).await {
        Err(_) => return Err(format!("not done within {}", humantime::format_duration(FETCH_TIMEOUT))),
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => return Err("not installed".to_owned()),
        Ok(Err(error)) => return Err(error.to_string()),
        Ok(Ok(output)) => output,
    };
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let said = stderr
        .lines()
        .map(str::trim)
        .find(|line| line.to_lowercase().contains("error"))
        .unwrap_or("it failed and said nothing");
    Err(said.to_owned())
}

/// The name of npm's package for this machine.
fn platform() -> Option<&'static str> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => Some("linux-x64-glibc"),
        ("linux", "aarch64") => Some("linux-arm64-glibc"),
        ("macos", "x86_64") => Some("darwin-x64"),
        ("macos", "aarch64") => Some("darwin-arm64"),
        _ => None,
    }
}

fn on_path(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}

/// Its version, after it showed that a refused address stays refused: the sandbox stands on that.
async fn probe(path: &Path) -> Result<Deno, String> {
    let output = run(path, &["--version"]).await?;
    let version = output.split_whitespace().nth(1).unwrap_or_default().to_owned();
    if !new_enough(&version) {
        return Err(format!("version {version:?} is older than {}.{}", OLDEST.0, OLDEST.1));
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
    let port = listener.local_addr().map_err(|error| error.to_string())?.port();
    let script = format!(
        "data:text/javascript,try{{await Deno.connect({{hostname:'localhost',port:{port}}});console.log('reached')}}catch(e){{console.log(e.name)}}"
    );
    let said = run(
        path,
        &["run", "--no-prompt", "--quiet", "--no-config", "--allow-net", "--deny-net=127.0.0.0/8,[::1]", &script],
    )
    .await?;
    match said.trim() {
        "NotCapable" => Ok(Deno { path: path.to_owned(), version }),
        other => Err(format!("it does not refuse addresses as the sandbox needs it to ({other:?})")),
    }
}

async fn run(deno: &Path, args: &[&str]) -> Result<String, String> {
    let mut command = Command::new(deno);
    command.args(args).env("NO_COLOR", "1").env("DENO_NO_UPDATE_CHECK", "1").stdin(Stdio::null()).kill_on_drop(true);
    match timeout(PROBE_TIMEOUT, command.output()).await {
        Ok(Ok(output)) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        Ok(Ok(output)) => Err(format!("it does not run: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Ok(Err(error)) => Err(format!("it can't be started: {error}")),
        Err(_) => Err("it does not answer".to_owned()),
    }
}

fn new_enough(version: &str) -> bool {
    let mut numbers = version.split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= OLDEST,
        _ => false,
    }
}

fn unavailable(searched: &[String]) -> ToolError {
    let message = format!(
        "Omega's local executor needs Deno {}.{} or newer. Install it (`npm install -g deno`, `pip install deno`, or your package \
         manager), set OMEGA_DENO to it, or use a remote executor with OMEGA_EXECUTOR_URL. Searched: {}",
        OLDEST.0,
        OLDEST.1,
        searched.join("; ")
    );
    ToolError::new(ToolErrorCode::RuntimeUnavailable, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_strange_versions_are_refused() {
        for (version, fits) in [
            ("2.9.0", true),
            ("2.10.1", true),
            ("3.0.0", true),
            ("2.8.9", false),
            ("1.46.0", false),
            ("", false),
            ("x.y", false),
        ] {
            assert_eq!(new_enough(version), fits, "{version}");
        }
    }

    #[tokio::test]
    async fn a_configured_deno_that_is_none_is_an_error_that_names_it() {
        let cache = tempfile::tempdir().unwrap();
        let runtime = Runtime::new(Some("/nonexistent/deno".into()), cache.path(), Arc::new(|_| {}));
        let error = runtime.deno().await.unwrap_err();
        assert_eq!(error.code, ToolErrorCode::RuntimeUnavailable);
        assert!(error.message.contains("OMEGA_DENO=/nonexistent/deno"), "{}", error.message);
    }
}
