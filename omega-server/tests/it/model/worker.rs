//! A worker on the store: what `engine::drive`, `call`, `tools` and `gate` write, one transaction at a time.

use super::{
    reference::{ASKED, Model, Next, Run},
    system::{Result, System, TOOL},
    transition::{Handing, Outcome, Transition},
};
use crate::store::clean;
use omega_core::{
    agent::{self, Agent, Proposal, digest},
    api::{
        Approval, ApprovalReason, CredentialRequest, Decision, FinishReason, MissingVar, Part, Plan, PlanStep,
        RequiredAction, RunError, RunStatus, ToolRun, ToolRunStatus, Usage,
    },
    edition::Edition,
    event::Event,
    executor::{ToolError, ToolErrorCode},
    id::{ApprovalId, CredentialRequestId, PlanId},
    model::ToolCall,
    registry::meta,
};
use omega_engine::store::{Lease, LogTx, Planned, Release, RunHistory, Settled, StepReply, StoreError};
use serde_json::json;
use std::time::Duration;

const VERSION: &str = "1.2.3";

/// What an approval is bound to.
fn digest_of(tool_run: &ToolRun) -> String {
    digest::of_call(&format!("{TOOL}@{VERSION}"), &tool_run.input)
}

fn edition() -> Edition {
    Edition { version: VERSION.into(), ..Edition::default() }
}

/// What the engine would do next with what is recorded.
fn next_of(history: &RunHistory) -> agent::Next {
    let RunHistory { config, before, now, .. } = history.clone();
    Agent::restore(config, before, now, "", &[]).next()
}

impl System {
    pub async fn work(&mut self, before: &Model, after: &Model, transition: &Transition) -> Result<()> {
        let talk = transition.talk().unwrap();
        let at = before.talks[talk].active().unwrap();
        let (known, then) = (&before.talks[talk].runs[at], &after.talks[talk].runs[at]);
        let lease = self.talks[talk].lease.unwrap();
        let run = lease.run;
        if let Transition::Crash { how, .. } = transition {
            return self.crash(talk, &lease, *how).await;
        }
        if let Transition::Begin { .. } = transition {
            return self.begin(talk, at, known).await;
        }
        let mut log = self.store.run_log(&lease).await?;
        assert_eq!(log.cancel_requested(), known.cancel);
        match transition {
            Transition::Ask { .. } => {
                drop(log);
                let history = self.store.history(run).await?;
                assert!(matches!(next_of(&history), agent::Next::Ask(_)), "I2: every call has its result");
                log = self.store.run_log(&lease).await?;
                self.talks[talk].step = Some(log.start_step(run, known.steps + 1).await?);
            }
            Transition::Reset { .. } => {
                let step = self.talks[talk].step.take().unwrap();
                log.fail_step(run, &step, "cut").await?;
                log.event(Some(run), Event::MessageReset { message_id: step.message, step: step.number }).await?;
            }
            Transition::Reply { text, calls, .. } => self.reply(talk, known, &mut log, *text, calls).await?,
            Transition::Start { call, .. } => {
                let tool_run = self.call(talk, at, *call);
                let stopped = then.calls[*call].status == ToolRunStatus::Cancelled;
                assert_eq!(log.is_cancelled(tool_run.id).await?, stopped);
                if stopped {
                    let error = ToolError::new(ToolErrorCode::Cancelled, "not run");
                    log.finish_tool(&tool_run, &clean(Settled::failed(error, VERSION, 0)).await).await?;
                } else {
                    log.start_tool(&tool_run, &edition(), &[]).await?;
                }
            }
            Transition::Settle { call, outcome, .. } => {
                log.finish_tool(&self.call(talk, at, *call), &clean(settled(*outcome)).await).await?;
            }
            Transition::SettleAgain { call, .. } => {
                let tool_run = self.call(talk, at, *call);
                if log.start_tool(&tool_run, &edition(), &[]).await.is_err() {
                    drop(log);
                    log = self.store.run_log(&lease).await?;
                    log.finish_tool(&tool_run, &clean(settled(Outcome::Succeeded)).await).await?;
                }
            }
            Transition::Lacks { .. } | Transition::AskYes { .. } | Transition::Plans { .. } => {
                let asked = self.ask_person(talk, at, &mut log, transition).await?;
                assert_eq!(asked, !known.cancel);
                if !asked {
                    drop(log);
                    log = self.store.run_log(&lease).await?;
                    self.end(talk, known, &mut log, RunStatus::Cancelled).await?;
                }
                self.talks[talk].lose();
            }
            Transition::End { status, .. } => {
                self.end(talk, known, &mut log, *status).await?;
                self.talks[talk].lose();
            }
            other => panic!("not a worker's: {other:?}"),
        }
        let step = self.talks[talk].step;
        if let (Transition::Reply { .. }, Some(step)) = (transition, step) {
            log.commit().await?;
            log = self.store.run_log(&lease).await?;
            let again = log
                .finish_step(run, &step, clean((answer(Vec::new(), Vec::new()), Vec::new())).await, <_>::default())
                .await;
            assert!(matches!(again, Err(StoreError::LeaseLost)), "a step has one answer");
            self.talks[talk].step = None;
            return Ok(());
        }
        log.commit().await?;
        let settles = matches!(transition, Transition::Start { .. } | Transition::Settle { .. });
        if settles && !matches!(then.next(), Next::Call(_)) {
            let mut log = self.store.run_log(&lease).await?;
            log.close_steps(run).await?;
            log.commit().await?;
        }
        Ok(())
    }

    async fn crash(&mut self, talk: usize, lease: &Lease, how: Handing) -> Result<()> {
        self.talks[talk].lose();
        let why = match how {
            Handing::Expired => {
                // A last heartbeat, for no time at all.
                self.store.clone().with_lease(Duration::ZERO).run_log(lease).await?.commit().await?;
                // It has run out once the database's clock has gone on.
                let taken_back = loop {
                    let taken_back = self.store.recover(false).await?;
                    if !taken_back.is_empty() {
                        break taken_back;
                    }
                };
                assert_eq!(taken_back.len(), 1, "the lease that ran out, and no other");
                return Ok(());
            }
            Handing::Crashed => Release::Crashed,
            Handing::Interrupted => Release::Interrupted,
            Handing::Drained => Release::Drained,
        };
        assert!(self.store.release(lease, why).await?.is_some());
        Ok(())
    }

    /// Takes a run up from what is recorded, and looks whether that is what must be recorded.
    async fn begin(&mut self, talk: usize, at: usize, known: &Run) -> Result<()> {
        let lease = self.talks[talk].lease.unwrap();
        let history = self.store.history(lease.run).await?;
        assert_eq!(history.cancel_requested, known.cancel);
        assert_eq!((history.before.len(), history.now.user.as_str()), (at, &*format!("message {at}")));
        self.talks[talk].usage = history.run.usage;
        let mut log = self.store.run_log(&lease).await?;
        if known.cancel {
            self.end(talk, known, &mut log, RunStatus::Cancelled).await?;
            self.talks[talk].lose();
            return log.commit().await.map(drop);
        }
        let event = if known.was_begun {
            Event::RunResumed { attempt: known.attempt }
        } else {
            Event::RunStarted { attempt: known.attempt, model: "m/m".into(), prompt_version: "1".into() }
        };
        log.begin(lease.run, event).await?;
        log.commit().await?;

        let next = match next_of(&history) {
            agent::Next::Ask(_) => Next::Ask,
            agent::Next::Complete { .. } => Next::Complete,
            agent::Next::Stop(error) => panic!("no call is made twice: {error:?}"),
            agent::Next::Call(open) => {
                let place = |id| (0..known.calls.len()).find(|call| self.call(talk, at, *call).id == id).unwrap();
                Next::Call(open.into_iter().map(|(id, _)| place(id)).collect())
            }
        };
        assert_eq!(next, known.next());
        let answers = self.store.answers(lease.run, lease.conversation, self.people[0].user_id).await?;
        for (call, expected) in known.calls.iter().enumerate() {
            let tool_run = self.call(talk, at, call);
            let given = answers.approvals.get(&tool_run.id).map(Vec::as_slice).unwrap_or_default();
            let said: Vec<bool> = given.iter().map(|answer| answer.decision == Decision::Approve).collect();
            assert_eq!(said, expected.answers.iter().map(|(_, yes)| *yes).collect::<Vec<_>>());
            if let Some(last) = given.last() {
                assert_eq!(
                    last.args_digest,
                    digest_of(&tool_run),
                    "an answer holds for the input that it was given to"
                );
            }
            assert_eq!(tool_run.input == json!({ "n": "another" }), expected.other_input);
            assert_eq!(answers.declined.contains(&tool_run.id), expected.declined);
        }
        let selected = matches!(self.store.planned(lease.run).await?, Planned::Selected(_));
        assert_eq!(selected, known.selected);
        Ok(())
    }

    async fn reply(&mut self, talk: usize, known: &Run, log: &mut LogTx, text: bool, calls: &[bool]) -> Result<()> {
        let run = self.talks[talk].lease.unwrap().run;
        let step = self.talks[talk].step.unwrap();
        let calls = calls.iter().zip(1..).map(|(search, n)| {
            let id = format!("call {} {n}", step.number);
            let name = if *search { meta::SEARCH } else { "tool" };
            let input = json!({ "query": "q", "n": 100 * step.number + n });
            let call = ToolCall { id, name: name.into(), arguments: input.to_string(), provider_state: None };
            Proposal {
                call,
                tool_id: if *search { meta::SEARCH } else { TOOL }.into(),
                tool_name: name.into(),
                version: if *search { "" } else { VERSION }.into(),
                input,
            }
        });
        let proposals: Vec<Proposal> = calls.collect();
        let parts = text.then(|| Part::Text { text: format!("Step {}.", step.number) }).into_iter().collect();
        let reply = answer(parts, proposals.iter().map(|proposal| proposal.call.clone()).collect());
        self.talks[talk].usage += usage();
        let total = (self.talks[talk].usage, u32::try_from(known.calls.len() + proposals.len()).unwrap());
        log.finish_step(run, &step, clean((reply, proposals)).await, total).await.map(drop)
    }

    /// Pauses a run with a question; `false` when somebody wants its end.
    async fn ask_person(&self, talk: usize, at: usize, log: &mut LogTx, transition: &Transition) -> Result<bool> {
        let run = self.talks[talk].lease.unwrap().run;
        let expires_at = log.patience();
        let action = match transition {
            Transition::Lacks { calls, .. } => {
                let var = |name: &str| MissingVar { name: name.into(), description: String::new(), rejected: false };
                let request = |call: &usize| CredentialRequest {
                    id: CredentialRequestId::new(),
                    tool_run_id: Some(self.call(talk, at, *call).id),
                    tool_id: TOOL.parse().unwrap(),
                    required_keys: ASKED.map(var).to_vec(),
                    missing_keys: ASKED.map(var).to_vec(),
                    edition: edition(),
                };
                RequiredAction::Credentials {
                    missing_vars: ASKED.map(var).to_vec(),
                    requests: calls.iter().map(request).collect(),
                    hint: String::new(),
                    alternatives: Vec::new(),
                    expires_at,
                }
            }
            Transition::AskYes { calls, owners, .. } => {
                let approval = |call: &usize| {
                    let tool_run = self.call(talk, at, *call);
                    Approval {
                        id: ApprovalId::new(),
                        tool_run_id: tool_run.id,
                        tool_id: TOOL.parse().unwrap(),
                        tool_name: "tool".into(),
                        version: VERSION.into(),
                        reason: if *owners { ApprovalReason::FirstUse } else { ApprovalReason::SafeMode },
                        because: None,
                        owner_only: *owners,
                        integrity: None,
                        own: false,
                        package: None,
                        args_digest: digest_of(&tool_run),
                        input: tool_run.input,
                        credentials: if *owners { vec![ASKED[0].into()] } else { Vec::new() },
                    }
                };
                RequiredAction::Approval { approvals: calls.iter().map(approval).collect(), expires_at }
            }
            _ => {
                let steps = vec![PlanStep {
                    step_number: 1,
                    tool_name: TOOL.into(),
                    purpose: "p".into(),
                    ..PlanStep::default()
                }];
                let plans = vec![Plan {
                    id: PlanId::new(),
                    steps,
                    confidence: 0.5,
                    reasoning: "r".into(),
                    missing_vars: Vec::new(),
                    pins: Vec::new(),
                }];
                let plan_set_id = log.propose_plans(Some(run), "m", &plans).await?;
                RequiredAction::Plan { plan_set_id, plans, expires_at }
            }
        };
        log.pause(run, action).await
    }

    async fn end(&self, talk: usize, known: &Run, log: &mut LogTx, status: RunStatus) -> Result<()> {
        let error = RunError { code: "X".into(), error: "no".into(), retryable: false };
        let (event, error) = match status {
            RunStatus::Completed => {
                let tool_calls = u32::try_from(known.calls.len()).unwrap();
                let usage = self.talks[talk].usage;
                (
                    Event::RunCompleted {
                        answer: String::new(),
                        usage,
                        tool_calls,
                        steps: known.steps,
                        finish_reason: None,
                    },
                    None,
                )
            }
            RunStatus::Failed => (Event::RunFailed { error: error.clone() }, Some(&error)),
            _ => (Event::RunCancelled { reason: "enough".into() }, None),
        };
        log.end(self.talks[talk].lease.unwrap().run, status, error, event).await
    }
}

fn answer(parts: Vec<Part>, calls: Vec<ToolCall>) -> StepReply {
    StepReply { parts, calls, provider_state: Vec::new(), usage: usage(), finish_reason: Some(FinishReason::Length) }
}

fn usage() -> Usage {
    Usage { input_tokens: 3, output_tokens: 2, ..Usage::default() }
}

fn settled(outcome: Outcome) -> Settled {
    let failed = |code| Settled::failed(ToolError::new(code, "it failed"), VERSION, 7);
    match outcome {
        Outcome::Succeeded => Settled {
            status: ToolRunStatus::Succeeded,
            version: VERSION.into(),
            output: Some(json!({ "ok": true })),
            summary: "fine".into(),
            truncated: false,
            error: None,
            duration_ms: 7,
            executor: None,
            notice: None,
        },
        Outcome::Failed => failed(ToolErrorCode::ToolError),
        Outcome::TimedOut => failed(ToolErrorCode::Timeout),
        Outcome::Denied => failed(ToolErrorCode::Denied),
    }
}
