//! The jail around Deno on Linux: what Deno's own flags leave open, the kernel closes. Landlock confines files and TCP ports,
//! seccomp confines system calls, limits confine memory, files and processor time; none of it needs a privilege.
//!
//! A process puts itself into the jail before it becomes Deno: the server starts its own program anew as
//! `__jail RULES -- ARGUMENTS` (`inside`), because what has to be done there must not be done between `fork` and `exec` of a
//! process with threads. What the kernel lacks is left out and said ([`Jail::state`]); with nothing of it Deno's flags stand alone.

#[cfg(target_os = "linux")]
mod files;
#[cfg(target_os = "linux")]
mod inside;
#[cfg(target_os = "linux")]
mod rlimits;
mod rules;
mod state;
#[cfg(target_os = "linux")]
mod syscalls;

pub use state::{JailState, Parts};

use super::permissions::Profile;
use rules::Rules;
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};
use tokio::sync::OnceCell;

/// The command of our own programs that jails itself and becomes another program.
const COMMAND: &str = "__jail";
/// In place of rules: tell what this kernel can do.
const CHECK: &str = "--check";
/// Begins what a process says that could not jail itself.
pub const FAILED: &str = "omega jail: ";

/// Jails this process and never returns, if it was started for that; to be called first in `main`, before any thread starts.
pub fn main_if_asked() {
    #[cfg(target_os = "linux")]
    {
        let mut args = std::env::args_os().skip(1);
        if args.next().is_some_and(|first| first == COMMAND) {
            inside::main(args)
        }
    }
}

/// Puts processes into the jail, as far as there is one.
pub struct Jail {
    /// A program that calls [`main_if_asked`].
    program: PathBuf,
    state: OnceCell<JailState>,
}

impl Jail {
    /// By way of `program`; by default the one that runs.
    pub fn new(program: Option<PathBuf>) -> Self {
        // This name holds even when the program's file was replaced since.
        Self { program: program.unwrap_or_else(|| "/proc/self/exe".into()), state: OnceCell::new() }
    }

    /// What there is of it, found out once.
    pub async fn state(&self) -> &JailState {
        self.state
            .get_or_init(|| async {
                let state = JailState::of(&self.program).await;
                state.log();
                state
            })
            .await
    }

    /// The command line that becomes `deno` with `args` under a profile, within the jail if there is one.
    pub async fn around(&self, deno: &Path, args: Vec<OsString>, profile: &Profile) -> (OsString, Vec<OsString>) {
        let rules = serde_json::to_string(&Rules::new(deno, profile));
        match (self.state().await, rules) {
            (JailState::Holds(_), Ok(rules)) => {
                let jailed = [COMMAND.into(), rules.into()].into_iter().chain(args);
                (self.program.clone().into(), jailed.collect())
            }
            _ => (deno.into(), args),
        }
    }
}
