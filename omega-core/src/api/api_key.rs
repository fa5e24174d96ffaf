//! API keys and sessions.

use super::Timestamp;
use crate::id::{KeyId, UserId};
use serde::{Deserialize, Serialize};

/// `POST /keys`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateKey {
    /// What it is for.
    pub name: String,
}

/// A key, without the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ApiKey {
    /// Its id.
    pub id: KeyId,
    /// What it is for.
    pub name: String,
    /// Its first 16 characters.
    pub prefix: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

/// A new key; the only time that the key itself is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CreatedKey {
    /// `tpmjs_sk_` and 43 characters.
    pub key: String,
    /// Its record.
    #[serde(flatten)]
    pub record: ApiKey,
}

/// `POST /session`: signs a browser in, by an API key or by the code of a one-time link; exactly one of them.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignIn {
    /// An API key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
    /// The code of a one-time link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Ends the session of another user that this browser has. Without it such a browser is left as it is
    /// (`OTHER_SESSION`, and a code is not used up): a link may come from anybody, so a person has to wish for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replace: bool,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (by_key, by_code) = (self.api_key.is_some(), self.code.is_some());
        let mut shown = f.debug_struct("SignIn");
        shown.field("by_key", &by_key).field("by_code", &by_code).field("replace", &self.replace).finish()
    }
}

/// `POST /session/link`: a link that signs a browser in as the caller, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SignInLink {
    /// The page with the code after `#sign-in=`, where no server and no log sees it. The page sends the code to
    /// `POST /session` and takes it out of the address.
    pub url: String,
    /// The code. It holds for one sign-in; only its hash is kept.
    pub code: String,
    /// When it ends: five minutes after it was made.
    pub expires_at: Timestamp,
}

/// `PUT /profile`: how others see the caller. What is missing stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateProfile {
    /// The name to show: at most 64 characters, without control characters and changes of the writing direction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The e-mail address, for the picture; empty to forget it. It never leaves the server: others get its hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// `GET /session`: who the caller is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Whoami {
    /// The user.
    pub user_id: UserId,
    /// The name to show.
    pub display_name: String,
    /// SHA-256 of the trimmed lower-case e-mail, or empty.
    pub gravatar_hash: String,
    /// `session` or `api_key`.
    pub via: String,
    /// Whether the user administers this server.
    #[serde(default)]
    pub is_admin: bool,
}
