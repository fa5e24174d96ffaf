//! What happens in the process that jails itself. It has one thread, and nothing of it is left once it has become Deno.

use super::{CHECK, FAILED, files, rlimits, rules::Rules, state::Parts, syscalls};
use crate::executor::{limits::RESERVED, permissions::Work};
use rustix::process::{Signal, getppid, set_parent_process_death_signal};
use std::{
    ffi::OsString,
    io::{self, Write},
    os::unix::process::CommandExt,
    process::{Command, exit},
};

/// How a process ends that could not jail itself: as a shell says that a command can't be run.
const NOT_RUN: i32 = 126;

/// Becomes what the arguments say, or ends.
pub fn main(mut args: impl Iterator<Item = OsString>) -> ! {
    let first = args.next().unwrap_or_default();
    let ended = if first == CHECK { check() } else { become_program(&first.to_string_lossy(), args) };
    let Err(why) = ended else { exit(0) };
    // Whoever started it reads this; if not, there is nobody to tell.
    let _ = writeln!(io::stderr(), "{FAILED}{why}");
    exit(NOT_RUN)
}

/// Comes back only with why it could not.
fn become_program(rules: &str, args: impl Iterator<Item = OsString>) -> Result<(), String> {
    let rules: Rules = serde_json::from_str(rules).map_err(|error| format!("these are no rules: {error}"))?;
    die_with(rules.parent)?;
    rlimits::set(rules.work, rules.reserved)?;
    files::confine(&rules)?;
    // Where the kernel has no seccomp the rest holds nevertheless; the server has said so.
    syscalls::confine(&rules.reach)?;
    let failed = Command::new(&rules.program).args(args).exec();
    Err(format!("{} can't be started: {failed}", rules.program.display()))
}

/// Ties this process to the one that started it: a tool in an endless loop reads no end of its input.
fn die_with(parent: u32) -> Result<(), String> {
    set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| format!("it would outlive its server: {error}"))?;
    let now = getppid().map(|pid| pid.as_raw_nonzero().get().cast_unsigned());
    // It may have ended before that.
    if now == Some(parent) { Ok(()) } else { Err("its server is gone".into()) }
}

/// Tries everything on this process and says what there is.
fn check() -> Result<(), String> {
    rlimits::set(Work::Call, RESERVED)?;
    let landlock = files::abi();
    let seccomp = syscalls::confine(&super::rules::Reach::Nothing)?;
    let parts = serde_json::to_string(&Parts { landlock, seccomp }).map_err(|error| error.to_string())?;
    writeln!(io::stdout(), "{parts}").map_err(|error| error.to_string())
}
