//! `omega show`

use crate::{
    connect::Context,
    exit::Failure,
    follow::pause::{Waiting, role_of},
    value_candidates,
};
use clap::Args;
use clap_complete::ArgValueCandidates;
use omega_core::{api::ConversationDetail, client::Client, export};

/// Messages of a page when all of them are shown.
const PAGE: u32 = 200;

/// Show the newest part of a conversation: messages, tool runs, totals, and what it waits for
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  omega show
  omega show --all CONVERSATION | less
  omega show --json CONVERSATION")]
pub struct Show {
    /// A conversation's id or address; the one used last when missing
    #[arg(add = ArgValueCandidates::new(value_candidates::conversations))]
    conversation: Option<String>,
    /// Show it from its first message on
    #[arg(long)]
    all: bool,
    /// Print the answer of the API as JSON
    #[arg(long)]
    json: bool,
}

impl Show {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let (connection, id) = context.find(self.conversation.as_deref()).await?;
        let mut detail = connection.client.conversation(id).await?;
        if self.all {
            add_earlier(&connection.client, &mut detail).await?;
        }
        if self.json {
            return context.ui.json(&detail);
        }
        context.ui.out(&export::markdown(&detail, &[]))?;
        let shown = detail.messages.len() as u64;
        if let Some(earlier) = detail.message_count.checked_sub(shown).filter(|earlier| *earlier > 0 && !self.all) {
            context.ui.note(format!("\n{earlier} earlier messages are not shown; --all shows them."));
        }
        for run in &detail.runs {
            if let Some(action) = run.requires_action.clone() {
                let role = role_of(&connection.client, &detail, run).await?;
                let waiting = Waiting { conversation: id, run: run.id, action, role };
                context.ui.note(format!("\n{}", waiting.in_full(&context.ui)));
                context.ui.hint(&waiting.failure());
            }
        }
        context.ui.note(format!("\n{}", connection.client.absolute(&detail.conversation.url)));
        Ok(())
    }
}

/// Puts what came before in front, page by page.
async fn add_earlier(client: &Client, detail: &mut ConversationDetail) -> Result<(), Failure> {
    while let Some(first) = detail.messages.first().map(|message| message.seq).filter(|first| *first > 1) {
        let page = client.conversation_before(detail.conversation.id, first, PAGE).await?;
        if page.messages.is_empty() {
            break;
        }
        detail.messages.splice(0..0, page.messages);
        let known = |id| detail.tool_runs.iter().any(|run| run.id == id);
        let tool_runs: Vec<_> = page.tool_runs.into_iter().filter(|run| !known(run.id)).collect();
        detail.tool_runs.splice(0..0, tool_runs);
        let known = |id| detail.runs.iter().any(|run| run.id == id);
        let runs: Vec<_> = page.runs.into_iter().filter(|run| !known(run.id)).collect();
        detail.runs.splice(0..0, runs);
    }
    Ok(())
}
