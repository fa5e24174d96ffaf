//! `kill -9` at every named point (G2), and the failure of every transaction: each point is really met, on both engines,
//! and nothing of what [`check`] forbids happens.

use super::{
    check::{Work, check},
    talk::{Kind, Talk, script},
    world::World,
};
use crate::harness::{postgres::Postgres, process::Process, skip, within};
use omega_core::event::Event;
use omega_engine::process::failpoint::{ALL, Point, Transaction};
use std::{os::unix::process::ExitStatusExt, time::Duration};

/// A build without failpoints shows nothing here.
fn has_points() -> bool {
    if !cfg!(feature = "failpoints") {
        skip("built without failpoints; add --features omega-server/failpoints");
    }
    cfg!(feature = "failpoints")
}

/// Everybody at once, so that every transaction and effect of a run's life is met.
fn everybody(world: &World) -> Vec<Talk> {
    Kind::ALL.into_iter().map(|kind| Talk::begin(world, kind)).collect()
}

/// How to make a server come to a point: what to arm with it, since some are only met after a failure.
fn armed(name: &str, point: Point) -> String {
    match point {
        Point::Before(Transaction::Release)
        | Point::Within(Transaction::Release)
        | Point::After(Transaction::Release) => {
            format!("tool.intent.within:1:error,{name}:1")
        }
        _ => format!("{name}:1"),
    }
}

async fn all_done(talks: &[Talk], world: &World) {
    for talk in talks {
        let done = tokio::time::timeout(Duration::from_secs(60), talk.done());
        if done.await.is_err() {
            panic!("{}: not at its end: {:?}\n{}", world.engine(), talk.witness(), world.said());
        }
    }
}

/// Starts a server that dies at a point, gives it work, and waits for its death.
async fn die_at(world: &World, name: &str, point: Point, talks: &mut Vec<Talk>) {
    let status = match world.try_start(Some(&armed(name, point))).await {
        Err(status) => status,
        Ok(server) => {
            talks.extend(everybody(world));
            let died = tokio::time::timeout(Duration::from_secs(45), server.exit()).await;
            died.unwrap_or_else(|_| panic!("{}: {name} was never met\n{}", world.engine(), world.said()))
        }
    };
    assert_eq!(status.signal(), Some(9), "{}: {name}: {status}\n{}", world.engine(), world.said());
    world.expire_leases().await;
}

async fn at_every_point(world: World) {
    let (mut work, mut met) = (Work::default(), 0);
    let flushes = |point: &Point| {
        let flush = Transaction::ChunkFlush;
        [Point::Before(flush), Point::Within(flush), Point::After(flush)].contains(point)
    };
    // No run comes to them: the command's tests kill a server there, with a real keyring.
    let of_keyring = |point: &Point| [Point::KeyringNoted, Point::KeyringWritten, Point::KeyringNamed].contains(point);
    let of_runs = ALL.iter().filter(|(_, point)| !of_keyring(point));
    let all: Vec<_> = of_runs.filter(|(_, point)| world.is_postgres() || !flushes(point)).collect();
    // The deaths of four servers in a row are checked together: fewer than a run survives.
    for points in all.chunks(4) {
        let mut talks = Vec::new();
        for (name, point) in points {
            let recovery = Transaction::Recovery;
            if [Point::Before(recovery), Point::Within(recovery), Point::After(recovery)].contains(point) {
                leave_work_behind(&world, &mut talks).await;
            }
            die_at(&world, name, *point, &mut talks).await;
            met += 1;
        }
        let server = world.start().await;
        talks.push(Talk::begin(&world, Kind::Work));
        all_done(&talks, &world).await;
        work += check(&world, &talks).await;
        server.kill().await;
        world.tools.forget();
    }
    eprintln!("{}: killed at {met} points, {work:?}", world.engine());
    assert_eq!(met, all.len());
    assert!(work.recoveries >= met / 2 && work.unknown > 0 && work.resets > 0, "{work:?}");
}

/// A server that is killed with runs in the middle of a call.
async fn leave_work_behind(world: &World, talks: &mut Vec<Talk>) {
    let server = world.start().await;
    let talk = Talk::begin(world, Kind::Work);
    within("a call", async {
        while !talk.has_seen(|event| matches!(event, Event::ToolStarted { .. })) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
    talks.push(talk);
    server.kill().await;
    world.expire_leases().await;
}

#[tokio::test]
async fn killed_at_every_point_nothing_is_lost_and_nothing_repeated_on_sqlite() {
    if has_points() {
        at_every_point(World::sqlite(script()).await.with_lease("2s")).await;
    }
}

#[tokio::test]
async fn killed_at_every_point_nothing_is_lost_and_nothing_repeated_on_postgres() {
    if !has_points() {
        return;
    }
    let Some(cluster) = Postgres::start() else { return };
    at_every_point(World::postgres(cluster, script()).await.with_lease("2s")).await;
}

/// Every write fails once: the server goes on by itself, in the same process.
async fn every_transaction_fails(world: World) {
    let failing = ALL.iter().filter(|(_, point)| matches!(point, Point::Before(_) | Point::Within(_)));
    // Not all of them to one run.
    let names: Vec<String> = failing.zip(0..).map(|((name, _), n)| format!("{name}:{}:error", 1 + n % 6)).collect();
    let server: Process = world.try_start(Some(&names.join(","))).await.expect("it starts");
    let mut talks = Vec::new();
    for _ in 0..6 {
        talks.extend(everybody(&world));
    }
    all_done(&talks, &world).await;
    let work = check(&world, &talks).await;
    let said = world.said();
    let failed =
        names.iter().filter(|name| said.contains(&format!("\"name\":\"{}\"", name.split(':').next().unwrap())));
    let failed = failed.count();
    eprintln!("{}: {failed} of {} writes failed, {work:?}", world.engine(), names.len());
    assert!(failed >= 20, "too few writes failed: {failed}");
    server.kill().await;
}

#[tokio::test]
async fn a_server_whose_every_write_fails_once_goes_on_by_itself() {
    if has_points() {
        for world in World::both(script).await {
            every_transaction_fails(world).await;
        }
    }
}

#[tokio::test]
async fn a_point_that_nobody_knows_stops_the_start_and_the_list_is_complete() {
    let world = World::sqlite(script()).await;
    let status = world.try_start(Some("nowhere:1")).await.map(|_| ()).unwrap_err();
    assert!(!status.success(), "{status}");
    let expected =
        if cfg!(feature = "failpoints") { "no point is called `nowhere`" } else { "this build has no failpoints" };
    assert!(world.said().contains(expected), "{}", world.said());
    let output =
        std::process::Command::new(env!("CARGO_BIN_EXE_omega-server")).arg("--list-failpoints").output().unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    for (name, _) in ALL {
        assert!(listed.lines().any(|line| line.starts_with(&format!("{name} "))), "{name} in {listed}");
    }
    assert_eq!(listed.contains("none of them"), !cfg!(feature = "failpoints"), "{listed}");
}
