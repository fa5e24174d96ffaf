//! The rows that a text takes while it is edited. Unlike in the transcript no character is dropped: every byte of the
//! text belongs to a row, so that the caret can stand anywhere.

use unicode_segmentation::UnicodeSegmentation;

/// A row, as bytes of the text; without the line break that ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Its first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
    /// Whether it ended because it was full.
    pub soft: bool,
}

/// Breaks a text into rows of at most `max` cells, after spaces where there are any. `cells` says what a grapheme takes.
pub fn rows(text: &str, max: usize, cells: impl Fn(&str) -> usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let (mut start, mut used) = (0, 0);
    // The byte after the last space of the row, and the cells up to it.
    let mut space: Option<(usize, usize)> = None;
    for (at, grapheme) in text.grapheme_indices(true) {
        if grapheme == "\n" {
            rows.push(Row { start, end: at, soft: false });
            (start, used, space) = (at + 1, 0, None);
            continue;
        }
        let cells = cells(grapheme);
        // Spaces may hang over the edge: a row that begins with one looks wrong.
        if used + cells > max && at > start && grapheme != " " {
            let (next, before) = space.unwrap_or((at, used));
            rows.push(Row { start, end: next, soft: true });
            (start, used, space) = (next, used - before, None);
        }
        used += cells;
        if grapheme == " " {
            space = Some((at + 1, used));
        }
    }
    rows.push(Row { start, end: text.len(), soft: false });
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wrap::width;

    fn texts(text: &str, max: usize) -> Vec<&str> {
        rows(text, max, width).iter().map(|row| &text[row.start..row.end]).collect()
    }

    #[test]
    fn rows_break_after_spaces_and_keep_every_character() {
        assert_eq!(texts("one two three", 8), ["one two ", "three"]);
        assert_eq!(texts("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(texts("日本語", 4), ["日本", "語"]);
        assert_eq!(texts("a\n\nb\n", 4), ["a", "", "b", ""]);
        assert_eq!(texts("", 4), [""]);
        assert_eq!(texts("日", 1), ["日"]);
        assert_eq!(texts("abcd efgh", 4), ["abcd ", "efgh"]);
    }
}
