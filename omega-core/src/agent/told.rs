//! What the model is told of its own doing: that its budget is used up, or that it goes in circles.
//!
//! Told behind the step that it is true of, and for good: what was sent once stays the same, and comes from a provider's cache.

use super::{
    Step, prompt,
    repetition::{self, Circle},
};
use std::collections::BTreeMap;

/// How much a run may do for one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Tool calls.
    pub tool_calls: u32,
    /// Model calls that may ask for them.
    pub steps: u32,
}

impl Allowance {
    pub(super) fn is_spent(self, steps: &[Step]) -> bool {
        calls_of(steps) >= self.tool_calls as usize || steps.len() >= self.steps as usize
    }
}

/// The calls that steps asked for.
pub(super) fn calls_of(steps: &[Step]) -> usize {
    steps.iter().map(|step| step.calls.len()).sum()
}

/// What the model is told of its own doing, by the places of the message and of the step that it is told behind.
pub(super) type Notes = BTreeMap<(usize, usize), String>;

/// What the model is told with the results of the last of these steps: that its budget is used up, or that it goes in
/// circles. It stays there, so that what was sent once stays the same; and it is said in a result because that is the one place
/// behind the history that every provider takes: Mistral refuses a user's turn behind results, and some versions of Gemini one
/// with text and results.
pub(super) fn told_behind(steps: &[Step], allowance: Option<Allowance>) -> Option<String> {
    if !steps.last()?.tool_runs.iter().all(|run| run.status.is_terminal()) {
        return None;
    }
    if allowance.is_some_and(|allowance| allowance.is_spent(steps)) {
        return Some(prompt::CLOSING.to_owned());
    }
    match repetition::in_steps(steps) {
        Circle::Told(words) => Some(format!("{words}.")),
        Circle::None | Circle::Ended(_) => None,
    }
}
