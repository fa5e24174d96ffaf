//! A message is taken: once, with the model that its sender may choose and a key that pays for it, and as a run that keeps what
//! was chosen at that moment.

use super::{Engine, capacity::Seat};
use crate::domain::boxed;
use crate::store::{IdempotencyKey, Replay, Send, StoreError, access::Access};
use omega_core::{
    agent::RunConfig,
    api::{Accepted, Payer, SendMessage},
    id::{RunId, ToolId, UserId},
    model::ModelError,
    trace,
};
use secrecy::SecretString;
use std::collections::{BTreeMap, BTreeSet};

const MAX_PINS: usize = 64;
/// It goes along with each request to the model.
const ANSWER_SCHEMA_BYTES: usize = 65_536;

/// A message that was taken.
pub struct AcceptedMessage {
    pub accepted: Accepted,
    /// The place of the one who reads along.
    pub seat: Seat,
    /// Whether it was taken before, under the same `Idempotency-Key`.
    pub is_replay: bool,
}

/// Why a message is not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotAccepted {
    /// The store does not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such model, or nobody pays for it.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Only the owner of the conversation may send it like this.
    #[error("{0}")]
    OwnersAlone(String),
    /// The conversation has no such plan.
    #[error("this conversation has no such plan; make one with /plan first")]
    NoPlan,
    /// The schema is too long.
    #[error("`answerSchema` is longer than 65,536 bytes as JSON: leave descriptions out, or ask for less")]
    AnswerSchema,
}

impl Engine {
    /// Takes a message with the variables of its request. Under a key that was used before it gives the first receipt.
    ///
    /// # Errors
    /// See [`NotAccepted`]; nothing is stored then.
    pub async fn accept(
        &self,
        access: &Access,
        message: SendMessage,
        env: &BTreeMap<String, SecretString>,
        key: Option<IdempotencyKey>,
    ) -> Result<AcceptedMessage, NotAccepted> {
        self.accept_with(access, message, None, env, key).await
    }

    /// The same with instructions of the program that sends it: they stand in this run's system prompt, behind the owner's own
    /// text and before what always holds. By the owner alone, whose conversation and credentials they steer.
    ///
    /// # Errors
    /// As [`Engine::accept`].
    #[boxed]
    pub async fn accept_with(
        &self,
        access: &Access,
        message: SendMessage,
        instructions: Option<&str>,
        env: &BTreeMap<String, SecretString>,
        key: Option<IdempotencyKey>,
    ) -> Result<AcceptedMessage, NotAccepted> {
        // Before anything is stored: whoever sends wants to read along.
        let seat = self.seat()?;
        if let Some(accepted) = self.taken_before(key.as_ref()).await? {
            return Ok(AcceptedMessage { accepted, seat, is_replay: true });
        }
        if !env.is_empty() && !access.is_owner() {
            return Err(NotAccepted::OwnersAlone(
                "only the owner of a conversation may send `env`; send the message without it, or start a conversation of your own"
                    .into(),
            ));
        }
        if instructions.is_some() && !access.is_owner() {
            return Err(NotAccepted::OwnersAlone(
                "only the owner of a conversation may give instructions in it; say it in your message, or start a conversation of \
                 your own"
                    .into(),
            ));
        }
        if message.answer_schema.as_ref().is_some_and(|schema| schema.to_string().len() > ANSWER_SCHEMA_BYTES) {
            return Err(NotAccepted::AnswerSchema);
        }
        let config = self.config_of(access, &message, instructions).await?;
        let send = Send {
            access: access.clone(),
            run: RunId::new(),
            text: message.message,
            data: message.data,
            removed: <_>::default(),
            client_message_id: message.client_message_id,
            replaces: message.replaces,
            on_active: message.on_active,
            config: serde_json::to_value(config).map_err(StoreError::from)?,
            env: Vec::new(),
            idempotency: key,
        };
        Ok(AcceptedMessage { accepted: self.send(send, env).await?, seat, is_replay: false })
    }

    /// The model of a conversation that a sender may have: its own, or the one that they choose and may choose. The owner pays,
    /// so others choose among what the owner's settings name.
    pub async fn model_of(&self, access: &Access, chosen: Option<&str>) -> Result<String, NotAccepted> {
        let (own, _) = self.inner.store.chosen(access).await?;
        self.allowed_model(access, own, chosen).await
    }

    async fn allowed_model(&self, access: &Access, own: String, chosen: Option<&str>) -> Result<String, NotAccepted> {
        let Some(model) = chosen.filter(|model| !access.is_owner() && *model != own) else {
            return Ok(chosen.map_or(own, str::to_owned));
        };
        let allowed = self.inner.store.settings(access.owner()).await?.0.guest_models;
        let covers = |allowed: &String| match allowed.strip_suffix('*') {
            Some(start) => model.starts_with(start),
            None => model == allowed,
        };
        if allowed.iter().any(covers) {
            return Ok(model.to_owned());
        }
        let others = if allowed.is_empty() { String::new() } else { format!(", or one of {}", allowed.join(", ")) };
        Err(NotAccepted::OwnersAlone(format!(
            "the owner of this conversation has not allowed others to use {model}: leave the model out to have {own}{others}, or \
             start a conversation of your own"
        )))
    }

    /// Who pays for a model that a user asks for.
    ///
    /// # Errors
    /// [`NotAccepted::Model`] with what to do when nobody does, or there is none.
    pub async fn payer(&self, user: UserId, model: &str) -> Result<Option<Payer>, NotAccepted> {
        Ok(self.inner.models.payer(model, &self.provider_keys(user).await?)?)
    }

    async fn taken_before(&self, key: Option<&IdempotencyKey>) -> Result<Option<Accepted>, StoreError> {
        let Some(key) = key else { return Ok(None) };
        match self.inner.store.replay(key).await? {
            Replay::New => Ok(None),
            Replay::Mismatch => Err(StoreError::KeyReused),
            Replay::InProgress => Err(StoreError::InProgress),
            Replay::Same(receipt) => Ok(Some(serde_json::from_str(&receipt.body)?)),
        }
    }

    /// What the run keeps of this moment: the sender's wishes, then their settings, then the owner's.
    #[boxed]
    async fn config_of(
        &self,
        access: &Access,
        message: &SendMessage,
        instructions: Option<&str>,
    ) -> Result<RunConfig, NotAccepted> {
        let store = &self.inner.store;
        if let Some(plan) = message.plan_id {
            store.stored_plan(access.conversation(), plan).await.map_err(|_| NotAccepted::NoPlan)?;
        }
        let (own_model, safe_mode) = store.chosen(access).await?;
        let model = self.allowed_model(access, own_model, message.model.as_deref()).await?;
        let paid_by = self.payer(access.owner(), &model).await?;
        let owners = store.settings(access.owner()).await?.0;
        let own = if access.is_owner() { owners.clone() } else { store.settings(access.caller().user).await?.0 };
        let prompt = self.freeze_prompt(access.owner(), &owners, instructions).await?;
        Ok(RunConfig {
            paid_by,
            safe_mode: safe_mode.unwrap_or(owners.safe_mode),
            autonomous: message.autonomous,
            may_add: access.is_owner() && self.inner.config.may_add,
            prompt_version: prompt.version,
            prompt_sha256: prompt.sha256,
            plan: message.plan.unwrap_or(own.plan),
            alternatives: message.alternatives.unwrap_or(own.alternatives),
            plan_id: message.plan_id,
            answer_schema: message.answer_schema.clone(),
            traceparent: trace::current().map(|context| context.to_string()),
            ..RunConfig::new(&model, pins(own.pins.iter().chain(&message.pins)))
        })
    }
}

/// Each once, in the order in which they come, the first ones where there are too many.
fn pins<'p>(all: impl Iterator<Item = &'p ToolId>) -> Vec<ToolId> {
    let mut seen = BTreeSet::new();
    all.filter(|pin| seen.insert(pin.as_str())).take(MAX_PINS).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_counts_once_wherever_it_stands_and_keeps_its_place() {
        let ids =
            |names: &[&str]| names.iter().map(|name| format!("{name}::t").parse().unwrap()).collect::<Vec<ToolId>>();
        let (settings, message) = (ids(&["b", "a", "b"]), ids(&["a", "c", "b"]));
        assert_eq!(pins(settings.iter().chain(&message)), ids(&["b", "a", "c"]));
        let many: Vec<ToolId> = (0..100).map(|n| format!("p{}::t", n % 80).parse().unwrap()).collect();
        assert_eq!(pins(many.iter()), many[..MAX_PINS]);
    }
}
