//! Hours in minutes: a server under steady load, with providers that break off, executors that are killed, readers that hang up
//! and a process that is stopped for a moment. Its memory stays flat, and nothing is wrong that was not made wrong.
//!
//! Takes as long as it is told to, so it is not among the tests that always run; the README has the command.

use super::{
    check::check_calls,
    dice::{Dice, setting},
    executors::Executor,
    reader::Reader,
    talk::{Kind, Talk, script},
    world::{World, address},
};
use crate::harness::process::Process;
use omega_core::event::Event;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// Who talks at the same time.
const TALKERS: usize = 8;
const LOOK: Duration = Duration::from_secs(5);
/// What is warned of because the test does it: a statement is slow (`sqlx::query`) when the process is stopped in the middle of it.
const DELIBERATE: [&str; 5] =
    ["executor.health", "run.failed", "breaker.opened", "lease.heartbeat_failed", "sqlx::query"];

/// Warnings and errors of a server's log that nobody made happen, and how often.
fn unexpected(said: &str) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for line in said.lines() {
        let Ok(record) = serde_json::from_str::<Value>(line) else {
            *found.entry(line.to_owned()).or_default() += 1;
            continue;
        };
        let (level, event) = (record["level"].as_str().unwrap_or_default(), record["event"].as_str().unwrap_or("?"));
        if level == "ERROR" || (level == "WARN" && !DELIBERATE.contains(&event)) {
            *found.entry(format!("{level} {event}: {}", record["msg"])).or_default() += 1;
        }
    }
    found
}

/// The middle of some samples.
fn median(samples: &[u64]) -> u64 {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}

/// Checks talks that have ended, with the calls that are theirs.
async fn look_at(world: &World, talks: &[Talk], executor: &Executor) {
    let own: BTreeSet<String> = talks
        .iter()
        .flat_map(|talk| talk.witness().frames.clone())
        .filter_map(|envelope| match envelope.event {
            Event::ToolStarted { tool_run_id, .. } => Some(tool_run_id.to_string()),
            _ => None,
        })
        .collect();
    let made = executor.calls().into_iter().filter(|call| own.contains(&call.key)).collect();
    check_calls(world, talks, made).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes as long as it is told to"]
async fn a_server_that_works_for_long_amid_failures_stays_as_small_as_it_was() {
    let mut dice = Dice::new("soak");
    let minutes = setting("OMEGA_SOAK_MINUTES", 30);
    let mut world = World::sqlite(script()).await;
    let mut executor = Executor::start().await;
    let key = secrecy::ExposeSecret::expose_secret(&world.key()).to_owned();
    let server = Process::start(world.server(&address(), executor.tools()), Some(key)).await;
    world.client = server.client.clone();
    let (mut open, mut done, mut next, mut samples, mut quirks) = (Vec::<Talk>::new(), Vec::new(), 0, Vec::new(), 0);
    let mut readers: Vec<Reader> = Vec::new();
    let end = Instant::now() + Duration::from_secs(60 * minutes as u64);
    let mut look = Instant::now() + LOOK;
    while Instant::now() < end {
        let (ended, rest): (Vec<Talk>, Vec<Talk>) = open.drain(..).partition(Talk::is_done);
        done.extend(ended);
        open.extend(rest);
        while open.len() < TALKERS {
            open.push(Talk::begin_at(&server.client, world.key(), Kind::ALL[next % Kind::ALL.len()]));
            next += 1;
        }
        // Only the last ones are read from the beginning again, by readers that go away in the middle.
        let last = done.last().and_then(|talk| talk.witness().conversation);
        if let Some(conversation) = last.filter(|_| readers.len() < TALKERS) {
            let mut reader = Reader::new(server.client.base_url(), world.key());
            let _ = tokio::time::timeout(dice.millis(50), reader.next(conversation)).await;
            readers.push(reader);
        }
        readers.retain(|_| !dice.once_in(4));
        if dice.once_in(200) {
            quirks += 1;
            executor.kill().await;
        }
        if dice.once_in(400) {
            quirks += 1;
            server.signal("STOP");
            tokio::time::sleep(dice.millis(1_500)).await;
            server.signal("CONT");
        }
        if Instant::now() >= look {
            samples.push(server.memory());
            look += LOOK;
        }
        // What is long done has been looked at: the test itself stays small.
        if done.len() > 400 {
            let looked_at: Vec<Talk> = std::mem::take(&mut done);
            look_at(&world, &looked_at, &executor).await;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    for talk in &open {
        assert!(tokio::time::timeout(Duration::from_secs(60), talk.done()).await.is_ok(), "{:?}", talk.witness());
    }
    done.append(&mut open);
    look_at(&world, &done, &executor).await;
    let quarter = samples.len() / 4;
    let (early, late) = (median(&samples[quarter..2 * quarter]), median(&samples[3 * quarter..]));
    eprintln!(
        "{next} talks, {quirks} executors killed and stops; memory {} MiB in the second quarter, {} MiB in the last",
        early >> 20,
        late >> 20
    );
    assert!(late <= early + early / 10 + (4 << 20), "memory grows: {early} bytes, then {late}: {samples:?}");
    assert_eq!(unexpected(&world.said()), BTreeMap::new());
}
