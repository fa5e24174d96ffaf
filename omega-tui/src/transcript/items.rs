//! Which pieces the transcript has, in which order: a pure function of the view.
//!
//! What belongs to a run stands together below the message that started it, also when other messages were sent meanwhile.

use super::{Gap, folds::Folded};
use crate::messages::Draft;
use omega_core::{
    api::{Message, MessageStatus, Part, Role, RunStatus, ToolRun},
    id::{MessageId, RunId, ToolRunId},
    view::View,
};
use std::collections::{HashMap, HashSet};

/// A message on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsentMessage {
    pub draft: Draft,
    pub text: String,
    /// Once it is stored.
    pub message: Option<MessageId>,
}

/// What a piece is of; stays the same while it grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PieceKey {
    /// Said while there is nothing else.
    Welcome,
    /// A prompt to begin with.
    Sample(usize),
    /// The conversation is on its way.
    Loading,
    /// Messages are missing before the one of this event.
    Gap(u64),
    /// The line of an earlier version of a message, which what belongs to it is folded to.
    Earlier(MessageId),
    User(MessageId),
    /// What the user wrote and the server does not have yet.
    Pending(Draft),
    /// Omega begins to speak.
    Label(RunId),
    /// A part of an answer.
    Text(MessageId, usize),
    /// A part of the model's reasoning.
    Reasoning(MessageId, usize),
    Tool(ToolRunId),
    /// What goes on right now.
    Working(RunId),
    End(RunId),
}

impl PieceKey {
    /// Whether it can be selected, and then opened or taken along.
    #[must_use]
    pub fn opens(self) -> bool {
        matches!(
            self,
            Self::Sample(_) | Self::Earlier(_) | Self::Reasoning(..) | Self::Tool(_) | Self::User(_) | Self::Text(..)
        )
    }
}

/// A piece of the transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    pub key: PieceKey,
    /// Index of its message, tool run, run or pending message.
    pub at: usize,
    /// Whether an empty line stands before it.
    pub gap: bool,
}

/// The prompts to begin with: each needs a computed result and a tool of the starter catalogue.
pub const SAMPLES: &[&str] = &[
    "What is the determinant of [[2, -1, 0], [1, 3, 4], [0, 5, -2]]?",
    "Parse this CSV and tell me who is the oldest:\nname,age\nAda,36\nGrace,45\nAlan,41",
    "Show me the diff between \"the quick brown fox\" and \"the slow brown dog\"",
    "Make a QR code of https://tpmjs.com with qrcode::toString",
    "Plot [3, 5, 9, 4, 2, 8, 12, 7] as a line chart",
];

pub fn build(view: &View, pending: &[UnsentMessage], has_conversation: bool, gaps: &[Gap]) -> Vec<Folded> {
    let mut list = List::default();
    if view.messages.is_empty() && pending.is_empty() {
        if has_conversation && view.conversation.is_none() {
            list.add(PieceKey::Loading, 0);
        } else {
            list.add(PieceKey::Welcome, 0);
            (0..SAMPLES.len()).for_each(|at| list.add(PieceKey::Sample(at), at));
        }
        return list.all;
    }
    let mut tools: HashMap<MessageId, Vec<usize>> = HashMap::new();
    for (at, tool) in view.tool_runs.iter().enumerate() {
        tools.entry(tool.message_id).or_default().push(at);
    }
    let runs: HashMap<RunId, usize> = view.runs.iter().enumerate().map(|(at, run)| (run.id, at)).collect();
    let mut labelled = HashSet::new();
    let replaced: HashSet<MessageId> = view.messages.iter().filter_map(|message| message.replaces).collect();
    for Group { run, messages, gap, is_last } in by_run(view, gaps) {
        list.within = None;
        if let Some(at) = gap {
            list.add(PieceKey::Gap(gaps[at].before), at);
        }
        let run_at = run.and_then(|run| runs.get(&run).copied());
        let status = run_at.map(|at| view.runs[at].status);
        // A message that was taken back before anything came of it is not part of the conversation.
        if run_at.is_some_and(|at| view.runs[at].status == RunStatus::Cancelled && view.runs[at].started_at.is_none()) {
            continue;
        }
        if let Some(at) = messages.iter().copied().find(|at| replaced.contains(&view.messages[*at].id)) {
            let earlier = view.messages[at].id;
            list.add(PieceKey::Earlier(earlier), at);
            list.within = Some(earlier);
        }
        for at in messages {
            let message = &view.messages[at];
            if message.role == Role::User {
                list.add(PieceKey::User(message.id), at);
                continue;
            }
            let given_up = matches!(status, Some(RunStatus::Failed | RunStatus::Cancelled));
            if message.status == MessageStatus::Discarded && !given_up {
                continue;
            }
            if let Some(run) = run.filter(|run| labelled.insert(*run)) {
                list.add(PieceKey::Label(run), run_at.unwrap_or_default());
            }
            let of_message = tools.get(&message.id).map_or(&[][..], Vec::as_slice);
            list.add_parts(message, at, of_message, &view.tool_runs);
        }
        if let (Some(run), Some(at), Some(status), true) = (run, run_at, status, is_last) {
            match status {
                // A tool call that works says so itself.
                RunStatus::Running if view.status.is_none() && works(view, run) => {}
                RunStatus::Running | RunStatus::Paused => list.add(PieceKey::Working(run), at),
                RunStatus::Queued => {}
                _ => list.add(PieceKey::End(run), at),
            }
        }
    }
    list.within = None;
    for (at, message) in pending.iter().enumerate() {
        list.add(PieceKey::Pending(message.draft), at);
    }
    list.all
}

fn works(view: &View, run: RunId) -> bool {
    view.tool_runs.iter().rev().take_while(|tool| tool.run_id == run).any(|tool| !tool.status.is_terminal())
}

/// Messages that stand together.
struct Group {
    run: Option<RunId>,
    /// Their indices.
    messages: Vec<usize>,
    /// The gap before it.
    gap: Option<usize>,
    /// Whether no more of the run comes behind a gap.
    is_last: bool,
}

/// The messages of each run, the runs in the order of their first message; a gap parts them.
fn by_run(view: &View, gaps: &[Gap]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut known: HashMap<RunId, usize> = HashMap::new();
    let mut passed = 0;
    for (at, message) in view.messages.iter().enumerate() {
        let mut gap = None;
        while gaps.get(passed).is_some_and(|it| it.before <= message.seq) {
            gap = Some(passed);
            passed += 1;
        }
        let group = message.run_id.and_then(|run| known.get(&run).copied()).filter(|_| gap.is_none());
        if let Some(group) = group.filter(|group| groups[*group..].iter().skip(1).all(|it| it.gap.is_none())) {
            groups[group].messages.push(at);
            continue;
        }
        if let Some(run) = message.run_id
            && let Some(before) = known.insert(run, groups.len())
        {
            groups[before].is_last = false;
        }
        groups.push(Group { run: message.run_id, messages: vec![at], gap, is_last: true });
    }
    groups
}

#[derive(Default)]
struct List {
    all: Vec<Folded>,
    /// The earlier version that what is added belongs to.
    within: Option<MessageId>,
}

impl List {
    fn add(&mut self, key: PieceKey, at: usize) {
        let gap = match (self.all.last().map(|(item, _)| item.key), key) {
            (None | Some(PieceKey::Label(_)), _)
            | (
                Some(PieceKey::Tool(_) | PieceKey::Reasoning(..)),
                PieceKey::Tool(_) | PieceKey::Reasoning(..) | PieceKey::Working(_),
            )
            | (Some(PieceKey::Sample(_)), PieceKey::Sample(_)) => false,
            (Some(_), _) => true,
        };
        self.all.push((Item { key, at, gap }, self.within));
    }

    fn add_parts(&mut self, message: &Message, at: usize, of_message: &[usize], tool_runs: &[ToolRun]) {
        let mut left = of_message.to_vec();
        for (number, part) in message.parts.iter().enumerate() {
            match part {
                Part::Text { text } if !text.trim().is_empty() => self.add(PieceKey::Text(message.id, number), at),
                Part::Reasoning { text } if !text.trim().is_empty() => {
                    self.add(PieceKey::Reasoning(message.id, number), at);
                }
                Part::ToolCall { tool_call_id, .. } => {
                    if let Some(found) = left.iter().position(|&at| tool_runs[at].tool_call_id == *tool_call_id) {
                        let tool_at = left.remove(found);
                        self.add(PieceKey::Tool(tool_runs[tool_at].id), tool_at);
                    }
                }
                _ => {}
            }
        }
        // Calls that the message does not name yet: it still streams.
        for tool_at in left {
            self.add(PieceKey::Tool(tool_runs[tool_at].id), tool_at);
        }
    }
}
