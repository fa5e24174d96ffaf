//! Operations as spans of traces: a request, a run at a stretch, a call of a model, a call of a tool.
//!
//! A span says what was done, by names and numbers of closed lists and ids of our own: no text of people, models or tools. It
//! is recorded when it ends, or when what did it is dropped. Where nothing is exported, a span is only what its caller
//! said of it, so that providers and executors still get their caller's trace.

use super::otlp;
use omega_core::{
    id::RunId,
    trace::{self, TraceContext},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::SystemTime;

/// Which side of a request an operation is, by the numbers of OTLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Within this process.
    Internal = 1,
    /// It answers a request.
    Server = 2,
    /// It makes one.
    Client = 3,
}

/// An operation that ended.
#[derive(Debug)]
pub struct Ended {
    pub context: TraceContext,
    pub parent: Option<TraceContext>,
    pub link: Option<TraceContext>,
    pub name: String,
    pub kind: Kind,
    pub began: SystemTime,
    pub ended: SystemTime,
    pub attributes: Vec<(&'static str, Value)>,
    /// What kind of failure it came to.
    pub error: Option<String>,
}

/// An operation at work.
#[derive(Debug)]
pub struct Span {
    /// Missing where nobody asks for a trace.
    context: Option<TraceContext>,
    /// What is recorded of it, where something is.
    recorded: Option<Box<Ended>>,
}

impl Span {
    /// An operation of the trace at work; the first one of a new trace where there is none.
    #[must_use]
    pub fn begin(kind: Kind, name: impl FnOnce() -> String) -> Self {
        Self::within(trace::current(), kind, name)
    }

    /// Nothing.
    #[must_use]
    pub fn none() -> Self {
        Self { context: None, recorded: None }
    }

    /// An operation within another one, possibly of another process.
    #[must_use]
    pub fn within(parent: Option<TraceContext>, kind: Kind, name: impl FnOnce() -> String) -> Self {
        if !otlp::records_spans() {
            return Self { context: parent, recorded: None };
        }
        let context = parent.map_or_else(|| otlp::sampled([0; 16], [0; 8]), |parent| parent.child());
        Self::recorded(context, parent, None, kind, name)
    }

    /// A run, from when a worker takes it until it ends or waits. All stretches of a run are in one trace, that of the message
    /// that it answers; each is linked to the one before, since a person may take days to answer.
    #[must_use]
    pub fn of_run(run: RunId, message: Option<TraceContext>, stretch: u64) -> Self {
        if !otlp::records_spans() {
            return Self { context: message, recorded: None };
        }
        let id = |stretch: u64| {
            let mut id = [0; 8];
            let digest = Sha256::new().chain_update(run.0.as_bytes()).chain_update(stretch.to_be_bytes()).finalize();
            id.copy_from_slice(&digest[..8]);
            id
        };
        let context = match message {
            Some(message) => TraceContext::new(message.trace(), id(stretch), message.is_sampled),
            None => otlp::sampled(run.0.into_bytes(), id(stretch)),
        };
        let before = stretch.checked_sub(1).filter(|before| *before > 0);
        let link = before.map(|before| TraceContext::new(context.trace(), id(before), context.is_sampled));
        Self::recorded(context, message, link, Kind::Internal, || "invoke_agent omega".into())
    }

    fn recorded(
        context: TraceContext,
        parent: Option<TraceContext>,
        link: Option<TraceContext>,
        kind: Kind,
        name: impl FnOnce() -> String,
    ) -> Self {
        let recorded = context.is_sampled.then(|| {
            let (began, name) = (SystemTime::now(), name());
            Box::new(Ended {
                context,
                parent,
                link,
                name,
                kind,
                began,
                ended: began,
                attributes: Vec::new(),
                error: None,
            })
        });
        Self { context: Some(context), recorded }
    }

    /// What operations within it belong to.
    #[must_use]
    pub fn context(&self) -> Option<TraceContext> {
        self.context
    }

    /// Says something of it: a name or a number of a closed list, or an id of our own.
    pub fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        if let Some(recorded) = &mut self.recorded {
            recorded.attributes.push((name, value.into()));
        }
    }

    /// It failed, by a code of a closed list.
    pub fn fail(&mut self, code: &str) {
        self.set(super::names::attribute::ERROR_TYPE, json!(code));
        if let Some(recorded) = &mut self.recorded {
            recorded.error = Some(code.to_owned());
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let Some(mut ended) = self.recorded.take() {
            ended.ended = SystemTime::now();
            otlp::ended(ended);
        }
    }
}
