//! A run followed to its end, with one contract for every command that does so: the answer and nothing else on stdout, what
//! happens on stderr, an exit code that can be trusted.

mod activity;
mod answers;
mod document;
mod ending;
mod events;
mod file;
pub mod pause;
mod signals;
mod status;
mod text;
mod watch;

use crate::{
    connect::{Connection, Context},
    exit::Failure,
};
pub use answers::Answers;
use clap::Args;
pub use ending::Ended;
use file::OutputFile;
use omega_core::{
    api::{Run, RunStatus},
    id::{ConversationId, RunId},
    view::View,
};
use serde_json::Value;
pub use signals::Signals;
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};
use text::Text;
use watch::{Output, Watch};

/// How a run is followed, and where its answer goes.
#[derive(Debug, Clone, Default, Args)]
pub struct Follow {
    /// Print one JSON document at the end: {conversationId, runId, status, answer, toolRuns, usage, model, finishReason};
    /// requiresAction too when the run waits for a person
    #[arg(long, conflicts_with = "stream_json")]
    pub json: bool,
    /// Print every event as a line of JSON; the last one is always run.completed, run.failed, run.cancelled, or
    /// run.requires_action when the run waits for a person
    #[arg(long)]
    pub stream_json: bool,
    /// Write the answer to this file instead of stdout, once it is whole; with --json the document
    #[arg(long, short, value_name = "FILE", conflicts_with = "stream_json")]
    pub output: Option<PathBuf>,
    /// Print the answer as it came, control characters too; not on a terminal
    #[arg(long)]
    pub raw: bool,
    /// Give up after this time, for example 90s or 5m [env: OMEGA_TIMEOUT] [default: 15m]
    #[arg(long, value_name = "TIME")]
    pub timeout: Option<String>,
    #[command(flatten)]
    pub answers: Answers,
}

/// A run to follow, from what is known of its conversation.
pub struct Begun {
    pub conversation: ConversationId,
    pub run: RunId,
    pub view: View,
    /// Parts of questions that were answered just now; what is known may be older than the answers.
    pub answered: Vec<String>,
}

impl Follow {
    /// What is wrong with the flags, before anything is done.
    pub fn check(&self, context: &Context) -> Result<(), Failure> {
        if self.raw && self.output.is_none() && context.ui.terminals().stdout {
            return Err(Failure::usage("--raw is not for a terminal: foreign text could control it")
                .hint("redirect stdout, or leave --raw out"));
        }
        self.output.clone().map(OutputFile::at).transpose().map(drop)
    }

    /// How long the command waits for the end.
    pub fn patience(context: &Context) -> Result<Duration, Failure> {
        let text = context.config.get("timeout").unwrap_or("15m");
        // The configuration checked it.
        humantime::parse_duration(text).map_err(|error| Failure::usage(format!("timeout `{text}`: {error}")))
    }

    /// Follows the run that a conversation works on or waits with, or else its newest one, to its end.
    pub async fn attach(
        &self,
        context: &Context,
        connection: &Connection,
        conversation: ConversationId,
        answered: Vec<String>,
    ) -> Result<(), Failure> {
        let mut deadline = Instant::now() + Self::patience(context)?;
        let mut signals = Signals::listen()?;
        let view = View::of(connection.client.conversation(conversation).await?);
        let Some(run) = view.active_run().or(view.runs.last()).map(|run| run.id) else {
            return Err(Failure::usage(format!("nothing was asked in conversation {conversation} yet"))
                .hint(format!("omega ask --conversation {conversation} \"...\"")));
        };
        let _progress = context.progress(connection);
        let mut following = self.begin(context, connection, Begun { conversation, run, view, answered }, false);
        let ended = following.until_the_end(&mut signals, &mut deadline).await?;
        following.finish(ended, None).await
    }

    /// Begins to follow a run. An answer that is `held` is not shown before [`Following::finish`].
    pub fn begin<'a>(
        &'a self,
        context: &'a Context,
        connection: &'a Connection,
        begun: Begun,
        held: bool,
    ) -> Following<'a> {
        let output = match (self.json, self.stream_json) {
            (true, _) => Output::Document,
            (_, true) => Output::Events,
            _ => Output::Text(Text::new(&context.ui, self.raw, held || self.output.is_some())),
        };
        Following {
            follow: self,
            watch: Watch::new(context, connection, begun, output),
            context,
            began: Instant::now(),
        }
    }
}

/// A run that is followed.
pub struct Following<'a> {
    follow: &'a Follow,
    context: &'a Context,
    watch: Watch<'a>,
    began: Instant,
}

impl<'a> Following<'a> {
    /// Follows to the end, or to a question that nobody here answers. A person's time does not count for the deadline.
    pub async fn until_the_end(&mut self, signals: &mut Signals, deadline: &mut Instant) -> Result<Ended, Failure> {
        let asks = self.follow.answers.may_ask(&self.context.ui);
        loop {
            let end = self.watch.until_the_end(signals, *deadline).await?;
            if !matches!(end, Ended::Paused) {
                return Ok(end);
            }
            self.watch.learn_role().await;
            let Some(waiting) = self.watch.waiting() else { continue };
            let asked = Instant::now();
            let answered = self.follow.answers.give(&self.context.ui, self.watch.client(), &waiting).await?;
            if !answered.is_empty() {
                self.watch.was_answered(answered);
                continue;
            }
            if !asks {
                return Ok(Ended::Paused);
            }
            if let Some(end) = self.watch.ask(signals).await? {
                return Ok(end);
            }
            *deadline += asked.elapsed();
        }
    }

    /// The answer so far.
    pub fn answer(&self) -> &str {
        self.watch.answer()
    }

    /// Whether the run completed and nothing is missing of its answer.
    pub fn is_whole(&self, ended: &Ended) -> bool {
        self.watch.failure(ended).is_none()
    }

    /// Goes on with another run of the conversation.
    pub fn go_on(&mut self, run: RunId) {
        self.watch.go_on(run);
    }

    /// Prints what is due at the end, and decides how the command ends. `checked` is the answer as a value that a caller found
    /// right, or why it is not.
    pub async fn finish(mut self, ended: Ended, checked: Option<Result<Checked, Failure>>) -> Result<(), Failure> {
        self.context.ui.clear_live();
        let mut failure = self.watch.failure(&ended);
        let (value, mismatch) = match checked {
            Some(Ok(checked)) => (Some(checked), None),
            Some(Err(mismatch)) => (None, Some(mismatch)),
            None => (None, None),
        };
        let is_useless = mismatch.is_some();
        failure = failure.or(mismatch);
        let due = Due { value, is_useless, failure: failure.as_ref() };
        if let Err(unprinted) = self.print(&ended, due).await {
            return Err(self.kept(unprinted));
        }
        if matches!(ended, Ended::Paused) && !self.follow.json && !self.follow.stream_json {
            self.watch.say_what_waits();
        }
        self.watch.say_goodbye(self.began.elapsed());
        failure.map_or(Ok(()), Err)
    }

    async fn print(&mut self, ended: &Ended, due: Due<'_>) -> Result<(), Failure> {
        let Due { value, is_useless, failure } = due;
        let file = self.follow.output.clone().map(OutputFile::at).transpose()?;
        let sink = Sink { context: self.context, file };
        match self.watch.output() {
            Output::Events => self.watch.close_events(ended),
            Output::Document => match self.watch.document(value.map(|checked| checked.value)).await? {
                Some(document) => sink.json(&document),
                None => Ok(()),
            },
            Output::Text(_) if is_useless => Ok(()),
            Output::Text(_) => self.print_text(ended, value, failure, &sink),
        }
    }

    /// The same failure; where the answer could not be written, it says where the answer is.
    fn kept(&self, unprinted: Failure) -> Failure {
        match unprinted.next_step() {
            None if unprinted.exit_code() != 0 => {
                let conversation = self.watch.conversation;
                unprinted.hint(format!("the answer is kept: `omega show {conversation}`"))
            }
            _ => unprinted,
        }
    }

    fn print_text(
        &mut self,
        ended: &Ended,
        value: Option<Checked>,
        failure: Option<&Failure>,
        sink: &Sink<'_>,
    ) -> Result<(), Failure> {
        // A failed run has no answer, and what was said before a call that waits is none.
        let has_one = matches!(ended, Ended::Stopped(_))
            || matches!((ended, self.watch.run()), (Ended::Finished, Some(Run { status: RunStatus::Completed, .. })));
        if sink.file.is_some() && failure.is_some() {
            return Ok(());
        }
        match value {
            Some(checked) => sink.text(&checked.text),
            None if has_one => self.watch.print_answer(sink),
            None => Ok(()),
        }
    }
}

/// What is printed at the end.
struct Due<'a> {
    value: Option<Checked>,
    /// The answer is not what was asked for.
    is_useless: bool,
    failure: Option<&'a Failure>,
}

/// An answer that a caller checked: its value, and the text that stands for it.
pub struct Checked {
    pub value: Value,
    pub text: String,
}

/// Where a result goes.
pub struct Sink<'a> {
    context: &'a Context,
    file: Option<OutputFile>,
}

impl Sink<'_> {
    /// A text, to the byte; for a person with the end of its line.
    pub fn text(&self, text: &str) -> Result<(), Failure> {
        match &self.file {
            Some(file) => file.write(text),
            None => self.context.ui.out(text).and_then(|()| self.context.ui.end_line()),
        }
    }

    fn json(&self, value: &impl serde::Serialize) -> Result<(), Failure> {
        match &self.file {
            Some(file) => file.write(&(serde_json::to_string_pretty(value).map_err(std::io::Error::from)? + "\n")),
            None => self.context.ui.json(value),
        }
    }
}
