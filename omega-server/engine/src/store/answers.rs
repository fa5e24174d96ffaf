//! What people answered to runs, read back from the event log: it has all of them, also those that came with a document.

use super::{Result, Tx, sql, tx_all};
use omega_core::{api::RunAnswer, event::Envelope, id::RunId};
use std::collections::HashMap;

/// The answers to the runs of a conversation that were queued from the event `oldest` on and before `end`, by run, oldest
/// first.
pub(super) async fn answers_between(
    tx: &mut Tx,
    conversation: &str,
    oldest: i64,
    end: i64,
) -> Result<HashMap<RunId, Vec<RunAnswer>>> {
    let rows: Vec<(String,)> = tx_all!(&mut *tx, (String,), ANSWERS_BETWEEN, conversation, oldest, end)?;
    let mut answers: HashMap<RunId, Vec<RunAnswer>> = HashMap::new();
    for (payload,) in rows {
        let envelope: Envelope = serde_json::from_str(&payload)?;
        if let (Some(run), Some(answer)) = (envelope.run_id, envelope.answer()) {
            answers.entry(run).or_default().push(answer);
        }
    }
    Ok(answers)
}

/// The answers to one run.
pub(super) async fn answers_to(tx: &mut Tx, run: &str) -> Result<Vec<RunAnswer>> {
    let rows: Vec<(String,)> = tx_all!(&mut *tx, (String,), ANSWERS_TO, run)?;
    rows.iter().map(|(payload,)| Ok(serde_json::from_str::<Envelope>(payload)?)).filter_map(answer_of).collect()
}

fn answer_of(envelope: Result<Envelope>) -> Option<Result<RunAnswer>> {
    envelope.map(|envelope| envelope.answer()).transpose()
}

sql::statements! {
    ANSWERS_BETWEEN = "SELECT e.payload FROM runs r CROSS JOIN events e WHERE e.run_id = r.id \
        AND e.kind IN ('plan.selected', 'approval.decided', 'credentials.provided', 'alternatives.selected') \
        AND r.conversation_id = $1 AND r.queued_seq >= $2 AND r.queued_seq < $3 ORDER BY e.seq";
    ANSWERS_TO = "SELECT payload FROM events WHERE run_id = $1 \
        AND kind IN ('plan.selected', 'approval.decided', 'credentials.provided', 'alternatives.selected') ORDER BY seq";
}
