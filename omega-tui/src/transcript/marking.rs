//! What is marked with the mouse, as it was written: the screen's own lines are broken, indented and without their marks.
//!
//! The words on the screen are looked for in the source, one after the other; what stands between the first and the last of
//! them there is what was marked. Where a piece has no source, or too little of it is found, it is the lines as they are.

/// Bytes of the source that are looked at for the next word.
const WINDOW: usize = 600;

/// A word on the screen: where it is in the text of the screen, and where in the source.
struct Found {
    shown: (usize, usize),
    source: usize,
}

/// The part of a source that is shown between two bytes of what is shown; nothing where it can't be told.
pub fn part<'s>(shown: &str, source: &'s str, from: usize, to: usize) -> Option<&'s str> {
    let (mut words, mut found, mut at) = (0, Vec::new(), 0);
    for (start, word) in words_of(shown) {
        let is_wordy = word.chars().any(char::is_alphanumeric);
        words += usize::from(is_wordy);
        let window = if is_wordy { WINDOW } else { 4 };
        let end = source.ceil_char_boundary((at + window + word.len()).min(source.len()));
        if let Some(place) = source[at..end].find(word) {
            found.push(Found { shown: (start, start + word.len()), source: at + place });
            at += place + word.len();
        }
    }
    let marked = found.iter().filter(|it| it.shown.0 < to && it.shown.1 > from);
    let (first, last) = (marked.clone().next()?, marked.clone().next_back()?);
    let begin = first.source + from.saturating_sub(first.shown.0);
    let end = last.source + (last.shown.1 - last.shown.0).min(to - last.shown.0);
    // With half of the words missing something else is shown than what was written.
    (found.len() * 2 >= words).then(|| source.get(begin..end)).flatten()
}

/// Runs of letters and digits, and of signs, apart: marks of Markdown stand beside words without a space.
fn words_of(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = 0;
    std::iter::from_fn(move || {
        let from = rest + text[rest..].find(|c: char| !c.is_whitespace())?;
        let first = text[from..].chars().next()?;
        let is_alike = |c: char| !c.is_whitespace() && c.is_alphanumeric() == first.is_alphanumeric();
        let length = text[from..].find(|c| !is_alike(c)).unwrap_or(text.len() - from);
        rest = from + length;
        Some((from, &text[from..rest]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        markdown::Document,
        theme::{Depth, Mode, Theme},
    };
    use proptest::prelude::*;

    fn shown(source: &str, width: usize) -> String {
        let lines = Document::default().layout(source, width, &Theme::new(Mode::Dark, Depth::True));
        lines.iter().map(|line| line.to_string().trim_end().to_owned()).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_is_marked_is_what_was_written() {
        let source = "Some **bold** words that go on over the end of a line, see [docs](https://a.b/c).\n\n- one\n- two `x = 1`\n\n```rs\nfn f() {\n    1\n}\n```\n";
        let screen = shown(source, 24);
        let cases = [
            ("bold", "words", "bold** words"),
            ("words", "line", "words that go on over the end of a line"),
            ("one", "two", "one\n- two"),
            ("fn f", "}", "fn f() {\n    1\n}"),
            ("docs", "b/c", "docs](https://a.b/c"),
        ];
        for (first, last, marked) in cases {
            let from = screen.find(first).unwrap();
            let to = from + screen[from..].find(last).unwrap() + last.len();
            assert_eq!(part(&screen, source, from, to), Some(marked), "{first} to {last} in\n{screen}");
        }
        assert_eq!(part("quite another text here", source, 0, 10), None);
    }

    proptest! {
        #[test]
        fn a_plain_text_is_marked_as_it_is(words in prop::collection::vec("[a-z]{1,9}", 2..40), width in 10..60_usize) {
            let source = words.join(" ");
            let screen = shown(&source, width);
            prop_assert_eq!(part(&screen, &source, 0, screen.len()), Some(source.as_str()));
        }
    }
}
