//! The three lines around the conversation: title, the rule above the composer, status with the hints of the moment.

use super::spinner;
use crate::{
    app::{App, Focus},
    clean::one_line,
    keymap::Action,
    messages::Link,
    numbers::{grouped, left, seconds},
    sheet,
    wrap::{fit, width},
};
use omega_core::{
    api::RunStatus,
    model::{price::dollars, window},
};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
    text::{Line, Span},
    widgets::Widget,
};

/// `─ omega ─ Title ─────── safe mode ─ provider/model ─`
pub fn title(app: &App, area: Rect, buffer: &mut Buffer) {
    let theme = &app.theme;
    let max = usize::from(area.width);
    let title = app.here.view.conversation.as_ref().and_then(|c| c.title.as_deref()).map(one_line).unwrap_or_default();
    let mut right = Vec::new();
    if app.safe_mode() == Some(true) {
        right.extend([Span::styled(" safe mode", theme.warn), Span::styled(" ─", theme.strong_border)]);
    }
    right.extend(app.answering_model().map(|model| Span::styled(format!(" {} ─", one_line(model)), theme.secondary)));
    let right_width: usize = right.iter().map(|span| width(&span.content)).sum();
    let mut left = vec![
        Span::styled("─ ", theme.strong_border),
        Span::styled("omega", theme.accent.add_modifier(Modifier::BOLD)),
        Span::styled(" ─", theme.strong_border),
    ];
    let room = max.saturating_sub(9 + right_width + 3);
    if !title.is_empty() && room > 8 {
        let title = fit(vec![Span::styled(format!(" {title}"), theme.text)], room);
        left.extend(title.spans);
        left.push(Span::styled(" ", theme.text));
    }
    let used: usize = left.iter().map(|span| width(&span.content)).sum();
    let dashes = max.saturating_sub(used + right_width);
    left.push(Span::styled("─".repeat(dashes), theme.strong_border));
    left.extend(right);
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
    let Some((key, word)) = app.keys.hint(app.contexts(), Action::ToEnd) else { return };
    let text = format!(" ↓ {word} {key} ");
    let cells = u16::try_from(width(&text)).unwrap_or(0);
    let x = area.right().saturating_sub(cells + 2).max(area.x);
    Line::styled(text, theme.accent).render(Rect { x, width: area.right() - x, ..area }, buffer);
}

/// From so many hundredths on a window is nearly full.
const NEARLY_FULL: u64 = 80;

/// Connection, run, tokens; at the right as many hints as there is room for.
pub fn status(app: &App, area: Rect, buffer: &mut Buffer) {
    let theme = &app.theme;
    let max = usize::from(area.width);
    let mut left = vec![Span::raw(" ")];
    left.extend(link(app));
    left.extend(run(app));
    left.extend(health(app));
    let usage = app.here.view.usage();
    let tokens = usage.input_tokens + usage.output_tokens;
    if tokens > 0 && max >= 60 {
        let cost = dollars(&usage).map(|sum| format!(" · {sum}")).unwrap_or_default();
        left.push(Span::styled(format!(" · {} tokens{cost}", grouped(tokens)), theme.dim));
        left.extend(context(app));
    }
    let left = fit(left, max.saturating_sub(1));
    let right = Line::from(hints(app, max.saturating_sub(left.width() + 3)));
    let x = area.right().saturating_sub(u16::try_from(right.width()).unwrap_or(0) + 1);
    left.render(area, buffer);
    right.render(Rect { x, width: area.right() - x, ..area }, buffer);
}

/// How full the model's window is, in parts of it where its size is known.
fn context(app: &App) -> Option<Span<'static>> {
    let taken = app.here.speed.context?;
    let window = app.answering_model().and_then(window::of)?;
    let percent = taken.saturating_mul(100) / window.max(1);
    let style = if percent >= NEARLY_FULL { app.theme.warn } else { app.theme.dim };
    Some(Span::styled(format!(" · context {percent} %"), style))
}

/// As many keys of the moment as there is room for.
fn hints(app: &App, mut room: usize) -> Vec<Span<'static>> {
    let theme = &app.theme;
    if app.layers.is_empty() && app.focus == Focus::Composer && app.suggestions.is_open() {
        // The keys are those of writing, but mean the list.
        let words = [("", "↑↓ ", "choose"), (" · ", "enter ", "take"), (" · ", "esc ", "leave")];
        return words
            .into_iter()
            .take_while(|(gap, key, word)| {
                let cells = width(gap) + width(key) + width(word);
                let fits = cells <= room;
                room = room.saturating_sub(cells);
                fits
            })
            .flat_map(|(gap, key, word)| {
                [Span::styled(gap, theme.dim), Span::styled(key, theme.secondary), Span::styled(word, theme.dim)]
            })
            .collect();
    }
    let mut right: Vec<Span<'static>> = Vec::new();
    for action in actions(app) {
        let spans = sheet::hints(theme, &app.keys, app.contexts(), &[action]);
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
    right
}

fn link(app: &App) -> Vec<Span<'static>> {
    let theme = &app.theme;
    let (sign, style, words) = match &app.here.link {
        Link::Idle => ("○", theme.dim, String::from("ready")),
        Link::Connecting => (spinner(app), theme.running, String::from("connecting")),
        Link::Live => ("●", theme.ok, String::from("live")),
        Link::Reconnecting { attempt } => (spinner(app), theme.warn, format!("reconnecting {attempt}{}", again(app))),
        Link::Refused { .. } => ("✗", theme.error, String::from("not available")),
        Link::Offline { .. } => ("✗", theme.error, format!("offline{}", again(app))),
    };
    vec![Span::styled(format!("{sign} "), style), Span::styled(words, theme.secondary)]
}

/// How long a lost connection waits before it is tried again.
fn again(app: &App) -> String {
    app.here.again_at.and_then(|at| left(at, app.now)).map(|left| format!(", again in {left}")).unwrap_or_default()
}

/// Nothing came for so long: somebody should know.
const SILENT_MILLIS: u64 = 15_000;

fn run(app: &App) -> Option<Span<'static>> {
    let theme = &app.theme;
    let run = app.active_run()?;
    let took = seconds(app.here.worked_millis(run, app.clock()));
    let silent = app.now.millis_since(app.here.heard_at);
    let again = app.asked_again_at().and_then(|at| left(at, app.now)).unwrap_or_default();
    let (words, style): (String, Style) = match run.status {
        _ if app.here.stopping == Some(run.id) => (String::from("stopping"), theme.warn),
        RunStatus::Queued => (String::from("waiting"), theme.secondary),
        RunStatus::Paused => (String::from("waits for you"), theme.warn),
        _ if !again.is_empty() => (format!("working {took}, asks again in {again}"), theme.warn),
        _ if silent >= SILENT_MILLIS => (format!("working {took}, nothing came for {} s", silent / 1000), theme.warn),
        _ => match app.here.speed.words(app.clock()) {
            Some(speed) => (format!("working {took} · {speed}"), theme.running),
            None => (format!("working {took}"), theme.running),
        },
    };
    let waiting = app.waiting_runs().count();
    let waiting = if waiting > 0 { format!(" +{waiting}") } else { String::new() };
    Some(Span::styled(format!(" · {words}{waiting}"), style))
}

/// What does not work as it should, in a few words; nothing while all does.
fn health(app: &App) -> Option<Span<'static>> {
    let health = app.known.health.as_ref()?;
    let registry = (health.registry.status != "ok").then(|| format!("registry {}", health.registry.status));
    let executor =
        (health.executor.status.as_str() != "ok").then(|| format!("executor {}", health.executor.status.as_str()));
    let breakers = match health.breakers.len() {
        0 => None,
        1 => health.breakers.first().map(|it| format!("{} left alone", it.subject)),
        n => Some(format!("{n} left alone")),
    };
    let words: Vec<String> = [registry, executor, breakers].into_iter().flatten().collect();
    (!words.is_empty()).then(|| Span::styled(format!(" · {}", one_line(&words.join(", "))), app.theme.warn))
}

/// What is worth knowing right now, the most important first.
fn actions(app: &App) -> Vec<Action> {
    if !app.layers.is_empty() {
        return vec![Action::Close];
    }
    let waits = app.is_lost() || app.asked_again_at().is_some();
    let again = (waits && app.focus == Focus::Composer).then_some(Action::TryNow);
    again.into_iter().chain(actions_here(app)).collect()
}

fn actions_here(app: &App) -> Vec<Action> {
    let waits = app.waiting_runs().next().is_some();
    let runs = app.active_run().is_some();
    match app.focus {
        Focus::Question => vec![Action::ToComposer, Action::Back, Action::Help],
        Focus::Composer if app.question.is_some() => vec![Action::Answer, Action::Send, Action::Stop],
        // A sample can be taken, and nothing else.
        Focus::Transcript if app.here.view.messages.is_empty() => vec![Action::Open, Action::ToComposer],
        Focus::Transcript => vec![Action::Open, Action::Copy, Action::View, Action::ToComposer],
        Focus::Composer if !app.composer.is_empty() => {
            let mut actions = vec![Action::Send, Action::NewLine];
            actions.extend(runs.then_some(Action::Stop));
            actions
        }
        // Esc takes the last message back before it stops anything.
        Focus::Composer if waits || runs => {
            let stops = if waits { Action::Interrupt } else { Action::Stop };
            let has_call = !app.here.view.tool_runs.is_empty();
            [stops].into_iter().chain(has_call.then_some(Action::OpenLatest)).chain([Action::Help]).collect()
        }
        Focus::Composer => {
            let mut actions = vec![Action::Help, Action::Palette];
            if app.here.view.tool_runs.is_empty() {
                actions.push(Action::Complete);
            } else {
                actions.insert(0, Action::OpenLatest);
            }
            actions
        }
    }
}
