//! What tools do, one line each on stderr: `✓ mathjs evaluate 15.2.0 · 0.3 s`.

use crate::ui::{Tone, Ui};
use omega_core::{
    api::{ToolRun, ToolRunStatus},
    export::seconds,
    registry::meta,
    sanitize::one_line,
};

/// The line of a tool run that ended.
pub fn line(ui: &Ui, run: &ToolRun) -> String {
    let (mark, tone) = match run.status {
        status if ui.is_linear() => (spoken(status), Tone::Dim),
        ToolRunStatus::Succeeded => ("✓", Tone::Good),
        ToolRunStatus::Cancelled | ToolRunStatus::Skipped | ToolRunStatus::Denied => ("–", Tone::Warn),
        ToolRunStatus::Unknown => ("?", Tone::Warn),
        _ => ("✗", Tone::Bad),
    };
    let mut text = format!("{} {}", ui.tone(tone, mark), name(run));
    if !run.version.is_empty() {
        text += &format!(" {}", one_line(&run.version, 40));
    }
    if let Some(millis) = run.duration_ms {
        text += &ui.tone(Tone::Dim, &format!(" · {}", seconds(millis)));
    }
    match &run.error {
        Some(error) => text += &format!(" · {}: {}", error.code.as_str(), one_line(&error.message, 200)),
        None if run.status != ToolRunStatus::Succeeded => text += &format!(" · {}", run.status.as_str()),
        None => {}
    }
    text
}

/// The sign of a status in words.
fn spoken(status: ToolRunStatus) -> &'static str {
    match status {
        ToolRunStatus::Succeeded => "Tool worked:",
        ToolRunStatus::Cancelled => "Tool stopped:",
        ToolRunStatus::Skipped => "Tool not run:",
        ToolRunStatus::Denied => "Tool refused:",
        ToolRunStatus::Unknown => "Tool with unknown outcome:",
        ToolRunStatus::Failed | ToolRunStatus::TimedOut => "Tool failed:",
        ToolRunStatus::Proposed
        | ToolRunStatus::Started
        | ToolRunStatus::AwaitingApproval
        | ToolRunStatus::AwaitingCredentials => "Tool:",
    }
}

/// Input and outcome, for `--verbose`.
pub fn details(run: &ToolRun) -> [String; 2] {
    [
        format!("  in   {}", one_line(&run.input.to_string(), 500)),
        format!("  out  {}", one_line(&run.output_summary, 500)),
    ]
}

/// `package::export` as two words; a meta-tool by what it does.
pub fn name(run: &ToolRun) -> String {
    if run.tool_id == meta::SEARCH {
        return format!("search {}", one_line(&run.input["query"].to_string(), 80));
    }
    if run.tool_id == meta::ADD {
        return format!("add {}", one_line(&run.input["package"].to_string(), 80));
    }
    one_line(&run.tool_id.replace("::", " "), 120)
}
