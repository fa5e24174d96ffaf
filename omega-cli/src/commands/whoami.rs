//! `omega whoami`

use crate::{connect::Context, exit::Failure};
use clap::Args;
use omega_core::sanitize::one_line;

/// Show who you are on the server
#[derive(Debug, Args)]
#[command(after_long_help = "Example:
  omega whoami")]
pub struct Whoami {
    /// Print the answer of the API as JSON
    #[arg(long)]
    json: bool,
}

impl Whoami {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let connection = context.connect().await?;
        let who = connection.client.whoami().await?;
        if self.json {
            return context.ui.json(&who);
        }
        let name = one_line(&who.display_name, 100);
        context.ui.line(format!(
            "{name} ({}) on {} at {}",
            who.user_id,
            connection.place.name(),
            connection.client.base_url()
        ))
    }
}
