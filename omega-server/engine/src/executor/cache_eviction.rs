//! Keeps the cache within its size: of the images, those used longest ago go first, and never one that is in use, by this
//! server or another one over the same folder. Whoever wants a removed one has it installed again.

use super::{downloads, image::FOLDER, lock, trash, tree::size_of};
use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// What is removed whole when it grows beyond this part of the limit: downloaded packages are only needed to install.
const DOWNLOADS_PART: u64 = 4;

struct Candidate {
    used: SystemTime,
    size: u64,
    name: String,
}

/// Removes what is too much under `cache` for `limit` bytes. Blocks.
pub fn make(cache: &Path, limit: u64) {
    let images = cache.join(FOLDER);
    let mut downloaded = size_of(&downloads::folder(cache));
    if downloaded > limit / DOWNLOADS_PART && removed(remove_downloads(cache)) {
        downloaded = 0;
    }
    let mut candidates: Vec<_> = fs::read_dir(&images)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| candidate(&images, &entry.file_name()))
        .collect();
    candidates.sort_by_key(|candidate| candidate.used);
    let mut total = downloaded + candidates.iter().map(|candidate| candidate.size).sum::<u64>();
    for candidate in candidates {
        if total <= limit {
            return;
        }
        if removed(remove(cache, &images, &candidate.name)) {
            tracing::info!(event = "image.removed", image = candidate.name, bytes = candidate.size);
            total -= candidate.size;
        }
    }
}

fn removed(outcome: io::Result<bool>) -> bool {
    outcome.unwrap_or_else(|error| {
        tracing::warn!(event = "image.not_removed", %error, "the cache of tools can't be made smaller");
        false
    })
}

/// A finished image; half-made ones are swept when they are old.
fn candidate(images: &Path, name: &OsStr) -> Option<Candidate> {
    let name = name.to_str().filter(|name| !name.starts_with('.'))?;
    let folder = images.join(name);
    let made = fs::metadata(folder.join("about.json")).and_then(|meta| meta.modified()).ok()?;
    let used = fs::metadata(lock_file(images, name, "use")).and_then(|meta| meta.modified()).unwrap_or(made);
    let noted = fs::read_to_string(folder.join("size")).ok().and_then(|size| size.parse().ok());
    Some(Candidate { used, size: noted.unwrap_or_else(|| size_of(&folder)), name: name.to_owned() })
}

/// Whether it could be removed: nobody has it, and nobody makes it.
fn remove(cache: &Path, images: &Path, name: &str) -> io::Result<bool> {
    let (Some(_made), Some(_used)) =
        (lock::try_alone(&lock_file(images, name, "image"))?, lock::try_alone(&lock_file(images, name, "use"))?)
    else {
        return Ok(false);
    };
    let folder = images.join(name);
    // Without it, the rest counts as half made should we be killed here.
    fs::remove_file(folder.join("about.json"))?;
    trash::take(cache, &folder)?;
    Ok(true)
}

fn remove_downloads(cache: &Path) -> io::Result<bool> {
    match lock::try_alone(&downloads::lock_file(cache))? {
        Some(_alone) => trash::take(cache, &downloads::folder(cache)).map(|()| true),
        None => Ok(false),
    }
}

fn lock_file(images: &Path, name: &str, kind: &str) -> PathBuf {
    images.join(".locks").join(format!("{name}.{kind}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs::File, time::Duration};

    /// An image of a size, last used `hours` ago.
    fn image(images: &Path, name: &str, bytes: usize, hours: u64) {
        fs::create_dir_all(images.join(name)).unwrap();
        fs::write(images.join(name).join("code"), vec![0; bytes]).unwrap();
        fs::write(images.join(name).join("about.json"), "").unwrap();
        drop(lock::try_share(&lock_file(images, name, "use")).unwrap());
        let used = SystemTime::now() - Duration::from_secs(hours * 3600);
        File::options().write(true).open(lock_file(images, name, "use")).unwrap().set_modified(used).unwrap();
    }

    fn left(images: &Path) -> Vec<String> {
        let names = fs::read_dir(images).unwrap().flatten().map(|entry| entry.file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| !name.starts_with('.')).collect();
        names.sort();
        names
    }

    #[test]
    fn the_images_used_longest_ago_make_room_and_none_that_is_in_use() {
        let cache = tempfile::tempdir().unwrap();
        let images = cache.path().join(FOLDER);
        for (name, hours) in [("a@1.0.0", 1), ("b@1.0.0", 4), ("c@1.0.0", 3), ("d@1.0.0", 2)] {
            image(&images, name, 1000, hours);
        }
        fs::create_dir_all(images.join(".tmp-new")).unwrap();
        let in_use = lock::try_share(&lock_file(&images, "b@1.0.0", "use")).unwrap();
        assert!(in_use.is_some());
        // Having it counts as using it: as old as before for this test.
        image(&images, "b@1.0.0", 1000, 4);
        make(cache.path(), 4000);
        assert_eq!(left(&images).len(), 4, "it fits");
        make(cache.path(), 2500);
        assert_eq!(left(&images), ["a@1.0.0", "b@1.0.0"]);
        drop(in_use);
        make(cache.path(), 1500);
        assert_eq!(left(&images), ["a@1.0.0"]);
        assert!(images.join(".tmp-new").exists(), "what is being made stays");
    }

    #[test]
    fn downloads_go_first_but_not_while_something_is_installed() {
        let cache = tempfile::tempdir().unwrap();
        let images = cache.path().join(FOLDER);
        image(&images, "a@1.0.0", 1000, 1);
        let downloads = downloads::folder(cache.path());
        fs::create_dir_all(&downloads).unwrap();
        fs::write(downloads.join("x.tgz"), vec![0; 1000]).unwrap();
        let installing = lock::try_share(&downloads::lock_file(cache.path())).unwrap();
        make(cache.path(), 3000);
        assert!(downloads.join("x.tgz").exists());
        drop(installing);
        make(cache.path(), 3000);
        assert!(!downloads.join("x.tgz").exists());
        assert_eq!(left(&images), ["a@1.0.0"]);
    }
}
