//! `omega doctor --attack`: hostile tools in this machine's sandbox, and what the user's files and the system's limits give away.

use super::checks::{Check, Level};
use crate::connect::Context;
use omega_core::local::Dirs;
use omega_engine::executor::attack::{self, Defence, Finding, Ground};
use std::path::{Path, PathBuf};

/// Open files with which a server has room for its readers and its tools.
#[cfg(unix)]
const FEW_FILES: u64 = 4096;

/// Everything, the sandbox first.
pub async fn all(context: &Context) -> Vec<Check> {
    let mut checks = sandbox(context).await;
    #[cfg(unix)]
    checks.extend([modes(&context.dirs), files_at_once()]);
    checks
}

async fn sandbox(context: &Context) -> Vec<Check> {
    let unusable = |error: std::io::Error| {
        let message = format!("{} can't be used: {error}", context.dirs.cache.display());
        vec![
            Check::new("sandbox", Level::Error, message)
                .next("correct its permissions, or set OMEGA_HOME to another folder"),
        ]
    };
    if let Err(error) = std::fs::create_dir_all(&context.dirs.cache) {
        return unusable(error);
    }
    // Beside the packages, so that it is the same file system.
    let own = match tempfile::Builder::new().prefix(".attack-").tempdir_in(&context.dirs.cache) {
        Ok(own) => own,
        Err(error) => return unusable(error),
    };
    let ground = Ground {
        cache: context.dirs.cache.clone(),
        deno: context.env.get("OMEGA_DENO").map(PathBuf::from),
        own: own.path().to_owned(),
        private: private(context),
    };
    match attack::run(&ground).await {
        Ok(findings) => findings.into_iter().map(check).collect(),
        Err(error) => vec![Check::new("sandbox", Level::Error, error.message)],
    }
}

fn check(finding: Finding) -> Check {
    let level = match finding.verdict {
        Defence::Holds => Level::Ok,
        Defence::Absent => Level::Warning,
        Defence::Broken => Level::Error,
    };
    let check = Check::new(finding.name, level, finding.message);
    match finding.verdict {
        Defence::Broken => {
            check.next("run no tools of strangers here until it holds: use an executor elsewhere (OMEGA_EXECUTOR_URL)")
        }
        Defence::Holds | Defence::Absent => check,
    }
}

/// What is the user's, and no tool's.
fn private(context: &Context) -> Vec<PathBuf> {
    let dirs = &context.dirs;
    let files = [&dirs.config, &dirs.data, &dirs.run].into_iter().flat_map(|dir| entries(dir));
    [dirs.config.clone(), dirs.data.clone()].into_iter().chain(files).collect()
}

fn entries(dir: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// Whether another user of this machine can read or change what is the user's.
#[cfg(unix)]
fn modes(dirs: &Dirs) -> Check {
    use std::os::unix::fs::PermissionsExt;
    let open_to_others = |path: &Path| {
        let mode = path.symlink_metadata().ok()?.permissions().mode() & 0o7777;
        (mode & 0o077 != 0).then(|| format!("{} ({mode:04o})", path.display()))
    };
    let dirs = [&dirs.config, &dirs.data, &dirs.run];
    // In a folder that is closed, nobody comes as far as the modes of its files.
    let open: Vec<&PathBuf> = dirs.into_iter().filter(|dir| open_to_others(dir).is_some()).collect();
    let loose: Vec<String> = open
        .iter()
        .flat_map(|dir| entries(dir))
        .filter(|path| !path.is_symlink())
        .filter_map(|path| open_to_others(&path))
        .collect();
    if loose.is_empty() {
        return Check::new("file modes", Level::Ok, "data, configuration and keys are this user's alone");
    }
    let folders: Vec<String> = open.iter().map(|dir| dir.display().to_string()).collect();
    Check::new("file modes", Level::Error, format!("other users of this machine reach {}", loose.join(", ")))
        .next(format!("chmod -R go= {}", folders.join(" ")))
}

/// How many files a server of this user can have open: connections count too.
#[cfg(unix)]
fn files_at_once() -> Check {
    use rustix::process::{Resource, getrlimit};
    let limit = getrlimit(Resource::Nofile);
    let shown = |limit: Option<u64>| limit.map_or_else(|| "any number".to_owned(), |limit| limit.to_string());
    let message =
        format!("a server here can have {} of them, {} without asking", shown(limit.maximum), shown(limit.current));
    if limit.maximum.is_some_and(|most| most < FEW_FILES) {
        return Check::new("open files", Level::Warning, message)
            .next(format!("raise the hard limit to {FEW_FILES} or more (`ulimit -Hn`, LimitNOFILE of systemd)"));
    }
    Check::new("open files", Level::Ok, message)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::{
        fs::{self, Permissions},
        os::unix::fs::PermissionsExt,
    };

    #[test]
    fn a_file_is_open_to_others_when_its_folder_is_too() {
        let home = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(home.path());
        assert_eq!(modes(&dirs).level, Level::Ok, "nothing is there yet");
        fs::create_dir_all(&dirs.data).unwrap();
        let file = dirs.data.join("server.db");
        fs::write(&file, "").unwrap();
        let cases = [
            (0o700, 0o644, Level::Ok),
            (0o755, 0o600, Level::Ok),
            (0o755, 0o644, Level::Error),
            (0o750, 0o640, Level::Error),
            (0o711, 0o606, Level::Error),
        ];
        for (folder, mode, level) in cases {
            fs::set_permissions(&dirs.data, Permissions::from_mode(folder)).unwrap();
            fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            let check = modes(&dirs);
            assert_eq!(check.level, level, "{folder:o} {mode:o}: {}", check.message);
            assert_eq!(check.message.contains("server.db"), level == Level::Error);
        }
    }
}
