//! The line that tells a person what goes on: `⠹ 12 s · mathjs evaluate · 1204 tokens · Ctrl-C cancels`.

use super::activity;
use omega_core::{
    api::{MessageStatus, Part, RunStatus},
    id::RunId,
    view::View,
};
use std::time::{Duration, Instant};

/// Between two frames.
pub const FRAME: Duration = Duration::from_millis(80);

const MARKS: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// The mark and the words for a run that began then; with the attempt to get a lost connection back.
pub fn line(view: &View, run_id: RunId, began: Instant, lost: Option<u32>) -> (&'static str, String) {
    let took = began.elapsed();
    let frame = usize::try_from(took.as_millis() / FRAME.as_millis()).unwrap_or(0);
    let run = view.runs.iter().find(|run| run.id == run_id);
    let usage = run.map(|run| run.usage).unwrap_or_default();
    let tokens = match usage.input_tokens + usage.output_tokens {
        0 => String::new(),
        tokens => format!(" · {tokens} tokens"),
    };
    let what = match lost {
        Some(attempt) => format!("no connection to the server, attempt {attempt}"),
        None => what(view, run_id, run.map(|run| run.status)),
    };
    (MARKS[frame % MARKS.len()], format!("{} s · {what}{tokens} · Ctrl-C cancels", took.as_secs()))
}

fn what(view: &View, run_id: RunId, status: Option<RunStatus>) -> String {
    if status == Some(RunStatus::Queued) {
        return String::from("waiting for earlier messages");
    }
    let working = view.tool_runs.iter().filter(|run| run.run_id == run_id && !run.status.is_terminal());
    let names: Vec<String> = working.map(activity::name).collect();
    if let [first, others @ ..] = names.as_slice() {
        return match others.len() {
            0 => first.clone(),
            more => format!("{first} and {more} more"),
        };
    }
    let newest = view.messages.iter().rev().find(|message| message.run_id == Some(run_id));
    match newest.filter(|message| message.status == MessageStatus::Streaming).and_then(|message| message.parts.last()) {
        Some(Part::Text { .. }) => String::from("answering"),
        Some(Part::ToolCall { .. }) => String::from("calling a tool"),
        Some(Part::Reasoning { .. }) => String::from("thinking"),
        None => String::from("waiting for the model"),
    }
}
