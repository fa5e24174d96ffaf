//! A Deno on this machine, and the proof that it can hold a sandbox.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{net::TcpListener, process::Command, time::timeout};

/// The oldest that checks the address behind a name against the refused ranges.
pub const OLDEST: (u32, u32) = (2, 9);
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);

/// A Deno that may run tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deno {
    pub path: PathBuf,
    pub version: String,
}

/// Its version, after it showed that a refused address stays refused: the sandbox stands on that.
pub async fn probe(path: &Path) -> Result<Deno, String> {
    // Tools run in folders of their own, where a relative path would mean another file.
    let path = &std::path::absolute(path).map_err(|error| error.to_string())?;
    let output = run(path, &["--version"]).await?;
    let version = output.split_whitespace().nth(1).unwrap_or_default().to_owned();
    if !new_enough(&version) {
        return Err(format!("version {version:?} is older than {}.{}", OLDEST.0, OLDEST.1));
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
    let port = listener.local_addr().map_err(|error| error.to_string())?.port();
    let script = format!(
        "data:text/javascript,try{{await Deno.connect({{hostname:'localhost',port:{port}}});console.log('reached')}}catch(e){{console.log(e.name,Deno.execPath())}}"
    );
    let said = run(
        path,
        &["run", "--no-prompt", "--quiet", "--no-config", "--allow-net", "--deny-net=127.0.0.0/8,[::1]", &script],
    )
    .await?;
    match said.trim().split_once(' ') {
        // What was found may be a script that starts Deno; the jail lets nothing run but Deno itself.
        Some(("NotCapable", real)) => Ok(Deno { path: real.into(), version }),
        other => Err(format!("it does not refuse addresses as the sandbox needs it to ({other:?})")),
    }
}

async fn run(deno: &Path, args: &[&str]) -> Result<String, String> {
    let mut command = Command::new(deno);
    // A look must leave nothing behind in the user's own cache.
    let caches = std::env::temp_dir().join(format!("omega-deno-{}", uuid::Uuid::new_v4().simple()));
    command.args(args).env("NO_COLOR", "1").env("DENO_NO_UPDATE_CHECK", "1").env("DENO_DIR", &caches);
    command.stdin(Stdio::null()).kill_on_drop(true);
    let outcome = timeout(PROBE_TIMEOUT, command.output()).await;
    let _ = tokio::fs::remove_dir_all(&caches).await;
    match outcome {
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
}
