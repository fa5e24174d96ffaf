//! What a run may have of the owner's credentials (`security.md` T1, T2).
//!
//! It is read for each call, not kept with the run: what the owner changes holds from the next call on. A guest's run under
//! `deny` sees none of what is stored, so that nothing about it (a search's answer, a refusal, a pause) tells whether there
//! is any.

use super::Engine;
use crate::{
    domain::{
        grant::{Grant, publisher},
        sealed::{Scope, SealedCredential},
    },
    store::Result,
    vault::resolve::{Resolution, resolve},
};
use omega_core::{
    api::{FirstUse, GuestCredentials, Settings, Timestamp},
    id::{ConversationId, RunId, UserId},
    registry::{EnvVar, Tool, Viewer},
};

/// Whose run it is, and what its conversation's owner allows.
#[derive(Debug, Clone)]
pub(super) struct CredentialPolicy {
    pub owner: UserId,
    /// Whether the message is the owner's own.
    pub by_owner: bool,
    /// What guests' messages may do.
    pub guests: GuestCredentials,
    pub settings: Settings,
}

impl CredentialPolicy {
    pub async fn of(engine: &Engine, conversation: ConversationId, actor: UserId) -> Result<Self> {
        let store = &engine.inner.store;
        let (owner, guests) = store.guest_credentials(conversation).await?;
        Ok(Self { owner, by_owner: owner == actor, guests, settings: store.settings(owner).await?.0 })
    }

    /// Whose registry the run sees: the owner's, whoever sent the message.
    pub fn viewer(&self) -> Viewer {
        Viewer::User(self.owner)
    }

    /// Whether Safe Mode is on in a conversation: set there, or else its owner's setting.
    pub async fn is_safe_now(&self, engine: &Engine, conversation: ConversationId) -> Result<bool> {
        Ok(engine.inner.store.safe_mode(conversation).await?.unwrap_or(self.settings.safe_mode))
    }

    /// Whether nothing that is stored may be used.
    pub fn is_denied(&self) -> bool {
        !self.by_owner && self.guests == GuestCredentials::Deny
    }
}

/// What there is to give to tools: what came with the run, and what the conversation's owner stored; and whose tools these are.
#[derive(Debug)]
pub(super) struct Holdings {
    /// Who looks at the registry.
    pub viewer: Viewer,
    run: Vec<SealedCredential>,
    stored: Vec<SealedCredential>,
    grants: Vec<Grant>,
    /// Whether every tool may have what is stored for all tools.
    all_granted: bool,
}

impl Holdings {
    pub async fn of(engine: &Engine, run: RunId, rights: &CredentialPolicy) -> Result<Self> {
        let store = &engine.inner.store;
        let run = store.run_env(run).await?;
        Ok(Self { run, ..Self::outside_runs(engine, rights).await? })
    }

    pub async fn outside_runs(engine: &Engine, rights: &CredentialPolicy) -> Result<Self> {
        let store = &engine.inner.store;
        let viewer = rights.viewer();
        if rights.is_denied() {
            return Ok(Self { viewer, run: Vec::new(), stored: Vec::new(), grants: Vec::new(), all_granted: false });
        }
        Ok(Self {
            viewer,
            run: Vec::new(),
            stored: store.credentials_of(rights.owner).await?,
            grants: store.grants(rights.owner).await?,
            all_granted: rights.settings.credential_first_use == FirstUse::Allow,
        })
    }

    /// What a tool would get of it. What was given or granted to this very tool is as good as declared.
    pub fn resolve(&self, tool: &Tool, asked: impl Iterator<Item = String>) -> Resolution {
        let own = |kept: &&SealedCredential| kept.place.scope == Scope::Tool && kept.place.of == tool.tool_id.as_str();
        let of_tool = self.stored.iter().filter(own).map(|kept| kept.place.name.clone());
        let granted = self.grants.iter().filter(|grant| grant.tool == tool.tool_id).map(|grant| grant.name.clone());
        let mut known = tool.clone();
        for name in asked.chain(of_tool).chain(granted) {
            if known.env.iter().all(|var| var.name != name) {
                known.env.push(EnvVar { name, description: String::new(), required: false, default: None });
            }
        }
        if !self.all_granted {
            return resolve(&known, &self.run, &self.stored, &self.grants);
        }
        let grants: Vec<Grant> = known.env.iter().map(|var| allowed(tool, &var.name)).collect();
        resolve(&known, &self.run, &self.stored, &grants)
    }
}

/// A grant that the setting gives; it is not stored, so it ends with the setting.
fn allowed(tool: &Tool, name: &str) -> Grant {
    Grant {
        name: name.to_owned(),
        tool: tool.tool_id.clone(),
        publisher: publisher(&tool.tool_id).to_owned(),
        edition: None,
        source: "settings".into(),
        granted_at: Timestamp(0),
    }
}
