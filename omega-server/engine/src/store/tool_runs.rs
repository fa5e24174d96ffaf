//! What is recorded of a tool run: that it was asked for, the intent to run it, and its outcome.

use super::{
    Clean, INLINE_OUTPUT_BYTES, LogTx, Result, Store, StoreError,
    access::Within,
    call_of, exec, read_opt,
    rows::{json, number, signed},
    sql, tx_opt,
};
use crate::{
    domain::audit_fact::{AuditAction, Fact},
    observe::metrics::{CallTold, Told},
    process::failpoint::Transaction,
    registry::catalogue,
};
use omega_core::{
    agent::{Proposal, digest},
    api::{OutputPage, ToolRun, ToolRunStatus},
    edition::Edition,
    event::Event,
    executor::{ToolError, ToolErrorCode},
    id::{MessageId, RunId, ToolRunId},
    registry::meta,
    texts::{Edit, Texts},
};
use serde_json::Value;

/// The outcome of a tool run.
#[derive(Debug, Clone)]
pub struct Settled {
    pub status: ToolRunStatus,
    /// The version that ran.
    pub version: String,
    /// The output, redacted.
    pub output: Option<Value>,
    pub summary: String,
    /// Whether the output was cut.
    pub truncated: bool,
    pub error: Option<ToolError>,
    /// How long it took.
    pub duration_ms: u64,
    /// The executor that took it.
    pub executor: Option<String>,
    /// What the model is told besides.
    pub notice: Option<String>,
}

impl Settled {
    /// A call that failed, or was never run.
    pub fn failed(error: ToolError, version: &str, duration_ms: u64) -> Self {
        let status = match error.code {
            ToolErrorCode::Timeout => ToolRunStatus::TimedOut,
            ToolErrorCode::Cancelled => ToolRunStatus::Cancelled,
            ToolErrorCode::BudgetExceeded | ToolErrorCode::Replaced => ToolRunStatus::Skipped,
            ToolErrorCode::Denied => ToolRunStatus::Denied,
            ToolErrorCode::Unknown => ToolRunStatus::Unknown,
            _ => ToolRunStatus::Failed,
        };
        Self {
            status,
            version: version.to_owned(),
            output: None,
            summary: omega_core::sanitize::one_line(&error.message, 160),
            truncated: false,
            error: Some(error),
            duration_ms,
            executor: None,
            notice: None,
        }
    }
}

impl Texts for Settled {
    fn edit(&mut self, editor: &mut dyn Edit) {
        let Self { status: _, version: _, output, summary, truncated: _, error, duration_ms: _, executor: _, notice } =
            self;
        output.edit(editor);
        editor.words(summary);
        error.edit(editor);
        notice.iter_mut().for_each(|notice| editor.words(notice));
    }
}

/// Bytes of the longest character, but for its first one.
const REST_OF_CHARACTER: u64 = 3;

impl Store {
    /// A piece of an output's JSON text, at most `limit` bytes from `offset` on; both ends go back to the beginning of their
    /// character, but there is always one. Of the output no more is read than the piece.
    ///
    /// # Errors
    /// The size of the output, when it ends before `offset`.
    pub async fn output_piece(
        &self,
        tool_run: &Within<ToolRunId>,
        offset: u64,
        limit: u64,
    ) -> Result<std::result::Result<OutputPage, u64>> {
        // What is masked for a guest may lie across the piece's ends.
        let (from, total, bytes) = if tool_run.access().is_owner() {
            let from = offset.saturating_sub(REST_OF_CHARACTER);
            let length = offset - from + limit + REST_OF_CHARACTER;
            let row: Option<(i64, Vec<u8>)> = read_opt!(
                &self.db,
                (i64, Vec<u8>),
                sql::OUTPUT_PIECE,
                tool_run.id().to_string(),
                signed(from + 1),
                signed(length)
            )?;
            row.map_or((0, 0, Vec::new()), |(total, piece)| (from, number(total), piece))
        } else {
            let whole = self.tool_run(tool_run).await?.output.map(|output| output.to_string()).unwrap_or_default();
            (0, whole.len() as u64, whole.into_bytes())
        };
        if offset > total {
            return Ok(Err(total));
        }
        let at = |place: u64| usize::try_from(place.saturating_sub(from)).unwrap_or(usize::MAX).min(bytes.len());
        let starts = |place: &usize| bytes.get(*place).is_none_or(|byte| byte & 0xc0 != 0x80);
        let edge = |place: u64| (0..=at(place)).rev().find(starts).unwrap_or(0);
        let start = edge(offset);
        let next = (start + 1..=bytes.len()).find(starts).unwrap_or(bytes.len());
        let end = edge((offset + limit).min(total)).max(next);
        let next_offset = from + end as u64;
        Ok(Ok(OutputPage {
            tool_run_id: tool_run.id(),
            offset: from + start as u64,
            content: String::from_utf8_lossy(&bytes[start..end]).into_owned(),
            total_bytes: total,
            next_offset: (next_offset < total).then_some(next_offset),
        }))
    }
}

impl LogTx {
    pub(super) async fn propose(
        &mut self,
        run: RunId,
        message: MessageId,
        proposal: Clean<Proposal>,
    ) -> Result<ToolRun> {
        let (name, created_at) = (proposal.call.name.clone(), self.now());
        let tool_run = proposal.map(|proposal| ToolRun {
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
            attempts: 0,
            started_at: None,
            duration_ms: None,
            error: None,
            notice: None,
            created_at,
        });
        let (conversation, seq, now) = (self.conversation().to_string(), signed(self.next_seq()), self.now().0);
        exec!(
            &mut self.tx,
            INSERT_TOOL_RUN,
            tool_run.id.to_string(),
            conversation,
            run.to_string(),
            message.to_string(),
            &tool_run.tool_call_id,
            &name,
            seq,
            &tool_run.tool_id,
            &tool_run.tool_name,
            &tool_run.version,
            json(&tool_run.input)?,
            false,
            now,
        )?;
        let event = tool_run.clone().map(|tool_run| Event::ToolProposed {
            tool_run_id: tool_run.id,
            message_id: message,
            tool_call_id: tool_run.tool_call_id,
            tool_id: tool_run.tool_id,
            tool_name: tool_run.tool_name,
            version: tool_run.version,
            input: tool_run.input,
        });
        self.clean_event(Some(run), event).await?;
        Ok(tool_run.into_inner())
    }

    /// Whether somebody wants the end of the run, or of this call of it: then it is not begun.
    pub async fn is_cancelled(&mut self, tool_run: ToolRunId) -> Result<bool> {
        type Row = (Option<i64>,);
        let row: Option<Row> = tx_opt!(&mut self.tx, Row, TOOL_CANCEL_REQUESTED, tool_run.to_string())?;
        Ok(self.cancel_requested() || matches!(row, Some((Some(_),))))
    }

    /// Records the intent to run a tool, before it is run (transition 8).
    pub async fn start_tool(&mut self, tool_run: &ToolRun, edition: &Edition, credentials: &[String]) -> Result<()> {
        self.named(Transaction::ToolIntent).await?;
        let (now, version) = (self.now().0, edition.version.as_str());
        let id = tool_run.id.to_string();
        if exec!(&mut self.tx, START_TOOL_RUN, id, version, json(credentials)?, now)? != 1 {
            return Err(StoreError::LeaseLost);
        }
        // A search reaches nothing outside of the server.
        if tool_run.tool_id != meta::SEARCH {
            let fact = Fact::new(AuditAction::ToolStarted, "tool_run").on(tool_run.id);
            let digest = digest::of_call(&call_of(&tool_run.tool_id, edition), &tool_run.input);
            let fact = fact.with("toolId", tool_run.tool_id.as_str()).with("version", version);
            self.record(Some(tool_run.run_id), fact.with("argsDigest", digest).with("credentials", credentials));
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
    /// [`StoreError::LeaseLost`] when it has one already.
    pub async fn finish_tool(&mut self, tool_run: &ToolRun, settled: &Clean<Settled>) -> Result<ToolRun> {
        self.named(Transaction::ToolOutcome).await?;
        let (of, took) = ((tool_run.id, tool_run.tool_id.as_str()), Some(settled.duration_ms));
        let bytes = end_tool_run(self, of, settled, settled.status, took).await?;
        exec!(&mut self.tx, PROGRESS, tool_run.run_id.to_string())?;
        let event = settled.clone().map(|settled| Event::ToolCompleted {
            tool_run_id: tool_run.id,
            tool_call_id: tool_run.tool_call_id.clone(),
            tool_name: tool_run.tool_name.clone(),
            version: settled.version,
            status: settled.status,
            output: settled.output.filter(|_| bytes <= INLINE_OUTPUT_BYTES),
            output_summary: settled.summary,
            output_bytes: bytes as u64,
            truncated: settled.truncated,
            duration_ms: settled.duration_ms,
            is_error: settled.error.is_some(),
            error: settled.error,
        });
        self.clean_event(Some(tool_run.run_id), event).await?;
        Ok(ToolRun {
            status: settled.status,
            version: settled.version.clone(),
            output: settled.output.clone(),
            output_summary: settled.summary.clone(),
            output_bytes: bytes as u64,
            truncated: settled.truncated,
            duration_ms: Some(settled.duration_ms),
            error: settled.error.clone(),
            notice: settled.notice.clone(),
            ..tool_run.clone()
        })
    }
}

/// Writes the outcome, which is the only one ([`StoreError::LeaseLost`] otherwise), and how long it `took`, as the event says
/// it: of a call whose end nobody saw nobody knows. Gives the output's size in bytes.
pub(super) async fn end_tool_run(
    log: &mut LogTx,
    (id, tool_id): (ToolRunId, &str),
    settled: &Settled,
    status: ToolRunStatus,
    took: Option<u64>,
) -> Result<usize> {
    let output = settled.output.as_ref().map(json).transpose()?;
    let bytes = output.as_ref().map_or(0, String::len);
    let error = settled.error.as_ref().map(json).transpose()?;
    let now = log.now().0;
    let ended = exec!(
        &mut log.tx,
        END_TOOL_RUN,
        id.to_string(),
        status.as_str(),
        &settled.version,
        output,
        &settled.summary,
        signed(bytes as u64),
        settled.truncated,
        error,
        now,
        took.map(signed),
        settled.executor.as_deref(),
        settled.notice.as_deref(),
    )?;
    if ended != 1 {
        return Err(StoreError::LeaseLost);
    }
    log.told.push(Told::Call(CallTold {
        tool: catalogue::is_ours(tool_id).then(|| tool_id.to_owned()),
        outcome: status.as_str(),
        executor: settled.executor.clone(),
        duration_ms: settled.duration_ms,
    }));
    Ok(bytes)
}

super::sql::statements! {
    // The outcome of a call is progress: crashes are counted from here anew. A step that asks for the call which kills the
    // server, again and again, is none.
    PROGRESS = "UPDATE runs SET recoveries = 0 WHERE id = $1 AND recoveries > 0";
    INSERT_TOOL_RUN = "INSERT INTO tool_runs (id, conversation_id, run_id, message_id, call_id, call_name, seq, tool_id, tool_name, \
        version, status, input, output_summary, output_bytes, truncated, credentials_used, attempt, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'proposed', $11, '', 0, $12, '[]', 0, $13)";
    START_TOOL_RUN = "UPDATE tool_runs SET status = 'started', version = $2, credentials_used = $3, attempt = attempt + 1, started_at = $4 \
        WHERE id = $1 AND status = 'proposed'";
    END_TOOL_RUN = "UPDATE tool_runs SET status = $2, version = $3, output = $4, output_summary = $5, output_bytes = $6, truncated = $7, \
        error = $8, finished_at = $9, duration_ms = $10, executor = $11, notice = $12 \
        WHERE id = $1 AND status IN ('proposed', 'awaiting_credentials', 'awaiting_approval', 'started')";
    TOOL_CANCEL_REQUESTED = "SELECT cancel_requested_at FROM tool_runs WHERE id = $1";
}
