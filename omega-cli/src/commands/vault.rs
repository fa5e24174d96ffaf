//! `omega vault`

use crate::{connect::Context, exit::Failure};
use clap::Subcommand;

/// Change how the server keeps secrets
#[derive(Debug, Subcommand)]
#[command(after_long_help = "Example:
  omega vault rotate")]
pub enum Vault {
    /// Change the server's master key while it works; administrators only
    ///
    /// Where Omega keeps the key itself it makes a new one; a key that the operator gives is changed by putting the new one
    /// first (new,old), and then this.
    #[command(after_long_help = "Example:
  omega vault rotate --deep")]
    Rotate {
        /// Encrypt every stored value anew, too
        #[arg(long)]
        deep: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

impl Vault {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let Self::Rotate { deep, json } = self;
        let rotated = context.connect().await?.client.rotate_vault(*deep).await?;
        if *json {
            return context.ui.json(&rotated);
        }
        context.ui.note(format!(
            "The master key is now {}; {} data keys are wrapped anew, {} values are encrypted anew.",
            rotated.key_id, rotated.data_keys, rotated.values
        ));
        if rotated.unreadable > 0 {
            context.ui.note(format!("{} values can't be read; store them again.", rotated.unreadable));
        }
        Ok(())
    }
}
