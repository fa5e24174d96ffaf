//! What the model gets to see of a conversation: the full history, without summaries (PRD 12), in a form that every
//! provider accepts. It only grows at its end: when a message was sent stands behind the message, and not in the prompt, which
//! would be another one every minute.

use super::{
    Exchange,
    names::ToolSet,
    result::{self, View},
    search_output,
};
use crate::{
    api::Timestamp,
    model::{ToolCall, ToolResult, Turn},
};

/// The turns of the exchanges of a conversation, from its first. Every call is followed by exactly one result; a step without
/// text and calls is left out. A search's result says which of the tools became callable by it.
#[must_use]
pub fn turns<'e>(exchanges: impl Iterator<Item = &'e Exchange>, view: View, tools: &ToolSet) -> Vec<Turn> {
    let mut turns = Vec::new();
    for (message, exchange) in exchanges.enumerate() {
        let stamp = exchange.at.map(|at| stamp(at, &exchange.zone)).unwrap_or_default();
        turns.push(Turn::User { text: format!("{}{stamp}", exchange.user) });
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
                let result = |call: &ToolCall| {
                    let at = step.tool_runs.iter().position(|run| run.tool_call_id == call.id);
                    let run = at.map(|at| &step.tool_runs[at]);
                    let loads = at.filter(|at| search_output(&step.tool_runs[*at]).is_some());
                    let loads = loads.map(|at| tools.loaded_by((message, number, at))).unwrap_or_default();
                    ToolResult { loads, ..result::for_model(call, run, &step.chosen, view) }
                };
                let results = step.calls.iter().map(result).collect();
                turns.push(Turn::Tools { results });
            }
        }
    }
    turns
}

const STAMP: &str = "\n\n[omega: sent on ";
const DAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];

/// When a message was sent, as it stands behind it.
fn stamp(at: Timestamp, zone: &str) -> String {
    let day = usize::try_from(at.0.div_euclid(86_400_000).rem_euclid(7)).unwrap_or_default();
    let (date, time) = (at.to_string(), at.to_string());
    let (date, time) = (date.get(..10).unwrap_or_default(), time.get(11..16).unwrap_or_default());
    let zone = if zone.is_empty() { String::new() } else { format!("; the time zone here is {zone}") };
    format!("{STAMP}{} {date} at {time} UTC{zone}]", DAYS[day])
}

/// A message without what [`turns`] put behind it.
#[must_use]
pub fn unstamped(text: &str) -> &str {
    match text.rfind(STAMP) {
        Some(at) if text.ends_with(']') && !text[at + STAMP.len()..].contains('\n') => &text[..at],
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_behind_its_end_when_it_was_sent() {
        let stamped = |zone: &str| format!("hi{}", stamp(Timestamp(1_795_910_400_000), zone));
        assert_eq!(stamped(""), "hi\n\n[omega: sent on Sunday 2026-11-29 at 00:00 UTC]");
        assert_eq!(
            stamped("Europe/Rome"),
            "hi\n\n[omega: sent on Sunday 2026-11-29 at 00:00 UTC; the time zone here is Europe/Rome]"
        );
        for text in [stamped(""), stamped("Europe/Rome"), "hi".to_owned()] {
            assert_eq!(unstamped(&text), "hi");
        }
        assert_eq!(unstamped("x\n\n[omega: sent on\nno]"), "x\n\n[omega: sent on\nno]");
    }
}
