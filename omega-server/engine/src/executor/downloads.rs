//! Packages that were downloaded once, for all images: what several of them need is fetched for the first.
//!
//! The promise: only this program writes there. An installer works on a folder of its own that refers to what is here; what it
//! fetched beyond that is taken over once its installation was looked through, and goes with it when it was refused.

use super::{
    listings::{LISTING, Listings, without},
    spec::is_exact,
    trash,
};
use std::{
    collections::BTreeSet,
    fs::{self, FileType},
    io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

/// Within the folder of an installation: the home of its Deno.
const OWN: &str = ".downloads";
/// Where Deno keeps packages within its home, by registry and name; with what a registry says of them in [`LISTING`].
const PACKAGES: &str = "npm";
/// Folders between [`PACKAGES`] and a version: of the registry's address, a scope and a name.
const LEVELS: usize = 12;
/// Versions and listings that are referred to; what is beyond them is fetched anew.
const REFERRED: usize = 10_000;

/// Where they are kept.
pub fn folder(cache: &Path) -> PathBuf {
    cache.join("npm")
}

/// Shared by those who install, had alone by who removes them.
pub fn lock_file(cache: &Path) -> PathBuf {
    cache.join("npm.lock")
}

/// Those of one installation.
pub struct Downloads {
    /// The home of its Deno.
    pub home: PathBuf,
    cache: PathBuf,
    /// Listings that say less here than the registry does.
    reduced: BTreeSet<PathBuf>,
}

impl Downloads {
    /// New ones for an installation in `image`, with all that is there under `cache` but what is to be looked up anew. Blocks.
    pub fn new(cache: &Path, image: &Path, anew: &BTreeSet<String>) -> io::Result<Self> {
        let own = Self { home: image.join(OWN), cache: cache.to_owned(), reduced: BTreeSet::new() };
        // A server that was ended may have left it.
        trash::take(cache, &own.home)?;
        let (from, to) = (folder(cache).join(PACKAGES), own.home.join(PACKAGES));
        fs::create_dir_all(&to)?;
        let mut referred = 0;
        visit(&from, |path, kind| {
            let place = to.join(path);
            let name = path.parent().unwrap_or(path);
            let is_known = kind.is_dir() || path.ends_with(LISTING);
            if !is_known || referred == REFERRED || anew.iter().any(|anew| is_of(name, anew)) {
                return Ok(());
            }
            referred += 1;
            fs::create_dir_all(place.parent().unwrap_or(&to))?;
            symlink(from.join(path), place)
        })?;
        Ok(own)
    }

    /// Takes out of the listings of this installation alone what others may do without (`optionalDependencies`) and is not there:
    /// packages that are known to be `absent`, and those of which there is no version that is wanted. All at once, for Deno fetches
    /// listings anew when it finds one of them. Whether there was anything to take out. Blocks.
    pub fn leave_out(&mut self, absent: &BTreeSet<String>) -> io::Result<bool> {
        let root = self.home.join(PACKAGES);
        let (mut places, mut changed) = (Vec::new(), false);
        visit(&root, |path, _| {
            places.extend(path.ends_with(LISTING).then(|| path.to_owned()));
            Ok(())
        })?;
        let mut listings = Listings::new(&root, &places);
        for path in &places {
            let Some(text) = listings.read(path)? else { continue };
            let Some(reduced) = without(&text, absent, &mut listings) else { continue };
            let place = root.join(path);
            // What was there may be everybody's.
            fs::remove_file(&place)?;
            fs::write(&place, reduced)?;
            self.reduced.insert(path.clone());
            changed = true;
        }
        Ok(changed)
    }

    /// Keeps for others what was fetched, in the place of what was looked up anew. Blocks.
    pub fn keep(self) -> io::Result<()> {
        let (from, to) = (self.home.join(PACKAGES), folder(&self.cache).join(PACKAGES));
        visit(&from, |path, kind| {
            let place = to.join(path);
            let is_fetched = kind.is_dir() || kind.is_file() && path.ends_with(LISTING) && !self.reduced.contains(path);
            if !is_fetched {
                return Ok(());
            }
            fs::create_dir_all(place.parent().unwrap_or(&to))?;
            if kind.is_dir() {
                trash::take(&self.cache, &place)?;
            }
            // Another installation may have been faster, with the same.
            fs::rename(from.join(path), &place).or_else(|error| if place.is_dir() { Ok(()) } else { Err(error) })
        })
    }
}

/// What was not kept goes with the folder.
impl Drop for Downloads {
    fn drop(&mut self) {
        trash::take_or_warn(&self.cache, &self.home);
    }
}

/// Whether a folder may be a package's. Names with capitals have another form there, behind `_`, with which no other name begins.
fn is_of(folder: &Path, package: &str) -> bool {
    let encoded = package.chars().any(char::is_uppercase);
    folder.ends_with(package)
        || encoded && folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with('_'))
}

/// Shows the versions and files below a folder, by their paths in it. What is in a version is a stranger's, and not looked at.
fn visit(root: &Path, mut each: impl FnMut(&Path, FileType) -> io::Result<()>) -> io::Result<()> {
    let mut folders = vec![(PathBuf::new(), 0)];
    while let Some((folder, level)) = folders.pop() {
        let entries = match fs::read_dir(root.join(&folder)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            other => other?,
        };
        for entry in entries {
            let entry = entry?;
            let (path, kind) = (folder.join(entry.file_name()), entry.file_type()?);
            let is_version = entry.file_name().to_str().is_some_and(is_exact);
            match kind.is_dir() && !is_version {
                true if level < LEVELS => folders.push((path, level + 1)),
                true => {}
                false => each(&path, kind)?,
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(home: &Path, path: &str, words: &str) {
        let place = home.join(PACKAGES).join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, words).unwrap();
    }

    fn read(home: &Path, path: &str) -> Option<String> {
        fs::read_to_string(home.join(PACKAGES).join(path)).ok()
    }

    fn image(cache: &Path, name: &str) -> PathBuf {
        fs::create_dir_all(cache.join(name)).unwrap();
        cache.join(name)
    }

    #[test]
    fn what_one_installation_fetched_the_next_one_finds() {
        let cache = tempfile::tempdir().unwrap();
        let (cache, none) = (cache.path(), BTreeSet::new());
        let first = Downloads::new(cache, &image(cache, "a"), &none).unwrap();
        put(&first.home, "host/one/1.0.0/deep/2.0.0/x.js", "one");
        put(&first.home, "host/one/registry.json", "listed");
        put(&first.home, "host/@scope/two/1.0.0-beta.1/x.js", "two");
        first.keep().unwrap();
        assert!(!cache.join("a").join(OWN).exists());
        let second = Downloads::new(cache, &image(cache, "b"), &none).unwrap();
        assert_eq!(read(&second.home, "host/one/1.0.0/deep/2.0.0/x.js").as_deref(), Some("one"));
        assert_eq!(read(&second.home, "host/one/registry.json").as_deref(), Some("listed"));
        assert_eq!(read(&second.home, "host/@scope/two/1.0.0-beta.1/x.js").as_deref(), Some("two"));
        second.keep().unwrap();
        assert_eq!(read(&folder(cache), "host/one/1.0.0/deep/2.0.0/x.js").as_deref(), Some("one"), "kept as it was");
    }

    #[test]
    fn what_is_looked_up_anew_is_not_found_and_takes_the_place_of_what_was() {
        let cache = tempfile::tempdir().unwrap();
        let cache = cache.path();
        for (path, words) in
            [("host/one/1.0.0/x", "old"), ("host/one/registry.json", "old"), ("host/@s/one/1.0.0/x", "old")]
        {
            put(&folder(cache), path, words);
        }
        let anew = Downloads::new(cache, &image(cache, "a"), &BTreeSet::from(["@s/one".to_owned()])).unwrap();
        assert_eq!(read(&anew.home, "host/@s/one/1.0.0/x"), None);
        assert_eq!(read(&anew.home, "host/one/1.0.0/x").as_deref(), Some("old"));
        put(&anew.home, "host/@s/one/1.0.0/x", "new");
        anew.keep().unwrap();
        assert_eq!(read(&folder(cache), "host/@s/one/1.0.0/x").as_deref(), Some("new"));
    }

    #[test]
    fn what_others_do_without_is_left_out_here_and_nowhere_else() {
        let cache = tempfile::tempdir().unwrap();
        let cache = cache.path();
        let whole = r#"{"versions":{"1.0.0":{"optionalDependencies":{"a":"1"}}}}"#;
        put(&folder(cache), "host/one/registry.json", whole);
        put(&folder(cache), "host/two/registry.json", "\"optionalDependencies\", and no listing");
        let mut own = Downloads::new(cache, &image(cache, "a"), &BTreeSet::new()).unwrap();
        assert!(!own.leave_out(&BTreeSet::from(["z".to_owned()])).unwrap());
        assert!(own.leave_out(&BTreeSet::from(["a".to_owned()])).unwrap());
        assert!(!own.leave_out(&BTreeSet::from(["a".to_owned()])).unwrap());
        assert!(!read(&own.home, "host/one/registry.json").unwrap().contains("\"a\""));
        put(&own.home, "host/new/registry.json", "new");
        own.keep().unwrap();
        assert_eq!(read(&folder(cache), "host/one/registry.json").as_deref(), Some(whole));
        assert_eq!(read(&folder(cache), "host/new/registry.json").as_deref(), Some("new"));
    }

    #[test]
    fn what_was_refused_is_gone_and_nothing_of_it_is_kept() {
        let cache = tempfile::tempdir().unwrap();
        let cache = cache.path();
        let refused = Downloads::new(cache, &image(cache, "a"), &BTreeSet::new()).unwrap();
        put(&refused.home, "host/one/1.0.0/x", "bomb");
        put(&refused.home, "host/one/.1.0.0-half/x", "bomb");
        drop(refused);
        assert!(!cache.join("a").join(OWN).exists() && !folder(cache).exists());
    }

    #[test]
    fn no_folder_of_a_stranger_is_one_of_ours() {
        let cache = tempfile::tempdir().unwrap();
        let cache = cache.path();
        let own = Downloads::new(cache, &image(cache, "a"), &BTreeSet::new()).unwrap();
        put(&own.home, "host/one/.1.0.0-half/x.js", "half");
        put(&own.home, &format!("{}1.0.0/x", "d/".repeat(LEVELS + 1)), "deep");
        own.keep().unwrap();
        assert_eq!(fs::read_dir(folder(cache)).into_iter().flatten().count(), 0);
    }
}
