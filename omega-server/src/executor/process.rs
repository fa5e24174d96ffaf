//! One process, for one job, never used again. It may be started before its job is known, and may load the package
//! meanwhile. Whatever the tool does, it ends: with its result, at its deadline, when the caller cancels, or at a limit; then
//! its whole process group is killed. A process that is dropped is killed too.

use super::{
    group::{Group, Launch},
    outcome::{Killed, ended_by_itself},
    output::{Line, Logs, Output, start_of},
    pace::Pace,
    protocol::{Answer, Frame, Job, Preload},
    scratch::Scratch,
    watch,
};
use omega_core::executor::{CancelSignal, ToolError, ToolErrorCode};
use rustix::process::Pid;
use serde_json::Value;
use std::{
    collections::HashSet,
    path::PathBuf,
    time::{Duration, Instant},
};
use tokio::{
    io::AsyncWriteExt,
    process::ChildStdin,
    task::JoinHandle,
    time::{MissedTickBehavior, interval, sleep, timeout},
};

/// What one call may use.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of a tool's parameters.
    pub input: usize,
    /// Bytes of its output; more is cut.
    pub output: usize,
    /// Bytes of everything that it writes; more ends it.
    pub stdout: usize,
    /// Bytes of logs that are kept.
    pub logs: usize,
    /// Resident memory; more ends it.
    pub memory: u64,
    /// Bytes that its files take; more ends it.
    pub scratch: u64,
    /// Time on processors, if the deadline does not set less.
    pub cpu: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            input: 1 << 20,
            output: 32 << 20,
            stdout: 64 << 20,
            logs: 256 << 10,
            memory: 512 << 20,
            scratch: 256 << 20,
            cpu: Duration::from_secs(3600),
        }
    }
}

const CANCEL_GRACE: Duration = Duration::from_millis(250);
const EXIT_GRACE: Duration = Duration::from_millis(250);
const WATCH_EVERY: Duration = Duration::from_millis(100);
/// Beyond the deadline, by which a call with one thread never meets this limit.
const CPU_GRACE: Duration = Duration::from_secs(5);
const PRELOAD_TIMEOUT: Duration = Duration::from_secs(15);

/// A process without a job yet.
pub struct Process {
    // First, because fields are dropped in their order: nothing may write to the folder any more when it is removed.
    group: Group,
    stdin: ChildStdin,
    output: Output,
    last_words: JoinHandle<String>,
    logs: Logs,
    limits: Limits,
    scratch: Scratch,
}

/// How a process ended, and what it said.
pub struct Ended {
    /// Its answer, or why there is none.
    pub answer: Result<Answer, ToolError>,
    /// It ended by itself before it took the job up, as one may that waited: another one may have the job.
    pub unused: bool,
    /// What it logged.
    pub logs: Vec<String>,
}

/// What ended the host's attention.
enum End {
    Answered(Answer),
    Killed(Killed),
    Silent,
}

impl Process {
    /// Starts one. `scratch` is the folder of the launch's profile, and is removed with the process.
    pub async fn start(launch: &Launch<'_>, scratch: Scratch, limits: Limits) -> Result<Self, ToolError> {
        let failed = |why: String| {
            let message = format!("Deno at {} can't be started: {why}", launch.deno.display());
            ToolError::new(ToolErrorCode::RuntimeUnavailable, message)
        };
        let mut group = Group::spawn(launch).await.map_err(|error| failed(error.to_string()))?;
        let child = &mut group.child;
        let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(failed("it has no pipes".to_owned()));
        };
        Ok(Self {
            group,
            stdin,
            output: Output::new(stdout),
            last_words: tokio::spawn(start_of(stderr)),
            logs: Logs::new(limits.logs),
            limits,
            scratch,
        })
    }

    /// Makes it load a package ahead of its job. Gives the variables that the package asked for on the way, `*` among them
    /// when it listed all; `None` when it can't be loaded so and the process is of no use.
    pub async fn preload(&mut self, entry: String) -> Option<HashSet<String>> {
        let preload = Preload::new(entry, self.scratch.env(<_>::default()));
        self.stdin.write_all(&preload.line()).await.ok()?;
        let mut ticks = interval(WATCH_EVERY);
        let loading = async {
            loop {
                tokio::select! {
                    lines = self.output.next(&preload.token) => for line in lines? {
                        match line {
                            Line::Frame(Frame::Preloaded { ok, read }) => return ok.then_some(read),
                            Line::Frame(Frame::Log { level, text }) => self.logs.push(&format!("{level}: {text}")),
                            Line::Stray(text) => self.logs.push(&text),
                            Line::Frame(_) | Line::Unreadable => return None,
                        }
                    },
                    _ = ticks.tick() => {
                        if self.output.written > self.limits.stdout || watch::over(self.group.id()?, &self.scratch.folder, self.limits).await.is_some() {
                            return None;
                        }
                    }
                }
            }
        };
        timeout(PRELOAD_TIMEOUT, loading).await.ok().flatten()
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
        mut self,
        job: &mut Job,
        timeout: Duration,
        cancel: &mut CancelSignal,
        on_partial: &mut impl FnMut(Value),
    ) -> Ended {
        job.token = super::protocol::new_token();
        job.max_output = self.limits.output;
        job.env = self.scratch.env(std::mem::take(&mut job.env));
        let mut began = false;
        let end = self.attend(job, timeout, cancel, on_partial, &mut began).await;
        if matches!(end, End::Silent) {
            self.group.settle(EXIT_GRACE).await;
        }
        let status = self.group.end().await;
        let stderr = self.last_words.await.unwrap_or_default();
        stderr.lines().for_each(|line| self.logs.push(line));
        let unused = !began && matches!(end, End::Silent);
        let answer = match end {
            End::Answered(answer) => Ok(answer),
            End::Killed(killed) => Err(killed.into()),
            End::Silent => Err(ended_by_itself(status.unwrap_or_default(), &stderr)),
        };
        Ended { answer, unused, logs: self.logs.lines }
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
        let Self { group, stdin, output, logs, limits, scratch, .. } = self;
        group.limit_cpu(limits.cpu.min(timeout.saturating_add(CPU_GRACE)));
        let deadline = sleep(timeout);
        let feeding = feed(stdin, job, cancel);
        tokio::pin!(deadline, feeding);
        let mut ticks = interval(WATCH_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut cancelled = false;
        let mut pace = Pace::default();
        loop {
            tokio::select! {
                lines = output.next(&job.token) => {
                    let Some(lines) = lines else {
                        logs.push(&output.rest());
                        return if cancelled { End::Killed(Killed::Cancelled) } else { End::Silent };
                    };
                    for line in lines {
                        match line {
                            Line::Frame(Frame::Started) => *began = true,
                            Line::Frame(Frame::Partial { output }) => {
                                pace.offer(output.unwrap_or(Value::Null), Instant::now()).into_iter().for_each(&mut on_partial);
                            }
                            Line::Frame(Frame::Log { level, text }) => logs.push(&format!("{level}: {text}")),
                            Line::Frame(Frame::Result(answer)) if cancelled && !answer.success => return End::Killed(Killed::Cancelled),
                            Line::Frame(Frame::Result(answer)) => {
                                pace.last().into_iter().for_each(on_partial);
                                return End::Answered(*answer);
                            }
                            Line::Frame(Frame::Preloaded { .. }) | Line::Unreadable => return End::Killed(Killed::BadFrame),
                            Line::Stray(text) => logs.push(&text),
                        }
                    }
                    if output.written > limits.stdout {
                        return End::Killed(Killed::Flood(limits.stdout));
                    }
                }
                () = &mut feeding, if !cancelled => {
                    cancelled = true;
                    deadline.as_mut().reset(tokio::time::Instant::now() + CANCEL_GRACE);
                }
                () = &mut deadline => return End::Killed(if cancelled { Killed::Cancelled } else { Killed::Deadline(timeout) }),
                _ = ticks.tick() => {
                    pace.due(Instant::now()).into_iter().for_each(&mut on_partial);
                    if let Some(id) = group.id() && let Some(killed) = watch::over(id, &scratch.folder, *limits).await {
                        return End::Killed(killed);
                    }
                }
            }
        }
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
    let mut line = serde_json::to_vec(job).unwrap_or_default();
    line.push(b'\n');
    let _ = stdin.write_all(&line).await;
    drop(line);
    cancel.await;
    let _ = stdin.write_all(b"{\"op\":\"cancel\"}\n").await;
}
