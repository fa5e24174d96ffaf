//! Opening a database: the engine by the URL, the settings that the promises need, and the migrations.

use super::{Db, Result, Store, StoreError};
use sqlx::{
    Connection,
    migrate::MigrateError,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

impl Store {
    /// Opens `sqlite:PATH` (created when missing) or `postgres://...`, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Locked`], [`StoreError::Newer`], or [`StoreError::Open`] with the reason.
    pub async fn open(url: &str) -> Result<Self> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = PathBuf::from(path.trim_start_matches("//"));
            open_sqlite(&path).await
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            open_postgres(url).await
        } else {
            Err(StoreError::Open {
                url: without_password(url),
                reason: "a database URL starts with sqlite: or postgres://, for example sqlite:/var/lib/omega/omega.db"
                    .into(),
            })
        }
    }
}

async fn open_sqlite(path: &Path) -> Result<Store> {
    let url = format!("sqlite:{}", path.display());
    let failed = |reason: String| StoreError::Open { url: url.clone(), reason };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| failed(format!("{}: {error}", folder.display())))?;
    }
    let lock = lock(path, &failed)?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // FULL, because what was acknowledged must survive a power cut too.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10))
        .pragma("secure_delete", "ON")
        .pragma("journal_size_limit", "67108864");
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(5))
        // After a failed commit (disk full) SQLite has rolled back by itself and sqlx's own count of transactions is off for
        // good: such a connection is thrown away, or every later write would fail until a restart.
        .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
        .connect_with(options.clone())
        .await
        .map_err(|error| failed(explain_sqlite(&error, path)))?;
    migrated(sqlx::migrate!("../migrations/sqlite").run(&write).await, &failed)?;
    let read = SqlitePoolOptions::new()
        .max_connections(4)
        .acquire_timeout(Duration::from_secs(5))
        .connect_with(options.read_only(true))
        .await
        .map_err(|error| failed(explain_sqlite(&error, path)))?;
    Ok(Store { db: Db::Sqlite { write, read }, _lock: Some(Arc::new(lock)) })
}

async fn open_postgres(url: &str) -> Result<Store> {
    let failed = |reason: String| StoreError::Open { url: without_password(url), reason };
    let options = PgConnectOptions::from_str(url).map_err(|error| failed(error.to_string()))?;
    let pool = PgPoolOptions::new()
        .max_connections(16)
        .acquire_timeout(Duration::from_secs(5))
        .connect_with(options)
        .await
        .map_err(|error| failed(format!("{error}; is PostgreSQL running and the URL right?")))?;
    migrated(sqlx::migrate!("../migrations/postgres").run(&pool).await, &failed)?;
    Ok(Store { db: Db::Postgres(pool), _lock: None })
}

fn migrated(outcome: std::result::Result<(), MigrateError>, failed: &dyn Fn(String) -> StoreError) -> Result<()> {
    match outcome {
        Ok(()) => Ok(()),
        Err(MigrateError::VersionMissing(version) | MigrateError::VersionTooNew(version, _)) => {
            Err(StoreError::Newer { version })
        }
        Err(error) => Err(failed(error.to_string())),
    }
}

fn lock(path: &Path, failed: &dyn Fn(String) -> StoreError) -> Result<File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&name)
        .map_err(|error| failed(format!("can't write beside it: {error}")))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked { path: path.display().to_string() }),
        Err(TryLockError::Error(error)) => Err(failed(format!("can't lock it: {error}"))),
    }
}

fn explain_sqlite(error: &sqlx::Error, path: &Path) -> String {
    let text = error.to_string();
    if text.contains("not a database") || text.contains("malformed") {
        format!(
            "{text}; the file is damaged or not a SQLite database. Move {} away to start with an empty one, or restore a backup",
            path.display()
        )
    } else {
        text
    }
}

/// The URL without its password, for messages.
fn without_password(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://...@{host}"),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_never_shows_in_a_message() {
        assert_eq!(without_password("postgres://omega:p@ss@db:5432/omega"), "postgres://...@db:5432/omega");
        assert_eq!(without_password("sqlite:/tmp/x.db"), "sqlite:/tmp/x.db");
    }
}
