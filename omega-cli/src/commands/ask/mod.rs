//! `omega ask`: one question, the answer on stdout, everything else on stderr, an exit code that can be trusted.

mod activity;
mod document;
pub mod environment;
mod prompt;
mod schema;
mod signals;
mod text;
mod watch;

use super::complete;
use crate::{
    connect::{Connection, Context, conversation_id, server_of_address},
    exit::{Code, Failure},
};
use clap::Args;
use clap_complete::ArgValueCandidates;
use environment::{Environment, how_to_give};
use omega_core::{
    api::{
        AlternativesMode, CreateConversation, FinishReason, PlanMode, RunStatus, SendMessage, ToolRun,
        UpdateConversation,
    },
    client::{FollowPolicy, Follower},
    executor::ToolErrorCode,
    id::{ConversationId, ToolId},
    sanitize::one_line,
    view::View,
};
use prompt::PendingPrompt;
use schema::Schema;
use signals::Signals;
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};
use text::Text;
use watch::{End, Output, Watch};

/// Ask once and get the answer on stdout
///
/// Nothing but the answer goes to stdout: on a terminal as it comes, else each step's text when the step is whole; what tools
/// do goes to stderr.
///
/// Piped text is appended to the prompt as a marked block. With a prompt, stdin counts if its first byte comes within half a
/// second; --stdin waits for it, --no-stdin does not look.
///
/// When the run needs a variable, an approval of a call or the choice of a plan, it is asked for on the terminal. In a script
/// the command ends with exit code 4 or 5 and names the command that answers; the run waits, and goes on then.
///
/// The first Ctrl-C cancels the run on the server and prints what came; the second leaves at once. When the model has to be
/// asked again on a terminal, text that was printed stays: a notice says so on stderr and the step begins anew on a new line.
///
/// An answer that a filter or a limit of length cut, or that is a refusal, is printed and ends the command with exit code 9.
#[derive(Debug, Args)]
#[command(after_long_help = r#"Examples:
  omega ask "What is the determinant of [[2,1],[1,3]]?"
  omega ask "Turn this into YAML" < data.json
  omega ask --json "Slugify 'Hello World'" | jq -r .answer"#)]
pub struct Ask {
    #[command(flatten)]
    prompt: prompt::PromptArgs,
    /// provider/model [env: OMEGA_MODEL]
    #[arg(long, short, value_name = "PROVIDER/MODEL", add = ArgValueCandidates::new(complete::models))]
    pub model: Option<String>,
    /// Go on with the conversation that was used last
    #[arg(long, short = 'c', conflicts_with = "conversation")]
    r#continue: bool,
    /// Go on with this conversation, given by id or address
    #[arg(long, value_name = "ID|URL", add = ArgValueCandidates::new(complete::conversations))]
    conversation: Option<String>,
    /// Print one JSON document at the end: {conversationId, runId, status, answer, toolRuns, usage, model, finishReason};
    /// requiresAction too when the run waits for a person
    #[arg(long, conflicts_with = "stream_json")]
    json: bool,
    /// Print every event as a line of JSON; the last one is always run.completed, run.failed, run.cancelled, or
    /// run.requires_action when the run waits for a person
    #[arg(long)]
    stream_json: bool,
    /// Ask for an answer that matches this JSON Schema, and check it
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// Prefer this tool (package::export); may be given several times
    #[arg(long, value_name = "TOOL")]
    pin: Vec<ToolId>,
    #[command(flatten)]
    environment: Environment,
    /// Safe Mode: in this conversation each tool call waits for approval, from now on
    #[arg(long)]
    safe: bool,
    /// Propose plans first, and run the one that is chosen
    #[arg(long)]
    plan: bool,
    /// Never ask on the terminal: a run that waits for a person ends the command with exit code 4 or 5
    #[arg(long)]
    no_input: bool,
    /// Give up after this time, for example 90s or 5m [env: OMEGA_TIMEOUT] [default: 15m]
    #[arg(long, value_name = "TIME")]
    pub timeout: Option<String>,
    /// Print the answer as it came, control characters too; not on a terminal
    #[arg(long)]
    raw: bool,
}

/// Asks, follows, ends.
pub async fn run(ask: &Ask, context: &Context) -> Result<(), Failure> {
    let began = Instant::now();
    let terminals = context.ui.terminals();
    if ask.raw && terminals.stdout {
        return Err(Failure::usage("--raw is not for a terminal: foreign text could control it")
            .hint("redirect stdout, or leave --raw out"));
    }
    let mut deadline = began + timeout(context)?;
    let pending = ask.prompt.begin(terminals.stdin)?;
    let schema = ask.schema.as_deref().map(Schema::read).transpose()?;
    let env = ask.environment.read(&context.env)?;

    let (connection, prompt) = connection_and_prompt(ask, context, pending).await?;
    let message = schema.as_ref().map_or_else(|| prompt.clone(), |schema| schema.ask(&prompt));
    let model = context.config.get("model").map(str::to_owned);
    let _progress = context.progress(&connection);
    let (id, is_new) = conversation(ask, context, &connection, model.as_deref()).await?;
    if is_new {
        context.remember(&connection, id, prompt::title(&prompt));
    }
    let mut signals = Signals::listen()?;
    let asks = !ask.no_input && context.ui.can_ask();
    // Where nobody can answer, the run goes ahead by itself.
    let plan = if ask.plan { Some(PlanMode::Always) } else { (!asks).then_some(PlanMode::Never) };
    let alternatives = (!asks).then_some(AlternativesMode::Auto);
    let pins = ask.pin.clone();
    let body = SendMessage { message, env, model, plan, alternatives, pins, ..SendMessage::default() };
    let key = uuid::Uuid::new_v4().to_string();
    let accepted = tokio::select! {
        accepted = connection.client.send_message(id, &body, &key) => accepted?,
        code = signals.next() => return Err(Failure::silent(code)),
    };
    if !is_new {
        context.remember(&connection, id, "");
    }

    let view = View::begun(None, accepted.seq.saturating_sub(1));
    let follower = Follower::resume(connection.client.clone(), id, view, FollowPolicy::default());
    let mut watch = Watch::new(context, &connection, follower, (id, accepted.run_id), output(ask, context));
    let end = loop {
        let end = watch.until_the_end(&mut signals, deadline).await?;
        if matches!(end, End::Paused) {
            watch.learn_standing().await;
        }
        if !asks || !matches!(end, End::Paused) {
            break end;
        }
        let asked = Instant::now();
        if let Some(end) = watch.ask(&mut signals).await? {
            break end;
        }
        // A person's time is not the run's.
        deadline += asked.elapsed();
    };
    let result = finish(&mut watch, &end, schema.as_ref()).await;
    watch.say_goodbye(began.elapsed());
    result
}

/// A prompt that turns out to be empty starts no server; beside words, stdin may take its time while one starts.
async fn connection_and_prompt(
    ask: &Ask,
    context: &Context,
    pending: PendingPrompt,
) -> Result<(Connection, String), Failure> {
    if pending.is_only_stdin() {
        let (prompt, _) = pending.finish()?;
        return Ok((connect(ask, context).await?, prompt));
    }
    let connection = connect(ask, context).await?;
    let (prompt, silent) = pending.finish()?;
    if silent {
        context
            .ui
            .note("Nothing came on stdin in time; going on without it (--stdin waits, --no-stdin does not look).");
    }
    Ok((connection, prompt))
}

fn output(ask: &Ask, context: &Context) -> Output {
    match (ask.json, ask.stream_json) {
        (true, _) => Output::Document,
        (_, true) => Output::Events,
        _ => Output::Text(Text::new(context.ui.clone(), ask.raw)),
    }
}

fn timeout(context: &Context) -> Result<Duration, Failure> {
    let text = context.config.get("timeout").unwrap_or("15m");
    // The configuration checked it.
    humantime::parse_duration(text).map_err(|error| Failure::usage(format!("timeout `{text}`: {error}")))
}

async fn connect(ask: &Ask, context: &Context) -> Result<Connection, Failure> {
    let address = ask.conversation.as_deref().and_then(server_of_address);
    match address {
        Some(url) if context.config.get("server").is_none() && !is_own(&url) => context.connect_to(&url),
        _ => context.connect().await,
    }
}

/// The local server's address has another port after every start.
fn is_own(url: &str) -> bool {
    ["http://127.0.0.1", "http://localhost", "http://[::1]"].iter().any(|own| url.starts_with(own))
}

/// The conversation to ask in, and whether it was made for that.
async fn conversation(
    ask: &Ask,
    context: &Context,
    connection: &Connection,
    model: Option<&str>,
) -> Result<(ConversationId, bool), Failure> {
    let safe_mode = ask.safe.then_some(true);
    let begun = match &ask.conversation {
        Some(text) => Some(conversation_id(text)?),
        None if ask.r#continue => Some(context.conversation(None, connection).await?),
        None => None,
    };
    let Some(id) = begun else {
        let body = CreateConversation { model: model.map(str::to_owned), safe_mode, ..CreateConversation::default() };
        return Ok((connection.client.create_conversation(&body).await?.id, true));
    };
    if ask.safe {
        let body = UpdateConversation { safe_mode, ..UpdateConversation::default() };
        connection.client.update_conversation(id, &body).await?;
    }
    Ok((id, false))
}

/// Prints what is due at the end and decides how the command ends.
async fn finish(watch: &mut Watch<'_>, end: &End, schema: Option<&Schema>) -> Result<(), Failure> {
    let completed = matches!(end, End::Finished) && watch.run().is_some_and(|run| run.status == RunStatus::Completed);
    let checked = schema.filter(|_| completed).map(|schema| schema.check(&watch.answer())).transpose();
    watch.print_end(end, checked.as_ref().ok().cloned().flatten()).await?;
    failure_of(watch, end)?;
    checked.map(drop)
}

/// An answer that only says which variables a tool lacks is no success for a script: the run's last call failed for them,
/// and nothing came after it.
fn lacking(tool_runs: &[ToolRun]) -> Result<(), Failure> {
    let error = tool_runs.last().and_then(|tool_run| tool_run.error.as_ref());
    let Some(error) = error.filter(|error| error.code == ToolErrorCode::MissingEnvVars) else { return Ok(()) };
    let failure = Failure::new(Code::MissingCredentials, one_line(&error.message, 300));
    match error.details.as_ref().and_then(how_to_give) {
        Some(how) => Err(failure.hint(how)),
        None => Err(failure),
    }
}

/// An answer that was cut or refused is no success, though it is printed as far as it came.
fn whole(reason: Option<FinishReason>) -> Result<(), Failure> {
    match reason.and_then(FinishReason::shortfall) {
        Some(why) => Err(Failure::new(Code::Incomplete, why)),
        None => Ok(()),
    }
}

fn failure_of(watch: &Watch<'_>, end: &End) -> Result<(), Failure> {
    match (end, watch.run().map(|run| (run.status, &run.error))) {
        (End::Finished, Some((RunStatus::Completed, _))) => {
            if let Some(words) = watch.spent() {
                return Err(Failure::new(Code::Limit, words));
            }
            lacking(&watch.tool_runs())?;
            whole(watch.run().and_then(|run| run.finish_reason))
        }
        (End::Finished, Some((_, Some(error)))) => Err(Failure::of_run(error)),
        (End::Finished, _) => Err(Failure::new(Code::Failed, "the run was cancelled")),
        (End::Paused, _) => Err(match watch.waiting() {
            Some(waiting) => waiting.failure(),
            None => Failure::new(Code::NeedsDecision, "the run waits for a person"),
        }),
        (End::Stopped(Code::Limit), _) => {
            Err(Failure::new(Code::Limit, "no answer in time; the run was cancelled").hint("--timeout gives it longer"))
        }
        (End::Stopped(code), _) => Err(Failure::new(*code, "interrupted; the run was cancelled")),
        (End::Lost(error), _) => Err(Failure::from(error.clone())),
    }
}
