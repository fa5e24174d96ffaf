//! What a process takes while it runs, looked at from outside: memory and files. What looking costs is the call's price: the
//! more of the processor a look at its files took, the longer it is until the next one, and at most two are looked at at once.

use super::{
    limits::Limits,
    outcome::{Full, Killed},
    tree,
};
use rustix::{
    process::Pid,
    time::{ClockId, clock_gettime},
};
use std::{
    fs, io,
    ops::ControlFlow,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    sync::Semaphore,
    task::spawn_blocking,
    time::{Instant, sleep},
};

/// Every file counts as a block at least, so that there are never too many to count.
const BLOCK: u64 = 4096;
const EVERY: Duration = Duration::from_millis(100);
/// Looks at files at the same time.
static LOOKS: Semaphore = Semaphore::const_new(2);

/// Waits until the process must be ended, and says why.
pub async fn until_over(id: Pid, scratch: &Path, limits: Limits) -> Killed {
    let mut due = Instant::now();
    loop {
        sleep(EVERY).await;
        if let Some(killed) = over_memory(id, limits).await {
            return killed;
        }
        if Instant::now() >= due {
            let (killed, cost) = over_files(id, scratch, limits).await;
            if let Some(killed) = killed {
                return killed;
            }
            due = Instant::now() + cost * limits.looks;
        }
    }
}

/// Why the process must be ended now, if it must.
pub async fn over(id: Pid, scratch: &Path, limits: Limits) -> Option<Killed> {
    match over_memory(id, limits).await {
        None => over_files(id, scratch, limits).await.0,
        killed => killed,
    }
}

/// What a folder has too much of, whose process has ended: it may have been faster than every look. Blocks.
pub fn full(folder: &Path, limits: Limits) -> Result<(), Full> {
    look(Path::new(""), folder, limits).map(drop)
}

async fn over_memory(id: Pid, limits: Limits) -> Option<Killed> {
    let looked = spawn_blocking(move || memory(&process(id)).is_some_and(|bytes| bytes > limits.memory));
    looked.await.unwrap_or_default().then_some(Killed::Memory(limits.memory))
}

/// With what the look cost.
async fn over_files(id: Pid, scratch: &Path, limits: Limits) -> (Option<Killed>, Duration) {
    let _place = LOOKS.acquire().await;
    let scratch = scratch.to_owned();
    let looked = spawn_blocking(move || {
        let before = worked();
        let full = look(&process(id), &scratch, limits).err();
        (full.map(Killed::Disk), worked().saturating_sub(before))
    });
    looked.await.unwrap_or_default()
}

/// What this thread has used of the processor.
fn worked() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap_or_default()
}

fn process(id: Pid) -> PathBuf {
    PathBuf::from(format!("/proc/{}", id.as_raw_nonzero()))
}

/// Resident memory in bytes, where the system tells it.
fn memory(process: &Path) -> Option<u64> {
    let status = fs::read_to_string(process.join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? << 10)
}

/// What the files of a process leave of its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Left {
    bytes: u64,
    entries: usize,
}

impl Left {
    fn without(self, taken: u64, limits: Limits) -> Result<Self, Full> {
        let entries = self.entries.checked_sub(1).ok_or(Full::Entries(limits.entries))?;
        let bytes = self.bytes.checked_sub(taken.max(BLOCK)).ok_or(Full::Bytes(limits.scratch))?;
        Ok(Self { bytes, entries })
    }
}

/// Looks until it is too much, and no further.
fn look(process: &Path, scratch: &Path, limits: Limits) -> Result<Left, Full> {
    let mut left = Left { bytes: limits.scratch, entries: limits.entries };
    let walked = tree::walk(scratch, |entry| {
        if entry.depth > limits.depth {
            return ControlFlow::Break(Full::Depth(limits.depth));
        }
        match left.without(entry.taken(), limits) {
            Ok(less) => left = less,
            Err(full) => return ControlFlow::Break(full),
        }
        ControlFlow::Continue(())
    });
    match walked {
        Ok(ControlFlow::Break(full)) => return Err(full),
        Ok(ControlFlow::Continue(())) => {}
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(Full::Hidden),
        // It is gone and its process with it, or the machine is short of something: the next look tells.
        Err(error) => tracing::debug!(event = "call.not_measured", %error, "the files of a call can't be counted"),
    }
    // A file that was removed but is still open takes room that no folder shows.
    let device = fs::metadata(scratch).map(|folder| folder.dev()).unwrap_or_default();
    for entry in fs::read_dir(process.join("fd")).into_iter().flatten().flatten() {
        let Ok(file) = fs::metadata(entry.path()) else { continue };
        if file.is_file() && file.nlink() == 0 && file.dev() == device {
            left = left.without(file.blocks() * 512, limits)?;
        }
    }
    Ok(left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        fs::{File, Permissions},
        io::Write,
        os::unix::fs::PermissionsExt,
    };

    const NOBODY: &str = "/nonexistent";
    const SMALL: Limits = Limits { scratch: 1 << 20, entries: 100, depth: 8, ..Limits::DEFAULT };

    fn taken(scratch: &Path, limits: Limits) -> Result<u64, Full> {
        look(Path::new(NOBODY), scratch, limits).map(|left| limits.scratch - left.bytes)
    }

    #[test]
    fn files_in_every_depth_count_with_what_they_take() {
        let scratch = tempfile::tempdir().unwrap();
        let deep = scratch.path().join("a/b");
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("c"), vec![1; 100_000]).unwrap();
        std::os::unix::fs::symlink("/", scratch.path().join("everything")).unwrap();
        let taken_now = taken(scratch.path(), SMALL).unwrap();
        assert!((100_000..200_000).contains(&taken_now), "{taken_now}");
        assert_eq!(taken(scratch.path(), Limits { scratch: 90_000, ..SMALL }), Err(Full::Bytes(90_000)));
    }

    #[test]
    fn empty_files_take_room_too_and_so_many_are_too_many() {
        let scratch = tempfile::tempdir().unwrap();
        for name in 0..20 {
            File::create(scratch.path().join(name.to_string())).unwrap();
        }
        let limits = |scratch, entries| Limits { scratch, entries, ..SMALL };
        assert_eq!(taken(scratch.path(), limits(20 * BLOCK, 20)), Ok(20 * BLOCK));
        assert_eq!(taken(scratch.path(), limits(20 * BLOCK - 1, 20)), Err(Full::Bytes(20 * BLOCK - 1)));
        assert_eq!(taken(scratch.path(), limits(20 * BLOCK, 19)), Err(Full::Entries(19)));
    }

    #[test]
    fn folders_are_only_so_deep_and_what_is_shut_counts() {
        let scratch = tempfile::tempdir().unwrap();
        fs::create_dir_all(scratch.path().join("1/2/3/4/5/6/7/8")).unwrap();
        assert!(taken(scratch.path(), SMALL).is_ok());
        fs::create_dir(scratch.path().join("1/2/3/4/5/6/7/8/9")).unwrap();
        for mode in [0o700, 0o0] {
            fs::set_permissions(scratch.path().join("1/2"), Permissions::from_mode(mode)).unwrap();
            assert_eq!(taken(scratch.path(), SMALL), Err(Full::Depth(8)), "{mode:o}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_removed_file_counts_while_it_is_open() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("hidden");
        let mut file = File::create(&path).unwrap();
        file.write_all(&[1; 100_000]).unwrap();
        fs::remove_file(&path).unwrap();
        let (own, limits) = (Path::new("/proc/self"), Limits { scratch: 90_000, ..SMALL });
        assert_eq!(look(own, scratch.path(), limits), Err(Full::Bytes(90_000)));
        drop(file);
        assert_eq!(look(own, scratch.path(), limits), Ok(Left { bytes: 90_000, entries: 100 }));
    }
}
