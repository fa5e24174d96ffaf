//! `omega approve`

use crate::{
    connect::Context,
    exit::Failure,
    follow::pause::{After, Waiting, parts, words},
    value_candidates,
};
use clap::{Args, ValueEnum};
use clap_complete::ArgValueCandidates;
use omega_core::{
    api::{Approval, Decide, Decision, Remember, RequiredAction},
    exact,
    sanitize::one_line,
};
use serde_json::Value;

/// Approve or deny the calls that a paused run waits for, and let it go on
///
/// The run goes on, and its answer is printed as `omega ask` prints it.
///
/// On a terminal each call is shown and asked about; with --for or --deny, or in a script, all of them get that answer.
#[derive(Debug, Args)]
#[command(after_long_help = r#"Examples:
  omega approve --for once
  omega approve --deny --reason "not this folder""#)]
pub struct Approve {
    /// A conversation's id or address; the one used last when missing
    #[arg(add = ArgValueCandidates::new(value_candidates::conversations))]
    conversation: Option<String>,
    /// How long the approval lasts: for these calls, for their tools in this conversation, or for their tools everywhere
    /// [default: once]
    #[arg(long = "for", value_name = "HOW LONG", conflicts_with = "deny")]
    lasts: Option<Lasts>,
    /// Refuse the calls; the model is told, and goes another way
    #[arg(long)]
    deny: bool,
    /// Why they are refused, for the model
    #[arg(long, value_name = "TEXT", requires = "deny")]
    reason: Option<String>,
    /// Run the one call that waits with this input instead, a JSON object
    #[arg(long, value_name = "JSON", conflicts_with = "deny")]
    input: Option<String>,
    #[command(flatten)]
    pub after: After,
}

fn input(text: &str) -> Result<Value, Failure> {
    let value: Value = exact::input(text).map_err(|error| Failure::usage(format!("--input: {error}")))?;
    if value.is_object() { Ok(value) } else { Err(Failure::usage("--input is a JSON object, {...}")) }
}

fn never_lasts(lasts: Lasts, approval: &Approval, is_owner: bool) -> Failure {
    let tool = one_line(words::subject(approval), 200);
    let why = match is_owner {
        false => String::from("only the owner can give a standing approval"),
        true => format!("{tool} is asked about because {}", words::reason(approval.reason)),
    };
    Failure::usage(format!("--for {} is not possible: {why}", lasts.name())).hint("omega approve --for once")
}

/// How long an approval lasts.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Lasts {
    Once,
    Conversation,
    Always,
}

impl Lasts {
    fn name(self) -> &'static str {
        Remember::from(self).as_str()
    }
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
        if !self.deny && self.lasts.is_none() && self.input.is_none() && context.ui.can_ask() {
            return waiting.ask(context, &connection, &self.after).await;
        }
        if !waiting.is_mine() {
            return Err(waiting.owners());
        }
        let input = self.input.as_deref().map(input).transpose()?;
        let changes_one = input.is_none() || approvals.len() == 1;
        if !changes_one {
            return Err(Failure::usage("several calls wait: --input would change all of them")
                .hint("answer them one by one on a terminal: omega approve"));
        }
        if let (Some(lasts), Some(approval)) = (
            self.lasts.filter(|lasts| !matches!(lasts, Lasts::Once)),
            approvals.iter().find(|approval| !waiting.role.may_remember(approval)),
        ) {
            return Err(never_lasts(lasts, approval, waiting.role.is_owner()));
        }
        let decision = if self.deny { Decision::Deny } else { Decision::Approve };
        for approval in approvals {
            context.ui.note(words::approval(&context.ui, approval));
            let body = Decide {
                decision,
                remember: self.lasts.map(Remember::from).unwrap_or_default(),
                reason: self.reason.clone(),
                args_digest: Some(approval.args_digest.clone()),
                input: input.clone(),
            };
            connection.client.decide(approval.id, &body).await?;
        }
        waiting.goes_on(context, &connection, &self.after, parts(&waiting.action)).await
    }
}
