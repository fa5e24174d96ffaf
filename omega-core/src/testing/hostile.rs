//! Texts that make a careless reader work longer than their length, and the measure of what a reader does with them.
//!
//! Every reader of strangers' text is fed N and 2N of each: what is linear takes twice as long, what is quadratic four times.

use std::time::Duration;

/// A text that repeats something hostile.
#[derive(Debug, Clone, Copy)]
pub struct Pattern {
    /// What stands before the repetition.
    pub head: &'static str,
    pub unit: &'static str,
    /// What stands behind it.
    pub tail: &'static str,
}

const fn of(unit: &'static str) -> Pattern {
    Pattern { head: "", unit, tail: "" }
}

const fn within(head: &'static str, unit: &'static str, tail: &'static str) -> Pattern {
    Pattern { head, unit, tail }
}

impl Pattern {
    /// The text of about so many bytes.
    pub fn text(&self, bytes: usize) -> String {
        format!("{}{}{}", self.head, self.unit.repeat(bytes / self.unit.len()), self.tail)
    }
}

/// The patterns, by what they are hostile to.
pub const PATTERNS: &[Pattern] = &[
    // Addresses: every `//` could begin one that goes on to the end.
    of("http://"),
    of("https://a.test/"),
    of("ws:wss:"),
    of("http:"),
    of("://"),
    of("\\\\a"),
    of("//\\"),
    of("http://a@"),
    of("http://user:"),
    within("http://", "a@", "evil.test/"),
    within("http://", "a.", "test/"),
    within("http://", "xn--", ".test/"),
    within("http://[", "::1", "]/"),
    within("https://evil.test/", "../", "x"),
    within("https://evil.test/", "%2e", "x"),
    of("a@b."),
    of("a.b@c.test "),
    of("@"),
    of("."),
    of("a."),
    of("a-"),
    of("1.2.3."),
    of("::"),
    of("evil.test "),
    of("evil[.]test "),
    of("ht\ttp://a.t\nest/"),
    // Encodings: each could end, and be decoded, somewhere far behind.
    of("&"),
    of("&#"),
    of("&#x"),
    of("&amp;"),
    of("&amp"),
    of("%"),
    of("%25"),
    of("%41"),
    of("\\"),
    of("\\u"),
    of("\\u{"),
    of("\\u{0000"),
    of("\\u0068"),
    of("\\x41"),
    of("aHR0cHM6Ly9ldmlsLnRlc3Q"),
    of("YWFhYWFhYWFhYWFh "),
    of("68747470733a2f2f"),
    of("="),
    // Secrets by their look: each head could go on to the end.
    of("-----BEGIN PRIVATE KEY-----"),
    of("-----BEGIN PRIVATE KEY-----\n"),
    of("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n"),
    of("-----BEGIN "),
    of("-----END PRIVATE KEY-----"),
    of("-"),
    of("eyJ"),
    of("eyJhbGciOiJIUzI1NiJ9."),
    of("eyJhbGciOiJIUzI1NiJ9.e30."),
    of("sk-"),
    of("sk-ant-"),
    of("ghp_"),
    of("AKIA"),
    of("xoxb-"),
    of("AGE-SECRET-KEY-1"),
    of("tpmjs_sk_"),
    of("«redacted:X»"),
    of("A"),
    // Terminals: sequences that never end, characters that join.
    of("\u{1b}["),
    of("\u{1b}]0;"),
    of("\u{1b}P"),
    of("\u{1b}\u{1b}"),
    of("\u{8}"),
    of("a\u{8}"),
    of("\u{0}"),
    of("s\u{0}k\u{0}-\u{0}"),
    of("\r"),
    of("\u{200b}"),
    of("\u{202e}a"),
    of("a\u{301}"),
    within("a", "\u{301}", ""),
    of("\u{1f468}\u{200d}"),
    of("\u{e0041}"),
    of("\u{ff41}"),
    // Markdown: openers without their closers, tables and lists of any size.
    of("*a "),
    of("**a **"),
    of("_a_b"),
    of("`"),
    of("`a"),
    of("``a`"),
    of("["),
    of("[a]("),
    of("[a][b]"),
    of("![a"),
    of("<"),
    of("<a "),
    of("<!--"),
    of("<![CDATA["),
    of("> "),
    of(">> a\n"),
    of("- "),
    of("- a\n  "),
    of("1. a\n"),
    of("|a"),
    of("|a|b|\n|-|-|\n"),
    within("|a|\n|-|\n", "|a\n", ""),
    of("# "),
    of("~~~\n"),
    of("[a]: b\n"),
    of("a\n\n"),
    of("a  \n"),
    of("$"),
    // JSON in text.
    of("["),
    of("{\"a\":"),
    of("[0,"),
    of("\"\\\"\","),
    // Words.
    of("delete from "),
    of("drop "),
    of("a "),
    of("aB"),
    of("\n"),
];

/// What a reader did with a pattern of a size, and of twice that size.
#[derive(Debug, Clone, Copy)]
pub struct Growth {
    /// Processor time of the smaller text.
    pub once: Duration,
    /// Of the larger one.
    pub twice: Duration,
}

impl Growth {
    /// Times a reader with texts of `bytes` and twice as many: the best of a few tries, in this thread's own processor time, so
    /// that other work on the machine does not count. It still shares caches with that work, so what looks as if it grew too
    /// fast is timed again; what does grow too fast does so each time.
    pub fn of(bytes: usize, mut read: impl FnMut(usize)) -> Self {
        let mut growth = Self::once_of(bytes, &mut read);
        for _ in 0..3 {
            if growth.is_linear() || growth.twice > Duration::from_secs(2) {
                break;
            }
            growth = Self::once_of(bytes, &mut read);
        }
        growth
    }

    fn once_of(bytes: usize, mut read: impl FnMut(usize)) -> Self {
        let mut best = |bytes: usize| {
            let mut least = Duration::MAX;
            for _ in 0..3 {
                let before = thread_time();
                read(bytes);
                least = least.min(thread_time().saturating_sub(before));
                // What took long is not measured wrongly by much.
                if least > Duration::from_millis(50) {
                    break;
                }
            }
            least
        };
        Self { once: best(bytes), twice: best(2 * bytes) }
    }

    /// Whether twice as much took less than three times as long. What takes less than a few milliseconds is noise.
    pub fn is_linear(&self) -> bool {
        self.twice < Duration::from_millis(4) || self.twice < self.once * 3
    }
}

/// The most memory that this process had at once, in bytes; 0 where the system doesn't say.
pub fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    kib.and_then(|kib| kib.trim().trim_end_matches(" kB").parse::<usize>().ok()).unwrap_or(0) * 1024
}

pub fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quadratic_is_found_out() {
        let squares = |bytes: usize| {
            let sum: usize = (0..bytes).map(|a| (0..bytes).filter(|b| (a ^ b) % 7 == 3).count()).sum();
            assert!(sum > 0);
        };
        assert!(!Growth::of(2_000, squares).is_linear());
        let line = |bytes: usize| assert!((0..bytes * 1_000).filter(|a| a % 7 == 3).count() > 0);
        assert!(Growth::of(2_000, line).is_linear());
        assert!(PATTERNS.len() >= 60);
    }
}
