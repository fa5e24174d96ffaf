//! The plan that the newest run with one follows, and how far it is.

use super::Row;
use omega_core::{
    api::{StepProgress, StepStatus},
    view::View,
};

/// A row for each step.
pub fn rows(view: &View) -> Vec<Row> {
    let plan = view.runs.iter().rev().find_map(|run| run.plan.as_ref());
    plan.map_or_else(Vec::new, |plan| plan.steps.iter().map(row).collect())
}

fn row(progress: &StepProgress) -> Row {
    let step = &progress.step;
    let tool = progress.replaced_by.as_ref().map_or_else(|| step.tool_name.clone(), ToString::to_string);
    let missing = match step.missing_env.is_empty() || progress.status != StepStatus::Pending {
        true => String::new(),
        false => format!(" · needs {}", step.missing_env.join(", ")),
    };
    let expected = match step.expected_output.trim().is_empty() {
        true => step.purpose.clone(),
        false => format!("{}; gives {}", step.purpose, step.expected_output),
    };
    Row {
        name: format!("{} {}. {tool}", sign(progress.status), step.step_number),
        value: format!("{}{missing}", word(progress.status)),
        about: expected,
        ..Row::default()
    }
}

pub fn sign(status: StepStatus) -> &'static str {
    match status {
        StepStatus::Pending => "○",
        StepStatus::Running => "●",
        StepStatus::Done => "✓",
        StepStatus::Failed => "✗",
        StepStatus::Skipped => "–",
    }
}

fn word(status: StepStatus) -> &'static str {
    match status {
        StepStatus::Pending => "to do",
        StepStatus::Running => "at work",
        StepStatus::Done => "done",
        StepStatus::Failed => "failed",
        StepStatus::Skipped => "left out",
    }
}
