//! A throwaway PostgreSQL cluster, found on this machine. Without one a test skips and says so; in CI it fails.

use super::{folder, skip};
use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};
use tempfile::TempDir;

/// A cluster that ends with its value.
pub struct Postgres {
    pub url: String,
    programs: PathBuf,
    folder: TempDir,
}

/// The folder with `initdb`: on the path, or where Debian has it.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join("initdb")).find(|file| file.is_file());
    if let Some(initdb) = on_path.and_then(|file| file.canonicalize().ok()) {
        return initdb.parent().map(Path::to_owned);
    }
    let mut versions: Vec<PathBuf> =
        std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten().map(|entry| entry.path().join("bin")).collect();
    versions.sort();
    versions.into_iter().rev().find(|folder| folder.join("initdb").is_file())
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

impl Postgres {
    /// Starts one; `None` when this machine has none.
    pub fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            skip("no initdb on the path or under /usr/lib/postgresql; install PostgreSQL");
            return None;
        };
        let folder = folder();
        if is_root() {
            // The server refuses root; everything below runs as its own user.
            let owned = Command::new("chown").arg("postgres").arg(folder.path()).status().unwrap();
            assert!(owned.success(), "the folder could not be given to the user postgres");
        }
        // A socket in the cluster's own folder: no port that somebody else could take meanwhile.
        let url = format!("postgres://omega@localhost/postgres?host={}", folder.path().display());
        let cluster = Self { url, programs, folder };
        cluster.run("initdb", &["-A", "trust", "-U", "omega", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]);
        let options = format!(
            "-c listen_addresses= -c unix_socket_directories={} -c fsync=off -c synchronous_commit=off \
             -c full_page_writes=off",
            cluster.folder.path().display()
        );
        let log = cluster.folder.path().join("log");
        cluster.run("pg_ctl", &["-w", "-l", log.to_str().unwrap(), "-o", &options, "start"]);
        Some(cluster)
    }

    /// Restarts it: `fast` ends its connections, `immediate` is a crash that it recovers from.
    pub fn restart(&self, mode: &str) {
        let log = self.folder.path().join("log");
        self.run("pg_ctl", &["-w", "-l", log.to_str().unwrap(), "-m", mode, "restart"]);
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let output = self.command(program, arguments);
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Output {
        let program = self.programs.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        // The data folder's own folder: the working directory of the test may be closed to that user.
        command.current_dir(self.folder.path()).arg("-D").arg(self.folder.path().join("data"));
        command.args(arguments).output().unwrap()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.command("pg_ctl", &["-m", "immediate", "stop"]);
    }
}
