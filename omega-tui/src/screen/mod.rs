//! The whole screen, drawn from the state: title, conversation, side panel where there is room, composer, status line,
//! and what lies over them.

mod alternatives;
mod bars;
mod composer;
mod help;
mod list_overlay;
mod panel;
mod question;

use crate::{
    app::{App, Overlay, matching_commands},
    clean::one_line,
    keymap::Action,
    messages::Link,
    transcript::Scene,
    wrap::{fit, wrap},
};
use omega_core::api::Remember;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
    widgets::Block,
};

/// The smallest screen that is drawn.
pub const SMALLEST: (u16, u16) = (40, 10);
/// From this width on there is a side panel.
const WIDE: u16 = 120;
/// The panel is at least this wide, and takes what the text does not use up to the second number.
const PANEL: (u16, u16) = (40, 68);
/// Lines of text longer than this are hard to read.
const WIDEST_TEXT: u16 = 112;
const SPINNER: &[&str] = &["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// Draws the screen, and puts the cursor where the caret is.
pub fn draw(app: &mut App, frame: &mut Frame<'_>) {
    app.refresh();
    let area = frame.area();
    frame.buffer_mut().set_style(area, app.theme.text);
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        too_small(app, frame);
        return;
    }
    let (main, side) = if area.width >= WIDE {
        let panel = area.width.saturating_sub(WIDEST_TEXT + 2).clamp(PANEL.0, PANEL.1);
        let [main, side] = Layout::horizontal([Constraint::Min(0), Constraint::Length(panel)]).areas(area);
        (main, Some(side))
    } else {
        (area, None)
    };
    app.composer.set_width(usize::from(main.width.saturating_sub(4)));
    if let Some(list) = &mut app.list_overlay {
        list.set_width(list_overlay::inner_width(area));
    }
    if let Some(question) = &mut app.question {
        question.input.set_width(usize::from(main.width.saturating_sub(3)));
    }
    let written = composer::height(app, main.height);
    let above = above_composer(app, main.width);
    let above_height = u16::try_from(above.len()).unwrap_or(0).min(main.height / 3);
    let asking = question::height(app, main);
    let [title, talk, extra, ask, rule, writing, status] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(1),
        Constraint::Length(above_height),
        Constraint::Length(asking),
        Constraint::Length(1),
        Constraint::Length(written),
        Constraint::Length(1),
    ])
    .areas(main);
    bars::title(app, title, frame.buffer_mut());
    transcript(app, talk, frame);
    for (line, y) in above.into_iter().zip(extra.top()..extra.bottom()) {
        frame.render_widget(line, Rect { y, height: 1, ..extra });
    }
    question::draw(app, ask, frame);
    bars::rule(app, rule, frame.buffer_mut());
    composer::draw(app, writing, frame);
    bars::status(app, status, frame.buffer_mut());
    if let Some(side) = side {
        panel::draw(app, side, rule.y, frame.buffer_mut());
    }
    match app.overlays.last().copied() {
        Some(Overlay::Help { scroll }) => help::draw(app, scroll, area, frame),
        Some(Overlay::ConfirmQuit) => confirm(app, area, frame),
        Some(Overlay::List) => list_overlay::draw(app, area, frame),
        None => {}
    }
}

/// The picture of the spinner now.
fn spinner(app: &App) -> &'static str {
    let at = usize::try_from(app.ticks).unwrap_or(0) % SPINNER.len();
    SPINNER[at]
}

fn transcript(app: &mut App, area: Rect, frame: &mut Frame<'_>) {
    let stopping = app.stopping.is_some();
    let spinner = spinner(app);
    let App { view, pending, theme, now, transcript, link, older, loading_older, .. } = app;
    let trouble = match link {
        Link::Offline { cause } | Link::Refused { cause } => Some(cause.as_str()),
        _ => None,
    };
    let (older, loading_older) = (*older, *loading_older);
    let scene = Scene { view, pending, theme, now: *now, spinner, stopping, trouble, older, loading_older };
    let text = Rect { x: area.x + 1, width: area.width.saturating_sub(2).min(WIDEST_TEXT), ..area };
    transcript.draw(&scene, text, frame.buffer_mut());
}

/// Commands that fit what is typed, and what there is to say.
fn above_composer(app: &App, width: u16) -> Vec<Line<'static>> {
    let max = usize::from(width);
    let theme = &app.theme;
    let mut lines: Vec<Line<'static>> = matching_commands(app.composer.text())
        .map(|(name, argument, help)| {
            let name = format!(" {:<14}", format!("/{name} {argument}"));
            fit(vec![Span::styled(name, theme.accent), Span::styled(*help, theme.secondary)], max)
        })
        .collect();
    if let Some(it) = &app.take_back {
        let place = if it.lasting.remember == Remember::Always { "everywhere" } else { "in this conversation" };
        let tool = one_line(it.lasting.tool.as_str());
        let mut spans = vec![Span::styled(format!(" · {tool} is always allowed {place} · "), theme.warn)];
        spans.extend(bars::hints(app, &[Action::TakeBack]));
        lines.push(fit(spans, max));
    }
    if let Some(toast) = &app.toast {
        let (sign, style) = if toast.is_error { ("✗", theme.error) } else { ("·", theme.secondary) };
        let spans = [Span::styled(format!(" {sign} {}", one_line(&toast.text)), style)];
        lines.extend(wrap(&spans, max).into_iter().take(3));
    }
    lines
}

fn too_small(app: &App, frame: &mut Frame<'_>) {
    let area = frame.area();
    let (width, height) = SMALLEST;
    let words = format!("omega needs {width}x{height}, this is {}x{}", area.width, area.height);
    for (line, y) in wrap(&[Span::styled(words, app.theme.text)], usize::from(area.width)).into_iter().zip(area.rows())
    {
        frame.render_widget(line, y);
    }
}

fn confirm(app: &App, area: Rect, frame: &mut Frame<'_>) {
    let inner = open_box(app, "quit", (44, 2), area, frame);
    let theme = &app.theme;
    let hints = bars::hints(app, &[Action::Confirm, Action::Close]);
    let lines = [Line::styled("What you wrote is not sent yet. Leave?", theme.text), Line::from(hints)];
    for (line, row) in lines.into_iter().zip(inner.rows()) {
        frame.render_widget(line, row);
    }
}

/// A frame in the middle, as large as asked where there is room; returns its inside.
fn open_box(app: &App, title: &str, (width, height): (u16, u16), area: Rect, frame: &mut Frame<'_>) -> Rect {
    let width = (width + 4).min(area.width.saturating_sub(2));
    let height = (height + 2).min(area.height.saturating_sub(2));
    let outside = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    let title = Line::styled(format!(" {title} "), app.theme.accent);
    let block = Block::bordered().border_style(app.theme.accent).style(app.theme.text).title(title);
    frame.render_widget(ratatui::widgets::Clear, outside);
    let inner = block.inner(outside);
    frame.render_widget(block, outside);
    Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }
}

#[cfg(test)]
mod tests;
