//! Makes a package ready to run: installed, looked into once without network and secrets, and healed of what its installation
//! lacks. What was found stays with the image, so that describing it again costs nothing.
//!
//! Healing installs what a stranger's manifest names, so it takes names of npm and ranges of versions, and nothing else.

use super::{
    cache_eviction, capabilities,
    converters::Converters,
    deno::Deno,
    given::Given,
    healing::{missing_package, outdated_package, types_of},
    image::{About, DENO_DIR, Image, Images, file_url},
    install::{Dependencies, Installer},
    jail::Jail,
    limits::Limits,
    manifest::Manifest,
    needs::Needs,
    permissions::{Net, Profile, Work},
    process::Process,
    process_group::{Launch, Task},
    protocol::{Description, Job, Op},
    runner,
    runtime::{Progress, Runtime},
    scratch::{SCRATCH, Scratch},
    secret_names, server_starts, snapshot,
    spec::Spec,
    version_range::VersionRange,
};
use crate::{domain::boxed, process::offload};
use omega_core::{
    budget::SCANNED,
    executor::{CancelSignal, ToolError, ToolErrorCode},
};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

/// Of the processor: what a package does is its own, how busy the machine is is not.
const DESCRIBE_CPU: Duration = Duration::from_secs(25);
const DESCRIBE_TIMEOUT: Duration = Duration::from_secs(45);
/// For all looks at one package: it may want a key, and packages that it lacks.
const LOOKS_TIMEOUT: Duration = Duration::from_secs(120);
/// How long a package that could not be looked into is not looked into again; a busy machine is no property of a package.
const FAILURE_KEPT: Duration = Duration::from_secs(600);
/// Packages that an import may turn out to lack, one after the other.
const HEALINGS: usize = 4;

pub struct Workshop {
    pub runtime: Runtime,
    images: Images,
    installer: Installer,
    cache: PathBuf,
    cache_limit: u64,
    jail: Arc<Jail>,
    progress: Progress,
    converters: Converters,
}

impl Workshop {
    /// Keeps everything under `cache`, and that within `cache_limit` bytes.
    pub fn new(
        cache: PathBuf,
        cache_limit: u64,
        deno: Option<PathBuf>,
        registry: Option<String>,
        installs: Limits,
        jail: Arc<Jail>,
        progress: Progress,
    ) -> Self {
        let installer = Installer::new(&cache, registry, installs, Arc::clone(&jail));
        Self {
            runtime: Runtime::new(deno, &cache, progress.clone()),
            images: Images::new(&cache, installer.clone()),
            installer,
            converters: Converters::new(&cache),
            jail,
            progress,
            cache,
            cache_limit,
        }
    }

    /// The package's image, if it is ready to run.
    pub fn ready(&self, spec: &Spec) -> Option<Image> {
        self.images.ready(spec)
    }

    /// The package's image, made ready to run.
    pub async fn image(&self, spec: &Spec) -> Result<Image, ToolError> {
        match self.images.ready(spec) {
            Some(image) => Ok(image),
            None => self.prepare(spec).await.map(|(image, _)| image),
        }
    }

    /// The same with what was found in it.
    pub async fn about(&self, spec: &Spec) -> Result<(Image, About), ToolError> {
        match self.known(spec).await {
            Some(known) => Ok(known),
            None => self.prepare(spec).await,
        }
    }

    #[boxed]
    async fn prepare(&self, spec: &Spec) -> Result<(Image, About), ToolError> {
        let deno = self.runtime.deno().await?;
        let _lock = self.images.lock(spec).await?;
        // Somebody else may have done it while we waited.
        if let Some(known) = self.known(spec).await {
            return Ok(known);
        }
        let image = match self.images.ready(spec) {
            Some(image) => image,
            None => match self.install(deno, spec).await {
                Ok(image) => image,
                Err(error) => return self.old_image(spec).ok_or(error),
            },
        };
        let about = match learned(&image).await {
            Some(about) => about,
            None => {
                let manifest = Manifest::of(image.package()).await;
                let looked =
                    self.look(deno, &image, &manifest).await.inspect_err(|error| self.images.failed(spec, error));
                let found = looked?.map_err(|error| manifest.described(image.without_folders(error)));
                if let Ok(found) = &found {
                    image.write_needs(Needs { programs: found.starts_programs, ..found.needs })?;
                }
                let (in_scripts, lacks) = scanned(&image, manifest).await;
                About { runner: runner::VERSION.clone(), found, in_scripts, lacks }
            }
        };
        self.images.finish(spec, &image, &about).await?;
        let (cache, limit) = (self.cache.clone(), self.cache_limit);
        // Nobody waits for it.
        drop(tokio::task::spawn_blocking(move || cache_eviction::make(&cache, limit)));
        Ok((image, about))
    }

    /// The same, if it is there already and was looked into.
    pub async fn known(&self, spec: &Spec) -> Option<(Image, About)> {
        let image = self.images.ready(spec)?;
        let about = learned(&image).await?;
        Some((image, about))
    }

    /// Without network, yesterday's `latest` is better than nothing.
    fn old_image(&self, spec: &Spec) -> Option<(Image, About)> {
        let image = self.images.last_known(spec)?;
        let about = image.about()?;
        Some((image, about))
    }

    async fn install(&self, deno: &Deno, spec: &Spec) -> Result<Image, ToolError> {
        (self.progress)(&format!("installing {spec}"));
        let (image, _lock) = self.images.install(&deno.path, spec).await?;
        Ok(image)
    }

    /// Describes the package; what its import lacks is added and it is tried again. Fails where the image is of no use any more,
    /// and gives the failure of a package that can't be imported.
    async fn look(
        &self,
        deno: &Deno,
        image: &Image,
        manifest: &Manifest,
    ) -> Result<Result<Description, ToolError>, ToolError> {
        let until = Instant::now() + LOOKS_TIMEOUT;
        let (mut added, mut newer) = (Dependencies::new(), Dependencies::new());
        loop {
            let (error, found) = match self.describe(deno, image, manifest, until).await {
                // What its other modules hold is less than what it has.
                Ok(found) if found.tools.is_empty() && found.import_failure.is_some() => {
                    let words = found.import_failure.clone().unwrap_or_default();
                    (ToolError::new(ToolErrorCode::ImportFailed, words), Some(found))
                }
                Ok(found) => return Ok(Ok(self.typed(deno, image, manifest, found, (&added, &newer), until).await)),
                Err(error) => (error, None),
            };
            if added.len() + newer.len() >= HEALINGS || Instant::now() >= until {
                return Ok(found.ok_or(error));
            }
            if let Some((name, range)) =
                outdated_package(&error, &image.spec.name).filter(|(name, _)| !newer.contains_key(name))
            {
                newer.insert(name, range);
            } else if let Some(name) = missing_package(&error).filter(|name| !added.contains_key(name)) {
                match wanted(manifest, &name) {
                    Ok(range) => drop(added.insert(name, range)),
                    Err(refused) => return Ok(Err(refused)),
                }
            } else {
                return Ok(found.ok_or(error));
            }
            if let Err(failed) = self.images.add(&deno.path, image, &added, &newer).await {
                return if image.folder.exists() { Ok(found.ok_or(error)) } else { Err(failed) };
            }
        }
    }

    /// The same with what others say of how its functions are called, where it says nothing of their types itself
    /// (<https://github.com/DefinitelyTyped/DefinitelyTyped>). Declarations are read and never run.
    async fn typed(
        &self,
        deno: &Deno,
        image: &Image,
        manifest: &Manifest,
        found: Description,
        (added, newer): (&Dependencies, &Dependencies),
        until: Instant,
    ) -> Description {
        if found.typed || found.ways.is_empty() || snapshot::is_snapshot(&image.spec.version) {
            return found;
        }
        let mut types = added.clone();
        types.insert(types_of(&image.spec.name), String::from("*"));
        if self.images.add(&deno.path, image, &types, newer).await.is_err() {
            // Nobody wrote any; the image's list of packages is set back.
            if let Err(error) = self.images.add(&deno.path, image, added, newer).await {
                tracing::debug!(event = "image.not_set_back", %error, image = %image.spec, "the image keeps a name that is not there");
            }
            return found;
        }
        match self.describe(deno, image, manifest, until).await {
            Ok(typed) => Description { typed: true, ..typed },
            Err(_) => found,
        }
    }

    /// Looks into the package, and again with what it was seen to need.
    #[boxed]
    async fn describe(
        &self,
        deno: &Deno,
        image: &Image,
        manifest: &Manifest,
        until: Instant,
    ) -> Result<Description, ToolError> {
        let (mut needs, mut first) = (Needs::default(), None);
        loop {
            image.write_needs(needs)?;
            let looked = self.describe_with(deno, image, manifest, until, needs).await;
            match needs.more(&looked).filter(|_| Instant::now() < until) {
                Some(more) => {
                    first.get_or_insert(looked);
                    needs = more;
                }
                None if first.is_none() || needs.helped(&looked) => {
                    return looked.map(|found| Description { needs, ..found });
                }
                None => {
                    image.write_needs(Needs::default())?;
                    return first.unwrap_or(looked);
                }
            }
        }
    }

    async fn describe_with(
        &self,
        deno: &Deno,
        image: &Image,
        manifest: &Manifest,
        until: Instant,
        needs: Needs,
    ) -> Result<Description, ToolError> {
        let (mut given, mut first, mut ways) = (Given::default(), None, None);
        loop {
            let looked = self.describe_once(deno, image, manifest, until, (&given, needs)).await;
            if let Err(error) = &looked
                && given.takes(error)
            {
                continue;
            }
            if needs.more(&looked).is_some() {
                return looked.map(|found| given.noted(found));
            }
            let failure = match &looked {
                Ok(found) => found.server_failure.as_ref().filter(|_| found.tools.is_empty()),
                Err(error) => Some(&error.message),
            };
            let Some(words) = failure.filter(|_| manifest.bin.is_some()).cloned() else {
                let gave_up = first.filter(|_| given.insists).and_then(|first| failure_of(&first));
                let found = looked.map(|found| given.noted(found));
                return found.map(|found| Description { server_failure: gave_up.or(found.server_failure), ..found });
            };
            let ways = match &mut ways {
                Some(ways) => ways,
                None => {
                    let (package, name) = (image.package(), image.spec.name.clone());
                    let found =
                        offload::run(SCANNED.most, move || server_starts::starts(&words, &name, &package)).await;
                    ways.insert(found.into_iter())
                }
            };
            // What came of the first attempt says most.
            let first = first.get_or_insert_with(|| looked.map(|found| given.clone().noted(found)));
            match ways.next().filter(|_| Instant::now() < until) {
                Some(way) => given.starts(way),
                None if !given.insists && Instant::now() < until => {
                    let package = image.package();
                    given.insist(offload::run(SCANNED.most, move || server_starts::form_of(&package)).await);
                }
                None => return first.clone(),
            }
        }
    }

    #[boxed]
    async fn describe_once(
        &self,
        deno: &Deno,
        image: &Image,
        manifest: &Manifest,
        until: Instant,
        (given, needs): (&Given, Needs),
    ) -> Result<Description, ToolError> {
        let scratch = Scratch::new(&self.cache, SCRATCH)?;
        let runner = runner::install(&self.cache)?;
        let converters = self.converters.folder(&deno.path, &self.installer).await;
        let mut read = vec![image.folder.clone(), runner.clone()];
        read.extend(converters.map(Path::to_owned));
        let mut job = Job {
            op: Op::Describe,
            entry: image.entry(),
            name: String::new(),
            id: String::new(),
            input: None,
            args: None,
            env: given.texts(),
            places: given.places(),
            max_output: 0,
            declared: manifest.tools.clone(),
            subpaths: manifest.subpaths.clone(),
            bin: manifest.bin.clone(),
            arguments: given.arguments.clone(),
            insists: given.insists,
            converters: converters.map(|folder| file_url(&folder.join("entry.mjs"))),
            approved: false,
            session: false,
        };
        let launch = Launch {
            deno: &deno.path,
            task: Task::Script(runner.join("main.mjs")),
            image: &image.folder,
            profile: Profile {
                work: Work::Call,
                read,
                scratch: scratch.folder.clone(),
                net: Net::None,
                caches: Some(image.folder.join(DENO_DIR)),
                heap_mb: needs.heap(),
            },
            jail: &self.jail,
        };
        let limits = Limits { cpu: DESCRIBE_CPU, ..needs.limits(Limits::default()) };
        let process = Process::start(&launch, scratch, limits).await?;
        let mut never: CancelSignal = Box::pin(std::future::pending());
        let timeout = DESCRIBE_TIMEOUT.min(until.saturating_duration_since(Instant::now()));
        let answer = process.run(&mut job, timeout, &mut never, &mut |_| {}).await.answer?;
        serde_json::from_value(answer.result?).map_err(|error| {
            ToolError::new(ToolErrorCode::ProtocolError, format!("the package's description can't be read: {error}"))
        })
    }
}

/// The range in which a package wants one that it lacks; any version where it does not say. Its manifest may ask the installer
/// for anything, a folder of this machine too: that is no range.
fn wanted(manifest: &Manifest, name: &str) -> Result<String, ToolError> {
    let range = manifest.dependencies.get(name).map_or("*", String::as_str);
    if VersionRange::read(range).is_some() {
        return Ok(range.to_owned());
    }
    let message = format!(
        "it needs {name} as {:?}, which is no range of versions of a package of npm, and nothing else is ever installed",
        range.chars().take(60).collect::<String>()
    );
    Err(ToolError::new(ToolErrorCode::ImportFailed, message))
}

/// Why a server gave no tools.
fn failure_of(looked: &Result<Description, ToolError>) -> Option<String> {
    looked.as_ref().map_or_else(|error| Some(error.message.clone()), |found| found.server_failure.clone())
}

/// Names of variables in an image's scripts, and what its package's own ones want that the sandbox does not give.
async fn scanned(image: &Image, manifest: Manifest) -> (BTreeSet<String>, BTreeSet<String>) {
    let (package, modules) = (image.package(), image.modules());
    offload::run(SCANNED.most, move || {
        let needs = || manifest.dependencies.keys().map(String::as_str);
        let lacks = capabilities::lacking(&package, needs());
        (secret_names::secret_names(&package, &modules, needs()), lacks)
    })
    .await
}

/// The same as [`current`], where it does no harm: a package that says much of itself is much to read.
async fn learned(image: &Image) -> Option<About> {
    let (size, image) = (image.about_size(), image.clone());
    offload::run(size, move || current(&image)).await
}

/// What is known of an image, unless other scripts found it or it is a failure that may have passed.
fn current(image: &Image) -> Option<About> {
    let about = image.about()?;
    let lasting = about.found.is_ok() || image.about_age().is_some_and(|age| age < FAILURE_KEPT);
    (lasting && about.runner == *runner::VERSION).then_some(about)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_package_is_healed_with_versions_and_nothing_else() {
        let manifest = |range: &str| Manifest {
            dependencies: BTreeMap::from([("healme".to_owned(), range.to_owned())]),
            ..Manifest::default()
        };
        for (range, taken) in [("^1", "^1"), ("1 || 2", "1 || 2"), ("*", "*")] {
            assert_eq!(wanted(&manifest(range), "healme").as_deref(), Ok(taken));
        }
        assert_eq!(wanted(&Manifest::default(), "healme").as_deref(), Ok("*"), "it says nothing of it");
        for range in [
            "file:/",
            "link:..",
            "npm:other@1",
            "git+ssh://h/x",
            "http://h/x.tgz",
            "../..",
            "/etc",
            "workspace:*",
            "latest",
        ] {
            let error = wanted(&manifest(range), "healme").unwrap_err();
            assert!(error.code == ToolErrorCode::ImportFailed && error.message.contains(range), "{error}");
        }
    }
}
