//! The state of the screen, and the one place where it changes.
//!
//! [`App::update`] takes what happened and returns what is to be done; it does no I/O and reads no clock. Everything that
//! comes from the server is folded into the shared [`View`]; what is kept beside it is only what this screen knows:
//! what is being written, what is selected and open, and how the connection is.

mod attention;
mod input;
mod layers;
mod network;
mod question;
mod question_focus;
mod slash;
mod suggest;
#[cfg(test)]
mod tests;
mod writing;

pub use layers::{Layers, step_sign, tool_facts};
pub use question::{Grant, Question, Step};
pub use question_focus::TakeBack;
pub use slash::COMMANDS;
pub use suggest::{Suggestion, Suggestions};

use crate::{
    composer::Composer,
    keymap::Context,
    messages::{Command, Draft, Link, Update, UsedBefore},
    theme::Theme,
    transcript::{Transcript, UnsentMessage},
};
use crossterm::event::Event as TerminalEvent;
use omega_core::{
    api::{Run, RunStatus, Status, Timestamp, Whoami},
    id::{ConversationId, RunId},
    type_ahead::TypeAhead,
    view::View,
};

#[derive(Debug)]
pub enum Input {
    /// A key, a paste, the mouse, a new size.
    Terminal(TerminalEvent),
    /// News from the network.
    Network(Update),
    Tick,
}

/// Something to be done outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    Command(Command),
    /// Take the mouse, or give it back to the terminal.
    Mouse(bool),
    /// Put a text on the clipboard, and say so of this.
    Copy {
        text: String,
        what: String,
    },
    /// Let an editor have a text; the ending says what it is.
    Edit {
        text: String,
        ending: &'static str,
    },
    /// Go into the background.
    Suspend,
    /// Tell a person who does not look.
    Notify(String),
    /// Draw every cell again.
    Clear,
    Quit,
}

/// Where keys go when no overlay is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Focus {
    #[default]
    Composer,
    /// Among what can be opened.
    Transcript,
    /// Into the answer to a paused run.
    Question,
}

/// A line that goes away with the next key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    pub text: String,
    /// Whether something went wrong.
    pub is_error: bool,
}

/// A time in which a run waited for a person.
#[derive(Debug)]
struct Paused {
    run: RunId,
    from: Timestamp,
    until: Option<Timestamp>,
}

/// The state of the screen.
pub struct App {
    pub view: View,
    /// Its id, as soon as it has one.
    pub conversation: Option<ConversationId>,
    /// How the connection is.
    pub link: Link,
    /// The message that is being written.
    pub composer: Composer,
    /// What is shown of the conversation.
    pub transcript: Transcript,
    pub focus: Focus,
    /// What lies over it.
    pub layers: Layers,
    /// What the run waits for.
    pub question: Option<Question>,
    /// Messages on their way.
    pub pending: Vec<UnsentMessage>,
    /// The line above the composer.
    pub toast: Option<Toast>,
    /// The run that was asked to stop.
    pub stopping: Option<RunId>,
    /// Whether the wheel scrolls here.
    pub mouse: bool,
    pub theme: Theme,
    /// The time of the last input.
    pub now: Timestamp,
    /// Whether the transcript's pieces are to be listed anew before the next drawing.
    pub stale: bool,
    /// Messages of the conversation that are older than what is here.
    pub older: u64,
    /// Whether some of them are on their way.
    pub loading_older: bool,
    /// Counts ticks, for the spinner.
    pub ticks: u64,
    /// Who the person here is, once the server said it.
    pub me: Option<Whoami>,
    /// Whether the conversation is theirs; one that is begun here is.
    pub is_owner: bool,
    /// The server's address, for links that are only a path of it.
    pub base_url: String,
    /// Whether the conversation is known to be there: it was made here, or the server showed it.
    pub is_there: bool,
    /// A standing approval that was just given; it can be taken back for a while.
    pub take_back: Option<TakeBack>,
    /// The model that was chosen and is not the conversation's yet.
    pub chosen_model: Option<String>,
    /// Safe Mode that was chosen for the conversation that is not there yet.
    pub chosen_safe_mode: Option<bool>,
    /// What fits what is being written: commands, or tools behind an `@`.
    pub suggestions: Suggestions,
    /// Whether a wide screen has its side panel.
    pub has_panel: bool,
    /// How the server was when it was asked last.
    pub health: Option<Status>,
    /// The conversations that were used last on this machine.
    pub used_before: Vec<UsedBefore>,
    /// Whether somebody looks at the terminal, as far as it says.
    pub is_looked_at: bool,
    /// When something last came from the server for the run that works.
    pub heard_at: Timestamp,
    /// All earlier messages are being loaded, up to the first one.
    pub to_beginning: bool,
    /// Whether drafts are kept on this machine: then leaving loses none.
    pub keeps_drafts: bool,
    /// The draft that was kept last.
    kept_draft: String,
    /// A question came that nobody was told of yet.
    asked_anew: bool,
    /// Names of the variables that are stored.
    pub stored_keys: Vec<String>,
    /// The run that worked at the last look, and for how long.
    worked_on: Option<(RunId, u64)>,
    /// Calls that are older than what is here.
    pub older_calls: u64,
    /// When runs waited for a person.
    paused: Vec<Paused>,
    drafts: Draft,
    type_ahead: TypeAhead,
    /// The question took the keyboard by itself: what is typed at once was meant for the message.
    took_focus: bool,
    /// The question may still take the keyboard by itself.
    offers_focus: bool,
}

impl App {
    /// An empty screen; with a conversation it waits for it.
    pub fn new(theme: Theme, conversation: Option<ConversationId>, model: Option<String>) -> Self {
        Self {
            view: View::default(),
            conversation,
            link: if conversation.is_some() { Link::Connecting } else { Link::Idle },
            composer: Composer::default(),
            transcript: Transcript::default(),
            focus: Focus::default(),
            layers: Layers::default(),
            question: None,
            pending: Vec::new(),
            toast: None,
            stopping: None,
            mouse: true,
            theme,
            now: Timestamp(0),
            stale: true,
            older: 0,
            loading_older: false,
            ticks: 0,
            base_url: String::new(),
            me: None,
            is_owner: true,
            is_there: false,
            take_back: None,
            chosen_model: model,
            chosen_safe_mode: None,
            suggestions: Suggestions::default(),
            has_panel: true,
            health: None,
            used_before: Vec::new(),
            is_looked_at: true,
            heard_at: Timestamp(0),
            to_beginning: false,
            keeps_drafts: false,
            kept_draft: String::new(),
            asked_anew: false,
            stored_keys: Vec::new(),
            worked_on: None,
            older_calls: 0,
            paused: Vec::new(),
            drafts: 0,
            type_ahead: TypeAhead::default(),
            took_focus: false,
            offers_focus: false,
        }
    }

    /// Takes in what happened.
    pub fn update(&mut self, input: Input, now: Timestamp) -> Vec<Effect> {
        self.now = now;
        let may_write = match &input {
            Input::Terminal(_) => true,
            Input::Network(update) => update.concerns_writing(),
            Input::Tick => false,
        };
        let mut effects = match input {
            Input::Terminal(event) => self.on_terminal(event),
            Input::Network(update) => {
                let effects = self.on_network(update);
                self.follow_question();
                self.follow_pauses();
                self.refresh_layers();
                effects
            }
            Input::Tick => {
                self.ticks += u64::from(self.is_moving());
                Vec::new()
            }
        };
        self.attend();
        if may_write {
            effects.extend(self.follow_writing());
        }
        effects.extend(self.tell_whoever_is_away());
        effects
    }

    /// Whether something on the screen moves by itself.
    pub fn is_moving(&self) -> bool {
        self.active_run().is_some_and(|run| run.status != RunStatus::Paused)
            || !self.pending.is_empty()
            || self.loading_older
            || matches!(self.link, Link::Connecting | Link::Reconnecting { .. })
    }

    /// The run that works or waits.
    pub fn active_run(&self) -> Option<&Run> {
        self.view.active_run()
    }

    pub fn waiting_runs(&self) -> impl DoubleEndedIterator<Item = &Run> {
        let active = self.active_run().map(|run| run.id);
        self.view.runs.iter().filter(move |run| run.status == RunStatus::Queued && Some(run.id) != active)
    }

    /// The model to show: the chosen one, the active run's, or the conversation's.
    pub fn model(&self) -> Option<&str> {
        let conversation = self.view.conversation.as_ref().map(|c| c.model.as_str());
        self.chosen_model.as_deref().or(conversation).filter(|model| !model.is_empty())
    }

    /// Where keys are looked up, the innermost first.
    pub fn contexts(&self) -> &'static [Context] {
        match (self.layers.top(), self.focus) {
            (Some(layer), _) => layer.contexts(),
            (None, Focus::Question) => match &self.question {
                Some(question) => question.contexts(),
                None => &[Context::Composer, Context::Global],
            },
            (None, Focus::Composer) => &[Context::Composer, Context::Global],
            (None, Focus::Transcript) => &[Context::Transcript, Context::Global],
        }
    }

    /// Whether each call waits for approval here, as far as it is known.
    pub fn safe_mode(&self) -> Option<bool> {
        self.chosen_safe_mode.or_else(|| self.view.conversation.as_ref().and_then(|it| it.safe_mode))
    }

    /// The conversation's title, or else how its first message began.
    pub fn title(&self) -> Option<String> {
        let title = self.view.conversation.as_ref().and_then(|c| c.title.clone());
        title.or_else(|| self.view.messages.first().map(|message| message.content.clone()))
    }

    /// Messages of people in all, and answers to them: also those that are not here.
    pub fn message_count(&self) -> u64 {
        self.older + self.view.messages.len() as u64
    }

    /// Calls in all.
    pub fn call_count(&self) -> u64 {
        self.older_calls + self.view.tool_runs.len() as u64
    }

    /// How long a run works, without the time in which it waited for a person here.
    pub fn worked_millis(&self, run: &Run) -> u64 {
        let since = self.now.millis_since(run.started_at.unwrap_or(run.created_at));
        let paused = self.paused.iter().filter(|it| it.run == run.id);
        let waited: u64 = paused.map(|it| it.until.unwrap_or(self.now).millis_since(it.from)).sum();
        since.saturating_sub(waited)
    }

    /// Notes when a run waits for a person, and when it goes on.
    fn follow_pauses(&mut self) {
        let now = self.now;
        let paused = self.view.active_run().filter(|run| run.status == RunStatus::Paused).map(|run| run.id);
        let open = self.paused.iter_mut().find(|it| it.until.is_none());
        match (open, paused) {
            (Some(open), paused) if paused != Some(open.run) => open.until = Some(now),
            (None, Some(run)) => self.paused.push(Paused { run, from: now, until: None }),
            _ => {}
        }
    }

    /// Brings the list of pieces up to date.
    pub fn refresh(&mut self) {
        if std::mem::take(&mut self.stale) {
            let has_conversation = self.conversation.is_some();
            self.transcript.rebuild(&self.view, &self.pending, has_conversation, self.older > 0);
        }
    }

    fn say(&mut self, text: impl Into<String>) {
        self.toast = Some(Toast { text: text.into(), is_error: false });
    }

    fn warn(&mut self, text: impl Into<String>) {
        self.toast = Some(Toast { text: text.into(), is_error: true });
    }
}
