//! `omega export`

use crate::{connect::Context, exit::Failure, value_candidates};
use clap::{Args, ValueEnum};
use clap_complete::ArgValueCandidates;
use omega_core::client::ExportFormat;
use std::path::PathBuf;

/// Write a conversation as Markdown or JSON
///
/// The document is whole: it has the whole input and output of each tool run.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:
  omega export --format json --output conversation.json")]
pub struct Export {
    /// A conversation's id or address; the one used last when missing
    #[arg(add = ArgValueCandidates::new(value_candidates::conversations))]
    conversation: Option<String>,
    /// Markdown to read, JSON to keep everything
    #[arg(long, value_enum, default_value_t = Format::Markdown)]
    format: Format,
    /// Write to this file instead of stdout
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    #[value(alias = "md")]
    Markdown,
    Json,
}

impl Export {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let (connection, id) = context.find(self.conversation.as_deref()).await?;
        let format = match self.format {
            Format::Markdown => ExportFormat::Markdown,
            Format::Json => ExportFormat::Json,
        };
        let text = connection.client.export(id, format).await?;
        match &self.output {
            None => context.ui.out(&text),
            Some(path) => std::fs::write(path, text)
                .map_err(|error| Failure::usage(format!("{} can't be written: {error}", path.display()))),
        }
    }
}
