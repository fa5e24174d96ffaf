//! `omega recent`

use crate::{connect::Context, exit::Failure};
use clap::Args;
use omega_core::local::recent;

/// Lists the conversations that this user used last, newest first. The list is kept on this machine only.
#[derive(Debug, Args)]
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
        for entry in list {
            let server = if entry.server == omega_core::local::keys::LOCAL { String::new() } else { entry.server };
            let day = entry.updated_at.to_string();
            let line = format!("{}  {}  {}  {server}", entry.id, day.get(..16).unwrap_or(&day), entry.title);
            context.ui.line(line.trim_end())?;
        }
        Ok(())
    }
}
