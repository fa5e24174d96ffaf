//! One model call: streamed to the readers as it comes, retried where that may help, recorded when it is whole.

use super::{
    Engine, call_lookup,
    drive::{Driver, recorded},
    hub::LiveMessage,
};
use crate::{
    domain::nul,
    observe::scope,
    process::failpoint::{self, Point},
    store::{Clean, Committed, LogTx, Result, StepReply, StepStart, StoreError},
};
use futures_util::StreamExt;
use omega_core::{
    agent::{Agent, BUDGET_NOTICE, Next, Step},
    api::{FinishReason, Part, RunError, Timestamp, Usage},
    budget,
    event::{Event, notice},
    executor::Executor,
    id::MessageId,
    model::{Model, ModelError, ModelEvent, ModelRequest, ToolCall, ToolChoice, retry, wire},
};
use std::{collections::HashSet, pin::pin};

/// What a model call came to.
pub(super) enum StepOutcome {
    /// An answer, which is still to be committed.
    Step(Step, Box<Answered>),
    /// The run was cancelled meanwhile.
    Cancelled,
    /// The provider failed, and asking again did not help or would not.
    Failed(ModelError),
    /// The provider answered, with nothing that could be used.
    Useless(RunError),
}

enum Streamed {
    Reply(StepReply),
    Cancelled,
    Failed(ModelError),
}

/// A step that is written, and told when the disk has it.
struct Begun {
    committed: Committed,
    message: LiveMessage,
}

impl Begun {
    async fn tell(self, engine: &Engine) -> Result<()> {
        engine.inner.store.kept().await?;
        let channel = engine.inner.hub.channel(self.committed.conversation);
        engine.committed(self.committed);
        channel.begin(self.message);
        Ok(())
    }
}

/// What is said beside an answer, also beside one that did not come to its end.
#[derive(Default)]
struct Beside {
    notices: Vec<(String, String)>,
    /// The tokens so far.
    usage: Usage,
}

/// Asks the model, until it answers, fails for good or the run is cancelled.
pub(super) async fn ask(
    driver: &mut Driver<'_>,
    agent: &Agent,
    model: &dyn Model,
    request: ModelRequest,
) -> Result<StepOutcome> {
    let (engine, lease) = (driver.engine, driver.lease);
    let channel = engine.inner.hub.channel(lease.conversation);
    let choice = request.tool_choice;
    let mut first = Some(request);
    let mut failures = 0;
    loop {
        // Made again for another try, and not kept: it is as long as the conversation, and the answer streams for minutes.
        let again = || if let Next::Ask(request) = agent.next() { Some(*request) } else { None };
        let Some(request) = first.take().or_else(again) else { return Err(StoreError::LeaseLost) };
        let mut log = driver.log().await?;
        let step = log.start_step(lease.run, agent.steps() + 1).await?;
        let begun = Begun { committed: log.commit_ahead().await?, message: LiveMessage::begun(lease, &step) };
        engine.still_holds(&lease)?;

        let mut beside = Beside::default();
        let streaming = stream(driver, agent, (model, request), &step, begun, &mut beside);
        let streamed = scope::step(step.number, streaming).await?;
        for (code, message) in &beside.notices {
            driver.notice(code, message).await?;
        }
        let streamed = match streamed {
            Streamed::Reply(reply) if choice == ToolChoice::None => Streamed::Reply(closing(reply)),
            other => other,
        };
        let outcome = match streamed {
            Streamed::Reply(reply) if is_empty(&reply) => {
                let is_closing = choice == ToolChoice::None && agent.tool_calls() > 0;
                Err((if is_closing { spent() } else { empty_answer(&reply) }, reply.finish_reason))
            }
            Streamed::Reply(reply) => {
                let told = beside.notices.iter().any(|(code, _)| code == notice::OFFLINE_REFUSED);
                let (step, log) = record(driver, agent, &step, reply, told).await?;
                return Ok(StepOutcome::Step(step, Box::new(log)));
            }
            Streamed::Cancelled => {
                keep_partial(driver, agent, &step, beside.usage).await?;
                return Ok(StepOutcome::Cancelled);
            }
            Streamed::Failed(error) => Ok(error),
        };
        // Filters and limits do not go away by asking again.
        let (error, delay) = match &outcome {
            Ok(error) => (error.to_string(), retry::next_delay(failures, error, jitter())),
            Err((error, Some(FinishReason::ContentFilter | FinishReason::Refusal | FinishReason::Length))) => {
                (error.error.clone(), None)
            }
            Err((error, _)) => (error.error.clone(), retry::delay_after_empty(failures)),
        };
        failures += 1;
        let shown = !channel.parts(step.message).is_empty();
        let mut log = driver.log().await?;
        log.fail_step(lease.run, &step, &error).await?;
        let used = engine.inner.models.priced(&driver.model, beside.usage);
        driver.count(&mut log, used).await?;
        if shown {
            log.event(Some(lease.run), Event::MessageReset { message_id: step.message, step: step.number }).await?;
        }
        if let Some(delay) = delay {
            let message = error.trim_end_matches('.').to_owned();
            let millis = i64::try_from(delay.as_millis()).unwrap_or(i64::MAX);
            let again_at = Some(Timestamp(log.now().0.saturating_add(millis)));
            log.event(Some(lease.run), Event::Status { phase: "retrying".into(), message, again_at }).await?;
        }
        // Before anybody is told of the wait: who answers to that at once is heard.
        let mut hurried = pin!(driver.hurry.notified());
        hurried.as_mut().enable();
        channel.forget_message(step.message);
        engine.committed(log.commit().await?);
        let Some(delay) = delay else {
            return Ok(match outcome {
                Ok(error) => StepOutcome::Failed(error),
                Err((error, _)) => StepOutcome::Useless(error),
            });
        };
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = hurried => {}
            () = driver.cancel.cancelled() => return Ok(StepOutcome::Cancelled),
        }
    }
}

async fn stream(
    driver: &Driver<'_>,
    agent: &Agent,
    (model, request): (&dyn Model, ModelRequest),
    step: &StepStart,
    begun: Begun,
    beside: &mut Beside,
) -> Result<Streamed> {
    let channel = driver.engine.inner.hub.channel(driver.lease.conversation);
    failpoint::effect(Point::ModelAsk).await;
    // The provider is asked while the disk takes the beginning of the step; the first that readers get of it is that.
    let telling = begun.tell(driver.engine);
    let opened = async {
        tokio::select! {
            opened = model.stream(request) => Some(opened),
            () = driver.cancel.cancelled() => None,
        }
    };
    let (told, opened) = tokio::join!(telling, opened);
    told?;
    let Some(opened) = opened else { return Ok(Streamed::Cancelled) };
    let mut events = match opened {
        Ok(events) => events,
        Err(error) => return Ok(Streamed::Failed(error)),
    };
    failpoint::effect(Point::ModelAnswers).await;
    let mut reply = StepReply {
        parts: Vec::new(),
        calls: Vec::new(),
        provider_state: Vec::new(),
        usage: <_>::default(),
        finish_reason: None,
    };
    let mut cancelled = pin!(driver.cancel.cancelled());
    loop {
        let event = tokio::select! {
            event = events.next() => event.map(|event| event.map(without_nul)),
            () = &mut cancelled => return Ok(Streamed::Cancelled),
        };
        match event {
            Some(Ok(event @ (ModelEvent::Text(_) | ModelEvent::Reasoning(_)))) => {
                channel.append(step.message, &event);
                failpoint::effect(Point::ModelText).await;
            }
            Some(Ok(ModelEvent::CallStarted { name, .. })) => {
                // Its arguments take a moment to be written; the tool is made ready meanwhile.
                if let Some((tool, version)) = agent.tool_named(&name) {
                    driver.engine.inner.executor.expect(tool, &version);
                }
            }
            Some(Ok(ModelEvent::Named(_) | ModelEvent::CallDelta { .. })) => {}
            Some(Ok(ModelEvent::CallCompleted { call, .. })) => reply.calls.push(call),
            // State is often signed: what would have to be changed to be stored is left out, as with secrets.
            Some(Ok(ModelEvent::State(state))) if nul::is_in(&state.item) => {}
            Some(Ok(ModelEvent::State(state))) => reply.provider_state.push(state),
            Some(Ok(ModelEvent::Usage(usage))) => beside.usage = usage,
            Some(Ok(ModelEvent::Notice { code, message })) => beside.notices.push((code, message)),
            // It says itself that it failed: what came is no answer.
            Some(Ok(ModelEvent::Finished { reason: Some(FinishReason::Error) })) => {
                return Ok(Streamed::Failed(ModelError::Stream {
                    provider: "the model".into(),
                    message: "it ended the answer with an error and did not say which".into(),
                    retryable: true,
                }));
            }
            Some(Ok(ModelEvent::Finished { reason })) => {
                (reply.usage, reply.finish_reason) = (beside.usage, reason);
                reply.parts = told_apart(channel.parts(step.message));
                reply.calls = with_own_ids(reply.calls);
                reply.parts.extend(reply.calls.iter().map(|call| Part::ToolCall {
                    tool_call_id: call.id.clone(),
                    tool_name: call.name.clone(),
                    arguments: call.arguments.clone(),
                }));
                return Ok(Streamed::Reply(reply));
            }
            Some(Err(error)) => return Ok(Streamed::Failed(error)),
            // An adapter ends with `Finished` or an error; anything else is a cut stream, never an answer.
            None => return Ok(Streamed::Failed(ModelError::Truncated { provider: "the model".into() })),
        }
    }
}

/// The parts of a whole answer, with thoughts as thoughts that only their end tells from text.
fn told_apart(parts: Vec<Part>) -> Vec<Part> {
    let [Part::Text { text }] = parts.as_slice() else { return parts };
    let Some((thoughts, answer)) = wire::closed_alone(text) else { return parts };
    let (text, reasoning) = (answer.to_owned(), thoughts.to_owned());
    let parts = [Part::Reasoning { text: reasoning }, Part::Text { text }];
    parts.into_iter().filter(|part| text_bytes(std::slice::from_ref(part)) > 0).collect()
}

/// What a model said, as it can be stored, before anybody sees it.
fn without_nul(event: ModelEvent) -> ModelEvent {
    let text = |whole: String| nul::Stored::stored(whole);
    match event {
        ModelEvent::Text(whole) => ModelEvent::Text(text(whole)),
        ModelEvent::Reasoning(whole) => ModelEvent::Reasoning(text(whole)),
        ModelEvent::CallCompleted { index, call } => {
            let provider_state = call.provider_state.filter(|state| !nul::is_in(state));
            let arguments = nul::json(call.arguments);
            let call = ToolCall { id: text(call.id), name: text(call.name), arguments, provider_state };
            ModelEvent::CallCompleted { index, call }
        }
        other @ (ModelEvent::Named(_)
        | ModelEvent::CallStarted { .. }
        | ModelEvent::CallDelta { .. }
        | ModelEvent::State(_)
        | ModelEvent::Usage(_)
        | ModelEvent::Notice { .. }
        | ModelEvent::Finished { .. }) => other,
    }
}

/// The end of a run whose budget is used up: calls that a model makes in spite of that are not even recorded.
fn closing(mut reply: StepReply) -> StepReply {
    reply.calls.clear();
    reply.parts.retain(|part| !matches!(part, Part::ToolCall { .. }));
    reply
}

/// Ids of calls are unique in a step, whatever a provider sends: results are paired by them.
fn with_own_ids(mut calls: Vec<ToolCall>) -> Vec<ToolCall> {
    let mut seen = HashSet::new();
    for call in &mut calls {
        if call.id.is_empty() || !seen.insert(call.id.clone()) {
            call.id = format!("call_{}", uuid::Uuid::new_v4().simple());
            seen.insert(call.id.clone());
        }
    }
    calls
}

async fn record(
    driver: &mut Driver<'_>,
    agent: &Agent,
    step: &StepStart,
    mut reply: StepReply,
    told: bool,
) -> Result<(Step, Answered)> {
    let (engine, run) = (driver.engine, driver.lease.run);
    reply.usage = engine.inner.models.priced(&driver.model, reply.usage);
    driver.usage += reply.usage;
    driver.finish_reason = reply.finish_reason;
    let proposals = call_lookup::proposals(engine, driver.viewer, agent.written(&reply.calls), &agent.sources()).await;
    let calls = agent.tool_calls() + u32::try_from(reply.calls.len()).unwrap_or(u32::MAX);
    let redactor = engine.inner.store.redactor(driver.lease.conversation).await?;
    let answer = Clean::by(redactor, (reply.clone(), proposals)).await;
    let mut log = driver.log().await?;
    let tool_runs = log.finish_step(run, step, answer, (driver.usage, calls)).await?;
    if let Some((code, message)) = shortfall(&reply).filter(|_| !told) {
        log.event(Some(run), Event::Notice { code: code.into(), message }).await?;
    }
    Ok((recorded(reply, tool_runs), Answered { log, message: Some(step.message) }))
}

/// What a model said, written and not committed: its run may end with it, in the same transaction.
pub(super) struct Answered {
    pub log: LogTx,
    /// It streams until it is stored.
    message: Option<MessageId>,
}

impl Answered {
    /// What was said is stored already.
    pub fn before(log: LogTx) -> Self {
        Self { log, message: None }
    }

    pub async fn commit(self, engine: &Engine) -> Result<()> {
        let channel = engine.inner.hub.channel(self.log.conversation());
        let committed = self.log.commit().await?;
        if let Some(message) = self.message {
            channel.forget_message(message);
        }
        engine.committed(committed);
        Ok(())
    }

    /// The same where the run writes again at once: both come to the disk, and are told, together.
    pub async fn commit_ahead(self, engine: &Engine) -> Result<Option<Committed>> {
        let channel = engine.inner.hub.channel(self.log.conversation());
        let committed = self.log.commit_ahead().await?;
        if let Some(message) = self.message {
            channel.forget_message(message);
        }
        Ok(engine.ahead(committed))
    }
}

/// What people are told of an answer that is not all that was asked for.
fn shortfall(reply: &StepReply) -> Option<(&'static str, String)> {
    let reason = reply.finish_reason?;
    let words = reason.shortfall()?;
    let most = budget::MODEL_TEXT.most;
    Some(match reason {
        FinishReason::Length if text_bytes(&reply.parts) < most / 2 => {
            ("ANSWER_CUT", "the answer was cut at the model's own limit of length".to_owned())
        }
        FinishReason::Length => ("ANSWER_CUT", format!("the answer was cut: at most {most} bytes of one are taken")),
        FinishReason::ContentFilter => ("CONTENT_FILTER", format!("{words}; rephrase the message")),
        FinishReason::Refusal => ("REFUSAL", format!("{words}; rephrase the message, or choose another model")),
        FinishReason::Error | FinishReason::Stop | FinishReason::ToolCalls | FinishReason::Other => {
            ("ANSWER_CUT", words.to_owned())
        }
    })
}

/// A cancelled answer keeps the text that was shown, and what it took.
async fn keep_partial(driver: &mut Driver<'_>, agent: &Agent, step: &StepStart, usage: Usage) -> Result<()> {
    let parts = driver.engine.inner.hub.channel(driver.lease.conversation).parts(step.message);
    if parts.is_empty() {
        if usage.taken().is_none() {
            return Ok(());
        }
        let mut log = driver.log().await?;
        let used = driver.engine.inner.models.priced(&driver.model, usage);
        driver.count(&mut log, used).await?;
        driver.engine.committed(log.commit().await?);
        return Ok(());
    }
    let reply = StepReply { parts, calls: Vec::new(), provider_state: Vec::new(), usage, finish_reason: None };
    let (_, answered) = record(driver, agent, step, reply, false).await?;
    answered.commit(driver.engine).await
}

fn is_empty(reply: &StepReply) -> bool {
    reply.calls.is_empty()
        && reply.parts.iter().all(|part| match part {
            Part::Text { text } => text.trim().is_empty(),
            _ => true,
        })
}

fn empty_answer(reply: &StepReply) -> RunError {
    let (code, error) = match reply.finish_reason {
        Some(FinishReason::ContentFilter) => {
            ("CONTENT_FILTER", "the provider's content filter withheld the answer; rephrase the message")
        }
        Some(FinishReason::Refusal) => {
            ("REFUSAL", "the model declined to answer; rephrase the message, or choose another model")
        }
        Some(FinishReason::Length) => {
            ("ANSWER_CUT", "the model used up its limit of length before it said anything; choose another model")
        }
        _ => ("EMPTY_ANSWER", "the model gave an empty answer twice; send the message again or choose another model"),
    };
    RunError { code: code.into(), error: error.into(), retryable: code == "EMPTY_ANSWER" }
}

/// The end of a run that used up its budget, and has nothing to say.
fn spent() -> RunError {
    let error = format!(
        "{BUDGET_NOTICE} There is no answer: the model only asked for more calls. Send a smaller task, or go on from here"
    );
    RunError { code: "BUDGET_EXCEEDED".into(), error, retryable: false }
}

fn text_bytes(parts: &[Part]) -> usize {
    let bytes = |part: &Part| match part {
        Part::Text { text } | Part::Reasoning { text } => text.len(),
        Part::ToolCall { .. } => 0,
    };
    parts.iter().map(bytes).sum()
}

/// A number in 0..1 that spreads retries.
pub(super) fn jitter() -> f64 {
    getrandom::u32().map_or(0.5, |random| f64::from(random) / f64::from(u32::MAX))
}
