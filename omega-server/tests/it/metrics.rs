//! `/metrics`: every figure that is promised is there and counts, nobody reads them without a right to, and there is nothing in
//! them but figures.

use crate::harness::{
    MODELS, Omega, execute,
    executor::id,
    folder, message,
    people::Person,
    postgres::Postgres,
    refusals::{code, refused},
    within,
};
use futures_util::StreamExt;
use omega_core::{
    api::{CreateConversation, Decide, Decision, PutCredential, Remember, RequiredAction},
    event::Event,
    registry::meta::EXECUTE,
    testing::{Reply, Script},
};
use omega_server::{
    Limits, ServeConfig,
    http::limits::{Class, Policies, Policy},
};
use reqwest::{Method, StatusCode};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// Those of the observability page: name, kind, labels.
const PROMISED: [(&str, &str, &[&str]); 27] = [
    (
        "gen_ai_client_operation_duration_seconds",
        "histogram",
        &["gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model", "error_type"],
    ),
    (
        "gen_ai_client_operation_time_to_first_chunk_seconds",
        "histogram",
        &["gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model"],
    ),
    (
        "gen_ai_client_token_usage",
        "histogram",
        &["gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model", "gen_ai_token_type"],
    ),
    ("omega_runs_total", "counter", &["outcome"]),
    ("omega_runs_active", "gauge", &["state"]),
    ("omega_run_queue_wait_seconds", "histogram", &[]),
    ("omega_run_recoveries_total", "counter", &[]),
    ("omega_tool_runs_total", "counter", &["tool", "outcome"]),
    ("omega_tool_run_duration_seconds", "histogram", &["executor"]),
    ("omega_tool_unknown_outcomes_total", "counter", &[]),
    ("omega_pauses_total", "counter", &["kind"]),
    ("omega_pause_duration_seconds", "histogram", &["kind"]),
    ("omega_sse_streams", "gauge", &[]),
    ("omega_sse_delivery_lag_seconds", "histogram", &[]),
    ("omega_sse_resumes_total", "counter", &["result"]),
    ("omega_events_appended_total", "counter", &["kind"]),
    ("omega_event_flush_seconds", "histogram", &[]),
    ("omega_event_flush_batch", "histogram", &[]),
    ("omega_db_pool_wait_seconds", "histogram", &["pool"]),
    ("omega_lease_lost_total", "counter", &[]),
    ("omega_notify_fallback_polls_total", "counter", &[]),
    ("omega_breaker_state", "gauge", &["kind"]),
    ("omega_rate_limited_total", "counter", &["policy"]),
    ("omega_credential_uses_total", "counter", &["result"]),
    ("omega_redactions_total", "counter", &["kind"]),
    ("omega_http_request_duration_seconds", "histogram", &["route", "method", "status"]),
    ("omega_build_info", "gauge", &["version"]),
];

const SECRET: &str = "the-value-of-a-key-0123";

/// Samples by family and labels, each line of the text read or refused.
fn read(text: &str) -> BTreeMap<String, BTreeMap<String, f64>> {
    let mut kinds: BTreeMap<&str, &str> = BTreeMap::new();
    let mut families: BTreeMap<String, BTreeMap<String, f64>> = BTreeMap::new();
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.splitn(3, ' ');
            let (what, name, rest) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
            match what {
                "TYPE" => assert_eq!(kinds.insert(name, rest), None, "{name} is there once"),
                "HELP" => assert!(rest.ends_with('.'), "{line}"),
                _ => panic!("{line}"),
            }
            families.entry(name.to_owned()).or_default();
            continue;
        }
        let (series, number) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
        let number: f64 = number.parse().unwrap_or_else(|_| panic!("{line}"));
        let name = series.split('{').next().unwrap();
        let family = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|end| name.strip_suffix(end))
            .filter(|it| kinds.contains_key(it));
        let family = family.unwrap_or(name);
        assert!(kinds.contains_key(family), "{line} has no type");
        let before = families.get_mut(family).unwrap().insert(series.to_owned(), number);
        assert_eq!(before, None, "{series} is there twice");
    }
    families
}

fn labels(series: &str) -> BTreeSet<String> {
    let inside = series.split_once('{').map_or("", |(_, rest)| rest.trim_end_matches('}'));
    let names = inside.split("\",").filter_map(|pair| pair.split('=').next());
    names.filter(|name| !name.is_empty() && *name != "le").map(str::to_owned).collect()
}

async fn scraped(omega: &Omega) -> String {
    let response = omega.request(Method::GET, "/metrics").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    response.text().await.unwrap()
}

/// Something of everything that is counted.
async fn lively(omega: &Omega) {
    let stored = PutCredential { value: SECRET.into(), tool_id: None, scope: None, kept_in: None };
    omega.client.put_credential("ACME_API_KEY", &stored).await.unwrap();
    let body = CreateConversation { model: Some(MODELS[0].into()), safe_mode: Some(true), ..<_>::default() };
    let asking = omega.client.create_conversation(&body).await.unwrap().id;
    let run = omega.send(asking, &format!("weather, and my key is {SECRET}")).await.run_id;
    let mut frames = Box::pin(omega.client.follow(asking, Some(0)));
    loop {
        let frame = within("an event", frames.next()).await.unwrap().unwrap();
        match frame.event {
            Event::RunRequiresAction { action: RequiredAction::Approval { approvals, .. } } => {
                for approval in approvals {
                    let decide = Decide {
                        decision: Decision::Approve,
                        reason: None,
                        remember: Remember::Once,
                        args_digest: None,
                        input: None,
                    };
                    omega.client.decide(approval.id, &decide).await.unwrap();
                }
            }
            event if event.is_terminal() => break,
            _ => {}
        }
    }
    omega.told(asking, run).await;
    omega.ask("groq/nobody-listens", "hi").await;
    let stopped = omega.conversation(MODELS[0]).await;
    let hang = omega.send(stopped, "hang").await.run_id;
    omega.tools.wait_until(|calls| calls.iter().any(|call| call.name == "acmeHang")).await;
    omega.client.cancel_run(hang).await.unwrap();
    omega.told(stopped, hang).await;
    // More than the limit of keys that are none.
    for _ in 0..4 {
        omega.http.get(format!("{}/api/omega/session", omega.url)).bearer_auth("tpmjs_sk_no").send().await.unwrap();
    }
}

fn script() -> Script {
    let call = Reply::call(EXECUTE, execute(&id("acmeWeather"), json!({ "city": "Oslo" })))
        .and_call(EXECUTE, execute(&id("acmeKeyed"), json!({})));
    Script::new()
        .when(
            |seen| seen.users.last().is_some_and(|said| said.starts_with("weather")),
            [call.usage(100, 10), Reply::text("21.").usage(200, 20)],
        )
        .when(
            |seen| seen.users.last().is_some_and(|said| said == "hang"),
            [Reply::call(EXECUTE, execute(&id("acmeHang"), json!({})))],
        )
}

async fn start(database: String, folder: tempfile::TempDir) -> Omega {
    let few = Policy { quota: 2, window: Duration::from_secs(60) };
    let limits = Limits { policies: Policies::default().with(Class::SignIn, few), ..Limits::default() };
    Omega::start_as(database, folder, script(), |config| ServeConfig {
        limits,
        metrics: Some(([127, 0, 0, 1], 0).into()),
        ..config
    })
    .await
}

#[tokio::test]
async fn every_metric_that_is_promised_is_emitted_and_counts() {
    let cluster = Postgres::start();
    let home = folder();
    let sqlite = format!("sqlite:{}", home.path().join("omega.db").display());
    let mut omegas = vec![start(sqlite, home).await];
    if let Some(cluster) = &cluster {
        omegas.push(start(cluster.url.clone(), folder()).await);
    }
    for omega in &omegas {
        lively(omega).await;
        let text = scraped(omega).await;
        let families = read(&text);
        let names: BTreeSet<&str> = families.keys().map(String::as_str).collect();
        assert_eq!(names, PROMISED.iter().map(|(name, ..)| *name).collect(), "these and no others");
        for (name, kind, expected) in PROMISED {
            assert!(text.contains(&format!("# TYPE {name} {kind}\n")), "{name} is a {kind}");
            let expected: BTreeSet<String> = expected.iter().map(|label| (*label).to_owned()).collect();
            for series in families[name].keys() {
                assert_eq!(labels(series), expected, "{series}");
            }
        }
        let least = |series: &str, least: f64| {
            let found = families.values().find_map(|family| family.get(series));
            assert!(found.is_some_and(|number| *number >= least), "{series} is {found:?}:\n{text}");
        };
        for outcome in ["completed", "failed", "cancelled"] {
            least(&format!("omega_runs_total{{outcome=\"{outcome}\"}}"), 1.0);
        }
        least("omega_run_queue_wait_seconds_count", 3.0);
        least("omega_tool_runs_total{tool=\"other\",outcome=\"succeeded\"}", 2.0);
        least("omega_tool_runs_total{tool=\"other\",outcome=\"cancelled\"}", 1.0);
        // One more outside of any run.
        let weather = json!({ "toolId": id("acmeWeather"), "params": { "city": "Oslo" } });
        let once = omega.request(Method::POST, "/api/registry/execute").json(&weather);
        assert_eq!(once.send().await.unwrap().status(), 200);
        let after = read(&scraped(omega).await);
        let worked = "omega_tool_runs_total{tool=\"other\",outcome=\"succeeded\"}";
        assert_eq!(after["omega_tool_runs_total"][worked], families["omega_tool_runs_total"][worked] + 1.0);
        // Each of the servers here is an executor by a name of its own.
        let took = |families: &BTreeMap<String, BTreeMap<String, f64>>| {
            let series = families["omega_tool_run_duration_seconds"].iter();
            series.filter(|(name, _)| name.contains("_count{")).map(|(_, count)| count).sum::<f64>()
        };
        assert_eq!(took(&after), took(&families) + 1.0);
        least("omega_sse_streams", 0.0);
        for state in ["queued", "running"] {
            least(&format!("omega_runs_active{{state=\"{state}\"}}"), 0.0);
        }
        least(&format!("omega_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION")), 1.0);
        least("omega_pauses_total{kind=\"approval\"}", 1.0);
        least("omega_pause_duration_seconds_count{kind=\"approval\"}", 1.0);
        least("omega_sse_resumes_total{result=\"resumed\"}", 1.0);
        least("omega_sse_delivery_lag_seconds_count", 1.0);
        least("omega_events_appended_total{kind=\"run.completed\"}", 1.0);
        least("omega_db_pool_wait_seconds_count{pool=\"write\"}", 1.0);
        least("omega_db_pool_wait_seconds_count{pool=\"read\"}", 1.0);
        least("omega_credential_uses_total{result=\"ok\"}", 1.0);
        least("omega_redactions_total{kind=\"known\"}", 1.0);
        least("omega_rate_limited_total{policy=\"sign-in\"}", 1.0);
        least(
            "omega_http_request_duration_seconds_count{route=\"/api/omega/conversations\",method=\"POST\",status=\"201\"}",
            2.0,
        );
        let model = "gen_ai_operation_name=\"chat\",gen_ai_provider_name=\"openai\",gen_ai_request_model=\"test\"";
        least(&format!("gen_ai_client_operation_duration_seconds_count{{{model},error_type=\"\"}}"), 2.0);
        least(&format!("gen_ai_client_operation_time_to_first_chunk_seconds_count{{{model}}}"), 2.0);
        least(&format!("gen_ai_client_token_usage_sum{{{model},gen_ai_token_type=\"input\"}}"), 300.0);
        least(&format!("gen_ai_client_token_usage_sum{{{model},gen_ai_token_type=\"output\"}}"), 30.0);
        // No ids, nobody's words, nobody's secrets, no tools of strangers.
        let person = omega.client.whoami().await.unwrap().user_id.to_string();
        for told in [SECRET, "ACME", "acme", "weather", &person, "tpmjs_sk"] {
            assert!(!text.contains(told), "{told} is in the metrics");
        }
        let is_id = |word: &&str| uuid::Uuid::try_parse(word).is_ok();
        assert_eq!(text.split(['"', '/', ' ']).find(is_id), None);
    }
}

#[tokio::test]
async fn metrics_are_for_administrators_and_for_the_listener_of_their_own() {
    let home = folder();
    let omega = start(format!("sqlite:{}", home.path().join("omega.db").display()), home).await;
    let user = Person::new(&omega, "Grace", None).await;
    assert_eq!(refused(user.request(Method::GET, "/metrics")).await, code(403, "FORBIDDEN"));
    let nobody = || omega.http.get(format!("{}/metrics", omega.url));
    assert_eq!(refused(nobody()).await, code(401, "UNAUTHENTICATED"));
    read(&scraped(&omega).await);
    let alone = omega.server.metrics.unwrap();
    let at = |path: &str| omega.http.get(format!("http://{alone}{path}"));
    let response = at("/metrics").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    read(&response.text().await.unwrap());
    for path in ["/", "/api/omega/status", "/livez", "/omega"] {
        assert_eq!(at(path).send().await.unwrap().status(), StatusCode::NOT_FOUND, "{path}");
    }
    let posted = omega.http.post(format!("http://{alone}/metrics")).json(&message("hi")).send().await.unwrap();
    assert_eq!(posted.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn whoever_has_no_key_is_told_one_word_of_how_the_server_is() {
    let omega = Omega::start(Script::new()).await;
    let status = |key: Option<&str>| {
        let request = omega.http.get(format!("{}/api/omega/status", omega.url));
        key.map_or(request.try_clone().unwrap(), |key| request.bearer_auth(key))
    };
    let wrong = format!("tpmjs_sk_{}", "x".repeat(43));
    for key in [None, Some("nonsense"), Some(wrong.as_str())] {
        let answer: serde_json::Value = status(key).send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["data"], json!({ "status": "ok" }), "{key:?}");
    }
    let user = Person::new(&omega, "Grace", None).await;
    let answer: serde_json::Value = status(Some(&user.key)).send().await.unwrap().json().await.unwrap();
    assert!(answer["data"]["registry"]["tools"].is_u64() && answer["data"]["executor"].is_object(), "{answer}");
    let client = omega_core::client::Client::new(&omega.url, None).unwrap();
    let told = client.status().await.unwrap_err().to_string();
    assert_eq!(told, "the server is ok; sign in to see more of it");
    let ready: serde_json::Value =
        omega.http.get(format!("{}/readyz", omega.url)).send().await.unwrap().json().await.unwrap();
    assert_eq!(ready, json!({ "status": "ok", "database": "ok", "draining": false }));
}
