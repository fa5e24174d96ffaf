//! `omega api-keys`

use crate::{connect::Context, exit::Failure};
use clap::Subcommand;
use omega_core::{id::KeyId, sanitize::one_line};

/// The API keys of the server that belong to you.
#[derive(Debug, Subcommand)]
pub enum ApiKeys {
    /// List the keys; the keys themselves are never shown again
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a key and print it once
    Create {
        /// What it is for
        name: String,
        /// Print the key and its record as JSON
        #[arg(long)]
        json: bool,
    },
    /// Revoke a key at once
    Revoke {
        /// Its id, as `list` shows it
        id: String,
    },
}

impl ApiKeys {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let connection = context.connect().await?;
        let (client, ui) = (&connection.client, &context.ui);
        match self {
            Self::List { json } => {
                let keys = client.api_keys().await?;
                if *json {
                    return ui.json(&keys);
                }
                for key in keys {
                    let used = key.last_used_at.map_or_else(|| String::from("never used"), |at| format!("used {at}"));
                    ui.line(format!("{}  {}…  {}  {used}", key.id, key.prefix, one_line(&key.name, 60)))?;
                }
                Ok(())
            }
            Self::Create { name, json } => {
                let created = client.create_api_key(name).await?;
                ui.note("This is the only time that the key is shown.");
                if *json { ui.json(&created) } else { ui.line(&created.key) }
            }
            Self::Revoke { id } => {
                let id: KeyId = id.parse().map_err(|_| {
                    Failure::usage(format!("`{id}` is no key's id")).hint("`omega api-keys list` shows them")
                })?;
                client.revoke_api_key(id).await?;
                ui.note(format!("Revoked {id}."));
                Ok(())
            }
        }
    }
}
