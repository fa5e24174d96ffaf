//! Foreign text as one harmless line.

/// The text on one line, without control and format characters, white space collapsed, at most `max` characters (an
/// ellipsis marks a cut).
#[must_use]
pub fn one_line(text: &str, max: usize) -> String {
    let mut out = String::new();
    let mut kept = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if kept > 0 {
            out.push(' ');
            kept += 1;
        }
        for c in word.chars().filter(|c| !is_format(*c)) {
            if kept >= max {
                out.push('…');
                return out;
            }
            out.push(c);
            kept += 1;
        }
    }
    out
}

/// Characters that change how others are shown: direction marks, zero-width ones, tags.
#[must_use]
pub fn is_format(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{061C}' | '\u{FEFF}'
        | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_becomes_one_harmless_line() {
        assert_eq!(one_line("a\n\tb\u{1b}[31m  c\u{202e}d", 100), "a b [31m cd");
        assert_eq!(one_line("abcdef", 3), "abc…");
    }
}
