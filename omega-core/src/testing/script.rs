//! What the stand-in says: turns, faults, and values taken from earlier tool results.

use super::Seen;
use crate::api::{FinishReason, Usage};
use serde_json::Value;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

/// What goes wrong with a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// An error status instead of an answer.
    Status {
        status: u16,
        /// Seconds for `Retry-After`.
        retry_after: Option<u32>,
    },
    /// The connection is reset after so many events.
    Cut {
        /// Events before it.
        after: usize,
    },
    /// The body ends properly after so many events, but without a finish.
    Close {
        /// Events before it.
        after: usize,
    },
    /// The provider's own error event (overloaded) after so many events.
    ErrorEvent {
        /// Events before it.
        after: usize,
    },
    /// Nothing more comes after so many events until [`super::StandIn::release`], or until the caller hangs up.
    Hold {
        /// Events before it.
        after: usize,
    },
}

#[derive(Debug, Clone, Default)]
pub struct Reply {
    pub(super) text: String,
    pub(super) reasoning: String,
    /// Name and arguments; a text stands for raw arguments that need not be JSON.
    pub(super) calls: Vec<(String, Value)>,
    pub(super) finish: Option<FinishReason>,
    pub(super) usage: Option<Usage>,
    pub(super) delay: Duration,
    fault: Option<Fault>,
    faults_left: Arc<AtomicU32>,
}

impl Reply {
    /// An answer of text, streamed word by word.
    pub fn text(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }

    /// An answer that calls a tool. In the arguments, `{"$ptr": "/tools/0/toolId", "$result": -1, "$default": "x"}` takes
    /// its value from an earlier tool result by JSON pointer: `$result` is an index (negative from the end; -1 when
    /// missing) or a tool's name (its last result).
    pub fn call(name: &str, arguments: Value) -> Self {
        Self::default().and_call(name, arguments)
    }

    /// Another call in the same answer.
    #[must_use]
    pub fn and_call(mut self, name: &str, arguments: Value) -> Self {
        self.calls.push((name.to_owned(), arguments));
        self
    }

    /// A call whose arguments are this text, be it JSON or not. (Gemini has no such thing: there they become `{}`.)
    #[must_use]
    pub fn and_raw_call(self, name: &str, arguments: &str) -> Self {
        self.and_call(name, Value::String(arguments.to_owned()))
    }

    /// Text before the calls.
    #[must_use]
    pub fn and_text(mut self, text: &str) -> Self {
        text.clone_into(&mut self.text);
        self
    }

    /// Reasoning before everything.
    #[must_use]
    pub fn reasoning(mut self, text: &str) -> Self {
        text.clone_into(&mut self.reasoning);
        self
    }

    /// Why it stops; otherwise `stop`, or `tool_calls` with calls.
    #[must_use]
    pub fn finish(mut self, reason: FinishReason) -> Self {
        self.finish = Some(reason);
        self
    }

    /// The tokens that it reports; otherwise 10 and 5.
    #[must_use]
    pub fn usage(mut self, input_tokens: u64, output_tokens: u64) -> Self {
        self.usage = Some(Usage { input_tokens, output_tokens, ..Usage::default() });
        self
    }

    /// A pause after each event.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// The first `times` requests for this answer meet a fault instead.
    #[must_use]
    pub fn fault(mut self, fault: Fault, times: u32) -> Self {
        self.fault = Some(fault);
        self.faults_left = Arc::new(AtomicU32::new(times));
        self
    }

    /// The fault of this request, if one is left.
    pub(super) fn take_fault(&self) -> Option<Fault> {
        let left = self.faults_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        self.fault.filter(|_| left.is_ok())
    }
}

/// Why a request is refused, if it is.
type Refusal = Box<dyn Fn(&Seen) -> Option<String> + Send + Sync>;
type Condition = Box<dyn Fn(&Seen) -> bool + Send + Sync>;

/// A scripted model. The number of the turn is the number of assistant turns since the last user message, as the request
/// has them: so retries, several conversations at once and restarts all get the right one.
#[derive(Default)]
pub struct Script {
    turns: Vec<Reply>,
    routes: Vec<(Condition, Vec<Reply>)>,
    pub(super) key: Option<String>,
    pub(super) documents: Vec<(String, Value)>,
    /// What it refuses besides what every provider does.
    pub(super) refusals: Vec<Refusal>,
    /// What errors say besides, with the key of the request.
    pub(super) careless: Option<String>,
}

impl Script {
    /// A script without turns: it says the last user message.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next turn after a user message.
    #[must_use]
    pub fn turn(mut self, reply: Reply) -> Self {
        self.turns.push(reply);
        self
    }

    /// Other turns for requests that meet a condition; the first that holds decides.
    pub fn when(
        mut self,
        condition: impl Fn(&Seen) -> bool + Send + Sync + 'static,
        turns: impl IntoIterator<Item = Reply>,
    ) -> Self {
        self.routes.push((Box::new(condition), turns.into_iter().collect()));
        self
    }

    /// Answers 400 with these words, for as long as there are any.
    #[must_use]
    pub fn refuse(mut self, why: impl Fn(&Seen) -> Option<String> + Send + Sync + 'static) -> Self {
        self.refusals.push(Box::new(why));
        self
    }

    /// Answers 401 to every other key.
    #[must_use]
    pub fn require_key(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    /// Says in every error which key it was asked with, and these words, as gateways do that show a request's headers.
    #[must_use]
    pub fn careless(mut self, words: &str) -> Self {
        self.careless = Some(words.to_owned());
        self
    }

    pub(super) fn complaint(&self, message: &str, seen: &Seen) -> String {
        match &self.careless {
            Some(words) => format!("{message}; headers: {{'authorization': 'Bearer {}'}}; {words}", seen.key),
            None => message.to_owned(),
        }
    }

    /// Answers a `GET` of this path with this document, as local engines do (`/api/tags`).
    #[must_use]
    pub fn document(mut self, path: &str, document: Value) -> Self {
        self.documents.push((path.to_owned(), document));
        self
    }

    /// The reply to a request.
    pub(super) fn reply(&self, seen: &Seen) -> Reply {
        let turns = self.routes.iter().find(|(holds, _)| holds(seen)).map_or(&self.turns, |(_, turns)| turns);
        let Some(reply) = turns.get(seen.turns_since_user) else {
            return Reply::text(&match (turns.len(), seen.users.last()) {
                (0, Some(user)) => format!("echo: {user}"),
                (count, _) => format!("(the script has only {count} turns)"),
            });
        };
        let mut reply = reply.clone();
        for (_, arguments) in &mut reply.calls {
            fill(arguments, seen);
        }
        reply
    }
}

/// Puts values of earlier results into the arguments.
fn fill(value: &mut Value, seen: &Seen) {
    if let Some(pointer) = value.get("$ptr").and_then(Value::as_str) {
        let result = match value.get("$result") {
            Some(Value::String(name)) => seen.results.iter().rev().find(|result| result.name == *name),
            index => from_end(index.and_then(Value::as_i64).unwrap_or(-1), seen.results.len())
                .and_then(|index| seen.results.get(index)),
        };
        let found = result.and_then(|result| result.content.pointer(pointer)).cloned();
        let missing = || value.get("$default").cloned().unwrap_or_else(|| format!("(no value at {pointer})").into());
        *value = found.unwrap_or_else(missing);
        return;
    }
    match value {
        Value::Object(map) => map.values_mut().for_each(|value| fill(value, seen)),
        Value::Array(list) => list.iter_mut().for_each(|value| fill(value, seen)),
        _ => {}
    }
}

fn from_end(index: i64, len: usize) -> Option<usize> {
    match usize::try_from(index) {
        Ok(index) => Some(index),
        Err(_) => len.checked_sub(usize::try_from(index.unsigned_abs()).ok()?),
    }
}
