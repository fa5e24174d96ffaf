//! The text so far of messages that stream, for readers on other nodes (PostgreSQL only).
//!
//! A row counts only while its run is held as it was and its step is at work: a row that comes too late, from a worker
//! that lost its run or after the message was completed, is refused. So the rows go in the transaction that ends the text,
//! and none is left over.

use super::{
    Db, Durability, Lease, LogTx, Result, Store, StoreError, exec,
    rows::{id, number, signed},
    sql,
};
use crate::domain::row::row;
use crate::process::failpoint::{self, Point, Transaction};
use omega_core::id::{ConversationId, MessageId, RunId};
use sqlx::PgPool;

/// New text of a message that streams here.
#[derive(Debug, Clone)]
pub struct NewDelta {
    /// The right to write it.
    pub lease: Lease,
    pub message: MessageId,
    /// The step that writes it.
    pub step: u32,
    pub attempt: u32,
    /// The event since which this text counts.
    pub since: u64,
    /// Index of the part.
    pub part: u32,
    /// Whether the part is reasoning.
    pub reasoning: bool,
    /// Where it begins in the part, in bytes.
    pub offset: u64,
    pub text: String,
}

/// A piece as another node reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDelta {
    pub conversation: ConversationId,
    pub run: RunId,
    pub message: MessageId,
    /// The event since which it counts.
    pub since: u64,
    /// Index of the part.
    pub part: u32,
    /// Whether the part is reasoning.
    pub reasoning: bool,
    /// Where it begins in the part, in bytes.
    pub offset: u64,
    pub text: String,
}

/// How much of a conversation's text a node has: message, since, part and bytes of the part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeltaProgress {
    pub conversation: ConversationId,
    pub text: Option<(MessageId, u64, u32, u64)>,
}

row! {
    struct DeltaRow {
        conversation_id: String,
        run_id: String,
        message_id: String,
        since: i64,
        part: i64,
        kind: String,
        chunk_offset: i64,
        data: String,
    }
}

impl DeltaRow {
    fn read(self) -> Result<StoredDelta> {
        Ok(StoredDelta {
            conversation: id(&self.conversation_id)?,
            run: id(&self.run_id)?,
            message: id(&self.message_id)?,
            since: number(self.since),
            part: u32::try_from(self.part).map_err(|error| StoreError::Corrupt(error.to_string()))?,
            reasoning: self.kind == "reasoning",
            offset: number(self.chunk_offset),
            text: self.data,
        })
    }
}

row! {
    /// Where text was written.
    struct WrittenRow {
        message_id: String,
        part: i64,
        chunk_offset: i64,
    }
}

impl Store {
    /// The pool of a PostgreSQL database.
    fn postgres(&self) -> Option<&PgPool> {
        match &self.db {
            Db::Postgres(pool) => Some(pool),
            Db::Sqlite { .. } => None,
        }
    }

    /// Writes pieces, all in one transaction, and says which were written. A run that its worker writes for at this moment
    /// is left out: nobody waits for partial text.
    pub async fn put_chunks(&self, pieces: &[NewDelta]) -> Result<Vec<(MessageId, u32, u64)>> {
        let Some(pool) = self.postgres() else { return Ok(Vec::new()) };
        let texts = |of: &dyn Fn(&NewDelta) -> String| pieces.iter().map(of).collect::<Vec<String>>();
        let numbers =
            |of: &dyn Fn(&NewDelta) -> u64| pieces.iter().map(|piece| signed(of(piece))).collect::<Vec<i64>>();
        let runs = texts(&|piece| piece.lease.run.to_string());
        failpoint::at(Point::Before(Transaction::ChunkFlush)).await?;
        // A partial text is not promised to anybody.
        let mut tx = pool.begin_with(Durability::WithNext.postgres()).await?;
        let held: Vec<(String,)> = sqlx::query_as(sql::HOLD_STREAMS)
            .bind(&runs)
            .bind(numbers(&|piece| piece.lease.fence))
            .fetch_all(&mut *tx)
            .await?;
        let held: Vec<String> = held.into_iter().map(|(run,)| run).collect();
        let written: Vec<WrittenRow> = sqlx::query_as(sql::PUT_CHUNKS)
            .bind(texts(&|piece| piece.lease.conversation.to_string()))
            .bind(texts(&|piece| piece.message.to_string()))
            .bind(numbers(&|piece| piece.part.into()))
            .bind(numbers(&|piece| piece.offset))
            .bind(texts(&|piece| if piece.reasoning { "reasoning" } else { "text" }.to_owned()))
            .bind(&runs)
            .bind(numbers(&|piece| piece.since))
            // PostgreSQL has no NUL in texts; a sign of the same length keeps the offsets.
            .bind(texts(&|piece| piece.text.replace('\0', "\u{1a}")))
            .bind(numbers(&|piece| piece.step.into()))
            .bind(numbers(&|piece| piece.attempt.into()))
            .bind(&held)
            .fetch_all(&mut *tx)
            .await?;
        failpoint::at(Point::Within(Transaction::ChunkFlush)).await?;
        tx.commit().await?;
        failpoint::at(Point::After(Transaction::ChunkFlush)).await?;
        written
            .iter()
            .map(|row| Ok((id(&row.message_id)?, u32::try_from(row.part).unwrap_or(0), number(row.chunk_offset))))
            .collect()
    }

    /// The text of conversations after what is known of it, in order.
    pub async fn chunks(&self, known: &[DeltaProgress]) -> Result<Vec<StoredDelta>> {
        let Some(pool) = self.postgres() else { return Ok(Vec::new()) };
        let numbers = |of: &dyn Fn((MessageId, u64, u32, u64)) -> i64| {
            known.iter().map(|known| known.text.map_or(-1, of)).collect::<Vec<i64>>()
        };
        let message = |known: &DeltaProgress| known.text.map(|text| text.0.to_string()).unwrap_or_default();
        let rows: Vec<DeltaRow> = sqlx::query_as(sql::GET_CHUNKS)
            .bind(known.iter().map(|known| known.conversation.to_string()).collect::<Vec<_>>())
            .bind(known.iter().map(message).collect::<Vec<_>>())
            .bind(numbers(&|text| signed(text.1)))
            .bind(numbers(&|text| text.2.into()))
            .bind(numbers(&|text| signed(text.3)))
            .fetch_all(pool)
            .await?;
        rows.into_iter().map(DeltaRow::read).collect()
    }
}

impl LogTx {
    /// Forgets the partial text of a run: it is void, or stored whole in this transaction.
    pub(super) async fn drop_chunks(&mut self, run: RunId) -> Result<()> {
        let conversation = self.conversation().to_string();
        exec!(&mut self.tx, DROP_CHUNKS, conversation, run.to_string())?;
        Ok(())
    }
}

super::sql::statements! {
    DROP_CHUNKS = "DELETE FROM message_chunks WHERE conversation_id = $1 AND run_id = $2";
}
