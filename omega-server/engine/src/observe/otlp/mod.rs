//! Spans and records on their way to a collector: OTLP over HTTP, as JSON (<https://opentelemetry.io/docs/specs/otlp/>).
//!
//! Nothing waits for it: what does not fit is dropped and counted, and a collector that is away costs what came meanwhile.

mod config;
mod encode;

pub use config::OtlpConfig;

use super::span::Ended;
use encode::Resource;
use omega_core::{net, trace::TraceContext};
use reqwest::{Client, StatusCode, Url, header};
use secrecy::ExposeSecret;
use serde_json::Value;
use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, oneshot};
use tracing::{Level, Metadata};

/// Spans and records that wait to be sent.
const WAITING: usize = 8_192;
/// Those that are sent at once.
const BATCH: usize = 512;
/// How long they may wait for others.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often a batch is sent, and how long is waited before the second time.
const TRIES: u32 = 4;
const DELAY: Duration = Duration::from_secs(1);
/// How long a server that ends waits for its collector.
const LAST: Duration = Duration::from_secs(3);
/// How often is said that nothing arrives.
const SAID: Duration = Duration::from_secs(60);

enum Item {
    Span(Box<Ended>),
    Line(String),
    Flush(oneshot::Sender<()>),
}

struct Sink {
    items: mpsc::Sender<Item>,
    spans: bool,
    lines: bool,
    ratio: f64,
    dropped: AtomicU64,
}

static SINK: OnceLock<Sink> = OnceLock::new();

/// Whether somebody reads spans.
pub(super) fn records_spans() -> bool {
    SINK.get().is_some_and(|sink| sink.spans)
}

/// Whether somebody reads records of this kind. Those of the way to the collector itself would never end.
pub(super) fn records_lines(of: &Metadata<'_>) -> bool {
    let own = ["hyper", "reqwest", "rustls"];
    SINK.get().is_some_and(|sink| sink.lines)
        && (of.level() <= &Level::INFO || !own.iter().any(|it| of.target().starts_with(it)))
}

/// The beginning of a trace, sampled as the operator wants it: by its id, so that each node decides the same.
pub(super) fn sampled(trace: [u8; 16], span: [u8; 8]) -> TraceContext {
    let mut context = TraceContext::new(trace, span, false);
    let ratio = SINK.get().map_or(0.0, |sink| sink.ratio);
    let number = context.trace()[8..].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    #[allow(clippy::cast_precision_loss, reason = "a share of all ids")]
    let place = number as f64 / u64::MAX as f64;
    context.is_sampled = place < ratio || ratio >= 1.0;
    context
}

pub(super) fn ended(span: Box<Ended>) {
    put(Item::Span(span));
}

/// A record that is clean.
pub(super) fn written(line: String) {
    put(Item::Line(line));
}

fn put(item: Item) {
    if let Some(sink) = SINK.get()
        && sink.items.try_send(item).is_err()
    {
        sink.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

/// Begins to send; the first one of a process stays.
///
/// # Errors
/// When HTTP can't be set up.
pub fn start(config: OtlpConfig, instance: &str) -> Result<(), String> {
    let (items, waiting) = mpsc::channel(WAITING);
    let exporter = Exporter::new(config, instance)?;
    let sink = Sink {
        items,
        spans: exporter.config.traces.is_some(),
        lines: exporter.config.logs.is_some(),
        ratio: exporter.config.ratio,
        dropped: AtomicU64::new(0),
    };
    if SINK.set(sink).is_ok() {
        tokio::spawn(exporter.run(waiting));
    }
    Ok(())
}

/// Sends what waits, as far as the collector takes it in a moment.
pub async fn flush() {
    let Some(sink) = SINK.get() else { return };
    let (done, sent) = oneshot::channel();
    let asked = async {
        if sink.items.send(Item::Flush(done)).await.is_ok() {
            let _ = sent.await;
        }
    };
    let _ = tokio::time::timeout(LAST, asked).await;
}

struct Exporter {
    config: OtlpConfig,
    resource: Resource,
    http: Client,
    said: Option<Instant>,
}

impl Exporter {
    fn new(config: OtlpConfig, instance: &str) -> Result<Self, String> {
        let resource = Resource::new(&config, instance);
        let any = config.traces.as_ref().or(config.logs.as_ref());
        let client = any.map_or_else(net::client, net::client_of).timeout(config.timeout);
        let http = client.redirect(reqwest::redirect::Policy::none()).build().map_err(|error| net::reason(&error))?;
        Ok(Self { config, resource, http, said: None })
    }

    async fn run(mut self, mut waiting: mpsc::Receiver<Item>) {
        let mut items = Vec::with_capacity(BATCH);
        while waiting.recv_many(&mut items, BATCH).await > 0 {
            let more = async {
                while items.len() < BATCH && !items.iter().any(|item| matches!(item, Item::Flush(_))) {
                    let room = BATCH - items.len();
                    if waiting.recv_many(&mut items, room).await == 0 {
                        return;
                    }
                }
            };
            let _ = tokio::time::timeout(PATIENCE, more).await;
            self.send(std::mem::take(&mut items)).await;
        }
    }

    async fn send(&mut self, items: Vec<Item>) {
        let (mut spans, mut lines, mut flushes) = (Vec::new(), Vec::new(), Vec::new());
        for item in items {
            match item {
                Item::Span(span) => spans.push(encode::span(&span)),
                Item::Line(line) => lines.extend(encode::line(&line)),
                Item::Flush(done) => flushes.push(done),
            }
        }
        if let Some(url) = self.config.traces.clone().filter(|_| !spans.is_empty()) {
            self.post(&url, &self.resource.spans(spans)).await;
        }
        if let Some(url) = self.config.logs.clone().filter(|_| !lines.is_empty()) {
            self.post(&url, &self.resource.lines(lines)).await;
        }
        for done in flushes {
            let _ = done.send(());
        }
    }

    async fn post(&mut self, url: &Url, body: &Value) {
        let body = body.to_string();
        let mut delay = DELAY;
        for again in (0..TRIES).rev() {
            let mut request =
                self.http.post(url.clone()).header(header::CONTENT_TYPE, "application/json").body(body.clone());
            for (name, value) in &self.config.headers {
                request = request.header(name, value.expose_secret());
            }
            let (may_help, why) = match request.send().await {
                Ok(answer) if answer.status().is_success() => return,
                Ok(answer) => (
                    matches!(
                        answer.status(),
                        StatusCode::TOO_MANY_REQUESTS
                            | StatusCode::BAD_GATEWAY
                            | StatusCode::SERVICE_UNAVAILABLE
                            | StatusCode::GATEWAY_TIMEOUT
                    ),
                    format!("it answers {}", answer.status().as_u16()),
                ),
                Err(error) => (true, net::reason(&error)),
            };
            if !may_help || again == 0 {
                self.say(&why);
                return;
            }
            tokio::time::sleep(delay).await;
            delay *= 2;
        }
    }

    /// Says once in a while that telemetry is lost.
    fn say(&mut self, why: &str) {
        if self.said.is_some_and(|said| said.elapsed() < SAID) {
            return;
        }
        self.said = Some(Instant::now());
        let dropped = SINK.get().map_or(0, |sink| sink.dropped.load(Ordering::Relaxed));
        tracing::warn!(event = "telemetry.not_sent", dropped, "the collector took no telemetry: {why}");
    }
}
