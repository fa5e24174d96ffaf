//! What enters the log is clean: the one place that makes it so (X1, `security.md` T12).
//!
//! The promise: whatever a [`LogTx`] writes of texts has passed the redactor of its conversation, which knows the owner's
//! stored credentials, the variables of the conversation's runs and the server's own keys. The event writer cleans every
//! event by the walk of `omega_core::texts`, which names each kind and each field; rows beside it are cleaned by the same walk
//! before they are written. What may be large is cleaned before its transaction begins, away from the runtime's threads, and
//! comes as [`Clean`], which nothing else makes.

use super::{Database, LogTx, Result, Store};
use crate::{domain::boxed, process::offload};
use async_trait::async_trait;
use omega_core::{
    budget::Size,
    id::ConversationId,
    redact::Redactor,
    texts::{Edit, Texts},
};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fmt,
    ops::Deref,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

/// Who knows the secrets that a log must not have.
#[async_trait]
pub trait KnowsSecrets: Send + Sync {
    /// Knows those of a conversation: its owner's, its runs', and the server's own.
    async fn of_conversation(&self, conversation: ConversationId) -> Result<Redactor>;
}

/// Tells a store whom to ask. Until somebody is there, a store goes by the look of secrets alone.
#[derive(Clone, Default)]
pub(super) struct SecretSource {
    who: Arc<OnceLock<Weak<dyn KnowsSecrets>>>,
    /// How often this process changed what is secret.
    changes: Arc<AtomicU64>,
}

impl SecretSource {
    /// Something that is secret was stored, or is stored no more.
    pub fn changed(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
    }
}

impl fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SecretSource").field(&self.who.get().is_some()).finish()
    }
}

/// A value whose texts hold no secret of its conversation.
#[derive(Debug, Clone)]
pub struct Clean<T>(T);

impl<T> Deref for Clean<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Clean<T> {
    /// A record made of the value, and of nothing else that somebody wrote.
    pub(super) fn map<R>(self, record: impl FnOnce(T) -> R) -> Clean<R> {
        Clean(record(self.0))
    }

    /// The value, to be shown.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T: Texts + Send + 'static> Clean<T> {
    /// Cleans a value of any size.
    pub async fn by(redactor: Redactor, mut value: T) -> Self {
        let mut length = Length(0);
        value.edit(&mut length);
        offload::run(length.0, move || {
            redactor.clean(&mut value);
            Self(value)
        })
        .await
    }
}

impl<A, B> Clean<(A, B)> {
    pub(super) fn split(self) -> (Clean<A>, Clean<B>) {
        (Clean(self.0.0), Clean(self.0.1))
    }
}

impl<T> Clean<Vec<T>> {
    pub(super) fn each(self) -> impl Iterator<Item = Clean<T>> {
        self.0.into_iter().map(Clean)
    }
}

impl Clean<String> {
    /// Cleans a message, and says the names of the secrets that were in it.
    pub(super) async fn telling(redactor: Redactor, text: String) -> (Self, BTreeSet<String>) {
        offload::run(text.len(), move || {
            let (text, names) = redactor.redact_telling(&text);
            (Self(text), names)
        })
        .await
    }
}

struct Length(usize);

impl Edit for Length {
    fn text(&mut self, text: &mut String) {
        self.0 += text.len();
    }

    fn words(&mut self, words: &mut String) {
        self.0 += words.len();
    }

    fn value(&mut self, value: &mut Value) {
        self.0 += Size::of(value).bytes;
    }
}

impl Store {
    /// Says who knows secrets, once. They are asked for as long as they live.
    pub fn ask_for_secrets(&self, who: Weak<dyn KnowsSecrets>) {
        // A second engine on one store has the same vault.
        let _ = self.secrets.who.set(who);
    }

    /// Stays the same as long as no credential, and no variable of a run, was stored or deleted. Nothing where another process may
    /// have done so.
    pub fn secrets_version(&self) -> Option<u64> {
        (self.database() == Database::Sqlite).then(|| self.secrets.changes.load(Ordering::Acquire))
    }

    /// Knows the secrets of a conversation. Not inside a transaction: it reads, and may open what is sealed.
    #[boxed]
    pub(crate) async fn redactor(&self, conversation: ConversationId) -> Result<Redactor> {
        match self.secrets.who.get().and_then(Weak::upgrade) {
            Some(who) => who.of_conversation(conversation).await,
            None => Ok(Redactor::default()),
        }
    }
}

impl LogTx {
    /// A small value without the conversation's secrets.
    pub(super) fn clean<T: Texts>(&self, mut value: T) -> Clean<T> {
        self.redactor.clean(&mut value);
        Clean(value)
    }

    /// Words for a line without them.
    pub(super) fn clean_words(&self, words: &str) -> String {
        self.redactor.clean_words(words)
    }
}
