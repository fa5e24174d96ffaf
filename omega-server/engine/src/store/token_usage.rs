//! Tokens as they are taken, a row each time, for sums over a time (`stats.rs`). What a run or a conversation took in all
//! stands with it, too.

use super::{LogTx, Result, exec, rows::signed};
use omega_core::{api::Usage, id::RunId};

/// What is believed of one answer: more tokens than any has, and few enough that their sum can be told.
const MOST: u64 = 1 << 40;

impl LogTx {
    /// Notes what a run took just now, or the conversation outside of its runs.
    pub(super) async fn note_usage(&mut self, run: Option<RunId>, usage: &Usage) -> Result<()> {
        if *usage == Usage::default() {
            return Ok(());
        }
        self.usage.taken += *usage;
        let of = run.map_or_else(|| self.conversation().to_string(), |run| run.to_string());
        let sql = if run.is_some() { NOTE_USAGE_OF_RUN } else { NOTE_USAGE_OUTSIDE };
        let (id, now) = (uuid::Uuid::now_v7().to_string(), self.now().0);
        let tokens = |number: u64| signed(number.min(MOST));
        exec!(
            &mut self.tx,
            sql,
            of,
            id,
            now,
            tokens(usage.input_tokens),
            tokens(usage.output_tokens),
            tokens(usage.cached_input_tokens),
            tokens(usage.cache_write_tokens),
            tokens(usage.reasoning_tokens),
            tokens(usage.cost_micros),
            tokens(usage.unpriced_tokens),
        )?;
        Ok(())
    }
}

super::sql::statements! {
    NOTE_USAGE_OF_RUN = "INSERT INTO token_usage (id, at, conversation_id, run_id, model, input_tokens, output_tokens, \
        cached_input_tokens, cache_write_tokens, reasoning_tokens, cost_micros, unpriced_tokens) \
        SELECT CAST($2 AS TEXT), CAST($3 AS BIGINT), r.conversation_id, r.id, r.model, CAST($4 AS BIGINT), CAST($5 AS BIGINT), \
        CAST($6 AS BIGINT), CAST($7 AS BIGINT), CAST($8 AS BIGINT), CAST($9 AS BIGINT), CAST($10 AS BIGINT) FROM runs r \
        WHERE r.id = $1";
    NOTE_USAGE_OUTSIDE = "INSERT INTO token_usage (id, at, conversation_id, model, input_tokens, output_tokens, \
        cached_input_tokens, cache_write_tokens, reasoning_tokens, cost_micros, unpriced_tokens) \
        SELECT CAST($2 AS TEXT), CAST($3 AS BIGINT), c.id, c.model, CAST($4 AS BIGINT), CAST($5 AS BIGINT), CAST($6 AS BIGINT), \
        CAST($7 AS BIGINT), CAST($8 AS BIGINT), CAST($9 AS BIGINT), CAST($10 AS BIGINT) FROM conversations c WHERE c.id = $1";
}
