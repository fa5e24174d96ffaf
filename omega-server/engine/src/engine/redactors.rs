//! The secrets of users, runs and this server, as redactors.
//!
//! A redactor is made again only when what is kept is another: sealed values are random, so their digest says which they
//! are, on whichever node they were changed. Where this process is the only one, what is kept is not even read again before
//! it has changed something of it.

use crate::{
    domain::{boxed, sealed::SealedCredential},
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
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
};

/// Redactors that are kept ready.
const READY: usize = 64;
/// Conversations of which it is known whose redactor is theirs.
const KNOWN: usize = 8_192;

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
    /// Those of conversations, as of a version of all that is secret.
    known: Mutex<(u64, HashMap<ConversationId, Redactor>)>,
}

impl Redactors {
    pub fn new(store: Store, vault: Vault, own: OwnKeys) -> Self {
        Self { store, vault, own, ready: Mutex::default(), known: Mutex::default() }
    }

    #[boxed]
    pub async fn redactor(&self, owner: UserId, run: Option<RunId>) -> Result<Redactor> {
        let kept = self.kept(owner, run).await?;
        Ok(self.knowing(kept).await?.0)
    }

    /// The secrets themselves, by name.
    pub async fn of(&self, owner: UserId, run: Option<RunId>) -> Result<Vec<(String, SecretString)>> {
        let kept = self.kept(owner, run).await?;
        Ok(self.opened(kept).await?.1)
    }

    #[boxed]
    async fn kept(&self, owner: UserId, run: Option<RunId>) -> Result<Vec<SealedCredential>> {
        let mut kept = self.store.credentials_of(owner).await?;
        if let Some(run) = run {
            kept.extend(self.store.run_env(run).await?);
        }
        Ok(kept)
    }

    /// A redactor, and whether it will know the same tomorrow.
    async fn knowing(&self, kept: Vec<SealedCredential>) -> Result<(Redactor, bool)> {
        let fingerprint = fingerprint(&kept);
        if let Some(ready) = self.ready(&fingerprint) {
            return Ok((ready, true));
        }
        let (all, secrets) = self.opened(kept).await?;
        let redactor = Redactor::new(secrets.iter().map(|(name, value)| (name.as_str(), value)));
        if !all {
            return Ok((redactor, false));
        }
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if ready.len() >= READY {
            ready.pop_front();
        }
        ready.push_back((fingerprint, redactor.clone()));
        Ok((redactor, true))
    }

    fn known(&self, conversation: ConversationId, version: u64) -> Option<Redactor> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0 == version { known.1.get(&conversation).cloned() } else { None }
    }

    fn know(&self, conversation: ConversationId, version: u64, redactor: &Redactor) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0 < version || known.1.len() >= KNOWN {
            *known = (version.max(known.0), HashMap::new());
        }
        if known.0 == version {
            known.1.insert(conversation, redactor.clone());
        }
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
    #[boxed]
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
        // Before what is kept is read: what is changed meanwhile makes it old.
        let version = self.store.secrets_version();
        if let Some(known) = version.and_then(|version| self.known(conversation, version)) {
            return Ok(known);
        }
        // Of a conversation that is not there yet nobody knows whose secrets are to be kept out.
        let is_there = version.is_some() && self.store.owner_and_model(conversation).await.is_ok();
        let kept = self.store.secrets_of_conversation(conversation).await?;
        let (redactor, stays) = self.knowing(kept).await?;
        if let Some(version) = version.filter(|_| stays && is_there) {
            self.know(conversation, version, &redactor);
        }
        Ok(redactor)
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
