//! An overlay of rows: the names in one column, what they have in the other, a sentence about the selected one, and one
//! line to answer in.

use super::{bars::hints, open_box};
use crate::{
    app::{App, Row, Sheet},
    clean::one_line,
    keys::Action,
    theme::Theme,
    wrap::{fit, width, wrap},
};
use ratatui::{
    Frame,
    layout::{Position, Rect},
    text::{Line, Span},
};

const MASK: &str = "•";
/// Cells of the text at most.
const WIDEST: u16 = 96;

/// Draws it over the screen.
pub fn draw(app: &App, area: Rect, frame: &mut Frame<'_>) {
    let Some(sheet) = &app.sheet else { return };
    let inner_width = WIDEST.min(area.width.saturating_sub(6));
    let max = usize::from(inner_width);
    let column = sheet.rows.iter().map(|row| width(&one_line(&row.name))).max().unwrap_or(0).min(max / 2) + 2;
    let (mut lines, mut top, mut bottom) = (Vec::new(), 0, 0);
    for (at, row) in sheet.rows.iter().enumerate() {
        if at == sheet.selected {
            top = lines.len();
        }
        lines.extend(row_lines(&app.theme, row, at == sheet.selected, column, max));
        if at == sheet.selected {
            bottom = lines.len();
        }
    }
    if sheet.rows.is_empty() {
        lines.push(Line::styled(if sheet.busy { "asking the server..." } else { "nothing here" }, app.theme.dim));
    }
    let problem = sheet
        .problem
        .as_ref()
        .map(|problem| wrap(&[Span::styled(format!("✗ {}", one_line(problem)), app.theme.error)], max));
    let problem = problem.unwrap_or_default();
    let foot = 2 + problem.len();
    let height = u16::try_from(lines.len() + foot).unwrap_or(u16::MAX - 2);
    let inner = open_box(app, sheet.kind.title(), (inner_width, height), area, frame);
    let shown = usize::from(inner.height).saturating_sub(foot).max(1);
    // All of what is selected is in sight, its first line above all.
    let scroll = bottom.saturating_sub(shown).min(top);
    for (line, row) in lines.into_iter().skip(scroll).take(shown).zip(inner.rows()) {
        frame.render_widget(line, row);
    }
    let first = inner.bottom().saturating_sub(u16::try_from(problem.len() + 1).unwrap_or(1));
    for (line, y) in problem.into_iter().zip(first..inner.bottom()) {
        frame.render_widget(line, Rect { y, height: 1, ..inner });
    }
    let row = Rect { y: inner.bottom().saturating_sub(1), height: 1, ..inner };
    let (line, caret) = foot_line(app, sheet, max);
    frame.render_widget(line, row);
    if let Some(caret) = caret {
        let x = row.x + u16::try_from(caret).unwrap_or(0);
        frame.set_cursor_position(Position::new(x.min(row.right().saturating_sub(1)), row.y));
    }
}

/// One line; the selected one as many as it takes, so that all of it can be read: a link is there to be copied.
fn row_lines(theme: &Theme, row: &Row, selected: bool, column: usize, max: usize) -> Vec<Line<'static>> {
    let (sign, style) = if selected { ("› ", theme.accent) } else { ("  ", theme.text) };
    let name = fit(vec![Span::styled(format!("{sign}{}", one_line(&row.name)), style)], column + 1);
    let pad = (column + 2).saturating_sub(name.width());
    let mut spans = name.spans;
    spans.push(Span::raw(" ".repeat(pad)));
    let value = one_line(&row.value);
    let is_long = column + 2 + width(&value) > max;
    let below = |text: &str, style| {
        let wrapped = wrap(&[Span::styled(text.to_owned(), style)], max.saturating_sub(4));
        wrapped.into_iter().map(|line| {
            let mut spans = vec![Span::raw("    ")];
            spans.extend(line.spans);
            Line::from(spans)
        })
    };
    if !(selected && is_long) {
        spans.push(Span::styled(value.clone(), theme.secondary));
    }
    let mut lines = vec![fit(spans, max)];
    if selected && is_long {
        lines.extend(below(&value, theme.secondary));
    }
    if selected && !row.about.is_empty() {
        lines.extend(below(&one_line(&row.about), theme.dim));
    }
    lines
}

/// The last line, and where its caret is.
fn foot_line(app: &App, sheet: &Sheet, max: usize) -> (Line<'static>, Option<usize>) {
    let theme = &app.theme;
    if let Some((question, _)) = &sheet.sure {
        let mut spans = vec![Span::styled(format!("{} ", one_line(question)), theme.warn)];
        spans.extend(hints(app, &[Action::Confirm, Action::Back]));
        return (fit(spans, max), None);
    }
    if sheet.busy {
        return (Line::styled("asking the server...", theme.dim), None);
    }
    let Some((typing, field)) = &sheet.line else {
        let row = sheet.rows.get(sheet.selected);
        let mut actions = Vec::new();
        actions.extend(row.and_then(|row| row.change.as_ref()).map(|_| Action::Open));
        actions.extend(row.and_then(|row| row.remove.as_ref()).map(|_| Action::Remove));
        actions.extend([Action::SelectNext, Action::Close]);
        return (fit(hints(app, &actions), max), None);
    };
    let label = typing.label();
    let text = field.text();
    let text = if typing.is_secret() { MASK.repeat(text.chars().count()) } else { one_line(text) };
    // The end of a long line is what is being typed.
    let room = max.saturating_sub(width(&label) + 1);
    let mut tail = text.as_str();
    while width(tail) > room {
        tail = tail.char_indices().nth(1).map_or("", |(at, _)| &tail[at..]);
    }
    let caret = width(&label) + width(tail);
    let spans = vec![Span::styled(label, theme.accent), Span::styled(tail.to_owned(), theme.text)];
    (fit(spans, max), Some(caret))
}
