//! Where the things of a view stand, so that folding an event costs the same in a long conversation as in a short one.
//!
//! It follows what the fold itself does. What others put into the view (older pages) is noticed by the lists' lengths, and
//! everything is looked up anew.

use super::View;
use crate::{
    api::{Message, MessageStatus, Run, RunStatus, ToolRun, ToolRunStatus},
    id::{MessageId, RunId, ToolRunId},
};
use std::collections::{BTreeSet, HashMap};

/// See the module. Two views are equal whatever is known of where their things stand.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    messages: HashMap<MessageId, usize>,
    tool_runs: HashMap<ToolRunId, usize>,
    runs: HashMap<RunId, usize>,
    /// Messages that stream, by their runs; some may have ended since.
    streaming: HashMap<Option<RunId>, Vec<usize>>,
    /// Calls that wait for variables, by their runs; some may have gone on since.
    awaiting: HashMap<RunId, Vec<usize>>,
    /// Runs that work or are paused.
    working: BTreeSet<usize>,
    /// Runs that wait for their turn.
    queued: BTreeSet<usize>,
    /// How many of each there were: an id may be there twice.
    lengths: (usize, usize, usize),
}

impl PartialEq for Index {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Index {
    fn note_message(&mut self, place: usize, message: &Message) {
        self.messages.insert(message.id, place);
        if message.status == MessageStatus::Streaming {
            self.streaming.entry(message.run_id).or_default().push(place);
        }
    }

    fn note_tool_run(&mut self, place: usize, tool_run: &ToolRun) {
        self.tool_runs.insert(tool_run.id, place);
        if tool_run.status == ToolRunStatus::AwaitingCredentials {
            self.awaiting.entry(tool_run.run_id).or_default().push(place);
        }
    }

    fn note_run(&mut self, place: usize, run: &Run) {
        self.runs.insert(run.id, place);
        self.working.remove(&place);
        self.queued.remove(&place);
        match run.status {
            RunStatus::Running | RunStatus::Paused => drop(self.working.insert(place)),
            RunStatus::Queued => drop(self.queued.insert(place)),
            RunStatus::Completed | RunStatus::Failed | RunStatus::Cancelled => {}
        }
    }
}

impl View {
    fn index(&mut self) -> &mut Index {
        let lengths = (self.messages.len(), self.tool_runs.len(), self.runs.len());
        if self.index.lengths != lengths {
            let mut index = Index { lengths, ..Index::default() };
            self.messages.iter().enumerate().for_each(|(place, message)| index.note_message(place, message));
            self.tool_runs.iter().enumerate().for_each(|(place, tool_run)| index.note_tool_run(place, tool_run));
            self.runs.iter().enumerate().for_each(|(place, run)| index.note_run(place, run));
            self.index = index;
        }
        &mut self.index
    }

    pub(super) fn message(&mut self, id: MessageId) -> Option<&mut Message> {
        let place = *self.index().messages.get(&id)?;
        self.messages.get_mut(place)
    }

    /// Puts a message in its place, or at the end.
    pub(super) fn put_message(&mut self, message: Message) {
        let end = self.messages.len();
        let place = self.index().messages.get(&message.id).copied().unwrap_or(end);
        self.index.note_message(place, &message);
        match self.messages.get_mut(place) {
            Some(known) => *known = message,
            None => {
                self.messages.push(message);
                self.index.lengths.0 += 1;
            }
        }
    }

    /// Ends the messages of a run that still stream.
    pub(super) fn discard_messages(&mut self, run: Option<RunId>) {
        for place in self.index().streaming.remove(&run).unwrap_or_default() {
            let message = self.messages.get_mut(place).filter(|message| message.run_id == run);
            if let Some(message) = message.filter(|message| message.status == MessageStatus::Streaming) {
                message.status = MessageStatus::Discarded;
            }
        }
    }

    pub(super) fn with_tool_run(&mut self, id: ToolRunId, change: impl FnOnce(&mut ToolRun)) {
        let Some(place) = self.index().tool_runs.get(&id).copied() else { return };
        if let Some(tool_run) = self.tool_runs.get_mut(place) {
            change(tool_run);
            self.index.note_tool_run(place, tool_run);
        }
    }

    /// Adds a tool run; one that is there twice is counted twice, and found in its last place.
    pub(super) fn add_tool_run(&mut self, tool_run: ToolRun) {
        let place = self.tool_runs.len();
        self.index().note_tool_run(place, &tool_run);
        self.tool_runs.push(tool_run);
        self.index.lengths.1 += 1;
    }

    /// Lets the calls of a run go on that waited for variables.
    pub(super) fn release_tool_runs(&mut self, run: Option<RunId>) {
        let Some(run) = run else { return };
        for place in self.index().awaiting.remove(&run).unwrap_or_default() {
            let tool_run = self.tool_runs.get_mut(place).filter(|tool_run| tool_run.run_id == run);
            if let Some(tool_run) = tool_run.filter(|it| it.status == ToolRunStatus::AwaitingCredentials) {
                tool_run.status = ToolRunStatus::Proposed;
            }
        }
    }

    pub(super) fn with_run(&mut self, id: Option<RunId>, change: impl FnOnce(&mut Run)) {
        let Some(place) = id.and_then(|id| self.index().runs.get(&id).copied()) else { return };
        if let Some(run) = self.runs.get_mut(place) {
            change(run);
            self.index.note_run(place, run);
        }
    }

    pub(super) fn put_run(&mut self, run: &Run) {
        let end = self.runs.len();
        let place = self.index().runs.get(&run.id).copied().unwrap_or(end);
        // A run that goes on after a pause waits in its old place; its plan and answers are not told again.
        match self.runs.get_mut(place) {
            Some(known) => {
                let (plan, answers) = (run.plan.clone().or(known.plan.take()), std::mem::take(&mut known.answers));
                *known = Run { plan, answers, ..run.clone() };
            }
            None => {
                self.runs.push(run.clone());
                self.index.lengths.2 += 1;
            }
        }
        self.index.note_run(place, run);
    }

    /// What the run does that works, or else the first that waits.
    pub(super) fn active_status(&mut self) -> Option<RunStatus> {
        let index = self.index();
        let place = index.working.first().or_else(|| index.queued.first()).copied()?;
        self.runs.get(place).map(|run| run.status)
    }
}
