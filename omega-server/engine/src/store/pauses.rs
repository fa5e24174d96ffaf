//! A run that waits for a person: paused with its question, and given up when nobody answers. What
//! people answer stands in [`super::decisions`].
//!
//! The question stands in the run (`runs.pause`); who was asked, and what came of it, stays in tables of its own. Pausing
//! and answering are one transaction each, so a restart in between finds one or the other (`runs.md` 2, transitions 6, 7
//! and 15).

use super::{
    Committed, LogTx, Offer, Result, Store, StoreError, exec, read_all, read_opt,
    rows::{RunRow, id, json},
    sql, tx_opt,
};
use crate::{domain::boxed, observe::metrics::Told, process::failpoint::Transaction};
use omega_core::{
    api::{RequiredAction, Run, RunStatus, Timestamp, ToolRunStatus},
    event::Event,
    id::{ConversationId, RunId, ToolRunId},
};

/// How long a run waits for an answer: 30 days, to the end of the last of them in every time zone.
pub(super) const PATIENCE_MILLIS: i64 = (30 + 1) * 24 * 3600 * 1000;

/// A run that nobody answered.
#[derive(Debug, Clone, Copy)]
pub struct Expired {
    pub run: RunId,
    pub committed: Committed,
}

impl Store {
    /// The run of a conversation that waits for a person. For the engine: callers have an [`Owned`](super::access::Owned).
    pub async fn paused_run(&self, conversation: ConversationId) -> Result<Option<Run>> {
        let row: Option<RunRow> = read_opt!(&self.db, RunRow, sql::PAUSED_RUN, conversation.to_string())?;
        row.map(RunRow::into_api).transpose()
    }

    /// Gives up the runs that nobody answered (transition 15).
    pub async fn expire_pauses(&self) -> Result<Vec<Expired>> {
        let now = self.now().0;
        let rows: Vec<(String, String)> = read_all!(&self.db, (String, String), EXPIRED_PAUSES, now)?;
        let mut expired = Vec::new();
        for (run, conversation) in rows {
            let mut log = self.log(id(&conversation)?).await?;
            let run: RunId = id(&run)?;
            match log.paused(run).await {
                Ok(paused) if paused.requires_action.as_ref().is_some_and(|action| action.expires_at().0 < now) => {}
                // Answered meanwhile.
                _ => continue,
            }
            log.give_up(run, "expired", "nobody answered for 30 days; send the message again").await?;
            expired.push(Expired { run, committed: log.commit().await? });
        }
        Ok(expired)
    }
}

impl LogTx {
    /// When a question that is asked now is given up.
    pub fn patience(&self) -> Timestamp {
        Timestamp(self.now().0 + PATIENCE_MILLIS)
    }

    /// Takes back that a call was begun: its tool asked for a person's approval and did nothing.
    pub async fn step_back(&mut self, tool_run: ToolRunId) -> Result<()> {
        exec!(&mut self.tx, sql::RETRY_TOOL_RUN, tool_run.to_string())?;
        Ok(())
    }

    /// Pauses a run with its question, and gives the lease back (transition 6). False when somebody asked to stop the run
    /// meanwhile: then it is to be cancelled, and nothing was written.
    pub async fn pause(&mut self, run: RunId, action: RequiredAction) -> Result<bool> {
        self.named(Transaction::Pause).await?;
        let action = self.clean(action);
        let expires = action.expires_at().0;
        if exec!(&mut self.tx, PAUSE_RUN, run.to_string(), json(&*action)?, expires)? != 1 {
            return Ok(false);
        }
        let (conversation, now) = (self.conversation().to_string(), self.now().0);
        match &*action {
            RequiredAction::Credentials { requests, .. } => {
                for request in requests {
                    let Some(tool_run) = request.tool_run_id else {
                        exec!(&mut self.tx, INSERT_PLAN_CREDENTIALS, run.to_string(), &conversation, now)?;
                        continue;
                    };
                    let tool_run = tool_run.to_string();
                    exec!(
                        &mut self.tx,
                        INSERT_CREDENTIAL_REQUEST,
                        request.id.to_string(),
                        &conversation,
                        run.to_string(),
                        &tool_run,
                        request.tool_id.as_str(),
                        json(&request.required_keys)?,
                        json(&request.missing_keys)?,
                        now,
                        expires,
                    )?;
                    let awaits = ToolRunStatus::AwaitingCredentials.as_str();
                    exec!(&mut self.tx, AWAIT_TOOL_RUN, tool_run, awaits)?;
                }
                for choice in action.alternatives() {
                    self.offer(run, choice, Offer::Asked).await?;
                }
            }
            RequiredAction::Approval { approvals, .. } => {
                for approval in approvals {
                    let tool_run = approval.tool_run_id.to_string();
                    exec!(
                        &mut self.tx,
                        INSERT_APPROVAL,
                        approval.id.to_string(),
                        &conversation,
                        run.to_string(),
                        &tool_run,
                        approval.tool_id.as_str(),
                        approval.reason.as_str(),
                        &approval.args_digest,
                        now,
                        expires,
                    )?;
                    let awaits = ToolRunStatus::AwaitingApproval.as_str();
                    exec!(&mut self.tx, AWAIT_TOOL_RUN, tool_run, awaits)?;
                }
            }
            RequiredAction::Plan { .. } | RequiredAction::Alternatives { .. } => {}
        }
        self.clean_event(Some(run), action.map(|action| Event::RunRequiresAction { action })).await?;
        Ok(true)
    }

    pub(super) async fn paused(&mut self, run: RunId) -> Result<Run> {
        let row: Option<RunRow> = tx_opt!(&mut self.tx, RunRow, sql::GET_RUN, run.to_string())?;
        let run = row.ok_or(StoreError::NotFound)?.into_api()?;
        if run.status == RunStatus::Paused { Ok(run) } else { Err(StoreError::NotAwaited) }
    }

    /// Queues a paused run. Its place is before everything that was sent later.
    pub(super) async fn resume(&mut self, run: Run) -> Result<()> {
        if exec!(&mut self.tx, RESUME_RUN, run.id.to_string())? != 1 {
            return Err(StoreError::NotAwaited);
        }
        if let Some(action) = &run.requires_action {
            let since = action.expires_at().0 - PATIENCE_MILLIS;
            #[allow(clippy::cast_precision_loss, reason = "milliseconds of a wait")]
            self.told.push(Told::Answered(action.kind(), (self.now().0 - since) as f64 / 1000.0));
        }
        let run = Run { status: RunStatus::Queued, requires_action: None, ..run };
        self.event(Some(run.id), Event::RunQueued { run, position: 0 }).await?;
        Ok(())
    }

    /// Cancels a run that waits: its questions are closed as `status`.
    pub(super) async fn give_up(&mut self, run: RunId, status: &str, reason: &str) -> Result<()> {
        self.close_questions(run, status).await?;
        self.end(run, RunStatus::Cancelled, None, Event::RunCancelled { reason: reason.to_owned() }).await
    }

    /// Closes what a run asked and nobody answered.
    #[boxed]
    pub(super) async fn close_questions(&mut self, run: RunId, status: &str) -> Result<()> {
        let (run, now) = (run.to_string(), self.now().0);
        // Most runs ask nothing.
        let asked: Option<(i64,)> = tx_opt!(&mut self.tx, (i64,), HAS_ASKED, &run)?;
        if asked.is_none() {
            return Ok(());
        }
        exec!(&mut self.tx, sql::CLOSE_CREDENTIAL_REQUESTS, &run, status, now, None::<String>)?;
        exec!(&mut self.tx, CLOSE_APPROVALS, &run, status, now, None::<String>)?;
        exec!(&mut self.tx, CLOSE_PLAN_SETS, &run, now, None::<String>)?;
        exec!(&mut self.tx, sql::CLOSE_PLAN_CREDENTIALS, &run, status, now, None::<String>)?;
        exec!(&mut self.tx, CLOSE_ALTERNATIVES, &run, status, now, None::<String>)?;
        Ok(())
    }
}

super::sql::statements! {
    HAS_ASKED = "SELECT CAST(1 AS BIGINT) FROM runs r WHERE r.id = $1 AND ( \
        EXISTS (SELECT 1 FROM credential_requests WHERE run_id = r.id AND status = 'open') \
        OR EXISTS (SELECT 1 FROM approvals WHERE run_id = r.id AND status = 'open') \
        OR EXISTS (SELECT 1 FROM plan_sets WHERE run_id = r.id AND status = 'proposed') \
        OR EXISTS (SELECT 1 FROM plan_credentials WHERE run_id = r.id AND status = 'open') \
        OR EXISTS (SELECT 1 FROM alternatives WHERE run_id = r.id AND status = 'open'))";
    PAUSE_RUN = "UPDATE runs SET status = 'paused', pause = $2, pause_expires_at = $3, lease_owner = NULL, lease_until = 0 \
        WHERE id = $1 AND status = 'running' AND cancel_requested_at IS NULL";
    RESUME_RUN = "UPDATE runs SET status = 'queued', pause = NULL, pause_expires_at = NULL WHERE id = $1 AND status = 'paused'";
    EXPIRED_PAUSES = "SELECT id, conversation_id FROM runs WHERE status = 'paused' AND pause_expires_at < $1";
    AWAIT_TOOL_RUN = "UPDATE tool_runs SET status = $2 WHERE id = $1 AND status IN ('proposed', 'started')";
    INSERT_CREDENTIAL_REQUEST = "INSERT INTO credential_requests (id, conversation_id, run_id, tool_run_id, tool_id, required_keys, \
        missing_keys, status, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', $8, $9)";
    INSERT_APPROVAL = "INSERT INTO approvals (id, conversation_id, run_id, tool_run_id, tool_id, reason, args_digest, status, \
        created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', $8, $9)";
    CLOSE_APPROVALS = "UPDATE approvals SET status = $2, decided_at = $3, decided_by = $4 WHERE run_id = $1 AND status = 'open'";
    // What a plan's tools lack before its first step, and other tools for calls that came to nothing
    INSERT_PLAN_CREDENTIALS = "INSERT INTO plan_credentials (run_id, conversation_id, status, created_at) VALUES ($1, $2, 'open', $3) \
        ON CONFLICT (run_id) DO NOTHING";
    CLOSE_ALTERNATIVES = "UPDATE alternatives SET status = $2, decided_at = $3, decided_by = $4 WHERE run_id = $1 AND status = 'open'";
    CLOSE_PLAN_SETS = "UPDATE plan_sets SET status = 'superseded', decided_at = $2, decided_by = $3 WHERE run_id = $1 AND status = 'proposed'";
}
