//! A run that waits for a person: what it asks in words, the command that answers it, and answering on a terminal.

mod ask;
mod keyboard;
pub mod words;

use super::Follow;
use crate::{
    connect::{Connection, Context},
    exit::{Code, Failure},
    ui::Ui,
};
pub use ask::{Answered, ask};
use clap::Args;
pub use keyboard::{Keyboard, SavedTerminal};
use omega_core::{
    api::{ConversationDetail, RequiredAction, Run, missing_of},
    client::{Client, ClientError},
    id::{ConversationId, RunId, ToolRunId},
    sanitize::one_line,
    viewer_role::ViewerRole,
};
use std::collections::HashSet;

/// What a command does that has answered: it follows the run as `omega ask` does, unless it is told not to.
#[derive(Debug, Clone, Default, Args)]
pub struct After {
    /// Don't wait for the end of the run
    #[arg(long)]
    pub detach: bool,
    #[command(flatten)]
    pub follow: Follow,
}

/// A run that waits, and what for.
#[derive(Debug, Clone)]
pub struct Waiting {
    pub conversation: ConversationId,
    pub run: RunId,
    pub action: RequiredAction,
    /// What the person here is to it.
    pub role: ViewerRole,
}

impl Waiting {
    /// The run of a conversation that waits; the conversation that was used last when none is named.
    pub async fn find(context: &Context, argument: Option<&str>) -> Result<(Connection, Self), Failure> {
        let (connection, conversation) = context.find(argument).await?;
        let detail = connection.client.conversation(conversation).await?;
        let waiting = detail.runs.iter().find_map(|run| Some((run, run.requires_action.clone()?)));
        match waiting {
            Some((run, action)) => {
                let role = role_of(&connection.client, &detail, run).await?;
                let run = run.id;
                Ok((connection, Self { conversation, run, action, role }))
            }
            None => Err(Failure::usage(format!("nothing in conversation {conversation} waits for an answer"))
                .hint(format!("omega show {conversation} says what happened there"))),
        }
    }

    /// Answers on the terminal; then follows the run.
    pub async fn ask(&self, context: &Context, connection: &Connection, after: &After) -> Result<(), Failure> {
        let terminal = SavedTerminal::now();
        let answered = tokio::select! {
            answered = ask(&context.ui, &connection.client, self) => answered?,
            _ = tokio::signal::ctrl_c() => {
                terminal.restore();
                return Err(Failure::silent(Code::Interrupted));
            }
        };
        match answered {
            Answered::Done(parts) => self.goes_on(context, connection, after, parts).await,
            Answered::Left => Err(self.failure()),
        }
    }

    /// What a command does that gave these answers: it follows the run to its end, or says where that can be seen.
    pub async fn goes_on(
        &self,
        context: &Context,
        connection: &Connection,
        after: &After,
        answered: Vec<String>,
    ) -> Result<(), Failure> {
        if after.detach {
            context.ui.note(format!("The run goes on; `omega wait {}` gives its answer.", self.conversation));
            return Ok(());
        }
        after.follow.attach(context, connection, self.conversation, answered).await
    }

    /// The whole question, for somebody who was not asked it.
    pub fn in_full(&self, ui: &Ui) -> String {
        let text = match &self.action {
            RequiredAction::Credentials { requests, missing_vars, alternatives, .. } => {
                let offered: String = alternatives.iter().map(words::alternatives).collect();
                format!("{}\n{offered}", words::credentials(ui, requests, missing_vars))
            }
            RequiredAction::Approval { approvals, .. } => {
                approvals.iter().map(|it| words::approval(ui, it) + "\n").collect()
            }
            RequiredAction::Plan { plans, .. } => words::plans(plans),
            RequiredAction::Alternatives { choices, .. } => choices.iter().map(words::alternatives).collect(),
        };
        text.trim_end().to_owned()
    }

    /// The failure of a command that met another question than the one that it answers.
    pub fn is_another(&self) -> Failure {
        let (what, how) = match self.action {
            RequiredAction::Credentials { .. } => ("variables", "omega provide"),
            RequiredAction::Approval { .. } => ("a decision", "omega approve"),
            RequiredAction::Plan { .. } => ("the choice of a plan", "omega plan select"),
            RequiredAction::Alternatives { .. } => ("the choice of another tool", "omega alternatives"),
        };
        Failure::usage(format!("the run waits for {what}")).hint(format!("{how} answers it"))
    }

    /// Whether the person here may answer.
    pub fn is_mine(&self) -> bool {
        self.role.may_answer(&self.action)
    }

    /// The end of a command where somebody else has to answer.
    pub fn owners(&self) -> Failure {
        let (code, what) = match &self.action {
            RequiredAction::Credentials { .. } => (Code::MissingCredentials, "variables"),
            RequiredAction::Approval { .. } => (Code::NeedsDecision, "a decision"),
            RequiredAction::Plan { .. } | RequiredAction::Alternatives { .. } => (Code::NeedsDecision, "a choice"),
        };
        let hint =
            format!("they are asked where they have it open; omega show {} says when it goes on", self.conversation);
        Failure::new(code, format!("the run waits for {what} of the conversation's owner")).hint(hint)
    }

    /// The end of a command that leaves the run waiting, with the command that answers it, or who is asked.
    pub fn failure(&self) -> Failure {
        let id = self.conversation;
        if !self.is_mine() {
            return self.owners();
        }
        match &self.action {
            RequiredAction::Credentials { missing_vars, requests, .. } => {
                let names: Vec<&str> = missing_vars.iter().map(|var| var.name.as_str()).collect();
                let tools: Vec<&str> = requests.iter().map(|request| request.tool_id.as_str()).collect();
                let refused = missing_vars.iter().filter(|var| var.rejected).map(|var| var.name.as_str());
                let refused: Vec<&str> = refused.collect();
                let why = match refused.as_slice() {
                    [] => format!("needs {}", names.join(", ")),
                    refused => format!("was refused with this {}: its service takes another value", refused.join(", ")),
                };
                let message = format!("{} {why}; the run waits", tools.join(", "));
                let flags: Vec<String> = names.iter().map(|name| format!("--env {}", one_line(name, 200))).collect();
                let other = match self.action.alternatives() {
                    [] => String::new(),
                    _ => format!("; or another tool: omega alternatives {id}"),
                };
                let hint = format!("export the values, then: omega provide {id} {}{other}", flags.join(" "));
                Failure::new(Code::MissingCredentials, one_line(&message, 300)).hint(hint)
            }
            RequiredAction::Approval { approvals, .. } => {
                let calls: Vec<&str> = approvals.iter().map(words::subject).collect();
                let message = format!("{} waits for approval", one_line(&calls.join(", "), 300));
                let hint = format!("omega approve {id} --for once, or omega approve {id} --deny");
                Failure::new(Code::NeedsDecision, message).hint(hint)
            }
            RequiredAction::Plan { .. } => {
                let message = "the run waits until a plan is selected";
                let hint = format!("omega plan select 1 --conversation {id}, or --another for other plans");
                Failure::new(Code::NeedsDecision, message).hint(hint)
            }
            RequiredAction::Alternatives { choices, .. } => {
                let tools: Vec<&str> = choices.iter().map(|choice| choice.tool_id.as_str()).collect();
                let message = format!("{} failed; the run waits until another tool is chosen", tools.join(", "));
                let hint = format!("omega alternatives {id} --use TOOL, or omega alternatives {id} --none");
                Failure::new(Code::NeedsDecision, one_line(&message, 300)).hint(hint)
            }
        }
    }
}

/// What the caller is to a run of a conversation that was read.
pub async fn role_of(client: &Client, detail: &ConversationDetail, run: &Run) -> Result<ViewerRole, Failure> {
    if detail.is_owner {
        return Ok(ViewerRole::Owner);
    }
    let me = client.whoami().await?.user_id;
    let author = detail.messages.iter().find(|message| message.id == run.message_id).and_then(|it| it.author.as_ref());
    Ok(ViewerRole::of(false, author.is_some_and(|author| author.user_id == me)))
}

/// The ids of everything that a question asks. One that was answered is not asked again while its answer is on its way.
pub fn parts(action: &RequiredAction) -> Vec<String> {
    match action {
        RequiredAction::Credentials { requests, .. } => requests.iter().map(|it| it.id.to_string()).collect(),
        RequiredAction::Approval { approvals, .. } => approvals.iter().map(|it| it.id.to_string()).collect(),
        RequiredAction::Plan { plan_set_id, .. } => vec![plan_set_id.to_string()],
        RequiredAction::Alternatives { choices, .. } => {
            choices.iter().map(|it| format!("{} alternatives", it.tool_run_id)).collect()
        }
    }
}

/// The id of the part of a question that is about a call.
pub fn part_of(action: &RequiredAction, call: ToolRunId) -> Option<String> {
    match action {
        RequiredAction::Credentials { requests, .. } => {
            requests.iter().find(|it| it.tool_run_id == Some(call)).map(|it| it.id.to_string())
        }
        RequiredAction::Approval { approvals, .. } => {
            approvals.iter().find(|it| it.tool_run_id == call).map(|it| it.id.to_string())
        }
        RequiredAction::Alternatives { .. } => Some(format!("{call} alternatives")),
        RequiredAction::Plan { .. } => None,
    }
}

/// What is left of a question without the parts that were answered; nothing when that was all of it.
pub fn without(mut action: RequiredAction, answered: &HashSet<String>) -> Option<RequiredAction> {
    match &mut action {
        RequiredAction::Credentials { requests, missing_vars, .. } => {
            requests.retain(|it| !answered.contains(&it.id.to_string()));
            *missing_vars = missing_of(requests);
        }
        RequiredAction::Approval { approvals, .. } => approvals.retain(|it| !answered.contains(&it.id.to_string())),
        RequiredAction::Alternatives { choices, .. } => {
            choices.retain(|it| !answered.contains(&format!("{} alternatives", it.tool_run_id)));
        }
        RequiredAction::Plan { .. } => {}
    }
    parts(&action).iter().any(|part| !answered.contains(part)).then_some(action)
}

/// Whether somebody else answered first.
pub fn is_answered_already(error: &ClientError) -> bool {
    matches!(error, ClientError::Refused { status: 409, .. })
}
