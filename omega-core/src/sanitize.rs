//! Foreign text made safe for a terminal (`security.md` T7).
//!
//! The promise: what comes out holds no control character but newline and tab, no character that reorders or hides text,
//! and so no way to move the cursor, set a title, write to the clipboard or disguise what is read. It works on pieces:
//! any split of the same text gives the same result, because an unfinished sequence is state, not text.
//!
//! Escape sequences (CSI, OSC, DCS, APC, PM, SOS, and two-character ones) are dropped whole; a carriage return becomes a
//! newline; invisible characters are shown as `\u{202e}`, but the joiners that emoji and some scripts are written with stay between
//! characters that they can join. A newline ends an unfinished sequence, so that a stray
//! introducer costs one line and not the rest of the answer.

/// Where the parser stands inside a sequence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum EscapeState {
    #[default]
    Ground,
    /// After ESC.
    Escape,
    /// After ESC and an intermediate (`ESC ( B`).
    EscapeIntermediate,
    /// In a control sequence.
    Csi,
    /// In a string that ends with BEL or ST.
    String,
    /// In such a string, after ESC: `\` would end it.
    StringEscape,
}

/// The sanitiser of one stream.
#[derive(Debug, Clone, Default)]
pub struct Sanitizer {
    state: EscapeState,
    after_return: bool,
    /// What was shown last.
    before: Option<char>,
    /// A joiner, until what follows says whether it joins.
    joiner: Option<char>,
}

impl Sanitizer {
    /// Takes the next piece and gives what may be shown of it.
    pub fn push(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            self.step(c, &mut out);
        }
        out
    }

    /// Takes the next character, and says whether anything of it may be shown.
    pub(crate) fn shows(&mut self, c: char) -> bool {
        if self.state == EscapeState::Ground && !c.is_control() {
            self.after_return = false;
            return true;
        }
        let mut out = String::new();
        self.step(c, &mut out);
        !out.is_empty()
    }

    /// Whether it stands in plain text.
    pub(crate) fn is_idle(&self) -> bool {
        self.state == EscapeState::Ground
    }

    fn step(&mut self, c: char, out: &mut String) {
        let after_return = std::mem::take(&mut self.after_return);
        match c {
            '\n' if after_return => return,
            '\n' | '\r' => {
                self.state = EscapeState::Ground;
                self.after_return = c == '\r';
                self.show('\n', out);
                return;
            }
            // CAN and SUB abort whatever goes on.
            '\u{18}' | '\u{1a}' => {
                self.state = EscapeState::Ground;
                return;
            }
            _ => {}
        }
        match self.state {
            EscapeState::Ground => self.ground(c, out),
            EscapeState::Escape => self.escape(c, out),
            EscapeState::EscapeIntermediate => match c {
                ' '..='/' => {}
                '0'..='~' => self.state = EscapeState::Ground,
                _ => self.ground(c, out),
            },
            EscapeState::Csi => match c {
                ' '..='?' => {}
                '@'..='~' => self.state = EscapeState::Ground,
                _ => self.ground(c, out),
            },
            EscapeState::String => match c {
                '\u{7}' | '\u{9c}' => self.state = EscapeState::Ground,
                '\u{1b}' => self.state = EscapeState::StringEscape,
                _ => {}
            },
            EscapeState::StringEscape => match c {
                '\\' => self.state = EscapeState::Ground,
                // ESC ended the string and begins something else.
                _ => self.escape(c, out),
            },
        }
    }

    fn escape(&mut self, c: char, out: &mut String) {
        match c {
            '[' => self.state = EscapeState::Csi,
            ']' | 'P' | 'X' | '^' | '_' => self.state = EscapeState::String,
            ' '..='/' => self.state = EscapeState::EscapeIntermediate,
            '0'..='~' => self.state = EscapeState::Ground,
            _ => self.ground(c, out),
        }
    }

    fn ground(&mut self, c: char, out: &mut String) {
        self.state = match c {
            '\u{1b}' => EscapeState::Escape,
            '\u{9b}' => EscapeState::Csi,
            '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => EscapeState::String,
            _ => EscapeState::Ground,
        };
        let may_join = is_joiner(c) && self.joiner.is_none() && self.before.is_some_and(|c| !c.is_ascii());
        if may_join {
            self.joiner = Some(c);
        } else if c == '\t' || !c.is_control() {
            self.show(c, out);
        }
    }

    fn show(&mut self, c: char, out: &mut String) {
        match self.joiner.take() {
            Some(joiner) if !c.is_ascii() && !is_invisible(c) => out.push(joiner),
            Some(joiner) => out.extend(joiner.escape_unicode()),
            None => {}
        }
        if is_invisible(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
        self.before = Some(c).filter(|c| !is_invisible(*c));
    }
}

/// What joins emoji to one, and letters in words of some scripts.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Characters that reorder, hide or carry text without showing: bidirectional controls, zero-width characters, tags.
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A whole text, made safe to print.
pub fn sanitize_terminal(text: &str) -> String {
    Sanitizer::default().push(text)
}

/// The same JSON, in which nothing hides: what a terminal would obey or not show is written as JSON's own escape, and reads as before.
pub fn escaped_json(text: &str) -> String {
    let hides = |c: char| is_invisible(c) || c.is_control() && !matches!(c, '\n' | '\t');
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match hides(c) {
            // Beyond 16 bits JSON has two.
            true => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| shown.push_str(&format!("\\u{unit:04x}"))),
            false => shown.push(c),
        }
    }
    shown
}

/// JSON over several lines in which nothing hides: what a terminal would obey or not show stands there as its escape, and so
/// does a letter of another script among Latin ones, which looks like one of them (`gіthub.com` with a Cyrillic i).
pub fn visible_json(value: &serde_json::Value) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    let mut shown = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        if first == '\\' {
            // JSON's own escape; its letter is none of the word behind it.
            let end = if rest[1..].starts_with('u') { 6 } else { 2 };
            let (escape, more) = rest.split_at(end.min(rest.len()));
            shown.push_str(escape);
            rest = more;
            continue;
        }
        let word = rest.find(|c: char| !c.is_alphanumeric() && !is_invisible(c)).unwrap_or(rest.len());
        let (piece, more) = rest.split_at(word.max(first.len_utf8()));
        let is_latin = piece.contains(|c: char| c.is_ascii_alphabetic());
        for c in piece.chars() {
            // JSON itself escapes all control characters but these.
            let hides = is_invisible(c) || (c.is_control() && c != '\n') || is_lookalike(c) && is_latin || is_styled(c);
            if hides { shown.push_str(&format!("\\u{:04x}", u32::from(c))) } else { shown.push(c) }
        }
        rest = more;
    }
    shown
}

/// Letters of scripts that have the shapes of Latin ones: Greek, Coptic, Cyrillic, Armenian, Cherokee, Lisu.
fn is_lookalike(c: char) -> bool {
    c.is_alphabetic()
        && matches!(c,
            '\u{370}'..='\u{58f}' | '\u{13a0}'..='\u{13ff}' | '\u{1c80}'..='\u{1c8f}' | '\u{1f00}'..='\u{1fff}'
            | '\u{2c80}'..='\u{2cff}' | '\u{2de0}'..='\u{2dff}' | '\u{a4d0}'..='\u{a4ff}' | '\u{a640}'..='\u{a69f}'
            | '\u{ab70}'..='\u{abbf}')
}

/// Latin letters and digits in another dress, which programs read as the plain ones.
fn is_styled(c: char) -> bool {
    matches!(c, '\u{ff01}'..='\u{ff5e}' | '\u{1d400}'..='\u{1d7ff}' | '\u{24b6}'..='\u{24e9}')
}

/// A whole text as one line of at most `width` characters, for lists and activity lines.
pub fn one_line(text: &str, width: usize) -> String {
    let text = sanitize_terminal(text);
    let mut line = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        let gap = usize::from(!line.is_empty());
        let count = word.chars().count();
        if length + gap + count > width {
            let room = width.saturating_sub(length + gap + 1);
            if room > 0 && gap == 1 {
                line.push(' ');
            }
            line.extend(word.chars().take(room));
            line.push('…');
            break;
        }
        if gap == 1 {
            line.push(' ');
        }
        line.push_str(word);
        length += gap + count;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sequences_go_and_text_stays() {
        let cases = [
            ("plain\ttext\n", "plain\ttext\n"),
            ("\x1b[31mred\x1b[0m", "red"),
            ("\x1b]0;title\x07after", "after"),
            ("\x1b]52;c;c2VjcmV0\x1b\\after", "after"),
            ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
            ("\x1bP1$r0m\x1b\\x\x1b_apc\x1b\\y\x1b^pm\x1b\\z\x1bXsos\x1b\\!", "xyz!"),
            ("\u{9b}31mred\u{9d}0;t\u{9c}x\u{85}y", "redxy"),
            ("\x1b(Bx\x1bcy\x1b7z", "xyz"),
            ("a\rb\r\nc\n\nd", "a\nb\nc\n\nd"),
            ("a\x08\x00\x7fb", "ab"),
            ("user\u{202e}txt.exe", "user\\u{202e}txt.exe"),
            ("a\u{200b}b\u{feff}\u{e0041}", "a\\u{200b}b\\u{feff}\\u{e0041}"),
            ("\x1b]0;never ended\nnext line", "\nnext line"),
            ("\x1b[31Ünormal", "Ünormal"),
            ("naïve – 日本語 🦀 مرحبا", "naïve – 日本語 🦀 مرحبا"),
            ("\x1b\x1b[2Jx\x1b", "x"),
            ("👨\u{200d}👩\u{200d}👧 👁\u{fe0f}\u{200d}🗨", "👨\u{200d}👩\u{200d}👧 👁\u{fe0f}\u{200d}🗨"),
            ("می\u{200c}خواهم क्\u{200d}ष", "می\u{200c}خواهم क्\u{200d}ष"),
            (
                "pay\u{200d}pal ä\u{200d}b ä\u{200d}\u{200d}ö ä\u{200c}\n",
                "pay\\u{200d}pal ä\\u{200d}b ä\\u{200d}\\u{200d}ö ä\\u{200c}\n",
            ),
        ];
        for (text, shown) in cases {
            assert_eq!(sanitize_terminal(text), shown, "{text:?}");
        }
    }

    #[test]
    fn one_line_is_one_line_and_fits() {
        assert_eq!(one_line("  a\n\tb   c ", 80), "a b c");
        assert_eq!(one_line("hello wonderful world", 10), "hello won…");
        assert_eq!(one_line("abcdefghij", 5), "abcd…");
        assert_eq!(one_line("\x1b[2J", 5), "");
    }

    /// Text made mostly of what matters here.
    fn hostile() -> impl Strategy<Value = String> {
        let specials = "\u{1b}\u{9b}\u{9c}\u{9d}\u{90}[]P_^X\\\u{7}\r\n\t;0m(\u{202e}\u{200b}\u{200c}\u{200d}\u{e0020}\u{18}\u{7f}ä🦀";
        let special = proptest::sample::select(specials.chars().collect::<Vec<_>>());
        proptest::collection::vec(prop_oneof![4 => special, 1 => any::<char>()], 0..80)
            .prop_map(|chars| chars.into_iter().collect())
    }

    proptest! {
        #[test]
        fn nothing_forbidden_comes_out(text in hostile()) {
            let shown: Vec<char> = sanitize_terminal(&text).chars().collect();
            for (at, c) in shown.iter().enumerate() {
                let joins = || at > 0 && [shown.get(at - 1), shown.get(at + 1)].iter().all(|it| it.is_some_and(|c| !c.is_ascii() && !is_invisible(*c)));
                prop_assert!(matches!(c, '\n' | '\t') || !(c.is_control() || is_invisible(*c)) || is_joiner(*c) && joins(), "{c:?}");
            }
        }

        #[test]
        fn any_split_gives_the_same_text(text in hostile(), cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..6)) {
            let chars: Vec<char> = text.chars().collect();
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(chars.len() + 1)).collect();
            at.extend([0, chars.len()]);
            at.sort_unstable();
            let mut sanitizer = Sanitizer::default();
            let joined: String =
                at.windows(2).map(|w| sanitizer.push(&chars[w[0]..w[1]].iter().collect::<String>())).collect();
            prop_assert_eq!(joined, sanitize_terminal(&text));
        }

        #[test]
        fn what_was_made_safe_stays_as_it_is(text in hostile()) {
            let once = sanitize_terminal(&text);
            prop_assert_eq!(sanitize_terminal(&once), once);
        }
    }

    #[test]
    fn nothing_of_an_input_hides() {
        let value = serde_json::json!({"a": "x\u{1b}[2J\u{202e}y\u{9b}\u{7f}\n"});
        assert_eq!(visible_json(&value), "{\n  \"a\": \"x\\u001b[2J\\u202ey\\u009b\\u007f\\n\"\n}");
    }

    #[test]
    fn json_reads_as_before_and_nothing_hides_in_it() {
        let value = serde_json::json!({ "a\u{202e}": ["x\u{1b}[2J\u{9b}\u{200b}\u{e0041}é👩\u{200d}👧", 1.5, null] });
        let shown = escaped_json(&serde_json::to_string_pretty(&value).unwrap());
        assert!(!shown.chars().any(|c| is_invisible(c) || c.is_control() && c != '\n'), "{shown}");
        assert!(shown.contains("\\udb40\\udc41é"), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }

    #[test]
    fn a_letter_that_looks_like_a_latin_one_is_told_apart() {
        for (text, shown) in [
            ("g\u{456}thub.com", "g\\u0456thub.com"),
            ("\u{440}aypal", "\\u0440aypal"),
            ("pay\u{200b}\u{440}al", "pay\\u200b\\u0440al"),
            ("\u{ff45}vil.test", "\\uff45vil.test"),
            ("привет, world", "привет, world"),
            ("a\nпривет\u{1}мир\"да", "a\\nпривет\\u0001мир\\\"да"),
            ("naïve Σίσυφος 日本語 ümlaut", "naïve Σίσυφος 日本語 ümlaut"),
        ] {
            assert_eq!(visible_json(&serde_json::json!(text)), format!("\"{shown}\""), "{text}");
        }
    }
}
