//! What lies in a folder that strangers filled: an installed package with all that it needs.
//!
//! The promise: nothing of it is outside. [`check`] is asked after each installation, and what has an entry that leads out, or
//! is no file, folder or link, is not kept. A path that a stranger named becomes one of ours only by [`within`]. Nothing here
//! recurses or holds more than one folder open, so the shape of a package costs nobody a stack or a descriptor.

use omega_core::budget::{IMAGE, IMAGE_DEPTH};
use std::{
    fs::{self, DirEntry},
    io,
    path::{Component, Path, PathBuf},
};

/// Bytes of a path that a stranger names.
const LONGEST: usize = 1024;

/// Everything below a folder, links not followed, with its depth (1 of what is in the folder itself).
pub fn walk(root: &Path) -> impl Iterator<Item = io::Result<(DirEntry, usize)>> {
    let mut folders = vec![(root.to_owned(), 0)];
    let mut open = None;
    std::iter::from_fn(move || {
        loop {
            if open.is_none() {
                let (folder, depth): (PathBuf, usize) = folders.pop()?;
                match fs::read_dir(&folder) {
                    Ok(entries) => open = Some((entries, depth + 1)),
                    Err(error) => return Some(Err(error)),
                }
            }
            let (entries, depth) = open.as_mut()?;
            let depth = *depth;
            match entries.next() {
                None => open = None,
                Some(Err(error)) => return Some(Err(error)),
                Some(Ok(entry)) => {
                    if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                        folders.push((entry.path(), depth));
                    }
                    return Some(Ok((entry, depth)));
                }
            }
        }
    })
}

/// Whether all of a folder is within it, and not too much to handle; if not, why, in words that follow "its contents were
/// refused: ". Blocks.
///
/// Files may have other names: Deno links them from where it keeps its downloads, and makes nothing of links in tarballs.
pub fn check(root: &Path) -> Result<(), String> {
    if root.is_symlink() {
        return Err("they are elsewhere".to_owned());
    }
    let root = fs::canonicalize(root).map_err(|error| format!("they can't be read ({error})"))?;
    for (seen, entry) in walk(&root).enumerate() {
        let (entry, depth) = entry.map_err(|error| format!("they can't be read ({error})"))?;
        IMAGE.check(seen + 1).map_err(|over| over.to_string())?;
        IMAGE_DEPTH.check(depth).map_err(|over| over.to_string())?;
        let path = entry.path();
        let name = || path.strip_prefix(&root).unwrap_or(&path).display();
        let kind = entry.file_type().map_err(|error| format!("{} can't be read ({error})", name()))?;
        if kind.is_symlink() {
            let inside = fs::canonicalize(&path).is_ok_and(|target| target.starts_with(&root));
            if !inside {
                return Err(format!("the link {} leads out of the package's folder", name()));
            }
        } else if !kind.is_file() && !kind.is_dir() {
            return Err(format!("{} is neither a file nor a folder", name()));
        }
    }
    Ok(())
}

/// A path that a stranger named, of something that is in `root`: relative, downwards, and through no link that leads out.
pub fn within(root: &Path, named: &str) -> Option<PathBuf> {
    let downwards = |part: Component| matches!(part, Component::Normal(_) | Component::CurDir);
    let is_path = !named.is_empty() && named.len() <= LONGEST && !named.contains(['\0', '\\']);
    if !is_path || !Path::new(named).components().all(downwards) {
        return None;
    }
    let root = fs::canonicalize(root).ok()?;
    let path = fs::canonicalize(root.join(named)).ok()?;
    path.starts_with(&root).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::{fs::symlink, net::UnixListener};

    /// An image as Deno makes it.
    fn image() -> tempfile::TempDir {
        let image = tempfile::tempdir().unwrap();
        let package = image.path().join("node_modules/.deno/a@1.0.0/node_modules/a");
        fs::create_dir_all(&package).unwrap();
        fs::create_dir_all(image.path().join("node_modules/.bin")).unwrap();
        fs::write(package.join("index.js"), "").unwrap();
        symlink(".deno/a@1.0.0/node_modules/a", image.path().join("node_modules/a")).unwrap();
        symlink("../.deno/a@1.0.0/node_modules/a/index.js", image.path().join("node_modules/.bin/a")).unwrap();
        image
    }

    #[test]
    fn an_image_as_it_is_made_holds_itself() {
        assert_eq!(check(image().path()), Ok(()));
        assert_eq!(walk(image().path()).count(), 9);
        assert!(check(Path::new("/nonexistent")).is_err());
    }

    #[test]
    fn a_link_that_leads_out_is_found_wherever_it_is_and_however_it_goes() {
        let beside = tempfile::tempdir().unwrap();
        let beside = beside.path().to_str().unwrap();
        for (at, target) in [
            ("node_modules/healme", "/"),
            ("node_modules/healme", "../.."),
            ("node_modules/.bin/x", "/etc/passwd"),
            ("node_modules/.bin/x", "../../../../../../../../../../etc"),
            ("node_modules/.deno/a@1.0.0/node_modules/a/deep", beside),
            ("node_modules/.deno/a@1.0.0/node_modules/b", "../../../../../x"),
            ("node_modules/nowhere", "nothing-is-here"),
            ("node_modules/itself", "itself"),
            ("node_modules/process", "/proc/self/root"),
        ] {
            let image = image();
            symlink(target, image.path().join(at)).unwrap();
            let why = check(image.path()).unwrap_err();
            assert!(why.contains(at) && why.contains("leads out"), "{at} -> {target}: {why}");
        }
        // By way of another one, which is the one that is named or not.
        let image = image();
        symlink("b/..", image.path().join("a")).unwrap();
        symlink("/usr/lib", image.path().join("b")).unwrap();
        assert!(check(image.path()).is_err());
    }

    #[test]
    fn what_is_no_file_is_refused_and_a_name_like_the_image_is_not_in_it() {
        let image = image();
        let _socket = UnixListener::bind(image.path().join("node_modules/socket")).unwrap();
        assert!(check(image.path()).unwrap_err().contains("neither"));
        let parent = tempfile::tempdir().unwrap();
        let (own, other) = (parent.path().join("a@1"), parent.path().join("a@1-other"));
        fs::create_dir_all(&own).unwrap();
        fs::create_dir_all(&other).unwrap();
        symlink(&other, own.join("x")).unwrap();
        assert!(check(&own).is_err());
    }

    #[test]
    fn an_image_that_is_too_deep_is_refused_in_words() {
        let image = image();
        fs::create_dir_all(image.path().join("d/".repeat(IMAGE_DEPTH.most + 1))).unwrap();
        assert!(check(image.path()).unwrap_err().contains("nesting is too large"));
    }

    #[test]
    fn a_path_that_a_stranger_names_stays_within() {
        let image = image();
        let modules = image.path().join("node_modules");
        symlink("/etc", modules.join("out")).unwrap();
        symlink("a", modules.join("also")).unwrap();
        for named in ["a", "./a", "a/index.js", "also/index.js", ".bin/a"] {
            assert!(within(&modules, named).is_some_and(|path| path.exists()), "{named}");
        }
        let deep = format!("{}etc/passwd", "../".repeat(20));
        let long = "a/".repeat(1000);
        for named in [
            "",
            ".",
            "..",
            "../..",
            "a/../..",
            "a/../../..",
            "/",
            "/etc/passwd",
            "//etc",
            "out",
            "out/passwd",
            "a\0b",
            "\0",
            "..\\..\\x",
            "C:\\x",
            "~",
            "file:///etc/passwd",
            "nothing",
            "a/index.js/..",
            "a/index.js/x",
            &deep,
            &long,
        ] {
            let found = within(&modules, named);
            assert!(
                found.as_ref().is_none_or(|path| named == "." && path.ends_with("node_modules")),
                "{named:?}: {found:?}"
            );
        }
    }
}
