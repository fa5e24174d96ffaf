//! `omega wait`

use crate::{connect::Context, exit::Failure, follow::Follow, value_candidates};
use clap::Args;
use clap_complete::ArgValueCandidates;

/// Wait for the end of what a conversation is doing, and get its answer on stdout
///
/// The run that works or waits is followed; where none does, it is the newest, and its answer comes at once. Output, questions and
/// exit codes are those of `omega ask`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  omega wait
  omega wait --yes --json CONVERSATION")]
pub struct Wait {
    /// A conversation's id or address; the one used last when missing
    #[arg(add = ArgValueCandidates::new(value_candidates::conversations))]
    conversation: Option<String>,
    #[command(flatten)]
    pub follow: Follow,
}

impl Wait {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        self.follow.check(context)?;
        let (connection, id) = context.find(self.conversation.as_deref()).await?;
        self.follow.attach(context, &connection, id, Vec::new()).await
    }
}
