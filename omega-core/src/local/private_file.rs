//! Files that only their owner reads: written whole or not at all, mode 0600 in folders of mode 0700.

use serde::de::DeserializeOwned;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::Path,
};

/// Makes a folder, and the missing ones above it, for the owner only.
pub(super) fn make_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Opens for writing, makes the file and its folder if they are missing.
pub(super) fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    if let Some(dir) = path.parent() {
        make_dir(dir)?;
    }
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.open(path)
}

/// Replaces the file. A reader sees the old text or the new one.
pub(super) fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let new = path.with_extension(format!("new-{}", std::process::id()));
    let mut file = open(&new, OpenOptions::new().write(true).create(true).truncate(true))?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&new, path)
}

/// The text, or `None` if there is no such file.
pub(super) fn read(path: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What the file says; the default when it is missing or empty. One that makes no sense is put aside, and one that can't be
/// read now is not an empty one.
pub(super) fn read_or_put_aside<T: DeserializeOwned + Default>(path: &Path) -> io::Result<T> {
    let text = read(path)?.unwrap_or_default();
    if text.trim().is_empty() {
        return Ok(T::default());
    }
    serde_json::from_str(&text)
        .or_else(|_| fs::rename(path, path.with_extension("damaged.json")).map(|()| T::default()))
}

/// Runs `change` while no other process of the user runs one for the same file.
pub(super) fn alone<T>(path: &Path, change: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let lock = open(&path.with_extension("lock"), OpenOptions::new().write(true).create(true).truncate(false))?;
    lock.lock()?;
    change()
}
