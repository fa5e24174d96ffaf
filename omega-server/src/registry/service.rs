//! The registry as the rest of the server uses it: one search index over the stored rows, kept in step with them.
//!
//! A row is written to the store first and to the index second, so the index never knows more than the database; when
//! the server starts it is built from the rows. A missing input schema is filled on first use, by describing the
//! package in the sandbox, and kept.

use super::{
    Outcomes, RowsError, Source, StoredTool, ToolRows, catalogue,
    described::{described_tool, function_tool, matching},
    indexing, rows,
    search::Index,
};
use async_trait::async_trait;
use omega_core::{
    api::{
        registry::{AddPackage, AddedPackage, Imported},
        status::RegistryStatus,
    },
    executor::{Executor, ToolError},
    id::ToolId,
    registry::{Health, Hit, Query, Registry, RegistryError, Tool},
};
use serde_json::Value;
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::io::{AsyncBufRead, AsyncBufReadExt};

/// Rows that are written, or read, at once.
const BATCH: usize = 1_000;
/// Rows that are indexed before searches get their turn again.
const INDEXED_AT_ONCE: usize = 100;
/// Pages of rows that are indexed before the registry is open.
const PAGES_AT_ONCE: usize = 10;
/// Refused lines of an import that are told.
const MOST_REFUSALS: usize = 20;
/// Ids that an unknown one is answered with.
const NEAREST: usize = 5;

/// Why a package could not be added.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// It can't be installed or imported.
    #[error(transparent)]
    Sandbox(#[from] ToolError),
    /// It has no such function.
    #[error("{package} exports no function `{function}`; it has: {}", available.join(", "))]
    NoSuchFunction {
        /// The package.
        package: String,
        /// What was asked for.
        function: String,
        /// What there is.
        available: Vec<String>,
    },
    /// The store failed.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

impl From<RowsError> for RegistryError {
    fn from(error: RowsError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// The registry.
pub struct RegistryService {
    rows: Arc<dyn ToolRows>,
    executor: Arc<dyn Executor>,
    index: RwLock<Index>,
    packages: RwLock<HashSet<String>>,
    /// Rows are read, merged and written by one at a time.
    writing: tokio::sync::Mutex<()>,
    /// Describing is slow and rare: one package at a time, and nobody describes what another one just did.
    describing: tokio::sync::Mutex<()>,
    /// True until every row is indexed.
    loading: AtomicBool,
    /// What the last attempt to mirror said, when it failed.
    pub(super) trouble: RwLock<Option<String>>,
}

impl RegistryService {
    /// Opens the registry: the starter catalogue is brought up to date, then the rows are indexed; when there are very
    /// many, the rest of them in the background, while search works on what is there.
    ///
    /// # Errors
    /// When the store can't be read or written.
    pub async fn open(rows: Arc<dyn ToolRows>, executor: Arc<dyn Executor>) -> Result<Arc<Self>, RegistryError> {
        let service = Arc::new(Self {
            rows,
            executor,
            index: RwLock::new(Index::default()),
            packages: RwLock::new(HashSet::new()),
            writing: tokio::sync::Mutex::new(()),
            describing: tokio::sync::Mutex::new(()),
            loading: AtomicBool::new(true),
            trouble: RwLock::new(None),
        });
        let starter = catalogue::starter().map_err(|error| RegistryError::Unavailable(error.to_string()))?;
        let ids: Vec<ToolId> = starter.iter().map(|tool| tool.tool_id.clone()).collect();
        service.take(starter, Source::Starter).await?;
        service.index_missing(service.rows.get(&ids).await?);
        let mut after = None;
        for _ in 0..PAGES_AT_ONCE {
            after = service.load(after).await?;
            if after.is_none() {
                return Ok(service);
            }
        }
        let rest = Arc::clone(&service);
        tokio::spawn(async move {
            while after.is_some() {
                after = match rest.load(after.take()).await {
                    Ok(after) => after,
                    Err(error) => {
                        *rest.trouble.write().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
                        None
                    }
                };
            }
        });
        Ok(service)
    }

    /// Indexes the page of rows after an id; where the next page begins, if there is one.
    async fn load(&self, after: Option<ToolId>) -> Result<Option<ToolId>, RegistryError> {
        let page = self.rows.page(after.as_ref(), u32::try_from(BATCH).unwrap_or(u32::MAX)).await?;
        let last = page.last().filter(|_| page.len() == BATCH).map(|row| row.tool.tool_id.clone());
        self.index_missing(page);
        if last.is_none() {
            self.loading.store(false, Ordering::Relaxed);
        }
        Ok(last)
    }

    /// Stores the rows of a source that change something, and indexes them; how many did.
    ///
    /// # Errors
    /// When the store can't be read or written.
    pub async fn take(&self, tools: Vec<Tool>, source: Source) -> Result<usize, RegistryError> {
        let mut changed = 0;
        for batch in tools.chunks(BATCH) {
            let _one_writer = self.writing.lock().await;
            let ids: Vec<ToolId> = batch.iter().map(|tool| tool.tool_id.clone()).collect();
            let known: HashMap<ToolId, StoredTool> =
                self.rows.get(&ids).await?.into_iter().map(|row| (row.tool.tool_id.clone(), row)).collect();
            let mut new: HashMap<ToolId, StoredTool> = HashMap::new();
            for tool in batch {
                let id = tool.tool_id.clone();
                if let Some(row) = StoredTool::merged(new.get(&id).or_else(|| known.get(&id)), tool.clone(), source) {
                    new.insert(id, row);
                }
            }
            let new: Vec<StoredTool> = new.into_values().collect();
            self.rows.upsert(&new).await?;
            changed += new.len();
            self.index_rows(new);
        }
        Ok(changed)
    }

    /// Adds what a package holds, or one of its plain functions.
    ///
    /// # Errors
    /// When it can't be described, has no such function, or can't be stored.
    pub async fn add(&self, request: AddPackage) -> Result<AddedPackage, AddError> {
        let version = request.version.as_deref().unwrap_or("latest");
        let package = self.executor.describe(&request.package, version).await?;
        let tools = match &request.function {
            Some(function) => vec![function_tool(&package, function, &request)?],
            None => package.tools.iter().map(|described| described_tool(&package, described)).collect(),
        };
        self.take(tools.clone(), Source::Added).await?;
        Ok(AddedPackage { package: package.package, version: package.version, tools, functions: package.functions })
    }

    /// Imports rows, one JSON object a line; lines that are none are told and skipped.
    ///
    /// # Errors
    /// When the store can't be written or the reader fails.
    pub async fn import(&self, reader: impl AsyncBufRead + Unpin + Send) -> Result<Imported, RegistryError> {
        let mut lines = reader.lines();
        let (mut imported, mut refused, mut number) = (0_u64, Vec::new(), 0_u64);
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let line = lines.next_line().await.map_err(|error| RegistryError::Unavailable(error.to_string()))?;
            let ended = line.is_none();
            if let Some(line) = line {
                number += 1;
                if line.trim().is_empty() {
                    continue;
                }
                match serde_json::from_str::<Value>(&line)
                    .map_err(|e| e.to_string())
                    .and_then(|row| rows::tool(&row).map_err(|e| e.to_string()))
                {
                    Ok(tool) => batch.push(tool),
                    Err(reason) if refused.len() < MOST_REFUSALS => refused.push(format!("line {number}: {reason}")),
                    Err(_) => {}
                }
            }
            if batch.len() == BATCH || ended {
                imported += u64::try_from(batch.len()).unwrap_or(u64::MAX);
                self.take(std::mem::take(&mut batch), Source::Import).await?;
            }
            if ended {
                return Ok(Imported { imported, refused, total: self.size() });
            }
        }
    }

    /// Tools one after the other, for listing: at most `limit` after the first `offset`, and whether more follow.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn list(
        &self,
        category: Option<&str>,
        offset: usize,
        limit: usize,
    ) -> Result<(Vec<Tool>, bool), RegistryError> {
        let mut ids = self.index().list(category, offset, limit.saturating_add(1));
        let more = ids.len() > limit;
        ids.truncate(limit);
        Ok((self.tools(&ids).await?, more))
    }

    /// How calls of some tools ended on this server.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn outcomes(&self, ids: &[ToolId]) -> Result<HashMap<ToolId, Outcomes>, RegistryError> {
        Ok(self.rows.get(ids).await?.into_iter().map(|row| (row.tool.tool_id, row.outcomes)).collect())
    }

    /// How the registry is.
    #[must_use]
    pub fn status(&self) -> RegistryStatus {
        let trouble = self.trouble.read().unwrap_or_else(PoisonError::into_inner).clone();
        let status = String::from(if trouble.is_some() { "degraded" } else { "ok" });
        let loading = self.loading.load(Ordering::Relaxed);
        let detail = trouble.or_else(|| loading.then(|| String::from("tools are still being indexed")));
        RegistryStatus {
            status,
            tools: self.size(),
            packages: u64::try_from(self.packages.read().unwrap_or_else(PoisonError::into_inner).len())
                .unwrap_or(u64::MAX),
            detail,
        }
    }

    fn size(&self) -> u64 {
        u64::try_from(self.index().len()).unwrap_or(u64::MAX)
    }

    fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn index_mut(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Indexes rows as they are now.
    fn index_rows(&self, rows: Vec<StoredTool>) {
        for some in rows.chunks(INDEXED_AT_ONCE) {
            let mut packages = self.packages.write().unwrap_or_else(PoisonError::into_inner);
            let mut index = self.index_mut();
            for row in some {
                let outcomes = row.outcomes;
                let tool = row.clone().seen();
                if !packages.contains(tool.tool_id.package()) {
                    packages.insert(tool.tool_id.package().to_owned());
                }
                indexing::put(&mut index, &tool, outcomes);
            }
        }
    }

    /// Indexes rows that were read a while ago: those that somebody indexed meanwhile are newer.
    fn index_missing(&self, mut rows: Vec<StoredTool>) {
        let index = self.index();
        rows.retain(|row| !index.contains(row.tool.tool_id.as_str()));
        drop(index);
        self.index_rows(rows);
    }

    /// The tools of some ids, in their order.
    async fn tools(&self, ids: &[String]) -> Result<Vec<Tool>, RegistryError> {
        let ids: Vec<ToolId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        let mut known: HashMap<ToolId, Tool> =
            self.rows.get(&ids).await?.into_iter().map(|row| (row.tool.tool_id.clone(), row.seen())).collect();
        Ok(ids.iter().filter_map(|id| known.remove(id)).collect())
    }

    async fn row(&self, id: &ToolId) -> Result<StoredTool, RegistryError> {
        match self.rows.get(std::slice::from_ref(id)).await?.pop() {
            Some(row) => Ok(row),
            None => {
                let nearest = self.index().nearest(id.as_str(), NEAREST);
                let nearest = nearest.iter().filter_map(|id| id.parse().ok()).collect();
                Err(RegistryError::NotFound { id: id.to_string(), nearest })
            }
        }
    }

    /// Describes a tool's package and keeps what was missing; the row as it was when that is not possible.
    async fn completed(&self, id: &ToolId) -> Result<StoredTool, RegistryError> {
        let _one_at_a_time = self.describing.lock().await;
        let row = self.row(id).await?;
        if row.tool.input_schema.is_some() {
            return Ok(row);
        }
        let package = match self.executor.describe(id.package(), &row.tool.version).await {
            Ok(package) => package,
            Err(error) => {
                tracing::warn!(tool = %id, %error, "a tool could not be described");
                return Ok(row);
            }
        };
        let Some(described) = matching(&package.tools, id.export()) else { return Ok(row) };
        let _one_writer = self.writing.lock().await;
        let row = self.row(id).await?;
        let mut tool = row.tool.clone();
        tool.input_schema.clone_from(&described.input_schema);
        tool.version.clone_from(&package.version);
        if tool.env.is_empty() {
            tool.env.clone_from(&described.env);
        }
        if tool.description.is_empty() {
            tool.description.clone_from(&described.description);
        }
        let completed = StoredTool { tool, ..row };
        self.rows.upsert(std::slice::from_ref(&completed)).await?;
        self.index_rows(vec![completed.clone()]);
        Ok(completed)
    }
}

#[async_trait]
impl Registry for RegistryService {
    async fn search(&self, query: Query) -> Result<Vec<Hit>, RegistryError> {
        let found = self.index().search(&query.text, query.category.as_deref(), query.limit);
        let ids: Vec<String> = found.iter().map(|hit| hit.id.clone()).collect();
        let scores: HashMap<&str, f64> = found.iter().map(|hit| (hit.id.as_str(), hit.score)).collect();
        let tools = self.tools(&ids).await?.into_iter();
        Ok(tools.map(|tool| Hit { score: scores.get(tool.tool_id.as_str()).copied().unwrap_or(0.0), tool }).collect())
    }

    async fn tool(&self, id: &ToolId) -> Result<Tool, RegistryError> {
        let row = self.row(id).await?;
        let row = if row.tool.input_schema.is_some() { row } else { self.completed(id).await? };
        Ok(row.seen())
    }

    async fn record_outcome(&self, id: &ToolId, ok: bool) {
        let outcomes = match self.rows.record_outcome(id, ok).await {
            Ok(Some(outcomes)) => outcomes,
            Ok(None) => return,
            Err(error) => return tracing::warn!(tool = %id, %error, "an outcome was not counted"),
        };
        // Only the calls at which health, or the trust in it, turns are worth a look at the row.
        let before = Outcomes { runs: outcomes.runs - 1, failures: outcomes.failures - u64::from(!ok) };
        if before.health(Health::Unknown) != outcomes.health(Health::Unknown) || before.trust() != outcomes.trust() {
            match self.row(id).await {
                Ok(row) => self.index_rows(vec![row]),
                Err(error) => tracing::warn!(tool = %id, %error, "a tool's health was not updated"),
            }
        }
    }
}
