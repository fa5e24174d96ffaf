//! `omega chat`, and `omega` without a command

use super::complete;
use crate::{
    cli::Command,
    connect::{Context, conversation_id},
    exit::Failure,
    ui::Ui,
};
use clap::Args;
use clap_complete::ArgValueCandidates;

/// Talks in the terminal, full screen.
#[derive(Debug, Default, Args)]
pub struct Chat {
    /// Go on with this conversation, given by id or address
    #[arg(value_name = "ID|URL", add = ArgValueCandidates::new(complete::conversations))]
    conversation: Option<String>,
    /// Go on with the conversation that was used last
    #[arg(long, short = 'c', conflicts_with = "conversation")]
    r#continue: bool,
    /// provider/model [env: OMEGA_MODEL]
    #[arg(long, short, value_name = "PROVIDER/MODEL")]
    pub model: Option<String>,
}

/// `omega` alone is a conversation, where a person can have one.
pub fn when_nothing_is_asked(ui: &Ui) -> Option<Command> {
    let terminals = ui.terminals();
    (terminals.stdin && terminals.stdout).then(|| Command::Chat(Chat::default()))
}

impl Chat {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let terminals = context.ui.terminals();
        if !terminals.stdin || !terminals.stdout {
            return Err(Failure::usage("`omega chat` needs a terminal").hint("`omega ask` works without one"));
        }
        let connection = context.connect().await?;
        let conversation = match (&self.conversation, self.r#continue) {
            (Some(text), _) => Some(conversation_id(text)?),
            (None, true) => Some(context.conversation(None, &connection.server)?),
            (None, false) => None,
        };
        let _ = (conversation, context.config.get("model"));
        Err(Failure::usage("the terminal UI is not built in yet"))
    }
}
