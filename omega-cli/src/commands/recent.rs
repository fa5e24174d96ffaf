//! `omega recent`

use crate::{connect::Context, exit::Failure};
use clap::Args;
use omega_core::local::recent;

/// List the conversations that you used last, newest first
///
/// The list is kept on this machine only.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:
  omega recent --limit 5")]
pub struct Recent {
    /// At most this many
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Recent {
    pub fn run(&self, context: &Context) -> Result<(), Failure> {
        let mut list = recent::Recent::new(&context.dirs).list();
        list.truncate(self.limit);
        if self.json {
            return context.ui.json(&list);
        }
        let cells = |entry: recent::Entry| {
            let server = if entry.server == omega_core::local::api_keys::LOCAL { String::new() } else { entry.server };
            let day = entry.updated_at.to_string();
            [entry.id.to_string(), day.get(..16).unwrap_or(&day).to_owned(), entry.title, server]
        };
        context.ui.rows(&list.into_iter().map(cells).collect::<Vec<_>>())
    }
}
