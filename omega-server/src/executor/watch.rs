//! What a process takes while it runs, looked at from outside: memory and room for files.

use super::{outcome::Killed, process::Limits};
use rustix::process::Pid;
use std::{
    fs::{self, Metadata},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// Every file counts as a block at least, so that there are never too many to count.
const BLOCK: u64 = 4096;

/// Why the process must be ended now, if it must.
pub async fn over(id: Pid, scratch: &Path, limits: Limits) -> Option<Killed> {
    let scratch = scratch.to_owned();
    // A folder full of files takes a while to look through.
    let looked = tokio::task::spawn_blocking(move || {
        let process = PathBuf::from(format!("/proc/{}", id.as_raw_nonzero()));
        if memory(&process).is_some_and(|bytes| bytes > limits.memory) {
            return Some(Killed::Memory(limits.memory));
        }
        let left = room_left(&process, &scratch, limits.scratch);
        left.is_none().then_some(Killed::Disk(limits.scratch))
    });
    looked.await.ok().flatten()
}

/// Resident memory in bytes, where the system tells it.
fn memory(process: &Path) -> Option<u64> {
    let status = fs::read_to_string(process.join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? << 10)
}

/// What the files of a process leave of `limit` bytes; `None` when they take more.
fn room_left(process: &Path, scratch: &Path, limit: u64) -> Option<u64> {
    let room = files_in(scratch).try_fold(limit, |left, file| left.checked_sub(taken(&file)))?;
    // A file that was removed but is still open takes room that no folder shows.
    let device = fs::metadata(scratch).map(|folder| folder.dev()).unwrap_or_default();
    let open = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
    let removed = open
        .filter_map(|entry| fs::metadata(entry.path()).ok())
        .filter(|file| file.is_file() && file.nlink() == 0 && file.dev() == device);
    removed.map(|file| taken(&file)).try_fold(room, u64::checked_sub)
}

fn taken(file: &Metadata) -> u64 {
    (file.blocks() * 512).max(BLOCK)
}

/// All files and folders within a folder, which may change meanwhile; links are not followed.
fn files_in(folder: &Path) -> impl Iterator<Item = Metadata> {
    let mut folders = vec![fs::read_dir(folder)];
    std::iter::from_fn(move || {
        while let Some(entries) = folders.last_mut() {
            let Some(entry) = entries.as_mut().ok().and_then(Iterator::next) else {
                folders.pop();
                continue;
            };
            let Ok(entry) = entry else { continue };
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() {
                folders.push(fs::read_dir(entry.path()));
            }
            return Some(metadata);
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs::File, io::Write};

    const NOBODY: &str = "/nonexistent";

    #[test]
    fn files_in_every_depth_count_with_what_they_take() {
        let scratch = tempfile::tempdir().unwrap();
        let deep = scratch.path().join("a/b");
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("c"), vec![1; 100_000]).unwrap();
        std::os::unix::fs::symlink("/", scratch.path().join("everything")).unwrap();
        let left = room_left(Path::new(NOBODY), scratch.path(), 1 << 20).unwrap();
        let taken = (1 << 20) - left;
        assert!((100_000..200_000).contains(&taken), "{taken}");
        assert_eq!(room_left(Path::new(NOBODY), scratch.path(), 90_000), None);
    }

    #[test]
    fn empty_files_take_room_too() {
        let scratch = tempfile::tempdir().unwrap();
        for name in 0..20 {
            File::create(scratch.path().join(name.to_string())).unwrap();
        }
        assert_eq!(room_left(Path::new(NOBODY), scratch.path(), 20 * BLOCK), Some(0));
        assert_eq!(room_left(Path::new(NOBODY), scratch.path(), 20 * BLOCK - 1), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_removed_file_counts_while_it_is_open() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("hidden");
        let mut file = File::create(&path).unwrap();
        file.write_all(&[1; 100_000]).unwrap();
        fs::remove_file(&path).unwrap();
        let own = Path::new("/proc/self");
        assert_eq!(room_left(own, scratch.path(), 90_000), None);
        drop(file);
        assert_eq!(room_left(own, scratch.path(), 90_000), Some(90_000));
    }
}
