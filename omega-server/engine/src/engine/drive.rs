//! Driving one run: ask the agent what is next, do it, record it, ask again.

use super::{
    Engine,
    alternatives::Offers,
    call_policy::{self, CallPolicy, UnreadPolicy},
    model_step::{self, Answered},
    plan_selection::Decided,
    redacting_model::RedactingModel,
    title,
};
use crate::observe::{
    metrics::RUN_QUEUE_WAIT,
    names::attribute,
    scope::{self, Work},
    span::Span,
};
use crate::store::{Claimed, Lease, LogTx, Result, RunHistory, StoreError, StoredPlan};
use omega_core::{
    agent::{Agent, Next, Step},
    api::{AlternativesMode, FinishReason, RequiredAction, RunError, RunStatus, Timestamp, Usage},
    event::Event,
    model::{ModelError, ToolChoice, retry},
    registry::Viewer,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How a stretch ends that another one follows once a person has answered.
const PAUSED: &str = "paused";
/// How long a run may work at a stretch. Pauses don't count, and neither does what an earlier server did of it.
const PATIENCE: Duration = Duration::from_secs(60 * 60);

/// What stands of a run while it is driven.
pub(super) struct Driver<'a> {
    pub engine: &'a Engine,
    pub lease: Lease,
    pub cancel: &'a CancellationToken,
    /// Somebody does not want to wait until the model is asked again.
    pub hurry: &'a Notify,
    /// Whose registry the run sees: its conversation's owner's.
    pub viewer: Viewer,
    pub model: String,
    pub usage: Usage,
    /// Why the model stopped in the newest step that is whole.
    pub finish_reason: Option<FinishReason>,
    /// Other tools that were offered in place of calls.
    pub offers: Offers,
    /// Whether a person chooses among them.
    pub asks_which_tool: bool,
    /// How the work begins; written with whatever the run writes first.
    beginning: Option<Beginning>,
    /// The run at this stretch, in its trace.
    span: Span,
}

/// What is said when a worker begins with a run, and the plan that the run follows from the start.
struct Beginning {
    event: Event,
    plan: Option<Event>,
}

/// Drives a run to its end, to a pause, to a safe point when the server stops, or until its lease is lost.
pub(super) async fn drive(engine: &Engine, claimed: &Claimed, told: (&CancellationToken, &Notify)) -> Result<()> {
    let lease = claimed.lease;
    let history = engine.inner.store.history(lease.run).await?;
    let message = history.config.traceparent.as_ref().and_then(|header| header.parse().ok());
    let mut span = Span::of_run(lease.run, message, lease.fence);
    span.set(attribute::OPERATION, "invoke_agent");
    span.set(attribute::AGENT, "omega");
    span.set(attribute::AGENT_VERSION, env!("CARGO_PKG_VERSION"));
    span.set(attribute::RUN, lease.run.to_string());
    let work = Work::of(lease.run, lease.conversation);
    // An id opens a conversation: telemetry has its other name.
    span.set(attribute::CONVERSATION, work.conversation.as_str());
    let context = span.context();
    scope::within(work, context, Box::pin(stretch(engine, claimed, told, history, span))).await
}

async fn stretch(
    engine: &Engine,
    claimed: &Claimed,
    (cancel, hurry): (&CancellationToken, &Notify),
    mut history: RunHistory,
    span: Span,
) -> Result<()> {
    let store = &engine.inner.store;
    let lease = claimed.lease;
    let (owner, _) = store.owner_and_model(lease.conversation).await?;
    let mut driver = Driver {
        engine,
        lease,
        cancel,
        hurry,
        viewer: Viewer::User(owner),
        model: history.config.model.clone(),
        usage: history.run.usage,
        finish_reason: history.run.finish_reason,
        offers: Offers::default(),
        asks_which_tool: history.config.alternatives == AlternativesMode::Ask,
        beginning: None,
        span,
    };
    if let Some((provider, model)) = driver.model.split_once('/') {
        driver.span.set(attribute::PROVIDER, provider);
        driver.span.set(attribute::MODEL, model);
    }
    if history.cancel_requested {
        return driver.cancelled().await;
    }
    let followed = match (claimed.is_first, history.config.plan_id) {
        (true, Some(plan)) => Some(store.stored_plan(lease.conversation, plan).await?),
        _ => None,
    };
    let event = if claimed.is_first {
        Event::RunStarted {
            attempt: claimed.attempt,
            model: history.config.model.clone(),
            prompt_version: history.config.prompt_version.clone(),
        }
    } else {
        Event::RunResumed { attempt: claimed.attempt }
    };
    if claimed.is_first {
        let waited = store.now().millis_since(history.run.created_at);
        #[allow(clippy::cast_precision_loss, reason = "milliseconds of a wait")]
        RUN_QUEUE_WAIT.observe([], waited as f64 / 1000.0);
    }
    let plan = followed.map(|StoredPlan { plan, set, .. }| {
        let (plan_id, by) = (Some(plan.id), history.actor);
        Event::PlanSelected { plan_set_id: set, plan_id, plan: Some(plan), by }
    });
    tracing::info!(event = event.kind(), attempt = claimed.attempt);
    driver.beginning = Some(Beginning { event, plan });

    let paid = (history.config.model.as_str(), history.config.paid_by);
    let paid = match engine.paid_model(&lease, owner, paid).await? {
        Ok(model) => model,
        Err(error) => return driver.failed(&error).await,
    };
    let model = RedactingModel::before(Arc::clone(&paid), engine.redactor(owner, Some(lease.run)).await?);
    let mut pins = Vec::new();
    for pin in &history.config.pins {
        match engine.inner.registry.tool(driver.viewer, pin).await {
            Ok(tool) => pins.push(tool),
            Err(error) => driver.notice("PIN_UNAVAILABLE", &format!("the pinned tool is left out: {error}")).await?,
        }
    }
    let first_message = history.now.user.clone();
    let plan = match driver.planned(&history, &paid).await? {
        Decided::Follow(plan) => plan,
        Decided::Waits => return Ok(()),
    };
    if !claimed.is_first {
        driver.read_offers().await?;
    }
    history.now.plan = plan.map(|plan| *plan);
    let (unread, mut policy) = (UnreadPolicy::of(&history), None);
    let prompt = engine.prompt_of(&history.config, owner).await?;
    let mut agent = Agent::restore(history.config, history.before, history.now, &prompt, &pins).behind(history.earlier);
    let began = Instant::now();
    // What the model said last, written and not committed: where it is the answer, the run ends with it.
    let mut answered: Option<Box<Answered>> = None;
    loop {
        let next = agent.next();
        let mut ahead = None;
        if let Some(log) = answered.take() {
            match next {
                Next::Complete { answer, notice } if !cancel.is_cancelled() => {
                    driver.complete(&agent, *log, answer, notice).await?;
                    title::after_answer(engine, lease.conversation, (driver.model, model), first_message);
                    return Ok(());
                }
                Next::Call(_) if !cancel.is_cancelled() => ahead = log.commit_ahead(engine).await?,
                _ => log.commit(engine).await?,
            }
        }
        if cancel.is_cancelled() {
            return driver.cancelled().await;
        }
        if began.elapsed() > PATIENCE {
            return driver
                .end_failed(RunError {
                    code: "RUN_TIMEOUT".into(),
                    error:
                        "the run has worked for 60 minutes; what it found is in the conversation. Send a smaller task"
                            .into(),
                    retryable: false,
                })
                .await;
        }
        if engine.is_stopping() {
            // A step boundary: everything so far is recorded, and another process goes on from here.
            return Err(StoreError::Draining);
        }
        match next {
            // A run whose budget has ended only closes: nothing more is called.
            Next::Ask(request) if !driver.offers.open.is_empty() && request.tool_choice != ToolChoice::None => {
                let choices = std::mem::take(&mut driver.offers.open);
                return driver.pause(|expires_at| RequiredAction::Alternatives { choices, expires_at }).await;
            }
            Next::Ask(request) => match model_step::ask(&mut driver, &agent, model.as_ref(), *request).await? {
                model_step::StepOutcome::Step(step, log) => {
                    agent.push_step(step);
                    answered = Some(log);
                }
                model_step::StepOutcome::Cancelled => return driver.cancelled().await,
                model_step::StepOutcome::Failed(error) => return driver.failed(&error).await,
                model_step::StepOutcome::Useless(error) => return driver.end_failed(error).await,
            },
            Next::Call(calls) => {
                let known = policy.take();
                let calling = Box::pin(async {
                    driver.say_begun().await?;
                    let rules = match known {
                        Some(mut rules) => {
                            CallPolicy::refresh(&mut rules, engine).await?;
                            rules
                        }
                        None => unread.read(engine).await?,
                    };
                    let (needs, called) = Box::pin(driver.call(&mut agent, &rules, calls)).await?;
                    Ok((needs, called, rules))
                });
                let (needs, called, rules) = engine.telling(ahead, calling).await?;
                policy = Some(rules);
                if cancel.is_cancelled() {
                    return driver.cancelled().await;
                }
                if !needs.is_empty() {
                    let others = driver.others_for(&agent, &needs, &called).await?;
                    return driver.pause(|expires_at| call_policy::question(needs, others, expires_at)).await;
                }
            }
            Next::Stop(error) => return driver.end_failed(error).await,
            Next::Complete { answer, notice } => {
                let log = driver.log().await?;
                driver.complete(&agent, Answered::before(log), answer, notice).await?;
                title::after_answer(engine, lease.conversation, (driver.model, model), first_message);
                return Ok(());
            }
        }
    }
}

impl Driver<'_> {
    /// A transaction of the run. The first one says that the work begins.
    pub async fn log(&mut self) -> Result<LogTx> {
        let mut log = self.engine.inner.store.run_log(&self.lease).await?;
        if let Some(Beginning { event, plan }) = self.beginning.take() {
            log.begin(self.lease.run, event).await?;
            if let Some(selected) = plan {
                log.event(Some(self.lease.run), selected).await?;
            }
        }
        Ok(log)
    }

    /// Before what others than the driver write for the run.
    async fn say_begun(&mut self) -> Result<()> {
        if self.beginning.is_some() {
            let log = self.log().await?;
            self.engine.committed(log.commit().await?);
        }
        Ok(())
    }

    /// Ends the run with its answer.
    async fn complete(
        &mut self,
        agent: &Agent,
        mut answered: Answered,
        answer: String,
        notice: Option<&str>,
    ) -> Result<()> {
        let (run, log) = (self.lease.run, &mut answered.log);
        if let Some(message) = notice {
            let event = Event::Notice { code: "TOOL_BUDGET".into(), message: message.to_owned() };
            log.event(Some(run), event).await?;
        }
        let event = Event::RunCompleted {
            answer,
            usage: self.usage,
            tool_calls: agent.tool_calls(),
            steps: agent.steps(),
            finish_reason: self.finish_reason,
        };
        log.end(run, RunStatus::Completed, None, event).await?;
        answered.commit(self.engine).await?;
        self.ended("completed");
        Ok(())
    }

    /// Notes what the stretch came to, for who watches the server.
    fn ended(&mut self, outcome: &'static str) {
        if outcome != PAUSED {
            self.engine.end_session(self.lease.run);
        }
        self.span.set(attribute::OUTCOME, outcome);
        tracing::info!(event = "run.ended", outcome);
    }

    /// Pauses the run with a question, and lets go of it.
    pub async fn pause(&mut self, question: impl FnOnce(Timestamp) -> RequiredAction) -> Result<()> {
        let mut log = self.log().await?;
        let question = question(log.patience());
        let kind = question.kind();
        if !log.pause(self.lease.run, question).await? {
            drop(log);
            return self.cancelled().await;
        }
        self.engine.committed(log.commit().await?);
        tracing::info!(event = "run.paused", kind);
        self.ended(PAUSED);
        Ok(())
    }

    /// Counts tokens that the run took outside of its steps, with what they cost.
    pub async fn count(&mut self, log: &mut LogTx, usage: Usage) -> Result<()> {
        self.usage += usage;
        log.use_tokens(self.lease.run, usage).await
    }

    pub async fn notice(&mut self, code: &str, message: &str) -> Result<()> {
        let mut log = self.log().await?;
        let event = Event::Notice { code: code.to_owned(), message: message.to_owned() };
        log.event(Some(self.lease.run), event).await?;
        self.engine.committed(log.commit().await?);
        Ok(())
    }

    pub async fn cancelled(&mut self) -> Result<()> {
        let mut log = self.log().await?;
        let event = Event::RunCancelled { reason: "cancelled by a participant".into() };
        log.end(self.lease.run, RunStatus::Cancelled, None, event).await?;
        self.engine.committed(log.commit().await?);
        self.ended("cancelled");
        Ok(())
    }

    pub async fn failed(&mut self, error: &ModelError) -> Result<()> {
        let next = match error.code() {
            "PROVIDER_AUTH" => "; check the provider's API key".to_owned(),
            "MODEL_NOT_FOUND" => "; choose one of the models that you can use".to_owned(),
            "PROVIDER_UNREACHABLE" => "; check the network, or choose the model omega/offline".to_owned(),
            code => match error.retry_after().filter(|asked| *asked > retry::LONGEST_WAIT) {
                Some(asked) => {
                    let asked = humantime::format_duration(Duration::from_secs(asked.as_secs()));
                    format!("; it asks to be left alone for {asked}: try again then, or choose another model")
                }
                None if code == "PROVIDER_RATE_LIMITED" => {
                    "; wait a little, check the provider's quota, or choose another model".to_owned()
                }
                None => String::new(),
            },
        };
        self.end_failed(RunError {
            code: error.code().to_owned(),
            error: format!("{}{next}", error.to_string().trim_end_matches('.')),
            retryable: error.is_retryable(),
        })
        .await
    }

    async fn end_failed(&mut self, error: RunError) -> Result<()> {
        tracing::warn!(event = "run.failed", error.code = error.code, error = error.error);
        let mut log = self.log().await?;
        log.end(self.lease.run, RunStatus::Failed, Some(&error), Event::RunFailed { error: error.clone() }).await?;
        self.engine.committed(log.commit().await?);
        self.span.fail(&error.code);
        self.ended("failed");
        Ok(())
    }
}

/// A step as it was recorded, for the agent.
pub(super) fn recorded(reply: crate::store::StepReply, tool_runs: Vec<omega_core::api::ToolRun>) -> Step {
    Step {
        text: omega_core::api::Message::text_of(&reply.parts),
        calls: reply.calls,
        provider_state: reply.provider_state,
        tool_runs,
        chosen: Vec::new(),
    }
}
