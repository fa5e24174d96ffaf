//! Answers that were given already, by `Idempotency-Key`.

use super::{Durability, LogTx, Result, Store, exec, read_opt, tx_opt};
use crate::domain::row::row;

/// How long an answer is kept.
const KEPT_MILLIS: i64 = 24 * 3600 * 1000;
/// How long a request that holds a key may take (a tool has five minutes) before another one with the key goes ahead: its
/// server died.
const LOCK_MILLIS: i64 = 6 * 60 * 1000;

/// Which request an answer belongs to.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    pub principal: String,
    pub key: String,
    pub route: String,
    /// SHA-256 of the body.
    pub fingerprint: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// HTTP status; none for the receipt of a message, which is answered in the way that is asked for now.
    pub status: Option<u16>,
    /// Headers, as a JSON object.
    pub headers: Option<String>,
    pub body: String,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replay {
    /// Nothing: go on.
    New,
    /// The same request was answered: this is the answer.
    Same(KeptAnswer),
    /// The same request is being answered right now.
    InProgress,
    /// The key was used for another request.
    Mismatch,
}

row! {
    struct Row {
        fingerprint: Vec<u8>,
        status: String,
        response_status: Option<i64>,
        response_headers: Option<String>,
        response_body: String,
        locked_until: i64,
    }
}

impl Store {
    /// Looks a key up.
    pub async fn replay(&self, key: &IdempotencyKey) -> Result<Replay> {
        let row = read_opt!(&self.db, Row, GET_IDEMPOTENT, &key.principal, &key.key, &key.route)?;
        Ok(key.compare(row, self.now().0))
    }

    /// Takes a key for a request that is about to be answered. [`Replay::New`] means: it is ours now.
    pub async fn hold_key(&self, key: &IdempotencyKey) -> Result<Replay> {
        let now = self.now().0;
        // What the request then does and commits takes it along.
        let mut tx = self.begin_as(Durability::WithNext).await?;
        exec!(&mut tx, EXPIRE_IDEMPOTENT, now - KEPT_MILLIS)?;
        let held = exec!(
            &mut tx,
            LOCK_IDEMPOTENT,
            &key.principal,
            &key.key,
            &key.route,
            &key.fingerprint,
            now,
            now + LOCK_MILLIS,
        )?;
        tx.commit().await?;
        if held == 1 { Ok(Replay::New) } else { self.replay(key).await }
    }

    /// Keeps what was answered. A request whose server dies between its work and this is answered anew, whether it was killed
    /// or lost its power.
    pub async fn keep_answer(&self, key: &IdempotencyKey, answer: &KeptAnswer) -> Result<()> {
        let mut tx = self.begin_as(Durability::WithNext).await?;
        exec!(
            &mut tx,
            FINISH_IDEMPOTENT,
            &key.principal,
            &key.key,
            &key.route,
            answer.status.map(i64::from),
            answer.headers.as_deref(),
            &answer.body,
        )?;
        tx.commit().await
    }

    /// Gives a key back: nothing was done, and the request may be sent again.
    pub async fn free_key(&self, key: &IdempotencyKey) -> Result<()> {
        let mut tx = self.begin().await?;
        exec!(&mut tx, FREE_IDEMPOTENT, &key.principal, &key.key, &key.route)?;
        tx.commit().await
    }
}

impl IdempotencyKey {
    fn compare(&self, row: Option<Row>, now: i64) -> Replay {
        match row {
            None => Replay::New,
            Some(row) if row.fingerprint != self.fingerprint => Replay::Mismatch,
            Some(row) if row.status == "in_progress" && row.locked_until < now => Replay::New,
            Some(row) if row.status == "in_progress" => Replay::InProgress,
            Some(row) => Replay::Same(KeptAnswer {
                status: row.response_status.and_then(|status| u16::try_from(status).ok()),
                headers: row.response_headers,
                body: row.response_body,
            }),
        }
    }
}

impl LogTx {
    /// Looks a key up under the conversation's lock.
    pub(super) async fn replay(&mut self, key: &IdempotencyKey) -> Result<Replay> {
        let now = self.now().0;
        let row = tx_opt!(&mut self.tx, Row, GET_IDEMPOTENT, &key.principal, &key.key, &key.route)?;
        Ok(key.compare(row, now))
    }

    /// Keeps an answer together with what it tells of.
    pub(super) async fn remember(&mut self, key: &IdempotencyKey, body: &str) -> Result<()> {
        let now = self.now().0;
        let tx = &mut self.tx;
        exec!(tx, EXPIRE_IDEMPOTENT, now - KEPT_MILLIS)?;
        exec!(tx, PUT_IDEMPOTENT, &key.principal, &key.key, &key.route, &key.fingerprint, body, now)?;
        Ok(())
    }
}

super::sql::statements! {
    GET_IDEMPOTENT = "SELECT fingerprint, status, response_status, response_headers, response_body, locked_until FROM idempotency_keys \
        WHERE principal = $1 AND key = $2 AND route = $3";
    PUT_IDEMPOTENT = "INSERT INTO idempotency_keys (principal, key, route, fingerprint, response_body, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (principal, key, route) DO NOTHING";
    // The holder of a key that died is followed by the next one that asks, once its time is up.
    LOCK_IDEMPOTENT = "INSERT INTO idempotency_keys (principal, key, route, fingerprint, response_body, created_at, status, locked_until) \
        VALUES ($1, $2, $3, $4, '', $5, 'in_progress', $6) ON CONFLICT (principal, key, route) DO UPDATE \
        SET locked_until = excluded.locked_until WHERE idempotency_keys.status = 'in_progress' \
        AND idempotency_keys.fingerprint = excluded.fingerprint AND idempotency_keys.locked_until < excluded.created_at";
    FINISH_IDEMPOTENT = "UPDATE idempotency_keys SET status = 'done', response_status = $4, response_headers = $5, response_body = $6 \
        WHERE principal = $1 AND key = $2 AND route = $3";
    FREE_IDEMPOTENT = "DELETE FROM idempotency_keys WHERE principal = $1 AND key = $2 AND route = $3 AND status = 'in_progress'";
    EXPIRE_IDEMPOTENT = "DELETE FROM idempotency_keys WHERE created_at < $1";
}
