//! `omega alternatives`

use crate::{
    connect::Context,
    exit::Failure,
    follow::pause::{After, Waiting, part_of, words},
    value_candidates,
};
use clap::Args;
use clap_complete::ArgValueCandidates;
use omega_core::{
    api::{AlternativeChoice, SelectAlternative},
    id::{ToolId, ToolRunId},
};

/// Choose another tool in place of one that failed or lacks a variable, and let the paused run go on
///
/// The run goes on, and its answer is printed as `omega ask` prints it. On a terminal, without --use or --none, it shows the
/// tools with the keys that each needs, and asks; with --json it prints what is offered, and chooses nothing.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  omega alternatives --use free-search::find
  omega alternatives --none")]
pub struct Alternatives {
    /// A conversation's id or address; the one used last when missing
    #[arg(add = ArgValueCandidates::new(value_candidates::conversations))]
    conversation: Option<String>,
    /// The tool to call instead, one of those that are offered (package::export)
    #[arg(long = "use", value_name = "TOOL", conflicts_with = "none")]
    tool: Option<ToolId>,
    /// None of them: the model goes on by itself
    #[arg(long)]
    none: bool,
    /// For this call, when several wait
    #[arg(long, value_name = "ID")]
    call: Option<ToolRunId>,
    #[command(flatten)]
    pub after: After,
}

impl Alternatives {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let (connection, waiting) = Waiting::find(context, self.conversation.as_deref()).await?;
        let choices = waiting.action.alternatives();
        if choices.is_empty() {
            return Err(waiting.is_another());
        }
        if self.after.follow.json && self.tool.is_none() && !self.none {
            return context.ui.json(&choices);
        }
        if !waiting.is_mine() {
            return Err(waiting.owners());
        }
        if self.tool.is_none() && !self.none {
            if context.ui.can_ask() {
                return waiting.ask(context, &connection, &self.after).await;
            }
            choices.iter().for_each(|choice| context.ui.note(words::alternatives(choice).trim_end()));
            return Err(waiting.failure());
        }
        let choice = self.choice(choices)?;
        if let Some(tool) = self.tool.as_ref().filter(|tool| choice.alternatives.iter().all(|it| it.tool_id != **tool))
        {
            return Err(Failure::usage(format!("{tool} is not offered")).hint(words::alternatives(choice).trim_end()));
        }
        let body =
            SelectAlternative { tool_run_id: Some(choice.tool_run_id), tool_id: self.tool.clone(), none: self.none };
        connection.client.select_alternative(waiting.conversation, &body).await?;
        waiting
            .goes_on(
                context,
                &connection,
                &self.after,
                part_of(&waiting.action, choice.tool_run_id).into_iter().collect(),
            )
            .await
    }

    fn choice<'a>(&self, choices: &'a [AlternativeChoice]) -> Result<&'a AlternativeChoice, Failure> {
        match (self.call, choices) {
            (Some(call), _) => choices
                .iter()
                .find(|choice| choice.tool_run_id == call)
                .ok_or_else(|| Failure::usage(format!("no call {call} waits for another tool"))),
            (None, [only]) => Ok(only),
            (None, _) => {
                let calls: Vec<String> =
                    choices.iter().map(|choice| format!("{} ({})", choice.tool_run_id, choice.tool_id)).collect();
                Err(Failure::usage("several calls wait; say which with --call").hint(calls.join(", ")))
            }
        }
    }
}
