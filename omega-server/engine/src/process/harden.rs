//! What a server asks of the operating system for itself: nobody else looks into its memory, which is never written to a file
//! (`security.md` T12); what it makes is its user's alone (T11); and it may have as many connections, files and pipes open as
//! it is allowed to (T16). Its children get the same limits, and have memory of their own; the jail of a tool sets its own.

/// All of it. What a system lacks is left out and said.
pub fn process() {
    super::memory::set_up();
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        if let Err(error) = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }) {
            tracing::warn!(event = "harden.core", %error, "core files can't be switched off");
        }
        // Whatever is made without thinking of it: caches, packages, scratch. What is known to matter says its mode itself.
        rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
        raise_descriptors();
    }
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable) {
        tracing::warn!(event = "harden.dumpable", %error, "other processes of this user can look into this one");
    }
}

/// How many files, sockets and pipes this process may have open; `None` where nothing says so.
pub fn descriptors() -> Option<u64> {
    #[cfg(unix)]
    return rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    #[cfg(not(unix))]
    None
}

/// How many a server may have that starts from here, which raises its limit to that; `None` where nothing says so.
pub fn descriptors_allowed() -> Option<u64> {
    #[cfg(unix)]
    return rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum;
    #[cfg(not(unix))]
    None
}

/// A soft limit is a default for programs that never thought of it; the hard one is what the operator allows.
#[cfg(unix)]
fn raise_descriptors() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    // macOS calls its hard limit endless and takes no more than this.
    const MACOS: u64 = 10_240;
    let limit = getrlimit(Resource::Nofile);
    let more = |wanted: Option<u64>| limit.current.is_some_and(|now| wanted.is_none_or(|wanted| wanted > now));
    let raised = [limit.maximum, Some(MACOS)]
        .into_iter()
        .filter(|wanted| more(*wanted))
        .any(|current| setrlimit(Resource::Nofile, Rlimit { current, ..limit }).is_ok());
    if !raised && more(limit.maximum) {
        tracing::warn!(event = "harden.descriptors", limit = ?limit.current, "the limit of open files can't be raised");
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};

    #[test]
    fn the_memory_of_a_server_is_nobody_elses() {
        super::process();
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
        let limit = getrlimit(Resource::Core);
        assert_eq!((limit.current, limit.maximum), (Some(0), Some(0)));
    }

    #[test]
    fn a_server_may_have_as_much_open_as_it_is_allowed_to() {
        super::process();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!((limit.current, limit.current), (limit.maximum, super::descriptors()));
    }
}
