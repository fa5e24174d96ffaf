//! The text that is being written: edited by grapheme, over any number of lines, with the earlier messages behind it.
//!
//! The caret is always on the border of a grapheme. Nothing that was typed is lost: going through the history keeps the
//! draft, a message that could not be sent comes back, what was cleared is in the history, and every edit can be undone.

mod drafts;
mod folded;
mod history;
mod rows;
#[cfg(test)]
mod tests;
mod undo;

use crate::wrap::width;
use folded::{Folded, is_mark, is_reserved};
use history::History;
use omega_core::sanitize::is_invisible;
pub use rows::Row;
use rows::rows;
use undo::{Edit, Undo};
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
    /// Drafts that nothing leads back to but the history, until the caller keeps them.
    left: Vec<String>,
    undo: Undo,
    folded: Folded,
}

impl Composer {
    /// The text, with one character in the place of a folded paste.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text with all of its pastes.
    pub fn whole(&self) -> String {
        self.folded.whole(&self.text)
    }

    /// The text as it is kept: with all of its pastes, and where they are.
    ///
    /// While somebody looks at an earlier message, it is the draft that he left for it.
    pub fn kept(&self) -> String {
        self.folded.kept(self.history.draft(&self.text).unwrap_or(&self.text))
    }

    /// What stands before the caret.
    pub fn before_caret(&self) -> &str {
        &self.text[..self.caret]
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
        rows(&self.text, self.width.max(1), |text| self.cells(text))
    }

    /// A row as it is drawn, cell for cell: a tab as an arrow, a folded paste in words, and nothing that hides.
    pub fn shown(&self, row: &Row) -> String {
        let text = self.folded.shown(&self.text[row.start..row.end]);
        text.chars()
            .filter(|c| !is_invisible(*c) || *c == '\u{200d}')
            .map(|c| if c == '\t' { '→' } else { c })
            .collect()
    }

    fn cells(&self, text: &str) -> usize {
        if text.chars().any(is_mark) { width(&self.folded.shown(text)) } else { width(text) }
    }

    pub fn caret_at(&self, rows: &[Row]) -> (usize, usize) {
        let row = rows.iter().rposition(|row| row.start <= self.caret).unwrap_or(0);
        let start = rows.get(row).map_or(0, |row| row.start);
        (row, self.cells(&self.text[start..self.caret]).min(self.width))
    }

    /// Puts text at the caret: typed, or pasted with its line breaks.
    pub fn insert(&mut self, text: &str) {
        let text = typeable(text);
        let is_letter = text.chars().count() == 1 && !text.contains([' ', '\n']);
        self.undo.note(if is_letter { Edit::Letter } else { Edit::Whole }, (&self.text, self.caret));
        self.put(&text);
    }

    /// The same of a paste; a large one is folded.
    pub fn paste(&mut self, text: &str) {
        let text = typeable(text);
        self.undo.note(Edit::Whole, (&self.text, self.caret));
        match self.folded.fold(&text) {
            Some(mark) => self.put(mark.encode_utf8(&mut [0; 4])),
            None => self.put(&text),
        }
    }

    /// Unfolds the paste before the caret; false when there is none.
    pub fn unfold(&mut self) -> bool {
        let Some(mark) = self.before_caret().chars().next_back() else { return false };
        let Some(content) = self.folded.content(mark).map(str::to_owned) else { return false };
        self.undo.note(Edit::Whole, (&self.text, self.caret));
        let from = self.caret - mark.len_utf8();
        self.text.replace_range(from..self.caret, "");
        self.caret = from;
        self.put(&content);
        true
    }

    fn put(&mut self, text: &str) {
        self.text.insert_str(self.caret, text);
        self.caret += text.len();
        // What follows may have joined with it (a combining mark, half an emoji).
        self.caret = self.settled(self.caret);
        self.goal = None;
    }

    /// Begins with another text.
    pub fn set(&mut self, text: &str) {
        self.undo.forget();
        self.history.begin_anew();
        self.put_all(text);
    }

    /// Puts another text in its place, which can be undone.
    pub fn replace(&mut self, text: &str) {
        self.undo.note(Edit::Whole, (&self.text, self.caret));
        self.put_all(text);
    }

    /// Puts another text in the place of what stands between `from` and the caret.
    pub fn replace_before_caret(&mut self, from: usize, text: &str) {
        self.undo.note(Edit::Whole, (&self.text, self.caret));
        self.text.replace_range(from..self.caret, "");
        self.caret = from;
        self.put(&typeable(text));
    }

    fn put_all(&mut self, text: &str) {
        self.text = typeable(text);
        self.caret = self.text.len();
        self.goal = None;
    }

    /// Undoes the last edit. False when there is none.
    pub fn undo(&mut self) -> bool {
        let now = (self.text.clone(), self.caret);
        let before = self.undo.back(now);
        self.go_to(before)
    }

    /// Does again what was undone. False when there is nothing.
    pub fn redo(&mut self) -> bool {
        let now = (self.text.clone(), self.caret);
        let after = self.undo.again(now);
        self.go_to(after)
    }

    fn go_to(&mut self, state: Option<undo::State>) -> bool {
        let Some((text, caret)) = state else { return false };
        (self.text, self.caret, self.goal) = (text, caret, None);
        true
    }

    /// Puts back what was deleted last in one go.
    pub fn yank(&mut self) {
        let killed = self.undo.killed().to_owned();
        self.undo.note(Edit::Whole, (&self.text, self.caret));
        self.put(&killed);
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
            self.go_to_entry(&text);
        }
    }

    /// A row down; at the last one, the message after, and at last the draft.
    pub fn down(&mut self) {
        if !self.move_rows(1)
            && let Some(text) = self.history.next()
        {
            self.go_to_entry(&text);
        }
    }

    /// Shows an entry of the history, or the draft with its pastes.
    fn go_to_entry(&mut self, text: &str) {
        self.undo.note(Edit::Whole, (&self.text, self.caret));
        text.clone_into(&mut self.text);
        (self.caret, self.goal) = (self.text.len(), None);
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
        self.kill(self.word_start(), self.caret);
    }

    /// Deletes to the start of the line; there, the line break before it.
    pub fn delete_to_start(&mut self) {
        let start = self.start_of_line();
        self.kill(if start == self.caret { self.previous_border(start) } else { start }, self.caret);
    }

    /// Deletes to the end of the line; there, the line break.
    pub fn delete_to_end(&mut self) {
        let end = self.end_of_line();
        self.kill(self.caret, if end == self.caret { self.next_border(end) } else { end });
    }

    fn kill(&mut self, from: usize, to: usize) {
        if from == to {
            return;
        }
        self.undo.note(Edit::Kill, (&self.text, self.caret));
        let is_before_caret = from < self.caret;
        self.undo.kill(&self.text[from..to], is_before_caret);
        self.cut_out(from, to);
    }

    fn delete(&mut self, from: usize, to: usize) {
        if from < to {
            self.undo.note(Edit::Whole, (&self.text, self.caret));
            self.cut_out(from, to);
        }
    }

    fn cut_out(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.caret = from;
        self.caret = self.settled(self.caret);
        self.goal = None;
    }

    fn move_to(&mut self, at: usize) {
        self.undo.pause();
        self.caret = at;
        self.goal = None;
    }

    fn move_rows(&mut self, by: isize) -> bool {
        let rows = self.rows();
        let (row, column) = self.caret_at(&rows);
        let Some(target) = row.checked_add_signed(by).and_then(|row| rows.get(row)) else { return false };
        let goal = *self.goal.get_or_insert(column);
        let mut at = target.start + self.reaching(&self.text[target.start..target.end], goal);
        self.undo.pause();
        if at == target.end && target.soft && at > target.start {
            // The end of a wrapped row is the start of the next one.
            at = self.previous_border(at);
        }
        self.caret = at;
        true
    }

    /// Bytes of the beginning of a row that reach to a column.
    fn reaching(&self, row: &str, column: usize) -> usize {
        let mut used = 0;
        for (at, grapheme) in row.grapheme_indices(true) {
            used += self.cells(grapheme);
            if used > column {
                return at;
            }
        }
        row.len()
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
    text.chars().filter(|c| (!c.is_control() || matches!(c, '\n' | '\t')) && !is_reserved(*c)).collect()
}

fn is_gap(word: &str) -> bool {
    word.chars().all(|c| c.is_whitespace() || c.is_ascii_punctuation())
}
