//! Several servers on one PostgreSQL act as one: whoever reads, stops or waits need not know where the work is done, and
//! a server that dies, sleeps or is told to end leaves nothing behind that another one would not take up.

use crate::harness::{
    MODELS, Omega, execute,
    executor::{self, Tools, id},
    folder,
    log::{Log, stored},
    message,
    postgres::Postgres,
    process::{Process, command_on},
    titled, within,
};
use futures_util::{StreamExt, future::join_all};
use omega_core::{
    api::{Accepted, CreateConversation, MessageStatus, OnActive, SendMessage, ToolRunStatus},
    client::{Client, ClientError},
    event::{Envelope, Event},
    id::{ConversationId, RunId},
    registry::meta::EXECUTE,
    testing::{Fault, Reply, Script, StandIn},
};
use omega_engine::engine::node_config::NodeConfig;
use omega_server::ServeConfig;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tempfile::TempDir;

const ANSWER: &str = "One two three four five six seven.";

/// A database, a provider and an executor that several servers share.
struct World {
    cluster: Postgres,
    provider: StandIn,
    tools: Tools,
    folder: TempDir,
    key: Option<String>,
}

impl World {
    async fn new(script: Script) -> Option<Self> {
        let cluster = Postgres::start()?;
        let provider = StandIn::start(titled(script)).await;
        Some(Self { cluster, provider, tools: Tools::start().await, folder: folder(), key: None })
    }

    /// One more server.
    async fn node(&mut self, flags: &[&str]) -> Process {
        let mut command = command_on(&self.cluster.url, self.folder.path(), &self.provider, &self.tools);
        command.args(flags);
        let process = Process::start(command, self.key.clone()).await;
        if process.key.is_some() {
            self.key.clone_from(&process.key);
            process.client.import_tools(executor::rows()).await.unwrap();
        }
        process
    }

    async fn log(&self, conversation: ConversationId) -> Vec<Envelope> {
        stored(&self.cluster.url, conversation).await
    }
}

async fn conversation(client: &Client) -> ConversationId {
    let body = CreateConversation { title: Some("a test".into()), model: Some(MODELS[0].into()), ..<_>::default() };
    client.create_conversation(&body).await.unwrap().id
}

async fn send(client: &Client, conversation: ConversationId, text: &str) -> Accepted {
    client.send_message(conversation, &message(text), &uuid::Uuid::new_v4().to_string()).await.unwrap()
}

/// Everything up to an event, as a reader gets it.
async fn until(client: &Client, id: ConversationId, last: impl Fn(&Envelope) -> bool) -> Vec<Envelope> {
    let mut frames = Box::pin(client.follow(id, Some(0)));
    let mut seen = Vec::new();
    while !seen.last().is_some_and(&last) {
        seen.push(within("a frame", frames.next()).await.unwrap().unwrap());
    }
    seen
}

fn ends(envelope: &Envelope) -> bool {
    envelope.event.is_terminal()
}

fn is_text(envelope: &Envelope) -> bool {
    matches!(envelope.event, Event::MessageDelta { .. })
}

/// The log has no gaps and each run at most one end; gives the ends.
fn check(log: &[Envelope]) -> BTreeMap<RunId, Event> {
    let numbers: Vec<u64> = log.iter().filter_map(|envelope| envelope.seq).collect();
    assert_eq!(numbers, (1..=log.len() as u64).collect::<Vec<_>>());
    let mut ended = BTreeMap::new();
    let mut stopped = BTreeSet::new();
    for envelope in log {
        let Some(run) = envelope.run_id else { continue };
        match &envelope.event {
            Event::RunCancelRequested {} => drop(stopped.insert(run)),
            Event::ToolStarted { .. } => assert!(!stopped.contains(&run), "a tool was begun after the cancellation"),
            event if event.is_terminal() => {
                assert!(ended.insert(run, event.clone()).is_none(), "two ends of {run}");
            }
            _ => {}
        }
    }
    ended
}

fn quantile(sorted: &[Duration], of: usize) -> Duration {
    sorted[(sorted.len() * of).div_ceil(100) - 1]
}

/// Numbers that look random, the same at each run of a test.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// When each byte of a text arrived.
async fn arrivals(client: Client, id: ConversationId) -> (Vec<Instant>, String, usize) {
    let mut frames = Box::pin(client.follow(id, Some(0)));
    let (mut times, mut text, mut deltas) = (Vec::new(), String::new(), 0);
    loop {
        let envelope = within("a frame", frames.next()).await.unwrap().unwrap();
        match envelope.event {
            Event::MessageDelta { offset, content, .. } => {
                assert_eq!(offset, text.len() as u64, "nothing twice, nothing left out");
                deltas += 1;
                text.push_str(&content);
                times.resize(text.len(), Instant::now());
            }
            event if event.is_terminal() => return (times, text, deltas),
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_that_one_node_writes_reaches_the_readers_of_another_while_it_is_written() {
    let words: String = (0..150).map(|n| format!("wörd{n} ")).collect();
    let reply = Reply::text(words.trim_end()).reasoning("hm, let me think").delay(Duration::from_millis(15));
    let Some(mut world) = World::new(Script::new().turn(reply)).await else { return };
    let serving = world.node(&["--serve-only"]).await;
    let working = world.node(&[]).await;
    let mut lags = Vec::new();
    for _ in 0..2 {
        let id = conversation(&serving.client).await;
        let here = tokio::spawn(arrivals(serving.client.clone(), id));
        let there = tokio::spawn(arrivals(working.client.clone(), id));
        send(&serving.client, id, "tell me").await;
        // Who comes in the middle, or only asks, sees the text so far.
        until(&serving.client, id, is_text).await;
        let detail = serving.client.conversation(id).await.unwrap();
        let message = detail.messages.last().unwrap();
        assert_eq!(message.status, MessageStatus::Streaming, "the answer was there before it could be looked at");
        assert!(message.content.starts_with("wörd0 "), "{:?}", message.content);
        let (here, text, deltas) = here.await.unwrap();
        let (there, whole, _) = there.await.unwrap();
        assert_eq!((text.as_str(), whole.as_str()), (words.trim_end(), words.trim_end()));
        assert!(deltas >= 4, "only {deltas} pieces: it came at the end, not while it was written");
        lags.extend(here.iter().zip(&there).map(|(here, there)| here.saturating_duration_since(*there)));
        check(&world.log(id).await);
    }
    lags.sort_unstable();
    eprintln!("behind the node that writes: median {:?}, p99 {:?}", quantile(&lags, 50), quantile(&lags, 99));
    assert!(quantile(&lags, 50) < Duration::from_secs(1), "median {:?}", quantile(&lags, 50));
    let mut database = PgConnection::connect(&world.cluster.url).await.unwrap();
    let (left,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM message_chunks").fetch_one(&mut database).await.unwrap();
    assert_eq!(left, 0, "partial text goes with its message");
    for figure in ["omega_event_flush_seconds_count", "omega_event_flush_batch_count"] {
        assert!(working.metric(figure).await >= Some(1.0), "{figure}");
    }
    let nodes = serving.client.status().await.unwrap().nodes;
    assert_eq!(nodes.iter().filter(|node| node.alive && !node.draining).count(), 2, "{nodes:?}");
}

#[tokio::test]
async fn a_run_whose_node_is_killed_is_finished_by_another_one() {
    let reply = Reply::text(ANSWER).fault(Fault::Hold { after: 4 }, 1);
    let weather = Reply::call(EXECUTE, execute(&id("acmeWeather"), json!({ "city": "Oslo" })));
    let Some(mut world) = World::new(Script::new().turn(weather).turn(reply)).await else { return };
    let dying = world.node(&["--lease", "2s"]).await;
    let id = conversation(&dying.client).await;
    send(&dying.client, id, "go").await;
    world.provider.wait_for_requests(2).await;
    let before = until(&dying.client, id, is_text).await;
    let other = world.node(&["--lease", "2s"]).await;
    dying.kill().await;
    until(&other.client, id, ends).await;
    let log = world.log(id).await;
    check(&log);
    let kept: Vec<&Envelope> = before.iter().filter(|envelope| envelope.seq.is_some()).collect();
    assert_eq!(kept, log.iter().take(kept.len()).collect::<Vec<_>>());
    let log = Log(log);
    assert_eq!((log.answer(), log.count("run.recovered"), log.count("message.reset")), (ANSWER, 1, 1));
    assert_eq!((world.provider.requests().len(), world.tools.count("acmeWeather")), (3, 1));
    assert_eq!(other.metric("omega_run_recoveries_total").await, Some(1.0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_slept_through_its_lease_writes_nothing_more_and_calls_no_tool() {
    let words: String = (0..400).map(|n| format!("w{n} ")).collect();
    let hang = Reply::call(EXECUTE, execute(&id("acmeHang"), json!({})));
    let weather = Reply::call(EXECUTE, execute(&id("acmeWeather"), json!({ "city": "Oslo" })));
    let about =
        |text: &'static str| move |seen: &omega_core::testing::Seen| seen.users.last().is_some_and(|u| u == text);
    let script = Script::new()
        .when(about("hang"), [hang, Reply::text(ANSWER)])
        .when(about("talk"), [weather, Reply::text(words.trim_end()).delay(Duration::from_millis(10))]);
    let Some(mut world) = World::new(script).await else { return };
    let sleeper = world.node(&["--lease", "2s"]).await;
    let mut ids = Vec::new();
    for text in ["hang", "talk", "talk", "hang"] {
        let id = conversation(&sleeper.client).await;
        send(&sleeper.client, id, text).await;
        ids.push((id, text));
    }
    for (id, _) in ids.iter().filter(|(_, text)| *text == "talk") {
        until(&sleeper.client, *id, is_text).await;
    }
    within("the calls", world.tools.wait_until(|calls| calls.iter().filter(|c| c.name == "acmeHang").count() == 2))
        .await;
    sleeper.signal("STOP");
    let other = world.node(&["--lease", "2s"]).await;
    let mut logs = Vec::new();
    for (id, _) in &ids {
        until(&other.client, *id, ends).await;
        logs.push(world.log(*id).await);
    }
    sleeper.signal("CONT");
    // It finds out, and hangs up on the tools that it still waited for.
    within("the calls end", world.tools.wait_until(|calls| calls.iter().filter(|c| c.hung_up).count() == 2)).await;
    // It is a node like any other again.
    let id = conversation(&sleeper.client).await;
    send(&sleeper.client, id, "hi").await;
    until(&sleeper.client, id, ends).await;
    for ((id, text), log) in ids.iter().zip(logs) {
        assert_eq!(world.log(*id).await, log, "the one that slept wrote something");
        assert!(matches!(check(&log).values().next(), Some(Event::RunCompleted { .. })));
        let log = Log(log);
        let unknown = usize::from(*text == "hang");
        assert_eq!((log.count("run.recovered"), log.count("run.step.tool.unknown")), (1, unknown), "{:?}", log.kinds());
    }
    assert_eq!((world.tools.count("acmeHang"), world.tools.count("acmeWeather")), (2, 2), "each call was made once");
    assert!(sleeper.metric("omega_lease_lost_total").await >= Some(1.0));
    assert_eq!(other.metric("omega_tool_unknown_outcomes_total").await, Some(2.0));
}

/// How long it took from the request to stop a run until its end was seen at the same server.
async fn stopped_after(client: Client, text: &str, wait: Duration) -> (ConversationId, Duration) {
    let id = conversation(&client).await;
    let mut frames = Box::pin(client.follow(id, Some(0)));
    let accepted = send(&client, id, text).await;
    tokio::time::sleep(wait).await;
    let began = Instant::now();
    client.cancel_run(accepted.run_id).await.unwrap();
    while !within("the end", frames.next()).await.unwrap().as_ref().is_ok_and(ends) {}
    (id, began.elapsed())
}

/// Stops runs at random moments, five at a time.
async fn stop_many(world: &World, client: &Client, count: usize, dice: &mut Dice) -> Vec<Duration> {
    let mut times = Vec::new();
    let mut cancelled = 0;
    while times.len() < count {
        let batch = (0..5).map(|n| {
            let wait = Duration::from_millis(dice.below(400));
            stopped_after(client.clone(), ["call", "talk"][(n + times.len()) % 2], wait)
        });
        for (id, time) in join_all(batch).await {
            let ended = check(&world.log(id).await);
            assert_eq!(ended.len(), 1);
            cancelled += ended.values().filter(|event| matches!(event, Event::RunCancelled { .. })).count();
            times.push(time);
        }
    }
    assert!(cancelled * 10 >= count * 8, "only {cancelled} of {count} runs were still at work");
    times.sort_unstable();
    times
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_stopped_soon_on_its_own_node_and_from_another_one() {
    let calls = || {
        let weather = execute(&id("acmeWeather"), json!({ "city": "Oslo" }));
        Reply::call(EXECUTE, weather).and_call(EXECUTE, execute(&id("acmeHang"), json!({})))
    };
    let words: String = (0..400).map(|n| format!("w{n} ")).collect();
    let about =
        |text: &'static str| move |seen: &omega_core::testing::Seen| seen.users.last().is_some_and(|u| u == text);
    let script = Script::new()
        .when(about("call"), [calls().delay(Duration::from_millis(5)), Reply::text(ANSWER)])
        .when(about("talk"), [Reply::text(words.trim_end()).delay(Duration::from_millis(10))]);
    let Some(mut world) = World::new(script).await else { return };
    let serving = world.node(&["--serve-only"]).await;
    let working = world.node(&[]).await;
    let mut dice = Dice(7);
    let own = stop_many(&world, &working.client, 100, &mut dice).await;
    let other = stop_many(&world, &serving.client, 50, &mut dice).await;
    eprintln!("own node: median {:?}, p99 {:?}", quantile(&own, 50), quantile(&own, 99));
    eprintln!("other node: median {:?}, p99 {:?}", quantile(&other, 50), quantile(&other, 99));
    assert!(quantile(&own, 99) <= Duration::from_secs(1) && quantile(&other, 99) <= Duration::from_secs(2));

    // One call alone, from the other node: the run goes on.
    let id = conversation(&serving.client).await;
    send(&serving.client, id, "call").await;
    let started = |envelope: &Envelope| matches!(&envelope.event, Event::ToolStarted { tool_name, .. } if tool_name == "acmeHang");
    let seen = until(&serving.client, id, started).await;
    let Event::ToolStarted { tool_run_id, .. } = seen.last().unwrap().event else { unreachable!() };
    serving.client.cancel_tool_run(tool_run_id).await.unwrap();
    until(&serving.client, id, ends).await;
    assert_eq!(Log(world.log(id).await).answer(), ANSWER);
    assert_eq!(serving.client.tool_run(tool_run_id).await.unwrap().status, ToolRunStatus::Cancelled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_hear_nothing_of_each_other_still_act_as_one() {
    let words: String = (0..200).map(|n| format!("w{n} ")).collect();
    let about =
        |text: &'static str| move |seen: &omega_core::testing::Seen| seen.users.last().is_some_and(|u| u == text);
    let hang = Reply::call(EXECUTE, execute(&id("acmeHang"), json!({})));
    let script = Script::new()
        .when(about("hang"), [hang, Reply::text(ANSWER)])
        .when(about("talk"), [Reply::text(words.trim_end()).delay(Duration::from_millis(15))]);
    let Some(mut world) = World::new(script).await else { return };
    let serving = world.node(&["--serve-only", "--lease", "6s"]).await;
    let working = world.node(&["--lease", "6s"]).await;
    // Whatever listens or tells is cut off at once, again and again.
    let (deaf, cuts) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
    let cutting = {
        let (deaf, cuts) = (Arc::clone(&deaf), Arc::clone(&cuts));
        let mut database = PgConnection::connect(&world.cluster.url).await.unwrap();
        tokio::spawn(async move {
            while deaf.load(Ordering::SeqCst) {
                let cut = sqlx::query(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'omega-signals'",
                )
                .fetch_all(&mut database)
                .await
                .unwrap();
                cuts.fetch_add(cut.len(), Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
    };
    let mut seen_text = 0;
    let talk = conversation(&serving.client).await;
    send(&serving.client, talk, "talk").await;
    for envelope in until(&serving.client, talk, ends).await {
        seen_text += usize::from(is_text(&envelope));
    }
    assert!(seen_text >= 2, "{seen_text} pieces of text");
    let began = Instant::now();
    let hang = conversation(&serving.client).await;
    let run = send(&serving.client, hang, "hang").await.run_id;
    within("the call", world.tools.wait_until(|calls| !calls.is_empty())).await;
    serving.client.cancel_run(run).await.unwrap();
    until(&serving.client, hang, ends).await;
    let took = began.elapsed();
    check(&world.log(hang).await);
    // A call alone, too.
    let hang = conversation(&serving.client).await;
    send(&serving.client, hang, "hang").await;
    let started = |envelope: &Envelope| matches!(envelope.event, Event::ToolStarted { .. });
    let seen = until(&serving.client, hang, started).await;
    let Event::ToolStarted { tool_run_id, .. } = seen.last().unwrap().event else { unreachable!() };
    serving.client.cancel_tool_run(tool_run_id).await.unwrap();
    until(&serving.client, hang, ends).await;
    assert_eq!(Log(world.log(hang).await).answer(), ANSWER);
    eprintln!("stopped after {took:?} without a hint; {} connections cut", cuts.load(Ordering::SeqCst));
    assert!(took <= Duration::from_secs(12) && cuts.load(Ordering::SeqCst) >= 4);
    deaf.store(false, Ordering::SeqCst);
    cutting.await.unwrap();
    assert!(working.metric("omega_notify_fallback_polls_total").await >= Some(1.0));
}

/// Many people write at once, in several conversations, each to one of the servers: everything is answered, in its order,
/// one at a time.
async fn crowd(clients: &[Client]) -> (Vec<ConversationId>, BTreeMap<ConversationId, Vec<(u64, RunId)>>) {
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(conversation(&clients[0]).await);
    }
    let start = Arc::new(tokio::sync::Barrier::new(50));
    let people = (0..50).map(|n| {
        let (client, id, start) = (clients[n % clients.len()].clone(), ids[n % ids.len()], Arc::clone(&start));
        tokio::spawn(async move {
            start.wait().await;
            loop {
                let key = format!("person {n}");
                match client.send_message(id, &message(&format!("from {n}")), &key).await {
                    Ok(accepted) => return (id, accepted),
                    // Sixteen wait already: come back.
                    Err(ClientError::RateLimited { .. }) => tokio::time::sleep(Duration::from_millis(50)).await,
                    Err(error) => panic!("{error:?}"),
                }
            }
        })
    });
    let mut sent: BTreeMap<ConversationId, Vec<(u64, RunId)>> = BTreeMap::new();
    for person in join_all(people).await {
        let (id, accepted) = person.unwrap();
        sent.entry(id).or_default().push((accepted.seq, accepted.run_id));
    }
    for (id, runs) in &mut sent {
        runs.sort_unstable();
        let last = runs.last().unwrap().1;
        until(&clients[0], *id, |envelope| envelope.run_id == Some(last) && ends(envelope)).await;
    }
    (ids, sent)
}

fn assert_in_turn(log: &[Envelope], runs: &[(u64, RunId)]) {
    let ended = check(log);
    assert_eq!(ended.len(), runs.len());
    let mut active = None;
    let mut order = Vec::new();
    for envelope in log {
        match &envelope.event {
            Event::RunStarted { .. } => {
                assert_eq!(active, None, "two at once");
                active = envelope.run_id;
                order.extend(envelope.run_id);
            }
            event if event.is_terminal() => assert_eq!(active.take(), envelope.run_id),
            _ => {}
        }
    }
    assert_eq!(order, runs.iter().map(|(_, run)| *run).collect::<Vec<_>>(), "not in the order of the messages");
}

/// Ten at once who want no other run: one has it.
async fn reject(clients: &[Client]) {
    let id = conversation(&clients[0]).await;
    let body = SendMessage { on_active: Some(OnActive::Reject), ..message("mine") };
    let people = (0..10).map(|n| {
        let (client, body) = (clients[n % clients.len()].clone(), body.clone());
        async move { client.send_message(id, &body, &format!("only {n}")).await }
    });
    let answers = join_all(people).await;
    let refused = answers.iter().filter(|answer| {
        matches!(answer, Err(ClientError::Refused { status: 409, code: Some(code), .. }) if code == "RUN_ACTIVE")
    });
    assert_eq!((answers.iter().filter(|answer| answer.is_ok()).count(), refused.count()), (1, 9), "{answers:?}");
}

fn quick() -> Script {
    let held = |seen: &omega_core::testing::Seen| seen.users.last().is_some_and(|user| user == "mine");
    Script::new().when(held, [Reply::text(ANSWER).fault(Fault::Hold { after: 1 }, 9)]).turn(Reply::text(ANSWER))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_people_who_write_at_once_are_answered_in_their_order_one_at_a_time() {
    let omega = Omega::start(quick()).await;
    let (ids, sent) = crowd(std::slice::from_ref(&omega.client)).await;
    for id in &ids {
        assert_in_turn(&omega.committed(*id).await, &sent[id]);
    }
    reject(std::slice::from_ref(&omega.client)).await;

    let Some(mut world) = World::new(quick()).await else { return };
    let nodes = [world.node(&[]).await, world.node(&[]).await];
    let clients = nodes.each_ref().map(|node| node.client.clone());
    let (ids, sent) = crowd(&clients).await;
    for id in &ids {
        assert_in_turn(&world.log(*id).await, &sent[id]);
    }
    reject(&clients).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_may_restart_again_and_again_and_nothing_acknowledged_is_lost() {
    let weather = Reply::call(EXECUTE, execute(&id("acmeWeather"), json!({ "city": "Oslo" })));
    let script = Script::new()
        .turn(weather.delay(Duration::from_millis(10)))
        .turn(Reply::text(ANSWER).delay(Duration::from_millis(20)));
    let Some(mut world) = World::new(script).await else { return };
    let nodes = [world.node(&["--lease", "3s"]).await, world.node(&["--lease", "3s"]).await];
    let key = world.key.clone().unwrap();
    let (running, away) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
    let stored = Arc::new(AtomicUsize::new(0));
    // As many messages as there are writers.
    let more = async || {
        let enough = stored.load(Ordering::SeqCst) + 6;
        let written = async {
            while stored.load(Ordering::SeqCst) < enough {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        within("more messages", written).await;
    };
    let mut writers = Vec::new();
    for n in 0..6 {
        let id = conversation(&nodes[0].client).await;
        let url = format!("{}/api/omega/conversations/{id}/messages", nodes[n % 2].client.base_url());
        let (running, away, key) = (Arc::clone(&running), Arc::clone(&away), key.clone());
        let stored = Arc::clone(&stored);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        writers.push(tokio::spawn(async move {
            let mut accepted = Vec::new();
            while running.load(Ordering::SeqCst) {
                let text = format!("message {}", accepted.len());
                let request = http.post(&url).bearer_auth(&key).header("prefer", "respond-async");
                let request = request.header("idempotency-key", &text).json(&message(&text));
                let response = request.send().await.unwrap();
                let status = response.status().as_u16();
                let body: Value = response.json().await.unwrap();
                match status {
                    202 => {
                        accepted.push(serde_json::from_value::<Accepted>(body["data"].clone()).unwrap());
                        stored.fetch_add(1, Ordering::SeqCst);
                    }
                    503 => drop(away.fetch_add(1, Ordering::SeqCst)),
                    429 => {}
                    other => panic!("{other}: {body}"),
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            (id, accepted)
        }));
    }
    for n in 0..6 {
        more().await;
        world.cluster.restart(if n % 2 == 0 { "immediate" } else { "fast" });
    }
    more().await;
    running.store(false, Ordering::SeqCst);
    let (mut count, mut recovered) = (0, 0);
    for writer in writers {
        let (id, accepted) = writer.await.unwrap();
        let last = accepted.last().unwrap().run_id;
        until(&nodes[0].client, id, |envelope| envelope.run_id == Some(last) && ends(envelope)).await;
        let log = world.log(id).await;
        let ended = check(&log);
        for receipt in &accepted {
            let kept = log.iter().find(|envelope| envelope.seq == Some(receipt.seq)).unwrap();
            let Event::MessageCreated { message } = &kept.event else { panic!("{kept:?}") };
            assert_eq!((message.id, kept.run_id), (receipt.message_id, Some(receipt.run_id)));
            let end = ended.get(&receipt.run_id);
            assert!(matches!(end, Some(Event::RunCompleted { .. })), "{end:?}");
            count += 1;
        }
        recovered += Log(log).count("run.recovered");
    }
    let away = away.load(Ordering::SeqCst);
    eprintln!("{count} messages answered over 6 restarts; {away} times 503; {recovered} runs taken up again");
    assert!(count >= 30 && recovered >= 1, "{count} messages, {recovered} taken up again");
    let calls = world.tools.count("acmeWeather");
    assert!(calls <= count + 6, "{calls} calls for {count} messages");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_told_to_end_hands_its_runs_over_and_nothing_is_lost() {
    let weather = Reply::call(EXECUTE, execute(&id("acmeWeather"), json!({ "city": "Oslo" })));
    // Longer than another node takes to start.
    let words: String = (0..300).map(|n| format!("w{n} ")).collect();
    let first = weather.and_text(words.trim_end()).delay(Duration::from_millis(15));
    let Some(mut world) = World::new(Script::new().turn(first).turn(Reply::text(ANSWER))).await else { return };
    let leaving = world.node(&[]).await;
    let key = world.key.clone().unwrap();
    let mut runs = Vec::new();
    for _ in 0..10 {
        let id = conversation(&leaving.client).await;
        send(&leaving.client, id, "go").await;
        runs.push(id);
    }
    for id in &runs {
        until(&leaving.client, *id, is_text).await;
    }
    let staying = world.node(&[]).await;
    let idle = conversation(&leaving.client).await;
    let mut watching = Box::pin(leaving.client.follow(idle, Some(0)));
    tokio::spawn(async move { while watching.next().await.is_some() {} });
    // Asked from before the end on: a node that hands its runs over quickly is soon gone.
    let others = staying.client.clone();
    let told = tokio::spawn(async move {
        while !others.status().await.unwrap().nodes.iter().any(|node| node.draining) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let began = Instant::now();
    leaving.signal("TERM");
    // It still answers, and takes nothing new.
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = leaving.client.base_url().trim_end_matches('/').to_owned();
    let refused = within("the refusal", async {
        loop {
            let request = http.post(format!("{url}/api/omega/conversations/{idle}/messages")).bearer_auth(&key);
            let response = request.header("prefer", "respond-async").json(&message("more")).send().await.unwrap();
            if response.status() == 503 {
                break response;
            }
        }
    })
    .await;
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(refused.json::<Value>().await.unwrap()["details"]["code"], "DRAINING");
    assert_eq!(http.get(format!("{url}/readyz")).send().await.unwrap().status(), 503);
    within("the others to know", told).await.unwrap();
    let status = within("the end of the process", leaving.exit()).await;
    let took = began.elapsed();
    assert_eq!(status.code(), Some(0), "{status}");
    assert!(took <= Duration::from_secs(30), "{took:?}");
    let mut resumed = 0;
    for id in &runs {
        until(&staying.client, *id, ends).await;
        let log = world.log(*id).await;
        check(&log);
        let log = Log(log);
        assert_eq!(log.answer(), ANSWER);
        assert_eq!(log.count("run.recovered") + log.count("message.reset") + log.count("run.step.tool.unknown"), 0);
        resumed += log.count("run.resumed");
    }
    eprintln!("ended after {took:?}; {resumed} of {} runs were handed over", runs.len());
    assert!(resumed >= 5, "only {resumed} runs were handed over");
    assert_eq!(world.tools.count("acmeWeather"), 10);
}

#[tokio::test]
async fn told_twice_a_node_ends_at_once() {
    let reply = Reply::text(ANSWER).fault(Fault::Hold { after: 2 }, 1);
    let Some(mut world) = World::new(Script::new().turn(reply)).await else { return };
    let leaving = world.node(&["--lease", "2s"]).await;
    let id = conversation(&leaving.client).await;
    send(&leaving.client, id, "go").await;
    until(&leaving.client, id, is_text).await;
    let ready = format!("{}/readyz", leaving.client.base_url().trim_end_matches('/'));
    leaving.signal("TERM");
    within("the drain", async { while reqwest::get(&ready).await.unwrap().status() != 503 {} }).await;
    let began = Instant::now();
    leaving.signal("TERM");
    assert_eq!(within("the end", leaving.exit()).await.code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    let staying = world.node(&["--lease", "2s"]).await;
    until(&staying.client, id, ends).await;
    assert_eq!(Log(world.log(id).await).answer(), ANSWER);
}

#[tokio::test]
async fn beyond_its_limits_a_server_says_so_before_it_stores_anything() {
    let script = Script::new().turn(Reply::text(ANSWER).fault(Fault::Hold { after: 1 }, 1));
    let home = folder();
    let database = format!("sqlite:{}", home.path().join("omega.db").display());
    let node = NodeConfig { max_readers: 2, max_queued: 3, ..NodeConfig::default() };
    let omega = Omega::start_as(database, home, script, |config| ServeConfig { node, ..config }).await;
    let id = omega.conversation(MODELS[0]).await;
    let readers = [omega.events(id, "?after=0").await, omega.events(id, "?after=0").await];
    let path = format!("/api/omega/conversations/{id}/messages");
    let refused = async |request: reqwest::RequestBuilder| {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 503);
        assert!(response.headers().contains_key("retry-after"));
        assert_eq!(response.json::<Value>().await.unwrap()["details"]["code"], "OVERLOADED");
    };
    refused(omega.request(reqwest::Method::GET, &format!("/api/omega/conversations/{id}/events"))).await;
    refused(omega.request(reqwest::Method::POST, &path).json(&message("no place to read along"))).await;
    assert_eq!(omega.committed(id).await.len(), 0, "nothing was stored");
    drop(readers);
    // A place is free again as soon as the server sees that its reader has gone.
    let send = async |text: &str| {
        within("a place", async {
            while omega.client.send_message(id, &message(text), text).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
    };
    send("at work").await;
    omega.provider.wait_for_requests(1).await;
    for n in 0..3 {
        send(&format!("waiting {n}")).await;
    }
    let before = omega.committed(id).await.len();
    refused(omega.request(reqwest::Method::POST, &path).json(&message("one too many"))).await;
    assert_eq!(omega.committed(id).await.len(), before);
    omega.provider.release();
    until(&omega.client, id, ends).await;
    send("later").await;
}
