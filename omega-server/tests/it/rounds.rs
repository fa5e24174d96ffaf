//! What a round of a run costs, a model's answer with a call and the call's outcome: how often the disk is waited for.

#![cfg(target_os = "linux")]

use crate::harness::{MODELS, Omega, execute, executor::id};
use omega_core::{
    registry::meta::{EXECUTE, SEARCH},
    testing::{Reply, Script},
};
use rustix::{
    fd::OwnedFd,
    fs::inotify::{CreateFlags, ReadFlags, Reader, WatchFlags, add_watch, init},
};
use serde_json::json;
use std::{mem::MaybeUninit, path::Path};

/// Counts how often SQLite's log is brought to the disk: it is opened for that each time.
struct Syncs(OwnedFd);

impl Syncs {
    fn of(database: &Path) -> Self {
        let watch = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).unwrap();
        let mut log = database.as_os_str().to_owned();
        log.push("-wal");
        // Both, because events that are the same as the one before are told once.
        add_watch(&watch, Path::new(&log), WatchFlags::OPEN | WatchFlags::CLOSE_WRITE).unwrap();
        Self(watch)
    }

    /// Since it was asked last.
    fn count(&self) -> usize {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = Reader::new(&self.0, &mut buffer);
        let mut count = 0;
        while let Ok(event) = reader.next() {
            count += usize::from(event.events().contains(ReadFlags::CLOSE_WRITE));
        }
        count
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_round_waits_for_the_disk_twice() {
    const ROUNDS: usize = 8;
    let search = || Reply::call(SEARCH, json!({ "query": "acme weather" }));
    let call = || Reply::call(EXECUTE, execute(&id("acmeWeather"), json!({ "city": "Oslo" })));
    let rounds = |round: fn() -> Reply| (0..ROUNDS).map(move |_| round());
    let said =
        |text: &'static str| move |seen: &omega_core::testing::Seen| seen.users.last().is_some_and(|user| user == text);
    let answer = || Reply::text("done");
    let script = Script::new()
        .when(said("search"), rounds(search).chain([answer()]).collect::<Vec<_>>())
        .when(said("call"), [search()].into_iter().chain(rounds(call)).chain([answer()]).collect::<Vec<_>>())
        .when(said("nothing"), [answer()]);
    let omega = Omega::start(script).await;
    let syncs = Syncs::of(&omega.folder.path().join("omega.db"));
    for (text, before) in [("search", 0), ("call", 1)] {
        // A machine that is busy makes more of them: what takes long is told meanwhile. So the least counts.
        let mut least = usize::MAX;
        for _ in 0..5 {
            syncs.count();
            omega.ask(MODELS[0], "nothing").await;
            let nothing = syncs.count();
            let told = omega.ask(MODELS[0], text).await;
            let calls = told.log.kinds().iter().filter(|kind| **kind == "run.step.tool.completed").count();
            assert_eq!(calls, ROUNDS + before, "{:?}", told.log.kinds());
            least = least.min(syncs.count().saturating_sub(nothing));
        }
        assert!(least > 0, "nothing was brought to the disk");
        assert!(least <= 2 * (ROUNDS + before), "{text}: {least} waits for the disk in {ROUNDS} rounds");
    }
}
