//! Messages: sent to a conversation, each with the run that answers it, and read by pages.

use super::{
    Clean, Committed, Result, Store, StoreError,
    access::Access,
    exec,
    idempotency::{IdempotencyKey, Replay},
    read_all,
    rows::{MessageRow, OpenRunRow, id, json, number, signed},
    sql, tx_all, tx_opt,
};
use crate::{
    domain::sealed::Sealed,
    domain::{boxed, row::row},
    process::failpoint::Transaction,
};
use omega_core::{
    api::{Accepted, Author, Message, MessageStatus, OnActive, Part, Role, Run, RunStatus, Usage},
    event::Event,
    id::{MessageId, RunId},
    model::frame::with_preview,
};
use serde_json::Value;
use std::collections::BTreeSet;

/// Messages that may wait in one conversation.
const QUEUE_LIMIT: u32 = 16;

/// A message to store, and the run that it starts.
#[derive(Debug, Clone)]
pub struct Send {
    /// Who sends it, and where.
    pub access: Access,
    /// The run that it starts, unless the message is known already.
    pub run: RunId,
    /// The text, without secrets.
    pub text: String,
    /// Data that is too long for it, without secrets.
    pub data: Option<String>,
    /// The names of the secrets that were taken out of it; the conversation is told.
    pub removed: BTreeSet<String>,
    pub client_message_id: Option<String>,
    /// The message that it is a newer version of.
    pub replaces: Option<MessageId>,
    /// What to do with a run that is active. Without a wish a run that works is waited for, and a paused one gives way to
    /// those who may stop it: a new message means something else.
    pub on_active: Option<OnActive>,
    /// The run's frozen configuration.
    pub config: Value,
    /// Variables for this run only, sealed for it (C5).
    pub env: Vec<(String, Sealed)>,
    /// Where to keep the answer.
    pub idempotency: Option<IdempotencyKey>,
}

/// A message that is stored.
#[derive(Debug, Clone)]
pub struct Sent {
    pub accepted: Accepted,
    /// What was committed, and is told when it is kept; none for a message that was known already.
    pub committed: Option<Committed>,
    /// A run that works and was asked to stop.
    pub stopped: Option<RunId>,
}

impl Sent {
    fn before(accepted: Accepted) -> Self {
        Self { accepted, committed: None, stopped: None }
    }
}

row! {
    /// A message that was sent before.
    struct SentRow {
        id: String,
        seq: i64,
        run_id: String,
    }
}

impl Store {
    /// Messages before `before`, the newest `limit` of them, oldest first.
    pub async fn messages_before(&self, access: &Access, before: Option<u64>, limit: u32) -> Result<Vec<Message>> {
        let conversation = access.conversation();
        let before = before.map_or(i64::MAX, signed);
        let rows: Vec<MessageRow> =
            read_all!(&self.db, MessageRow, sql::MESSAGES_BEFORE, conversation.to_string(), before, i64::from(limit))?;
        Ok(access.show(rows.into_iter().rev().map(MessageRow::into_api).collect::<Result<_>>()?))
    }

    /// Messages after `after`, oldest first.
    pub async fn messages_after(&self, access: &Access, after: u64, limit: u32) -> Result<Vec<Message>> {
        let rows: Vec<MessageRow> = read_all!(
            &self.db,
            MessageRow,
            sql::MESSAGES_AFTER,
            access.conversation().to_string(),
            signed(after),
            i64::from(limit)
        )?;
        Ok(access.show(rows.into_iter().map(MessageRow::into_api).collect::<Result<_>>()?))
    }

    /// Stores a message and queues its run, in one transaction (`runs.md` 2, transition 1).
    ///
    /// # Errors
    /// [`StoreError::RunActive`], [`StoreError::QueueFull`], [`StoreError::KeyReused`], [`StoreError::NotFound`],
    /// [`StoreError::NotYours`] when a run is to be interrupted, or a message to be replaced, that is neither the sender's nor in their
    /// conversation; [`StoreError::Unfit`] when there is no such message.
    #[boxed]
    pub async fn send(&self, send: Send) -> Result<Sent> {
        let redactor = self.redactor(send.access.conversation()).await?;
        // What the sender has was taken out before; what the owner has is taken out here.
        let (text, mut owners) = Clean::telling(redactor.clone(), send.text).await;
        let (text, data) = match send.data {
            None => (text, None),
            Some(data) => {
                let (data, names) = Clean::telling(redactor.clone(), data).await;
                owners.extend(names);
                (text.map(|words| with_preview(&words, &data)), Some(data.into_inner()))
            }
        };
        let mut log = self.log_by(send.access.conversation(), redactor).await?;
        log.named(Transaction::Send).await?;
        let author = send.access.caller().author();
        let conversation = send.access.conversation().to_string();
        if let Some(key) = &send.idempotency {
            // Again, now that the conversation is locked: the same request may have come twice at the same time.
            match log.replay(key).await? {
                Replay::New => {}
                Replay::Same(receipt) => return Ok(Sent::before(serde_json::from_str(&receipt.body)?)),
                Replay::Mismatch => return Err(StoreError::KeyReused),
                Replay::InProgress => return Err(StoreError::InProgress),
            }
        }
        if let Some(client_id) = &send.client_message_id {
            let known: Option<SentRow> = tx_opt!(&mut log.tx, SentRow, MESSAGE_BY_CLIENT_ID, &conversation, client_id)?;
            if let Some(row) = known {
                let (run_id, message_id) = (id(&row.run_id)?, id(&row.id)?);
                return Ok(Sent::before(Accepted { run_id, message_id, seq: number(row.seq) }));
            }
        }
        let mut open: Vec<OpenRunRow> = tx_all!(&mut log.tx, OpenRunRow, sql::OPEN_RUNS, &conversation)?;
        let active = open.iter().position(|run| run.status != "queued");
        let paused = active.is_some_and(|at| open[at].status == "paused");
        let by = author.user_id.to_string();
        if let Some(before) = send.replaces {
            let row: Option<(Option<String>,)> =
                tx_opt!(&mut log.tx, (Option<String>,), QUESTION_AUTHOR, &conversation, before.to_string())?;
            let (author,) = row.ok_or_else(|| no_such_question(before))?;
            let author = author.as_deref().map(serde_json::from_str::<Author>).transpose()?;
            if !send.access.is_owner() && author.is_none_or(|author| author.user_id.to_string() != by) {
                return Err(StoreError::NotYours);
            }
        }
        let may_stop = send.access.is_owner() || active.is_some_and(|at| open[at].actor_user_id == by);
        let on_active = send.on_active.unwrap_or(match paused && may_stop {
            true => OnActive::Interrupt,
            false => OnActive::Enqueue,
        });
        if let (OnActive::Reject, Some(run)) = (on_active, open.first()) {
            return Err(StoreError::RunActive(id(&run.id)?));
        }
        let mut stopped = None;
        if let (OnActive::Interrupt, Some(at)) = (on_active, active) {
            if !may_stop {
                return Err(StoreError::NotYours);
            }
            let run: RunId = id(&open.remove(at).id)?;
            if paused {
                log.give_up(run, "superseded", "a new message came instead of an answer").await?;
            } else {
                let now = log.now().0;
                if exec!(&mut log.tx, sql::REQUEST_CANCEL, run.to_string(), now)? == 1 {
                    log.event(Some(run), Event::RunCancelRequested {}).await?;
                }
                stopped = Some(run);
            }
            // What the sender has waiting there is void too; what others wait for is not theirs to stop.
            for run in open.extract_if(.., |run| run.actor_user_id == by) {
                log.give_up(id(&run.id)?, "superseded", "interrupted by a new message").await?;
            }
        }
        let waiting = u32::try_from(open.iter().filter(|run| run.status == "queued").count()).unwrap_or(u32::MAX);
        if waiting >= QUEUE_LIMIT {
            return Err(StoreError::QueueFull(waiting));
        }
        let now = log.now();
        let removed: BTreeSet<String> = send.removed.into_iter().chain(owners).collect();
        let (seq, author) = (log.next_seq(), log.clean(author).into_inner());
        let message = text.map(|text| Message {
            id: MessageId::new(),
            seq,
            run_id: Some(send.run),
            step: None,
            role: Role::User,
            status: MessageStatus::Complete,
            content: text.clone(),
            parts: vec![Part::Text { text }],
            author: Some(author.clone()),
            finish_reason: None,
            replaces: send.replaces,
            created_at: now,
        });
        let run = Run {
            id: send.run,
            conversation_id: send.access.conversation(),
            message_id: message.id,
            status: RunStatus::Queued,
            model: send.config["model"].as_str().unwrap_or_default().to_owned(),
            paid_by: serde_json::from_value(send.config["paidBy"].clone())?,
            prompt_version: send.config["promptVersion"].as_str().unwrap_or_default().to_owned(),
            steps: 0,
            tool_calls: 0,
            usage: Usage::default(),
            requires_action: None,
            plan: None,
            answers: Vec::new(),
            error: None,
            finish_reason: None,
            feedback: Vec::new(),
            created_at: now,
            started_at: None,
            finished_at: None,
        };
        exec!(
            &mut log.tx,
            sql::INSERT_MESSAGE,
            message.id.to_string(),
            &conversation,
            signed(message.seq),
            run.id.to_string(),
            None::<i64>,
            json(&author)?,
            "user",
            "complete",
            json(&message.parts)?,
            &message.content,
            "[]",
            "[]",
            send.client_message_id.as_deref(),
            now.0,
            None::<String>,
            send.replaces.map(|before| before.to_string()),
        )?;
        if let Some(data) = data {
            exec!(&mut log.tx, PUT_MESSAGE_DATA, message.id.to_string(), data)?;
        }
        exec!(
            &mut log.tx,
            INSERT_RUN,
            run.id.to_string(),
            &conversation,
            message.id.to_string(),
            author.user_id.to_string(),
            &run.model,
            json(&send.config)?,
            json(&run.usage)?,
            signed(message.seq),
            now.0,
        )?;
        for (name, sealed) in &send.env {
            log.put_run_env(run.id, author.user_id, name, sealed).await?;
        }
        let accepted = Accepted { run_id: run.id, message_id: message.id, seq: message.seq };
        log.clean_event(Some(run.id), message.map(|message| Event::MessageCreated { message })).await?;
        let position = u32::try_from(open.len()).unwrap_or(u32::MAX);
        log.event(Some(accepted.run_id), Event::RunQueued { run, position }).await?;
        if !removed.is_empty() {
            log.event(Some(accepted.run_id), secrets_removed(&removed)).await?;
        }
        if let Some(key) = &send.idempotency {
            log.remember(key, &json(&accepted)?).await?;
        }
        Ok(Sent { accepted, committed: Some(log.commit_ahead().await?), stopped })
    }
}

fn no_such_question(id: MessageId) -> StoreError {
    StoreError::Unfit(
        "replaces",
        format!("this conversation has no message {id} of a person; leave it out to send a new one"),
    )
}

/// Says that a message is stored without the secrets that were in it, and where they belong.
fn secrets_removed(names: &BTreeSet<String>) -> Event {
    // As placeholders: what a guest is shown has no names in them.
    let names: Vec<String> = names.iter().map(|name| format!("«redacted:{name}»")).collect();
    Event::Notice {
        code: "SECRET_REMOVED".into(),
        message: format!(
            "the message had what is or looks like a secret ({}); it was taken out, and neither the model nor the log has \
             it. Give keys to tools as credentials (`omega credentials set`, the page's form, or `env` of the request)",
            names.join(", ")
        ),
    }
}

super::sql::statements! {
    PUT_MESSAGE_DATA = "UPDATE messages SET data = $2 WHERE id = $1";
    QUESTION_AUTHOR = "SELECT author FROM messages WHERE conversation_id = $1 AND id = $2 AND role = 'user'";
    MESSAGE_BY_CLIENT_ID = "SELECT id, seq, run_id FROM messages WHERE conversation_id = $1 AND client_message_id = $2";
    INSERT_RUN = "INSERT INTO runs (id, conversation_id, message_id, actor_user_id, status, model, config, step_no, tool_calls, attempt, \
        recoveries, lease_until, fence, usage, queued_seq, queued_at) \
        VALUES ($1, $2, $3, $4, 'queued', $5, $6, 0, 0, 0, 0, 0, 0, $7, $8, $9)";
}
