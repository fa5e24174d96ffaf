//! `omega open`

use super::complete;
use crate::{connect::Context, exit::Failure};
use clap::Args;
use clap_complete::ArgValueCandidates;
use std::process::{Command, Stdio};

/// Prints the address of a conversation's page, and opens it in the browser when a person is there.
#[derive(Debug, Args)]
pub struct Open {
    /// A conversation's id or address; the one used last when missing
    #[arg(add = ArgValueCandidates::new(complete::conversations))]
    conversation: Option<String>,
    /// Only print the address
    #[arg(long)]
    print: bool,
}

/// What opens an address, by platform.
const OPENER: &str = if cfg!(target_os = "macos") {
    "open"
} else if cfg!(windows) {
    "explorer"
} else {
    "xdg-open"
};

impl Open {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let connection = context.connect().await?;
        let id = context.conversation(self.conversation.as_deref(), &connection.server)?;
        let address = connection.client.conversation(id).await?.conversation.url;
        let url = connection.client.absolute(&address);
        context.ui.line(&url)?;
        if self.print || !context.ui.terminals().stdout || !url.starts_with("http") {
            return Ok(());
        }
        let mut opener = Command::new(OPENER);
        opener.arg(&url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Err(error) = opener.spawn() {
            context.ui.warn(format!("can't open a browser ({OPENER}: {error}); open the address above"));
        }
        Ok(())
    }
}
