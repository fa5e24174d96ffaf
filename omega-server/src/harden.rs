//! What a server asks of the operating system for its own memory: nobody else looks into it, and it is never written to a
//! file (`security.md` T12). Its children get the same limit, and have memory of their own.

/// No core files, and no look into this process by others of the same user. What a system lacks is left out and said.
pub fn process() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    if let Err(error) = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }) {
        tracing::warn!(event = "harden.core", %error, "core files can't be switched off");
    }
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable) {
        tracing::warn!(event = "harden.dumpable", %error, "other processes of this user can look into this one");
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
}
