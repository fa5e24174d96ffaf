//! Starts the processes that execute tools, with what each may touch.

use super::{
    image::{self, Image},
    jail::Jail,
    kept,
    limits::Limits,
    needs::Needs,
    permissions::{Net, Profile, Work},
    process::Process,
    process_group::{Launch, Task},
    runner,
    scratch::{SCRATCH, SHOWN, Scratch},
};
use omega_core::executor::ToolError;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

#[derive(Clone)]
pub struct Launcher {
    cache: PathBuf,
    net: Net,
    limits: Limits,
    jail: Arc<Jail>,
}

impl Launcher {
    /// For tools that reach `net`, with everything under `cache`.
    pub fn new(cache: &Path, net: Net, limits: Limits, jail: Arc<Jail>) -> Self {
        Self { cache: cache.to_owned(), net, limits, jail }
    }

    /// What each of its processes may use.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// A process for the tools of one image, which sees no other.
    pub async fn for_image(&self, deno: &Path, image: &Image) -> Result<Process, ToolError> {
        self.start(deno, &image.folder, image.needs(), Scratch::new(&self.cache, SCRATCH)?).await
    }

    /// The same with a folder that stays for the next process.
    pub async fn with_kept(&self, deno: &Path, image: &Image, owner: &str) -> Result<Process, ToolError> {
        let folder = kept::folder_of(&self.cache, owner, &image.spec.name).await?;
        self.start(deno, &image.folder, image.needs(), folder).await
    }

    /// A process for the tools of any image. It sees none: the one of its call is shown to it when the call comes.
    pub async fn for_any(&self, deno: &Path) -> Result<Process, ToolError> {
        let shown = Scratch::new(&self.cache, SHOWN)?;
        image::prepare_caches(&shown.folder)?;
        let scratch = Scratch::new(&self.cache, SCRATCH)?;
        Ok(self.start(deno, &shown.folder, Needs::default(), scratch).await?.showing(shown))
    }

    async fn start(&self, deno: &Path, folder: &Path, needs: Needs, scratch: Scratch) -> Result<Process, ToolError> {
        let runner = runner::install(&self.cache)?;
        let launch = Launch {
            deno,
            task: Task::Script(runner.join("main.mjs")),
            image: folder,
            profile: Profile {
                work: Work::Call,
                read: vec![folder.to_owned(), runner],
                scratch: scratch.folder.clone(),
                net: self.net.clone(),
                caches: None,
                heap_mb: needs.heap(),
            },
            jail: &self.jail,
        };
        Process::start(&launch, scratch, needs.limits(self.limits)).await
    }
}
