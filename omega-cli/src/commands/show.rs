//! `omega show`

use super::complete;
use crate::{connect::Context, exit::Failure};
use clap::Args;
use clap_complete::ArgValueCandidates;
use omega_core::export;

/// Show the newest part of a conversation: messages, tool runs, totals
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  omega show
  omega show --json CONVERSATION")]
pub struct Show {
    /// A conversation's id or address; the one used last when missing
    #[arg(add = ArgValueCandidates::new(complete::conversations))]
    conversation: Option<String>,
    /// Print the answer of the API as JSON
    #[arg(long)]
    json: bool,
}

impl Show {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let connection = context.connect().await?;
        let id = context.conversation(self.conversation.as_deref(), &connection).await?;
        let detail = connection.client.conversation(id).await?;
        if self.json {
            return context.ui.json(&detail);
        }
        context.ui.out(&export::markdown(&detail, &[]))?;
        context.ui.note(format!("\n{}", connection.client.absolute(&detail.conversation.url)));
        Ok(())
    }
}
