//! Four servers and two executors on one PostgreSQL, under load, one of each killed every few seconds: no run is lost, no call
//! is made twice, and whose run was on another server hardly notices.
//!
//! Takes minutes and all of a machine, so it is not among the tests that always run; the README has the command.

use super::{
    check::check_calls,
    dice::{Dice, setting},
    executors::Executor,
    talk::{Kind, Talk, script},
    world::{World, address},
};
use crate::harness::{log::committed, postgres::Postgres, process::Process};
use omega_core::{
    api::Role,
    client::Client,
    event::{Envelope, Event},
    id::RunId,
};
use std::time::{Duration, Instant};

const SERVERS: usize = 4;
const EXECUTORS: usize = 2;
/// Who talks at the same time.
const TALKERS: usize = 12;
/// How long the servers work before the first is killed: what a calm run takes is known then.
const CALM: Duration = Duration::from_secs(40);
/// Everything in the middle of its work ends within this time of the last kill.
const RECOVERED: Duration = Duration::from_secs(120);

struct Fleet {
    world: World,
    servers: Vec<(String, Option<Process>)>,
    executors: Vec<Executor>,
}

impl Fleet {
    async fn start(cluster: Postgres) -> Self {
        let world = World::postgres(cluster, script()).await.with_lease("6s");
        let mut executors = Vec::new();
        for _ in 0..EXECUTORS {
            executors.push(Executor::start().await);
        }
        let servers = (0..SERVERS).map(|_| (address(), None)).collect();
        let mut fleet = Self { world, servers, executors };
        for server in 0..SERVERS {
            fleet.start_server(server).await;
        }
        fleet
    }

    async fn start_server(&mut self, server: usize) {
        let (listen, process) = &mut self.servers[server];
        let mut command = self.world.server(listen, self.executors[0].tools());
        for other in &self.executors[1..] {
            command.args(["--executor", &other.tools().url]);
        }
        let key = secrecy::ExposeSecret::expose_secret(&self.world.key()).to_owned();
        *process = Some(Process::start(command, Some(key)).await);
    }

    fn client(&self, server: usize) -> &Client {
        &self.servers[server].1.as_ref().expect("it runs").client
    }

    /// `kill -9` of one of each; both are there again at once.
    async fn kill(&mut self, dice: &mut Dice) {
        let executor = dice.below(EXECUTORS as u64) as usize;
        self.executors[executor].kill().await;
        let server = dice.below(SERVERS as u64) as usize;
        if let Some(process) = self.servers[server].1.take() {
            process.kill().await;
        }
        self.start_server(server).await;
    }
}

/// How long a run took from its message to its end, by the log; nothing for one that a kill cut, or that a person held up.
fn undisturbed(log: &[Envelope], run: RunId) -> Option<Duration> {
    let of_run = || log.iter().filter(|envelope| envelope.run_id == Some(run));
    let is_cut = |event: &Event| {
        matches!(
            event,
            Event::RunRecovered { .. }
                | Event::ToolUnknown { .. }
                | Event::MessageReset { .. }
                | Event::RunRequiresAction { .. }
                | Event::Notice { .. }
        ) || matches!(event, Event::ToolCompleted { is_error: true, .. })
    };
    if of_run().any(|envelope| is_cut(&envelope.event)) {
        return None;
    }
    let is_said = |event: &Event| matches!(event, Event::MessageCreated { message } if message.role == Role::User);
    let said = of_run().find(|envelope| is_said(&envelope.event))?;
    let end = of_run().find(|envelope| matches!(envelope.event, Event::RunCompleted { .. }))?;
    Some(Duration::from_millis(end.at.millis_since(said.at)))
}

fn quantile(sorted: &[Duration], of: usize) -> Duration {
    sorted[(sorted.len() * of).div_ceil(100) - 1]
}

/// Talks for a while; those that are not done stay.
async fn talk(fleet: &Fleet, open: &mut Vec<Talk>, next: &mut usize, until: Instant) -> Vec<Talk> {
    let mut done = Vec::new();
    while Instant::now() < until {
        let (ended, rest): (Vec<Talk>, Vec<Talk>) = open.drain(..).partition(Talk::is_done);
        done.extend(ended);
        open.extend(rest);
        while open.len() < TALKERS {
            let kind = [Kind::Work, Kind::Twice, Kind::Work, Kind::Hang, Kind::Work, Kind::Ask][*next % 6];
            open.push(Talk::begin_at(fleet.client(*next % SERVERS), fleet.world.key(), kind));
            *next += 1;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    done
}

async fn lengths(fleet: &Fleet, talks: &[Talk]) -> Vec<Duration> {
    let mut lengths = Vec::new();
    for talk in talks.iter().filter(|talk| talk.kind == Kind::Work) {
        let (conversation, run) = {
            let witness = talk.witness();
            (witness.conversation.expect("it was made"), witness.acks[0].1.run_id)
        };
        lengths.extend(undisturbed(&committed(&fleet.world.database, conversation).await, run));
    }
    lengths.sort();
    lengths
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes and all of the machine"]
async fn four_servers_and_two_executors_lose_nothing_while_one_of_each_is_killed_again_and_again() {
    let Some(cluster) = Postgres::start() else { return };
    let mut dice = Dice::new("fleet");
    let minutes = setting("OMEGA_FLEET_MINUTES", 5);
    let every = Duration::from_secs(setting("OMEGA_FLEET_SECONDS", 20) as u64);
    let mut fleet = Fleet::start(cluster).await;
    let (mut open, mut next) = (Vec::new(), 0);
    let calm = talk(&fleet, &mut open, &mut next, Instant::now() + CALM).await;
    let end = Instant::now() + Duration::from_secs(60 * minutes as u64);
    let (mut kills, mut disturbed) = (0, Vec::new());
    while Instant::now() < end {
        fleet.kill(&mut dice).await;
        kills += 1;
        disturbed.extend(talk(&fleet, &mut open, &mut next, (Instant::now() + every).min(end)).await);
    }
    let since = Instant::now();
    for talk in &open {
        let left = RECOVERED.saturating_sub(since.elapsed());
        let ended = tokio::time::timeout(left, talk.done()).await;
        assert!(ended.is_ok(), "a run was lost: {:?}\n{}", talk.witness(), fleet.world.said());
    }
    disturbed.append(&mut open);
    let (before, meanwhile) = (lengths(&fleet, &calm).await, lengths(&fleet, &disturbed).await);
    let (p50, p99) = (quantile(&before, 50), quantile(&before, 99));
    let (p50_then, p99_then) = (quantile(&meanwhile, 50), quantile(&meanwhile, 99));
    eprintln!(
        "{kills} kills of a server and an executor, {} and {} talks; runs that no kill cut: {} calm, p50 {p50:?}, p99 {p99:?}; \
         {} meanwhile, p50 {p50_then:?}, p99 {p99_then:?}",
        calm.len(),
        disturbed.len(),
        before.len(),
        meanwhile.len(),
    );
    fleet.world.client = fleet.client(0).clone();
    let all: Vec<Talk> = calm.into_iter().chain(disturbed).collect();
    let made = fleet.executors.iter().flat_map(Executor::calls).collect();
    let work = check_calls(&fleet.world, &all, made).await;
    eprintln!("{work:?}");
    assert!(work.recoveries > 0, "no kill met a run: {work:?}");
    assert!(p99_then <= 2 * p99, "others noticed: p99 {p99:?} before, {p99_then:?} while servers were killed");
}
