//! `omega approve`

use super::{
    complete,
    pause::{Waiting, words},
};
use crate::{connect::Context, exit::Failure};
use clap::{Args, ValueEnum};
use clap_complete::ArgValueCandidates;
use omega_core::api::{Decide, Decision, Remember, RequiredAction};

/// Allows or refuses the calls that a paused run waits with, and lets it go on.
///
/// On a terminal each call is shown and asked about; with --for or --deny, or in a script, all of them get that answer.
#[derive(Debug, Args)]
pub struct Approve {
    /// A conversation's id or address; the one used last when missing
    #[arg(add = ArgValueCandidates::new(complete::conversations))]
    conversation: Option<String>,
    /// How long the yes lasts: for these calls, for their tools in this conversation, or for their tools everywhere
    /// [default: once]
    #[arg(long = "for", value_name = "HOW LONG", conflicts_with = "deny")]
    lasts: Option<Lasts>,
    /// Refuse the calls; the model is told, and goes another way
    #[arg(long)]
    deny: bool,
    /// Why they are refused, for the model
    #[arg(long, value_name = "TEXT", requires = "deny")]
    reason: Option<String>,
}

/// How long a yes lasts.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Lasts {
    Once,
    Conversation,
    Always,
}

impl From<Lasts> for Remember {
    fn from(lasts: Lasts) -> Self {
        match lasts {
            Lasts::Once => Self::Once,
            Lasts::Conversation => Self::Conversation,
            Lasts::Always => Self::Always,
        }
    }
}

impl Approve {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let (connection, waiting) = Waiting::find(context, self.conversation.as_deref()).await?;
        let RequiredAction::Approval { approvals, .. } = &waiting.action else { return Err(waiting.is_another()) };
        if !self.deny && self.lasts.is_none() && context.ui.can_ask() {
            return waiting.ask(context, &connection.client).await;
        }
        let decision = if self.deny { Decision::Deny } else { Decision::Approve };
        for approval in approvals {
            context.ui.note(words::approval(&context.ui, approval));
            let body = Decide {
                decision,
                remember: self.lasts.map(Remember::from).unwrap_or_default(),
                reason: self.reason.clone(),
                args_digest: Some(approval.args_digest.clone()),
                input: None,
            };
            connection.client.decide(approval.id, &body).await?;
        }
        waiting.goes_on(context);
        Ok(())
    }
}
