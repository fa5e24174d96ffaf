//! Records as lines of JSON: `ts`, `level`, `event`, `msg`, what the record belongs to, then what it says of itself.

use super::{otlp, record, scope};
use crate::domain::request;
use omega_core::{api::Timestamp, trace};
use serde_json::{Map, Value, json};
use std::{
    io::{self, Write},
    sync::OnceLock,
};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer};

static NODE: OnceLock<String> = OnceLock::new();

/// Says which of several servers this process is. The first one stays.
pub fn tell_node(name: &str) {
    let _ = NODE.set(name.to_owned());
}

/// Writes each record, without the secrets that this process knows.
pub struct Lines {
    /// Whether they go to stderr; where the operator wants them otherwise, they go too.
    pub to_stderr: bool,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: layer::Context<'_, S>) {
        let exported = otlp::records_lines(event.metadata());
        if !self.to_stderr && !exported {
            return;
        }
        let line = record::clean(&Value::Object(line(event)).to_string());
        if self.to_stderr {
            // Nobody could be told that the log can't be written.
            let _ = writeln!(io::stderr().lock(), "{line}");
        }
        if exported {
            otlp::written(line);
        }
    }
}

fn line(event: &Event<'_>) -> Map<String, Value> {
    let mut own = Fields(Map::new());
    event.record(&mut own);
    let mut own = own.0;
    let mut line = Map::new();
    line.insert("ts".into(), json!(Timestamp::now()));
    line.insert("level".into(), json!(event.metadata().level().as_str()));
    line.insert("event".into(), own.shift_remove("event").unwrap_or_else(|| json!(event.metadata().target())));
    if let Some(words) = own.shift_remove("message") {
        line.insert("msg".into(), words);
    }
    if let Some(request) = request::current() {
        line.insert("request_id".into(), json!(request.id));
        if let Some(actor) = request.actor() {
            line.insert("actor".into(), json!(actor.user));
        }
    }
    if let Some(context) = trace::current() {
        line.insert("trace_id".into(), json!(context.trace_id()));
        line.insert("span_id".into(), json!(context.span_id()));
    }
    if let Some(work) = scope::work() {
        line.insert("run_id".into(), json!(work.run));
        line.insert("conversation".into(), json!(work.conversation));
        if let Some(step) = work.step {
            line.insert("step".into(), json!(step));
        }
    }
    if let Some(node) = NODE.get() {
        line.insert("node".into(), json!(node));
    }
    // What the record says itself counts.
    line.extend(own);
    line
}

struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        self.0.insert(field.name().to_owned(), value);
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, json!(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, json!(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.put(field, json!(format!("{value:?}")));
    }
}
