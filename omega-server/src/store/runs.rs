//! What the worker of a run writes: each transition is one transaction under its lease (`runs.md` 2).

use super::{
    Committed, LogTx, Result, Store, StoreError, exec, read_all, read_one, read_opt,
    rows::{RunRow, id, json, number, signed},
    sql, tx_all, tx_opt,
};
use omega_core::{
    agent::{Proposal, meta},
    api::{Message, MessageStatus, Part, Role, Run, RunError, RunStatus, Timestamp, ToolRun, ToolRunStatus},
    event::Event,
    executor::{ToolError, ToolErrorCode},
    id::{ConversationId, MessageId, RunId, ToolRunId},
    model::{FinishReason, ProviderState, ToolCall, Usage},
};
use serde_json::Value;

/// Recoveries of one run before it is given up as poison.
const RECOVERY_LIMIT: i64 = 5;

/// The right to write for a run. A later holder has a higher fence, and the earlier one's writes are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The run.
    pub run: RunId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// Grows at every change of hands.
    pub fence: u64,
}

impl Lease {
    /// How long a lease lasts without a heartbeat.
    pub const MILLIS: i64 = 30_000;
}

/// A run that was taken up.
#[derive(Debug, Clone, Copy)]
pub struct Claimed {
    /// The right to write for it.
    pub lease: Lease,
    /// How often it was taken up, this time included.
    pub attempt: u32,
}

/// The outcome of a tool run.
#[derive(Debug, Clone)]
pub struct Settled {
    /// How it ended.
    pub status: ToolRunStatus,
    /// The version that ran.
    pub version: String,
    /// The output, redacted.
    pub output: Option<Value>,
    /// One line.
    pub summary: String,
    /// Whether the output was cut.
    pub truncated: bool,
    /// Why it failed.
    pub error: Option<ToolError>,
    /// How long it took.
    pub duration_ms: u64,
}

impl Settled {
    /// A call that failed, or was never run.
    #[must_use]
    pub fn failed(error: ToolError, version: &str, duration_ms: u64) -> Self {
        let status = match error.code {
            ToolErrorCode::Timeout => ToolRunStatus::TimedOut,
            ToolErrorCode::Cancelled => ToolRunStatus::Cancelled,
            ToolErrorCode::BudgetExceeded | ToolErrorCode::Denied => ToolRunStatus::Skipped,
            _ => ToolRunStatus::Failed,
        };
        Self {
            status,
            version: version.to_owned(),
            output: None,
            summary: omega_core::one_line::one_line(&error.message, 160),
            truncated: false,
            error: Some(error),
            duration_ms,
        }
    }
}

impl Store {
    /// Takes up the oldest run that may start, if there is one (transition 2).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim(&self, node: &str) -> Result<Option<Claimed>> {
        let candidate: Option<(String,)> = read_opt!(&self.db, (String,), sql::CLAIMABLE)?;
        let Some((run,)) = candidate else { return Ok(None) };
        let mut tx = self.begin().await?;
        let now = Timestamp::now().0;
        type Row = (String, i64, i64, i64);
        let claimed = tx_opt!(&mut tx, Row, sql::CLAIM, &run, node, now + Lease::MILLIS, now);
        let (conversation, fence, attempt, _) = match claimed {
            Ok(Some(row)) => row,
            // Another worker was faster; the partial unique index says so on PostgreSQL.
            Ok(None) | Err(StoreError::Sql(sqlx::Error::Database(_))) => return Ok(None),
            Err(error) => return Err(error),
        };
        tx.commit().await?;
        let lease = Lease { run: id(&run)?, conversation: id(&conversation)?, fence: number(fence) };
        Ok(Some(Claimed { lease, attempt: u32::try_from(attempt).unwrap_or(u32::MAX) }))
    }

    /// One run.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn run(&self, run: RunId) -> Result<Run> {
        let row: Option<RunRow> = read_opt!(&self.db, RunRow, sql::GET_RUN, run.to_string())?;
        row.ok_or(StoreError::NotFound)?.into_api()
    }

    /// The conversation's runs that have not ended, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_runs(&self, conversation: ConversationId) -> Result<Vec<(RunId, RunStatus)>> {
        let rows: Vec<(String, String)> =
            read_all!(&self.db, (String, String), sql::OPEN_RUNS, conversation.to_string())?;
        rows.iter().map(|(run, status)| Ok((id(run)?, super::rows::word(status)?))).collect()
    }

    /// Runs that wait or work, on the whole database.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn active_runs(&self) -> Result<u64> {
        let (n,): (i64,) = read_one!(&self.db, (i64,), sql::COUNT_ACTIVE)?;
        Ok(number(n))
    }

    /// Prolongs all leases of a node, and says which of its runs are to be cancelled.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn heartbeat(&self, node: &str) -> Result<Vec<RunId>> {
        let mut tx = self.begin().await?;
        exec!(&mut tx, sql::RENEW, node, Timestamp::now().0 + Lease::MILLIS)?;
        let rows: Vec<(String,)> = tx_all!(&mut tx, (String,), sql::CANCELS_OF, node)?;
        tx.commit().await?;
        rows.iter().map(|(run,)| id(run)).collect()
    }

    /// Takes runs back whose worker is gone (transition 14): what it left open is resolved, and they wait to be claimed.
    /// `all` is for a SQLite server's start: nobody else can hold a lease then.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recover(&self, all: bool) -> Result<Vec<Committed>> {
        if all {
            let mut tx = self.begin().await?;
            exec!(&mut tx, sql::VOID_LEASES)?;
            tx.commit().await?;
        }
        let now = Timestamp::now().0;
        let rows: Vec<(String, String)> = read_all!(&self.db, (String, String), sql::EXPIRED, now)?;
        let mut recovered = Vec::new();
        for (run, conversation) in rows {
            if let Some(committed) = self.recover_one(id(&run)?, id(&conversation)?, now).await? {
                recovered.push(committed);
            }
        }
        Ok(recovered)
    }

    /// Hands a run back whose worker can't go on, as if its lease had run out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn release(&self, lease: &Lease) -> Result<Option<Committed>> {
        let mut tx = self.begin().await?;
        let released = exec!(&mut tx, sql::HOLD, lease.run.to_string(), signed(lease.fence), 0_i64)?;
        tx.commit().await?;
        if released == 0 {
            return Ok(None);
        }
        self.recover_one(lease.run, lease.conversation, Timestamp::now().0).await
    }

    async fn recover_one(&self, run: RunId, conversation: ConversationId, now: i64) -> Result<Option<Committed>> {
        let mut log = self.log(conversation).await?;
        if exec!(&mut log.tx, sql::REQUEUE, run.to_string(), now)? != 1 {
            return Ok(None);
        }
        type Row = (String, String, String, String);
        let open: Vec<Row> = tx_all!(&mut log.tx, Row, sql::OPEN_TOOL_RUNS, run.to_string())?;
        for (tool_run, tool_call_id, tool_id, status) in open {
            if status != "started" {
                continue;
            }
            if tool_id == meta::SEARCH {
                // Searching has no effect: it is simply done again.
                exec!(&mut log.tx, sql::RETRY_TOOL_RUN, &tool_run)?;
                continue;
            }
            let error = ToolError::new(
                ToolErrorCode::Unknown,
                "the server stopped during the call; it may or may not have taken effect",
            );
            end_tool_run(&mut log, id(&tool_run)?, &Settled::failed(error, "", 0), ToolRunStatus::Unknown).await?;
            log.event(Some(run), Event::ToolUnknown { tool_run_id: id(&tool_run)?, tool_call_id }).await?;
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
        } else if row.recoveries >= RECOVERY_LIMIT {
            let error = RunError {
                code: "RECOVERY_LIMIT".into(),
                error:
                    "the server stopped five times while it worked on this message; send it again, or try another tool"
                        .into(),
                retryable: true,
            };
            log.end(run, RunStatus::Failed, Some(&error), Event::RunFailed { error: error.clone() }).await?;
        } else {
            if let Some((message, step, _)) = log.streaming_message(run).await? {
                log.event(Some(run), Event::MessageReset { message_id: message, step }).await?;
            }
            let attempt = u32::try_from(row.attempt + 1).unwrap_or(u32::MAX);
            log.event(Some(run), Event::RunRecovered { attempt }).await?;
        }
        Ok(Some(log.commit().await?))
    }

    /// Asks for the end of a run (transition 13). A run that waits ends at once; one that works is told, and its worker
    /// ends it. Gives the state it is in now, and what was committed if something was.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn request_cancel(&self, run: RunId, reason: &str) -> Result<(RunStatus, Option<Committed>)> {
        let known = self.run(run).await?;
        let mut log = self.log(known.conversation_id).await?;
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

/// A step that begins, or begins again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepStart {
    /// From 1.
    pub number: u32,
    /// From 1; more after a failed or lost model call.
    pub attempt: u32,
    /// The message that it writes.
    pub message: MessageId,
    /// The message's place.
    pub seq: u64,
}

/// A step whose model call is done.
#[derive(Debug, Clone)]
pub struct StepReply {
    /// The message's parts, in order.
    pub parts: Vec<Part>,
    /// The calls.
    pub calls: Vec<ToolCall>,
    /// State that goes back to the provider.
    pub provider_state: Vec<ProviderState>,
    /// Tokens.
    pub usage: Usage,
    /// Why the model stopped.
    pub finish_reason: Option<FinishReason>,
}

impl LogTx {
    async fn streaming_message(&mut self, run: RunId) -> Result<Option<(MessageId, u32, u32)>> {
        type Row = (String, i64, i64);
        let row: Option<Row> = tx_opt!(&mut self.tx, Row, sql::STREAMING_MESSAGE, run.to_string())?;
        let Some((message, step, attempt)) = row else { return Ok(None) };
        Ok(Some((id(&message)?, u32::try_from(step).unwrap_or(0), u32::try_from(attempt).unwrap_or(0))))
    }

    /// Begins a step, or begins it again with the message that it had (transition 3).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn start_step(&mut self, run: RunId, number: u32) -> Result<StepStart> {
        let (start, again) = match self.streaming_message(run).await? {
            Some((message, step, attempt)) if step == number => {
                (StepStart { number, attempt: attempt + 1, message, seq: self.next_seq() }, true)
            }
            _ => (StepStart { number, attempt: 1, message: MessageId::new(), seq: self.next_seq() }, false),
        };
        let (conversation, now) = (self.conversation().to_string(), self.now().0);
        if !again {
            exec!(
                &mut self.tx,
                sql::INSERT_MESSAGE,
                start.message.to_string(),
                &conversation,
                signed(start.seq),
                run.to_string(),
                Some(i64::from(number)),
                None::<String>,
                "assistant",
                "streaming",
                "[]",
                "",
                "[]",
                "[]",
                None::<String>,
                now,
            )?;
        }
        exec!(
            &mut self.tx,
            sql::INSERT_STEP,
            run.to_string(),
            i64::from(number),
            i64::from(start.attempt),
            start.message.to_string(),
            now,
        )?;
        exec!(&mut self.tx, sql::ADD_STEP, run.to_string(), i64::from(number))?;
        self.event(Some(run), Event::StepStarted { step_index: number, message_id: start.message }).await?;
        Ok(start)
    }

    /// Records that a model call failed and will be made again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fail_step(&mut self, run: RunId, step: &StepStart, error: &str) -> Result<()> {
        let now = self.now().0;
        exec!(
            &mut self.tx,
            sql::END_STEP,
            run.to_string(),
            i64::from(step.number),
            i64::from(step.attempt),
            "failed",
            None::<String>,
            None::<String>,
            Some(now),
            Some(error),
        )?;
        Ok(())
    }

    /// Records a model's answer and the calls that it asks for (transition 5). `total` is the run's usage and number of
    /// calls with this step.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn finish_step(
        &mut self,
        run: RunId,
        step: &StepStart,
        reply: &StepReply,
        proposals: Vec<Proposal>,
        total: (Usage, u32),
    ) -> Result<Vec<ToolRun>> {
        let now = self.now();
        exec!(
            &mut self.tx,
            sql::END_STEP,
            run.to_string(),
            i64::from(step.number),
            i64::from(step.attempt),
            "done",
            reply.finish_reason.map(|reason| json(&reason)).transpose()?,
            Some(json(&reply.usage)?),
            Some(now.0),
            None::<String>,
        )?;
        let message = Message {
            id: step.message,
            seq: step.seq,
            run_id: Some(run),
            step: Some(step.number),
            role: Role::Assistant,
            status: MessageStatus::Complete,
            content: Message::text_of(&reply.parts),
            parts: reply.parts.clone(),
            author: None,
            created_at: now,
        };
        exec!(
            &mut self.tx,
            sql::COMPLETE_MESSAGE,
            step.message.to_string(),
            json(&message.parts)?,
            &message.content,
            json(&reply.calls)?,
            json(&reply.provider_state)?,
        )?;
        exec!(&mut self.tx, sql::ADD_USAGE, run.to_string(), json(&total.0)?, i64::from(total.1))?;
        self.event(Some(run), Event::MessageCompleted { message }).await?;
        let mut tool_runs = Vec::new();
        for proposal in proposals {
            tool_runs.push(self.propose(run, step.message, proposal).await?);
        }
        if tool_runs.is_empty() {
            self.complete_step(run, step.number, reply.usage, reply.finish_reason).await?;
        }
        Ok(tool_runs)
    }

    /// Says that a step and all its calls are done.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn complete_step(
        &mut self,
        run: RunId,
        step: u32,
        usage: Usage,
        finish_reason: Option<FinishReason>,
    ) -> Result<()> {
        self.event(Some(run), Event::StepCompleted { step_index: step, usage, finish_reason }).await?;
        Ok(())
    }

    async fn propose(&mut self, run: RunId, message: MessageId, proposal: Proposal) -> Result<ToolRun> {
        let tool_run = ToolRun {
            id: ToolRunId::new(),
            run_id: run,
            message_id: message,
            tool_call_id: proposal.call.id,
            tool_id: proposal.tool_id,
            tool_name: proposal.tool_name,
            version: proposal.version,
            status: ToolRunStatus::Proposed,
            input: proposal.input,
            output: None,
            output_summary: String::new(),
            output_bytes: 0,
            truncated: false,
            duration_ms: None,
            error: None,
            created_at: self.now(),
        };
        let (conversation, seq, now) = (self.conversation().to_string(), signed(self.next_seq()), self.now().0);
        exec!(
            &mut self.tx,
            sql::INSERT_TOOL_RUN,
            tool_run.id.to_string(),
            conversation,
            run.to_string(),
            message.to_string(),
            &tool_run.tool_call_id,
            &proposal.call.name,
            seq,
            &tool_run.tool_id,
            &tool_run.tool_name,
            &tool_run.version,
            json(&tool_run.input)?,
            false,
            now,
        )?;
        let event = Event::ToolProposed {
            tool_run_id: tool_run.id,
            message_id: message,
            tool_call_id: tool_run.tool_call_id.clone(),
            tool_id: tool_run.tool_id.clone(),
            tool_name: tool_run.tool_name.clone(),
            version: tool_run.version.clone(),
            input: tool_run.input.clone(),
        };
        self.event(Some(run), event).await?;
        Ok(tool_run)
    }

    /// Records the intent to run a tool, before it is run (transition 8).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn start_tool(&mut self, tool_run: &ToolRun, version: &str, credentials: &[String]) -> Result<()> {
        let now = self.now().0;
        let id = tool_run.id.to_string();
        if exec!(&mut self.tx, sql::START_TOOL_RUN, id, version, json(credentials)?, now)? != 1 {
            return Err(StoreError::LeaseLost);
        }
        let event = Event::ToolStarted {
            tool_run_id: tool_run.id,
            tool_call_id: tool_run.tool_call_id.clone(),
            tool_name: tool_run.tool_name.clone(),
            version: version.to_owned(),
            input: tool_run.input.clone(),
            credentials_used: credentials.to_vec(),
        };
        self.event(Some(tool_run.run_id), event).await?;
        Ok(())
    }

    /// Records a tool's outcome (transition 10), and gives the tool run as it is now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn finish_tool(&mut self, tool_run: &ToolRun, settled: &Settled) -> Result<ToolRun> {
        let bytes = end_tool_run(self, tool_run.id, settled, settled.status).await?;
        let ended = ToolRun {
            status: settled.status,
            version: settled.version.clone(),
            output: settled.output.clone(),
            output_summary: settled.summary.clone(),
            output_bytes: bytes as u64,
            truncated: settled.truncated,
            duration_ms: Some(settled.duration_ms),
            error: settled.error.clone(),
            ..tool_run.clone()
        };
        let event = Event::ToolCompleted {
            tool_run_id: ended.id,
            tool_call_id: ended.tool_call_id.clone(),
            tool_name: ended.tool_name.clone(),
            version: ended.version.clone(),
            status: ended.status,
            output: ended.output.clone().filter(|_| bytes <= super::conversations::INLINE_OUTPUT_BYTES),
            output_summary: ended.output_summary.clone(),
            output_bytes: bytes as u64,
            truncated: ended.truncated,
            duration_ms: settled.duration_ms,
            is_error: ended.error.is_some(),
            error: ended.error.clone(),
        };
        self.event(Some(tool_run.run_id), event).await?;
        Ok(ended)
    }

    /// Ends a run (transitions 11 to 13): open calls get their synthetic result, a half-written message is discarded, and
    /// `event` is the run's only terminal event.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when it has ended already.
    pub async fn end(&mut self, run: RunId, status: RunStatus, error: Option<&RunError>, event: Event) -> Result<()> {
        let now = self.now().0;
        let error = error.map(json).transpose()?;
        if exec!(&mut self.tx, sql::END_RUN, run.to_string(), status.as_str(), error, now)? != 1 {
            return Err(StoreError::LeaseLost);
        }
        type Row = (String, String, String, String);
        let open: Vec<Row> = tx_all!(&mut self.tx, Row, sql::OPEN_TOOL_RUNS, run.to_string())?;
        for (tool_run, call_id, _, was) in open {
            let message = if was == "started" {
                "stopped with the run; it may have taken effect"
            } else {
                "not run: the run ended before it"
            };
            let tool_run: ToolRunId = id(&tool_run)?;
            let settled = Settled::failed(ToolError::new(ToolErrorCode::Cancelled, message), "", 0);
            end_tool_run(self, tool_run, &settled, ToolRunStatus::Cancelled).await?;
            let event = Event::ToolCompleted {
                tool_run_id: tool_run,
                tool_call_id: call_id,
                tool_name: String::new(),
                version: String::new(),
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
        exec!(&mut self.tx, sql::DISCARD_MESSAGES, run.to_string())?;
        self.event(Some(run), event).await?;
        Ok(())
    }
}

/// Writes the outcome; the output's size in bytes.
async fn end_tool_run(log: &mut LogTx, id: ToolRunId, settled: &Settled, status: ToolRunStatus) -> Result<usize> {
    let output = settled.output.as_ref().map(json).transpose()?;
    let bytes = output.as_ref().map_or(0, String::len);
    let error = settled.error.as_ref().map(json).transpose()?;
    let now = log.now().0;
    exec!(
        &mut log.tx,
        sql::END_TOOL_RUN,
        id.to_string(),
        status.as_str(),
        &settled.version,
        output,
        &settled.summary,
        signed(bytes as u64),
        settled.truncated,
        error,
        now,
        signed(settled.duration_ms),
    )?;
    Ok(bytes)
}
