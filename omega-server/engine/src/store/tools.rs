//! Rows of the registry: everybody's, and above them those of each user's own.

use super::{
    Durability, Result, Store, StoreError, exec, read_all, read_one,
    rows::{id as parsed, json, number, signed},
    sql, tool_text, tx_all, tx_opt,
};
use crate::{
    domain::{audit_fact::Fact, row::row},
    registry::{Failing, Outcomes, RowsCursor, RowsError, Source, StoredTool, ToolRows},
};
use async_trait::async_trait;
use omega_core::{
    id::{ToolId, UserId},
    registry::Viewer,
};
use std::collections::HashSet;

/// Ids that are looked up at once.
const IDS: usize = 1_000;
/// In place of a user: several of them.
const SEVERAL: &str = "*";

row! {
    struct ToolRow {
        tool_id: String,
        tool: String,
        source: String,
        runs: i64,
        failures: i64,
        failing: String,
        own: i64,
    }
}

row! {
    struct CursorRow {
        n: i64,
        own: i64,
        latest: i64,
    }
}

impl From<StoreError> for RowsError {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

fn stored(row: ToolRow) -> Result<StoredTool> {
    let failing = match row.failing.as_str() {
        "" => Failing::Nobody,
        SEVERAL => Failing::Several,
        user => Failing::One(parsed(user)?),
    };
    Ok(StoredTool {
        tool: tool_text::read(parsed(&row.tool_id)?, &row.tool, row.own == 1)?,
        source: Source::from_word(&row.source),
        outcomes: Outcomes { runs: number(row.runs), failures: number(row.failures) },
        failing,
    })
}

/// What stands for a viewer where a user's id is wanted: nobody has an empty one.
fn name_of(viewer: Viewer) -> String {
    viewer.user().map(|user| user.to_string()).unwrap_or_default()
}

impl Store {
    async fn tools_of(&self, viewer: Viewer, ids: &[ToolId]) -> Result<Vec<StoredTool>> {
        let user = name_of(viewer);
        let mut found: Vec<StoredTool> = Vec::with_capacity(ids.len());
        for some in ids.chunks(IDS) {
            let rows = read_all!(&self.db, ToolRow, sql::GET_TOOLS, json(&some)?, &user)?;
            let rows: Vec<StoredTool> = rows.into_iter().map(stored).collect::<Result<_>>()?;
            let (own, shared): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.tool.own);
            let mine: HashSet<ToolId> = own.iter().map(|own| own.tool.tool_id.clone()).collect();
            found.extend(shared.into_iter().filter(|row| !mine.contains(&row.tool.tool_id)));
            found.extend(own);
        }
        Ok(found)
    }

    /// Everybody's rows that were called, after an id.
    pub(super) async fn called_tools(&self, after: &str, limit: u32) -> Result<Vec<StoredTool>, RowsError> {
        all(read_all!(&self.db, ToolRow, CALLED_TOOLS, after, signed(u64::from(limit)))?)
    }

    async fn put_tools(&self, owner: Option<UserId>, rows: &[StoredTool], facts: &[Fact]) -> Result<i64> {
        let mut tx = self.begin().await?;
        let revision: Option<(i64,)> = tx_opt!(&mut tx, (i64,), COUNT_TOOL_REVISION)?;
        let (revision,) = revision.ok_or(StoreError::NotFound)?;
        let now = self.now().0;
        match owner {
            None => {
                let mut lists = Vec::with_capacity(rows.len());
                for row in rows {
                    lists.push((row.tool.tool_id.as_str(), tool_text::written(&row.tool)?, row.source.as_str()));
                }
                // In the order in which they will lie.
                lists.sort_unstable();
                exec!(&mut tx, sql::PUT_TOOLS, json(&lists)?, now, revision)?;
            }
            Some(user) => {
                for row in rows {
                    let (id, package) = (row.tool.tool_id.as_str(), row.tool.tool_id.package());
                    let (tool, source, user) = (tool_text::written(&row.tool)?, row.source.as_str(), user.to_string());
                    exec!(&mut tx, PUT_OWN_TOOL, id, package, tool, source, now, revision, user)?;
                }
            }
        }
        self.commit_with(tx, facts).await?;
        Ok(revision)
    }

    async fn remove_tools(&self, owner: Option<UserId>, package: &str, fact: Fact) -> Result<Vec<ToolId>> {
        let mut tx = self.begin().await?;
        let rows: Vec<(String,)> = match owner {
            None => tx_all!(&mut tx, (String,), REMOVE_TOOLS, package)?,
            Some(user) => tx_all!(&mut tx, (String,), REMOVE_OWN_TOOLS, package, user.to_string())?,
        };
        if !rows.is_empty() {
            self.commit_with(tx, &[fact.with("tools", rows.len())]).await?;
        }
        rows.iter().map(|(tool,)| parsed(tool)).collect()
    }

    async fn count_outcome(
        &self,
        owner: Option<UserId>,
        id: &ToolId,
        by: Viewer,
        ok: bool,
    ) -> Result<Option<Outcomes>> {
        // A count that a power cut may take back; nobody's call waits for it.
        let mut tx = self.begin_as(Durability::WithNext).await?;
        let by = by.user().map_or_else(|| SEVERAL.to_owned(), |user| user.to_string());
        let (id, failed) = (id.as_str(), i64::from(!ok));
        let row: Option<(i64, i64)> = match owner {
            None => tx_opt!(&mut tx, (i64, i64), COUNT_TOOL_OUTCOME, id, failed, by)?,
            Some(user) => tx_opt!(&mut tx, (i64, i64), COUNT_OWN_TOOL_OUTCOME, id, failed, by, user.to_string())?,
        };
        tx.commit().await?;
        Ok(row.map(|(runs, failures)| Outcomes { runs: number(runs), failures: number(failures) }))
    }
}

fn all(rows: Vec<ToolRow>) -> Result<Vec<StoredTool>, RowsError> {
    Ok(rows.into_iter().map(stored).collect::<Result<_>>()?)
}

#[async_trait]
impl ToolRows for Store {
    async fn page(&self, after: Option<&ToolId>, limit: u32) -> Result<Vec<StoredTool>, RowsError> {
        let after = after.map_or("", ToolId::as_str);
        all(read_all!(&self.db, ToolRow, PAGE_TOOLS, after, signed(u64::from(limit)))?)
    }

    async fn get(&self, viewer: Viewer, ids: &[ToolId]) -> Result<Vec<StoredTool>, RowsError> {
        Ok(self.tools_of(viewer, ids).await?)
    }

    async fn own(&self, user: UserId) -> Result<Vec<StoredTool>, RowsError> {
        all(read_all!(&self.db, ToolRow, OWN_TOOLS, user.to_string())?)
    }

    async fn standing(&self, viewer: Viewer) -> Result<RowsCursor, RowsError> {
        let row: CursorRow = read_one!(&self.db, CursorRow, TOOLS_STANDING, name_of(viewer))?;
        Ok(RowsCursor { revision: row.n, own: (row.own, row.latest) })
    }

    async fn changed_after(&self, revision: i64) -> Result<Option<(i64, Vec<StoredTool>)>, RowsError> {
        let (next,): (i64,) = read_one!(&self.db, (i64,), NEXT_TOOL_REVISION, revision)?;
        if next == 0 {
            return Ok(None);
        }
        Ok(Some((next, all(read_all!(&self.db, ToolRow, TOOLS_OF_REVISION, next)?)?)))
    }

    async fn upsert(&self, owner: Option<UserId>, rows: &[StoredTool], facts: &[Fact]) -> Result<i64, RowsError> {
        Ok(self.put_tools(owner, rows, facts).await?)
    }

    async fn remove(&self, owner: Option<UserId>, package: &str, fact: Fact) -> Result<Vec<ToolId>, RowsError> {
        Ok(self.remove_tools(owner, package, fact).await?)
    }

    async fn record_outcome(
        &self,
        owner: Option<UserId>,
        id: &ToolId,
        by: Viewer,
        ok: bool,
    ) -> Result<Option<Outcomes>, RowsError> {
        Ok(self.count_outcome(owner, id, by, ok).await?)
    }
}

super::sql::statements! {
    PAGE_TOOLS = "SELECT tool_id, tool, source, runs, failures, failing, CAST(0 AS BIGINT) AS own FROM tools WHERE tool_id > $1 \
        ORDER BY tool_id LIMIT $2";
    CALLED_TOOLS = "SELECT tool_id, tool, source, runs, failures, failing, CAST(0 AS BIGINT) AS own FROM tools WHERE runs > 0 \
        AND tool_id > $1 ORDER BY tool_id LIMIT $2";
    OWN_TOOLS = "SELECT tool_id, tool, source, runs, failures, failing, CAST(1 AS BIGINT) AS own FROM own_tools WHERE user_id = $1 \
        ORDER BY tool_id";
    TOOLS_STANDING = "SELECT (SELECT n FROM tool_revisions WHERE id = 1) AS n, COUNT(*) AS own, \
        CAST(COALESCE(MAX(revision), 0) AS BIGINT) AS latest FROM own_tools WHERE user_id = $1";
    NEXT_TOOL_REVISION = "SELECT CAST(COALESCE(MIN(revision), 0) AS BIGINT) AS n FROM tools WHERE revision > $1";
    TOOLS_OF_REVISION = "SELECT tool_id, tool, source, runs, failures, failing, CAST(0 AS BIGINT) AS own FROM tools WHERE revision = $1";
    COUNT_TOOL_REVISION = "UPDATE tool_revisions SET n = n + 1 WHERE id = 1 RETURNING n";
    PUT_OWN_TOOL = "INSERT INTO own_tools (tool_id, package, tool, source, runs, failures, updated_at, revision, user_id) \
        VALUES ($1, $2, $3, $4, 0, 0, $5, $6, $7) ON CONFLICT (user_id, tool_id) DO UPDATE \
        SET tool = excluded.tool, source = excluded.source, updated_at = excluded.updated_at, revision = excluded.revision";
    REMOVE_TOOLS = "DELETE FROM tools WHERE source IN ('added', 'import') \
        AND substr(tool_id, 1, length(CAST($1 AS TEXT)) + 2) = CAST($1 AS TEXT) || '::' RETURNING tool_id";
    REMOVE_OWN_TOOLS = "DELETE FROM own_tools WHERE package = $1 AND user_id = $2 RETURNING tool_id";
    COUNT_TOOL_OUTCOME = "UPDATE tools SET runs = runs + 1, failures = failures + $2, failing = CASE WHEN $2 = 0 THEN failing \
        WHEN failing = '' THEN $3 WHEN failing = $3 THEN failing ELSE '*' END WHERE tool_id = $1 RETURNING runs, failures";
    COUNT_OWN_TOOL_OUTCOME = "UPDATE own_tools SET runs = runs + 1, failures = failures + $2, failing = CASE WHEN $2 = 0 \
        THEN failing ELSE $3 END WHERE tool_id = $1 AND user_id = $4 RETURNING runs, failures";
}
