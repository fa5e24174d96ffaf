//! What users added for themselves, as search wants it: a small index a user, kept until the user's rows change.

use super::{StoredTool, indexing};
use crate::process::offload;
use omega_core::{
    id::UserId,
    registry::{Tool, Viewer},
};
use omega_search::index::Index;
use serde_json::json;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Users whose indexes are kept; of more of them some are made anew.
const KEPT: usize = 256;

/// A user's own rows, indexed.
pub(super) struct UserIndex {
    /// How many rows there were, and the last change of them.
    standing: (i64, i64),
    pub index: Index,
}

impl UserIndex {
    /// Indexes rows, away from the threads that answer when they are many.
    pub async fn new(user: UserId, standing: (i64, i64), rows: Vec<StoredTool>) -> Self {
        let bytes = rows.iter().map(|row| size(&row.tool)).sum();
        let work = move || {
            let mut index = Index::default();
            for row in rows {
                let outcomes = row.outcomes;
                indexing::put(&mut index, &row.seen(Viewer::User(user)), outcomes);
            }
            Self { standing, index }
        };
        offload::run(bytes, work).await
    }
}

/// Bytes of a row.
pub(super) fn size(tool: &Tool) -> usize {
    omega_core::budget::Size::of(&json!(tool)).bytes
}

/// The indexes that are kept.
#[derive(Default)]
pub(super) struct UserIndexes(Mutex<HashMap<UserId, Arc<UserIndex>>>);

impl UserIndexes {
    /// The index of a user, if it is of these rows.
    pub fn current(&self, user: UserId, standing: (i64, i64)) -> Option<Arc<UserIndex>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&user).filter(|own| own.standing == standing).cloned()
    }

    pub fn keep(&self, user: UserId, own: UserIndex) -> Arc<UserIndex> {
        let own = Arc::new(own);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT
            && !kept.contains_key(&user)
            && let Some(other) = kept.keys().next().copied()
        {
            kept.remove(&other);
        }
        kept.insert(user, Arc::clone(&own));
        own
    }
}
