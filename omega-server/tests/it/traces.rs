//! A caller's trace goes along to whoever works for it: providers, and executors with the tools of a run or of a single call.

use crate::harness::{MODELS, Omega, execute, executor::id, message};
use omega_core::{
    registry::meta::EXECUTE,
    testing::{Reply, Script},
    trace::TraceContext,
};
use reqwest::Method;
use serde_json::json;

const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[tokio::test]
async fn a_callers_trace_goes_on_to_the_executor() {
    let script = Script::new()
        .turn(Reply::call(EXECUTE, execute(&id("acmeWeather"), json!({ "city": "Oslo" }))))
        .turn(Reply::text("21."));
    let omega = Omega::start(script).await;
    let conversation = omega.conversation(MODELS[0]).await;
    let path = format!("/api/omega/conversations/{conversation}/messages");
    let sent = omega.request(Method::POST, &path).header("traceparent", CALLER);
    // The client's repeatable requests are answered by a task of their own, which is part of the trace as well.
    let sent = sent.header("prefer", "respond-async").header("idempotency-key", "once").json(&message("weather"));
    let answer: serde_json::Value = sent.send().await.unwrap().json().await.unwrap();
    omega.told(conversation, answer["data"]["runId"].as_str().unwrap().parse().unwrap()).await;

    let alone = json!({ "toolId": id("acmeWeather"), "params": { "city": "Rome" } });
    let alone = omega.request(Method::POST, "/api/registry/execute").header("traceparent", CALLER).json(&alone);
    assert_eq!(alone.send().await.unwrap().status(), 200);

    let caller: TraceContext = CALLER.parse().unwrap();
    let calls = omega.tools.calls();
    assert_eq!(calls.len(), 2);
    for call in calls {
        let told: TraceContext = call.traceparent.parse().unwrap();
        assert_eq!((told.trace(), told.is_sampled), (caller.trace(), true), "{}", call.traceparent);
    }
    for asked in omega.provider.requests() {
        assert_eq!(asked.traceparent.parse::<TraceContext>().unwrap().trace(), caller.trace());
    }
}
