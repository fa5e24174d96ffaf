//! The side panel of a wide screen: what the tools do, the newest below, and what it all came to.

use super::spinner;
use crate::{
    app::{App, step_sign},
    clean::one_line,
    numbers::{grouped, seconds},
    transcript::{asked_of, glyph, label, took},
    wrap::{fit, width},
};
use omega_core::{
    api::{StepProgress, StepStatus, ToolRun},
    model::{price::dollars, window},
};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
    widgets::{Block, Borders, Widget},
};

/// Whether there is something to stand in it that stands nowhere else.
pub fn has_anything(app: &App) -> bool {
    let view = &app.here.view;
    !view.tool_runs.is_empty() || view.runs.iter().any(|run| run.plan.is_some())
}

pub fn draw(app: &App, area: Rect, rule: u16, buffer: &mut Buffer) {
    let theme = &app.theme;
    let block = Block::new().borders(Borders::LEFT).border_style(theme.strong_border);
    let inner = block.inner(area);
    block.render(area, buffer);
    // Where the title and the rule above the composer meet it.
    buffer[(area.x, area.y)].set_symbol("┬");
    buffer[(area.x, rule)].set_symbol("┤");
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let max = usize::from(inner.width);
    let heading = |words: String| {
        let dots = "┄".repeat(max.saturating_sub(width(&words) + 1));
        Line::from(vec![Span::styled(format!("{words} "), theme.accent), Span::styled(dots, theme.strong_border)])
    };
    let facts = facts(app);
    let steps = steps(app, max);
    let plan = if steps.is_empty() { 0 } else { steps.len() + 2 };
    let room = usize::from(inner.height).saturating_sub(facts.len() + 4 + plan);
    let runs = &app.here.view.tool_runs;
    let mut lines = Vec::new();
    if !runs.is_empty() {
        lines.push(heading(format!("calls {}", grouped(app.here.call_count()))));
        lines.extend(runs[runs.len().saturating_sub(room)..].iter().map(|run| row(app, run, max)));
        lines.push(Line::default());
    }
    if !steps.is_empty() {
        lines.push(heading(String::from("plan")));
        lines.extend(steps);
        lines.push(Line::default());
    }
    lines.push(heading(String::from("conversation")));
    lines.extend(facts.into_iter().map(|(name, value)| {
        let name = format!("{name:<9}");
        fit(vec![Span::styled(name, theme.dim), Span::styled(value, theme.text)], max)
    }));
    for (line, row) in lines.into_iter().zip(inner.rows()) {
        line.render(row, buffer);
    }
}

fn row(app: &App, run: &ToolRun, max: usize) -> Line<'static> {
    let theme = &app.theme;
    let (sign, style) = glyph(run.status, spinner(app), theme);
    let took = took(run, app.clock()).map(|took| format!(" {}", seconds(took))).unwrap_or_default();
    let room = max.saturating_sub(width(&took));
    // Calls of one tool differ by what was asked.
    let asked = Some(one_line(&asked_of(run))).filter(|asked| !asked.is_empty());
    let mut spans = vec![Span::styled(format!("{sign} "), style), Span::styled(label(run), theme.text)];
    spans.extend(asked.map(|asked| Span::styled(format!(" {asked}"), theme.dim)));
    let mut line = fit(spans, room);
    let pad = room.saturating_sub(line.width());
    line.push_span(Span::raw(" ".repeat(pad)));
    line.push_span(Span::styled(took, theme.dim));
    line
}

/// The steps of the active run's plan, or of the last one; at most ten, around the one that is at work.
fn steps(app: &App, max: usize) -> Vec<Line<'static>> {
    const SHOWN: usize = 10;
    let theme = &app.theme;
    let Some(plan) = app.here.view.runs.iter().rev().find_map(|run| run.plan.as_ref()) else { return Vec::new() };
    let at = plan.steps.iter().position(|step| matches!(step.status, StepStatus::Running | StepStatus::Pending));
    let last = plan.steps.len().saturating_sub(SHOWN);
    let first = at.unwrap_or(plan.steps.len()).saturating_sub(SHOWN / 2).min(last);
    let line = |step: &StepProgress| {
        let style = match step.status {
            StepStatus::Done => theme.ok,
            StepStatus::Running => theme.running,
            StepStatus::Failed => theme.error,
            StepStatus::Pending | StepStatus::Skipped => theme.dim,
        };
        let tool = step.replaced_by.as_ref().map_or_else(|| step.step.tool_name.clone(), ToString::to_string);
        let mut spans = vec![
            Span::styled(format!("{} ", step_sign(step.status)), style),
            Span::styled(one_line(&tool), theme.text),
        ];
        if step.status == StepStatus::Pending && !step.step.missing_env.is_empty() {
            spans.push(Span::styled(format!(" needs {}", one_line(&step.step.missing_env.join(", "))), theme.warn));
        }
        fit(spans, max)
    };
    plan.steps.iter().skip(first).take(SHOWN).map(line).collect()
}

fn facts(app: &App) -> Vec<(&'static str, String)> {
    let usage = app.here.view.usage();
    // Who looks at it knows that they are there.
    let me = app.known.me.as_ref().map(|me| me.user_id);
    let others = app.here.view.participants.iter().filter(|it| Some(it.user_id) != me && !it.blocked);
    let others: Vec<&str> = others.map(|it| it.display_name.as_str()).collect();
    let mut facts = vec![("messages", app.here.message_words())];
    let from = app.here.view.conversation.as_ref().and_then(|it| it.forked_from.as_deref());
    facts.extend(from.map(|from| ("fork of", one_line(from))));
    if usage.input_tokens + usage.output_tokens > 0 {
        facts.push(("tokens", format!("{} in, {} out", grouped(usage.input_tokens), grouped(usage.output_tokens))));
    }
    facts.extend(dollars(&usage).map(|sum| ("cost", sum)));
    if let Some(taken) = app.here.speed.context {
        let window = app.answering_model().and_then(window::of);
        let of =
            window.map(|window| format!(" of {}, {} %", grouped(window), taken.saturating_mul(100) / window.max(1)));
        facts.push(("context", format!("{}{}", grouped(taken), of.unwrap_or_default())));
    }
    facts.extend(app.here.speed.words(app.clock()).map(|speed| ("speed", speed)));
    // Who is alone here knows that.
    if !others.is_empty() {
        facts.push(("with", one_line(&others.join(", "))));
    }
    facts
}
