//! The store: one SQL text, two engines.
//!
//! SQLite is the embedded default (one server process, guarded by a lock file), PostgreSQL is what several nodes share.
//! Every statement stands once, in [`sql`], and runs on both; rows decode by the same code. Routes never see SQL, and the
//! store never sees HTTP. Whatever changes a conversation goes through [`log::LogTx`], which numbers the events.

mod breakers;
mod conversations;
mod history;
mod idempotency;
mod log;
mod macros;
mod open;
mod rows;
mod runs;
mod secrets;
pub mod sql;
mod steps;
mod tool_runs;
mod tools;
mod users;

pub use conversations::{INLINE_OUTPUT_BYTES, Send};
pub use history::RunHistory;
pub use idempotency::{IdempotencyKey, Replay};
pub use log::{Committed, LogTx};
pub use runs::{Claimed, Lease};
pub(crate) use secrets::KeptIn;
pub use secrets::{Grant, Kept};
pub use steps::{StepReply, StepStart};
pub use tool_runs::Settled;
pub use users::Caller;

use macros::{exec, read_all, read_one, read_opt, tx_all, tx_opt};
use sqlx::{PgPool, SqlitePool};
use std::sync::Arc;

/// The connections.
#[derive(Clone, Debug)]
pub(crate) enum Db {
    /// One writer, several readers.
    Sqlite { write: SqlitePool, read: SqlitePool },
    /// One pool for both.
    Postgres(PgPool),
}

/// An open transaction.
pub(crate) enum Tx {
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

/// The database.
#[derive(Clone, Debug)]
pub struct Store {
    db: Db,
    /// Held while the store lives: a SQLite database belongs to one process.
    _lock: Option<Arc<std::fs::File>>,
}

/// What can go wrong with the database, told apart by what the caller can do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No space, or the disk fails: 503 until that is over.
    #[error("the database can't write: {0}")]
    Full(String),
    /// Not reachable, or too busy: 503.
    #[error("the database can't be reached: {0}")]
    Unavailable(String),
    /// Another process has the SQLite file.
    #[error(
        "{path} is in use by another Omega server; stop that one, or point OMEGA_HOME or OMEGA_DATABASE_URL elsewhere"
    )]
    Locked {
        /// The file.
        path: String,
    },
    /// The database is from a later version.
    #[error(
        "the database was written by a later version of Omega (its schema has migration {version}, which this version does \
         not know); update Omega, or point OMEGA_HOME or OMEGA_DATABASE_URL at another database"
    )]
    Newer {
        /// The migration that is not known.
        version: i64,
    },
    /// It can't be opened at all.
    #[error("can't open the database {url}: {reason}")]
    Open {
        /// Its URL, without a password.
        url: String,
        /// Why not, and what to do.
        reason: String,
    },
    /// Another worker took the run over, or it has ended: write nothing more.
    #[error("the run is no longer ours")]
    LeaseLost,
    /// No such row.
    #[error("not found")]
    NotFound,
    /// A run is active and the caller wanted none.
    #[error("run {0} is active")]
    RunActive(omega_core::id::RunId),
    /// Too many runs wait in the conversation.
    #[error("{0} messages wait already")]
    QueueFull(u32),
    /// An `Idempotency-Key` was used for another request.
    #[error("the key was used for another request")]
    KeyReused,
    /// A row does not read back.
    #[error("a stored value does not read back: {0}")]
    Corrupt(String),
    /// Settings were changed by somebody else meanwhile.
    #[error("changed meanwhile")]
    Stale,
    /// Anything else: a bug.
    #[error(transparent)]
    Sql(sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => {
                Self::Unavailable(error.to_string())
            }
            sqlx::Error::Database(cause) => {
                let code = cause.code().unwrap_or_default();
                // SQLite's extended codes end in the primary one: 13 full, 10 I/O, 8 read-only, 5 busy.
                let primary = code.parse::<u32>().map(|code| code & 0xff);
                match primary {
                    Ok(13 | 10 | 8) if code.len() < 5 => Self::Full(cause.message().to_owned()),
                    Ok(5 | 6) if code.len() < 5 => Self::Unavailable(cause.message().to_owned()),
                    _ if code.starts_with("53") || code.starts_with("57P") => {
                        Self::Unavailable(cause.message().to_owned())
                    }
                    _ => Self::Sql(error),
                }
            }
            _ => Self::Sql(error),
        }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Corrupt(error.to_string())
    }
}

/// What the store's functions give.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

impl Store {
    /// `sqlite` or `postgres`.
    #[must_use]
    pub fn engine(&self) -> &'static str {
        match self.db {
            Db::Sqlite { .. } => "sqlite",
            Db::Postgres(_) => "postgres",
        }
    }

    pub(crate) async fn begin(&self) -> Result<Tx> {
        Ok(match &self.db {
            Db::Sqlite { write, .. } => Tx::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
            Db::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Whether a write goes through right now.
    ///
    /// # Errors
    /// Why not.
    pub async fn probe(&self) -> Result<()> {
        let mut tx = self.begin().await?;
        exec!(&mut tx, sql::PUT_META, "probe", "1")?;
        tx.commit().await
    }

    /// A value that belongs to the whole database.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn meta(&self, key: &str) -> Result<Option<String>> {
        let row: Option<(String,)> = read_opt!(&self.db, (String,), sql::GET_META, key)?;
        Ok(row.map(|(value,)| value))
    }
}

impl Tx {
    pub(crate) async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}
