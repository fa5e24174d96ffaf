//! Follows one run to its end and prints it meanwhile.
//!
//! The promise: it ends in exactly one [`Ended`]. Only [`Ended::Finished`] means that the server said how the run ended, and
//! [`Ended::Paused`] that it waits for a person.
//! The first signal, or the deadline, cancels the run on the server and gives it [`GRACE`] to say so; the second signal
//! leaves at once.

use super::{
    Begun, Sink, activity,
    document::Document,
    ending::Ended,
    pause::{self, Answered, SavedTerminal, Waiting},
    signals::Signals,
    status,
    text::Text,
};
use crate::{
    connect::{Connection, Context},
    exit::{Code, Failure},
    ui::Tone,
};
use omega_core::{
    api::{Message, MessageStatus, Part, Role, Run, RunStatus, Timestamp, ToolRun},
    client::{Client, ClientError, FollowPolicy, Follower, Update},
    event::{Envelope, Event},
    id::{ConversationId, MessageId, RunId},
    model::{catalog, offline},
    sanitize::{one_line, sanitize_terminal},
    viewer_role::ViewerRole,
};
use serde_json::Value;
use std::{
    collections::HashSet,
    time::{Duration, Instant},
};
use tokio::time::sleep_until;

/// How long a cancelled run may take to say its last words.
const GRACE: Duration = Duration::from_secs(2);

/// What goes to stdout.
pub enum Output {
    /// The answer, as it comes.
    Text(Text),
    /// One document at the end.
    Document,
    /// The events, as they come.
    Events,
}

/// One run that is followed.
pub struct Watch<'a> {
    pub(super) context: &'a Context,
    connection: &'a Connection,
    client: Client,
    follower: Follower,
    pub(super) conversation: ConversationId,
    pub(super) run_id: RunId,
    output: Output,
    began: Instant,
    /// The message that was shown last on a terminal.
    shown: Option<MessageId>,
    /// The message that was told last as progress.
    told: Option<MessageId>,
    /// The answer as the server said it at the end.
    answer: Option<String>,
    model: Option<String>,
    pub(super) terminal_printed: bool,
    /// Parts of questions that were answered here; their events may still be on their way.
    answered: HashSet<String>,
    /// The message's budget ended before its work was done, in these words.
    spent: Option<String>,
    /// Who computed the answer, where it was the offline planner.
    pub(super) computed: Option<String>,
    /// The attempt to get the stream back that is under way.
    lost: Option<u32>,
    role: ViewerRole,
}

impl<'a> Watch<'a> {
    /// Watches a run from what is known of it. What it said before is not said again.
    pub fn new(context: &'a Context, connection: &'a Connection, begun: Begun, output: Output) -> Self {
        let Begun { conversation, run, view, answered } = begun;
        let client = connection.client.clone();
        // What is shown when it is whole is asked for when it is whole.
        let deltas = context.ui.has_live() || context.ui.terminals().stdout || matches!(output, Output::Events);
        let policy = FollowPolicy { deltas, ..FollowPolicy::default() };
        let is_over = view.runs.iter().any(|known| known.id == run && known.status.is_terminal());
        let said = |m: &&Message| m.run_id == Some(run) && m.status == MessageStatus::Complete;
        let before = view.messages.iter().rev().find(said).map(|message| message.id).filter(|_| !is_over);
        Self {
            context,
            connection,
            follower: Follower::resume(client.clone(), conversation, view, policy),
            client,
            conversation,
            run_id: run,
            output,
            began: Instant::now(),
            shown: before,
            told: before,
            answer: None,
            model: None,
            terminal_printed: false,
            answered: answered.into_iter().collect(),
            spent: None,
            computed: None,
            lost: None,
            role: ViewerRole::Owner,
        }
    }

    /// Goes on with another run of the conversation, whose events are still to come.
    pub fn go_on(&mut self, run: RunId) {
        self.run_id = run;
        (self.answer, self.model, self.spent, self.computed) = (None, None, None, None);
        self.terminal_printed = false;
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    pub fn output(&self) -> &Output {
        &self.output
    }

    /// Remembers answers that were given; their events may still be on their way.
    pub fn was_answered(&mut self, parts: Vec<String>) {
        self.answered.extend(parts);
    }

    /// Follows to the end. Errors are stdout's.
    pub async fn until_the_end(&mut self, signals: &mut Signals, deadline: Instant) -> Result<Ended, Failure> {
        let mut limit = deadline;
        let mut stopping = None;
        let mut frames = tokio::time::interval(status::FRAME);
        let draws = self.context.ui.has_live();
        loop {
            match self.run() {
                Some(run) if run.status.is_terminal() => {
                    self.draw_all()?;
                    return Ok(stopping.map_or(Ended::Finished, Ended::Stopped));
                }
                Some(_) if stopping.is_none() && self.waiting().is_some() => {
                    self.draw_all()?;
                    return Ok(Ended::Paused);
                }
                _ => {}
            }
            let why = tokio::select! {
                biased;
                code = signals.next() => code,
                () = sleep_until(limit.into()) => Code::Limit,
                update = self.follower.next() => {
                    match update {
                        Ok(Update::Event(envelope)) => self.event(&envelope)?,
                        Ok(Update::Connected) => self.is_back(),
                        Ok(Update::Reconnecting { attempt, cause }) => {
                            tokio::select! {
                                () = self.come_back(attempt, &cause) => {}
                                code = signals.next() => return Ok(Ended::Stopped(code)),
                            }
                        }
                        Err(error) => return Ok(stopping.map_or(Ended::Lost(error), Ended::Stopped)),
                    }
                    continue;
                }
                _ = frames.tick(), if draws => {
                    self.draw()?;
                    continue;
                }
            };
            if let Some(first) = stopping {
                return Ok(Ended::Stopped(first));
            }
            stopping = Some(why);
            limit = Instant::now() + GRACE;
            let (client, run_id) = (self.client.clone(), self.run_id);
            // Beside the stream, whose last words say whether it worked.
            tokio::spawn(async move { client.cancel_run(run_id).await });
        }
    }

    /// The run's question, when it waits with one that was not answered here.
    pub fn waiting(&self) -> Option<Waiting> {
        let run = self.run().filter(|run| run.status == RunStatus::Paused)?;
        let action = pause::without(run.requires_action.clone()?, &self.answered)?;
        Some(Waiting { conversation: self.conversation, run: self.run_id, action, role: self.role })
    }

    /// Learns whether the conversation is the caller's: the message is theirs in any case. What can't be learned is left
    /// to the server, which decides anyway.
    pub async fn learn_role(&mut self) {
        if let Ok(detail) = self.client.conversation(self.conversation).await {
            self.role = ViewerRole::of(detail.is_owner, true);
        }
    }

    /// Asks the person at the terminal. `None` when they answered, and the run goes on; a signal cancels it.
    pub async fn ask(&mut self, signals: &mut Signals) -> Result<Option<Ended>, Failure> {
        let Some(waiting) = self.waiting() else { return Ok(None) };
        let terminal = SavedTerminal::now();
        let stopped = tokio::select! {
            answered = pause::ask(&self.context.ui, &self.client, &waiting) => match answered {
                Ok(Answered::Done(parts)) => {
                    self.answered.extend(parts);
                    return Ok(None);
                }
                Ok(Answered::Left) => return Ok(Some(Ended::Paused)),
                Err(failure) if failure.exit_code() == Code::Interrupted as u8 => Code::Interrupted,
                Err(failure) => return Err(failure),
            },
            code = signals.next() => code,
        };
        terminal.restore();
        // Whether it worked or not, nobody is here any more to be told.
        let _ = tokio::time::timeout(GRACE, self.client.cancel_run(self.run_id)).await;
        Ok(Some(Ended::Stopped(stopped)))
    }

    /// The run, once the stream told of it.
    pub fn run(&self) -> Option<&Run> {
        self.follower.view().runs.iter().find(|run| run.id == self.run_id)
    }

    pub fn answer(&self) -> &str {
        match &self.answer {
            Some(answer) => answer,
            None => self.follower.view().answer(self.run_id),
        }
    }

    /// That the answer is not all that was asked for: the message's budget ended before.
    pub fn spent(&self) -> Option<&str> {
        self.spent.as_deref()
    }

    /// The run's tool runs, in order.
    pub fn tool_runs(&self) -> Vec<ToolRun> {
        self.follower.view().tool_runs.iter().filter(|tool_run| tool_run.run_id == self.run_id).cloned().collect()
    }

    /// Prints the answer where it is not on the screen yet.
    pub fn print_answer(&mut self, sink: &Sink<'_>) -> Result<(), Failure> {
        match &self.output {
            // The planner's marks are for Markdown; a script wants the value.
            Output::Text(text) if self.is_offline() => text.print(offline::bare(self.answer()), sink),
            Output::Text(text) => text.print(self.answer(), sink),
            Output::Document | Output::Events => Ok(()),
        }
    }

    /// Whether the offline planner works in the place of a language model.
    pub fn is_offline(&self) -> bool {
        let model = self.model.as_deref().or_else(|| self.run().map(|run| run.model.as_str()));
        model.is_some_and(|model| model.split_once('/').is_some_and(|(provider, _)| provider == catalog::OMEGA))
    }

    /// What is known of the run, as one document.
    pub async fn document(&self, value: Option<Value>) -> Result<Option<Document>, Failure> {
        let Some(run) = self.run().cloned() else { return Ok(None) };
        let model = self.model.clone().unwrap_or_else(|| run.model.clone());
        let run = Run { model, ..run };
        let mut document = Document::new(&self.client, &run, self.answer().to_owned(), self.tool_runs()).await?;
        document.value = value;
        Ok(Some(document))
    }

    /// The whole question that the run waits with, where nobody was asked it.
    pub fn say_what_waits(&self) {
        if let Some(waiting) = self.waiting() {
            self.context.ui.note(waiting.in_full(&self.context.ui));
        }
    }

    fn event(&mut self, envelope: &Envelope) -> Result<(), Failure> {
        if envelope.run_id.is_some_and(|run_id| run_id != self.run_id) {
            return Ok(());
        }
        if matches!(self.output, Output::Events) {
            self.print_event(envelope)?;
        }
        self.tell_progress();
        // What the model said before its calls stands before what is told of them.
        if matches!(envelope.event, Event::MessageCompleted { .. }) {
            self.show_whole()?;
        }
        self.tell(&envelope.event);
        if !self.context.ui.has_live() {
            self.show()?;
        }
        Ok(())
    }

    /// Messages of the run, from the first that may have changed since `from`.
    fn messages_from(&self, from: Option<MessageId>) -> impl Iterator<Item = &Message> {
        let messages = &self.follower.view().messages;
        let at = from.and_then(|id| messages.iter().position(|m| m.id == id)).unwrap_or(0);
        let run = self.run_id;
        messages[at..].iter().filter(move |m| m.run_id == Some(run) && m.role == Role::Assistant)
    }

    /// Shows on a terminal what the view has and the screen has not. Looking at the view, not at the frame, it is right after a
    /// snapshot too.
    fn show(&mut self) -> Result<(), Failure> {
        let mut output = std::mem::replace(&mut self.output, Output::Document);
        let mut shown = self.shown;
        let result = match &mut output {
            // A discarded one was shown while it streamed; nothing new comes of it.
            Output::Text(text) => self
                .messages_from(shown)
                .inspect(|message| shown = Some(message.id))
                .filter(|message| message.status != MessageStatus::Discarded)
                .try_for_each(|message| text.show(message)),
            Output::Document | Output::Events => Ok(()),
        };
        (self.output, self.shown) = (output, shown);
        result
    }

    /// One frame of what a person sees: the text, and what goes on.
    fn draw(&mut self) -> Result<(), Failure> {
        self.show()?;
        let open = match &self.output {
            Output::Text(text) => text.open_lines(),
            Output::Document | Output::Events => &[],
        };
        let view = self.follower.view();
        let (mark, words) = status::line(view, self.run_id, self.began, self.lost);
        self.context.ui.live(open, (mark, &words));
        Ok(())
    }

    /// The last frame: nothing is left that may still change.
    fn draw_all(&mut self) -> Result<(), Failure> {
        self.show_whole()?;
        self.context.ui.clear_live();
        Ok(())
    }

    /// Shows what was said so far as what it stays.
    fn show_whole(&mut self) -> Result<(), Failure> {
        self.show()?;
        match &mut self.output {
            Output::Text(text) => text.end(),
            Output::Document | Output::Events => Ok(()),
        }
    }

    /// What the model said before its calls is progress: where only the answer goes to stdout, it is told on stderr.
    fn tell_progress(&mut self) {
        let is_held = matches!(&self.output, Output::Text(text) if text.is_held());
        if !is_held {
            return;
        }
        let called = |message: &Message| message.parts.iter().any(|part| matches!(part, Part::ToolCall { .. }));
        let (mut told, mut texts) = (self.told, Vec::new());
        for message in self.messages_from(told).filter(|message| self.told != Some(message.id)) {
            if message.status != MessageStatus::Complete || !called(message) {
                continue;
            }
            told = Some(message.id);
            texts.push(sanitize_terminal(message.content.trim()));
        }
        self.told = told;
        for text in texts.iter().filter(|text| !text.is_empty()) {
            self.context.ui.note(self.context.ui.tone(Tone::Dim, text));
        }
    }

    /// What happens, on stderr.
    fn tell(&mut self, event: &Event) {
        let ui = self.context.ui.clone();
        match event {
            Event::RunStarted { model, .. } => {
                self.model = Some(model.clone());
                ui.detail(format!("model {}", one_line(model, 120)));
            }
            Event::RunQueued { position, .. } if *position > 0 => {
                ui.note(format!("Waiting for {position} earlier messages of this conversation …"));
            }
            Event::RunRecovered { .. } => ui.note("The server was restarted; the run goes on."),
            Event::RunCompleted { answer, .. } => self.answer = Some(answer.clone()),
            Event::MessageCompleted { message } if ui.is_verbose() => {
                for part in &message.parts {
                    if let Part::Reasoning { text } = part {
                        ui.detail(format!("thought: {}", sanitize_terminal(text.trim())));
                    }
                }
            }
            Event::Status { message, again_at, .. } if ui.is_verbose() || ui.terminals().stderr => {
                let wait = again_at.map(|at| at.millis_since(Timestamp::now())).filter(|left| *left > 0);
                let wait = wait.map(|left| format!("; asking again in {} s", left.div_ceil(1_000))).unwrap_or_default();
                ui.note(ui.tone(Tone::Dim, &format!("{}{wait}", one_line(message, 200))));
            }
            Event::Notice { code, message } => {
                if code == "TOOL_BUDGET" {
                    self.spent = Some(message.clone());
                }
                // Who computed an answer stands under it, and a refusal is said as the reason of the exit code.
                match code.as_str() {
                    offline::ANSWERED => self.computed = Some(message.clone()),
                    offline::NOT_DONE => {}
                    _ => ui.warn(one_line(message, 300)),
                }
            }
            Event::ToolCompleted { tool_run_id, .. } | Event::ToolUnknown { tool_run_id, .. } => {
                let tool_runs = &self.follower.view().tool_runs;
                if let Some(tool_run) = tool_runs.iter().find(|tool_run| tool_run.id == *tool_run_id) {
                    ui.note(activity::line(&ui, tool_run));
                    for detail in activity::details(tool_run) {
                        ui.detail(detail);
                    }
                }
            }
            _ => {}
        }
    }

    /// The connection is gone: a shared server has to come back by itself, the user's own one is started again.
    async fn come_back(&mut self, attempt: u32, cause: &ClientError) {
        let ui = &self.context.ui;
        if self.lost.is_none() && !matches!(self.run(), Some(run) if run.status.is_terminal()) {
            ui.note(format!(
                "The connection to the server is lost ({}); trying again …",
                one_line(&cause.to_string(), 200)
            ));
        }
        self.lost = Some(attempt);
        if attempt == 1 {
            return;
        }
        match self.connection.place.again().await {
            Ok(Some(client)) => {
                self.client = client.clone();
                self.follower.move_to(client);
            }
            Ok(None) => {}
            Err(failure) => self.context.ui.detail(failure.message().unwrap_or_default()),
        }
    }

    fn is_back(&mut self) {
        if self.lost.take().is_some() {
            self.context.ui.note("The server is back.");
        }
    }
}
