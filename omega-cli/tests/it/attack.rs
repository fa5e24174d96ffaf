//! `omega doctor --attack`: the hostile suite on this machine, as it is and as one whose kernel has no landlock.
//!
//! Where Deno can't be had, these tests say so and pass; under `CI=true` they fail instead.

use crate::home::{Done, Home};
use serde_json::Value;
use std::{os::unix::fs::PermissionsExt, path::Path, process::Command};

/// What Deno alone holds, everywhere.
const EVERYWHERE: [&str; 19] = [
    "files",
    "metadata",
    "changes",
    "packages",
    "loopback",
    "clouds",
    "own address",
    "public hosts",
    "processes",
    "environment",
    "depth",
    "entries",
    "disk",
    "memory",
    "stdout",
    "stderr",
    "frames",
    "time",
    "afterwards",
];

/// A home with Deno, which all tests share.
pub fn home() -> Home {
    let mut home = Home::new();
    match std::env::var("OMEGA_DENO") {
        Ok(deno) => home = home.env("OMEGA_DENO", &deno),
        Err(_) => {
            let runtime = Path::new(env!("CARGO_TARGET_TMPDIR")).join("runtime");
            std::fs::create_dir_all(&runtime).unwrap();
            std::fs::create_dir_all(home.path().join("cache")).unwrap();
            std::os::unix::fs::symlink(runtime, home.path().join("cache/runtime")).unwrap();
            // Fetches Deno when it is not there yet.
            home.omega(&["tools", "run", "mathjs::evaluate", "--input", r#"{"expression": "1+1"}"#]);
        }
    }
    home
}

/// The report of a run of the suite; none where there is no Deno.
fn report(done: &Done) -> Option<Value> {
    let report = done.json();
    let first = &report["checks"][0];
    if first["name"] != "sandbox" {
        return Some(report);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "not to be skipped in CI: {first}");
    eprintln!("skipped: {first}");
    None
}

fn status<'a>(report: &'a Value, name: &str) -> &'a str {
    let checks = report["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("no {name}: {report}"));
    check["status"].as_str().unwrap()
}

#[test]
fn the_hostile_suite_says_what_holds_here_and_leaves_nothing_behind() {
    let home = home();
    home.omega(&["whoami"]).expect(0);
    let loose = home.file("config/loose", "");
    for (path, mode) in [(loose.parent().unwrap(), 0o755), (loose.as_path(), 0o644)] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let done = home.omega(&["doctor", "--attack", "--json"]).expect(1);
    let Some(report) = report(&done) else { return };
    for name in EVERYWHERE {
        assert_eq!(status(&report, name), "ok", "{name}: {report:#}");
    }
    let modes = report["checks"].as_array().unwrap().iter().find(|check| check["name"] == "file modes").unwrap();
    assert!(modes["message"].as_str().unwrap().contains("config/loose (0644)"), "{modes}");
    assert!(modes["next"].as_str().unwrap().starts_with("chmod "), "{modes}");
    let left: Vec<_> = std::fs::read_dir(home.path().join("cache"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(".attack-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn without_landlock_denos_own_walls_hold_and_what_they_do_not_is_said() {
    let home = home();
    let done = without_landlock(home.command(&["doctor", "--attack"]));
    if done.stdout.contains("Deno is not here") {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "not to be skipped in CI: {}", done.stdout);
        return eprintln!("skipped: {}", done.stdout);
    }
    let line = |name: &str| done.stdout.lines().find(|line| line.get(4..).is_some_and(|line| line.starts_with(name)));
    assert!(
        line("landlock").is_some_and(|line| line.starts_with('⚠') && line.contains("held by Deno alone")),
        "{}",
        done.stdout
    );
    assert!(
        line("imports").is_some_and(|line| line.starts_with('⚠') && line.contains("without landlock")),
        "{}",
        done.stdout
    );
    for name in EVERYWHERE {
        assert!(line(&format!("{name} ")).is_some_and(|line| line.starts_with('✓')), "{name}: {}", done.stdout);
    }
}

/// Runs a command as on a kernel that does not know landlock: a filter on one thread holds for what it starts.
#[cfg(target_os = "linux")]
fn without_landlock(mut command: Command) -> Done {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};
    let calls = [libc::SYS_landlock_create_ruleset, libc::SYS_landlock_add_rule, libc::SYS_landlock_restrict_self];
    let unknown = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let rules = calls.into_iter().map(|call| (call, Vec::new())).collect();
    let filter =
        SeccompFilter::new(rules, SeccompAction::Allow, unknown, std::env::consts::ARCH.try_into().unwrap()).unwrap();
    let started = std::thread::spawn(move || {
        apply_filter(&BpfProgram::try_from(filter).unwrap()).unwrap();
        command.output().unwrap()
    });
    started.join().unwrap().into()
}
