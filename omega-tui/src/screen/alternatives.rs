//! Other tools for a call that came to nothing, as a table: the tool, the variables that it needs and which of them are
//! there, and what it does. Where there is no room for columns, what the selected one does stands below it.

use crate::{
    clean::one_line,
    theme::Theme,
    wrap::{fit, width, wrap},
};
use omega_core::api::{Alternative, AlternativeChoice};
use ratatui::text::{Line, Span};

/// From this width on there are columns.
const WIDE: usize = 100;

/// What failed, then the table; and the line of the selected tool.
pub fn lines(theme: &Theme, choice: &AlternativeChoice, selected: usize, max: usize) -> (Vec<Line<'static>>, usize) {
    let tool = Span::styled(one_line(choice.tool_id.as_str()), theme.accent);
    let mut lines = wrap(&[tool, Span::styled(format!(" · {}", one_line(&choice.detail)), theme.warn)], max);
    let tools = choice.alternatives.iter().map(|it| width(it.tool_id.as_str()) + 4).max().unwrap_or(0).min(max / 2);
    let keys = choice.alternatives.iter().map(|it| width(&needs(it))).max().unwrap_or(0).min(max / 3).max(4);
    if max >= WIDE {
        lines.push(columns(["  tool", "keys", "what it does"].map(|it| (it.to_owned(), theme.dim)), tools, keys, max));
    }
    let mut top = 0;
    for (at, it) in choice.alternatives.iter().enumerate() {
        let is_selected = at == selected;
        let (sign, style) = if is_selected { ("› ", theme.accent) } else { ("  ", theme.text) };
        if is_selected {
            top = lines.len();
        }
        let name = format!("{sign}{}", one_line(it.tool_id.as_str()));
        let key_style = if missing(it) == 0 { theme.ok } else { theme.warn };
        if max >= WIDE {
            let cells = [(name, style), (needs(it), key_style), (one_line(&it.why), theme.secondary)];
            lines.push(columns(cells, tools, keys, max));
        } else {
            let keys = Span::styled(format!(" · {}", needs(it)), key_style);
            lines.extend(wrap(&[Span::styled(name, style), keys], max));
            if is_selected {
                lines.extend(wrap(&[Span::styled(format!("    {}", one_line(&it.why)), theme.secondary)], max));
            }
        }
    }
    (lines, top)
}

fn columns(cells: [(String, ratatui::style::Style); 3], tools: usize, keys: usize, max: usize) -> Line<'static> {
    let mut spans = Vec::new();
    for ((text, style), room) in cells.into_iter().zip([tools, keys, 0]) {
        let cell =
            if room > 0 { fit(vec![Span::styled(text, style)], room) } else { Line::from(Span::styled(text, style)) };
        let pad = if room > 0 { room.saturating_sub(cell.width()) + 2 } else { 0 };
        spans.extend(cell.spans);
        spans.push(Span::raw(" ".repeat(pad)));
    }
    fit(spans, max)
}

/// The variables that it needs, and which of them are there.
fn needs(it: &Alternative) -> String {
    if it.required_env.is_empty() {
        return String::from("no key needed");
    }
    let mark = |name: &String| {
        let there = if it.you_have.contains(name) { "✓" } else { "needs" };
        format!("{there} {}", one_line(name))
    };
    it.required_env.iter().map(mark).collect::<Vec<_>>().join(", ")
}

fn missing(it: &Alternative) -> usize {
    it.required_env.iter().filter(|name| !it.you_have.contains(name)).count()
}
