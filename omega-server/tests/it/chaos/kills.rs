//! `kill -9` at moments that nobody chose (G1): nothing acknowledged is lost, no call is made twice, every run ends.

use super::{
    check::check,
    dice::{Dice, setting},
    talk::{Kind, Talk, script},
    world::World,
};
use std::time::{Duration, Instant};

/// Everything in the middle of its work ends within this time of a restart.
const RECOVERED: Duration = Duration::from_secs(60);
/// After five recoveries without an end a run is given up, rightly: nobody is killed so often in here.
const KILLS_OF_ONE_TALK: u32 = 3;

/// 60 in CI, half on each engine; `OMEGA_CHAOS_KILLS` for more.
fn kills() -> usize {
    setting("OMEGA_CHAOS_KILLS", 60).div_ceil(2)
}

async fn all_done(talks: &[Talk], since: Instant, world: &World) {
    for talk in talks {
        let left = RECOVERED.saturating_sub(since.elapsed());
        if tokio::time::timeout(left, talk.done()).await.is_err() {
            panic!("{}: not at its end 60 s after the restart: {:?}\n{}", world.engine(), talk.witness(), world.said());
        }
    }
}

async fn kill_at_random(world: World) {
    let mut dice = Dice::new(world.engine());
    let (mut at_work, mut done): (Vec<Talk>, Vec<Talk>) = (Vec::new(), Vec::new());
    let kills = kills();
    for kill in 0..kills {
        // One that dies before it answers may have taken runs back already.
        if dice.once_in(8) && at_work.iter().all(|talk| talk.kills < KILLS_OF_ONE_TALK) {
            world.stillborn(&mut dice).await;
            at_work.iter_mut().for_each(|talk| talk.kills += 1);
            continue;
        }
        let server = world.start().await;
        let since = Instant::now();
        at_work.extend((0..3).map(|n| Talk::begin(&world, Kind::ALL[(kill + n) % Kind::ALL.len()])));
        let (tired, fresh): (Vec<Talk>, Vec<Talk>) =
            at_work.drain(..).partition(|talk| talk.kills >= KILLS_OF_ONE_TALK);
        all_done(&tired, since, &world).await;
        done.extend(tired);
        at_work.extend(fresh);
        tokio::time::sleep(dice.millis(600)).await;
        server.kill().await;
        // The last time the leases run out by themselves.
        if kill + 1 < kills {
            world.expire_leases().await;
        }
        let (ended, cut): (Vec<Talk>, Vec<Talk>) = at_work.drain(..).partition(Talk::is_done);
        done.extend(ended);
        at_work.extend(cut);
        at_work.iter_mut().for_each(|talk| talk.kills += 1);
    }
    let server = world.start().await;
    all_done(&at_work, Instant::now(), &world).await;
    done.append(&mut at_work);
    let work = check(&world, &done).await;
    server.kill().await;
    eprintln!("{}: {kills} kills, {work:?}", world.engine());
    assert!(work.acks >= 20 * kills, "too little was acknowledged: {work:?}");
    assert!(work.recoveries >= kills / 2, "too few runs were in the middle of their work: {work:?}");
    assert!(work.calls >= kills && work.runs >= kills, "too little was done: {work:?}");
    if kills >= 30 {
        assert!(work.resets > 0 && work.cancelled > 0, "not every kind of end was met: {work:?}");
    }
    // A call is under way for a moment only; `points` meets that moment each time.
    if kills >= 300 {
        assert!(work.unknown > 0, "no call was cut: {work:?}");
    }
}

#[tokio::test]
async fn kill_at_random_loses_nothing_and_repeats_nothing_on_sqlite() {
    kill_at_random(World::sqlite(script()).await.with_lease("6s")).await;
}

#[tokio::test]
async fn kill_at_random_loses_nothing_and_repeats_nothing_on_postgres() {
    let Some(cluster) = crate::harness::postgres::Postgres::start() else { return };
    kill_at_random(World::postgres(cluster, script()).await.with_lease("6s")).await;
}
