//! An overlay of rows: the names in one column, what they have in the other, a sentence about the selected one, and below
//! them what is asked or typed.

use super::{Layer, Row, RowSheet, typing::TypedLine};
use crate::{
    app::App,
    clean::one_line,
    composer::{self, Composer},
    keymap::Action,
    sheet::{self, below},
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

/// Rows of an editor that are shown at a time.
const EDITOR: usize = 8;

/// Draws it over the screen.
pub fn draw(list: &mut RowSheet, app: &App, area: Rect, frame: &mut Frame<'_>) {
    let max = usize::from(WIDEST.min(area.width.saturating_sub(6)));
    if let Some((_, TypedLine::Seen { text, .. })) = &mut list.line {
        text.set_width(max);
    }
    let column = list.rows.iter().map(|row| width(&one_line(&row.name))).max().unwrap_or(0).min(max / 2) + 2;
    let (mut lines, mut top, mut bottom) = (Vec::new(), 0, 0);
    for (at, row) in list.rows.iter().enumerate() {
        if at == list.selected {
            top = lines.len();
        }
        lines.extend(row_lines(&app.theme, row, at == list.selected, column, max));
        if at == list.selected {
            bottom = lines.len();
        }
    }
    if list.rows.is_empty() {
        lines.push(Line::styled(if list.busy { "asking the server..." } else { "nothing here" }, app.theme.dim));
    }
    let problem = list
        .problem
        .as_ref()
        .map(|problem| wrap(&[Span::styled(format!("✗ {}", one_line(problem)), app.theme.error)], max));
    let problem = problem.unwrap_or_default();
    let (last_lines, caret) = foot(app, list, max);
    let foot = 1 + last_lines.len() + problem.len();
    let height = u16::try_from(lines.len() + foot).unwrap_or(u16::MAX - 2);
    let inner = sheet::open(&app.theme, list.kind.title(), (u16::try_from(max).unwrap_or(WIDEST), height), area, frame);
    let shown = usize::from(inner.height).saturating_sub(foot).max(1);
    // All of what is selected is in sight, its first line above all.
    let scroll = bottom.saturating_sub(shown).min(top);
    for (line, row) in lines.into_iter().skip(scroll).take(shown).zip(inner.rows()) {
        frame.render_widget(line, row);
    }
    let rows = |count: usize| inner.bottom().saturating_sub(u16::try_from(count).unwrap_or(1)).max(inner.top());
    let last = rows(last_lines.len());
    for (line, y) in
        problem.into_iter().zip(rows(foot - 1)..last).chain(last_lines.into_iter().zip(last..inner.bottom()))
    {
        frame.render_widget(line, Rect { y, height: 1, ..inner });
    }
    if let Some((x, y)) = caret {
        let x = inner.x + u16::try_from(x).unwrap_or(0);
        let y = last + u16::try_from(y).unwrap_or(0);
        frame.set_cursor_position(Position::new(x.min(inner.right().saturating_sub(1)), y.min(inner.bottom() - 1)));
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
    if !(selected && is_long) {
        spans.push(Span::styled(value.clone(), theme.secondary));
    }
    let mut lines = vec![fit(spans, max)];
    if selected && is_long {
        lines.extend(below(&value, theme.secondary, 4, max));
    }
    if selected && !row.about.is_empty() {
        lines.extend(below(&one_line(&row.about), theme.dim, 4, max));
    }
    lines
}

/// Column and row of the caret.
type Caret = Option<(usize, usize)>;

/// The last lines, and where their caret is.
fn foot(app: &App, list: &RowSheet, max: usize) -> (Vec<Line<'static>>, Caret) {
    let theme = &app.theme;
    let hints = |actions: &[Action]| sheet::hints(theme, &app.keys, list.contexts(), actions);
    if let Some((question, _)) = &list.sure {
        let mut spans = vec![Span::styled(format!("{} ", one_line(question)), theme.warn)];
        spans.extend(hints(&[Action::Confirm, Action::Back]));
        return (vec![fit(spans, max)], None);
    }
    if list.busy {
        return (vec![Line::styled("asking the server...", theme.dim)], None);
    }
    let Some((typing, line)) = &list.line else {
        let row = list.rows.get(list.selected);
        let mut actions = Vec::new();
        actions.extend(row.and_then(|row| row.change.as_ref()).map(|_| Action::Open));
        actions.extend(row.and_then(|row| row.remove.as_ref()).map(|_| Action::Remove));
        actions.extend((list.rows.len() > 1).then_some(Action::SelectNext));
        actions.push(Action::Close);
        return (vec![fit(hints(&actions), max)], None);
    };
    let label = typing.label();
    match line {
        TypedLine::Unseen(field) => {
            let (line, caret) = masked(theme, &label, field.text().chars().count(), max);
            (vec![line], Some((caret, 0)))
        }
        TypedLine::Seen { text, .. } => {
            let mut head = vec![Span::styled(label, theme.accent)];
            match typing.without() {
                Some(words) if text.text().trim().is_empty() => {
                    head.push(Span::styled(format!("empty: {words} · "), theme.dim));
                }
                _ => {}
            }
            let actions = [Some(Action::Submit), typing.is_text().then_some(Action::NewLine), Some(Action::Back)];
            head.extend(hints(&actions.into_iter().flatten().collect::<Vec<_>>()));
            let (mut lines, (x, y)) = editor(theme, text);
            lines.insert(0, fit(head, max));
            (lines, Some((x, y + 1)))
        }
    }
}

/// The rows of an editor around its caret, and where that is.
fn editor(theme: &Theme, text: &Composer) -> (Vec<Line<'static>>, (usize, usize)) {
    let rows = text.rows();
    let (row, column) = text.caret_at(&rows);
    let first = (row + 1).saturating_sub(EDITOR);
    let line = |row: &composer::Row| Line::styled(text.shown(row), theme.text);
    (rows.iter().skip(first).take(EDITOR).map(line).collect(), (column, row - first))
}

/// A line whose characters are not shown; its end, where it is long.
fn masked(theme: &Theme, label: &str, typed: usize, max: usize) -> (Line<'static>, usize) {
    let shown = typed.min(max.saturating_sub(width(label) + 1));
    let spans = vec![Span::styled(label.to_owned(), theme.accent), Span::styled(MASK.repeat(shown), theme.text)];
    (fit(spans, max), width(label) + shown)
}
