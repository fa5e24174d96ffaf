//! The state of the screen, and the one place where it changes.
//!
//! [`App::update`] takes what happened and returns what is to be done; it does no I/O and reads no clock. Everything that
//! comes from the server is folded into the shared [`View`]; what is kept beside it is only what this screen knows:
//! what is being written, what is selected and open, and how the connection is.

mod attention;
mod conversation;
mod elsewhere;
mod feedback;
mod fork;
mod input;
mod layers;
mod network;
mod question;
mod question_focus;
mod sections;
mod slash;
mod suggest;
#[cfg(test)]
mod tests;
mod writing;

pub use conversation::Conversation;
pub use layers::{Layers, step_sign, tool_facts};
pub use question::{Grant, Question, Step};
pub use question_focus::TakeBack;
pub use slash::COMMANDS;
pub use suggest::{Suggestion, Suggestions};

use crate::{
    composer::Composer,
    keymap::{Context, Keymap},
    messages::{Command, Draft, Link, Topic, Update},
    picture::Showing,
    theme::Theme,
    transcript::Transcript,
};
use crossterm::event::{Event as TerminalEvent, KeyEvent};
use omega_core::{
    api::{Run, RunStatus, Status, Timestamp, ToolRow, ToolRunStatus, Whoami},
    id::ConversationId,
    type_ahead::TypeAhead,
};
use std::collections::HashMap;

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

/// The state of the screen.
pub struct App {
    /// The conversation that is on it.
    pub here: Conversation,
    /// What is shown of it.
    pub transcript: Transcript,
    /// What its run waits for.
    pub question: Option<Question>,
    /// The message that is being written.
    pub composer: Composer,
    /// What fits what is being written: commands, or tools behind an `@`.
    pub suggestions: Suggestions,
    /// Whether drafts are kept on this machine: then leaving loses none.
    pub keeps_drafts: bool,
    pub focus: Focus,
    /// What lies over it.
    pub layers: Layers,
    /// The line above the composer.
    pub toast: Option<Toast>,
    /// A standing approval that was just given; it can be taken back for a while.
    pub take_back: Option<TakeBack>,
    pub known: Known,
    /// Whether the wheel scrolls here.
    pub mouse: bool,
    /// Whether a wide screen has its side panel.
    pub has_panel: bool,
    /// Whether the terminal shows pictures.
    pub pictures: Showing,
    /// The size of a cell in pixels, where the terminal says it.
    pub cell: Option<(u32, u32)>,
    /// Whether somebody looks at the terminal, as far as it says.
    pub is_looked_at: bool,
    pub theme: Theme,
    pub keys: Keymap,
    /// Whether nothing moves by itself: no spinner turns, and times count whole seconds.
    pub is_still: bool,
    /// The time of the last input.
    pub now: Timestamp,
    /// Counts ticks, for the spinner.
    pub ticks: u64,
    /// Whether the transcript's pieces are to be listed anew before the next drawing.
    pub stale: bool,
    drafts: Draft,
    type_ahead: TypeAhead,
    /// The question took the keyboard by itself: what is typed at once was meant for the message.
    took_focus: bool,
    /// A letter that would answer, until it is known whether it begins a word.
    held: Option<(KeyEvent, Timestamp)>,
    /// The letter that answered the question before.
    answered_with: Option<char>,
    /// The question may still take the keyboard by itself.
    offers_focus: bool,
    /// A question came that nobody was told of yet.
    asked_anew: bool,
    /// When somebody last did something here.
    came_at: Timestamp,
    /// What the open overlay shows of what can be changed elsewhere.
    shows: Option<Topic>,
}

/// What is known of the server and of who uses it.
#[derive(Debug, Default)]
pub struct Known {
    /// The server's address, for links that are only a path of it.
    pub base_url: String,
    /// Who the person here is, once the server said it.
    pub me: Option<Whoami>,
    /// How the server was when it was asked last.
    pub health: Option<Status>,
    /// What answers when nobody chose, and why that.
    pub default_model: Option<(String, String)>,
    /// Names of the variables that are stored.
    pub stored_keys: Vec<String>,
    /// Safe Mode of the person's own conversations, where one does not say it.
    pub safe_mode: Option<bool>,
    /// The model of their settings, if they chose one.
    pub own_model: Option<Option<String>>,
    /// Tools that were asked about, by their ids.
    pub tools: HashMap<String, ToolRow>,
}

impl App {
    /// An empty screen; with a conversation it waits for it.
    pub fn new(theme: Theme, conversation: Option<ConversationId>, model: Option<String>) -> Self {
        Self {
            here: Conversation::new(conversation, model),
            transcript: Transcript::default(),
            question: None,
            composer: Composer::default(),
            suggestions: Suggestions::default(),
            keeps_drafts: false,
            focus: Focus::default(),
            layers: Layers::default(),
            toast: None,
            take_back: None,
            known: Known::default(),
            mouse: true,
            has_panel: true,
            pictures: Showing::default(),
            cell: None,
            is_looked_at: true,
            theme,
            keys: Keymap::default(),
            is_still: false,
            now: Timestamp(0),
            ticks: 0,
            stale: true,
            drafts: 0,
            type_ahead: TypeAhead::default(),
            took_focus: false,
            held: None,
            answered_with: None,
            offers_focus: false,
            asked_anew: false,
            came_at: Timestamp(0),
            shows: None,
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
        let mut effects = self.look_again(&input);
        effects.extend(match input {
            Input::Terminal(event) => self.on_terminal(event),
            Input::Network(update) => {
                let effects = self.on_network(update);
                self.follow_question();
                self.here.follow_pauses(now);
                self.refresh_layers();
                effects
            }
            Input::Tick => {
                self.ticks += u64::from(self.is_moving());
                self.let_go()
            }
        });
        effects.extend(self.look_at_overlay());
        self.attend();
        if may_write {
            effects.extend(self.follow_writing());
        }
        effects.extend(self.look_at_tool());
        effects.extend(self.tell_whoever_is_away());
        effects
    }

    /// The time as it is shown: whole seconds where nothing is to move.
    pub fn clock(&self) -> Timestamp {
        if self.is_still { Timestamp(self.now.0 - self.now.0.rem_euclid(1_000)) } else { self.now }
    }

    /// Whether a tick would show anything new.
    pub fn is_due(&self, now: Timestamp) -> bool {
        !self.is_still || now.0.div_euclid(1_000) != self.now.0.div_euclid(1_000)
    }

    /// Whether something on the screen moves by itself.
    pub fn is_moving(&self) -> bool {
        self.active_run().is_some_and(|run| run.status != RunStatus::Paused || self.has_call_at_work(run))
            || !self.here.pending.is_empty()
            || self.here.is_loading
            || matches!(self.here.link, Link::Connecting | Link::Reconnecting { .. })
    }

    /// Whether one of its calls works, also while another one waits for a person.
    fn has_call_at_work(&self, run: &Run) -> bool {
        let mut calls = self.here.view.tool_runs.iter().rev().take_while(|call| call.run_id == run.id);
        calls.any(|call| call.status == ToolRunStatus::Started)
    }

    /// Whether the connection is lost, and tried again.
    pub fn is_lost(&self) -> bool {
        matches!(self.here.link, Link::Reconnecting { .. } | Link::Offline { .. })
    }

    /// When the model is asked again that did not answer; nothing once that is over.
    pub fn asked_again_at(&self) -> Option<Timestamp> {
        self.here.view.again_at.filter(|at| *at > self.now && self.here.stopping.is_none())
    }

    /// The run that works or waits.
    pub fn active_run(&self) -> Option<&Run> {
        self.here.view.active_run()
    }

    pub fn waiting_runs(&self) -> impl DoubleEndedIterator<Item = &Run> {
        let active = self.active_run().map(|run| run.id);
        self.here.view.runs.iter().filter(move |run| run.status == RunStatus::Queued && Some(run.id) != active)
    }

    /// The model to show: the chosen one, the active run's, or the conversation's.
    pub fn model(&self) -> Option<&str> {
        let conversation = self.here.view.conversation.as_ref().map(|c| c.model.as_str());
        self.here.chosen_model.as_deref().or(conversation).filter(|model| !model.is_empty())
    }

    /// The model that answers next, also when nobody chose.
    pub fn answering_model(&self) -> Option<&str> {
        self.model().or(self.known.default_model.as_ref().map(|(model, _)| model.as_str()))
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
        let said = self.here.view.conversation.as_ref().and_then(|it| it.safe_mode);
        self.here.chosen_safe_mode.or(said).or(self.known.safe_mode.filter(|_| self.here.is_owner))
    }

    /// The conversation's title, or else how its first message began.
    pub fn title(&self) -> Option<String> {
        let title = self.here.view.conversation.as_ref().and_then(|c| c.title.clone());
        title.or_else(|| self.here.view.messages.first().map(|message| message.content.clone()))
    }

    /// Looks like this from now on.
    pub fn wear(&mut self, theme: Theme) {
        self.theme = theme;
        self.transcript.forget_layout();
    }

    /// Brings the list of pieces up to date.
    pub fn refresh(&mut self) {
        if std::mem::take(&mut self.stale) {
            let has_conversation = self.here.id.is_some();
            self.transcript.rebuild(&self.here.view, &self.here.pending, has_conversation, self.here.gaps.as_slice());
        }
    }

    fn say(&mut self, text: impl Into<String>) {
        self.toast = Some(Toast { text: text.into(), is_error: false });
    }

    fn warn(&mut self, text: impl Into<String>) {
        self.toast = Some(Toast { text: text.into(), is_error: true });
    }
}
