//! What one process of a tool may use: the numbers, in one place. Who holds it to them is said beside each.
//!
//! A tool's memory has three: the heap of JavaScript, which V8 itself ends; what is resident, which the server watches; and what
//! is reserved, which the kernel refuses. An ordinary tool meets the heap's first.

use omega_core::budget::{IMAGE, IMAGE_BYTES, IMAGE_DEPTH, OUTPUT, SCRATCH, SCRATCH_DEPTH, SCRATCH_ENTRIES};
use std::time::Duration;

/// Megabytes of JavaScript heap; a flag of Deno's says so to V8.
pub const HEAP_MB: u32 = 256;

/// The same for a package whose code alone takes more, as that of clients made of large API descriptions does.
pub const LARGE_HEAP_MB: u32 = 768;

/// Bytes of memory that is the process's own, used or not (`RLIMIT_DATA`). Each thread of JavaScript reserves 512 MiB of it for
/// code, most of which is never used: this is room for two workers.
pub const RESERVED: u64 = 2 << 30;

/// The same of a process with the large heap, and of an installation: room for some more workers.
pub const LARGE_RESERVED: u64 = 4 << 30;

/// Bytes of memory of all processes together that wait for a call; the pool ends the ones above it.
pub const WAITING: u64 = 512 << 20;

/// What one call may use, or one installation.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of a tool's parameters.
    pub input: usize,
    /// Bytes of its output; more is cut.
    pub output: usize,
    /// Bytes of everything that it writes; more ends it.
    pub stdout: usize,
    /// Bytes of logs that are kept.
    pub logs: usize,
    /// Resident bytes of memory; more ends it.
    pub memory: u64,
    /// Bytes that its files take; more ends it.
    pub scratch: u64,
    /// Files and folders that it makes; more ends it.
    pub entries: usize,
    /// Folders within each other; more ends it.
    pub depth: usize,
    /// Time on processors, if the deadline does not set less.
    pub cpu: Duration,
    /// Looking at its files takes at most one part of so many of a processor.
    pub looks: u32,
}

impl Limits {
    /// What a call may use when nothing else is said.
    pub const DEFAULT: Self = Self {
        // As large as an output, which it may be by reference.
        input: OUTPUT.most,
        output: OUTPUT.most,
        stdout: 64 << 20,
        logs: 256 << 10,
        memory: 512 << 20,
        scratch: SCRATCH.most as u64,
        entries: SCRATCH_ENTRIES.most,
        depth: SCRATCH_DEPTH.most,
        cpu: Duration::from_secs(3600),
        looks: 20,
    };

    /// Resident bytes of a process with the large heap.
    pub const LARGE_MEMORY: u64 = 1 << 30;

    /// What an installation may use: more files than a call, which are looked at more often since Deno writes 100,000 in a second.
    pub const INSTALL: Self = Self {
        scratch: IMAGE_BYTES.most as u64,
        entries: IMAGE.most,
        depth: IMAGE_DEPTH.most,
        // Deno holds what registries say of all that a package needs, which is hundreds of listings, some of many megabytes.
        memory: 2 << 30,
        cpu: Duration::from_secs(120),
        looks: 4,
        ..Self::DEFAULT
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
