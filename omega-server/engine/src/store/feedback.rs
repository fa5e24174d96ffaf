//! What people say of answers (O7): each person's newest word about each run that has ended.

use super::{
    Committed, Result, Store, StoreError, Tx,
    access::{Access, Within},
    exec, read_all,
    rows::{id, json, signed, word},
    tx_all, tx_opt,
};
use crate::{domain::row::row, process::failpoint::Transaction};
use omega_core::{
    api::{Feedback, GiveFeedback, Run, RunStatus, Timestamp},
    event::{Envelope, Event},
    id::{ConversationId, RunId},
};
use std::collections::HashMap;

row! {
    struct FeedbackRow {
        run_id: String,
        author: String,
        rating: String,
        felt_real: Option<bool>,
        comment: Option<String>,
        created_at: i64,
    }
}

impl FeedbackRow {
    fn into_api(self) -> Result<Feedback> {
        Ok(Feedback {
            run_id: id(&self.run_id)?,
            author: serde_json::from_str(&self.author)?,
            rating: word(&self.rating)?,
            felt_real: self.felt_real,
            comment: self.comment,
            at: Timestamp(self.created_at),
        })
    }
}

impl Store {
    /// What everybody said of a conversation's answers, oldest first.
    pub async fn feedback(&self, access: &Access) -> Result<Vec<Feedback>> {
        let rows: Vec<FeedbackRow> =
            read_all!(&self.db, FeedbackRow, FEEDBACK_FROM, access.conversation().to_string(), 0_i64)?;
        Ok(access.show(rows.into_iter().map(FeedbackRow::into_api).collect::<Result<_>>()?))
    }

    /// The same run with what was said of its answer.
    pub(super) async fn with_feedback(&self, run: Run) -> Result<Run> {
        let rows: Vec<FeedbackRow> = read_all!(&self.db, FeedbackRow, FEEDBACK_OF_RUN, run.id.to_string())?;
        Ok(Run { feedback: rows.into_iter().map(FeedbackRow::into_api).collect::<Result<_>>()?, ..run })
    }

    /// Puts the caller's word about a run's answer in place of the one before. The same word again changes nothing.
    ///
    /// # Errors
    /// [`StoreError::NotEnded`] while the answer is not whole.
    pub async fn give_feedback(
        &self,
        run: &Within<RunId>,
        given: GiveFeedback,
    ) -> Result<(Feedback, Option<Committed>)> {
        let author = run.caller().author();
        let mut log = self.log(run.conversation()).await?;
        log.named(Transaction::Update).await?;
        let (run_id, by) = (run.id().to_string(), author.user_id.to_string());
        let status: Option<(String,)> = tx_opt!(&mut log.tx, (String,), STATUS_OF, &run_id)?;
        let (status,) = status.ok_or(StoreError::NotFound)?;
        if !word::<RunStatus>(&status)?.is_terminal() {
            return Err(StoreError::NotEnded);
        }
        let feedback = log.clean(Feedback {
            run_id: run.id(),
            author,
            rating: given.rating,
            felt_real: given.felt_real,
            comment: given.comment,
            at: log.now(),
        });
        let known: Option<FeedbackRow> = tx_opt!(&mut log.tx, FeedbackRow, FEEDBACK_BY, &run_id, &by)?;
        let known = known.map(FeedbackRow::into_api).transpose()?;
        if let Some(known) = known.filter(|known| Feedback { at: known.at, ..(*feedback).clone() } == *known) {
            return Ok((run.show(known), None));
        }
        let seq = log.next_seq();
        put(&mut log.tx, run.conversation(), &feedback, seq).await?;
        let said = (*feedback).clone();
        log.clean_event(Some(run.id()), feedback.map(|feedback| Event::FeedbackGiven { feedback })).await?;
        Ok((run.show(said), Some(log.commit().await?)))
    }

    /// Takes the caller's word about a run's answer back; nothing is committed where there is none.
    pub async fn remove_feedback(&self, run: &Within<RunId>) -> Result<Option<Committed>> {
        let by = run.caller().user;
        let mut log = self.log(run.conversation()).await?;
        log.named(Transaction::Update).await?;
        if exec!(&mut log.tx, DELETE_FEEDBACK, run.id().to_string(), by.to_string())? == 0 {
            return Ok(None);
        }
        log.event(Some(run.id()), Event::FeedbackRemoved { by }).await?;
        Ok(Some(log.commit().await?))
    }
}

/// What was said of the runs that were queued from `oldest` on, by run.
pub(super) async fn by_run(tx: &mut Tx, conversation: &str, oldest: i64) -> Result<HashMap<RunId, Vec<Feedback>>> {
    let rows: Vec<FeedbackRow> = tx_all!(&mut *tx, FeedbackRow, FEEDBACK_FROM, conversation, oldest)?;
    let mut by_run: HashMap<RunId, Vec<Feedback>> = HashMap::new();
    for row in rows {
        let feedback = row.into_api()?;
        by_run.entry(feedback.run_id).or_default().push(feedback);
    }
    Ok(by_run)
}

/// The same from a document's events, whose people are strangers here.
pub(super) async fn import(tx: &mut Tx, conversation: ConversationId, events: &[Envelope]) -> Result<()> {
    for (envelope, seq) in events.iter().filter_map(|envelope| Some((envelope, envelope.seq?))) {
        match (&envelope.event, envelope.run_id) {
            (Event::FeedbackGiven { feedback }, _) => put(&mut *tx, conversation, feedback, seq).await?,
            (Event::FeedbackRemoved { by }, Some(run)) => {
                exec!(&mut *tx, DELETE_FEEDBACK, run.to_string(), by.to_string())?;
            }
            _ => {}
        }
    }
    Ok(())
}

async fn put(tx: &mut Tx, conversation: ConversationId, feedback: &Feedback, seq: u64) -> Result<()> {
    exec!(
        tx,
        PUT_FEEDBACK,
        feedback.run_id.to_string(),
        feedback.author.user_id.to_string(),
        conversation.to_string(),
        json(&feedback.author)?,
        feedback.rating.as_str(),
        feedback.felt_real,
        feedback.comment.as_deref(),
        signed(seq),
        feedback.at.0,
    )?;
    Ok(())
}

super::sql::statements! {
    STATUS_OF = "SELECT status FROM runs WHERE id = $1";
    PUT_FEEDBACK = "INSERT INTO feedback (run_id, user_id, conversation_id, author, rating, felt_real, comment, seq, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (run_id, user_id) DO UPDATE SET author = excluded.author, \
        rating = excluded.rating, felt_real = excluded.felt_real, comment = excluded.comment, seq = excluded.seq, \
        created_at = excluded.created_at";
    DELETE_FEEDBACK = "DELETE FROM feedback WHERE run_id = $1 AND user_id = $2";
    FEEDBACK_BY = "SELECT run_id, author, rating, felt_real, comment, created_at FROM feedback WHERE run_id = $1 AND user_id = $2";
    FEEDBACK_OF_RUN = "SELECT run_id, author, rating, felt_real, comment, created_at FROM feedback WHERE run_id = $1 ORDER BY seq";
    FEEDBACK_FROM = "SELECT f.run_id, f.author, f.rating, f.felt_real, f.comment, f.created_at FROM feedback f \
        JOIN runs r ON r.id = f.run_id WHERE f.conversation_id = $1 AND r.queued_seq >= $2 ORDER BY f.seq";
}
