//! What a model gets to see, and what it is heard to say: never the value of a secret that this server knows, nor what looks
//! like one, whoever wrote it (X1, `security.md` T4).

use super::Engine;
use crate::{store::Result, vault::VaultError};
use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use omega_core::{
    id::{RunId, UserId},
    model::{Model, ModelError, ModelEvent, ModelRequest, ModelStream, ToolCall, Turn},
    redact::{RedactStream, Redactor},
};
use secrecy::SecretString;
use serde_json::Value;
use std::{borrow::Cow, sync::Arc};

/// A model behind a redactor: the one place where a run's requests leave and its answers come in.
pub(super) struct Discreet {
    model: Arc<dyn Model>,
    redactor: Redactor,
}

impl Discreet {
    /// In front of another model.
    pub fn before(model: Arc<dyn Model>, redactor: Redactor) -> Arc<dyn Model> {
        Arc::new(Self { model, redactor })
    }
}

#[async_trait]
impl Model for Discreet {
    async fn stream(&self, mut request: ModelRequest) -> std::result::Result<ModelStream, ModelError> {
        clean(&mut request, &self.redactor);
        let events = self.model.stream(request).await?;
        let mut answer = Answer::new(&self.redactor);
        Ok(events.flat_map(move |event| stream::iter(answer.next(event))).boxed())
    }
}

/// An answer on its way in. Text is held back only while it may be the beginning of a secret, and comes at the latest with
/// the end of the answer.
struct Answer {
    redactor: Redactor,
    text: RedactStream,
    reasoning: RedactStream,
}

impl Answer {
    fn new(redactor: &Redactor) -> Self {
        Self { redactor: redactor.clone(), text: redactor.stream(), reasoning: redactor.stream() }
    }

    fn next(
        &mut self,
        event: std::result::Result<ModelEvent, ModelError>,
    ) -> Vec<std::result::Result<ModelEvent, ModelError>> {
        let some = |text: String, event: fn(String) -> ModelEvent| (!text.is_empty()).then(|| Ok(event(text)));
        match event {
            Ok(ModelEvent::Text(text)) => some(self.text.push(&text), ModelEvent::Text).into_iter().collect(),
            Ok(ModelEvent::Reasoning(text)) => {
                some(self.reasoning.push(&text), ModelEvent::Reasoning).into_iter().collect()
            }
            Ok(ModelEvent::CallCompleted { index, call }) => {
                vec![Ok(ModelEvent::CallCompleted { index, call: clean_call(call, &self.redactor) })]
            }
            // It is often signed: with other words in it, its provider would refuse it.
            Ok(ModelEvent::State(state)) => {
                let mut clean = state.item.clone();
                self.redactor.redact_value(&mut clean);
                if clean == state.item { vec![Ok(ModelEvent::State(state))] } else { Vec::new() }
            }
            Ok(end @ ModelEvent::Finished { .. }) => {
                let reasoning = std::mem::replace(&mut self.reasoning, self.redactor.stream()).finish();
                let text = std::mem::replace(&mut self.text, self.redactor.stream()).finish();
                let held = [some(reasoning, ModelEvent::Reasoning), some(text, ModelEvent::Text)];
                held.into_iter().flatten().chain([Ok(end)]).collect()
            }
            // Nobody reads the pieces of a call; the whole one comes.
            Ok(ModelEvent::CallDelta { .. }) => Vec::new(),
            other => vec![other],
        }
    }
}

/// The arguments stay JSON: cleaned as a value where they are one.
fn clean_call(mut call: ToolCall, redactor: &Redactor) -> ToolCall {
    let Cow::Owned(text) = redactor.redact(&call.arguments) else { return call };
    call.arguments = match serde_json::from_str::<Value>(&call.arguments) {
        Ok(mut value) => {
            redactor.redact_value(&mut value);
            value.to_string()
        }
        Err(_) => text,
    };
    call.provider_state = None;
    call
}

/// State of a provider stays as it is: it came from there, and is often signed.
fn clean(request: &mut ModelRequest, redactor: &Redactor) {
    let text = |text: &mut String| {
        if let Cow::Owned(clean) = redactor.redact(text) {
            *text = clean;
        }
    };
    text(&mut request.system);
    for turn in &mut request.turns {
        match turn {
            Turn::User { text: said } => text(said),
            Turn::Assistant { text: said, calls, .. } => {
                text(said);
                calls.iter_mut().for_each(|call| text(&mut call.arguments));
            }
            Turn::Tools { results } => results.iter_mut().for_each(|result| text(&mut result.content)),
        }
    }
    for tool in &mut request.tools {
        text(&mut tool.description);
        redactor.redact_value(&mut tool.input_schema);
    }
}

impl Engine {
    /// Knows the secrets of a run and of the user whose credentials it may use.
    pub(crate) async fn redactor(&self, owner: UserId, run: Option<RunId>) -> Result<Redactor> {
        let secrets = self.secrets(owner, run).await?;
        Ok(Redactor::new(secrets.iter().map(|(name, value)| (name.as_str(), value))))
    }

    /// The secrets themselves, by name.
    pub(crate) async fn secrets(&self, owner: UserId, run: Option<RunId>) -> Result<Vec<(String, SecretString)>> {
        let mut kept = self.inner.store.credentials_of(owner).await?;
        if let Some(run) = run {
            kept.extend(self.inner.store.run_env(run).await?);
        }
        let mut secrets = Vec::with_capacity(kept.len());
        for kept in kept {
            match self.inner.vault.open(&kept.place, &kept.sealed).await {
                Ok(value) => secrets.push((kept.place.name, value)),
                // No tool can have got it either.
                Err(VaultError::Unreadable) => tracing::warn!(event = "vault.unreadable", name = kept.place.name),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(secrets)
    }
}
