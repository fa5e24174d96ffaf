//! A folder that is a process's own and is gone when the process is: the one that its call may write, and the one in which it is
//! shown an image.
//!
//! As long as its server lives the folder is locked, so that what a killed server left is told from what is in use, also by
//! another server over the same cache (`sweep`).

use super::trash;
use omega_core::executor::{ToolError, ToolErrorCode};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Folders that calls write, within the cache folder.
pub const SCRATCH: &str = "scratch";
/// Folders in which processes are shown an image.
pub const SHOWN: &str = "shown";
/// A server that starts may take a folder for a leftover before it is locked.
const TRIES: usize = 5;

/// A folder that lives as long as its process.
pub struct Scratch {
    pub folder: PathBuf,
    cache: PathBuf,
    /// `None` where folders can't be locked.
    _lock: Option<File>,
    /// It stays when the process is gone.
    is_kept: bool,
}

impl Scratch {
    /// A new one of a kind under `cache`, for nobody else to read.
    pub fn new(cache: &Path, kind: &str) -> Result<Self, ToolError> {
        let parent = cache.join(kind);
        Self::make(cache, &parent).map_err(|error| {
            let message = format!("a folder in {} can't be made: {error}", parent.display());
            ToolError::new(ToolErrorCode::RuntimeUnavailable, message)
        })
    }

    fn make(cache: &Path, parent: &Path) -> io::Result<Self> {
        for _ in 0..TRIES {
            let folder = parent.join(uuid::Uuid::new_v4().simple().to_string());
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
            let lock = match locked(&folder) {
                Ok(Some(lock)) => Some(lock),
                // Taken for a leftover a moment ago.
                Ok(None) => continue,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(_) => None,
            };
            return Ok(Self { folder, cache: cache.to_owned(), _lock: lock, is_kept: false });
        }
        Err(io::Error::other("others take each one away"))
    }

    /// One that stays, for its next process; waits while another one has it. Blocks.
    pub fn kept(cache: &Path, folder: &Path) -> io::Result<Self> {
        for _ in 0..TRIES {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            let lock = File::open(folder)?;
            lock.lock()?;
            // It may have been taken for a leftover between the two.
            if fs::metadata(folder).is_ok_and(|meta| lock.metadata().is_ok_and(|own| own.ino() == meta.ino())) {
                lock.set_modified(SystemTime::now())?;
                return Ok(Self {
                    folder: folder.to_owned(),
                    cache: cache.to_owned(),
                    _lock: Some(lock),
                    is_kept: true,
                });
            }
        }
        Err(io::Error::other("others take it away"))
    }

    /// `env` with the folder as home and place of temporary files.
    pub fn env(&self, mut env: BTreeMap<String, String>) -> BTreeMap<String, String> {
        for name in ["HOME", "TMPDIR"] {
            env.insert(name.to_owned(), self.folder.to_string_lossy().into_owned());
        }
        env
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.is_kept {
            trash::take_or_warn(&self.cache, &self.folder);
        }
    }
}

/// A lock of the folder itself; `None` when somebody has it.
pub fn locked(folder: &Path) -> io::Result<Option<File>> {
    let file = File::open(folder)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => return Ok(None),
        Err(fs::TryLockError::Error(error)) => return Err(error),
    }
    // It may have been moved between the two.
    let is_there = fs::metadata(folder)?.ino() == file.metadata()?.ino();
    Ok(is_there.then_some(file))
}
