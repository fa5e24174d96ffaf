//! One store, two engines: the same statements, the same schema, the same story.

use crate::harness::{
    MODELS, Omega,
    callers::{access, caller, part},
    config, execute,
    executor::id,
    folder,
    postgres::Postgres,
    providers, within,
};
use omega_core::{
    agent::{Earlier, Proposal, RunConfig},
    api::{Author, OnActive, Part, RunStatus, Settings, ToolRun, ToolRunStatus, Usage},
    client::Client,
    edition::Edition,
    event::Event,
    id::{ConversationId, RunId},
    model::ToolCall,
    redact::Redactor,
    registry::meta::EXECUTE,
    testing::{Reply, Script},
    texts::Texts,
    view::View,
};
use omega_engine::store::{
    Claimed, Clean, IdempotencyKey, KeptAnswer, Replay, Section, Send, Settled, StepReply, Store, StoreError,
    access::{Access, open},
    sql, statements,
};
use omega_server::Server;
use secrecy::SecretString;
use serde_json::{Value, json};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, SqlSafeStr, sqlite::SqliteConnectOptions};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// Both engines, each with an empty database; PostgreSQL only where there is one.
pub async fn engines() -> (tempfile::TempDir, Vec<String>, Option<Postgres>) {
    let folder = folder();
    let mut urls = vec![format!("sqlite:{}", folder.path().join("omega.db").display())];
    let postgres = Postgres::start();
    urls.extend(postgres.as_ref().map(|cluster| cluster.url.clone()));
    (folder, urls, postgres)
}

type Columns = BTreeSet<(String, String, String, bool)>;
type Indexes = BTreeSet<(String, String, bool, String)>;

#[tokio::test]
async fn both_engines_have_the_same_schema_and_know_every_statement() {
    let (_folder, urls, _cluster) = engines().await;
    let mut columns: Vec<Columns> = Vec::new();
    let mut indexes: Vec<Indexes> = Vec::new();
    for url in &urls {
        drop(Store::open(url).await.unwrap());
        if let Some(path) = url.strip_prefix("sqlite:") {
            let mut connection = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
            let pairs = sql::PAIRS.iter().map(|(name, pair)| (*name, pair.sqlite));
            for (name, text) in statements::all().chain(pairs) {
                connection.prepare(text.into_sql_str()).await.unwrap_or_else(|error| panic!("{name}: {error}"));
            }
            let rows: Vec<(String, String, String, bool)> = sqlx::query_as(
                "SELECT m.name, c.name, CASE WHEN m.sql LIKE '%' || c.name || ' INTEGER%CHECK (' || c.name || ' IN (0, 1))%' \
                 THEN 'boolean' WHEN c.type = 'INTEGER' THEN 'bigint' WHEN c.type = 'BLOB' THEN 'bytea' \
                 WHEN c.type = 'REAL' THEN 'double precision' ELSE lower(c.type) END, \
                 c.\"notnull\" FROM sqlite_master m, pragma_table_info(m.name) c \
                 WHERE m.type = 'table' AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\'",
            )
            .fetch_all(&mut connection)
            .await
            .unwrap();
            columns.push(rows.into_iter().collect());
            let rows: Vec<(String, String, bool, String)> = sqlx::query_as(
                "SELECT m.name, i.name, i.\"unique\", (SELECT group_concat(name, ',') FROM (SELECT name FROM \
                 pragma_index_info(i.name) ORDER BY seqno)) FROM sqlite_master m, pragma_index_list(m.name) i \
                 WHERE m.type = 'table' AND i.origin = 'c'",
            )
            .fetch_all(&mut connection)
            .await
            .unwrap();
            indexes.push(rows.into_iter().collect());
        } else {
            let mut connection = PgConnection::connect(url).await.unwrap();
            let pairs = sql::PAIRS.iter().map(|(name, pair)| (*name, pair.postgres));
            for (name, text) in statements::all().chain(sql::OF_POSTGRES.iter().copied()).chain(pairs) {
                connection.prepare(text.into_sql_str()).await.unwrap_or_else(|error| panic!("{name}: {error}"));
            }
            let rows: Vec<(String, String, String, bool)> = sqlx::query_as(
                "SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'NO' \
                 FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%'",
            )
            .fetch_all(&mut connection)
            .await
            .unwrap();
            columns.push(rows.into_iter().collect());
            let rows: Vec<(String, String, bool, String)> = sqlx::query_as(
                "SELECT t.relname::text, i.relname::text, x.indisunique, (SELECT string_agg(a.attname, ',' ORDER BY k.n) \
                 FROM unnest(x.indkey) WITH ORDINALITY k (attnum, n) JOIN pg_attribute a \
                 ON a.attrelid = t.oid AND a.attnum = k.attnum) \
                 FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid \
                 JOIN pg_namespace s ON s.oid = t.relnamespace WHERE s.nspname = 'public' \
                 AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.oid)",
            )
            .fetch_all(&mut connection)
            .await
            .unwrap();
            indexes.push(rows.into_iter().collect());
        }
    }
    assert!(
        statements::all().count() > 200 && columns[0].len() > 80 && indexes[0].len() > 8,
        "{} columns",
        columns[0].len()
    );
    for other in 1..urls.len() {
        let differ: Vec<_> = columns[0].symmetric_difference(&columns[other]).collect();
        assert!(differ.is_empty(), "{differ:?}");
        let differ: Vec<_> = indexes[0].symmetric_difference(&indexes[other]).collect();
        assert!(differ.is_empty(), "{differ:?}");
    }
}

pub async fn author(store: &Store) -> Author {
    let user_id = store.first_user("owner").await.unwrap();
    Author { user_id, display_name: "owner".into(), gravatar_hash: String::new() }
}

pub async fn clean<T: Texts + std::marker::Send + 'static>(value: T) -> Clean<T> {
    Clean::by(Redactor::default(), value).await
}

pub fn sending(access: &Access, text: &str) -> Send {
    Send {
        access: access.clone(),
        text: text.into(),
        data: None,
        removed: <_>::default(),
        client_message_id: None,
        replaces: None,
        on_active: Some(OnActive::Enqueue),
        config: serde_json::to_value(RunConfig::new(MODELS[0], Vec::new())).unwrap(),
        env: Vec::new(),
        idempotency: None,
        run: RunId::new(),
    }
}

fn call(id: &str, name: &str) -> (ToolCall, Proposal) {
    let call = ToolCall { id: id.into(), name: name.into(), arguments: String::from("{}"), provider_state: None };
    let proposal = Proposal {
        call: call.clone(),
        tool_id: format!("pkg::{name}"),
        tool_name: name.into(),
        version: "1.0.0".into(),
        input: json!({}),
    };
    (call, proposal)
}

fn succeeded(output: Value) -> Settled {
    Settled {
        status: ToolRunStatus::Succeeded,
        version: "1.0.0".into(),
        output: Some(output),
        summary: "fine".into(),
        truncated: true,
        error: None,
        duration_ms: 5,
        executor: None,
        notice: None,
    }
}

/// One run at most; a claim that another worker was faster at is repeated.
async fn claim(store: &Store, node: &str) -> Option<Claimed> {
    loop {
        match store.claim(node, 1).await {
            Ok(claimed) => return claimed.first().copied(),
            Err(StoreError::Unavailable(_)) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
}

/// A conversation as the engine records it, with a server that dies in the middle.
async fn story(store: &Store) {
    let author = author(store).await;
    let conversation = store.create_conversation(&author, None, MODELS[0], None, <_>::default()).await.unwrap().id;
    let access = access(store, &author, conversation).await;
    let empty = View::of(store.detail(&access, Section::Newest, 50, 0).await.unwrap());
    let sent = store.send(sending(&access, "one")).await.unwrap();
    assert_eq!(sent.committed.unwrap().last_seq, 2);
    let first = sent.accepted;
    let second = store.send(sending(&access, "two")).await.unwrap().accepted;

    let claimed = claim(store, "node a").await.unwrap();
    assert_eq!((claimed.lease.run, claimed.attempt), (first.run_id, 1));
    assert!(claim(store, "node b").await.is_none(), "one run of a conversation at a time");
    let lease = claimed.lease;
    let run = lease.run;
    let mut log = store.run_log(&lease).await.unwrap();
    let started = Event::RunStarted { attempt: 1, model: MODELS[0].into(), prompt_version: "v".into() };
    log.begin(run, started).await.unwrap();
    let step = log.start_step(run, 1).await.unwrap();
    log.commit().await.unwrap();
    // The first try fails, the second one asks for three calls.
    let mut log = store.run_log(&lease).await.unwrap();
    log.fail_step(run, &step, "cut").await.unwrap();
    let step = log.start_step(run, 1).await.unwrap();
    assert_eq!(step.attempt, 2);
    let (calls, proposals): (Vec<_>, Vec<_>) =
        ["a", "b", "c"].map(|name| call(&format!("call {name}"), name)).into_iter().unzip();
    let usage = Usage { input_tokens: 3, ..Usage::default() };
    let parts = vec![Part::Text { text: "Wörds.".into() }];
    let reply = StepReply { parts, calls, provider_state: Vec::new(), usage, finish_reason: None };
    let tool_runs = log.finish_step(run, &step, clean((reply, proposals)).await, (usage, 3)).await.unwrap();
    log.commit().await.unwrap();
    let mut log = store.run_log(&lease).await.unwrap();
    let edition = Edition { version: "1.0.0".into(), ..Edition::default() };
    for tool_run in &tool_runs[..2] {
        log.start_tool(tool_run, &edition, &["KEY".into()]).await.unwrap();
    }
    let large = json!("x".repeat(70_000));
    let settled = Clean::by(Redactor::default(), succeeded(large.clone())).await;
    log.finish_tool(&tool_runs[0], &settled).await.unwrap();
    // What is not committed did not happen.
    let mut lost = log;
    lost.start_tool(&tool_runs[2], &edition, &[]).await.unwrap();
    lost.commit().await.unwrap();

    // The node dies. Its lease is void, and its late writes are refused.
    let recovered = store.recover(true).await.unwrap();
    assert_eq!(recovered.len(), 1);
    assert!(matches!(store.run_log(&lease).await.map(drop), Err(StoreError::LeaseLost)));
    assert!(store.recover(true).await.unwrap().is_empty(), "once is enough");
    let claimed = claim(store, "node b").await.unwrap();
    assert_eq!((claimed.lease.run, claimed.attempt), (run, 2));
    assert!(claimed.lease.fence > lease.fence);
    let lease = claimed.lease;
    let history = store.history(run).await.unwrap();
    let states: Vec<ToolRunStatus> = history.now.steps[0].tool_runs.iter().map(|tool_run| tool_run.status).collect();
    assert_eq!(states, [ToolRunStatus::Succeeded, ToolRunStatus::Unknown, ToolRunStatus::Unknown]);
    assert_eq!((history.now.user.as_str(), history.now.steps[0].text.as_str()), ("one", "Wörds."));
    assert_eq!(history.now.steps[0].tool_runs[0].output, Some(large.clone()));
    assert_eq!((history.run.usage, history.run.tool_calls), (usage, 3));

    // It is cancelled from elsewhere: the heartbeat tells the node that has it.
    let of_run = part(store, &author, run).await;
    let (status, committed) = store.request_cancel(&of_run, "enough").await.unwrap();
    assert!(status == RunStatus::Running && committed.is_some());
    assert!(store.request_cancel(&of_run, "enough").await.unwrap().1.is_none(), "asked for once");
    assert_eq!(store.heartbeat("node a").await.unwrap().held, []);
    assert_eq!(store.heartbeat("node b").await.unwrap().held, [(lease, true)]);
    let mut log = store.run_log(&lease).await.unwrap();
    log.end(run, RunStatus::Cancelled, None, Event::RunCancelled { reason: "enough".into() }).await.unwrap();
    log.commit().await.unwrap();
    assert!(matches!(store.run_log(&lease).await.map(drop), Err(StoreError::LeaseLost)), "an end is an end");
    assert_eq!(store.request_cancel(&of_run, "again").await.unwrap().0, RunStatus::Cancelled);

    // The next one fails.
    let lease = claim(store, "node b").await.unwrap().lease;
    assert_eq!(lease.run, second.run_id);
    // What is before it is read as far as it is asked for, and the rest is counted.
    let (all, alone) = (store.history(lease.run).await.unwrap(), store.history_within(lease.run, 0).await.unwrap());
    assert_eq!((all.before.len(), all.earlier), (1, Earlier::default()));
    assert_eq!((alone.before, alone.earlier), (vec![], Earlier { exchanges: 1, calls: 3 }));
    assert_eq!(alone.now.user, "two");
    assert_eq!(alone.now, all.now);
    let mut log = store.run_log(&lease).await.unwrap();
    let error = omega_core::api::RunError { code: "X".into(), error: "no".into(), retryable: false };
    log.end(lease.run, RunStatus::Failed, Some(&error), Event::RunFailed { error: error.clone() }).await.unwrap();
    log.commit().await.unwrap();
    assert_eq!(
        (store.active_runs().await.unwrap(), store.run_unchecked(lease.run).await.unwrap().error),
        (0, Some(error))
    );

    // The log has no gaps, pages like it is whole, and folds to what is stored.
    let events = store.events_after(conversation, 0, 1_000).await.unwrap();
    let seqs: Vec<u64> = events.iter().filter_map(|envelope| envelope.seq).collect();
    assert_eq!(seqs, (1..=store.last_seq(&access).await.unwrap()).collect::<Vec<_>>());
    assert_eq!(store.events_after(conversation, 3, 2).await.unwrap(), events[3..5]);
    let mut view = empty;
    events.iter().for_each(|envelope| assert_ne!(view.apply(envelope), omega_core::view::Applied::Gap));
    let detail = store.detail(&access, Section::Newest, 50, 64 * 1024).await.unwrap();
    assert_eq!((&view.messages, view.runs.len()), (&detail.messages, detail.runs.len()));
    let known = |tool_runs: &[ToolRun]| -> Vec<_> {
        tool_runs
            .iter()
            .map(|row| (row.id, row.status, row.output.clone(), row.version.clone(), row.truncated))
            .collect()
    };
    assert_eq!(known(&view.tool_runs), known(&detail.tool_runs));
    assert_eq!(detail.tool_runs[0].output, None, "a large output is left out of lists");
    assert_eq!(store.tool_run(&part(store, &author, tool_runs[0].id).await).await.unwrap().output, Some(large));
    assert!(matches!(store.history(RunId::new()).await, Err(StoreError::NotFound)));
    let unknown = open(store, &caller(&author), ConversationId::new()).await;
    assert!(matches!(unknown, Err(StoreError::NotFound)));
}

/// Keys, sessions, settings and idempotency.
async fn people(store: &Store) {
    let author = author(store).await;
    let user = author.user_id;
    let made = store.create_key(user, "mine", "tpmjs_sk_of-a-test".into()).await.unwrap();
    assert_eq!(store.caller_of_key("tpmjs_sk_of-a-test").await.unwrap().unwrap().user, user);
    store.revoke_key(user, made.record.id).await.unwrap();
    assert!(store.caller_of_key("tpmjs_sk_of-a-test").await.unwrap().is_none());
    assert!(matches!(store.revoke_key(user, made.record.id).await, Err(StoreError::NotFound)));
    store.create_session(user, "token").await.unwrap();
    assert!(store.caller_of_session("token").await.unwrap().unwrap().is_session());
    store.end_session("token").await.unwrap();
    assert!(store.caller_of_session("token").await.unwrap().is_none());

    let wanted = Settings {
        model: Some(MODELS[1].into()),
        pins: vec!["a::b".parse().unwrap()],
        safe_mode: true,
        ..<_>::default()
    };
    assert!(matches!(store.put_settings(user, &wanted, 3).await, Err(StoreError::Stale)));
    assert_eq!(store.put_settings(user, &wanted, 0).await.unwrap(), 1);
    assert!(matches!(store.put_settings(user, &wanted, 0).await, Err(StoreError::Stale)));
    assert_eq!(store.settings(user).await.unwrap(), (wanted, 1));

    let conversation = store.create_conversation(&author, Some("t"), MODELS[0], None, <_>::default()).await.unwrap().id;
    let access = access(store, &author, conversation).await;
    let key = |fingerprint: u8| IdempotencyKey {
        principal: user.to_string(),
        key: "k".into(),
        route: "r".into(),
        fingerprint: vec![fingerprint],
    };
    let send = |fingerprint| Send { idempotency: Some(key(fingerprint)), ..sending(&access, "once") };
    let accepted = store.send(send(1)).await.unwrap().accepted;
    let again = store.send(send(1)).await.unwrap();
    assert_eq!((again.accepted, again.committed), (accepted.clone(), None));
    assert!(matches!(store.send(send(2)).await, Err(StoreError::KeyReused)));
    assert_eq!(
        store.replay(&key(1)).await.unwrap(),
        Replay::Same(KeptAnswer { status: None, headers: None, body: serde_json::to_string(&accepted).unwrap() })
    );
    assert_eq!(
        store.request_cancel(&part(store, &author, accepted.run_id).await, "x").await.unwrap().0,
        RunStatus::Cancelled
    );
    store.probe().await.unwrap();
}

/// Eight workers, sixty runs in six conversations: each is worked on once, and in its conversation's order.
async fn race(store: &Store) {
    let author = author(store).await;
    let mut expected: BTreeMap<ConversationId, Vec<RunId>> = BTreeMap::new();
    for _ in 0..6 {
        let conversation =
            store.create_conversation(&author, Some("t"), MODELS[0], None, <_>::default()).await.unwrap().id;
        let access = access(store, &author, conversation).await;
        for n in 0..10 {
            let accepted = store.send(sending(&access, &format!("{n}"))).await.unwrap().accepted;
            expected.entry(conversation).or_default().push(accepted.run_id);
        }
    }
    let workers = (0..8).map(|worker| {
        let store = store.clone();
        tokio::spawn(async move {
            while store.active_runs().await.unwrap() > 0 {
                let Some(claimed) = claim(&store, &format!("node {worker}")).await else {
                    tokio::task::yield_now().await;
                    continue;
                };
                let mut log = store.run_log(&claimed.lease).await.unwrap();
                let event = Event::RunCancelled { reason: format!("by {worker}") };
                log.end(claimed.lease.run, RunStatus::Cancelled, None, event).await.unwrap();
                log.commit().await.unwrap();
            }
        })
    });
    within("the workers", futures_util::future::try_join_all(workers)).await.unwrap();
    for (conversation, runs) in expected {
        let events = store.events_after(conversation, 0, 1_000).await.unwrap();
        let ended: Vec<RunId> = events.iter().filter(|e| e.event.is_terminal()).filter_map(|e| e.run_id).collect();
        assert_eq!(ended, runs);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_engines_tell_the_same_story() {
    let (_folder, urls, _cluster) = engines().await;
    for url in &urls {
        let store = Store::open(url).await.unwrap();
        // However many nodes meet an empty database, there is one first user.
        let nodes = (0..8).map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.first_user("owner").await.unwrap() })
        });
        let users = futures_util::future::try_join_all(nodes).await.unwrap();
        assert!(users.iter().all(|user| *user == users[0]), "{users:?}");
        story(&store).await;
        people(&store).await;
        race(&store).await;
        eprintln!("{} passed", store.database().as_str());
    }
}

#[tokio::test]
async fn a_whole_conversation_runs_on_postgres_and_another_node_reads_along() {
    let Some(postgres) = Postgres::start() else { return };
    let weather = |city: &str| execute(&id("acmeWeather"), json!({ "city": city }));
    let script = Script::new()
        .turn(Reply::call(EXECUTE, weather("Oslo")).and_call(EXECUTE, weather("Rome")).and_text("I look."))
        .turn(Reply::text("It is warm in both.").delay(Duration::from_millis(2)));
    let omega = Omega::start_on(postgres.url.clone(), folder(), script).await;
    let elsewhere = folder();
    let config = config(&postgres.url, elsewhere.path(), &omega.tools, providers(&omega.provider));
    let other = Server::start(config).await.unwrap();
    assert_eq!(other.new_key, None, "the key is of the database, not of a node");
    let client = Client::new(&other.url, SecretString::from(omega.key.clone())).unwrap();
    for model in MODELS {
        let conversation = omega.conversation(model).await;
        let mut along = Box::pin(client.follow(conversation, Some(0)));
        let told = omega.ask_in(conversation, "go").await;
        assert_eq!(told.log.answer(), "It is warm in both.", "{model}");
        let mut seen = Vec::new();
        while !seen.last().is_some_and(|envelope: &omega_core::event::Envelope| envelope.event.is_terminal()) {
            let next = within("the other node", futures_util::StreamExt::next(&mut along)).await;
            seen.push(next.unwrap().unwrap());
        }
        seen.retain(|envelope| envelope.seq.is_some());
        assert_eq!(seen, told.log.0, "{model}");
    }
    assert_eq!(omega.client.status().await.unwrap().database, "postgres");
    assert_eq!(omega.tools.count("acmeWeather"), 8, "two nodes, and each call was made once");
}
