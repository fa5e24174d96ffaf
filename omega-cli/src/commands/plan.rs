//! `omega plan`

use crate::{
    connect::Context,
    exit::Failure,
    follow::pause::{After, Waiting, parts, words},
    value_candidates,
};
use clap::{Args, Subcommand};
use clap_complete::ArgValueCandidates;
use omega_core::api::{self, CreateConversation, PlanRequest, RequiredAction, SelectPlan};

/// Propose one to three plans for a task, and do nothing yet
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_long_help = r#"Examples:
  omega plan --count 2 "Compare the weather of Oslo and Rome"
  omega plan select 1"#)]
pub struct Plan {
    #[command(subcommand)]
    command: Option<PlanCommand>,
    /// The task
    #[arg(required = true, value_name = "TASK")]
    task: Vec<String>,
    /// How many plans
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=3))]
    count: Option<u8>,
    /// provider/model [env: OMEGA_MODEL]
    #[arg(long, short, value_name = "PROVIDER/MODEL", add = ArgValueCandidates::new(value_candidates::models))]
    pub model: Option<String>,
    /// Plan in this conversation, given by id or address; in a new one when missing
    #[arg(long, value_name = "ID|URL", add = ArgValueCandidates::new(value_candidates::conversations))]
    conversation: Option<String>,
    /// Print the answer of the API as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum PlanCommand {
    Select(Select),
}

/// Select the plan that a paused run follows, or ask for other plans
///
/// The run goes on, and its answer is printed as `omega ask` prints it. On a terminal, without a plan, it asks.
#[derive(Debug, Args)]
#[command(after_long_help = r#"Examples:
  omega plan select 1
  omega plan select --another --note "without the web""#)]
struct Select {
    /// The plan: its number as listed, or its id
    #[arg(value_name = "NUMBER|ID", conflicts_with = "another")]
    plan: Option<String>,
    /// A conversation's id or address; the one used last when missing
    #[arg(long, value_name = "ID|URL", add = ArgValueCandidates::new(value_candidates::conversations))]
    conversation: Option<String>,
    /// Ask for other plans instead
    #[arg(long)]
    another: bool,
    /// What should be different, for the planner
    #[arg(long, value_name = "TEXT", requires = "another")]
    note: Option<String>,
    #[command(flatten)]
    after: After,
}

impl Select {
    async fn run(&self, context: &Context) -> Result<(), Failure> {
        let (connection, waiting) = Waiting::find(context, self.conversation.as_deref()).await?;
        let RequiredAction::Plan { plans, .. } = &waiting.action else { return Err(waiting.is_another()) };
        if !waiting.is_mine() {
            return Err(waiting.owners());
        }
        let plan = match (&self.plan, self.another) {
            (Some(text), _) => named(plans, text)?,
            (None, true) => plans.first().ok_or_else(|| waiting.failure())?,
            (None, false) if context.ui.can_ask() => return waiting.ask(context, &connection, &self.after).await,
            (None, false) => return Err(waiting.failure()),
        };
        let body = SelectPlan { another: self.another, note: self.note.clone() };
        connection.client.select_plan(waiting.conversation, plan.id, &body).await?;
        waiting.goes_on(context, &connection, &self.after, parts(&waiting.action)).await
    }
}

fn named<'a>(plans: &'a [api::Plan], text: &str) -> Result<&'a api::Plan, Failure> {
    let by_number = text.parse::<usize>().ok().and_then(|number| plans.get(number.checked_sub(1)?));
    by_number.or_else(|| plans.iter().find(|plan| plan.id.to_string() == text)).ok_or_else(|| {
        Failure::usage(format!("there is no plan `{text}`; there are {}", plans.len())).hint(words::plans(plans))
    })
}

impl Plan {
    /// How long its run is followed.
    pub fn timeout(&self) -> &Option<String> {
        match &self.command {
            Some(PlanCommand::Select(select)) => &select.after.follow.timeout,
            None => &None,
        }
    }

    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        if let Some(PlanCommand::Select(select)) = &self.command {
            return select.run(context).await;
        }
        let connection = context.connect().await?;
        let model = context.config.get("model").map(str::to_owned);
        let message = self.task.join(" ");
        let id = match &self.conversation {
            Some(text) => crate::connect::conversation_id(text)?,
            None => {
                let body = CreateConversation { model: model.clone(), ..CreateConversation::default() };
                let id = connection.client.create_conversation(&body).await?.id;
                context.remember(&connection.place, id, &message);
                id
            }
        };
        let answer = connection.client.plan(id, &PlanRequest { message, count: self.count, model }).await?;
        if self.conversation.is_some() {
            context.remember(&connection.place, id, "");
        }
        if self.json { context.ui.json(&answer) } else { context.ui.out(&words::plans(&answer.plans)) }
    }
}
