//! Follows one run to its end and prints it meanwhile.
//!
//! The promise: it ends in exactly one [`End`]. Only [`End::Finished`] means that the server said how the run ended, and
//! [`End::Paused`] that it waits for a person.
//! The first signal, or the deadline, cancels the run on the server and gives it [`GRACE`] to say so; the second signal
//! leaves at once.

use super::{activity, document::Document, signals::Signals, text::Text};
use crate::{
    commands::pause::{self, Answered, SavedTerminal, Waiting},
    connect::{Connection, Context},
    exit::{Code, Failure},
    ui::Tone,
};
use omega_core::{
    api::{Message, MessageStatus, Role, Run, RunError, RunStatus, Timestamp, ToolRun},
    client::{Client, ClientError, Follower, Update},
    event::{Envelope, Event, VERSION},
    export::seconds,
    id::{ConversationId, MessageId, RunId},
    model::price::bill,
    sanitize::one_line,
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

#[derive(Debug)]
pub enum End {
    /// The run is terminal.
    Finished,
    /// The run waits for a person.
    Paused,
    /// A signal or the deadline came first.
    Stopped(Code),
    /// The stream is gone for good.
    Lost(ClientError),
}

/// One run that is followed.
pub struct Watch<'a> {
    context: &'a Context,
    connection: &'a Connection,
    client: Client,
    follower: Follower,
    conversation: ConversationId,
    run_id: RunId,
    output: Output,
    /// The message that was printed last.
    shown: Option<MessageId>,
    answer: Option<String>,
    model: Option<String>,
    terminal_printed: bool,
    /// Parts of questions that were answered here; their events may still be on their way.
    answered: HashSet<String>,
    /// The message's budget ended before its work was done, in these words.
    spent: Option<String>,
    standing: ViewerRole,
}

impl<'a> Watch<'a> {
    /// Watches the accepted run through `follower`.
    pub fn new(
        context: &'a Context,
        connection: &'a Connection,
        follower: Follower,
        accepted: (ConversationId, RunId),
        output: Output,
    ) -> Self {
        let (conversation, run_id) = accepted;
        let client = connection.client.clone();
        let (shown, answer, model, terminal_printed) = (None, None, None, false);
        Self {
            context,
            connection,
            client,
            follower,
            conversation,
            run_id,
            output,
            shown,
            answer,
            model,
            terminal_printed,
            answered: HashSet::new(),
            spent: None,
            standing: ViewerRole::Owner,
        }
    }

    /// Follows to the end. Errors are stdout's.
    pub async fn until_the_end(&mut self, signals: &mut Signals, deadline: Instant) -> Result<End, Failure> {
        let mut limit = deadline;
        let mut stopping = None;
        loop {
            let why = tokio::select! {
                biased;
                code = signals.next() => code,
                () = sleep_until(limit.into()) => Code::Limit,
                update = self.follower.next() => {
                    match update {
                        Ok(Update::Event(envelope)) => self.event(&envelope)?,
                        Ok(Update::Connected) => {}
                        Ok(Update::Reconnecting { attempt, cause }) => {
                            tokio::select! {
                                () = self.come_back(attempt, &cause) => {}
                                code = signals.next() => return Ok(End::Stopped(code)),
                            }
                        }
                        Err(error) => return Ok(stopping.map_or(End::Lost(error), End::Stopped)),
                    }
                    match self.run() {
                        Some(run) if run.status.is_terminal() => return Ok(stopping.map_or(End::Finished, End::Stopped)),
                        Some(_) if stopping.is_none() && self.waiting().is_some() => return Ok(End::Paused),
                        _ => continue,
                    }
                }
            };
            if let Some(first) = stopping {
                return Ok(End::Stopped(first));
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
        let action = run.requires_action.clone()?;
        let is_open = pause::parts(&action).iter().any(|part| !self.answered.contains(part));
        is_open.then_some(Waiting {
            conversation: self.conversation,
            run: self.run_id,
            action,
            standing: self.standing,
        })
    }

    /// Learns whether the conversation is the caller's: the message is theirs in any case. What can't be learned is left
    /// to the server, which decides anyway.
    pub async fn learn_standing(&mut self) {
        if let Ok(detail) = self.client.conversation(self.conversation).await {
            self.standing = ViewerRole::of(detail.is_owner, true);
        }
    }

    /// Asks the person at the terminal. `None` when they answered, and the run goes on; a signal cancels it.
    pub async fn ask(&mut self, signals: &mut Signals) -> Result<Option<End>, Failure> {
        let Some(waiting) = self.waiting() else { return Ok(None) };
        let terminal = SavedTerminal::now();
        let stopped = tokio::select! {
            answered = pause::ask(&self.context.ui, &self.client, &waiting) => match answered {
                Ok(Answered::Done(parts)) => {
                    self.answered.extend(parts);
                    return Ok(None);
                }
                Ok(Answered::Left) => return Ok(Some(End::Paused)),
                Err(failure) if failure.exit_code() == Code::Interrupted as u8 => Code::Interrupted,
                Err(failure) => return Err(failure),
            },
            code = signals.next() => code,
        };
        terminal.restore();
        // Whether it worked or not, nobody is here any more to be told.
        let _ = tokio::time::timeout(GRACE, self.client.cancel_run(self.run_id)).await;
        Ok(Some(End::Stopped(stopped)))
    }

    /// The run, once the stream told of it.
    pub fn run(&self) -> Option<&Run> {
        self.follower.view().runs.iter().find(|run| run.id == self.run_id)
    }

    pub fn answer(&self) -> String {
        self.answer.clone().unwrap_or_else(|| self.follower.view().answer(self.run_id))
    }

    /// That the answer is not all that was asked for: the message's budget ended before.
    pub fn spent(&self) -> Option<&str> {
        self.spent.as_deref()
    }

    /// The run's tool runs, in order.
    pub fn tool_runs(&self) -> Vec<ToolRun> {
        self.follower.view().tool_runs.iter().filter(|tool_run| tool_run.run_id == self.run_id).cloned().collect()
    }

    /// Prints what is due at the end.
    pub async fn print_end(&mut self, end: &End, value: Option<Value>) -> Result<(), Failure> {
        match self.output {
            Output::Text(_) => return self.context.ui.end_line(),
            Output::Events => return self.close_events(end),
            Output::Document => {}
        }
        let Some(run) = self.run().cloned() else { return Ok(()) };
        let model = self.model.clone().unwrap_or_else(|| run.model.clone());
        let run = Run { model, ..run };
        let mut document = Document::new(&self.client, &run, self.answer(), self.tool_runs()).await?;
        document.value = value;
        self.context.ui.json(&document)
    }

    /// The way back, for a person.
    pub fn say_goodbye(&self, took: Duration) {
        let Some(run) = self.run() else { return };
        let (calls, tokens) = (self.tool_runs().len(), run.usage.input_tokens + run.usage.output_tokens);
        let s = if calls == 1 { "" } else { "s" };
        let took = seconds(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        let id = run.conversation_id;
        let ui = &self.context.ui;
        let cost = bill(&run.usage, run.paid_by).map(|sum| format!(" · {sum}")).unwrap_or_default();
        ui.note(
            ui.tone(Tone::Dim, &format!("{took} · {calls} tool call{s} · {tokens} tokens{cost} · omega show {id}")),
        );
    }

    fn event(&mut self, envelope: &Envelope) -> Result<(), Failure> {
        if envelope.run_id.is_some_and(|run_id| run_id != self.run_id) {
            return Ok(());
        }
        if matches!(self.output, Output::Events) {
            self.print_event(envelope)?;
        }
        self.catch_up()?;
        self.tell(&envelope.event);
        Ok(())
    }

    /// Prints what the view has and stdout has not. Looking at the view, not at the frame, it is right after a snapshot
    /// too.
    fn catch_up(&mut self) -> Result<(), Failure> {
        let Output::Text(text) = &mut self.output else { return Ok(()) };
        let messages = &self.follower.view().messages;
        let ours = |m: &&Message| m.run_id == Some(self.run_id) && m.role == Role::Assistant;
        let from = self.shown.and_then(|id| messages.iter().position(|m| m.id == id)).unwrap_or(0);
        for message in messages.iter().skip(from).filter(ours) {
            // A discarded one was shown while it streamed; nothing new comes of it.
            if message.status != MessageStatus::Discarded {
                text.show(message)?;
            }
            self.shown = Some(message.id);
        }
        Ok(())
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
            Event::Status { message, .. } if ui.is_verbose() || ui.terminals().stderr => {
                ui.note(ui.tone(Tone::Dim, &one_line(message, 200)));
            }
            Event::Notice { code, message } => {
                if code == "TOOL_BUDGET" {
                    self.spent = Some(message.clone());
                }
                ui.warn(one_line(message, 300));
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

    fn print_event(&mut self, envelope: &Envelope) -> Result<(), Failure> {
        if matches!(envelope.event, Event::Snapshot { .. } | Event::Resync { .. } | Event::Draining {} | Event::Unknown)
        {
            return Ok(());
        }
        self.terminal_printed = envelope.event.is_terminal();
        let line = serde_json::to_string(envelope).map_err(std::io::Error::from)?;
        self.context.ui.line(line)
    }

    /// The last line is a terminal event, or the question that the run waits with, come what may. One that the server did not send has no number.
    fn close_events(&mut self, end: &End) -> Result<(), Failure> {
        if self.terminal_printed || matches!(end, End::Paused) {
            return Ok(());
        }
        let (code, error) = match end {
            End::Stopped(Code::Limit) => ("TIMEOUT", String::from("no answer in time")),
            End::Stopped(_) => ("INTERRUPTED", String::from("interrupted before the server said how the run ended")),
            End::Lost(error) => ("STREAM_LOST", error.to_string()),
            End::Finished | End::Paused => {
                ("STREAM_LOST", String::from("the last events were missed; the server has them"))
            }
        };
        let error = RunError { code: code.to_owned(), error, retryable: false };
        self.print_event(&Envelope {
            v: VERSION,
            seq: None,
            conversation_id: self.conversation,
            run_id: Some(self.run_id),
            at: Timestamp::now(),
            event: Event::RunFailed { error },
        })
    }

    /// The connection is gone: a shared server has to come back by itself, the user's own one is started again.
    async fn come_back(&mut self, attempt: u32, cause: &ClientError) {
        if attempt == 1 {
            self.context.ui.detail(format!("{cause}; coming back"));
            return;
        }
        match self.connection.again().await {
            Ok(Some(client)) => {
                self.client = client.clone();
                self.follower.move_to(client);
            }
            Ok(None) => {}
            Err(failure) => self.context.ui.detail(failure.message().unwrap_or_default()),
        }
    }
}
