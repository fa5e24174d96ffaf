//! Where folders go that nobody needs any more. They are gone from their place at once; what they hold is removed by one thread
//! that steps back behind everything else, so that a stranger's million files keep nobody waiting. What a server left of it when
//! it ended, the next one removes.

use super::tree;
use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{OnceLock, mpsc},
    thread,
};

const FOLDER: &str = "trash";
/// As far back as tools are, and a little farther.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// Takes a folder that lies under `cache`; it need not be there.
pub fn take(cache: &Path, folder: &Path) -> io::Result<()> {
    let trash = cache.join(FOLDER);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&trash)?;
    let place = trash.join(uuid::Uuid::new_v4().simple().to_string());
    // One that its owner shut can't be moved to another folder, but by root.
    if fs::symlink_metadata(folder).is_ok_and(|meta| meta.is_dir() && meta.permissions().mode() & 0o700 != 0o700) {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    match fs::rename(folder, &place) {
        Ok(()) => remove_later(place),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        // It came with the machine's own image, or lies on another disk.
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => tree::remove(folder),
        Err(error) => Err(error),
    }
}

/// The same for who has no other way than to go on.
pub fn take_or_warn(cache: &Path, folder: &Path) {
    if let Err(error) = take(cache, folder) {
        tracing::warn!(event = "trash.not_taken", %error, folder = %folder.display(), "a folder that is no longer needed stays behind");
    }
}

/// Has removed what earlier servers left.
pub fn empty(cache: &Path) {
    for entry in fs::read_dir(cache.join(FOLDER)).into_iter().flatten().flatten() {
        if let Err(error) = remove_later(entry.path()) {
            tracing::warn!(event = "trash.not_emptied", %error, "the trash can't be emptied");
            return;
        }
    }
}

fn remove_later(folder: PathBuf) -> io::Result<()> {
    remover()?.send(folder).map_err(|_| io::Error::other("the thread that removes folders is gone"))
}

fn remover() -> io::Result<&'static mpsc::Sender<PathBuf>> {
    static REMOVER: OnceLock<mpsc::Sender<PathBuf>> = OnceLock::new();
    if let Some(remover) = REMOVER.get() {
        return Ok(remover);
    }
    let (folders, taken) = mpsc::channel::<PathBuf>();
    thread::Builder::new().name("remover".into()).spawn(move || {
        // On Linux this is of a thread, not of the process.
        #[cfg(target_os = "linux")]
        let _ = rustix::process::nice(NICE);
        for folder in taken {
            if let Err(error) = tree::remove(&folder) {
                tracing::warn!(event = "trash.not_removed", %error, folder = %folder.display(), "a folder in the trash can't be removed");
            }
        }
    })?;
    // Of two that came first, one is used and the other ends.
    Ok(REMOVER.get_or_init(|| folders))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn until_empty(cache: &Path) {
        let started = Instant::now();
        while fs::read_dir(cache.join(FOLDER)).unwrap().count() > 0 {
            assert!(started.elapsed() < Duration::from_secs(30), "the trash is not emptied");
            thread::yield_now();
        }
    }

    #[test]
    fn what_is_taken_is_gone_at_once_and_removed_after_a_while() {
        let cache = tempfile::tempdir().unwrap();
        let folder = cache.path().join("folder");
        fs::create_dir_all(folder.join("a/b")).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o0)).unwrap();
        take(cache.path(), &folder).unwrap();
        assert!(!folder.exists());
        until_empty(cache.path());
        take(cache.path(), &folder).unwrap();
    }

    #[test]
    fn what_an_earlier_server_left_in_the_trash_is_removed() {
        let cache = tempfile::tempdir().unwrap();
        fs::create_dir_all(cache.path().join(FOLDER).join("left/a/b")).unwrap();
        fs::write(cache.path().join(FOLDER).join("file"), "").unwrap();
        empty(cache.path());
        until_empty(cache.path());
    }
}
