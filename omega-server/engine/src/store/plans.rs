//! Plans: proposed together as a set, and one of them selected.

use super::{
    Committed, LogTx, Result, Store, StoreError, Tx,
    access::Access,
    answers::answers_to,
    exec, read_all, read_opt,
    rows::{RunRow, id, json, word},
    sql, tx_all, tx_opt,
};
use crate::{
    domain::{boxed, row::row},
    process::failpoint::Transaction,
};
use omega_core::{
    api::{Plan, PlanAnswer, RequiredAction, Run, RunPlan, RunStatus, ToolRun, Usage},
    event::Event,
    id::{ConversationId, PlanId, PlanSetId, RunId},
    progress::PlanCall,
};
use serde_json::{Value, json as value};
use std::collections::HashMap;

#[derive(Debug, Clone)]
pub struct StoredPlan {
    pub plan: Plan,
    pub set: PlanSetId,
    /// The conversation that it was made for.
    pub conversation: ConversationId,
    /// The run that waits for the choice; none for plans that were made without executing.
    pub run: Option<RunId>,
}

/// Where a run stands with its plan.
#[derive(Debug, Clone)]
pub enum Planned {
    /// None was proposed.
    NotYet,
    /// Other ones are wanted than those that were proposed; with the person's words about it.
    Another(Option<String>),
    Selected(Box<Plan>),
}

row! {
    struct CallRow {
        id: String,
        message_id: String,
        tool_id: String,
        status: String,
    }
}

impl CallRow {
    fn read(self) -> Result<PlanCall> {
        let (id, message_id) = (id(&self.id)?, id(&self.message_id)?);
        Ok(PlanCall { id, message_id, tool_id: self.tool_id, status: word(&self.status)? })
    }
}

row! {
    struct ChosenRow {
        tool_run_id: String,
        chosen: String,
    }
}

row! {
    #[derive(Clone)]
    struct PlanRow {
        id: String,
        plan_set_id: String,
        steps: String,
        confidence: f64,
        reasoning: String,
        missing_vars: String,
        pins: String,
        conversation_id: String,
        run_id: Option<String>,
        status: String,
    }
}

impl PlanRow {
    fn into_stored(self) -> Result<StoredPlan> {
        Ok(StoredPlan {
            set: id(&self.plan_set_id)?,
            conversation: id(&self.conversation_id)?,
            run: self.run_id.as_deref().map(id).transpose()?,
            plan: Plan {
                id: id(&self.id)?,
                steps: serde_json::from_str(&self.steps)?,
                confidence: self.confidence,
                reasoning: self.reasoning,
                missing_vars: serde_json::from_str(&self.missing_vars)?,
                pins: serde_json::from_str(&self.pins)?,
            },
        })
    }
}

impl Store {
    async fn plan_row(&self, plan: PlanId) -> Result<PlanRow> {
        let row: Option<PlanRow> = read_opt!(&self.db, PlanRow, GET_PLAN, plan.to_string())?;
        row.ok_or(StoreError::NotFound)
    }

    /// A plan of a conversation.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also for a plan of another conversation.
    pub async fn stored_plan(&self, conversation: ConversationId, plan: PlanId) -> Result<StoredPlan> {
        let stored = self.plan_row(plan).await?.into_stored()?;
        if stored.conversation == conversation { Ok(stored) } else { Err(StoreError::NotFound) }
    }

    /// Where a run stands that is to propose plans first.
    pub async fn planned(&self, run: RunId) -> Result<Planned> {
        type Row = (Option<String>, Option<String>);
        let row: Option<Row> = read_opt!(&self.db, Row, LAST_PLAN_SET, run.to_string())?;
        Ok(match row {
            Some((Some(selected), _)) => {
                Planned::Selected(Box::new(self.plan_row(id(&selected)?).await?.into_stored()?.plan))
            }
            Some((None, note)) => Planned::Another(note),
            None => Planned::NotYet,
        })
    }

    /// The plans that runs of a conversation follow, or followed, by the ids of the runs: those that were selected, and those
    /// that came with the message.
    pub(super) async fn plans_followed(
        &self,
        conversation: ConversationId,
        given: impl Iterator<Item = (String, PlanId)>,
    ) -> Result<HashMap<String, Plan>> {
        let selected: Vec<PlanRow> = read_all!(&self.db, PlanRow, SELECTED_PLANS, conversation.to_string(), 0_i64)?;
        let mut plans = HashMap::new();
        for row in selected {
            if let Some(run) = row.run_id.clone() {
                plans.insert(run, row.into_stored()?.plan);
            }
        }
        for (run, plan) in given {
            plans.insert(run, self.stored_plan(conversation, plan).await?.plan);
        }
        Ok(plans)
    }

    /// Whether a run has asked for all the variables that its plan lacks, whatever the answer was.
    pub async fn asked_for_plan(&self, run: RunId) -> Result<bool> {
        let row: Option<(String,)> = read_opt!(&self.db, (String,), PLAN_CREDENTIALS, run.to_string())?;
        Ok(row.is_some())
    }

    /// The plan that a run follows, and how far it is.
    pub(super) async fn plan_followed(&self, run: RunId) -> Result<Option<RunPlan>> {
        let mut tx = self.begin_read().await?;
        let row: Option<RunRow> = tx_opt!(&mut tx, RunRow, sql::GET_RUN, run.to_string())?;
        let plan = followed(&mut tx, &row.ok_or(StoreError::NotFound)?).await?;
        tx.commit().await?;
        Ok(plan)
    }

    /// A run with its plan, how far it is with it, and what people answered.
    #[boxed]
    pub async fn with_plan(&self, run: Run) -> Result<Run> {
        let mut tx = self.begin_read().await?;
        let row: Option<RunRow> = tx_opt!(&mut tx, RunRow, sql::GET_RUN, run.id.to_string())?;
        let row = row.ok_or(StoreError::NotFound)?;
        let plan = followed(&mut tx, &row).await?;
        let answers = answers_to(&mut tx, &row.id).await?;
        tx.commit().await?;
        Ok(Run { plan, answers, ..run })
    }

    /// Keeps plans that were made without executing, and counts what they took; a later message may follow one of them.
    pub async fn keep_plans(
        &self,
        access: &Access,
        message: &str,
        answer: &PlanAnswer,
        usage: Usage,
    ) -> Result<(PlanSetId, Committed)> {
        let mut log = self.log(access.conversation()).await?;
        let set = log.propose_plans(None, message, &answer.plans).await?;
        log.count_usage(None, None, usage).await?;
        Ok((set, log.commit().await?))
    }

    /// Selects a plan, or (`plan_id` none) asks for other ones; the run that waits for the choice is queued.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::AlreadyDecided`], [`StoreError::NotYours`] for a guest, when the run that
    /// waits for it is somebody else's.
    pub async fn select_plan(
        &self,
        access: &Access,
        plan: PlanId,
        another: Option<&str>,
    ) -> Result<(StoredPlan, Committed)> {
        let (conversation, by) = (access.conversation(), access.caller().user);
        let mut log = self.log(conversation).await?;
        log.named(Transaction::Answer).await?;
        let row: Option<PlanRow> = tx_opt!(&mut log.tx, PlanRow, GET_PLAN, plan.to_string())?;
        let row = row.ok_or(StoreError::NotFound)?;
        let open = row.status == "proposed";
        let stored = row.into_stored()?;
        if stored.conversation != conversation {
            return Err(StoreError::NotFound);
        }
        if let Some(run) = stored.run {
            let row: Option<RunRow> = tx_opt!(&mut log.tx, RunRow, sql::GET_RUN, run.to_string())?;
            if !access.may_steer(id(&row.ok_or(StoreError::NotFound)?.actor_user_id)?) {
                return Err(StoreError::NotYours);
            }
        }
        let selected = another.is_none().then_some(plan);
        let note = another.filter(|note| !note.is_empty()).map(|note| log.clean_words(note));
        let now = log.now().0;
        let decided = exec!(
            &mut log.tx,
            sql::DECIDE_PLAN_SET,
            stored.set.to_string(),
            if selected.is_some() { "selected" } else { "rejected" },
            selected.map(|plan| plan.to_string()),
            note,
            now,
            by.to_string(),
        )?;
        if !open || decided != 1 {
            return Err(StoreError::AlreadyDecided);
        }
        let plan = selected.map(|_| stored.plan.clone());
        let event = Event::PlanSelected { plan_set_id: stored.set, plan_id: selected, plan, by };
        log.event(stored.run, event).await?;
        if let Some(run) = stored.run {
            let run = log.paused(run).await?;
            match &run.requires_action {
                Some(RequiredAction::Plan { plan_set_id, .. }) if *plan_set_id == stored.set => {}
                _ => return Err(StoreError::AlreadyDecided),
            }
            log.resume(run).await?;
        }
        Ok((stored, log.commit().await?))
    }
}

/// Which plan a run follows.
enum Follows {
    None,
    /// The one with this id.
    Named(String),
    /// The one that was selected of those that were proposed for it.
    Selected,
}

impl Follows {
    fn of(run: &RunRow) -> Result<Self> {
        let config: Value = serde_json::from_str(&run.config)?;
        Ok(match config["planId"].as_str() {
            // It is the run's from the event on that says so.
            Some(_) if run.started_at.is_none() => Self::None,
            Some(plan) => Self::Named(plan.to_owned()),
            None if config["plan"] == value!("never") => Self::None,
            None => Self::Selected,
        })
    }

    fn name(&self) -> Option<&str> {
        match self {
            Self::Named(plan) => Some(plan),
            Self::None | Self::Selected => None,
        }
    }
}

fn progress(plan: PlanRow, run: &RunRow, calls: &[PlanCall], chosen: &[ChosenRow]) -> Result<RunPlan> {
    let replaced =
        chosen.iter().map(|row| Ok((id(&row.tool_run_id)?, id(&row.chosen)?))).collect::<Result<Vec<_>>>()?;
    let ended = word::<RunStatus>(&run.status)?.is_terminal();
    Ok(RunPlan::after(&plan.into_stored()?.plan, calls, &replaced, ended))
}

/// The plan that a run follows, and how far it is.
#[boxed]
pub(super) async fn followed(tx: &mut Tx, run: &RunRow) -> Result<Option<RunPlan>> {
    let plan: Option<PlanRow> = match Follows::of(run)? {
        Follows::None => None,
        Follows::Named(plan) => tx_opt!(&mut *tx, PlanRow, GET_PLAN, plan)?,
        Follows::Selected => tx_opt!(&mut *tx, PlanRow, SELECTED_PLAN, &run.id)?,
    };
    let Some(plan) = plan else { return Ok(None) };
    let calls: Vec<CallRow> = tx_all!(&mut *tx, CallRow, CALLS_OF_RUN, &run.id)?;
    let calls = calls.into_iter().map(CallRow::read).collect::<Result<Vec<_>>>()?;
    let chosen: Vec<ChosenRow> = tx_all!(&mut *tx, ChosenRow, CHOSEN_IN_RUN, &run.id)?;
    progress(plan, run, &calls, &chosen).map(Some)
}

/// The plans that runs of a conversation follow, by run, and how far each is. `runs` are those that were queued from `oldest`
/// on, and `tool_runs` has all of their calls.
pub(super) async fn followed_by(
    tx: &mut Tx,
    conversation: &str,
    oldest: i64,
    runs: &[RunRow],
    tool_runs: &[ToolRun],
) -> Result<HashMap<String, RunPlan>> {
    let follows = runs.iter().map(Follows::of).collect::<Result<Vec<_>>>()?;
    let names: Vec<&str> = follows.iter().filter_map(Follows::name).collect();
    let mut named: Vec<PlanRow> = Vec::new();
    if !names.is_empty() {
        named = tx_all!(&mut *tx, PlanRow, sql::PLANS_NAMED, json(&names)?)?;
    }
    let mut selected: Vec<PlanRow> = tx_all!(&mut *tx, PlanRow, SELECTED_PLANS, conversation, oldest)?;
    let chosen: Vec<ChosenRow> = tx_all!(&mut *tx, ChosenRow, CHOSEN_IN_CONVERSATION, conversation)?;
    let mut plans = HashMap::new();
    for (run, follows) in runs.iter().zip(&follows) {
        let plan = match follows {
            Follows::None => None,
            Follows::Named(name) => named.iter().find(|plan| plan.id == *name).cloned(),
            Follows::Selected => selected.extract_if(.., |plan| plan.run_id.as_deref() == Some(&run.id)).next(),
        };
        let Some(plan) = plan else { continue };
        let run_id: RunId = id(&run.id)?;
        let calls: Vec<PlanCall> = tool_runs.iter().filter(|call| call.run_id == run_id).map(PlanCall::from).collect();
        plans.insert(run.id.clone(), progress(plan, run, &calls, &chosen)?);
    }
    Ok(plans)
}

impl LogTx {
    /// Stores plans as a set, and tells of them.
    pub async fn propose_plans(&mut self, run: Option<RunId>, message: &str, plans: &[Plan]) -> Result<PlanSetId> {
        let (set, plans) = (PlanSetId::new(), self.clean(plans.to_vec()));
        let message = self.redactor.redact(message).into_owned();
        let (conversation, now) = (self.conversation().to_string(), self.now().0);
        let run_id = run.map(|run| run.to_string());
        exec!(&mut self.tx, sql::INSERT_PLAN_SET, set.to_string(), conversation, run_id, message, now)?;
        insert_plans(&mut self.tx, set, &plans).await?;
        self.clean_event(run, plans.map(|plans| Event::PlanProposed { plan_set_id: set, plans })).await?;
        Ok(set)
    }
}

/// The plans of a set, best first.
pub(super) async fn insert_plans(tx: &mut Tx, set: PlanSetId, plans: &[Plan]) -> Result<()> {
    for (plan, ordinal) in plans.iter().zip(1_i64..) {
        exec!(
            &mut *tx,
            INSERT_PLAN,
            plan.id.to_string(),
            set.to_string(),
            ordinal,
            json(&plan.steps)?,
            plan.confidence,
            &plan.reasoning,
            json(&plan.missing_vars)?,
            json(&plan.pins)?,
        )?;
    }
    Ok(())
}

super::sql::statements! {
    PLAN_CREDENTIALS = "SELECT status FROM plan_credentials WHERE run_id = $1";
    INSERT_PLAN = "INSERT INTO plans (id, plan_set_id, ordinal, steps, confidence, reasoning, missing_vars, pins) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    GET_PLAN = "SELECT p.id, p.plan_set_id, p.steps, p.confidence, p.reasoning, p.missing_vars, p.pins, s.conversation_id, s.run_id, \
        s.status FROM plans p \
        JOIN plan_sets s ON s.id = p.plan_set_id WHERE p.id = $1";
    SELECTED_PLAN = "SELECT p.id, p.plan_set_id, p.steps, p.confidence, p.reasoning, p.missing_vars, p.pins, s.conversation_id, s.run_id, \
        s.status FROM plans p JOIN plan_sets s ON s.selected_plan_id = p.id WHERE s.run_id = $1 AND s.status = 'selected'";
    SELECTED_PLANS = "SELECT p.id, p.plan_set_id, p.steps, p.confidence, p.reasoning, p.missing_vars, p.pins, s.conversation_id, s.run_id, \
        s.status FROM runs r JOIN plan_sets s ON s.run_id = r.id AND s.status = 'selected' JOIN plans p ON p.id = s.selected_plan_id \
        WHERE r.conversation_id = $1 AND r.queued_seq >= $2";
    CALLS_OF_RUN = "SELECT id, message_id, tool_id, status FROM tool_runs WHERE run_id = $1 ORDER BY seq";
    CHOSEN_IN_RUN = "SELECT tool_run_id, chosen FROM alternatives WHERE run_id = $1 AND status = 'chosen' AND chosen IS NOT NULL \
        ORDER BY created_at, id";
    CHOSEN_IN_CONVERSATION = "SELECT tool_run_id, chosen FROM alternatives WHERE conversation_id = $1 AND status = 'chosen' \
        AND chosen IS NOT NULL ORDER BY created_at, id";
    LAST_PLAN_SET = "SELECT selected_plan_id, note FROM plan_sets WHERE run_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1";
}
