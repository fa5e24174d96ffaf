//! Whether a call may run now: found, its input right, allowed by those who must allow it, its variables there.
//!
//! Depends on what is recorded alone, so a run that goes on after days, on another node, decides the same.

use super::{
    Engine, alternatives as others, call_input,
    credential_policy::{CredentialPolicy, Holdings},
    guard::{destructive, exfil},
    tools::{missing_error, not_usable},
    written_texts::{WrittenTexts, within_budget},
};
use crate::{
    domain::sealed::SealedCredential,
    process::offload,
    store::{Answers, Result, RunHistory, call_of},
    vault::resolve::{Resolution, is_needed},
};
use omega_core::{
    agent::{Agent, alternatives, digest},
    api::{
        AlternativeChoice, Approval, ApprovalReason, CredentialRequest, Decision, GuestCredentials, MissingVar,
        RequiredAction, Timestamp, ToolRun, missing_of,
    },
    budget::{self, Size},
    edition::Edition,
    executor::{ToolError, ToolErrorCode},
    id::{ApprovalId, ConversationId, CredentialRequestId, RunId, ToolId, ToolRunId, UserId},
    registry::{EnvVar, NeedsApproval, RegistryError, Tool, Viewer},
};
use serde_json::Value;
use std::collections::BTreeMap;

/// A call that may run.
#[derive(Debug)]
pub(super) struct ReadyCall {
    pub tool: Tool,
    /// What it gets, with what its references stand for.
    pub input: Value,
    /// Whose registry has it.
    pub viewer: Viewer,
    /// The variables that it gets, still sealed.
    pub env: BTreeMap<String, SealedCredential>,
    /// Whether a person allowed this very call, so that its author's wish for that is met.
    pub approved: bool,
    /// Whether a person may be asked for what it turns out to lack: not when it was to go on without.
    pub may_ask: bool,
}

/// What a call needs from a person.
#[derive(Debug)]
pub(super) enum Need {
    Approval(Box<Approval>),
    Credentials(CredentialRequest),
}

/// Whether a call may run.
#[derive(Debug)]
pub(super) enum Verdict {
    Go(Box<ReadyCall>),
    /// It must not; with the version, where it is known.
    Refuse(ToolError, String),
    /// A person is to be asked.
    Ask(Need),
}

/// The rules that hold for one run.
pub(super) struct CallPolicy {
    run: RunId,
    conversation: ConversationId,
    actor: UserId,
    /// Whether each call is asked about: it was so when the message was sent, or is so now. Who switches Safe Mode on means the
    /// next call and not the next message; switching it off is for what is sent afterwards.
    safe_mode: bool,
    /// Whether no person watches.
    autonomous: bool,
    written: WrittenTexts,
    pub rights: CredentialPolicy,
    pub answers: Answers,
}

/// Why the guards want a person's approval.
#[derive(Default)]
struct GuardFindings {
    exfil: Option<String>,
    destructive: Option<String>,
}

/// A question about a call, with what gave the reason for it.
type OpenQuestion = (ApprovalReason, Option<String>);

/// What the rules of a run begin with. Most of what they are is only read when a call is asked for: many runs call nothing.
pub(super) struct UnreadPolicy {
    run: RunId,
    conversation: ConversationId,
    actor: UserId,
    safe_mode: bool,
    autonomous: bool,
    /// What people wrote, the newest first.
    said: Vec<String>,
}

impl UnreadPolicy {
    pub fn of(history: &RunHistory) -> Self {
        // A person selected it.
        let planned = history.now.plan.iter().flat_map(|plan| &plan.steps);
        let planned = planned.flat_map(|step| [step.purpose.as_str(), step.expected_output.as_str()]);
        let said = [&history.now].into_iter().chain(history.before.iter().rev()).map(|exchange| exchange.user.as_str());
        Self {
            run: history.run.id,
            conversation: history.run.conversation_id,
            actor: history.actor,
            safe_mode: history.config.safe_mode,
            autonomous: history.config.autonomous,
            said: within_budget(planned.chain(said)),
        }
    }

    /// The rules as they are now.
    pub async fn read(&self, engine: &Engine) -> Result<CallPolicy> {
        let Self { run, conversation, actor, safe_mode, autonomous, ref said } = *self;
        let rights = CredentialPolicy::of(engine, conversation, actor).await?;
        let answers = engine.inner.store.answers(run, conversation, rights.owner).await?;
        let prompt = rights.settings.prompt.iter().map(|prompt| prompt.text.as_str());
        let written = WrittenTexts::of(prompt.chain(said.iter().map(String::as_str)));
        let safe_mode = safe_mode || rights.is_safe_now(engine, conversation).await?;
        Ok(CallPolicy { run, conversation, actor, safe_mode, autonomous, written, rights, answers })
    }
}

impl CallPolicy {
    /// Reads anew what the owner may have changed. Before each step's calls.
    pub async fn refresh(&mut self, engine: &Engine) -> Result<()> {
        self.rights = CredentialPolicy::of(engine, self.conversation, self.actor).await?;
        self.answers = engine.inner.store.answers(self.run, self.conversation, self.rights.owner).await?;
        self.safe_mode |= self.rights.is_safe_now(engine, self.conversation).await?;
        Ok(())
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
        if let Some(other) = self.answers.replaced.get(&tool_run.id) {
            let holdings = Holdings::of(engine, self.run, &self.rights).await?;
            let error = match others::chosen(engine, agent, other, &holdings).await {
                Some(tool) => alternatives::replaced(&tool),
                None => not_usable(&RegistryError::NotFound { id: other.to_string(), nearest: Vec::new() }),
            };
            return Ok(Verdict::Refuse(error, tool_run.version.clone()));
        }
        let tool = match engine.inner.registry.tool(self.rights.viewer(), id).await {
            Ok(tool) => tool,
            Err(error) => return Ok(Verdict::Refuse(not_usable(&error), String::new())),
        };
        let input = match call_input::of(agent, &tool, input).await {
            Ok(input) => input,
            Err(error) => return Ok(Verdict::Refuse(error, tool.version)),
        };
        let asked = self.answers.asked.get(&tool_run.tool_id).into_iter().flatten().cloned();
        let resolution = Holdings::of(engine, self.run, &self.rights).await?.resolve(&tool, asked);
        if self.rights.is_denied() && !resolution.missing.is_empty() {
            return Ok(Verdict::Refuse(not_for_guests(id), tool.version));
        }
        let edition = Edition::of(&tool);
        let digest = digest::of_call(&call_of(&tool_run.tool_id, &edition), &tool_run.input);
        let answers = self.answers.approvals.get(&tool_run.id).into_iter().flatten();
        let answers: Vec<_> = answers.filter(|answer| answer.args_digest == digest).collect();
        if let Some(denied) = answers.iter().find(|answer| answer.decision == Decision::Deny) {
            return Ok(Verdict::Refuse(denial(denied.note.as_deref()), tool.version));
        }
        let said_yes: Vec<ApprovalReason> = answers.iter().map(|answer| answer.reason).collect();
        let by_rule = self.is_allowed(tool_run, &tool, ApprovalReason::NeedsApproval);
        let found = self.guarded(agent, (tool_run, &input), &tool, &resolution).await;
        let open = still_open(self.questions(agent, tool_run, &tool, &resolution, found), &said_yes);
        if let Some((reason, _)) = open.first() {
            let reason = *reason;
            let credentials = match reason {
                ApprovalReason::FirstUse => resolution.ungranted.clone(),
                _ => resolution.names(),
            };
            // What the reason says itself is not said again.
            let first = usize::from(reason == ApprovalReason::UnknownOutcome);
            let because: Vec<String> = open.into_iter().skip(first).filter_map(|(_, because)| because).collect();
            let because = (!because.is_empty()).then(|| because.join("; "));
            return Ok(Verdict::Ask(Need::Approval(Box::new(approval(
                tool_run,
                &tool,
                (reason, because),
                credentials,
            )))));
        }
        if resolution.missing.is_empty() {
            let may_ask = !self.answers.declined.contains(&tool_run.id) && !self.rights.is_denied();
            return Ok(Verdict::Go(Box::new(ReadyCall {
                tool,
                input,
                viewer: self.rights.viewer(),
                env: resolution.env,
                // Whoever approved anything of this call was shown it as it runs.
                approved: !said_yes.is_empty() || by_rule,
                may_ask,
            })));
        }
        if self.answers.declined.contains(&tool_run.id) {
            return Ok(Verdict::Refuse(missing_error(&tool, &resolution.missing), tool.version));
        }
        let missing = resolution.missing.into_iter().map(absent).collect();
        Ok(Verdict::Ask(Need::Credentials(request(Some(tool_run.id), &tool, missing))))
    }

    fn is_allowed(&self, tool_run: &ToolRun, tool: &Tool, reason: ApprovalReason) -> bool {
        self.answers.rules.iter().any(|rule| rule.allows(&tool_run.tool_id, &Edition::of(tool), reason))
    }

    /// What the guards say of a call, as far as they are to be asked.
    async fn guarded(
        &self,
        agent: &Agent,
        (tool_run, input): (&ToolRun, &Value),
        tool: &Tool,
        resolution: &Resolution,
    ) -> GuardFindings {
        let is_guarded = |by_setting: bool| !self.rights.by_owner || self.autonomous || by_setting;
        let has_credentials = !resolution.env.is_empty() || !resolution.ungranted.is_empty();
        let exfil = is_guarded(self.rights.settings.exfil_guard)
            && has_credentials
            && agent.has_read_strangers()
            && !self.is_allowed(tool_run, tool, ApprovalReason::ExfilGuard);
        let destructive = is_guarded(self.rights.settings.confirm_destructive)
            && !self.is_allowed(tool_run, tool, ApprovalReason::Destructive);
        if !exfil && !destructive {
            return GuardFindings::default();
        }
        let known = if exfil { Some(self.written.known().await) } else { None };
        let (input, tool) = (input.clone(), tool.clone());
        offload::run(Size::of(&input).bytes, move || {
            let tree = match budget::OUTPUT.tree(&input) {
                Ok(tree) => tree,
                // Only an input that fits is run; nothing is said of another one.
                Err(over) => return GuardFindings { exfil: exfil.then(|| over.to_string()), destructive: None },
            };
            GuardFindings {
                exfil: known.and_then(|known| exfil::because(&exfil::strange(tree, &known))),
                destructive: if destructive { destructive::because(&tool, tree, has_credentials) } else { None },
            }
        })
        .await
    }

    /// Why a person has to approve first, the owner's questions ahead and the gravest of the rest next.
    fn questions(
        &self,
        agent: &Agent,
        tool_run: &ToolRun,
        tool: &Tool,
        resolution: &Resolution,
        found: GuardFindings,
    ) -> Vec<OpenQuestion> {
        let is_allowed = |reason| self.is_allowed(tool_run, tool, reason);
        let mut questions = Vec::new();
        let uses_stored = resolution.stored().next().is_some() || !resolution.ungranted.is_empty();
        let is_guests = !self.rights.by_owner && self.rights.guests == GuestCredentials::Approve;
        if is_guests && uses_stored && !is_allowed(ApprovalReason::GuestCredentials) {
            questions.push((ApprovalReason::GuestCredentials, None));
        }
        if !resolution.ungranted.is_empty() {
            let changed = (!resolution.changed.is_empty()).then(|| resolution.changed.join("; "));
            questions.push((ApprovalReason::FirstUse, changed));
        }
        if let Some(because) = found.exfil {
            questions.push((ApprovalReason::ExfilGuard, Some(because)));
        }
        if let Some(because) = found.destructive {
            questions.push((ApprovalReason::Destructive, Some(because)));
        }
        if tool.needs_approval == Some(NeedsApproval::Always) && !is_allowed(ApprovalReason::NeedsApproval) {
            questions.push((ApprovalReason::NeedsApproval, None));
        }
        // A call that may have taken effect is never allowed for good.
        if agent.repeats_unknown(tool_run) {
            let because = "the same call was interrupted before, and may have taken effect".to_owned();
            questions.push((ApprovalReason::UnknownOutcome, Some(because)));
        }
        if self.safe_mode && !is_allowed(ApprovalReason::SafeMode) {
            questions.push((ApprovalReason::SafeMode, None));
        }
        questions
    }
}

/// The question about a call whose tool said in the sandbox that it wants a person's approval.
pub(super) fn asks(tool_run: &ToolRun, ready: &ReadyCall) -> Approval {
    approval(tool_run, &ready.tool, (ApprovalReason::NeedsApproval, None), ready.env.keys().cloned().collect())
}

/// A question about a call.
fn approval(tool_run: &ToolRun, tool: &Tool, (reason, because): OpenQuestion, credentials: Vec<String>) -> Approval {
    let edition = Edition::of(tool);
    let args_digest = digest::of_call(&call_of(&tool_run.tool_id, &edition), &tool_run.input);
    Approval {
        id: ApprovalId::new(),
        tool_run_id: tool_run.id,
        tool_id: tool.tool_id.clone(),
        tool_name: tool_run.tool_name.clone(),
        version: edition.version,
        integrity: edition.integrity,
        own: edition.own,
        reason,
        because,
        input: tool_run.input.clone(),
        owner_only: reason.is_owners() || reason == ApprovalReason::Destructive && !credentials.is_empty(),
        credentials,
        package: None,
        args_digest,
    }
}

/// The questions that no answer covers. Whoever was asked one of them was shown the call and all that spoke against it, so an
/// approval covers those after it too. A first use needs its own: it is kept as a grant.
fn still_open(questions: Vec<OpenQuestion>, said_yes: &[ApprovalReason]) -> Vec<OpenQuestion> {
    let mut covered = false;
    let mut open = questions;
    open.retain(|(reason, _)| {
        let own = said_yes.contains(reason);
        covered |= own;
        !own && (!covered || *reason == ApprovalReason::FirstUse)
    });
    open
}

/// Says nothing of what is stored, and neither whether anything is.
fn not_for_guests(id: &ToolId) -> ToolError {
    ToolError::new(
        ToolErrorCode::Denied,
        format!(
            "{id} needs credentials, and in this conversation guests' messages get none; use a tool that needs none, or tell \
             the person to ask the conversation's owner to send the request"
        ),
    )
}

/// What a failed call lacks, when its failure says so: variables that it read and did not find, or that its service
/// refused. Nothing that it has already is asked for as missing.
pub(super) fn lacked(tool_run: &ToolRun, ready: &ReadyCall, error: &ToolError) -> Option<CredentialRequest> {
    let named = || {
        // `names` are the secret ones among what a refused call was given: its service's address is none of them.
        let list =
            |details: &Value| ["missing", "missingVars", "names"].iter().find_map(|key| details.get(key).cloned());
        let list = error.details.as_ref().and_then(list);
        let items = list.as_ref().and_then(Value::as_array).into_iter().flatten();
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
    Some(request(Some(tool_run.id), &ready.tool, missing))
}

/// What a tool of a plan lacks, asked for before the plan's first step.
pub(super) fn plan_request(tool: &Tool, missing: Vec<EnvVar>) -> CredentialRequest {
    request(None, tool, missing.into_iter().map(absent).collect())
}

fn request(tool_run: Option<ToolRunId>, tool: &Tool, missing_keys: Vec<MissingVar>) -> CredentialRequest {
    let mut required_keys: Vec<MissingVar> =
        tool.env.iter().filter(|var| is_needed(var)).cloned().map(absent).collect();
    for var in &missing_keys {
        if required_keys.iter().all(|known| known.name != var.name) {
            required_keys.push(var.clone());
        }
    }
    CredentialRequest {
        id: CredentialRequestId::new(),
        tool_run_id: tool_run,
        tool_id: tool.tool_id.clone(),
        edition: Edition::of(tool),
        required_keys,
        missing_keys,
    }
}

fn absent(var: EnvVar) -> MissingVar {
    MissingVar { name: var.name, description: var.description, rejected: false }
}

pub(super) fn denial(note: Option<&str>) -> ToolError {
    let message = match note {
        Some(note) => format!("a person refused this call: {note}"),
        None => "a person refused this call; do not make it again, go another way or ask what they want".into(),
    };
    ToolError::new(ToolErrorCode::Denied, message)
}

/// One question for everything that is needed. Variables first: a call that ran and lacks some is in the middle of its
/// work; the calls that wait for approval are asked about next.
pub(super) fn question(needs: Vec<Need>, others: Vec<AlternativeChoice>, expires_at: Timestamp) -> RequiredAction {
    let (mut requests, mut approvals) = (Vec::new(), Vec::new());
    for need in needs {
        match need {
            Need::Credentials(request) => requests.push(request),
            Need::Approval(approval) => approvals.push(*approval),
        }
    }
    if requests.is_empty() {
        return RequiredAction::Approval { approvals, expires_at };
    }
    credentials(requests, others, expires_at)
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
