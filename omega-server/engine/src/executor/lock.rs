//! Locks that hold across processes: two servers or commands that share a cache folder build each thing once, and none
//! removes what another uses.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::Path,
    time::SystemTime,
};

/// Held until it is dropped, or its process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Waits for the lock file at `path`, whoever holds it: another task or another process.
pub async fn acquire(path: &Path) -> io::Result<Lock> {
    wait(path, File::lock).await
}

/// The same, together with all others that share it.
pub async fn share(path: &Path) -> io::Result<Lock> {
    wait(path, File::lock_shared).await
}

async fn wait(path: &Path, lock: fn(&File) -> io::Result<()>) -> io::Result<Lock> {
    let path = path.to_owned();
    tokio::task::spawn_blocking(move || {
        let file = open(&path)?;
        lock(&file)?;
        Ok(Lock { _file: file })
    })
    .await?
}

/// Together with all others that share it, and noted as the last use; `None` while somebody has it alone.
pub fn try_share(path: &Path) -> io::Result<Option<Lock>> {
    let file = open(path)?;
    taken(file.try_lock_shared())?
        .then(|| file.set_modified(SystemTime::now()).map(|()| Lock { _file: file }))
        .transpose()
}

/// Alone; `None` while anybody has it.
pub fn try_alone(path: &Path) -> io::Result<Option<Lock>> {
    let file = open(path)?;
    Ok(taken(file.try_lock())?.then_some(Lock { _file: file }))
}

fn open(path: &Path) -> io::Result<File> {
    let options = || File::options().create(true).truncate(false).write(true).open(path);
    match options() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(path.parent().unwrap_or(path))?;
            options()
        }
        other => other,
    }
}

fn taken(outcome: Result<(), TryLockError>) -> io::Result<bool> {
    match outcome {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
