//! The run engine's store against a reference model: random sequences of everything that can happen to a run, on the real
//! database, with the invariants of the design (I1-I6) looked at after each transition.
//!
//! `PROPTEST_CASES` sets how many sequences there are. One that fails is made shorter, and its seed is kept in
//! `mod.regressions` beside this file.

#![allow(
    clippy::disallowed_types,
    reason = "a database is made and seeded by statements that nobody outside of the test has a part in"
)]

mod ledger;
mod reference;
mod sequence;
mod system;
mod transition;
mod worker;

use crate::harness::{folder, postgres::Postgres};
use omega_core::{api::Author, id::UserId};
use omega_engine::store::Store;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};
use reference::Model;
use sequence::Sequences;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection, raw_sql};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    future::Future,
    time::Instant,
};
use system::{DATA_KEY, System};
use tempfile::TempDir;
use transition::{Handing, Outcome, Transition, Who};

/// Transitions of one case.
const LENGTH: usize = 50;
/// How often each must happen in 256 cases: about half of what does.
const AT_LEAST: &[(&str, u64)] = &[
    ("Ask", 450),
    ("AskYes", 80),
    ("Begin", 500),
    ("Cancel", 150),
    ("CancelCall", 50),
    ("Claim", 500),
    ("Crash -> Done", 180),
    ("Days", 60),
    ("Decide -> AlreadyDecided", 150),
    ("Decide -> Done", 120),
    ("Decide -> NotYours", 20),
    ("Decide -> OwnerOnly", 50),
    ("Decide -> Unfit", 30),
    ("End", 150),
    ("Heartbeat", 50),
    ("Lacks", 80),
    ("Late", 60),
    ("Plans", 35),
    ("Provide -> Done", 60),
    ("Provide -> NotAwaited", 80),
    ("Provide -> Unfit", 20),
    ("Reply", 300),
    ("Reset", 35),
    ("Restart", 80),
    ("Select -> AlreadyDecided", 25),
    ("Select -> Done", 25),
    ("Select -> NotFound", 25),
    ("Select -> NotYours", 10),
    ("Send -> Done", 600),
    ("Send -> NotYours", 30),
    ("Send -> RunActive", 90),
    ("SendAgain -> Done", 80),
    ("SendAgain -> KeyReused", 50),
    ("Settle", 120),
    ("SettleAgain", 20),
    ("Start", 180),
    ("events", 6_000),
    ("runs that were given up", 4),
];

/// The people of every case: the owner and two guests.
type People = [Author; 3];

/// Gives an empty database its owner; and what else must be there: two guests, and a data key that seals nothing.
async fn seed(url: &str) -> (People, String) {
    let store = Store::open(url).await.unwrap();
    let owner = store.first_user("owner").await.unwrap();
    let person = |user_id| Author { user_id, display_name: "person".into(), gravatar_hash: String::new() };
    let people = [owner, UserId::new(), UserId::new()].map(person);
    let guests = people[1..].iter().map(|guest| {
        format!(
            "INSERT INTO users (id, display_name, gravatar_hash, role, created_at) VALUES ('{}', 'guest', '', 'user', 1);",
            guest.user_id
        )
    });
    let nothing = if url.starts_with("sqlite") { "x'00'" } else { "'\\x00'" };
    let key = format!(
        "INSERT INTO data_keys (id, user_id, kek_id, alg, nonce, wrapped_key, enc_count, created_at) \
         VALUES ('{DATA_KEY}', '{owner}', 'none', 'none', {nothing}, {nothing}, 0, 1);"
    );
    let sql = guests.chain([key]).collect();
    (people, sql)
}

fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(256)
}

/// How often what happened, and what came of it.
type Histogram = BTreeMap<String, u64>;

/// One case: the reference and the store, side by side.
async fn walk((url, people): (String, People), transitions: &[Transition], histogram: &RefCell<Histogram>) {
    let mut system = System::open(url, people).await;
    let mut model = Model::default();
    let count = |what: String, times: u64| *histogram.borrow_mut().entry(what).or_default() += times;
    for transition in transitions {
        let before = model.clone();
        let expected = model.apply(transition);
        system = system.apply(&before, &model, transition, expected).await;
        count(transition.kind(), 1);
        count(format!("{} -> {expected:?}", transition.kind()), 1);
    }
    count("events".into(), system.events());
    count("runs".into(), model.talks.iter().map(|talk| talk.runs.len() as u64).sum());
    let given_up = model.talks.iter().flat_map(|talk| &talk.runs).filter(|run| run.is_given_up()).count();
    count("runs that were given up".into(), given_up as u64);
}

/// Cases, each on a database of its own.
fn explore<F: Future<Output = (String, People)>>(cases: u32, fresh: impl Fn(u32) -> F) -> Histogram {
    let (histogram, databases) = (RefCell::new(Histogram::new()), Cell::new(0));
    let runtime = runtime();
    let config = Config {
        cases,
        max_shrink_iters: 2_000,
        source_file: Some(file!()),
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&Sequences(LENGTH), |transitions| {
        databases.set(databases.get() + 1);
        runtime.block_on(async { walk(fresh(databases.get()).await, &transitions, &histogram).await });
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    histogram.into_inner()
}

/// Says what happened, and whether it was enough.
fn judge(cases: u32, histogram: &Histogram, began: Instant) {
    for (kind, times) in histogram {
        eprintln!("{times:6} {kind}");
    }
    eprintln!("{cases} cases of {LENGTH} transitions, {:.1} s", began.elapsed().as_secs_f64());
    for (kind, least) in AT_LEAST {
        let times = histogram.get(*kind).copied().unwrap_or_default();
        let least = least * u64::from(cases) / 256;
        // Of a few cases nothing rare can be expected.
        assert!(times >= least || least < 20, "{kind} happened {times} times only");
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// SQLite databases, copied from one that is made once.
struct Files {
    folder: TempDir,
    people: People,
}

impl Files {
    fn new() -> Self {
        let folder = folder();
        let url = format!("sqlite:{}", folder.path().join("template").display());
        let people = runtime().block_on(async {
            let (people, sql) = seed(&url).await;
            let mut connection = SqliteConnection::connect(&url).await.unwrap();
            raw_sql(AssertSqlSafe(sql + "PRAGMA wal_checkpoint(TRUNCATE)")).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
            people
        });
        Self { folder, people }
    }

    /// Under a name of its own: connections of the case before may still be closing.
    fn fresh(&self, n: u32) -> (String, People) {
        let path = |name: String| self.folder.path().join(name);
        for left in ["", "-wal", "-shm", ".lock"] {
            let _ = std::fs::remove_file(path(format!("{}{left}", n - 1)));
        }
        std::fs::copy(path("template".into()), path(n.to_string())).unwrap();
        (format!("sqlite:{}", path(n.to_string()).display()), self.people.clone())
    }
}

#[test]
fn whatever_happens_the_store_does_what_the_reference_does() {
    let (began, cases) = (Instant::now(), cases());
    let half = || {
        let files = Files::new();
        explore(cases.div_ceil(2), |n| std::future::ready(files.fresh(n)))
    };
    let mut histogram = Histogram::new();
    std::thread::scope(|scope| {
        for half in [scope.spawn(half), scope.spawn(half)] {
            for (kind, times) in half.join().unwrap() {
                *histogram.entry(kind).or_default() += times;
            }
        }
    });
    judge(cases, &histogram, began);
}

#[test]
fn the_same_holds_on_postgres() {
    let Some(cluster) = Postgres::start() else { return };
    let (began, cases) = (Instant::now(), cases().div_ceil(16));
    let histogram = explore(cases, |n| {
        let cluster = cluster.url.clone();
        async move {
            let mut connection = PgConnection::connect(&cluster).await.unwrap();
            let create = format!("CREATE DATABASE case_{n}");
            raw_sql(AssertSqlSafe(create)).execute(&mut connection).await.unwrap();
            let url = cluster.replace("/postgres?", &format!("/case_{n}?"));
            let (people, sql) = seed(&url).await;
            let mut connection = PgConnection::connect(&url).await.unwrap();
            raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
            (url, people)
        }
    });
    judge(cases, &histogram, began);
}

/// What was found so, in its shortest form.
#[test]
fn what_failed_once_holds() {
    let send = Transition::Send { talk: 0, who: Who::Guest, on_active: None, plan: false, env: false };
    let calls = vec![false, false];
    let until_reply = [
        send.clone(),
        Transition::Claim,
        Transition::Begin { talk: 0 },
        Transition::Ask { talk: 0 },
        Transition::Reply { talk: 0, text: true, calls },
    ];
    let of_a_call = [
        Transition::Start { talk: 0, call: 0 },
        Transition::Settle { talk: 0, call: 0, outcome: Outcome::Succeeded },
        Transition::SettleAgain { talk: 0, call: 0 },
    ];
    let sequences = [
        // A run that was claimed and not begun was told to have begun when its worker died.
        vec![send, Transition::Claim, Transition::Crash { talk: 0, how: Handing::Expired }],
        // A call that had its outcome was told to have another one.
        until_reply.into_iter().chain(of_a_call).collect(),
    ];
    let (files, runtime, histogram) = (Files::new(), runtime(), RefCell::default());
    for (n, sequence) in (1..).zip(&sequences) {
        runtime.block_on(walk(files.fresh(n), sequence, &histogram));
    }
    assert_eq!(histogram.into_inner()["SettleAgain -> LeaseLost"], 1);
}
