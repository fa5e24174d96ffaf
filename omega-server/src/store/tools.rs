//! Rows of the registry.

use super::{
    Result, Store, StoreError, exec, read_all,
    rows::{json, number, signed},
    sql, tx_opt,
};
use crate::registry::{Outcomes, RowsError, Source, StoredTool, ToolRows};
use async_trait::async_trait;
use omega_core::id::ToolId;

/// Ids that [`sql::GET_TOOLS`] takes.
const IDS: usize = 16;

/// `tool, source, runs, failures`.
type ToolRow = (String, String, i64, i64);

impl From<StoreError> for RowsError {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

fn stored((tool, source, runs, failures): ToolRow) -> Result<StoredTool> {
    let outcomes = Outcomes { runs: number(runs), failures: number(failures) };
    Ok(StoredTool { tool: serde_json::from_str(&tool)?, source: Source::from_word(&source), outcomes })
}

impl Store {
    async fn tools_of(&self, ids: &[ToolId]) -> Result<Vec<StoredTool>> {
        let mut found = Vec::with_capacity(ids.len());
        for some in ids.chunks(IDS) {
            // One statement for any number of ids: the places that are left over ask for an id that no tool has.
            let id = |at: usize| some.get(at).map_or("", ToolId::as_str);
            let rows = read_all!(
                &self.db,
                ToolRow,
                sql::GET_TOOLS,
                id(0),
                id(1),
                id(2),
                id(3),
                id(4),
                id(5),
                id(6),
                id(7),
                id(8),
                id(9),
                id(10),
                id(11),
                id(12),
                id(13),
                id(14),
                id(15)
            )?;
            for row in rows {
                found.push(stored(row)?);
            }
        }
        Ok(found)
    }

    async fn put_tools(&self, rows: &[StoredTool]) -> Result<()> {
        let mut tx = self.begin().await?;
        for row in rows {
            let id = &row.tool.tool_id;
            let tool = json(&row.tool)?;
            exec!(&mut tx, sql::PUT_TOOL, id.as_str(), id.package(), tool.as_str(), row.source.as_str(), self.now().0)?;
        }
        tx.commit().await
    }

    async fn count_outcome(&self, id: &ToolId, ok: bool) -> Result<Option<Outcomes>> {
        let mut tx = self.begin().await?;
        let row: Option<(i64, i64)> =
            tx_opt!(&mut tx, (i64, i64), sql::COUNT_TOOL_OUTCOME, id.as_str(), i64::from(!ok))?;
        tx.commit().await?;
        Ok(row.map(|(runs, failures)| Outcomes { runs: number(runs), failures: number(failures) }))
    }
}

#[async_trait]
impl ToolRows for Store {
    async fn page(&self, after: Option<&ToolId>, limit: u32) -> Result<Vec<StoredTool>, RowsError> {
        let after = after.map_or("", ToolId::as_str);
        let rows = read_all!(&self.db, ToolRow, sql::PAGE_TOOLS, after, signed(u64::from(limit)))?;
        Ok(rows.into_iter().map(stored).collect::<Result<_>>()?)
    }

    async fn get(&self, ids: &[ToolId]) -> Result<Vec<StoredTool>, RowsError> {
        Ok(self.tools_of(ids).await?)
    }

    async fn upsert(&self, rows: &[StoredTool]) -> Result<(), RowsError> {
        if rows.is_empty() {
            return Ok(());
        }
        Ok(self.put_tools(rows).await?)
    }

    async fn record_outcome(&self, id: &ToolId, ok: bool) -> Result<Option<Outcomes>, RowsError> {
        Ok(self.count_outcome(id, ok).await?)
    }
}
