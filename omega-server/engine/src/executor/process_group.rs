//! The operating system's side of a call, and of an installation: a process group of its own, and its certain end.

use super::{
    image::DENO_DIR,
    jail::Jail,
    permissions::{Profile, deno_args, own_addresses},
    starter,
};
use crate::domain::boxed;
use rustix::process::{Pid, Signal, kill_process_group};
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tokio::{
    process::{Child, Command},
    time::timeout,
};

/// Where certificates of this machine are; no secrets among them.
pub const CERTIFICATES: [&str; 4] = ["SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "DENO_CERT"];

/// How a process is started.
pub struct Launch<'a> {
    pub deno: &'a Path,
    pub task: Task,
    /// The image: working folder and home of Deno's caches.
    pub image: &'a Path,
    /// What it may touch.
    pub profile: Profile,
    /// What holds it to that.
    pub jail: &'a Jail,
}

/// What Deno does in a process.
pub enum Task {
    /// Runs `main.mjs` of the runner.
    Script(PathBuf),
    /// A command of its own, with these arguments and variables.
    Command(Vec<OsString>, Vec<(OsString, OsString)>),
}

/// The process group of one call, killed when it is dropped: also when the caller's task is.
pub struct Group {
    /// Its leader: Deno.
    pub child: Child,
    id: Option<Pid>,
}

impl Group {
    /// Starts it, with pipes and nothing of our environment but where certificates are.
    #[boxed]
    pub async fn spawn(launch: &Launch<'_>) -> std::io::Result<Self> {
        let (args, env) = match &launch.task {
            Task::Script(script) => (deno_args(&launch.profile, script, &own_addresses()?), &[][..]),
            Task::Command(args, env) => (args.clone(), env.as_slice()),
        };
        let (program, args) = launch.jail.around(launch.deno, args, &launch.profile).await;
        let mut command = Command::new(program);
        command
            .args(args)
            .current_dir(launch.image)
            .env_clear()
            .env("DENO_DIR", launch.image.join(DENO_DIR))
            .envs([("NO_COLOR", "1"), ("DENO_NO_UPDATE_CHECK", "1"), ("DENO_TLS_CA_STORE", "mozilla,system")])
            // Where Deno itself says that a user's files are; an installer has the user's own.
            .envs(["HOME", "TMPDIR"].map(|name| (name, &launch.profile.scratch)))
            .envs(env.iter().map(|(name, value)| (name, value)))
            .envs(CERTIFICATES.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        let child = starter::start(command).await?;
        let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        Ok(Self { child, id })
    }

    /// Waits a moment for a leader that closed its output to end by itself, so that its exit code can be told.
    pub async fn settle(&mut self, patience: Duration) {
        if timeout(patience, self.child.wait()).await.is_ok() {
            self.id = None; // Its number may soon be another's.
        }
    }

    /// Kills what is left of the group and takes the exit status of its leader.
    pub async fn end(mut self) -> std::io::Result<ExitStatus> {
        self.kill();
        let status = self.child.wait().await;
        self.id = None;
        status
    }

    fn kill(&self) {
        if let Some(id) = self.id {
            // Gone already is as good.
            let _ = kill_process_group(id, Signal::KILL);
        }
    }

    /// Gives it this much time on processors, beyond which the system ends it (SIGXCPU); where it has such limits.
    pub fn limit_cpu(&self, time: Duration) {
        self.limit_cpu_to(time, time);
    }

    /// The same for what takes another job, up to `most` for all of them.
    pub fn limit_cpu_further(&self, time: Duration, most: Duration) {
        self.limit_cpu_to(self.time_on_processor().unwrap_or_default() + time, most);
    }

    fn limit_cpu_to(&self, time: Duration, last: Duration) {
        #[cfg(target_os = "linux")]
        if let Some(id) = self.id {
            use rustix::process::{Resource, Rlimit, prlimit};
            // The last one that is lowered can't be raised again.
            let last = last.as_secs().max(1) + 1;
            let seconds = time.as_secs().clamp(1, last);
            // One that ended already needs none.
            let _ = prlimit(Some(id), Resource::Cpu, Rlimit { current: Some(seconds), maximum: Some(last) });
        }
    }

    /// The number of its leader, while it runs.
    pub fn id(&self) -> Option<Pid> {
        self.id
    }

    /// Whether it still runs.
    pub fn is_alive(&mut self) -> bool {
        let alive = matches!(self.child.try_wait(), Ok(None));
        if !alive {
            self.id = None; // Its number may soon be another's.
        }
        alive
    }

    /// Memory of its leader in bytes, with its part of what it shares with other processes, where the system tells it.
    pub fn share_of_memory(&self) -> Option<u64> {
        let rollup = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", self.id?.as_raw_nonzero())).ok()?;
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
        Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? << 10)
    }

    /// What its leader used of the processor, where the system tells it.
    pub fn time_on_processor(&self) -> Option<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id?.as_raw_nonzero())).ok()?;
        // The name in parentheses may hold anything; user and system time are the 12th and 13th fields after it.
        let (_, fields) = stat.rsplit_once(')')?;
        let ticks: u64 = fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        Some(Duration::from_millis(ticks * 10))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
