//! Which models the caller can use.

use serde::{Deserialize, Serialize};

/// `GET /models`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Models {
    /// What answers when nobody chose.
    pub default: String,
    /// Why that one.
    pub default_reason: String,
    /// The providers.
    pub providers: Vec<Provider>,
}

/// A provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Provider {
    /// The prefix (`openai`).
    pub name: String,
    /// Whether it can be used now.
    pub available: bool,
    /// Why not, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Models worth naming; any other name of the provider works too.
    pub models: Vec<String>,
}
