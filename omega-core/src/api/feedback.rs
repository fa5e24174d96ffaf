//! Feedback: what people say of an answer (O7).

use super::{Author, Timestamp};
use crate::id::{RunId, UserId};
use serde::{Deserialize, Serialize};

/// Whether an answer was any good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Rating {
    /// It did what was asked.
    Good,
    /// It did not.
    Bad,
}

impl Rating {
    /// The name as stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
        }
    }
}

/// `PUT /runs/:id/feedback`: replaces what the caller said of this answer before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GiveFeedback {
    /// Good or bad.
    pub rating: Rating,
    /// Whether it felt like a real agent; missing for no opinion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub felt_real: Option<bool>,
    /// What else there is to say, at most 4 KiB; an empty one is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// What one person says of one run's answer. Everybody in the conversation sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Feedback {
    /// The run whose answer it is about.
    pub run_id: RunId,
    /// Who says it.
    pub author: Author,
    /// Good or bad.
    pub rating: Rating,
    /// Whether it felt like a real agent; missing for no opinion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub felt_real: Option<bool>,
    /// What else they say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// When it was said last.
    pub at: Timestamp,
}

impl Feedback {
    /// Puts it among what was said of the same answer: each person's newest word alone, in the order in which they came.
    pub fn put_into(self, said: &mut Vec<Self>) {
        Self::take_out(said, self.author.user_id);
        said.push(self);
    }

    /// Takes out what a person said.
    pub fn take_out(said: &mut Vec<Self>, by: UserId) {
        said.retain(|known| known.author.user_id != by);
    }
}
