//! A run's changes of hands and its end: claimed, kept alive, taken back, stopped. Each is one transaction.

use super::{
    Committed, Durability, LogTx, Result, Store, StoreError,
    access::Within,
    exec, read_all, read_one, read_opt,
    rows::{OpenRunRow, RunRow, id, json, number, signed},
    sql,
    tool_runs::{Settled, end_tool_run},
    tx_all, tx_opt,
};
use crate::domain::{boxed, row::row};
use crate::process::failpoint::{self, Point, Transaction};
use omega_core::{
    api::{Run, RunError, RunStatus, ToolRunStatus},
    event::Event,
    executor::{ToolError, ToolErrorCode},
    id::{ConversationId, RunId, ToolRunId, UserId},
    registry::meta,
};

/// Recoveries of one run, without the outcome of any call between them, before it is given up as poison.
const RECOVERY_LIMIT: i64 = 5;

row! {
    /// A call without an outcome.
    struct OpenCallRow {
        id: String,
        call_id: String,
        tool_id: String,
        tool_name: String,
        version: String,
        status: String,
    }
}

row! {
    struct ClaimedRow {
        id: String,
        conversation_id: String,
        fence: i64,
        attempt: i64,
        started_at: Option<i64>,
    }
}

row! {
    struct HeldRow {
        id: String,
        conversation_id: String,
        fence: i64,
        cancel_requested_at: Option<i64>,
    }
}

/// The right to write for a run. A later holder has a higher fence, and the earlier one's writes are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    pub run: RunId,
    pub conversation: ConversationId,
    /// Grows at every change of hands.
    pub fence: u64,
}

impl Lease {
    fn of(run: &str, conversation: &str, fence: i64) -> Result<Self> {
        Ok(Self { run: id(run)?, conversation: id(conversation)?, fence: number(fence) })
    }
}

/// A run that was taken up.
#[derive(Debug, Clone, Copy)]
pub struct Claimed {
    /// The right to write for it.
    pub lease: Lease,
    /// How often it was taken up, this time included; a hand-over by a server that was told to end does not count.
    pub attempt: u32,
    /// Whether nobody has worked on it before.
    pub is_first: bool,
}

/// What a node hears when it says that it lives.
#[derive(Debug, Clone, Default)]
pub struct Beat {
    /// The runs that are its own, and whether somebody wants their end.
    pub held: Vec<(Lease, bool)>,
    /// Tool runs of its runs whose end somebody wants.
    pub cancelled_tools: Vec<ToolRunId>,
}

/// Why a worker hands its run back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// Its server was told to end. Nothing went wrong: neither a recovery nor an attempt is counted.
    Drained,
    /// The database failed in the middle of it.
    Interrupted,
    /// It crashed. A run that does so again and again is given up.
    Crashed,
}

impl Store {
    /// Takes up the oldest runs that may start, at most `limit` (transition 2).
    pub async fn claim(&self, node: &str, limit: u32) -> Result<Vec<Claimed>> {
        failpoint::at(Point::Before(Transaction::Claim)).await?;
        // A run that is claimed is the worker's to begin, and nobody hears of it before that.
        let mut tx = self.begin_as(Durability::WithNext).await?;
        let claimed = tx_all!(&mut tx, ClaimedRow, sql::CLAIM, node, self.lease_ms, i64::from(limit));
        let rows = match claimed {
            Ok(rows) => rows,
            // Another worker was faster, and the partial unique index says so.
            Err(StoreError::Sql(sqlx::Error::Database(error))) if error.is_unique_violation() => {
                return Err(StoreError::Unavailable("another node took the same conversation up".into()));
            }
            Err(error) => return Err(error),
        };
        failpoint::at(Point::Within(Transaction::Claim)).await?;
        tx.commit().await?;
        failpoint::at(Point::After(Transaction::Claim)).await?;
        rows.iter()
            .map(|row| {
                let lease = Lease::of(&row.id, &row.conversation_id, row.fence)?;
                let attempt = u32::try_from(row.attempt).unwrap_or(u32::MAX);
                Ok(Claimed { lease, attempt, is_first: row.started_at.is_none() })
            })
            .collect()
    }

    #[boxed]
    pub async fn run(&self, run: &Within<RunId>) -> Result<Run> {
        let known = self.run_unchecked(run.id()).await?;
        let known = self.with_plan(known).await?;
        Ok(run.access().show(self.with_feedback(known).await?))
    }

    /// One run, for the engine: callers have a [`Within`].
    pub async fn run_unchecked(&self, run: RunId) -> Result<Run> {
        let row: Option<RunRow> = read_opt!(&self.db, RunRow, sql::GET_RUN, run.to_string())?;
        row.ok_or(StoreError::NotFound)?.into_api()
    }

    /// The event of a run's message, with which its own begin.
    pub async fn run_began(&self, run: &Within<RunId>) -> Result<u64> {
        let row: Option<(i64,)> = read_opt!(&self.db, (i64,), RUN_BEGAN, run.id().to_string())?;
        Ok(number(row.ok_or(StoreError::NotFound)?.0))
    }

    /// Who sent a run's message.
    pub async fn actor(&self, run: RunId) -> Result<UserId> {
        let row: Option<(String,)> = read_opt!(&self.db, (String,), RUN_ACTOR, run.to_string())?;
        id(&row.ok_or(StoreError::NotFound)?.0)
    }

    /// The conversation's runs that have not ended, oldest first, and who sent their messages.
    pub(crate) async fn open_runs(&self, conversation: ConversationId) -> Result<Vec<(RunId, UserId)>> {
        let rows: Vec<OpenRunRow> = read_all!(&self.db, OpenRunRow, sql::OPEN_RUNS, conversation.to_string())?;
        rows.iter().map(|row| Ok((id(&row.id)?, id(&row.actor_user_id)?))).collect()
    }

    /// Runs that wait or work, on the whole database.
    pub async fn active_runs(&self) -> Result<u64> {
        let (n,): (i64,) = read_one!(&self.db, (i64,), COUNT_ACTIVE)?;
        Ok(number(n))
    }

    /// Runs that have not ended, by state, on the whole database.
    pub async fn runs_by_state(&self) -> Result<Vec<(String, u64)>> {
        let rows: Vec<(String, i64)> = read_all!(&self.db, (String, i64), COUNT_BY_STATE)?;
        Ok(rows.into_iter().map(|(state, n)| (state, number(n))).collect())
    }

    /// Runs that wait on the whole database, counted up to `limit`.
    pub async fn queued_runs(&self, limit: u32) -> Result<u64> {
        let (n,): (i64,) = read_one!(&self.db, (i64,), COUNT_QUEUED, i64::from(limit))?;
        Ok(number(n))
    }

    /// Prolongs all leases of a node, and says which they are and what is to be cancelled.
    pub async fn heartbeat(&self, node: &str) -> Result<Beat> {
        failpoint::at(Point::Before(Transaction::Heartbeat)).await?;
        // Whoever loses power has lost its runs anyway.
        let mut tx = self.begin_as(Durability::WithNext).await?;
        let held: Vec<HeldRow> = tx_all!(&mut tx, HeldRow, sql::RENEW, node, self.lease_ms)?;
        let tools: Vec<(String,)> = tx_all!(&mut tx, (String,), TOOL_CANCELS_OF, node)?;
        failpoint::at(Point::Within(Transaction::Heartbeat)).await?;
        tx.commit().await?;
        failpoint::at(Point::After(Transaction::Heartbeat)).await?;
        let held = held
            .iter()
            .map(|row| Ok((Lease::of(&row.id, &row.conversation_id, row.fence)?, row.cancel_requested_at.is_some())));
        Ok(Beat {
            held: held.collect::<Result<_>>()?,
            cancelled_tools: tools.iter().map(|(tool_run,)| id(tool_run)).collect::<Result<_>>()?,
        })
    }

    /// Takes runs back whose worker is gone (transition 14): what it left open is resolved, and they wait to be claimed.
    /// `all` is for a SQLite server's start: nobody else can hold a lease then.
    pub async fn recover(&self, all: bool) -> Result<Vec<Committed>> {
        if all {
            let mut tx = self.begin().await?;
            exec!(&mut tx, VOID_LEASES)?;
            tx.commit().await?;
        }
        let rows: Vec<(String, String)> = read_all!(&self.db, (String, String), sql::EXPIRED)?;
        let mut recovered = Vec::new();
        for (run, conversation) in rows {
            match self.take_back(id(&run)?, id(&conversation)?).await {
                Ok(committed) => recovered.extend(committed),
                // One conversation that is locked does not hold the others up.
                Err(error) => tracing::warn!(event = "run.recover_failed", run_id = run, %error),
            }
        }
        Ok(recovered)
    }

    async fn take_back(&self, run: RunId, conversation: ConversationId) -> Result<Option<Committed>> {
        let mut log = self.log(conversation).await?;
        log.named(Transaction::Recovery).await?;
        if exec!(&mut log.tx, sql::TAKE_BACK, run.to_string())? != 1 {
            return Ok(None);
        }
        self.resolve(log, run, Release::Crashed).await.map(Some)
    }

    /// Hands a run back whose worker can't go on.
    pub async fn release(&self, lease: &Lease, why: Release) -> Result<Option<Committed>> {
        let mut log = self.log(lease.conversation).await?;
        log.named(Transaction::Release).await?;
        let (recovery, unused) = (i64::from(why == Release::Crashed), i64::from(why == Release::Drained));
        if exec!(&mut log.tx, GIVE_BACK, lease.run.to_string(), signed(lease.fence), recovery, unused)? != 1 {
            return Ok(None);
        }
        self.resolve(log, lease.run, why).await.map(Some)
    }

    /// Resolves what a worker left open, so that the run waits to be claimed.
    async fn resolve(&self, mut log: LogTx, run: RunId, why: Release) -> Result<Committed> {
        log.drop_chunks(run).await?;
        let open: Vec<OpenCallRow> = tx_all!(&mut log.tx, OpenCallRow, OPEN_TOOL_RUNS, run.to_string())?;
        for row in open.into_iter().filter(|row| row.status == "started") {
            if [meta::SEARCH, meta::ADD].contains(&row.tool_id.as_str()) {
                // Searching has no effect, and adding twice is adding once: it is simply done again.
                exec!(&mut log.tx, sql::RETRY_TOOL_RUN, &row.id)?;
                continue;
            }
            let error = ToolError::new(
                ToolErrorCode::Unknown,
                "the server stopped during the call; it may or may not have taken effect",
            );
            let tool_run: ToolRunId = id(&row.id)?;
            let settled = Settled::failed(error, &row.version, 0);
            end_tool_run(&mut log, (tool_run, &row.tool_id), &settled, ToolRunStatus::Unknown, None).await?;
            let (tool_run_id, tool_call_id) = (tool_run, row.call_id);
            log.event(Some(run), Event::ToolUnknown { tool_run_id, tool_call_id, error: settled.error }).await?;
        }
        let row: Option<RunRow> = tx_opt!(&mut log.tx, RunRow, sql::GET_RUN, run.to_string())?;
        let row = row.ok_or(StoreError::NotFound)?;
        if row.cancel_requested_at.is_some() {
            log.end(
                run,
                RunStatus::Cancelled,
                None,
                Event::RunCancelled { reason: "cancelled by a participant".into() },
            )
            .await?;
        } else if why == Release::Crashed && row.recoveries >= RECOVERY_LIMIT {
            let error = RunError {
                code: "RECOVERY_LIMIT".into(),
                error:
                    "the server stopped five times while it worked on this message; send it again, or try another tool"
                        .into(),
                retryable: true,
            };
            log.end(run, RunStatus::Failed, Some(&error), Event::RunFailed { error: error.clone() }).await?;
        } else {
            if let Some(step) = log.streaming_message(run).await? {
                let event = Event::MessageReset { message_id: step.message, step: step.number };
                log.event(Some(run), event).await?;
            }
            if why != Release::Drained {
                let attempt = u32::try_from(row.attempt + 1).unwrap_or(u32::MAX);
                log.event(Some(run), Event::RunRecovered { attempt }).await?;
            }
        }
        log.commit().await
    }

    /// Asks for the end of one tool run; `false` when it has ended or was asked already.
    pub async fn request_tool_cancel(&self, tool_run: &Within<ToolRunId>) -> Result<bool> {
        tool_run.may_stop()?;
        let mut tx = self.begin().await?;
        let asked = exec!(&mut tx, REQUEST_TOOL_CANCEL, tool_run.id().to_string(), self.now().0)?;
        tx.commit().await?;
        Ok(asked == 1)
    }

    /// Asks for the end of a run (transition 13). A run that waits ends at once; one that works is told, and its worker
    /// ends it. Gives the state it is in now, and what was committed if something was.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::NotYours`].
    pub async fn request_cancel(&self, run: &Within<RunId>, reason: &str) -> Result<(RunStatus, Option<Committed>)> {
        run.may_stop()?;
        let mut log = self.log(run.conversation()).await?;
        let run = run.id();
        log.named(Transaction::CancelRequest).await?;
        let row: Option<RunRow> = tx_opt!(&mut log.tx, RunRow, sql::GET_RUN, run.to_string())?;
        let status = row.ok_or(StoreError::NotFound)?.into_api()?.status;
        match status {
            RunStatus::Queued | RunStatus::Paused => {
                log.end(run, RunStatus::Cancelled, None, Event::RunCancelled { reason: reason.to_owned() }).await?;
                Ok((RunStatus::Cancelled, Some(log.commit().await?)))
            }
            RunStatus::Running => {
                let now = log.now().0;
                if exec!(&mut log.tx, sql::REQUEST_CANCEL, run.to_string(), now)? == 0 {
                    return Ok((status, None));
                }
                log.event(Some(run), Event::RunCancelRequested {}).await?;
                Ok((status, Some(log.commit().await?)))
            }
            _ => Ok((status, None)),
        }
    }
}

impl LogTx {
    /// Begins the work on a run, for the first time or again; `event` says which.
    #[boxed]
    pub async fn begin(&mut self, run: RunId, event: Event) -> Result<()> {
        self.named(Transaction::Begin).await?;
        let now = self.now().0;
        exec!(&mut self.tx, START_RUN, run.to_string(), now)?;
        self.event(Some(run), event).await?;
        Ok(())
    }

    /// Ends a run (transitions 11 to 13): open calls get their synthetic result, a half-written message is discarded, and
    /// `event` is the run's only terminal event.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when it has ended already.
    #[boxed]
    pub async fn end(&mut self, run: RunId, status: RunStatus, error: Option<&RunError>, event: Event) -> Result<()> {
        self.named(Transaction::RunEnd).await?;
        let now = self.now().0;
        let error = error.map(|error| json(&*self.clean(error.clone()))).transpose()?;
        if exec!(&mut self.tx, END_RUN, run.to_string(), status.as_str(), error, now)? != 1 {
            return Err(StoreError::LeaseLost);
        }
        self.close_questions(run, "cancelled").await?;
        let open: Vec<OpenCallRow> = tx_all!(&mut self.tx, OpenCallRow, OPEN_TOOL_RUNS, run.to_string())?;
        for row in open {
            let began = row.status == "started";
            let message = if began {
                "stopped with the run; it may have taken effect"
            } else {
                "not run: the run ended before it"
            };
            // Of a call that never began no version ran, and there is nothing that the audit log would miss.
            let version = if began { row.version } else { String::new() };
            let tool_run: ToolRunId = id(&row.id)?;
            let settled = Settled::failed(ToolError::new(ToolErrorCode::Cancelled, message), &version, 0);
            end_tool_run(self, (tool_run, &row.tool_id), &settled, ToolRunStatus::Cancelled, Some(0)).await?;
            let event = Event::ToolCompleted {
                tool_run_id: tool_run,
                tool_call_id: row.call_id,
                tool_name: row.tool_name,
                version,
                status: ToolRunStatus::Cancelled,
                output: None,
                output_summary: settled.summary,
                output_bytes: 0,
                truncated: false,
                duration_ms: 0,
                is_error: true,
                error: settled.error,
            };
            self.event(Some(run), event).await?;
        }
        self.close_steps(run).await?;
        exec!(&mut self.tx, DISCARD_MESSAGES, run.to_string())?;
        self.delete_run_env(run).await?;
        self.drop_chunks(run).await?;
        self.event(Some(run), event).await?;
        Ok(())
    }
}

super::sql::statements! {
    DISCARD_MESSAGES = "UPDATE messages SET status = 'discarded' WHERE run_id = $1 AND status = 'streaming'";
    START_RUN = "UPDATE runs SET started_at = $2 WHERE id = $1 AND started_at IS NULL";
    VOID_LEASES = "UPDATE runs SET lease_until = 0 WHERE status = 'running'";
    GIVE_BACK = "UPDATE runs SET status = 'queued', lease_owner = NULL, lease_until = 0, fence = fence + 1, \
        recoveries = recoveries + $3, attempt = attempt - $4 WHERE id = $1 AND fence = $2 AND status = 'running'";
    END_RUN = "UPDATE runs SET status = $2, error = $3, finished_at = $4, lease_owner = NULL, lease_until = 0, pause = NULL, \
        pause_expires_at = NULL \
        WHERE id = $1 AND status IN ('queued', 'running', 'paused')";
    RUN_BEGAN = "SELECT queued_seq FROM runs WHERE id = $1";
    RUN_ACTOR = "SELECT actor_user_id FROM runs WHERE id = $1";
    COUNT_QUEUED = "SELECT COUNT(*) AS n FROM (SELECT id FROM runs WHERE status = 'queued' LIMIT $1) AS waiting";
    COUNT_ACTIVE = "SELECT COUNT(*) AS n FROM runs WHERE status IN ('queued', 'running')";
    COUNT_BY_STATE = "SELECT status, COUNT(*) AS n FROM runs WHERE status IN ('queued', 'running', 'paused') GROUP BY status";
    OPEN_TOOL_RUNS = "SELECT id, call_id, tool_id, tool_name, version, status FROM tool_runs WHERE run_id = $1 \
        AND status IN ('proposed', 'awaiting_credentials', 'awaiting_approval', 'started') ORDER BY seq";
    REQUEST_TOOL_CANCEL = "UPDATE tool_runs SET cancel_requested_at = $2 WHERE id = $1 AND cancel_requested_at IS NULL \
        AND finished_at IS NULL";
    TOOL_CANCELS_OF = "SELECT t.id FROM runs r JOIN tool_runs t ON t.run_id = r.id WHERE r.lease_owner = $1 \
        AND r.status = 'running' AND t.cancel_requested_at IS NOT NULL AND t.finished_at IS NULL";
}
