//! What a paused run asks, for a person. Names, descriptions and inputs are foreign text: nothing of them reaches the
//! terminal with its powers, and nothing of an input stays hidden.

use crate::ui::{Tone, Ui};
use omega_core::{
    api::{
        AlternativeChoice, Approval, ApprovalReason, CredentialRequest, MissingVar, PackageFacts, Plan, RequiredAction,
        Timestamp,
    },
    id::ToolId,
    sanitize::{one_line, visible_json},
};
use std::fmt::Write;

/// The call, why it is asked, and its whole input.
pub fn approval(ui: &Ui, approval: &Approval) -> String {
    let name = one_line(subject(approval), 200);
    let mut text = format!(
        "{} {name} {} waits for approval: {}",
        ui.tone(Tone::Warn, "‖"),
        one_line(&approval.version, 40),
        reason(approval.reason)
    );
    if let Some(because) = &approval.because {
        // Writing to a string can't fail.
        let _ = write!(text, "\n  {}", one_line(because, 600));
    }
    text.extend(approval.package.iter().map(facts));
    for line in visible_json(&approval.input).lines() {
        let _ = write!(text, "\n    {line}");
    }
    if !approval.credentials.is_empty() {
        let _ = write!(text, "\n  gets {}", one_line(&approval.credentials.join(", "), 400));
    }
    text
}

/// What is asked about: a tool, or a package that would be added.
pub fn subject(approval: &Approval) -> &str {
    if approval.package.is_some() { approval.tool_id.package() } else { approval.tool_id.as_str() }
}

/// What npm says of a package, a line for each fact.
fn facts(package: &PackageFacts) -> String {
    let line = |(name, what): (&str, String)| format!("\n  {name:<14} {}", one_line(&what, 300));
    package.lines(Timestamp::now()).into_iter().map(line).collect()
}

/// Who answers, for everybody else.
pub const OWNER_IS_ASKED: &str = "The owner of this conversation is asked; the run waits for them.";

/// The question for somebody who may not answer it.
pub fn waits_for_owner(ui: &Ui, action: &RequiredAction) -> String {
    let what = match action {
        RequiredAction::Credentials { requests, missing_vars, .. } => credentials(ui, requests, missing_vars),
        RequiredAction::Approval { approvals, .. } => {
            approvals.iter().map(|it| approval(ui, it)).collect::<Vec<_>>().join("\n")
        }
        RequiredAction::Plan { plans: proposed, .. } => plans(proposed),
        RequiredAction::Alternatives { choices, .. } => choices.iter().map(alternatives).collect(),
    };
    format!("{what}\n{OWNER_IS_ASKED}")
}

/// Why a call is asked about.
pub fn reason(reason: ApprovalReason) -> &'static str {
    match reason {
        ApprovalReason::SafeMode => "Safe Mode is on",
        ApprovalReason::GuestCredentials => "a guest's message would use the owner's credentials",
        ApprovalReason::FirstUse => "it would use a stored credential for the first time",
        ApprovalReason::UnknownOutcome => "the same call was interrupted before, and may have taken effect",
        ApprovalReason::Destructive => "it deletes or spends something",
        ApprovalReason::ExfilGuard => "it would take a credential to an address that nobody here wrote",
        ApprovalReason::NeedsApproval => "the tool's author wants it to be approved first",
        ApprovalReason::AddPackage => "the agent proposes to add it to your tools",
    }
}

/// Which tools lack what.
pub fn credentials(ui: &Ui, requests: &[CredentialRequest], vars: &[MissingVar]) -> String {
    let tools: Vec<&str> = requests.iter().map(|request| request.tool_id.as_str()).collect();
    let mut text = format!("{} {} needs:", ui.tone(Tone::Warn, "‖"), one_line(&tools.join(", "), 300));
    for var in vars {
        let _ = write!(text, "\n    {}", one_line(&var.name, 200));
        if !var.description.trim().is_empty() {
            let _ = write!(text, "  {}", one_line(&var.description, 400));
        }
        if var.rejected {
            let _ = write!(text, "  {}", ui.tone(Tone::Bad, "(the value was rejected)"));
        }
    }
    text
}

/// Plans, numbered from 1.
pub fn plans(plans: &[Plan]) -> String {
    let mut out = String::new();
    for (at, plan) in plans.iter().enumerate() {
        let confidence = plan.confidence * 100.0;
        let reasoning = one_line(&plan.reasoning, 400);
        let _ = writeln!(out, "Plan {} · confidence {confidence:.0} %\n  {reasoning}", at + 1);
        for step in &plan.steps {
            let (tool, purpose) = (one_line(&step.tool_name, 100), one_line(&step.purpose, 200));
            let _ = write!(out, "  {}. {tool}: {purpose}", step.step_number);
            if !step.missing_env.is_empty() {
                let _ = write!(out, " (needs {})", one_line(&step.missing_env.join(", "), 200));
            }
            out.push('\n');
            if !step.expected_output.trim().is_empty() {
                let _ = writeln!(out, "     → {}", one_line(&step.expected_output, 200));
            }
        }
        for var in &plan.missing_vars {
            let _ = write!(out, "  missing: {}", one_line(&var.name, 200));
            if !var.description.trim().is_empty() {
                let _ = write!(out, "  {}", one_line(&var.description, 300));
            }
            out.push('\n');
        }
        if !plan.pins.is_empty() {
            let pins: Vec<&str> = plan.pins.iter().map(ToolId::as_str).collect();
            let _ = writeln!(out, "  pinned: {}", one_line(&pins.join(", "), 400));
        }
    }
    out
}

/// What failed, and the tools that could do it instead, numbered.
pub fn alternatives(choice: &AlternativeChoice) -> String {
    let mut text = format!("{}: {}\n", one_line(choice.tool_id.as_str(), 200), one_line(&choice.detail, 300));
    for (it, number) in choice.alternatives.iter().zip(1..) {
        let _ = write!(text, "  {number}. {}: {}", one_line(it.tool_id.as_str(), 200), one_line(&it.why, 200));
        if !it.required_env.is_empty() {
            let mark = |name: &String| format!("{}{name}", if it.you_have.contains(name) { "✓ " } else { "needs " });
            let keys: Vec<String> = it.required_env.iter().map(mark).collect();
            let _ = write!(text, " ({})", one_line(&keys.join(", "), 300));
        }
        text.push('\n');
    }
    text
}
