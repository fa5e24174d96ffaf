//! `omega approvals`

use crate::{connect::Context, exit::Failure, follow::pause::words};
use clap::Subcommand;
use omega_core::{api::StoredApproval, id::ApprovalRuleId, sanitize::one_line};

/// List and revoke standing approvals
///
/// A standing approval lets a tool be called without a question, in one conversation or everywhere.
#[derive(Debug, Subcommand)]
#[command(after_long_help = "Example:
  omega approvals list")]
pub enum Approvals {
    /// List standing approvals
    #[command(after_long_help = "Example:
  omega approvals list --json")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Revoke a standing approval: its tool is asked about again
    #[command(after_long_help = "Example:
  omega approvals revoke ID")]
    Revoke {
        /// Its id, as `list` shows it
        id: String,
    },
}

impl Approvals {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::List { json } => {
                let rules = context.connect().await?.client.stored_approvals().await?;
                if *json {
                    return context.ui.json(&rules);
                }
                context.ui.rows(&rules.iter().map(cells).collect::<Vec<_>>())
            }
            Self::Revoke { id } => {
                let id: ApprovalRuleId = id.parse().map_err(|_| {
                    Failure::usage(format!("`{}` is no approval's id", one_line(id, 60)))
                        .hint("`omega approvals list` shows them")
                })?;
                context.connect().await?.client.revoke_approval(id).await?;
                context.ui.note(format!("Revoked {id}: its tool is asked about again."));
                Ok(())
            }
        }
    }
}

fn cells(rule: &StoredApproval) -> [String; 4] {
    let place = rule.conversation_id.map_or_else(|| String::from("everywhere"), |id| format!("in {id}"));
    let versions = rule.max_major.map_or_else(String::new, |major| format!(" up to version {major}"));
    let tool = one_line(rule.tool_id.as_str(), 200);
    [rule.id.to_string(), format!("{tool}{versions}"), place, format!("({})", words::reason(rule.reason))]
}
