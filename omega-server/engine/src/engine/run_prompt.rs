//! Which prompt a run has: its owner's, frozen when the message is sent.
//!
//! In a shared conversation it is the owner's prompt for everybody's messages: the conversation, its rules and the
//! credentials are the owner's, and a guest's text must not steer an agent that may use them.

use super::Engine;
use crate::store::{Result, StoreError};
use omega_core::{
    agent::{RunConfig, prompt},
    api::{CustomPrompt, Settings, StoredPrompt},
    id::UserId,
};

impl Engine {
    /// The prompt of new runs in a conversation of `owner`, with the instructions of one of the owner's programs, kept so that
    /// their runs can be looked up later. What the vault knows is taken out of these texts before they are kept anywhere.
    pub async fn freeze_prompt(
        &self,
        owner: UserId,
        settings: &Settings,
        instructions: Option<&str>,
    ) -> Result<StoredPrompt> {
        let own = settings.prompt.as_ref();
        let texts = [own.map(|custom| custom.text.as_str()), instructions];
        let texts: Vec<&str> = texts.into_iter().flatten().map(str::trim).filter(|text| !text.is_empty()).collect();
        if texts.is_empty() {
            return Ok(prompt::default());
        }
        let text = self.redactor(owner, None).await?.redact(&texts.join("\n\n")).into_owned();
        // Without a text of the owner's there is nothing to put in place of the default.
        let mode = own.filter(|custom| !custom.text.trim().is_empty()).map(|custom| custom.mode).unwrap_or_default();
        let prompt = prompt::effective(Some(&CustomPrompt { mode, text }));
        if prompt.version != prompt::VERSION {
            self.inner.store.keep_prompt(&prompt, Some(owner)).await?;
        }
        Ok(prompt)
    }

    /// The text of a run's prompt. A run of an older server that kept none has today's default.
    pub(super) async fn prompt_of(&self, config: &RunConfig, owner: UserId) -> Result<String> {
        match self.inner.store.prompt(&config.prompt_version, owner).await {
            Ok(prompt) => Ok(prompt.body),
            Err(StoreError::NotFound) => Ok(prompt::default().body),
            Err(error) => Err(error),
        }
    }
}
