//! What the audit log records, and what of it a conversation's event tells.

use super::{hash_chain::hex, request};
use omega_core::{
    event::Event,
    id::{ConversationId, KeyId, RunId, UserId},
};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::{collections::BTreeSet, net::IpAddr};

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// Everything that is recorded; a closed list.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum AuditAction { $($(#[$doc])* $name,)* }

        impl AuditAction {
            /// As it stands in the log.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }

        pub const ACTIONS: &[&str] = &[$($text),*];
    };
}

actions! {
    /// A credential is kept for the first time.
    CredentialStored = "credential.stored",
    /// Another value took its place.
    CredentialReplaced = "credential.replaced",
    CredentialDeleted = "credential.deleted",
    /// A paused run got what it lacked, or its owner declined.
    CredentialProvided = "credential.provided",
    /// A tool is about to get it.
    CredentialUsed = "credential.used",
    /// A tool may have a credential for all tools.
    GrantGiven = "grant.given",
    /// It may not any more.
    GrantRevoked = "grant.revoked",
    /// A tool is about to be called.
    ToolStarted = "tool.started",
    /// What the call came to.
    ToolEnded = "tool.ended",
    /// A call was allowed or refused.
    ApprovalDecided = "approval.decided",
    ApprovalRevoked = "approval.revoked",
    SettingsChanged = "settings.changed",
    /// A conversation's rules: who may see it, Safe Mode, its model.
    ConversationChanged = "conversation.changed",
    /// A conversation left as a document.
    ConversationExported = "conversation.exported",
    /// One came in as a document.
    ConversationImported = "conversation.imported",
    /// A conversation got another URL.
    LinkRotated = "link.rotated",
    /// A participant may not take part any more.
    ParticipantBlocked = "participant.blocked",
    ParticipantUnblocked = "participant.unblocked",
    UserMade = "user.made",
    UserChanged = "user.changed",
    UserDeleted = "user.deleted",
    KeyMade = "key.made",
    /// It is worth nothing any more.
    KeyRevoked = "key.revoked",
    SessionBegun = "session.begun",
    SessionEnded = "session.ended",
    /// A link that signs in once was made.
    SessionLinkMade = "session.link_made",
    /// Somebody was not who they said.
    AuthFailed = "auth.failed",
    /// Somebody was refused what is not theirs.
    AccessDenied = "access.denied",
    /// Somebody asked for too much.
    RateLimited = "rate.limited",
    /// What the registry says of a package changed, for everybody or for one user.
    RegistryChanged = "registry.changed",
    /// The master key was changed.
    VaultRotated = "vault.rotated",
    /// The database is one out of a backup.
    DatabaseRestored = "database.restored",
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Ok,
    Denied,
    Error,
}

impl Outcome {
    /// As it stands in the log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Denied => "denied",
            Self::Error => "error",
        }
    }
}

/// One fact, until it is committed. Who, from where and in which request it was done is taken from the request at work.
#[derive(Debug, Clone)]
pub struct Fact {
    pub(crate) action: AuditAction,
    pub(crate) actor: Option<UserId>,
    pub(crate) actor_kind: &'static str,
    pub(crate) key: Option<KeyId>,
    pub(crate) ip: Option<String>,
    pub(crate) request: Option<String>,
    pub(crate) object: (&'static str, Option<String>),
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) run: Option<RunId>,
    pub(crate) outcome: Outcome,
    pub(crate) detail: Map<String, Value>,
}

impl Fact {
    /// Something that was done to a thing of this kind.
    pub fn new(action: AuditAction, object: &'static str) -> Self {
        let context = request::current();
        let actor = context.as_ref().and_then(|context| context.actor());
        let actor_kind = match (&context, actor) {
            (None, _) => "system",
            (Some(_), None) => "anonymous",
            (Some(_), Some(actor)) if !actor.is_session => "api_key",
            (Some(_), Some(_)) => "session",
        };
        Self {
            action,
            actor: actor.map(|actor| actor.user),
            actor_kind,
            key: actor.and_then(|actor| actor.key),
            ip: context.as_ref().and_then(|context| context.ip).map(|ip| ip.to_string()),
            request: context.map(|context| context.id.clone()),
            object: (object, None),
            conversation: None,
            run: None,
            outcome: Outcome::Ok,
            detail: Map::new(),
        }
    }

    /// Which one it was done to.
    #[must_use]
    pub fn on(mut self, id: impl ToString) -> Self {
        self.object.1 = Some(id.to_string());
        self
    }

    /// Who did it, where no request says so: somebody who has just signed in.
    #[must_use]
    pub fn by(mut self, user: UserId) -> Self {
        self.actor = Some(user);
        self
    }

    /// Who did it and from where, told after the request is over.
    #[must_use]
    pub fn from(mut self, user: Option<UserId>, key: Option<KeyId>, ip: Option<IpAddr>) -> Self {
        self.actor_kind = match (user, key) {
            (None, _) => "anonymous",
            (Some(_), Some(_)) => "api_key",
            (Some(_), None) => "session",
        };
        (self.actor, self.key, self.ip) = (user, key, ip.map(|ip| ip.to_string()));
        self
    }

    /// Done by the work that somebody's message began.
    #[must_use]
    pub fn by_run_of(mut self, user: Option<UserId>) -> Self {
        if self.actor_kind == "system" && user.is_some() {
            (self.actor, self.actor_kind) = (user, "run");
        }
        self
    }

    /// Where it was done.
    #[must_use]
    pub fn of(mut self, conversation: ConversationId, run: Option<RunId>) -> Self {
        (self.conversation, self.run) = (Some(conversation), run);
        self
    }

    /// How it ended; well, unless said otherwise.
    #[must_use]
    pub fn ended(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// One more thing to know: a name, a number, a word of a closed list. Never a value that a person or a tool wrote.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.detail.insert(name.to_owned(), value.into());
        self
    }
}

impl Fact {
    /// What changed from one document to another: words, numbers and switches as they are, everything that a person may
    /// have written as its hash.
    #[must_use]
    pub fn changed(mut self, was: &Value, is: &Value) -> Self {
        let fields = |value: &Value| value.as_object().cloned().unwrap_or_default();
        let (was, is) = (fields(was), fields(is));
        let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
        for name in names {
            if was.get(name) != is.get(name) {
                self.detail.insert(name.clone(), told(is.get(name).unwrap_or(&Value::Null)));
            }
        }
        self
    }
}

fn told(value: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        Value::String(word) if word.len() <= 64 && word.bytes().all(|b| b.is_ascii_graphic()) => value.clone(),
        other => json!({ "sha256": hex(&Sha256::digest(other.to_string().as_bytes())) }),
    }
}

/// What a conversation's event tells the audit log; most tell it nothing. One place decides, so that no new way to the same
/// event is forgotten.
pub fn of_event(event: &Event) -> Option<Fact> {
    match event {
        Event::CredentialsProvided { names, save, declined, by } => Some(
            Fact::new(AuditAction::CredentialProvided, "credential")
                .by(*by)
                .with("names", names.clone())
                .with("save", json!(save))
                .ended(if *declined { Outcome::Denied } else { Outcome::Ok }),
        ),
        Event::ApprovalDecided { approval_id, tool_run_id, decision, remember, input, by, .. } => Some(
            Fact::new(AuditAction::ApprovalDecided, "approval")
                .on(approval_id)
                .by(*by)
                .with("toolRunId", tool_run_id.to_string())
                .with("decision", json!(decision))
                .with("remember", json!(remember))
                .with("inputChanged", input.is_some()),
        ),
        Event::ToolCompleted { tool_run_id, version, status, duration_ms, error, .. } if !version.is_empty() => {
            let outcome = if error.is_some() { Outcome::Error } else { Outcome::Ok };
            let fact = Fact::new(AuditAction::ToolEnded, "tool_run")
                .on(tool_run_id)
                .with("status", status.as_str())
                .with("version", version.as_str())
                .with("durationMs", *duration_ms);
            let fact = match error {
                Some(error) => fact.with("code", error.code.as_str()),
                None => fact,
            };
            Some(fact.ended(outcome))
        }
        Event::ToolUnknown { tool_run_id, .. } => Some(
            Fact::new(AuditAction::ToolEnded, "tool_run")
                .on(tool_run_id)
                .with("status", "unknown")
                .ended(Outcome::Error),
        ),
        // The new link stays out of it: whoever has it may come in.
        Event::ConversationUpdated { url: Some(_), .. } => Some(Fact::new(AuditAction::LinkRotated, "conversation")),
        Event::ParticipantUpdated { user_id, blocked } => {
            let action = if *blocked { AuditAction::ParticipantBlocked } else { AuditAction::ParticipantUnblocked };
            Some(Fact::new(action, "user").on(user_id))
        }
        Event::ConversationUpdated { .. } => {
            // Whatever rules a conversation has; its title is none, and neither is what it took.
            let Ok(Value::Object(mut rules)) = serde_json::to_value(event) else { return None };
            rules.retain(|name, value| {
                !matches!(name.as_str(), "kind" | "type" | "title" | "usage") && !value.is_null()
            });
            if rules.is_empty() {
                return None;
            }
            let mut fact = Fact::new(AuditAction::ConversationChanged, "conversation");
            fact.detail = rules;
            Some(fact)
        }
        _ => None,
    }
}
