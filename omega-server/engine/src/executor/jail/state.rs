//! What there is of the jail on this machine, and how it is told.

use super::{CHECK, COMMAND};
use serde::{Deserialize, Serialize};
use std::{fmt, path::Path, process::Stdio, time::Duration};
use tokio::{process::Command, time::timeout};

const CHECK_TIMEOUT: Duration = Duration::from_secs(10);
/// The first ABI of landlock that confines TCP ports.
const PORTS: u32 = 4;

/// Whether tools run in a jail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JailState {
    Holds(Parts),
    /// They don't, and why.
    Absent(String),
}

/// What the kernel gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// ABI of landlock; 0 for none.
    pub landlock: u32,
    /// System calls can be filtered.
    pub seccomp: bool,
}

impl JailState {
    /// Has `program` try it on itself.
    pub(super) async fn of(program: &Path) -> Self {
        if !cfg!(target_os = "linux") {
            return Self::Absent("this system has none".into());
        }
        let mut command = Command::new(program);
        command.args([COMMAND, CHECK]).env_clear().stdin(Stdio::null()).kill_on_drop(true);
        let output = match timeout(CHECK_TIMEOUT, command.output()).await {
            Ok(Ok(output)) => output,
            Ok(Err(error)) => return Self::Absent(format!("{} can't be started: {error}", program.display())),
            Err(_) => return Self::Absent(format!("{} does not answer", program.display())),
        };
        match serde_json::from_slice(&output.stdout) {
            Ok(parts) if output.status.success() => Self::Holds(parts),
            _ => Self::Absent(format!("{} can't jail itself", program.display())),
        }
    }

    /// Whether nothing of it is missing.
    pub fn is_whole(&self) -> bool {
        matches!(self, Self::Holds(Parts { landlock: PORTS.., seccomp: true }))
    }

    pub(super) fn log(&self) {
        if self.is_whole() {
            tracing::info!(event = "executor.jail", "{self}");
        } else {
            tracing::warn!(event = "executor.jail", "{self}");
        }
    }
}

impl fmt::Display for JailState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts { landlock, seccomp } = match self {
            Self::Holds(parts) => parts,
            Self::Absent(why) => return write!(f, "no jail beside Deno's own sandbox: {why}"),
        };
        match landlock {
            0 => f.write_str("jail without landlock (files are held by Deno alone)")?,
            1..PORTS => write!(f, "jail with landlock {landlock} (which can't hold TCP ports)")?,
            PORTS.. => write!(f, "jail with landlock {landlock}")?,
        }
        f.write_str(if *seccomp { ", seccomp" } else { ", without seccomp (private IPv6 addresses can be reached)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said() {
        let told = |landlock, seccomp| JailState::Holds(Parts { landlock, seccomp }).to_string();
        assert_eq!(told(6, true), "jail with landlock 6, seccomp");
        assert!(told(3, true).contains("TCP ports"));
        assert!(told(0, true).contains("without landlock"));
        assert!(told(6, false).contains("without seccomp"));
        let whole = |landlock, seccomp| JailState::Holds(Parts { landlock, seccomp }).is_whole();
        assert_eq!([whole(4, true), whole(3, true), whole(9, false)], [true, false, false]);
    }

    #[tokio::test]
    async fn a_program_that_is_none_of_ours_is_no_jail() {
        for program in ["/nonexistent/omega", "/bin/true"] {
            assert!(matches!(JailState::of(Path::new(program)).await, JailState::Absent(_)), "{program}");
        }
    }
}
