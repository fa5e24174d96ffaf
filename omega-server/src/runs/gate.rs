//! Whether a call may run now: found, its input right, allowed by those who must allow it, its variables there.
//!
//! Depends on what is recorded alone, so a run that goes on after days, on another node, decides the same.

use super::{
    Engine,
    tools::{missing_error, not_usable},
};
use crate::{
    store::{Answers, Grant, Kept, Result, RunHistory, call_of},
    vault::{
        Scope,
        resolve::{Resolution, is_needed, resolve},
    },
};
use omega_core::{
    agent::{Agent, digest, input},
    api::{
        AlternativeChoice, Approval, ApprovalReason, CredentialRequest, Decision, MissingVar, RequiredAction,
        Timestamp, ToolRun, missing_of,
    },
    executor::{ToolError, ToolErrorCode},
    id::{ApprovalId, CredentialRequestId, RunId, ToolId, UserId},
    registry::{EnvVar, Tool},
};
use serde_json::Value;
use std::collections::BTreeMap;

/// A call that may run.
#[derive(Debug)]
pub(super) struct Ready {
    /// The tool.
    pub tool: Tool,
    /// The variables that it gets, still sealed.
    pub env: BTreeMap<String, Kept>,
    /// Whether a person may be asked for what it turns out to lack: not when it was to go on without.
    pub may_ask: bool,
}

/// What there is to give to tools: what came with the run, and what the conversation's owner stored.
#[derive(Debug, Default)]
pub(super) struct Holdings {
    run: Vec<Kept>,
    stored: Vec<Kept>,
    grants: Vec<Grant>,
}

impl Holdings {
    pub async fn of(engine: &Engine, run: RunId, owner: UserId) -> Result<Self> {
        let store = &engine.inner.store;
        Ok(Self {
            run: store.run_env(run).await?,
            stored: store.credentials_of(owner).await?,
            grants: store.grants(owner).await?,
        })
    }

    /// What a tool would get of it. What was given or granted to this very tool is as good as declared.
    pub fn resolve(&self, tool: &Tool, asked: impl Iterator<Item = String>) -> Resolution {
        let own = |kept: &&Kept| kept.place.scope == Scope::Tool && kept.place.of == tool.tool_id.as_str();
        let of_tool = self.stored.iter().filter(own).map(|kept| kept.place.name.clone());
        let granted = self.grants.iter().filter(|grant| grant.tool == tool.tool_id).map(|grant| grant.name.clone());
        let mut known = tool.clone();
        for name in asked.chain(of_tool).chain(granted) {
            if known.env.iter().all(|var| var.name != name) {
                known.env.push(EnvVar { name, description: String::new(), required: false, default: None });
            }
        }
        resolve(&known, &self.run, &self.stored, &self.grants)
    }
}

/// What a call needs from a person.
#[derive(Debug)]
pub(super) enum Need {
    /// A yes.
    Approval(Approval),
    /// Variables.
    Credentials(CredentialRequest),
}

/// Whether a call may run.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It may.
    Go(Box<Ready>),
    /// It must not; with the version, where it is known.
    Refuse(ToolError, String),
    /// A person is to be asked.
    Ask(Need),
}

/// The rules that hold for one run.
pub(super) struct Gate {
    run: RunId,
    owner: UserId,
    /// Whether the message is the owner's own.
    by_owner: bool,
    safe_mode: bool,
    answers: Answers,
}

impl Gate {
    pub async fn open(engine: &Engine, history: &RunHistory) -> Result<Self> {
        let (conversation, run) = (history.run.conversation_id, history.run.id);
        let (owner, _) = engine.inner.store.owner_and_model(conversation).await?;
        let answers = engine.inner.store.answers(run, conversation, owner).await?;
        Ok(Self { run, owner, by_owner: history.actor == owner, safe_mode: history.config.safe_mode, answers })
    }

    /// Judges a call of a registry tool.
    pub async fn judge(
        &self,
        engine: &Engine,
        agent: &Agent,
        tool_run: &ToolRun,
        id: &ToolId,
        input: &Value,
    ) -> Result<Verdict> {
        let tool = match engine.inner.registry.tool(id).await {
            Ok(tool) => tool,
            Err(error) => return Ok(Verdict::Refuse(not_usable(&error), String::new())),
        };
        if let Some(Err(error)) = tool.input_schema.as_ref().map(|schema| input::check(schema, input)) {
            return Ok(Verdict::Refuse(error, tool.version));
        }
        let asked = self.answers.asked.get(&tool_run.tool_id).into_iter().flatten().cloned();
        let resolution = Holdings::of(engine, self.run, self.owner).await?.resolve(&tool, asked);
        let digest = digest::of_call(&call_of(&tool_run.tool_id, &tool.version), &tool_run.input);
        let answers = self.answers.approvals.get(&tool_run.id).into_iter().flatten();
        let answers: Vec<_> = answers.filter(|answer| answer.args_digest == digest).collect();
        if let Some(denied) = answers.iter().find(|answer| answer.decision == Decision::Deny) {
            return Ok(Verdict::Refuse(denial(denied.note.as_deref()), tool.version));
        }
        // Who decided about the owner's credentials has seen the call: that answers the lesser questions too.
        let by_owner = answers.iter().any(|answer| answer.reason.is_owners());
        let is_open = |reason: &ApprovalReason| {
            !(answers.iter().any(|answer| answer.reason == *reason) || by_owner && !reason.is_owners())
        };
        if let Some(reason) = self.reasons(agent, tool_run, &resolution).into_iter().find(is_open) {
            let credentials = match reason {
                ApprovalReason::FirstUse => resolution.ungranted.clone(),
                _ => resolution.names(),
            };
            return Ok(Verdict::Ask(Need::Approval(Approval {
                id: ApprovalId::new(),
                tool_run_id: tool_run.id,
                tool_id: id.clone(),
                tool_name: tool_run.tool_name.clone(),
                version: tool.version,
                reason,
                input: tool_run.input.clone(),
                credentials,
                args_digest: digest,
            })));
        }
        if resolution.missing.is_empty() {
            let may_ask = !self.answers.declined.contains(&tool_run.id);
            return Ok(Verdict::Go(Box::new(Ready { tool, env: resolution.env, may_ask })));
        }
        if self.answers.declined.contains(&tool_run.id) {
            return Ok(Verdict::Refuse(missing_error(&tool, &resolution.missing), tool.version));
        }
        let missing = resolution.missing.into_iter().map(absent).collect();
        Ok(Verdict::Ask(Need::Credentials(request(tool_run, &tool, missing))))
    }

    /// Why a person has to say yes first, the owner's questions ahead.
    fn reasons(&self, agent: &Agent, tool_run: &ToolRun, resolution: &Resolution) -> Vec<ApprovalReason> {
        let is_allowed = |reason| self.answers.rules.contains(&(tool_run.tool_id.clone(), reason));
        let mut reasons = Vec::new();
        let uses_stored = resolution.stored().next().is_some() || !resolution.ungranted.is_empty();
        if !self.by_owner && uses_stored && !is_allowed(ApprovalReason::GuestCredentials) {
            reasons.push(ApprovalReason::GuestCredentials);
        }
        if !resolution.ungranted.is_empty() {
            reasons.push(ApprovalReason::FirstUse);
        }
        // A call that may have taken effect is never allowed for good.
        if agent.repeats_unknown(tool_run) {
            reasons.push(ApprovalReason::UnknownOutcome);
        }
        if self.safe_mode && !is_allowed(ApprovalReason::SafeMode) {
            reasons.push(ApprovalReason::SafeMode);
        }
        reasons
    }
}

/// What a failed call lacks, when its failure says so: variables that it read and did not find, or that its service
/// refused. Nothing that it has already is asked for as missing.
pub(super) fn lacked(tool_run: &ToolRun, ready: &Ready, error: &ToolError) -> Option<CredentialRequest> {
    let named = || {
        let details = error.details.as_ref();
        let list = details.and_then(|details| details.get("missing").or_else(|| details.get("missingVars")));
        let items = list.and_then(Value::as_array).into_iter().flatten();
        items.filter_map(|item| item.as_str().or_else(|| item["name"].as_str()).map(str::to_owned)).collect::<Vec<_>>()
    };
    let (names, rejected) = match error.code {
        ToolErrorCode::MissingEnvVars => {
            (named().into_iter().filter(|name| !ready.env.contains_key(name)).collect::<Vec<_>>(), false)
        }
        ToolErrorCode::InvalidCredentials => {
            let used: Vec<String> = ready.env.keys().cloned().collect();
            let named: Vec<String> = named().into_iter().filter(|name| used.contains(name)).collect();
            (if named.is_empty() { used } else { named }, true)
        }
        _ => return None,
    };
    if names.is_empty() {
        return None;
    }
    let described = |name: &String| {
        let known = ready.tool.env.iter().find(|var| var.name == *name);
        known.map(|var| var.description.clone()).unwrap_or_default()
    };
    let missing =
        names.iter().map(|name| MissingVar { name: name.clone(), description: described(name), rejected }).collect();
    Some(request(tool_run, &ready.tool, missing))
}

fn request(tool_run: &ToolRun, tool: &Tool, missing_keys: Vec<MissingVar>) -> CredentialRequest {
    let mut required_keys: Vec<MissingVar> =
        tool.env.iter().filter(|var| is_needed(var)).cloned().map(absent).collect();
    for var in &missing_keys {
        if required_keys.iter().all(|known| known.name != var.name) {
            required_keys.push(var.clone());
        }
    }
    CredentialRequest {
        id: CredentialRequestId::new(),
        tool_run_id: Some(tool_run.id),
        tool_id: tool.tool_id.clone(),
        required_keys,
        missing_keys,
    }
}

fn absent(var: EnvVar) -> MissingVar {
    MissingVar { name: var.name, description: var.description, rejected: false }
}

fn denial(note: Option<&str>) -> ToolError {
    let message = match note {
        Some(note) => format!("a person refused this call: {note}"),
        None => "a person refused this call; do not make it again, go another way or ask what they want".into(),
    };
    ToolError::new(ToolErrorCode::Denied, message)
}

/// One question for everything that is needed. Variables first: a call that ran and lacks some is in the middle of its
/// work; the calls that wait for a yes are asked about next.
pub(super) fn question(needs: Vec<Need>, expires_at: Timestamp) -> RequiredAction {
    let (mut requests, mut approvals) = (Vec::new(), Vec::new());
    for need in needs {
        match need {
            Need::Credentials(request) => requests.push(request),
            Need::Approval(approval) => approvals.push(approval),
        }
    }
    if requests.is_empty() {
        return RequiredAction::Approval { approvals, expires_at };
    }
    credentials(requests, Vec::new(), expires_at)
}

/// The question for variables.
pub(super) fn credentials(
    requests: Vec<CredentialRequest>,
    alternatives: Vec<AlternativeChoice>,
    expires_at: Timestamp,
) -> RequiredAction {
    let missing_vars = missing_of(&requests);
    let hint = "Provide these variables in the 'env' field of your request".into();
    RequiredAction::Credentials { missing_vars, requests, hint, alternatives, expires_at }
}
