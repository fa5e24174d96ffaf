//! Seccomp: which system calls a process may make. Deno and V8 need many, so what is refused is named: what starts processes,
//! reaches into others, changes the machine, or outlives the call.

use super::rules::Reach;
use libc::{
    AF_INET, AF_INET6, CLONE_THREAD, EAFNOSUPPORT, ENOSYS, EPERM, PR_SET_PDEATHSIG, SIGXCPU, SOCK_DGRAM, SOCK_STREAM,
    c_long,
};
use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter, sock_filter,
};
use std::collections::BTreeMap;

/// Refused whatever their arguments are.
const REFUSED: &[c_long] = &[
    // Other processes.
    libc::SYS_execveat,
    libc::SYS_kcmp,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_send_signal,
    libc::SYS_process_madvise,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_setns,
    libc::SYS_setpgid,
    libc::SYS_setsid,
    libc::SYS_tkill,
    libc::SYS_unshare,
    // The file system's shape, and ways around paths.
    libc::SYS_chroot,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_pivot_root,
    libc::SYS_quotactl,
    libc::SYS_umount2,
    // The kernel's wide doors.
    libc::SYS_add_key,
    libc::SYS_bpf,
    libc::SYS_fanotify_init,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_keyctl,
    libc::SYS_lookup_dcookie,
    libc::SYS_memfd_secret,
    libc::SYS_perf_event_open,
    libc::SYS_request_key,
    libc::SYS_userfaultfd,
    // The machine.
    libc::SYS_acct,
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_finit_module,
    libc::SYS_init_module,
    libc::SYS_kexec_file_load,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_setdomainname,
    libc::SYS_sethostname,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_vhangup,
    // What stays when the process is gone.
    libc::SYS_mq_open,
    libc::SYS_msgget,
    libc::SYS_semget,
    libc::SYS_shmat,
    libc::SYS_shmget,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
];

/// Confines this process for ever. `false` where the kernel or our crate can't.
pub fn confine(reach: &Reach) -> Result<bool, String> {
    let Ok(arch) = TargetArch::try_from(std::env::consts::ARCH) else { return Ok(false) };
    let programs = programs(reach, arch).map_err(|error| format!("its system calls can't be confined: {error}"))?;
    for (index, program) in programs.iter().enumerate() {
        match apply_filter(program) {
            Ok(()) => {}
            // A kernel without it refuses the first; after that a refusal is a fault.
            Err(Error::Seccomp(error)) if index == 0 && unsupported(&error) => return Ok(false),
            Err(error) => return Err(format!("its system calls can't be confined: {error}")),
        }
    }
    Ok(true)
}

fn unsupported(error: &std::io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EINVAL))
}

/// One filter for each way to refuse.
fn programs(reach: &Reach, arch: TargetArch) -> Result<Vec<BpfProgram>, seccompiler::BackendError> {
    let own = u64::from(std::process::id());
    let mut refused: BTreeMap<i64, Vec<SeccompRule>> = REFUSED.iter().map(|call| (*call, vec![])).collect();
    // Signals reach this process alone; it keeps its number when it becomes Deno.
    refused.insert(libc::SYS_kill, vec![when(0, SeccompCmpOp::Ne, own)?]);
    refused.insert(libc::SYS_tgkill, vec![when(0, SeccompCmpOp::Ne, own)?]);
    // Threads, no processes.
    refused.insert(libc::SYS_clone, vec![when(0, SeccompCmpOp::MaskedEq(bits(CLONE_THREAD)), 0)?]);
    // What ends the call from outside stays.
    refused.insert(libc::SYS_prctl, vec![when(0, SeccompCmpOp::Eq, bits(PR_SET_PDEATHSIG))?]);
    refused.insert(libc::SYS_rt_sigaction, vec![when(0, SeccompCmpOp::Eq, bits(SIGXCPU))?]);
    // The flags of `clone3` can't be seen; without it threads are made by `clone`.
    let unknown = BTreeMap::from([(libc::SYS_clone3, vec![])]);
    let sockets = BTreeMap::from([(libc::SYS_socket, sockets(reach)?)]);
    let mut programs = vec![foreign_numbers()];
    for (calls, errno) in [(refused, EPERM), (unknown, ENOSYS), (sockets, EAFNOSUPPORT)] {
        let refuse = SeccompAction::Errno(errno.cast_unsigned());
        programs.push(SeccompFilter::new(calls, SeccompAction::Allow, refuse, arch)?.try_into()?);
    }
    Ok(programs)
}

/// Sockets that are refused: of other families than the internet's, and raw ones.
fn sockets(reach: &Reach) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    const TYPE: u64 = 0xf;
    let other_type = |kind: i32| condition(1, SeccompCmpOp::MaskedEq(TYPE), bits(kind));
    let families: &[i32] = match reach {
        Reach::Nothing => return Ok(vec![]),
        Reach::Public(_) => &[AF_INET],
        Reach::Hosts(_) => &[AF_INET, AF_INET6],
    };
    let others = families.iter().map(|family| condition(0, SeccompCmpOp::Ne, bits(*family)));
    let mut rules = vec![SeccompRule::new(others.collect::<Result<_, _>>()?)?];
    // Any but a stream or datagrams.
    for kind in (0..=TYPE as i32).filter(|kind| ![SOCK_STREAM, SOCK_DGRAM].contains(kind)) {
        rules.push(SeccompRule::new(vec![other_type(kind)?])?);
    }
    Ok(rules)
}

/// Refuses the numbers by which x86-64 has most calls a second time (x32), which the other filters would not know.
fn foreign_numbers() -> BpfProgram {
    const LOAD_NUMBER: u16 = 0x20;
    const JUMP_IF_AT_LEAST: u16 = 0x35;
    const RETURN: u16 = 0x06;
    const X32: u32 = 0x4000_0000;
    let step = |code, jt, jf, k| sock_filter { code, jt, jf, k };
    vec![
        step(LOAD_NUMBER, 0, 0, 0),
        step(JUMP_IF_AT_LEAST, 0, 1, X32),
        step(RETURN, 0, 0, libc::SECCOMP_RET_ERRNO | ENOSYS.cast_unsigned()),
        step(RETURN, 0, 0, libc::SECCOMP_RET_ALLOW),
    ]
}

fn when(argument: u8, op: SeccompCmpOp, value: u64) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(vec![condition(argument, op, value)?])
}

fn condition(argument: u8, op: SeccompCmpOp, value: u64) -> Result<SeccompCondition, seccompiler::BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, op, value)
}

/// A constant of C as the kernel sees it.
fn bits(constant: i32) -> u64 {
    u64::from(constant.cast_unsigned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_can_be_built_for_every_processor_and_reach() {
        for arch in [TargetArch::x86_64, TargetArch::aarch64] {
            for reach in [Reach::Nothing, Reach::Public(vec![443]), Reach::Hosts(vec![])] {
                let programs = programs(&reach, arch).unwrap();
                assert_eq!(programs.len(), 4);
                assert!(programs.iter().all(|program| program.len() >= 4));
            }
        }
    }
}
