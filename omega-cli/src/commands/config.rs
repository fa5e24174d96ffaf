//! `omega config`

use crate::{connect::Context, exit::Failure};
use clap::Subcommand;
use omega_core::local::config::KEYS;
use serde_json::json;

/// Show this machine's configuration and where it comes from
///
/// Layers: flag, environment, profile, user file, default; the first that says something wins.
#[derive(Debug, Subcommand)]
#[command(after_long_help = "Example:
  omega config show --origin")]
pub enum ConfigCommand {
    /// Show every setting of this machine
    #[command(after_long_help = "Example:
  omega config show --origin")]
    Show {
        /// Say where each value comes from
        #[arg(long)]
        origin: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the path of the user's configuration file
    #[command(after_long_help = "Example:
  omega config path")]
    Path,
}

impl ConfigCommand {
    pub fn run(&self, context: &Context) -> Result<(), Failure> {
        let settings = context.config.settings();
        match self {
            Self::Path => context.ui.line(context.dirs.config_file().display().to_string()),
            Self::Show { json: true, .. } => {
                let rows: Vec<_> = settings
                    .iter()
                    .zip(KEYS)
                    .map(|(setting, key)| {
                        json!({
                            "name": setting.name, "value": setting.value, "origin": setting.origin.to_string(),
                            "variable": key.variable, "about": key.about,
                        })
                    })
                    .collect();
                context.ui.json(&rows)
            }
            Self::Show { origin, .. } => {
                for setting in settings {
                    let value = setting.value.as_deref().unwrap_or("-");
                    let from = if *origin { format!("  ({})", setting.origin) } else { String::new() };
                    context.ui.line(format!("{:<13} {value}{from}", setting.name))?;
                }
                Ok(())
            }
        }
    }
}
