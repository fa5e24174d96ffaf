//! Kernels that lack something, as far as this one can play them.

/// What `work` gives on a thread for which the kernel has no landlock; nor has it for processes that are started there, and
/// theirs. The calls answer as those of a kernel do that does not know them.
#[cfg(target_os = "linux")]
pub fn without_landlock<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch, apply_filter};
    let calls = [libc::SYS_landlock_create_ruleset, libc::SYS_landlock_add_rule, libc::SYS_landlock_restrict_self];
    let missing = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let arch = TargetArch::try_from(std::env::consts::ARCH).unwrap();
    let rules = calls.into_iter().map(|call| (call, vec![])).collect();
    let filter: BpfProgram =
        SeccompFilter::new(rules, SeccompAction::Allow, missing, arch).unwrap().try_into().unwrap();
    let confined = move || {
        apply_filter(&filter).unwrap();
        work()
    };
    std::thread::scope(|scope| scope.spawn(confined).join().unwrap())
}

/// No other system has any.
#[cfg(not(target_os = "linux"))]
pub fn without_landlock<T>(work: impl FnOnce() -> T) -> T {
    work()
}
