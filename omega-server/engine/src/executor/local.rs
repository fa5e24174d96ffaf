//! The executor on this machine.

use super::{
    call_queue::{CallQueue, Full, Slot},
    image::Image,
    integrity,
    jail::Jail,
    lacks,
    launch::Launcher,
    limits::Limits,
    manifest::Manifest,
    permissions::Net,
    pool::{Pool, PoolLimits},
    positional::positional,
    prepare::Workshop,
    protocol::{Job, JobResult, Op},
    runtime::Progress,
    sessions::{Fits, Sessions},
    spec::Spec,
    sweep,
    variables::variables,
};
use crate::process::offload;
use async_trait::async_trait;
use omega_core::{
    budget::IMAGE,
    executor::{Described, DescribedPackage, Executed, Execution, Executor, ExecutorHealth, ToolError, ToolErrorCode},
    id::ToolId,
    registry::Calling,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::Semaphore, time::timeout};

/// How the tools of a package's MCP server begin.
const SERVER: &str = "mcp:";
/// Calls that may wait for a place.
const QUEUE: usize = 64;
/// How long somebody waits to have a package installed and looked into, behind others: each of them may take minutes.
const PATIENCE: Duration = Duration::from_secs(600);
/// Calls that are announced and being prepared for.
const EXPECTED: usize = 4;

/// How the local executor is set up.
#[derive(Clone)]
pub struct LocalConfig {
    /// Where runtime, images and scratch folders are kept.
    pub cache_dir: PathBuf,
    /// `OMEGA_DENO`.
    pub deno: Option<PathBuf>,
    /// In place of the configured npm registry.
    pub registry: Option<String>,
    /// The only hosts (`host:port`) that tools reach, private ones included; empty for every public one.
    pub allow_private_net: Vec<String>,
    /// What one call may use.
    pub limits: Limits,
    /// What one installation may use.
    pub installs: Limits,
    /// The program that puts processes into the jail: one that calls [`jail::main_if_asked`](super::jail::main_if_asked) first.
    /// The one that runs, if none is given.
    pub jail: Option<PathBuf>,
    /// Bytes of installed packages that are kept; the least recently used go.
    pub cache_limit: u64,
    /// Processes that wait for a call.
    pub pool: PoolLimits,
    /// Told what is being fetched.
    pub progress: Progress,
}

impl LocalConfig {
    /// Bytes of installed packages that are kept when nothing else is said.
    pub const CACHE_LIMIT: u64 = 5 << 30;

    /// Everything as it comes, with its files under `cache_dir`.
    pub fn new(cache_dir: impl Into<PathBuf>) -> Self {
        Self {
            cache_dir: cache_dir.into(),
            deno: None,
            registry: None,
            allow_private_net: Vec::new(),
            limits: Limits::default(),
            installs: Limits::INSTALL,
            jail: None,
            cache_limit: Self::CACHE_LIMIT,
            pool: PoolLimits::default(),
            progress: Arc::new(|_| {}),
        }
    }
}

/// Runs tools on this machine, each call in a confined process of its own.
pub struct LocalExecutor {
    workshop: Arc<Workshop>,
    gate: Arc<CallQueue>,
    sessions: Sessions,
    /// Packages that are being prepared.
    preparing: Arc<CallQueue>,
    expected: Arc<Semaphore>,
    pool: Pool,
    launcher: Launcher,
    limits: Limits,
    jail: Arc<Jail>,
}

impl LocalExecutor {
    /// The ids of the processes that wait for a call and are ready for it.
    pub fn ready(&self) -> Vec<i32> {
        self.pool.ready()
    }

    /// Fetches nothing yet: Deno and packages come with the first call that needs them.
    pub fn new(config: LocalConfig) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        // Deno wants absolute paths in its permissions.
        let cache = std::path::absolute(&config.cache_dir).unwrap_or(config.cache_dir);
        sweep::leftovers(&cache);
        let net = if config.allow_private_net.is_empty() { Net::Public } else { Net::Only(config.allow_private_net) };
        let jail = Arc::new(Jail::new(config.jail));
        let launcher = Launcher::new(&cache, net, config.limits, Arc::clone(&jail));
        let workshop = Workshop::new(
            cache,
            config.cache_limit,
            config.deno,
            config.registry,
            config.installs,
            Arc::clone(&jail),
            config.progress,
        );
        Self {
            workshop: Arc::new(workshop),
            gate: Arc::new(CallQueue::new(2 * cores, QUEUE)),
            // Two at least, so that one owner never has all.
            preparing: Arc::new(CallQueue::new(cores.max(2), QUEUE)),
            expected: Arc::new(Semaphore::new(EXPECTED)),
            pool: Pool::new(launcher.clone(), config.pool),
            sessions: Sessions::default(),
            launcher,
            limits: config.limits,
            jail,
        }
    }

    async fn call(&self, execution: Execution, ran: &mut Ran) -> Result<(Value, bool), ToolError> {
        let Execution {
            id,
            owner,
            user: _,
            tool,
            version,
            integrity,
            calling,
            input,
            env,
            approved,
            timeout,
            mut cancel,
            on_partial,
            session,
        } = execution;
        let input_size = serde_json::to_vec(&input).map_or(0, |bytes| bytes.len());
        if input_size > self.limits.input {
            let message = format!("the input has {input_size} bytes; a tool takes at most {}", self.limits.input);
            return Err(ToolError::new(ToolErrorCode::InvalidInput, message));
        }
        let spec = Spec::new(tool.package(), &version)?;
        let args = match calling {
            Calling::Tool => None,
            Calling::Function { params } => Some(positional(&input, &params)?),
        };
        let image = tokio::select! {
            image = prepared(&self.workshop, &self.preparing, &spec, &owner) => image?,
            () = &mut cancel => return Err(ToolError::new(ToolErrorCode::Cancelled, "the call was cancelled")),
        };
        ran.version = Some(image.spec.version.clone());
        integrity::check(&image, integrity.as_deref())?;
        let manifest = Manifest::of(image.package()).await;
        let missing = manifest.missing(tool.export(), |name| env.contains_key(name));
        if !missing.is_empty() {
            let message = format!("{} needs the environment variables {}", image.spec, missing.join(", "));
            return Err(ToolError::new(ToolErrorCode::MissingEnvVars, message).with(json!({ "missing": missing })));
        }
        let is_server = manifest.bin.is_some() && tool.export().starts_with(SERVER);
        // A server of a conversation works in that one's folder, which a process that waited does not have.
        let keeps = is_server && !owner.is_empty();
        let session = session.filter(|_| keeps);
        let turn = async {
            match &session {
                Some(session) => Some(self.sessions.turn(&owner, &spec.name, &session.id).await),
                None => None,
            }
        };
        let mut turn = tokio::select! {
            turn = turn => turn,
            () = &mut cancel => return Err(ToolError::new(ToolErrorCode::Cancelled, "the call was cancelled")),
        };
        let place = tokio::select! {
            place = self.gate.enter(&owner) => place.map_err(overloaded)?,
            () = &mut cancel => return Err(ToolError::new(ToolErrorCode::Cancelled, "the call was cancelled")),
        };
        let deno = self.workshop.runtime.deno().await?;
        let begun = Instant::now();
        let waiting = if keeps { None } else { self.pool.take(&image, &env) };
        let env: BTreeMap<_, _> =
            env.iter().map(|(name, value)| (name.clone(), value.expose_secret().to_owned())).collect();
        let known = if is_server { self.workshop.known(&image.spec).await } else { None };
        let arguments = known.and_then(|(_, about)| about.found.ok()).map(|found| found.arguments).unwrap_or_default();
        let mut job = Job {
            op: Op::Execute,
            entry: image.entry(),
            name: tool.export().to_owned(),
            id: id.to_string(),
            input: args.is_none().then_some(input),
            args,
            env,
            places: BTreeMap::new(),
            max_output: 0,
            declared: manifest.tools.clone(),
            subpaths: Vec::new(),
            bin: manifest.bin.clone(),
            arguments,
            insists: false,
            converters: None,
            approved,
            session: turn.is_some(),
        };
        let fits = Fits::new(session.as_ref().map_or("", |session| &session.id), image.stamp(), &job.env);
        let mut partial = |value| on_partial(value);
        let mut ended = None;
        // One that waited may see the image elsewhere.
        let mut seen = image.clone();
        if let Some(process) = waiting
            && let Some(there) = process.show(&image).await
        {
            job.entry = there.entry();
            seen = there;
            let outcome = process.run(&mut job, timeout, &mut cancel, &mut partial).await;
            ended = Some(outcome).filter(|ended| !ended.unused);
        }
        let ended = match ended {
            Some(ended) => ended,
            None => {
                job.entry = image.entry();
                let mut going = turn.as_mut().and_then(|turn| turn.take(&fits));
                loop {
                    let goes_on = going.is_some();
                    let process = match going.take() {
                        Some(process) => process,
                        None if keeps => self.launcher.with_kept(&deno.path, &image, &owner).await?,
                        None => self.launcher.for_image(&deno.path, &image).await?,
                    };
                    if !goes_on && session.as_ref().is_some_and(|session| session.goes_on) {
                        ran.notice = Some(format!(
                            "the MCP server {} began anew: what it held in its memory is gone",
                            spec.name
                        ));
                    }
                    let (ended, process) = process.serve(&mut job, timeout, &mut cancel, &mut partial).await;
                    // It ended while nobody called it.
                    if goes_on && ended.unused {
                        continue;
                    }
                    if let (Some(turn), Some(process)) = (turn.take(), process) {
                        turn.keep(process, fits, self.limits);
                    }
                    break ended;
                }
            }
        };
        drop(place);
        ran.duration_ms = Some(u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX));
        ran.logs = ended.logs;
        if self.gate.is_quiet() {
            self.pool.refill(&deno.path, Some(&image));
        }
        let JobResult { result, truncated } = ended.answer?;
        let without_folders = |error| image.without_folders(seen.without_folders(error));
        Ok((result.map_err(without_folders)?, truncated))
    }
}

/// What is known of a call however it ended.
#[derive(Default)]
struct Ran {
    version: Option<String>,
    duration_ms: Option<u64>,
    logs: Vec<String>,
    notice: Option<String>,
}

#[async_trait]
impl Executor for LocalExecutor {
    async fn execute(&self, execution: Execution) -> Executed {
        let started = Instant::now();
        let mut ran = Ran::default();
        let answer = self.call(execution, &mut ran).await;
        let truncated = answer.as_ref().is_ok_and(|(_, truncated)| *truncated);
        let result = answer.map(|(output, _)| output);
        let duration_ms =
            ran.duration_ms.unwrap_or_else(|| u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX));
        Executed {
            result,
            version: ran.version,
            duration_ms,
            truncated,
            logs: ran.logs,
            notice: ran.notice,
            executor: Some(super::LOCAL.to_owned()),
        }
    }

    async fn describe(&self, package: &str, version: &str, owner: &str) -> Result<DescribedPackage, ToolError> {
        let spec = Spec::new(package, version)?;
        let (image, about) = match self.workshop.known(&spec).await {
            Some(known) => known,
            None => {
                let _place = place(&self.preparing, owner).await?;
                self.workshop.about(&spec).await?
            }
        };
        let found = about.found?;
        let manifest = Manifest::of(image.package()).await;
        let tools = found.tools.iter().map(|tool| Described {
            name: tool.name.clone(),
            shape: tool.shape.clone(),
            description: tool.description.clone(),
            input_schema: Some(tool.input_schema.clone()),
            env: variables(&manifest, &found, tool, about.in_scripts.iter().map(String::as_str)),
            needs_approval: tool.needs_approval,
            destructive: tool.destructive,
            integrity: None,
        });
        let lacks = lacks::of(&found, &about.lacks);
        let locked = image.clone();
        let integrity = offload::run(IMAGE.most, move || integrity::of(&locked)).await;
        Ok(DescribedPackage {
            package: image.spec.name.clone(),
            version: image.spec.version.clone(),
            integrity,
            tools: tools.collect(),
            description: manifest.description,
            category: manifest.category,
            keywords: manifest.keywords,
            functions: found.functions,
            signatures: found.signatures,
            ways: found.ways,
            offered: found.offered,
            lacks,
        })
    }

    /// Has the package installed and looked into, and a process started, while the model still writes the call's arguments.
    fn expect(&self, tool: &ToolId, version: &str) {
        let Ok(spec) = Spec::new(tool.package(), version) else { return };
        let Ok(turn) = Arc::clone(&self.expected).try_acquire_owned() else { return };
        let (workshop, gate, preparing, pool) =
            (Arc::clone(&self.workshop), Arc::clone(&self.gate), Arc::clone(&self.preparing), self.pool.clone());
        tokio::spawn(async move {
            let _turn = turn;
            // What goes wrong is told to the call itself.
            let Ok(image) = prepared(&workshop, &preparing, &spec, "").await else { return };
            let Ok(deno) = workshop.runtime.deno().await else { return };
            if gate.is_quiet() {
                pool.refill(&deno.path, Some(&image));
            }
        });
    }

    fn end_session(&self, session: &str) {
        self.sessions.end(session);
    }

    async fn health(&self) -> ExecutorHealth {
        let runtime = &self.workshop.runtime;
        let (status, detail) = match (runtime.present().await, runtime.recent_failure()) {
            (Some(deno), _) => ("ok", format!("deno {}, {}", deno.version, self.jail.state().await)),
            (None, Some(error)) => ("degraded", error.message),
            (None, None) => ("degraded", "Deno is not here yet; it is fetched by the first call".to_owned()),
        };
        ExecutorHealth::new(status, detail)
    }
}

/// The image of a package. Owners take turns with what has to be prepared first.
async fn prepared(workshop: &Workshop, preparing: &CallQueue, spec: &Spec, owner: &str) -> Result<Image, ToolError> {
    if let Some(image) = workshop.ready(spec) {
        return Ok(image);
    }
    let _place = place(preparing, owner).await?;
    workshop.image(spec).await
}

/// A place to install and look into a package. Owners take turns.
async fn place<'a>(preparing: &'a CallQueue, owner: &str) -> Result<Slot<'a>, ToolError> {
    match timeout(PATIENCE, preparing.enter(owner)).await {
        Ok(place) => place.map_err(overloaded),
        Err(_) => Err(overloaded(Full { retry_after: PATIENCE / 2 })),
    }
}

fn overloaded(full: Full) -> ToolError {
    let seconds = full.retry_after.as_secs();
    let message = format!("too many tools are running and waiting; try again in {seconds} s");
    ToolError::new(ToolErrorCode::Overloaded, message).with(json!({ "retryAfterSeconds": seconds }))
}
