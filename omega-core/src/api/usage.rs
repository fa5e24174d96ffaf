//! What model calls took.

use serde::{Deserialize, Serialize};

/// Tokens of one or several model calls, as the provider reports them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Usage {
    /// Tokens of the prompt.
    pub input_tokens: u64,
    /// Tokens of the answer.
    pub output_tokens: u64,
    /// Part of the prompt that came from the provider's cache.
    pub cached_input_tokens: u64,
    /// Part of the prompt that was written to the provider's cache, where that has a price of its own.
    pub cache_write_tokens: u64,
    /// Part of the answer that was reasoning.
    pub reasoning_tokens: u64,
    /// What it cost, in millionths of a US dollar, where the model's price is known.
    pub cost_micros: u64,
    /// Tokens of models whose price is not known: what they cost is not in it.
    pub unpriced_tokens: u64,
}

impl Usage {
    /// These, unless nothing was taken.
    #[must_use]
    pub fn taken(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

impl std::ops::AddAssign for Usage {
    /// What a provider or a document says is any number: a sum that can't be told stays at the largest.
    fn add_assign(&mut self, other: Self) {
        let more = |to: &mut u64, by: u64| *to = to.saturating_add(by);
        more(&mut self.input_tokens, other.input_tokens);
        more(&mut self.output_tokens, other.output_tokens);
        more(&mut self.cached_input_tokens, other.cached_input_tokens);
        more(&mut self.cache_write_tokens, other.cache_write_tokens);
        more(&mut self.reasoning_tokens, other.reasoning_tokens);
        more(&mut self.cost_micros, other.cost_micros);
        more(&mut self.unpriced_tokens, other.unpriced_tokens);
    }
}

impl std::ops::Add for Usage {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl std::ops::SubAssign for Usage {
    fn sub_assign(&mut self, other: Self) {
        let less = |from: &mut u64, by: u64| *from = from.saturating_sub(by);
        less(&mut self.input_tokens, other.input_tokens);
        less(&mut self.output_tokens, other.output_tokens);
        less(&mut self.cached_input_tokens, other.cached_input_tokens);
        less(&mut self.cache_write_tokens, other.cache_write_tokens);
        less(&mut self.reasoning_tokens, other.reasoning_tokens);
        less(&mut self.cost_micros, other.cost_micros);
        less(&mut self.unpriced_tokens, other.unpriced_tokens);
    }
}
