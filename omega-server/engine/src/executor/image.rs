//! Tool images: one folder per package and exact version, with the package, what it needs, and Deno's caches for it. An image is
//! ready once its `about.json` is there, which is written last; one that a crash left half made is made anew.

use super::{
    install::{Dependencies, Installer},
    lock::{self, Lock},
    needs::Needs,
    protocol::Description,
    snapshot,
    spec::{Spec, is_exact},
    trash, tree,
};
use crate::process::offload;
use omega_core::{
    budget::IMAGE,
    executor::{ToolError, ToolErrorCode},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeSet, HashMap},
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};
use tokio::task::spawn_blocking;

/// Where images are, within the cache folder.
pub const FOLDER: &str = "tools";
/// Deno's caches within an image: compiled code, so that the next start is fast.
pub const DENO_DIR: &str = ".deno_dir";
/// What its processes need, within an image.
const NEEDS: &str = "needs.json";
/// How long a tag or a range keeps meaning the version that it meant.
const RESOLUTION_KEPT: Duration = Duration::from_secs(300);
/// How long a package that could not be installed is not tried again.
const FAILURE_KEPT: Duration = Duration::from_secs(60);

/// Files of an image that are linked in less time than Deno takes to start.
const MOST_LINKED: usize = 1000;

/// An installed package. It is not removed as long as somebody has it.
#[derive(Debug, Clone)]
pub struct Image {
    /// Its name and exact version.
    pub spec: Spec,
    pub folder: PathBuf,
    _use: Option<Arc<Lock>>,
}

/// Tells an image from the one that stood in its place before it was made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp(u64, SystemTime);

impl Image {
    /// The package's own folder.
    pub fn package(&self) -> PathBuf {
        self.folder.join("node_modules").join(&self.spec.name)
    }

    /// Where the packages that it depends on are found: beside the package itself, which `node_modules` only points to.
    pub fn modules(&self) -> PathBuf {
        let package = fs::canonicalize(self.package()).unwrap_or_else(|_| self.package());
        let depth = self.spec.name.matches('/').count() + 1;
        package.ancestors().nth(depth).unwrap_or(&package).to_owned()
    }

    /// URL of the module that loads the package.
    pub fn entry(&self) -> String {
        file_url(&self.folder.join("entry.mjs"))
    }

    /// Writes that module anew, and what every process of the package needs: an older version of this program may have written other ones.
    pub fn write_needs(&self, needs: Needs) -> Result<(), ToolError> {
        let text = serde_json::to_vec(&needs).unwrap_or_default();
        let entry = write_whole(&self.folder.join("entry.mjs"), entry_of(&self.spec, needs).as_bytes());
        entry.and_then(|()| write_whole(&self.folder.join(NEEDS), &text)).map_err(|error| {
            let message = format!("the folder {} can't be written: {error}", self.folder.display());
            ToolError::new(ToolErrorCode::InstallFailed, message)
        })
    }

    /// What every process of the package needs.
    pub fn needs(&self) -> Needs {
        fs::read(self.folder.join(NEEDS)).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
    }

    /// A failure in it, told without this machine's folders.
    pub fn without_folders(&self, error: ToolError) -> ToolError {
        let folder = self.folder.to_string_lossy();
        let message = error.message.replace(&format!("file://{folder}/"), "").replace(&format!("{folder}/"), "");
        ToolError { message, ..error }
    }

    /// The same image as a process sees it that may read `folder` alone: its files have a second name there, but for Deno's
    /// caches. `None` where that can't be done, or is too much to be worth it.
    pub async fn linked_into(&self, folder: &Path) -> Option<Self> {
        let (from, to) = (self.folder.clone(), folder.join(self.spec.file_name()));
        let there = Self { folder: to.clone(), ..self.clone() };
        let linked = spawn_blocking(move || link_all(&from, &to)).await;
        match linked {
            Ok(Ok(())) => Some(there),
            Ok(Err(error)) => {
                tracing::debug!(event = "image.not_linked", %error, image = %self.spec, "an image can't be shown to a process that waits");
                None
            }
            Err(_) => None,
        }
    }

    /// What was learned of it; `None` for an image that is not ready.
    pub fn about(&self) -> Option<About> {
        serde_json::from_slice(&fs::read(self.folder.join("about.json")).ok()?).ok()
    }

    /// Bytes of what was learned of it.
    pub fn about_size(&self) -> usize {
        let size = fs::metadata(self.folder.join("about.json")).map_or(0, |meta| meta.len());
        usize::try_from(size).unwrap_or(usize::MAX)
    }

    /// Which making of it this is; `None` for an image that is not ready.
    pub fn stamp(&self) -> Option<Stamp> {
        let meta = fs::metadata(self.folder.join("about.json")).ok()?;
        Some(Stamp(meta.ino(), meta.modified().ok()?))
    }

    /// Its size in bytes, measured when it was made.
    pub fn size(&self) -> Option<u64> {
        fs::read_to_string(self.folder.join("size")).ok()?.parse().ok()
    }

    /// How long ago that was.
    pub fn about_age(&self) -> Option<Duration> {
        age(&self.folder.join("about.json"))
    }
}

/// What looking into an image found.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct About {
    /// Version of the scripts that looked.
    pub runner: String,
    /// What they found, or why the package can't be imported.
    pub found: Result<Description, ToolError>,
    /// Names of variables in its scripts.
    pub in_scripts: BTreeSet<String>,
    /// What its scripts want that the sandbox does not give.
    #[serde(default)]
    pub lacks: BTreeSet<String>,
}

/// The images under a cache folder.
pub struct Images {
    cache: PathBuf,
    folder: PathBuf,
    installer: Installer,
    failures: Mutex<HashMap<Spec, (Instant, ToolError)>>,
}

impl Images {
    /// Under `cache`.
    pub fn new(cache: &Path, installer: Installer) -> Self {
        Self { cache: cache.to_owned(), folder: cache.join(FOLDER), installer, failures: Mutex::default() }
    }

    /// The image, if it is there and what was asked for is known to mean it.
    pub fn ready(&self, spec: &Spec) -> Option<Image> {
        let exact = if spec.is_exact() { spec.clone() } else { self.resolved(spec, RESOLUTION_KEPT)? };
        // First had, then looked at: otherwise it could be removed in between.
        let image = self.at(exact)?;
        image.folder.join("about.json").exists().then_some(image)
    }

    /// The image that a tag or a range meant when it was last looked up, however long ago: for a machine without network.
    pub fn last_known(&self, spec: &Spec) -> Option<Image> {
        self.ready(&self.resolved(spec, Duration::MAX)?)
    }

    /// Makes others who want the same wait.
    pub async fn lock(&self, spec: &Spec) -> Result<Lock, ToolError> {
        lock::acquire(&self.folder.join(".locks").join(spec.file_name())).await.map_err(|error| self.unusable(&error))
    }

    /// Installs the package. The image is not ready yet; where it was already, it is returned as it is.
    pub async fn install(&self, deno: &Path, spec: &Spec) -> Result<(Image, Lock), ToolError> {
        self.recent_failure(spec)?;
        let draft = self.folder.join(format!(".tmp-{}", uuid::Uuid::new_v4()));
        let installed = self.install_draft(deno, spec, &draft).await;
        // Moved by success; what is left of a failure only takes room.
        trash::take_or_warn(&self.cache, &draft);
        if let Err(error) = &installed {
            self.failed(spec, error);
        }
        installed
    }

    /// Remembers that the package can't be had, so that it is not tried again at once.
    pub fn failed(&self, spec: &Spec, error: &ToolError) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.retain(|_, (at, _)| at.elapsed() < FAILURE_KEPT);
        failures.insert(spec.clone(), (Instant::now(), error.clone()));
    }

    /// Adds packages that the image turned out to need, and `newer` versions of some that it has. The image is gone when what was added leads out of it.
    pub async fn add(
        &self,
        deno: &Path,
        image: &Image,
        more: &Dependencies,
        newer: &Dependencies,
    ) -> Result<(), ToolError> {
        if snapshot::is_snapshot(&image.spec.version) {
            return self.install_snapshot(deno, &image.spec, &image.folder, more, newer).await;
        }
        let mut wanted = more.clone();
        wanted.insert(image.spec.name.clone(), image.spec.version.clone());
        self.installer.install_newer(deno, &image.folder, &wanted, newer).await
    }

    /// What a copy of a folder needs and `more`, and the copy in its place.
    async fn install_snapshot(
        &self,
        deno: &Path,
        spec: &Spec,
        folder: &Path,
        more: &Dependencies,
        newer: &Dependencies,
    ) -> Result<(), ToolError> {
        let (copy, mut wanted) = snapshot::find(&self.cache, spec)?;
        wanted.extend(more.clone());
        let package = folder.join("node_modules").join(&spec.name);
        trash::take(&self.cache, &package).map_err(|error| self.unusable(&error))?;
        if wanted.is_empty() {
            let manifest = r#"{"name":"image","private":true,"type":"module"}"#;
            let write = || fs::create_dir_all(folder).and_then(|()| fs::write(folder.join("package.json"), manifest));
            write().map_err(|error| self.unusable(&error))?;
        } else {
            self.installer.install_newer(deno, folder, &wanted, newer).await?;
        }
        let placed = offload::run(IMAGE.most, move || snapshot::place(&copy, &package)).await;
        placed.map_err(|error| {
            ToolError::new(ToolErrorCode::InstallFailed, format!("the copy of {spec} can't be put in place: {error}"))
        })
    }

    /// Makes the image ready, and `asked` to mean it for a while.
    pub async fn finish(&self, asked: &Spec, image: &Image, about: &About) -> Result<(), ToolError> {
        let folder = image.folder.clone();
        let size = offload::run(IMAGE.most, move || tree::size_of(&folder)).await;
        let write = || -> io::Result<()> {
            write_whole(&image.folder.join("size"), size.to_string().as_bytes())?;
            write_whole(&image.folder.join("about.json"), &serde_json::to_vec(about)?)?;
            if asked.is_exact() {
                return Ok(());
            }
            fs::create_dir_all(self.folder.join(".resolved"))?;
            write_whole(&self.resolution(asked), image.spec.version.as_bytes())
        };
        write().map_err(|error| self.unusable(&error))
    }

    async fn install_draft(&self, deno: &Path, spec: &Spec, draft: &Path) -> Result<(Image, Lock), ToolError> {
        let exact = if snapshot::is_snapshot(&spec.version) {
            self.install_snapshot(deno, spec, draft, &Dependencies::new(), &Dependencies::new()).await?;
            spec.clone()
        } else {
            let wanted = Dependencies::from([(spec.name.clone(), spec.version.clone())]);
            self.installer.install(deno, draft, &wanted).await?;
            let version = installed_version(&draft.join("node_modules").join(&spec.name)).ok_or_else(|| {
                let message = format!(
                    "{spec} was installed, and not as a package of npm; use another version, or another package"
                );
                ToolError::new(ToolErrorCode::InstallFailed, message)
            })?;
            Spec::new(&spec.name, &version)?
        };
        let lock = lock::acquire(&self.lock_file(&exact, "image")).await.map_err(|error| self.unusable(&error))?;
        let image = self.at(exact.clone()).ok_or_else(|| {
            let message = format!("{exact} was being removed to make room; try again");
            ToolError::new(ToolErrorCode::InstallFailed, message)
        })?;
        if image.about().is_none() {
            let place = || -> io::Result<()> {
                trash::take(&self.cache, &image.folder)?;
                fs::write(draft.join("entry.mjs"), entry_of(spec, Needs::default()))?;
                make_caches(draft)?;
                fs::rename(draft, &image.folder)
            };
            place().map_err(|error| self.unusable(&error))?;
        }
        Ok((image, lock))
    }

    /// `None` while it is being removed.
    fn at(&self, spec: Spec) -> Option<Image> {
        let folder = self.folder.join(spec.file_name());
        match lock::try_share(&self.lock_file(&spec, "use")) {
            Ok(None) => None,
            // Where nothing can be locked, nothing is removed.
            held => Some(Image { spec, folder, _use: held.ok().flatten().map(Arc::new) }),
        }
    }

    fn lock_file(&self, spec: &Spec, kind: &str) -> PathBuf {
        self.folder.join(".locks").join(format!("{}.{kind}", spec.file_name()))
    }

    fn resolution(&self, spec: &Spec) -> PathBuf {
        self.folder.join(".resolved").join(spec.file_name())
    }

    fn resolved(&self, spec: &Spec, younger_than: Duration) -> Option<Spec> {
        let path = self.resolution(spec);
        (age(&path)? < younger_than).then_some(())?;
        Spec::new(&spec.name, &fs::read_to_string(&path).ok()?).ok()
    }

    fn recent_failure(&self, spec: &Spec) -> Result<(), ToolError> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.retain(|_, (at, _)| at.elapsed() < FAILURE_KEPT);
        failures.get(spec).map_or(Ok(()), |(_, error)| Err(error.clone()))
    }

    fn unusable(&self, error: &io::Error) -> ToolError {
        let message = format!("the cache folder {} can't be used: {error}", self.folder.display());
        ToolError::new(ToolErrorCode::InstallFailed, message)
    }
}

/// The module that loads a package, or a subpath of its `exports`; for `import`, and for `require` where that fails.
fn entry_of(spec: &Spec, needs: Needs) -> String {
    let name = &spec.name;
    let Needs { programs, native, .. } = needs;
    format!(
        "import {{ createRequire }} from \"node:module\";\n\
         export const startsPrograms = {programs};\n\
         export const isNative = {native};\n\
         const name = (subpath) => (subpath === undefined ? {name:?} : `{name}/${{subpath}}`);\n\
         export const load = (subpath) => import(name(subpath));\n\
         export const required = (subpath) => createRequire(import.meta.url)(name(subpath));\n\
         export const place = (path) => decodeURIComponent(new URL(`./node_modules/{name}/${{path}}`, import.meta.url).pathname);\n"
    )
}

/// Gives all files of an image a second name; links are made anew, and what they point to is not looked at.
fn link_all(from: &Path, to: &Path) -> io::Result<()> {
    let mut folders = vec![PathBuf::new()];
    let mut linked = 0;
    while let Some(folder) = folders.pop() {
        fs::create_dir(to.join(&folder))?;
        for entry in fs::read_dir(from.join(&folder))? {
            let entry = entry?;
            let (path, kind) = (folder.join(entry.file_name()), entry.file_type()?);
            linked += 1;
            if linked > MOST_LINKED {
                return Err(io::Error::other("it has too many files"));
            }
            if kind.is_dir() {
                folders.extend((path != Path::new(DENO_DIR)).then_some(path));
            } else if kind.is_symlink() {
                std::os::unix::fs::symlink(fs::read_link(entry.path())?, to.join(path))?;
            } else {
                fs::hard_link(entry.path(), to.join(path))?;
            }
        }
    }
    Ok(())
}

/// Makes the place for Deno's caches in the folder that its process works in.
pub fn prepare_caches(folder: &Path) -> Result<(), ToolError> {
    make_caches(folder).map_err(|error| {
        let message = format!("the cache folder {} can't be used: {error}", folder.display());
        ToolError::new(ToolErrorCode::RuntimeUnavailable, message)
    })
}

/// Makes the place for Deno's caches in a folder.
pub fn make_caches(folder: &Path) -> io::Result<()> {
    let caches = folder.join(DENO_DIR);
    fs::create_dir_all(&caches)?;
    // Deno keeps localStorage and web caches under this name without asking; a file in its place keeps one call's data from
    // the next.
    match File::create_new(caches.join("location_data")) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// `file:` URL of an absolute path; a relative one has none.
pub fn file_url(path: &Path) -> String {
    reqwest::Url::from_file_path(path).map(String::from).unwrap_or_default()
}

/// The exact version that the installer chose, from where it put the package (`.deno/NAME@VERSION/...`). What the package's own
/// `package.json` says is its author's word, who may say that it is another version.
fn installed_version(package: &Path) -> Option<String> {
    let place = fs::canonicalize(package).ok()?;
    let mut above = place.iter().rev().skip_while(|part| *part != "node_modules");
    let (_, folder) = (above.next()?, above.next()?.to_str()?);
    let (_, version) = folder.rsplit_once('@')?;
    // A package that is there in several ways has copies: `NAME@VERSION_1`.
    let version = version.split('_').next()?;
    is_exact(version).then(|| version.to_owned())
}

/// Time since a file was written; a clock that went back makes it look new, which does no harm.
fn age(path: &Path) -> Option<Duration> {
    Some(fs::metadata(path).ok()?.modified().ok()?.elapsed().unwrap_or_default())
}

/// Readers see the old file or the new one.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = path.with_extension(format!("tmp-{}", uuid::Uuid::new_v4()));
    fs::write(&draft, bytes)?;
    fs::rename(&draft, path)
}
