//! A tool call: one line, never more, until it is opened; then what went in and what came out; then all of it.

use super::cells::{INDENT, Look, Scene, indented};
use crate::{
    clean::{clean, one_line},
    keymap::{Action, Context},
    numbers::{bytes, grouped, seconds},
    output::{self, Shape, Tree, asked, came, plain},
    theme::Theme,
    wrap::{fit, width, wrap},
};
use omega_core::{
    api::{Timestamp, ToolRun, ToolRunStatus},
    id::ToolId,
    registry::meta,
};
use ratatui::{
    style::{Modifier, Style},
    text::{Line, Span},
};
use serde_json::{Value, json};

/// Cells that what was asked and what came need beside the name.
const NARROW: usize = 28;
/// Lines of one input or of the summary before they are cut; the JSON has the rest.
const SUMMARY_LINES: usize = 8;
/// Lines of an output before they are cut, in the summary and in all of it; the viewer has the rest.
const PREVIEW_LINES: usize = 16;
const WHOLE_LINES: usize = 2_000;

pub fn lines(run: &ToolRun, scene: &Scene<'_>, look: &Look<'_>) -> Vec<Line<'static>> {
    let mut lines = vec![head(run, scene, look)];
    if look.level == 0 {
        return lines;
    }
    let room = look.width.saturating_sub(6).max(1);
    let body = if look.level == 1 { summary(run, scene, room) } else { whole(run, scene, look, room) };
    let bar = Span::styled("│ ", scene.theme.strong_border);
    let barred = body.into_iter().map(|line| {
        let style = line.style;
        let mut spans = vec![bar.clone()];
        spans.extend(line.spans.into_iter().map(|span| Span::styled(span.content, style.patch(span.style))));
        Line::from(spans)
    });
    lines.extend(indented(indented(barred.collect())));
    lines
}

/// `✓ mathjs evaluate det([[2,1],[1,3]]) → 5 · 0.3 s`, or why it failed, or how far it is.
fn head(run: &ToolRun, scene: &Scene<'_>, look: &Look<'_>) -> Line<'static> {
    let theme = scene.theme;
    let on = |style: Style| if look.selected { style.patch(theme.selected) } else { style };
    let (sign, style) = glyph(run.status, scene.spinner, theme);
    let mut took = took(run, scene.now).map(|took| format!(" · {}", seconds(took))).unwrap_or_default();
    let name = label(run);
    let mut spans = vec![
        Span::styled(if look.selected { "› " } else { INDENT }, on(theme.accent)),
        Span::styled(format!("{sign} "), on(style)),
        Span::styled(name.clone(), on(theme.text)),
    ];
    let (end, end_style) = ending(run, scene);
    // What was asked gives way to what came, but not below a third of the line.
    let room = look.width.saturating_sub(width(&name) + width(&took) + 5);
    // A few letters of each would say nothing: there it is what came that counts.
    let is_narrow = room < NARROW && width(&end) > room / 2;
    if is_narrow && width(&end) > room {
        took = String::new();
    }
    let came = width(&end).min(room - room / 3);
    let asked = if look.level == 0 && !is_narrow { one_line(&asked_of(run)) } else { String::new() };
    let asked = fit(vec![Span::styled(format!(" {asked}"), on(theme.secondary))], room.saturating_sub(came));
    if !asked.to_string().trim().is_empty() {
        spans.extend(asked.spans);
    }
    let used: usize = spans.iter().map(|span| width(&span.content)).sum();
    let end = fit(vec![Span::styled(end, on(end_style))], look.width.saturating_sub(used + width(&took)));
    spans.extend(end.spans);
    spans.push(Span::styled(took, on(theme.dim)));
    fit(spans, look.width)
}

/// What was asked, where the name does not say it already.
pub fn asked_of(run: &ToolRun) -> String {
    match run.tool_id.as_str() {
        meta::SEARCH => String::new(),
        meta::EXECUTE => run.input.get("params").map(asked).unwrap_or_default(),
        _ => asked(&run.input),
    }
}

/// What came, why nothing did, or what it says while it works.
fn ending(run: &ToolRun, scene: &Scene<'_>) -> (String, Style) {
    let theme = scene.theme;
    if let Some(error) = &run.error {
        return (format!(" · {} {}", error.code.as_str(), one_line(&error.message)), theme.error);
    }
    let fate = match run.status {
        ToolRunStatus::Unknown => Some("outcome unknown"),
        ToolRunStatus::Cancelled => Some("stopped"),
        ToolRunStatus::Skipped => Some("not run"),
        ToolRunStatus::Denied => Some("refused"),
        ToolRunStatus::AwaitingCredentials => Some("waits for variables"),
        ToolRunStatus::AwaitingApproval => Some("waits for your approval"),
        _ => None,
    };
    if let Some(fate) = fate {
        return (format!(" · {fate}"), theme.warn);
    }
    if let Some((.., partial)) = scene.view.partials.iter().find(|(id, ..)| *id == run.id) {
        return (format!(" … {}", one_line(&last_words(partial))), theme.running);
    }
    let came = one_line(&came(run));
    (if came.is_empty() { came } else { format!(" → {came}") }, theme.text)
}

/// The newest line of a partial output: its last text that is not empty.
fn last_words(partial: &Value) -> String {
    let text = match partial {
        Value::Object(fields) => {
            fields.values().rev().find_map(Value::as_str).map_or_else(|| partial.to_string(), str::to_owned)
        }
        other => plain(other),
    };
    text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default().to_owned()
}

/// How long a call took, or works by now. Time in which it waits for a person, or for its turn, is none of its own.
pub fn took(run: &ToolRun, now: Timestamp) -> Option<u64> {
    let works = run.status == ToolRunStatus::Started;
    run.duration_ms.or_else(|| works.then(|| now.millis_since(run.started_at.unwrap_or(run.created_at))))
}

/// The sign of a status.
pub fn glyph(status: ToolRunStatus, spinner: &'static str, theme: &Theme) -> (&'static str, Style) {
    match status {
        ToolRunStatus::Proposed | ToolRunStatus::Started => (spinner, theme.running),
        ToolRunStatus::Succeeded => ("✓", theme.ok),
        ToolRunStatus::Failed | ToolRunStatus::TimedOut => ("✗", theme.error),
        ToolRunStatus::Cancelled => ("■", theme.warn),
        ToolRunStatus::Skipped | ToolRunStatus::Denied => ("–", theme.warn),
        ToolRunStatus::AwaitingCredentials | ToolRunStatus::AwaitingApproval => ("‖", theme.warn),
        ToolRunStatus::Unknown => ("?", theme.warn),
    }
}

/// What is called, in words: package and export, or what a meta-tool does.
pub fn label(run: &ToolRun) -> String {
    let text = |name: &str| run.input.get(name).and_then(Value::as_str).map(one_line).unwrap_or_default();
    match run.tool_id.as_str() {
        meta::SEARCH => format!("search “{}”", text("query")),
        meta::EXECUTE => named(&text("toolId")),
        id => named(&one_line(id)),
    }
}

fn named(id: &str) -> String {
    match id.parse::<ToolId>() {
        Ok(id) if id.export() == "default" => id.package().to_owned(),
        Ok(id) => format!("{} {}", id.package(), id.export()),
        Err(_) => id.to_owned(),
    }
}

fn summary(run: &ToolRun, scene: &Scene<'_>, room: usize) -> Vec<Line<'static>> {
    let theme = scene.theme;
    let mut lines = Vec::new();
    if run.tool_id.contains("::") {
        let version = if run.version.is_empty() { String::new() } else { format!(" · version {}", run.version) };
        lines.push(fit(vec![Span::styled(one_line(&format!("{}{version}", run.tool_id)), theme.dim)], room));
    }
    match &run.input {
        Value::Object(fields) => {
            for (name, value) in fields {
                lines.extend(field(&one_line(name), &plain(value), theme, room));
            }
        }
        other => lines.extend(field("input", &plain(other), theme, room)),
    }
    if let Some(error) = &run.error {
        let spans = [
            Span::styled(format!("✗ {} ", error.code.as_str()), theme.error.add_modifier(Modifier::BOLD)),
            Span::styled(clean(&error.message).into_owned(), theme.error),
        ];
        lines.extend(cut(wrap(&spans, room), theme));
    } else if let Some(output) = &run.output {
        lines.extend(preview(output, scene, room, PREVIEW_LINES));
    } else if !run.output_summary.is_empty() {
        lines.extend(field("→", &run.output_summary, theme, room));
    } else if let Some((.., partial)) = scene.view.partials.iter().find(|(id, ..)| *id == run.id) {
        lines.extend(preview(partial, scene, room, PREVIEW_LINES));
    }
    lines
}

/// An output in the way that fits it; one value on the line of its arrow.
fn preview(value: &Value, scene: &Scene<'_>, room: usize, most: usize) -> Vec<Line<'static>> {
    let theme = scene.theme;
    let is_one = match value {
        Value::String(text) => !text.contains('\n') && width(text) < room && !text.starts_with("data:image/"),
        Value::Array(_) | Value::Object(_) => false,
        _ => true,
    };
    if is_one {
        return field("→", &plain(value), theme, room);
    }
    let mut lines = output::lines(value, Shape::of(value), theme, room, true);
    if lines.len() > most {
        let more = lines.len() - most;
        lines.truncate(most);
        let words = format!("… {} more lines: {} reads all of it", grouped(more as u64), reads(scene));
        lines.push(Line::styled(words, theme.dim));
    }
    lines
}

/// The key that reads an output over the whole screen.
fn reads(scene: &Scene<'_>) -> String {
    scene.keys.key(Context::Global, Action::View)
}

fn field(name: &str, value: &str, theme: &Theme, room: usize) -> Vec<Line<'static>> {
    let spans = [
        Span::styled(format!("{name} "), theme.secondary),
        Span::styled(clean(value.trim_end()).into_owned(), theme.text),
    ];
    cut(wrap(&spans, room), theme)
}

fn cut(mut lines: Vec<Line<'static>>, theme: &Theme) -> Vec<Line<'static>> {
    if lines.len() > SUMMARY_LINES {
        let more = lines.len() - SUMMARY_LINES + 1;
        lines.truncate(SUMMARY_LINES - 1);
        lines.push(Line::styled(format!("… {more} more lines"), theme.dim));
    }
    lines
}

/// All of it: input and output, each in the way that fits it, and the facts.
fn whole(run: &ToolRun, scene: &Scene<'_>, look: &Look<'_>, room: usize) -> Vec<Line<'static>> {
    let theme = scene.theme;
    let facts = json!({
        "toolId": run.tool_id, "version": run.version, "status": run.status, "durationMs": run.duration_ms,
        "input": run.input, "error": run.error,
    });
    let mut facts = Tree::of(facts);
    facts.open_all();
    let mut lines = facts.lines(theme, room);
    let loaded = look.output.map(|loaded| match serde_json::from_str(&loaded.text) {
        Ok(value) if loaded.is_whole => value,
        _ => Value::from(loaded.text.as_str()),
    });
    match run.output.as_ref().or(loaded.as_ref()) {
        Some(output) => lines.extend(preview(output, scene, room, WHOLE_LINES)),
        None if run.output_bytes > 0 && run.error.is_none() => {
            lines.push(Line::styled(format!("loading {} ...", bytes(run.output_bytes)), theme.dim));
        }
        None => {}
    }
    if look.output.is_some_and(|loaded| !loaded.is_whole) {
        let words = format!("… this is the beginning of {}: {} reads all of it", bytes(run.output_bytes), reads(scene));
        lines.push(Line::styled(words, theme.dim));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_called_by_package_and_export() {
        assert_eq!(named("mathjs::evaluate"), "mathjs evaluate");
        assert_eq!(named("@scope/pkg::a.b"), "@scope/pkg a.b");
        assert_eq!(named("slugify::default"), "slugify");
        assert_eq!(named("odd"), "odd");
    }

    #[test]
    fn durations_read_well() {
        let cases = [(0, "0.0 s"), (349, "0.3 s"), (59_999, "59.9 s"), (61_000, "1 min 1 s")];
        for (millis, text) in cases {
            assert_eq!(seconds(millis), text);
        }
    }
}
