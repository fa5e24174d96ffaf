//! Removes what a server that was killed left behind: scratch folders of its calls and half-made images.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// No call and no installation lasts as long.
const OLD: Duration = Duration::from_secs(24 * 3600);

/// Sweeps a cache folder; other servers may be using it, so only what is old goes.
pub fn leftovers(cache: &Path) {
    let is_draft = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".tmp-"));
    let scratch = entries(&cache.join("scratch"));
    let drafts = entries(&cache.join("tools")).filter(is_draft);
    for folder in scratch.chain(drafts).filter(|folder| is_old(folder)) {
        if let Err(error) = fs::remove_dir_all(&folder) {
            tracing::warn!(%error, folder = %folder.display(), "a leftover can't be removed");
        }
    }
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
    use super::*;
    use std::{fs::File, time::SystemTime};

    #[test]
    fn old_leftovers_go_and_everything_else_stays() {
        let cache = tempfile::tempdir().unwrap();
        let long_ago = SystemTime::now() - 2 * OLD;
        for (folder, old) in [
            ("scratch/old", true),
            ("scratch/new", false),
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
        leftovers(cache.path());
        let left = |folder: &str| {
            let mut names: Vec<_> = entries(&cache.path().join(folder))
                .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
                .collect();
            names.sort();
            names
        };
        assert_eq!(left("scratch"), ["new"]);
        assert_eq!(left("tools"), [".tmp-new", "ms@2.1.3"]);
    }
}
