//! A run that waits for a person: what it asks in words, the command that answers it, and answering on a terminal.

mod ask;
mod keyboard;
pub mod words;

use crate::{
    connect::{Connection, Context},
    exit::{Code, Failure},
};
pub use ask::{Answered, ask};
pub use keyboard::{Keyboard, SavedTerminal};
use omega_core::{
    api::RequiredAction,
    client::{Client, ClientError},
    id::{ConversationId, RunId},
    sanitize::one_line,
};

/// A run that waits, and what for.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Its conversation.
    pub conversation: ConversationId,
    /// The run.
    pub run: RunId,
    /// The question.
    pub action: RequiredAction,
}

impl Waiting {
    /// The run of a conversation that waits; the conversation that was used last when none is named.
    pub async fn find(context: &Context, argument: Option<&str>) -> Result<(Connection, Self), Failure> {
        let connection = context.connect().await?;
        let conversation = context.conversation(argument, &connection.server)?;
        let runs = connection.client.conversation(conversation).await?.runs;
        let waiting = runs.into_iter().find_map(|run| Some((run.id, run.requires_action?)));
        match waiting {
            Some((run, action)) => Ok((connection, Self { conversation, run, action })),
            None => Err(Failure::usage(format!("nothing in conversation {conversation} waits for an answer"))
                .hint(format!("omega show {conversation} says what happened there"))),
        }
    }

    /// Answers on the terminal; then says how it goes on.
    pub async fn ask(&self, context: &Context, client: &Client) -> Result<(), Failure> {
        let terminal = SavedTerminal::now();
        let answered = tokio::select! {
            answered = ask(&context.ui, client, self) => answered?,
            _ = tokio::signal::ctrl_c() => {
                terminal.restore();
                return Err(Failure::silent(Code::Interrupted));
            }
        };
        match answered {
            Answered::Done(_) => {
                self.goes_on(context);
                Ok(())
            }
            Answered::Left => Err(self.failure()),
        }
    }

    /// What a command says that gave an answer.
    pub fn goes_on(&self, context: &Context) {
        context.ui.note(format!("The run goes on; `omega show {}` shows how far it is.", self.conversation));
    }

    /// The failure of a command that met another question than the one that it answers.
    pub fn is_another(&self) -> Failure {
        let (what, how) = match self.action {
            RequiredAction::Credentials { .. } => ("variables", "omega provide"),
            RequiredAction::Approval { .. } => ("a yes or no", "omega approve"),
            RequiredAction::Plan { .. } => ("the choice of a plan", "omega plan select"),
            RequiredAction::Alternatives { .. } => ("the choice of another tool", "omega chat"),
        };
        Failure::usage(format!("the run waits for {what}")).hint(format!("{how} answers it"))
    }

    /// The end of a command that leaves the run waiting, with the command that answers it.
    pub fn failure(&self) -> Failure {
        let id = self.conversation;
        match &self.action {
            RequiredAction::Credentials { missing_vars, requests, .. } => {
                let names: Vec<&str> = missing_vars.iter().map(|var| var.name.as_str()).collect();
                let tools: Vec<&str> = requests.iter().map(|request| request.tool_id.as_str()).collect();
                let message = format!("{} needs {}; the run waits", tools.join(", "), names.join(", "));
                let flags: Vec<String> = names.iter().map(|name| format!("--env {}", one_line(name, 200))).collect();
                let hint = format!("export the values, then: omega provide {id} {}", flags.join(" "));
                Failure::new(Code::MissingCredentials, one_line(&message, 300)).hint(hint)
            }
            RequiredAction::Approval { approvals, .. } => {
                let calls: Vec<&str> = approvals.iter().map(|approval| approval.tool_id.as_str()).collect();
                let message = format!("{} waits for a yes", one_line(&calls.join(", "), 300));
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
                let hint = format!("omega chat {id} asks you which one");
                Failure::new(Code::NeedsDecision, one_line(&message, 300)).hint(hint)
            }
        }
    }
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

/// Whether somebody else answered first.
pub fn is_answered_already(error: &ClientError) -> bool {
    matches!(error, ClientError::Refused { status: 409, .. })
}
