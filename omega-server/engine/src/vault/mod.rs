//! The vault: secrets sealed for the place where they belong (`security.md` T11).
//!
//! The promises: a value opens only for the user, the scope, the tool or run and the name it was sealed for, with nothing of
//! it changed; the database alone, or a copy of it, gives nothing away; a wrong master key is found out at the start.
//!
//! How: envelope encryption, AES-256-GCM throughout. A master key from outside the database ([`MasterKeySource`]) wraps one
//! data key a user (table `data_keys`); a data key seals that user's values, each with a random 96-bit nonce, and its uses
//! are counted, so that a new one takes over long before nonces could meet. What a value belongs to goes in as associated
//! data. Deleting a user's data keys makes all values under them unreadable.

mod cipher;
mod credential_storage;
mod data_keys;
mod keyring;
mod master;
pub mod resolve;
mod rotate;

pub use keyring::{Keyring, KeyringError, OwnersKeyring};
pub use master::{MasterKeyError, MasterKeySource};

use crate::{
    domain::{
        boxed,
        sealed::{CredentialPlace, Sealed},
    },
    observe::known_secrets,
    store::{DataKeyRow, Store, StoreError},
};
use cipher::{Cipher, KEY, new_key};
use data_keys::DataKeys;
use master::{MasterKey, MasterKeys};
use omega_core::id::UserId;
use secrecy::{ExposeSecret, SecretString};
use std::sync::{Arc, PoisonError, RwLock};
use zeroize::Zeroizing;

/// Part of what every seal is bound to; another way of sealing gets another one.
const VALUE: &str = "omega secret 1";
const DATA_KEY: &str = "omega data key 1";
/// Where the database says which master key it is used with.
const META: &str = "kek";

/// The vault; clones share it.
#[derive(Clone)]
pub struct Vault {
    inner: Arc<Inner>,
    /// The keyring of its owner's machine, where there is one.
    ring: Option<Arc<keyring::Ring>>,
}

struct Inner {
    store: Store,
    source: MasterKeySource,
    master: RwLock<Arc<MasterKeys>>,
    data: DataKeys,
    /// One rotation at a time.
    rotating: tokio::sync::Mutex<()>,
}

/// What may be shown of a value: its last four characters, when it has at least twelve.
pub fn hint(value: &SecretString) -> Option<String> {
    let characters: Vec<char> = value.expose_secret().chars().collect();
    (characters.len() >= 12).then(|| characters[characters.len() - 4..].iter().collect())
}

/// Why a secret can't be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// It is not what was sealed there, or not with these keys.
    #[error("a stored secret can't be opened: it was changed, moved or sealed for something else; store it again")]
    Unreadable,
    /// Longer than the cipher takes (64 GiB).
    #[error("the secret is too long")]
    TooLarge,
    /// The keyring that has it, or should have it; it says what to do.
    #[error("{0}")]
    Keyring(String),
    /// No value for a keyring, or none that this server may use.
    #[error("{0}")]
    Unfit(String),
    #[error(transparent)]
    Master(#[from] MasterKeyError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the operating system gives no random numbers: {0}")]
    Random(getrandom::Error),
}

impl From<VaultError> for StoreError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Store(error) => error,
            VaultError::Master(error) => Self::Unavailable(error.to_string()),
            VaultError::Keyring(why) => Self::Overloaded(why),
            VaultError::Unfit(why) => Self::Unfit("keptIn", why),
            other => Self::Corrupt(other.to_string()),
        }
    }
}

impl Vault {
    /// Takes the master key of a database. An empty database gets one where Omega may make it; one that is in use is
    /// opened with its own key or not at all.
    ///
    /// # Errors
    /// [`MasterKeyError`], which says what to do, or the database's.
    pub async fn unlock(store: &Store, source: MasterKeySource) -> Result<Self, VaultError> {
        let wanted = store.meta(META).await?;
        let keys = match (source.load()?, &wanted) {
            (Some(keys), _) => keys,
            (None, Some(id)) => return Err(source.missing(&format!("the database needs key {id}")).into()),
            (None, None) => {
                let keys = source.add(&new_key()?)?;
                tracing::warn!(
                    event = "vault.key_made",
                    "a master key was made in {source}; stored credentials can't be read without it, so keep a copy away \
                     from the database"
                );
                keys
            }
        };
        // Of several nodes that meet an empty database at once, one says which key it is; the others must have the same.
        let wanted = match wanted {
            Some(id) => id,
            None => store.claim_meta(META, &keys.current().id).await?,
        };
        let mut needed = store.wrapping_keys().await?;
        needed.push(wanted);
        if let Some(unknown) = needed.into_iter().find(|id| keys.get(id).is_none()) {
            return Err(MasterKeyError::Wrong { place: source.to_string(), wanted: unknown, found: keys.ids() }.into());
        }
        let inner = Inner {
            store: store.clone(),
            source,
            master: RwLock::new(Arc::new(keys)),
            data: DataKeys::default(),
            rotating: tokio::sync::Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner), ring: None })
    }

    /// Seals a value for its place. Writes to the database now and then, so never call it inside a transaction.
    ///
    /// # Errors
    /// When the database can't write, or the master key went away.
    #[boxed]
    pub async fn seal(&self, place: &CredentialPlace, value: &SecretString) -> Result<Sealed, VaultError> {
        known_secrets::note(&place.name, value);
        let (dek_id, cipher) = self.sealing_key(place.user).await?;
        let (nonce, ciphertext) =
            place.with(&dek_id, |context| cipher.encrypt(value.expose_secret().as_bytes(), context))?;
        Ok(Sealed { dek_id, nonce, ciphertext })
    }

    /// Opens what was sealed for this place.
    ///
    /// # Errors
    /// [`VaultError::Unreadable`] when anything of it, or of the place, is another; the database's; the master key's.
    #[boxed]
    pub async fn open(&self, place: &CredentialPlace, sealed: &Sealed) -> Result<SecretString, VaultError> {
        let cipher = self.opening_key(place.user, &sealed.dek_id).await?;
        let plain = place
            .with(&sealed.dek_id, |context| cipher.decrypt(&sealed.nonce, &sealed.ciphertext, context))
            .ok_or(VaultError::Unreadable)?;
        let text = std::str::from_utf8(&plain).map_err(|_| VaultError::Unreadable)?;
        let value = SecretString::from(text);
        known_secrets::note(&place.name, &value);
        Ok(value)
    }

    fn master(&self) -> Arc<MasterKeys> {
        Arc::clone(&self.inner.master.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn set_master(&self, keys: MasterKeys) {
        *self.inner.master.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }

    /// Takes a data key out of its wrapping. A master key that is not known may have been added meanwhile (a rotation that
    /// another node made): the source is read again once.
    fn unwrap_key(&self, row: &DataKeyRow) -> Result<Cipher, VaultError> {
        let mut keys = self.master();
        if keys.get(&row.kek_id).is_none()
            && let Some(fresh) = self.inner.source.load()?
        {
            self.set_master(fresh);
            keys = self.master();
        }
        let Some(master) = keys.get(&row.kek_id) else {
            let place = self.inner.source.to_string();
            return Err(MasterKeyError::Wrong { place, wanted: row.kek_id.clone(), found: keys.ids() }.into());
        };
        Ok(Cipher::new(&*row.unwrap_with(master)?))
    }
}

impl DataKeyRow {
    fn wrap(id: String, user: UserId, key: &[u8; KEY], master: &MasterKey) -> Result<Self, VaultError> {
        let owner = user.to_string();
        let (nonce, wrapped) = Cipher::new(&master.bytes).encrypt(key, &[DATA_KEY, &owner, &id, &master.id])?;
        Ok(Self { id, user, kek_id: master.id.clone(), nonce, wrapped })
    }

    fn unwrap_with(&self, master: &MasterKey) -> Result<Zeroizing<[u8; KEY]>, VaultError> {
        let owner = self.user.to_string();
        let context = [DATA_KEY, &owner, &self.id, &self.kek_id];
        let plain = Cipher::new(&master.bytes).decrypt(&self.nonce, &self.wrapped, &context);
        let plain = plain.ok_or(VaultError::Unreadable)?;
        <[u8; KEY]>::try_from(plain.as_slice()).map(Zeroizing::new).map_err(|_| VaultError::Unreadable)
    }
}

impl CredentialPlace {
    fn with<T>(&self, dek_id: &str, use_it: impl FnOnce(&[&str]) -> T) -> T {
        let user = self.user.to_string();
        use_it(&[VALUE, &user, self.scope.as_str(), &self.of, &self.name, dek_id])
    }
}
