//! The main job with nothing stood in: a question, a tool of the registry, a package from npm, Deno's sandbox, the answer.

use crate::harness::{Omega, folder, skip};
use omega_core::{api::ExecuteRequest, testing::Script};
use omega_server::ServeConfig;
use serde_json::json;
use std::{fs, path::Path};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_is_answered_by_a_real_package_in_the_real_sandbox() {
    // Deno and the package stay for the next run of the tests.
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("server-cache");
    let runtime = Path::new(env!("CARGO_TARGET_TMPDIR")).join("runtime");
    fs::create_dir_all(&cache).unwrap();
    fs::create_dir_all(&runtime).unwrap();
    // Somebody else may have made it at the same time.
    let _ = std::os::unix::fs::symlink(runtime, cache.join("runtime"));
    let folder = folder();
    let database = format!("sqlite:{}", folder.path().join("omega.db").display());
    let omega = Omega::start_as(database, folder, Script::new(), |config| ServeConfig {
        executors: Vec::new(),
        cache_dir: cache,
        deno: std::env::var_os("OMEGA_DENO").map(Into::into),
        ..config
    })
    .await;
    // Whatever has to be fetched is fetched by this call, which has the patience.
    let call = ExecuteRequest {
        tool_id: "mathjs::evaluate".into(),
        params: json!({ "expression": "det([[2, 0], [0, 4]])" }),
        env: Default::default(),
    };
    let called = omega.client.execute_tool(&call).await.unwrap();
    match called.code.as_deref() {
        None => assert_eq!(called.result, Some(json!(8)), "{called:?}"),
        Some("RUNTIME_UNAVAILABLE" | "INSTALL_FAILED" | "PACKAGE_NOT_FOUND") => {
            return skip(&called.error.unwrap_or_default());
        }
        Some(_) => panic!("{called:?}"),
    }
    let told = omega.ask("omega/offline", "What is the determinant of [[1, 2], [3, 4]]?").await;
    assert!(told.log.answer().contains("-2"), "{}", told.log.answer());
    let rows = omega.client.tool_runs(told.conversation, <_>::default()).await.unwrap().rows;
    let ran = rows.iter().find(|row| row.tool_id.contains("::")).expect("a tool of the registry");
    assert!(ran.version.starts_with(|c: char| c.is_ascii_digit()) && ran.duration_ms.is_some(), "{ran:?}");
    assert_eq!(ran.output, Some(json!(-2)));
}
