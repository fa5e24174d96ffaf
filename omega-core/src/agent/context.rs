//! What the model gets to see of a conversation: the full history, without summaries (PRD 12), in a form that every
//! provider accepts.

use super::{Exchange, result};
use crate::model::Turn;

/// The turns of some exchanges. Every call is followed by exactly one result; a step without text and calls is left out.
#[must_use]
pub fn turns(exchanges: &[Exchange]) -> Vec<Turn> {
    let mut turns = Vec::new();
    for exchange in exchanges {
        turns.push(Turn::User { text: exchange.user.clone() });
        for step in &exchange.steps {
            if step.text.is_empty() && step.calls.is_empty() {
                continue;
            }
            turns.push(Turn::Assistant {
                text: step.text.clone(),
                calls: step.calls.clone(),
                provider_state: step.provider_state.clone(),
            });
            if !step.calls.is_empty() {
                let results = step
                    .calls
                    .iter()
                    .map(|call| {
                        let run = step.tool_runs.iter().find(|run| run.tool_call_id == call.id);
                        result::for_model(call, run, &step.chosen)
                    })
                    .collect();
                turns.push(Turn::Tools { results });
            }
        }
    }
    turns
}
