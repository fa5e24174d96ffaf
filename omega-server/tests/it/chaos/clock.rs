//! Clocks that jump (G14): an hour on, an hour back, past 2038 and home again, while runs are at work. The wall clock is
//! faked by libfaketime; what measures durations is not, as on a machine whose clock is set.

use super::{
    check::check,
    talk::{Kind, Talk, script},
    world::World,
};
use crate::harness::skip;
use secrecy::ExposeSecret;
use serde_json::json;
use std::{path::PathBuf, time::Duration};

/// Debian has it in a folder of its own, by architecture.
fn library() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten();
    folders.map(|entry| entry.path().join("faketime/libfaketimeMT.so.1")).find(|file| file.is_file())
}

/// Puts the clock of a world's servers forward or back.
fn set_clock(world: &World, offset: &str) {
    std::fs::write(world.folder.path().join("clock"), offset).unwrap();
}

fn fake_clock(world: &mut World, library: &std::path::Path) {
    set_clock(world, "+0");
    let text = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    world.env.extend([
        ("LD_PRELOAD".to_owned(), text(library)),
        ("FAKETIME_TIMESTAMP_FILE".to_owned(), text(&world.folder.path().join("clock"))),
        ("FAKETIME_NO_CACHE".to_owned(), "1".to_owned()),
        ("FAKETIME_DONT_FAKE_MONOTONIC".to_owned(), "1".to_owned()),
    ]);
}

/// A browser's session.
struct Browser<'a> {
    world: &'a World,
    http: reqwest::Client,
    cookie: String,
}

impl<'a> Browser<'a> {
    async fn sign_in(world: &'a World) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let body = json!({ "apiKey": world.key().expose_secret() });
        let url = format!("{}/api/omega/session", world.client.base_url());
        let response = http.post(&url).header("origin", world.client.base_url()).json(&body).send().await.unwrap();
        assert!(response.status().is_success(), "{}", response.text().await.unwrap());
        let cookie = response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        Self { world, http, cookie }
    }

    async fn status(&self) -> u16 {
        let url = format!("{}/api/omega/session", self.world.client.base_url());
        self.http.get(url).header("cookie", &self.cookie).send().await.unwrap().status().as_u16()
    }
}

async fn jumps(world: &World) {
    let server = world.start().await;
    let browser = Browser::sign_in(world).await;
    assert_eq!(browser.status().await, 200);
    let mut talks = vec![Talk::begin(world, Kind::Long)];
    for (offset, session) in [("+1h", 200), ("-1h", 200), ("+20y", 401), ("-1h", 401), ("+20y", 401)] {
        talks.extend([Kind::Work, Kind::Twice].map(|kind| Talk::begin(world, kind)));
        tokio::time::sleep(Duration::from_millis(150)).await;
        set_clock(world, offset);
        tokio::time::sleep(Duration::from_millis(150)).await;
        assert_eq!(browser.status().await, session, "{}: a session at {offset}", world.engine());
        assert_eq!(Browser::sign_in(world).await.status().await, 200, "{}: a new session at {offset}", world.engine());
    }
    // A heartbeat or more passes in the future, and one back home.
    for (talk, n) in talks.iter().zip(0..) {
        let done = tokio::time::timeout(Duration::from_secs(60), talk.done()).await;
        assert!(done.is_ok(), "{}: not at its end: {:?}\n{}", world.engine(), talk.witness(), world.said());
        if n == 0 {
            set_clock(world, "+0");
        }
    }
    let work = check(world, &talks).await;
    eprintln!("{}: {work:?}", world.engine());
    assert_eq!((work.recoveries, work.resumptions, work.unknown), (0, 0, 0), "a lease was lost: {work:?}");
    assert_eq!(work.runs, 1 + 5 * 3);

    // A lease that was taken in 2046 is no longer than any other: the next server takes the run over at home.
    set_clock(world, "+20y");
    let talk = Talk::begin(world, Kind::Work);
    while !talk.has_seen(|event| event.kind() == "run.step.tool.started") {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    server.kill().await;
    set_clock(world, "+0");
    let next = world.start().await;
    let done = tokio::time::timeout(Duration::from_secs(60), talk.done()).await;
    assert!(done.is_ok(), "{}: a lease of the future holds: {:?}", world.engine(), talk.witness());
    talks.push(talk);
    let work = check(world, &talks).await;
    assert_eq!(work.recoveries, 1, "{work:?}");
    next.kill().await;
}

#[tokio::test]
async fn clocks_that_jump_lose_no_lease_end_no_run_twice_and_revive_no_session() {
    let Some(library) = library() else { return skip("no libfaketime; install Debian's package faketime") };
    let worlds = World::both(script).await.into_iter();
    let mut worlds: Vec<World> = worlds.map(|world| world.with_lease("9s")).collect();
    worlds.iter_mut().for_each(|world| fake_clock(world, &library));
    futures_util::future::join_all(worlds.iter().map(jumps)).await;
}
