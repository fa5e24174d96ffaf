//! Memory that nobody uses goes back to the operating system: what an import, a long answer or a thousand streams took is not
//! kept for the next ones.
//!
//! The allocator of glibc keeps an arena for each few threads and gives back only what lies at an arena's end. So a server has
//! two arenas, what is large is mapped for itself and unmapped when it is freed, and when the work is done what is free in
//! between is given back too. Elsewhere allocators do so by themselves.

/// Arenas: threads that allocate at the same time are few.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const ARENAS: libc::c_int = 2;
/// From this size on a block is a mapping of its own.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const MAPPED: libc::c_int = 512 << 10;
/// Bytes that may be free at an arena's end.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const FREE_AT_END: libc::c_int = 1 << 20;

/// How the allocator of a server works from here on; the earlier, the fewer arenas there are.
pub fn set_up() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[allow(unsafe_code, reason = "settings of the allocator; it takes them at any time and from any thread")]
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, ARENAS);
        libc::mallopt(libc::M_MMAP_THRESHOLD, MAPPED);
        libc::mallopt(libc::M_TRIM_THRESHOLD, FREE_AT_END);
    }
}

/// Gives back what is free. It takes milliseconds, in which nobody else may allocate.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[allow(unsafe_code, reason = "it only looks at what is free")]
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(test)]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod tests {
    use std::thread;

    /// Bytes of memory that this process has, without those of files.
    fn anonymous() -> usize {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
    }

    #[test]
    fn what_many_threads_took_in_small_pieces_is_given_back_though_some_of_it_is_kept() {
        super::set_up();
        let before = anonymous();
        let kept: Vec<Vec<Vec<u8>>> = thread::scope(|scope| {
            let work = || {
                let mut pieces: Vec<Vec<u8>> = (0..40_000).map(|n| vec![1; 500 + n % 500]).collect();
                // One in a hundred stays, so that no arena's end is free.
                let mut n = 0;
                pieces.retain(|_| {
                    n += 1;
                    n % 100 == 0
                });
                pieces
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(work)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        super::give_back();
        let (took, left) = (8 * 40_000 * 750, anonymous().saturating_sub(before));
        assert!(left < took / 5, "{left} bytes of {took} stayed");
        assert_eq!(kept.iter().map(Vec::len).sum::<usize>(), 8 * 400);
    }
}
