//! Rows of circuit breakers.

use super::{Result, Store, exec, read_all, sql, tx_opt};
use crate::breaker::{Circuit, Key, State};
use omega_core::api::Timestamp;

/// `key, state, failures, successes, window_started_at, opened_at, next_probe_at, delay_ms, probe_owner, reason, failed_for, is_shared`.
#[derive(sqlx::FromRow)]
struct Row {
    key: String,
    state: String,
    failures: i64,
    successes: i64,
    window_started_at: i64,
    opened_at: Option<i64>,
    next_probe_at: Option<i64>,
    delay_ms: i64,
    probe_owner: Option<String>,
    reason: String,
    failed_for: Option<String>,
    is_shared: bool,
}

fn circuit(row: Row) -> (String, Circuit) {
    let circuit = Circuit {
        state: State::from_word(&row.state),
        failures: row.failures,
        successes: row.successes,
        window_started_at: row.window_started_at,
        opened_at: row.opened_at,
        next_probe_at: row.next_probe_at,
        delay_ms: row.delay_ms,
        probe_owner: row.probe_owner,
        reason: row.reason,
        failed_for: row.failed_for,
        is_shared: row.is_shared,
    };
    (row.key, circuit)
}

impl Store {
    /// Changes a breaker under its row's lock, so that several nodes count together; what it is then.
    ///
    /// # Errors
    /// When the database can't be written.
    pub(crate) async fn change_breaker(&self, key: &Key, change: impl FnOnce(Circuit) -> Circuit) -> Result<Circuit> {
        let mut tx = self.begin().await?;
        let (now, user) = (Timestamp::now().0, key.user());
        let key = key.as_str();
        // Inserting a new row, or touching the one that is there, locks it and reads it in one statement.
        let row = tx_opt!(&mut tx, Row, sql::LOCK_BREAKER, key, now, user)?;
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
                changed.reason.as_str(),
                changed.failed_for.as_deref(),
                changed.is_shared
            )?;
        }
        tx.commit().await?;
        Ok(changed)
    }

    /// Breakers that are not closed, by their keys; those of everybody first.
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
