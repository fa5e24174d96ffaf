//! `omega ask`: one question, the answer on stdout, everything else on stderr, an exit code that can be trusted.

mod prompt;
mod schema;

use crate::{
    connect::{Connection, Context},
    environment::Environment,
    exit::Failure,
    follow::{Begun, Follow, Signals},
    value_candidates,
};
use clap::Args;
use clap_complete::ArgValueCandidates;
use omega_core::{
    api::{AlternativesMode, CreateConversation, PlanMode, SendMessage, UpdateConversation},
    id::{ConversationId, ToolId},
    view::View,
};
use prompt::{PendingPrompt, Prompt};
use schema::Schema;
use std::{path::PathBuf, time::Instant};

/// Ask once and get the answer on stdout
///
/// Nothing but the answer goes to stdout: on a terminal as it comes, else when it is whole. The answer is what the model says
/// last; what it says before it calls tools, and what tools do, goes to stderr.
///
/// What is piped in is read to its end and handed over beside the prompt as a marked block; `-` as the prompt, or no prompt,
/// takes the question itself from stdin. --no-stdin does not look. Up to 256 KiB of it stand in the prompt; more, up to 32 MiB, is
/// data that goes to tools whole and that the model reads in parts.
///
/// When the run needs a variable, an approval of a call or the choice of a plan, it is asked for on the terminal. In a script
/// the flags answer (--env, --approve, --yes, --plan=N, --on-missing); else the command ends with exit code 4 or 5 and names the
/// command that answers, which then gives the answer of the run.
///
/// The first Ctrl-C cancels the run on the server and prints what came; the second leaves at once. When the model has to be
/// asked again on a terminal, text that was printed stays: a notice says so on stderr, and the text begins anew below.
///
/// An answer that a filter or a limit of length cut, or that is a refusal, is printed and ends the command with exit code 9.
#[derive(Debug, Args)]
#[command(after_long_help = r#"Examples:
  omega ask "What is the determinant of [[2,1],[1,3]]?"
  omega ask "Turn this into YAML" < data.json > data.yaml
  omega ask --approve mathjs --json "Slugify 'Hello World'" | jq -r .answer
  omega ask --schema person.schema.json -o person.json "Who wrote Faust?"
  omega ask --plan=1 --on-missing alternatives "Find the latest paper on SSE and sum it up""#)]
pub struct Ask {
    #[command(flatten)]
    prompt: prompt::PromptArgs,
    /// provider/model [env: OMEGA_MODEL]
    #[arg(long, short, value_name = "PROVIDER/MODEL", add = ArgValueCandidates::new(value_candidates::models))]
    pub model: Option<String>,
    /// Go on with the conversation that was used last
    #[arg(long, short = 'c', conflicts_with = "conversation")]
    r#continue: bool,
    /// Go on with this conversation, given by id or address
    #[arg(long, value_name = "ID|URL", add = ArgValueCandidates::new(value_candidates::conversations))]
    conversation: Option<String>,
    /// Call the conversation so; by default its model finds a title
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Ask for an answer that matches this JSON Schema; it alone is printed, once it does
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// Prefer this tool (package::export); may be given several times
    #[arg(long, value_name = "TOOL")]
    pin: Vec<ToolId>,
    #[command(flatten)]
    environment: Environment,
    /// Safe Mode: in this conversation each tool call waits for approval, from now on
    #[arg(long, conflicts_with = "no_safe")]
    safe: bool,
    /// No Safe Mode in this conversation, from now on
    #[arg(long)]
    no_safe: bool,
    /// Propose plans first, and run the one that is chosen; =N chooses the plan of this number
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "0")]
    plan: Option<usize>,
    #[command(flatten)]
    pub follow: Follow,
}

/// Asks, follows, ends.
pub async fn run(ask: &Ask, context: &Context) -> Result<(), Failure> {
    let began = Instant::now();
    ask.follow.check(context)?;
    let mut deadline = began + Follow::patience(context)?;
    let pending = ask.prompt.begin(&context.ui)?;
    let schema = ask.schema.as_deref().map(Schema::read).transpose()?;
    let env = ask.environment.read(&context.env)?;

    let (connection, prompt) = connection_and_prompt(ask, context, pending).await?;
    let Prompt { message: prompt, data } = prompt;
    let message = schema.as_ref().map_or_else(|| prompt.clone(), |schema| schema.ask(&prompt));
    let model = context.config.get("model").map(str::to_owned);
    let _progress = context.progress(&connection);
    let (id, is_new) = conversation(ask, context, &connection, model.as_deref()).await?;
    let title =
        ask.title.clone().unwrap_or_else(|| if is_new { prompt::title(&prompt).to_owned() } else { String::new() });
    // It is there; what the disk takes for it passes beside the run.
    let remembered = is_new.then(|| context.remember_beside(&connection.place, id, title.clone()));
    let mut signals = Signals::listen()?;
    let mut follow = ask.follow.clone();
    follow.answers.plan = ask.plan.filter(|number| *number > 0);
    let asks = follow.answers.may_ask(&context.ui);
    // Where nobody can answer, the run goes ahead by itself.
    let plan = if ask.plan.is_some() { Some(PlanMode::Always) } else { (!asks).then_some(PlanMode::Never) };
    let alternatives = (!asks).then_some(AlternativesMode::Auto);
    let pins = ask.pin.clone();
    let answer_schema = schema.as_ref().map(Schema::value);
    let body =
        SendMessage { message, data, env, model, plan, alternatives, pins, answer_schema, ..SendMessage::default() };
    let key = uuid::Uuid::new_v4().to_string();
    let accepted = tokio::select! {
        accepted = connection.client.send_message(id, &body, &key) => accepted?,
        code = signals.next() => return Err(Failure::silent(code)),
    };
    let remembered = remembered.unwrap_or_else(|| context.remember_beside(&connection.place, id, title));

    let view = View::begun(None, accepted.seq.saturating_sub(1));
    let begun = Begun { conversation: id, run: accepted.run_id, view, answered: Vec::new() };
    let mut following = follow.begin(context, &connection, begun, schema.is_some());
    let mut ended = following.until_the_end(&mut signals, &mut deadline).await?;
    let mut checked = None;
    if let Some(schema) = schema.filter(|_| following.is_whole(&ended)) {
        let mut answer = schema.check(following.answer());
        if let Err(mismatch) = &answer {
            // Once: a model that can't do it twice can't do it.
            context.ui.note(format!("{}; asking once more.", mismatch.message().unwrap_or_default()));
            let body = SendMessage { message: schema.ask_again(mismatch), data: None, ..body };
            let key = uuid::Uuid::new_v4().to_string();
            following.go_on(connection.client.send_message(id, &body, &key).await?.run_id);
            ended = following.until_the_end(&mut signals, &mut deadline).await?;
            if following.is_whole(&ended) {
                answer = schema.check(following.answer());
            }
        }
        checked = Some(answer);
    }
    remembered.await;
    following.finish(ended, checked).await
}

/// A prompt that turns out to be empty starts no server; beside words, stdin may take its time while one starts.
async fn connection_and_prompt(
    ask: &Ask,
    context: &Context,
    pending: PendingPrompt,
) -> Result<(Connection, Prompt), Failure> {
    if pending.is_only_stdin() {
        let prompt = pending.finish()?;
        return Ok((context.connect_for(ask.conversation.as_deref()).await?, prompt));
    }
    let connection = context.connect_for(ask.conversation.as_deref()).await?;
    Ok((connection, pending.finish()?))
}

/// The conversation to ask in, and whether it was made for that.
async fn conversation(
    ask: &Ask,
    context: &Context,
    connection: &Connection,
    model: Option<&str>,
) -> Result<(ConversationId, bool), Failure> {
    let safe_mode = if ask.safe { Some(true) } else { ask.no_safe.then_some(false) };
    let title = ask.title.clone();
    let begun = match &ask.conversation {
        None if !ask.r#continue => None,
        named => Some(context.conversation(named.as_deref(), connection).await?),
    };
    let Some(id) = begun else {
        let model = model.map(str::to_owned);
        let body = CreateConversation { model, safe_mode, title, ..CreateConversation::default() };
        return Ok((connection.client.create_conversation(&body).await?.id, true));
    };
    if safe_mode.is_some() || title.is_some() {
        let body = UpdateConversation { safe_mode, title, ..UpdateConversation::default() };
        connection.client.update_conversation(id, &body).await?;
    }
    Ok((id, false))
}
