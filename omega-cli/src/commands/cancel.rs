//! `omega cancel`

use super::complete;
use crate::{connect::Context, exit::Failure};
use clap::Args;
use clap_complete::ArgValueCandidates;

/// Cancel what a conversation is doing, and what waits in it
///
/// Repeating it is fine.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:
  omega cancel")]
pub struct Cancel {
    /// A conversation's id or address; the one used last when missing
    #[arg(add = ArgValueCandidates::new(complete::conversations))]
    conversation: Option<String>,
}

impl Cancel {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let connection = context.connect().await?;
        let id = context.conversation(self.conversation.as_deref(), &connection).await?;
        connection.client.cancel_conversation(id).await?;
        context.ui.note(format!("Cancelled what conversation {id} was doing."));
        Ok(())
    }
}
