//! `omega fork`

use crate::{connect::Context, exit::Failure, value_candidates};
use clap::Args;
use clap_complete::ArgValueCandidates;
use omega_core::{api::ForkConversation, id::MessageId};

/// Copy a conversation, to go on from one of its messages in another way
///
/// The copy is a conversation of your own. It has whole runs, up to the one of the message, and nothing that still works.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  omega fork
  omega fork CONVERSATION --until 01a22a93-7b53-7091-83c2-629df0179a1c")]
pub struct Fork {
    /// A conversation's id or address; the one used last when missing
    #[arg(add = ArgValueCandidates::new(value_candidates::conversations))]
    conversation: Option<String>,
    /// Copy up to this message and its answer; everything that has ended when missing
    #[arg(long, value_name = "MESSAGE")]
    until: Option<MessageId>,
    /// Print the new conversation as JSON
    #[arg(long)]
    json: bool,
}

impl Fork {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let (connection, id) = context.find(self.conversation.as_deref()).await?;
        let copy = connection.client.fork(id, &ForkConversation { until: self.until }).await?;
        context.remember(&connection.place, copy.id, copy.title.as_deref().unwrap_or("a copy"));
        if self.json {
            return context.ui.json(&copy);
        }
        context.ui.line(copy.id.to_string())
    }
}
