//! The registry as the rest of the server uses it: one search index over the rows that all share, and a small one above it for
//! each user who has rows of their own; both kept in step with the database.
//!
//! A row is written to the store first and to the index second, so the index never knows more than the database; when
//! the server starts it is built from the rows. Every search looks first whether another node has changed rows, and reads
//! them. A missing input schema is filled on first use, by describing the package in the sandbox, and kept.

use super::{
    Outcomes, RowsError, Source, StoredTool, ToolRows, catalogue,
    changes::{self, Change},
    describe_queue::{DescribeQueue, is_of_package},
    index_file::{self, IndexFile},
    intake::Older,
    live_index::LiveIndex,
    mirror::MirrorControl,
    package_tools::matching,
    row_limits::Fitted,
    user_tools::{UserIndex, UserIndexes},
};
use crate::process::memory;
use async_trait::async_trait;
use omega_core::{
    api::{Timestamp, status::RegistryStatus},
    budget::QUERY,
    executor::Executor,
    id::ToolId,
    registry::{Health, Hit, Query, Registry, RegistryError, Tool, Viewer},
};
use omega_search::index::Index;
use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::task::spawn_blocking;

/// Rows that are written, or read, at once.
pub(super) const BATCH: usize = 1_000;
/// Pages of rows that are indexed before the registry is open.
const PAGES_AT_ONCE: usize = 10;
/// Ids that an unknown one is answered with.
const NEAREST: usize = 5;

impl From<RowsError> for RegistryError {
    fn from(error: RowsError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

pub struct RegistryService {
    pub(super) rows: Arc<dyn ToolRows>,
    pub(super) executor: Arc<dyn Executor>,
    pub(super) index: Arc<LiveIndex>,
    own: UserIndexes,
    /// Held by who indexes what another node changed.
    catching_up: tokio::sync::Mutex<()>,
    /// Rows are read, merged and written by one at a time.
    pub(super) writing: tokio::sync::Mutex<()>,
    /// Nobody describes what another one just did.
    describing: DescribeQueue,
    /// True until every row is indexed.
    loading: AtomicBool,
    /// Why not every row could be indexed.
    trouble: RwLock<Option<String>>,
    /// Another registry that this one mirrors.
    pub mirror: MirrorControl,
}

impl RegistryService {
    /// Opens the registry: the starter catalogue is brought up to date, then the rows are indexed; when there are very
    /// many, the rest of them in the background, while search works on what is there.
    pub async fn open(rows: Arc<dyn ToolRows>, executor: Arc<dyn Executor>) -> Result<Arc<Self>, RegistryError> {
        Self::open_with(rows, executor, None).await
    }

    /// The same, with the index that was kept in a file, which is kept in step from here on.
    pub async fn open_with(
        rows: Arc<dyn ToolRows>,
        executor: Arc<dyn Executor>,
        file: Option<IndexFile>,
    ) -> Result<Arc<Self>, RegistryError> {
        // Before any row is read: what changes from here on is read again.
        let standing = rows.standing(Viewer::Anybody).await?.revision;
        let saved = match &file {
            Some(file) => file.load(&*rows, standing).await,
            None => None,
        };
        let is_saved = saved.is_some();
        let (index, revision) = saved.unwrap_or_else(|| (Index::default(), standing));
        let index = Arc::new(LiveIndex::new(index, revision));
        let service = Arc::new(Self {
            rows,
            executor,
            index,
            own: UserIndexes::default(),
            catching_up: tokio::sync::Mutex::new(()),
            writing: tokio::sync::Mutex::new(()),
            describing: DescribeQueue::default(),
            loading: AtomicBool::new(true),
            trouble: RwLock::new(None),
            mirror: MirrorControl::default(),
        });
        let starter = catalogue::starter().map_err(|error| RegistryError::Unavailable(error.to_string()))?;
        let ids: Vec<ToolId> = starter.iter().map(|tool| tool.tool_id.clone()).collect();
        let starter = starter.into_iter().filter_map(|tool| Fitted::new(tool).ok()).collect();
        service.take(None, starter, Source::Starter, Older::Taken).await?;
        service.index.put_missing(service.rows.get(Viewer::Anybody, &ids).await?);
        if let Some(file) = file {
            tokio::spawn(index_file::keep(Arc::downgrade(&service), file));
        }
        let mut after = None;
        if is_saved {
            service.catch_up(standing).await?;
        } else {
            for _ in 0..PAGES_AT_ONCE {
                after = service.load(after).await?;
                if after.is_none() {
                    return Ok(service);
                }
            }
        }
        let rest = Arc::clone(&service);
        tokio::spawn(async move {
            let whole = if is_saved { rest.catch_up_all(standing).await } else { rest.load_all(after).await };
            if let Err(error) = whole {
                *rest.trouble.write().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
            }
            let _ = spawn_blocking(memory::give_back).await;
        });
        Ok(service)
    }

    async fn load_all(&self, mut after: Option<ToolId>) -> Result<(), RegistryError> {
        while after.is_some() {
            after = self.load(after.take()).await?;
        }
        Ok(())
    }

    /// Brings an index of a file up to the rows.
    async fn catch_up_all(&self, revision: i64) -> Result<(), RegistryError> {
        while self.index.revision() < revision {
            self.catch_up(revision).await?;
        }
        self.loading.store(false, Ordering::Relaxed);
        self.check_index().await
    }

    pub(super) fn is_loading(&self) -> bool {
        self.loading.load(Ordering::Relaxed)
    }

    /// Has searches weighed by the sentence encoder in a folder too, whenever there is one in it. The first folder counts.
    pub fn use_model(&self, folder: &Path) {
        self.index.rerank.begin(folder, &self.rows);
    }

    /// Indexes the page of rows after an id; where the next page begins, if there is one.
    async fn load(&self, after: Option<ToolId>) -> Result<Option<ToolId>, RegistryError> {
        let page = self.rows.page(after.as_ref(), u32::try_from(BATCH).unwrap_or(u32::MAX)).await?;
        let last = page.last().filter(|_| page.len() == BATCH).map(|row| row.tool.tool_id.clone());
        self.index.put_missing(page);
        if last.is_none() {
            self.loading.store(false, Ordering::Relaxed);
        }
        Ok(last)
    }

    /// Indexes what other nodes changed up to a revision. Whoever comes while somebody does goes on with what there is.
    async fn catch_up(&self, revision: i64) -> Result<(), RegistryError> {
        let Ok(_one_at_a_time) = self.catching_up.try_lock() else { return Ok(()) };
        for _ in 0..PAGES_AT_ONCE {
            let indexed = self.index.revision();
            if indexed >= revision {
                break;
            }
            let next = match self.rows.changed_after(indexed).await? {
                Some((next, rows)) => {
                    self.index.put_next(rows).await;
                    next
                }
                None => revision,
            };
            self.index.has_all_of(next);
        }
        Ok(())
    }

    /// What a viewer has of their own, with everybody's rows as they are now indexed.
    async fn own(&self, viewer: Viewer) -> Result<Option<Arc<UserIndex>>, RegistryError> {
        let standing = self.rows.standing(viewer).await?;
        self.catch_up(standing.revision).await?;
        let Some(user) = viewer.user().filter(|_| standing.own.0 > 0) else { return Ok(None) };
        if let Some(own) = self.own.current(user, standing.own) {
            return Ok(Some(own));
        }
        let own = UserIndex::new(user, standing.own, self.rows.own(user).await?).await;
        Ok(Some(self.own.keep(user, own)))
    }

    /// Tools one after the other, for listing, a viewer's own first: at most `limit` after the first `offset`, and whether more
    /// follow.
    pub async fn list(
        &self,
        viewer: Viewer,
        category: Option<&str>,
        offset: usize,
        limit: usize,
    ) -> Result<(Vec<Tool>, bool), RegistryError> {
        let own = self.own(viewer).await?;
        let own = own.as_ref().map(|own| &own.index);
        let wanted = limit.saturating_add(1);
        let mut ids = own.map(|own| own.list(category, offset, wanted)).unwrap_or_default();
        if ids.len() < wanted {
            let before = own.map_or(0, |own| own.list(category, 0, usize::MAX).len());
            let (offset, room) = (offset.saturating_sub(before), wanted - ids.len());
            ids.extend(self.index.read().list_below(own, category, offset, room));
        }
        let more = ids.len() > limit;
        ids.truncate(limit);
        let tools = self.stored(viewer, &ids).await?.into_iter().map(|row| row.seen(viewer)).collect();
        Ok((tools, more))
    }

    /// How calls of some tools ended on this server.
    pub async fn outcomes(&self, viewer: Viewer, ids: &[ToolId]) -> Result<HashMap<ToolId, Outcomes>, RegistryError> {
        Ok(self.rows.get(viewer, ids).await?.into_iter().map(|row| (row.tool.tool_id, row.outcomes)).collect())
    }

    pub fn status(&self) -> RegistryStatus {
        let trouble = self.trouble.read().unwrap_or_else(PoisonError::into_inner).clone();
        let status = String::from(if trouble.is_some() { "degraded" } else { "ok" });
        let detail = trouble.or_else(|| self.is_loading().then(|| String::from("tools are still being indexed")));
        let detail = detail.or_else(|| self.index.rerank.trouble());
        RegistryStatus {
            status,
            tools: self.index.size(),
            packages: self.index.packages(),
            detail,
            mirror: self.mirror.status(Timestamp::now()),
        }
    }

    /// The rows of some ids, in their order.
    async fn stored(&self, viewer: Viewer, ids: &[String]) -> Result<Vec<StoredTool>, RegistryError> {
        let ids: Vec<ToolId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        let rows = self.rows.get(viewer, &ids).await?.into_iter();
        let mut known: HashMap<ToolId, StoredTool> = rows.map(|row| (row.tool.tool_id.clone(), row)).collect();
        Ok(ids.iter().filter_map(|id| known.remove(id)).collect())
    }

    async fn row(&self, viewer: Viewer, id: &ToolId) -> Result<StoredTool, RegistryError> {
        if let Some(row) = self.rows.get(viewer, std::slice::from_ref(id)).await?.pop() {
            return Ok(row);
        }
        let own = self.own(viewer).await?;
        let mut nearest = own.map(|own| own.index.nearest(id.as_str(), NEAREST)).unwrap_or_default();
        nearest.extend(self.index.read().nearest(id.as_str(), NEAREST));
        nearest.truncate(NEAREST);
        let nearest = nearest.iter().filter_map(|id| id.parse().ok()).collect();
        Err(RegistryError::NotFound { id: id.to_string(), nearest })
    }

    /// What is known of a tool, without a look into its package.
    ///
    /// # Errors
    /// As [`Registry::tool`].
    pub async fn known(&self, viewer: Viewer, id: &ToolId) -> Result<Tool, RegistryError> {
        Ok(self.row(viewer, id).await?.seen(viewer))
    }

    /// Describes a tool's package and keeps what was missing; the row as it was when that is not possible.
    async fn completed(&self, viewer: Viewer, id: &ToolId) -> Result<StoredTool, RegistryError> {
        let row = self.row(viewer, id).await?;
        let name = format!("{}@{}", id.package(), row.tool.version);
        let Some(_turn) = self.describing.turn(&name).await else { return Ok(row) };
        let row = self.row(viewer, id).await?;
        if row.tool.input_schema.is_some() {
            return Ok(row);
        }
        let owner = viewer.user().map(|user| user.to_string()).unwrap_or_default();
        let package = match self.executor.describe(id.package(), &row.tool.version, &owner).await {
            Ok(package) => package,
            Err(error) => {
                tracing::warn!(event = "tool.not_described", tool = %id, %error, "a tool could not be described");
                // Of what runs it a failure says nothing about the package.
                if is_of_package(error.code) {
                    self.describing.failed(&name);
                }
                return Ok(row);
            }
        };
        let Some(described) = matching(&package.tools, id.export()) else { return Ok(row) };
        let _one_writer = self.writing.lock().await;
        let row = self.row(viewer, id).await?;
        let mut tool = row.tool.clone();
        tool.input_schema.clone_from(&described.input_schema);
        tool.version.clone_from(&package.version);
        tool.integrity.clone_from(&package.integrity);
        if tool.env.is_empty() {
            tool.env.clone_from(&described.env);
        }
        if tool.description.is_empty() {
            tool.description.clone_from(&described.description);
        }
        let tool = match Fitted::new(tool) {
            Ok(fitted) => {
                fitted
                    .notices()
                    .for_each(|notice| tracing::warn!(event = "tool.cut", tool = %id, notice, "a row was cut"));
                fitted.into_parts().0
            }
            Err(error) => {
                tracing::warn!(event = "tool.not_described", tool = %id, %error, "a tool's description does not fit");
                return Ok(row);
            }
        };
        // It may have become another's meanwhile.
        let owner = viewer.user().filter(|_| row.tool.own);
        let change = Change { was: Some(&row.tool), is: &tool };
        let facts = changes::facts(owner, changes::DESCRIBED, &[change]);
        let completed = StoredTool { tool, ..row };
        let revision = self.rows.upsert(owner, std::slice::from_ref(&completed), &facts).await?;
        if owner.is_none() {
            let _ = self.index.written(revision, vec![completed.clone()]).await.await;
        }
        Ok(completed)
    }
}

#[async_trait]
impl Registry for RegistryService {
    async fn search(&self, viewer: Viewer, query: Query) -> Result<Vec<Hit>, RegistryError> {
        let own = self.own(viewer).await?;
        let own = own.as_ref().map(|own| &own.index);
        let (text, _) = QUERY.cut(&query.text);
        let depth = self.index.rerank.depth(query.limit);
        let found = self.index.read().search_below(own, text, query.category.as_deref(), depth);
        let is_own = |id: &str| own.is_some_and(|own| own.contains(id));
        let mut found = self.index.rerank.ordered(text.text(), found, is_own).await;
        found.truncate(query.limit);
        let mut ids: Vec<String> = found.iter().map(|hit| hit.id.clone()).collect();
        // Who writes a tool's id means that tool, whatever else has its words.
        if let Some(id) =
            text.text().trim().parse::<ToolId>().ok().filter(|_| query.category.is_none() && query.limit > 0)
        {
            ids.retain(|other| *other != id.as_str());
            ids.insert(0, id.to_string());
        }
        let scores: HashMap<&str, f64> = found.iter().map(|hit| (hit.id.as_str(), hit.score)).collect();
        let mut hits: Vec<Hit> = self
            .stored(viewer, &ids)
            .await?
            .into_iter()
            .map(|row| {
                let Outcomes { runs, failures } = row.outcomes;
                let score = scores.get(row.tool.tool_id.as_str()).copied().unwrap_or(0.0);
                Hit { tool: row.seen(viewer), score, runs, failures }
            })
            .collect();
        hits.truncate(query.limit);
        // What fails for the viewer alone the index knows nothing of.
        hits.sort_by_key(|hit| hit.tool.health == Health::Broken);
        Ok(hits)
    }

    async fn tool(&self, viewer: Viewer, id: &ToolId) -> Result<Tool, RegistryError> {
        let row = self.row(viewer, id).await?;
        let row = if row.tool.input_schema.is_some() { row } else { self.completed(viewer, id).await? };
        Ok(row.seen(viewer))
    }

    async fn record_outcome(&self, viewer: Viewer, tool: &Tool, ok: bool) {
        let (id, owner) = (&tool.tool_id, viewer.user().filter(|_| tool.own));
        let outcomes = match self.rows.record_outcome(owner, id, viewer, ok).await {
            Ok(Some(outcomes)) => outcomes,
            Ok(None) => return,
            Err(error) => {
                return tracing::warn!(event = "tool.not_counted", tool = %id, %error, "an outcome was not counted");
            }
        };
        if owner.is_some() {
            return;
        }
        // Only the calls at which health, or the trust in it, turns are worth a look at the row.
        let before = Outcomes { runs: outcomes.runs - 1, failures: outcomes.failures - u64::from(!ok) };
        if before.health(Health::Unknown) != outcomes.health(Health::Unknown) || before.trust() != outcomes.trust() {
            match self.row(Viewer::Anybody, id).await {
                Ok(row) => self.index.put_next(vec![row]).await,
                Err(error) => {
                    tracing::warn!(event = "tool.not_counted", tool = %id, %error, "a tool's health was not updated")
                }
            }
        }
    }
}
