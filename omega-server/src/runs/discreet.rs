//! What a model gets to see: never the value of a secret that this server knows, whoever wrote it (X1, `security.md` T4).

use super::Engine;
use crate::{store::Result, vault::VaultError};
use async_trait::async_trait;
use omega_core::{
    id::{RunId, UserId},
    model::{Model, ModelError, ModelRequest, ModelStream, Turn},
    redact::Redactor,
};
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
