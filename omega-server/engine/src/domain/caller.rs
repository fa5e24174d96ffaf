//! Who makes a request, and how they proved who they are.

use omega_core::{
    api::Author,
    id::{KeyId, UserId},
};
use sha2::{Digest, Sha256};

/// Who makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub user: UserId,
    /// The name to show.
    pub display_name: String,
    /// SHA-256 of the e-mail, or empty.
    pub gravatar_hash: String,
    /// Whether they administer the server.
    pub is_admin: bool,
    /// How they proved who they are.
    pub via: Via,
}

/// How a caller proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// A browser's session, by the hash of its token.
    Session(TokenHash),
    /// The code of a sign-in link; a session comes next.
    Code,
    /// An API key of this server.
    Key(KeyId),
    /// An API key that another platform vouches for.
    Vouched,
}

impl Caller {
    /// Whether it is a browser's session.
    pub fn is_session(&self) -> bool {
        matches!(self.via, Via::Session(_))
    }

    /// The API key of this server, if it is one.
    pub fn key(&self) -> Option<KeyId> {
        match self.via {
            Via::Key(key) => Some(key),
            Via::Session(_) | Via::Code | Via::Vouched => None,
        }
    }

    /// As the author of a message.
    pub fn author(&self) -> Author {
        Author {
            user_id: self.user,
            display_name: self.display_name.clone(),
            gravatar_hash: self.gravatar_hash.clone(),
        }
    }
}

/// What is kept of a session's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of a token.
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    pub(crate) fn bytes(self) -> Vec<u8> {
        self.0.to_vec()
    }
}
