//! What a local server holds while it lives: the right to be the only one of its user.
//!
//! The operating system's lock on `run/server.lock` is the proof of life: it goes with the process, however that ends, so
//! `run/server.json` is true exactly while the lock is held and stale otherwise. Ports and process ids may be given to
//! others meanwhile and prove nothing.

use super::{Dirs, Env, private_file};
use crate::{api::Timestamp, model::catalog, net};
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions, TryLockError},
    io,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    time::Duration,
};

/// Variables besides the model providers' that a server reads when it starts.
const SERVER_VARIABLES: &[&str] = &["OMEGA_DATABASE_URL", "OMEGA_DENO", "OMEGA_EXECUTOR_URL", "TPMJS_API_URL"];

/// `run/server.json`: the server that lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Running {
    pub url: String,
    pub pid: u32,
    pub version: String,
    /// Which build of that version (see [`build_of`]).
    pub build: String,
    pub started_at: Timestamp,
    /// Whether a person started it with `omega serve`; nobody else ends it then.
    #[serde(default)]
    pub foreground: bool,
    /// Digests of what its environment said when it was started, by name.
    pub variables: BTreeMap<String, String>,
}

/// Tells two builds of one version apart, so that an upgrade, or the next `cargo build`, is noticed.
pub fn build_of(program: &Path) -> String {
    let Ok(meta) = std::fs::metadata(program) else { return String::from("unknown") };
    let modified = meta.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    format!("{}-{}", meta.len(), modified.unwrap_or_default().as_millis())
}

/// Digests of what the environment says to a server. The file that keeps them is its owner's only, and the digests are
/// too short to confirm a guess with certainty.
pub fn variables_of(env: &Env) -> BTreeMap<String, String> {
    let digest = |value: &str| BASE64_STANDARD_NO_PAD.encode(&Sha256::digest(value)[..6]);
    let names = SERVER_VARIABLES.iter().copied().chain(net::VARIABLES).chain(catalog::variables());
    names.filter_map(|name| Some((name.to_owned(), digest(env.get(name)?)))).collect()
}

fn lock_path(dirs: &Dirs) -> PathBuf {
    dirs.run.join("server.lock")
}

/// Whether a server lives. Makes no file.
pub(super) fn is_claimed(dirs: &Dirs) -> io::Result<bool> {
    let lock = match File::open(lock_path(dirs)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        opened => opened?,
    };
    match lock.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(cause)) => Err(cause),
    }
}

/// The port of the last server: the next one takes it again when it is free, so that a browser stays signed in.
fn port_file(dirs: &Dirs) -> PathBuf {
    dirs.run.join("server.port")
}

pub(super) fn address_file(dirs: &Dirs) -> PathBuf {
    dirs.run.join("server.json")
}

/// The right to be the user's local server.
#[derive(Debug)]
pub struct Claim {
    dirs: Dirs,
    /// Held for the lock on it.
    _lock: File,
}

#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    #[error("your local server runs already; `omega status` says where")]
    Taken,
    /// The folder can't be used.
    #[error("the folder {} can't be used: {cause}", path.display())]
    Folder { path: PathBuf, cause: io::Error },
}

impl Claim {
    /// Takes the claim, and clears what a dead server left.
    ///
    /// # Errors
    /// [`ClaimError::Taken`] while another server lives.
    pub async fn take(dirs: &Dirs) -> Result<Self, ClaimError> {
        let failed = |cause| ClaimError::Folder { path: dirs.run.clone(), cause };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let lock = private_file::open(&lock_path(dirs), &mut options).map_err(failed)?;
        // A client that looks whether a server lives holds the lock for an instant.
        for attempt in 0.. {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if attempt < 20 => tokio::time::sleep(Duration::from_millis(25)).await,
                Err(TryLockError::WouldBlock) => return Err(ClaimError::Taken),
                Err(TryLockError::Error(cause)) => return Err(failed(cause)),
            }
        }
        match std::fs::remove_file(address_file(dirs)) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(failed(cause)),
            _ => Ok(Self { dirs: dirs.clone(), _lock: lock }),
        }
    }

    /// Where to listen: on the port of the last server if it is free, else on any (0).
    pub fn port(&self) -> u16 {
        let last = private_file::read(&port_file(&self.dirs)).ok().flatten().and_then(|text| text.trim().parse().ok());
        last.filter(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()).unwrap_or(0)
    }

    /// Says where the server is. Only once it answers.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn announce(&self, url: &str, program: &Path, env: &Env, foreground: bool) -> io::Result<()> {
        let running = Running {
            url: url.to_owned(),
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            build: build_of(program),
            started_at: Timestamp::now(),
            foreground,
            variables: variables_of(env),
        };
        if let Some((_, port)) = url.rsplit_once(':') {
            private_file::replace(&port_file(&self.dirs), port.as_bytes())?;
        }
        private_file::replace(&address_file(&self.dirs), &serde_json::to_vec(&running)?)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Left behind it would only be stale, which the next one tells by the lock.
        let _ = std::fs::remove_file(address_file(&self.dirs));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn there_is_one_claim_and_it_ends_with_its_holder() {
        let home = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(home.path());
        let first = Claim::take(&dirs).await.unwrap();
        assert!(matches!(Claim::take(&dirs).await, Err(ClaimError::Taken)));
        drop(first);
        Claim::take(&dirs).await.unwrap();
    }

    #[tokio::test]
    async fn what_a_dead_server_left_is_cleared() {
        let home = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(home.path());
        private_file::replace(&address_file(&dirs), b"{}").unwrap();
        let _claim = Claim::take(&dirs).await.unwrap();
        assert!(!address_file(&dirs).exists());
    }

    #[tokio::test]
    async fn the_next_server_takes_the_port_of_the_last_one_when_it_is_free() {
        let home = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(home.path());
        let claim = Claim::take(&dirs).await.unwrap();
        assert_eq!(claim.port(), 0, "there was none");
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        claim.announce(&format!("http://127.0.0.1:{port}"), Path::new("omega"), &Env::default(), false).unwrap();
        drop(claim);
        let next = Claim::take(&dirs).await.unwrap();
        assert_eq!(next.port(), 0, "somebody has it");
        drop(taken);
        assert_eq!(next.port(), port);
    }
}
