//! Rows of circuit breakers.

use super::{Result, Store, exec, read_all, sql, tx_opt};
use crate::breaker::{Circuit, State};
use omega_core::api::Timestamp;

/// `key, state, failures, successes, window_started_at, opened_at, next_probe_at, delay_ms, probe_owner, reason`.
type Row = (String, String, i64, i64, i64, Option<i64>, Option<i64>, i64, Option<String>, String);

fn circuit(row: Row) -> (String, Circuit) {
    let (key, state, failures, successes, window_started_at, opened_at, next_probe_at, delay_ms, probe_owner, reason) =
        row;
    let state = State::from_word(&state);
    let circuit = Circuit {
        state,
        failures,
        successes,
        window_started_at,
        opened_at,
        next_probe_at,
        delay_ms,
        probe_owner,
        reason,
    };
    (key, circuit)
}

impl Store {
    /// Changes a breaker under its row's lock, so that several nodes count together; what it is then.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn change_breaker(&self, key: &str, change: impl FnOnce(Circuit) -> Circuit) -> Result<Circuit> {
        let mut tx = self.begin().await?;
        let now = Timestamp::now().0;
        // Inserting a new row, or touching the one that is there, locks it and reads it in one statement.
        let row = tx_opt!(&mut tx, Row, sql::LOCK_BREAKER, key, now)?;
        let changed = change(row.map(|row| circuit(row).1).unwrap_or_default());
        if changed == Circuit::default() {
            exec!(&mut tx, sql::DELETE_BREAKER, key)?;
        } else {
            exec!(
                &mut tx,
                sql::PUT_BREAKER,
                key,
                changed.state.as_str(),
                changed.failures,
                changed.successes,
                changed.window_started_at,
                changed.opened_at,
                changed.next_probe_at,
                changed.delay_ms,
                changed.probe_owner.as_deref(),
                changed.reason.as_str()
            )?;
        }
        tx.commit().await?;
        Ok(changed)
    }

    /// Breakers that are not closed, by their keys.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn open_breakers(&self) -> Result<Vec<(String, Circuit)>> {
        Ok(read_all!(&self.db, Row, sql::OPEN_BREAKERS)?.into_iter().map(circuit).collect())
    }

    /// Drops windows of failures that nothing was added to since a time.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn forget_breakers(&self, before: i64) -> Result<()> {
        let mut tx = self.begin().await?;
        exec!(&mut tx, sql::FORGET_BREAKERS, before)?;
        tx.commit().await
    }
}
