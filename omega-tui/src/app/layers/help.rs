//! The help: the table of keys and the table of commands, as they are.

use super::{Handled, Layer};
use crate::{
    app::{App, COMMANDS},
    keymap::{Action, Context, Keymap},
    sheet,
    theme::Theme,
    wrap::{width, wrap},
};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

#[derive(Debug, Default)]
pub struct Help {
    /// Lines above the top; the drawing bounds it to what there is.
    scroll: usize,
    /// Lines that are shown.
    page: usize,
}

impl Layer for Help {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Help]
    }

    fn handle(&mut self, action: Action, _app: &mut App) -> Handled {
        match action {
            Action::LineUp | Action::SelectPrevious => self.scroll = self.scroll.saturating_sub(1),
            Action::LineDown | Action::SelectNext => self.scroll += 1,
            Action::PageUp => self.scroll = self.scroll.saturating_sub(self.page),
            Action::PageDown => self.scroll += self.page,
            Action::Close => return Handled::Closed(Vec::new()),
            _ => return Handled::Ignored,
        }
        Handled::Consumed(Vec::new())
    }

    fn draw(&mut self, app: &App, area: Rect, frame: &mut Frame<'_>) {
        let inner_width = 84.min(area.width.saturating_sub(6));
        let lines = lines(&app.theme, &app.keys, usize::from(inner_width));
        let height = u16::try_from(lines.len()).unwrap_or(u16::MAX - 2);
        let title = match sheet::rows_within(height, area) {
            rows if rows < lines.len() => {
                self.scroll = self.scroll.min(lines.len() - rows);
                format!("keys and commands, {} to {} of {}", self.scroll + 1, self.scroll + rows, lines.len())
            }
            _ => String::from("keys and commands"),
        };
        let inner = sheet::open(&app.theme, &title, (inner_width, height), area, frame);
        self.page = usize::from(inner.height.saturating_sub(1).max(1));
        self.scroll = self.scroll.min(lines.len().saturating_sub(usize::from(inner.height)));
        sheet::stack(lines.into_iter().skip(self.scroll), inner, frame);
    }
}

fn lines(theme: &Theme, keymap: &Keymap, max: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mut section = |title: &str, rows: Vec<(String, String)>| {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        let dots = "┄".repeat(max.saturating_sub(width(title) + 1));
        lines.push(Line::from(vec![
            Span::styled(format!("{title} "), theme.accent),
            Span::styled(dots, theme.strong_border),
        ]));
        let column = rows.iter().map(|(keys, _)| width(keys)).max().unwrap_or(0).min(max / 2) + 2;
        for (keys, words) in rows {
            let pad = column.saturating_sub(width(&keys)).max(1);
            let wrapped = wrap(&[Span::styled(words, theme.text)], max.saturating_sub(column));
            for (at, line) in wrapped.into_iter().enumerate() {
                let before = if at == 0 { format!("{keys}{}", " ".repeat(pad)) } else { " ".repeat(column) };
                let mut spans = vec![Span::styled(before, theme.secondary)];
                spans.extend(line.spans);
                lines.push(Line::from(spans));
            }
        }
    };
    let command = |name: &str, argument: &str| format!("/{name} {argument}").trim_end().to_owned();
    section("commands", COMMANDS.iter().map(|it| (command(it.name, it.argument), it.help.to_owned())).collect());
    for context in Context::SHOWN {
        section(context.title(), keymap.help(*context).map(|(keys, help)| (keys, help.to_owned())).collect());
    }
    lines
}
