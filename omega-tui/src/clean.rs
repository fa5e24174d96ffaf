//! The last guard before a cell: text from models, tools and other people can't steer the terminal or disguise itself.
//!
//! [`omega_core::sanitize`] drops escape sequences and makes invisible characters visible. A longer text begins with what the
//! shorter one gave, so that a text may be cleaned again and again while it arrives.

use omega_core::sanitize::{Sanitizer, is_invisible};
use std::borrow::Cow;

/// The text as it may reach the screen: without tabs, too, whose width depends on where they stand.
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| (c.is_control() && c != '\n') || is_invisible(c)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(Sanitizer::default().push(text).replace('\t', "    "))
}

pub fn one_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escape_sequences_go_and_direction_marks_show() {
        assert_eq!(clean("a\u{1b}[31mb\u{9b}2J\u{7}\r\nc"), "ab\nc");
        assert_eq!(clean("user\u{202e}gpj.exe"), "user\\u{202e}gpj.exe");
        assert_eq!(clean("pay\u{200d}pal"), "pay\\u{200d}pal");
        assert_eq!(clean("\tx"), "    x");
    }

    #[test]
    fn joined_emoji_and_combining_marks_stay_whole() {
        for text in ["👩‍👩‍👧", "e\u{301}", "日本", "שלום", "می\u{200c}خواهم"] {
            assert_eq!(clean(text), text);
        }
    }

    #[test]
    fn one_line_is_one_line() {
        assert_eq!(one_line("  a\n\tb  c\r\n"), "a b c");
    }

    proptest! {
        #[test]
        fn what_was_shown_stays_when_more_arrives(text in "[a👩\u{200d}\u{1b}\\[m\u{202e}\n\t]{0,30}") {
            let whole = clean(&text).into_owned();
            for (at, _) in text.char_indices() {
                prop_assert!(whole.starts_with(&*clean(&text[..at])));
            }
            prop_assert!(!whole.chars().any(|c| c.is_control() && c != '\n'));
        }
    }
}
