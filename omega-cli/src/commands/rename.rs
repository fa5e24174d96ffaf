//! `omega rename`

use crate::{connect::Context, exit::Failure, value_candidates};
use clap::Args;
use clap_complete::ArgValueCandidates;
use omega_core::api::UpdateConversation;

/// Give a conversation another title
#[derive(Debug, Args)]
#[command(after_long_help = r#"Examples:
  omega rename "The weather in Oslo"
  omega rename "The weather in Oslo" --conversation CONVERSATION"#)]
pub struct Rename {
    /// The title
    #[arg(required = true)]
    title: Vec<String>,
    /// A conversation's id or address; the one used last when missing
    #[arg(long, value_name = "ID|URL", add = ArgValueCandidates::new(value_candidates::conversations))]
    conversation: Option<String>,
}

impl Rename {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let (connection, id) = context.find(self.conversation.as_deref()).await?;
        let body = UpdateConversation { title: Some(self.title.join(" ")), ..UpdateConversation::default() };
        let conversation = connection.client.update_conversation(id, &body).await?;
        context.remember(&connection.place, id, conversation.title.as_deref().unwrap_or_default());
        Ok(())
    }
}
