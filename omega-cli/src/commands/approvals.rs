//! `omega approvals`

use super::pause::words;
use crate::{connect::Context, exit::Failure};
use clap::Subcommand;
use omega_core::{api::StoredApproval, id::ApprovalRuleId, sanitize::one_line};

/// Your yeses that last: tools that are not asked about any more, in one conversation or everywhere.
#[derive(Debug, Subcommand)]
pub enum Approvals {
    /// List them
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Take one back: its tool is asked about again
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
                rules.iter().try_for_each(|rule| context.ui.line(line(rule)))
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

fn line(rule: &StoredApproval) -> String {
    let place = rule.conversation_id.map_or_else(|| String::from("everywhere"), |id| format!("in {id}"));
    let versions = rule.max_major.map_or_else(String::new, |major| format!(" up to version {major}"));
    let tool = one_line(rule.tool_id.as_str(), 200);
    format!("{}  {tool}{versions}  {place}  ({})", rule.id, words::reason(rule.reason))
}
