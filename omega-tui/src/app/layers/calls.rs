//! All calls of the conversation, the newest first: enter reads one, tab stops one that works.

use super::{
    Handled, Picker, Viewer,
    picker::{Choice, Source},
};
use crate::{
    app::{App, Effect},
    fuzzy,
    numbers::seconds,
    output::came,
    transcript::{asked_of, label, took},
};
use omega_core::{
    api::{ToolRun, ToolRunStatus},
    id::ToolRunId,
};

#[derive(Debug, Default)]
pub struct Calls {
    shown: Vec<ToolRunId>,
}

impl App {
    pub(in crate::app) fn open_calls(&mut self) -> Vec<Effect> {
        Picker::open(Calls::default(), "", self)
    }
}

fn sign(status: ToolRunStatus) -> &'static str {
    match status {
        ToolRunStatus::Succeeded => "✓",
        ToolRunStatus::Failed | ToolRunStatus::TimedOut => "✗",
        ToolRunStatus::Cancelled | ToolRunStatus::Skipped | ToolRunStatus::Denied => "■",
        ToolRunStatus::Unknown => "?",
        ToolRunStatus::AwaitingApproval | ToolRunStatus::AwaitingCredentials => "‖",
        ToolRunStatus::Proposed | ToolRunStatus::Started => "●",
    }
}

fn words(call: &ToolRun) -> String {
    format!("{} {} {}", sign(call.status), label(call), asked_of(call))
}

fn choice(call: &ToolRun, app: &App) -> Choice {
    let took = took(call, app.now).map(seconds).unwrap_or_default();
    let fate = match &call.error {
        Some(error) => format!("{}: {}", error.code.as_str(), error.message),
        None => came(call),
    };
    let about = if fate.is_empty() { call.status.as_str().to_owned() } else { fate };
    Choice { name: words(call), value: took, about, ..Choice::default() }
}

impl Source for Calls {
    fn title(&self) -> &'static str {
        "calls"
    }

    fn words(&self) -> &'static str {
        "which one?"
    }

    fn list(&mut self, typed: &str, app: &App) -> Vec<Choice> {
        let fitting = fuzzy::best(typed, app.here.view.tool_runs.iter().rev(), |call| words(call));
        self.shown = fitting.iter().map(|call| call.id).collect();
        fitting.into_iter().map(|call| choice(call, app)).collect()
    }

    fn follows(&self) -> bool {
        true
    }

    fn take(&mut self, at: usize, _typed: &str, app: &mut App) -> Handled {
        let Some(id) = self.shown.get(at).copied() else { return Handled::Ignored };
        Handled::Consumed(Viewer::open_call(app, id))
    }

    fn other(&mut self, at: usize, app: &mut App) -> Handled {
        Handled::Consumed(self.shown.get(at).map(|id| app.cancel_call(*id)).unwrap_or_default())
    }

    fn other_word(&self) -> Option<&'static str> {
        Some("stop it")
    }
}
