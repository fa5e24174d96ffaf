//! Bringing SQLite's log to the disk beside the transactions that wrote it.
//!
//! SQLite itself would do that within each commit, while it holds the one writer. Here a commit only writes, and who needs it on
//! the disk waits for that: whatever was committed meanwhile goes with the same sync, and a run goes on while its news waits to be
//! told. A checkpoint of SQLite's syncs the log by itself before it takes anything from it.

use super::{Durability, Result, StoreError};
use crate::domain::boxed;
use std::{
    fs::OpenOptions,
    io,
    path::PathBuf,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};
use tokio::sync::Mutex;

#[derive(Debug)]
pub(crate) struct WalSync {
    wal: PathBuf,
    /// Commits so far.
    written: AtomicU64,
    /// Those of them that are on the disk.
    synced: AtomicU64,
    /// The disk failed: what was written before may be lost, however a later sync ends.
    failed: AtomicBool,
    one: Mutex<()>,
}

impl WalSync {
    pub fn new(wal: PathBuf) -> Self {
        Self { wal, written: <_>::default(), synced: <_>::default(), failed: <_>::default(), one: <_>::default() }
    }

    /// Something was committed; waits for the disk if it has to be there now.
    ///
    /// # Errors
    /// As [`WalSync::kept`].
    pub async fn wrote_as(&self, durability: Durability) -> Result<()> {
        self.written.fetch_add(1, Ordering::SeqCst);
        if durability == Durability::Now { self.kept().await } else { Ok(()) }
    }

    /// Comes back when everything that is committed now is on the disk.
    ///
    /// # Errors
    /// [`StoreError::Away`] and [`StoreError::Unavailable`] while the log can't be opened; [`StoreError::Full`] when the disk
    /// fails, from then on until a restart.
    #[boxed]
    pub async fn kept(&self) -> Result<()> {
        let wanted = self.written.load(Ordering::SeqCst);
        if self.is_synced(wanted)? {
            return Ok(());
        }
        let _one = self.one.lock().await;
        if self.is_synced(wanted)? {
            return Ok(());
        }
        let upto = self.written.load(Ordering::SeqCst);
        let wal = self.wal.clone();
        let synced = tokio::task::spawn_blocking(move || {
            let log = OpenOptions::new().write(true).open(wal).map_err(|error| match error.kind() {
                // It may come back where it was.
                io::ErrorKind::NotFound => StoreError::Away,
                _ => StoreError::Unavailable(format!("its log can't be opened: {error}")),
            })?;
            Ok::<_, StoreError>(log.sync_data())
        });
        let synced = synced.await.map_err(|error| StoreError::Unavailable(error.to_string()))??;
        if let Err(error) = synced {
            tracing::error!(event = "store.not_durable", %error, "the log can't be brought to the disk; restart the server when it can");
            self.failed.store(true, Ordering::SeqCst);
            return self.is_synced(u64::MAX).map(drop);
        }
        self.synced.fetch_max(upto, Ordering::SeqCst);
        Ok(())
    }

    fn is_synced(&self, wanted: u64) -> Result<bool> {
        if self.failed.load(Ordering::SeqCst) {
            return Err(StoreError::Full("its disk failed; restart the server when it works again".into()));
        }
        Ok(self.synced.load(Ordering::SeqCst) >= wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[cfg(unix)]
    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_committed_is_waited_for_once_and_a_disk_that_failed_is_not_believed_again() {
        let home = tempfile::tempdir().unwrap();
        let wal = home.path().join("omega.db-wal");
        std::fs::write(&wal, b"frames").unwrap();
        std::fs::write(home.path().join("spare"), b"frames").unwrap();
        let sync = Arc::new(WalSync::new(wal.clone()));
        sync.kept().await.unwrap();
        let many = (0..200).map(|_| {
            let sync = Arc::clone(&sync);
            tokio::spawn(async move { sync.wrote_as(Durability::Now).await.unwrap() })
        });
        futures_util::future::try_join_all(many).await.unwrap();
        assert_eq!(sync.synced.load(Ordering::SeqCst), 200);
        let elsewhere = home.path().join("elsewhere");
        std::fs::rename(&wal, &elsewhere).unwrap();
        sync.kept().await.unwrap();
        sync.wrote_as(Durability::Soon).await.unwrap();
        assert!(matches!(sync.kept().await, Err(StoreError::Away)));
        std::fs::rename(&elsewhere, &wal).unwrap();
        sync.kept().await.unwrap();
        // No file of this kind can be synced, as none on a disk that fails.
        std::fs::remove_file(&wal).unwrap();
        std::os::unix::fs::symlink("/dev/null", &wal).unwrap();
        sync.wrote_as(Durability::Soon).await.unwrap();
        assert!(matches!(sync.kept().await, Err(StoreError::Full(_))));
        std::fs::remove_file(&wal).unwrap();
        std::fs::rename(home.path().join("spare"), &wal).unwrap();
        assert!(matches!(sync.kept().await, Err(StoreError::Full(_))), "what was lost stays lost");
    }
}
