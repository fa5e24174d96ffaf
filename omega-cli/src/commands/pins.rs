//! `omega pins`

use super::settings::change;
use crate::{connect::Context, exit::Failure, value_candidates};
use clap::Subcommand;
use clap_complete::engine::ArgValueCompleter;
use omega_core::{counted::counted, id::ToolId};

/// List, add and remove pinned tools
///
/// A pinned tool is always in the tool set and in every plan, and the agent prefers it.
#[derive(Debug, Subcommand)]
#[command(after_long_help = "Example:
  omega pins add mathjs::evaluate")]
pub enum Pins {
    /// List the pinned tools
    #[command(after_long_help = "Example:
  omega pins list")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Pin tools of the registry
    #[command(after_long_help = "Example:
  omega pins add mathjs::evaluate mathjs::inv")]
    Add {
        /// package::export
        #[arg(required = true, value_name = "TOOL", add = ArgValueCompleter::new(value_candidates::tools))]
        tools: Vec<ToolId>,
    },
    /// Unpin tools
    #[command(after_long_help = "Example:
  omega pins remove mathjs::inv")]
    Remove {
        /// package::export
        #[arg(required = true, value_name = "TOOL", add = ArgValueCompleter::new(value_candidates::tools))]
        tools: Vec<ToolId>,
    },
}

impl Pins {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let connection = context.connect().await?;
        let (client, ui) = (&connection.client, &context.ui);
        let now = match self {
            Self::List { json } => {
                let pins = client.settings().await?.settings.pins;
                if *json {
                    return ui.json(&pins);
                }
                return ui.rows(&pins.iter().map(|tool| [tool.to_string()]).collect::<Vec<_>>());
            }
            Self::Add { tools } => {
                for tool in tools {
                    // A pin that no tool answers to would be of no use, silently.
                    client.tool(tool).await?;
                }
                change(client, |settings| {
                    for tool in tools {
                        if !settings.pins.contains(tool) {
                            settings.pins.push(tool.clone());
                        }
                    }
                    Ok(())
                })
                .await?
            }
            Self::Remove { tools } => {
                change(client, |settings| match tools.iter().find(|tool| !settings.pins.contains(tool)) {
                    Some(tool) => {
                        Err(Failure::usage(format!("{tool} is not pinned")).hint("`omega pins list` shows what is"))
                    }
                    None => {
                        settings.pins.retain(|pin| !tools.contains(pin));
                        Ok(())
                    }
                })
                .await?
            }
        };
        let are = if now.pins.len() == 1 { "is" } else { "are" };
        ui.note(format!("{} {are} pinned.", counted(now.pins.len(), "tool")));
        Ok(())
    }
}
