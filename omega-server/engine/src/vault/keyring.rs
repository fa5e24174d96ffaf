//! The keyring of the machine of a server's owner, where their own keys of model providers are kept (C9).
//!
//! Only a user's own server has one: it runs as that user, on their machine, and its runs go on when no client is there to
//! hand a key over. So their secret is where the system keeps secrets, unlocked when they sign in, and the database has a
//! reference to it. What is other people's, and what is for tools, stays sealed in the database: a keyring is no place for
//! somebody else's key. A database that other machines may use too (PostgreSQL) has no keyring: what lies in one machine's
//! is nowhere for the others.
//!
//! A value that the keyring gave or took is remembered until this process ends: its account never has another one, a run that
//! goes on overnight is not stopped by a keyring that is locked meanwhile, and what was read once is left out of every text.

use super::Vault;
use crate::store::Database;
use omega_core::{api::KeptIn, id::UserId};
use secrecy::SecretString;
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::task::spawn_blocking;

/// Why a keyring can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// There is none, and why.
    #[error("{0}")]
    Absent(String),
    /// It does not do what it is asked to, and why: it is locked, or says nothing.
    #[error("{0}")]
    Refused(String),
}

/// An operating system's keyring. Every call ends in a few seconds, whatever the keyring does.
pub trait Keyring: Send + Sync {
    /// What is kept under an account, `None` when nothing is.
    ///
    /// # Errors
    /// Why it can't be asked.
    fn load(&self, account: &str) -> Result<Option<SecretString>, KeyringError>;
    /// Keeps a secret under an account, instead of what was there.
    ///
    /// # Errors
    /// Why it may not be kept.
    fn store(&self, account: &str, secret: &SecretString) -> Result<(), KeyringError>;
    /// Forgets an account, if it is there.
    ///
    /// # Errors
    /// Why it may be there still.
    fn remove(&self, account: &str) -> Result<(), KeyringError>;
}

/// The keyring of a user's own server.
#[derive(Clone)]
pub struct OwnersKeyring {
    /// How to reach it.
    pub keyring: Arc<dyn Keyring>,
    /// Where new keys go; when nobody said, into the keyring where there is one.
    pub choice: Option<KeptIn>,
}

impl fmt::Debug for OwnersKeyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnersKeyring").field("choice", &self.choice).finish_non_exhaustive()
    }
}

/// A keyring and whose it is.
pub(super) struct Ring {
    keyring: Arc<dyn Keyring>,
    pub choice: Option<KeptIn>,
    pub owner: UserId,
    /// One change at a time: what is noted and not being written may be removed.
    pub changing: tokio::sync::Mutex<()>,
    /// What it gave or took, by account.
    values: Mutex<HashMap<String, SecretString>>,
}

impl Ring {
    pub async fn load(&self, account: &str) -> Result<Option<SecretString>, KeyringError> {
        if let Some(value) = self.values().get(account) {
            return Ok(Some(value.clone()));
        }
        let (keyring, asked_for) = (Arc::clone(&self.keyring), account.to_owned());
        let value = asked(move || keyring.load(&asked_for)).await?;
        self.values().extend(value.iter().map(|value| (account.to_owned(), value.clone())));
        Ok(value)
    }

    pub async fn store(&self, account: &str, value: &SecretString) -> Result<(), KeyringError> {
        let (keyring, key, secret) = (Arc::clone(&self.keyring), account.to_owned(), value.clone());
        asked(move || keyring.store(&key, &secret)).await?;
        self.values().insert(account.to_owned(), value.clone());
        Ok(())
    }

    pub async fn remove(&self, account: &str) -> Result<(), KeyringError> {
        self.values().remove(account);
        let (keyring, account) = (Arc::clone(&self.keyring), account.to_owned());
        asked(move || keyring.remove(&account)).await
    }

    fn values(&self) -> MutexGuard<'_, HashMap<String, SecretString>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn asked<T: Send + 'static>(
    ask: impl FnOnce() -> Result<T, KeyringError> + Send + 'static,
) -> Result<T, KeyringError> {
    spawn_blocking(ask).await.unwrap_or_else(|error| Err(KeyringError::Refused(error.to_string())))
}

impl Vault {
    /// The same vault, beside the keyring of this user.
    #[must_use]
    pub fn with_keyring(mut self, owner: UserId, ring: Option<OwnersKeyring>) -> Self {
        let alone = self.inner.store.database() == Database::Sqlite;
        self.ring = ring.filter(|_| alone).map(|OwnersKeyring { keyring, choice }| {
            Arc::new(Ring { keyring, choice, owner, changing: <_>::default(), values: <_>::default() })
        });
        self
    }
}
