//! Why a model stopped.

use serde::{Deserialize, Serialize};

/// Why the model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// It was done.
    Stop,
    /// The cap of tokens was reached.
    Length,
    /// It wants tools to be called.
    ToolCalls,
    /// The provider's filter stepped in.
    ContentFilter,
    /// The model declined to answer.
    Refusal,
    /// The provider failed in the middle.
    Error,
    /// A reason that this list does not know.
    #[serde(other)]
    Other,
}

impl FinishReason {
    /// The name as stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::ContentFilter => "content_filter",
            Self::Refusal => "refusal",
            Self::Error => "error",
            Self::Other => "other",
        }
    }

    /// Why an answer that ended so is not all that was asked for, in words; `None` for an end by the model's own will.
    #[must_use]
    pub fn shortfall(self) -> Option<&'static str> {
        Some(match self {
            Self::Length => "the answer was cut at a limit of length",
            Self::ContentFilter => "the provider's content filter cut the answer",
            Self::Refusal => "the answer is a refusal",
            Self::Error => "the provider failed in the middle of the answer",
            Self::Stop | Self::ToolCalls | Self::Other => return None,
        })
    }
}
