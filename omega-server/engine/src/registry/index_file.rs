//! The search index in a file of the cache, so that a server with a million tools knows all of them when it starts.
//!
//! The promises: a file is read only if the database knows its token, so that it tells of this database's own past; what changed since
//! comes from the database; a file that is spoiled, old, or of another version is as if it were not there. A kill at any moment
//! leaves the last file, the next, or none.

use super::{BATCH, RegistryService, RowsError, StoredTool, live_index::LiveIndex};
use async_trait::async_trait;
use omega_core::{
    id::ToolId,
    registry::{RegistryError, Viewer},
};
use omega_search::index::Index;
use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, BufReader, BufWriter},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, SystemTime},
};
use tokio::{task::spawn_blocking, time::sleep};
use uuid::Uuid;

/// A file that was not saved again for so long is given up.
pub const INDEX_FILES_LAST: Duration = Duration::from_secs(30 * 24 * 3600);
/// Tools from which on it is worth a file.
const WORTH: u64 = 20_000;
/// How long nothing has to change before it is saved.
const QUIET: Duration = Duration::from_secs(15);
/// Ids that are read at once.
const IDS: u32 = 10_000;
/// Bytes that are read or written at once.
const BUFFER: usize = 1 << 20;
/// How a file ends that is not yet whole.
const UNFINISHED: &str = "part";
/// Who writes one is done long before; a kill left it.
const UNFINISHED_LASTS: Duration = Duration::from_secs(3600);

/// What the database knows of files.
#[async_trait]
pub trait IndexFileRows: Send + Sync {
    /// Keeps the token of a file, and gives up those that are too old.
    async fn index_saved(&self, token: &str) -> Result<(), RowsError>;

    async fn knows_index(&self, token: &str) -> Result<bool, RowsError>;

    /// The ids of everybody's rows in their order, those after `after`, at most `limit`.
    async fn ids(&self, after: Option<&ToolId>, limit: u32) -> Result<Vec<ToolId>, RowsError>;

    /// Everybody's rows that were called, in the order of their ids, those after `after`, at most `limit`.
    async fn called(&self, after: Option<&ToolId>, limit: u32) -> Result<Vec<StoredTool>, RowsError>;
}

/// Where files are kept, and the one that is this server's.
pub struct IndexFile {
    folder: PathBuf,
    token: Mutex<Option<String>>,
}

impl IndexFile {
    /// Files in the folder of caches.
    #[must_use]
    pub fn new(caches: &Path) -> Self {
        Self { folder: caches.join("index"), token: Mutex::default() }
    }

    fn token(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last index of these rows that was saved, and up to which revision it has their changes.
    pub(super) async fn load(&self, rows: &dyn IndexFileRows, revision: i64) -> Option<(Index, i64)> {
        for token in self.tokens() {
            if !rows.knows_index(&token).await.unwrap_or(false) {
                continue;
            }
            let path = self.folder.join(&token);
            let wanted = token.clone();
            let read = spawn_blocking(move || read(&path, &wanted, revision)).await;
            match read.map_err(io::Error::other).flatten() {
                Ok(found) => {
                    *self.token() = Some(token);
                    return Some(found);
                }
                Err(error) => {
                    tracing::info!(event = "registry.index_not_read", %error);
                    let _ = fs::remove_file(self.folder.join(&token));
                }
            }
        }
        None
    }

    /// The files that are there, the last one first.
    fn tokens(&self) -> Vec<String> {
        let mut found: Vec<(SystemTime, String)> = Vec::new();
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let Ok(saved) = entry.metadata().and_then(|about| about.modified()) else { continue };
            let name = entry.file_name().to_string_lossy().into_owned();
            let lasts = if name.ends_with(UNFINISHED) { UNFINISHED_LASTS } else { INDEX_FILES_LAST };
            if saved.elapsed().is_ok_and(|age| age > lasts) {
                let _ = fs::remove_file(entry.path());
            } else if Uuid::try_parse(&name).is_ok() {
                found.push((saved, name));
            }
        }
        found.sort_unstable_by(|a, b| b.cmp(a));
        found.into_iter().map(|(_, name)| name).collect()
    }

    /// Saves an index as it is now.
    pub(super) async fn save(&self, rows: &dyn IndexFileRows, index: &Arc<LiveIndex>) -> Result<(), RegistryError> {
        let token = Uuid::new_v4().to_string();
        let unfinished = self.folder.join(&token).with_extension(UNFINISHED);
        let written = index.frozen({
            let (folder, path, token) = (self.folder.clone(), unfinished.clone(), token.clone());
            move |index, revision| write(&folder, &path, index, &about(&token, revision))
        });
        let failed = |error: io::Error| RegistryError::Unavailable(error.to_string());
        let kept = match written.await {
            Ok(()) => rows.index_saved(&token).await.map_err(RegistryError::from),
            Err(error) => Err(failed(error)),
        };
        let kept = kept.and_then(|()| fs::rename(&unfinished, self.folder.join(&token)).map_err(failed));
        if kept.is_err() {
            let _ = fs::remove_file(&unfinished);
            return kept;
        }
        if let Some(before) = self.token().replace(token) {
            let _ = fs::remove_file(self.folder.join(before));
        }
        Ok(())
    }
}

fn about(token: &str, revision: i64) -> String {
    format!("{token} {revision}")
}

/// The index of a file, if it is what it should be, and its revision.
fn read(path: &Path, token: &str, up_to: i64) -> io::Result<(Index, i64)> {
    let revision = |about: &[u8]| {
        let (said, revision) = std::str::from_utf8(about).ok()?.split_once(' ')?;
        revision.parse().ok().filter(|revision| said == token && *revision <= up_to)
    };
    let wrong = || io::Error::new(io::ErrorKind::InvalidData, "it is of other rows");
    let open = || File::open(path).map(|file| BufReader::with_capacity(BUFFER, file));
    revision(&Index::about(open()?)?).ok_or_else(wrong)?;
    let (index, about) = Index::load(open()?)?;
    Ok((index, revision(&about).ok_or_else(wrong)?))
}

fn write(folder: &Path, path: &Path, index: &Index, about: &str) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut file = BufWriter::with_capacity(BUFFER, File::create_new(path)?);
    index.save(about.as_bytes(), &mut file)?;
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

/// Saves the index of a registry whenever nothing has changed for a while, for as long as there is one.
pub(super) async fn keep(registry: Weak<RegistryService>, file: IndexFile) {
    let state = |registry: &RegistryService| (registry.index.revision(), registry.index.size());
    let Some(mut saved) =
        registry.upgrade().map(|registry| if file.token().is_some() { state(&registry) } else { (0, 0) })
    else {
        return;
    };
    let mut before = saved;
    loop {
        sleep(QUIET).await;
        let Some(registry) = registry.upgrade() else { return };
        let now = state(&registry);
        if !registry.is_loading() && now == before && now != saved && now.1 >= WORTH {
            match file.save(&*registry.rows, &registry.index).await {
                Ok(()) => tracing::debug!(event = "registry.index_saved", tools = now.1),
                Err(error) => tracing::warn!(event = "registry.index_not_saved", %error),
            }
            // What can't be saved is not tried again before something changes.
            saved = now;
        }
        before = now;
    }
}

impl RegistryService {
    /// Brings what a file said up to what no revision tells of: calls, and rows that were taken out.
    pub(super) async fn check_index(&self) -> Result<(), RegistryError> {
        let mut after = None;
        loop {
            let page = self.rows.called(after.as_ref(), u32::try_from(BATCH).unwrap_or(u32::MAX)).await?;
            let Some(last) = page.last().map(|row| row.tool.tool_id.clone()) else { break };
            after = Some(last);
            self.index.put_next(page).await;
        }
        let mut stored: HashSet<u64> = HashSet::new();
        let mut after = None;
        loop {
            let page = self.rows.ids(after.as_ref(), IDS).await?;
            let Some(last) = page.last().cloned() else { break };
            after = Some(last);
            stored.extend(page.iter().map(|id| Index::hash(id.as_str())));
        }
        let gone: Vec<ToolId> = {
            let index = self.index.read();
            let gone = index.ids().filter(|id| !stored.contains(&Index::hash(id)));
            gone.filter_map(|id| id.parse().ok()).collect()
        };
        for some in gone.chunks(BATCH) {
            // Some may have come meanwhile.
            let _one_writer = self.writing.lock().await;
            let there = self.rows.get(Viewer::Anybody, some).await?;
            let there: HashSet<&ToolId> = there.iter().map(|row| &row.tool.tool_id).collect();
            let gone: Vec<ToolId> = some.iter().filter(|id| !there.contains(id)).cloned().collect();
            self.index.remove(&gone).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
