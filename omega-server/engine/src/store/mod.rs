//! The store: one SQL text, two engines.
//!
//! SQLite is the embedded default (one server process, guarded by a lock file), PostgreSQL is what several nodes share.
//! Every statement stands once, in the file that uses it or in [`sql`], and runs on both; rows decode by the same code. Routes never see SQL, and the
//! store never sees HTTP. Whatever changes a conversation goes through [`event_log::LogTx`], which numbers the events.

pub mod access;
mod alternatives;
mod answers;
mod api_keys;
mod approval_rules;
mod audit;
pub mod backup;
mod breakers;
mod conversation_access;
mod conversations;
mod credentials;
mod data_keys;
mod decisions;
mod deltas;
mod event_log;
mod event_redaction;
mod feedback;
mod history;
mod idempotency;
mod import;
mod index_files;
mod macros;
mod messages;
mod migrations;
mod mirrors;
mod nodes;
mod open;
mod pauses;
mod plans;
mod prompts;
mod recent;
mod rows;
mod runs;
mod sessions;
pub mod sql;
pub mod sqlite_file;
pub mod statements;
mod stats;
mod steps;
mod text_vectors;
mod token_usage;
mod tool_runs;
mod tool_text;
mod tools;
mod transaction;
mod users;
mod wal_sync;

pub use alternatives::{Chosen, Offer, Offered};
pub use approval_rules::ApprovalRule;
pub use audit::{AuditQuery, Noted};
pub(crate) use conversation_access::{ConversationEntry, Joining};
pub use conversations::{INLINE_OUTPUT_BYTES, Section};
pub(crate) use data_keys::{DataKeyRow, KeptIn};
pub(crate) use decisions::call_of;
pub use decisions::{Answers, Provided, RecordedDecision};
pub use deltas::{DeltaProgress, NewDelta, StoredDelta};
pub use event_log::{Committed, LogTx};
pub use event_redaction::{Clean, KnowsSecrets};
pub use history::RunHistory;
pub use idempotency::{IdempotencyKey, KeptAnswer, Replay};
pub use messages::{Send, Sent};
pub use pauses::Expired;
pub use plans::{Planned, StoredPlan};
pub use runs::{Beat, Claimed, Lease, Release};
pub use stats::StatsQuery;
pub use steps::{StepReply, StepStart};
pub use tool_runs::Settled;
pub(crate) use transaction::{Durability, Tx};
pub use users::gravatar_hash;

use crate::{
    domain::boxed,
    observe::metrics::DB_POOL_WAIT,
    process::{clock::Clock, failpoint::Struck},
};
use macros::{exec, read_all, read_one, read_opt, tx_all, tx_opt};
use omega_core::api::Timestamp;
use sqlx::{PgPool, SqlitePool};
use std::{sync::Arc, time::Instant};

#[derive(Clone, Debug)]
pub(crate) enum Db {
    /// One writer, several readers.
    Sqlite { write: SqlitePool, read: SqlitePool },
    /// One pool for both.
    Postgres(PgPool),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// A file, of one server process.
    Sqlite,
    /// What several nodes share.
    Postgres,
}

impl Database {
    /// Its name, as clients see it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Store {
    db: Db,
    /// How long a run is its worker's without a heartbeat, in milliseconds.
    lease_ms: i64,
    /// PostgreSQL: connections on which nodes tell each other news, apart from those that do the work.
    signals: Option<PgPool>,
    clock: Clock,
    /// Who knows what the log must not have.
    secrets: event_redaction::SecretSource,
    recent: recent::Recent,
    /// SQLite: how what was committed comes to the disk.
    wal: Option<Arc<wal_sync::WalSync>>,
    /// Held while the store lives: a SQLite database belongs to one process.
    file: Option<Arc<sqlite_file::DatabaseFile>>,
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
    /// The SQLite file is not where it was opened: 503 until it is back.
    #[error(
        "the database's file was moved, removed or replaced while the server runs, or can't be opened, so nothing is stored \
         any more; put it back, or restart the server"
    )]
    Away,
    /// Another process has the SQLite file.
    #[error(
        "{path} is in use by another Omega server; stop that one, or point OMEGA_HOME or OMEGA_DATABASE_URL elsewhere"
    )]
    Locked { path: String },
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
    #[error("not found")]
    NotFound,
    /// A limit of the server is reached: 503.
    #[error("{0}")]
    Overloaded(String),
    /// The server is about to end: 503.
    #[error("the server is about to end")]
    Draining,
    /// The link was replaced by another one.
    #[error("this link was replaced")]
    Gone,
    /// The owner shut the caller out.
    #[error("the owner shut you out of this conversation")]
    Blocked,
    /// The conversation's owner alone may do it.
    #[error("only the owner may do this")]
    OwnerOnly,
    /// Neither the owner nor who sent the message.
    #[error("only the owner, or who sent the message, may do this")]
    NotYours,
    /// Nobody waits for it: it was answered, or the run went another way.
    #[error("decided already")]
    AlreadyDecided,
    /// Nothing can be said of an answer that is not whole yet.
    #[error("the run has not ended")]
    NotEnded,
    /// The run waits for nothing like it.
    #[error("the run does not wait for this")]
    NotAwaited,
    /// Values that do not fit what was asked: field and message.
    #[error("{0}: {1}")]
    Unfit(&'static str, String),
    /// The same request is being answered right now.
    #[error("in progress")]
    InProgress,
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
            sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed
            | sqlx::Error::Tls(_)
            | sqlx::Error::Io(_) => Self::Unavailable(error.to_string()),
            sqlx::Error::Database(cause) => match class(&cause.code().unwrap_or_default()) {
                Class::Full => Self::Full(cause.message().to_owned()),
                Class::Unavailable => Self::Unavailable(cause.message().to_owned()),
                Class::Away => Self::Away,
                Class::Other => Self::Sql(error),
            },
            _ => Self::Sql(error),
        }
    }
}

/// What an engine's own code means for a caller.
#[derive(Debug, PartialEq, Eq)]
enum Class {
    Full,
    Unavailable,
    Away,
    Other,
}

fn class(code: &str) -> Class {
    // PostgreSQL's codes have five characters; SQLite's are numbers whose last byte is the primary code.
    if code.len() == 5 {
        return match code {
            // disk_full, and the class of the operating system's errors.
            "53100" => Class::Full,
            _ if code.starts_with("58") => Class::Full,
            // Resources; shutdown and start; connections; deadlock, serialization; a lock that was not had in time; a
            // transaction that idled too long, because its process was stopped.
            _ if ["53", "57P", "08", "40"].iter().any(|class| code.starts_with(class)) => Class::Unavailable,
            "55P03" | "25P03" | "57014" => Class::Unavailable,
            _ => Class::Other,
        };
    }
    match code.parse::<u32>().map(|code| code & 0xff) {
        // Full, I/O error, read-only.
        Ok(13 | 10 | 8) => Class::Full,
        // Busy, locked.
        Ok(5 | 6) => Class::Unavailable,
        // Can't be opened.
        Ok(14) => Class::Away,
        _ => Class::Other,
    }
}

impl From<Struck> for StoreError {
    fn from(struck: Struck) -> Self {
        Self::Full(struck.to_string())
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
    /// The same store with another clock.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// How long this process has been at work.
    pub fn uptime(&self) -> std::time::Duration {
        self.clock.uptime()
    }

    pub fn database(&self) -> Database {
        match self.db {
            Db::Sqlite { .. } => Database::Sqlite,
            Db::Postgres(_) => Database::Postgres,
        }
    }

    /// The same database with leases of another length.
    #[must_use]
    pub fn with_lease(mut self, lease: std::time::Duration) -> Self {
        self.lease_ms = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
        self
    }

    #[boxed]
    pub(crate) async fn begin(&self) -> Result<Tx> {
        self.begin_as(Durability::Now).await
    }

    #[boxed]
    pub(crate) async fn begin_as(&self, durability: Durability) -> Result<Tx> {
        self.file.as_deref().map_or(Ok(()), sqlite_file::DatabaseFile::is_there)?;
        let asked = Instant::now();
        let tx = match &self.db {
            Db::Sqlite { write, .. } => {
                let (tx, wal) = (write.begin_with("BEGIN IMMEDIATE").await?, self.wal.clone());
                Tx::Sqlite { tx, durability, wal }
            }
            Db::Postgres(pool) => Tx::Postgres(pool.begin_with(durability.postgres()).await?),
        };
        DB_POOL_WAIT.observe(["write"], asked.elapsed().as_secs_f64());
        self.file.as_deref().map_or(Ok(()), sqlite_file::DatabaseFile::has_its_log)?;
        Ok(tx)
    }

    /// A transaction that only reads: everything in it is of one moment.
    #[boxed]
    pub(crate) async fn begin_read(&self) -> Result<Tx> {
        let asked = Instant::now();
        let tx = match &self.db {
            Db::Sqlite { read, .. } => {
                Tx::Sqlite { tx: read.begin().await?, durability: Durability::WithNext, wal: None }
            }
            Db::Postgres(pool) => {
                Tx::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        };
        DB_POOL_WAIT.observe(["read"], asked.elapsed().as_secs_f64());
        Ok(tx)
    }

    /// Comes back when everything that is committed now is on the disk.
    ///
    /// # Errors
    /// When the disk fails.
    pub async fn kept(&self) -> Result<()> {
        match &self.wal {
            Some(wal) => wal.kept().await,
            None => Ok(()),
        }
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
    pub async fn meta(&self, key: &str) -> Result<Option<String>> {
        let row: Option<(String,)> = read_opt!(&self.db, (String,), sql::GET_META, key)?;
        Ok(row.map(|(value,)| value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_both_engines_say_whether_to_come_back() {
        for (code, expected) in [
            ("13", Class::Full),
            ("778", Class::Full),
            ("1032", Class::Full),
            ("5", Class::Unavailable),
            ("517", Class::Unavailable),
            ("19", Class::Other),
            ("2067", Class::Other),
            ("53100", Class::Full),
            ("58030", Class::Full),
            ("53300", Class::Unavailable),
            ("57P01", Class::Unavailable),
            ("57P03", Class::Unavailable),
            ("08006", Class::Unavailable),
            ("40P01", Class::Unavailable),
            ("55P03", Class::Unavailable),
            ("23505", Class::Other),
            ("42P01", Class::Other),
            ("", Class::Other),
        ] {
            assert_eq!(class(code), expected, "{code}");
        }
    }
}
