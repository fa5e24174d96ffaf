//! Executors elsewhere, of both generations of TPMJS's protocol, as they really answer.

use super::*;
use axum::{
    Json, Router,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use omega_engine::executor::{Redacting, RemoteConfig, RemoteExecutor};
use std::sync::Arc;
use tokio::net::TcpListener;

/// Serves on loopback until it is dropped; its address.
async fn serve(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    url
}

fn executor(url: &str) -> RemoteExecutor {
    RemoteExecutor::new(RemoteConfig { url: url.to_owned(), api_key: Some(SecretString::from("executor-key")) })
        .unwrap()
}

/// Answers by the tool's name.
async fn answer(headers: HeaderMap, Json(body): Json<Value>) -> Response {
    if headers.get("authorization").is_none_or(|key| key != "Bearer executor-key") {
        let answer = json!({ "success": false, "error": "no key", "errorStage": "request", "errorCode": "AUTHENTICATION_REQUIRED" });
        return (StatusCode::UNAUTHORIZED, Json(answer)).into_response();
    }
    let failed = |status: StatusCode, answer: Value| (status, Json(answer)).into_response();
    match body["name"].as_str().unwrap() {
        "echo" => Json(json!({ "success": true, "output": body, "executionTimeMs": 12 })).into_response(),
        "untimed" => Json(json!({ "success": true, "output": "x" })).into_response(),
        "old" => failed(StatusCode::INTERNAL_SERVER_ERROR, json!({ "success": false, "error": "boom" })),
        "new" => Json(
            json!({ "success": false, "error": "boom", "errorStage": "execute", "errorCode": "TOOL_EXECUTION_FAILED" }),
        )
        .into_response(),
        "gone" => {
            failed(StatusCode::NOT_FOUND, json!({ "success": false, "error": "none", "errorCode": "TOOL_NOT_FOUND" }))
        }
        "unset" => Json(json!({ "success": false, "error": "EXA_API_KEY is required" })).into_response(),
        "leaks" => Json(json!({ "success": true, "output": { "key": body["env"]["EXA_API_KEY"] } })).into_response(),
        "stuck" => std::future::pending().await,
        _ => (StatusCode::SERVICE_UNAVAILABLE, "shutting down").into_response(),
    }
}

async fn tpmjs() -> RemoteExecutor {
    executor(&serve(Router::new().route("/execute-tool", post(answer))).await)
}

#[tokio::test]
async fn the_body_decides_and_not_the_status() {
    let remote = tpmjs().await;
    let echoed =
        remote.execute(Execution { version: "1.2.3".to_owned(), ..call("@s/pkg::echo", json!({"a": 1})) }).await;
    let expected = json!({ "packageName": "@s/pkg", "name": "echo", "version": "1.2.3", "params": {"a": 1}, "env": {}, "timeoutMs": 20_000 });
    assert_eq!((echoed.result, echoed.duration_ms, echoed.version.as_deref()), (Ok(expected), 12, Some("1.2.3")));
    assert_eq!(remote.execute(call("p::untimed", json!({}))).await.result, Ok(json!("x")));
    for (tool, code) in [
        ("p::old", ToolErrorCode::ToolError),
        ("p::new", ToolErrorCode::ToolError),
        ("p::gone", ToolErrorCode::ToolNotFound),
        ("p::unset", ToolErrorCode::MissingEnvVars),
        ("p::down", ToolErrorCode::ExecutorUnreachable),
    ] {
        let error = remote.execute(call(tool, json!({}))).await.result.unwrap_err();
        assert_eq!(error.code, code, "{tool}: {error}");
    }
}

#[tokio::test]
async fn a_call_ends_at_its_deadline_and_when_it_is_cancelled() {
    let remote = tpmjs().await;
    let late = Execution { timeout: Duration::from_millis(100), ..call("p::stuck", json!({})) };
    assert_eq!(code(&remote.execute(late).await), ToolErrorCode::Timeout);
    let cancelled = Execution { cancel: Box::pin(async {}), ..call("p::stuck", json!({})) };
    assert_eq!(code(&remote.execute(cancelled).await), ToolErrorCode::Cancelled);
}

#[tokio::test]
async fn a_key_that_comes_back_is_masked() {
    let remote = Redacting::new(Arc::new(tpmjs().await));
    let leaking = Execution { env: env(&[("EXA_API_KEY", "sk-very-secret")]), ..call("p::leaks", json!({})) };
    assert_eq!(remote.execute(leaking).await.result, Ok(json!({"key": "«redacted:EXA_API_KEY»"})));
}

#[tokio::test]
async fn an_executor_that_is_not_there_says_what_to_check() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let remote = executor(&url);
    let error = remote.execute(call("p::x", json!({}))).await.result.unwrap_err();
    assert_eq!(error.code, ToolErrorCode::ExecutorUnreachable);
    assert!(error.message.contains("OMEGA_EXECUTOR_URL"), "{}", error.message);
    assert_eq!(remote.health().await.status, "down");
    assert!(RemoteExecutor::new(RemoteConfig { url: "ftp://x".to_owned(), api_key: None }).is_err());
}

#[tokio::test]
async fn health_is_understood_in_its_dialects() {
    for (said, status) in [("ok", "ok"), ("healthy", "ok"), ("degraded", "degraded"), ("error", "down")] {
        let url =
            serve(Router::new().route("/health", get(move || async move { Json(json!({ "status": said })) }))).await;
        assert_eq!(executor(&format!("{url}/")).health().await.status, status, "{said}");
    }
}

#[tokio::test]
async fn a_package_is_described_by_its_exports() {
    let list = || async {
        Json(json!({ "success": true, "exports": ["a", "b", "c"],
            "tools": [{ "name": "a", "isValidTool": true }, { "name": "b", "isValidTool": false }, { "name": "c", "isValidTool": true }] }))
    };
    let describe = |Json(body): Json<Value>| async move {
        Json(match body["name"].as_str() {
            Some("a") => {
                json!({ "success": true, "tool": { "name": "a", "description": "A.", "inputSchema": { "type": "object" } } })
            }
            _ => json!({ "success": false, "error": "no" }),
        })
    };
    let app = Router::new().route("/list-exports", post(list)).route("/load-and-describe", post(describe));
    let described = executor(&serve(app).await).describe("pkg", "1.0.0", "").await.unwrap();
    assert_eq!(
        described.tools.iter().map(|tool| (tool.name.as_str(), tool.description.as_str())).collect::<Vec<_>>(),
        [("a", "A.")]
    );
}
