//! What strangers send has a price limit: every reader is linear in it, and while one works at its limit the server answers.

use crate::harness::{MODELS, Omega, execute, executor::id, refusals::answer};
use futures_util::{StreamExt, stream};
use omega_core::{
    budget,
    registry::{Calling, Health, Tool, meta::EXECUTE},
    testing::{
        Reply, Script,
        hostile::{Growth, PATTERNS, Pattern, peak_memory},
    },
};
use omega_engine::engine::guard::{
    destructive,
    exfil::{self, WrittenAddresses},
};
use omega_search::index::{Document, Index, Ranking};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

const BYTES: usize = 12 << 10;

/// What a test may have taken at most: a thousand times the larger text, and the program itself.
const MEMORY: usize = 256 << 20;

fn linear(name: &str, read: impl Fn(&str)) {
    for pattern in PATTERNS {
        let growth = Growth::of(BYTES, |bytes| read(&pattern.text(bytes)));
        assert!(growth.is_linear(), "{name} of {pattern:?}: {growth:?}");
        assert!(peak_memory() < MEMORY, "{name} of {pattern:?}: {} bytes", peak_memory());
    }
}

#[test]
fn addresses_are_sought_in_linear_time() {
    linear("what people wrote", |text| drop(WrittenAddresses::of([text])));
    let known = WrittenAddresses::of(["see https://known.test/"]);
    linear("an input", |text| {
        let input = json!({ "url": text, "list": [text, "x"] });
        drop(exfil::strange(budget::ARGUMENTS.tree(&input).unwrap(), &known));
    });
}

#[test]
fn destruction_is_sought_in_linear_time() {
    let tool = Tool {
        tool_id: "acme-tools::run".parse().unwrap(),
        name: "run".into(),
        description: String::new(),
        version: "1.0.0".into(),
        category: "other".into(),
        keywords: Vec::new(),
        input_schema: None,
        env: Vec::new(),
        calling: Calling::Tool,
        health: Health::Unknown,
        downloads: None,
        official: false,
        needs_approval: None,
        destructive: false,
        integrity: None,
        own: false,
    };
    linear("an input that may destroy", |text| {
        let input = json!({ "command": text, "method": text });
        drop(destructive::because(&tool, budget::ARGUMENTS.tree(&input).unwrap(), true));
    });
    linear("a description", |text| {
        let tool = Tool { description: text.to_owned(), name: text.to_owned(), ..tool.clone() };
        drop(destructive::because(&tool, budget::ARGUMENTS.tree(&Value::Null).unwrap(), true));
    });
}

fn document<'a>(id: &'a str, text: &'a [&'a str]) -> Document<'a> {
    Document { id, name: "y", package: "x", text, inputs: "", category: "other", downloads: 0, broken: false, trust: 0 }
}

#[test]
fn words_are_searched_in_linear_time() {
    linear("a description in the index", |text| Index::new(Ranking::default()).put(&document("x::y", &[text])));
    let mut index = Index::new(Ranking::default());
    (0..200).for_each(|number| {
        let (id, text) = (format!("p{number}::t"), format!("drop delete sends http a b word{number}"));
        index.put(&document(&id, &[&text]));
    });
    linear("a search", |text| drop(index.search(budget::MESSAGE.fit(text).unwrap(), None, 10)));
}

/// Asks again and again whether the server lives, and keeps the longest time that it took to say so.
pub struct Pulse {
    over: Arc<AtomicBool>,
    asking: tokio::task::JoinHandle<Duration>,
}

impl Pulse {
    pub fn of(omega: &Omega) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let (ends, url, http) = (Arc::clone(&over), format!("{}/livez", omega.url), omega.http.clone());
        let asking = tokio::spawn(async move {
            let mut longest = Duration::ZERO;
            while !ends.load(Ordering::Relaxed) {
                let asked = Instant::now();
                assert_eq!(http.get(&url).send().await.unwrap().status(), 200);
                longest = longest.max(asked.elapsed());
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            longest
        });
        Self { over, asking }
    }

    pub async fn longest(self) -> Duration {
        self.over.store(true, Ordering::Relaxed);
        self.asking.await.unwrap()
    }
}

/// The worst of each kind, as messages, outputs, arguments and documents at their limits.
const WORST: &[usize] = &[0, 1, 2, 4, 20, 27, 35, 41, 45, 64, 86];

fn worst() -> impl Iterator<Item = &'static Pattern> {
    WORST.iter().map(|at| &PATTERNS[*at])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_messages_at_the_limit_are_read_the_server_answers() {
    let call = Reply::call(EXECUTE, execute(&id("acmeKeyed"), json!({ "to": "x" })));
    let script = Script::new().when(|seen| seen.users.last().is_some_and(|said| said.contains("keyed")), [call]);
    let omega = Omega::start(script.turn(Reply::text("Read."))).await;
    let pulse = Pulse::of(&omega);
    stream::iter(worst())
        .for_each_concurrent(3, |pattern| {
            let omega = &omega;
            async move {
                let conversation = omega.conversation(MODELS[0]).await;
                // A body takes a mebibyte, with what escapes add.
                let written = json!(pattern.text(1_000)).to_string().len();
                let text = pattern.text((budget::MESSAGE.most - 2_000).min(1_000_000_000 / written));
                let path = format!("/api/omega/conversations/{conversation}/messages");
                let send = async || answer(omega.request(Method::POST, &path).json(&json!({ "message": text }))).await;
                let mut sent = send().await;
                // Who is told to come back comes back.
                while sent.0 == 503 {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    sent = send().await;
                }
                assert_eq!(sent.0, 200, "{pattern:?}: {:.200}", sent.1);
            }
        })
        .await;
    let longest = pulse.longest().await;
    assert!(longest < PATIENCE, "{longest:?}");
}

/// The promise is 100 ms; a build without optimisation on a machine that does other things gets more.
pub const PATIENCE: Duration = Duration::from_millis(if cfg!(debug_assertions) { 1_000 } else { 100 });

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_documents_at_the_limit_are_refused_the_server_answers() {
    let omega = Omega::start(Script::new()).await;
    let pulse = Pulse::of(&omega);
    let documents = [
        format!("[{}0]", "0,".repeat(8 << 20)),
        format!("{{\"format\":\"omega.conversation/2\",\"x\":[{}0]}}", "0,".repeat(8 << 20)),
        format!("{{\"format\":\"omega.conversation/2\",\"model\":\"x\",\"events\":[{}0]}}", "{},".repeat(250_000)),
        format!("{{\"title\":\"{}\"}}", "A".repeat(16 << 20)),
        "[".repeat(16 << 20),
    ];
    for document in documents {
        let importing = omega.request(Method::POST, "/api/omega/conversations/import");
        let (status, body) = answer(importing.header("content-type", "application/json").body(document)).await;
        assert_eq!(status, 422, "{body}");
    }
    let longest = pulse.longest().await;
    assert!(longest < PATIENCE, "{longest:?}");
}
