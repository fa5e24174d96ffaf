//! The same attacks where the kernel has no landlock, as on older ones and other systems: Deno's flags and seccomp hold alone.
//!
//! Each part of the suite runs once more, in a process for which `landlock_*` are calls that do not exist.

use crate::harness::kernel::without_landlock;
use std::process::Command;

const INSIDE: &str = "OMEGA_TEST_WITHOUT_LANDLOCK";

/// Whether this is such a process.
pub fn is_without_landlock() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Runs all tests whose names begin so, but these, in such a process.
fn again(part: &str) {
    if is_without_landlock() {
        return;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([part, "--skip", "executor::hostile::kernel"]).env(INSIDE, "1");
    let output = without_landlock(|| command.output().unwrap());
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("ok. 0 passed"), "{said}");
}

#[test]
fn files_and_processes_are_out_of_reach() {
    again("executor::hostile::reach");
}

#[test]
fn nothing_is_left_for_the_next_call() {
    again("executor::hostile::kept");
}

#[test]
fn frames_are_nobody_elses() {
    again("executor::hostile::frames");
}

#[test]
fn room_and_files_are_bounded() {
    again("executor::hostile::limits::more_room");
    again("executor::hostile::limits::more_files");
}

#[test]
fn addresses_are_out_of_reach() {
    again("executor::hostile::network");
}

#[test]
fn health_says_what_is_missing() {
    again("executor::hostile::health");
}

#[test]
fn a_process_that_waited_sees_the_image_of_its_call_alone() {
    again("executor::warm::a_process_that_waited_for_any_image");
}

#[test]
fn what_unpacks_is_bounded() {
    again("executor::tarballs::what_unpacks_to_more");
    again("executor::tarballs::no_tarball");
}
