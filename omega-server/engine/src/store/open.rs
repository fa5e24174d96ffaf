//! Opening a database: the engine by the URL, the settings that the promises need, and the migrations.

use super::{Db, Result, Store, StoreError, migrations, sqlite_file::DatabaseFile, wal_sync::WalSync};
use crate::{domain::boxed, process::clock::Clock};
use sqlx::{
    Connection, Executor,
    migrate::MigrateError,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

/// How long a lease lasts without a heartbeat, unless [`Store::with_lease`] says otherwise.
const LEASE_MS: i64 = 30_000;

/// Versions before this one can damage a database with WAL when two connections write.
const SQLITE_AT_LEAST: [u32; 3] = [3, 51, 3];

impl Store {
    /// Opens `sqlite:PATH` (created when missing) or `postgres://...`, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Locked`], [`StoreError::Newer`], or [`StoreError::Open`] with the reason.
    #[boxed]
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
    let file = DatabaseFile::take(path)?;
    let path = file.path();
    let options = SqliteConnectOptions::new()
        // It is there, empty when it is new; SQLite makes none that others may read.
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        // What was acknowledged must survive a power cut: the log is synced by `WalSync`, beside the transactions.
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10))
        .pragma("secure_delete", "ON")
        .pragma("journal_size_limit", "67108864");
    // A file does not hang up: to ask each connection first whether it is there would be a second trip to its thread.
    let pool = || SqlitePoolOptions::new().test_before_acquire(false);
    let write = pool()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(5))
        // After a failed commit (disk full) SQLite has rolled back by itself and sqlx's own count of transactions is off for
        // good: such a connection is thrown away, or every later write would fail until a restart.
        .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
        .connect_with(options.clone())
        .await
        .map_err(|error| failed(explain_sqlite(&error, path)))?;
    let (version,): (String,) = sqlx::query_as("SELECT sqlite_version()")
        .fetch_one(&write)
        .await
        .map_err(|error| failed(explain_sqlite(&error, path)))?;
    if parse_version(&version) < SQLITE_AT_LEAST {
        return Err(failed(format!(
            "SQLite {version} may damage it (versions before 3.51.3 do when two connections write); build Omega with the \
             SQLite that it brings"
        )));
    }
    migrated(migrations::sqlite().run(&write).await, &failed)?;
    let read = pool()
        .max_connections(4)
        .acquire_timeout(Duration::from_secs(5))
        .connect_with(options.read_only(true))
        .await
        .map_err(|error| failed(explain_sqlite(&error, path)))?;
    Ok(Store {
        db: Db::Sqlite { write, read },
        clock: Clock::default(),
        secrets: <_>::default(),
        recent: <_>::default(),
        lease_ms: LEASE_MS,
        signals: None,
        wal: Some(Arc::new(WalSync::new(file.log().to_owned()))),
        file: Some(Arc::new(file)),
    })
}

async fn open_postgres(url: &str) -> Result<Store> {
    let failed = |reason: String| StoreError::Open { url: without_password(url), reason };
    let options = PgConnectOptions::from_str(url).map_err(|error| failed(error.to_string()))?;
    let pool = PgPoolOptions::new()
        .max_connections(16)
        .acquire_timeout(Duration::from_secs(5))
        .after_connect(|connection, _| {
            Box::pin(async move {
                for setting in SESSION {
                    connection.execute(*setting).await?;
                }
                Ok(())
            })
        })
        .connect_with(options.clone().application_name("omega"))
        .await
        .map_err(|error| failed(format!("{error}; is PostgreSQL running and the URL right?")))?;
    migrated(migrations::postgres().run(&pool).await, &failed)?;
    let (fsync,): (String,) =
        sqlx::query_as("SHOW fsync").fetch_one(&pool).await.map_err(|error| failed(error.to_string()))?;
    if fsync == "off" {
        tracing::warn!(
            event = "store.not_durable",
            "PostgreSQL runs with fsync=off: a power cut may lose what was acknowledged"
        );
    }
    // One connection listens, the other one tells; opened when needed.
    let signals = PgPoolOptions::new()
        .max_connections(2)
        .acquire_timeout(Duration::from_secs(5))
        .connect_lazy_with(options.application_name("omega-signals"));
    Ok(Store {
        db: Db::Postgres(pool),
        clock: Clock::default(),
        secrets: <_>::default(),
        recent: <_>::default(),
        lease_ms: LEASE_MS,
        signals: Some(signals),
        wal: None,
        file: None,
    })
}

/// What each connection is told. Set here, because the promises need them whatever the server's defaults are.
const SESSION: &[&str] = &[
    // What was acknowledged must survive a power cut; a stricter setting (remote_apply) stays.
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
    // Our transactions never wait for anything but the database. A process that was stopped in the middle of one must not
    // keep its conversation locked for the node that takes over.
    "SET idle_in_transaction_session_timeout = '5s'",
    "SET lock_timeout = '10s'",
];

fn migrated(outcome: std::result::Result<(), MigrateError>, failed: &dyn Fn(String) -> StoreError) -> Result<()> {
    match outcome {
        Ok(()) => Ok(()),
        Err(MigrateError::VersionMissing(version) | MigrateError::VersionTooNew(version, _)) => {
            Err(StoreError::Newer { version })
        }
        Err(error) => Err(failed(error.to_string())),
    }
}

fn parse_version(text: &str) -> [u32; 3] {
    let mut parts = text.split('.').map(|part| part.parse().unwrap_or(0));
    std::array::from_fn(|_| parts.next().unwrap_or(0))
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

    #[test]
    fn versions_compare_by_their_numbers() {
        assert!(parse_version("3.51.3") >= SQLITE_AT_LEAST && parse_version("3.100.0") > SQLITE_AT_LEAST);
        assert!(parse_version("3.51.2") < SQLITE_AT_LEAST && parse_version("3.9.20") < SQLITE_AT_LEAST);
        assert!(parse_version("4") > SQLITE_AT_LEAST && parse_version("what") < SQLITE_AT_LEAST);
    }
}
