//! Folders that strangers shaped: looked through and removed, whatever their shape.
//!
//! The promise: however deep, wide or shut they are, nobody's stack or descriptors run out, no link is followed, and the work
//! is linear in what is there. Everything goes by descriptors and never by a path, which may be longer than the system takes.
//! It blocks, so no thread of the runtime may do it.

use rustix::{
    fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, chmodat, fchmod, fstat, openat, statat, unlinkat},
    io::Errno,
};
use std::{
    ffi::{CStr, CString},
    fs, io,
    ops::ControlFlow,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::Path,
};

/// Folders on the way down that stay open; into those below the way back is `..`.
const OPEN: usize = 64;
/// Something may be put into a folder while it is emptied, and some file systems pass over entries then.
const PASSES: usize = 16;

/// What there is in a folder.
pub struct Entry {
    /// Its size and kind; a link's own.
    pub stat: Stat,
    /// 1 for what is in the folder itself.
    pub depth: usize,
}

impl Entry {
    /// Bytes that it takes on the disk.
    pub fn taken(&self) -> u64 {
        u64::try_from(self.stat.st_blocks).unwrap_or_default() * 512
    }
}

/// Shows everything within a folder, until `visit` breaks off. What is gone by then is passed over.
pub fn walk<B>(folder: &Path, mut visit: impl FnMut(&Entry) -> ControlFlow<B>) -> io::Result<ControlFlow<B>> {
    let mut way = Way::to(folder, Mode::RUSR | Mode::XUSR)?;
    loop {
        let depth = way.depth();
        let mut folders = Vec::new();
        for entry in Dir::read_from(way.here()?)? {
            let entry = entry?;
            let name = entry.file_name();
            if is_dots(name) {
                continue;
            }
            let stat = match statat(way.here()?, name, AtFlags::SYMLINK_NOFOLLOW) {
                Err(error) if is_gone(error) => continue,
                other => other?,
            };
            if let ControlFlow::Break(why) = visit(&Entry { stat, depth }) {
                return Ok(ControlFlow::Break(why));
            }
            if FileType::from_raw_mode(stat.st_mode).is_dir() {
                folders.push(name.to_owned());
            }
        }
        way.found(folders);
        while !way.down()? {
            if way.up()?.is_none() {
                return Ok(ControlFlow::Continue(()));
            }
        }
    }
}

/// Bytes of all files under a folder; links count as themselves.
pub fn size_of(folder: &Path) -> u64 {
    let mut bytes: u64 = 0;
    let walked = walk(folder, |entry| {
        if !FileType::from_raw_mode(entry.stat.st_mode).is_dir() {
            bytes = bytes.saturating_add(u64::try_from(entry.stat.st_size).unwrap_or_default());
        }
        ControlFlow::<()>::Continue(())
    });
    if let Err(error) = walked {
        tracing::warn!(event = "folder.not_measured", %error, folder = %folder.display(), "a folder can't be measured");
    }
    bytes
}

/// Removes a folder and everything in it; what is no folder is removed too, and what is not there is fine. Of what resists, as
/// much as possible goes, and the first reason is given.
pub fn remove(folder: &Path) -> io::Result<()> {
    let mut outcome = Ok(());
    for _ in 0..PASSES {
        match fs::symlink_metadata(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Ok(meta) if !meta.is_dir() => return fs::remove_file(folder),
            _ => {}
        }
        outcome = emptied(folder).and_then(|()| fs::remove_dir(folder));
        let again = |error: &io::Error| error.kind() == io::ErrorKind::DirectoryNotEmpty;
        if !outcome.as_ref().is_err_and(again) {
            break;
        }
    }
    outcome
}

fn emptied(folder: &Path) -> io::Result<()> {
    let mut way = Way::to(folder, Mode::RWXU)?;
    let mut resisted = None;
    loop {
        let mut folders = Vec::new();
        for entry in Dir::read_from(way.here()?)? {
            let entry = entry?;
            let name = entry.file_name();
            if is_dots(name) {
                continue;
            }
            match entry.file_type() {
                FileType::Directory => folders.push(name.to_owned()),
                _ => match unlinkat(way.here()?, name, AtFlags::empty()) {
                    Ok(()) | Err(Errno::NOENT) => {}
                    // Not every file system tells the kind in its listing.
                    Err(Errno::ISDIR | Errno::PERM) if is_folder(way.here()?, name) => folders.push(name.to_owned()),
                    Err(error) => resisted = resisted.or(Some(error)),
                },
            }
        }
        way.found(folders);
        loop {
            match way.down() {
                Ok(true) => break,
                Ok(false) => {}
                Err(error) => {
                    resisted = resisted.or(error.raw_os_error().map(Errno::from_raw_os_error));
                    continue;
                }
            }
            let Some(done) = way.up()? else { return resisted.map_or(Ok(()), |error| Err(error.into())) };
            match unlinkat(way.here()?, &*done, AtFlags::REMOVEDIR) {
                Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST) => {}
                Err(error) => resisted = resisted.or(Some(error)),
            }
        }
    }
}

/// The way from a folder to one within it.
struct Way {
    levels: Vec<Level>,
    /// What must be allowed to its owner in each folder.
    need: Mode,
}

struct Level {
    fd: Option<OwnedFd>,
    /// By which it is known again.
    stat: Stat,
    /// In the folder above.
    name: CString,
    /// Folders in it that are still to be gone into.
    folders: Vec<CString>,
}

impl Way {
    fn to(folder: &Path, need: Mode) -> io::Result<Self> {
        let mut way = Self { levels: Vec::new(), need };
        let name = CString::new(folder.as_os_str().as_encoded_bytes())?;
        let level = way.level(rustix::fs::CWD, name)?;
        way.levels.push(level);
        Ok(way)
    }

    fn depth(&self) -> usize {
        self.levels.len()
    }

    fn here(&self) -> io::Result<BorrowedFd<'_>> {
        let fd = self.levels.last().and_then(|level| level.fd.as_ref());
        fd.map(AsFd::as_fd).ok_or_else(|| io::Error::other("the way is lost"))
    }

    fn found(&mut self, folders: Vec<CString>) {
        if let Some(level) = self.levels.last_mut() {
            level.folders = folders;
        }
    }

    /// Into the next folder here; `false` when there is none.
    fn down(&mut self) -> io::Result<bool> {
        while let Some(name) = self.levels.last_mut().and_then(|level| level.folders.pop()) {
            match self.level(self.here()?, name) {
                Err(error) if error.raw_os_error().map(Errno::from_raw_os_error).is_some_and(is_gone) => {}
                Err(error) => return Err(error),
                Ok(below) => {
                    if self.levels.len() > OPEN
                        && let Some(level) = self.levels.last_mut()
                    {
                        level.fd = None;
                    }
                    self.levels.push(below);
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Back to the folder above, with the name of the one that was left; `None` at the top.
    fn up(&mut self) -> io::Result<Option<CString>> {
        if self.levels.len() < 2 {
            return Ok(None);
        }
        let Some(left) = self.levels.pop() else { return Ok(None) };
        if let Some(level) = self.levels.last_mut()
            && level.fd.is_none()
        {
            let below = left.fd.as_ref().ok_or_else(|| io::Error::other("the way is lost"))?;
            let fd = openat(below, c"..", folder_flags(), Mode::empty())?;
            let stat = fstat(&fd)?;
            if (stat.st_dev, stat.st_ino) != (level.stat.st_dev, level.stat.st_ino) {
                return Err(io::Error::other("its folders were moved meanwhile"));
            }
            level.fd = Some(fd);
        }
        Ok(Some(left.name))
    }

    /// Opens a folder, also one that its owner shut.
    fn level(&self, above: BorrowedFd<'_>, name: CString) -> io::Result<Level> {
        let open = || openat(above, &*name, folder_flags(), Mode::empty());
        let fd = match open() {
            Err(Errno::ACCESS) => {
                unshut(above, &name, self.need)?;
                open()?
            }
            other => other?,
        };
        let stat = fstat(&fd)?;
        let mode = Mode::from_raw_mode(stat.st_mode);
        if !mode.contains(self.need) {
            // Root needs none of it; for others, what fails then says so.
            let _ = fchmod(&fd, mode | self.need);
        }
        Ok(Level { fd: Some(fd), stat, name, folders: Vec::new() })
    }
}

fn folder_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

/// Allows a folder to its owner. By a descriptor where there is one without permission, since Linux knows no `chmod` of a link.
fn unshut(above: BorrowedFd<'_>, name: &CStr, need: Mode) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use std::os::fd::AsRawFd;
        let fd =
            openat(above, name, OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
        let path = format!("/proc/self/fd/{}", fd.as_raw_fd());
        Ok(chmodat(rustix::fs::CWD, path, need, AtFlags::empty())?)
    }
    #[cfg(not(target_os = "linux"))]
    Ok(chmodat(above, name, need, AtFlags::SYMLINK_NOFOLLOW)?)
}

fn is_dots(name: &CStr) -> bool {
    matches!(name.to_bytes(), b"." | b"..")
}

/// It is gone, or something else stands in its place.
fn is_gone(error: Errno) -> bool {
    matches!(error, Errno::NOENT | Errno::NOTDIR | Errno::LOOP)
}

fn is_folder(above: BorrowedFd<'_>, name: &CStr) -> bool {
    statat(above, name, AtFlags::SYMLINK_NOFOLLOW).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode).is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::{
        fs::{CWD, mkdirat, symlinkat},
        time::{ClockId, clock_gettime},
    };
    use std::{
        fs::{File, Permissions},
        os::unix::{ffi::OsStrExt, fs::PermissionsExt},
        thread,
        time::Duration,
    };
    use tempfile::TempDir;

    /// Folders within folders, far deeper than any path can name, with a file beside each.
    fn deep(root: &Path, levels: usize) {
        let mut here = openat(CWD, root, folder_flags(), Mode::empty()).unwrap();
        for _ in 0..levels {
            mkdirat(&here, c"d", Mode::RWXU).unwrap();
            symlinkat("/", &here, c"out").unwrap();
            here = openat(&here, c"d", folder_flags(), Mode::empty()).unwrap();
        }
    }

    fn wide(root: &Path, count: usize) {
        for number in 0..count {
            File::create(root.join(number.to_string())).unwrap();
        }
    }

    /// A spine with a folder and a file at each level.
    fn comb(root: &Path, count: usize) {
        let mut here = openat(CWD, root, folder_flags(), Mode::empty()).unwrap();
        for _ in 0..count {
            for name in [c"a", c"b"] {
                mkdirat(&here, name, Mode::RWXU).unwrap();
            }
            here = openat(&here, c"b", folder_flags(), Mode::empty()).unwrap();
        }
    }

    fn flat(root: &Path, count: usize) {
        for number in 0..count {
            fs::create_dir(root.join(number.to_string())).unwrap();
        }
    }

    type Shape = fn(&Path, usize);

    /// In memory where that can be: a disk's journal is no part of the work.
    fn shaped(shape: Shape, size: usize) -> TempDir {
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
        fs::create_dir(parent.path().join("tree")).unwrap();
        shape(&parent.path().join("tree"), size);
        parent
    }

    fn count(folder: &Path) -> usize {
        let mut entries = 0;
        let walked = walk(folder, |_| {
            entries += 1;
            ControlFlow::<()>::Continue(())
        });
        assert!(walked.unwrap().is_continue());
        entries
    }

    #[test]
    fn a_tree_deeper_than_any_path_is_counted_and_removed_on_a_small_stack_with_few_descriptors() {
        const LEVELS: usize = 10_000;
        let parent = shaped(deep, LEVELS);
        let tree = parent.path().join("tree");
        let work = move || {
            let mut most_open = 0;
            let (mut entries, mut deepest) = (0, 0);
            let walked = walk(&tree, |entry| {
                (entries, deepest) = (entries + 1, deepest.max(entry.depth));
                if entries % 5000 == 0 {
                    most_open = most_open.max(fs::read_dir("/proc/self/fd").map_or(0, Iterator::count));
                }
                ControlFlow::<()>::Continue(())
            });
            assert!(walked.unwrap().is_continue());
            assert_eq!((entries, deepest), (2 * LEVELS, LEVELS));
            // Other tests of this process have some open too.
            assert!(most_open < OPEN + 400, "{most_open} descriptors");
            remove(&tree).unwrap();
            assert!(!tree.exists());
        };
        thread::Builder::new().stack_size(128 << 10).spawn(work).unwrap().join().unwrap();
    }

    #[test]
    fn twice_the_tree_is_twice_the_work_whatever_its_shape() {
        let shapes: [(&str, Shape); 4] = [("deep", deep), ("wide", wide), ("comb", comb), ("flat", flat)];
        for (name, shape) in shapes {
            let cost = |size| {
                let parents: Vec<_> = (0..3).map(|_| shaped(shape, size)).collect();
                let costs = parents.iter().map(|parent| {
                    let before: Duration = clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap();
                    assert!(count(&parent.path().join("tree")) >= size);
                    remove(&parent.path().join("tree")).unwrap();
                    let after: Duration = clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap();
                    after - before
                });
                costs.min().unwrap()
            };
            let (once, twice) = (cost(1500), cost(3000));
            assert!(twice < once * 3, "{name}: {once:?}, twice as much {twice:?}");
        }
    }

    #[test]
    fn what_is_shut_strangely_named_or_a_link_goes_and_nothing_behind_a_link() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("kept"), "x").unwrap();
        let parent = tempfile::tempdir().unwrap();
        let tree = parent.path().join("tree");
        fs::create_dir_all(tree.join("shut/within")).unwrap();
        fs::create_dir_all(tree.join(std::ffi::OsStr::from_bytes(b"\xff\n -rf"))).unwrap();
        fs::create_dir(tree.join("n".repeat(255))).unwrap();
        std::os::unix::fs::symlink(outside.path(), tree.join("link")).unwrap();
        std::os::unix::fs::symlink(&tree, tree.join("shut/loop")).unwrap();
        fs::write(tree.join("shut/within/file"), "x").unwrap();
        for shut in ["shut/within", "shut", "."] {
            fs::set_permissions(tree.join(shut), Permissions::from_mode(0o0)).unwrap();
        }
        assert_eq!(count(&tree), 7);
        assert_eq!(size_of(&tree), 1 + (outside.path().as_os_str().len() + tree.as_os_str().len()) as u64);
        remove(&tree).unwrap();
        assert!(!tree.exists() && outside.path().join("kept").exists());
        remove(&tree).unwrap();
        std::os::unix::fs::symlink(outside.path(), &tree).unwrap();
        assert!(walk(&tree, |_| ControlFlow::<()>::Continue(())).is_err(), "not even its top is followed");
        remove(&tree).unwrap();
        assert!(!tree.exists() && outside.path().join("kept").exists());
    }

    #[test]
    fn looking_stops_when_enough_was_seen() {
        let parent = shaped(wide, 100);
        let mut seen = 0;
        let walked = walk(&parent.path().join("tree"), |_| {
            seen += 1;
            if seen == 10 { ControlFlow::Break("enough") } else { ControlFlow::Continue(()) }
        });
        assert_eq!((walked.unwrap(), seen), (ControlFlow::Break("enough"), 10));
    }
}
