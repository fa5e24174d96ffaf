//! Locks that hold across processes: two servers or commands that share a cache folder build each thing once.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

/// Held until it is dropped, or its process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Waits for the lock file at `path`, whoever holds it: another task or another process.
pub async fn acquire(path: &Path) -> io::Result<Lock> {
    let path = path.to_owned();
    tokio::task::spawn_blocking(move || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = File::options().create(true).truncate(false).write(true).open(&path)?;
        file.lock()?;
        Ok(Lock { _file: file })
    })
    .await?
}
