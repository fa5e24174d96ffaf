//! `omega open`

use crate::{connect::Context, exit::Failure, value_candidates};
use clap::Args;
use clap_complete::ArgValueCandidates;
use std::process::{Command, Stdio};

/// Open a conversation's page in the browser
///
/// Where there is no conversation yet, it is the page to begin one. The address is printed; a browser opens when a person is there. It is signed in by a code that holds once and for five
/// minutes; the printed address has none and may be shared.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  omega open
  omega open --sign-in")]
pub struct Open {
    /// A conversation's id or address; the one used last when missing
    #[arg(add = ArgValueCandidates::new(value_candidates::conversations))]
    conversation: Option<String>,
    /// Only print the address
    #[arg(long)]
    print: bool,
    /// Print the address with the code, for a browser elsewhere: it signs in as you, once, within five minutes
    #[arg(long)]
    sign_in: bool,
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
        let connection = context.connect_for(self.conversation.as_deref()).await?;
        let is_first = self.conversation.is_none() && context.has_none(&connection);
        let address = match is_first {
            true => String::from("/omega"),
            false => {
                let id = context.conversation(self.conversation.as_deref(), &connection).await?;
                connection.client.conversation(id).await?.conversation.url
            }
        };
        let url = connection.client.absolute(&address);
        let opens = !self.print && !self.sign_in && context.ui.terminals().stdout && url.starts_with("http");
        if !opens && !self.sign_in {
            context.ui.line(&url)?;
            return Ok(());
        }
        let entry = match connection.client.sign_in_link().await {
            Ok(link) => format!("{url}#sign-in={}", link.code),
            Err(error) if self.sign_in => return Err(error.into()),
            // A server of an earlier version: the page asks for a key.
            Err(_) => url.clone(),
        };
        context.ui.line(if self.sign_in { &entry } else { &url })?;
        if !opens {
            return Ok(());
        }
        let mut opener = Command::new(OPENER);
        opener.arg(&entry).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Err(error) = opener.spawn() {
            context.ui.warn(format!("can't open a browser ({OPENER}: {error}); open the address above"));
        }
        Ok(())
    }
}
