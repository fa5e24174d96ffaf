//! `omega users`

use crate::{connect::Context, exit::Failure};
use clap::Subcommand;
use omega_core::{
    api::{CreateUser, User},
    id::UserId,
    sanitize::one_line,
};

/// The users of the server; for its administrators.
#[derive(Debug, Subcommand)]
pub enum Users {
    /// List them
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a user, and print the first API key once
    Create {
        /// The name to show
        name: String,
        /// The e-mail address, for the picture; others get its hash alone
        #[arg(long, value_name = "ADDRESS")]
        email: Option<String>,
        /// Print user and key as JSON
        #[arg(long)]
        json: bool,
    },
    /// Shut a user out: keys and sessions end at once
    Disable {
        /// The id, as `list` shows it
        id: String,
    },
}

impl Users {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let ui = &context.ui;
        match self {
            Self::List { json } => {
                let users = context.connect().await?.client.users().await?;
                if *json { ui.json(&users) } else { users.iter().try_for_each(|user| ui.line(line(user))) }
            }
            Self::Create { name, email, json } => {
                let body = CreateUser { name: name.clone(), email: email.clone() };
                let created = context.connect().await?.client.create_user(&body).await?;
                ui.note("This is the only time that the key is shown.");
                if *json { ui.json(&created) } else { ui.line(&created.key.key) }
            }
            Self::Disable { id } => {
                let id: UserId = id.parse().map_err(|_| {
                    Failure::usage(format!("`{}` is no user's id", one_line(id, 60)))
                        .hint("`omega users list` shows them")
                })?;
                context.connect().await?.client.disable_user(id).await?;
                ui.note(format!("Shut out {id}."));
                Ok(())
            }
        }
    }
}

fn line(user: &User) -> String {
    let role = if user.is_admin { "administrator" } else { "user" };
    let ended = user.disabled_at.map_or_else(String::new, |at| format!("  shut out {at}"));
    format!("{}  {}  {role}{ended}", user.id, one_line(&user.display_name, 64))
}
