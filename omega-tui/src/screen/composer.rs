//! The text that is being written, with the terminal's own cursor at the caret (input methods look for it there).

use crate::app::{App, Focus};
use ratatui::{
    Frame,
    layout::{Position, Rect},
    style::Style,
    text::{Line, Span},
};

/// Rows that it takes: what is written, but not more than a third of the screen.
pub fn height(app: &App, screen: u16) -> u16 {
    let rows = u16::try_from(app.composer.rows().len()).unwrap_or(u16::MAX);
    rows.clamp(1, (screen / 3).clamp(1, 10))
}

/// A row with the tools that it names set off.
fn mentions(row: &str, text: Style, accent: Style) -> Vec<Span<'static>> {
    let words = row.split_inclusive(char::is_whitespace);
    let is_tool = |word: &str| word.starts_with('@') && word.contains("::");
    words.map(|word| Span::styled(word.to_owned(), if is_tool(word) { accent } else { text })).collect()
}

/// Draws it and places the cursor.
pub fn draw(app: &App, area: Rect, frame: &mut Frame<'_>) {
    let theme = &app.theme;
    let focused = app.focus == Focus::Composer && app.layers.is_empty();
    let text = Rect { x: area.x + 3, width: area.width.saturating_sub(3), ..area };
    let rows = app.composer.rows();
    let (row, column) = app.composer.caret_at(&rows);
    let first = (row + 1).saturating_sub(usize::from(area.height));
    // Where the beginning is out of sight, the line of the caret stands in the place of the prompt.
    let prompt = if first == 0 { String::from(" › ") } else { format!("{:>2} ", (row + 1).min(999)) };
    let prompt = Line::styled(prompt, if focused { theme.accent } else { theme.dim });
    frame.render_widget(prompt, Rect { height: 1, width: 3.min(area.width), ..area });
    if app.composer.is_empty() {
        let words = if app.active_run().is_some() { "write the next message..." } else { "ask for something..." };
        frame.render_widget(Line::styled(words, theme.dim), text);
    }
    for (row, y) in rows.iter().skip(first).zip(text.top()..text.bottom()) {
        let line = Line::from(mentions(&app.composer.shown(row), theme.text, theme.accent));
        frame.render_widget(line, Rect { y, height: 1, ..text });
    }
    if focused {
        let x = text.x + u16::try_from(column).unwrap_or(0);
        let y = text.y + u16::try_from(row - first).unwrap_or(0);
        frame.set_cursor_position(Position::new(x.min(area.right().saturating_sub(1)), y));
    }
}
