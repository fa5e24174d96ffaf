//! `omega import`

use crate::{connect::Context, exit::Failure};
use clap::Args;
use omega_core::client::ClientError;
use std::io::Read;

/// Read a conversation back that `omega export` wrote as JSON
///
/// It becomes a new one of your own. Everything in it comes back: messages, tool runs with their input and output, plans, decisions. Its people are names to
/// show; it gives nobody any rights, and nothing in it runs.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:
  omega import conversation.json")]
pub struct Import {
    /// The document; `-` reads stdin
    #[arg(value_name = "FILE")]
    file: String,
    /// Print the new conversation as JSON
    #[arg(long)]
    json: bool,
}

impl Import {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let document = match self.file.as_str() {
            "-" => {
                let mut document = Vec::new();
                std::io::stdin().lock().read_to_end(&mut document)?;
                document
            }
            path => std::fs::read(path).map_err(|error| Failure::usage(format!("{path} can't be read: {error}")))?,
        };
        if document.iter().all(u8::is_ascii_whitespace) {
            return Err(
                Failure::usage("the document is empty").hint("write one with `omega export --format json -o FILE`")
            );
        }
        let connection = context.connect().await?;
        let conversation =
            connection.client.import_conversation(document).await.map_err(|error: ClientError| Failure::from(error))?;
        context.remember(
            &connection.place,
            conversation.id,
            conversation.title.as_deref().unwrap_or("an imported conversation"),
        );
        if self.json {
            return context.ui.json(&conversation);
        }
        context.ui.line(conversation.id.to_string())
    }
}
