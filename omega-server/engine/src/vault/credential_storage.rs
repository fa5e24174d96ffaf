//! A credential in its place: sealed in the database, or in the keyring with a reference to it (`keyring.rs`).
//!
//! The promises: where there is no keyring, a key that would go there is sealed in the database, and whoever stored it is told;
//! where there is one that is locked or silent, nothing is stored elsewhere than it was asked for. A key is never in neither
//! place, and at no end of this process does the keyring keep what nobody names: every value gets an account of its own, which
//! is noted in `keyring_leftovers` before it is written and until a credential names it, and again in the transaction that takes
//! that credential away. What is noted there is taken out of the keyring, now or at the next start. What is sealed is the
//! account: a row that is moved or changed does not open. A rotation seals it anew, and leaves the keyring as it is.

use super::{
    Vault, VaultError, hint,
    keyring::{KeyringError, Ring},
};
use crate::{
    domain::{
        boxed,
        sealed::{CredentialPlace, Scope, SealedCredential},
    },
    observe::known_secrets,
    process::failpoint::{self, Point},
};
use omega_core::{api::KeptIn, edition::Edition};
use secrecy::{ExposeSecret, SecretString};
use std::{collections::BTreeMap, sync::Arc};

impl Vault {
    /// Opens what is kept, wherever it is.
    ///
    /// # Errors
    /// See [`Vault::open`]; [`VaultError::Keyring`], which says what to do.
    #[boxed]
    pub async fn value(&self, kept: &SealedCredential) -> Result<SecretString, VaultError> {
        let value = self.open(&kept.place, &kept.sealed).await?;
        let Some(account) = &kept.account else { return Ok(value) };
        if value.expose_secret() != account {
            return Err(VaultError::Unreadable);
        }
        let name = &kept.place.name;
        let Some(ring) = self.ring.as_ref().filter(|ring| ring.owner == kept.place.user) else {
            return Err(VaultError::Keyring(format!(
                "is in a keyring that this server does not use; store it again (`omega keys set {name}`)"
            )));
        };
        match ring.load(account).await {
            Ok(Some(value)) => {
                known_secrets::note(name, &value);
                Ok(value)
            }
            Ok(None) => Err(VaultError::Keyring(format!(
                "is not in the keyring of this system any more; store it again (`omega keys set {name}`)"
            ))),
            Err(error) => Err(VaultError::Keyring(format!("is {}", advice(name, &error)))),
        }
    }

    /// Keeps a credential where it belongs, or where its owner wants it. Says why it is in the database alone where the
    /// keyring would be its place.
    ///
    /// # Errors
    /// As when it is sealed; [`VaultError::Keyring`] when it was to go into a keyring that does not take it: then what was
    /// stored before is as it was.
    pub async fn keep(
        &self,
        place: &CredentialPlace,
        value: &SecretString,
        given: &Edition,
        wish: Option<KeptIn>,
    ) -> Result<Option<String>, VaultError> {
        let Some(ring) = self.ring_of(place, wish)? else {
            return self.seal_away(place, value, given).await.map(|()| None);
        };
        let (vault, place, value) = (self.clone(), place.clone(), value.clone());
        let wish = wish.or(ring.choice);
        // To its end, though nobody may wait for it any more: the keyring can't be told to stop.
        let kept = tokio::spawn(async move {
            let _changing = ring.changing.lock().await;
            let kept = vault.keep_beside(&ring, &place, &value, wish).await;
            vault.sweep(&ring).await;
            kept
        });
        kept.await.unwrap_or_else(|error| Err(VaultError::Keyring(error.to_string())))
    }

    async fn keep_beside(
        &self,
        ring: &Ring,
        place: &CredentialPlace,
        value: &SecretString,
        wish: Option<KeptIn>,
    ) -> Result<Option<String>, VaultError> {
        let because = match wish {
            Some(KeptIn::Vault) => None,
            Some(KeptIn::Keyring) | None => match (self.add(ring, place, value).await?, wish) {
                (Ok(()), _) => return Ok(None),
                (Err(KeyringError::Absent(why)), None) => Some(why),
                (Err(error), _) => {
                    let advice = advice(&place.name, &error);
                    return Err(VaultError::Keyring(format!("{} can't be put {advice}", place.name)));
                }
            },
        };
        self.seal_away(place, value, &Edition::default()).await?;
        Ok(because)
    }

    async fn seal_away(
        &self,
        place: &CredentialPlace,
        value: &SecretString,
        given: &Edition,
    ) -> Result<(), VaultError> {
        let sealed = self.seal(place, value).await?;
        Ok(self.inner.store.put_credential(place, &sealed, hint(value).as_deref(), given).await?)
    }

    /// Deletes a credential. It is used for nothing any more from then on; says so where the keyring keeps it yet.
    ///
    /// # Errors
    /// As the database's.
    #[boxed]
    pub async fn forget(&self, place: &CredentialPlace) -> Result<Option<String>, VaultError> {
        let store = &self.inner.store;
        let ring = self.ring_of(place, None)?;
        let _changing = match &ring {
            Some(ring) => Some(ring.changing.lock().await),
            None => None,
        };
        let kept = store.credential(place.user, place.scope, &place.of, &place.name).await?;
        store.delete_credential(place.user, place.scope, &place.of, &place.name).await?;
        let (Some(ring), Some(account)) = (&ring, kept.and_then(|kept| kept.account)) else { return Ok(None) };
        Ok(self.sweep(ring).await.remove(&account).map(|why| {
            format!(
                "{} is deleted and pays for nothing any more, but the keyring of this system still has its value: {why}. It is \
                 taken out by itself once the keyring answers, at the latest with the next start",
                place.name
            )
        }))
    }

    /// Takes out of the keyring what no credential names.
    pub async fn tidy(&self) {
        if let Some(ring) = &self.ring {
            let _changing = ring.changing.lock().await;
            self.sweep(ring).await;
        }
    }

    /// The same, by who may change the keyring. Gives the accounts that are left there, and why.
    async fn sweep(&self, ring: &Ring) -> BTreeMap<String, String> {
        let store = &self.inner.store;
        let leftovers = store.leftovers().await.unwrap_or_else(|error| {
            tracing::warn!(event = "keyring.not_tidied", %error);
            Vec::new()
        });
        let mut left = BTreeMap::new();
        for account in leftovers {
            match ring.remove(&account).await {
                Ok(()) => {
                    if let Err(error) = store.forget_leftover(&account).await {
                        tracing::warn!(event = "keyring.not_tidied", %error);
                    }
                }
                Err(error) => drop(left.insert(account, error.to_string())),
            }
        }
        if let Some(why) = left.values().next() {
            tracing::warn!(event = "keyring.not_tidied", accounts = left.len(), why);
        }
        left
    }

    /// Noted, written, named: in this order, so that whatever is in the keyring is found again.
    async fn add(
        &self,
        ring: &Ring,
        place: &CredentialPlace,
        value: &SecretString,
    ) -> Result<Result<(), KeyringError>, VaultError> {
        known_secrets::note(&place.name, value);
        let store = &self.inner.store;
        let account = format!("provider-key {} {}", place.name, uuid::Uuid::new_v4().simple());
        store.note_leftover(&account).await?;
        failpoint::effect(Point::KeyringNoted).await;
        let stored = ring.store(&account, value).await;
        failpoint::effect(Point::KeyringWritten).await;
        match &stored {
            Ok(()) => {
                let sealed = self.seal(place, &SecretString::from(account.as_str())).await?;
                store.put_reference(place, (&sealed, &account), hint(value).as_deref()).await?;
            }
            // Nothing can have been put where there is none.
            Err(KeyringError::Absent(_)) => store.forget_leftover(&account).await?,
            Err(KeyringError::Refused(_)) => {}
        }
        failpoint::effect(Point::KeyringNamed).await;
        Ok(stored)
    }

    /// The keyring that a credential may be in.
    fn ring_of(&self, place: &CredentialPlace, wish: Option<KeptIn>) -> Result<Option<Arc<Ring>>, VaultError> {
        let of_models = place.scope == Scope::Model;
        let ring = self.ring.as_ref().filter(|ring| of_models && ring.owner == place.user);
        if ring.is_some() || wish != Some(KeptIn::Keyring) {
            return Ok(ring.cloned());
        }
        let why = match of_models {
            true => "only your own local server, with its own SQLite database, uses your keyring",
            false => "only keys of model providers that are for models are kept there",
        };
        Err(VaultError::Unfit(format!(
            "{} can't be put into the keyring: {why}; leave `--in keyring` away",
            place.name
        )))
    }
}

/// What to do about a keyring, after "is" or "can't be put".
fn advice(name: &str, error: &KeyringError) -> String {
    let vault = format!("or store it in the vault (`omega keys set {name} --in vault`)");
    match error {
        KeyringError::Absent(why) => format!(
            "in the keyring of this system, and this server reaches none ({why}): start it where you are signed in with your \
             keyring, {vault}"
        ),
        KeyringError::Refused(why) => {
            format!(
                "in the keyring of this system, which does not work: {why}. Unlock it and try again (if it was started anew \
                 meanwhile, start this server anew, too), {vault}"
            )
        }
    }
}
