//! System prompts: the default one, what a user makes of it, and what a run had.

use super::Timestamp;
use serde::{Deserialize, Serialize};

/// What a user's own text is to the default prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum PromptMode {
    /// It comes after the default.
    #[default]
    Extend,
    /// It comes in the default's place. What tools and their outputs are, and how credentials work, is still told.
    Override,
}

/// A user's own prompt, for runs in the conversations that they own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CustomPrompt {
    /// What it is to the default.
    #[serde(default)]
    pub mode: PromptMode,
    /// The text, at most 16,384 bytes. An empty one is none.
    pub text: String,
}

/// `GET` and `PUT /settings/prompt`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PromptSettings {
    /// What the user's own text is to the default.
    pub mode: PromptMode,
    /// The user's own text; empty when there is none.
    pub text: String,
    /// The prompt that new runs get of it.
    pub effective: StoredPrompt,
    /// The default prompt.
    pub default: StoredPrompt,
}

/// A prompt as runs had it (`GET /prompts/:version`), without what a run adds: its pins and its plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StoredPrompt {
    /// Its name, `omega-6` for a default, and `omega-6+1f2e3d4c5b6a` or `custom+1f2e3d4c5b6a` for one with a user's text.
    pub version: String,
    /// SHA-256 of the body, in hex.
    pub sha256: String,
    /// The text.
    pub body: String,
    /// When it was first used; missing when it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
}
