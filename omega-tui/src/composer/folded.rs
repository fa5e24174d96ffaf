//! Large pastes, folded to one character of the text that is shown as `[500 lines]`: five hundred lines in a composer of ten
//! are nothing that anybody can look at.
//!
//! The character is of a plane that is for private use and that nobody can type here, so that a caret, a deletion and an undo
//! take the whole paste or nothing of it.

const FIRST: u32 = 0x10_0000;
const LAST: u32 = 0x10_FFFD;
/// Before and after a paste in a text that is kept.
const BEGINS: char = '\u{10FFFE}';
const ENDS: char = '\u{10FFFF}';
/// Lines and bytes from which a paste is folded.
const MANY: usize = 12;
const LONG: usize = 4_000;

/// Whether a character stands for a paste.
pub fn is_mark(c: char) -> bool {
    (FIRST..=LAST).contains(&u32::from(c))
}

/// Whether a character means something here, so that no message can have it.
pub fn is_reserved(c: char) -> bool {
    c >= '\u{100000}'
}

/// The pastes of a text.
#[derive(Debug, Default)]
pub struct Folded(Vec<String>);

impl Folded {
    /// The character that stands for a paste, when it is large.
    pub fn fold(&mut self, text: &str) -> Option<char> {
        if text.len() < LONG && text.lines().count() < MANY {
            return None;
        }
        let mark = FIRST.checked_add(u32::try_from(self.0.len()).ok()?).filter(|mark| *mark <= LAST)?;
        self.0.push(text.to_owned());
        char::from_u32(mark)
    }

    fn of(&self, mark: char) -> Option<&String> {
        self.0.get(usize::try_from(u32::from(mark).checked_sub(FIRST)?).ok()?)
    }

    /// The text with all of its pastes.
    pub fn whole(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            match is_mark(c) {
                true => out.push_str(self.of(c).map_or("", String::as_str)),
                false => out.push(c),
            }
        }
        out
    }

    /// The text with all of its pastes, and where each begins and ends.
    pub fn kept(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            match self.of(c).filter(|_| is_mark(c)) {
                Some(paste) => {
                    out.push(BEGINS);
                    out.push_str(paste);
                    out.push(ENDS);
                }
                None => out.push(c),
            }
        }
        out
    }

    /// A text that was kept, folded as it was. `clean` is what a message may have of a text.
    pub fn take_up(&mut self, kept: &str, clean: fn(&str) -> String) -> String {
        let mut out = String::new();
        for (index, piece) in kept.split(BEGINS).enumerate() {
            let (paste, text) = piece.split_once(ENDS).filter(|_| index > 0).unwrap_or(("", piece));
            let paste = clean(paste);
            match self.fold(&paste) {
                Some(mark) => out.push(mark),
                None => out.push_str(&paste),
            }
            out.push_str(&clean(text));
        }
        out
    }

    /// The text as it is shown.
    pub fn shown(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            match self.of(c).filter(|_| is_mark(c)) {
                Some(paste) => out.push_str(&words(paste)),
                None => out.push(c),
            }
        }
        out
    }

    /// What stands in the place of a mark, to be edited; the mark where it stands for nothing.
    pub fn content(&self, mark: char) -> Option<&str> {
        self.of(mark).filter(|_| is_mark(mark)).map(String::as_str)
    }
}

fn words(paste: &str) -> String {
    match paste.lines().count() {
        1 => format!("[{} characters]", paste.chars().count()),
        lines => format!("[{lines} lines]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_paste_is_one_character_and_comes_back_whole() {
        let mut folded = Folded::default();
        assert_eq!(folded.fold("one\ntwo"), None);
        let (lines, long) = ("x\n".repeat(500), "y".repeat(5_000));
        let (first, second) = (folded.fold(&lines).unwrap(), folded.fold(&long).unwrap());
        let text = format!("a{first}b{second}c");
        assert_eq!(folded.shown(&text), "a[500 lines]b[5000 characters]c");
        assert_eq!(folded.whole(&text), format!("a{lines}b{long}c"));
    }

    #[test]
    fn what_was_kept_comes_back_as_it_was_and_what_never_was_as_it_is() {
        let mut folded = Folded::default();
        let mark = folded.fold(&"x\n".repeat(500)).unwrap();
        let kept = folded.kept(&format!("a{mark}b{mark}"));
        let mut again = Folded::default();
        let text = again.take_up(&kept, str::to_owned);
        assert_eq!(again.shown(&text), "a[500 lines]b[500 lines]");
        assert_eq!(again.whole(&text), folded.whole(&format!("a{mark}b{mark}")));
        for plain in ["", "one\ntwo", "\u{10FFFE}cut", "\u{10FFFF}odd\u{10FFFF}"] {
            let clean: fn(&str) -> String = |text| text.replace(is_reserved, "");
            let text = Folded::default().take_up(plain, clean);
            assert_eq!(text, clean(plain));
        }
    }
}
