//! Removes what a server that was killed left behind: folders of its calls, half-made images, and its trash.

use super::{
    scratch::{self, SCRATCH, SHOWN},
    trash,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// No call and no installation lasts as long.
const OLD: Duration = Duration::from_secs(24 * 3600);

/// Sweeps a cache folder; other servers may be using it, so only what nobody holds goes.
pub fn leftovers(cache: &Path) {
    let folders = [SCRATCH, SHOWN].into_iter().flat_map(|kind| entries(&cache.join(kind)));
    for folder in folders {
        match scratch::locked(&folder) {
            // Held until it is gone, so that whoever makes one meanwhile sees it.
            Ok(Some(_lock)) => trash::take_or_warn(cache, &folder),
            Ok(None) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(_) if is_old(&folder) => trash::take_or_warn(cache, &folder),
            Err(_) => {}
        }
    }
    let is_draft = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".tmp-"));
    for draft in entries(&cache.join("tools")).filter(is_draft).filter(|folder| is_old(folder)) {
        trash::take_or_warn(cache, &draft);
    }
    trash::empty(cache);
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

fn is_old(folder: &Path) -> bool {
    let age = fs::metadata(folder).and_then(|meta| meta.modified()).ok().and_then(|at| at.elapsed().ok());
    age.is_some_and(|age| age > OLD)
}

#[cfg(test)]
mod tests {
    use super::{super::scratch::Scratch, *};
    use std::{fs::File, time::SystemTime};

    #[test]
    fn what_nobody_holds_goes_and_everything_else_stays() {
        let cache = tempfile::tempdir().unwrap();
        let long_ago = SystemTime::now() - 2 * OLD;
        for (folder, old) in [
            ("scratch/left", false),
            ("shown/left", true),
            ("tools/.tmp-old", true),
            ("tools/.tmp-new", false),
            ("tools/ms@2.1.3", true),
        ] {
            let folder = cache.path().join(folder);
            fs::create_dir_all(&folder).unwrap();
            if old {
                File::open(&folder).unwrap().set_modified(long_ago).unwrap();
            }
        }
        let held = Scratch::new(cache.path(), SCRATCH).unwrap();
        let shown = Scratch::new(cache.path(), SHOWN).unwrap();
        leftovers(cache.path());
        let left = |folder: &str| {
            let mut paths: Vec<_> = entries(&cache.path().join(folder)).collect();
            paths.sort();
            paths
        };
        assert_eq!((left(SCRATCH), left(SHOWN)), (vec![held.folder.clone()], vec![shown.folder.clone()]));
        assert_eq!(left("tools"), [".tmp-new", "ms@2.1.3"].map(|name| cache.path().join("tools").join(name)));
        drop((held, shown));
        assert_eq!(left(SCRATCH).len() + left(SHOWN).len(), 0);
    }
}
