//! The last block of a text that still grows, as it will probably be: marks that are open are closed, half a link is its
//! text, and a table waits until it is whole. Only what is shown meanwhile is a guess; the whole text never is.

use crate::{theme::Theme, wrap::fit};
use ratatui::text::{Line, Span};
use std::borrow::Cow;

pub fn mended(block: &str) -> Cow<'_, str> {
    let start = block.trim_start();
    if start.starts_with("```") || start.starts_with("~~~") || block.starts_with("    ") {
        return Cow::Borrowed(block);
    }
    sentence(block)
}

/// The lines of a table so far, where the block is one or will probably be one.
pub fn table_rows(block: &str) -> Option<&str> {
    let start = block.trim_start_matches(['\n', ' ']);
    start.starts_with('|').then_some(start)
}

/// In the place of a table that is not whole: how far it is, and what is written last.
pub fn table_to_come(rows: &str, max: usize, theme: &Theme) -> Line<'static> {
    // Without its head and the rule below that.
    let whole = rows.matches('\n').count().saturating_sub(2);
    let count = match whole {
        0 => String::from("a table"),
        1 => String::from("a table, 1 row so far"),
        n => format!("a table, {n} rows so far"),
    };
    let cells = rows.lines().next_back().unwrap_or_default().split('|').map(str::trim);
    let is_rule = |cell: &&str| !cell.is_empty() && cell.chars().any(|c| c != '-' && c != ':');
    let newest = cells.filter(is_rule).collect::<Vec<_>>().join(" · ");
    let mut spans = vec![Span::styled(format!("┄ {count} "), theme.secondary)];
    if !newest.is_empty() {
        spans.push(Span::styled(format!("┄ {newest}"), theme.dim));
    }
    fit(spans, max)
}

fn sentence(block: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(block);
    if let Some(link) = open_link(block) {
        text = Cow::Owned(link);
    }
    let ends = (odd(&text, "`"), odd(&text.replace("**", "\u{0}"), "\u{0}"));
    if ends == (false, false) {
        return text;
    }
    // A mark that nothing follows yet is none that could be closed.
    let mut text = text.trim_end().trim_end_matches(['*', '`', '_']).trim_end().to_owned();
    for mark in ["`", "**"] {
        let signs = if mark == "**" { text.replace("**", "\u{0}") } else { text.clone() };
        if odd(&signs, if mark == "**" { "\u{0}" } else { mark }) {
            text.push_str(mark);
        }
    }
    Cow::Owned(text)
}

fn odd(text: &str, sign: &str) -> bool {
    text.matches(sign).count() % 2 == 1
}

/// The text with a link at its end, whose address is not whole, as its words alone.
fn open_link(text: &str) -> Option<String> {
    let at = text.rfind('[')?;
    let rest = &text[at + 1..];
    let (words, address) = rest.split_once("](")?;
    let is_open = !address.contains([')', '\n', ' ']);
    is_open.then(|| format!("{}{words}", &text[..at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_is_closed_and_half_a_row_waits() {
        let cases = [
            ("some **thinki", "some **thinki**"),
            ("some **", "some"),
            ("some `co", "some `co`"),
            ("a **b** c", "a **b** c"),
            ("see [docs](https://a.", "see docs"),
            ("see [docs](https://a.b) x", "see [docs](https://a.b) x"),
            ("```\nlet a = **b", "```\nlet a = **b"),
            ("plain", "plain"),
        ];
        for (block, shown) in cases {
            assert_eq!(mended(block), shown, "{block:?}");
        }
    }

    #[test]
    fn a_table_that_is_not_whole_takes_one_line_whatever_comes() {
        let theme = crate::theme::Theme::new(crate::theme::Mode::Dark, crate::theme::Depth::None);
        let cases = [
            ("| Name | Ty", "┄ a table ┄ Name · Ty"),
            ("| a | b |\n|---|", "┄ a table "),
            ("| a | b |\n|---|---|\n| 1 | 2", "┄ a table ┄ 1 · 2"),
            ("| a | b |\n|---|---|\n| 1 | 2 |\n", "┄ a table, 1 row so far ┄ 1 · 2"),
            ("| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | a longer one |\n| 5", "┄ a table, 2 rows so far ┄ 5"),
        ];
        for (block, shown) in cases {
            assert_eq!(table_to_come(table_rows(block).unwrap(), 60, &theme).to_string(), shown, "{block:?}");
        }
        assert_eq!(table_rows("no | table"), None);
    }
}
