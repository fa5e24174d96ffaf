//! Which plan a run follows (PRD flow C): decided before its first step, from what is recorded, so that a run that goes on
//! after days or a crash follows the same one.
//!
//! The message's own wish comes first (`planId`, then `plan`), and then the sender's setting. In mode `auto` the rule on the
//! message and the planner both have to find that a plan is worth a question; where the planner fails, the run goes ahead
//! without one. Once a plan is selected, everything that its tools lack is asked for at once; whoever declines is asked
//! again when a step needs it.

use super::{call_policy, drive::Driver, plan::Task};
use crate::store::{Planned, Result, RunHistory};
use omega_core::{
    agent::complexity::Complexity,
    api::{Plan, PlanAnswer, PlanMode, RequiredAction, Usage},
    event::Event,
    model::Model,
};
use std::sync::Arc;

pub(super) enum Decided {
    /// The run goes on, with a plan or without.
    Follow(Option<Box<Plan>>),
    /// It is paused with a question, or has ended.
    Waits,
}

impl Driver<'_> {
    /// Decides which plan the run follows, and asks where a person has to.
    pub(super) async fn planned(&mut self, history: &RunHistory, model: &Arc<dyn Model>) -> Result<Decided> {
        let (store, config) = (&self.engine.inner.store, &history.config);
        if let Some(plan) = config.plan_id {
            let stored = store.stored_plan(self.lease.conversation, plan).await?;
            return self.follow(history, Box::new(stored.plan)).await;
        }
        if config.plan == PlanMode::Never {
            return Ok(Decided::Follow(None));
        }
        match store.planned(self.lease.run).await? {
            Planned::Selected(plan) => self.follow(history, plan).await,
            // Nothing is planned behind what is done.
            _ if !history.now.steps.is_empty() => Ok(Decided::Follow(None)),
            Planned::NotYet => self.propose(history, model, None).await,
            Planned::Another(note) => self.propose(history, model, Some(note.unwrap_or_default())).await,
        }
    }

    /// Follows a plan; before its first step everything that it lacks is asked for, once.
    async fn follow(&mut self, history: &RunHistory, plan: Box<Plan>) -> Result<Decided> {
        let store = &self.engine.inner.store;
        if !history.now.steps.is_empty() || store.asked_for_plan(self.lease.run).await? {
            return Ok(Decided::Follow(Some(plan)));
        }
        let (conversation, run) = (self.lease.conversation, Some(self.lease.run));
        let holdings = self.engine.holdings_of(conversation, history.actor, run).await?;
        let requests = self.engine.plan_lacks(&plan, &holdings).await?;
        if requests.is_empty() {
            return Ok(Decided::Follow(Some(plan)));
        }
        self.pause(|expires_at| call_policy::credentials(requests, Vec::new(), expires_at)).await?;
        Ok(Decided::Waits)
    }

    /// Makes plans for the message, and waits for the choice. `another` is what a person said about earlier ones.
    async fn propose(
        &mut self,
        history: &RunHistory,
        model: &Arc<dyn Model>,
        another: Option<String>,
    ) -> Result<Decided> {
        let (message, config) = (&history.now.user, &history.config);
        let complexity = Complexity::of(message);
        let by_itself = config.plan == PlanMode::Auto && another.is_none() && !complexity.asks;
        if by_itself && !complexity.is_complex() {
            return Ok(Decided::Follow(None));
        }
        self.say_planning().await?;
        let (owner, _) = self.engine.inner.store.owner_and_model(self.lease.conversation).await?;
        let redactor = self.engine.redactor(owner, Some(self.lease.run)).await?;
        let mut usage = Usage::default();
        let task = Task {
            model: (&config.model, Arc::clone(model)),
            message,
            count: complexity.plans(),
            may_refuse: by_itself,
            note: another.as_deref(),
            pins: &config.pins,
            conversation: self.lease.conversation,
            actor: history.actor,
            run: Some(self.lease.run),
            redactor,
        };
        let planned = tokio::select! {
            planned = self.engine.plan(task, &mut usage) => Some(planned),
            () = self.cancel.cancelled() => None,
        };
        let mut log = self.log().await?;
        self.count(&mut log, usage).await?;
        self.engine.committed(log.commit().await?);
        match planned {
            Some(Ok(Some(answer))) => self.ask_which(message, answer).await,
            Some(Ok(None)) => Ok(Decided::Follow(None)),
            // Nobody asked for a plan: that none could be made is no reason to fail.
            Some(Err(error)) if by_itself => {
                tracing::warn!(event = "run.not_planned", run_id = %self.lease.run, %error);
                Ok(Decided::Follow(None))
            }
            Some(Err(error)) => {
                self.failed(&error).await?;
                Ok(Decided::Waits)
            }
            None => {
                self.cancelled().await?;
                Ok(Decided::Waits)
            }
        }
    }

    async fn say_planning(&mut self) -> Result<()> {
        let mut log = self.log().await?;
        let event = Event::Status { phase: "planning".into(), message: "making plans".into(), again_at: None };
        log.event(Some(self.lease.run), event).await?;
        self.engine.committed(log.commit().await?);
        Ok(())
    }

    async fn ask_which(&mut self, message: &str, answer: PlanAnswer) -> Result<Decided> {
        let (lease, plans) = (self.lease, answer.plans);
        let mut log = self.log().await?;
        let plan_set_id = log.propose_plans(Some(lease.run), message, &plans).await?;
        let action = RequiredAction::Plan { plan_set_id, plans, expires_at: log.patience() };
        tracing::info!(event = "run.paused", run_id = %lease.run, kind = action.kind());
        if log.pause(lease.run, action).await? {
            self.engine.committed(log.commit().await?);
        } else {
            drop(log);
            self.cancelled().await?;
        }
        Ok(Decided::Waits)
    }
}
