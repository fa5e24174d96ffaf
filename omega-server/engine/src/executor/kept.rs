//! Folders in which MCP servers of packages find at the next call what they left at the last one: a server that reads and writes files
//! has the same ones as long as a conversation goes on.
//!
//! The promise: a folder is of one conversation and one package, and one call at a time has it. It is no store: what was not used for
//! some days goes, and so does the oldest where there are many.

use super::{
    scratch::{self, Scratch},
    trash,
};
use omega_core::executor::{ToolError, ToolErrorCode};
use sha2::{Digest, Sha256};
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// Where they are, within the cache folder.
pub const KEPT: &str = "kept";
const KEPT_FOR: Duration = Duration::from_secs(7 * 24 * 3600);
const MOST: usize = 100;

/// The folder of an owner's calls of a package, once no other call has it.
pub async fn folder_of(cache: &Path, owner: &str, package: &str) -> Result<Scratch, ToolError> {
    let (cache, name) = (cache.to_owned(), name_of(owner, package));
    let folder = cache.join(KEPT).join(name);
    let made = tokio::task::spawn_blocking({
        let folder = folder.clone();
        move || {
            sweep(&cache, &folder);
            Scratch::kept(&cache, &folder)
        }
    });
    made.await.unwrap_or_else(|error| Err(io::Error::other(error))).map_err(|error| {
        let message = format!("the folder {} can't be used: {error}", folder.display());
        ToolError::new(ToolErrorCode::RuntimeUnavailable, message)
    })
}

/// The id of a conversation opens it, so it is in no file's name.
fn name_of(owner: &str, package: &str) -> String {
    let digest = Sha256::new().chain_update(owner).chain_update([0]).chain_update(package).finalize();
    digest[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Removes those that nobody used for long, and the oldest beyond [`MOST`], but for the one that is wanted.
fn sweep(cache: &Path, wanted: &Path) {
    let entries = fs::read_dir(cache.join(KEPT)).into_iter().flatten().flatten();
    let used =
        |path: &PathBuf| fs::metadata(path).and_then(|meta| meta.modified()).unwrap_or_else(|_| SystemTime::now());
    let mut all: Vec<(SystemTime, PathBuf)> =
        entries.map(|entry| entry.path()).filter(|path| path != wanted).map(|path| (used(&path), path)).collect();
    all.sort();
    let over = all.len().saturating_sub(MOST);
    for (index, (at, folder)) in all.iter().enumerate() {
        let is_old = at.elapsed().is_ok_and(|age| age > KEPT_FOR);
        // Who is at work in it has it locked.
        if (index < over || is_old) && matches!(scratch::locked(folder), Ok(Some(_))) {
            trash::take_or_warn(cache, folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_conversation_finds_its_files_again_and_nobody_elses() {
        let cache = tempfile::tempdir().unwrap();
        let first = folder_of(cache.path(), "one", "server").await.unwrap();
        fs::write(first.folder.join("note"), "mine").unwrap();
        let other = folder_of(cache.path(), "two", "server").await.unwrap();
        assert!(other.folder != first.folder && !other.folder.join("note").exists());
        let waiting = folder_of(cache.path(), "one", "server");
        tokio::pin!(waiting);
        assert!(futures_util::poll!(&mut waiting).is_pending(), "one call at a time");
        drop(first);
        let again = waiting.await.unwrap();
        assert_eq!(fs::read_to_string(again.folder.join("note")).unwrap(), "mine");
    }

    #[tokio::test]
    async fn the_oldest_goes_where_there_are_many_and_none_that_is_in_use() {
        let cache = tempfile::tempdir().unwrap();
        let in_use = folder_of(cache.path(), "in use", "server").await.unwrap();
        let long_ago = SystemTime::now() - 2 * KEPT_FOR;
        fs::File::open(&in_use.folder).unwrap().set_modified(long_ago).unwrap();
        let old = cache.path().join(KEPT).join("old");
        fs::create_dir_all(&old).unwrap();
        fs::File::open(&old).unwrap().set_modified(long_ago).unwrap();
        let _new = folder_of(cache.path(), "new", "server").await.unwrap();
        assert!(!old.exists() && in_use.folder.exists());
    }
}
