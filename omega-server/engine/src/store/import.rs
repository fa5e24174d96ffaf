//! A conversation that comes as a document ([`omega_core::import`]): all of it in one transaction, or nothing.
//!
//! Beside `log` the only code that inserts events: these happened elsewhere, keep their times, and are numbered from 1 in a
//! conversation that nobody can have read.

use super::{
    Result, Store, exec, feedback, plans,
    rows::{json, signed},
    sql,
};
use crate::domain::boxed;
use std::collections::HashMap;

use omega_core::{
    agent::RunConfig,
    api::{Author, FinishReason, Message, Part, Role, Run, RunStatus, ToolRun},
    event::Event,
    id::{ConversationId, MessageId},
    import::Import,
    model::ToolCall,
};

/// Events that are written at once.
const EVENTS: usize = 500;

impl Store {
    /// Stores what was read from a document as a conversation of this owner, who is the only one to take part in it;
    /// `forked_from` is the title of the one here that it is a copy of.
    ///
    /// # Errors
    /// When the database fails; then nothing is stored.
    #[boxed]
    pub async fn import(
        &self,
        id: ConversationId,
        owner: &Author,
        import: &Import,
        forked_from: Option<&str>,
    ) -> Result<()> {
        let (conversation, user, now) = (id.to_string(), owner.user_id.to_string(), self.now().0);
        let known = import.view.conversation.as_ref();
        let (title, model) = (known.and_then(|c| c.title.clone()), known.map(|c| c.model.clone()).unwrap_or_default());
        let source = if title.is_some() { "user" } else { "none" };
        let next = signed(import.view.last_seq + 1);
        let began = import.created_at.0;
        let safe_mode = known.and_then(|c| c.safe_mode);
        let usage = import.view.runs.iter().fold(import.view.earlier, |all, run| all + run.usage);
        let mut tx = self.begin().await?;
        exec!(
            &mut tx,
            IMPORT_CONVERSATION,
            &conversation,
            &user,
            title,
            source,
            model,
            safe_mode,
            next,
            began,
            now,
            json(&usage)?,
            forked_from,
        )?;
        exec!(
            &mut tx,
            sql::INSERT_PARTICIPANT,
            &conversation,
            &user,
            "owner",
            &owner.display_name,
            &owner.gravatar_hash,
            now,
        )?;
        let messages: HashMap<MessageId, &Message> = import.view.messages.iter().map(|m| (m.id, m)).collect();
        for run in &import.view.runs {
            let queued = messages.get(&run.message_id).map_or(0, |message| signed(message.seq));
            insert_run(&mut tx, &conversation, &user, run, queued).await?;
        }
        for message in &import.view.messages {
            insert_message(&mut tx, &conversation, message).await?;
        }
        for tool_run in &import.view.tool_runs {
            let seq = import.proposed.get(&tool_run.id).copied().map_or(0, signed);
            let name = call_name(&messages, tool_run);
            insert_tool_run(&mut tx, &conversation, tool_run, seq, &name).await?;
        }
        insert_plans(&mut tx, &conversation, &user, import).await?;
        feedback::import(&mut tx, id, &import.events).await?;
        // Most of a document: one by one they would hold the only writer of a SQLite database for longer than others wait for it.
        for some in import.events.chunks(EVENTS) {
            let mut lists = Vec::with_capacity(some.len());
            for envelope in some {
                let (seq, run) = (envelope.seq.map_or(0, signed), envelope.run_id.map(|run| run.to_string()));
                lists.push((seq, run, envelope.event.kind(), json(envelope)?, envelope.at.0));
            }
            exec!(&mut tx, sql::IMPORT_EVENTS, json(&lists)?, &conversation)?;
        }
        tx.commit().await?;
        Ok(())
    }
}

async fn insert_run(tx: &mut super::Tx, conversation: &str, actor: &str, run: &Run, queued: i64) -> Result<()> {
    let mut config = RunConfig::new(&run.model, Vec::new());
    config.prompt_version.clone_from(&run.prompt_version);
    config.paid_by = run.paid_by;
    let error = run.error.as_ref().map(json).transpose()?;
    // Nobody waits for what did not end there.
    let status = if run.status.is_terminal() { run.status } else { RunStatus::Cancelled };
    exec!(
        tx,
        IMPORT_RUN,
        run.id.to_string(),
        conversation,
        run.message_id.to_string(),
        actor,
        status.as_str(),
        &run.model,
        json(&config)?,
        i64::from(run.steps),
        i64::from(run.tool_calls),
        error,
        json(&run.usage)?,
        queued,
        run.created_at.0,
        run.started_at.map(|at| at.0),
        run.finished_at.map(|at| at.0),
        run.finish_reason.map(FinishReason::as_str),
    )?;
    Ok(())
}

/// The plans that runs proposed, and the ones that they follow.
async fn insert_plans(tx: &mut super::Tx, conversation: &str, owner: &str, import: &Import) -> Result<()> {
    let questions = import.view.messages.iter().filter(|message| message.role == Role::User);
    let asked: HashMap<_, _> = questions.map(|message| (message.run_id, message.content.as_str())).collect();
    for envelope in &import.events {
        let (run, at) = (envelope.run_id.map(|run| run.to_string()), envelope.at.0);
        match &envelope.event {
            Event::PlanProposed { plan_set_id, plans } => {
                let message = asked.get(&envelope.run_id).copied().unwrap_or_default();
                exec!(&mut *tx, sql::INSERT_PLAN_SET, plan_set_id.to_string(), conversation, run, message, at)?;
                plans::insert_plans(tx, *plan_set_id, plans).await?;
            }
            Event::PlanSelected { plan_set_id, plan_id, .. } => {
                let status = if plan_id.is_some() { "selected" } else { "rejected" };
                let plan = plan_id.map(|plan| plan.to_string());
                let set = plan_set_id.to_string();
                exec!(&mut *tx, sql::DECIDE_PLAN_SET, set, status, plan, None::<String>, at, owner)?;
            }
            _ => {}
        }
    }
    Ok(())
}

async fn insert_message(tx: &mut super::Tx, conversation: &str, message: &Message) -> Result<()> {
    let calls: Vec<ToolCall> = message
        .parts
        .iter()
        .filter_map(|part| match part {
            Part::ToolCall { tool_call_id, tool_name, arguments } => Some(ToolCall {
                id: tool_call_id.clone(),
                name: tool_name.clone(),
                arguments: arguments.clone(),
                provider_state: None,
            }),
            _ => None,
        })
        .collect();
    let word = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    exec!(
        tx,
        sql::INSERT_MESSAGE,
        message.id.to_string(),
        conversation,
        signed(message.seq),
        message.run_id.map(|run| run.to_string()).unwrap_or_default(),
        message.step.map(i64::from),
        message.author.as_ref().map(json).transpose()?,
        word(serde_json::to_value(message.role)?),
        word(serde_json::to_value(message.status)?),
        json(&message.parts)?,
        &message.content,
        json(&calls)?,
        "[]",
        None::<String>,
        message.created_at.0,
        message.finish_reason.map(FinishReason::as_str),
        message.replaces.map(|before| before.to_string()),
    )?;
    Ok(())
}

async fn insert_tool_run(tx: &mut super::Tx, conversation: &str, run: &ToolRun, seq: i64, name: &str) -> Result<()> {
    exec!(
        tx,
        IMPORT_TOOL_RUN,
        run.id.to_string(),
        conversation,
        run.run_id.to_string(),
        run.message_id.to_string(),
        &run.tool_call_id,
        name,
        seq,
        &run.tool_id,
        &run.tool_name,
        &run.version,
        run.status.as_str(),
        json(&run.input)?,
        run.output.as_ref().map(json).transpose()?,
        &run.output_summary,
        signed(run.output_bytes),
        run.truncated,
        run.error.as_ref().map(json).transpose()?,
        i64::from(run.attempts),
        run.created_at.0,
        run.duration_ms.map(signed),
        run.started_at.map(|at| at.0),
        run.notice.as_deref(),
    )?;
    Ok(())
}

/// The name by which the model called it.
fn call_name(messages: &HashMap<MessageId, &Message>, run: &ToolRun) -> String {
    let parts = messages.get(&run.message_id).map(|message| &message.parts);
    let named = parts.into_iter().flatten().find_map(|part| match part {
        Part::ToolCall { tool_call_id, tool_name, .. } if *tool_call_id == run.tool_call_id => Some(tool_name.clone()),
        _ => None,
    });
    named.unwrap_or_else(|| run.tool_name.clone())
}

super::sql::statements! {
    IMPORT_CONVERSATION = "INSERT INTO conversations (id, owner_id, title, title_source, model, safe_mode, next_seq, \
        created_at, updated_at, link_id, usage, forked_from, imported_seq) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $1, $10, $11, \
        CAST($7 AS BIGINT) - 1)";
    IMPORT_RUN = "INSERT INTO runs (id, conversation_id, message_id, actor_user_id, status, model, config, step_no, tool_calls, attempt, \
        recoveries, lease_until, fence, error, usage, queued_seq, queued_at, started_at, finished_at, \
        finish_reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, 0, 0, 0, $10, $11, $12, $13, $14, $15, $16)";
    IMPORT_TOOL_RUN = "INSERT INTO tool_runs (id, conversation_id, run_id, message_id, call_id, call_name, seq, tool_id, tool_name, \
        version, status, input, output, output_summary, output_bytes, truncated, error, credentials_used, attempt, created_at, \
        duration_ms, started_at, notice) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, '[]', $18, $19, $20, $21, $22)";
}
