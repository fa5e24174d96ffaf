//! Two hundred readers behind a bad network (G3): each ends with what the database has.

use super::{
    dice::{Dice, setting},
    proxy::Proxy,
    reader::Reader,
};
use crate::{
    harness::{Omega, execute, executor::id},
    streams::{assert_same, lasting, stored},
};
use omega_core::{
    client::{Client, FollowPolicy, Follower, Update},
    event::Event,
    id::ConversationId,
    registry::meta::{EXECUTE, SEARCH},
    testing::{Fault, Reply, Script},
    view::{Applied, View},
};
use secrecy::SecretString;
use serde_json::json;
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};
use tokio::{sync::watch, task::JoinSet};

const READERS: usize = 200;
const CONVERSATIONS: usize = 5;

/// Reasoning, calls, a stream that breaks off, and a long slow text with characters of several bytes.
fn story() -> Script {
    let text: String = (0..120).map(|n| format!("wörd{n} ")).collect();
    let slow = |millis| Duration::from_millis(millis);
    let calls = Reply::call(EXECUTE, execute(&id("acmeSlow"), json!({ "n": 1, "ms": 200 })))
        .and_call(EXECUTE, execute(&id("acmeWeather"), json!({ "city": "Oslo" })))
        .and_text("I ask — twice.");
    Script::new()
        .turn(Reply::call(SEARCH, json!({ "query": "acme weather" })).reasoning("hm, what").delay(slow(20)))
        .turn(calls.delay(slow(20)))
        .turn(Reply::text(&text).delay(slow(20)).fault(Fault::Cut { after: 30 }, 3))
}

/// Where a reader is to go: nothing until the end of the log is known.
type Goal = watch::Receiver<Option<u64>>;

fn is_reached(goal: &Goal, seq: u64) -> bool {
    goal.borrow().is_some_and(|last| seq >= last)
}

/// The client that products use.
async fn follow(url: String, key: SecretString, conversation: ConversationId, mut goal: Goal) -> (View, usize) {
    let policy = FollowPolicy {
        first_wait: Duration::from_millis(20),
        longest_wait: Duration::from_millis(200),
        give_up_after: Duration::from_secs(60),
        deltas: true,
    };
    let mut follower = Follower::new(Client::new(&url, key).unwrap(), conversation, policy);
    let (mut last, mut connections) = (0, 0);
    while !is_reached(&goal, follower.view().last_seq) {
        let update = tokio::select! {
            update = follower.next() => update.unwrap(),
            _ = goal.changed() => continue,
        };
        match update {
            Update::Connected => connections += 1,
            Update::Event(envelope) => {
                if let Some(seq) = envelope.seq {
                    assert!(seq > last, "event {seq} after event {last}");
                    last = seq;
                }
            }
            Update::Reconnecting { .. } => {}
        }
    }
    (follower.view().clone(), connections)
}

/// A cursor and nothing else; every event once, from the first to the last.
async fn read(
    url: String,
    key: SecretString,
    conversation: ConversationId,
    mut goal: Goal,
    empty: View,
) -> (View, usize) {
    let (mut reader, mut view, mut last) = (Reader::new(&url, key), empty, 0);
    while !is_reached(&goal, last) {
        let envelope = tokio::select! {
            envelope = reader.next(conversation) => envelope,
            _ = goal.changed() => continue,
        };
        if let Some(seq) = envelope.seq {
            assert_eq!(seq, last + 1, "each event once and in order");
            last = seq;
        }
        let applied = view.apply(&envelope);
        assert_ne!(applied, Applied::Gap, "text is missing: {envelope:?}");
        if matches!(envelope.event, Event::Snapshot { .. } | Event::Resync { .. }) {
            panic!("a cursor of the log got a snapshot: {envelope:?}");
        }
    }
    (view, reader.connections)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_readers_behind_a_bad_network_end_with_what_the_database_has() {
    let mut dice = Dice::new("readers");
    let until = Instant::now() + Duration::from_secs(60 * setting("OMEGA_CHAOS_MINUTES", 0) as u64);
    let omega = Omega::start(story()).await;
    let mut rounds = 0;
    loop {
        round(&omega, &mut dice).await;
        rounds += 1;
        if Instant::now() >= until {
            break;
        }
    }
    eprintln!("{rounds} rounds");
}

async fn round(omega: &Omega, dice: &mut Dice) {
    let proxy = Proxy::start(&omega.url, dice.split()).await;
    let key = || SecretString::from(omega.key.clone());
    let (mut readers, mut talks) = (JoinSet::new(), Vec::new());
    for n in 0..CONVERSATIONS {
        let conversation = omega.conversation(["openai/test", "anthropic/test"][n % 2]).await;
        let empty = View::of(omega.client.conversation(conversation).await.unwrap());
        let (reached, goal) = watch::channel(None);
        let share = READERS / CONVERSATIONS;
        for n in 0..share {
            let (url, goal, empty, delay) = (proxy.url.clone(), goal.clone(), empty.clone(), dice.millis(2_000));
            let key = key();
            readers.spawn(async move {
                // They come one after the other, while the runs work.
                tokio::time::sleep(delay).await;
                let (view, connections) = match n % 2 {
                    0 => follow(url, key, conversation, goal).await,
                    _ => read(url, key, conversation, goal, empty).await,
                };
                (conversation, view, connections)
            });
        }
        talks.push((conversation, empty, reached));
    }
    let mut runs = Vec::new();
    for (conversation, ..) in &talks {
        for text in ["first", "second"] {
            runs.push((*conversation, omega.send(*conversation, text).await.run_id));
        }
    }
    for (conversation, run) in runs {
        let told = omega.told(conversation, run).await;
        assert!(told.log.answer().contains("wörd119"), "{:?}", told.log.kinds());
    }
    let mut ends = Vec::new();
    for (conversation, empty, reached) in &talks {
        let detail = stored(omega.client.conversation(*conversation).await.unwrap());
        // The log itself folds to the same.
        let log = omega.committed(*conversation).await;
        let mut view = empty.clone();
        log.iter().for_each(|envelope| assert_ne!(view.apply(envelope), Applied::Gap));
        assert_same(&lasting(view), &detail, "the log");
        reached.send_replace(Some(detail.last_seq));
        ends.push((*conversation, detail));
    }
    // Those who are behind come to the end even now; only what is cut for ever would never get there.
    tokio::time::sleep(Duration::from_secs(1)).await;
    proxy.calm();
    let (mut count, mut connections) = (0, 0);
    let patience = Instant::now();
    while let Some(joined) =
        tokio::time::timeout(Duration::from_secs(60), readers.join_next()).await.expect("readers hang")
    {
        let (conversation, view, made) = joined.unwrap();
        let (_, detail) = ends.iter().find(|(known, _)| *known == conversation).unwrap();
        assert_same(&lasting(view), detail, "a reader");
        (count, connections) = (count + 1, connections + made);
    }
    let counts = proxy.counts();
    let of = |count: &AtomicUsize| count.load(Ordering::Relaxed);
    eprintln!(
        "{count} readers, {connections} streams, last one {:?} after the calm; {} cuts, {} stalls, {} pieces byte by byte",
        patience.elapsed(),
        of(&counts.cuts),
        of(&counts.stalls),
        of(&counts.drips)
    );
    assert_eq!(count, READERS);
    assert!(of(&counts.cuts) > READERS && of(&counts.stalls) > 10 && of(&counts.drips) > 10, "{counts:?}");
    assert!(connections > 2 * READERS && of(&counts.connections) >= connections, "{connections} streams: {counts:?}");
}
