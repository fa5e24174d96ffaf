//! A TPMJS executor on loopback whose tools do what a test needs: answer, fail, hang, wait for each other. It counts.

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    http::HeaderMap,
    routing::get,
    routing::post,
};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{net::TcpListener, sync::watch};

/// The package that holds the tools.
pub const PACKAGE: &str = "acme-tools";

/// The registry's rows of the tools, one JSON object a line.
pub fn rows() -> Vec<u8> {
    let row = |name: &str, description: &str, properties: Value, required: Value, env: Value| {
        let schema = json!({
            "type": "object", "properties": properties, "required": required, "additionalProperties": false,
        });
        json!({
            "toolId": format!("{PACKAGE}::{name}"), "name": name, "package": PACKAGE, "version": "1.2.3",
            "description": description, "inputSchema": schema, "env": env, "category": "other",
        })
        .to_string()
    };
    let city = json!({ "city": { "type": "string" } });
    let times = json!({ "n": { "type": "integer" }, "ms": { "type": "integer" } });
    let key = json!([{ "name": "ACME_API_KEY", "description": "the key of Acme", "required": true }]);
    [
        row("acmeWeather", "Acme weather: tells the temperature of a city", city, json!(["city"]), json!([])),
        row("acmeBroken", "Acme's broken service; it always fails", json!({}), json!([]), json!([])),
        row("acmeHang", "Acme's endless wait", json!({}), json!([]), json!([])),
        row("acmeSlow", "Acme's slow service, which takes so many milliseconds", times, json!(["ms"]), json!([])),
        row("acmePair", "Answers when two work", json!({ "n": { "type": "integer" } }), json!(["n"]), json!([])),
        row("acmeKeyed", "Acme's account, with a key", json!({}), json!([]), key.clone()),
        row(
            "acmeEcho",
            "Acme repeats its key",
            json!({ "fail": { "type": "boolean" }, "note": { "type": "string" } }),
            json!([]),
            key,
        ),
        row("acmeSecret", "Acme's vault; it says itself what it lacks", json!({}), json!([]), json!([])),
        row("acmeLarge", "Acme's large report", json!({ "bytes": { "type": "integer" } }), json!(["bytes"]), json!([])),
    ]
    .join("\n")
    .into_bytes()
}

/// The id of a tool of [`PACKAGE`].
pub fn id(name: &str) -> String {
    format!("{PACKAGE}::{name}")
}

/// A call that came in.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub name: String,
    pub version: String,
    pub params: Value,
    pub env: Value,
    /// The `Idempotency-Key`: the tool run's id.
    pub key: String,
    /// Which operation makes it.
    pub traceparent: String,
    /// The caller hung up before the answer.
    pub hung_up: bool,
}

/// The executor, until it is dropped.
pub struct Tools {
    pub url: String,
    state: Arc<Shared>,
    server: tokio::task::JoinHandle<()>,
}

struct Shared {
    /// What can be added, by package and version.
    packages: Mutex<Vec<Value>>,
    calls: Mutex<Vec<Call>>,
    changed: watch::Sender<()>,
}

impl Drop for Tools {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Tools {
    pub async fn start() -> Self {
        Self::start_at("127.0.0.1:0").await
    }

    pub async fn start_at(address: &str) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state =
            Arc::new(Shared { packages: Mutex::default(), calls: Mutex::default(), changed: watch::Sender::new(()) });
        let routes = Router::new()
            .route("/execute-tool", post(execute))
            .route("/list-exports", post(list))
            .route("/health", get(async || Json(json!({ "status": "ok" }))))
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&state));
        let server = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { url, state, server }
    }

    /// Lets a package be added: a `DescribedPackage`. The last one of a version counts, and the last of all is `latest`.
    pub fn publish(&self, package: Value) {
        self.state.packages.lock().unwrap().push(package);
    }

    /// All calls so far.
    pub fn calls(&self) -> Vec<Call> {
        self.state.calls.lock().unwrap().clone()
    }

    /// Begins to count anew.
    pub fn forget(&self) {
        self.forget_those(|_| true);
    }

    /// Leaves some calls out of the count.
    pub fn forget_those(&self, those: impl Fn(&Call) -> bool) {
        self.state.calls.lock().unwrap().retain(|call| !those(call));
    }

    /// How often a tool was called.
    pub fn count(&self, name: &str) -> usize {
        self.calls().iter().filter(|call| call.name == name).count()
    }

    /// Waits until the calls fulfil a condition.
    pub async fn wait_until(&self, condition: impl Fn(&[Call]) -> bool) {
        self.state.wait_until(condition).await;
    }
}

impl Shared {
    async fn wait_until(&self, condition: impl Fn(&[Call]) -> bool) {
        let mut changes = self.changed.subscribe();
        while !condition(&self.calls.lock().unwrap()) {
            changes.changed().await.unwrap();
        }
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Call>)) {
        change(&mut self.calls.lock().unwrap());
        self.changed.send_replace(());
    }
}

/// Notes that the caller went away, when it is dropped before the answer.
struct Waiting {
    state: Arc<Shared>,
    index: usize,
    answered: bool,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if !self.answered {
            self.state.change(|calls| {
                if let Some(call) = calls.get_mut(self.index) {
                    call.hung_up = true;
                }
            });
        }
    }
}

async fn execute(State(state): State<Arc<Shared>>, headers: HeaderMap, Json(body): Json<Value>) -> Json<Value> {
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    let (name, params) = (text("name"), body["params"].clone());
    let said = |name: &str| headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned();
    let call = Call {
        name: name.clone(),
        version: text("version"),
        params: params.clone(),
        env: body["env"].clone(),
        key: said("idempotency-key"),
        traceparent: said("traceparent"),
        hung_up: false,
    };
    let mut index = 0;
    state.change(|calls| {
        index = calls.len();
        calls.push(call);
    });
    let mut waiting = Waiting { state: Arc::clone(&state), index, answered: false };
    let echoed;
    let answer = match name.as_str() {
        "acmeWeather" => Ok(json!({ "city": params["city"], "celsius": 21 })),
        // Not in the rows: who wants it imports it.
        "acmeBusy" if state.calls.lock().unwrap().iter().filter(|call| call.name == "acmeBusy").count() < 3 => {
            waiting.answered = true;
            return Json(
                json!({ "success": false, "error": "too many calls", "code": "OVERLOADED", "executionTimeMs": 0 }),
            );
        }
        "acmeBusy" => Ok(json!({ "served": true })),
        // Not in the rows: a tool whose package can't be loaded.
        "acmeGone" => {
            waiting.answered = true;
            return Json(json!({
                "success": false, "error": "its package can't be imported", "code": "IMPORT_FAILED", "executionTimeMs": 0,
            }));
        }
        "acmeBroken" => Err("the service of Acme is down"),
        "acmeHang" => std::future::pending().await,
        "acmeSlow" => {
            tokio::time::sleep(Duration::from_millis(params["ms"].as_u64().unwrap())).await;
            Ok(json!({ "n": params["n"] }))
        }
        "acmePair" => {
            state.wait_until(|calls| calls.iter().filter(|call| call.name == "acmePair").count() >= 2).await;
            // Answered in the reverse order of the calls: outcomes must find their calls by themselves.
            tokio::time::sleep(Duration::from_millis(if params["n"] == 1 { 50 } else { 0 })).await;
            Ok(json!({ "n": params["n"] }))
        }
        "acmeEcho" => {
            let forms = crate::canary::forms(body["env"]["ACME_API_KEY"].as_str().unwrap_or_default());
            echoed = forms.join(" | ");
            if params["fail"] == true { Err(echoed.as_str()) } else { Ok(json!({ "forms": forms })) }
        }
        "acmeKeyed" => Ok(json!({ "account": 7 })),
        // Not in the rows either.
        "acmePage" => Ok(params["text"].clone()),
        // Its author wants large sums to be approved, whatever its row says.
        "acmePay" if body["approved"] == false && params["sum"].as_u64().is_some_and(|sum| sum > 100) => {
            waiting.answered = true;
            return Json(json!({
                "success": false, "error": "approve it first; nothing was done", "code": "NEEDS_APPROVAL", "executionTimeMs": 0,
            }));
        }
        "acmePay" => Ok(json!({ "paid": params["sum"] })),
        "acmePost" | "acmeWipe" => Ok(json!({ "done": true })),
        "acmeSecret" => {
            waiting.answered = true;
            return Json(secret(body["env"]["ACME_SECRET"].as_str()));
        }
        "acmeLarge" => Ok(json!("é".repeat(usize::try_from(params["bytes"].as_u64().unwrap() / 2).unwrap()))),
        _ => Err("no such tool"),
    };
    waiting.answered = true;
    Json(match answer {
        Ok(output) => json!({ "success": true, "output": output, "executionTimeMs": 3 }),
        Err(error) => json!({ "success": false, "error": error, "executionTimeMs": 3 }),
    })
}

/// A tool that declares nothing and wants a key all the same.
fn secret(given: Option<&str>) -> Value {
    match given {
        Some("right-key-1234") => json!({ "success": true, "output": "in", "executionTimeMs": 3 }),
        Some(_) => json!({
            "success": false, "error": "401 from Acme: the key is not valid", "code": "INVALID_CREDENTIALS", "executionTimeMs": 3,
        }),
        None => json!({
            "success": false, "error": "ACME_SECRET is required", "code": "MISSING_ENV_VARS",
            "details": { "missing": ["ACME_SECRET"] }, "executionTimeMs": 3,
        }),
    }
}

async fn list(State(state): State<Arc<Shared>>, Json(body): Json<Value>) -> Json<Value> {
    let packages = state.packages.lock().unwrap();
    let is_meant = |known: &&Value| {
        known["package"] == body["packageName"] && (body["version"] == "latest" || known["version"] == body["version"])
    };
    if let Some(described) = packages.iter().rev().find(is_meant) {
        return Json(json!({ "success": true, "tools": [], "described": described }));
    }
    let error = format!("npm has no package {}", body["packageName"].as_str().unwrap_or_default());
    Json(json!({ "success": false, "error": error, "errorCode": "PACKAGE_NOT_FOUND" }))
}
