//! Rows of circuit breakers.

use super::{Result, Store, StoreError, exec, read_all, tx_opt};
use crate::domain::row::row;
use crate::executor::breaker::{BreakerKey, Change, Circuit, CircuitState, KeepError, KeepsBreakers};
use async_trait::async_trait;
use omega_core::api::Timestamp;

row! {
    /// `key, state, failures, successes, window_started_at, opened_at, next_probe_at, delay_ms, probe_owner, reason, failed_for, is_shared`.
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
}

fn circuit(row: Row) -> (String, Circuit) {
    let circuit = Circuit {
        state: CircuitState::from_word(&row.state),
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
    /// Breakers that are not closed, by their keys; those of everybody first.
    pub async fn open_breakers(&self) -> Result<Vec<(String, Circuit)>> {
        Ok(read_all!(&self.db, Row, OPEN_BREAKERS)?.into_iter().map(circuit).collect())
    }

    /// Under the row's lock, so that several nodes count together.
    async fn change_breaker(&self, key: &BreakerKey, change: Change<'_>) -> Result<Circuit> {
        let mut tx = self.begin().await?;
        let (now, user) = (Timestamp::now().0, key.user());
        let key = key.as_str();
        // Inserting a new row, or touching the one that is there, locks it and reads it in one statement.
        let row = tx_opt!(&mut tx, Row, LOCK_BREAKER, key, now, user)?;
        let changed = change(row.map(|row| circuit(row).1).unwrap_or_default());
        if changed == Circuit::default() {
            exec!(&mut tx, DELETE_BREAKER, key)?;
        } else {
            exec!(
                &mut tx,
                PUT_BREAKER,
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

    async fn forget_breakers(&self, before: i64) -> Result<()> {
        let mut tx = self.begin().await?;
        exec!(&mut tx, FORGET_BREAKERS, before)?;
        tx.commit().await
    }
}

impl From<StoreError> for KeepError {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

#[async_trait]
impl KeepsBreakers for Store {
    async fn change(&self, key: &BreakerKey, change: Change<'_>) -> Result<Circuit, KeepError> {
        Ok(self.change_breaker(key, change).await?)
    }

    async fn open(&self) -> Result<Vec<(String, Circuit)>, KeepError> {
        Ok(self.open_breakers().await?)
    }

    async fn forget(&self, before: i64) -> Result<(), KeepError> {
        Ok(self.forget_breakers(before).await?)
    }
}

super::sql::statements! {
    LOCK_BREAKER = "INSERT INTO breakers (key, user_id, state, failures, successes, window_started_at, delay_ms, reason, updated_at) \
        VALUES ($1, $3, 'closed', 0, 0, 0, 0, '', $2) ON CONFLICT (key) DO UPDATE SET updated_at = excluded.updated_at \
        RETURNING key, state, failures, successes, window_started_at, opened_at, next_probe_at, delay_ms, probe_owner, reason, \
        failed_for, is_shared";
    PUT_BREAKER = "UPDATE breakers SET state = $2, failures = $3, successes = $4, window_started_at = $5, opened_at = $6, \
        next_probe_at = $7, delay_ms = $8, probe_owner = $9, reason = $10, failed_for = $11, is_shared = $12 WHERE key = $1";
    DELETE_BREAKER = "DELETE FROM breakers WHERE key = $1";
    // Everybody's come first: one user's own, however many, push none of them out.
    OPEN_BREAKERS = "SELECT key, state, failures, successes, window_started_at, opened_at, next_probe_at, delay_ms, probe_owner, reason, \
        failed_for, is_shared FROM breakers WHERE state <> 'closed' \
        ORDER BY CASE WHEN user_id IS NULL THEN 0 ELSE 1 END, key LIMIT 2000";
    FORGET_BREAKERS = "DELETE FROM breakers WHERE (state = 'closed' OR user_id IS NOT NULL) AND updated_at < $1";
}
