//! `omega feedback`

use crate::{
    connect::{Connection, Context},
    exit::Failure,
    value_candidates,
};
use clap::{Args, Subcommand, builder::BoolishValueParser};
use clap_complete::ArgValueCandidates;
use omega_core::{
    api::{Feedback as Said, GiveFeedback, Rating},
    id::{ConversationId, RunId},
    sanitize::one_line,
};

/// Say whether an answer was good, and list what was said
///
/// Whoever takes part in a conversation has one word about each of its answers; everybody in it sees them, exports have them,
/// and `omega stats` counts them.
#[derive(Debug, Subcommand)]
#[command(after_long_help = r#"Examples:
  omega feedback good --felt-real
  omega feedback bad --comment "The sum is wrong"
  omega feedback remove"#)]
pub enum Feedback {
    /// List what was said of a conversation's answers
    #[command(after_long_help = "Example:
  omega feedback list")]
    List {
        #[command(flatten)]
        of: Of,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Say that the newest answer was good, or another one
    #[command(after_long_help = r#"Examples:
  omega feedback good
  omega feedback good CONVERSATION --felt-real --comment "Just what I needed""#)]
    Good(Words),
    /// Say that the newest answer was bad, or another one
    #[command(after_long_help = r#"Examples:
  omega feedback bad --comment "The sum is wrong"
  omega feedback bad --felt-real=no"#)]
    Bad(Words),
    /// Take back what you said of the newest answer, or of another one
    #[command(after_long_help = "Example:
  omega feedback remove")]
    Remove {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        answer: Answer,
    },
}

#[derive(Debug, Default, Args)]
pub struct Of {
    /// A conversation's id or address; the one used last when missing
    #[arg(add = ArgValueCandidates::new(value_candidates::conversations))]
    conversation: Option<String>,
}

#[derive(Debug, Args)]
pub struct Answer {
    /// Another answer than the newest, by the id of its run or of one of its messages (`omega show --json`)
    #[arg(long, value_name = "ID")]
    answer: Option<RunId>,
}

#[derive(Debug, Args)]
pub struct Words {
    #[command(flatten)]
    of: Of,
    #[command(flatten)]
    answer: Answer,
    /// It felt like a real agent, or with =no it did not
    #[arg(long, value_name = "YES|NO", num_args = 0..=1, require_equals = true, default_missing_value = "yes",
        value_parser = BoolishValueParser::new())]
    felt_real: Option<bool>,
    /// What else there is to say
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
    /// Print what is stored as JSON
    #[arg(long)]
    json: bool,
}

impl Feedback {
    /// What it does without a word of what to do.
    pub fn list() -> Self {
        Self::List { of: Of::default(), json: false }
    }

    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::List { of, json } => {
                let (connection, id) = context.find(of.conversation.as_deref()).await?;
                let said = connection.client.feedback(id).await?;
                match *json {
                    true => context.ui.json(&said),
                    false => context.ui.rows(&said.iter().map(cells).collect::<Vec<_>>()),
                }
            }
            Self::Good(words) => words.give(context, Rating::Good).await,
            Self::Bad(words) => words.give(context, Rating::Bad).await,
            Self::Remove { of, answer } => {
                let (connection, id) = context.find(of.conversation.as_deref()).await?;
                let run = answer.find(&connection, id).await?;
                connection.client.remove_feedback(run).await?;
                context.ui.note("Took back what you said of this answer.");
                Ok(())
            }
        }
    }
}

impl Words {
    async fn give(&self, context: &Context, rating: Rating) -> Result<(), Failure> {
        let (connection, id) = context.find(self.of.conversation.as_deref()).await?;
        let run = self.answer.find(&connection, id).await?;
        let body = GiveFeedback { rating, felt_real: self.felt_real, comment: self.comment.clone() };
        let said = connection.client.give_feedback(run, &body).await?;
        if self.json {
            return context.ui.json(&said);
        }
        context.ui.note(format!("Noted: {}. `omega feedback remove` takes it back.", in_words(&said)));
        Ok(())
    }
}

impl Answer {
    /// The run whose answer is meant.
    async fn find(&self, connection: &Connection, id: ConversationId) -> Result<RunId, Failure> {
        let detail = connection.client.conversation(id).await?;
        let Some(named) = self.answer else {
            let newest = detail.runs.iter().rev().find(|run| run.status.is_terminal());
            return newest.map(|run| run.id).ok_or_else(|| {
                Failure::usage(format!("conversation {id} has no answer yet"))
                    .hint("`omega wait` waits for one; `omega recent` lists other conversations")
            });
        };
        let message = detail.messages.iter().find(|message| message.id.0 == named.0);
        Ok(message.and_then(|message| message.run_id).unwrap_or(named))
    }
}

fn in_words(said: &Said) -> String {
    let felt = said.felt_real.map_or("", |felt| match felt {
        true => ", it felt like a real agent",
        false => ", it did not feel like a real agent",
    });
    format!("{}{felt}", said.rating.as_str())
}

fn cells(said: &Said) -> [String; 5] {
    let comment = said.comment.as_deref().map(|comment| one_line(comment, 200)).unwrap_or_default();
    let who = one_line(&said.author.display_name, 60);
    [said.run_id.to_string(), said.at.to_string(), who, in_words(said), comment]
}
