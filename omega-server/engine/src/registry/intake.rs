//! Rows that come in: a package that somebody adds, a bulk import, the pages of a mirror; and packages that go out again.
//!
//! The promises: a row is stored with the fact that tells of it, or not at all; nothing that a user adds for themselves is
//! anybody else's; and no version that all share goes down unless an administrator said so.

use super::{
    AddError, RegistryService, Source, StoredTool,
    changes::{self, Change},
    nearest::with_nearest,
    package_tools,
    row_limits::Fitted,
    rows,
    service::BATCH,
    user_tools,
};
use crate::process::memory;
use omega_core::{
    api::registry::{AddPackage, AddScope, AddedPackage, Imported},
    budget::{OWN_ROWS, OWN_TOOLS},
    edition::is_older,
    executor::{DescribedPackage, ToolError, ToolErrorCode},
    id::{ToolId, UserId},
    registry::{ExactPackage, RegistryError, Tool, Viewer},
};
use secrecy::SecretString;
use serde_json::Value;
use std::{collections::HashMap, num::NonZero, thread};
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt},
    task::{JoinHandle, spawn_blocking},
};

/// Refused lines, and notices, of an import that are told.
const MOST_TOLD: usize = 20;
/// Rows that are written in one transaction.
const WRITTEN: usize = 4 * BATCH;
/// Rows of an import that are brought into order before they are written.
const SORTED: usize = 50_000;

/// What becomes of a row whose version is older than the one that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Older {
    /// It takes its place.
    Taken,
    LeftOut,
}

/// What came of rows that a source brought.
#[derive(Debug, Default)]
pub struct IntakeResult {
    /// Rows that changed something.
    pub changed: usize,
    /// Rows that were left out because they are older: the version that is there, and the row's.
    pub older: Vec<(ToolId, String, String)>,
}

impl RegistryService {
    /// Stores the rows of a source that change something, and indexes them. They are `owner`'s own, or everybody's.
    pub async fn take(
        &self,
        owner: Option<UserId>,
        tools: Vec<Fitted>,
        source: Source,
        older: Older,
    ) -> Result<IntakeResult, RegistryError> {
        let mut taken = IntakeResult::default();
        let mut indexing = None;
        for batch in tools.chunks(WRITTEN) {
            // While these are written, those before are indexed.
            if let Some(next) = self.take_batch(owner, batch, source, older, &mut taken).await? {
                indexing = Some(next);
            }
        }
        if let Some(last) = indexing {
            last.await.map_err(|error| RegistryError::Unavailable(error.to_string()))?;
        }
        Ok(taken)
    }

    /// Stores some of them; when they are waited for, they are indexed.
    async fn take_batch(
        &self,
        owner: Option<UserId>,
        batch: &[Fitted],
        source: Source,
        older: Older,
        taken: &mut IntakeResult,
    ) -> Result<Option<JoinHandle<()>>, RegistryError> {
        let _one_writer = self.writing.lock().await;
        let known = self.known_rows(owner, batch.iter().map(Fitted::tool)).await?;
        let mut new: HashMap<ToolId, StoredTool> = HashMap::new();
        for fitted in batch {
            let (id, version) = (&fitted.tool().tool_id, &fitted.tool().version);
            let before = new.get(id).or_else(|| known.get(id));
            if older == Older::LeftOut
                && let Some(before) = before.filter(|before| is_older(version, &before.tool.version))
            {
                taken.older.push((id.clone(), before.tool.version.clone(), version.clone()));
                continue;
            }
            if let Some(mut row) = StoredTool::merged(before, fitted.clone(), source) {
                row.tool.own = owner.is_some();
                new.insert(id.clone(), row);
            }
        }
        if new.is_empty() {
            return Ok(None);
        }
        let new: Vec<StoredTool> = new.into_values().collect();
        let change = |row: &StoredTool| known.get(&row.tool.tool_id).map(|known| known.tool.clone());
        let was: Vec<Option<Tool>> = new.iter().map(change).collect();
        let pairs = was.iter().zip(&new).map(|(was, row)| Change { was: was.as_ref(), is: &row.tool });
        let mut facts = changes::facts(owner, source.as_str(), &pairs.collect::<Vec<_>>());
        if source == Source::Starter && self.index.revision() == 0 {
            // What an empty registry begins with is no change of it.
            facts.clear();
        }
        let revision = self.rows.upsert(owner, &new, &facts).await?;
        taken.changed += new.len();
        Ok(match owner {
            None => Some(self.index.written(revision, new).await),
            Some(_) => None,
        })
    }

    /// The rows that are there of some tools, of an owner's own or of everybody's.
    async fn known_rows(
        &self,
        owner: Option<UserId>,
        tools: impl Iterator<Item = &Tool>,
    ) -> Result<HashMap<ToolId, StoredTool>, RegistryError> {
        let ids: Vec<ToolId> = tools.map(|tool| tool.tool_id.clone()).collect();
        let rows = self.rows.get(owner.map_or(Viewer::Anybody, Viewer::User), &ids).await?;
        let meant = rows.into_iter().filter(|row| row.tool.own == owner.is_some());
        Ok(meant.map(|row| (row.tool.tool_id.clone(), row)).collect())
    }

    /// Adds what a package holds, its likeliest functions where it holds no tools, or one of its plain functions: for `owner` alone,
    /// or for everybody.
    ///
    /// # Errors
    /// When it can't be described, has no such function, does not fit, is older than what everybody has, or can't be stored.
    pub async fn add(&self, owner: Option<UserId>, request: AddPackage) -> Result<AddedPackage, AddError> {
        let version = request.version.as_deref().unwrap_or("latest");
        // What all share, administrators add: they take their turns as one.
        let turn = owner.map(|owner| owner.to_string()).unwrap_or_default();
        let env = request.env.iter().map(|(name, value)| (name.clone(), SecretString::from(value.as_str()))).collect();
        let described = self.executor.describe_with(&request.package, version, &turn, &env).await;
        let package = match described {
            Ok(package) => package,
            Err(error) => {
                let viewer = owner.map_or(Viewer::Anybody, Viewer::User);
                return Err(with_nearest(self, viewer, &request.package, "", error).await.into());
            }
        };
        self.take_described(owner, &request, package).await
    }

    /// Adds a package for one user, if it is the one that was approved.
    pub(super) async fn add_exactly(&self, owner: UserId, approved: ExactPackage) -> Result<AddedPackage, AddError> {
        let ExactPackage { name, version, integrity, function } = approved;
        let package = self.executor.describe(&name, &version, &owner.to_string()).await?;
        let is_it = |was: &Option<String>| was.is_none() || package.integrity.is_none() || *was == package.integrity;
        if package.version != version || !is_it(&integrity) {
            let message =
                format!("{name} {version} has other contents than those that were approved; nothing was added");
            return Err(ToolError::new(ToolErrorCode::ImportFailed, message).into());
        }
        let request = AddPackage { function, ..AddPackage::default() };
        self.take_described(Some(owner), &request, package).await
    }

    /// Stores what the sandbox found in a package.
    async fn take_described(
        &self,
        owner: Option<UserId>,
        request: &AddPackage,
        package: DescribedPackage,
    ) -> Result<AddedPackage, AddError> {
        let (wanted, mut notices) = package_tools::wanted(&package, request)?;
        notices.extend(package.lacks.iter().cloned());
        notices.extend(wanted.iter().flat_map(Fitted::notices));
        let tools: Vec<Tool> =
            wanted.iter().map(|fitted| Tool { own: owner.is_some(), ..fitted.tool().clone() }).collect();
        let scope = match owner {
            Some(owner) => {
                self.has_room(owner, &tools).await?;
                AddScope::Me
            }
            None => {
                if !request.allow_older {
                    self.is_not_older(&package.package, &tools).await?;
                }
                AddScope::Everybody
            }
        };
        let older = if owner.is_some() || request.allow_older { Older::Taken } else { Older::LeftOut };
        self.take(owner, wanted, Source::Added, older).await?;
        let functions = package_tools::functions(&package, &tools);
        Ok(AddedPackage { package: package.package, version: package.version, tools, functions, scope, notices })
    }

    /// Whether a user's own rows stay within their limits with more of them.
    async fn has_room(&self, owner: UserId, more: &[Tool]) -> Result<(), AddError> {
        let rows = self.rows.own(owner).await.map_err(RegistryError::from)?;
        let others = rows.iter().map(|row| &row.tool);
        let others = others.filter(|tool| more.iter().all(|new| new.tool_id != tool.tool_id));
        let all: Vec<&Tool> = others.chain(more).collect();
        let within = OWN_TOOLS.check(all.len());
        within.and_then(|()| OWN_ROWS.check(all.into_iter().map(user_tools::size).sum())).map_err(AddError::NoRoom)
    }

    /// Whether everybody has no later version of a tool.
    async fn is_not_older(&self, package: &str, tools: &[Tool]) -> Result<(), AddError> {
        let known = self.known_rows(None, tools.iter()).await?;
        let older = |tool: &Tool| {
            let from = &known.get(&tool.tool_id)?.tool.version;
            is_older(&tool.version, from).then(|| AddError::Older {
                package: package.to_owned(),
                from: from.clone(),
                to: tool.version.clone(),
            })
        };
        tools.iter().find_map(older).map_or(Ok(()), Err)
    }

    /// Takes out what was added of a package: an owner's own rows, or everybody's that administrators added. How many there
    /// were.
    pub async fn remove(&self, owner: Option<UserId>, package: &str) -> Result<usize, RegistryError> {
        let _one_writer = self.writing.lock().await;
        let removed = self.rows.remove(owner, package, changes::removed(owner, package)).await?;
        if owner.is_none() {
            self.index.remove(&removed).await;
        }
        Ok(removed.len())
    }

    /// Imports rows, one JSON object a line; lines that are none are told and skipped. While some are written, the next ones are
    /// read on other threads.
    pub async fn import(&self, reader: impl AsyncBufRead + Unpin + Send) -> Result<Imported, RegistryError> {
        let mut lines = reader.lines();
        let mut imported = Imported { imported: 0, refused: Vec::new(), notices: Vec::new(), total: 0 };
        let (mut number, mut before) = (0_u64, Vec::new());
        loop {
            let mut some = Vec::new();
            while some.len() < SORTED {
                let line = lines.next_line().await.map_err(|error| RegistryError::Unavailable(error.to_string()))?;
                let Some(line) = line else { break };
                number += 1;
                if !line.trim().is_empty() {
                    some.push((number, line));
                }
            }
            let ended = some.len() < SORTED;
            let reading = read_all(some);
            self.take_imported(std::mem::take(&mut before), &mut imported).await?;
            for part in reading {
                let lines = part.await.map_err(|error| RegistryError::Unavailable(error.to_string()))?;
                for (number, line) in lines {
                    match line {
                        Ok(tool) => {
                            tell(&mut imported.notices, tool.notices());
                            before.push(tool);
                        }
                        Err(reason) => tell(&mut imported.refused, std::iter::once(format!("line {number}: {reason}"))),
                    }
                }
            }
            // Neighbours lie beside each other: a batch of them writes a few places of the table, not as many as it has rows.
            before.sort_by(|a, b| a.tool().tool_id.as_str().cmp(b.tool().tool_id.as_str()));
            if ended {
                self.take_imported(before, &mut imported).await?;
                let _ = spawn_blocking(memory::give_back).await;
                return Ok(Imported { total: self.index.size(), ..imported });
            }
        }
    }

    async fn take_imported(&self, some: Vec<Fitted>, imported: &mut Imported) -> Result<(), RegistryError> {
        let all = some.len();
        let taken = self.take(None, some, Source::Import, Older::LeftOut).await?;
        imported.imported += u64::try_from(all - taken.older.len()).unwrap_or(u64::MAX);
        let older = taken.older.into_iter().map(|(id, from, to)| {
            format!("{id} is {from} here, and {to} is older: `omega registry add --allow-older` sets it back")
        });
        tell(&mut imported.refused, older);
        Ok(())
    }
}

/// A line's number, and its tool.
type Read = (u64, Result<Fitted, String>);

/// Has lines read by as many threads as there are processors; their parts in order.
fn read_all(mut lines: Vec<(u64, String)>) -> Vec<JoinHandle<Vec<Read>>> {
    let parts = thread::available_parallelism().map_or(1, NonZero::get);
    let size = lines.len().div_ceil(parts).max(1);
    let mut reading = Vec::with_capacity(parts);
    while !lines.is_empty() {
        let rest = lines.split_off(size.min(lines.len()));
        let part = std::mem::replace(&mut lines, rest);
        reading.push(spawn_blocking(move || part.into_iter().map(|(number, line)| (number, read(&line))).collect()));
    }
    reading
}

/// The tool of a line.
fn read(line: &str) -> Result<Fitted, String> {
    let row: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    rows::tool(&row).map_err(|error| error.to_string())
}

/// Adds what there is room for to a list that people read.
fn tell(list: &mut Vec<String>, more: impl Iterator<Item = String>) {
    list.extend(more.take(MOST_TOLD.saturating_sub(list.len())));
}
