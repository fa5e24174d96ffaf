//! The prompts that runs had, each kept once: defaults for everybody, those with a user's own text for that user.

use super::{Result, Store, StoreError, exec, read_opt};
use crate::domain::row::row;
use omega_core::{
    api::{StoredPrompt, Timestamp},
    id::UserId,
};

row! {
    struct PromptRow {
        version: String,
        sha256: String,
        body: String,
        created_at: i64,
    }
}

impl Store {
    /// Keeps a prompt under its version; `user` is whose text is in it. One that is kept already stays as it is.
    pub async fn keep_prompt(&self, prompt: &StoredPrompt, user: Option<UserId>) -> Result<()> {
        let owner = user.map(|user| user.to_string()).unwrap_or_default();
        if let Some(user) = user
            && self.known_prompt(&prompt.version, user).await?.is_some()
        {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        let now = self.now().0;
        exec!(&mut tx, PUT_PROMPT, &prompt.version, owner, &prompt.sha256, &prompt.body, now)?;
        tx.commit().await
    }

    async fn known_prompt(&self, version: &str, user: UserId) -> Result<Option<StoredPrompt>> {
        let row: Option<PromptRow> = read_opt!(&self.db, PromptRow, GET_PROMPT, version, user.to_string())?;
        Ok(row.map(|row| StoredPrompt {
            version: row.version,
            sha256: row.sha256,
            body: row.body,
            created_at: Some(Timestamp(row.created_at)),
        }))
    }

    /// A prompt that runs had: a default, or one of the user's own.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also for another user's.
    pub async fn prompt(&self, version: &str, user: UserId) -> Result<StoredPrompt> {
        self.known_prompt(version, user).await?.ok_or(StoreError::NotFound)
    }
}

super::sql::statements! {
    PUT_PROMPT = "INSERT INTO prompts (version, user_id, sha256, body, created_at) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (version, user_id) DO NOTHING";
    GET_PROMPT = "SELECT version, sha256, body, created_at FROM prompts WHERE version = $1 AND user_id IN ('', $2)";
}
