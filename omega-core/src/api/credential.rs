//! Stored credentials and grants: what may be shown of them. A value goes in and never comes out.

use super::Timestamp;
use crate::id::ToolId;
use serde::{Deserialize, Serialize};

/// Who may use a stored credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum CredentialScope {
    /// Every tool that is granted it.
    Global,
    /// One tool.
    Tool,
    /// No tool: it is a model provider's key, and pays for the user's runs in place of the server's.
    Model,
}

/// Where a value is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum KeptIn {
    /// Sealed in the server's database.
    #[default]
    Vault,
    /// In the keyring of the user's machine, where the user's own server runs; the database has a reference.
    Keyring,
}

/// A stored credential, without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StoredCredential {
    /// The variable's name.
    pub name: String,
    /// Who may use it.
    pub scope: CredentialScope,
    /// The tool, for `tool`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_id: Option<ToolId>,
    /// The tool's version that it was given for: an older or a later major one asks first. Missing while none is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The last four characters, only of values of twelve or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last4: Option<String>,
    /// Where the value is.
    #[serde(default)]
    pub kept_in: KeptIn,
    /// Why it went into the vault and not into the keyring, where nobody wanted it so. Only said when it is stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// When it was first stored.
    pub created_at: Timestamp,
    /// When its value was last replaced.
    pub updated_at: Timestamp,
    /// When a tool last got it, or a model's provider.
    pub last_used_at: Option<Timestamp>,
}

/// A tool may have a credential that is stored for all tools.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StoredGrant {
    /// The credential.
    pub name: String,
    /// The tool.
    pub tool_id: ToolId,
    /// Who publishes the tool: the grant holds for this publisher's tools.
    pub publisher: String,
    /// The highest major version that it holds for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_major: Option<u64>,
    /// The version that it was given for: it holds for none before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// `request`, `approval` or `settings`.
    pub source: String,
    /// When.
    pub granted_at: Timestamp,
}

/// `PUT /settings/credentials/:name`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PutCredential {
    /// The value, 1 to 32,768 bytes. No answer shows it again.
    pub value: String,
    /// For this tool only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_id: Option<ToolId>,
    /// Who may use it. When missing: the tool, where there is a `toolId`; models, where the name is that of a model provider's
    /// key (`OPENAI_API_KEY`); else every tool that is granted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<CredentialScope>,
    /// Where to keep it: there or nowhere. When missing, a model provider's key goes where the settings of the user's own server
    /// say, or into the keyring where there is one; everything else is in the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_in: Option<KeptIn>,
}

impl std::fmt::Debug for PutCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PutCredential")
            .field("tool_id", &self.tool_id)
            .field("scope", &self.scope)
            .field("kept_in", &self.kept_in)
            .finish_non_exhaustive()
    }
}

/// A deletion that is done as far as it can be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Remains {
    /// What is left, and what happens to it.
    pub remains: String,
}

/// `POST /vault/rotate`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RotateVault {
    /// Seal every stored value anew under new data keys, too.
    pub deep: bool,
}

/// What a change of the master key did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Rotated {
    /// The current master key's name; nothing of the key.
    pub key_id: String,
    /// Data keys that were wrapped anew.
    pub data_keys: u64,
    /// Values that were sealed anew.
    pub values: u64,
    /// Values that could not be opened and are as they were.
    pub unreadable: u64,
}
