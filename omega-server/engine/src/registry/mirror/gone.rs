//! What the other registry has no more: it is taken out here too, and the starter catalogue's row comes back.
//!
//! A listing that suddenly lacks a large part of what it had is more likely broken than true, so a large loss is believed when
//! the next reading says the same, and an empty listing never.

use super::{Mirror, State, pass::Pass};
use crate::registry::{Older, RegistryService, Source, catalogue, changes, row_limits::Fitted};
use omega_core::{id::ToolId, registry::RegistryError};
use std::collections::HashSet;

/// Rows looked at, and taken out, at once.
const BATCH: u32 = 1_000;
/// Rows that may be gone without a second look.
const FEW: usize = 20;

impl Mirror {
    /// Takes out what a reading to the end did not see; how many.
    pub(super) async fn take_out_gone(&self, state: &mut State, pass: &mut Pass) -> Result<u64, RegistryError> {
        let (mut gone, mut mirrored, mut after) = (Vec::new(), 0, None::<ToolId>);
        loop {
            let ids = self.registry.rows.mirrored(after.as_ref(), BATCH).await?;
            mirrored += ids.len();
            after = ids.last().cloned();
            gone.extend(ids.into_iter().filter(|id| !pass.has_seen(id)));
            if after.is_none() {
                break;
            }
        }
        let is_large = gone.len() > FEW.max(mirrored / 4);
        let is_empty = pass.sums.tools == 0;
        if is_empty || is_large && !state.doubted {
            state.doubted = is_large && !is_empty;
            if !gone.is_empty() {
                let notice = format!("{} tools are not listed any more; they stay until that is certain", gone.len());
                pass.sums.notice.get_or_insert(notice);
            }
            return Ok(0);
        }
        state.doubted = false;
        self.registry.take_out(&gone).await?;
        Ok(u64::try_from(gone.len()).unwrap_or(u64::MAX))
    }
}

impl RegistryService {
    async fn take_out(&self, gone: &[ToolId]) -> Result<(), RegistryError> {
        for some in gone.chunks(BATCH as usize) {
            let _one_writer = self.writing.lock().await;
            self.rows.drop_mirrored(some, &[changes::gone(some)]).await?;
            self.index.remove(some).await;
        }
        let gone: HashSet<&ToolId> = gone.iter().collect();
        let starter = catalogue::starter().map_err(|error| RegistryError::Unavailable(error.to_string()))?;
        let back = starter.into_iter().filter(|tool| gone.contains(&tool.tool_id));
        self.take(None, back.filter_map(|tool| Fitted::new(tool).ok()).collect(), Source::Starter, Older::Taken)
            .await?;
        Ok(())
    }
}
