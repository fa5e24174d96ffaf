//! The one way to an executor: what a call was given as secrets does not come out of it again, and neither does what looks
//! like a key or a token (X2, `security.md` T13).
//!
//! The engine and the routes hold a [`Redacting`] and nothing else that runs tools, so that outputs, errors, partial
//! outputs and logs are clean before anybody can store, send or log them.

use async_trait::async_trait;
use omega_core::{
    executor::{DescribedPackage, Executed, Execution, Executor, ExecutorHealth, ToolError},
    id::ToolId,
    redact::{RedactStream, Redactor},
};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};

/// An executor behind a redactor of each call's own secrets; clones share it.
#[derive(Clone)]
pub struct Redacting(Arc<dyn Executor>);

impl Redacting {
    /// In front of another executor.
    #[must_use]
    pub fn new(executor: Arc<dyn Executor>) -> Self {
        Self(executor)
    }
}

#[async_trait]
impl Executor for Redacting {
    async fn execute(&self, mut execution: Execution) -> Executed {
        let redactor = Redactor::new(execution.env.iter().map(|(name, value)| (name.as_str(), value)));
        let (sink, partials) = (execution.on_partial, Mutex::new(Partials::new(&redactor)));
        execution.on_partial = Arc::new(move |output| {
            let clean = partials.lock().unwrap_or_else(PoisonError::into_inner).next(output);
            sink(clean);
        });
        let mut executed = self.0.execute(execution).await;
        match &mut executed.result {
            Ok(output) => redactor.redact_value(output),
            Err(error) => redactor.redact_error(error),
        }
        // Lines of one text: a secret of several lines is found in all of them.
        let logs = executed.logs.join("\n");
        if let std::borrow::Cow::Owned(clean) = redactor.redact(&logs) {
            executed.logs = clean.split('\n').map(str::to_owned).collect();
        }
        executed
    }

    fn expect(&self, tool: &ToolId, version: &str) {
        self.0.expect(tool, version);
    }

    async fn describe(&self, package: &str, version: &str) -> Result<DescribedPackage, ToolError> {
        self.0.describe(package, version).await
    }

    async fn health(&self) -> ExecutorHealth {
        self.0.health().await
    }

    async fn admits(&self, tool: &ToolId, version: &str) -> Result<(), ToolError> {
        self.0.admits(tool, version).await
    }
}

/// Partial outputs replace each other. Most grow (each is the output so far); a tool may also yield one piece after the
/// other, and then a secret may be cut between two of them.
struct Partials {
    redactor: Redactor,
    pieces: RedactStream,
    before: String,
}

impl Partials {
    fn new(redactor: &Redactor) -> Self {
        Self { redactor: redactor.clone(), pieces: redactor.stream(), before: String::new() }
    }

    fn next(&mut self, mut output: Value) -> Value {
        match &mut output {
            Value::String(text) if !text.starts_with(&self.before) => {
                let clean = self.pieces.push(text);
                self.before = std::mem::replace(text, clean);
            }
            Value::String(text) => {
                let whole = std::mem::take(text);
                self.pieces = self.redactor.stream();
                *text = self.pieces.push(&whole);
                self.before = whole;
            }
            other => self.redactor.redact_partial(other),
        }
        output
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::SecretString;
    use serde_json::json;

    fn partials() -> Partials {
        let secret = SecretString::from("sk-live-0123456789");
        Partials::new(&Redactor::new([("K", &secret)]))
    }

    #[test]
    fn a_secret_that_is_cut_between_two_pieces_does_not_come_together_again() {
        for cut in 1..18 {
            let (secret, mut partials) = ("sk-live-0123456789", partials());
            let shown: Vec<Value> = ["key: ", &secret[..cut], &secret[cut..], " end"]
                .iter()
                .map(|piece| partials.next(json!(piece)))
                .collect();
            // What is held back may come with the next piece; no piece has a part of the secret.
            let text: String = shown.iter().filter_map(Value::as_str).collect();
            assert_eq!((shown.len(), text.as_str()), (4, "key: «redacted:K» end"), "cut at {cut}");
        }
    }

    #[test]
    fn an_output_that_grows_shows_no_beginning_of_a_secret() {
        let (text, mut partials) = ("key: sk-live-0123456789 end", partials());
        for end in 1..=text.len() {
            let shown = partials.next(json!(&text[..end]));
            let shown = shown.as_str().unwrap();
            assert!("key: «redacted:K» end".starts_with(shown), "{shown}");
        }
        let mut nested = json!({ "a": ["sk-live-0123456789 sk-live"] });
        nested = partials.next(nested);
        assert_eq!(nested, json!({ "a": ["«redacted:K» "] }));
    }
}
