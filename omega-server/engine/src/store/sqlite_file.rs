//! The file of a SQLite database: its user's alone from the first byte, one server's whatever its path, and still the one that
//! was opened.
//!
//! It is made before SQLite opens it, because SQLite gives the log and the shared memory beside it the mode of the file. It
//! is opened by its real path, so that the lock beside it is the same one whichever link led there; a second name of the
//! same file (a hard link) would have another log and another lock, and is refused. On Linux the file itself is locked too,
//! which also holds where it is mounted at two places.

use super::StoreError;
use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File, Metadata, OpenOptions, TryLockError},
    io::{self, Read},
    path::{Path, PathBuf},
};

/// What SQLite and we keep beside a database.
const BESIDE: [&str; 4] = ["-wal", "-shm", "-journal", ".lock"];

/// How every SQLite database begins.
const HEADER: &[u8] = b"SQLite format 3\0";

/// A database's file that this process has to itself.
#[derive(Debug)]
pub(super) struct DatabaseFile {
    path: PathBuf,
    wal: PathBuf,
    identity: Identity,
    /// Held for the lock on it.
    _lock: File,
    #[cfg(target_os = "linux")]
    _inode: Inode,
}

/// Which file it is, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
}

impl DatabaseFile {
    /// Makes the file if it is missing, and takes it.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another server has it; [`StoreError::Open`] with what to do when others may read it or
    /// replace it, or when it has several names.
    pub fn take(path: &Path) -> Result<Self, StoreError> {
        let failed = |reason: String| StoreError::Open { url: format!("sqlite:{}", path.display()), reason };
        make(path).map_err(&failed)?;
        let path = fs::canonicalize(path).map_err(|error| failed(error.to_string()))?;
        let meta = fs::metadata(&path).map_err(|error| failed(error.to_string()))?;
        if !meta.is_file() {
            return Err(failed("it is no file".into()));
        }
        has_one_name(&meta).map_err(&failed)?;
        let lock = OpenOptions::new();
        let lock = private(lock).create(true).truncate(false).write(true).open(sibling(&path, ".lock"));
        let lock = lock.map_err(|error| failed(format!("can't write beside it: {error}")))?;
        let locked = |outcome: Result<(), TryLockError>| match outcome {
            Ok(()) => Ok(()),
            Err(TryLockError::WouldBlock) => Err(StoreError::Locked { path: path.display().to_string() }),
            Err(TryLockError::Error(error)) => Err(failed(format!("can't lock it: {error}"))),
        };
        locked(lock.try_lock())?;
        // What is no database is for SQLite to explain.
        if is_database(&path).map_err(|error| failed(error.to_string()))? {
            is_private(&path).map_err(&failed)?;
        }
        Ok(Self {
            wal: sibling(&path, "-wal"),
            identity: Identity::of(&meta),
            _lock: lock,
            #[cfg(target_os = "linux")]
            _inode: {
                let inode = Inode::open(&path).map_err(|error| failed(error.to_string()))?;
                locked(inode.0.try_lock())?;
                inode
            },
            path,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The log beside it.
    pub fn log(&self) -> &Path {
        &self.wal
    }

    /// Whether the path still leads to the file that was opened: what is written to one that was moved away, removed or
    /// replaced is nowhere that anybody will look.
    pub fn is_there(&self) -> Result<(), StoreError> {
        match fs::metadata(&self.path) {
            Ok(meta) if Identity::of(&meta) == self.identity => Ok(()),
            _ => Err(self.away()),
        }
    }

    /// The same of the log beside it, which is there while anybody writes.
    pub fn has_its_log(&self) -> Result<(), StoreError> {
        if self.wal.exists() { Ok(()) } else { Err(self.away()) }
    }

    fn away(&self) -> StoreError {
        // The path is the operator's to know.
        tracing::error!(event = "store.away", path = %self.path.display(), "the database's file or its log is not there");
        StoreError::Away
    }
}

impl Identity {
    #[cfg(unix)]
    fn of(meta: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self { device: meta.dev(), inode: meta.ino() }
    }

    /// Elsewhere an open file can't be moved or removed.
    #[cfg(not(unix))]
    fn of(_: &Metadata) -> Self {
        Self { device: 0, inode: 0 }
    }
}

/// The database's file, for its lock. It is never closed: by POSIX's rules, a process that closes a file in any place loses
/// all locks on it, those of SQLite's connections too, which may outlive this.
#[cfg(target_os = "linux")]
#[derive(Debug)]
struct Inode(std::mem::ManuallyDrop<File>);

#[cfg(target_os = "linux")]
impl Inode {
    fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(std::mem::ManuallyDrop::new(File::open(path)?)))
    }
}

#[cfg(target_os = "linux")]
impl Drop for Inode {
    fn drop(&mut self) {
        // It goes with the process otherwise.
        let _ = self.0.unlock();
    }
}

/// Makes the file and its folder, for their user alone, if they are missing.
fn make(path: &Path) -> Result<(), String> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    match private(OpenOptions::new()).create_new(true).write(true).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error.to_string()),
        _ => Ok(()),
    }
}

#[cfg_attr(not(unix), allow(unused_mut))]
fn private(mut options: OpenOptions) -> OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn sibling(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Whether a file is a database, or empty and about to become one. Only for who holds its lock: closing a file takes SQLite's
/// own locks on it away from a process.
fn is_database(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take(HEADER.len() as u64).read_to_end(&mut head)?;
    Ok(head.is_empty() || head == HEADER)
}

#[cfg(unix)]
fn has_one_name(meta: &Metadata) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt;
    match meta.nlink() {
        0 | 1 => Ok(()),
        names => Err(format!(
            "it is one file under {names} names (hard links), and each of them could be opened as a database of its own; \
             remove the others, or make a copy with `sqlite3 FILE '.backup COPY'` and use that"
        )),
    }
}

#[cfg(not(unix))]
fn has_one_name(_: &Metadata) -> Result<(), String> {
    Ok(())
}

/// Whether nobody else may read the database, or put another one in its place.
///
/// # Errors
/// In words, with the command that changes it.
#[cfg(unix)]
pub fn is_private(path: &Path) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt;
    let files = std::iter::once(path.to_owned()).chain(BESIDE.map(|suffix| sibling(path, suffix)));
    let mode = |path: &Path| fs::metadata(path).map(|meta| meta.mode() & 0o7777);
    let wide: Vec<(PathBuf, u32)> =
        files.filter_map(|file| mode(&file).ok().filter(|mode| mode & !0o600 != 0).map(|mode| (file, mode))).collect();
    if let Some((first, mode)) = wide.first() {
        let names: Vec<String> = wide.iter().map(|(file, _)| format!("'{}'", file.display())).collect();
        return Err(format!(
            "others may read {} (mode {mode:04o}), and conversations are in it: run `chmod 600 {}`",
            first.display(),
            names.join(" ")
        ));
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    match mode(folder) {
        // In a folder with the sticky bit nobody removes or replaces what is another's.
        Ok(mode) if mode & 0o002 != 0 && mode & 0o1000 == 0 => Err(format!(
            "everybody may replace what is in its folder {0} (mode {mode:04o}): run `chmod go-w '{0}'`, or name a file in a \
             folder that does not exist yet, which is made for its user alone",
            folder.display()
        )),
        _ => Ok(()),
    }
}

/// Whether nobody else may read the database; elsewhere the folders of a user say so.
#[cfg(not(unix))]
pub fn is_private(_: &Path) -> Result<(), String> {
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    fn set(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_new_database_is_its_users_alone_with_its_folders_and_its_lock() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("deep/er/omega.db");
        let file = DatabaseFile::take(&path).unwrap();
        assert_eq!((mode(&path), mode(&sibling(&path, ".lock"))), (0o600, 0o600));
        assert_eq!((mode(&home.path().join("deep")), mode(&home.path().join("deep/er"))), (0o700, 0o700));
        assert_eq!(file.path(), fs::canonicalize(&path).unwrap());
    }

    #[test]
    fn what_others_may_read_or_replace_is_refused_with_the_command_that_changes_it() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("omega.db");
        drop(DatabaseFile::take(&path).unwrap());
        for (file, suffix) in
            [("", ""), ("-wal", "-wal"), ("-shm", "-shm"), ("-journal", "-journal"), (".lock", ".lock")]
        {
            let wide = sibling(&path, suffix);
            File::options().create(true).append(true).open(&wide).unwrap();
            for wider in [0o644, 0o640, 0o604, 0o620, 0o700, 0o2600] {
                set(&wide, wider);
                let refused = DatabaseFile::take(&path).unwrap_err().to_string();
                assert!(refused.contains("chmod 600") && refused.contains(file), "{suffix} {wider:o}: {refused}");
            }
            set(&wide, 0o600);
            drop(DatabaseFile::take(&path).unwrap());
        }
        for (folder, fits) in
            [(0o777, false), (0o702, false), (0o755, true), (0o775, true), (0o1777, true), (0o700, true)]
        {
            set(home.path(), folder);
            let taken = DatabaseFile::take(&path).map(drop);
            assert_eq!(taken.is_ok(), fits, "{folder:o}: {taken:?}");
            assert!(fits || taken.unwrap_err().to_string().contains("chmod go-w"));
        }
    }

    #[test]
    fn one_database_is_opened_once_whatever_leads_to_it() {
        let home = tempfile::tempdir().unwrap();
        let (one, other) = (home.path().join("one"), home.path().join("other"));
        fs::create_dir_all(&other).unwrap();
        let path = one.join("omega.db");
        let held = DatabaseFile::take(&path).unwrap();
        symlink(&path, other.join("link.db")).unwrap();
        symlink("link.db", other.join("link-to-link.db")).unwrap();
        symlink(&one, home.path().join("folder")).unwrap();
        let ways = [
            path.clone(),
            other.join("link.db"),
            other.join("link-to-link.db"),
            home.path().join("folder/omega.db"),
            home.path().join("other/../one/./omega.db"),
        ];
        for way in &ways {
            let refused = DatabaseFile::take(way).unwrap_err();
            assert!(matches!(refused, StoreError::Locked { .. }), "{}: {refused}", way.display());
        }
        fs::hard_link(&path, other.join("hard.db")).unwrap();
        for way in [&path, &other.join("hard.db"), &other.join("link.db")] {
            let refused = DatabaseFile::take(way).unwrap_err().to_string();
            assert!(refused.contains("under 2 names"), "{refused}");
        }
        fs::remove_file(other.join("hard.db")).unwrap();
        // The file itself is locked: without the lock beside it, it is still held.
        #[cfg(target_os = "linux")]
        {
            fs::remove_file(sibling(&path, ".lock")).unwrap();
            assert!(matches!(DatabaseFile::take(&path), Err(StoreError::Locked { .. })));
        }
        drop(held);
        for way in ways {
            DatabaseFile::take(&way).unwrap();
        }
        symlink(home.path().join("nothing"), home.path().join("dangling")).unwrap();
        assert!(DatabaseFile::take(&home.path().join("dangling")).is_err());
    }

    #[test]
    fn a_file_that_was_taken_away_is_missed_and_one_that_came_back_is_not() {
        let home = tempfile::tempdir().unwrap();
        let (path, elsewhere) = (home.path().join("omega.db"), home.path().join("elsewhere.db"));
        let file = DatabaseFile::take(&path).unwrap();
        file.is_there().unwrap();
        fs::rename(&path, &elsewhere).unwrap();
        assert!(matches!(file.is_there(), Err(StoreError::Away)));
        fs::copy(&elsewhere, &path).unwrap();
        assert!(matches!(file.is_there(), Err(StoreError::Away)), "a copy is another file");
        fs::rename(&elsewhere, &path).unwrap();
        file.is_there().unwrap();
        fs::remove_file(&path).unwrap();
        assert!(matches!(file.is_there(), Err(StoreError::Away)));
    }
}
