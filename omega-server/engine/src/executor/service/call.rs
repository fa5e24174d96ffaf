//! `POST /execute-tool`: one call, answered whole or as it goes.

use super::{
    Shared,
    answer::{self, Refusal},
    request::{ExecuteRequest, fields},
};
use crate::{
    executor::with_breaker::InFlight,
    observe::{
        names::attribute,
        span::{Kind, Span},
    },
};
use axum::{
    body::{Body, Bytes},
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use omega_core::{
    executor::{Executed, Execution, Executor, PartialSink},
    trace::{self, TraceContext},
};
use serde_json::{Value, json};
use std::{
    convert::Infallible,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::{
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    time::timeout,
};
use tokio_util::sync::DropGuard;

/// How long the status of a stream waits for what is known at once: that there is no such tool, or no place for the call.
const FIRST_NEWS: Duration = Duration::from_millis(500);
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Where calls come in.
pub const PATH: &str = "/execute-tool";

/// What is told of a call.
enum News {
    Partial(Value),
    End(Executed),
}

/// A call that runs; dropped, it is cancelled.
struct Running {
    news: UnboundedReceiver<News>,
    _cancel: DropGuard,
}

pub async fn execute(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let call = ExecuteRequest::parse(fields(body)?, text("idempotency-key"))?;
    let caller = text(trace::HEADER).and_then(|header| header.parse().ok());
    if shared.draining.load(Ordering::Relaxed) {
        return Err(Refusal::unavailable("this executor ends; ask another one, or try again in a moment"));
    }
    let streams = text("accept").is_some_and(|accept| accept.contains("text/event-stream"));
    let mut running = begin(&shared, call, caller, streams);
    if streams {
        let first = timeout(FIRST_NEWS, running.news.recv()).await.ok().flatten();
        return Ok(match first {
            Some(News::End(executed)) if !answer::status(&executed).is_success() => answer::whole(&executed),
            first => events(first, running),
        });
    }
    loop {
        match running.news.recv().await {
            Some(News::End(executed)) => return Ok(answer::whole(&executed)),
            Some(News::Partial(_)) => {}
            None => return Err(Refusal::unavailable("the call was lost; see the executor's log")),
        }
    }
}

/// Starts the call in a task of its own, so that it can still clean up when its caller has gone.
fn begin(shared: &Arc<Shared>, call: ExecuteRequest, caller: Option<TraceContext>, streams: bool) -> Running {
    let stop = shared.end.child_token();
    let cancel = stop.clone().drop_guard();
    let (sender, news) = mpsc::unbounded_channel();
    let execution = Execution {
        id: call.id,
        owner: call.owner,
        user: String::new(),
        tool: call.tool,
        version: call.version,
        integrity: None,
        calling: call.calling,
        input: call.params,
        env: call.env,
        approved: call.approved,
        timeout: call.timeout,
        cancel: Box::pin(async move { stop.cancelled().await }),
        on_partial: partials(&sender, streams),
        session: None,
    };
    let of_call = Arc::clone(shared);
    shared.calls.spawn(async move {
        let _packages = of_call.packages.read().await;
        let _running = InFlight::enter(&of_call.running);
        let executed = traced(caller, of_call.executor.as_ref(), execution).await;
        let _ = sender.send(News::End(executed));
    });
    Running { news, _cancel: cancel }
}

/// The call as a part of its caller's trace.
async fn traced(caller: Option<TraceContext>, executor: &dyn Executor, execution: Execution) -> Executed {
    let mut span = Span::within(caller, Kind::Server, || format!("POST {PATH}"));
    span.set(attribute::METHOD, "POST");
    span.set(attribute::ROUTE, PATH);
    span.set(attribute::TOOL, execution.tool.to_string());
    span.set(attribute::TOOL_CALL, execution.id.to_string());
    let context = span.context();
    let calling = async {
        let (id, tool) = (execution.id, execution.tool.clone());
        let executed = executor.execute(execution).await;
        let code = executed.result.as_ref().err().map(|error| error.code.as_str());
        tracing::info!(
            event = "executor.call",
            tool_run_id = %id,
            %tool,
            version = executed.version.as_deref(),
            duration_ms = executed.duration_ms,
            error.code = code,
        );
        if let Some(code) = code {
            span.fail(code);
        }
        executed
    };
    trace::within(context, calling).await
}

/// Where partial outputs go: nowhere, unless somebody listens.
fn partials(sender: &UnboundedSender<News>, streams: bool) -> PartialSink {
    if !streams {
        return Arc::new(|_| {});
    }
    let sender = sender.clone();
    Arc::new(move |output| drop(sender.send(News::Partial(output))))
}

/// What happens, as server-sent events: `partial`s, then the `log` lines, then the `result`, which is the whole answer.
fn events(first: Option<News>, running: Running) -> Response {
    let frames = stream::unfold((first, Some(running)), async |(first, running)| {
        let mut running = running?;
        let news = match first {
            Some(news) => Some(news),
            None => match timeout(HEARTBEAT, running.news.recv()).await {
                Err(_) => return Some((Ok::<_, Infallible>(": still running\n\n".to_owned()), (None, Some(running)))),
                Ok(news) => news,
            },
        };
        let frames = match news? {
            News::Partial(output) => {
                return Some((Ok(frame("partial", &json!({ "output": output }))), (None, Some(running))));
            }
            News::End(executed) => {
                let logs = executed.logs.iter().map(|line| frame("log", &json!({ "text": line })));
                logs.chain([frame("result", &answer::body(&executed))]).collect::<String>()
            }
        };
        Some((Ok(frames), (None, None)))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache, no-transform"),
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Body::from_stream(frames)).into_response()
}

fn frame(name: &str, data: &Value) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}
