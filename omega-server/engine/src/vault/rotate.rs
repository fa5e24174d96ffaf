//! Rotation: data keys get wrapped under a new master key while everything goes on.
//!
//! At any moment the source holds every key that something is wrapped under, the new one before the first row uses it; so
//! a crash in the middle is finished by the next rotation, and nothing fails meanwhile. A deep rotation also retires the
//! data keys and seals every value again under new ones; what a value was before is compared in the same statement, so a
//! value that somebody replaces meanwhile stays as they made it.

use super::{META, Vault, VaultError, new_key};
use crate::{
    domain::{
        audit_fact::{AuditAction, Fact},
        boxed,
        sealed::{CredentialPlace, Sealed},
    },
    store::{DataKeyRow, KeptIn},
};
use omega_core::api::{Rotated, Timestamp};

/// A retired data key that no value needs is deleted after this time: a node may still seal with it until it looks again.
const UNUSED_MILLIS: i64 = 3600 * 1000;

impl Vault {
    /// Changes the master key. Where Omega keeps it, a new one is made; where the operator gives it, the source is read
    /// again and its first key becomes the current one. `deep` seals every value anew as well.
    ///
    /// # Errors
    /// The source's, the database's; what was done until then holds.
    #[boxed]
    pub async fn rotate(&self, deep: bool) -> Result<Rotated, VaultError> {
        let _alone = self.inner.rotating.lock().await;
        let source = &self.inner.source;
        if source.is_own() {
            self.set_master(source.add(&new_key()?)?);
        } else if let Some(keys) = source.load()? {
            let in_use = self.inner.store.meta(META).await?;
            let wrapped = self.inner.store.wrapping_keys().await?;
            let is_new =
                in_use.as_ref() != Some(&keys.current().id) || wrapped.iter().any(|id| *id != keys.current().id);
            if !is_new && !deep {
                return Err(super::MasterKeyError::NothingNew { place: source.to_string() }.into());
            }
            self.set_master(keys);
        }
        let mut rotated = Rotated { key_id: self.master().current().id.clone(), ..Rotated::default() };
        self.rewrap(&mut rotated).await?;
        let fact = Fact::new(AuditAction::VaultRotated, "master_key").on(&rotated.key_id);
        let fact = fact.with("dataKeys", rotated.data_keys).with("deep", deep);
        self.inner.store.put_meta(META, &rotated.key_id, fact).await?;
        if deep {
            self.reseal(&mut rotated).await?;
        }
        tracing::info!(event = "vault.rotated", ?rotated, deep);
        Ok(rotated)
    }

    async fn rewrap(&self, rotated: &mut Rotated) -> Result<(), VaultError> {
        let keys = self.master();
        let mut after = String::new();
        loop {
            let rows = self.inner.store.data_keys_under_others(&keys.current().id, &after).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after.clone_from(&last.id);
            for row in rows {
                let master = keys.get(&row.kek_id).ok_or_else(|| super::MasterKeyError::Wrong {
                    place: self.inner.source.to_string(),
                    wanted: row.kek_id.clone(),
                    found: keys.ids(),
                })?;
                let key = row.unwrap_with(master)?;
                let new = DataKeyRow::wrap(row.id.clone(), row.user, &key, keys.current())?;
                rotated.data_keys += u64::from(self.inner.store.rewrap_data_key(&row.kek_id, &new).await?);
            }
        }
    }

    #[boxed]
    async fn reseal(&self, rotated: &mut Rotated) -> Result<(), VaultError> {
        let store = &self.inner.store;
        store.retire_data_keys().await?;
        self.inner.data.forget_current();
        for table in [KeptIn::Credentials, KeptIn::RunEnv] {
            let mut after = (String::new(), String::new());
            loop {
                let rows = store.sealed_under_retired(table, &after).await?;
                let Some(last) = rows.last() else { break };
                after.clone_from(&last.0);
                for ((key, name), place, sealed) in rows {
                    match self.sealed_anew(&place, &sealed).await {
                        Ok(new) => {
                            rotated.values += u64::from(store.reseal(table, (&key, &name), &sealed, &new).await?);
                        }
                        Err(VaultError::Unreadable) => {
                            tracing::error!(event = "vault.unreadable", table = ?table, name, "left as it was");
                            rotated.unreadable += 1;
                        }
                        Err(error) => return Err(error),
                    }
                }
            }
        }
        store.delete_unused_data_keys(Timestamp::now().0 - UNUSED_MILLIS).await?;
        Ok(())
    }

    async fn sealed_anew(&self, place: &CredentialPlace, sealed: &Sealed) -> Result<Sealed, VaultError> {
        self.seal(place, &self.open(place, sealed).await?).await
    }
}
