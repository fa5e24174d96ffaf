//! The three lines around the conversation: title, the rule above the composer, status with the hints of the moment.

use super::spinner;
use crate::{
    app::{App, Focus},
    clean::one_line,
    keymap::{Action, hint},
    messages::Link,
    numbers::{grouped, seconds},
    wrap::{fit, width},
};
use omega_core::{api::RunStatus, model::price::dollars};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
    text::{Line, Span},
    widgets::Widget,
};

/// `─ omega ─ Title ─────── provider/model ─`
pub fn title(app: &App, area: Rect, buffer: &mut Buffer) {
    let theme = &app.theme;
    let max = usize::from(area.width);
    let title = app.view.conversation.as_ref().and_then(|c| c.title.as_deref()).map(one_line).unwrap_or_default();
    let model = app.model().map(|model| format!(" {} ─", one_line(model))).unwrap_or_default();
    let mut left = vec![
        Span::styled("─ ", theme.strong_border),
        Span::styled("omega", theme.accent.add_modifier(Modifier::BOLD)),
        Span::styled(" ─", theme.strong_border),
    ];
    let room = max.saturating_sub(9 + width(&model) + 3);
    if !title.is_empty() && room > 8 {
        let title = fit(vec![Span::styled(format!(" {title}"), theme.text)], room);
        left.extend(title.spans);
        left.push(Span::styled(" ", theme.text));
    }
    let used: usize = left.iter().map(|span| width(&span.content)).sum();
    let dashes = max.saturating_sub(used + width(&model));
    left.push(Span::styled("─".repeat(dashes), theme.strong_border));
    left.push(Span::styled(model, theme.secondary));
    fit(left, max).render(area, buffer);
}

/// Copper while keys go into the composer; says when the end is out of sight.
pub fn rule(app: &App, area: Rect, buffer: &mut Buffer) {
    let theme = &app.theme;
    let style = if app.focus == Focus::Composer { theme.accent } else { theme.strong_border };
    Line::styled("─".repeat(usize::from(area.width)), style).render(area, buffer);
    if app.transcript.is_following() {
        return;
    }
    let Some((key, word)) = hint(app.contexts(), Action::ToEnd) else { return };
    let text = format!(" ↓ {word} {key} ");
    let cells = u16::try_from(width(&text)).unwrap_or(0);
    let x = area.right().saturating_sub(cells + 2).max(area.x);
    Line::styled(text, theme.accent).render(Rect { x, width: area.right() - x, ..area }, buffer);
}

/// Connection, run, tokens; at the right as many hints as there is room for.
pub fn status(app: &App, area: Rect, buffer: &mut Buffer) {
    let theme = &app.theme;
    let max = usize::from(area.width);
    let mut left = vec![Span::raw(" ")];
    left.extend(link(app));
    left.extend(run(app));
    let usage = app.view.usage();
    let tokens = usage.input_tokens + usage.output_tokens;
    if tokens > 0 && max >= 60 {
        let cost = dollars(&usage).map(|sum| format!(" · {sum}")).unwrap_or_default();
        left.push(Span::styled(format!(" · {} tokens{cost}", grouped(tokens)), theme.dim));
    }
    let left = fit(left, max.saturating_sub(1));
    let mut room = max.saturating_sub(left.width() + 3);
    let mut right: Vec<Span<'static>> = Vec::new();
    for action in actions(app) {
        let spans = hints(app, &[action]);
        if spans.is_empty() {
            continue;
        }
        let cells = spans.iter().map(|s| width(&s.content)).sum::<usize>() + if right.is_empty() { 0 } else { 3 };
        if cells > room {
            break;
        }
        room -= cells;
        if !right.is_empty() {
            right.push(Span::styled(" · ", theme.dim));
        }
        right.extend(spans);
    }
    let right = Line::from(right);
    let x = area.right().saturating_sub(u16::try_from(right.width()).unwrap_or(0) + 1);
    left.render(area, buffer);
    right.render(Rect { x, width: area.right() - x, ..area }, buffer);
}

fn link(app: &App) -> Vec<Span<'static>> {
    let theme = &app.theme;
    let (sign, style, words) = match &app.link {
        Link::Idle => ("○", theme.dim, String::from("ready")),
        Link::Connecting => (spinner(app), theme.running, String::from("connecting")),
        Link::Live => ("●", theme.ok, String::from("live")),
        Link::Reconnecting { attempt } => (spinner(app), theme.warn, format!("reconnecting {attempt}")),
        Link::Refused { .. } => ("✗", theme.error, String::from("not available")),
        Link::Offline { .. } => ("✗", theme.error, String::from("offline")),
    };
    vec![Span::styled(format!("{sign} "), style), Span::styled(words, theme.secondary)]
}

fn run(app: &App) -> Option<Span<'static>> {
    let theme = &app.theme;
    let run = app.active_run()?;
    let took = seconds(app.now.millis_since(run.started_at.unwrap_or(run.created_at)));
    let (words, style): (String, Style) = match run.status {
        _ if app.stopping == Some(run.id) => (String::from("stopping"), theme.warn),
        RunStatus::Queued => (String::from("waiting"), theme.secondary),
        RunStatus::Paused => (String::from("paused"), theme.warn),
        _ => (format!("working {took}"), theme.running),
    };
    let waiting = app.waiting_runs().count();
    let waiting = if waiting > 0 { format!(" +{waiting}") } else { String::new() };
    Some(Span::styled(format!(" · {words}{waiting}"), style))
}

/// What is worth knowing right now, the most important first.
fn actions(app: &App) -> Vec<Action> {
    if !app.overlays.is_empty() {
        return vec![Action::Close];
    }
    let runs = app.active_run().is_some();
    match app.focus {
        Focus::Question => vec![Action::ToComposer, Action::Back, Action::Help],
        Focus::Composer if app.question.is_some() => vec![Action::Answer, Action::Send, Action::Stop],
        Focus::Transcript => vec![Action::Open, Action::SelectNext, Action::ToComposer, Action::Help],
        Focus::Composer if !app.composer.is_empty() => {
            let mut actions = vec![Action::Send, Action::NewLine];
            actions.extend(runs.then_some(Action::Stop));
            actions
        }
        Focus::Composer if runs => vec![Action::Stop, Action::OpenLatest, Action::Help],
        Focus::Composer => {
            let mut actions = vec![Action::Help, Action::Interrupt];
            if app.view.tool_runs.is_empty() {
                actions.push(Action::Complete);
            } else {
                actions.insert(0, Action::OpenLatest);
            }
            actions
        }
    }
}

/// Key and word of each action, as bound where keys go now.
pub fn hints(app: &App, actions: &[Action]) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    for (key, word) in actions.iter().filter_map(|action| hint(app.contexts(), *action)) {
        if !spans.is_empty() {
            spans.push(Span::styled(" · ", app.theme.dim));
        }
        spans.push(Span::styled(format!("{key} "), app.theme.secondary));
        spans.push(Span::styled(word, app.theme.dim));
    }
    spans
}
