//! The whole screen, drawn from the state: title, conversation, side panel where there is room, composer, status line,
//! and what lies over them.

mod alternatives;
mod approval;
mod bars;
mod composer;
mod panel;
mod question;
mod suggestions;

use crate::{
    app::App,
    clean::one_line,
    keymap::Action,
    messages::Link,
    sheet,
    transcript::Scene,
    wrap::{fit, wrap},
};
use omega_core::api::Remember;
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

/// The smallest screen that is drawn.
pub const SMALLEST: (u16, u16) = (40, 10);
/// From this width on there is a side panel.
const WIDE: u16 = 120;
/// The panel is at least this wide, and takes what the text does not use up to the second number.
const PANEL: (u16, u16) = (40, 68);
/// Lines of text longer than this are hard to read.
const WIDEST_TEXT: u16 = 102;
const SPINNER: &[&str] = &["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// In its place where nothing is to move, and where nothing goes on: a spinner that stands looks like a program that does.
const STILL: &str = "●";
const RESTS: &str = "·";

/// Draws the screen, and puts the cursor where the caret is.
pub fn draw(app: &mut App, frame: &mut Frame<'_>) {
    app.refresh();
    let area = frame.area();
    frame.buffer_mut().set_style(area, app.theme.text);
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        too_small(app, frame);
        return;
    }
    let (main, side) = if area.width >= WIDE && app.has_panel && panel::has_anything(app) {
        let panel = area.width.saturating_sub(WIDEST_TEXT + 2).clamp(PANEL.0, PANEL.1);
        let width = area.width - panel;
        (Rect { width, ..area }, Some(Rect { x: area.x + width, width: panel, ..area }))
    } else {
        (area, None)
    };
    app.composer.set_width(usize::from(main.width.saturating_sub(4)));
    if let Some(question) = &mut app.question {
        question.input.set_width(usize::from(main.width.saturating_sub(3)));
    }
    let written = composer::height(app, main.height);
    let above = above_composer(app, main.width);
    let above_height = u16::try_from(above.len()).unwrap_or(0).min(main.height / 3);
    // Title, rule and status line have one each.
    let asking = question::height(app, main, written + above_height + 3);
    let [title, talk, extra, ask, rule, writing, status] =
        // Where there is little room a question takes all of it.
        stacked(main, u16::from(asking == 0), [1, above_height, asking, 1, written, 1]);
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
    let mut layers = std::mem::take(&mut app.layers);
    layers.draw(app, area, frame);
    app.layers = layers;
}

/// The parts of the screen from its top: the title, the transcript with all that is left and at least so many rows, and those
/// below it. Where there is not enough for all, what is nearer to the bottom has it. A solver of constraints would take a tenth
/// of the time of a frame.
fn stacked(area: Rect, least: u16, heights: [u16; 6]) -> [Rect; 7] {
    let [title, extra, ask, rule, writing, status] = heights;
    let mut left = area.height;
    let mut take = |wanted: u16| {
        let taken = wanted.min(left);
        left -= taken;
        taken
    };
    let [status, writing, rule, title, least] = [status, writing, rule, title, least].map(&mut take);
    let [ask, extra] = [ask, extra].map(&mut take);
    let mut y = area.y;
    [title, least + left, extra, ask, rule, writing, status].map(|height| {
        let part = Rect { y, height, ..area };
        y += height;
        part
    })
}

/// The picture of the spinner now.
fn spinner(app: &App) -> &'static str {
    let at = usize::try_from(app.ticks).unwrap_or(0) % SPINNER.len();
    match app.is_moving() {
        false => RESTS,
        true if app.is_still => STILL,
        true => SPINNER[at],
    }
}

fn transcript(app: &mut App, area: Rect, frame: &mut Frame<'_>) {
    let stopping = app.here.stopping.is_some();
    let spinner = spinner(app);
    let now = app.clock();
    let chosen = app.model().map(str::to_owned);
    let App { here, theme, transcript, known, keys, .. } = app;
    let trouble = match &here.link {
        Link::Offline { cause } | Link::Refused { cause } => Some(cause.as_str()),
        _ => None,
    };
    let scene = Scene {
        view: &here.view,
        pending: &here.pending,
        theme,
        now,
        keys,
        speed: &here.speed,
        spinner,
        stopping,
        trouble,
        older: here.older,
        gaps: here.gaps.as_slice(),
        is_loading: here.is_loading,
        me: known.me.as_ref().map(|me| me.user_id),
        answering: match &chosen {
            Some(model) => Some((model.as_str(), "it was chosen")),
            None => known.default_model.as_ref().map(|(model, reason)| (model.as_str(), reason.as_str())),
        },
    };
    let text = Rect { x: area.x + 1, width: area.width.saturating_sub(2).min(WIDEST_TEXT), ..area };
    transcript.draw(&scene, text, frame.buffer_mut());
}

/// What fits what is typed, and what there is to say.
fn above_composer(app: &App, width: u16) -> Vec<Line<'static>> {
    let max = usize::from(width);
    let theme = &app.theme;
    let mut lines = suggestions::lines(app, max);
    if let Some(it) = &app.take_back {
        let place = if it.lasting.remember == Remember::Always { "everywhere" } else { "in this conversation" };
        let tool = one_line(it.lasting.tool.as_str());
        let mut spans = vec![Span::styled(format!(" · {tool} is always allowed {place} · "), theme.warn)];
        spans.extend(sheet::hints(theme, &app.keys, app.contexts(), &[Action::TakeBack]));
        lines.push(fit(spans, max));
    }
    if let Some(toast) = &app.toast {
        let (sign, style) = if toast.is_error { ("✗", theme.error) } else { ("·", theme.secondary) };
        let spans = [Span::styled(one_line(&toast.text), style)];
        let wrapped = wrap(&spans, max.saturating_sub(3)).into_iter().take(3).enumerate();
        lines.extend(wrapped.map(|(at, mut line)| {
            line.spans.insert(0, Span::styled(if at == 0 { format!(" {sign} ") } else { String::from("   ") }, style));
            line
        }));
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

#[cfg(test)]
mod tests;
