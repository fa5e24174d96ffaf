//! Data keys: one at a time for each user, made when it is first needed, cached while the process lives.

use super::{Cipher, Vault, VaultError, new_key};
use crate::store::DataKeyRow;
use omega_core::id::UserId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Seals under one data key. NIST allows 2^32 with random nonces; half of that is the end here.
pub(crate) const MOST_SEALS: i64 = 1 << 31;
/// Seals are counted in the database in blocks of this size, before they happen.
pub(crate) const BLOCK: i64 = 1024;
/// A node takes up a new data key at the latest this long after another one retired the old.
const FRESH: Duration = Duration::from_secs(60);
/// More data keys than this are not kept in memory.
const CACHED: usize = 10_000;

#[derive(Default)]
pub(super) struct DataKeys {
    opening: Mutex<HashMap<String, (UserId, Arc<Cipher>)>>,
    sealing: Mutex<HashMap<UserId, Slot>>,
}

/// A user's current key. Locked while it is fetched, so that many seals at once fetch it once.
type Slot = Arc<tokio::sync::Mutex<Option<Current>>>;

struct Current {
    id: String,
    cipher: Arc<Cipher>,
    left: i64,
    since: Instant,
}

impl DataKeys {
    /// Seals ask the database again for the current keys.
    pub fn forget_current(&self) {
        self.sealing.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn slot(&self, user: UserId) -> Slot {
        let mut slots = self.sealing.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= CACHED {
            slots.clear();
        }
        Arc::clone(slots.entry(user).or_default())
    }

    fn known(&self, id: &str) -> Option<(UserId, Arc<Cipher>)> {
        self.opening.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    fn remember(&self, row: &DataKeyRow, cipher: Cipher) -> Arc<Cipher> {
        let cipher = Arc::new(cipher);
        let mut known = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= CACHED {
            known.clear();
        }
        known.insert(row.id.clone(), (row.user, Arc::clone(&cipher)));
        cipher
    }
}

impl Vault {
    /// The key that a user's next value is sealed with, and its id.
    pub(super) async fn sealing_key(&self, user: UserId) -> Result<(String, Arc<Cipher>), VaultError> {
        let slot = self.inner.data.slot(user);
        let mut current = slot.lock().await;
        match &mut *current {
            Some(key) if key.left > 0 && key.since.elapsed() < FRESH => {
                key.left -= 1;
                Ok((key.id.clone(), Arc::clone(&key.cipher)))
            }
            stale => {
                let row = self.reserve(user).await?;
                let cipher = match self.inner.data.known(&row.id) {
                    Some((_, cipher)) => cipher,
                    None => self.inner.data.remember(&row, self.unwrap_key(&row)?),
                };
                let id = row.id.clone();
                *stale = Some(Current { id, cipher: Arc::clone(&cipher), left: BLOCK - 1, since: Instant::now() });
                Ok((row.id, cipher))
            }
        }
    }

    /// Counts a block of seals under the user's current data key, which is made when there is none or it is used up.
    async fn reserve(&self, user: UserId) -> Result<DataKeyRow, VaultError> {
        loop {
            if let Some(row) = self.inner.store.reserve_data_key(user, BLOCK, MOST_SEALS - BLOCK).await? {
                return Ok(row);
            }
            let id = uuid::Uuid::now_v7().to_string();
            let row = DataKeyRow::wrap(id, user, &*new_key()?, self.master().current())?;
            // Another node may have been faster: then its key is the one.
            self.inner.store.replace_data_key(&row, MOST_SEALS - BLOCK).await?;
        }
    }

    /// The key that a user's value was sealed with.
    pub(super) async fn opening_key(&self, user: UserId, id: &str) -> Result<Arc<Cipher>, VaultError> {
        let (owner, cipher) = match self.inner.data.known(id) {
            Some(known) => known,
            None => {
                let row = self.inner.store.data_key(id).await?.ok_or(VaultError::Unreadable)?;
                (row.user, self.inner.data.remember(&row, self.unwrap_key(&row)?))
            }
        };
        if owner == user { Ok(cipher) } else { Err(VaultError::Unreadable) }
    }
}
