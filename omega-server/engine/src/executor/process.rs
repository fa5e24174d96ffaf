//! One process, for one job, never used again. It may be started before its job is known, and may load the package
//! meanwhile. Whatever the tool does, it ends: with its result, at its deadline, when the caller cancels, or at a limit; then
//! its whole process group is killed. A process that is dropped is killed too.

use super::{
    image::Image,
    limits::Limits,
    outcome::{Killed, ended_by_itself},
    output::{self, Logs, Output, OutputLine, Start, start_of},
    process_group::{Group, Launch},
    protocol::{Frame, Job, JobResult, Preload, line},
    scratch::Scratch,
    throttle::Throttle,
    watch,
};
use omega_core::{
    budget::STDERR,
    executor::{CancelSignal, ToolError, ToolErrorCode},
};
use rustix::process::Pid;
use serde_json::Value;
use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::AsyncWriteExt,
    process::ChildStdin,
    sync::Notify,
    task::JoinHandle,
    time::{MissedTickBehavior, interval, sleep, timeout},
};

const CANCEL_GRACE: Duration = Duration::from_millis(250);
const EXIT_GRACE: Duration = Duration::from_millis(250);
/// How long a partial output that came too soon after another one may have to wait.
const PACE: Duration = Duration::from_millis(100);
/// Beyond the deadline, by which a call with one thread never meets this limit.
const CPU_GRACE: Duration = Duration::from_secs(5);
const PRELOAD_TIMEOUT: Duration = Duration::from_secs(15);

/// A process without a job yet.
pub struct Process {
    // First, because fields are dropped in their order: nothing may write to the folder any more when it is removed.
    group: Group,
    stdin: ChildStdin,
    output: Output,
    last_words: JoinHandle<Start>,
    /// Told when it writes too much to stderr.
    noise: Arc<Notify>,
    logs: Logs,
    limits: Limits,
    scratch: Scratch,
    /// Where it is shown the image of its call, if it was started for any.
    shown: Option<Scratch>,
}

/// How a process ended, and what it said.
pub struct Ended {
    /// Its answer, or why there is none.
    pub answer: Result<JobResult, ToolError>,
    /// It ended by itself before it took the job up, as one may that waited: another one may have the job.
    pub unused: bool,
    pub logs: Vec<String>,
}

/// What ended the host's attention.
enum End {
    Answered(JobResult),
    Killed(Killed),
    Silent,
}

impl Process {
    /// Starts one. `scratch` is the folder of the launch's profile, and is removed with the process.
    ///
    /// It is told its token before anything of a stranger's is loaded, and never again.
    pub async fn start(launch: &Launch<'_>, scratch: Scratch, limits: Limits) -> Result<Self, ToolError> {
        let failed = |why: String| {
            let message = format!("Deno at {} can't be started: {why}", launch.deno.display());
            ToolError::new(ToolErrorCode::RuntimeUnavailable, message)
        };
        let mut group = Group::spawn(launch).await.map_err(|error| failed(error.to_string()))?;
        let child = &mut group.child;
        let (Some(mut stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(failed("it has no pipes".to_owned()));
        };
        let token = uuid::Uuid::new_v4().simple().to_string();
        // One that is dead already is noticed by its silence.
        let _ = stdin.write_all(format!("{token}\n").as_bytes()).await;
        let noise = Arc::new(Notify::new());
        Ok(Self {
            group,
            stdin,
            output: Output::new(stdout, token),
            last_words: tokio::spawn(start_of(stderr, STDERR.most, Arc::clone(&noise))),
            noise,
            logs: Logs::new(limits.logs),
            limits,
            scratch,
            shown: None,
        })
    }

    /// The same process with the folder in which it is shown the image of its call.
    pub fn showing(self, shown: Scratch) -> Self {
        Self { shown: Some(shown), ..self }
    }

    /// The image as this process sees it, also when it was started for any; `None` where it can't be shown to it.
    pub async fn show(&self, image: &Image) -> Option<Image> {
        match &self.shown {
            None => Some(image.clone()),
            Some(shown) => image.linked_into(&shown.folder).await,
        }
    }

    /// Makes it load a package ahead of its job. Gives the variables that the package asked for on the way, `*` among them
    /// when it listed all; `None` when it can't be loaded so and the process is of no use.
    pub async fn preload(&mut self, entry: String) -> Option<HashSet<String>> {
        let id = self.group.id()?;
        let Self { stdin, output, noise, logs, limits, scratch, .. } = self;
        stdin.write_all(&line(&Preload::new(entry, scratch.env(<_>::default())))).await.ok()?;
        let over = watch::until_over(id, &scratch.folder, *limits);
        let loading = async {
            loop {
                for line in output.next(logs.left()).await? {
                    match line {
                        OutputLine::Stray(text) => logs.push(&text),
                        OutputLine::Frame(frame) => match output::read(frame, limits.output).await? {
                            Frame::Preloaded { ok, read } => return ok.then_some(read),
                            Frame::Log(text) => logs.push(&text),
                            Frame::Started | Frame::Partial(_) | Frame::Result(_) => return None,
                        },
                    }
                }
                if output.written > limits.stdout || output.is_chatter().is_some() {
                    return None;
                }
            }
        };
        tokio::select! {
            loaded = timeout(PRELOAD_TIMEOUT, loading) => loaded.ok().flatten(),
            _ = over => None,
            () = noise.notified() => None,
        }
    }

    /// Its number and its folder, to look at what it takes.
    pub fn whereabouts(&self) -> Option<(Pid, PathBuf)> {
        Some((self.group.id()?, self.scratch.folder.clone()))
    }

    /// What it holds and has done while it waits; `None` when it is dead.
    pub fn waiting(&mut self) -> Option<Waiting> {
        self.group.is_alive().then(|| Waiting {
            memory: self.group.share_of_memory().unwrap_or_default(),
            worked: self.group.time_on_processor().unwrap_or_default(),
        })
    }

    /// Runs a job; `on_partial` sees what the tool yields.
    pub async fn run(
        self,
        job: &mut Job,
        timeout: Duration,
        cancel: &mut CancelSignal,
        on_partial: &mut impl FnMut(Value),
    ) -> Ended {
        self.serve(job, timeout, cancel, on_partial).await.0
    }

    /// The same, and gives the process back where it waits for another job.
    pub async fn serve(
        mut self,
        job: &mut Job,
        timeout: Duration,
        cancel: &mut CancelSignal,
        on_partial: &mut impl FnMut(Value),
    ) -> (Ended, Option<Self>) {
        self.output.begin();
        job.max_output = self.limits.output;
        job.env = self.scratch.env(std::mem::take(&mut job.env));
        let mut began = false;
        let end = self.attend(job, timeout, cancel, on_partial, &mut began).await;
        let end = match end {
            // What the tool failed with is an answer as well.
            End::Answered(answer) if job.session => {
                let logs = std::mem::replace(&mut self.logs, Logs::new(self.limits.logs)).lines;
                return (Ended { answer: Ok(answer), unused: false, logs }, Some(self));
            }
            end => end,
        };
        if matches!(end, End::Silent) {
            self.group.settle(EXIT_GRACE).await;
        }
        let status = self.group.end().await;
        let Start { text: stderr, is_over } = self.last_words.await.unwrap_or_default();
        stderr.lines().for_each(|line| self.logs.push(line));
        // One that writes on when nobody reads any more dies of that, and is silent before its noise was heard of.
        let end = if is_over && matches!(end, End::Silent) { End::Killed(Killed::Noise(STDERR.most)) } else { end };
        let unused = !began && matches!(end, End::Silent);
        let answer = match end {
            End::Answered(answer) => Ok(answer),
            End::Killed(killed) => Err(killed.into()),
            End::Silent => Err(ended_by_itself(status.unwrap_or_default(), &stderr, &self.logs.lines)),
        };
        (Ended { answer, unused, logs: self.logs.lines }, None)
    }

    /// Serves the process until it has answered or must be ended.
    async fn attend(
        &mut self,
        job: &Job,
        timeout: Duration,
        cancel: &mut CancelSignal,
        mut on_partial: &mut impl FnMut(Value),
        began: &mut bool,
    ) -> End {
        let Self { group, stdin, output, noise, logs, limits, scratch, .. } = self;
        let cpu = limits.cpu.min(timeout.saturating_add(CPU_GRACE));
        if job.session {
            group.limit_cpu_further(cpu, limits.cpu)
        } else {
            group.limit_cpu(cpu)
        }
        let deadline = sleep(timeout);
        let feeding = feed(stdin, job, cancel);
        let over = watched(group.id(), &scratch.folder, *limits);
        tokio::pin!(deadline, feeding, over);
        let mut ticks = interval(PACE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut cancelled = false;
        let mut pace = Throttle::default();
        loop {
            tokio::select! {
                lines = output.next(logs.left()) => {
                    let Some(lines) = lines else {
                        logs.push(&output.rest());
                        return if cancelled { End::Killed(Killed::Cancelled) } else { End::Silent };
                    };
                    for line in lines {
                        let frame = match line {
                            OutputLine::Stray(text) => {
                                logs.push(&text);
                                continue;
                            }
                            OutputLine::Frame(frame) => output::read(frame, limits.output).await,
                        };
                        match frame {
                            Some(Frame::Started) => *began = true,
                            Some(Frame::Partial(output)) => pace.offer(output, Instant::now()).into_iter().for_each(&mut on_partial),
                            Some(Frame::Log(text)) => logs.push(&text),
                            Some(Frame::Result(answer)) if cancelled && answer.result.is_err() => return End::Killed(Killed::Cancelled),
                            Some(Frame::Result(answer)) => {
                                pace.last().into_iter().for_each(on_partial);
                                return End::Answered(answer);
                            }
                            Some(Frame::Preloaded { .. }) | None => return End::Killed(Killed::BadFrame),
                        }
                    }
                    if output.written > limits.stdout {
                        return End::Killed(Killed::Flood(limits.stdout));
                    }
                    if let Some(limit) = output.is_chatter() {
                        return End::Killed(Killed::Chatter(limit));
                    }
                }
                () = &mut feeding, if !cancelled => {
                    cancelled = true;
                    deadline.as_mut().reset(tokio::time::Instant::now() + CANCEL_GRACE);
                }
                () = &mut deadline => return End::Killed(if cancelled { Killed::Cancelled } else { Killed::Deadline(timeout) }),
                killed = &mut over => return End::Killed(killed),
                () = noise.notified() => return End::Killed(Killed::Noise(STDERR.most)),
                _ = ticks.tick() => pace.due(Instant::now()).into_iter().for_each(&mut on_partial),
            }
        }
    }
}

/// Watches a process while it runs; what is gone takes nothing.
pub async fn watched(id: Option<Pid>, scratch: &Path, limits: Limits) -> Killed {
    match id {
        Some(id) => watch::until_over(id, scratch, limits).await,
        None => std::future::pending().await,
    }
}

/// A process that waits.
#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    /// Its memory in bytes, what it shares with others counted in part; 0 where the system does not tell.
    pub memory: u64,
    /// Its time on the processor.
    pub worked: Duration,
}

/// Gives the job, waits for a cancellation and passes it on. A process that does not read is noticed by its silence.
async fn feed(stdin: &mut ChildStdin, job: &Job, cancel: &mut CancelSignal) {
    let job = line(job);
    let _ = stdin.write_all(&job).await;
    drop(job);
    cancel.await;
    let _ = stdin.write_all(b"{\"op\":\"cancel\"}\n").await;
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            jail::Jail,
            permissions::{Net, Profile, Work},
            process_group::Task,
            protocol::Op,
            scratch::SCRATCH,
        },
        *,
    };
    use omega_core::budget::{ERROR_DETAILS, ERROR_TEXT, PARTIAL};
    use std::{fs, os::unix::fs::PermissionsExt};

    /// Runs a script in the place of Deno that is told the token and then speaks for the sandbox's scripts, as a tool would that had
    /// come by the token. `say` writes what is piped to it behind the token.
    async fn forged(script: &str) -> (Ended, Vec<Value>) {
        let cache = tempfile::tempdir().unwrap();
        let deno = cache.path().join("deno");
        let head = r"#!/bin/sh
read -r token; read -r job
say() { printf '\n%s' $token; cat; printf '\n'; }
much() { head -c $1 /dev/zero | tr '\0' $2; }";
        fs::write(&deno, format!("{head}\n{script}\n")).unwrap();
        fs::set_permissions(&deno, fs::Permissions::from_mode(0o700)).unwrap();
        let scratch = Scratch::new(cache.path(), SCRATCH).unwrap();
        let profile = Profile {
            work: Work::Call,
            read: vec![],
            scratch: scratch.folder.clone(),
            net: Net::None,
            caches: None,
            heap_mb: 256,
        };
        let jail = Jail::new(Some("/nonexistent".into()));
        let launch =
            Launch { deno: &deno, task: Task::Script("main.mjs".into()), image: cache.path(), profile, jail: &jail };
        let process = Process::start(&launch, scratch, Limits::DEFAULT).await.unwrap();
        let mut job = Job {
            op: Op::Execute,
            entry: String::new(),
            name: String::new(),
            id: String::new(),
            input: None,
            args: None,
            env: <_>::default(),
            places: <_>::default(),
            max_output: 0,
            declared: vec![],
            subpaths: Vec::new(),
            bin: None,
            arguments: Vec::new(),
            insists: false,
            converters: None,
            approved: false,
            session: false,
        };
        let (mut never, mut partials): (CancelSignal, _) = (Box::pin(std::future::pending()), Vec::new());
        let mut on_partial = |value| partials.push(value);
        let ended = process.run(&mut job, Duration::from_secs(60), &mut never, &mut on_partial).await;
        (ended, partials)
    }

    fn failed(ended: Ended) -> ToolError {
        ended.answer.unwrap().result.unwrap_err()
    }

    #[tokio::test]
    async fn whoever_forges_an_error_gets_no_more_of_it_stored_than_anybody() {
        let large = r#"{ printf '{"ev":"result","success":false,"error":{"code":"DENIED","message":"'; much 20000000 E;
            printf '","details":{"x":"'; much 5000000 D; printf '"}}}'; } | say"#;
        let error = failed(forged(large).await.0);
        assert_eq!((error.code, error.message.len()), (ToolErrorCode::ToolError, ERROR_TEXT.most));
        assert_eq!(error.details, None, "{} bytes at most", ERROR_DETAILS.most);
    }

    #[tokio::test]
    async fn a_forged_output_is_cut_and_says_so() {
        for (before, after) in [("\"", "\""), ("[\"", "\"]")] {
            let script = format!(
                r#"{{ printf '{{"ev":"result","success":true,"output":{before}'; much 45000000 O; printf '{after}}}'; }} | say"#
            );
            let answer = forged(&script).await.0.answer.unwrap();
            assert!(answer.truncated);
            assert_eq!(answer.result.unwrap().as_str().map(str::len), Some(omega_core::budget::OUTPUT.most));
        }
    }

    #[tokio::test]
    async fn what_is_forged_on_the_way_is_bounded_in_size_and_number() {
        let partial = r#"{ printf '{"ev":"partial","output":"'; much 3000000 P; printf '"}'; } | say; echo '{"ev":"result","success":true}' | say"#;
        let (ended, partials) = forged(partial).await;
        assert_eq!(ended.answer.unwrap().result, Ok(Value::Null));
        assert_eq!(partials.iter().map(|partial| partial.as_str().unwrap().len()).collect::<Vec<_>>(), [PARTIAL.most]);
        let many = r#"yes "$token"'{"ev":"log","level":"x","text":"a"}'"#;
        let error = forged(many).await.0.answer.unwrap_err();
        assert_eq!(error.code, ToolErrorCode::OutputTooLarge);
        assert!(error.message.contains("100000"), "{error}");
        for bad in ["{}", r#"{"ev":"preloaded","ok":true,"read":[]}"#, r#"{"ev":"surprise"}"#] {
            let error = forged(&format!("echo '{bad}' | say; sleep 60")).await.0.answer.unwrap_err();
            assert_eq!(error.code, ToolErrorCode::ProtocolError, "{bad}");
        }
    }

    #[tokio::test]
    async fn an_endless_stream_of_anything_ends_the_call_soon() {
        for (script, words) in
            [("yes >&2", "stderr"), ("yes", "1000000"), ("yes ''", "1000000"), ("cat /dev/zero", "64 MiB")]
        {
            let error = forged(script).await.0.answer.unwrap_err();
            assert_eq!(error.code, ToolErrorCode::OutputTooLarge, "{script}");
            assert!(error.message.contains(words), "{script}: {error}");
        }
    }
}
