//! Packages that somebody tries before they are published: a copy of a folder, or of what a tarball unpacks to.
//!
//! The promises: what runs is the copy, whose version names its contents, so that each change is a version of its own and nothing
//! is changed under a call; nothing in it is from outside of the folder; and no hidden file (`.env`, `.git`, `.npmrc`) is in it.
//! What it depends on is installed as for a package of npm, and it runs behind the same walls.
//!
//! Whoever can write the cache folder makes the copy, on the machine where tools run; by the API only a copy that is there already
//! can be named.

mod manifest;
mod tarball;

use super::{
    install::Dependencies,
    spec::{Spec, is_package_name},
    trash,
};
use omega_core::{
    budget::{IMAGE, IMAGE_BYTES, IMAGE_DEPTH},
    executor::{ToolError, ToolErrorCode},
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeSet,
    fs::{self, File, FileType},
    io::{self, Read},
    path::{Component, Path, PathBuf},
    time::{Duration, SystemTime},
};

/// Where copies are, within the cache folder.
const FOLDER: &str = "folders";
const DRAFT: &str = ".draft-";
/// A draft that is older was left by a command that was ended.
const DRAFT_KEPT: Duration = Duration::from_secs(3600);
/// Copies of one package that are kept: a conversation that began with an older one goes on with it for a while.
const KEPT: usize = 10;
/// Digits of the hash that a version has.
const DIGITS: usize = 16;
const MARK: &str = "local.h";

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadFolder(pub String);

/// A copy that was made, or was there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub name: String,
    /// The package's own, with the hash of the contents: `1.2.0-local.h0123456789abcdef`.
    pub version: String,
}

/// Copies a folder with a `package.json` into the cache. Blocks.
///
/// # Errors
/// What is wrong with it, for its author.
pub fn of_folder(cache: &Path, folder: &Path) -> Result<Snapshot, BadFolder> {
    let unreadable = |error: io::Error| BadFolder(format!("{} can't be read: {error}", folder.display()));
    let root = fs::canonicalize(folder).map_err(unreadable)?;
    if !root.join(manifest::FILE).is_file() {
        return Err(BadFolder(format!("{} has no package.json; name the folder of a package", folder.display())));
    }
    let mut draft = Draft::new(cache)?;
    for (path, kind) in files_of(&root).map_err(unreadable)? {
        IMAGE_DEPTH.check(path.iter().count()).map_err(|over| BadFolder(over.to_string()))?;
        if kind.is_file() || kind.is_symlink() && leads_to_file_within(&root, &path)? {
            draft.add(&path, File::open(root.join(&path)).map_err(unreadable)?)?;
        }
    }
    draft.keep(root.file_name().and_then(|name| name.to_str()).unwrap_or_default())
}

/// What tells whether a folder changed: its files, their sizes and when they were written; `None` while it can't be read. Blocks.
#[must_use]
pub fn state_of(folder: &Path) -> Option<[u8; 32]> {
    let mut files = files_of(folder).ok()?;
    files.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut hash = Sha256::new();
    for (path, _) in files {
        // One that was just removed changes it by its absence.
        let Ok(meta) = fs::metadata(folder.join(&path)) else { continue };
        hash.update(path.as_os_str().as_encoded_bytes());
        hash.update(format!("\0{} {:?}\0", meta.len(), meta.modified().ok()));
    }
    Some(hash.finalize().into())
}

/// The paths in a folder of all that is no folder, without what is hidden or installed.
fn files_of(root: &Path) -> io::Result<Vec<(PathBuf, FileType)>> {
    let (mut found, mut folders) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(root.join(&at))? {
            let entry = entry?;
            let (name, path) = (entry.file_name(), at.join(entry.file_name()));
            if name == "node_modules" || name.to_string_lossy().starts_with('.') {
                continue;
            }
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(path);
            } else {
                found.push((path, kind));
            }
            if found.len() + folders.len() > IMAGE.most {
                return Err(io::Error::other("it has too many files for a package"));
            }
        }
    }
    Ok(found)
}

/// Unpacks a tarball as `npm pack` makes it (`.tgz`), within the same limits. Blocks.
///
/// # Errors
/// What is wrong with it.
pub fn of_tarball(cache: &Path, file: &Path) -> Result<Snapshot, BadFolder> {
    let opened = File::open(file).map_err(|error| BadFolder(format!("{} can't be read: {error}", file.display())))?;
    let mut draft = Draft::new(cache)?;
    tarball::unpack(opened, |path, contents| draft.add(path, contents))
        .map_err(|BadFolder(why)| BadFolder(format!("{} can't be unpacked: {why}", file.display())))?;
    draft.keep(file.file_stem().and_then(|name| name.to_str()).unwrap_or_default())
}

/// Whether a version is that of a copy.
pub fn is_snapshot(version: &str) -> bool {
    let hash = version.rsplit_once(MARK).filter(|(before, _)| before.ends_with(['-', '.'])).map(|(_, hash)| hash);
    hash.is_some_and(|hash| hash.len() == DIGITS && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The copy of a version, and what it needs of npm.
pub fn find(cache: &Path, spec: &Spec) -> Result<(PathBuf, Dependencies), ToolError> {
    let folder = cache.join(FOLDER).join(spec.file_name());
    match manifest::read(&folder) {
        Some(value) => manifest::dependencies(&value).map(|wanted| (folder, wanted)),
        None => Err(ToolError::new(
            ToolErrorCode::PackageNotFound,
            format!(
                "there is no copy of the folder behind {spec} on the machine where tools run; add the folder again on that \
                 machine (omega registry add FOLDER)"
            ),
        )),
    }
}

/// Puts a copy in the place of an installed package. Blocks.
pub fn place(copy: &Path, package: &Path) -> io::Result<()> {
    if fs::symlink_metadata(package).is_ok() {
        return Err(io::Error::other("it depends on itself"));
    }
    let mut folders = vec![PathBuf::new()];
    while let Some(at) = folders.pop() {
        fs::create_dir_all(package.join(&at))?;
        for entry in fs::read_dir(copy.join(&at))? {
            let entry = entry?;
            let path = at.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else {
                fs::copy(entry.path(), package.join(&path))?;
            }
        }
    }
    Ok(())
}

/// Whether a link leads to a file in the same folder; one that leads out is refused.
fn leads_to_file_within(root: &Path, path: &Path) -> Result<bool, BadFolder> {
    match fs::canonicalize(root.join(path)) {
        Ok(target) if target.starts_with(root) && target.is_file() => Ok(true),
        Ok(target) if target.starts_with(root) => {
            Err(BadFolder(format!("{} is a link to a folder; put the folder itself in its place", path.display())))
        }
        Ok(_) => Err(BadFolder(format!(
            "the link {} leads out of the folder, and nothing from outside is taken; copy what it points to",
            path.display()
        ))),
        // It leads nowhere, and nobody can miss it.
        Err(_) => Ok(false),
    }
}

/// A copy that is being made. What is not kept is removed.
struct Draft {
    cache: PathBuf,
    folder: PathBuf,
    files: BTreeSet<PathBuf>,
    bytes: usize,
}

impl Draft {
    fn new(cache: &Path) -> Result<Self, BadFolder> {
        let folder = cache.join(FOLDER).join(format!("{DRAFT}{}", uuid::Uuid::new_v4()));
        fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, &error))?;
        Ok(Self { cache: cache.to_owned(), folder, files: BTreeSet::new(), bytes: 0 })
    }

    fn add(&mut self, path: &Path, contents: impl Read) -> Result<(), BadFolder> {
        if path.as_os_str().is_empty() || path.components().any(|part| !matches!(part, Component::Normal(_))) {
            return Err(BadFolder(format!("{} is no path within the package", path.display())));
        }
        IMAGE.check(self.files.len() + 1).map_err(|over| BadFolder(over.to_string()))?;
        let place = self.folder.join(path);
        let room = u64::try_from(IMAGE_BYTES.most.saturating_sub(self.bytes)).unwrap_or(u64::MAX);
        let write = || -> io::Result<u64> {
            fs::create_dir_all(place.parent().unwrap_or(&self.folder))?;
            // One byte more tells that it is too much.
            io::copy(&mut contents.take(room.saturating_add(1)), &mut File::create(&place)?)
        };
        let written = write().map_err(|error| BadFolder(format!("{} can't be copied: {error}", path.display())))?;
        self.bytes = self.bytes.saturating_add(usize::try_from(written).unwrap_or(usize::MAX));
        IMAGE_BYTES.check(self.bytes).map_err(|over| BadFolder(over.to_string()))?;
        self.files.insert(path.to_owned());
        Ok(())
    }

    /// The copy, in its place. `fallback` is the name of a package that does not say its own.
    fn keep(self, fallback: &str) -> Result<Snapshot, BadFolder> {
        let value = manifest::read(&self.folder)
            .ok_or_else(|| BadFolder(String::from("its package.json is missing, too large, or no JSON object")))?;
        manifest::check_entry(&value, &self.folder)?;
        let name = named(&value, fallback)?;
        let hash = self.hash(&name).map_err(|error| unwritable(&self.folder, &error))?;
        let version = version_of(&value, &hash);
        let spec = Spec::new(&name, &version).map_err(|error| BadFolder(error.message))?;
        let place = self.cache.join(FOLDER).join(spec.file_name());
        if !place.exists() {
            match fs::rename(&self.folder, &place) {
                // Another command was faster, with the same.
                Err(_) if place.exists() => {}
                other => other.map_err(|error| unwritable(&place, &error))?,
            }
        }
        prune(&self.cache, &name);
        Ok(Snapshot { name, version })
    }

    fn hash(&self, name: &str) -> io::Result<String> {
        let mut hash = Sha256::new();
        hash.update(name);
        for path in &self.files {
            let mut contents = Sha256::new();
            io::copy(&mut File::open(self.folder.join(path))?, &mut contents)?;
            hash.update([0]);
            hash.update(path.as_os_str().as_encoded_bytes());
            hash.update([0]);
            hash.update(contents.finalize());
        }
        let digits: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(digits[..DIGITS].to_owned())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        trash::take_or_warn(&self.cache, &self.folder);
    }
}

fn unwritable(folder: &Path, error: &io::Error) -> BadFolder {
    BadFolder(format!("the cache folder {} can't be used: {error}", folder.display()))
}

fn named(manifest: &Value, fallback: &str) -> Result<String, BadFolder> {
    match manifest["name"].as_str() {
        Some(name) if is_package_name(name) => Ok(name.to_owned()),
        Some(name) => Err(BadFolder(format!(
            "the name in its package.json, {:?}, is none that npm takes; it looks like `name` or `@scope/name`",
            name.chars().take(60).collect::<String>()
        ))),
        None if is_package_name(fallback) => Ok(fallback.to_owned()),
        None => Err(BadFolder(String::from("its package.json has no name; give it one, as npm wants it"))),
    }
}

/// The package's own version with the hash behind it; semver takes both, and sorts it before the published one.
fn version_of(manifest: &Value, hash: &str) -> String {
    let own = manifest["version"].as_str().and_then(|version| semver::Version::parse(version).ok());
    let own = own.unwrap_or_else(|| semver::Version::new(0, 0, 0));
    let base = format!("{}.{}.{}", own.major, own.minor, own.patch);
    // What makes a version too long for one is no loss: the hash tells it.
    let before = own.pre.as_str().split('.').filter(|part| !part.is_empty() && part.len() <= 20).take(3);
    let before: String = before.map(|part| format!("{part}.")).collect();
    format!("{base}-{before}{MARK}{hash}")
}

/// Removes the oldest copies of a package where there are many, and drafts that nobody works on any more.
fn prune(cache: &Path, name: &str) {
    let own = format!("{}@", name.replace('/', "+"));
    let mut copies: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(cache.join(FOLDER)).into_iter().flatten().flatten() {
        let (file, at) = (entry.file_name(), entry.metadata().and_then(|meta| meta.modified()));
        let at = at.unwrap_or_else(|_| SystemTime::now());
        if file.to_string_lossy().starts_with(&own) {
            copies.push((at, entry.path()));
        } else if file.to_string_lossy().starts_with(DRAFT) && at.elapsed().is_ok_and(|age| age > DRAFT_KEPT) {
            trash::take_or_warn(cache, &entry.path());
        }
    }
    copies.sort();
    for (_, copy) in copies.iter().rev().skip(KEPT) {
        trash::take_or_warn(cache, copy);
    }
}

#[cfg(test)]
mod tests;
