//! An answer that is too large to be kept under its Idempotency-Key is given all the same, and its work is never done twice.

use crate::harness::{Omega, executor::id, folder, postgres::Postgres};
use omega_core::testing::Script;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn any_output_is_given_once_and_a_repeat_runs_nothing() {
    let mut servers = vec![Omega::start(Script::new()).await];
    let cluster = Postgres::start();
    if let Some(cluster) = &cluster {
        servers.push(Omega::start_on(cluster.url.clone(), folder(), Script::new()).await);
    }
    for omega in &servers {
        for (bytes, is_kept) in [(1 << 20, true), (5 << 20, false), (20 << 20, false)] {
            omega.tools.forget();
            let key = format!("large-{bytes}");
            let ask = async || {
                let body = json!({ "toolId": id("acmeLarge"), "params": { "bytes": bytes } });
                let request = omega.request(Method::POST, "/api/registry/execute").header("idempotency-key", &key);
                let answer = request.json(&body).send().await.unwrap();
                let replayed = answer.headers().contains_key("idempotency-replayed");
                (answer.status().as_u16(), replayed, answer.json::<Value>().await.unwrap())
            };
            let (status, replayed, first) = ask().await;
            assert_eq!((status, replayed), (200, false), "{bytes}");
            assert_eq!(first["result"].as_str().unwrap().len(), bytes, "the whole output");
            let (status, replayed, second) = ask().await;
            assert!(replayed, "{bytes}");
            if is_kept {
                assert_eq!((status, &second), (200, &first), "{bytes}");
            } else {
                assert_eq!((status, second["details"]["code"].as_str()), (410, Some("GONE")), "{second}");
                assert!(second["error"].as_str().unwrap().contains("nothing was done a second time"), "{second}");
            }
            assert_eq!(omega.tools.count("acmeLarge"), 1, "{bytes}");
        }
    }
}
