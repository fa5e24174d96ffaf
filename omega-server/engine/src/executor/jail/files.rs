//! Landlock: which files a process reaches, and to which TCP ports it connects.

use super::rules::{Reach, Rules};
use crate::executor::permissions::Work;
use landlock::{
    ABI, Access, AccessFs, AccessNet, LandlockStatus, NetPort, RestrictionStatus, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, Scope, path_beneath_rules,
};
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    os::unix::ffi::OsStringExt,
    path::{Path, PathBuf},
};

/// The newest that this was tried with; on older kernels the crate leaves out what they lack.
const TRIED: ABI = ABI::V6;

/// What every program of a system needs to run, to find hosts and to trust them. Libraries can be loaded but not run: the one
/// program that can is Deno. Private keys may lie in `/etc/ssl`, hence its parts. What is not there is passed over.
const SYSTEM: [&str; 30] = [
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/nix/store",
    "/gnu/store",
    "/etc/ld.so.cache",
    "/etc/ssl/certs",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/openssl.cnf",
    "/etc/pki/tls/certs",
    "/etc/pki/tls/cert.pem",
    "/etc/pki/ca-trust/extracted",
    "/etc/ca-certificates/extracted",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/localtime",
    "/usr/share/zoneinfo",
    "/dev/urandom",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/self/statm",
    "/sys/devices/system/cpu/online",
];

/// The kernel's ABI of landlock; 0 for none.
pub fn abi() -> u32 {
    match Ruleset::default().handle_access(AccessFs::Execute).and_then(|ruleset| ruleset.create()?.restrict_self()) {
        Ok(RestrictionStatus { landlock: LandlockStatus::Available { effective_abi, kernel_abi }, .. }) => {
            kernel_abi.and_then(|abi| u32::try_from(abi).ok()).unwrap_or(effective_abi as u32)
        }
        _ => 0,
    }
}

/// Confines this process for ever, as far as the kernel can.
pub fn confine(rules: &Rules) -> Result<(), String> {
    restrict(rules).map_err(|error| format!("its files can't be confined: {error}"))
}

fn restrict(rules: &Rules) -> Result<(), RulesetError> {
    let all = AccessFs::from_all(TRIED);
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let run = AccessFs::ReadFile | AccessFs::Execute;
    let never = AccessFs::Execute | AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::IoctlDev;
    let write = match rules.work {
        // Without `Refer` nothing moves from one folder to another, so that no folder lies deeper than the longest path.
        Work::Call => all & !(never | AccessFs::Refer),
        Work::Install => all & !never,
    };
    let mut ruleset = Ruleset::default().handle_access(all)?.handle_access(AccessNet::BindTcp)?;
    let (ports, all_ports): (&[u16], bool) = match &rules.reach {
        Reach::Nothing => (&[], false),
        Reach::Public(ports) => (ports, false),
        Reach::Hosts(ports) => (ports, ports.is_empty()),
    };
    if !all_ports {
        ruleset = ruleset.handle_access(AccessNet::ConnectTcp)?;
    }
    let ports = ports.iter().map(|port| Ok::<_, RulesetError>(NetPort::new(*port, AccessNet::ConnectTcp)));
    ruleset
        .scope(Scope::from_all(TRIED))?
        .create()?
        .add_rules(path_beneath_rules(
            [Some(&rules.program), loader(&rules.program).as_ref()].into_iter().flatten(),
            run,
        ))?
        .add_rules(path_beneath_rules(SYSTEM, read))?
        .add_rules(path_beneath_rules(&rules.read, read))?
        .add_rules(path_beneath_rules(["/dev/null"], AccessFs::ReadFile | AccessFs::WriteFile))?
        .add_rules(path_beneath_rules(&rules.write, write))?
        .add_rules(ports)?
        .restrict_self()?;
    Ok(())
}

/// The program that loads an ELF program, as its header names it: the kernel runs that one first.
fn loader(program: &Path) -> Option<PathBuf> {
    const INTERPRETER: u32 = 3;
    let mut file = File::open(program).ok()?;
    let header: [u8; 64] = read_at(&mut file, 0).ok()?;
    if !header.starts_with(b"\x7fELF\x02\x01") {
        return None; // Not of 64 bits, or not little-endian.
    }
    let first = u64::from_le_bytes(header[32..40].try_into().ok()?);
    let size = u64::from(u16::from_le_bytes([header[54], header[55]]));
    let count = u64::from(u16::from_le_bytes([header[56], header[57]]));
    (0..count).find_map(|index| {
        let entry: [u8; 56] = read_at(&mut file, first + index * size).ok()?;
        let kind = u32::from_le_bytes(entry[..4].try_into().ok()?);
        if kind != INTERPRETER {
            return None;
        }
        let offset = u64::from_le_bytes(entry[8..16].try_into().ok()?);
        let length = usize::try_from(u64::from_le_bytes(entry[32..40].try_into().ok()?)).ok()?;
        let mut path = vec![0; length.min(4096)];
        file.seek(SeekFrom::Start(offset)).ok()?;
        file.read_exact(&mut path).ok()?;
        path.pop(); // The zero at its end.
        Some(std::ffi::OsString::from_vec(path).into())
    })
}

fn read_at<const N: usize>(file: &mut File, offset: u64) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loader_of_a_program_is_found_in_its_header() {
        let own = std::env::current_exe().unwrap();
        if let Some(loader) = loader(&own) {
            assert!(loader.is_absolute() && loader.exists(), "{}", loader.display());
        }
        assert_eq!(loader(Path::new("/etc/hosts")), None);
        assert_eq!(loader(Path::new("/nonexistent")), None);
    }
}
