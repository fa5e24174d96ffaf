//! The help: the table of keys and the table of commands, as they are.

use super::open_box;
use crate::{
    app::{App, COMMANDS, Overlay},
    keymap::{BINDINGS, Context, Key},
    theme::Theme,
    wrap::{width, wrap},
};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

/// Draws it over the screen; keeps the scrolling within what there is.
pub fn draw(app: &mut App, scroll: usize, area: Rect, frame: &mut Frame<'_>) {
    let inner_width = 84.min(area.width.saturating_sub(6));
    let lines = lines(&app.theme, usize::from(inner_width));
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX - 2);
    let inner = open_box(app, "keys and commands", (inner_width, height), area, frame);
    let scroll = scroll.min(lines.len().saturating_sub(usize::from(inner.height)));
    if let Some(Overlay::Help { scroll: kept }) = app.overlays.last_mut() {
        *kept = scroll;
    }
    for (line, row) in lines.into_iter().skip(scroll).zip(inner.rows()) {
        frame.render_widget(line, row);
    }
}

fn lines(theme: &Theme, max: usize) -> Vec<Line<'static>> {
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
    section("commands", COMMANDS.iter().map(|(n, a, help)| (command(n, a), (*help).to_owned())).collect());
    for context in [
        Context::Global,
        Context::Composer,
        Context::Transcript,
        Context::Approval,
        Context::Line,
        Context::Keep,
        Context::Without,
        Context::Plans,
        Context::Alternatives,
        Context::Watching,
        Context::List,
        Context::Sure,
    ] {
        let rows = BINDINGS.iter().filter(|b| b.context == context);
        let keys = |keys: &[Key]| keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        section(context.title(), rows.map(|b| (keys(b.keys), b.help.to_owned())).collect());
    }
    lines
}
