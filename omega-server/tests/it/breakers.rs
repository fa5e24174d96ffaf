//! Circuit breakers: of tools in runs, between nodes, and where people see them.

use crate::harness::{MODELS, Omega, Told, execute, executor::id, folder, postgres::Postgres, process::metric, titled};
use omega_core::{
    api::Status,
    event::Event,
    executor::ToolErrorCode,
    registry::meta::EXECUTE,
    testing::{Reply, Script},
};
use omega_engine::{
    executor::breaker::{BreakerKey, Breakers, CallHealth, CircuitState, Policy},
    process::clock::Clock,
    store::Store,
};
use std::{sync::Arc, time::Duration};

const LEASE: Duration = Duration::from_secs(60);
/// Within the window in which failures are counted together.
const DELAY: Duration = Duration::from_secs(10);

fn policy() -> Policy {
    Policy { first_delay: DELAY, refresh: Duration::ZERO, ..Policy::default() }
}

/// Two nodes on each engine, and the clock that they go by; on SQLite, which belongs to one process, they share its store.
async fn pairs() -> (tempfile::TempDir, Vec<[Arc<Breakers>; 2]>, Clock, Option<Postgres>) {
    let folder = folder();
    let sqlite = Store::open(&format!("sqlite:{}", folder.path().join("omega.db").display())).await.unwrap();
    let clock = Clock::default();
    let node = |store| Breakers::new(store, policy(), clock.clone());
    let mut pairs = vec![[node(sqlite.clone()), node(sqlite)]];
    let cluster = Postgres::start();
    if let Some(cluster) = &cluster {
        let (one, other) = (Store::open(&cluster.url).await.unwrap(), Store::open(&cluster.url).await.unwrap());
        pairs.push([node(one), node(other)]);
    }
    (folder, pairs, clock, cluster)
}

async fn fail(breakers: &Arc<Breakers>, key: &BreakerKey) {
    breakers.admit(key.clone(), LEASE).await.unwrap().settle(CallHealth::Failed("TIMEOUT")).await;
}

#[tokio::test]
async fn nodes_count_together_and_agree_on_what_is_open_and_on_who_tries() {
    let (_folder, pairs, clock, _cluster) = pairs().await;
    for [here, there] in pairs {
        let key = BreakerKey::executor("host:1");
        for _ in 0..2 {
            fail(&here, &key).await;
            fail(&there, &key).await;
        }
        assert!(here.admit(key.clone(), LEASE).await.is_ok(), "four failures are not five");
        fail(&there, &key).await;
        let refused = here.admit(key.clone(), LEASE).await.err().expect("the other node's failures count here");
        assert_eq!((refused.reason.as_str(), refused.error().code), ("TIMEOUT", ToolErrorCode::BreakerOpen));
        clock.advance(DELAY);
        let tries = futures_util::future::join_all((0..10).map(|n| {
            let breakers = if n % 2 == 0 { &here } else { &there };
            breakers.admit(key.clone(), LEASE)
        }));
        let mut tries: Vec<_> = tries.await.into_iter().filter_map(Result::ok).collect();
        assert_eq!(tries.len(), 1, "one call tries, and only one");
        assert_eq!(there.state(&key), CircuitState::HalfOpen);
        tries.pop().unwrap().settle(CallHealth::Failed("TIMEOUT")).await;
        clock.advance(DELAY);
        assert!(there.admit(key.clone(), LEASE).await.is_err(), "after a failed try it is open for twice as long");
        clock.advance(DELAY);
        // A try that is dropped says nothing; the next one may try at once.
        drop(there.admit(key.clone(), LEASE).await.unwrap());
        let next = async {
            loop {
                match here.admit(key.clone(), LEASE).await {
                    Ok(permit) => return permit,
                    Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
                }
            }
        };
        crate::harness::within("the next try", next).await.settle(CallHealth::Worked).await;
        for breakers in [&here, &there] {
            breakers.look_ahead(key.clone()).await.unwrap();
            assert_eq!(breakers.state(&key), CircuitState::Closed);
        }
    }
}

#[tokio::test]
async fn what_works_writes_nothing_and_what_says_nothing_counts_nothing() {
    let folder = folder();
    let store = Store::open(&format!("sqlite:{}", folder.path().join("omega.db").display())).await.unwrap();
    let breakers = Breakers::new(store.clone(), policy(), Clock::default());
    let key = BreakerKey::provider("x");
    for verdict in [CallHealth::Worked, CallHealth::Neutral].repeat(20) {
        breakers.admit(key.clone(), LEASE).await.unwrap().settle(verdict).await;
    }
    assert_eq!(store.open_breakers().await.unwrap(), []);
    // More successes than failures: closed, however many failures there are.
    for _ in 0..12 {
        for verdict in [CallHealth::Worked, CallHealth::Worked, CallHealth::Failed("TIMEOUT")] {
            breakers.admit(key.clone(), LEASE).await.unwrap().settle(verdict).await;
        }
    }
    assert_eq!(breakers.state(&key), CircuitState::Closed);
}

#[tokio::test]
async fn a_tool_that_keeps_failing_is_left_alone_and_everybody_is_told() {
    let broken = id("acmeBroken");
    // A run that repeats a failing call more often than this ends.
    let calls = (0..3).map(|_| Reply::call(EXECUTE, execute(&broken, serde_json::json!({}))));
    let turns = calls.chain([Reply::text("It is down.")]);
    let omega = Omega::start(titled(turns.fold(Script::new(), Script::turn))).await;
    let conversation = omega.conversation(MODELS[0]).await;
    let codes = |told: &Told| told.log.calls().iter().map(|call| call.code).collect::<Vec<_>>();
    let first = omega.ask_in(conversation, "use it").await;
    assert_eq!((first.log.answer(), codes(&first)), ("It is down.", vec![Some(ToolErrorCode::ToolError); 3]));
    let told = omega.ask_in(conversation, "use it").await;
    assert_eq!(omega.tools.count("acmeBroken"), 5, "the sixth call was not made");
    let (failed, open) = (Some(ToolErrorCode::ToolError), Some(ToolErrorCode::BreakerOpen));
    assert_eq!(codes(&told), [failed, failed, open]);
    assert_eq!(told.log.notices(), ["BREAKER_OPEN"]);
    let again = omega.ask_in(conversation, "use it").await;
    assert_eq!(codes(&again), [open; 3]);
    assert_eq!(again.log.notices(), ["BREAKER_OPEN"], "once, and not for every call");
    let refused = told.log.0.iter().find_map(|envelope| match &envelope.event {
        Event::ToolCompleted { error: Some(error), .. } if error.code == ToolErrorCode::BreakerOpen => Some(error),
        _ => None,
    });
    assert!(refused.unwrap().details.as_ref().unwrap()["until"].is_string());

    let status: Status = omega.client.status().await.unwrap();
    assert_eq!(
        status.breakers.iter().map(|open| (open.kind.as_str(), open.subject.as_str())).collect::<Vec<_>>(),
        [("tool", format!("{broken}@1.2.3").as_str())]
    );
    let row = omega.client.tool(&broken.parse().unwrap()).await.unwrap();
    assert_eq!(row.breaker.unwrap().reason, "TOOL_ERROR");
    assert_eq!((row.execution_count, row.failure_count, row.success_rate), (5, 5, Some(0.0)));
    // Outside of runs it is refused, too.
    let body = serde_json::json!({ "toolId": broken });
    let answer = omega.request(reqwest::Method::POST, "/api/registry/execute").json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(answer.json::<serde_json::Value>().await.unwrap()["code"], "BREAKER_OPEN");
    assert_eq!(omega.tools.count("acmeBroken"), 5);
    assert_eq!(metric(&omega.url, &omega.key.clone().into(), "omega_breaker_state{kind=\"tool\"}").await, Some(1.0));
}

#[tokio::test]
async fn one_users_failing_inputs_leave_a_tool_alone_for_that_user_only() {
    let (_folder, pairs, clock, _cluster) = pairs().await;
    for [here, there] in pairs {
        let key = BreakerKey::tool(&id("acmeBroken").parse().unwrap(), "1.2.3");
        let of = |user: &str| key.clone().for_user(user);
        let provoke = async |breakers: &Arc<Breakers>, user: &str| {
            if let Ok(permit) = breakers.admit(of(user), LEASE).await {
                permit.settle(CallHealth::Provoked("OUT_OF_MEMORY")).await;
            }
        };
        for n in 0..20 {
            provoke(if n % 2 == 0 { &here } else { &there }, "mallory").await;
        }
        for breakers in [&here, &there] {
            assert!(breakers.admit(of("mallory"), LEASE).await.is_err(), "five of one's own are enough for oneself");
            drop(breakers.admit(of("owner"), LEASE).await.unwrap());
            drop(breakers.admit(key.clone(), LEASE).await.unwrap());
        }
        // It is over for that user when a try works, and was never there for the others.
        clock.advance(DELAY);
        there.admit(of("mallory"), LEASE).await.unwrap().settle(CallHealth::Worked).await;
        drop(here.admit(of("mallory"), LEASE).await.unwrap());
        // What fails for different users fails.
        provoke(&there, "owner").await;
        for breakers in [&here, &there] {
            for user in ["owner", "mallory", "a third"] {
                assert!(breakers.admit(of(user), LEASE).await.is_err(), "{user}");
            }
        }
        // One user's failing tries do not keep it open: the next user tries at once.
        clock.advance(DELAY);
        provoke(&here, "mallory").await;
        assert!(here.admit(of("mallory"), LEASE).await.is_err(), "whoever failed a try waits");
        there.admit(of("a third"), LEASE).await.unwrap().settle(CallHealth::Worked).await;
        drop(here.admit(of("owner"), LEASE).await.unwrap());
    }
}

#[tokio::test]
async fn what_opened_for_one_user_is_told_to_that_user_alone() {
    let omega = Omega::start(Script::new()).await;
    let guest = crate::harness::users::another_user(&omega).await;
    let broken: omega_core::id::ToolId = id("acmeBroken").parse().unwrap();
    let run = |key: &str| {
        let request = omega.http.post(format!("{}/api/registry/execute", omega.url)).bearer_auth(key);
        request.json(&serde_json::json!({ "toolId": broken }))
    };
    for expected in [422, 422, 422, 422, 422, 503] {
        assert_eq!(run(&guest.key).send().await.unwrap().status(), expected);
    }
    assert_eq!(run(&omega.key).send().await.unwrap().status(), 422, "the owner's call is made");
    assert_eq!(omega.tools.count("acmeBroken"), 6);
    // Now it failed for two users, within a minute.
    assert_eq!(run(&omega.key).send().await.unwrap().status(), 503);

    let omega = Omega::start(Script::new()).await;
    let guest = crate::harness::users::another_user(&omega).await;
    let run = || {
        let request = omega.http.post(format!("{}/api/registry/execute", omega.url)).bearer_auth(&guest.key);
        request.json(&serde_json::json!({ "toolId": broken }))
    };
    for _ in 0..5 {
        run().send().await.unwrap();
    }
    assert_eq!(guest.client.status().await.unwrap().breakers.len(), 1);
    assert!(guest.client.tool(&broken).await.unwrap().breaker.is_some());
    assert!(omega.client.status().await.unwrap().breakers.is_empty());
    assert!(omega.client.tool(&broken).await.unwrap().breaker.is_none());
    let anybody: serde_json::Value =
        omega.http.get(format!("{}/api/omega/status", omega.url)).send().await.unwrap().json().await.unwrap();
    assert_eq!(anybody["data"].as_object().unwrap().keys().collect::<Vec<_>>(), ["status"], "{anybody}");
}
