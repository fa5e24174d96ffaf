//! `omega profile`

use crate::{connect::Context, exit::Failure};
use clap::Args;
use omega_core::{api::UpdateProfile, sanitize::one_line};

/// Show how others see you, or change it
#[derive(Debug, Args)]
#[command(after_long_help = r#"Example:
  omega profile --name "Ada Lovelace""#)]
pub struct Profile {
    /// The name to show
    #[arg(long)]
    name: Option<String>,
    /// The e-mail address, for the picture; others get its hash alone. An empty one is forgotten
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Profile {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let client = context.connect().await?.client;
        let body = UpdateProfile { display_name: self.name.clone(), email: self.email.clone() };
        let who = if body == UpdateProfile::default() {
            client.whoami().await?
        } else {
            client.update_profile(&body).await?
        };
        if self.json {
            return context.ui.json(&who);
        }
        let picture = if who.gravatar_hash.is_empty() { "initials" } else { "by e-mail" };
        context.ui.line(format!("{}  picture: {picture}", one_line(&who.display_name, 64)))
    }
}
