//! The servers on one PostgreSQL: who lives, and what they tell each other.

use super::{Result, Store, exec, read_all, rows::number, sql};
use crate::domain::row::row;
use omega_core::api::{NodeStatus, Timestamp};
use sqlx::postgres::PgListener;

/// Rows of nodes that died are kept for a day, for whoever looks.
const KEPT_MS: i64 = 24 * 60 * 60 * 1000;

row! {
    struct NodeRow {
        id: String,
        version: String,
        started_at: i64,
        heartbeat_at: i64,
        draining: bool,
        age: i64,
    }
}

impl Store {
    /// Says that a node lives.
    pub async fn put_node(&self, node: &str, boot: &str, draining: bool) -> Result<()> {
        let mut tx = self.begin().await?;
        exec!(&mut tx, sql::PUT_NODE, node, boot, env!("CARGO_PKG_VERSION"), draining)?;
        exec!(&mut tx, sql::DROP_OLD_NODES, KEPT_MS)?;
        tx.commit().await
    }

    /// Says that a node has ended.
    pub async fn drop_node(&self, node: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        exec!(&mut tx, DROP_NODE, node)?;
        tx.commit().await
    }

    /// All nodes, oldest first. One counts as alive as long as its leases would.
    pub async fn nodes(&self) -> Result<Vec<NodeStatus>> {
        let rows: Vec<NodeRow> = read_all!(&self.db, NodeRow, sql::LIST_NODES)?;
        let status = |row: NodeRow| NodeStatus {
            id: row.id,
            version: row.version,
            started_at: Timestamp(row.started_at),
            heartbeat_at: Timestamp(row.heartbeat_at),
            alive: row.age < self.lease_ms,
            draining: row.draining,
        };
        Ok(rows.into_iter().map(status).collect())
    }

    /// Tells other nodes something. Never inside a transaction that writes: PostgreSQL makes commits with news wait for
    /// each other.
    pub async fn notify(&self, payloads: &[String]) -> Result<()> {
        if let Some(pool) = &self.signals {
            sqlx::query(sql::NOTIFY).bind(payloads).execute(pool).await?;
        }
        Ok(())
    }

    /// A connection that hears what other nodes tell; `None` on SQLite, which has no other nodes.
    pub async fn listen(&self) -> Result<Option<PgListener>> {
        let Some(pool) = &self.signals else { return Ok(None) };
        let mut listener = PgListener::connect_with(pool).await?;
        // What was said meanwhile is lost: the caller has to know.
        listener.eager_reconnect(false);
        listener.listen("omega").await?;
        Ok(Some(listener))
    }

    /// How long a lease lasts without a heartbeat.
    pub fn lease(&self) -> std::time::Duration {
        std::time::Duration::from_millis(number(self.lease_ms))
    }
}

super::sql::statements! {
    DROP_NODE = "DELETE FROM nodes WHERE id = $1";
}
