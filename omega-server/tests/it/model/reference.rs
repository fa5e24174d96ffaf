//! The reference: what runs, calls and questions must be after each transition, in as few words as possible.

use super::transition::{Again, Handing, Names, Outcome, Shown, Transition, Who};
use omega_core::api::{OnActive, Remember, RunStatus, ToolRunStatus};
use std::collections::BTreeSet;

/// Variables that a question for credentials names.
pub const ASKED: [&str; 2] = ["KEY_A", "KEY_B"];
/// What a message may bring along.
pub const BROUGHT: &str = "TOKEN";
/// Days after which nobody is waited for any more.
const PATIENCE_DAYS: u64 = 31;
/// Crashes without an outcome in between after which a run is given up.
const RECOVERIES: u32 = 5;

/// What the store answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    Done,
    RunActive,
    NotYours,
    OwnerOnly,
    AlreadyDecided,
    NotAwaited,
    NotFound,
    Unfit,
    KeyReused,
    LeaseLost,
}

/// What a paused run waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    Credentials,
    Approvals(Vec<usize>),
    Plan(usize),
}

#[derive(Debug, Clone)]
pub struct Call {
    pub search: bool,
    pub status: ToolRunStatus,
    pub step: u32,
    pub cancel: bool,
    /// What was decided, oldest first: the approval, and whether it was an approval.
    pub answers: Vec<(usize, bool)>,
    pub declined: bool,
    /// Whether a person put another input in place of the model's.
    pub other_input: bool,
}

impl Call {
    pub fn is_open(&self) -> bool {
        !self.status.is_terminal()
    }
}

#[derive(Debug, Clone)]
pub struct Run {
    pub by: Who,
    pub sent_on: u64,
    pub status: RunStatus,
    pub attempt: u32,
    pub crashes: u32,
    pub cancel: bool,
    pub was_begun: bool,
    /// Whether it is to propose plans first, and the plan set that was selected from.
    pub wants_plan: bool,
    pub selected: bool,
    pub env: BTreeSet<&'static str>,
    /// Whole steps; a step whose message is begun and not whole is `half`.
    pub steps: u32,
    pub half: bool,
    pub calls: Vec<Call>,
    pub question: Option<Question>,
    pub asked_on: u64,
    /// What its worker knows: that it has begun, and that the model is asked.
    pub is_held: bool,
    pub asking: bool,
}

/// What has to happen next in a run.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    Ask,
    Call(Vec<usize>),
    Complete,
}

impl Run {
    pub fn next(&self) -> Next {
        let last: Vec<usize> = (0..self.calls.len()).filter(|at| self.calls[*at].step == self.steps).collect();
        let open: Vec<usize> = last.iter().copied().filter(|at| self.calls[*at].is_open()).collect();
        match (self.steps, last.is_empty(), open.is_empty()) {
            (0, ..) => Next::Ask,
            (_, _, false) => Next::Call(open),
            (_, true, _) => Next::Complete,
            _ => Next::Ask,
        }
    }

    /// Whether it crashed too often.
    pub fn is_given_up(&self) -> bool {
        self.status == RunStatus::Failed && self.crashes >= RECOVERIES
    }

    fn end(&mut self, status: RunStatus) {
        assert!(!self.status.is_terminal());
        (self.status, self.question, self.is_held, self.asking) = (status, None, false, false);
        self.env.clear();
        self.calls.iter_mut().filter(|call| call.is_open()).for_each(|call| call.status = ToolRunStatus::Cancelled);
    }

    fn wait(&mut self, question: Question, day: u64) {
        (self.status, self.is_held, self.asked_on) = (RunStatus::Paused, false, day);
        self.question = Some(question);
    }

    fn resume(&mut self) {
        (self.status, self.question) = (RunStatus::Queued, None);
    }

    /// Its worker is gone.
    fn hand_back(&mut self, handing: Handing) {
        (self.is_held, self.asking, self.status) = (false, false, RunStatus::Queued);
        for call in self.calls.iter_mut().filter(|call| call.status == ToolRunStatus::Started) {
            call.status = if call.search { ToolRunStatus::Proposed } else { ToolRunStatus::Unknown };
        }
        let crashed = matches!(handing, Handing::Expired | Handing::Crashed);
        self.crashes += u32::from(crashed);
        self.attempt -= u32::from(handing == Handing::Drained);
        if self.cancel {
            self.end(RunStatus::Cancelled);
        } else if crashed && self.crashes >= RECOVERIES {
            self.end(RunStatus::Failed);
        }
    }
}

#[derive(Debug, Clone)]
pub struct Approval {
    pub run: usize,
    pub call: usize,
    pub owners: bool,
    pub open: bool,
}

/// One conversation.
#[derive(Debug, Clone, Default)]
pub struct Talk {
    pub runs: Vec<Run>,
    pub approvals: Vec<Approval>,
    /// The run of each plan set, and whether nobody has decided yet.
    pub sets: Vec<(usize, bool)>,
}

impl Talk {
    /// The run that works or waits for a person.
    pub fn active(&self) -> Option<usize> {
        self.runs.iter().position(|run| matches!(run.status, RunStatus::Running | RunStatus::Paused))
    }

    fn end(&mut self, at: usize, status: RunStatus) {
        self.runs[at].end(status);
        self.approvals.iter_mut().filter(|approval| approval.run == at).for_each(|approval| approval.open = false);
        self.sets.iter_mut().filter(|(run, _)| *run == at).for_each(|(_, open)| *open = false);
    }

    fn send(&mut self, day: u64, who: Who, on_active: Option<OnActive>, plan: bool, env: bool) -> Said {
        let active = self.active();
        let may_stop = who == Who::Owner || active.is_some_and(|at| self.runs[at].by == who);
        let is_paused = active.is_some_and(|at| self.runs[at].status == RunStatus::Paused);
        let default = if is_paused && may_stop { OnActive::Interrupt } else { OnActive::Enqueue };
        match (on_active.unwrap_or(default), active) {
            (OnActive::Reject, _) if self.runs.iter().any(|run| !run.status.is_terminal()) => return Said::RunActive,
            (OnActive::Interrupt, Some(_)) if !may_stop => return Said::NotYours,
            (OnActive::Interrupt, Some(at)) => {
                if is_paused {
                    self.end(at, RunStatus::Cancelled);
                } else {
                    self.runs[at].cancel = true;
                }
                for at in 0..self.runs.len() {
                    if self.runs[at].status == RunStatus::Queued && self.runs[at].by == who {
                        self.end(at, RunStatus::Cancelled);
                    }
                }
            }
            _ => {}
        }
        self.runs.push(Run {
            by: who,
            sent_on: day,
            status: RunStatus::Queued,
            attempt: 0,
            crashes: 0,
            cancel: false,
            was_begun: false,
            wants_plan: plan,
            selected: false,
            env: env.then_some(BROUGHT).into_iter().collect(),
            steps: 0,
            half: false,
            calls: Vec::new(),
            question: None,
            asked_on: 0,
            is_held: false,
            asking: false,
        });
        Said::Done
    }

    fn decide(&mut self, at: usize, who: Who, yes: bool, shown: Shown, input: bool, remember: Remember) -> Said {
        let Approval { run, call, owners, open } = self.approvals[at];
        let actor = self.runs[run].by;
        match who {
            _ if !open => return Said::AlreadyDecided,
            Who::Owner => {}
            _ if owners || remember != Remember::Once => return Said::OwnerOnly,
            _ if who != actor => return Said::NotYours,
            _ => {}
        }
        if shown == Shown::Another {
            return Said::Unfit;
        }
        self.approvals[at].open = false;
        let run = &mut self.runs[run];
        run.calls[call].answers.push((at, yes));
        run.calls[call].status = ToolRunStatus::Proposed;
        run.calls[call].other_input |= yes && input;
        if let Some(Question::Approvals(waiting)) = &mut run.question {
            waiting.retain(|waits| *waits != at);
            if waiting.is_empty() {
                run.resume();
            }
        }
        Said::Done
    }

    fn provide(&mut self, names: Names) -> Said {
        let waiting = self.active().filter(|at| self.runs[*at].question == Some(Question::Credentials));
        let Some(at) = waiting else { return Said::NotAwaited };
        if matches!(names, Names::TooFew | Names::Others) {
            return Said::Unfit;
        }
        let run = &mut self.runs[at];
        for call in run.calls.iter_mut().filter(|call| call.status == ToolRunStatus::AwaitingCredentials) {
            call.status = ToolRunStatus::Proposed;
            call.declined |= names == Names::None;
        }
        if names == Names::Right {
            run.env.extend(ASKED);
        }
        run.resume();
        Said::Done
    }
}

/// The whole: two conversations of one owner.
#[derive(Debug, Clone, Default)]
pub struct Model {
    pub talks: [Talk; 2],
    pub day: u64,
}

impl Model {
    /// What a transition makes of it, and what the store has to answer.
    pub fn apply(&mut self, transition: &Transition) -> Said {
        let day = self.day;
        match transition {
            Transition::Claim => {
                for talk in self.talks.iter_mut().filter(|talk| talk.active().is_none()) {
                    if let Some(run) = talk.runs.iter_mut().find(|run| run.status == RunStatus::Queued) {
                        run.status = RunStatus::Running;
                        run.attempt += 1;
                    }
                }
                return Said::Done;
            }
            Transition::Restart => {
                for talk in &mut self.talks {
                    if let Some(at) = talk.active().filter(|at| talk.runs[*at].status == RunStatus::Running) {
                        talk.runs[at].hand_back(Handing::Expired);
                    }
                }
                return Said::Done;
            }
            Transition::Days(days) => {
                self.day += days;
                for talk in &mut self.talks {
                    if let Some(at) = talk.active().filter(|at| talk.runs[*at].status == RunStatus::Paused)
                        && talk.runs[at].asked_on + PATIENCE_DAYS <= self.day
                    {
                        talk.end(at, RunStatus::Cancelled);
                    }
                }
                return Said::Done;
            }
            Transition::Heartbeat => return Said::Done,
            Transition::Select { talk, elsewhere: true, .. } => {
                assert!(!self.talks[*talk].sets.is_empty());
                return Said::NotFound;
            }
            _ => {}
        }
        let Some(talk) = transition.talk() else { panic!("nobody's: {transition:?}") };
        let talk = &mut self.talks[talk];
        match transition {
            Transition::Send { who, on_active, plan, env, .. } => return talk.send(day, *who, *on_active, *plan, *env),
            Transition::SendAgain { how, .. } => {
                return if *how == Again::OtherBody { Said::KeyReused } else { Said::Done };
            }
            Transition::Cancel { run, .. } => match talk.runs[*run].status {
                RunStatus::Queued | RunStatus::Paused => talk.end(*run, RunStatus::Cancelled),
                RunStatus::Running => talk.runs[*run].cancel = true,
                _ => {}
            },
            Transition::CancelCall { run, call, .. } => {
                let call = &mut talk.runs[*run].calls[*call];
                call.cancel |= call.is_open();
            }
            Transition::Decide { approval, who, yes, shown, other_input, remember, .. } => {
                return talk.decide(*approval, *who, *yes, *shown, *other_input, *remember);
            }
            Transition::Provide { names, .. } => return talk.provide(*names),
            Transition::Select { set, another, who, .. } => {
                let (run, open) = &mut talk.sets[*set];
                if *who != Who::Owner && talk.runs[*run].by != *who {
                    return Said::NotYours;
                }
                if !std::mem::take(open) {
                    return Said::AlreadyDecided;
                }
                talk.runs[*run].selected |= !another;
                talk.runs[*run].resume();
            }
            Transition::Late { .. } | Transition::SettleAgain { .. } => return Said::LeaseLost,
            // The rest is the worker's.
            _ => talk.work(transition, day),
        }
        Said::Done
    }
}

impl Talk {
    fn work(&mut self, transition: &Transition, day: u64) {
        let Some(at) = self.active() else { panic!("nobody works: {transition:?}") };
        let run = &mut self.runs[at];
        match transition {
            Transition::Begin { .. } if run.cancel => self.end(at, RunStatus::Cancelled),
            Transition::Begin { .. } => (run.is_held, run.was_begun) = (true, true),
            Transition::Ask { .. } => (run.asking, run.half) = (true, true),
            Transition::Reset { .. } => run.asking = false,
            Transition::Reply { calls, .. } => {
                (run.asking, run.half) = (false, false);
                run.steps += 1;
                let step = run.steps;
                run.calls.extend(calls.iter().map(|search| Call {
                    search: *search,
                    status: ToolRunStatus::Proposed,
                    step,
                    cancel: false,
                    answers: Vec::new(),
                    declined: false,
                    other_input: false,
                }));
            }
            Transition::Start { call, .. } => {
                let stopped = run.cancel || run.calls[*call].cancel;
                run.crashes = if stopped { 0 } else { run.crashes };
                run.calls[*call].status = if stopped { ToolRunStatus::Cancelled } else { ToolRunStatus::Started };
            }
            Transition::Settle { call, outcome, .. } => {
                // An outcome is progress.
                run.crashes = 0;
                run.calls[*call].status = match outcome {
                    Outcome::Succeeded => ToolRunStatus::Succeeded,
                    Outcome::Failed => ToolRunStatus::Failed,
                    Outcome::TimedOut => ToolRunStatus::TimedOut,
                    Outcome::Denied => ToolRunStatus::Denied,
                };
            }
            // Whoever wanted its end has it instead.
            Transition::Lacks { .. } | Transition::AskYes { .. } | Transition::Plans { .. } if run.cancel => {
                self.end(at, RunStatus::Cancelled);
            }
            Transition::Lacks { calls, .. } => {
                calls.iter().for_each(|call| run.calls[*call].status = ToolRunStatus::AwaitingCredentials);
                run.wait(Question::Credentials, day);
            }
            Transition::AskYes { calls, owners, .. } => {
                let first = self.approvals.len();
                for call in calls {
                    run.calls[*call].status = ToolRunStatus::AwaitingApproval;
                    self.approvals.push(Approval { run: at, call: *call, owners: *owners, open: true });
                }
                run.wait(Question::Approvals((first..self.approvals.len()).collect()), day);
            }
            Transition::Plans { .. } => {
                self.sets.push((at, true));
                run.wait(Question::Plan(self.sets.len() - 1), day);
            }
            Transition::End { status, .. } => self.end(at, *status),
            Transition::Crash { how, .. } => run.hand_back(*how),
            other => panic!("not a worker's: {other:?}"),
        }
    }
}
