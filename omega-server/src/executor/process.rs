//! One job in one process that is never used again. Whatever the tool does, it ends: with its result, at its deadline, when the
//! caller cancels, or at a limit; then its whole process group is killed.

use super::{
    group::{Group, Launch},
    outcome::{Killed, ended_by_itself},
    pace::Pace,
    protocol::{Answer, Frame, Job, Lines},
    watch,
};
use omega_core::executor::{CancelSignal, ToolError, ToolErrorCode};
use serde_json::Value;
use std::{
    path::Path,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::ChildStdin,
    time::{MissedTickBehavior, interval, sleep},
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
const STDERR_KEPT: u64 = 64 << 10;
/// How a process ended, and what it said.
pub struct Ended {
    /// Its answer, or why there is none.
    pub answer: Result<Answer, ToolError>,
    /// What it logged.
    pub logs: Vec<String>,
    /// From its start to its end.
    pub took: Duration,
}

/// Runs a job; `on_partial` sees what the tool yields.
pub async fn run(
    launch: Launch<'_>,
    mut job: Job,
    limits: Limits,
    timeout: Duration,
    cancel: CancelSignal,
    on_partial: impl FnMut(Value),
) -> Ended {
    let started = Instant::now();
    job.token = uuid::Uuid::new_v4().simple().to_string();
    job.max_output = limits.output;
    let mut logs = Logs::new(limits.logs);
    let answer = match Group::spawn(&launch).await {
        Ok(group) => {
            answer_of(group, &launch.profile.scratch, &job, limits, timeout, cancel, on_partial, &mut logs).await
        }
        Err(error) => {
            let message = format!("Deno at {} can't be started: {error}", launch.deno.display());
            Err(ToolError::new(ToolErrorCode::RuntimeUnavailable, message))
        }
    };
    Ended { answer, logs: logs.lines, took: started.elapsed() }
}

/// What ended the host's attention.
enum End {
    Answered(Answer),
    Killed(Killed),
    Silent,
}

async fn answer_of(
    mut group: Group,
    scratch: &Path,
    job: &Job,
    limits: Limits,
    timeout: Duration,
    cancel: CancelSignal,
    on_partial: impl FnMut(Value),
    logs: &mut Logs,
) -> Result<Answer, ToolError> {
    let last_words = group.child.stderr.take().map(|stderr| tokio::spawn(start_of(stderr)));
    let end = attend(&mut group, scratch, job, limits, timeout, cancel, on_partial, logs).await;
    if matches!(end, End::Silent) {
        group.settle(EXIT_GRACE).await;
    }
    let status = group.end().await;
    let stderr = match last_words {
        Some(words) => words.await.unwrap_or_default(),
        None => String::new(),
    };
    stderr.lines().for_each(|line| logs.push(line));
    match end {
        End::Answered(answer) => Ok(answer),
        End::Killed(killed) => Err(killed.into()),
        End::Silent => Err(ended_by_itself(status.unwrap_or_default(), &stderr)),
    }
}

/// Serves the process until it has answered or must be ended.
async fn attend(
    group: &mut Group,
    scratch: &Path,
    job: &Job,
    limits: Limits,
    timeout: Duration,
    cancel: CancelSignal,
    mut on_partial: impl FnMut(Value),
    logs: &mut Logs,
) -> End {
    let (Some(mut stdin), Some(mut stdout)) = (group.child.stdin.take(), group.child.stdout.take()) else {
        return End::Silent;
    };
    let deadline = sleep(timeout);
    let feeding = feed(&mut stdin, job, cancel);
    tokio::pin!(deadline, feeding);
    group.limit_cpu(limits.cpu.min(timeout.saturating_add(CPU_GRACE)));
    let mut ticks = interval(WATCH_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut cancelled = false;
    let mut pace = Pace::default();
    let mut lines = Lines::default();
    let mut written = 0;
    let mut chunk = vec![0; 64 << 10];
    loop {
        tokio::select! {
            count = stdout.read(&mut chunk) => {
                let count = count.unwrap_or(0);
                if count == 0 {
                    logs.push(&String::from_utf8_lossy(&lines.rest()));
                    return if cancelled { End::Killed(Killed::Cancelled) } else { End::Silent };
                }
                written += count;
                for line in lines.push(&chunk[..count]) {
                    match read_line(&line, &job.token) {
                        Line::Frame(Frame::Partial { output }) => {
                            pace.offer(output.unwrap_or(Value::Null), Instant::now()).into_iter().for_each(&mut on_partial);
                        }
                        Line::Frame(Frame::Log { level, text }) => logs.push(&format!("{level}: {text}")),
                        Line::Frame(Frame::Result(answer)) if cancelled && !answer.success => return End::Killed(Killed::Cancelled),
                        Line::Frame(Frame::Result(answer)) => {
                            pace.last().into_iter().for_each(on_partial);
                            return End::Answered(*answer);
                        }
                        Line::Unreadable => return End::Killed(Killed::BadFrame),
                        Line::Stray(text) => logs.push(&text),
                    }
                }
                if written > limits.stdout {
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
                if let Some(id) = group.id() && let Some(killed) = watch::over(id, scratch, limits).await {
                    return End::Killed(killed);
                }
            }
        }
    }
}

/// Gives the job, waits for a cancellation and passes it on. A process that does not read is noticed by its silence.
async fn feed(stdin: &mut ChildStdin, job: &Job, cancel: CancelSignal) {
    let mut line = serde_json::to_vec(job).unwrap_or_default();
    line.push(b'\n');
    let _ = stdin.write_all(&line).await;
    drop(line);
    cancel.await;
    let _ = stdin.write_all(b"{\"op\":\"cancel\"}\n").await;
}

/// A line of a process's output.
enum Line {
    Frame(Frame),
    /// It has the token but is no frame.
    Unreadable,
    /// The tool's own writing.
    Stray(String),
}

fn read_line(line: &[u8], token: &str) -> Line {
    match line.strip_prefix(token.as_bytes()) {
        Some(frame) => serde_json::from_slice(frame).map_or(Line::Unreadable, Line::Frame),
        None => Line::Stray(String::from_utf8_lossy(line).into_owned()),
    }
}

/// Log lines up to a size; what comes after is dropped.
struct Logs {
    lines: Vec<String>,
    left: usize,
}

impl Logs {
    fn new(limit: usize) -> Self {
        Self { lines: Vec::new(), left: limit }
    }

    fn push(&mut self, line: &str) {
        if !line.is_empty() && line.len() <= self.left {
            self.left -= line.len();
            self.lines.push(line.to_owned());
        }
    }
}

/// The start of a stream; the rest is read and dropped so that its writer does not block.
async fn start_of(mut stream: impl AsyncRead + Unpin) -> String {
    let mut kept = Vec::new();
    let _ = (&mut stream).take(STDERR_KEPT).read_to_end(&mut kept).await;
    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    String::from_utf8_lossy(&kept).into_owned()
}
