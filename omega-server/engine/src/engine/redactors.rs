//! The secrets of users, runs and this server, as redactors.
//!
//! A redactor is made again only when what is kept is another: sealed values are random, so their digest says which they
//! are, on whichever node they were changed.

use crate::{
    domain::sealed::SealedCredential,
    store::{KnowsSecrets, Result, Store},
    vault::{Vault, VaultError},
};
use async_trait::async_trait;
use omega_core::{
    id::{ConversationId, RunId, UserId},
    redact::Redactor,
};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

/// Redactors that are kept ready.
const READY: usize = 64;

/// The server's own keys, by name: its providers', its executor's, its master key.
pub type OwnKeys = Vec<(String, SecretString)>;

type Fingerprint = [u8; 32];

/// Knows all secrets there are.
pub(crate) struct Redactors {
    store: Store,
    vault: Vault,
    own: OwnKeys,
    /// The ones used last at the end.
    ready: Mutex<VecDeque<(Fingerprint, Redactor)>>,
}

impl Redactors {
    pub fn new(store: Store, vault: Vault, own: OwnKeys) -> Self {
        Self { store, vault, own, ready: Mutex::default() }
    }

    pub async fn redactor(&self, owner: UserId, run: Option<RunId>) -> Result<Redactor> {
        let kept = self.kept(owner, run).await?;
        self.knowing(kept).await
    }

    /// The secrets themselves, by name.
    pub async fn of(&self, owner: UserId, run: Option<RunId>) -> Result<Vec<(String, SecretString)>> {
        let kept = self.kept(owner, run).await?;
        Ok(self.opened(kept).await?.1)
    }

    async fn kept(&self, owner: UserId, run: Option<RunId>) -> Result<Vec<SealedCredential>> {
        let mut kept = self.store.credentials_of(owner).await?;
        if let Some(run) = run {
            kept.extend(self.store.run_env(run).await?);
        }
        Ok(kept)
    }

    async fn knowing(&self, kept: Vec<SealedCredential>) -> Result<Redactor> {
        let fingerprint = fingerprint(&kept);
        if let Some(ready) = self.ready(&fingerprint) {
            return Ok(ready);
        }
        let (all, secrets) = self.opened(kept).await?;
        let redactor = Redactor::new(secrets.iter().map(|(name, value)| (name.as_str(), value)));
        if !all {
            return Ok(redactor);
        }
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if ready.len() >= READY {
            ready.pop_front();
        }
        ready.push_back((fingerprint, redactor.clone()));
        Ok(redactor)
    }

    fn ready(&self, fingerprint: &Fingerprint) -> Option<Redactor> {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let at = ready.iter().position(|(known, _)| known == fingerprint)?;
        let found = ready.remove(at)?;
        ready.push_back(found.clone());
        Some(found.1)
    }

    /// Whether these are all, and they. What people stored comes first: a value that is a server's too has the name that its
    /// owner gave it.
    async fn opened(&self, kept: Vec<SealedCredential>) -> Result<(bool, Vec<(String, SecretString)>)> {
        let mut all = true;
        let mut secrets = Vec::with_capacity(kept.len() + self.own.len());
        for kept in kept {
            match self.vault.value(&kept).await {
                Ok(value) => secrets.push((kept.place.name, value)),
                // No tool can have got it either.
                Err(VaultError::Unreadable) => tracing::warn!(event = "vault.unreadable", name = kept.place.name),
                // This process never had it, so no provider got it from here.
                Err(VaultError::Keyring(why)) => {
                    all = false;
                    tracing::warn!(event = "keyring.unreadable", name = kept.place.name, why);
                }
                Err(error) => return Err(error.into()),
            }
        }
        secrets.extend(self.own.iter().cloned());
        Ok((all, secrets))
    }
}

#[async_trait]
impl KnowsSecrets for Redactors {
    async fn of_conversation(&self, conversation: ConversationId) -> Result<Redactor> {
        let kept = self.store.secrets_of_conversation(conversation).await?;
        self.knowing(kept).await
    }
}

fn fingerprint(kept: &[SealedCredential]) -> Fingerprint {
    let mut all: Vec<_> =
        kept.iter().map(|kept| (&kept.place.name, &kept.sealed.nonce, &kept.sealed.ciphertext)).collect();
    all.sort();
    let mut digest = Sha256::new();
    for (name, nonce, ciphertext) in all {
        for part in [name.as_bytes(), nonce, ciphertext] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
    }
    digest.finalize().into()
}
