//! A database out of a backup: read through, opened by its master key, and only then put in the place of the one that is there.

use omega_engine::{
    store::{
        Store, StoreError,
        backup::{self, BackupError, Contents, Place},
    },
    vault::{MasterKeySource, Vault, VaultError},
};
use std::path::{Path, PathBuf};

/// Why nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error(transparent)]
    Backup(#[from] BackupError),
    #[error(transparent)]
    Key(#[from] VaultError),
}

impl From<StoreError> for RestoreError {
    fn from(error: StoreError) -> Self {
        Self::Backup(error.into())
    }
}

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    pub contents: Contents,
    /// Runs that were not finished when the backup was made, and are cancelled.
    pub cancelled: u64,
    /// Where the database is that was there before.
    pub before: Option<PathBuf>,
}

/// Puts the backup at `from` in the place of the database at `to`; `replace` says that one which is there may go aside. The
/// database must be of this version of Omega or an earlier one, and of this master key.
///
/// # Errors
/// Whatever is wrong leaves the place as it was.
pub async fn restore(
    from: &Path,
    to: &Path,
    master_key: MasterKeySource,
    replace: bool,
) -> Result<Restored, RestoreError> {
    let place = Place::take(to, replace)?;
    let new = place.beside();
    let contents = backup::copy(from, &new, true).await?;
    match made_ready(&new, master_key).await {
        Ok(cancelled) => Ok(Restored { contents, cancelled, before: place.fill().await? }),
        Err(error) => {
            place.tidy(&["", "-wal", "-shm", ".lock"]);
            Err(error)
        }
    }
}

async fn made_ready(new: &Path, master_key: MasterKeySource) -> Result<u64, RestoreError> {
    let store = Store::open(&format!("sqlite:{}", new.display())).await?;
    let ready = async {
        Vault::unlock(&store, master_key).await?;
        Ok(store.settle_restored().await?)
    };
    let ready = ready.await;
    store.close().await;
    ready
}
