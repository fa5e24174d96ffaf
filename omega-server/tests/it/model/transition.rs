//! What can happen, and when: from a state of the reference, every transition that fits, with how often it is to come.

use super::reference::{Model, Next, Question, Run, Talk};
use omega_core::api::{OnActive, Remember, RunStatus, Save, ToolRunStatus};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Owner,
    Guest,
    Other,
}

/// How the same message comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    Key,
    OtherBody,
    ClientId,
}

/// How a worker loses its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handing {
    /// It died without a word, and its lease ran out.
    Expired,
    Crashed,
    Interrupted,
    Drained,
}

/// Which variables are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    Right,
    TooFew,
    Others,
    None,
}

/// Which digest comes with a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    Nothing,
    Same,
    Another,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Succeeded,
    Failed,
    TimedOut,
    Denied,
}

/// One transaction, or one look, of the engine. Calls and runs are meant by their place.
#[derive(Debug, Clone, PartialEq)]
pub enum Transition {
    Send {
        talk: usize,
        who: Who,
        on_active: Option<OnActive>,
        plan: bool,
        env: bool,
    },
    SendAgain {
        talk: usize,
        run: usize,
        how: Again,
    },
    Claim,
    Begin {
        talk: usize,
    },
    /// The model is asked.
    Ask {
        talk: usize,
    },
    /// It failed, and will be asked again.
    Reset {
        talk: usize,
    },
    /// It answers, with these calls; `true` is a search.
    Reply {
        talk: usize,
        text: bool,
        calls: Vec<bool>,
    },
    Start {
        talk: usize,
        call: usize,
    },
    Settle {
        talk: usize,
        call: usize,
        outcome: Outcome,
    },
    /// A call that has its outcome gets another one.
    SettleAgain {
        talk: usize,
        call: usize,
    },
    Lacks {
        talk: usize,
        calls: Vec<usize>,
    },
    AskYes {
        talk: usize,
        calls: Vec<usize>,
        owners: bool,
    },
    Plans {
        talk: usize,
    },
    End {
        talk: usize,
        status: RunStatus,
    },
    Crash {
        talk: usize,
        how: Handing,
    },
    /// A worker that lost its run writes.
    Late {
        talk: usize,
    },
    Restart,
    Heartbeat,
    Cancel {
        talk: usize,
        run: usize,
    },
    CancelCall {
        talk: usize,
        run: usize,
        call: usize,
    },
    Decide {
        talk: usize,
        approval: usize,
        who: Who,
        yes: bool,
        shown: Shown,
        other_input: bool,
        remember: Remember,
    },
    Provide {
        talk: usize,
        names: Names,
        save: Save,
    },
    Select {
        talk: usize,
        set: usize,
        who: Who,
        another: bool,
        elsewhere: bool,
    },
    Days(u64),
}

impl Transition {
    /// Its conversation, where it belongs to one.
    pub fn talk(&self) -> Option<usize> {
        match self {
            Self::Claim | Self::Restart | Self::Heartbeat | Self::Days(_) => None,
            Self::Send { talk, .. }
            | Self::SendAgain { talk, .. }
            | Self::Begin { talk }
            | Self::Ask { talk }
            | Self::Reset { talk }
            | Self::Reply { talk, .. }
            | Self::Start { talk, .. }
            | Self::Settle { talk, .. }
            | Self::SettleAgain { talk, .. }
            | Self::Lacks { talk, .. }
            | Self::AskYes { talk, .. }
            | Self::Plans { talk }
            | Self::End { talk, .. }
            | Self::Crash { talk, .. }
            | Self::Late { talk }
            | Self::Cancel { talk, .. }
            | Self::CancelCall { talk, .. }
            | Self::Decide { talk, .. }
            | Self::Provide { talk, .. }
            | Self::Select { talk, .. } => Some(*talk),
        }
    }

    /// Its kind, for the histogram.
    pub fn kind(&self) -> String {
        let text = format!("{self:?}");
        text.split([' ', '(']).next().unwrap_or_default().to_owned()
    }
}

/// Every transition that fits, with its weight.
pub fn choices(model: &Model) -> Vec<(u32, Transition)> {
    let waits = |talk: &Talk| talk.active().is_none() && talk.runs.iter().any(|run| run.status == RunStatus::Queued);
    let often = if model.talks.iter().any(waits) { 80 } else { 2 };
    let mut choices = vec![(often, Transition::Claim), (4, Transition::Restart), (3, Transition::Heartbeat)];
    choices.extend([10, 20, 40].map(|days| (1, Transition::Days(days))));
    for (talk, known) in model.talks.iter().enumerate() {
        people(talk, known, model.day, &mut choices);
        // What goes on is to go on, or no case comes far.
        let mut inner = Vec::new();
        questions(talk, known, &mut inner);
        if let Some(at) = known.active().filter(|at| known.runs[*at].status == RunStatus::Running) {
            worker(talk, &known.runs[at], &mut inner);
        }
        choices.extend(inner.into_iter().map(|(often, transition)| (often * 4, transition)));
        if known.runs.iter().any(|run| run.attempt > 0) {
            choices.push((2, Transition::Late { talk }));
        }
    }
    choices
}

fn people(talk: usize, known: &Talk, day: u64, choices: &mut Vec<(u32, Transition)>) {
    let waiting = known.runs.iter().filter(|run| run.status == RunStatus::Queued).count();
    let often = if known.active().is_none() && waiting == 0 { 4 } else { 1 };
    for who in [Who::Owner, Who::Guest, Who::Other] {
        let ways = [None, Some(OnActive::Enqueue), Some(OnActive::Interrupt), Some(OnActive::Reject)];
        // The limit of messages that may wait is the conformance suite's.
        for on_active in ways.into_iter().filter(|_| waiting < 12) {
            let plan = who == Who::Other && on_active.is_none();
            choices.push((often, Transition::Send { talk, who, on_active, plan, env: who == Who::Owner }));
        }
    }
    let runs = known.runs.len();
    for run in runs.saturating_sub(2)..runs {
        for how in [Again::Key, Again::OtherBody, Again::ClientId] {
            // Keys are kept for a day; the client's own ids for ever.
            if how == Again::ClientId || known.runs[run].sent_on == day {
                choices.push((1, Transition::SendAgain { talk, run, how }));
            }
        }
    }
    for (at, run) in known.runs.iter().enumerate().skip(runs.saturating_sub(3)) {
        let often = if run.status.is_terminal() { 1 } else { 3 };
        choices.push((often, Transition::Cancel { talk, run: at }));
        for call in run.calls.len().saturating_sub(2)..run.calls.len() {
            choices.push((3, Transition::CancelCall { talk, run: at, call }));
        }
    }
}

fn questions(talk: usize, known: &Talk, choices: &mut Vec<(u32, Transition)>) {
    let approvals = known.approvals.len();
    for approval in approvals.saturating_sub(3)..approvals {
        let often = if known.approvals[approval].open { 3 } else { 1 };
        let base = |who, yes| (who, yes, Shown::Same, false, Remember::Once);
        for (who, yes, shown, other_input, remember) in [
            base(Who::Owner, true),
            base(Who::Owner, false),
            base(Who::Guest, true),
            base(Who::Other, true),
            (Who::Owner, true, Shown::Another, false, Remember::Once),
            (Who::Owner, true, Shown::Nothing, true, Remember::Conversation),
            (Who::Guest, true, Shown::Nothing, false, Remember::Conversation),
        ] {
            choices.push((often, Transition::Decide { talk, approval, who, yes, shown, other_input, remember }));
        }
    }
    let question = known.active().and_then(|at| known.runs[at].question.as_ref());
    if !known.runs.is_empty() {
        let often = if question == Some(&Question::Credentials) { 6 } else { 1 };
        choices.push((often, Transition::Provide { talk, names: Names::Right, save: Save::Once }));
    }
    if question == Some(&Question::Credentials) {
        for (names, save) in [
            (Names::Right, Save::Tool),
            (Names::Right, Save::Global),
            (Names::TooFew, Save::Once),
            (Names::Others, Save::Global),
            (Names::None, Save::Once),
        ] {
            choices.push((2, Transition::Provide { talk, names, save }));
        }
    }
    let sets = known.sets.len();
    for set in sets.saturating_sub(2)..sets {
        let often = if known.sets[set].1 { 5 } else { 1 };
        for (who, another, elsewhere) in [
            (Who::Owner, false, false),
            (Who::Other, true, false),
            (Who::Guest, true, false),
            (Who::Other, false, true),
        ] {
            choices.push((often, Transition::Select { talk, set, who, another, elsewhere }));
        }
    }
}

fn worker(talk: usize, run: &Run, choices: &mut Vec<(u32, Transition)>) {
    let handings = [Handing::Expired, Handing::Crashed, Handing::Interrupted, Handing::Drained];
    // Crash after crash, now and then: some runs must be given up.
    let often = if run.crashes > 1 { 8 } else { 1 };
    choices.extend(handings.map(|how| (often, Transition::Crash { talk, how })));
    if !run.is_held {
        choices.push((30, Transition::Begin { talk }));
        return;
    }
    for call in 0..run.calls.len() {
        if !run.calls[call].is_open() {
            choices.push((2, Transition::SettleAgain { talk, call }));
        }
    }
    choices.push((2, Transition::End { talk, status: RunStatus::Failed }));
    if run.cancel {
        choices.push((8, Transition::End { talk, status: RunStatus::Cancelled }));
    }
    if run.asking {
        choices.push((4, Transition::Reset { talk }));
        for calls in [vec![], vec![false], vec![true], vec![true, false], vec![false, false, false]] {
            choices.push((6, Transition::Reply { talk, text: calls.len() != 1, calls }));
        }
        return;
    }
    if run.wants_plan && !run.selected {
        choices.push((30, Transition::Plans { talk }));
        return;
    }
    match run.next() {
        Next::Ask => choices.push((30, Transition::Ask { talk })),
        Next::Complete => choices.push((20, Transition::End { talk, status: RunStatus::Completed })),
        Next::Call(open) => calls(talk, run, open, choices),
    }
}

fn calls(talk: usize, run: &Run, open: Vec<usize>, choices: &mut Vec<(u32, Transition)>) {
    for call in open.iter().copied() {
        if run.calls[call].status == ToolRunStatus::Started {
            for (often, outcome) in [(12, Outcome::Succeeded), (3, Outcome::Failed), (3, Outcome::TimedOut)] {
                choices.push((often, Transition::Settle { talk, call, outcome }));
            }
        } else {
            choices.push((12, Transition::Start { talk, call }));
            choices.push((2, Transition::Settle { talk, call, outcome: Outcome::Denied }));
        }
        choices.push((3, Transition::Lacks { talk, calls: vec![call] }));
    }
    choices.push((3, Transition::Lacks { talk, calls: open.clone() }));
    let proposed: Vec<usize> =
        open.into_iter().filter(|call| run.calls[*call].status == ToolRunStatus::Proposed).collect();
    if !proposed.is_empty() {
        choices.push((5, Transition::AskYes { talk, calls: proposed.clone(), owners: false }));
        choices.push((5, Transition::AskYes { talk, calls: proposed, owners: true }));
    }
}
