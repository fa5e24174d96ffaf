//! A tool call: one line, never more, until it is opened; then what went in and what came out; then all of it as JSON.

use super::cells::{INDENT, Look, Scene, indented};
use crate::{
    clean::{clean, one_line},
    numbers::seconds,
    theme::Theme,
    wrap::{fit, width, wrap},
};
use omega_core::{
    api::{ToolRun, ToolRunStatus},
    id::ToolId,
    registry::meta,
};
use ratatui::{
    style::{Modifier, Style},
    text::{Line, Span},
};
use serde_json::{Value, json};

/// Lines of one input or of the summary before they are cut; the JSON has the rest.
const SUMMARY_LINES: usize = 8;

pub fn lines(run: &ToolRun, scene: &Scene<'_>, look: &Look<'_>) -> Vec<Line<'static>> {
    let mut lines = vec![head(run, scene, look)];
    if look.level == 0 {
        return lines;
    }
    let room = look.width.saturating_sub(6).max(1);
    let body = if look.level == 1 { summary(run, scene, room) } else { raw(run, look.output, scene.theme, room) };
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

/// `✓ mathjs evaluate · 0.3 s  7`
fn head(run: &ToolRun, scene: &Scene<'_>, look: &Look<'_>) -> Line<'static> {
    let theme = scene.theme;
    let on = |style: Style| if look.selected { style.patch(theme.selected) } else { style };
    let (sign, style) = glyph(run.status, scene.spinner, theme);
    let took = run.duration_ms.or_else(|| (!run.status.is_terminal()).then(|| scene.now.millis_since(run.created_at)));
    let mut spans = vec![
        Span::styled(if look.selected { "› " } else { INDENT }, on(theme.accent)),
        Span::styled(format!("{sign} "), on(style)),
        Span::styled(label(run), on(theme.text)),
    ];
    if let Some(error) = &run.error {
        spans.push(Span::styled(format!(" · {}", error.code.as_str()), on(theme.error)));
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
    if let (Some(fate), None) = (fate, &run.error) {
        spans.push(Span::styled(format!(" · {fate}"), on(theme.warn)));
    }
    if let Some(took) = took {
        spans.push(Span::styled(format!(" · {}", seconds(took)), on(theme.dim)));
    }
    if look.level == 0 && run.error.is_none() && !run.output_summary.is_empty() {
        spans.push(Span::styled(format!("  {}", one_line(&run.output_summary)), on(theme.dim)));
    }
    fit(spans, look.width)
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
    } else if !run.output_summary.is_empty() {
        lines.extend(field("→", &run.output_summary, theme, room));
    } else if let Some((.., partial)) = scene.view.partials.iter().find(|(id, ..)| *id == run.id) {
        lines.extend(field("…", &plain(partial), theme, room));
    }
    lines
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

/// A string as it is, anything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn raw(run: &ToolRun, loaded: Option<&str>, theme: &Theme, room: usize) -> Vec<Line<'static>> {
    let mut all = vec![
        ("toolId", json!(run.tool_id)),
        ("version", json!(run.version)),
        ("status", json!(run.status)),
        ("durationMs", json!(run.duration_ms)),
        ("input", run.input.clone()),
    ];
    let output = run.output.clone().or_else(|| loaded.map(|text| serde_json::from_str(text).unwrap_or(text.into())));
    match (&run.error, output) {
        (Some(error), _) => all.push(("error", json!(error))),
        (None, Some(output)) => all.push(("output", output)),
        (None, None) if run.output_bytes > 0 => {
            all.push(("output", json!(format!("loading {} bytes ...", run.output_bytes))));
        }
        (None, None) => {}
    }
    all.iter().flat_map(|(name, value)| tree(name, value, 0, theme, room)).collect()
}

/// A member and its value: on one line where it fits, as people write it, and else one line for each of its own.
fn tree(name: &str, value: &Value, depth: usize, theme: &Theme, room: usize) -> Vec<Line<'static>> {
    let name = if name.is_empty() { String::new() } else { format!("{name}: ") };
    let indent = " ".repeat((2 * depth).min(room / 2));
    let line = |name: &str, text: &str| tree_line(&indent, name, text, theme, room);
    let flat = clean(&value.to_string()).into_owned();
    let (open, children, close): (&str, Vec<(String, &Value)>, &str) = match value {
        _ if width(&indent) + width(&name) + width(&flat) <= room => return line(&name, &flat),
        Value::Array(values) => ("[", values.iter().map(|value| (String::new(), value)).collect(), "]"),
        Value::Object(fields) => {
            ("{", fields.iter().map(|(key, value)| (clean(&json!(key).to_string()).into_owned(), value)).collect(), "}")
        }
        _ => return line(&name, &flat),
    };
    let mut lines = line(&name, open);
    lines.extend(children.iter().flat_map(|(name, value)| tree(name, value, depth + 1, theme, room)));
    lines.extend(line("", close));
    lines
}

/// A line with its name apart, continued below its own indentation.
fn tree_line(indent: &str, name: &str, text: &str, theme: &Theme, room: usize) -> Vec<Line<'static>> {
    let spans = [Span::styled(name.to_owned(), theme.secondary), Span::styled(text.to_owned(), theme.text)];
    let lines = wrap(&spans, room.saturating_sub(width(indent)).max(1));
    lines
        .into_iter()
        .map(|mut line| {
            line.spans.insert(0, Span::raw(indent.to_owned()));
            line
        })
        .collect()
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
