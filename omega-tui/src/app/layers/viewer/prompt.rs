//! The line at the foot of the viewer: what to search for, a path, the name of a file.

use crate::{
    composer::Composer,
    theme::Theme,
    wrap::{fit, width},
};
use ratatui::text::{Line, Span};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    Search,
    Filter,
    Save,
}

#[derive(Debug)]
pub struct Prompt {
    pub asks: Asks,
    pub line: Composer,
}

impl Prompt {
    fn with(asks: Asks, text: &str) -> Self {
        let mut line = Composer::default();
        line.set_width(usize::from(u16::MAX));
        line.set(text);
        Self { asks, line }
    }

    pub fn search() -> Self {
        Self::with(Asks::Search, "")
    }

    pub fn filter(path: &str) -> Self {
        Self::with(Asks::Filter, path)
    }

    /// A name is proposed: letters of the title, and the ending of what it is.
    pub fn save(title: &str, ending: &str) -> Self {
        let name: String = title
            .chars()
            .take_while(|c| *c != '(')
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .take(40)
            .collect();
        let name = name.split('-').filter(|word| !word.is_empty()).take(4).collect::<Vec<_>>().join("-");
        Self::with(Asks::Save, &format!("{}.{ending}", if name.is_empty() { "output" } else { &name }))
    }

    /// The line, and where its caret is.
    pub fn line(&self, theme: &Theme, max: usize) -> (Line<'static>, usize) {
        let label = match self.asks {
            Asks::Search => " search: ",
            Asks::Filter => " path: ",
            Asks::Save => " write into: ",
        };
        let rows = self.line.rows();
        let (_, column) = self.line.caret_at(&rows);
        let text = rows.first().map(|row| self.line.shown(row)).unwrap_or_default();
        let spans = vec![Span::styled(label, theme.accent), Span::styled(text, theme.text)];
        (fit(spans, max), width(label) + column)
    }
}
