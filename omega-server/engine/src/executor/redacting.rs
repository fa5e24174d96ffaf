//! The one way to an executor: what a call was given as secrets does not come out of it again, and neither does what looks
//! like a key or a token (X2, `security.md` T13).
//!
//! The engine and the routes hold a [`Redacting`] and nothing else that runs tools, so that outputs, errors, partial
//! outputs and logs are clean before anybody can store, send or log them.

use crate::{domain::nul, process::offload};
use async_trait::async_trait;
use omega_core::{
    budget::{DEPTH, ERROR_DETAILS, ERROR_TEXT, OUTPUT, OUTPUT_VALUES, Size},
    executor::{DescribedPackage, Executed, Execution, Executor, ExecutorHealth, ToolError, ToolErrorCode},
    id::ToolId,
    redact::{RedactStream, Redactor},
};
use secrecy::SecretString;
use serde_json::Value;
use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// An executor behind a redactor of each call's own secrets; clones share it.
#[derive(Clone)]
pub struct Redacting(Arc<dyn Executor>);

impl Redacting {
    /// In front of another executor.
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
            let mut clean = partials.lock().unwrap_or_else(PoisonError::into_inner).next(output);
            nul::out_of(&mut clean);
            sink(clean);
        });
        let executed = within_limits(self.0.execute(execution).await);
        offload::run(length(&executed), move || redacted(executed, &redactor)).await
    }

    fn end_session(&self, session: &str) {
        self.0.end_session(session);
    }

    fn expect(&self, tool: &ToolId, version: &str) {
        self.0.expect(tool, version);
    }

    async fn describe(&self, package: &str, version: &str, owner: &str) -> Result<DescribedPackage, ToolError> {
        self.0.describe(package, version, owner).await.map(nul::replaced)
    }

    async fn describe_with(
        &self,
        package: &str,
        version: &str,
        owner: &str,
        env: &BTreeMap<String, SecretString>,
    ) -> Result<DescribedPackage, ToolError> {
        let redactor = Redactor::new(env.iter().map(|(name, value)| (name.as_str(), value)));
        let clean = |mut error: ToolError| {
            redactor.clean(&mut error);
            error
        };
        let described = self.0.describe_with(package, version, owner, env).await.map_err(clean)?;
        if env.is_empty() {
            return Ok(nul::replaced(described));
        }
        // Who was told a key may have it in what it says of itself, which all who share the registry read.
        let unreadable = |_| ToolError::new(ToolErrorCode::ProtocolError, "what it says of itself can't be read");
        let mut said = serde_json::to_value(&described).map_err(unreadable)?;
        redactor.redact_value(&mut said);
        serde_json::from_value(said).map(nul::replaced).map_err(unreadable)
    }

    async fn health(&self) -> ExecutorHealth {
        self.0.health().await
    }

    async fn admits(&self, user: &str, tool: &ToolId, version: &str) -> Result<(), ToolError> {
        self.0.admits(user, tool, version).await
    }
}

/// How much there is to look through.
fn length(executed: &Executed) -> usize {
    let result = match &executed.result {
        Ok(output) => Size::of(output).bytes,
        Err(error) => error.message.len() + error.details.as_ref().map_or(0, |details| Size::of(details).bytes),
    };
    result + executed.logs.iter().map(String::len).sum::<usize>()
}

/// What any executor gives, no larger than what ours would: one elsewhere has limits of its own, or none.
fn within_limits(mut executed: Executed) -> Executed {
    match &mut executed.result {
        Ok(output) => {
            let size = Size::of(output);
            let fits = OUTPUT.check(size.bytes).and(DEPTH.check(size.depth)).and(OUTPUT_VALUES.check(size.values));
            if fits.is_err() {
                let text = output.to_string();
                (*output, executed.truncated) = (Value::from(OUTPUT.cut(&text).0.text()), true);
            }
        }
        Err(error) => {
            error.message.truncate(error.message.floor_char_boundary(ERROR_TEXT.most));
            error.details.take_if(|details| ERROR_DETAILS.tree(details).is_err());
        }
    }
    executed
}

fn redacted(mut executed: Executed, redactor: &Redactor) -> Executed {
    match &mut executed.result {
        Ok(output) => redactor.redact_value(output),
        Err(error) => redactor.clean(error),
    }
    // Lines of one text: a secret of several lines is found in all of them.
    let logs = executed.logs.join("\n");
    if let Cow::Owned(clean) = redactor.redact(&logs) {
        executed.logs = clean.split('\n').map(str::to_owned).collect();
    }
    // After the redactor, which looks for secrets with U+0000 between their characters.
    match &mut executed.result {
        Ok(output) => nul::out_of(output),
        Err(error) => {
            error.message = nul::Stored::stored(std::mem::take(&mut error.message));
            error.details.iter_mut().for_each(nul::out_of);
        }
    }
    executed
}

/// Partial outputs replace each other. Most grow (each is the output so far); a tool may also yield one piece after the
/// other, and then a secret may be cut between two of them.
struct Partials {
    redactor: Redactor,
    pieces: RedactStream,
    before: String,
    /// What was shown of it.
    clean: String,
}

impl Partials {
    fn new(redactor: &Redactor) -> Self {
        Self { redactor: redactor.clone(), pieces: redactor.stream(), before: String::new(), clean: String::new() }
    }

    fn next(&mut self, mut output: Value) -> Value {
        match &mut output {
            Value::String(text) => {
                // Only what is new is looked through, however often a tool says what it has so far.
                let (new, grows) = text.strip_prefix(&self.before).map_or((&**text, false), |new| (new, true));
                if !grows {
                    self.clean.clear();
                }
                self.clean.push_str(&self.pieces.push(new));
                self.before = std::mem::replace(text, self.clean.clone());
            }
            other => self.redactor.redact_partial(other),
        }
        output
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use omega_core::executor::ToolErrorCode;
    use secrecy::SecretString;
    use serde_json::json;

    #[test]
    fn an_executor_elsewhere_gives_no_more_than_ours_would() {
        let gives = |result| Executed {
            result,
            logs: Vec::new(),
            version: None,
            duration_ms: 0,
            truncated: false,
            notice: None,
            executor: None,
        };
        let error =
            ToolError::new(ToolErrorCode::ToolError, "é".repeat(50_000)).with(json!({ "x": "y".repeat(1 << 20) }));
        let failed = within_limits(gives(Err(error))).result.unwrap_err();
        assert_eq!((failed.message.len(), failed.details), (ERROR_TEXT.most, None));
        let deep = (0..DEPTH.most + 1).fold(json!(1), |inner, _| json!([inner]));
        for output in [deep, json!(vec![0; OUTPUT_VALUES.most]), json!("x".repeat(OUTPUT.most))] {
            let cut = within_limits(gives(Ok(output)));
            assert!(cut.truncated && cut.result.unwrap().as_str().unwrap().len() <= OUTPUT.most);
        }
        assert!(!within_limits(gives(Ok(json!({ "a": [1, 2] })))).truncated);
    }

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
