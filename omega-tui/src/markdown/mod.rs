//! Markdown in a terminal, also while it still arrives.
//!
//! The promise: the cells depend on the text alone, never on how it was cut on its way. The text is split into top-level
//! blocks; a block that a later block has closed never changes again, so it is laid out once and kept. Only the last
//! block is laid out anew with each piece of text.

mod blocks;
mod math;
mod mend;
mod render;
mod rope;
mod table;

pub use blocks::{finished, split};
pub use render::{block as render, code_lines};
pub use rope::Rope;

use crate::{blob::shorten, clean::clean, links::Marks, theme::Theme};
use ratatui::text::Line;
use std::sync::Arc;

/// Lines ready to draw.
pub type Lines = Arc<[Line<'static>]>;

/// What becomes of the lines of a block.
pub type Dress = fn(Vec<Line<'static>>) -> Vec<Line<'static>>;

/// A Markdown text that may grow, with the layout of its finished blocks.
#[derive(Debug, Default)]
pub struct Document {
    /// The text of the finished blocks.
    done: String,
    blocks: Vec<Lines>,
    /// What stands between two of them.
    gap: Lines,
    /// Of the links of the finished blocks, and of all of them.
    finished_marks: Marks,
    marks: Marks,
    width: usize,
    theme: Option<Theme>,
}

impl Document {
    /// The lines of `text` at a width. Finished blocks that were laid out before are reused.
    pub fn layout(&mut self, text: &str, width: usize, theme: &Theme) -> Vec<Line<'static>> {
        self.dressed(text, width, theme, false, |lines| lines).iter().cloned().collect()
    }

    /// The same, each block dressed in the same way every time. Where more of the text is to come, its last block is as it
    /// will probably be.
    pub fn dressed(&mut self, text: &str, width: usize, theme: &Theme, grows: bool, dress: Dress) -> Rope {
        self.laid_out(text, width, theme, grows, dress)
    }

    /// Where what was laid out last leads.
    pub fn links(&self) -> &Marks {
        &self.marks
    }

    fn laid_out(&mut self, text: &str, width: usize, theme: &Theme, grows: bool, dress: Dress) -> Rope {
        let text = clean(text);
        let text = shorten(&text);
        if self.width != width || self.theme != Some(*theme) || !text.starts_with(&self.done) {
            let gap = dress(vec![Line::default()]).into();
            *self = Self { width, theme: Some(*theme), gap, ..Self::default() };
        }
        let tail = &text[self.done.len()..];
        let finished = blocks::finished(tail);
        for block in blocks::split(&tail[..finished]) {
            self.blocks.push(dress(render::with_links(block, width, theme, &mut self.finished_marks)).into());
        }
        self.done.push_str(&tail[..finished]);

        let mut lines = Rope::default();
        let mut add = |block: Lines| {
            if !block.is_empty() && !lines.is_empty() {
                lines.push(self.gap.clone());
            }
            lines.push(block);
        };
        self.blocks.iter().for_each(|block| add(block.clone()));
        self.marks = self.finished_marks.clone();
        let mut open = blocks::split(&text[self.done.len()..]).peekable();
        while let Some(block) = open.next() {
            let is_last = grows && open.peek().is_none();
            match mend::table_rows(block).filter(|_| is_last) {
                // Its columns are as wide as its widest cell, which may still come: it would jump with every row.
                Some(rows) => add(dress(vec![mend::table_to_come(rows, width, theme)]).into()),
                None => {
                    let block = if is_last { mend::mended(block) } else { block.into() };
                    add(dress(render::with_links(&block, width, theme, &mut self.marks)).into());
                }
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::{Depth, Mode};
    use omega_core::testing::hostile::{Growth, PATTERNS};
    use proptest::prelude::*;

    fn theme() -> Theme {
        Theme::new(Mode::Dark, Depth::True)
    }

    #[test]
    fn hostile_text_is_laid_out_in_linear_time() {
        for pattern in PATTERNS {
            let growth = Growth::of(6 << 10, |bytes| {
                drop(Document::default().layout(&pattern.text(bytes), 80, &theme()));
            });
            assert!(growth.is_linear(), "{pattern:?}: {growth:?}");
        }
    }

    fn piece() -> impl Strategy<Value = String> {
        prop::sample::select(vec![
            "word",
            " ",
            "\n",
            "\n\n",
            "# ",
            "## x",
            "- ",
            "  - ",
            "1. ",
            "2) ",
            "> ",
            "```",
            "```rs\n",
            "~~~",
            "    ",
            "**",
            "*",
            "_",
            "`",
            "[a](http://b.c)",
            "[a]: /u\n",
            "| a | b |\n",
            "|---|---|\n",
            "| 1 | 日本 |",
            "---",
            "===",
            "<div>",
            "<!--",
            "-->",
            "\t",
            "\\",
            "👩‍👩‍👧",
            "é",
            "- [x] ",
            "\r\n",
            "-",
            "+",
            "***",
            "\"",
            "'t'",
            "[a]:\n",
            "/u\n",
            "$x^2$",
            "$",
            "\\(\\pi\\)",
            "\\[",
            "\\]",
            "\"t\"\n",
        ])
        .prop_map(str::to_owned)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn any_split_of_the_same_bytes_ends_in_the_same_cells(pieces in prop::collection::vec(piece(), 0..40), width in 1..60_usize) {
            let text = pieces.concat();
            let mut streamed = Document::default();
            let mut so_far = String::new();
            for c in text.chars() {
                so_far.push(c);
                let lines = streamed.layout(&so_far, width, &theme());
                prop_assert_eq!(&lines, &Document::default().layout(&so_far, width, &theme()));
            }
            let cleaned = clean(&text);
            let mut marks = Marks::default();
            let whole = blocks::split(&cleaned).map(|b| render::with_links(b, width, &theme(), &mut marks)).filter(|b| !b.is_empty());
            let whole: Vec<_> = whole.collect::<Vec<_>>().join(&[Line::default()][..]);
            let growing = |document: &mut Document| document.dressed(&text, width, &theme(), true, |lines| lines).iter().cloned().collect::<Vec<_>>();
            prop_assert_eq!(growing(&mut streamed), growing(&mut Document::default()));
            prop_assert_eq!(streamed.layout(&text, width, &theme()), whole);
        }
    }

    #[test]
    fn a_finished_block_is_laid_out_once() {
        let mut document = Document::default();
        document.layout("# one\n\ntwo\n\nthr", 40, &theme());
        let first = Arc::clone(&document.blocks[0]);
        document.layout("# one\n\ntwo\n\nthree\n\nfour", 40, &theme());
        assert!(Arc::ptr_eq(&first, &document.blocks[0]));
        assert_eq!(document.blocks.len(), 2);
    }

    #[test]
    fn a_text_that_starts_over_is_laid_out_anew() {
        let mut document = Document::default();
        document.layout("one\n\ntwo\n\n", 40, &theme());
        let lines = document.layout("other", 40, &theme());
        assert_eq!(lines.iter().map(ToString::to_string).collect::<Vec<_>>(), ["other"]);
    }
}
