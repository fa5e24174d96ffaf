//! The sandbox as a TPMJS executor: every endpoint and status, and our own client against it.

use super::*;
use async_trait::async_trait;
use omega_core::executor::{DescribedPackage, ExecutorHealth, ToolError};
use omega_engine::executor::{
    RemoteConfig, RemoteExecutor,
    service::{Service, ServiceConfig},
};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use tokio::sync::{Notify, watch};

const KEY: &str = "the-key-of-this-executor";

/// A service, and who calls it.
struct Served {
    service: Service,
    http: reqwest::Client,
    _cache: TempDir,
}

impl Served {
    async fn start(executor: Arc<dyn Executor>) -> Self {
        let cache = tempfile::tempdir().unwrap();
        let service = serve(executor, cache.path()).await;
        Self { service, http: reqwest::Client::builder().no_proxy().build().unwrap(), _cache: cache }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.service.url)).bearer_auth(KEY)
    }

    async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        read(self.request(Method::POST, path).json(&body).send().await.unwrap()).await
    }

    fn client(&self) -> RemoteExecutor {
        RemoteExecutor::new(RemoteConfig {
            url: format!("{}/", self.service.url),
            api_key: Some(SecretString::from(KEY)),
        })
        .unwrap()
    }
}

async fn serve(executor: Arc<dyn Executor>, cache: &Path) -> Service {
    let config = ServiceConfig {
        listen: ([127, 0, 0, 1], 0).into(),
        api_key: SecretString::from(KEY),
        executor,
        cache_dir: cache.to_owned(),
    };
    Service::start(config).await.unwrap()
}

async fn read(response: Response) -> (StatusCode, Value) {
    assert_eq!(response.headers()["x-tpmjs-protocol-version"], "1.1");
    let status = response.status();
    (status, response.json().await.unwrap())
}

fn asks(name: &str, params: Value) -> Value {
    json!({ "packageName": "pkg", "name": name, "version": "1.0.0", "params": params })
}

/// A sandbox that does what a call's name says.
#[derive(Default)]
struct Scripted {
    hanging: watch::Sender<usize>,
    cancelled: Notify,
}

#[async_trait]
impl Executor for Scripted {
    async fn execute(&self, execution: Execution) -> Executed {
        let failed = |code| Err(ToolError::new(code, "no"));
        let result = match execution.tool.export() {
            "echo" => Ok(
                json!({ "input": execution.input, "id": execution.id.to_string(), "timeout": execution.timeout.as_millis() as u64 }),
            ),
            "yields" => {
                for n in 1..=3 {
                    (execution.on_partial)(json!({ "n": n }));
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Ok(json!("the end"))
            }
            "hangs" => {
                self.hanging.send_modify(|count| *count += 1);
                execution.cancel.await;
                self.cancelled.notify_one();
                failed(ToolErrorCode::Cancelled)
            }
            "slow" => {
                self.hanging.send_modify(|count| *count += 1);
                tokio::time::sleep(Duration::from_millis(300)).await;
                Ok(json!("late"))
            }
            code => failed(serde_json::from_value(json!(code)).unwrap()),
        };
        Executed {
            result,
            version: Some("1.0.0".into()),
            duration_ms: 7,
            truncated: false,
            logs: vec!["log: one line".into()],
            notice: None,
            executor: None,
        }
    }

    async fn describe(&self, _: &str, _: &str, _: &str) -> Result<DescribedPackage, ToolError> {
        Err(ToolError::new(ToolErrorCode::PackageNotFound, "npm has no such package"))
    }

    async fn health(&self) -> ExecutorHealth {
        ExecutorHealth::new("ok", "scripted")
    }
}

#[tokio::test]
async fn every_endpoint_but_health_wants_the_key() {
    let served = Served::start(Arc::new(Scripted::default())).await;
    let url = |path: &str| format!("{}{path}", served.service.url);
    for (method, path) in [
        (Method::POST, "/execute-tool"),
        (Method::POST, "/load-and-describe"),
        (Method::POST, "/list-exports"),
        (Method::GET, "/info"),
        (Method::GET, "/cache/stats"),
        (Method::POST, "/cache/clear"),
    ] {
        for key in [None, Some("wrong"), Some("")] {
            let mut request = served.http.request(method.clone(), url(path)).json(&asks("echo", json!({})));
            if let Some(key) = key {
                request = request.bearer_auth(key);
            }
            let response = request.send().await.unwrap();
            assert_eq!(response.headers()["www-authenticate"], "Bearer");
            let (status, body) = read(response).await;
            assert_eq!(status, 401, "{path} {key:?}");
            assert_eq!(
                (&body["success"], &body["errorCode"], &body["errorStage"]),
                (&json!(false), &json!("AUTHENTICATION_REQUIRED"), &json!("request"))
            );
        }
    }
    let (status, health) = read(served.http.get(url("/health")).send().await.unwrap()).await;
    assert_eq!((status.as_u16(), &health["status"], &health["protocolVersion"]), (200, &json!("ok"), &json!("1.1")));
    for field in ["implementationVersion", "timestamp", "uptimeSeconds", "cacheSize", "info"] {
        assert!(!health[field].is_null(), "{field}");
    }
    let (_, info) = read(served.request(Method::GET, "/info").send().await.unwrap()).await;
    assert_eq!(
        (&info["capabilities"]["isolation"], &info["capabilities"]["supportsStreaming"]),
        (&json!("process"), &json!(true))
    );
    assert!(info["capabilities"]["maxExecutionTimeMs"].as_u64().unwrap() >= 60_000);
    let preflight = served.http.request(Method::OPTIONS, url("/execute-tool")).send().await.unwrap();
    assert_eq!(
        (preflight.status().as_u16(), &preflight.headers()["access-control-allow-origin"]),
        (204, &"*".parse().unwrap())
    );
    let (status, _) = read(served.request(Method::GET, "/nothing").send().await.unwrap()).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn a_wrong_request_says_which_field_is_wrong_and_runs_nothing() {
    let served = Served::start(Arc::new(Scripted::default())).await;
    for (body, word) in [
        ("{", "JSON"),
        ("[]", "object"),
        (r#"{"name":"echo"}"#, "packageName"),
        (r#"{"packageName":"p"}"#, "name"),
        (r#"{"packageName":"p","name":3}"#, "name"),
        (r#"{"packageName":"p","name":"echo","params":[1]}"#, "params"),
        (r#"{"packageName":"p","name":"echo","env":["A"]}"#, "env"),
        (r#"{"packageName":"p","name":"echo","env":{"A":1}}"#, "env.A"),
        (r#"{"packageName":"p","name":"echo","version":1}"#, "version"),
        (r#"{"packageName":"p","name":"echo","timeoutMs":"x"}"#, "timeoutMs"),
    ] {
        let (status, answer) =
            read(served.request(Method::POST, "/execute-tool").body(body).send().await.unwrap()).await;
        assert_eq!(
            (status.as_u16(), &answer["errorCode"], &answer["success"]),
            (400, &json!("INVALID_REQUEST"), &json!(false)),
            "{body}"
        );
        assert!(answer["error"].as_str().unwrap().contains(word), "{body}: {answer}");
    }
    let (status, answer) = served.post("/execute-tool", asks("echo", json!({ "text": "x".repeat(65 << 20) }))).await;
    assert_eq!((status.as_u16(), &answer["errorCode"]), (413, &json!("INVALID_REQUEST")));
}

#[tokio::test]
async fn each_failure_has_its_status_its_tpmjs_code_and_its_own() {
    let served = Served::start(Arc::new(Scripted::default())).await;
    for (code, status, stage, theirs, retryable) in [
        ("TOOL_ERROR", 200, "execute", "TOOL_EXECUTION_FAILED", false),
        ("INVALID_INPUT", 200, "execute", "TOOL_EXECUTION_FAILED", false),
        ("INVALID_CREDENTIALS", 200, "execute", "TOOL_EXECUTION_FAILED", false),
        ("OUT_OF_MEMORY", 200, "execute", "TOOL_EXECUTION_FAILED", false),
        ("TIMEOUT", 200, "execute", "EXECUTION_TIMEOUT", false),
        ("MISSING_ENV_VARS", 200, "load", "TOOL_CONFIGURATION_REQUIRED", false),
        ("IMPORT_FAILED", 200, "load", "PACKAGE_IMPORT_FAILED", true),
        ("NOT_A_TOOL", 200, "load", "INVALID_TOOL", false),
        ("PACKAGE_NOT_FOUND", 404, "load", "PACKAGE_IMPORT_FAILED", false),
        ("TOOL_NOT_FOUND", 404, "load", "TOOL_NOT_FOUND", false),
        ("OVERLOADED", 429, "executor", "EXECUTOR_UNAVAILABLE", true),
        ("RUNTIME_UNAVAILABLE", 503, "executor", "EXECUTOR_UNAVAILABLE", true),
    ] {
        // A stream has the same statuses, because they are known before it begins.
        for accept in ["application/json", "text/event-stream"] {
            let request = served.request(Method::POST, "/execute-tool").header("accept", accept);
            let response = request.json(&asks(code, json!({}))).send().await.unwrap();
            assert_eq!(response.status().as_u16(), status, "{code} {accept}");
            assert_eq!(response.headers().contains_key("retry-after"), status == 429 || status == 503, "{code}");
            let text = response.text().await.unwrap();
            let text = text.split("event: result\ndata: ").last().unwrap();
            let body: Value = serde_json::from_str(text.trim()).unwrap();
            let expected = json!({ "success": false, "errorStage": stage, "errorCode": theirs, "code": code, "retryable": retryable, "executionTimeMs": 7 });
            for (field, value) in expected.as_object().unwrap() {
                assert_eq!(&body[field], value, "{code} {accept}: {field}");
            }
        }
        let told = served.client().execute(call(&format!("pkg::{code}"), json!({}))).await.result.unwrap_err();
        assert_eq!(told.code.as_str(), code, "our own client reads the exact code");
    }
}

#[tokio::test]
async fn our_client_gets_what_the_tool_yields_as_it_comes_and_the_result_last() {
    let served = Served::start(Arc::new(Scripted::default())).await;
    let (seen, on_partial) = collector();
    let executed = served
        .client()
        .execute(Execution { on_partial, version: "1.0.0".into(), ..call("pkg::yields", json!({})) })
        .await;
    assert_eq!(
        (executed.result, executed.duration_ms, executed.version.as_deref()),
        (Ok(json!("the end")), 7, Some("1.0.0"))
    );
    assert_eq!(*seen.lock().unwrap(), [json!({ "n": 1 }), json!({ "n": 2 }), json!({ "n": 3 })]);
    assert_eq!(executed.logs, ["log: one line"]);
    let echo = Execution { timeout: Duration::from_secs(9), ..call("pkg::echo", json!({ "a": 1 })) };
    let id = echo.id.to_string();
    let echoed = served.client().execute(echo).await.result.unwrap();
    assert_eq!(echoed, json!({ "input": { "a": 1 }, "id": id, "timeout": 9000 }));
    // Somebody who asks for no stream gets one JSON body.
    let (status, body) = served.post("/execute-tool", asks("yields", json!({}))).await;
    assert_eq!((status.as_u16(), &body["success"], &body["output"]), (200, &json!(true), &json!("the end")));
}

#[tokio::test]
async fn a_caller_that_hangs_up_or_gives_up_cancels_its_call() {
    let scripted = Arc::new(Scripted::default());
    let served = Served::start(scripted.clone()).await;
    let mut hanging = scripted.hanging.subscribe();
    for accept in ["application/json", "text/event-stream"] {
        let request = served.request(Method::POST, "/execute-tool").header("accept", accept);
        let calling = tokio::spawn(request.json(&asks("hangs", json!({}))).send());
        crate::harness::within("the call", hanging.changed()).await.unwrap();
        if accept == "application/json" {
            calling.abort();
        } else {
            // The headers of a stream come while the call runs; then the stream is dropped.
            drop(crate::harness::within("the headers", calling).await.unwrap().unwrap());
        }
        crate::harness::within("the cancellation", scripted.cancelled.notified()).await;
    }
    let stop = tokio_util::sync::CancellationToken::new();
    let waits = stop.clone();
    let cancel = Box::pin(async move { waits.cancelled().await });
    let client = served.client();
    let calling = client.execute(Execution { cancel, ..call("pkg::hangs", json!({})) });
    let (executed, ()) = tokio::join!(calling, async {
        crate::harness::within("the call", hanging.changed()).await.unwrap();
        stop.cancel();
    });
    assert_eq!(code(&executed), ToolErrorCode::Cancelled);
    crate::harness::within("the cancellation", scripted.cancelled.notified()).await;
}

#[tokio::test]
async fn a_service_that_ends_lets_calls_finish_and_sends_new_ones_elsewhere() {
    let scripted = Arc::new(Scripted::default());
    let cache = tempfile::tempdir().unwrap();
    let service = serve(scripted.clone(), cache.path()).await;
    let client =
        RemoteExecutor::new(RemoteConfig { url: service.url.clone(), api_key: Some(SecretString::from(KEY)) }).unwrap();
    let mut hanging = scripted.hanging.subscribe();
    let slow = client.execute(call("pkg::slow", json!({})));
    let (executed, refused) = tokio::join!(slow, async {
        crate::harness::within("the call", hanging.changed()).await.unwrap();
        let stopping = tokio::spawn(service.stop(Duration::from_secs(20)));
        let refused = loop {
            // Until the drain has begun, calls are still taken.
            let executed = client.execute(call("pkg::echo", json!({}))).await;
            match executed.result {
                Ok(_) => tokio::task::yield_now().await,
                Err(error) => break error,
            }
        };
        stopping.await.unwrap();
        refused
    });
    assert_eq!(executed.result, Ok(json!("late")));
    assert_eq!(refused.code, ToolErrorCode::ExecutorUnreachable);
}

#[tokio::test]
async fn the_real_sandbox_is_described_and_run_by_http() {
    let Some(sandbox) = Sandbox::start().await else { return };
    let script = r#"
        const schema = { jsonSchema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] } };
        export const echo = { description: "Echoes.", inputSchema: schema, execute: ({ text }) => text };
        export const needs = { description: "", inputSchema: { jsonSchema: { type: "object" } }, execute: () => {
            if (!process.env.SERVED_API_KEY) throw new Error("SERVED_API_KEY is required"); return "ok " + process.env.SERVED_API_KEY; } };
        export const add = (a, b) => a + b;"#;
    sandbox.registry.publish("served", "1.0.0", json!({ "description": "By HTTP." }), script);
    let cache = sandbox.cache.path().to_owned();
    let service = serve(Arc::new(sandbox.restarted()), &cache).await;
    let client =
        RemoteExecutor::new(RemoteConfig { url: service.url.clone(), api_key: Some(SecretString::from(KEY)) }).unwrap();
    let described = client.describe("served", "1.0.0", "").await.unwrap();
    assert_eq!(
        described,
        sandbox.executor.describe("served", "1.0.0", "").await.unwrap(),
        "nothing is lost on the way"
    );
    assert_eq!(described.functions, ["add"]);
    let gone = client.describe("no-such-package", "latest", "").await.unwrap_err();
    assert_eq!(gone.code, ToolErrorCode::PackageNotFound);

    assert_eq!(client.execute(call("served::echo", json!({ "text": "hi" }))).await.result, Ok(json!("hi")));
    let params = vec!["a".to_owned(), "b".to_owned()];
    let plain = Execution { calling: Calling::Function { params }, ..call("served::add", json!({ "a": 1, "b": 2 })) };
    assert_eq!(client.execute(plain).await.result, Ok(json!(3)));
    let missing = client.execute(call("served::needs", json!({}))).await.result.unwrap_err();
    assert_eq!(
        (missing.code, missing.details.unwrap()["missing"].clone()),
        (ToolErrorCode::MissingEnvVars, json!(["SERVED_API_KEY"]))
    );
    let keyed = Execution { env: env(&[("SERVED_API_KEY", "a-key-of-mine")]), ..call("served::needs", json!({})) };
    assert_eq!(client.execute(keyed).await.result, Ok(json!("ok «redacted:SERVED_API_KEY»")), "nor is it shown here");

    // The endpoints as TPMJS's own clients use them, an importUrl included, which does not decide what runs.
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let post = async |path: &str, body: Value| {
        read(http.post(format!("{}{path}", service.url)).bearer_auth(KEY).json(&body).send().await.unwrap()).await
    };
    let wanted = |name: &str| json!({ "packageName": "served", "name": name, "version": "1.0.0", "importUrl": "https://elsewhere.invalid/x" });
    let (status, one) = post("/load-and-describe", wanted("echo")).await;
    assert_eq!(
        (status.as_u16(), &one["tool"]["name"], &one["tool"]["description"]),
        (200, &json!("echo"), &json!("Echoes."))
    );
    assert_eq!(one["tool"]["inputSchema"]["required"], json!(["text"]));
    let (status, none) = post("/load-and-describe", wanted("nothing")).await;
    assert_eq!(
        (status.as_u16(), &none["errorCode"], &none["availableExports"]),
        (404, &json!("TOOL_NOT_FOUND"), &json!(["echo", "needs", "add"]))
    );
    let (status, function) = post("/load-and-describe", wanted("add")).await;
    assert_eq!((status.as_u16(), &function["errorCode"]), (400, &json!("INVALID_TOOL")));
    let (_, exports) = post("/list-exports", json!({ "packageName": "served" })).await;
    assert_eq!((&exports["success"], &exports["exports"]), (&json!(true), &json!(["echo", "needs", "add"])));
    let mut run = wanted("echo");
    run["params"] = json!({ "text": "hello   world" });
    let (status, ran) = post("/execute-tool", run).await;
    assert_eq!(
        (status.as_u16(), &ran["success"], &ran["output"], &ran["version"]),
        (200, &json!(true), &json!("hello   world"), &json!("1.0.0"))
    );
    assert!(ran["executionTimeMs"].is_u64());

    let stats = http.get(format!("{}/cache/stats", service.url)).bearer_auth(KEY).send().await.unwrap();
    let (_, stats) = read(stats).await;
    assert!(stats["cacheSize"].as_u64().unwrap() >= 1 && stats["bytes"].as_u64().unwrap() > 1000, "{stats}");
    let (_, cleared) = post("/cache/clear", json!({})).await;
    assert_eq!(cleared["cleared"], stats["cacheSize"]);
    assert_eq!(
        client.execute(call("served::echo", json!({ "text": "again" }))).await.result,
        Ok(json!("again")),
        "it is installed anew"
    );
    service.stop(Duration::from_secs(5)).await;
}
