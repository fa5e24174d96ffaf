//! Several executors behind one server: real services in processes of their own, which can be killed.

use super::*;
use crate::harness::{MODELS, Omega, execute, executor::id, folder, within};
use async_trait::async_trait;
use axum::{Json, Router, http::StatusCode, routing::post};
use omega_core::{
    executor::{DescribedPackage, ExecutorHealth, ExecutorMember, ToolError},
    registry::meta::EXECUTE,
    testing::{Reply, Script},
};
use omega_engine::{
    executor::{
        Fleet, RemoteConfig, RemoteExecutor,
        breaker::{Breakers, Policy},
        service::{Service, ServiceConfig},
    },
    process::clock::Clock,
    store::Store,
};
use std::{
    collections::BTreeMap,
    io::Write,
    path::PathBuf,
    process::Stdio,
    sync::atomic::{AtomicUsize, Ordering},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
    process::{Child, Command},
};

const KEY: &str = "the-key-of-all-executors";
const RECORD: &str = "OMEGA_TEST_EXECUTOR_RECORD";

/// Writes down each call before it does anything, so that what began is known whatever happens then.
struct Recording(PathBuf);

#[async_trait]
impl Executor for Recording {
    async fn execute(&self, execution: Execution) -> Executed {
        let mut record = fs::File::options().append(true).create(true).open(&self.0).unwrap();
        writeln!(record, "{} {} {}", std::process::id(), execution.tool.export(), execution.id).unwrap();
        if execution.tool.export() == "acmeHang" {
            execution.cancel.await;
        }
        let result = Ok(json!({ "executor": std::process::id() }));
        Executed {
            result,
            version: None,
            duration_ms: 1,
            truncated: false,
            logs: Vec::new(),
            notice: None,
            executor: None,
        }
    }

    async fn describe(&self, _: &str, _: &str, _: &str) -> Result<DescribedPackage, ToolError> {
        Err(ToolError::new(ToolErrorCode::PackageNotFound, "npm has no such package"))
    }

    async fn health(&self) -> ExecutorHealth {
        ExecutorHealth::new("ok", "records")
    }
}

/// The process of a service, and the record of its calls.
struct Process {
    url: String,
    child: Child,
}

impl Process {
    async fn start(record: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "executor::fleet::serves_as_another_process", "--ignored", "--nocapture"])
            .env(RECORD, record)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        loop {
            let line = within("the service", lines.next_line()).await.unwrap().expect("it ended");
            if let Some((_, url)) = line.split_once("listens on ") {
                return Self { url: url.to_owned(), child };
            }
        }
    }

    fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }
}

/// Not a test by itself: what the processes of the next one do.
#[tokio::test]
#[ignore = "a part of another test"]
async fn serves_as_another_process() {
    let Some(record) = std::env::var_os(RECORD) else { return };
    let config = ServiceConfig {
        listen: ([127, 0, 0, 1], 0).into(),
        api_key: SecretString::from(KEY),
        executor: Arc::new(Recording(record.into())),
        cache_dir: std::env::temp_dir().join("omega-no-cache"),
    };
    let service = Service::start(config).await.unwrap();
    writeln!(std::io::stdout(), "\nlistens on {}", service.url).unwrap();
    service.run(std::future::pending()).await;
}

/// Who began which call of a tool: `(process, id)`.
fn begun(record: &Path, tool: &str) -> Vec<(u32, String)> {
    let text = fs::read_to_string(record).unwrap_or_default();
    let parts = text.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    parts.filter(|parts| parts[1] == tool).map(|parts| (parts[0].parse().unwrap(), parts[2].to_owned())).collect()
}

#[tokio::test]
async fn when_an_executor_is_killed_no_call_is_made_twice_and_the_others_go_on() {
    let folder = folder();
    let record = folder.path().join("record");
    let mut processes = vec![Process::start(&record).await, Process::start(&record).await];
    let urls = processes.iter().map(|process| process.url.clone()).collect();
    let weather = execute(&id("acmeWeather"), json!({ "city": "Rome" }));
    let script =
        Script::new().when(|seen| seen.users == ["go"], [Reply::call(EXECUTE, weather.clone()), Reply::text("Warm.")]);
    let database = format!("sqlite:{}", folder.path().join("omega.db").display());
    let omega = Omega::start_as(database, folder, script, |config| omega_server::ServeConfig {
        executors: urls,
        executor_key: Some(SecretString::from(KEY)),
        ..config
    })
    .await;
    let post = |tool: &str, params: Value| {
        let request = omega.request(reqwest::Method::POST, "/api/registry/execute").json(&execute(&id(tool), params));
        async move {
            let response = request.send().await.unwrap();
            (response.status().as_u16(), response.json::<Value>().await.unwrap())
        }
    };

    // A package has one executor, so that it is installed and warm there.
    for _ in 0..4 {
        assert_eq!(post("acmeWeather", json!({ "city": "Rome" })).await.0, 200);
    }
    let own = begun(&record, "acmeWeather")[0].0;
    assert!(begun(&record, "acmeWeather").iter().all(|(process, _)| *process == own));

    let hanging: Vec<_> = (0..6).map(|_| tokio::spawn(post("acmeHang", json!({})))).collect();
    let all_began = async {
        while begun(&record, "acmeHang").len() < 6 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    within("six calls", all_began).await;
    let victim = processes.iter().position(|process| process.pid() == own).unwrap();
    let mut killed = processes.remove(victim);
    killed.child.kill().await.unwrap();
    for answer in hanging {
        let (status, body) = within("the end of a call whose executor is gone", answer).await.unwrap();
        assert_eq!((status, &body["code"]), (502, &json!("UNKNOWN")), "{body}");
        assert!(body["error"].as_str().unwrap().contains("may or may not have taken effect"), "{body}");
    }
    let other = processes[0].pid();
    let hung = begun(&record, "acmeHang");
    assert_eq!(hung.len(), 6, "what may have begun is not begun again");
    assert!(hung.iter().all(|(process, _)| *process == own));

    // What can't have begun goes to the other one.
    for _ in 0..5 {
        let (status, body) = post("acmeWeather", json!({ "city": "Rome" })).await;
        assert_eq!((status, &body["result"]["executor"]), (200, &json!(other)), "{body}");
    }
    let told = omega.ask(MODELS[0], "go").await;
    assert_eq!(told.log.answer(), "Warm.");
    let mut ids = BTreeMap::new();
    for (process, id) in [begun(&record, "acmeWeather"), hung].concat() {
        assert_eq!(ids.insert(id, process), None, "a call was made twice");
    }
    assert_eq!(ids.len(), 4 + 6 + 5 + 1);

    let status = omega.client.status().await.unwrap();
    assert_eq!(status.executor.status, "degraded", "{:?}", status.executor);
    let member = |url: &str| {
        let is = |member: &&ExecutorMember| url.ends_with(&format!("//{}", member.name));
        status.executor.members.iter().find(is).unwrap()
    };
    let (gone, here) = (member(&killed.url), member(&processes[0].url));
    assert_eq!((gone.status.as_str(), gone.breaker.as_str()), ("down", "open"));
    assert_eq!((here.status.as_str(), here.breaker.as_str(), here.in_flight), ("ok", "closed", 0));
    let open: Vec<_> = status.breakers.iter().map(|open| (open.kind.as_str(), open.subject.as_str())).collect();
    assert_eq!(open, [("executor", gone.name.as_str())], "it is the executor's fault, and not the tool's");
}

/// An executor that answers calls with a status and a body, and counts them.
async fn answering(status: u16, body: Value) -> (RemoteExecutor, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let answer = move || async move {
        counted.fetch_add(1, Ordering::Relaxed);
        (StatusCode::from_u16(status).unwrap(), Json(body))
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().route("/execute-tool", post(answer.clone())).route("/list-exports", post(answer));
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (RemoteExecutor::new(RemoteConfig { url, api_key: None }).unwrap(), calls)
}

async fn breakers() -> (TempDir, Arc<Breakers>) {
    let folder = folder();
    let store = Store::open(&format!("sqlite:{}", folder.path().join("omega.db").display())).await.unwrap();
    (folder, Breakers::new(store, Policy::default(), Clock::default()))
}

#[tokio::test]
async fn only_a_call_that_was_not_begun_goes_to_the_next_executor() {
    let works = json!({ "success": true, "output": "done" });
    let failed = json!({ "success": false, "error": "the tool failed" });
    for (status, body, goes_on) in [
        (429, json!({ "success": false, "error": "full", "code": "OVERLOADED" }), true),
        (
            503,
            json!({ "success": false, "error": "ends", "errorStage": "executor", "errorCode": "EXECUTOR_UNAVAILABLE" }),
            true,
        ),
        (401, json!({ "success": false, "error": "key", "errorCode": "AUTHENTICATION_REQUIRED" }), true),
        (200, failed.clone(), false),
        (500, failed.clone(), false),
        (502, json!({ "message": "a gateway's own words" }), false),
    ] {
        // Many versions, so that both are somebody's first choice.
        let (bad, asked) = answering(status, body.clone()).await;
        let (good, done) = answering(200, works.clone()).await;
        let (_folder, breakers) = breakers().await;
        let fleet = Fleet::new(vec![bad, good], None, breakers);
        let mut succeeded = 0;
        for n in 0..4 {
            let executed = fleet.execute(Execution { version: format!("1.0.{n}"), ..call("p::x", json!({})) }).await;
            succeeded += usize::from(executed.result.is_ok());
        }
        let (asked, done) = (asked.load(Ordering::Relaxed), done.load(Ordering::Relaxed));
        assert_eq!(succeeded, done, "{status}");
        assert_eq!(done, if goes_on { 4 } else { 4 - asked }, "{status} {body}");
    }
}

#[tokio::test]
async fn looking_into_a_package_goes_on_until_one_can_and_this_machine_comes_last() {
    let (down, _) = answering(503, json!({})).await;
    let whole = json!({ "package": "p", "version": "1.0.0", "tools": [] });
    let (up, _) = answering(200, json!({ "success": true, "tools": [], "described": whole })).await;
    let (_folder, breakers) = breakers().await;
    let fleet = Fleet::new(vec![down, up], None, Arc::clone(&breakers));
    for n in 0..4 {
        assert_eq!(fleet.describe("p", &format!("1.0.{n}"), "").await.unwrap().package, "p");
    }
    let here = tempfile::tempdir().unwrap();
    let record = here.path().join("record");
    let (down, asked) = answering(503, json!({})).await;
    let fleet = Fleet::new(vec![down], Some(Arc::new(Recording(record.clone()))), breakers);
    for _ in 0..7 {
        assert!(fleet.execute(call("p::x", json!({}))).await.result.is_ok());
    }
    assert_eq!(begun(&record, "x").len(), 7);
    assert_eq!(asked.load(Ordering::Relaxed), 5, "its breaker is open after five");
    assert_eq!(fleet.health().await.status, "degraded");
}
