//! Secrets as they are kept: sealed, each for the one place where it opens. What seals and opens them is the vault.

use omega_core::{
    api::Timestamp,
    edition::Edition,
    id::{RunId, UserId},
};
use std::fmt;

/// What a value is a value of. It opens for an equal place only.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CredentialPlace {
    pub user: UserId,
    /// Who may use it.
    pub scope: Scope,
    /// The tool's or the run's id; empty for [`Scope::Global`].
    pub of: String,
    pub name: String,
}

/// Who may use a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All tools that are granted it.
    Global,
    Tool,
    /// The tools of one run.
    Run,
    /// Providers of models, for the user's runs; no tool.
    Model,
}

impl Scope {
    /// As the database has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Tool => "tool",
            Self::Run => "run",
            Self::Model => "model",
        }
    }
}

/// A sealed value: what the database has of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    pub dek_id: String,
    /// 12 bytes.
    pub nonce: Vec<u8>,
    /// As long as the value, and 16 bytes.
    pub ciphertext: Vec<u8>,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealed").field("dek_id", &self.dek_id).finish_non_exhaustive()
    }
}

impl CredentialPlace {
    /// A place of a run's own variable.
    pub fn of_run(user: UserId, run: RunId, name: &str) -> Self {
        Self { user, scope: Scope::Run, of: run.to_string(), name: name.to_owned() }
    }
}

/// A sealed value, its place and what may be shown of it.
#[derive(Debug, Clone)]
pub struct SealedCredential {
    /// What it is a value of.
    pub place: CredentialPlace,
    pub sealed: Sealed,
    /// Its last four characters, of values of at least twelve.
    pub hint: Option<String>,
    /// The tool's edition that a credential of scope `tool` was given for; of no version where none is known.
    pub given: Edition,
    /// The account of the keyring that has the value; then what is sealed is this account.
    pub account: Option<String>,
    /// When it was first kept.
    pub created_at: Timestamp,
    /// When it was last replaced.
    pub updated_at: Timestamp,
    /// When a tool last got it.
    pub last_used_at: Option<Timestamp>,
}
