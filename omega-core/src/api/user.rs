//! Users of one server.

use super::{CreatedKey, Timestamp};
use crate::id::UserId;
use serde::{Deserialize, Serialize};

/// `POST /users`, by an administrator.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateUser {
    /// The name to show: at most 64 characters, without control characters and changes of the writing direction.
    pub name: String,
    /// The e-mail address, for the picture. It never leaves the server: others get its hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// A user, without the e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The name to show.
    pub display_name: String,
    /// SHA-256 of the trimmed lower-case e-mail, or empty.
    pub gravatar_hash: String,
    /// Whether they administer this server.
    pub is_admin: bool,
    /// When they were made.
    pub created_at: Timestamp,
    /// When they were blocked; their keys and sessions ended then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<Timestamp>,
}

/// A new user and the first API key; the only time that the key is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CreatedUser {
    /// The user.
    pub user: User,
    /// The key.
    pub key: CreatedKey,
}
