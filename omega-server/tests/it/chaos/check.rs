//! What may never happen, however a server ended: the checker of all tests in here.

use super::{
    talk::{Talk, insist, texts},
    world::World,
};
use crate::{
    harness::{executor::Call, log::committed},
    streams::{assert_same, lasting, stored},
};
use omega_core::{
    api::{Accepted, Role, ToolRun, ToolRunStatus},
    event::{Envelope, Event},
    executor::ToolErrorCode,
    id::RunId,
    view::{Applied, View},
};
use std::{collections::HashMap, ops::AddAssign};

/// How much work was looked at: a test that saw none has shown nothing.
#[derive(Debug, Default, Clone, Copy)]
pub struct Work {
    /// Events seen and messages accepted.
    pub acks: usize,
    pub runs: usize,
    /// Times that a run was taken back from a server that died with it.
    pub recoveries: usize,
    /// Times that a run went on after a server had put it down.
    pub resumptions: usize,
    pub cancelled: usize,
    /// Calls that the executor got.
    pub calls: usize,
    /// Calls whose outcome nobody knows.
    pub unknown: usize,
    /// Answers that began again.
    pub resets: usize,
}

impl AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        self.acks += other.acks;
        self.runs += other.runs;
        self.recoveries += other.recoveries;
        self.resumptions += other.resumptions;
        self.cancelled += other.cancelled;
        self.calls += other.calls;
        self.unknown += other.unknown;
        self.resets += other.resets;
    }
}

/// Checks all talks of a world whose runs have all ended, with a server that is up.
pub async fn check(world: &World, talks: &[Talk]) -> Work {
    check_calls(world, talks, world.tools.calls()).await
}

/// The same where executors of their own got the calls.
pub async fn check_calls(world: &World, talks: &[Talk], made: Vec<Call>) -> Work {
    world.assert_no_panic();
    let mut calls: HashMap<String, Vec<Call>> = HashMap::new();
    for call in made {
        calls.entry(call.key.clone()).or_default().push(call);
    }
    let mut work = Work { calls: calls.values().map(Vec::len).sum(), ..Work::default() };
    for talk in talks {
        work += one(world, talk, &mut calls).await;
    }
    assert!(calls.is_empty(), "{}: calls of the executor that no log tells of: {calls:?}", world.engine());
    for seen in world.provider.requests() {
        assert_eq!(seen.problems, Vec::<String>::new(), "{}: the model was sent a broken history", world.engine());
    }
    work
}

async fn one(world: &World, talk: &Talk, calls: &mut HashMap<String, Vec<Call>>) -> Work {
    let conversation = talk.witness().conversation.expect("it was made");
    let log = committed(&world.database, conversation).await;
    let at = format!("{}, {:?}: {:?}", world.engine(), talk.kind, kinds(&log));
    caught_up(talk, log.len() as u64, &at).await;
    let (frames, acks, cancelled) = {
        let witness = talk.witness();
        (witness.frames.clone(), witness.acks.clone(), witness.cancelled.clone())
    };

    let numbers: Vec<u64> = log.iter().filter_map(|envelope| envelope.seq).collect();
    assert_eq!(numbers, (1..=log.len() as u64).collect::<Vec<_>>(), "no gaps: {at}");
    // What a reader that began at the beginning got is the log, each event once, in order, byte for byte.
    let seen: Vec<&Envelope> = frames.iter().filter(|envelope| envelope.seq.is_some()).collect();
    assert_eq!(seen, log.iter().collect::<Vec<_>>(), "{at}");

    acknowledged(&log, &acks, &at);
    for (text, accepted) in &acks {
        ended_once(&log, text, accepted, cancelled.contains(&accepted.run_id), &at);
    }

    let rows = insist(|| world.client.tool_runs(conversation, <_>::default())).await.rows;
    for row in &rows {
        let made = calls.remove(&row.id.to_string()).unwrap_or_default();
        at_most_once(row, &made, &log, &at);
    }

    // The live frames and the log fold to what the database says.
    let detail = insist(|| world.client.conversation(conversation)).await;
    let mut view = View::begun(Some(detail.conversation.clone()), 0);
    view.participants.clone_from(&detail.participants);
    let mut bare = view.clone();
    for envelope in &frames {
        assert_ne!(view.apply(envelope), Applied::Gap, "{envelope:?}: {at}");
    }
    log.iter().for_each(|envelope| assert_ne!(bare.apply(envelope), Applied::Gap));
    let stored = stored(detail);
    assert_same(&lasting(view), &stored, &at);
    assert_same(&lasting(bare), &stored, &at);
    assert_eq!(stored.tool_runs, rows, "{at}");

    let count = |kind: &str| log.iter().filter(|envelope| envelope.event.kind() == kind).count();
    Work {
        acks: seen.len() + acks.len() + cancelled.len(),
        runs: acks.len(),
        recoveries: count("run.recovered"),
        resumptions: count("run.resumed"),
        cancelled: count("run.cancelled"),
        calls: 0,
        unknown: count("run.step.tool.unknown"),
        resets: count("message.reset"),
    }
}

pub fn kinds(log: &[Envelope]) -> Vec<&'static str> {
    log.iter().map(|envelope| envelope.event.kind()).collect()
}

/// A reader gets everything; it may still be on its way back.
async fn caught_up(talk: &Talk, last: u64, at: &str) {
    let patience = std::time::Instant::now();
    while talk.witness().seqs().last().copied().unwrap_or(0) < last {
        assert!(patience.elapsed().as_secs() < 30, "a reader did not get all {last} events: {at}");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

/// Acknowledged messages stand in the log, as they were acknowledged and in that order.
fn acknowledged(log: &[Envelope], acks: &[(String, Accepted)], at: &str) {
    let mut after = 0;
    for (text, accepted) in acks {
        assert!(accepted.seq > after, "{at}");
        after = accepted.seq;
        let Event::MessageCreated { message } = &log[accepted.seq as usize - 1].event else {
            panic!("{accepted:?}: {at}")
        };
        assert_eq!((message.id, message.run_id), (accepted.message_id, Some(accepted.run_id)), "{at}");
        assert_eq!(message.content, *text, "{at}");
    }
    let stored = log.iter().filter(|e| matches!(e.event, Event::MessageCreated { .. })).count();
    assert_eq!(stored, acks.len(), "nothing twice: {at}");
}

/// A run has one end, after which nothing of it comes, and its texts are the script's.
fn ended_once(log: &[Envelope], user: &str, accepted: &Accepted, cancelled: bool, at: &str) {
    let of_run: Vec<&Event> = events_of(log, accepted.run_id).collect();
    let ends = of_run.iter().filter(|event| event.is_terminal()).count();
    assert_eq!(ends, 1, "ends of a run: {at}");
    let end = of_run.last().unwrap();
    assert!(end.is_terminal(), "something of a run after its end: {at}");
    let said: Vec<&str> = of_run
        .iter()
        .filter_map(|event| match event {
            Event::MessageCompleted { message } if message.role == Role::Assistant => Some(message.content.as_str()),
            _ => None,
        })
        .collect();
    match end {
        Event::RunCompleted { .. } => assert_eq!(said, texts(user), "{at}"),
        // Its last text may be a part of the script's.
        Event::RunCancelled { .. } => {
            assert!(cancelled, "nobody asked for the end of this run: {at}");
            assert!(said.iter().zip(texts(user)).all(|(said, whole)| whole.starts_with(said)), "{said:?}: {at}");
        }
        other => panic!("{other:?}: {at}"),
    }
}

fn events_of(log: &[Envelope], run: RunId) -> impl Iterator<Item = &Event> {
    log.iter().filter(move |envelope| envelope.run_id == Some(run)).map(|envelope| &envelope.event)
}

/// The policy of tools: called once at most, and what the record says of it is so.
fn at_most_once(row: &ToolRun, made: &[Call], log: &[Envelope], at: &str) {
    let own = |event: &Event| match event {
        Event::ToolStarted { tool_run_id, .. }
        | Event::ToolCompleted { tool_run_id, .. }
        | Event::ToolUnknown { tool_run_id, .. } => *tool_run_id == row.id,
        _ => false,
    };
    let ends = log.iter().filter(|e| own(&e.event) && !matches!(e.event, Event::ToolStarted { .. })).count();
    assert_eq!(ends, 1, "ends of {}: {at}", row.tool_name);
    let intents = log.iter().filter(|e| own(&e.event) && matches!(e.event, Event::ToolStarted { .. })).count();
    if row.tool_id == omega_core::registry::meta::SEARCH {
        assert!(made.is_empty() && row.status == ToolRunStatus::Succeeded, "{row:?}: {at}");
        return;
    }
    let (calls, intended) = match row.status {
        ToolRunStatus::Succeeded => (1..=1, 1..=1),
        // Between the intent and the outcome: it was made, or it was not.
        ToolRunStatus::Unknown => (0..=1, 1..=1),
        ToolRunStatus::Cancelled => (0..=1, 0..=1),
        // Its executor was killed: it had not begun there, or nobody knows.
        ToolRunStatus::Failed if failed_with(row, ToolErrorCode::ExecutorUnreachable) => (0..=1, 1..=1),
        ToolRunStatus::Failed if failed_with(row, ToolErrorCode::BreakerOpen) => (0..=0, 0..=0),
        _ => panic!("{row:?}: {at}"),
    };
    assert!(calls.contains(&made.len()), "{} {:?} was called {} times: {at}", row.tool_name, row.status, made.len());
    assert!(intended.contains(&intents) && made.len() <= intents, "a call without an intent: {row:?}: {at}");
    assert!(made.iter().all(|call| call.params == row.input), "{row:?}: {at}");
}

fn failed_with(row: &ToolRun, code: ToolErrorCode) -> bool {
    row.error.as_ref().is_some_and(|error| error.code == code)
}
