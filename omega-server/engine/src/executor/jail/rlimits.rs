//! Limits of one process, and privileges that it gives up. All of it can only go down, so it needs no permission.

use crate::executor::permissions::Work;
use omega_core::budget::IMAGE_BYTES;
use rustix::{
    process::{Resource, Rlimit, getrlimit, nice, setrlimit},
    thread::{CapabilitySet, CapabilitySets, set_capabilities, set_no_new_privs},
};

const MIB: u64 = 1 << 20;
/// Bytes of one file of a call.
const FILE: u64 = 64 * MIB;
/// Open files of a call: what programs are used to, who open all of a folder at once.
const FILES: u64 = 1024;
/// The same of an installer, which has a connection for each package that it fetches.
const INSTALLERS_FILES: u64 = 4096;
/// Seconds of processor time until the server knows how much this call may have: more than any call gets.
const CPU: u64 = 3600;
/// Tools step back behind the server that serves people.
const NICE: i32 = 5;

pub fn set(work: Work, reserved: u64) -> Result<(), String> {
    // A server that is nicer already, or root without its privileges: both do no harm.
    let _ = nice(NICE);
    set_no_new_privs(true).map_err(|error| format!("its privileges can't be held: {error}"))?;
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })
        .map_err(|error| format!("its privileges can't be given up: {error}"))?;
    let (file, files) = match work {
        Work::Call => (FILE, FILES),
        Work::Install => (IMAGE_BYTES.most as u64, INSTALLERS_FILES),
    };
    for (resource, value) in [
        (Resource::Data, reserved),
        (Resource::Fsize, file),
        (Resource::Nofile, files),
        (Resource::Cpu, CPU),
        // A core file would hold the call's secrets.
        (Resource::Core, 0),
    ] {
        lower(resource, value)?;
    }
    Ok(())
}

/// Never above what this process is allowed already. The server lowers the limits of a process that it started, too, maybe at
/// this moment: then what is allowed now is looked at again. It only goes down, so this ends.
fn lower(resource: Resource, value: u64) -> Result<(), String> {
    let mut allowed = getrlimit(resource);
    loop {
        let below = |allowed: Option<u64>| Some(allowed.map_or(value, |allowed| allowed.min(value)));
        let wanted = Rlimit { current: below(allowed.current), maximum: below(allowed.maximum) };
        let Err(error) = setrlimit(resource, wanted) else { return Ok(()) };
        let now = getrlimit(resource);
        if now == allowed {
            return Err(format!("the limit of {resource:?} can't be set: {error}"));
        }
        allowed = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: u64 = 1_000_000;

    #[test]
    fn a_limit_that_another_lowers_meanwhile_is_no_failure() {
        // Root may raise limits, and would be told of nothing.
        let none = CapabilitySet::empty();
        set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none }).unwrap();
        std::thread::scope(|scope| {
            let other = scope.spawn(|| (0..20_000).try_for_each(|n| lower(Resource::Cpu, FIRST - 2 * n)));
            for n in 0..20_000 {
                lower(Resource::Cpu, FIRST - 2 * n - 1).unwrap();
            }
            other.join().unwrap().unwrap();
        });
        assert!(getrlimit(Resource::Cpu).maximum.is_some_and(|most| most <= FIRST - 2 * 19_999));
    }
}
