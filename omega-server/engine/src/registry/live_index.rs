//! The index that all share, as it is now: what was written comes into it in the order in which it was written, beside those who
//! search and those who write what comes next.

use super::{StoredTool, indexing, packages::Packages, rerank::Rerank};
use omega_core::{id::ToolId, registry::Viewer};
use omega_search::index::Index;
use std::{
    io,
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicI64, Ordering},
    },
};
use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    task::{JoinHandle, spawn_blocking},
};

/// Rows that are indexed before searches get their turn again.
const AT_ONCE: usize = 100;

pub(super) struct LiveIndex {
    index: RwLock<Index>,
    packages: RwLock<Packages>,
    pub rerank: Arc<Rerank>,
    /// The last change of the rows that all share which it knows.
    revision: AtomicI64,
    /// Held by what was written last, until it is in.
    turn: Arc<Mutex<()>>,
}

impl LiveIndex {
    /// An index that has all changes of the rows up to a revision.
    pub fn new(index: Index, revision: i64) -> Self {
        let mut packages = Packages::default();
        index.ids().for_each(|id| packages.add(id));
        Self {
            index: RwLock::new(index),
            packages: RwLock::new(packages),
            rerank: Arc::default(),
            revision: AtomicI64::new(revision),
            turn: Arc::default(),
        }
    }

    pub fn read(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn size(&self) -> u64 {
        u64::try_from(self.read().len()).unwrap_or(u64::MAX)
    }

    pub fn packages(&self) -> u64 {
        self.packages.read().unwrap_or_else(PoisonError::into_inner).count()
    }

    pub fn revision(&self) -> i64 {
        self.revision.load(Ordering::Acquire)
    }

    /// All changes up to a revision are in it.
    pub fn has_all_of(&self, revision: i64) {
        self.revision.fetch_max(revision, Ordering::AcqRel);
    }

    /// Puts rows, replacing their older selves.
    pub fn put(&self, rows: &[StoredTool]) {
        for some in rows.chunks(AT_ONCE) {
            let mut packages = self.packages.write().unwrap_or_else(PoisonError::into_inner);
            let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
            self.rerank.changed(some.iter().map(|row| &row.tool));
            for row in some {
                let tool = row.clone().seen(Viewer::Anybody);
                if !index.contains(tool.tool_id.as_str()) {
                    packages.add(tool.tool_id.as_str());
                }
                indexing::put(&mut index, &tool, row.outcomes);
            }
        }
    }

    /// Puts rows that were read a while ago: those that somebody put meanwhile are newer.
    pub fn put_missing(&self, mut rows: Vec<StoredTool>) {
        let index = self.read();
        rows.retain(|row| !index.contains(row.tool.tool_id.as_str()));
        drop(index);
        self.put(&rows);
    }

    /// Puts rows that were written at a revision, behind those that were written before: to be called by who writes, before anybody
    /// else may. It is in when the answer is waited for.
    pub async fn written(self: &Arc<Self>, revision: i64, rows: Vec<StoredTool>) -> JoinHandle<()> {
        let turn = self.turn().await;
        let live = Arc::clone(self);
        spawn_blocking(move || {
            live.put(&rows);
            // Behind what another node wrote in between comes what it wrote: the next search reads both.
            let _ = live.revision.compare_exchange(revision - 1, revision, Ordering::AcqRel, Ordering::Acquire);
            drop(turn);
        })
    }

    /// Takes out rows that are stored no more; to be called by who removed them, before anybody else may write.
    pub async fn remove(&self, ids: &[ToolId]) {
        let _turn = self.turn().await;
        let mut packages = self.packages.write().unwrap_or_else(PoisonError::into_inner);
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        for id in ids {
            if index.remove(id.as_str()) {
                packages.remove(id.as_str());
            }
        }
    }

    /// Puts rows behind those that were written before.
    pub async fn put_next(self: &Arc<Self>, rows: Vec<StoredTool>) {
        let turn = self.turn().await;
        let live = Arc::clone(self);
        let put = spawn_blocking(move || {
            live.put(&rows);
            drop(turn);
        });
        let _ = put.await;
    }

    /// Does something with the index while nothing comes into it, and with the revision that it has all changes up to.
    pub async fn frozen<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Index, i64) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let turn = self.turn().await;
        let live = Arc::clone(self);
        let work = spawn_blocking(move || {
            let done = work(&live.read(), live.revision());
            drop(turn);
            done
        });
        work.await.map_err(io::Error::other).flatten()
    }

    async fn turn(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.turn).lock_owned().await
    }
}
