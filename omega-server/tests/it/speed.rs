//! How quick the page is in a real Chromium. What is held to a limit is the time that the page's own thread works, and a first
//! look beside that of a bare text, so that a busy machine is no fault of the page.

use crate::{
    browser::{in_browser, usual},
    harness::{MODELS, Omega},
    page::long_answer,
};
use omega_core::testing::{Reply, Script};
use serde_json::{Value, json};
use std::time::Duration;

async fn measured(omega: &Omega, what: &str, conversation: &str) -> Option<Value> {
    let variables = [("OMEGA_KEY", omega.key.as_str()), ("OMEGA_CONVERSATION", conversation), ("OMEGA_WHAT", what)];
    let seen = in_browser(omega, "speed.mjs", &variables).await?;
    eprintln!("{seen:#}");
    assert_eq!(seen["error"], Value::Null, "{seen:#}");
    assert_eq!(seen["problems"], json!([]), "{seen:#}");
    Some(seen)
}

fn least(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(f64::INFINITY, f64::min)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_look_is_there_at_once_and_brings_no_more_than_it_needs() {
    let omega = Omega::start(Script::new()).await;
    let Some(seen) = measured(&omega, "front", "").await else { return };
    let looks = seen["looks"].as_array().unwrap();
    let of = |name: &str| least(looks.iter().map(|look| usual(&seen, &look[name])));
    assert!(of("untilContent") < 100.0, "milliseconds of work before anything is seen: {seen:#}");
    let bare = least(seen["bare"].as_array().unwrap().iter().map(|ms| usual(&seen, ms)));
    assert!(of("content") < 300_f64.max(4.0 * bare), "{seen:#}");
    for look in looks {
        let scripts = look["scripts"].as_array().unwrap();
        let names: Vec<&str> = scripts.iter().map(|script| script[0].as_str().unwrap()).collect();
        assert!(names.iter().all(|name| name.starts_with("app-") || name.starts_with("theme-")), "{names:?}");
        let bytes: u64 = scripts.iter().map(|script| script[1].as_u64().unwrap()).sum();
        assert!((1..=120_000).contains(&bytes), "{bytes} bytes of script: {seen:#}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_task_is_long_while_a_hundred_tokens_a_second_come_in() {
    let reply = Reply::text(&long_answer()).delay(Duration::from_millis(10));
    let omega = Omega::start(Script::new().turn(reply)).await;
    let conversation = omega.conversation(MODELS[0]).await.to_string();
    let Some(seen) = measured(&omega, "streaming", &conversation).await else { return };
    assert!(seen["characters"].as_u64().unwrap() > 3_000, "{seen:#}");
    assert!(seen["work"]["tasks"].as_u64().unwrap() > 300, "{seen:#}");
    assert!(usual(&seen, &seen["work"]["longest"]) < 50.0, "{seen:#}");
}
