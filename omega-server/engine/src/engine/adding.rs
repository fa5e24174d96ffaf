//! A package that the model proposes to add: who may, what is known of it, whether a person approved it, and adding it.
//!
//! The promises: each one is asked about, with what the npm registry says of it, whatever else is allowed; what is added is the
//! version, with the contents, that was approved, for the conversation's owner alone; nothing of it is fetched before. An
//! approval is the owner's, of one call, and no setting, standing approval or plan gives it. What depends on records and on
//! npm alone is decided again after a restart, and adding twice is adding once.

use super::{
    Engine,
    call_policy::{self, CallPolicy},
    credential_policy::{CredentialPolicy, Holdings},
    tool_search,
    tools::{Done, RunningCall, intent, millis, not_begun},
};
use crate::{
    executor::npm_facts::Published,
    process::failpoint::{self, Point},
    store::{Lease, RecordedDecision, Result, Settled, call_of},
};
use omega_core::{
    agent::{Agent, digest},
    api::{AddedPackage, Approval, ApprovalReason, Decision, ToolRun, ToolRunStatus},
    counted::counted,
    edition::Edition,
    executor::{ToolError, ToolErrorCode},
    id::{ApprovalId, ToolId},
    registry::{
        ExactPackage,
        meta::{AddInput, AddOutput},
    },
    sanitize::one_line,
};
use std::{collections::BTreeMap, time::Instant};
use tokio_util::sync::CancellationToken;

/// Functions that a model is told of.
const FUNCTIONS: usize = 40;

/// Whether a package may be added.
enum Verdict {
    Go(ExactPackage),
    Refuse(ToolError),
    Ask(Box<Approval>),
}

/// What the records say of a proposal.
pub(super) struct Rules {
    /// Why nobody is even asked.
    forbidden: Option<&'static str>,
    /// What a person said of it.
    answers: Vec<RecordedDecision>,
}

impl Rules {
    pub(super) fn of(engine: &Engine, policy: &CallPolicy, tool_run: &ToolRun) -> Self {
        let answers = policy.answers.approvals.get(&tool_run.id).cloned().unwrap_or_default();
        Self { forbidden: forbidden(engine, policy), answers }
    }
}

/// Does what a proposal wants, once it is approved.
pub(super) async fn propose(
    engine: &Engine,
    lease: &Lease,
    tool_run: &ToolRun,
    (input, rules): (AddInput, &Rules),
    cancel: &CancellationToken,
) -> Result<Done> {
    let verdict = tokio::select! {
        verdict = judge(rules, tool_run, &input) => verdict,
        () = cancel.cancelled() => return Ok(not_begun("")),
    };
    match verdict {
        Verdict::Go(package) => add(engine, lease, tool_run, package, cancel).await,
        Verdict::Refuse(error) => Ok(Done::Settled(Settled::failed(error, "", 0))),
        Verdict::Ask(approval) => Ok(Done::Waits(approval)),
    }
}

/// Judges a proposal.
async fn judge(rules: &Rules, tool_run: &ToolRun, input: &AddInput) -> Verdict {
    if let Some(words) = rules.forbidden {
        return Verdict::Refuse(ToolError::new(ToolErrorCode::Denied, words));
    }
    let answers = rules.answers.as_slice();
    if let Some(denied) = answers.iter().find(|answer| answer.decision == Decision::Deny) {
        return Verdict::Refuse(call_policy::denial(denied.note.as_deref()));
    }
    let (name, asked) = input.name_and_version();
    let published = match Published::read(name).await {
        Ok(published) => published,
        Err(error) => return Verdict::Refuse(error),
    };
    let tool_id = ToolId::new(name, "*");
    let digest = |edition: &Edition| digest::of_call(&call_of(tool_id.as_str(), edition), &tool_run.input);
    // The version that was approved, whatever is the latest by now.
    let is_approved = |edition: &Edition| {
        let digest = digest(edition);
        answers.iter().any(|answer| answer.reason == ApprovalReason::AddPackage && answer.args_digest == digest)
    };
    if !answers.is_empty()
        && let Some(edition) = published.editions().find(is_approved)
    {
        let (name, function) = (name.to_owned(), input.function.clone());
        let Edition { version, integrity, own: _ } = edition;
        return Verdict::Go(ExactPackage { name, version, integrity, function });
    }
    let edition = match published.meant(asked) {
        Ok(edition) => edition,
        Err(error) => return Verdict::Refuse(error),
    };
    Verdict::Ask(Box::new(Approval {
        id: ApprovalId::new(),
        tool_run_id: tool_run.id,
        tool_name: tool_run.tool_name.clone(),
        reason: ApprovalReason::AddPackage,
        because: None,
        input: tool_run.input.clone(),
        owner_only: true,
        credentials: Vec::new(),
        args_digest: digest(&edition),
        package: Some(published.facts(&edition.version)),
        version: edition.version,
        integrity: edition.integrity,
        own: edition.own,
        tool_id,
    }))
}

/// Why nobody is even asked.
fn forbidden(engine: &Engine, policy: &CallPolicy) -> Option<&'static str> {
    if !engine.inner.config.may_add {
        return Some("an administrator of this server does not let models propose packages; say which one would help");
    }
    (!policy.rights.by_owner)
        .then_some("packages are proposed for messages of the conversation's owner alone; say which one would help")
}

/// Adds a package that was approved.
async fn add(
    engine: &Engine,
    lease: &Lease,
    tool_run: &ToolRun,
    package: ExactPackage,
    cancel: &CancellationToken,
) -> Result<Done> {
    let edition = Edition { version: package.version.clone(), integrity: package.integrity.clone(), own: true };
    let stop = cancel.child_token();
    let _call = RunningCall::of(engine, tool_run.id, &stop);
    if !intent(engine, lease, tool_run, &edition, &BTreeMap::new()).await? {
        return Ok(not_begun(&edition.version));
    }
    failpoint::effect(Point::ToolCall).await;
    let began = Instant::now();
    let rights = CredentialPolicy::of(engine, lease.conversation, engine.inner.store.actor(lease.run).await?).await?;
    let holdings = Holdings::of(engine, lease.run, &rights).await?;
    let adding = engine.inner.registry.add_approved(rights.owner, package);
    let added = tokio::select! {
        added = adding => added,
        () = stop.cancelled() => Err(ToolError::new(ToolErrorCode::Cancelled, "stopped; look whether it is there before you propose it again")),
    };
    failpoint::effect(Point::ToolAnswered).await;
    Ok(match added {
        Ok(added) => Done::Added(output(added, &holdings), millis(began)),
        Err(error) => Done::Settled(Settled::failed(error, &edition.version, millis(began))),
    })
}

fn output(added: AddedPackage, holdings: &Holdings) -> AddOutput {
    let AddedPackage { package, version, tools, mut functions, scope: _, mut notices } = added;
    functions.truncate(FUNCTIONS);
    if tools.is_empty() {
        notices.push(match functions.as_slice() {
            [] => String::from("it holds nothing that can be called, and was not added"),
            _ => String::from(
                "nothing of it is a tool by itself, and it was not added; propose it again with one of its functions if that helps",
            ),
        });
    }
    let tools = tools.into_iter().map(|tool| tool_search::found_tool(tool, holdings)).collect();
    AddOutput { package, version, tools, functions, notices }
}

/// Makes the outcome of an addition ready to be recorded.
pub(super) fn added(agent: &Agent, mut output: AddOutput, duration_ms: u64) -> Settled {
    agent.name_found(&mut output.tools);
    let summary = format!("{} {}, {}", output.package, output.version, counted(output.tools.len(), "tool"));
    Settled {
        status: ToolRunStatus::Succeeded,
        version: output.version.clone(),
        summary: one_line(&summary, 160),
        output: serde_json::to_value(&output).ok(),
        truncated: false,
        error: None,
        duration_ms,
        executor: None,
        notice: None,
    }
}
