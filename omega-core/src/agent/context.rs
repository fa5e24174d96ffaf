//! What the model gets to see of a conversation: the full history, without summaries (PRD 12), in a form that every
//! provider accepts. It only grows at its end, so that all of it that was sent before comes from a provider's cache: when a
//! message was sent and the plan that its run follows stand behind the message, and what the model is told of its own doing
//! stands in the last result before its next answer. Neither is in the prompt, which would be another one each time.

use super::{
    Earlier, Exchange, brings_tools,
    names::ToolSet,
    planning, references,
    result::{self, View},
    told::Notes,
};
use crate::model::{
    ToolCall, ToolResult, Turn,
    frame::{planned, stamp, whole, with_own},
};

/// The turns of the exchanges of a conversation, from the first that is not `earlier`. Every call is followed by exactly one result; a step without
/// text and calls is left out. A search's result says which of the tools became callable by it.
#[must_use]
pub fn turns<'e>(
    exchanges: impl Iterator<Item = &'e Exchange>,
    earlier: Earlier,
    view: View,
    tools: &ToolSet,
    notes: &Notes,
) -> Vec<Turn> {
    let (mut turns, mut number_of_call) = (Vec::new(), earlier.calls);
    for (message, exchange) in exchanges.enumerate() {
        if exchange.replaced {
            number_of_call += exchange.steps.iter().map(|step| step.calls.len()).sum::<usize>();
            continue;
        }
        let plan = exchange.plan.as_ref().map(|plan| planned(&planning::section(plan))).unwrap_or_default();
        let stamp = exchange.at.map(|at| stamp(at, &exchange.zone)).unwrap_or_default();
        let user = match (&exchange.data, view) {
            (Some(data), View::Whole) => whole(&exchange.user, data),
            (Some(_) | None, View::Whole | View::Brief) => exchange.user.clone(),
        };
        turns.push(Turn::User { text: format!("{user}{plan}{stamp}") });
        for (number, step) in exchange.steps.iter().enumerate() {
            if step.text.is_empty() && step.calls.is_empty() {
                continue;
            }
            turns.push(Turn::Assistant {
                text: step.text.clone(),
                calls: step.calls.clone(),
                provider_state: step.provider_state.clone(),
            });
            if !step.calls.is_empty() {
                let mut result = |call: &ToolCall| {
                    number_of_call += 1;
                    let handle = references::handle(number_of_call);
                    let at = step.tool_runs.iter().position(|run| run.tool_call_id == call.id);
                    let run = at.map(|at| &step.tool_runs[at]);
                    let loads = at.filter(|at| brings_tools(&step.tool_runs[*at]));
                    let loads = loads.map(|at| tools.loaded_by((message, number, at))).unwrap_or_default();
                    ToolResult { loads, ..result::for_model(call, run, &step.chosen, view, &handle) }
                };
                let mut results: Vec<ToolResult> = step.calls.iter().map(&mut result).collect();
                if let (Some(note), Some(last)) = (notes.get(&(message, number)), results.last_mut()) {
                    last.content = with_own(std::mem::take(&mut last.content), "note", &note.as_str().into());
                }
                turns.push(Turn::Tools { results });
            }
        }
    }
    turns
}
