//! The last block of a text that still grows, as it will probably be: marks that are open are closed, half a link is its
//! text, and a table's row waits until it is whole. Only what is shown meanwhile is a guess; the whole text never is.

use std::borrow::Cow;

pub fn mended(block: &str) -> Cow<'_, str> {
    let start = block.trim_start();
    if start.starts_with("```") || start.starts_with("~~~") || block.starts_with("    ") {
        return Cow::Borrowed(block);
    }
    if start.starts_with('|') {
        return Cow::Borrowed(whole_rows(block));
    }
    sentence(block)
}

/// The rows of a table that are whole; nothing before its rule is.
fn whole_rows(block: &str) -> &str {
    let end = block.rfind('\n').map_or(0, |at| at + 1);
    let rows = &block[..end];
    if rows.lines().count() < 2 { "" } else { rows }
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
            ("| Name | Ty", ""),
            ("| a | b |\n|---|", ""),
            ("| a | b |\n|---|---|\n| 1 | 2", "| a | b |\n|---|---|\n"),
            ("```\nlet a = **b", "```\nlet a = **b"),
            ("plain", "plain"),
        ];
        for (block, shown) in cases {
            assert_eq!(mended(block), shown, "{block:?}");
        }
    }
}
