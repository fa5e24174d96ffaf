//! What the files of search indexes are held against.

use super::{Result, Store, exec, read_all, read_opt, rows::id as parsed, rows::signed};
use crate::registry::{INDEX_FILES_LAST, IndexFileRows, RowsError, StoredTool};
use async_trait::async_trait;
use omega_core::id::ToolId;

impl Store {
    async fn put_index_file(&self, token: &str) -> Result<()> {
        let now = self.now().0;
        let last = i64::try_from(INDEX_FILES_LAST.as_millis()).unwrap_or(i64::MAX);
        let mut tx = self.begin().await?;
        exec!(&mut tx, DROP_OLD_INDEX_FILES, now - last)?;
        exec!(&mut tx, PUT_INDEX_FILE, token, now)?;
        tx.commit().await
    }
}

#[async_trait]
impl IndexFileRows for Store {
    async fn index_saved(&self, token: &str) -> Result<(), RowsError> {
        Ok(self.put_index_file(token).await?)
    }

    async fn knows_index(&self, token: &str) -> Result<bool, RowsError> {
        Ok(read_opt!(&self.db, (String,), INDEX_FILE, token)?.is_some())
    }

    async fn ids(&self, after: Option<&ToolId>, limit: u32) -> Result<Vec<ToolId>, RowsError> {
        let after = after.map_or("", ToolId::as_str);
        let rows = read_all!(&self.db, (String,), TOOL_IDS, after, signed(u64::from(limit)))?;
        Ok(rows.iter().map(|(id,)| parsed(id)).collect::<Result<_>>()?)
    }

    async fn called(&self, after: Option<&ToolId>, limit: u32) -> Result<Vec<StoredTool>, RowsError> {
        self.called_tools(after.map_or("", ToolId::as_str), limit).await
    }
}

super::sql::statements! {
    DROP_OLD_INDEX_FILES = "DELETE FROM index_files WHERE saved_at < $1";
    PUT_INDEX_FILE = "INSERT INTO index_files (token, saved_at) VALUES ($1, $2)";
    INDEX_FILE = "SELECT token FROM index_files WHERE token = $1";
    TOOL_IDS = "SELECT tool_id FROM tools WHERE tool_id > $1 ORDER BY tool_id LIMIT $2";
}
