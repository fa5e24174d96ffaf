//! A call that waits for a yes: what it is, why it is asked, what it gets and where that may go, all of its input, and what is
//! known of the tool: how its calls ended so far, and what is another than in the last one here.

use crate::{
    app::App,
    clean::one_line,
    destinations,
    output::plain,
    wrap::{fit, wrap},
};
use omega_core::{
    api::{Approval, ApprovalReason, ToolRun, ToolRunStatus},
    sanitize::visible_json,
};
use ratatui::text::{Line, Span};
use serde_json::Value;

pub fn lines(app: &App, approval: &Approval, max: usize) -> Vec<Line<'static>> {
    let theme = &app.theme;
    let why = match approval.reason {
        ApprovalReason::SafeMode => "Safe Mode is on",
        ApprovalReason::GuestCredentials => "a guest's message would use the owner's credentials",
        ApprovalReason::FirstUse => "it would use a stored credential for the first time",
        ApprovalReason::UnknownOutcome => "it was interrupted before, and may have taken effect",
        ApprovalReason::Destructive => "it deletes or spends something",
        ApprovalReason::ExfilGuard => "it would take a credential to an address that nobody here wrote",
        ApprovalReason::NeedsApproval => "the tool's author wants it to be approved first",
        ApprovalReason::AddPackage => "the agent proposes to add it to your tools",
    };
    let id = if approval.package.is_some() { approval.tool_id.package() } else { approval.tool_id.as_str() };
    let name = format!("{} {}", one_line(id), one_line(&approval.version));
    let own = if approval.own && approval.package.is_none() { " · added by the conversation's owner" } else { "" };
    let mut lines = wrap(&[Span::styled(name, theme.accent), Span::styled(format!("{own} · {why}"), theme.dim)], max);
    if let Some(because) = &approval.because {
        lines.extend(wrap(&[Span::styled(one_line(because), theme.warn)], max));
    }
    if let Some(package) = &approval.package {
        // Nothing of it runs here, and it was never called.
        let facts = package.lines(app.now).into_iter();
        for (name, what) in facts {
            let said = Span::styled(one_line(&what), theme.text);
            lines.extend(wrap(&[Span::styled(format!("{name} "), theme.dim), said], max));
        }
        lines.extend(wrap(&[Span::styled(visible_json(&approval.input), theme.text)], max));
        return lines;
    }
    let (gets, goes) = (gets(app, approval), goes(approval));
    let style = if approval.credentials.is_empty() { theme.secondary } else { theme.warn };
    lines.extend(wrap(&[Span::styled(gets, style), Span::styled(format!(" · {goes}"), theme.secondary)], max));
    lines.extend(wrap(&[Span::styled(visible_json(&approval.input), theme.text)], max));
    let known = record(app, approval).into_iter().chain(changes(app, approval));
    lines.extend(known.map(|words| fit(vec![Span::styled(words, theme.dim)], max)));
    lines
}

/// All that the tool is given besides its own package. The names of credentials are the owner's alone to see.
fn gets(app: &App, approval: &Approval) -> String {
    match approval.credentials.as_slice() {
        [] if app.here.is_owner => String::from("gets this input, no credential"),
        [] => String::from("gets this input"),
        names => format!("gets this input and {}", one_line(&names.join(", "))),
    }
}

/// Where that may go: a tool reaches the public web, and its input may say where in it.
fn goes(approval: &Approval) -> String {
    const SHOWN: usize = 4;
    let named = destinations::of(&approval.input);
    let more = named.len().saturating_sub(SHOWN);
    let shown: Vec<String> = named.iter().take(SHOWN).map(|host| one_line(host)).collect();
    match (shown.is_empty(), more) {
        (true, _) => String::from("may reach the web · input names no address"),
        (false, 0) => format!("may reach the web · input names {}", shown.join(", ")),
        (false, more) => format!("may reach the web · input names {} and {more} more", shown.join(", ")),
    }
}

/// The calls of the tool in this conversation that came to an end, oldest first.
fn before<'a>(app: &'a App, approval: &'a Approval) -> impl DoubleEndedIterator<Item = &'a ToolRun> {
    let is_same = |call: &&ToolRun| call.tool_id == approval.tool_id.as_str() && call.id != approval.tool_run_id;
    app.here.view.tool_runs.iter().filter(is_same).filter(|call| call.status.is_terminal())
}

/// How its calls ended so far, here and on this server.
fn record(app: &App, approval: &Approval) -> Option<String> {
    let (mut worked, mut failed) = (0, 0);
    for call in before(app, approval) {
        match call.status {
            ToolRunStatus::Succeeded => worked += 1,
            ToolRunStatus::Failed | ToolRunStatus::TimedOut | ToolRunStatus::Unknown => failed += 1,
            _ => {}
        }
    }
    let here = match (worked, failed) {
        (0, 0) => String::from("its first call here"),
        (worked, 0) => format!("{worked} worked here"),
        (0, failed) => format!("{failed} failed here"),
        (worked, failed) => format!("{worked} worked and {failed} failed here"),
    };
    let row = app.known.tools.get(approval.tool_id.as_str())?;
    let server = match row.execution_count {
        // A call whose package could not be installed ran nowhere.
        0 => String::from("never ran on this server"),
        count => format!("on this server {} of {count} worked", count.saturating_sub(row.failure_count)),
    };
    Some(format!("{here}, {server}"))
}

/// What is another than in the last call that worked here: one line for each member of the input.
fn changes(app: &App, approval: &Approval) -> Vec<String> {
    let last = before(app, approval).rev().find(|call| call.status == ToolRunStatus::Succeeded);
    let (Some(last), Some(now)) = (last, approval.input.as_object()) else { return Vec::new() };
    let shown = |value: Option<&Value>| one_line(&value.map_or_else(|| String::from("nothing"), plain));
    let was = |name: &String| last.input.get(name);
    let changed = now.iter().filter(|(name, value)| was(name) != Some(value));
    let mut lines: Vec<String> = changed
        .map(|(name, value)| format!("{} is {} and was {}", one_line(name), shown(Some(value)), shown(was(name))))
        .collect();
    let gone = last.input.as_object().into_iter().flatten().filter(|(name, _)| !now.contains_key(*name));
    lines.extend(gone.map(|(name, value)| format!("{} is gone and was {}", one_line(name), shown(Some(value)))));
    if lines.is_empty() {
        lines.push(String::from("the same input as the last time"));
    }
    lines
}
