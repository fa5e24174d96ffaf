//! What a model gets to see: never the value of a secret that this server knows, whoever wrote it (X1, `security.md` T4).

use super::Engine;
use crate::{
    store::{Result, StepReply},
    vault::VaultError,
};
use async_trait::async_trait;
use omega_core::{
    api::Part,
    id::{RunId, UserId},
    model::{Model, ModelError, ModelEvent, ModelRequest, ModelStream, Turn},
    redact::{RedactStream, Redactor},
};
use serde_json::Value;
use std::{borrow::Cow, sync::Arc};

/// A model behind a redactor: the one place where a run's requests leave.
pub(super) struct Discreet {
    model: Arc<dyn Model>,
    redactor: Redactor,
}

impl Discreet {
    /// In front of another model, where there is something to keep back.
    pub fn before(model: Arc<dyn Model>, redactor: Redactor) -> Arc<dyn Model> {
        if redactor.is_empty() { model } else { Arc::new(Self { model, redactor }) }
    }
}

#[async_trait]
impl Model for Discreet {
    async fn stream(&self, mut request: ModelRequest) -> std::result::Result<ModelStream, ModelError> {
        clean(&mut request, &self.redactor);
        self.model.stream(request).await
    }
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

/// What a model wrote, without the secrets that this server knows: its text, and the arguments of its calls before they are
/// stored or run. A model is never shown a value; one that was pasted before it was stored may still come back.
pub(super) fn clean_reply(reply: &mut StepReply, redactor: &Redactor) {
    if redactor.is_empty() {
        return;
    }
    let text = |text: &mut String| {
        if let Cow::Owned(clean) = redactor.redact(text) {
            *text = clean;
        }
    };
    for part in &mut reply.parts {
        match part {
            Part::Text { text: said } | Part::Reasoning { text: said } => text(said),
            Part::ToolCall { arguments, .. } => clean_arguments(arguments, redactor),
        }
    }
    reply.calls.iter_mut().for_each(|call| clean_arguments(&mut call.arguments, redactor));
}

/// A model's text on its way to the readers: what may be the beginning of a secret waits for the rest of it.
pub(super) struct Voice<'a> {
    redactor: &'a Redactor,
    /// What is being said; reasoning or not.
    open: Option<(bool, RedactStream)>,
}

impl<'a> Voice<'a> {
    pub fn new(redactor: &'a Redactor) -> Self {
        Self { redactor, open: None }
    }

    /// Takes a piece, and gives what is certain, in order.
    pub fn say(&mut self, event: ModelEvent) -> Vec<ModelEvent> {
        let (reasons, text) = match event {
            _ if self.redactor.is_empty() => return vec![event],
            ModelEvent::Text(text) => (false, text),
            ModelEvent::Reasoning(text) => (true, text),
            other => return vec![other],
        };
        let mut said =
            if self.open.as_ref().is_some_and(|(open, _)| *open != reasons) { self.end() } else { Vec::new() };
        let (_, stream) = self.open.get_or_insert_with(|| (reasons, self.redactor.stream()));
        said.extend(spoken(reasons, stream.push(&text)));
        said
    }

    /// What was held back, when nothing more comes.
    pub fn end(&mut self) -> Vec<ModelEvent> {
        self.open.take().and_then(|(reasons, stream)| spoken(reasons, stream.finish())).into_iter().collect()
    }
}

fn spoken(reasons: bool, text: String) -> Option<ModelEvent> {
    (!text.is_empty()).then(|| if reasons { ModelEvent::Reasoning(text) } else { ModelEvent::Text(text) })
}

/// Value by value, so that what is valid JSON stays so and an escaped secret is found. Arguments without one stay as they
/// came.
fn clean_arguments(arguments: &mut String, redactor: &Redactor) {
    match serde_json::from_str::<Value>(arguments) {
        Ok(value) => {
            let mut clean = value.clone();
            redactor.redact_value(&mut clean);
            if clean != value {
                *arguments = clean.to_string();
            }
        }
        Err(_) => {
            if let Cow::Owned(clean) = redactor.redact(arguments) {
                *arguments = clean;
            }
        }
    }
}

impl Engine {
    /// Knows the secrets of a run and of the user whose credentials it may use.
    pub(crate) async fn redactor(&self, owner: UserId, run: Option<RunId>) -> Result<Redactor> {
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
        Ok(Redactor::new(secrets.iter().map(|(name, value)| (name.as_str(), value))))
    }
}
