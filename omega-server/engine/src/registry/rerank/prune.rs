//! Vectors of texts that no tool says any more are given up: once a day, in pages, while nothing waits for it.
//!
//! The promise: a vector of what some tool of everybody's says at the time stays. One that goes while its text comes back is made again, as
//! any that is missing.

use super::{Rerank, key_of, text_of};
use crate::registry::{RowsError, ToolRows};
use std::{collections::HashSet, sync::Weak, time::Duration};
use tokio::{task::spawn_blocking, time::sleep};

/// After the start, so that opening the registry has the database for itself.
const FIRST: Duration = Duration::from_secs(600);
const AGAIN: Duration = Duration::from_secs(24 * 3600);
/// Rows, or keys, that are read at once.
const PAGE: u32 = 1_000;

/// Prunes for as long as there is a registry, while there is a model: without one nothing is made.
pub(super) async fn daily(rerank: Weak<Rerank>, rows: Weak<dyn ToolRows>) {
    let mut pause = FIRST;
    loop {
        sleep(pause).await;
        pause = AGAIN;
        let Some(has_model) = rerank.upgrade().map(|rerank| rerank.encoder().is_some()) else { return };
        let Some(rows) = rows.upgrade() else { return };
        if !has_model {
            continue;
        }
        match prune(&*rows).await {
            Ok(0) => {}
            Ok(gone) => tracing::info!(event = "registry.vectors_pruned", gone),
            Err(error) => tracing::warn!(event = "registry.vectors_not_pruned", %error),
        }
    }
}

/// Gives up vectors whose text is no tool's; how many there were.
pub(super) async fn prune(rows: &dyn ToolRows) -> Result<usize, RowsError> {
    // Keys before rows: what is kept meanwhile is not among them.
    let mut orphans: HashSet<String> = HashSet::new();
    let mut after = String::new();
    loop {
        let keys = rows.vector_keys(&after, PAGE).await?;
        let Some(last) = keys.last() else { break };
        after.clone_from(last);
        orphans.extend(keys);
    }
    let mut after = None;
    while !orphans.is_empty() {
        let page = rows.page(after.as_ref(), PAGE).await?;
        let Some(last) = page.last().map(|row| row.tool.tool_id.clone()) else { break };
        after = Some(last);
        let hashed = spawn_blocking(move || page.iter().map(|row| key_of(&text_of(&row.tool))).collect::<Vec<_>>());
        for key in hashed.await.map_err(|error| RowsError(error.to_string()))? {
            orphans.remove(&key);
        }
    }
    let orphans: Vec<String> = orphans.into_iter().collect();
    for some in orphans.chunks(PAGE as usize) {
        rows.drop_vectors(some).await?;
    }
    Ok(orphans.len())
}
