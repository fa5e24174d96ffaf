//! What is recorded of a step: its beginning, its failures, and the model's answer with the calls that it asks for.

use super::{
    Clean, LogTx, Result, StoreError, exec,
    rows::{id, json, number, signed},
    sql, tx_all, tx_opt,
};
use crate::{domain::row::row, process::failpoint::Transaction};
use omega_core::{
    agent::Proposal,
    api::{FinishReason, Message, MessageStatus, Part, Role, Timestamp, ToolRun, Usage},
    event::Event,
    id::{MessageId, RunId},
    model::{ProviderState, ToolCall},
    texts::{Edit, Texts},
};

/// A step that begins, or begins again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepStart {
    pub number: u32,
    /// From 1; more after a failed or lost model call.
    pub attempt: u32,
    /// The message that it writes.
    pub message: MessageId,
    pub seq: u64,
    /// When the message began.
    pub created_at: Timestamp,
    /// The event that begins this attempt.
    pub since: u64,
}

/// A step whose model call is done.
#[derive(Debug, Clone)]
pub struct StepReply {
    /// The message's parts, in order.
    pub parts: Vec<Part>,
    pub calls: Vec<ToolCall>,
    /// State that goes back to the provider.
    pub provider_state: Vec<ProviderState>,
    pub usage: Usage,
    /// Why the model stopped.
    pub finish_reason: Option<FinishReason>,
}

impl Texts for StepReply {
    fn edit(&mut self, editor: &mut dyn Edit) {
        let Self { parts, calls, provider_state, usage: _, finish_reason: _ } = self;
        parts.edit(editor);
        calls.edit(editor);
        // It is often signed: with other words in it, its provider would refuse it.
        provider_state.retain_mut(|state| {
            let before = state.item.clone();
            editor.value(&mut state.item);
            state.item == before
        });
    }
}

row! {
    struct StreamingRow {
        id: String,
        seq: i64,
        created_at: i64,
        step_no: i64,
        attempt: i64,
    }
}

row! {
    struct StepRow {
        step_no: i64,
        usage: Option<String>,
        finish_reason: Option<String>,
    }
}

impl LogTx {
    /// The message of a run that streams, with its step as it was begun last.
    pub(super) async fn streaming_message(&mut self, run: RunId) -> Result<Option<StepStart>> {
        let row: Option<StreamingRow> = tx_opt!(&mut self.tx, StreamingRow, STREAMING_MESSAGE, run.to_string())?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(StepStart {
            number: u32::try_from(row.step_no).unwrap_or(0),
            attempt: u32::try_from(row.attempt).unwrap_or(0),
            message: id(&row.id)?,
            seq: number(row.seq),
            created_at: Timestamp(row.created_at),
            since: self.next_seq(),
        }))
    }

    /// Begins a step, or begins it again with the message that it had (transition 3).
    pub async fn start_step(&mut self, run: RunId, step_number: u32) -> Result<StepStart> {
        self.named(Transaction::StepStart).await?;
        self.close_steps(run).await?;
        let (start, again) = match self.streaming_message(run).await? {
            Some(known) if known.number == step_number => (StepStart { attempt: known.attempt + 1, ..known }, true),
            _ => {
                let (seq, created_at) = (self.next_seq(), self.now());
                (
                    StepStart {
                        number: step_number,
                        attempt: 1,
                        message: MessageId::new(),
                        seq,
                        created_at,
                        since: seq,
                    },
                    false,
                )
            }
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
                Some(i64::from(step_number)),
                None::<String>,
                "assistant",
                "streaming",
                "[]",
                "",
                "[]",
                "[]",
                None::<String>,
                now,
                None::<String>,
                None::<String>,
            )?;
        }
        exec!(
            &mut self.tx,
            INSERT_STEP,
            run.to_string(),
            i64::from(step_number),
            i64::from(start.attempt),
            start.message.to_string(),
            now,
        )?;
        exec!(&mut self.tx, ADD_STEP, run.to_string(), i64::from(step_number))?;
        self.event(Some(run), Event::StepStarted { step_index: step_number, message_id: start.message }).await?;
        Ok(start)
    }

    /// Records that a model call failed and will be made again.
    pub async fn fail_step(&mut self, run: RunId, step: &StepStart, error: &str) -> Result<()> {
        self.named(Transaction::StepFail).await?;
        self.drop_chunks(run).await?;
        let (now, error) = (self.now().0, self.clean_words(error));
        exec!(
            &mut self.tx,
            END_STEP,
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
    /// [`StoreError::LeaseLost`] when the step has its answer already.
    pub async fn finish_step(
        &mut self,
        run: RunId,
        step: &StepStart,
        answer: Clean<(StepReply, Vec<Proposal>)>,
        total: (Usage, u32),
    ) -> Result<Vec<ToolRun>> {
        self.named(Transaction::StepFinish).await?;
        self.drop_chunks(run).await?;
        let (reply, proposals) = answer.split();
        self.note_usage(Some(run), &reply.usage).await?;
        let now = self.now();
        exec!(
            &mut self.tx,
            END_STEP,
            run.to_string(),
            i64::from(step.number),
            i64::from(step.attempt),
            "done",
            reply.finish_reason.map(|reason| json(&reason)).transpose()?,
            Some(json(&reply.usage)?),
            Some(now.0),
            None::<String>,
        )?;
        let finish_reason = reply.finish_reason.map(FinishReason::as_str);
        let (calls, provider_state) = (json(&reply.calls)?, json(&reply.provider_state)?);
        let message = reply.map(|reply| Message {
            id: step.message,
            seq: step.seq,
            run_id: Some(run),
            step: Some(step.number),
            role: Role::Assistant,
            status: MessageStatus::Complete,
            content: Message::text_of(&reply.parts),
            parts: reply.parts,
            author: None,
            finish_reason: reply.finish_reason,
            replaces: None,
            created_at: step.created_at,
        });
        let completed = exec!(
            &mut self.tx,
            COMPLETE_MESSAGE,
            step.message.to_string(),
            json(&message.parts)?,
            &message.content,
            calls,
            provider_state,
            finish_reason,
        )?;
        if completed != 1 {
            return Err(StoreError::LeaseLost);
        }
        exec!(&mut self.tx, ADD_USAGE, run.to_string(), json(&total.0)?, i64::from(total.1), finish_reason)?;
        self.clean_event(Some(run), message.map(|message| Event::MessageCompleted { message })).await?;
        let mut tool_runs = Vec::new();
        for proposal in proposals.each() {
            tool_runs.push(self.propose(run, step.message, proposal).await?);
        }
        if tool_runs.is_empty() {
            self.close_steps(run).await?;
        }
        Ok(tool_runs)
    }

    /// Counts tokens that a run took outside of its steps, and tells it.
    pub async fn use_tokens(&mut self, run: RunId, usage: Usage) -> Result<()> {
        self.count_usage(Some(run), None, usage).await
    }

    /// Says of every step that the model has answered, and that is not said to be done yet, that it is: when its last call
    /// is, and before the run goes on or ends in whatever way. What is said comes from the record, so a run that was taken
    /// back from a server that died tells of all its steps and tokens too.
    pub async fn close_steps(&mut self, run: RunId) -> Result<()> {
        let open: Vec<StepRow> = tx_all!(&mut self.tx, StepRow, OPEN_STEPS, run.to_string())?;
        if open.is_empty() {
            return Ok(());
        }
        self.named(Transaction::StepComplete).await?;
        let total: Option<(String,)> = tx_opt!(&mut self.tx, (String,), sql::RUN_USAGE, run.to_string())?;
        let total = total.map(|(usage,)| serde_json::from_str(&usage)).transpose()?;
        for row in open {
            let event = Event::StepCompleted {
                step_index: u32::try_from(row.step_no).unwrap_or(0),
                usage: row.usage.as_deref().map(serde_json::from_str).transpose()?.unwrap_or_default(),
                run_usage: total,
                finish_reason: row.finish_reason.as_deref().map(serde_json::from_str).transpose()?,
            };
            self.event(Some(run), event).await?;
        }
        Ok(())
    }
}

super::sql::statements! {
    COMPLETE_MESSAGE = "UPDATE messages SET status = 'complete', parts = $2, content = $3, calls = $4, provider_state = $5, \
        finish_reason = $6 WHERE id = $1 AND status = 'streaming'";
    STREAMING_MESSAGE = "SELECT m.id, m.seq, m.created_at, m.step_no, COALESCE(MAX(s.attempt), 0) AS attempt FROM messages m \
        LEFT JOIN steps s ON s.run_id = m.run_id AND s.step_no = m.step_no \
        WHERE m.run_id = $1 AND m.status = 'streaming' GROUP BY m.id, m.seq, m.created_at, m.step_no";
    ADD_STEP = "UPDATE runs SET step_no = $2 WHERE id = $1";
    ADD_USAGE = "UPDATE runs SET usage = $2, tool_calls = $3, finish_reason = $4 WHERE id = $1";
    INSERT_STEP = "INSERT INTO steps (run_id, step_no, attempt, message_id, status, started_at) VALUES ($1, $2, $3, $4, 'started', $5)";
    END_STEP = "UPDATE steps SET status = $4, finish_reason = $5, usage = $6, finished_at = $7, error = $8 \
        WHERE run_id = $1 AND step_no = $2 AND attempt = $3";
    // Steps are completed in their order, so the events that say so count them.
    OPEN_STEPS = "SELECT step_no, usage, finish_reason FROM steps WHERE run_id = $1 AND status = 'done' AND step_no > \
        (SELECT COUNT(*) FROM events WHERE run_id = $1 AND kind = 'run.step.completed') ORDER BY step_no";
}
