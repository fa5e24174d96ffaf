//! What the end of a process means when it left no result: one place that turns signals, exit codes and last words into codes.

use super::jail;
use omega_core::{
    executor::{ToolError, ToolErrorCode},
    sanitize::one_line,
};
use std::{fmt, os::unix::process::ExitStatusExt, process::ExitStatus, time::Duration};

/// How much of what a process said last is told: some lines of its log, and characters of all.
const LAST_LINES: usize = 3;
const LAST_WORDS: usize = 500;

/// Why the host ended a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Killed {
    Deadline(Duration),
    /// The caller gave up.
    Cancelled,
    /// It used more memory than a call may.
    Memory(u64),
    /// It used more of the processor than it may.
    Cpu(Duration),
    /// It wrote more than a call may.
    Flood(usize),
    /// It wrote more to stderr than a call may.
    Noise(usize),
    /// It said more on its way than a call may.
    Chatter(usize),
    /// Its files are more than a call may have.
    Disk(Full),
    /// A frame that can't be read.
    BadFrame,
}

/// What its files have too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// Room on the disk, in bytes.
    Bytes(u64),
    Entries(usize),
    /// Folders within each other.
    Depth(usize),
    /// Folders that the server may not look into.
    Hidden,
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(limit) => write!(f, "its files take more than {} MiB", limit >> 20),
            Self::Entries(limit) => write!(f, "it has more than {limit} files and folders"),
            Self::Depth(limit) => write!(f, "its folders lie more than {limit} deep"),
            Self::Hidden => f.write_str("some of its folders can't be looked into"),
        }
    }
}

impl From<Killed> for ToolError {
    fn from(killed: Killed) -> Self {
        match killed {
            Killed::Deadline(limit) => ToolError::new(
                ToolErrorCode::Timeout,
                format!("the tool did not finish within {} and was ended", humantime::format_duration(limit)),
            ),
            Killed::Cancelled => ToolError::new(ToolErrorCode::Cancelled, "the call was cancelled"),
            Killed::Memory(limit) => out_of_memory(&format!("more than {} MiB", limit >> 20)),
            Killed::Cpu(_) => used_up(),
            Killed::Flood(limit) => ToolError::new(
                ToolErrorCode::OutputTooLarge,
                format!("the tool wrote more than {} MiB and was ended", limit >> 20),
            ),
            Killed::Noise(limit) => ToolError::new(
                ToolErrorCode::OutputTooLarge,
                format!("the tool wrote more than {} MiB to stderr and was ended", limit >> 20),
            ),
            Killed::Chatter(limit) => ToolError::new(
                ToolErrorCode::OutputTooLarge,
                format!("the tool logged, yielded or wrote more than {limit} lines and was ended"),
            ),
            Killed::Disk(full) => disk_limit(&full.to_string()),
            Killed::BadFrame => ToolError::new(
                ToolErrorCode::ProtocolError,
                "the tool's process answered with something that can't be read",
            ),
        }
    }
}

/// A process that ended by itself without a result. `stderr` holds its last words, and so does its log, where what it printed
/// stands too.
pub fn ended_by_itself(status: ExitStatus, stderr: &str, log: &[String]) -> ToolError {
    const SIGTRAP: i32 = 5;
    const SIGXCPU: i32 = 24;
    const SIGXFSZ: i32 = 25;
    const NO_MEMORY: [&str; 3] = ["out of memory", "Array buffer allocation failed", "memory allocation of"];
    let last = stderr.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    if let Some(why) = last.strip_prefix(jail::FAILED) {
        let message = format!("the tool could not be confined and was not started: {why}");
        return ToolError::new(ToolErrorCode::RuntimeUnavailable, message);
    }
    match status.signal() {
        Some(SIGTRAP) => return out_of_memory("its heap is full"),
        Some(SIGXCPU) => return used_up(),
        Some(SIGXFSZ) => return disk_limit("one of its files is too large"),
        _ => {}
    }
    if NO_MEMORY.iter().any(|words| stderr.contains(words)) {
        return out_of_memory("its memory is full");
    }
    if stderr.contains("promise never resolved") {
        return ToolError::new(
            ToolErrorCode::ToolExited,
            "the tool waits for something that can never happen and gave no result",
        );
    }
    let words = last_words(last, log);
    let words = if words.is_empty() { words } else { format!(": {words}") };
    let message = match (status.code(), status.signal()) {
        (Some(code), _) => format!("the tool ended its process with exit code {code} and gave no result{words}"),
        (None, signal) => {
            format!("the tool's process was ended by signal {} and gave no result{words}", signal.unwrap_or_default())
        }
    };
    ToolError::new(ToolErrorCode::ToolExited, message)
}

/// What an ended process said last: the runtime's own report, else the last lines of its log.
fn last_words(report: &str, log: &[String]) -> String {
    if !report.is_empty() {
        return one_line(report, LAST_WORDS);
    }
    let lines: Vec<&str> =
        log.iter().rev().map(|line| line.trim()).filter(|line| !line.is_empty()).take(LAST_LINES).collect();
    let lines: Vec<&str> = lines.into_iter().rev().collect();
    one_line(&lines.join(" / "), LAST_WORDS)
}

fn used_up() -> ToolError {
    ToolError::new(ToolErrorCode::CpuLimit, "the tool used up its time on the processor")
}

fn disk_limit(why: &str) -> ToolError {
    ToolError::new(
        ToolErrorCode::DiskLimit,
        format!("the tool wrote too much to disk ({why}); try it with a smaller input"),
    )
}

fn out_of_memory(why: &str) -> ToolError {
    ToolError::new(
        ToolErrorCode::OutOfMemory,
        format!("the tool ran out of memory ({why}); try it with a smaller input"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_has_its_code() {
        let exit = |code: i32| ExitStatus::from_raw(code << 8);
        let signal = ExitStatus::from_raw;
        let cases = [
            (exit(0), "", ToolErrorCode::ToolExited),
            (exit(1), "error: Uncaught (in promise) Error: boom", ToolErrorCode::ToolExited),
            (exit(1), "error: Top-level await promise never resolved", ToolErrorCode::ToolExited),
            (signal(5), "<--- Last few GCs --->", ToolErrorCode::OutOfMemory),
            (signal(6), "# Fatal process out of memory: Zone", ToolErrorCode::OutOfMemory),
            (exit(1), "error: Uncaught RangeError: Array buffer allocation failed", ToolErrorCode::OutOfMemory),
            (signal(6), "memory allocation of 1048576 bytes failed", ToolErrorCode::OutOfMemory),
            (signal(24), "", ToolErrorCode::CpuLimit),
            (signal(25), "", ToolErrorCode::DiskLimit),
            (exit(126), "omega jail: its server is gone", ToolErrorCode::RuntimeUnavailable),
            (signal(9), "", ToolErrorCode::ToolExited),
        ];
        for (status, stderr, code) in cases {
            assert_eq!(ended_by_itself(status, stderr, &[]).code, code, "{status} {stderr}");
        }
    }

    #[test]
    fn the_last_words_are_told() {
        let ended = |stderr: &str, log: &[&str]| {
            let log: Vec<String> = log.iter().map(|line| (*line).to_owned()).collect();
            ended_by_itself(ExitStatus::from_raw(1 << 8), stderr, &log).message
        };
        let report = ended("\nerror: Uncaught Error: boom\n    at x", &["log: before"]);
        assert!(report.ends_with("error: Uncaught Error: boom"), "{report}");
        let log = ended("", &["log: one", "log: two", "error: fatal:\u{1b}[31m going\0 down", "log: bye"]);
        assert!(log.ends_with("log: two / error: fatal: going down / log: bye"), "{log}");
    }
}
