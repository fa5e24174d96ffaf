//! Finding the user's own server, or starting it.
//!
//! The promises: any number of commands at once get one server; a dead server's address is never used; a server of an
//! older build, or one that was started with other keys, is replaced when it has nothing to do and kept when it has; one
//! that a person started in the foreground is used and never ended.
//! Order: look; take the starter's lock; look again; start; wait until it announces itself.

use super::{
    Dirs, Env,
    api_keys::{KeyError, Keys, LOCAL},
    private_file,
    server_lock::{Claim, ClaimError, Running, address_file, build_of, is_claimed, variables_of},
};
use crate::client::{Client, ClientError};
use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// Time for migrations of an old database on a slow disk.
const START: Duration = Duration::from_secs(60);
/// Time for the last writes of a server that was asked to end.
const STOP: Duration = Duration::from_secs(10);
/// Time for the runs of a server that hands over to come to a safe point; after it they are cut, and go on in the next one.
const HAND_OVER: Duration = Duration::from_secs(40);
const STEP: Duration = Duration::from_millis(20);
/// The same for a server that starts: somebody waits for it before a screen.
const START_STEP: Duration = Duration::from_millis(4);
const LOG_AT_MOST: u64 = 4 * 1024 * 1024;

/// How the server is started: by the same binary that asks for it.
#[derive(Debug, Clone)]
pub struct Starter {
    dirs: Dirs,
    env: Env,
    program: PathBuf,
    arguments: Vec<String>,
}

/// The local server, and what there is to say about it.
#[derive(Debug)]
pub struct LocalServer {
    pub client: Client,
    pub running: Running,
    /// Whether this call started it.
    pub started: bool,
    /// Whether it made its key at this start.
    pub is_new_key: bool,
    /// What the user should know: it is an older one that is busy.
    pub notice: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A folder or the program can't be used.
    #[error("can't start the local server: {what}: {cause}")]
    Io { what: String, cause: io::Error },
    /// It ended instead of answering.
    #[error("the local server did not start:\n{log}\n(its log is {})", path.display())]
    Ended { log: String, path: PathBuf },
    /// It lives but does not answer.
    #[error("the local server does not answer within {}; its log is {}; end its process and try again",
        humantime::format_duration(START), path.display())]
    Silent { path: PathBuf },
    /// Nobody has its key any more, and it is not ours to end.
    #[error(
        "the key of the server that you started (`omega serve`, pid {pid}) is lost; end it and start it again: it makes \
        a new one"
    )]
    KeyLost { pid: u32 },
    /// There is one already that a person started.
    #[error(
        "your server runs already, at {url} (`omega serve`, pid {pid}); end it first, or name another database with \
        --database"
    )]
    Foreground { url: String, pid: u32 },
    /// It was told to end and lives on.
    #[error("the server in the background (pid {pid}) does not end; end its process and try again")]
    Stays { pid: u32 },
    /// Its key can't be read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Its address is of no use.
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl StartError {
    fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |cause| Self::Io { what, cause }
    }
}

impl Starter {
    /// Starts `program serve --local` when needed.
    pub fn new(dirs: Dirs, env: Env, program: PathBuf) -> Self {
        Self { dirs, env, program, arguments: vec![String::from("serve"), String::from("--local")] }
    }

    /// The server that lives and answers, if there is one. Changes nothing.
    pub async fn find(&self) -> Option<Running> {
        let running = self.announced()?;
        let client = Client::new(&running.url, None).ok()?;
        client.is_alive().await.is_ok().then_some(running)
    }

    /// The user's server, started if need be.
    pub async fn ensure(&self) -> Result<LocalServer, StartError> {
        // The lock says that it lives; that it answers is asked by the client, and on the connection, that are used afterwards.
        if let Some(running) = self.announced()
            && let Some(found) = self.as_it_is(&running)?
            && found.client.is_alive().await.is_ok()
        {
            return Ok(found);
        }
        let _alone = self.starters_lock().await?;
        if let Some(running) = self.find().await {
            if let Some(found) = self.as_it_is(&running)? {
                return Ok(found);
            }
            match Keys::new(&self.dirs).load(LOCAL)? {
                None if running.foreground => return Err(StartError::KeyLost { pid: running.pid }),
                // The next one makes a new key.
                None => self.end(&running).await?,
                Some(_) => {
                    let found = self.found(running, false)?;
                    if !self.stop_if_idle(&found.client).await? {
                        let why = self.outdated(&found.running).unwrap_or_default();
                        let notice = Some(format!("{why}; it is replaced when it has nothing to do"));
                        return Ok(LocalServer { notice, ..found });
                    }
                }
            }
        }
        let had_key = Keys::new(&self.dirs).place(LOCAL)?.is_some();
        let log_begins = std::fs::metadata(self.dirs.server_log()).map_or(0, |meta| meta.len());
        let child = if self.is_claimed()? { None } else { Some(self.spawn()?) };
        let running = self.wait(child, log_begins).await?;
        Ok(LocalServer { is_new_key: !had_key, ..self.found(running, true)? })
    }

    /// The right to be the user's one server, for one in the foreground. A server in the background hands over: its runs
    /// come to a safe point, and go on in the next one. `leaving` is told which.
    ///
    /// # Errors
    /// [`StartError::Foreground`] while a person runs one.
    pub async fn take_over(&self, leaving: impl Fn(&Running)) -> Result<Claim, StartError> {
        let _alone = self.starters_lock().await?;
        let until = Instant::now() + START;
        loop {
            match Claim::take(&self.dirs).await {
                Ok(claim) => return Ok(claim),
                Err(ClaimError::Folder { path, cause }) => {
                    return Err(StartError::io(path.display().to_string())(cause));
                }
                Err(ClaimError::Taken) => {}
            }
            match self.announced() {
                Some(Running { foreground: true, url, pid, .. }) => return Err(StartError::Foreground { url, pid }),
                Some(running) => {
                    leaving(&running);
                    self.end(&running).await?;
                }
                // It starts, and says where it is in a moment, or it is about to be gone.
                None if Instant::now() < until => sleep(STEP).await,
                None => return Err(StartError::Silent { path: self.dirs.server_log() }),
            }
        }
    }

    /// A server that needs no replacing, or that is not ours to replace.
    fn as_it_is(&self, running: &Running) -> Result<Option<LocalServer>, StartError> {
        let outdated = self.outdated(running);
        if outdated.is_some() && !running.foreground {
            return Ok(None);
        }
        let Some(key) = Keys::new(&self.dirs).load(LOCAL)? else { return Ok(None) };
        let notice = outdated.map(|why| format!("{why}; restart it when that matters"));
        let client = Client::new(&running.url, key)?;
        Ok(Some(LocalServer { client, running: running.clone(), started: false, is_new_key: false, notice }))
    }

    /// Ends a server in the background, whatever it does: nothing that it acknowledged is lost.
    async fn end(&self, running: &Running) -> Result<(), StartError> {
        for patience in [HAND_OVER, STOP] {
            ask_to_end(running.pid);
            let until = Instant::now() + patience;
            while Instant::now() < until {
                if !self.is_claimed()? {
                    return Ok(());
                }
                sleep(STEP).await;
            }
        }
        Err(StartError::Stays { pid: running.pid })
    }

    fn found(&self, running: Running, started: bool) -> Result<LocalServer, StartError> {
        let key = Keys::new(&self.dirs).load(LOCAL)?.ok_or(StartError::KeyLost { pid: running.pid })?;
        Ok(LocalServer { client: Client::new(&running.url, key)?, running, started, is_new_key: false, notice: None })
    }

    /// Why a server is not the one that this call would start.
    fn outdated(&self, running: &Running) -> Option<&'static str> {
        if running.version != env!("CARGO_PKG_VERSION") || running.build != build_of(&self.program) {
            return Some("the local server is of another build");
        }
        // What this environment does not say is not compared: a bare one (cron) must not take the keys away.
        let differs = variables_of(&self.env).iter().any(|(name, value)| running.variables.get(name) != Some(value));
        differs.then_some("the local server was started with other keys or addresses in its environment")
    }

    /// Asks the server to end; false when it has something to do, or takes too long.
    async fn stop_if_idle(&self, client: &Client) -> Result<bool, StartError> {
        if client.stop_server().await.is_err() {
            return Ok(false);
        }
        let until = Instant::now() + STOP;
        while self.is_claimed()? {
            if Instant::now() >= until {
                return Ok(false);
            }
            sleep(STEP).await;
        }
        Ok(true)
    }

    fn announced(&self) -> Option<Running> {
        if !self.is_claimed().ok()? {
            return None;
        }
        serde_json::from_str(&private_file::read(&address_file(&self.dirs)).ok()??).ok()
    }

    fn is_claimed(&self) -> Result<bool, StartError> {
        is_claimed(&self.dirs).map_err(StartError::io(format!("the lock in {}", self.dirs.run.display())))
    }

    /// Held by the command that starts the server; the others wait for it.
    async fn starters_lock(&self) -> Result<File, StartError> {
        let path = self.dirs.run.join("start.lock");
        let failed = || StartError::io(path.display().to_string());
        let mut options = OpenOptions::new();
        let lock = private_file::open(&path, options.write(true).create(true).truncate(false)).map_err(failed())?;
        let until = Instant::now() + START + STOP;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(lock),
                Err(TryLockError::WouldBlock) if Instant::now() < until => sleep(STEP).await,
                Err(TryLockError::WouldBlock) => return Err(StartError::Silent { path: self.dirs.server_log() }),
                Err(TryLockError::Error(cause)) => return Err(failed()(cause)),
            }
        }
    }

    fn spawn(&self) -> Result<Child, StartError> {
        let log_path = self.dirs.server_log();
        let log = open_log(&log_path).map_err(StartError::io(log_path.display().to_string()))?;
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        // Not the folder of the command that happened to come first: it could be unmounted or removed.
        command.current_dir(&self.dirs.data);
        if let Some(home) = &self.dirs.home {
            command.env("OMEGA_HOME", home);
        }
        // Ctrl-C in the terminal is for the command, not for the server that outlives it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.spawn().map_err(StartError::io(self.program.display().to_string()))
    }

    async fn wait(&self, mut child: Option<Child>, log_begins: u64) -> Result<Running, StartError> {
        let log = self.dirs.server_log();
        let until = Instant::now() + START;
        while Instant::now() < until {
            if let Some(running) = self.find().await {
                return Ok(running);
            }
            match &mut child {
                Some(child) => {
                    let ended = child.try_wait().map_err(StartError::io("waiting for the local server"))?.is_some();
                    // One that was started by hand may have been faster.
                    if ended && !self.is_claimed()? {
                        return Err(StartError::Ended { log: last_lines(&log, log_begins), path: log });
                    }
                }
                // The server that held the claim was on its way out (killed, or idle for too long), and is gone now.
                None if !self.is_claimed()? => child = Some(self.spawn()?),
                None => {}
            }
            sleep(START_STEP).await;
        }
        Err(StartError::Silent { path: log })
    }
}

/// The lock was held when the process id was read, so that it is the server's.
#[cfg(unix)]
fn ask_to_end(pid: u32) {
    use rustix::process::{Pid, Signal, kill_process};
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // One that is gone already lets go of the lock.
        let _ = kill_process(pid, Signal::TERM);
    }
}

#[cfg(not(unix))]
fn ask_to_end(pid: u32) {
    let _ =
        Command::new("taskkill").args(["/PID", &pid.to_string()]).stdout(Stdio::null()).stderr(Stdio::null()).status();
}

fn open_log(path: &Path) -> io::Result<File> {
    if std::fs::metadata(path).is_ok_and(|meta| meta.len() > LOG_AT_MOST) {
        std::fs::rename(path, path.with_extension("log.old"))?;
    }
    private_file::open(path, OpenOptions::new().append(true).create(true))
}

/// The end of what this start wrote, without the log's JSON lines if there is anything else.
fn last_lines(log: &Path, begins: u64) -> String {
    let bytes = std::fs::read(log).unwrap_or_default();
    let new = bytes.get(usize::try_from(begins).unwrap_or(0)..).unwrap_or(&bytes);
    let text = String::from_utf8_lossy(new);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let plain: Vec<&str> = lines.iter().copied().filter(|line| !line.starts_with('{')).collect();
    let lines = if plain.is_empty() { lines } else { plain };
    if lines.is_empty() {
        return "  it could not even write why: look whether the disk is full, or what killed it".to_owned();
    }
    lines.iter().skip(lines.len().saturating_sub(5)).map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_ends_is_never_left_without_a_word() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("server.log");
        for (written, begins, said) in [
            ("old\n{\"a\":1}\nerror: no\n", 4, "  error: no"),
            ("{\"a\":1}\n", 0, "  {\"a\":1}"),
            ("old\n", 4, "  it could not even write why: look whether the disk is full, or what killed it"),
        ] {
            std::fs::write(&log, written).unwrap();
            assert_eq!(last_lines(&log, begins), said, "{written}");
        }
        assert!(last_lines(&folder.path().join("none"), 0).contains("disk"));
    }
}
