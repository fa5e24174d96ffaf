//! `omega api-keys`

use crate::{connect::Context, exit::Failure};
use clap::Subcommand;
use omega_core::{api::ApiKey, id::KeyId, sanitize::one_line};

/// List, create and revoke your API keys for the server
#[derive(Debug, Subcommand)]
#[command(after_long_help = "Example:
  omega api-keys create laptop")]
pub enum ApiKeys {
    /// List the API keys; the keys themselves are never shown again
    #[command(after_long_help = "Example:
  omega api-keys list")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Create an API key and print it once
    #[command(after_long_help = "Example:
  omega api-keys create laptop")]
    Create {
        /// What it is for
        name: String,
        /// Print the key and its record as JSON
        #[arg(long)]
        json: bool,
    },
    /// Revoke an API key at once
    #[command(after_long_help = "Example:
  omega api-keys revoke ID")]
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
                ui.rows(&keys.iter().map(cells).collect::<Vec<_>>())
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

fn cells(key: &ApiKey) -> [String; 4] {
    let used = key.last_used_at.map_or_else(|| String::from("never used"), |at| format!("used {at}"));
    [key.id.to_string(), format!("{}…", key.prefix), one_line(&key.name, 60), used]
}
