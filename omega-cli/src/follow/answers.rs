//! Answers that a command line gives beforehand to what a run may ask, so that a script needs nobody.

use super::pause::{Waiting, is_answered_already, part_of, parts, words};
use crate::{
    exit::Failure,
    ui::{Tone, Ui},
    value_candidates,
};
use clap::{Args, ValueEnum};
use clap_complete::engine::ArgValueCompleter;
use omega_core::{
    api::{
        Alternative, AlternativeChoice, Approval, Decide, Decision, Plan, ProvideCredentials, Remember, RequiredAction,
        Save, SelectAlternative, SelectPlan,
    },
    client::{Client, ClientError},
    sanitize::one_line,
};
use std::collections::BTreeMap;

/// What the flags say.
#[derive(Debug, Clone, Default, Args)]
pub struct Answers {
    /// Approve every call that asks for it, once each; a package that the agent proposes to add is asked about all the same
    #[arg(long, short)]
    yes: bool,
    /// Approve calls of this tool (package::export, or a package for all of its tools), once each; may be given several times
    #[arg(long = "approve", value_name = "TOOL", add = ArgValueCompleter::new(value_candidates::tools))]
    approve: Vec<String>,
    /// When a tool lacks a variable: cancel the run, leave it waiting, or have the best other tool that lacks none do it
    #[arg(long, value_name = "HOW")]
    on_missing: Option<OnMissing>,
    /// Never ask on the terminal: a run that waits for a person ends the command with exit code 4 or 5
    #[arg(long)]
    no_input: bool,
    /// The number of the plan to follow.
    #[arg(skip)]
    pub plan: Option<usize>,
}

/// What to do about a variable that a tool lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnMissing {
    Fail,
    Wait,
    Alternatives,
}

impl Answers {
    /// Whether a person is there who may be asked.
    pub fn may_ask(&self, ui: &Ui) -> bool {
        !self.no_input && ui.can_ask()
    }

    /// Gives what the flags have for a question: the parts of it that are answered now.
    pub async fn give(&self, ui: &Ui, client: &Client, waiting: &Waiting) -> Result<Vec<String>, Failure> {
        if !waiting.is_mine() {
            return Ok(Vec::new());
        }
        match &waiting.action {
            RequiredAction::Approval { approvals, .. } => self.approve(ui, client, waiting, approvals).await,
            RequiredAction::Plan { plans, .. } => self.select(ui, client, waiting, plans).await,
            RequiredAction::Credentials { .. } => match self.on_missing {
                None => Ok(Vec::new()),
                Some(OnMissing::Wait) => Err(waiting.failure()),
                Some(OnMissing::Fail) => {
                    let failure = waiting.failure();
                    settled(client.cancel_run(waiting.run).await)?;
                    Err(failure.hint("the run was cancelled; give the variable with --env, and ask again"))
                }
                Some(OnMissing::Alternatives) => self.replace(ui, client, waiting).await,
            },
            RequiredAction::Alternatives { .. } if self.on_missing == Some(OnMissing::Alternatives) => {
                self.replace(ui, client, waiting).await
            }
            RequiredAction::Alternatives { .. } => Ok(Vec::new()),
        }
    }

    async fn approve(
        &self,
        ui: &Ui,
        client: &Client,
        waiting: &Waiting,
        approvals: &[Approval],
    ) -> Result<Vec<String>, Failure> {
        let mut given = Vec::new();
        for approval in approvals.iter().filter(|it| self.covers(it) && waiting.role.may_decide(it)) {
            ui.note(words::approval(ui, approval));
            let body = Decide {
                decision: Decision::Approve,
                remember: Remember::Once,
                reason: None,
                args_digest: Some(approval.args_digest.clone()),
                input: None,
            };
            settled(client.decide(approval.id, &body).await)?;
            ui.note(format!("  {} approved by the command line", ui.tone(Tone::Good, "✓")));
            given.push(approval.id.to_string());
        }
        Ok(given)
    }

    fn covers(&self, approval: &Approval) -> bool {
        let id = approval.tool_id.as_str();
        let package = id.split_once("::").map_or(id, |(package, _)| package);
        // What a package is, nobody knows beforehand.
        approval.package.is_none() && (self.yes || self.approve.iter().any(|tool| tool == id || tool == package))
    }

    async fn select(
        &self,
        ui: &Ui,
        client: &Client,
        waiting: &Waiting,
        plans: &[Plan],
    ) -> Result<Vec<String>, Failure> {
        let Some(number) = self.plan else { return Ok(Vec::new()) };
        let Some(plan) = number.checked_sub(1).and_then(|at| plans.get(at)) else {
            ui.note(words::plans(plans).trim_end());
            let hint = format!("omega plan select NUMBER --conversation {}", waiting.conversation);
            return Err(Failure::usage(format!("there is no plan {number}; there are {}", plans.len())).hint(hint));
        };
        ui.note(words::plans(std::slice::from_ref(plan)).trim_end());
        settled(client.select_plan(waiting.conversation, plan.id, &SelectPlan::default()).await)?;
        Ok(parts(&waiting.action))
    }

    /// The best offered tool that lacks nothing, for each call; where there is none, the model goes on without.
    async fn replace(&self, ui: &Ui, client: &Client, waiting: &Waiting) -> Result<Vec<String>, Failure> {
        let mut given = Vec::new();
        for choice in waiting.action.alternatives() {
            let call = Some(choice.tool_run_id);
            let body = match lacks_none(choice) {
                Some(other) => {
                    let failed = one_line(choice.tool_id.as_str(), 200);
                    ui.note(format!("{} in place of {failed}", one_line(other.tool_id.as_str(), 200)));
                    SelectAlternative { tool_run_id: call, tool_id: Some(other.tool_id.clone()), none: false }
                }
                // What lacks a variable is declined, when nothing is left that another tool does.
                None if is_for_variables(waiting) => continue,
                None => SelectAlternative { tool_run_id: call, tool_id: None, none: true },
            };
            settled(client.select_alternative(waiting.conversation, &body).await)?;
            given.extend(part_of(&waiting.action, choice.tool_run_id));
        }
        if given.is_empty() && is_for_variables(waiting) {
            ui.note("No other tool does it without a variable; the run goes on without.");
            let body = ProvideCredentials { env: BTreeMap::new(), save: Save::Once, decline: true };
            settled(client.provide_credentials(waiting.conversation, &body).await)?;
            return Ok(parts(&waiting.action));
        }
        Ok(given)
    }
}

fn is_for_variables(waiting: &Waiting) -> bool {
    matches!(waiting.action, RequiredAction::Credentials { .. })
}

fn lacks_none(choice: &AlternativeChoice) -> Option<&Alternative> {
    choice.alternatives.iter().find(|it| it.required_env.iter().all(|name| it.you_have.contains(name)))
}

/// Somebody else's answer is one too.
fn settled<T>(answer: Result<T, ClientError>) -> Result<(), Failure> {
    match answer {
        Ok(_) => Ok(()),
        Err(error) if is_answered_already(&error) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
