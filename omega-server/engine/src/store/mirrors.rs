//! How far the mirrors of other registries have got, who reads them, and what is mirrored.

use super::{Result, Store, exec, read_all, read_opt, sql, tx_opt};
use crate::{
    domain::audit_fact::Fact,
    registry::{MirrorRows, RowsError, SeenRows},
};
use async_trait::async_trait;
use omega_core::id::ToolId;

impl Store {
    async fn put_mirror(&self, url: &str, holder: &str, state: &str, seen: SeenRows<'_>) -> Result<bool> {
        let mut tx = self.begin().await?;
        if exec!(&mut tx, SAVE_MIRROR, url, holder, state)? == 0 {
            return Ok(false);
        }
        match seen {
            SeenRows::AsBefore => {}
            SeenRows::More { number, hashes } => {
                exec!(&mut tx, PUT_MIRROR_SEEN, url, number, hashes)?;
            }
            SeenRows::Forgotten => {
                exec!(&mut tx, FORGET_MIRROR_SEEN, url)?;
            }
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn take_mirror(&self, url: &str, holder: &str, for_ms: i64) -> Result<Option<String>> {
        let mut tx = self.begin().await?;
        let row: Option<(String,)> = tx_opt!(&mut tx, (String,), sql::CLAIM_MIRROR, url, holder, for_ms)?;
        tx.commit().await?;
        Ok(row.map(|(state,)| state))
    }

    async fn hold_mirror(&self, url: &str, holder: &str, for_ms: i64) -> Result<bool> {
        let mut tx = self.begin().await?;
        let renewed = exec!(&mut tx, sql::RENEW_MIRROR, url, holder, for_ms)?;
        tx.commit().await?;
        Ok(renewed > 0)
    }

    async fn drop_tools(&self, ids: &[ToolId], facts: &[Fact]) -> Result<()> {
        let mut tx = self.begin().await?;
        for id in ids {
            exec!(&mut tx, DROP_MIRRORED, id.as_str())?;
        }
        self.commit_with(tx, facts).await
    }
}

#[async_trait]
impl MirrorRows for Store {
    async fn mirror(&self, url: &str) -> Result<Option<String>, RowsError> {
        let row: Option<(String,)> = read_opt!(&self.db, (String,), GET_MIRROR, url).map_err(RowsError::from)?;
        Ok(row.map(|(state,)| state))
    }

    async fn claim_mirror(&self, url: &str, holder: &str, for_ms: i64) -> Result<Option<String>, RowsError> {
        Ok(self.take_mirror(url, holder, for_ms).await?)
    }

    async fn renew_mirror(&self, url: &str, holder: &str, for_ms: i64) -> Result<bool, RowsError> {
        Ok(self.hold_mirror(url, holder, for_ms).await?)
    }

    async fn save_mirror(&self, url: &str, holder: &str, state: &str, seen: SeenRows<'_>) -> Result<bool, RowsError> {
        Ok(self.put_mirror(url, holder, state, seen).await?)
    }

    async fn mirror_seen(&self, url: &str) -> Result<Vec<String>, RowsError> {
        let rows: Vec<(String,)> = read_all!(&self.db, (String,), MIRROR_SEEN, url).map_err(RowsError::from)?;
        Ok(rows.into_iter().map(|(hashes,)| hashes).collect())
    }

    async fn mirrored(&self, after: Option<&ToolId>, limit: u32) -> Result<Vec<ToolId>, RowsError> {
        let after = after.map_or("", ToolId::as_str);
        let rows: Vec<(String,)> =
            read_all!(&self.db, (String,), MIRRORED, after, i64::from(limit)).map_err(RowsError::from)?;
        Ok(rows.iter().map(|(id,)| super::rows::id(id)).collect::<Result<_>>()?)
    }

    async fn drop_mirrored(&self, ids: &[ToolId], facts: &[Fact]) -> Result<(), RowsError> {
        Ok(self.drop_tools(ids, facts).await?)
    }
}

super::sql::statements! {
    GET_MIRROR = "SELECT state FROM mirrors WHERE url = $1";
    SAVE_MIRROR = "UPDATE mirrors SET state = $3 WHERE url = $1 AND holder = $2";
    MIRROR_SEEN = "SELECT hashes FROM mirror_seen WHERE url = $1 ORDER BY n";
    PUT_MIRROR_SEEN = "INSERT INTO mirror_seen (url, n, hashes) VALUES ($1, $2, $3) ON CONFLICT (url, n) DO UPDATE \
        SET hashes = excluded.hashes";
    FORGET_MIRROR_SEEN = "DELETE FROM mirror_seen WHERE url = $1";
    MIRRORED = "SELECT tool_id FROM tools WHERE source = 'mirror' AND tool_id > $1 ORDER BY tool_id LIMIT $2";
    DROP_MIRRORED = "DELETE FROM tools WHERE source = 'mirror' AND tool_id = $1";
}
