//! The event writer: the only code that inserts events.
//!
//! A conversation's counter is locked first and its events are numbered under that lock, in the transaction that changes
//! the state they tell of. So commit order is number order, numbers have no gaps, and a reader's cursor can't overtake an
//! event that is not committed yet (`runs.md` 2). Every event passes the redactor of its conversation here (`event_redaction.rs`).

use super::{
    Clean, Durability, Lease, Result, Store, StoreError, Tx,
    event_redaction::SecretSource,
    exec,
    recent::{Recent, Written},
    rows::{id, json, number, signed},
    sql, tx_opt,
};
use crate::{
    domain::{
        audit_fact::{self, Fact},
        boxed,
    },
    observe::metrics::Told,
    process::failpoint::{self, Point, Transaction},
};
use omega_core::{
    api::{Timestamp, Usage},
    event::{Envelope, Event, VERSION},
    id::{ConversationId, RunId, UserId},
    redact::Redactor,
};

/// A transaction on one conversation.
pub struct LogTx {
    pub(super) tx: Tx,
    conversation: ConversationId,
    next: u64,
    pub(super) usage: Total,
    now: Timestamp,
    /// What it is, for the failpoints: several where one commit does for them.
    names: Vec<Transaction>,
    /// Whether somebody wants the end of the worker's run.
    cancel_requested: bool,
    /// Whose message the worker's run answers.
    of: Option<UserId>,
    /// What the audit log gets with the commit.
    facts: Vec<Fact>,
    /// What the metrics get after it.
    pub(super) told: Vec<Told>,
    /// What readers get after it, and where they find it.
    written: Vec<Written>,
    recent: Recent,
    /// Whether something that is secret is stored or deleted here, and who is to know.
    pub(super) changes_secrets: bool,
    secrets: SecretSource,
    /// Knows what must not be written.
    pub(super) redactor: Redactor,
}

/// What a conversation took in all, which stands in its row: nobody adds up its runs to know it.
pub(super) struct Total {
    /// What stood there when the transaction began.
    known: String,
    /// What came to it since.
    pub(super) taken: Usage,
}

impl Total {
    fn changed(&self) -> Result<Option<Usage>> {
        let Some(taken) = self.taken.taken() else { return Ok(None) };
        Ok(Some(serde_json::from_str::<Usage>(&self.known)? + taken))
    }
}

/// What a commit made visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    pub conversation: ConversationId,
    /// Its newest event.
    pub last_seq: u64,
}

impl Store {
    /// Opens a transaction on a conversation and locks its counter.
    #[boxed]
    pub(crate) async fn log(&self, conversation: ConversationId) -> Result<LogTx> {
        let redactor = self.redactor(conversation).await?;
        self.log_by(conversation, redactor).await
    }

    /// The same with the redactor that has cleaned already what is to be written.
    #[boxed]
    pub(super) async fn log_by(&self, conversation: ConversationId, redactor: Redactor) -> Result<LogTx> {
        let now = self.now();
        let mut tx = self.begin().await?;
        type Row = (i64, String);
        let row: Option<Row> = tx_opt!(&mut tx, Row, LOCK_CONVERSATION, conversation.to_string(), now.0)?;
        let (next, usage) = row.ok_or(StoreError::NotFound)?;
        let next = number(next);
        Ok(LogTx {
            tx,
            conversation,
            next,
            usage: Total { known: usage, taken: Usage::default() },
            now,
            names: Vec::new(),
            cancel_requested: false,
            of: None,
            facts: Vec::new(),
            told: Vec::new(),
            written: Vec::new(),
            recent: self.recent.clone(),
            changes_secrets: false,
            secrets: self.secrets.clone(),
            redactor,
        })
    }

    /// The same, for the worker that holds a run: writes only while the lease is its own.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when another worker took over or the run has ended.
    pub async fn run_log(&self, lease: &Lease) -> Result<LogTx> {
        let mut log = self.log(lease.conversation).await?;
        type Row = (Option<i64>, String);
        let held: Option<Row> =
            tx_opt!(&mut log.tx, Row, sql::HOLD, lease.run.to_string(), signed(lease.fence), self.lease_ms)?;
        let (cancel_requested_at, of) = held.ok_or(StoreError::LeaseLost)?;
        log.cancel_requested = cancel_requested_at.is_some();
        log.of = Some(id(&of)?);
        Ok(log)
    }
}

impl LogTx {
    /// The time of everything in this transaction.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Says which transaction of a run's life this is, or is too.
    ///
    /// # Errors
    /// What a failpoint was told to give.
    pub(super) async fn named(&mut self, name: Transaction) -> Result<()> {
        if !self.names.contains(&name) {
            self.names.push(name);
            failpoint::at(Point::Before(name)).await?;
        }
        Ok(())
    }

    /// Whether somebody wants the end of the run that [`Store::run_log`] was opened for: nothing new is begun then.
    pub fn cancel_requested(&self) -> bool {
        self.cancel_requested
    }

    pub fn conversation(&self) -> ConversationId {
        self.conversation
    }

    /// The number that the next event gets.
    pub fn next_seq(&self) -> u64 {
        self.next
    }

    /// Appends an event, without the secrets that are in its texts, and gives its number. Only for what is small: others
    /// wait for the transaction.
    #[boxed]
    pub async fn event(&mut self, run: Option<RunId>, event: Event) -> Result<u64> {
        let event = self.clean(event);
        self.clean_event(run, event).await
    }

    /// The same for an event made of what was cleaned before the transaction began.
    #[boxed]
    pub(super) async fn clean_event(&mut self, run: Option<RunId>, event: Clean<Event>) -> Result<u64> {
        let seq = self.next;
        let event = event.into_inner();
        if let Some(fact) = audit_fact::of_event(&event) {
            self.record(run, fact);
        }
        let kind = event.kind();
        self.told.push(Told::by(&event));
        let envelope = Envelope {
            v: VERSION,
            seq: Some(seq),
            conversation_id: self.conversation,
            run_id: run,
            at: self.now,
            event,
        };
        let text = json(&envelope)?;
        let bytes = text.len();
        exec!(
            &mut self.tx,
            sql::INSERT_EVENT,
            self.conversation.to_string(),
            signed(seq),
            run.map(|run| run.to_string()),
            kind,
            text,
            self.now.0,
        )?;
        self.written.push(Written { seq, bytes, event: envelope });
        self.next += 1;
        Ok(seq)
    }

    /// Records a fact with the commit: no commit without it, and it not without the commit.
    pub fn record(&mut self, run: Option<RunId>, fact: Fact) {
        self.facts.push(fact.of(self.conversation, run).by_run_of(self.of));
    }

    /// Makes it all visible at once, and comes back when it is on the disk.
    ///
    /// # Errors
    /// When the database can't write; then nothing of it happened.
    #[boxed]
    pub async fn commit(self) -> Result<Committed> {
        self.commit_as(Durability::Now).await
    }

    /// Makes it all visible at once. Nobody is told of it before [`Store::kept`] came back.
    ///
    /// # Errors
    /// When the database can't write; then nothing of it happened.
    #[boxed]
    pub async fn commit_ahead(self) -> Result<Committed> {
        self.commit_as(Durability::Soon).await
    }

    #[boxed]
    async fn commit_as(mut self, durability: Durability) -> Result<Committed> {
        let id = self.conversation.to_string();
        match self.usage.changed()? {
            Some(usage) => exec!(&mut self.tx, SET_NEXT_SEQ_AND_USAGE, id, signed(self.next), json(&usage)?)?,
            None => exec!(&mut self.tx, SET_NEXT_SEQ, id, signed(self.next))?,
        };
        self.tx.record(&self.facts, self.now).await?;
        let committed = Committed { conversation: self.conversation, last_seq: self.next - 1 };
        for name in &self.names {
            failpoint::at(Point::Within(*name)).await?;
        }
        self.tx.commit_as(durability).await?;
        if self.changes_secrets {
            self.secrets.changed();
        }
        self.told.into_iter().for_each(Told::count);
        self.recent.put(self.conversation, self.written);
        for name in &self.names {
            failpoint::at(Point::After(*name)).await?;
        }
        Ok(committed)
    }
}

super::sql::statements! {
    LOCK_CONVERSATION = "UPDATE conversations SET updated_at = $2 WHERE id = $1 RETURNING next_seq, usage";
    SET_NEXT_SEQ = "UPDATE conversations SET next_seq = $2 WHERE id = $1";
    SET_NEXT_SEQ_AND_USAGE = "UPDATE conversations SET next_seq = $2, usage = $3 WHERE id = $1";
}
