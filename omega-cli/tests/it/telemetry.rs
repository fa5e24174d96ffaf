//! What a server tells a collector: one trace from the caller's own to the provider's, over pauses and deaths, records that belong to
//! it, and nothing that anybody said.

use crate::home::{Home, signal};
use omega_core::{
    registry::meta::{EXECUTE, SEARCH},
    testing::{Raw, RawAnswer, Reply, Script, StandIn},
    trace::TraceContext,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

const SECRET: &str = "a-secret-that-nobody-may-read-0123";
const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// A collector that takes what the protocol allows, and keeps it. The first request is refused for the moment.
struct Collector {
    raw: Raw,
    kept: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Collector {
    async fn start() -> Self {
        let kept: Arc<Mutex<Vec<(String, Value)>>> = Arc::default();
        let (keeps, refused) = (Arc::clone(&kept), Mutex::new(false));
        let raw = Raw::start(move |request| {
            if !std::mem::replace(&mut *refused.lock().unwrap(), true) {
                return RawAnswer::json(503, &json!({}));
            }
            let is_right = request.method == "POST"
                && request.headers.get("content-type").is_some_and(|it| it == "application/json")
                && request.headers.get("x-tenant").is_some_and(|it| it == "tests");
            let body = serde_json::from_str(&request.body);
            let (true, Ok(body)) = (is_right, body) else { return RawAnswer::json(400, &json!({})) };
            keeps.lock().unwrap().push((request.target.clone(), body));
            RawAnswer::json(200, &json!({}))
        })
        .await;
        Self { raw, kept }
    }

    /// Everything of a kind, by its path.
    fn all(&self, path: &str, group: &str, list: &str, of: &str) -> Vec<Value> {
        let kept = self.kept.lock().unwrap();
        let bodies = kept.iter().filter(|(target, _)| target == path).map(|(_, body)| body);
        let groups = bodies.flat_map(|body| body[group].as_array().unwrap());
        let scopes = groups.flat_map(|group| group[list].as_array().unwrap());
        scopes.flat_map(|scope| scope[of].as_array().unwrap()).cloned().collect()
    }

    fn spans(&self) -> Vec<Value> {
        self.all("/v1/traces", "resourceSpans", "scopeSpans", "spans")
    }

    fn lines(&self) -> Vec<Value> {
        self.all("/v1/logs", "resourceLogs", "scopeLogs", "logRecords")
    }

    #[track_caller]
    fn wait(&self, what: &str, until: impl Fn(&Self) -> bool) {
        let patience = Instant::now() + Duration::from_secs(60);
        while !until(self) {
            assert!(Instant::now() < patience, "{what}: {:#?}", self.spans());
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }
}

fn attributes(of: &Value) -> BTreeMap<String, Value> {
    let pairs = of["attributes"].as_array().unwrap();
    let value = |pair: &Value| pair["value"].as_object().unwrap().values().next().unwrap().clone();
    pairs.iter().map(|pair| (pair["key"].as_str().unwrap().to_owned(), value(pair))).collect()
}

fn named(spans: &[Value], name: &str) -> Vec<Value> {
    let mut named: Vec<Value> = spans.iter().filter(|span| span["name"] == name).cloned().collect();
    named.sort_by_key(|span| span["startTimeUnixNano"].as_str().unwrap().to_owned());
    named
}

fn home(provider: &StandIn, collector: &Collector) -> Home {
    Home::new()
        .provider(provider.url())
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.raw.url())
        .env("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=tests")
        .env("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_one_trace_over_a_pause_and_a_death_and_says_nothing_that_people_said() {
    let input = json!({ "toolId": "mathjs::evaluate", "params": { "expression": "1+1" } });
    let script = Script::new()
        .turn(Reply::call(SEARCH, json!({ "query": "a calculator" })))
        .turn(Reply::call(EXECUTE, input))
        .turn(Reply::text("The answer of the model.").usage(120, 7));
    let provider = StandIn::start(script).await;
    let port = provider.url().rsplit(':').next().unwrap().split('/').next().unwrap().to_owned();
    let collector = Collector::start().await;
    let home = home(&provider, &collector);
    let test = move || {
        let question = format!("The question of a person with {SECRET}");
        home.omega(&["ask", "--safe", &question]).expect(5);
        collector.wait("the pause is told", |it| named(&it.spans(), "invoke_agent omega").len() == 1);
        // The server dies while a person thinks.
        signal("KILL", home.server().unwrap()["pid"].as_u64().unwrap());
        home.omega(&["approve", "--deny"]).expect(0);
        collector.wait("the end is told", |it| named(&it.spans(), "invoke_agent omega").len() == 2);
        (collector, provider)
    };
    let (collector, provider) = tokio::task::spawn_blocking(test).await.unwrap();
    let spans = collector.spans();
    let [first, second] = named(&spans, "invoke_agent omega").try_into().unwrap();
    let trace = first["traceId"].clone();
    assert_eq!(second["traceId"], trace, "one trace");
    assert_eq!(second["links"], json!([{ "traceId": trace, "spanId": first["spanId"] }]), "linked to what waited");
    assert_eq!(attributes(&first)["omega.run.outcome"], "paused");
    assert_eq!(attributes(&second)["omega.run.outcome"], "completed");
    let asked = named(&spans, "POST /api/omega/conversations/{id}/messages");
    assert_eq!((&asked[0]["traceId"], &asked[0]["spanId"]), (&trace, &first["parentSpanId"]), "the message began it");
    assert_eq!(attributes(&asked[0])["http.response.status_code"], "202");

    let chats: Vec<Value> =
        named(&spans, "chat stand-in").into_iter().filter(|chat| chat["traceId"] == trace).collect();
    assert!(chats.len() >= 3, "{chats:#?}");
    assert_eq!(chats[0]["parentSpanId"], first["spanId"]);
    let last = attributes(&chats[2]);
    assert_eq!((&last["gen_ai.usage.input_tokens"], &last["gen_ai.usage.output_tokens"]), (&json!("120"), &json!("7")));
    assert_eq!(last["gen_ai.provider.name"], "openai");
    assert_eq!((&last["server.address"], &last["server.port"]), (&json!("127.0.0.1"), &json!(port.to_string())));
    let whole = attributes(&second);
    assert_eq!(
        (&whole["gen_ai.provider.name"], &whole["gen_ai.request.model"]),
        (&json!("openai"), &json!("stand-in"))
    );
    assert_eq!(
        (&last["gen_ai.response.id"], &last["gen_ai.response.model"]),
        (&json!("chatcmpl-1"), &json!("stand-in"))
    );
    let searches = named(&spans, &format!("execute_tool {SEARCH}"));
    assert_eq!((&searches[0]["traceId"], &searches[0]["parentSpanId"]), (&trace, &first["spanId"]));

    // The provider is told which operation asks.
    for request in provider.requests().iter().take(3) {
        let told: TraceContext = request.traceparent.parse().unwrap();
        assert_eq!(json!(told.trace_id()), trace);
        assert!(chats.iter().any(|chat| chat["spanId"] == told.span_id()), "{}", request.traceparent);
    }

    let lines = collector.lines();
    let of = |event: &str| -> Vec<BTreeMap<String, Value>> {
        lines.iter().map(attributes).filter(|line| line.get("event.name").is_some_and(|it| it == event)).collect()
    };
    for event in
        ["http.request", "run.started", "run.resumed", "run.paused", "run.ended", "model.call", "tool.finished"]
    {
        assert!(!of(event).is_empty(), "{event} is logged");
    }
    let call = &of("model.call")[0];
    for field in ["run_id", "conversation", "step", "duration_ms", "node", "model"] {
        assert!(call.contains_key(field), "{field}: {call:?}");
    }
    for field in ["run_id", "conversation", "step", "duration_ms", "tool_run_id", "tool", "status"] {
        assert!(of("tool.finished")[0].contains_key(field), "{field}: {:?}", of("tool.finished")[0]);
    }
    assert!(of("http.request").iter().all(|line| line.contains_key("request_id")), "each has its request");
    assert!(lines.iter().any(|line| line["traceId"] == trace), "records belong to the trace");
    let everything = json!([spans, lines]).to_string();
    for said in [SECRET, "The question of a person", "The answer of the model", "sk-test", "a calculator"] {
        assert!(!everything.contains(said), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callers_trace_goes_on_to_the_provider_with_and_without_a_collector() {
    for with_collector in [true, false] {
        let provider = StandIn::start(Script::new().turn(Reply::text("Hello."))).await;
        let collector = Collector::start().await;
        let home = if with_collector { home(&provider, &collector) } else { Home::new().provider(provider.url()) };
        let made = tokio::task::spawn_blocking(move || {
            let key = home.omega(&["api-keys", "create", "caller", "--json"]).expect(0).json()["key"].clone();
            (home, key.as_str().unwrap().to_owned())
        });
        let (home, key) = made.await.unwrap();
        let (url, http) =
            (home.server().unwrap()["url"].as_str().unwrap().to_owned(), omega_core::net::client().build().unwrap());
        let post = |path: String, body: Value| {
            let request = http.post(format!("{url}{path}")).bearer_auth(&key).header("traceparent", CALLER).json(&body);
            async move { request.send().await.unwrap().json::<Value>().await.unwrap() }
        };
        let made = post("/api/omega/conversations".into(), json!({ "title": "traced" })).await;
        let id = made["data"]["id"].as_str().unwrap();
        post(format!("/api/omega/conversations/{id}/messages"), json!({ "message": "hi" })).await;
        let asked = provider.wait_for_requests(1).await;
        let told: TraceContext = asked[0].traceparent.parse().unwrap();
        let caller: TraceContext = CALLER.parse().unwrap();
        assert_eq!(told.trace(), caller.trace());
        // Who records nothing of its own hands on what it got.
        assert_eq!(told == caller, !with_collector);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_executor_elsewhere_tells_its_part_of_the_trace() {
    let provider = StandIn::start(Script::new()).await;
    let collector = Collector::start().await;
    let key = ("OMEGA_EXECUTOR_API_KEY", "a-key-of-an-executor-0123");
    // It can run nothing, and says so: what is looked at is what it tells.
    let elsewhere = home(&provider, &collector).env(key.0, key.1).env("OMEGA_DENO", "/nowhere/deno");
    let test = move || {
        let mut executor = elsewhere.command(&["executor", "--listen", "127.0.0.1:0", "--json"]).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(executor.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = serde_json::from_str::<Value>(&line).unwrap()["url"].as_str().unwrap().to_owned();
        let home = home(&provider, &collector).env("OMEGA_EXECUTOR_URL", &url).env(key.0, key.1);
        let done = home.omega(&["tools", "run", "mathjs::evaluate", "--input", r#"{"expression": "1+1"}"#]);
        collector.wait("both ends are told", |it| {
            let told = |name: &str| !named(&it.spans(), name).is_empty();
            told("POST /execute-tool") && told("execute_tool mathjs::evaluate")
        });
        signal("TERM", executor.id().into());
        assert!(executor.wait().unwrap().success());
        (collector, done)
    };
    let (collector, done) = tokio::task::spawn_blocking(test).await.unwrap();
    let spans = collector.spans();
    let (asked, served) = (&named(&spans, "execute_tool mathjs::evaluate")[0], &named(&spans, "POST /execute-tool")[0]);
    assert_eq!((&served["traceId"], &served["parentSpanId"]), (&asked["traceId"], &asked["spanId"]), "{}", done.stderr);
    assert_eq!(attributes(served)["gen_ai.tool.call.id"], attributes(asked)["gen_ai.tool.call.id"]);
    let failed = &attributes(served)["error.type"];
    assert_eq!(failed, &attributes(asked)["error.type"]);
    let lines = collector.lines();
    let line = |event: &str| lines.iter().find(|line| attributes(line).get("event.name").is_some_and(|it| it == event));
    let (call, finished) = (line("executor.call").unwrap(), line("tool.finished").unwrap());
    assert_eq!((&call["traceId"], &finished["traceId"]), (&asked["traceId"], &asked["traceId"]));
    assert_eq!(attributes(call)["tool_run_id"], attributes(finished)["tool_run_id"]);
    assert_eq!(&attributes(call)["error.code"], failed);
    let everything = json!(*collector.kept.lock().unwrap()).to_string();
    assert!(everything.contains("\"omega-executor\"") && !everything.contains(key.1), "each says who it is");
}

#[test]
fn a_way_to_a_collector_that_can_not_be_gone_is_said_at_the_start() {
    let home = Home::new().env("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318");
    let done = home.omega(&["serve", "--port", "0"]).expect(2);
    assert!(done.stderr.contains("OTEL_EXPORTER_OTLP_ENDPOINT is no http or https URL"), "{}", done.stderr);
    let done = home.omega(&["executor", "--listen", "127.0.0.1:0"]).expect(2);
    assert!(done.stderr.contains("OTEL_EXPORTER_OTLP_ENDPOINT is no http or https URL"), "{}", done.stderr);
}
