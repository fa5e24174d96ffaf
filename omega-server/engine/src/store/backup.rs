//! Copies of a SQLite database: of one that a server works on, and back into its place.
//!
//! The promises: a copy is the database as it was at one moment, whole, read through once and on the disk before it has its
//! name; writers go on meanwhile. What is put in a database's place was read through before, belongs to the master key at
//! hand, and has no run that would do again what was done since; what was there before lies beside it. Killed at any moment,
//! either the old database or the new one is there, and no half of one.

use super::{Result, Store, StoreError, exec, sql::statements, sqlite_file};
use crate::domain::audit_fact::{AuditAction, Fact};
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// Why there is no copy, or why it was not put in place.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// PostgreSQL has its own.
    #[error(
        "this is for SQLite; PostgreSQL has programs of its own: `pg_dump --format=custom --file=omega.dump URL` writes a copy \
         of a database that is in use, `pg_restore --clean --if-exists --dbname=URL omega.dump` brings it back"
    )]
    NotSqlite,
    #[error("there is no database at {}", .0.display())]
    Missing(PathBuf),
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// A copy of itself.
    #[error("{} is the database itself; name another file", .0.display())]
    Same(PathBuf),
    #[error("another backup is being written to {}", .0.display())]
    Busy(PathBuf),
    /// Not a SQLite database, or one of somebody else.
    #[error("{} is no database of Omega: {reason}", path.display())]
    Foreign { path: PathBuf, reason: String },
    /// It does not hold together.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged { path: PathBuf, reason: String },
    #[error("{}: {cause}", path.display())]
    Io { path: PathBuf, cause: io::Error },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a copy has in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    pub bytes: u64,
    pub conversations: i64,
    pub users: i64,
    /// The name of the master key that its credentials are sealed under; none where nothing was ever sealed.
    pub master_key: Option<String>,
}

/// The file of a SQLite database's URL.
pub fn path_of(url: &str) -> Result<PathBuf, BackupError> {
    let path = url.strip_prefix("sqlite:").ok_or(BackupError::NotSqlite)?;
    Ok(PathBuf::from(path.trim_start_matches("//")))
}

/// Writes a copy of the database at `from` to `to`, whoever works on it.
///
/// # Errors
/// [`BackupError::Exists`] unless it may be replaced; all others leave nothing behind.
pub async fn copy(from: &Path, to: &Path, replace: bool) -> Result<Contents, BackupError> {
    if !is_there(from) {
        return Err(BackupError::Missing(from.to_owned()));
    }
    if to.exists() {
        may_be_replaced(from, to, replace)?;
    }
    let part = Part::make(to)?;
    let mut source = open(from).await?;
    let target = part.path.display().to_string();
    let copied = sqlx::query("VACUUM INTO $1").bind(target).execute(&mut source).await;
    close(source).await;
    copied.map_err(|error| unreadable(from, &error))?;
    let contents = check(&part.path).await?;
    part.finish(to)?;
    Ok(contents)
}

/// Whether another file than the database itself, and than one that a server works on.
fn may_be_replaced(from: &Path, to: &Path, replace: bool) -> Result<(), BackupError> {
    let io = |cause| BackupError::Io { path: to.to_owned(), cause };
    if fs::canonicalize(from).map_err(io)? == fs::canonicalize(to).map_err(io)? {
        return Err(BackupError::Same(to.to_owned()));
    }
    if !replace {
        return Err(BackupError::Exists(to.to_owned()));
    }
    match File::open(with_ending(to, ".lock")).map(|lock| lock.try_lock_shared()) {
        Ok(Err(TryLockError::WouldBlock)) => Err(StoreError::Locked { path: to.display().to_string() }.into()),
        _ => Ok(()),
    }
}

/// Reads a copy through: whether it holds together, and what is in it.
///
/// # Errors
/// [`BackupError::Foreign`] or [`BackupError::Damaged`].
pub async fn check(path: &Path) -> Result<Contents, BackupError> {
    let io = |cause| BackupError::Io { path: path.to_owned(), cause };
    let bytes = match fs::metadata(path) {
        Ok(meta) => meta.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(BackupError::Missing(path.to_owned())),
        Err(error) => return Err(io(error)),
    };
    let mut database = open(path).await?;
    let contents = read_through(&mut database, path, bytes).await;
    close(database).await;
    contents
}

async fn read_through(database: &mut SqliteConnection, path: &Path, bytes: u64) -> Result<Contents, BackupError> {
    let failed = |error: sqlx::Error| unreadable(path, &error);
    let tables: Vec<(String,)> = sqlx::query_as(OWN_TABLES).fetch_all(&mut *database).await.map_err(failed)?;
    if tables.len() < 4 {
        return Err(BackupError::Foreign { path: path.to_owned(), reason: "it has other tables".into() });
    }
    let faults: Vec<(String,)> =
        sqlx::query_as("PRAGMA integrity_check(5)").fetch_all(&mut *database).await.map_err(failed)?;
    let faults: Vec<String> = faults.into_iter().map(|(fault,)| fault).filter(|fault| fault != "ok").collect();
    if !faults.is_empty() {
        return Err(BackupError::Damaged { path: path.to_owned(), reason: faults.join("; ") });
    }
    let (conversations, users): (i64, i64) = sqlx::query_as(COUNTS).fetch_one(&mut *database).await.map_err(failed)?;
    let key: Option<(String,)> = sqlx::query_as(MASTER_KEY).fetch_optional(&mut *database).await.map_err(failed)?;
    Ok(Contents { bytes, conversations, users, master_key: key.map(|(key,)| key) })
}

const OWN_TABLES: &str = "SELECT name FROM sqlite_schema WHERE type = 'table' \
    AND name IN ('_sqlx_migrations', 'meta', 'conversations', 'audit_log')";
const COUNTS: &str = "SELECT (SELECT COUNT(*) FROM conversations), (SELECT COUNT(*) FROM users)";
const MASTER_KEY: &str = "SELECT value FROM meta WHERE key = 'kek'";

statements! {
    /// Their effects may have happened after the copy was made; nobody may do them again unasked.
    CANCEL_UNFINISHED = "UPDATE runs SET cancel_requested_at = $1 WHERE status IN ('queued', 'running') AND cancel_requested_at IS NULL";
    /// A session that ended since would be one again.
    END_ALL_SESSIONS = "DELETE FROM sessions";
    SPEND_ALL_CODES = "DELETE FROM sign_in_codes";
}

impl Store {
    /// Makes a database that was restored safe to go on with: runs that were not finished when the copy was made are
    /// cancelled at the next start, and whoever was signed in signs in again. Says how many such runs there were.
    pub async fn settle_restored(&self) -> Result<u64> {
        let mut tx = self.begin().await?;
        let cancelled = exec!(&mut tx, CANCEL_UNFINISHED, self.now().0)?;
        exec!(&mut tx, END_ALL_SESSIONS)?;
        exec!(&mut tx, SPEND_ALL_CODES)?;
        let fact = Fact::new(AuditAction::DatabaseRestored, "database").with("cancelledRuns", cancelled);
        self.commit_with(tx, &[fact]).await?;
        Ok(cancelled)
    }

    /// Ends all connections; what was written is in the one file then.
    pub async fn close(self) {
        match self.db {
            super::Db::Sqlite { write, read } => {
                read.close().await;
                write.close().await;
            }
            super::Db::Postgres(pool) => pool.close().await,
        }
    }
}

/// A database's place, which no server has, for another one to be put there.
#[derive(Debug)]
pub struct Place {
    path: PathBuf,
    had_one: bool,
    /// Held until it is done.
    _file: sqlite_file::DatabaseFile,
}

impl Place {
    /// Takes the place at `path`.
    ///
    /// # Errors
    /// [`BackupError::Exists`] when there is a database and `replace` does not say that it may go aside;
    /// [`StoreError::Locked`] while a server has it.
    pub fn take(path: &Path, replace: bool) -> Result<Self, BackupError> {
        let had_one = is_there(path);
        if had_one && !replace {
            return Err(BackupError::Exists(path.to_owned()));
        }
        let file = sqlite_file::DatabaseFile::take(path)?;
        let place = Self { path: file.path().to_owned(), had_one, _file: file };
        // What one that was killed left: its log would be read as the new database's.
        place.tidy(&["", "-wal", "-shm", ".lock"]);
        Ok(place)
    }

    /// Where the new database is made ready: beside the place, so that it gets there at one moment.
    pub fn beside(&self) -> PathBuf {
        with_ending(&self.path, ".restoring")
    }

    /// Removes what belongs to a database at [`Self::beside`].
    pub fn tidy(&self, endings: &[&str]) {
        for ending in endings {
            // What is not there need not go.
            let _ = fs::remove_file(with_ending(&self.beside(), ending));
        }
    }

    /// Puts the database at [`Self::beside`] here. What was here is at the path that this gives.
    ///
    /// # Errors
    /// When the file system refuses; then what was here still is.
    pub async fn fill(self) -> Result<Option<PathBuf>, BackupError> {
        let new = self.beside();
        let failed = |cause| BackupError::Io { path: self.path.clone(), cause };
        if with_ending(&new, "-wal").metadata().is_ok_and(|log| log.len() > 0) {
            return Err(failed(io::Error::other("the new database is still in use")));
        }
        self.tidy(&["-wal", "-shm", ".lock"]);
        let aside = with_ending(&self.path, &format!(".before-{}", moment()));
        // Written into the file as far as it can be read, so that the file alone is all of it.
        if self.had_one
            && let Ok(mut old) = open(&self.path).await
        {
            let _ = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut old).await;
            close(old).await;
        }
        // The log of one database must never lie beside another.
        for ending in ["-wal", "-shm"] {
            let log = with_ending(&self.path, ending);
            if log.exists() {
                fs::rename(&log, with_ending(&aside, ending)).map_err(failed)?;
            }
        }
        match self.had_one {
            true => exchange(&new, &self.path, &aside).map_err(failed)?,
            false => fs::rename(&new, &self.path).map_err(failed)?,
        }
        durable_name(&self.path).map_err(failed)?;
        Ok(self.had_one.then_some(aside))
    }
}

/// `at` becomes `aside`, and `new` becomes `at`: in one step where the system can.
fn exchange(new: &Path, at: &Path, aside: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        if renameat_with(CWD, new, CWD, at, RenameFlags::EXCHANGE).is_ok() {
            return fs::rename(new, aside);
        }
    }
    fs::rename(at, aside)?;
    fs::rename(new, at)
}

/// A file on its way to its name.
struct Part {
    path: PathBuf,
    /// Held while it is written, so that two don't write one.
    file: File,
    done: bool,
}

impl Part {
    fn make(to: &Path) -> Result<Self, BackupError> {
        let path = with_ending(to, ".part");
        let failed = |cause| BackupError::Io { path: path.clone(), cause };
        let mut options = OpenOptions::new();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(BackupError::Busy(to.to_owned())),
            Err(TryLockError::Error(cause)) => return Err(failed(cause)),
        }
        // What one that was killed left.
        file.set_len(0).map_err(failed)?;
        Ok(Self { path, file, done: false })
    }

    fn finish(mut self, to: &Path) -> Result<(), BackupError> {
        let failed = |cause| BackupError::Io { path: to.to_owned(), cause };
        self.file.sync_all().map_err(failed)?;
        // The log of what was there before would be read as this one's.
        for ending in ["-wal", "-shm"] {
            let _ = fs::remove_file(with_ending(to, ending));
        }
        fs::rename(&self.path, to).map_err(failed)?;
        self.done = true;
        durable_name(to).map_err(failed)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.done {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Not as read-only: a database with a log can't be read so where nobody has it open.
async fn open(path: &Path) -> Result<SqliteConnection, BackupError> {
    let options =
        SqliteConnectOptions::new().filename(path).create_if_missing(false).busy_timeout(Duration::from_secs(10));
    options.connect().await.map_err(|error| unreadable(path, &error))
}

async fn close(connection: SqliteConnection) {
    // What was asked of it is done.
    let _ = connection.close().await;
}

fn unreadable(path: &Path, error: &sqlx::Error) -> BackupError {
    let (path, reason) = (path.to_owned(), error.to_string());
    if reason.contains("not a database") {
        return BackupError::Foreign { path, reason: "it is not a SQLite database".into() };
    }
    if reason.contains("malformed") {
        return BackupError::Damaged { path, reason: "SQLite can't read it".into() };
    }
    BackupError::Io { path, cause: io::Error::other(reason) }
}

/// Whether there is something in a file.
fn is_there(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.len() > 0)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

/// Now, as part of a name.
fn moment() -> String {
    humantime::format_rfc3339_millis(SystemTime::now()).to_string().replace(':', "-")
}

/// A name survives a power cut as its file does.
fn durable_name(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
