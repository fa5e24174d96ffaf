//! `omega plan`

use super::complete;
use crate::{connect::Context, exit::Failure};
use clap::Args;
use clap_complete::ArgValueCandidates;
use omega_core::{
    api::{CreateConversation, PlanAnswer, PlanRequest},
    sanitize::one_line,
};
use std::fmt::Write;

/// Proposes one to three plans for a task. Nothing is executed.
#[derive(Debug, Args)]
pub struct Plan {
    /// The task
    #[arg(required = true, value_name = "TASK")]
    task: Vec<String>,
    /// How many plans
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=3))]
    count: Option<u8>,
    /// provider/model [env: OMEGA_MODEL]
    #[arg(long, short, value_name = "PROVIDER/MODEL", add = ArgValueCandidates::new(complete::models))]
    pub model: Option<String>,
    /// Plan in this conversation, given by id or address; in a new one when missing
    #[arg(long, value_name = "ID|URL", add = ArgValueCandidates::new(complete::conversations))]
    conversation: Option<String>,
    /// Print the answer of the API as JSON
    #[arg(long)]
    json: bool,
}

impl Plan {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let connection = context.connect().await?;
        let model = context.config.get("model").map(str::to_owned);
        let id = match &self.conversation {
            Some(text) => crate::connect::conversation_id(text)?,
            None => {
                let body = CreateConversation { model: model.clone(), ..CreateConversation::default() };
                connection.client.create_conversation(&body).await?.id
            }
        };
        let message = self.task.join(" ");
        context.remember(&connection, id, &message);
        let answer = connection.client.plan(id, &PlanRequest { message, count: self.count, model }).await?;
        if self.json { context.ui.json(&answer) } else { context.ui.out(&text(&answer)) }
    }
}

fn text(answer: &PlanAnswer) -> String {
    let mut out = String::new();
    for (at, plan) in answer.plans.iter().enumerate() {
        // Writing to a string can't fail.
        let _ = writeln!(
            out,
            "Plan {} · confidence {:.0} %\n  {}",
            at + 1,
            plan.confidence * 100.0,
            one_line(&plan.reasoning, 400)
        );
        for step in &plan.steps {
            let _ = writeln!(
                out,
                "  {}. {}: {}",
                step.step_number,
                one_line(&step.tool_name, 100),
                one_line(&step.purpose, 200)
            );
        }
    }
    out
}
