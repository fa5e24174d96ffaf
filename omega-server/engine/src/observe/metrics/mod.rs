//! What this process counts of itself, as Prometheus reads it: the families, and the text of all of them.
//!
//! Labels are words of closed lists, names of this program's own routes and tools, and names of models, whose number is
//! bounded (`family.rs`): no ids, no texts of people or tools, no secrets. What the database knows for all nodes (runs that
//! wait, open breakers) is asked for when it is read.

mod family;
mod told;

pub use family::{Counter, Histogram};
pub use told::{CallTold, Told};

use super::names;
use family::{Family, Head};
use omega_core::redact;

/// Seconds of what takes from a millisecond to minutes.
const SECONDS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];
/// Seconds of a request: what streams has no end that says anything.
const REQUEST: &[f64] = &[0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 600.0];
/// Seconds that people take: from seconds to a month.
const PEOPLE: &[f64] = &[1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 86400.0, 604_800.0, 2_678_400.0];
/// Pieces of text that are written at once.
const PIECES: &[f64] = &[1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0];
/// The conventions' own.
const GEN_AI_SECONDS: &[f64] =
    &[0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const GEN_AI_FIRST: &[f64] =
    &[0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
const GEN_AI_COUNT: &[f64] = &[
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1024.0,
    4096.0,
    16384.0,
    65536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];

macro_rules! families {
    ($($name:ident: $family:ty = $of:expr;)*) => {
        $(pub static $name: $family = $of;)*
        static FAMILIES: &[&dyn Family] = &[$(&$name),*];
    };
}

families! {
    RUNS: Counter<1> = Counter::new(names::RUNS, "Runs that ended.", ["outcome"]);
    RUN_QUEUE_WAIT: Histogram<0> =
        Histogram::new(names::RUN_QUEUE_WAIT, "How long messages wait until their run begins.", [], SECONDS);
    RUN_RECOVERIES: Counter<0> =
        Counter::new(names::RUN_RECOVERIES, "Runs that were taken back from a worker that was gone.", []);
    TOOL_RUNS: Counter<2> =
        Counter::new(names::TOOL_RUNS, "Calls of tools that ended; tools of our own by name.", ["tool", "outcome"]);
    TOOL_RUN_DURATION: Histogram<1> =
        Histogram::new(names::TOOL_RUN_DURATION, "How long calls of tools take.", ["executor"], SECONDS);
    TOOL_UNKNOWN_OUTCOMES: Counter<0> =
        Counter::new(names::TOOL_UNKNOWN_OUTCOMES, "Calls of which nobody knows whether they took effect.", []);
    PAUSES: Counter<1> = Counter::new(names::PAUSES, "Runs that began to wait for a person.", ["kind"]);
    PAUSE_DURATION: Histogram<1> =
        Histogram::new(names::PAUSE_DURATION, "How long people take to answer a run.", ["kind"], PEOPLE);
    SSE_DELIVERY_LAG: Histogram<0> =
        Histogram::new(names::SSE_DELIVERY_LAG, "From an event's commit until a reader gets it.", [], SECONDS);
    SSE_RESUMES: Counter<1> =
        Counter::new(names::SSE_RESUMES, "Streams that were asked for with a cursor.", ["result"]);
    EVENTS_APPENDED: Counter<1> = Counter::new(names::EVENTS_APPENDED, "Events that were committed.", ["kind"]);
    EVENT_FLUSH: Histogram<0> = Histogram::new(
        names::EVENT_FLUSH,
        "How long it takes to write the text that streams, for other nodes.",
        [],
        SECONDS,
    );
    EVENT_FLUSH_BATCH: Histogram<0> =
        Histogram::new(names::EVENT_FLUSH_BATCH, "Pieces of text that are written at once.", [], PIECES);
    DB_POOL_WAIT: Histogram<1> = Histogram::new(
        names::DB_POOL_WAIT,
        "How long transactions wait for a connection and to begin.",
        ["pool"],
        SECONDS,
    );
    LEASE_LOST: Counter<0> = Counter::new(names::LEASE_LOST, "Runs that another worker took over.", []);
    NOTIFY_FALLBACK_POLLS: Counter<0> = Counter::new(
        names::NOTIFY_FALLBACK_POLLS,
        "Looks for runs of other nodes that no hint asked for.",
        [],
    );
    RATE_LIMITED: Counter<1> =
        Counter::new(names::RATE_LIMITED, "Requests that were refused as too many.", ["policy"]);
    CREDENTIAL_USES: Counter<1> =
        Counter::new(names::CREDENTIAL_USES, "Credentials that were opened for a call.", ["result"]);
    HTTP_DURATION: Histogram<3> = Histogram::new(
        names::HTTP_DURATION,
        "From a request until its answer begins.",
        ["route", "method", "status"],
        REQUEST,
    );
    GEN_AI_DURATION: Histogram<4> = Histogram::new(
        names::GEN_AI_DURATION,
        "GenAI operation duration.",
        [names::OPERATION, names::PROVIDER, names::MODEL, names::ERROR_TYPE],
        GEN_AI_SECONDS,
    );
    GEN_AI_FIRST_CHUNK: Histogram<3> = Histogram::new(
        names::GEN_AI_FIRST_CHUNK,
        "Time to receive the first chunk.",
        [names::OPERATION, names::PROVIDER, names::MODEL],
        GEN_AI_FIRST,
    );
    GEN_AI_TOKENS: Histogram<4> = Histogram::new(
        names::GEN_AI_TOKENS,
        "Number of input and output tokens used.",
        [names::OPERATION, names::PROVIDER, names::MODEL, names::TOKEN_TYPE],
        GEN_AI_COUNT,
    );
}

/// What is true at the moment, of whom who knows it was asked.
#[derive(Debug, Clone, Default)]
pub struct Moment {
    /// Runs that have not ended, by state, on the whole database.
    pub runs: Vec<(String, u64)>,
    /// Streams that are open on this node.
    pub streams: u64,
    /// Breakers that are not closed, by kind, on the whole database.
    pub breakers: Vec<(String, u64)>,
}

/// States that a run can wait or work in, and kinds of breakers: a gauge that is nothing is said to be.
const STATES: [&str; 3] = ["queued", "running", "paused"];
const KINDS: [&str; 3] = ["tool", "executor", "provider"];

/// Everything, in Prometheus' text format.
#[must_use]
pub fn text(moment: &Moment) -> String {
    let mut out = String::new();
    FAMILIES.iter().for_each(|family| family.write(&mut out));
    let redactions = Head { name: names::REDACTIONS, help: "Secrets that were taken out of texts.", labels: ["kind"] };
    redactions.open("counter", &mut out);
    for (kind, number) in redact::taken_out() {
        redactions.sample("", &[kind.to_owned()], None, number, &mut out);
    }
    let of = |known: &[(String, u64)], word: &str| known.iter().find(|(known, _)| known == word).map_or(0, |(_, n)| *n);
    let runs = Head { name: names::RUNS_ACTIVE, help: "Runs that have not ended.", labels: ["state"] };
    runs.open("gauge", &mut out);
    for state in STATES {
        runs.sample("", &[state.to_owned()], None, of(&moment.runs, state), &mut out);
    }
    let breakers = Head { name: names::BREAKER_STATE, help: "Circuit breakers that are not closed.", labels: ["kind"] };
    breakers.open("gauge", &mut out);
    for kind in KINDS {
        breakers.sample("", &[kind.to_owned()], None, of(&moment.breakers, kind), &mut out);
    }
    let streams = Head { name: names::SSE_STREAMS, help: "Event streams that are open here.", labels: [] };
    streams.open("gauge", &mut out);
    streams.sample("", &[], None, moment.streams, &mut out);
    let build = Head { name: names::BUILD_INFO, help: "The version of this server.", labels: ["version"] };
    build.open("gauge", &mut out);
    build.sample("", &[env!("CARGO_PKG_VERSION").to_owned()], None, 1, &mut out);
    out
}
