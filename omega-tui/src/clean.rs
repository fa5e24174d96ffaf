//! The last guard before a cell: text from models, tools and other people can't steer the terminal.
//!
//! It promises that what passes holds no control character but the line break, no bidirectional override and no invisible
//! tag character. It looks at one character at a time, so cleaning a text in pieces gives the same as cleaning it whole.

use std::borrow::Cow;

/// The text without characters that move the cursor, change direction or hide.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c == '\t' || is_forbidden(c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => out.push_str("    "),
            '\u{2028}' | '\u{2029}' => out.push('\n'),
            c if is_forbidden(c) => {}
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// The text on one line.
#[must_use]
pub fn one_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_forbidden(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(
            c,
            '\u{61c}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_and_direction_marks_lose_their_power() {
        assert_eq!(clean("a\u{1b}[31mb\u{9b}2J\u{7}\r\nc"), "a[31mb2J\nc");
        assert_eq!(clean("user\u{202e}gpj.exe\u{2066}x\u{e0041}"), "usergpj.exex");
        assert_eq!(clean("\tx"), "    x");
    }

    #[test]
    fn joined_emoji_and_combining_marks_stay_whole() {
        for text in ["👩‍👩‍👧", "e\u{301}", "日本", "שלום"] {
            assert_eq!(clean(text), text);
        }
    }

    #[test]
    fn one_line_is_one_line() {
        assert_eq!(one_line("  a\n\tb  c\r\n"), "a b c");
    }
}
