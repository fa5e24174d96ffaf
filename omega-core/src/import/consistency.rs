//! Whether what a document's events make could have happened here: each thing once, and of something that is there.

use super::{ImportError, wrong};
use crate::{
    api::{MessageStatus, Role, RunStatus},
    event::{Envelope, Event},
    id::{MessageId, RunId, ToolRunId},
    view::View,
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// # Errors
/// What does not hold, and where.
pub(super) fn check(view: &View, events: &[Envelope], proposed: &BTreeMap<ToolRunId, u64>) -> Result<(), ImportError> {
    rows(view, proposed)?;
    known_answers(view, events)
}

/// What is said of answers is of runs that there are.
fn known_answers(view: &View, events: &[Envelope]) -> Result<(), ImportError> {
    let runs: HashSet<RunId> = view.runs.iter().map(|run| run.id).collect();
    let unknown = events.iter().position(
        |envelope| matches!(&envelope.event, Event::FeedbackGiven { feedback } if !runs.contains(&feedback.run_id)),
    );
    match unknown {
        Some(index) => wrong(format!("events.{index}"), "it is about the answer of a run that there is not"),
        None => Ok(()),
    }
}

/// What the tables demand of each other.
fn rows(view: &View, proposed: &BTreeMap<ToolRunId, u64>) -> Result<(), ImportError> {
    let runs: BTreeSet<String> = view.runs.iter().map(|run| run.id.to_string()).collect();
    let messages: HashMap<String, Option<String>> =
        view.messages.iter().map(|m| (m.id.to_string(), m.run_id.map(|run| run.to_string()))).collect();
    let asked: HashMap<MessageId, u64> =
        view.messages.iter().filter(|m| m.role == Role::User).map(|m| (m.id, m.seq)).collect();
    let mut seqs = BTreeSet::new();
    for message in &view.messages {
        let run = message.run_id.map(|run| run.to_string()).unwrap_or_default();
        if !runs.contains(&run) {
            return wrong("events", format!("message {} is of a run that there is not", message.id));
        }
        if message.seq == 0 || message.seq > view.last_seq || !seqs.insert(message.seq) {
            return wrong("events", format!("message {} has no place of its own", message.id));
        }
        if message.replaces.is_some_and(|before| asked.get(&before).is_none_or(|seq| *seq >= message.seq)) {
            return wrong("events", format!("message {} takes the place of none before it", message.id));
        }
        if message.status == MessageStatus::Streaming {
            return wrong("events", format!("message {} never ends", message.id));
        }
    }
    for run in &view.runs {
        if !matches!(run.status, RunStatus::Completed | RunStatus::Failed | RunStatus::Cancelled) {
            return wrong("events", format!("run {} never ends", run.id));
        }
        if messages.get(&run.message_id.to_string()).is_none_or(|of| *of != Some(run.id.to_string())) {
            return wrong("events", format!("run {} answers a message that there is not", run.id));
        }
    }
    let mut calls = BTreeSet::new();
    for tool in &view.tool_runs {
        let of_run = messages.get(&tool.message_id.to_string()).is_some_and(|of| *of == Some(tool.run_id.to_string()));
        if !of_run || !proposed.contains_key(&tool.id) {
            return wrong("events", format!("tool run {} is of a message that there is not", tool.id));
        }
        if !tool.status.is_terminal() || !calls.insert((tool.message_id, tool.tool_call_id.clone())) {
            return wrong("events", format!("tool run {} never ends, or is there twice", tool.id));
        }
    }
    let tools: BTreeSet<ToolRunId> = view.tool_runs.iter().map(|tool| tool.id).collect();
    let ids_once = tools.len() == view.tool_runs.len() && runs.len() == view.runs.len();
    if ids_once { Ok(()) } else { wrong("events", "an id is there twice") }
}
