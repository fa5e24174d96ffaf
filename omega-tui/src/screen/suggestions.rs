//! What fits what is being written, above the composer: as many as there is room for, around the selected one.

use crate::{
    app::{App, Suggestion, tool_facts},
    clean::one_line,
    theme::Theme,
    wrap::{fit, width},
};
use ratatui::text::{Line, Span};

/// Rows of the list at most.
const ROWS: usize = 8;

pub fn lines(app: &App, max: usize) -> Vec<Line<'static>> {
    let (theme, list) = (&app.theme, &app.suggestions);
    if let (true, Some(query)) = (list.all.is_empty(), &list.tools_for) {
        let words = match (query.is_empty(), list.is_asking) {
            (true, _) => "say what the tool is to do: @yaml to json",
            (false, true) => "asking the registry...",
            (false, false) => "no tool fits",
        };
        return vec![fit(vec![Span::styled(format!("   {words}"), theme.dim)], max)];
    }
    if !list.is_open() {
        return Vec::new();
    }
    let first = (list.selected + 1).saturating_sub(ROWS);
    let shown = list.all.iter().enumerate().skip(first).take(ROWS);
    let column = list.all.iter().map(|it| width(&name(it))).max().unwrap_or(0).min(max / 2) + 2;
    let mut lines: Vec<Line<'static>> =
        shown.map(|(at, it)| row(app, theme, it, at == list.selected, column, max)).collect();
    let left = list.all.len().saturating_sub(first + ROWS);
    if left > 0 {
        lines.push(Line::styled(format!("   ↓ {left} more"), theme.dim));
    }
    lines
}

fn name(suggestion: &Suggestion) -> String {
    match suggestion {
        Suggestion::Command(command) => format!("/{} {}", command.name, command.argument).trim_end().to_owned(),
        Suggestion::Tool(row) => one_line(&row.tool_id),
    }
}

fn row(app: &App, theme: &Theme, it: &Suggestion, is_selected: bool, column: usize, max: usize) -> Line<'static> {
    let on = |style: ratatui::style::Style| if is_selected { style.patch(theme.selected) } else { style };
    let sign = if is_selected { " › " } else { "   " };
    let name = fit(vec![Span::styled(name(it), on(theme.accent))], column);
    let pad = " ".repeat(column.saturating_sub(name.width()) + 1);
    let mut spans = vec![Span::styled(sign, on(theme.accent))];
    spans.extend(name.spans);
    spans.push(Span::styled(pad, on(theme.text)));
    match it {
        Suggestion::Command(command) => spans.push(Span::styled(command.help, on(theme.secondary))),
        Suggestion::Tool(row) => {
            let facts = tool_facts(row, &app.known.stored_keys);
            if !facts.is_empty() {
                spans.push(Span::styled(format!("{facts} · "), on(theme.warn)));
            }
            spans.push(Span::styled(one_line(&row.description), on(theme.secondary)));
        }
    }
    fit(spans, max)
}
