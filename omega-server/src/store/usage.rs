//! Tokens, and what they cost: of a conversation's runs, and of the model calls that belong to none.

use super::{LogTx, Result, Tx, exec, rows::json, tx_all};
use omega_core::{api::Usage, id::ConversationId};

/// What a conversation took in all.
pub(super) async fn of(tx: &mut Tx, conversation: ConversationId) -> Result<Usage> {
    let rows: Vec<(String,)> = tx_all!(tx, (String,), USAGE_OF, conversation.to_string())?;
    let mut sum = Usage::default();
    for (text,) in rows {
        sum += serde_json::from_str::<Usage>(&text)?;
    }
    Ok(sum)
}

impl LogTx {
    /// Counts a model call that belongs to no run: of a `title`, or of a `plan` that was made without one.
    pub(super) async fn count_other(&mut self, purpose: &str, usage: Usage) -> Result<()> {
        if usage != Usage::default() {
            let (conversation, now) = (self.conversation().to_string(), self.now().0);
            exec!(&mut self.tx, INSERT_OTHER_USAGE, conversation, purpose, json(&usage)?, now)?;
        }
        Ok(())
    }
}

super::sql::statements! {
    USAGE_OF = "SELECT usage FROM runs WHERE conversation_id = $1 \
        UNION ALL SELECT usage FROM other_usage WHERE conversation_id = $1";
    INSERT_OTHER_USAGE = "INSERT INTO other_usage (conversation_id, purpose, usage, created_at) VALUES ($1, $2, $3, $4)";
}
