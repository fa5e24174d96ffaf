//! Answers that were given already, by `Idempotency-Key`.

use super::{LogTx, Result, Store, exec, read_opt, sql, tx_opt};

/// Which request an answer belongs to.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    /// Who asked.
    pub principal: String,
    /// The header's value.
    pub key: String,
    /// Method and path.
    pub route: String,
    /// SHA-256 of the body.
    pub fingerprint: Vec<u8>,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replay {
    /// Nothing: go on.
    New,
    /// The same request was answered: this is the answer.
    Same(String),
    /// The key was used for another request.
    Mismatch,
}

impl Store {
    /// Looks a key up.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn replay(&self, key: &IdempotencyKey) -> Result<Replay> {
        let row = read_opt!(&self.db, Answered, sql::GET_IDEMPOTENT, &key.principal, &key.key, &key.route)?;
        Ok(key.compare(row))
    }
}

/// Fingerprint and answer.
type Answered = (Vec<u8>, String);

impl IdempotencyKey {
    fn compare(&self, row: Option<Answered>) -> Replay {
        match row {
            None => Replay::New,
            Some((fingerprint, body)) if fingerprint == self.fingerprint => Replay::Same(body),
            Some(_) => Replay::Mismatch,
        }
    }
}

impl LogTx {
    /// Looks a key up under the conversation's lock.
    pub(super) async fn replay(&mut self, key: &IdempotencyKey) -> Result<Replay> {
        let tx = &mut self.tx;
        let row = tx_opt!(tx, Answered, sql::GET_IDEMPOTENT, &key.principal, &key.key, &key.route)?;
        Ok(key.compare(row))
    }

    /// Keeps an answer together with what it tells of.
    pub(super) async fn remember(&mut self, key: &IdempotencyKey, body: &str) -> Result<()> {
        let now = self.now().0;
        let tx = &mut self.tx;
        exec!(tx, sql::EXPIRE_IDEMPOTENT, now - 24 * 3600 * 1000)?;
        exec!(tx, sql::PUT_IDEMPOTENT, &key.principal, &key.key, &key.route, &key.fingerprint, body, now)?;
        Ok(())
    }
}
