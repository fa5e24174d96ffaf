//! Breaking styled text into lines of a width, by grapheme and by the cells that it takes.
//!
//! It promises that no line is wider than asked, that nothing but spaces at a break is lost, and that styles stay with
//! their text. Breaks come after spaces (but for [`NO_BREAK`]) and beside wide characters; a word longer than a line is cut between graphemes.

use ratatui::{
    style::Style,
    text::{Line, Span},
};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// A space at which no line is broken.
pub const NO_BREAK: &str = "\u{a0}";

/// Cells that a text takes.
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

struct Cell<'a> {
    text: &'a str,
    style: Style,
    width: usize,
}

impl Cell<'_> {
    fn is_space(&self) -> bool {
        self.text == " "
    }
}

/// Breaks spans into lines at most `max` cells wide; a line break in the text is one here.
pub fn wrap(spans: &[Span<'_>], max: usize) -> Vec<Line<'static>> {
    let max = max.max(1);
    let mut lines = Vec::new();
    let mut row: Vec<Cell<'_>> = Vec::new();
    let mut used = 0;
    for span in spans {
        for grapheme in span.content.graphemes(true) {
            if grapheme.contains('\n') {
                lines.push(line_of(&row));
                row.clear();
                used = 0;
                continue;
            }
            // Nearly all there is; the table of widths is large.
            let width = if matches!(grapheme.as_bytes(), [b' '..=b'~']) { 1 } else { width(grapheme) };
            row.push(Cell { text: grapheme, style: span.style, width });
            used += width;
            while used > max {
                let Some(at) = break_point(&row, max) else { break };
                lines.push(line_of(trimmed(&row[..at])));
                let spaces = row[at..].iter().take_while(|c| c.is_space()).count();
                row.drain(..at + spaces);
                used = row.iter().map(|c| c.width).sum();
            }
        }
    }
    lines.push(line_of(&row));
    lines
}

/// Where to cut a row that is too wide; `None` when it can't be cut any further.
fn break_point(row: &[Cell<'_>], max: usize) -> Option<usize> {
    let mut used = 0;
    let mut fits = 0;
    while fits < row.len() && used + row[fits].width <= max {
        used += row[fits].width;
        fits += 1;
    }
    if row.get(fits).is_some_and(Cell::is_space) {
        return Some(fits);
    }
    let between = |i: usize| {
        let (before, after) = (&row[i - 1], &row[i]);
        before.is_space() || before.width > 1 || after.width > 1
    };
    let soft = (1..=fits.min(row.len() - 1)).rev().find(|&i| between(i));
    let soft = soft.filter(|&i| !row[..i].iter().all(Cell::is_space));
    match soft.unwrap_or(fits) {
        // A wide character in a width of one: it stays and is clipped by the screen.
        0 if row.len() > 1 => Some(1),
        0 => None,
        at => Some(at),
    }
}

fn trimmed<'a, 'b>(row: &'a [Cell<'b>]) -> &'a [Cell<'b>] {
    let end = row.iter().rposition(|c| !c.is_space()).map_or(0, |i| i + 1);
    &row[..end]
}

fn line_of(row: &[Cell<'_>]) -> Line<'static> {
    let pieces = row.chunk_by(|a, b| a.style == b.style);
    Line::from_iter(pieces.map(|piece| {
        // What keeps two words together has done so, and is copied as what it looks like.
        let text: String = piece.iter().map(|cell| if cell.text == NO_BREAK { " " } else { cell.text }).collect();
        Span::styled(text, piece[0].style)
    }))
}

/// The spans in one row: what does not fit is cut and marked with `…`.
pub fn fit(spans: Vec<Span<'static>>, max: usize) -> Line<'static> {
    if spans.iter().map(|s| width(&s.content)).sum::<usize>() <= max {
        return Line::from(spans);
    }
    let mut left = max.saturating_sub(1);
    let mut out = Vec::new();
    for span in spans {
        let kept = prefix(&span.content, left);
        left -= width(kept);
        let cut = kept.len() < span.content.len();
        let mark = if cut && max > 0 { "…" } else { "" };
        out.push(Span::styled(format!("{kept}{mark}"), span.style));
        if cut {
            break;
        }
    }
    Line::from(out)
}

/// The longest beginning of `text` that fits in `max` cells.
pub fn prefix(text: &str, max: usize) -> &str {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += width(grapheme);
        if used > max {
            return &text[..at];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(text: &str, max: usize) -> Vec<String> {
        wrap(&[Span::raw(text.to_owned())], max).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn words_move_whole_and_long_words_are_cut() {
        assert_eq!(texts("the quick brown fox", 10), ["the quick", "brown fox"]);
        assert_eq!(texts("supercalifragilistic", 8), ["supercal", "ifragili", "stic"]);
        assert_eq!(texts("日本語テキスト", 6), ["日本語", "テキス", "ト"]);
        assert_eq!(texts("a\n\nb", 6), ["a", "", "b"]);
        assert_eq!(texts("", 6), [""]);
    }

    #[test]
    fn styles_stay_with_their_text() {
        let bold = Style::new().bold();
        let lines = wrap(&[Span::raw("one "), Span::styled("two three", bold)], 8);
        assert_eq!(lines[0].spans[1], Span::styled("two", bold));
        assert_eq!(lines[1].spans[0], Span::styled("three", bold));
    }

    #[test]
    fn what_does_not_fit_in_a_row_is_marked() {
        assert_eq!(fit(vec![Span::raw("abc"), Span::raw("def")], 5).to_string(), "abcd…");
        assert_eq!(fit(vec![Span::raw("abc")], 3).to_string(), "abc");
        assert_eq!(fit(vec![Span::raw("日本語")], 4).to_string(), "日…");
        assert_eq!(fit(vec![Span::raw("abc")], 0).to_string(), "");
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_asked_and_nothing_but_spaces_is_lost(text in "[ a-d日👩e\u{301}\n]{0,60}", max in 2..20_usize) {
            let lines = texts(&text, max);
            for line in &lines {
                prop_assert!(width(line) <= max);
            }
            let squeeze = |s: &str| s.replace([' ', '\n'], "");
            prop_assert_eq!(squeeze(&lines.concat()), squeeze(&text));
        }
    }
}
