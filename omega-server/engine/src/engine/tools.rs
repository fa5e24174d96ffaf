//! Doing what a call asks for: a search, or a tool in the sandbox.

use super::{
    Engine,
    adding::{self, Rules},
    call_input,
    call_policy::{self, ReadyCall},
    call_telemetry::{self, CallEnd},
    locked,
    model_step::jitter,
    tool_search,
};
use crate::{
    domain::sealed::SealedCredential,
    executor::Redacting,
    process::{
        failpoint::{self, Point},
        offload,
    },
    registry::with_nearest,
    store::{Lease, Result, Settled},
    vault::resolve::is_needed,
};
use omega_core::{
    agent::{input, result},
    api::{Approval, CredentialRequest, ToolRun, ToolRunStatus},
    edition::Edition,
    event::Event,
    exact::Exact,
    executor::{Executed, Execution, Executor, Session, ToolError, ToolErrorCode},
    id::{ToolId, ToolRunId},
    registry::{
        EnvVar, Registry, RegistryError, Tool, Viewer,
        meta::{AddInput, AddOutput, SearchInput, SearchOutput},
    },
    schema,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc, time::Duration, time::Instant};
use tokio_util::sync::CancellationToken;

/// Deadline of a tool (PRD 14: five minutes).
pub const TOOL_TIMEOUT: Duration = Duration::from_secs(300);

/// How often a call is given to an executor that is overloaded, and how long it waits at first, with 0.5-1.5 jitter.
const OVERLOADED_TRIES: u32 = 5;
const OVERLOADED_DELAY: Duration = Duration::from_millis(500);

/// What is told of a call that this worker could not bring to its end.
const INTERRUPTED: &str = "interrupted";

/// What is to be done for a call.
pub(super) enum Work {
    Search(SearchInput),
    /// Nothing; this is what was to be read.
    Read(Value),
    /// With whether a call of the same package has worked in this run.
    Run(Box<ReadyCall>, bool),
    Propose(AddInput, Box<Rules>),
    /// Nothing; with the version, where it is known.
    Refuse(ToolError, String),
}

/// What a call came to, before it is recorded.
pub(super) enum Done {
    /// A search; its tools get their names when it is recorded, in the order of recording.
    Found(SearchOutput, u64),
    /// A package was added; the same holds for its tools.
    Added(AddOutput, u64),
    /// It can't go on without variables that it lacks.
    Lacks(CredentialRequest),
    /// Its author wants a person's approval first; it did nothing.
    Asks(Box<Approval>),
    /// A person's approval is wanted before anything is begun.
    Waits(Box<Approval>),
    Settled(Settled),
}

/// Does what a call asks for. The intent is recorded before anything happens outside this process.
pub(super) async fn perform(
    engine: &Engine,
    lease: &Lease,
    tool_run: &ToolRun,
    work: Work,
    cancel: &CancellationToken,
) -> Result<Done> {
    if cancel.is_cancelled() {
        return Ok(not_begun(&tool_run.version));
    }
    let doing = begin(engine, lease, tool_run, work, cancel);
    call_telemetry::told(&tool_run.tool_id, tool_run.id, doing, end_of).await
}

fn end_of(done: &Result<Done>) -> CallEnd {
    let ended = |status: ToolRunStatus, error: Option<ToolErrorCode>| CallEnd {
        status: Some(status.as_str()),
        error: error.map(ToolErrorCode::as_str),
        executor: None,
    };
    match done {
        Ok(Done::Settled(settled)) => CallEnd {
            executor: settled.executor.clone(),
            ..ended(settled.status, settled.error.as_ref().map(|error| error.code))
        },
        Ok(Done::Found(..) | Done::Added(..)) => ended(ToolRunStatus::Succeeded, None),
        Ok(Done::Lacks(_)) => ended(ToolRunStatus::AwaitingCredentials, Some(ToolErrorCode::MissingEnvVars)),
        Ok(Done::Asks(_) | Done::Waits(_)) => {
            ended(ToolRunStatus::AwaitingApproval, Some(ToolErrorCode::NeedsApproval))
        }
        Err(_) => CallEnd { error: Some(INTERRUPTED), ..CallEnd::default() },
    }
}

async fn begin(
    engine: &Engine,
    lease: &Lease,
    tool_run: &ToolRun,
    work: Work,
    cancel: &CancellationToken,
) -> Result<Done> {
    match work {
        Work::Refuse(error, version) => Ok(Done::Settled(Settled::failed(error, &version, 0))),
        Work::Search(input) => tool_search::search(engine, lease, tool_run, input).await,
        Work::Read(part) => Ok(Done::Settled(Settled {
            status: ToolRunStatus::Succeeded,
            version: String::new(),
            summary: result::summary(part.get("value").unwrap_or(&part)),
            output: Some(part),
            truncated: false,
            error: None,
            duration_ms: 0,
            executor: None,
            notice: None,
        })),
        Work::Propose(input, rules) => adding::propose(engine, lease, tool_run, (input, &rules), cancel).await,
        Work::Run(ready, goes_on) => run(engine, lease, tool_run, *ready, goes_on, cancel).await,
    }
}

/// Required variables that are absent or empty.
fn missing(tool: &Tool, env: &BTreeMap<String, SecretString>) -> Vec<EnvVar> {
    tool.env
        .iter()
        .filter(|var| is_needed(var) && env.get(&var.name).is_none_or(|value| value.expose_secret().is_empty()))
        .cloned()
        .collect()
}

/// The failure of a tool whose variables are missing (PRD 13).
pub(super) fn missing_error(tool: &Tool, missing: &[EnvVar]) -> ToolError {
    let vars: Vec<Value> =
        missing.iter().map(|var| json!({ "name": var.name, "description": var.description })).collect();
    let names: Vec<&str> = missing.iter().map(|var| var.name.as_str()).collect();
    ToolError::new(
        ToolErrorCode::MissingEnvVars,
        format!("{} needs {}, which was not given", tool.tool_id, names.join(", ")),
    )
    .with(json!({ "missingVars": vars, "hint": "Provide these variables in the 'env' field of your request" }))
}

/// A tool that may run now, with the input as it means it: found, its input right, its variables there.
pub(super) async fn ready(
    registry: &dyn Registry,
    viewer: Viewer,
    id: &ToolId,
    input: Value,
    env: &BTreeMap<String, SecretString>,
) -> Result<(Tool, Value), (ToolError, String)> {
    let tool = registry.tool(viewer, id).await.map_err(|error| (not_usable(&error), String::new()))?;
    let schema = tool.input_schema.clone();
    let steps = schema.as_ref().map_or(0, |schema| schema::steps(schema, &input));
    let input = offload::run(steps, move || input::read(schema.as_ref(), Exact::of(input)).value).await;
    if let Err(error) = call_input::fits(&tool, &input).await {
        return Err((error, tool.version));
    }
    let lacking = missing(&tool, env);
    if !lacking.is_empty() {
        return Err((missing_error(&tool, &lacking), tool.version));
    }
    Ok((tool, input))
}

/// Only what the tool declares: never the whole set, and never this process's own environment (C7).
pub(super) fn declared(tool: &Tool, given: BTreeMap<String, SecretString>) -> BTreeMap<String, SecretString> {
    given.into_iter().filter(|(name, _)| tool.env.iter().any(|var| var.name == *name)).collect()
}

/// A failure for want of a capability says what else there is.
pub(super) async fn with_something_near(
    registry: &dyn Registry,
    viewer: Viewer,
    tool: &Tool,
    error: ToolError,
) -> ToolError {
    let about = format!("{} {}", tool.name, tool.description);
    with_nearest(registry, viewer, tool.tool_id.package(), &about, error).await
}

async fn run(
    engine: &Engine,
    lease: &Lease,
    tool_run: &ToolRun,
    ready: ReadyCall,
    goes_on: bool,
    cancel: &CancellationToken,
) -> Result<Done> {
    let (tool, env) = (&ready.tool, &ready.env);
    let id = &tool.tool_id;
    let (owner, _) = engine.inner.store.owner_and_model(lease.conversation).await?;
    let owner = owner.to_string();
    if let Err(refused) = engine.inner.executor.admits(&owner, id, &tool.version).await {
        notice_once(engine, lease, id, &refused).await?;
        return Ok(Done::Settled(Settled::failed(refused, &tool.version, 0)));
    }
    // Known before the intent is: a cancellation finds either the call or its row.
    let stop = cancel.child_token();
    let _call = RunningCall::of(engine, tool_run.id, &stop);
    if !intent(engine, lease, tool_run, &Edition::of(tool), env).await? {
        return Ok(not_begun(&tool.version));
    }
    let env = engine.inner.vault.reveal(env).await?;
    let began = Instant::now();
    let channel = engine.inner.hub.channel(lease.conversation);
    let (run_id, tool_run_id) = (lease.run, tool_run.id);
    failpoint::effect(Point::ToolCall).await;
    let execution = || {
        let (stop, channel) = (stop.clone(), Arc::clone(&channel));
        // Waiting for a place takes long enough to lose it.
        engine.still_holds(lease)?;
        Ok(Execution {
            id: tool_run.id,
            owner: lease.conversation.to_string(),
            user: owner.clone(),
            tool: id.clone(),
            version: tool.version.clone(),
            integrity: tool.integrity.clone(),
            calling: tool.calling.clone(),
            input: ready.input.clone(),
            env: env.clone(),
            approved: ready.approved,
            timeout: TOOL_TIMEOUT,
            cancel: Box::pin(async move { stop.cancelled().await }),
            on_partial: Arc::new(move |output| channel.partial(run_id, tool_run_id, output)),
            session: Some(Session { id: run_id.to_string(), goes_on }),
        })
    };
    let executing = patiently(&engine.inner.executor, execution, &stop);
    let mut executed = failpoint::during(Point::ToolWorks, executing).await?;
    if let Err(error) = &mut executed.result
        && matches!(error.code, ToolErrorCode::Denied | ToolErrorCode::BudgetExceeded)
    {
        // Whether a call may run is not for a tool to say, nor for its executor.
        error.code = ToolErrorCode::ToolError;
    }
    failpoint::effect(Point::ToolAnswered).await;
    if let Err(error) = &mut executed.result
        && error.code == ToolErrorCode::NeedsApproval
    {
        if !ready.approved {
            return Ok(Done::Asks(Box::new(call_policy::asks(tool_run, &ready))));
        }
        // It was approved; whatever says so is no question any more.
        error.code = ToolErrorCode::ToolError;
    }
    if ready.may_ask
        && let Err(error) = &executed.result
        && let Some(request) = call_policy::lacked(tool_run, &ready, error)
    {
        return Ok(Done::Lacks(request));
    }
    let version = executed.version.clone().unwrap_or_else(|| tool.version.clone());
    let settled = match executed.result {
        Ok(output) => Settled {
            status: ToolRunStatus::Succeeded,
            version,
            summary: result::summary(&output),
            output: Some(output),
            truncated: executed.truncated,
            error: None,
            duration_ms: executed.duration_ms,
            executor: executed.executor,
            notice: executed.notice,
        },
        Err(error) => {
            let took = millis(began);
            let error = with_something_near(engine.inner.registry.as_ref(), ready.viewer, tool, error).await;
            Settled { executor: executed.executor, notice: executed.notice, ..Settled::failed(error, &version, took) }
        }
    };
    if is_tools_own(settled.error.as_ref()) {
        engine.inner.registry.record_outcome(ready.viewer, tool, settled.error.is_none()).await;
    }
    Ok(Done::Settled(settled))
}

/// Executes, and tries again while the executor has no place: it did not begin then. The model is only told when that lasts.
async fn patiently(
    executor: &Redacting,
    execution: impl Fn() -> Result<Execution>,
    stop: &CancellationToken,
) -> Result<Executed> {
    let mut delay = OVERLOADED_DELAY;
    for _ in 1..OVERLOADED_TRIES {
        let executed = executor.execute(execution()?).await;
        if executed.result.as_ref().err().is_none_or(|error| error.code != ToolErrorCode::Overloaded) {
            return Ok(executed);
        }
        tokio::select! {
            () = tokio::time::sleep(delay.mul_f64(0.5 + jitter())) => delay *= 2,
            // The executor says how a cancelled call ends.
            () = stop.cancelled() => {}
        }
    }
    Ok(executor.execute(execution()?).await)
}

/// Whether an outcome says something about the tool; wrong inputs, missing keys and a busy machine don't.
pub(super) fn is_tools_own(error: Option<&ToolError>) -> bool {
    error.is_none_or(|error| {
        !matches!(
            error.code,
            ToolErrorCode::InvalidInput
                | ToolErrorCode::MissingEnvVars
                | ToolErrorCode::InvalidCredentials
                | ToolErrorCode::Cancelled
                | ToolErrorCode::Overloaded
                | ToolErrorCode::RuntimeUnavailable
                | ToolErrorCode::ExecutorUnreachable
                | ToolErrorCode::BreakerOpen
                | ToolErrorCode::Replaced
                | ToolErrorCode::NeedsApproval
                | ToolErrorCode::Unknown
        )
    })
}

/// Says in the conversation that a tool is left alone: once for each run and tool, however often the model asks for it.
async fn notice_once(engine: &Engine, lease: &Lease, id: &ToolId, refused: &ToolError) -> Result<()> {
    if locked(&engine.inner.noticed).entry(lease.run).or_default().insert(id.clone()) {
        let mut log = engine.inner.store.run_log(lease).await?;
        let notice = Event::Notice { code: refused.code.as_str().into(), message: refused.message.clone() };
        log.event(Some(lease.run), notice).await?;
        engine.committed(log.commit().await?);
    }
    Ok(())
}

pub(super) fn not_usable(error: &RegistryError) -> ToolError {
    match error {
        RegistryError::NotFound { nearest, .. } => {
            ToolError::new(ToolErrorCode::ToolNotFound, error.to_string()).with(json!({ "available": nearest }))
        }
        RegistryError::Unavailable(_) => ToolError::new(ToolErrorCode::RegistryUnavailable, error.to_string()),
    }
}

/// A call at work, by which it can be stopped; gone when it is dropped.
pub(super) struct RunningCall<'a>(&'a Engine, ToolRunId);

impl<'a> RunningCall<'a> {
    pub fn of(engine: &'a Engine, id: ToolRunId, stop: &CancellationToken) -> Self {
        locked(&engine.inner.tool_calls).insert(id, stop.clone());
        Self(engine, id)
    }
}

impl Drop for RunningCall<'_> {
    fn drop(&mut self) {
        locked(&self.0.inner.tool_calls).remove(&self.1);
    }
}

/// Records the intent to run a tool; `false` when somebody wanted its end, or the run's, before.
pub(super) async fn intent(
    engine: &Engine,
    lease: &Lease,
    tool_run: &ToolRun,
    edition: &Edition,
    env: &BTreeMap<String, SealedCredential>,
) -> Result<bool> {
    let mut log = engine.inner.store.run_log(lease).await?;
    if log.cancel_requested() {
        // The row was faster than the hint.
        engine.signal_cancel(lease.run);
    }
    if log.is_cancelled(tool_run.id).await? {
        return Ok(false);
    }
    let names: Vec<String> = env.keys().cloned().collect();
    log.start_tool(tool_run, edition, &names).await?;
    // No use of a credential without its record: it is opened after this commit, or not at all.
    for kept in env.values() {
        log.use_credential(&kept.place, tool_run).await?;
    }
    engine.committed(log.commit().await?);
    Ok(true)
}

/// The outcome of a call that was stopped before it began.
pub(super) fn not_begun(version: &str) -> Done {
    let error = ToolError::new(ToolErrorCode::Cancelled, "not run: it was stopped before it began");
    Done::Settled(Settled::failed(error, version, 0))
}

pub(super) fn millis(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}
