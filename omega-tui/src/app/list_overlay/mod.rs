//! What is looked at and changed over the conversation: settings, credentials, pins, people, sharing, the plan.
//!
//! All of them are rows. A row may be changed (at once, or by typing a value) and removed (after a question). A secret
//! that is typed is kept as one, and everything that the server knows is shown as the server told it last.

mod credentials;
mod people;
mod pins;
mod plan;
mod settings;
mod share;
mod typing;

pub use plan::sign as step_sign;
pub use typing::{TypedLine, Typing};

use super::{App, Effect, Overlay};
use crate::{
    keymap::{Action, Context},
    messages::{Command, Shown, Topic, Wish},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Settings,
    Keys,
    Pins,
    People,
    /// The link, and what guests may do.
    Share,
    /// The plan that the last run follows.
    Plan,
}

impl Kind {
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Keys => "credentials",
            Self::Pins => "pinned tools",
            Self::People => "participants",
            Self::Share => "share",
            Self::Plan => "plan",
        }
    }

    /// What is asked of the server for it.
    fn topic(self) -> Option<Topic> {
        match self {
            Self::Settings => Some(Topic::Settings),
            Self::Keys => Some(Topic::Keys),
            Self::Pins => Some(Topic::Pins),
            Self::People | Self::Share | Self::Plan => None,
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    pub name: String,
    pub value: String,
    /// A sentence about it, shown when it is selected.
    pub about: String,
    pub change: Option<Act>,
    /// What is asked before it is removed, and the wish.
    pub remove: Option<(String, Wish)>,
}

/// What a key does with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    Do(Wish),
    /// After a line is typed.
    Type(Typing),
}

#[derive(Debug)]
pub struct ListOverlay {
    pub kind: Kind,
    /// What the server said; nothing until it did.
    shown: Option<Shown>,
    pub rows: Vec<Row>,
    /// The row that is looked at.
    pub selected: usize,
    pub line: Option<(Typing, TypedLine)>,
    /// What is to be confirmed.
    pub sure: Option<(String, Wish)>,
    /// A change is on its way.
    pub busy: bool,
    /// Why the last one was not made.
    pub problem: Option<String>,
}

impl ListOverlay {
    fn new(kind: Kind) -> Self {
        let busy = kind.topic().is_some();
        let (rows, selected) = (Vec::new(), 0);
        Self { kind, shown: None, rows, selected, line: None, sure: None, busy, problem: None }
    }

    /// Where its keys are looked up.
    pub fn contexts(&self) -> &'static [Context] {
        match (&self.sure, &self.line) {
            (Some(_), _) => &[Context::Sure],
            (None, Some((_, TypedLine::Unseen(_)))) => &[Context::Line],
            (None, Some((_, TypedLine::Seen { .. }))) => &[Context::Line, Context::Composer],
            (None, None) => &[Context::List],
        }
    }

    fn row(&self) -> Option<&Row> {
        self.rows.get(self.selected)
    }

    fn go(&mut self, act: Act) -> Option<Wish> {
        self.problem = None;
        match act {
            // What was typed stays until the server has it.
            Act::Do(wish) => Some(wish),
            Act::Type(typing) => {
                let line = typing.line();
                self.line = Some((typing, line));
                None
            }
        }
    }

    /// Does what a key does; gives the change that is wished for.
    fn act(&mut self, action: Action) -> Option<Wish> {
        match action {
            Action::SelectPrevious => self.selected = self.selected.saturating_sub(1),
            Action::SelectNext => self.selected = (self.selected + 1).min(self.rows.len().saturating_sub(1)),
            Action::Open if !self.busy => {
                let change = self.row().and_then(|row| row.change.clone())?;
                return self.go(change);
            }
            Action::Remove if !self.busy => self.sure = self.row().and_then(|row| row.remove.clone()),
            Action::Confirm => return self.sure.take().map(|(_, wish)| wish),
            Action::Back => {
                self.line = None;
                self.sure = None;
            }
            Action::Submit if !self.busy => return self.submit(),
            _ if self.busy => {}
            action => {
                if let Some((typing, line)) = &mut self.line {
                    line.edit(action, typing.is_text());
                    self.problem = None;
                }
            }
        }
        None
    }
}

impl ListOverlay {
    /// Takes what was typed. A value that was left as it was is no change.
    fn submit(&mut self) -> Option<Wish> {
        let (typing, line) = self.line.as_ref()?;
        if matches!((typing, line), (Typing::Setting { .. }, TypedLine::Seen { text, before }) if text.text() == before)
        {
            self.line = None;
            self.problem = None;
            return None;
        }
        match typing.take(line.text()) {
            Ok(act) => self.go(act),
            Err(problem) => {
                self.problem = Some(problem);
                None
            }
        }
    }

    /// The change was made: what was typed for it is of no more use.
    fn made(&mut self) {
        self.busy = false;
        self.problem = None;
        self.line = None;
    }

    /// Tells how wide the editor is drawn.
    pub fn set_width(&mut self, width: usize) {
        if let Some((_, TypedLine::Seen { text, .. })) = &mut self.line {
            text.set_width(width);
        }
    }
}

impl App {
    /// Opens an overlay of rows, and asks for what it shows.
    pub(super) fn open_list(&mut self, kind: Kind) -> Vec<Effect> {
        self.list_overlay = Some(ListOverlay::new(kind));
        self.overlays.push(Overlay::List);
        self.list_rows();
        kind.topic().map(|topic| Effect::Command(Command::Look(topic))).into_iter().collect()
    }

    pub(super) fn close_list(&mut self) {
        self.list_overlay = None;
    }

    /// Puts typed or pasted text into the line of the overlay; false when there is none.
    pub(super) fn type_into_list(&mut self, text: &str) -> bool {
        let Some(list) = &mut self.list_overlay else { return false };
        match &mut list.line {
            Some((typing, line)) if !list.busy => {
                line.type_in(text, typing.is_text());
                list.problem = None;
                true
            }
            Some(_) => true,
            None => false,
        }
    }

    pub(super) fn act_on_list(&mut self, action: Action) -> Vec<Effect> {
        let Some(list) = &mut self.list_overlay else { return Vec::new() };
        let wish = list.act(action);
        let Some(wish) = wish else { return Vec::new() };
        list.busy = true;
        vec![Effect::Command(Command::Do(list.kind.topic(), wish))]
    }

    /// A change was made of which the stream tells.
    pub(super) fn list_made(&mut self) {
        if let Some(list) = &mut self.list_overlay {
            list.made();
        }
    }

    /// News for the overlay, if it is still that one.
    pub(super) fn show_in_list(&mut self, topic: Topic, shown: Shown) {
        if let Some(list) = self.list_overlay.as_mut().filter(|list| list.kind.topic() == Some(topic)) {
            list.shown = Some(shown);
            list.made();
            self.list_rows();
        }
    }

    pub(super) fn list_failed(&mut self, error: String) {
        match &mut self.list_overlay {
            Some(list) => {
                list.busy = false;
                list.problem = Some(error);
            }
            None => self.warn(error),
        }
    }

    /// Lists the rows anew, from what is known now.
    pub(super) fn list_rows(&mut self) {
        let Some(kind) = self.list_overlay.as_ref().map(|list| list.kind) else { return };
        let shown = self.list_overlay.as_ref().and_then(|list| list.shown.as_ref());
        let rows = match (kind, shown) {
            (Kind::Settings, Some(Shown::Settings(settings, approvals))) => settings::rows(settings, approvals),
            (Kind::Pins, Some(Shown::Pins(pins))) => pins::rows(pins),
            (Kind::Keys, Some(Shown::Keys(stored, grants))) => credentials::rows(stored, grants),
            (Kind::People, _) => people::rows(&self.view, self.me.as_ref(), self.is_owner),
            (Kind::Share, _) => share::rows(&self.view, self.is_owner, &self.base_url),
            (Kind::Plan, _) => plan::rows(&self.view),
            _ => Vec::new(),
        };
        if let Some(list) = &mut self.list_overlay {
            list.selected = list.selected.min(rows.len().saturating_sub(1));
            list.rows = rows;
        }
    }
}
