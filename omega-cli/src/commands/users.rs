//! `omega users`

use crate::{connect::Context, exit::Failure};
use clap::Subcommand;
use omega_core::{
    api::{CreateUser, User},
    id::UserId,
    sanitize::one_line,
};

/// List, create and block the server's users; for its administrators
#[derive(Debug, Subcommand)]
#[command(after_long_help = r#"Example:
  omega users create "Grace Hopper""#)]
pub enum Users {
    /// List the users
    #[command(after_long_help = "Example:
  omega users list")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Create a user, and print the first API key once
    #[command(after_long_help = r#"Example:
  omega users create "Grace Hopper" --email grace@example.org"#)]
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
    /// Block a user: keys and sessions end at once
    #[command(after_long_help = "Example:
  omega users disable ID")]
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
                if *json { ui.json(&users) } else { ui.rows(&users.iter().map(cells).collect::<Vec<_>>()) }
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
                ui.note(format!("Blocked {id}."));
                Ok(())
            }
        }
    }
}

fn cells(user: &User) -> [String; 4] {
    let role = if user.is_admin { "administrator" } else { "user" };
    let ended = user.disabled_at.map_or_else(String::new, |at| format!("blocked {at}"));
    [user.id.to_string(), one_line(&user.display_name, 64), role.to_owned(), ended]
}
