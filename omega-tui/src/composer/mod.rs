//! The text that is being written: edited by grapheme, over any number of lines, with the earlier messages behind it.
//!
//! The caret is always on the border of a grapheme. Nothing that was typed is lost: going through the history keeps the
//! draft, and a message that could not be sent comes back.

mod history;
mod rows;

use crate::wrap::width;
use history::History;
use omega_core::sanitize::is_invisible;
pub use rows::Row;
use rows::rows;
use unicode_segmentation::UnicodeSegmentation;

/// An editor for one message.
#[derive(Debug, Default)]
pub struct Composer {
    text: String,
    caret: usize,
    /// Cells of a row, as last drawn.
    width: usize,
    /// The column that up and down keep.
    goal: Option<usize>,
    history: History,
}

impl Composer {
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Tells how wide it is drawn.
    pub fn set_width(&mut self, width: usize) {
        self.width = width.max(1);
    }

    /// The rows that it takes at its width.
    pub fn rows(&self) -> Vec<Row> {
        rows(&self.text, self.width.max(1))
    }

    pub fn caret_at(&self, rows: &[Row]) -> (usize, usize) {
        let row = rows.iter().rposition(|row| row.start <= self.caret).unwrap_or(0);
        let start = rows.get(row).map_or(0, |row| row.start);
        (row, width(&self.text[start..self.caret]).min(self.width))
    }

    /// Puts text at the caret in one piece: typed, or pasted with its line breaks.
    pub fn insert(&mut self, text: &str) {
        let text = typeable(text);
        self.text.insert_str(self.caret, &text);
        self.caret += text.len();
        // What follows may have joined with it (a combining mark, half an emoji).
        self.caret = self.settled(self.caret);
        self.goal = None;
    }

    pub fn set(&mut self, text: &str) {
        self.text = typeable(text);
        self.caret = self.text.len();
        self.goal = None;
    }

    /// Takes the text out and remembers it.
    pub fn take(&mut self) -> String {
        let text = std::mem::take(&mut self.text);
        self.caret = 0;
        self.goal = None;
        self.history.push(text.clone());
        text
    }

    /// Puts a text back that could not be used, before what has been written since.
    pub fn give_back(&mut self, text: &str) {
        if self.text.trim().is_empty() {
            self.set(text);
        } else {
            let caret = self.caret;
            let back = format!("{text}\n");
            self.text.insert_str(0, &back);
            self.caret = caret + back.len();
        }
    }

    /// Adds a message of an earlier time to the history.
    pub fn remember(&mut self, text: String) {
        self.history.push(text);
    }

    /// A grapheme to the left.
    pub fn left(&mut self) {
        self.move_to(self.previous_border(self.caret));
    }

    /// A grapheme to the right.
    pub fn right(&mut self) {
        self.move_to(self.next_border(self.caret));
    }

    /// To the start of the word before.
    pub fn word_left(&mut self) {
        self.move_to(self.word_start());
    }

    /// To the end of the word after.
    pub fn word_right(&mut self) {
        let rest = &self.text[self.caret..];
        let words = rest.split_word_bound_indices();
        let end = words.filter(|(_, word)| !is_gap(word)).map(|(at, word)| at + word.len()).next();
        self.move_to(end.map_or(self.text.len(), |end| self.settled(self.caret + end)));
    }

    pub fn line_start(&mut self) {
        self.move_to(self.start_of_line());
    }

    pub fn line_end(&mut self) {
        self.move_to(self.end_of_line());
    }

    /// A row up; at the first one, the message before.
    pub fn up(&mut self) {
        if !self.move_rows(-1)
            && let Some(text) = self.history.previous(&self.text)
        {
            self.set(&text);
        }
    }

    /// A row down; at the last one, the message after, and at last the draft.
    pub fn down(&mut self) {
        if !self.move_rows(1)
            && let Some(text) = self.history.next()
        {
            self.set(&text);
        }
    }

    /// Deletes the grapheme before the caret.
    pub fn delete_back(&mut self) {
        self.delete(self.previous_border(self.caret), self.caret);
    }

    /// Deletes the grapheme after the caret.
    pub fn delete_forward(&mut self) {
        self.delete(self.caret, self.next_border(self.caret));
    }

    pub fn delete_word(&mut self) {
        self.delete(self.word_start(), self.caret);
    }

    /// Deletes to the start of the line; there, the line break before it.
    pub fn delete_to_start(&mut self) {
        let start = self.start_of_line();
        self.delete(if start == self.caret { self.previous_border(start) } else { start }, self.caret);
    }

    /// Deletes to the end of the line; there, the line break.
    pub fn delete_to_end(&mut self) {
        let end = self.end_of_line();
        self.delete(self.caret, if end == self.caret { self.next_border(end) } else { end });
    }

    fn delete(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.caret = from;
        self.caret = self.settled(self.caret);
        self.goal = None;
    }

    fn move_to(&mut self, at: usize) {
        self.caret = at;
        self.goal = None;
    }

    fn move_rows(&mut self, by: isize) -> bool {
        let rows = self.rows();
        let (row, column) = self.caret_at(&rows);
        let Some(target) = row.checked_add_signed(by).and_then(|row| rows.get(row)) else { return false };
        let goal = *self.goal.get_or_insert(column);
        let text = &self.text[target.start..target.end];
        let mut at = target.start + crate::wrap::prefix(text, goal).len();
        if at == target.end && target.soft && at > target.start {
            // The end of a wrapped row is the start of the next one.
            at = self.previous_border(at);
        }
        self.caret = at;
        true
    }

    fn start_of_line(&self) -> usize {
        self.text[..self.caret].rfind('\n').map_or(0, |at| at + 1)
    }

    fn end_of_line(&self) -> usize {
        self.text[self.caret..].find('\n').map_or(self.text.len(), |at| self.caret + at)
    }

    fn word_start(&self) -> usize {
        let words = self.text[..self.caret].split_word_bound_indices();
        let start = words.rev().find(|(_, word)| !is_gap(word)).map_or(0, |(at, _)| at);
        // Words and graphemes disagree about flags.
        self.borders(start).take_while(|border| *border <= start).last().unwrap_or(0)
    }

    /// The borders of graphemes from the line that `at` is in, or that it ends, to the end. A line break is always one, so
    /// that nothing before the line matters.
    fn borders(&self, at: usize) -> impl Iterator<Item = usize> {
        let line = self.text[..at].trim_end_matches('\n').rfind('\n').map_or(0, |at| at + 1);
        let starts = self.text[line..].grapheme_indices(true).map(move |(from, _)| line + from);
        starts.chain([self.text.len()])
    }

    /// The nearest border at or after a place between two characters.
    fn settled(&self, at: usize) -> usize {
        self.borders(at).find(|border| *border >= at).unwrap_or(self.text.len())
    }

    fn previous_border(&self, at: usize) -> usize {
        self.borders(at).take_while(|border| *border < at).last().unwrap_or(0)
    }

    fn next_border(&self, at: usize) -> usize {
        self.borders(at).find(|border| *border > at).unwrap_or(self.text.len())
    }
}

/// What a message may hold: everything but the control characters that no message needs. Tabs stay, data has them.
fn typeable(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// A row as it is drawn, cell for cell: a tab as an arrow, and nothing that hides.
pub fn shown(row: &str) -> String {
    row.chars().filter(|c| !is_invisible(*c) || *c == '\u{200d}').map(|c| if c == '\t' { '→' } else { c }).collect()
}

fn is_gap(word: &str) -> bool {
    word.chars().all(|c| c.is_whitespace() || c.is_ascii_punctuation())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `|` is the caret.
    fn composer(marked: &str) -> Composer {
        let caret = marked.find('|').unwrap();
        Composer { text: marked.replacen('|', "", 1), caret, width: 10, ..Composer::default() }
    }

    fn marked(composer: &Composer) -> String {
        let mut text = composer.text.clone();
        text.insert(composer.caret, '|');
        text
    }

    #[test]
    fn edits_by_before_and_after() {
        type Edit = fn(&mut Composer);
        let cases: &[(&str, Edit, &str)] = &[
            ("ab|", |c| c.insert("日"), "ab日|"),
            ("a👩‍👩‍👧|b", Composer::delete_back, "a|b"),
            ("a|👩‍👩‍👧b", Composer::right, "a👩‍👩‍👧|b"),
            ("ae\u{301}|", Composer::left, "a|e\u{301}"),
            ("one two|", Composer::delete_word, "one |"),
            ("one, |two", Composer::word_left, "|one, two"),
            ("|one, two", Composer::word_right, "one|, two"),
            ("a\nbc|d", Composer::delete_to_start, "a\n|d"),
            ("a\n|d", Composer::delete_to_start, "a|d"),
            ("a|bc\nd", Composer::delete_to_end, "a|\nd"),
            ("a|\nd", Composer::delete_to_end, "a|d"),
            ("ab\nc|d", Composer::line_start, "ab\n|cd"),
            ("|ab\ncd", Composer::line_end, "ab|\ncd"),
            ("abc|\nd\nefg", Composer::down, "abc\nd|\nefg"),
            ("abc\nd|", Composer::up, "a|bc\nd"),
            ("0123456789ab|", Composer::up, "01|23456789ab"),
            ("|ab", Composer::delete_back, "|ab"),
            ("ab|", Composer::delete_forward, "ab|"),
            ("|", |c| c.insert("a\r\nb\rc\u{1b}[A"), "a\nb\nc[A|"),
        ];
        for (before, edit, after) in cases {
            let mut composer = composer(before);
            edit(&mut composer);
            assert_eq!(marked(&composer), *after, "after an edit of {before}");
        }
    }

    #[test]
    fn the_column_is_kept_over_a_short_line() {
        let mut composer = composer("abcdef|\ng\nhijklm");
        composer.down();
        composer.down();
        assert_eq!(marked(&composer), "abcdef\ng\nhijklm|");
    }

    #[test]
    fn the_history_keeps_the_draft() {
        let mut composer = composer("one|");
        composer.take();
        composer.set("two");
        composer.take();
        composer.insert("draft");
        composer.up();
        assert_eq!(composer.text(), "two");
        composer.up();
        composer.up();
        assert_eq!(composer.text(), "one");
        composer.down();
        composer.down();
        assert_eq!(composer.text(), "draft");
    }

    #[test]
    fn a_text_that_comes_back_joins_what_was_written_since() {
        let mut composer = composer("|");
        composer.give_back("first");
        assert_eq!(marked(&composer), "first|");
        composer.set("later");
        composer.give_back("first");
        assert_eq!(marked(&composer), "first\nlater|");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn the_caret_never_leaves_the_borders(keys in prop::collection::vec(0..14_u8, 0..60), width in 1..12_usize) {
            let mut c = Composer { width, ..Composer::default() };
            for key in keys {
                match key {
                    0 => c.insert("a"),
                    1 => c.insert("👩‍👩‍👧"),
                    2 => c.insert("\u{301}"),
                    3 => c.insert("\u{200d}"),
                    4 => c.insert("日 \n"),
                    5 => c.left(),
                    6 => c.right(),
                    7 => c.up(),
                    8 => c.down(),
                    9 => c.delete_back(),
                    10 => c.delete_forward(),
                    11 => c.word_left(),
                    12 => c.delete_word(),
                    _ => c.insert("🇩"),
                }
                prop_assert_eq!(c.settled(c.caret), c.caret, "{}", marked(&c));
                let rows = c.rows();
                let (row, column) = c.caret_at(&rows);
                prop_assert!(row < rows.len() && column <= width);
            }
        }
    }
}
