//! A transaction on either engine, and what a power cut may take back of it.

use super::{Result, wal_sync::WalSync};
use crate::domain::boxed;
use std::sync::Arc;

/// What a power cut may take back. The end of the process takes nothing back that was committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Nothing: it is on the disk when it is committed.
    Now,
    /// It, until [`Store::kept`] comes back. For what is told then and not before, while the work goes on.
    Soon,
    /// It, unless a later commit brought it to the disk with itself. For what nobody is told of before such a commit.
    WithNext,
}

impl Durability {
    pub fn postgres(self) -> &'static str {
        match self {
            // It has no way to ask whether an earlier commit is on the disk by now.
            Self::Now | Self::Soon => "BEGIN",
            Self::WithNext => "BEGIN; SET LOCAL synchronous_commit = off",
        }
    }
}

pub(crate) enum Tx {
    Sqlite { tx: sqlx::Transaction<'static, sqlx::Sqlite>, durability: Durability, wal: Option<Arc<WalSync>> },
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

impl Tx {
    /// Commits as it was begun.
    #[boxed]
    pub(crate) async fn commit(self) -> Result<()> {
        let durability = match &self {
            Self::Sqlite { durability, .. } => *durability,
            Self::Postgres(_) => Durability::Now,
        };
        self.commit_as(durability).await
    }

    #[boxed]
    pub(crate) async fn commit_as(self, durability: Durability) -> Result<()> {
        match self {
            Self::Sqlite { tx, wal, .. } => {
                tx.commit().await?;
                match wal.filter(|_| durability != Durability::WithNext) {
                    Some(wal) => wal.wrote_as(durability).await,
                    None => Ok(()),
                }
            }
            Self::Postgres(tx) => Ok(tx.commit().await?),
        }
    }
}
