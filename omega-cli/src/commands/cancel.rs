//! `omega cancel`

use crate::{connect::Context, exit::Failure, value_candidates};
use clap::Args;
use clap_complete::ArgValueCandidates;
use omega_core::{
    api::ToolRun,
    client::Client,
    id::{ConversationId, ToolRunId},
    sanitize::one_line,
};

/// Cancel what a conversation is doing, and what waits in it
///
/// With --call one tool call alone ends; the model is told, and the run goes on. Repeating it is fine.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  omega cancel
  omega cancel --call")]
pub struct Cancel {
    /// A conversation's id or address; the one used last when missing
    #[arg(add = ArgValueCandidates::new(value_candidates::conversations))]
    conversation: Option<String>,
    /// Cancel one tool call: the one that runs, or the one with this id
    #[arg(long, value_name = "ID", num_args = 0..=1, require_equals = true)]
    call: Option<Option<ToolRunId>>,
}

impl Cancel {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let (connection, id) = context.find(self.conversation.as_deref()).await?;
        let Some(call) = self.call else {
            let done = match connection.client.cancel_conversation(id).await?.as_slice() {
                [] => format!("Nothing was going on in conversation {id}."),
                _ => format!("Cancelled what conversation {id} was doing."),
            };
            context.ui.note(done);
            return Ok(());
        };
        let call = match call {
            Some(call) => call,
            None => only(&connection.client, id).await?,
        };
        connection.client.cancel_tool_run(call).await?;
        context.ui.note(format!("Cancelled tool call {call}; the run goes on."));
        Ok(())
    }
}

/// The one call that runs.
async fn only(client: &Client, id: ConversationId) -> Result<ToolRunId, Failure> {
    let detail = client.conversation(id).await?;
    let running: Vec<&ToolRun> = detail.tool_runs.iter().filter(|run| !run.status.is_terminal()).collect();
    match running.as_slice() {
        [] => Err(Failure::usage(format!("no tool runs in conversation {id}"))),
        [one] => Ok(one.id),
        several => {
            let calls = several.iter().map(|run| format!("--call={} ({})", run.id, one_line(&run.tool_id, 100)));
            Err(Failure::usage("several tools run").hint(calls.collect::<Vec<_>>().join(", ")))
        }
    }
}
