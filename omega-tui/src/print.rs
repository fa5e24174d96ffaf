//! Markdown for a terminal that scrolls: a block that is whole is printed once, the open one is drawn anew until it is.
//!
//! The colours are the terminal's own, so that they are right on any ground.

use crate::{
    clean::clean,
    markdown::{finished, render, split},
    theme::{Depth, Mode, Theme},
};
use ratatui::{
    style::{Color, Modifier, Style},
    text::Line,
};

/// Lines are never longer: wider ones are hard to read.
const MOST_COLUMNS: u16 = 100;

/// A Markdown text that grows, as lines for a terminal.
#[derive(Debug)]
pub struct Printer {
    theme: Theme,
    /// Bytes of the clean text whose blocks were given.
    done: usize,
}

/// What became of a text that grew.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Printed {
    /// Blocks that are whole now, as lines.
    pub finished: Vec<Vec<String>>,
    /// The lines of the block that is not.
    pub open: Vec<String>,
}

impl Default for Printer {
    fn default() -> Self {
        Self::new(false)
    }
}

impl Printer {
    /// With the sixteen colours of the terminal, or without any.
    #[must_use]
    pub fn new(colour: bool) -> Self {
        let depth = if colour { Depth::Sixteen } else { Depth::None };
        Self { theme: Theme::new(Mode::Dark, depth), done: 0 }
    }

    /// The text has grown to this.
    pub fn push(&mut self, text: &str) -> Printed {
        let text = clean(text);
        let rest = text.get(self.done..).unwrap_or_default();
        let whole = finished(rest);
        let finished = split(&rest[..whole]).map(|block| self.lines(block)).collect();
        let open: Vec<Vec<String>> = split(&rest[whole..]).map(|block| self.lines(block)).collect();
        let open = open.join(&String::new());
        self.done += whole;
        Printed { finished, open }
    }

    /// The text is this and whole: the blocks that are left. Another text may begin.
    pub fn end(&mut self, text: &str) -> Vec<Vec<String>> {
        let text = clean(text);
        let rest = text.get(self.done..).unwrap_or_default();
        let blocks = split(rest).map(|block| self.lines(block)).collect();
        self.reset();
        blocks
    }

    /// What was given is void: another text begins.
    pub fn reset(&mut self) {
        self.done = 0;
    }

    fn lines(&self, block: &str) -> Vec<String> {
        let width = usize::from(screen_size().0.min(MOST_COLUMNS)).saturating_sub(1).max(20);
        render(block, width, &self.theme).iter().map(line).collect()
    }
}

/// Columns and rows of the terminal; those of a small one where nobody says.
#[must_use]
pub fn screen_size() -> (u16, u16) {
    crossterm::terminal::size().ok().filter(|(columns, rows)| *columns > 0 && *rows > 0).unwrap_or((80, 24))
}

fn line(line: &Line<'_>) -> String {
    let mut out = String::new();
    for span in &line.spans {
        let codes = codes(line.style.patch(span.style));
        match codes.is_empty() {
            true => out.push_str(&span.content),
            false => out.push_str(&format!("\x1b[{codes}m{}\x1b[0m", span.content)),
        }
    }
    out.trim_end().to_owned()
}

/// The parameters that select a style: ECMA-48, Select Graphic Rendition.
fn codes(style: Style) -> String {
    let modifiers = [
        (Modifier::BOLD, 1),
        (Modifier::DIM, 2),
        (Modifier::ITALIC, 3),
        (Modifier::UNDERLINED, 4),
        (Modifier::REVERSED, 7),
        (Modifier::CROSSED_OUT, 9),
    ];
    let set = modifiers.into_iter().filter(|(modifier, _)| style.add_modifier.contains(*modifier));
    let colour = match style.fg {
        Some(Color::Red) => Some(31),
        Some(Color::Green) => Some(32),
        Some(Color::Yellow) => Some(33),
        Some(Color::Blue) => Some(34),
        Some(Color::Magenta) => Some(35),
        Some(Color::Cyan) => Some(36),
        _ => None,
    };
    set.map(|(_, code)| code).chain(colour).map(|code| code.to_string()).collect::<Vec<_>>().join(";")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Title\n\nSome **bold** words.\n\n```rust\nfn main() {}\n```\n\n- one\n- two\n\nThe end.";

    #[test]
    fn a_text_is_printed_the_same_however_it_was_cut() {
        let whole = Printer::new(true).end(TEXT);
        for size in [1, 3, 17] {
            let mut printer = Printer::new(true);
            let mut blocks = Vec::new();
            let mut end = 0;
            while end < TEXT.len() {
                end = TEXT.ceil_char_boundary((end + size).min(TEXT.len()));
                blocks.extend(printer.push(&TEXT[..end]).finished);
            }
            blocks.extend(printer.end(TEXT));
            assert_eq!(blocks, whole, "{size}");
        }
    }

    #[test]
    fn a_line_has_the_styles_of_its_words_and_no_escape_of_a_stranger() {
        let blocks = Printer::new(true).end("a **b** \u{1b}[2Jc");
        assert_eq!(blocks, [["a \u{1b}[1mb\u{1b}[0m c"]]);
        assert_eq!(Printer::new(false).end("plain"), [["plain"]]);
    }
}
