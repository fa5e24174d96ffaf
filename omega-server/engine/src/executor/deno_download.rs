//! Fetches the pinned Deno, by npm or by pip: both check what they download against their registry's checksums.

use super::deno::{Deno, probe};
use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{process::Command, time::timeout};

/// The version that is provided; the one that the sandbox's promises were tried with.
pub const PINNED: &str = "2.9.6";
const FETCH_TIMEOUT: Duration = Duration::from_secs(180);

/// Who can provide it, likeliest first.
pub const SOURCES: [Source; 2] = [Source::Npm, Source::Pip];

/// A way to get it.
#[derive(Clone, Copy)]
pub enum Source {
    Npm,
    Pip,
}

impl Source {
    /// What must be installed for it.
    pub fn program(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Pip => "python3",
        }
    }

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Pip => "pip",
        }
    }
}

/// Puts a Deno that works at `path`, by way of the folder `draft`.
pub async fn provide(source: Source, draft: &Path, path: &Path) -> Result<Deno, String> {
    let platform = platform().ok_or("there is no build of Deno for this platform")?;
    tokio::fs::create_dir_all(draft).await.map_err(|error| error.to_string())?;
    let fetched = match source {
        Source::Npm => from_npm(draft, platform).await?,
        Source::Pip => from_pip(draft).await?,
    };
    make_executable(&fetched).map_err(|error| error.to_string())?;
    let Deno { version, .. } = probe(&fetched).await?;
    let place = async {
        if let Some(folder) = path.parent() {
            tokio::fs::create_dir_all(folder).await?;
        }
        tokio::fs::rename(&fetched, path).await
    };
    place.await.map_err(|error| error.to_string())?;
    Ok(Deno { path: path.to_owned(), version })
}

async fn from_npm(draft: &Path, platform: &str) -> Result<PathBuf, String> {
    let mut npm = Command::new("npm");
    npm.args([
        "install",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--fetch-retries=1",
        "--fetch-retry-mintimeout=500",
        "--prefix",
    ])
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

fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}
