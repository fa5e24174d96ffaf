//! So many of something, in words.

use std::fmt::Display;

/// "1 row", "2 rows". What is counted is named in the singular, and its plural has an s.
#[must_use]
pub fn counted(count: impl TryInto<u64> + Display, what: &str) -> String {
    let words = format!("{count} {what}");
    if count.try_into().is_ok_and(|count| count == 1) { words } else { words + "s" }
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_has_no_s() {
        assert_eq!(
            [0, 1, 2, 21].map(|n: u64| counted(n, "tool call")),
            ["0 tool calls", "1 tool call", "2 tool calls", "21 tool calls"]
        );
        assert_eq!(counted(1_usize, "row"), "1 row");
    }
}
