//! What must hold of a conversation's log whatever happened: its own numbers, its own order, and that it folds to what is
//! stored. Knows nothing of the reference.

use omega_core::{
    api::{ConversationDetail, MessageStatus, RequiredAction, Run, RunStatus, ToolRun, ToolRunStatus},
    event::{Envelope, Event},
    id::{ApprovalId, PlanSetId, RunId, ToolRunId},
    view::{Applied, View},
};
use std::collections::{HashMap, HashSet};

/// One conversation's log so far.
#[derive(Debug, Default)]
pub struct Ledger {
    pub view: View,
    pub events: u64,
    runs: HashMap<RunId, RunLog>,
    /// Runs in the order of their messages, and how many of them have begun.
    order: Vec<RunId>,
    begun: usize,
    started: HashSet<ToolRunId>,
    settled: HashSet<ToolRunId>,
    decided: HashSet<ApprovalId>,
    selected: HashSet<PlanSetId>,
    /// What has ended, as it was then.
    ended_runs: HashMap<RunId, Run>,
    ended_calls: HashMap<ToolRunId, ToolRun>,
}

#[derive(Debug, Default)]
struct RunLog {
    step: u32,
    cancel_requested: bool,
    has_ended: bool,
    open: HashSet<ToolRunId>,
    question: Option<RequiredAction>,
}

impl Ledger {
    pub fn of(view: View) -> Self {
        Self { view, ..Self::default() }
    }

    pub fn seq(&self) -> u64 {
        self.view.last_seq
    }

    pub fn take(&mut self, envelope: &Envelope) {
        self.events += 1;
        assert_eq!(envelope.seq, Some(self.seq() + 1), "I6: numbers without gaps");
        assert_ne!(self.view.apply(envelope), Applied::Gap);
        let Some(run) = envelope.run_id else { return };
        let log = self.runs.entry(run).or_default();
        assert!(!log.has_ended, "nothing happens in a run that has ended: {:?}", envelope.event);
        match &envelope.event {
            Event::MessageCreated { .. } => self.order.push(run),
            Event::RunStarted { .. } => {
                let at = self.order.iter().position(|known| *known == run).unwrap();
                assert!(at >= self.begun, "runs begin in the order of their messages, and once");
                self.begun = at + 1;
            }
            Event::StepStarted { step_index, .. } => {
                assert!(log.open.is_empty(), "I2: the model is asked again when every call has its result");
                assert!(*step_index == log.step + 1, "steps follow each other");
            }
            Event::MessageCompleted { message } => log.step = message.step.unwrap(),
            Event::ToolProposed { tool_run_id, .. } => {
                log.open.insert(*tool_run_id);
            }
            Event::ToolStarted { tool_run_id, .. } => {
                assert!(!log.cancel_requested, "nothing is begun after somebody wanted the end");
                assert!(log.open.contains(tool_run_id) && log.question.is_none());
                self.started.insert(*tool_run_id);
            }
            Event::ToolCompleted { tool_run_id, status, .. } => {
                if matches!(status, ToolRunStatus::Succeeded | ToolRunStatus::TimedOut) {
                    assert!(self.started.contains(tool_run_id), "I4: no outcome without an intent");
                }
                assert!(log.open.remove(tool_run_id) && self.settled.insert(*tool_run_id), "I2: one result a call");
            }
            Event::ToolUnknown { tool_run_id, .. } => {
                assert!(self.started.contains(tool_run_id), "I4: no outcome without an intent");
                assert!(log.open.remove(tool_run_id) && self.settled.insert(*tool_run_id), "I2: one result a call");
            }
            Event::RunCancelRequested {} => {
                assert!(!std::mem::replace(&mut log.cancel_requested, true), "asked for once");
            }
            Event::RunRequiresAction { action } => {
                assert!(!log.cancel_requested && log.question.replace(action.clone()).is_none());
            }
            Event::CredentialsProvided { .. } => {
                assert!(matches!(log.question.take(), Some(RequiredAction::Credentials { .. })), "answered once");
            }
            Event::ApprovalDecided { approval_id, .. } => {
                let Some(RequiredAction::Approval { approvals, .. }) = &log.question else {
                    panic!("nothing was asked");
                };
                assert!(approvals.iter().any(|approval| approval.id == *approval_id));
                assert!(self.decided.insert(*approval_id), "answered once");
            }
            Event::PlanSelected { plan_set_id, .. } => {
                assert!(self.selected.insert(*plan_set_id), "answered once");
                assert!(matches!(log.question.take(), Some(RequiredAction::Plan { .. })));
            }
            Event::RunQueued { .. } => log.question = None,
            event if event.is_terminal() => {
                assert!(log.open.is_empty(), "I2: a run that ends leaves no call open");
                log.has_ended = true;
            }
            _ => {}
        }
    }

    /// Compares what is stored with what the log folds to, and with what it was when it ended.
    pub fn agrees(&mut self, detail: &ConversationDetail) {
        assert_eq!(detail.last_seq, self.seq(), "I6: the counter is the newest event's number");
        let active = detail.runs.iter().filter(|run| matches!(run.status, RunStatus::Running | RunStatus::Paused));
        assert!(active.count() <= 1, "I1: one run at a time");
        let messages: Vec<_> =
            self.view.messages.iter().filter(|message| message.status != MessageStatus::Discarded).collect();
        assert_eq!(messages, detail.messages.iter().collect::<Vec<_>>(), "the fold's messages");
        assert_eq!(self.view.participants, detail.participants);
        assert_eq!(self.view.runs.len(), detail.runs.len());
        for (folded, stored) in self.view.runs.iter().zip(&detail.runs) {
            assert_eq!(comparable(folded), comparable(stored), "the fold's runs");
            assert_eq!(self.runs[&stored.id].has_ended, stored.status.is_terminal());
            frozen(&mut self.ended_runs, stored.id, stored, stored.status.is_terminal());
        }
        assert_eq!(self.view.tool_runs.len(), detail.tool_runs.len());
        for (folded, stored) in self.view.tool_runs.iter().zip(&detail.tool_runs) {
            let mut folded = folded.clone();
            if folded.status == ToolRunStatus::Started && stored.status == ToolRunStatus::Proposed {
                // A search that is done again: its start is told again.
                folded.status = stored.status;
            }
            assert_eq!(&folded, stored, "the fold's calls");
            frozen(&mut self.ended_calls, stored.id, stored, stored.status.is_terminal());
        }
        let state = self.view.conversation.as_ref().map(|conversation| conversation.execution_state);
        assert_eq!(state, Some(detail.conversation.execution_state));
    }
}

/// I3: what has ended never changes.
fn frozen<K: Eq + std::hash::Hash, T: Clone + PartialEq + std::fmt::Debug>(
    known: &mut HashMap<K, T>,
    id: K,
    now: &T,
    has_ended: bool,
) {
    match known.get(&id) {
        Some(then) => assert_eq!(then, now, "I3: what has ended never changes"),
        None if has_ended => {
            known.insert(id, now.clone());
        }
        None => {}
    }
}

/// What the log and the rows must agree on at every moment. Who has a run that is not at its end, a worker or the queue, is
/// told with its first words only; and the tokens of a step are told with its last call.
fn comparable(run: &Run) -> Run {
    let mut run = run.clone();
    if run.status == RunStatus::Queued {
        run.status = RunStatus::Running;
    }
    if !run.status.is_terminal() {
        run.usage = <_>::default();
    }
    run
}
