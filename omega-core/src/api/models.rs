//! Which models the caller can use.

use super::Payer;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `GET /models`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Models {
    /// What answers when nobody chose.
    pub default: String,
    /// Why that one.
    pub default_reason: String,
    /// The providers.
    pub providers: Vec<Provider>,
    /// What those of their models cost whose price is known, by `provider/model`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub prices: BTreeMap<String, Price>,
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
    /// Whose key pays for its models; missing where it needs none, or there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_by: Option<Payer>,
    /// Why not, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Models worth naming, and those that the provider listed last; any other name of the provider works too.
    pub models: Vec<String>,
    /// How old the provider's own list is, in seconds; missing when it gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed_seconds_ago: Option<u64>,
}

/// Prices of a model, in US dollars for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Price {
    /// The prompt.
    pub input: f64,
    /// What of the prompt came from the provider's cache; as the rest when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<f64>,
    /// What of the prompt was written to the provider's cache; as the rest when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<f64>,
    /// The answer, reasoning included.
    pub output: f64,
    /// Of requests with longer prompts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub long: Option<LongPrice>,
}

/// Prices of requests with long prompts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LongPrice {
    /// Tokens of the prompt above which they hold.
    pub over: u64,
    /// The prompt.
    pub input: f64,
    /// What of it came from the cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<f64>,
    /// The answer.
    pub output: f64,
}
