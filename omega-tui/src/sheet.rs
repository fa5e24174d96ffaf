//! What everything that lies over the conversation is drawn with: a frame over a dimmed screen, the keys of the moment, and
//! rows below an indentation.

use crate::{
    keymap::{Action, Context, Keymap},
    theme::Theme,
    wrap::{width, wrap},
};
use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::{Block, Clear},
};

/// Between two hints.
const BETWEEN: &str = " · ";

/// Dims the screen and puts a frame in its middle, as large as asked where there is room; returns its inside.
pub fn open(theme: &Theme, title: &str, (width, height): (u16, u16), area: Rect, frame: &mut Frame<'_>) -> Rect {
    let width = width.saturating_add(4).min(area.width.saturating_sub(2));
    let height = height.saturating_add(2).min(area.height.saturating_sub(2));
    let outside = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    frame.buffer_mut().set_style(area, theme.behind);
    let title = Line::styled(format!(" {title} "), theme.accent);
    let block = Block::bordered().border_style(theme.accent).style(theme.text).title(title);
    frame.render_widget(Clear, outside);
    let inner = block.inner(outside);
    frame.render_widget(block, outside);
    Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }
}

/// Rows of so many that such a frame has room for.
pub fn rows_within(height: u16, area: Rect) -> usize {
    usize::from(height.saturating_add(2).min(area.height.saturating_sub(2)).saturating_sub(2))
}

/// Key and word of each action, as bound in the first context that knows it.
pub fn hints(theme: &Theme, keys: &Keymap, contexts: &[Context], actions: &[Action]) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    for (key, word) in actions.iter().filter_map(|action| keys.hint(contexts, *action)) {
        if !spans.is_empty() {
            spans.push(Span::styled(BETWEEN, theme.dim));
        }
        spans.push(Span::styled(format!("{key} "), theme.secondary));
        spans.push(Span::styled(word, theme.dim));
    }
    spans
}

/// The same over as many lines as they take; none is broken.
pub fn hint_lines(
    theme: &Theme,
    keys: &Keymap,
    contexts: &[Context],
    actions: &[Action],
    max: usize,
) -> Vec<Line<'static>> {
    let mut lines: Vec<Line<'static>> = Vec::new();
    for action in actions {
        let hint = Line::from(hints(theme, keys, contexts, &[*action]));
        match lines.last_mut() {
            Some(line) if line.width() + width(BETWEEN) + hint.width() <= max => {
                line.push_span(Span::styled(BETWEEN, theme.dim));
                line.spans.extend(hint.spans);
            }
            _ => lines.push(hint),
        }
    }
    lines
}

/// The same in one line with nothing but a space between them; those that fit.
pub fn hints_packed(
    theme: &Theme,
    keys: &Keymap,
    contexts: &[Context],
    actions: &[Action],
    max: usize,
) -> Line<'static> {
    let mut line = Line::default();
    for action in actions {
        let hint = Line::from(hints(theme, keys, contexts, &[*action]));
        let gap = usize::from(line.width() > 0);
        if line.width() + gap + hint.width() <= max {
            line.push_span(Span::raw(" ".repeat(gap)));
            line.spans.extend(hint.spans);
        }
    }
    line
}

/// The same in one line: those that fit, and the last one, which is where the others are found.
pub fn hints_within(
    theme: &Theme,
    keys: &Keymap,
    contexts: &[Context],
    actions: &[Action],
    max: usize,
) -> Vec<Span<'static>> {
    let Some((last, rest)) = actions.split_last() else { return Vec::new() };
    let fits = |count: usize| {
        let shown: Vec<Action> = rest[..count].iter().chain([last]).copied().collect();
        let spans = hints(theme, keys, contexts, &shown);
        (count == 0 || Line::from(spans.clone()).width() <= max).then_some(spans)
    };
    (0..=rest.len()).rev().find_map(fits).unwrap_or_default()
}

/// Lines one below the other, the first one at the top.
pub fn stack(lines: impl IntoIterator<Item = Line<'static>>, area: Rect, frame: &mut Frame<'_>) {
    for (line, row) in lines.into_iter().zip(area.rows()) {
        frame.render_widget(line, row);
    }
}

/// A text broken to a width, every line this far in.
pub fn below(text: &str, style: Style, indent: usize, max: usize) -> Vec<Line<'static>> {
    let wrapped = wrap(&[Span::styled(text.to_owned(), style)], max.saturating_sub(indent));
    let further = |line: Line<'static>| {
        let mut spans = vec![Span::raw(" ".repeat(indent))];
        spans.extend(line.spans);
        Line::from(spans)
    };
    wrapped.into_iter().map(further).collect()
}

/// The line with the places of a text set off, in whatever case they are.
pub fn set_off(line: Line<'static>, searched: &str, theme: &Theme) -> Line<'static> {
    let searched = searched.to_lowercase();
    if searched.is_empty() || !line.to_string().to_lowercase().contains(&searched) {
        return line;
    }
    let mut spans = Vec::new();
    for span in line.spans {
        let lower = span.content.to_lowercase();
        if lower.len() != span.content.len() {
            // Its bytes are others in lower case: there is no telling which ones.
            spans.push(span);
            continue;
        }
        let mut from = 0;
        for (at, piece) in lower.match_indices(&searched) {
            let end = at + piece.len();
            if let (Some(before), Some(found)) = (span.content.get(from..at), span.content.get(at..end)) {
                spans.push(Span::styled(before.to_owned(), span.style));
                spans.push(Span::styled(found.to_owned(), theme.found));
                from = end;
            }
        }
        spans.push(Span::styled(span.content.get(from..).unwrap_or_default().to_owned(), span.style));
    }
    Line::from(spans).style(line.style)
}
