//! The state of the screen, and the one place where it changes.
//!
//! [`App::update`] takes what happened and returns what is to be done; it does no I/O and reads no clock. Everything that
//! comes from the server is folded into the shared [`View`]; what is kept beside it is only what this screen knows:
//! what is being written, what is selected and open, and how the connection is.

mod input;
mod list_overlay;
mod network;
mod overlay;
mod question;
mod question_focus;
mod slash;
#[cfg(test)]
mod tests;

pub use list_overlay::{ListOverlay, Row, TypedLine, step_sign};
pub use overlay::Overlay;
pub use question::{Question, Step};
pub use question_focus::TakeBack;
pub use slash::{COMMANDS, matching as matching_commands};

use crate::{
    composer::Composer,
    keymap::Context,
    messages::{Command, Draft, Link, Update},
    theme::Theme,
    transcript::{Transcript, UnsentMessage},
};
use crossterm::event::Event as TerminalEvent;
use omega_core::{
    api::{Run, RunStatus, Timestamp, Whoami},
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
    pub overlays: Vec<Overlay>,
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
    /// The overlay of rows, when one is open.
    pub list_overlay: Option<ListOverlay>,
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
            overlays: Vec::new(),
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
            list_overlay: None,
            base_url: String::new(),
            me: None,
            is_owner: true,
            is_there: false,
            take_back: None,
            chosen_model: model,
            drafts: 0,
            type_ahead: TypeAhead::default(),
            took_focus: false,
            offers_focus: false,
        }
    }

    /// Takes in what happened.
    pub fn update(&mut self, input: Input, now: Timestamp) -> Vec<Effect> {
        self.now = now;
        let effects = match input {
            Input::Terminal(event) => self.on_terminal(event),
            Input::Network(update) => {
                let effects = self.on_network(update);
                self.follow_question();
                self.list_rows();
                effects
            }
            Input::Tick => {
                self.ticks += u64::from(self.is_moving());
                Vec::new()
            }
        };
        self.attend();
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
        match (self.overlays.last(), self.focus) {
            (Some(Overlay::Help { .. }), _) => &[Context::Help],
            (Some(Overlay::ConfirmQuit), _) => &[Context::Question],
            (Some(Overlay::List), _) => self.list_overlay.as_ref().map_or(&[Context::List], ListOverlay::contexts),
            (None, Focus::Question) => match &self.question {
                Some(question) => question.contexts(),
                None => &[Context::Composer, Context::Global],
            },
            (None, Focus::Composer) => &[Context::Composer, Context::Global],
            (None, Focus::Transcript) => &[Context::Transcript, Context::Global],
        }
    }

    /// The conversation's title, or else how its first message began.
    pub fn title(&self) -> Option<String> {
        let title = self.view.conversation.as_ref().and_then(|c| c.title.clone());
        title.or_else(|| self.view.messages.first().map(|message| message.content.clone()))
    }

    /// The answer of the last run that gave one.
    pub fn last_answer(&self) -> Option<String> {
        let mut answers = self.view.runs.iter().rev().map(|run| self.view.answer(run.id));
        answers.find(|answer| !answer.trim().is_empty()).map(str::to_owned)
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
