//! A server that is told to end under load (G15): it ends in time, and the next one goes on as if nothing had happened.

use super::{
    check::check,
    reader::Reader,
    talk::{Kind, Talk, script},
    world::World,
};
use std::time::{Duration, Instant};

const RUNS: usize = 20;
const STREAMS: usize = 50;
/// The promise: it has ended by then.
const DRAINED: Duration = Duration::from_secs(30);

async fn drain_under_load(world: World) {
    let server = world.start().await;
    let talks: Vec<Talk> = (0..RUNS).map(|_| Talk::begin(&world, Kind::Work)).collect();
    let at_work = || talks.iter().filter(|talk| talk.has_seen(|event| event.kind() == "run.started")).count();
    while at_work() < RUNS {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    // More streams on the same conversations.
    let mut streams = tokio::task::JoinSet::new();
    for n in RUNS..STREAMS {
        let conversation = talks[n % RUNS].witness().conversation.unwrap();
        let mut reader = Reader::new(world.client.base_url(), world.key());
        streams.spawn(async move {
            let mut seqs = Vec::new();
            loop {
                let envelope = reader.next(conversation).await;
                seqs.extend(envelope.seq);
                if envelope.event.is_terminal() {
                    return seqs;
                }
            }
        });
    }
    let unfinished = talks.iter().filter(|talk| !talk.is_done()).count();
    let told = Instant::now();
    server.signal("TERM");
    let status = tokio::time::timeout(DRAINED, server.exit()).await.expect("ended within 30 s");
    let drained = told.elapsed();
    assert!(status.success(), "{}: {status}\n{}", world.engine(), world.said());

    let next = world.start().await;
    for talk in &talks {
        let done = tokio::time::timeout(Duration::from_secs(60), talk.done()).await;
        assert!(done.is_ok(), "{}: not at its end: {:?}", world.engine(), talk.witness());
    }
    let mut complete = 0;
    while let Some(seqs) =
        tokio::time::timeout(Duration::from_secs(30), streams.join_next()).await.expect("streams end")
    {
        let seqs = seqs.unwrap();
        assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "a stream lost something");
        complete += 1;
    }
    let work = check(&world, &talks).await;
    next.kill().await;
    eprintln!("{}: drained in {drained:?} with {unfinished} runs at work, {work:?}", world.engine());
    assert_eq!(complete, STREAMS - RUNS);
    assert!(unfinished >= RUNS / 2, "{unfinished} runs were at work");
    // Every run was put down between two steps: no answer began again, no call has an unknown outcome.
    assert_eq!((work.unknown, work.resets, work.runs), (0, 0, RUNS), "{work:?}");
    assert!(work.recoveries == 0 && work.resumptions >= unfinished / 2, "not handed over, but taken back: {work:?}");
}

#[tokio::test]
async fn a_server_told_to_end_under_load_hands_its_runs_over_whole() {
    for world in World::both(script).await {
        drain_under_load(world).await;
    }
}
