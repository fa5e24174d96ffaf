//! Other tools for calls that came to nothing (PRD flow D): what was offered, and what a person chose.

use super::{
    Committed, LogTx, Result, Store, StoreError,
    access::Access,
    exec, read_all,
    rows::{RunRow, id, json},
    sql, tx_opt,
};
use crate::{
    domain::{boxed, row::row},
    process::failpoint::Transaction,
};
use omega_core::{
    api::{AlternativeChoice, RequiredAction, Run, RunStatus, SelectAlternative, ToolRunStatus},
    event::Event,
    id::{ConversationId, RunId, ToolId, ToolRunId, UserId},
};

/// Whether an offer waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// It is asked about.
    Asked,
    /// The model alone was told.
    Told,
}

/// What became of an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// Nobody has answered yet.
    Open,
    Tool(ToolId),
    None,
    /// It was not asked about, or not any more: the key was given, the run has ended.
    Passed,
}

/// An offer as it is stored.
#[derive(Debug, Clone)]
pub struct Offered {
    /// The call, and the tools.
    pub choice: AlternativeChoice,
    /// What became of it.
    pub chosen: Chosen,
}

row! {
    struct OfferRow {
        tool_run_id: String,
        choice: String,
        status: String,
        chosen: Option<String>,
    }
}

impl OfferRow {
    fn into_offered(self) -> Result<Offered> {
        let chosen = match (self.status.as_str(), self.chosen) {
            ("open", _) => Chosen::Open,
            ("chosen", Some(tool)) => Chosen::Tool(id(&tool)?),
            ("none", _) => Chosen::None,
            _ => Chosen::Passed,
        };
        Ok(Offered { choice: serde_json::from_str(&self.choice)?, chosen })
    }
}

impl Store {
    /// What was offered in a run, oldest first.
    pub async fn offers(&self, run: RunId) -> Result<Vec<Offered>> {
        let rows: Vec<OfferRow> = read_all!(&self.db, OfferRow, ALTERNATIVES_OF_RUN, run.to_string())?;
        rows.into_iter().map(OfferRow::into_offered).collect()
    }

    /// What people chose in a conversation: the call, and the tool in its place (none when none was wanted).
    pub async fn choices(&self, conversation: ConversationId) -> Result<Vec<(ToolRunId, Option<ToolId>)>> {
        let rows: Vec<OfferRow> = read_all!(&self.db, OfferRow, CHOSEN_ALTERNATIVES, conversation.to_string())?;
        rows.iter().map(|row| Ok((id(&row.tool_run_id)?, row.chosen.as_deref().map(id).transpose()?))).collect()
    }

    /// Chooses a tool in place of a call's, or none; with the last choice that its run waits for, the run is queued.
    ///
    /// # Errors
    /// [`StoreError::NotAwaited`], [`StoreError::Unfit`], [`StoreError::AlreadyDecided`], [`StoreError::NotYours`] for a
    /// guest, when the run is somebody else's; then nothing happened.
    #[boxed]
    pub async fn select_alternative(&self, access: &Access, select: &SelectAlternative) -> Result<(RunId, Committed)> {
        let (conversation, by) = (access.conversation(), access.caller().user);
        let mut log = self.log(conversation).await?;
        log.named(Transaction::Answer).await?;
        let row: Option<RunRow> = tx_opt!(&mut log.tx, RunRow, sql::PAUSED_RUN, conversation.to_string())?;
        let row = row.ok_or(StoreError::NotAwaited)?;
        let actor = id(&row.actor_user_id)?;
        let run = row.into_api()?;
        let action = run.requires_action.clone().ok_or(StoreError::NotAwaited)?;
        if !access.may_steer(actor) {
            return Err(StoreError::NotYours);
        }
        let calls = asked(&action, select)?;
        let mut rest = Some(action);
        for call in calls {
            log.choose(&run, call, select.tool_id.as_ref(), by).await?;
            rest = rest.and_then(|action| action.without_call(call));
        }
        let id = run.id;
        match rest {
            Some(rest) => drop(exec!(&mut log.tx, sql::SET_PAUSE, id.to_string(), json(&rest)?)?),
            None => log.resume(run).await?,
        }
        Ok((id, log.commit().await?))
    }
}

/// The calls that an answer is about.
fn asked(action: &RequiredAction, select: &SelectAlternative) -> Result<Vec<ToolRunId>> {
    let open = action.alternatives();
    if open.is_empty() {
        return Err(StoreError::NotAwaited);
    }
    let of_call = |choice: &&AlternativeChoice| select.tool_run_id.is_none_or(|call| call == choice.tool_run_id);
    let meant: Vec<&AlternativeChoice> = open.iter().filter(of_call).collect();
    let Some(first) = meant.first() else {
        return Err(StoreError::Unfit(
            "toolRunId",
            "no choice is asked for this call; look at the run's requiresAction".into(),
        ));
    };
    let Some(tool) = &select.tool_id else {
        if matches!(action, RequiredAction::Credentials { .. }) {
            let why =
                "the run waits for variables: give them or decline at /credentials, or choose a tool by its toolId";
            return Err(StoreError::Unfit("none", why.into()));
        }
        return Ok(meant.iter().map(|choice| choice.tool_run_id).collect());
    };
    if meant.len() > 1 {
        return Err(StoreError::Unfit("toolRunId", "several calls wait for a choice; say which one is meant".into()));
    }
    if first.alternatives.iter().any(|offered| offered.tool_id == *tool) {
        return Ok(vec![first.tool_run_id]);
    }
    let ids: Vec<&str> = first.alternatives.iter().map(|offered| offered.tool_id.as_str()).collect();
    Err(StoreError::Unfit("toolId", format!("{tool} was not offered; there are {}", ids.join(", "))))
}

impl LogTx {
    /// Records what is offered in place of a call, and tells of it.
    pub async fn offer(&mut self, run: RunId, choice: &AlternativeChoice, offer: Offer) -> Result<()> {
        let (conversation, now) = (self.conversation().to_string(), self.now().0);
        let choice = self.clean(choice.clone());
        exec!(
            &mut self.tx,
            INSERT_ALTERNATIVES,
            uuid::Uuid::now_v7().to_string(),
            conversation,
            run.to_string(),
            choice.tool_run_id.to_string(),
            choice.tool_id.as_str(),
            json(&*choice)?,
            if offer == Offer::Asked { "open" } else { "told" },
            now,
        )?;
        self.clean_event(Some(run), choice.map(|choice| Event::AlternativesProposed { choice })).await?;
        Ok(())
    }

    async fn choose(&mut self, run: &Run, call: ToolRunId, tool: Option<&ToolId>, by: UserId) -> Result<()> {
        let (run_id, call_id, now) = (run.id.to_string(), call.to_string(), self.now().0);
        let status = if tool.is_some() { "chosen" } else { "none" };
        let decided = exec!(
            &mut self.tx,
            DECIDE_ALTERNATIVES,
            &run_id,
            &call_id,
            status,
            tool.map(ToolId::as_str),
            now,
            by.to_string(),
        )?;
        if decided != 1 || run.status != RunStatus::Paused {
            return Err(StoreError::AlreadyDecided);
        }
        exec!(&mut self.tx, CLOSE_CREDENTIAL_REQUEST, &run_id, &call_id, "replaced", now, by.to_string())?;
        exec!(&mut self.tx, READY_TOOL_RUN_OF, &call_id, ToolRunStatus::AwaitingCredentials.as_str())?;
        let event = Event::AlternativesSelected { tool_run_id: call, tool_id: tool.cloned(), by };
        self.event(Some(run.id), event).await?;
        Ok(())
    }

    /// Closes the offers that went with a question for variables which was answered.
    pub(super) async fn pass_offers(
        &mut self,
        run: RunId,
        calls: impl Iterator<Item = ToolRunId>,
        by: UserId,
    ) -> Result<()> {
        let (run, now) = (run.to_string(), self.now().0);
        for call in calls {
            let call = call.to_string();
            exec!(&mut self.tx, DECIDE_ALTERNATIVES, &run, call, "passed", None::<String>, now, by.to_string())?;
        }
        Ok(())
    }
}

super::sql::statements! {
    INSERT_ALTERNATIVES = "INSERT INTO alternatives (id, conversation_id, run_id, tool_run_id, tool_id, choice, status, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    ALTERNATIVES_OF_RUN = "SELECT tool_run_id, choice, status, chosen FROM alternatives WHERE run_id = $1 ORDER BY created_at, id";
    CHOSEN_ALTERNATIVES = "SELECT tool_run_id, choice, status, chosen FROM alternatives \
        WHERE conversation_id = $1 AND status IN ('chosen', 'none') ORDER BY created_at, id";
    DECIDE_ALTERNATIVES = "UPDATE alternatives SET status = $3, chosen = $4, decided_at = $5, decided_by = $6 \
        WHERE run_id = $1 AND tool_run_id = $2 AND status = 'open'";
    CLOSE_CREDENTIAL_REQUEST = "UPDATE credential_requests SET status = $3, resolved_at = $4, resolved_by = $5 \
        WHERE run_id = $1 AND tool_run_id = $2 AND status = 'open'";
    READY_TOOL_RUN_OF = "UPDATE tool_runs SET status = 'proposed' WHERE id = $1 AND status = $2";
}
